using System.Text.Json.Serialization.Metadata;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.LoadBalancing;

public sealed partial class LoadBalancingClient
{
    /// <inheritdoc/>
    public Task<LoadBalancer> CreateLoadBalancerAsync(LoadBalancerCreate loadBalancer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loadBalancer);
        return ChangeAsync(
            Post("loadbalancers", "lbaas/loadbalancers", JsonBody.Of("loadbalancer", b => LoadBalancingBodies.Write(b, loadBalancer))),
            LoadBalancingJson.Default.LoadBalancerRootWire,
            a => a.LoadBalancer?.ToLoadBalancer(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LoadBalancer> UpdateLoadBalancerAsync(string loadBalancerId, LoadBalancerUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        return ChangeAsync(
            Put("loadbalancers", Item("loadbalancers", loadBalancerId), JsonBody.Of("loadbalancer", b => LoadBalancingBodies.Write(b, update))),
            LoadBalancingJson.Default.LoadBalancerRootWire,
            a => a.LoadBalancer?.ToLoadBalancer(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteLoadBalancerAsync(string loadBalancerId, bool cascade, CancellationToken cancellationToken)
        => DeleteAsync("loadbalancers", Item("loadbalancers", loadBalancerId), cascade ? Query.Empty.With("cascade", true) : Query.Empty, cancellationToken);

    /// <inheritdoc/>
    public Task<Listener> CreateListenerAsync(string loadBalancerId, ListenerCreate listener, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(listener);
        if (listener.DefaultPool is not null)
        {
            throw new ArgumentException("Octavia makes a listener's pool with it only as part of a new load balancer; make the pool alone.", nameof(listener));
        }

        ReadOnlyMemory<byte> body = JsonBody.Of("listener", b =>
        {
            b.Set("loadbalancer_id", loadBalancerId);
            LoadBalancingBodies.Write(b, listener);
        });
        return ChangeAsync(
            Post("listeners", "lbaas/listeners", body), LoadBalancingJson.Default.ListenerRootWire, a => a.Listener?.ToListener(), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Listener> UpdateListenerAsync(string listenerId, ListenerUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        return ChangeAsync(
            Put("listeners", Item("listeners", listenerId), JsonBody.Of("listener", b => LoadBalancingBodies.Write(b, update))),
            LoadBalancingJson.Default.ListenerRootWire,
            a => a.Listener?.ToListener(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteListenerAsync(string listenerId, CancellationToken cancellationToken)
        => DeleteAsync("listeners", Item("listeners", listenerId), Query.Empty, cancellationToken);

    /// <inheritdoc/>
    public Task<Pool> CreatePoolAsync(PoolParent parent, PoolCreate pool, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(pool);
        if (!pool.Members.IsEmpty || pool.HealthMonitor is not null)
        {
            throw new ArgumentException("Octavia makes a pool's members and monitor with it only as part of a new load balancer; make them alone.", nameof(pool));
        }

        ReadOnlyMemory<byte> body = JsonBody.Of("pool", b =>
        {
            if (parent is PoolParent.OfListener listener) b.Set("listener_id", listener.Id);
            if (parent is PoolParent.OfLoadBalancer balancer) b.Set("loadbalancer_id", balancer.Id);
            LoadBalancingBodies.Write(b, pool);
        });
        return ChangeAsync(Post("pools", "lbaas/pools", body), LoadBalancingJson.Default.PoolRootWire, a => a.Pool?.ToPool(), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Pool> UpdatePoolAsync(string poolId, PoolUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        return ChangeAsync(
            Put("pools", Item("pools", poolId), JsonBody.Of("pool", b => LoadBalancingBodies.Write(b, update))),
            LoadBalancingJson.Default.PoolRootWire,
            a => a.Pool?.ToPool(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeletePoolAsync(string poolId, CancellationToken cancellationToken)
        => DeleteAsync("pools", Item("pools", poolId), Query.Empty, cancellationToken);

    /// <inheritdoc/>
    public Task ReplaceMembersAsync(string poolId, IReadOnlyCollection<MemberSpec> members, bool additiveOnly, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(members);
        var call = new ApiCall
        {
            Operation = "load-balancer.members.replace",
            Method = HttpMethod.Put,
            Path = MembersOf(poolId),
            Query = additiveOnly ? Query.Empty.With("additive_only", true) : Query.Empty,
            Body = JsonBody.OfEach("members", members, LoadBalancingBodies.Write),
        };
        return _channel.SendAsync(call, cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Member> CreateMemberAsync(string poolId, MemberSpec member, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(member);
        return ChangeAsync(
            Post("members", MembersOf(poolId), JsonBody.Of("member", b => LoadBalancingBodies.Write(b, member))),
            LoadBalancingJson.Default.MemberRootWire,
            a => a.Member?.ToMember(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<Member> UpdateMemberAsync(string poolId, string memberId, MemberUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        return ChangeAsync(
            Put("members", MemberOf(poolId, memberId), JsonBody.Of("member", b => LoadBalancingBodies.Write(b, update))),
            LoadBalancingJson.Default.MemberRootWire,
            a => a.Member?.ToMember(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteMemberAsync(string poolId, string memberId, CancellationToken cancellationToken)
        => DeleteAsync("members", MemberOf(poolId, memberId), Query.Empty, cancellationToken);

    /// <inheritdoc/>
    public Task<HealthMonitor> CreateHealthMonitorAsync(string poolId, HealthMonitorCreate healthMonitor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(healthMonitor);
        ReadOnlyMemory<byte> body = JsonBody.Of("healthmonitor", b =>
        {
            b.Set("pool_id", poolId);
            LoadBalancingBodies.Write(b, healthMonitor);
        });
        return ChangeAsync(
            Post("healthmonitors", "lbaas/healthmonitors", body),
            LoadBalancingJson.Default.HealthMonitorRootWire,
            a => a.HealthMonitor?.ToHealthMonitor(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<HealthMonitor> UpdateHealthMonitorAsync(string healthMonitorId, HealthMonitorUpdate update, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        return ChangeAsync(
            Put("healthmonitors", Item("healthmonitors", healthMonitorId), JsonBody.Of("healthmonitor", b => LoadBalancingBodies.Write(b, update))),
            LoadBalancingJson.Default.HealthMonitorRootWire,
            a => a.HealthMonitor?.ToHealthMonitor(),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task DeleteHealthMonitorAsync(string healthMonitorId, CancellationToken cancellationToken)
        => DeleteAsync("healthmonitors", Item("healthmonitors", healthMonitorId), Query.Empty, cancellationToken);

    private static string MemberOf(string poolId, string memberId) => $"{MembersOf(poolId)}/{Uri.EscapeDataString(memberId)}";

    private static ApiCall Post(string collection, string path, ReadOnlyMemory<byte> body)
        => new() { Operation = $"load-balancer.{collection}.create", Method = HttpMethod.Post, Path = path, Body = body };

    private static ApiCall Put(string collection, string path, ReadOnlyMemory<byte> body)
        => new() { Operation = $"load-balancer.{collection}.update", Method = HttpMethod.Put, Path = path, Body = body };

    private async Task<T> ChangeAsync<TWire, T>(ApiCall call, JsonTypeInfo<TWire> type, Func<TWire, T?> pick, CancellationToken cancellationToken)
        where T : class
        => _channel.Found(call, pick(await _channel.SendAsync(call, type, cancellationToken)));

    private Task DeleteAsync(string collection, string path, Query query, CancellationToken cancellationToken)
        => _channel.DeleteAsync(
            new() { Operation = $"load-balancer.{collection}.delete", Method = HttpMethod.Delete, Path = path, Query = query }, cancellationToken);
}
