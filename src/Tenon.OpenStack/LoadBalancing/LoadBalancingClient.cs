using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>Octavia.</summary>
public sealed partial class LoadBalancingClient : ILoadBalancerClient, ILoadBalancerCapabilities
{
    private readonly ServiceChannel _channel;

    internal LoadBalancingClient(ServiceChannel channel) => _channel = channel;

    /// <inheritdoc/>
    public IAsyncEnumerable<LoadBalancer> ListLoadBalancersAsync(LoadBalancerQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .With("name", query.Name)
            .With("vip_address", query.VipAddress)
            .With("vip_port_id", query.VipPortId)
            .With("project_id", query.ProjectId)
            .With("provider", query.Provider)
            .With("provisioning_status", StatusWords.Word(query.ProvisioningStatus))
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny)
            .WithJoined("not-tags", query.NotTags)
            .WithJoined("not-tags-any", query.NotTagsAny);
        return List<LoadBalancersWire, LoadBalancerWire, LoadBalancer>(
            "loadbalancers", filters, query.PageSize, LoadBalancingJson.Default.LoadBalancersWire, b => b.Id, b => b.ToLoadBalancer(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<LoadBalancer?> GetLoadBalancerAsync(string loadBalancerId, CancellationToken cancellationToken)
    {
        LoadBalancerRootWire? answer = await GetAsync(
            "loadbalancers", Item("loadbalancers", loadBalancerId), LoadBalancingJson.Default.LoadBalancerRootWire, cancellationToken);
        LoadBalancer? balancer = answer?.LoadBalancer?.ToLoadBalancer();
        return balancer is { ProvisioningStatus: ProvisioningStatus.Deleted } ? null : balancer;
    }

    /// <inheritdoc/>
    public async Task<StatusNode?> GetStatusTreeAsync(string loadBalancerId, CancellationToken cancellationToken)
    {
        StatusRootWire? answer = await GetAsync(
            "statuses", Item("loadbalancers", loadBalancerId) + "/status", LoadBalancingJson.Default.StatusRootWire, cancellationToken);
        return answer?.Statuses?.LoadBalancer?.ToNode("loadbalancer");
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Listener> ListListenersAsync(ListenerQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .With("loadbalancer_id", query.LoadBalancerId)
            .With("name", query.Name)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny);
        return List<ListenersWire, ListenerWire, Listener>(
            "listeners", filters, query.PageSize, LoadBalancingJson.Default.ListenersWire, l => l.Id, l => l.ToListener(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Listener?> GetListenerAsync(string listenerId, CancellationToken cancellationToken)
        => (await GetAsync("listeners", Item("listeners", listenerId), LoadBalancingJson.Default.ListenerRootWire, cancellationToken))?.Listener?.ToListener();

    /// <inheritdoc/>
    public IAsyncEnumerable<Pool> ListPoolsAsync(PoolQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .With("loadbalancer_id", query.LoadBalancerId)
            .With("name", query.Name)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny);
        return List<PoolsWire, PoolWire, Pool>(
            "pools", filters, query.PageSize, LoadBalancingJson.Default.PoolsWire, p => p.Id, p => p.ToPool(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Pool?> GetPoolAsync(string poolId, CancellationToken cancellationToken)
        => (await GetAsync("pools", Item("pools", poolId), LoadBalancingJson.Default.PoolRootWire, cancellationToken))?.Pool?.ToPool();

    /// <inheritdoc/>
    public async IAsyncEnumerable<Member> ListMembersAsync(string poolId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerator<Member> members = List<MembersWire, MemberWire, Member>(
            "members", Query.Empty, null, LoadBalancingJson.Default.MembersWire, m => m.Id, m => m.ToMember(), cancellationToken, MembersOf(poolId))
            .GetAsyncEnumerator(cancellationToken);
        await using (members.ConfigureAwait(false))
        {
            while (await MoveNextAsync(members)) yield return members.Current;
        }

        static async Task<bool> MoveNextAsync(IAsyncEnumerator<Member> members)
        {
            try
            {
                return await members.MoveNextAsync();
            }
            catch (OpenStackException e) when (e.Kind == OpenStackErrorKind.NotFound)
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<HealthMonitor> ListHealthMonitorsAsync(HealthMonitorQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .With("pool_id", query.PoolId)
            .With("name", query.Name)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags);
        return List<HealthMonitorsWire, HealthMonitorWire, HealthMonitor>(
            "healthmonitors", filters, query.PageSize, LoadBalancingJson.Default.HealthMonitorsWire, m => m.Id, m => m.ToHealthMonitor(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<HealthMonitor?> GetHealthMonitorAsync(string healthMonitorId, CancellationToken cancellationToken)
    {
        HealthMonitorRootWire? answer = await GetAsync(
            "healthmonitors", Item("healthmonitors", healthMonitorId), LoadBalancingJson.Default.HealthMonitorRootWire, cancellationToken);
        return answer?.HealthMonitor?.ToHealthMonitor();
    }

    /// <inheritdoc/>
    public async Task<LoadBalancerFeatures> GetFeaturesAsync(CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "load-balancer.versions.get", Method = HttpMethod.Get, Path = "", AtRoot = true };
        VersionsWire answer = await _channel.SendAsync(call, LoadBalancingJson.Default.VersionsWire, cancellationToken);
        ApiVersion highest = new(2, 0);
        foreach (VersionWire version in answer.Versions ?? [])
        {
            if (ApiVersion.TryParse(version.Id, out ApiVersion v) && v.Major == 2 && v > highest) highest = v;
        }

        return new(highest);
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<Provider>> ListProvidersAsync(CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "load-balancer.providers.list", Method = HttpMethod.Get, Path = "lbaas/providers" };
        ProvidersWire answer = await _channel.SendAsync(call, LoadBalancingJson.Default.ProvidersWire, cancellationToken);
        return (answer.Providers ?? []).Select(p => new Provider(p.Name ?? "", p.Description ?? "")).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<LoadBalancerFlavor>> ListFlavorsAsync(CancellationToken cancellationToken)
    {
        var flavors = new List<LoadBalancerFlavor>();
        await foreach (LoadBalancerFlavor flavor in List<FlavorsWire, NamedWire, LoadBalancerFlavor>(
            "flavors",
            Query.Empty,
            null,
            LoadBalancingJson.Default.FlavorsWire,
            f => f.Id ?? "",
            f => new(f.Id ?? "", f.Name ?? "", f.Description ?? "", f.Enabled ?? true),
            cancellationToken))
        {
            flavors.Add(flavor);
        }

        return flavors.ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<LoadBalancerZone>> ListZonesAsync(CancellationToken cancellationToken)
    {
        var zones = new List<LoadBalancerZone>();
        await foreach (LoadBalancerZone zone in List<ZonesWire, NamedWire, LoadBalancerZone>(
            "availabilityzones",
            Query.Empty,
            null,
            LoadBalancingJson.Default.ZonesWire,
            z => z.Name ?? "",
            z => new(z.Name ?? "", z.Description ?? "", z.Enabled ?? true),
            cancellationToken))
        {
            zones.Add(zone);
        }

        return zones.ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<LoadBalancerQuota> GetQuotaAsync(string projectId, CancellationToken cancellationToken)
    {
        var call = new ApiCall
        {
            Operation = "load-balancer.quotas.get",
            Method = HttpMethod.Get,
            Path = $"lbaas/quotas/{Uri.EscapeDataString(projectId)}",
        };
        QuotaRootWire answer = await _channel.SendAsync(call, LoadBalancingJson.Default.QuotaRootWire, cancellationToken);
        return _channel.Found(call, answer.Quota).ToQuota();
    }

    private static string Item(string collection, string id) => $"lbaas/{collection}/{Uri.EscapeDataString(id)}";

    private static string MembersOf(string poolId) => $"{Item("pools", poolId)}/members";

    private async IAsyncEnumerable<TResult> List<TPage, TItem, TResult>(
        string collection,
        Query filters,
        int? pageSize,
        JsonTypeInfo<TPage> type,
        Func<TItem, string> idOf,
        Func<TItem, TResult> convert,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        string? path = null)
        where TPage : IPage<TItem>
    {
        var call = new ApiCall
        {
            Operation = $"load-balancer.{collection}.list",
            Method = HttpMethod.Get,
            Path = path ?? $"lbaas/{collection}",
            Query = filters.With("limit", pageSize ?? _channel.PageSize),
        };
        await foreach (TItem item in _channel.ListAsync(call, type, idOf, cancellationToken)) yield return convert(item);
    }

    private Task<T?> GetAsync<T>(string collection, string path, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
        => _channel.GetAsync(new() { Operation = $"load-balancer.{collection}.get", Method = HttpMethod.Get, Path = path }, type, cancellationToken);
}
