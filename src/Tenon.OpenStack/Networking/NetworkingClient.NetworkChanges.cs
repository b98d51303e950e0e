using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

public sealed partial class NetworkingClient
{
    /// <inheritdoc/>
    public async Task<Network> CreateNetworkAsync(NetworkCreate network, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(network);
        var call = new ApiCall
        {
            Operation = "network.networks.create",
            Method = HttpMethod.Post,
            Path = "networks",
            Body = JsonBody.Of("network", b =>
            {
                b.Set("name", network.Name);
                b.SetUnlessEmpty("description", network.Description);
                b.Set("mtu", network.Mtu);
            }),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, NetworkJson.Default.NetworkRootWire, cancellationToken)).Network).ToNetwork();
    }

    /// <inheritdoc/>
    public Task DeleteNetworkAsync(string networkId, CancellationToken cancellationToken) => DeleteAsync("networks", networkId, cancellationToken);

    /// <inheritdoc/>
    public async Task<Subnet> CreateSubnetAsync(SubnetCreate subnet, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(subnet);
        var call = new ApiCall
        {
            Operation = "network.subnets.create",
            Method = HttpMethod.Post,
            Path = "subnets",
            Body = JsonBody.Of("subnet", b =>
            {
                b.Set("network_id", subnet.NetworkId);
                b.Set("ip_version", subnet.IpVersion);
                b.SetUnlessEmpty("name", subnet.Name);
                b.SetUnlessEmpty("description", subnet.Description);
                b.Set("cidr", subnet.Cidr);
                b.Set("subnetpool_id", subnet.SubnetPoolId);
                b.Set("prefixlen", subnet.PrefixLength);
                b.SetNullable("gateway_ip", subnet.GatewayIp);
                b.Set("enable_dhcp", subnet.DhcpEnabled);
                b.ObjectsUnlessEmpty("allocation_pools", subnet.AllocationPools, (o, p) =>
                {
                    o.Set("start", p.Start);
                    o.Set("end", p.End);
                });
                b.Set("ipv6_address_mode", subnet.Ipv6AddressMode);
                b.Set("ipv6_ra_mode", subnet.Ipv6RaMode);
            }),
        };
        return _channel.Found(call, (await _channel.SendAsync(call, NetworkJson.Default.SubnetRootWire, cancellationToken)).Subnet).ToSubnet();
    }

    /// <inheritdoc/>
    public Task DeleteSubnetAsync(string subnetId, CancellationToken cancellationToken) => DeleteAsync("subnets", subnetId, cancellationToken);

    /// <inheritdoc/>
    public Task AddRouterInterfaceAsync(string routerId, string subnetId, CancellationToken cancellationToken)
        => ChangeInterfaceAsync("add_router_interface", routerId, subnetId, cancellationToken);

    /// <inheritdoc/>
    public Task RemoveRouterInterfaceAsync(string routerId, string subnetId, CancellationToken cancellationToken)
        => ChangeInterfaceAsync("remove_router_interface", routerId, subnetId, cancellationToken);

    private Task ChangeInterfaceAsync(string action, string routerId, string subnetId, CancellationToken cancellationToken)
    {
        // Not harmless twice: the second time the router has the leg already, or no more.
        var call = new ApiCall
        {
            Operation = $"network.routers.{action}",
            Method = HttpMethod.Put,
            Path = $"{Item("routers", routerId)}/{action}",
            Body = JsonBody.Build(b => b.Set("subnet_id", subnetId)),
            Repeatable = false,
        };
        return _channel.SendAsync(call, cancellationToken);
    }
}
