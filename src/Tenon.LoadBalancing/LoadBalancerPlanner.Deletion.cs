using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <summary>What is known of an owner that goes away.</summary>
public sealed record LoadBalancerDeletion
{
    /// <summary>The owner's names and marks; listeners, members and the like are not looked at.</summary>
    public required DesiredLoadBalancer Owner { get; init; }

    /// <summary>Whether a load balancer is deleted with all it holds in one call.</summary>
    public bool Cascade { get; init; } = true;

    /// <summary>Whether another owner is alive whose own load balancer has this name; what is its, stays.</summary>
    public required Func<string, bool> IsNameOfOther { get; init; }
}

/// <content>Deletion.</content>
public static partial class LoadBalancerPlanner
{
    /// <summary>
    /// Plans the removal of all that was made for an owner: a load balancer that it shares loses only the owner's listeners and
    /// tag, one that others made is never deleted. <see cref="Outcome.Settled"/> with an empty plan means that nothing is left.
    /// </summary>
    public static LoadBalancerPlan PlanDeletion(LoadBalancerDeletion deletion, LoadBalancerObservation observed)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        ArgumentNullException.ThrowIfNull(observed);
        DesiredLoadBalancer owner = deletion.Owner;
        var draft = new Draft(owner, observed);
        ImmutableArray<ObservedLoadBalancer> concerned =
        [
            .. observed.LoadBalancers.Where(l => l.LoadBalancer.ProvisioningStatus is not ProvisioningStatus.Deleted
                && (l.LoadBalancer.Id == owner.Id || HasOwnName(owner, l.LoadBalancer) || owner.IsOwn(l.LoadBalancer.Tags))),
        ];
        Outcome outcome = Outcome.Done;
        foreach (ObservedLoadBalancer loadBalancer in concerned)
        {
            Outcome one = PlanRemoval(draft, deletion, loadBalancer);
            if (one is not Outcome.Settled) outcome = one;
        }

        if (!owner.KeepFloatingIp && owner.FloatingIp is { } wanted)
        {
            foreach (FloatingIp left in observed.FloatingIps.Where(f => f.PortId is null or "" && f.Description == wanted.Description))
            {
                draft.Add(new LoadBalancerChange.DeleteFloatingIp(left.Id, left.Address, "its Service is gone"));
            }
        }

        PlanSecurityGroupRemoval(draft, "its Service is gone");
        if (outcome is Outcome.Settled && draft.Locks) outcome = Waiting(owner.Name, "being deleted");
        return draft.End(outcome, concerned.FirstOrDefault());
    }

    private static Outcome PlanRemoval(Draft draft, LoadBalancerDeletion deletion, ObservedLoadBalancer observed)
    {
        DesiredLoadBalancer owner = draft.Desired;
        LoadBalancer loadBalancer = observed.LoadBalancer;
        string name = $"{loadBalancer.Name} ({loadBalancer.Id})";
        bool isOwn = HasOwnName(owner, loadBalancer);
        bool isMarked = owner.IsOwn(loadBalancer.Tags);
        bool isOurs = isOwn || (isMarked && loadBalancer.Name.StartsWith(owner.OwnerTagPrefix, StringComparison.Ordinal));
        bool isShared = loadBalancer.Tags.Any(t => t.StartsWith(owner.OwnerTagPrefix, StringComparison.Ordinal) && !owner.IsOwn([t]))
            || (!isOwn && deletion.IsNameOfOther(loadBalancer.Name));
        bool whole = isOurs && !isShared;

        if (whole && loadBalancer.ProvisioningStatus is not ProvisioningStatus.PendingDelete && AttachedTo(loadBalancer, draft.Observed) is { } floating)
        {
            if (IsMadeFor(owner, loadBalancer, floating) && !owner.KeepFloatingIp) draft.Add(new LoadBalancerChange.DeleteFloatingIp(floating.Id, floating.Address, "its Service is gone"));
        }

        if (loadBalancer.ProvisioningStatus.IsPending()) return Waiting(name, $"{loadBalancer.ProvisioningStatus}");
        if (whole && (deletion.Cascade || loadBalancer.ProvisioningStatus is ProvisioningStatus.Error))
        {
            bool isInError = loadBalancer.ProvisioningStatus is ProvisioningStatus.Error;
            if (isInError)
            {
                draft.Note(true, LoadBalancerReasons.InError,
                    $"Load balancer {name} is in ERROR, or went back into it when it was deleted. It is deleted again after longer and longer pauses; ask the cloud's operator if it stays (openstack loadbalancer status show {loadBalancer.Id}).");
            }

            draft.Add(new LoadBalancerChange.DeleteLoadBalancer(loadBalancer.Id, loadBalancer.Name, Cascade: true, "its Service is gone") { IsInError = isInError });
            return Waiting(name, "being deleted");
        }

        if (loadBalancer.ProvisioningStatus is ProvisioningStatus.Error)
        {
            // Others' load balancer: nothing of it can be changed while it is in ERROR, and the Service must not wait for that for ever.
            return isMarked || observed.Listeners.Any(l => owner.IsOwn(l.Tags))
                ? new Outcome.Waiting($"load balancer {name} to leave ERROR", ErrorPoll)
                : Outcome.Done;
        }

        PlanPartsRemoval(draft, observed, everything: whole, isOwn);
        if (whole)
        {
            draft.Add(new LoadBalancerChange.DeleteLoadBalancer(loadBalancer.Id, loadBalancer.Name, Cascade: false, "its Service is gone"));
            return Waiting(name, "being deleted");
        }

        if (isMarked)
        {
            EquatableArray<string> tags = [.. loadBalancer.Tags.Where(t => t != owner.OwnerTag && !owner.FormerNames.Contains(t))];
            draft.Add(new LoadBalancerChange.UpdateLoadBalancer(loadBalancer.Id, loadBalancer.Name, new() { Tags = tags }));
        }

        return draft.Locks ? Waiting(name, "being changed") : Outcome.Done;
    }

    /// <summary>Whether a floating IP was made for the owner, or for whoever the load balancer is named after and was shared with.</summary>
    private static bool IsMadeFor(DesiredLoadBalancer owner, LoadBalancer loadBalancer, FloatingIp floating)
    {
        if (floating.Description.StartsWith(owner.OwnFloatingIpPrefix, StringComparison.Ordinal)) return true;
        string prefix = DesiredLoadBalancer.FloatingIpPrefix;
        int end = floating.Description.IndexOf(" from cluster ", StringComparison.Ordinal);
        return floating.Description.StartsWith(prefix, StringComparison.Ordinal) && end > prefix.Length
            && loadBalancer.Name.EndsWith($"_{floating.Description[prefix.Length..end].Replace('/', '_')}", StringComparison.Ordinal);
    }

    private static void PlanPartsRemoval(Draft draft, ObservedLoadBalancer observed, bool everything, bool isOwn)
    {
        string id = observed.LoadBalancer.Id;
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (Listener listener in observed.Listeners.Where(l => everything || Owns(draft.Desired, l, isOwn)))
        {
            if (observed.PoolOf(listener) is { } pool && gone.Add(pool.Pool.Id)) RemovePool(pool);
            draft.Add(new LoadBalancerChange.DeleteListener(id, listener.Id, listener.Name));
        }

        IEnumerable<ObservedPool> left = everything ? observed.Pools : StrayPools(draft.Desired, observed);
        foreach (ObservedPool pool in left.Where(p => !gone.Contains(p.Pool.Id))) RemovePool(pool);

        void RemovePool(ObservedPool pool)
        {
            // Octavia deletes a pool's monitor and members with it.
            draft.Add(new LoadBalancerChange.DeletePool(id, pool.Pool.Id, pool.Pool.Name));
        }
    }
}
