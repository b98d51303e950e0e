using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <summary>What the cloud shows that may concern one owner, taken from bulk lists. More than concerns it does no harm.</summary>
public sealed record LoadBalancerObservation
{
    /// <summary>Load balancers with their trees.</summary>
    public ImmutableArray<ObservedLoadBalancer> LoadBalancers { get; init; } = [];

    /// <summary>Floating IPs.</summary>
    public ImmutableArray<FloatingIp> FloatingIps { get; init; } = [];

    /// <summary>Security groups with their rules.</summary>
    public ImmutableArray<SecurityGroup> SecurityGroups { get; init; } = [];

    /// <summary>Neutron ports that carry, or shall carry, the owner's security group.</summary>
    public ImmutableArray<Port> Ports { get; init; } = [];
}

/// <summary>A load balancer with all it holds.</summary>
/// <param name="LoadBalancer">The load balancer itself.</param>
/// <param name="Listeners">Its listeners.</param>
/// <param name="Pools">All its pools, those of listeners and others.</param>
public sealed record ObservedLoadBalancer(LoadBalancer LoadBalancer, ImmutableArray<Listener> Listeners, ImmutableArray<ObservedPool> Pools)
{
    /// <summary>
    /// The listeners that this very process made the load balancer with, all in one request, as long as they were not listed since:
    /// that the load balancer became ACTIVE says that they are there.
    /// </summary>
    public EquatableArray<DesiredListener>? MadeWith { get; init; }

    /// <summary>A listener's default pool.</summary>
    public ObservedPool? PoolOf(Listener listener)
        => Pools.FirstOrDefault(p => p.Pool.Id == listener.DefaultPoolId) ?? Pools.FirstOrDefault(p => p.Pool.ListenerIds.Contains(listener.Id));
}

/// <summary>A pool with all it holds.</summary>
/// <param name="Pool">The pool itself.</param>
/// <param name="Members">Its members; <see langword="null"/> when they are not known, which plans an update.</param>
/// <param name="Monitor">Its health monitor.</param>
/// <param name="MemberIds">The members' IDs by address and port, known only where members are changed one by one.</param>
public sealed record ObservedPool(Pool Pool, MemberSet? Members, HealthMonitor? Monitor, ImmutableDictionary<(string Address, int Port), string>? MemberIds = null)
{
    /// <summary>The members that were in ERROR when they were last read in full, in words.</summary>
    public EquatableArray<string> BrokenMembers { get; init; }

    /// <summary>
    /// The members that Octavia still has in PENDING_DELETE though the load balancer is ACTIVE again. The provider ovn deletes in a batch
    /// only what it has itself: after a death between its own database and Octavia's, such a member would stay for ever.
    /// </summary>
    public EquatableArray<PoolMember> LostMembers { get; init; }
}
