using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.LoadBalancing;

/// <summary>What to do for an owner, and what to tell it.</summary>
/// <param name="Plan">The changes and the outcome after them.</param>
/// <param name="LoadBalancer">The load balancer that serves the owner, when there is one.</param>
/// <param name="Notes">What the owner should know.</param>
public sealed record LoadBalancerPlan(Plan<LoadBalancerChange> Plan, ObservedLoadBalancer? LoadBalancer, ImmutableArray<PlanNote> Notes)
{
    /// <summary>Whether there is nothing to change.</summary>
    public bool IsEmpty => Plan.IsEmpty;

    /// <summary>The same without some changes. Where nothing is left that locks a load balancer, there is nothing to wait for either.</summary>
    internal LoadBalancerPlan Without(Predicate<LoadBalancerChange> unwanted)
    {
        ImmutableArray<LoadBalancerChange> left = Plan.Changes.RemoveAll(unwanted);
        bool settled = Plan.Then is Outcome.Waiting { Poll: null } && left.All(c => c.Locks is null);
        return this with { Plan = new(left, settled ? Outcome.Done : Plan.Then) };
    }
}

/// <summary>Something that the owner should know; becomes an event.</summary>
/// <param name="IsWarning">Whether something is wrong.</param>
/// <param name="Reason">A CamelCase word.</param>
/// <param name="Message">A sentence that names the field and the fix.</param>
public sealed record PlanNote(bool IsWarning, string Reason, string Message);

/// <summary>Where a served owner is reached.</summary>
/// <param name="LoadBalancerId">The load balancer.</param>
/// <param name="Address">The first address: the floating IP, or the virtual address of an internal or IPv6 load balancer.</param>
/// <param name="FurtherAddresses">Addresses of the other family.</param>
public sealed record LoadBalancerEndpoint(string LoadBalancerId, string Address, EquatableArray<string> FurtherAddresses);

/// <summary>The reasons of events that the planner gives; the first are those of openstack-cloud-controller-manager.</summary>
public static class LoadBalancerReasons
{
    /// <summary>No external network is known, so the load balancer stays internal.</summary>
    public const string ForcedInternal = "LoadBalancerForcedInternal";

    /// <summary>An IPv6 virtual address gets no floating IP.</summary>
    public const string FloatingIpSkipped = "LoadBalancerFloatingIPSkipped";

    /// <summary>The load balancer is renamed after a change of the cluster's name.</summary>
    public const string Rename = "LoadBalancerRename";

    /// <summary>The synchronization failed; the service controller's own word.</summary>
    public const string SyncFailed = "SyncLoadBalancerFailed";

    /// <summary>The cloud reports the load balancer, or part of it, in ERROR.</summary>
    public const string InError = "LoadBalancerInError";
}
