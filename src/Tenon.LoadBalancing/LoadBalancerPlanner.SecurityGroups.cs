using Tenon.Core;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <content>The security group on the members' ports.</content>
public static partial class LoadBalancerPlanner
{
    private static void PlanSecurityGroup(Draft draft)
    {
        DesiredLoadBalancer desired = draft.Desired;
        SecurityGroup? group = draft.Observed.SecurityGroups.FirstOrDefault(g => g.Name == desired.SecurityGroup?.Name || desired.SecurityGroupNames.Contains(g.Name));
        if (desired.SecurityGroup is not { } wanted)
        {
            PlanSecurityGroupRemoval(draft, "it is not asked for any more");
            return;
        }

        if (group is null)
        {
            draft.Add(new LoadBalancerChange.CreateSecurityGroup(new SecurityGroupCreate(wanted.Name, wanted.Description), wanted.Rules));
            return;
        }

        EquatableArray<string> missingTags = [.. wanted.Tags.Where(t => !group.Tags.Contains(t))];
        if (!missingTags.IsEmpty && group.Rules.All(r => r.Direction != "ingress"))
        {
            // Only while it is new: groups that others made stay untagged.
            draft.Add(new LoadBalancerChange.TagSecurityGroup(group.Id, group.Name, [.. group.Tags, .. missingTags]));
        }

        EquatableArray<IngressRule> newRules = [.. wanted.Rules.Where(w => !group.Rules.Any(r => IsRule(r, w)))];
        if (!newRules.IsEmpty) draft.Add(new LoadBalancerChange.CreateSecurityGroupRules(group.Id, group.Name, newRules));
        foreach (SecurityGroupRule old in group.Rules.Where(r => !wanted.Rules.Any(w => IsRule(r, w))))
        {
            draft.Add(new LoadBalancerChange.DeleteSecurityGroupRule(group.Id, group.Name, old.Id,
                $"{old.Direction} {old.EtherType} {old.Protocol ?? "any"} {old.PortRangeMin}-{old.PortRangeMax} {old.RemoteIpPrefix}"));
        }

        HashSet<string> portIds = [.. wanted.PortIds];
        foreach (Port port in draft.Observed.Ports)
        {
            bool has = port.SecurityGroups.Contains(group.Id);
            bool wants = portIds.Contains(port.Id);
            if (wants && !has)
            {
                draft.Add(new LoadBalancerChange.SetPortSecurityGroups(port.Id, [.. port.SecurityGroups, group.Id], port.Revision, group.Name, Adds: true));
            }
            else if (has && !wants)
            {
                draft.Add(new LoadBalancerChange.SetPortSecurityGroups(port.Id, [.. port.SecurityGroups.Where(g => g != group.Id)], port.Revision, group.Name, Adds: false));
            }
        }
    }

    private static void PlanSecurityGroupRemoval(Draft draft, string why)
    {
        DesiredLoadBalancer desired = draft.Desired;
        foreach (SecurityGroup group in draft.Observed.SecurityGroups.Where(g => desired.SecurityGroupNames.Contains(g.Name)))
        {
            foreach (Port port in draft.Observed.Ports.Where(p => p.SecurityGroups.Contains(group.Id)))
            {
                draft.Add(new LoadBalancerChange.SetPortSecurityGroups(port.Id, [.. port.SecurityGroups.Where(g => g != group.Id)], port.Revision, group.Name, Adds: false));
            }

            draft.Add(new LoadBalancerChange.DeleteSecurityGroup(group.Id, group.Name, why));
        }
    }

    private static bool IsRule(SecurityGroupRule rule, IngressRule wanted)
        => rule.Direction == "ingress"
            && string.Equals(rule.Protocol, wanted.Protocol, StringComparison.OrdinalIgnoreCase)
            && rule.EtherType == wanted.EtherType
            && rule.RemoteGroupId is null
            && (rule.RemoteIpPrefix ?? Everybody(rule.EtherType)) == wanted.Cidr
            && rule.PortRangeMin == wanted.Port && rule.PortRangeMax == wanted.Port;

    private static string Everybody(string etherType) => etherType == "IPv6" ? "::/0" : "0.0.0.0/0";
}
