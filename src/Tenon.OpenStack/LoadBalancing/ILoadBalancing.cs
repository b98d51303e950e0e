using Tenon.Core;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>Reads load balancers and what they hold.</summary>
public interface ILoadBalancerReader
{
    /// <summary>Load balancers, page by page.</summary>
    IAsyncEnumerable<LoadBalancer> ListLoadBalancersAsync(LoadBalancerQuery query, CancellationToken cancellationToken);

    /// <summary>One load balancer, or <see langword="null"/>; one in status DELETED counts as gone.</summary>
    Task<LoadBalancer?> GetLoadBalancerAsync(string loadBalancerId, CancellationToken cancellationToken);

    /// <summary>The statuses of a load balancer and all it holds, or <see langword="null"/>.</summary>
    Task<StatusNode?> GetStatusTreeAsync(string loadBalancerId, CancellationToken cancellationToken);

    /// <summary>Listeners, page by page.</summary>
    IAsyncEnumerable<Listener> ListListenersAsync(ListenerQuery query, CancellationToken cancellationToken);

    /// <summary>One listener, or <see langword="null"/>.</summary>
    Task<Listener?> GetListenerAsync(string listenerId, CancellationToken cancellationToken);

    /// <summary>Pools, page by page.</summary>
    IAsyncEnumerable<Pool> ListPoolsAsync(PoolQuery query, CancellationToken cancellationToken);

    /// <summary>One pool, or <see langword="null"/>.</summary>
    Task<Pool?> GetPoolAsync(string poolId, CancellationToken cancellationToken);

    /// <summary>The members of a pool, page by page; none when there is no such pool.</summary>
    IAsyncEnumerable<Member> ListMembersAsync(string poolId, CancellationToken cancellationToken);

    /// <summary>Health monitors, page by page.</summary>
    IAsyncEnumerable<HealthMonitor> ListHealthMonitorsAsync(HealthMonitorQuery query, CancellationToken cancellationToken);

    /// <summary>One health monitor, or <see langword="null"/>.</summary>
    Task<HealthMonitor?> GetHealthMonitorAsync(string healthMonitorId, CancellationToken cancellationToken);
}

/// <summary>
/// Reads and changes load balancers. Every change puts the load balancer in a PENDING state at once; until it is ACTIVE
/// again any other change of its tree is <see cref="OpenStackErrorKind.Busy"/>.
/// </summary>
public interface ILoadBalancerClient : ILoadBalancerReader
{
    /// <summary>Makes a load balancer with its whole tree. Answers before it is ACTIVE.</summary>
    Task<LoadBalancer> CreateLoadBalancerAsync(LoadBalancerCreate loadBalancer, CancellationToken cancellationToken);

    /// <summary>Changes a load balancer.</summary>
    Task<LoadBalancer> UpdateLoadBalancerAsync(string loadBalancerId, LoadBalancerUpdate update, CancellationToken cancellationToken);

    /// <summary>Deletes a load balancer, with <paramref name="cascade"/> with all it holds; one that is not there does no harm. Answers before it is gone.</summary>
    Task DeleteLoadBalancerAsync(string loadBalancerId, bool cascade, CancellationToken cancellationToken);

    /// <summary>Makes a listener.</summary>
    Task<Listener> CreateListenerAsync(string loadBalancerId, ListenerCreate listener, CancellationToken cancellationToken);

    /// <summary>Changes a listener.</summary>
    Task<Listener> UpdateListenerAsync(string listenerId, ListenerUpdate update, CancellationToken cancellationToken);

    /// <summary>Deletes a listener; one that is not there does no harm. Its pool stays.</summary>
    Task DeleteListenerAsync(string listenerId, CancellationToken cancellationToken);

    /// <summary>Makes a pool.</summary>
    Task<Pool> CreatePoolAsync(PoolParent parent, PoolCreate pool, CancellationToken cancellationToken);

    /// <summary>Changes a pool.</summary>
    Task<Pool> UpdatePoolAsync(string poolId, PoolUpdate update, CancellationToken cancellationToken);

    /// <summary>Deletes a pool with its members and monitor; one that is not there does no harm.</summary>
    Task DeletePoolAsync(string poolId, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a pool's members be these, in one call: those that are new (by address and port) are made, those that differ
    /// are changed, those that are missing are removed, unless <paramref name="additiveOnly"/>.
    /// </summary>
    Task ReplaceMembersAsync(string poolId, IReadOnlyCollection<MemberSpec> members, bool additiveOnly, CancellationToken cancellationToken);

    /// <summary>Makes one member.</summary>
    Task<Member> CreateMemberAsync(string poolId, MemberSpec member, CancellationToken cancellationToken);

    /// <summary>Changes one member.</summary>
    Task<Member> UpdateMemberAsync(string poolId, string memberId, MemberUpdate update, CancellationToken cancellationToken);

    /// <summary>Deletes one member; one that is not there does no harm.</summary>
    Task DeleteMemberAsync(string poolId, string memberId, CancellationToken cancellationToken);

    /// <summary>Makes a health monitor.</summary>
    Task<HealthMonitor> CreateHealthMonitorAsync(string poolId, HealthMonitorCreate healthMonitor, CancellationToken cancellationToken);

    /// <summary>Changes a health monitor.</summary>
    Task<HealthMonitor> UpdateHealthMonitorAsync(string healthMonitorId, HealthMonitorUpdate update, CancellationToken cancellationToken);

    /// <summary>Deletes a health monitor; one that is not there does no harm.</summary>
    Task DeleteHealthMonitorAsync(string healthMonitorId, CancellationToken cancellationToken);
}

/// <summary>Reads what a cloud's Octavia offers the project.</summary>
public interface ILoadBalancerCapabilities
{
    /// <summary>What the API version allows.</summary>
    Task<LoadBalancerFeatures> GetFeaturesAsync(CancellationToken cancellationToken);

    /// <summary>The provider drivers.</summary>
    Task<EquatableArray<Provider>> ListProvidersAsync(CancellationToken cancellationToken);

    /// <summary>The flavors.</summary>
    Task<EquatableArray<LoadBalancerFlavor>> ListFlavorsAsync(CancellationToken cancellationToken);

    /// <summary>The availability zones.</summary>
    Task<EquatableArray<LoadBalancerZone>> ListZonesAsync(CancellationToken cancellationToken);

    /// <summary>The limits of a project.</summary>
    Task<LoadBalancerQuota> GetQuotaAsync(string projectId, CancellationToken cancellationToken);
}
