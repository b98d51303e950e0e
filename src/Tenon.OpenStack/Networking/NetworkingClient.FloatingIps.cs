using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

public sealed partial class NetworkingClient
{
    /// <inheritdoc/>
    public IAsyncEnumerable<FloatingIp> ListFloatingIpsAsync(FloatingIpQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        Query filters = Query.Empty
            .WithEach("id", query.Ids)
            .WithEach("floating_ip_address", query.Addresses)
            .With("floating_network_id", query.NetworkId)
            .WithEach("port_id", query.PortIds)
            .With("status", query.Status)
            .With("description", query.Description)
            .With("project_id", query.ProjectId)
            .WithJoined("tags", query.Tags)
            .WithJoined("tags-any", query.TagsAny);
        return List<FloatingIpsWire, FloatingIpWire, FloatingIp>(
            "floatingips", filters, query.PageSize, PortJson.Default.FloatingIpsWire, f => f.Id, f => f.ToFloatingIp(), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<FloatingIp?> GetFloatingIpAsync(string floatingIpId, CancellationToken cancellationToken)
        => (await GetAsync("floatingips", floatingIpId, PortJson.Default.FloatingIpRootWire, cancellationToken))?.FloatingIp?.ToFloatingIp();

    /// <inheritdoc/>
    public async Task<FloatingIp> CreateFloatingIpAsync(FloatingIpCreate floatingIp, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(floatingIp);
        var call = new ApiCall
        {
            Operation = "network.floatingips.create",
            Method = HttpMethod.Post,
            Path = "floatingips",
            Body = JsonBody.Of("floatingip", b =>
            {
                b.Set("floating_network_id", floatingIp.NetworkId);
                b.Set("subnet_id", floatingIp.SubnetId);
                b.Set("floating_ip_address", floatingIp.Address);
                b.Set("port_id", floatingIp.PortId);
                b.Set("fixed_ip_address", floatingIp.FixedIpAddress);
                b.SetUnlessEmpty("description", floatingIp.Description);
                b.Set("dns_name", floatingIp.DnsName);
                b.Set("dns_domain", floatingIp.DnsDomain);
            }),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, PortJson.Default.FloatingIpRootWire, cancellationToken)).FloatingIp).ToFloatingIp();
    }

    /// <inheritdoc/>
    public async Task<FloatingIp> UpdateFloatingIpAsync(string floatingIpId, FloatingIpUpdate update, int? revision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(update);
        var call = new ApiCall
        {
            Operation = "network.floatingips.update",
            Method = HttpMethod.Put,
            Path = Item("floatingips", floatingIpId),
            Revision = revision,
            Body = JsonBody.Of("floatingip", b =>
            {
                b.SetNullable("port_id", update.PortId);
                b.SetNullable("fixed_ip_address", update.FixedIpAddress);
                b.Update("description", update.Description);
            }),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, PortJson.Default.FloatingIpRootWire, cancellationToken)).FloatingIp).ToFloatingIp();
    }

    /// <inheritdoc/>
    public Task DeleteFloatingIpAsync(string floatingIpId, CancellationToken cancellationToken)
        => DeleteAsync("floatingips", floatingIpId, cancellationToken);
}
