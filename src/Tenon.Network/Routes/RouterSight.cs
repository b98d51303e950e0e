using Tenon.Core;
using Tenon.Network.VirtualNetworks;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Routes;

/// <summary>A subnet on which a router has a leg.</summary>
/// <param name="SubnetId">The subnet.</param>
/// <param name="Cidr">Its range.</param>
/// <param name="Network">The name of its network, or its ID where it has none.</param>
public sealed record RoutedSubnet(string SubnetId, string Cidr, string Network);

/// <summary>A router with all that it joins.</summary>
/// <param name="Router">The router.</param>
/// <param name="Subnets">The subnets on which it has a leg.</param>
/// <param name="ExternalNetwork">The name of the network of its gateway; <see langword="null"/> where it has none or it cannot be seen.</param>
public sealed record RouterSight(Router Router, EquatableArray<RoutedSubnet> Subnets, string? ExternalNetwork)
{
    /// <summary>Asks the cloud; <see langword="null"/> where there is no such router.</summary>
    /// <param name="reader">Reads networks, subnets and routers.</param>
    /// <param name="ports">Reads the router's legs.</param>
    /// <param name="routerId">The router.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<RouterSight?> ReadAsync(INetworkReader reader, IPortReader ports, string routerId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(ports);
        if (await reader.GetRouterAsync(routerId, cancellationToken) is not { } router) return null;
        List<Port> legs = await ports.ListPortsAsync(new() { DeviceIds = [routerId], DeviceOwners = CloudNetworks.LegOwners }, cancellationToken).ToListAsync(cancellationToken);
        string[] ids = [.. legs.SelectMany(l => l.FixedIps).Select(f => f.SubnetId).Distinct()];
        List<Subnet> subnets = ids.Length == 0 ? [] : await reader.ListSubnetsAsync(new() { Ids = [.. ids] }, cancellationToken).ToListAsync(cancellationToken);
        string[] networks = [.. subnets.Select(s => s.NetworkId).Append(router.Gateway?.NetworkId).OfType<string>().Distinct()];
        Dictionary<string, string> names = networks.Length == 0
            ? []
            : await reader.ListNetworksAsync(new() { Ids = [.. networks] }, cancellationToken).Where(n => n.Name.Length > 0).ToDictionaryAsync(n => n.Id, n => n.Name, cancellationToken: cancellationToken);
        return new(
            router,
            [.. subnets.Select(s => new RoutedSubnet(s.Id, s.Cidr, names.GetValueOrDefault(s.NetworkId, s.NetworkId))).OrderBy(s => s.Cidr, StringComparer.Ordinal)],
            router.Gateway is { } gateway ? names.GetValueOrDefault(gateway.NetworkId) : null);
    }
}
