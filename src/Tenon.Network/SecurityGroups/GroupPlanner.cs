using System.Collections.Immutable;
using Tenon.Network.Policies;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.SecurityGroups;

/// <summary>What leads from the cloud's security groups to the desired ones.</summary>
public static class GroupPlanner
{
    /// <summary>Rules in one call at most: Neutron works through them one by one within the request.</summary>
    public const int RulesPerCall = 200;

    /// <summary>
    /// Plans: groups, then rules, then what is too much; so that nothing is cut off that may go on. Groups that the plan makes have rules that only a
    /// later look shows: plan again until the plan is empty.
    /// </summary>
    /// <param name="desired">The groups that should be.</param>
    /// <param name="observed">The cluster's groups as they are, with their rules.</param>
    /// <param name="isUsed">Whether a port still has the group of an ID; such a group stays.</param>
    public static ImmutableArray<GroupChange> Plan(
        IReadOnlyCollection<DesiredGroup> desired, IReadOnlyCollection<SecurityGroup> observed, Func<string, bool> isUsed)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(isUsed);
        // Of two groups with one key, as a lost answer leaves them, the older ID stays.
        Dictionary<string, SecurityGroup[]> byKey = observed.GroupBy(g => GroupNames.KeyOf(g.Name)).ToDictionary(g => g.Key, g => g.OrderBy(o => o.Id, StringComparer.Ordinal).ToArray());
        Dictionary<string, string> keys = byKey.ToDictionary(g => g.Value[0].Id, g => g.Key);
        DesiredGroup[] missing = [.. desired.Where(d => !byKey.ContainsKey(d.Key))];
        var creates = new List<GroupRule>();
        var deletes = new List<GroupChange>();
        foreach (DesiredGroup group in desired)
        {
            HashSet<DesiredRule> wanted = [.. group.Rules];
            if (byKey.TryGetValue(group.Key, out SecurityGroup[]? there))
            {
                foreach (SecurityGroupRule rule in there[0].Rules)
                    if (Read(rule, keys) is not { } read || !wanted.Remove(read)) deletes.Add(new GroupChange.DeleteRule(group.Key, rule.Id));
            }
            else
            {
                // The two rules that every new group has.
                wanted.RemoveWhere(r => r is { Direction: RuleDirection.Egress, IsEverything: true });
            }

            creates.AddRange(group.Rules.Where(wanted.Contains).Select(r => new GroupRule(group.Key, r)));
        }

        HashSet<string> keep = [.. desired.Select(d => d.Key)];
        IEnumerable<GroupChange> gone = byKey.SelectMany(g => g.Value.Skip(keep.Contains(g.Key) ? 1 : 0).Select(o => (g.Key, o.Id)))
            .Where(g => !isUsed(g.Id)).Select(g => new GroupChange.DeleteGroup(g.Key, g.Id));
        return
        [
            .. missing.Length > 0 ? [new GroupChange.CreateGroups([.. missing])] : Array.Empty<GroupChange>(),
            // Neutron takes the rules of one group in a call.
            .. creates.GroupBy(c => c.GroupKey).SelectMany(g => g.Chunk(RulesPerCall)).Select(c => new GroupChange.CreateRules([.. c])),
            .. deletes,
            .. gone,
        ];
    }

    /// <summary>A rule of the cloud as a desired one; <see langword="null"/> for what no desired rule can be.</summary>
    private static DesiredRule? Read(SecurityGroupRule rule, Dictionary<string, string> keys)
    {
        RuleRemote? remote = rule switch
        {
            { RemoteGroupId: { } id } => keys.TryGetValue(id, out string? key) ? new RuleRemote.Group(key) : null,
            { RemoteIpPrefix: { } prefix } => AddressRanges.Parse(prefix) is { PrefixLength: > 0 } range ? new RuleRemote.Prefix(range.ToString()) : new RuleRemote.Any(),
            _ => new RuleRemote.Any(),
        };
        if (remote is null) return null;
        RuleDirection direction = rule.Direction == "egress" ? RuleDirection.Egress : RuleDirection.Ingress;
        return new(direction, rule.EtherType == "IPv6", rule.Protocol?.ToUpperInvariant(), rule.PortRangeMin, rule.PortRangeMax, remote);
    }
}
