using System.Text.Json.Serialization.Metadata;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

/// <summary>Neutron.</summary>
public sealed partial class NetworkingClient
    : INetworkReader, INetworkWriter, IRouteClient, INetworkCapabilities, ITagClient, IPortClient, ITrunkClient, IFloatingIpClient, ISecurityGroupClient
{
    private readonly ServiceChannel _channel;

    internal NetworkingClient(ServiceChannel channel) => _channel = channel;

    /// <inheritdoc/>
    public IAsyncEnumerable<Network> ListNetworksAsync(NetworkQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("id", query.Ids)
            .With("name", query.Name)
            .With("router:external", query.External)
            .With("description", query.Description)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags);
        return List<NetworksWire, NetworkWire, Network>(
            "networks", filters, query.PageSize, NetworkJson.Default.NetworksWire, n => n.Id, n => n.ToNetwork(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Network?> GetNetworkAsync(string networkId, CancellationToken cancellationToken)
        => (await GetAsync("networks", networkId, NetworkJson.Default.NetworkRootWire, cancellationToken))?.Network?.ToNetwork();

    /// <inheritdoc/>
    public IAsyncEnumerable<Subnet> ListSubnetsAsync(SubnetQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("id", query.Ids)
            .With("name", query.Name)
            .WithEach("network_id", query.NetworkIds)
            .With("ip_version", query.IpVersion)
            .With("cidr", query.Cidr)
            .With("description", query.Description)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny)
            .WithJoined("not-tags", query.NotTags)
            .WithJoined("not-tags-any", query.NotTagsAny);
        return List<SubnetsWire, SubnetWire, Subnet>(
            "subnets", filters, query.PageSize, NetworkJson.Default.SubnetsWire, s => s.Id, s => s.ToSubnet(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Subnet?> GetSubnetAsync(string subnetId, CancellationToken cancellationToken)
        => (await GetAsync("subnets", subnetId, NetworkJson.Default.SubnetRootWire, cancellationToken))?.Subnet?.ToSubnet();

    /// <inheritdoc/>
    public IAsyncEnumerable<SubnetPool> ListSubnetPoolsAsync(CancellationToken cancellationToken)
        => List<SubnetPoolsWire, SubnetPoolWire, SubnetPool>(
            "subnetpools", Query.Empty, null, NetworkJson.Default.SubnetPoolsWire, p => p.Id, p => p.ToSubnetPool(), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<Router> ListRoutersAsync(RouterQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("id", query.Ids)
            .With("name", query.Name)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags);
        return List<RoutersWire, RouterWire, Router>(
            "routers", filters, query.PageSize, NetworkJson.Default.RoutersWire, r => r.Id, r => r.ToRouter(), cancellationToken);
    }

    /// <inheritdoc cref="INetworkReader.GetRouterAsync"/>
    public async Task<Router?> GetRouterAsync(string routerId, CancellationToken cancellationToken)
        => (await GetAsync("routers", routerId, NetworkJson.Default.RouterRootWire, cancellationToken))?.Router?.ToRouter();

    /// <inheritdoc/>
    public Task<Router> AddRoutesAsync(string routerId, IReadOnlyCollection<Route> routes, CancellationToken cancellationToken)
        => PutRoutesAsync("network.routers.add_extraroutes", $"{Item("routers", routerId)}/add_extraroutes", routes, null, cancellationToken);

    /// <inheritdoc/>
    public Task<Router> RemoveRoutesAsync(string routerId, IReadOnlyCollection<Route> routes, CancellationToken cancellationToken)
        => PutRoutesAsync("network.routers.remove_extraroutes", $"{Item("routers", routerId)}/remove_extraroutes", routes, null, cancellationToken);

    /// <inheritdoc/>
    public Task<Router> ReplaceRoutesAsync(string routerId, IReadOnlyCollection<Route> routes, int revision, CancellationToken cancellationToken)
        => PutRoutesAsync("network.routers.update", Item("routers", routerId), routes, revision, cancellationToken);

    /// <inheritdoc/>
    public async Task<EquatableArray<Extension>> ListExtensionsAsync(CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "network.extensions.list", Method = HttpMethod.Get, Path = "extensions" };
        ExtensionsWire answer = await _channel.SendAsync(call, NetworkJson.Default.ExtensionsWire, cancellationToken);
        return (answer.Extensions ?? []).Select(e => new Extension(e.Alias ?? "", e.Name ?? "")).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<NetworkQuota>> GetQuotaAsync(string projectId, CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "network.quotas.get", Method = HttpMethod.Get, Path = $"{Item("quotas", projectId)}/details.json" };
        QuotaRootWire answer = await _channel.SendAsync(call, NetworkJson.Default.QuotaRootWire, cancellationToken);
        return (answer.Quota ?? []).Select(q => new NetworkQuota(q.Key, q.Value.Limit ?? -1, q.Value.Used ?? 0, q.Value.Reserved ?? 0)).ToEquatableArray();
    }

    /// <inheritdoc/>
    public async Task<EquatableArray<string>> ListNetworkZonesAsync(CancellationToken cancellationToken)
    {
        var call = new ApiCall { Operation = "network.availability_zones.list", Method = HttpMethod.Get, Path = "availability_zones" };
        ZonesWire answer = await _channel.SendAsync(call, NetworkJson.Default.ZonesWire, cancellationToken);
        return (answer.AvailabilityZones ?? []).Select(z => z.Name ?? "").Distinct().ToEquatableArray();
    }

    /// <inheritdoc/>
    public Task ReplaceTagsAsync(TaggedResource resource, string id, IReadOnlyCollection<string> tags, CancellationToken cancellationToken)
        => _channel.SendAsync(
            new()
            {
                Operation = "network.tags.replace",
                Method = HttpMethod.Put,
                Path = $"{Item(PathOf(resource), id)}/tags",
                Body = JsonBody.Build(b => b.Strings("tags", tags)),
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task AddTagAsync(TaggedResource resource, string id, string tag, CancellationToken cancellationToken)
        => _channel.SendAsync(
            new() { Operation = "network.tags.add", Method = HttpMethod.Put, Path = TagPath(resource, id, tag) }, cancellationToken);

    /// <inheritdoc/>
    public Task RemoveTagAsync(TaggedResource resource, string id, string tag, CancellationToken cancellationToken)
        => _channel.DeleteAsync(
            new() { Operation = "network.tags.remove", Method = HttpMethod.Delete, Path = TagPath(resource, id, tag) }, cancellationToken);

    private static string TagPath(TaggedResource resource, string id, string tag) => $"{Item(PathOf(resource), id)}/tags/{Uri.EscapeDataString(tag)}";

    private static string PathOf(TaggedResource resource) => resource switch
    {
        TaggedResource.Network => "networks",
        TaggedResource.Subnet => "subnets",
        TaggedResource.SubnetPool => "subnetpools",
        TaggedResource.Port => "ports",
        TaggedResource.Router => "routers",
        TaggedResource.FloatingIp => "floatingips",
        TaggedResource.SecurityGroup => "security-groups",
        TaggedResource.Trunk => "trunks",
        _ => throw new ArgumentOutOfRangeException(nameof(resource), resource, "Not a resource with tags."),
    };

    private static string Item(string collection, string id) => $"{collection}/{Uri.EscapeDataString(id)}";

    private async Task<Router> PutRoutesAsync(
        string operation, string path, IReadOnlyCollection<Route> routes, int? revision, CancellationToken cancellationToken)
    {
        var call = new ApiCall
        {
            Operation = operation,
            Method = HttpMethod.Put,
            Path = path,
            Revision = revision,
            Body = JsonBody.Of("router", b => b.Objects("routes", routes, (o, r) =>
            {
                o.Set("destination", r.Destination);
                o.Set("nexthop", r.NextHop);
            })),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, NetworkJson.Default.RouterRootWire, cancellationToken)).Router).ToRouter();
    }

    private async IAsyncEnumerable<TResult> List<TPage, TItem, TResult>(
        string collection,
        Query filters,
        int? pageSize,
        JsonTypeInfo<TPage> type,
        Func<TItem, string> idOf,
        Func<TItem, TResult> convert,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        where TPage : IPage<TItem>
    {
        var call = new ApiCall
        {
            Operation = $"network.{collection.Replace('-', '_')}.list",
            Method = HttpMethod.Get,
            Path = collection,
            Query = filters.With("limit", pageSize ?? _channel.PageSize),
        };
        await foreach (TItem item in _channel.ListAsync(call, type, idOf, cancellationToken)) yield return convert(item);
    }

    private Task<T?> GetAsync<T>(string collection, string id, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
        => _channel.GetAsync(
            new() { Operation = $"network.{collection.Replace('-', '_')}.get", Method = HttpMethod.Get, Path = Item(collection, id) }, type, cancellationToken);

    private Task DeleteAsync(string collection, string id, CancellationToken cancellationToken)
        => _channel.DeleteAsync(
            new() { Operation = $"network.{collection.Replace('-', '_')}.delete", Method = HttpMethod.Delete, Path = Item(collection, id) }, cancellationToken);
}
