using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.LoadBalancing;

/// <content>A virtual address that somebody else gave to the owner.</content>
public static partial class LoadBalancerPlanner
{
    private static bool HasOtherVip(DesiredLoadBalancer desired, LoadBalancer loadBalancer)
        => desired.Vip is { IsFixed: true, Address: { } address } && loadBalancer.VipAddress.Length > 0 && !SameAddress(address, loadBalancer.VipAddress);

    /// <summary>Octavia changes no virtual address: a load balancer of the owner's with another one is deleted, to be made anew.</summary>
    private static Outcome PlanOtherVip(Draft draft, LoadBalancer loadBalancer)
    {
        DesiredLoadBalancer desired = draft.Desired;
        string name = $"{loadBalancer.Name} ({loadBalancer.Id})";
        string has = $"has the address {loadBalancer.VipAddress}, not {desired.Vip.Address}";
        bool isMarked = !desired.TagsSupported || desired.IsOwn(loadBalancer.Tags);
        if (!isMarked || IsShared(desired, loadBalancer))
        {
            return new Outcome.Refused(LoadBalancerReasons.SyncFailed,
                $"Load balancer {name} {has}, and {(isMarked ? "is shared with others" : $"nothing marks it as this owner's (the tag {desired.OwnerTag})")}, so it is not replaced. Delete or rename it.");
        }

        if (loadBalancer.ProvisioningStatus.IsPending()) return Waiting(name, $"{loadBalancer.ProvisioningStatus}");
        draft.Add(new LoadBalancerChange.DeleteLoadBalancer(loadBalancer.Id, loadBalancer.Name, Cascade: true, $"it {has}"));
        return Waiting(name, "being deleted");
    }

    private static bool IsShared(DesiredLoadBalancer desired, LoadBalancer loadBalancer)
        => loadBalancer.Tags.Any(t => t.StartsWith(desired.OwnerTagPrefix, StringComparison.Ordinal) && !desired.IsOwn([t]));
}
