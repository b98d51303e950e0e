using System.Net;
using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;

namespace Tenon.Network.Routes;

/// <summary>A route that a pod's packets take.</summary>
/// <param name="Destination">Where to, as a range.</param>
/// <param name="NextHop">The address that the pod sends to; <see langword="null"/> is the destination itself.</param>
/// <param name="Interface">The pod's interface; empty while it is not plugged.</param>
/// <param name="Kind">What is there.</param>
/// <param name="Through">Through which virtual network, router or Service, for people.</param>
/// <param name="Answers">Whether somebody is there: a Service answers when an endpoint of it is ready. Of others nothing is known, and so it is said that they do.</param>
public sealed record PodRoute(string Destination, string? NextHop, string Interface, RouteKind Kind, string Through, bool Answers = true);

/// <summary>What a route leads to.</summary>
public enum RouteKind
{
    /// <summary>The pod's own virtual network.</summary>
    Own,

    /// <summary>Another virtual network.</summary>
    VirtualNetwork,

    /// <summary>A Service's virtual IP.</summary>
    Service,

    /// <summary>A network of the cloud that is not ours, as that of virtual machines.</summary>
    CloudNetwork,

    /// <summary>A route that somebody gave the port, or the router.</summary>
    Static,

    /// <summary>All the rest.</summary>
    Default,
}

/// <summary>A Service's virtual IP with what is behind it.</summary>
/// <param name="Service">The Service.</param>
/// <param name="Address">The virtual IP.</param>
/// <param name="Ports">Its ports.</param>
public sealed record VirtualIp(NamespacedName Service, string Address, EquatableArray<VirtualIpPort> Ports)
{
    /// <summary>Whether anything is ready behind it.</summary>
    public bool Answers => Ports.Any(p => !p.Members.IsEmpty);
}

/// <summary>A port of a virtual IP.</summary>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
/// <param name="Port">The number.</param>
/// <param name="Members">Where it leads, as <c>address:port</c>.</param>
public sealed record VirtualIpPort(string Protocol, int Port, EquatableArray<string> Members);

/// <summary>All that a routing table is made of.</summary>
public sealed record RouteSources
{
    /// <summary>The virtual networks.</summary>
    public IReadOnlyList<VirtualNetwork> Networks { get; init; } = [];

    /// <summary>The virtual network of the Services' virtual IPs.</summary>
    public NamespacedName ServiceNetwork { get; init; } = new NetworkOptions().ServiceNetwork;

    /// <summary>The virtual IPs.</summary>
    public IReadOnlyList<VirtualIp> VirtualIps { get; init; } = [];

    /// <summary>What the cloud says of the router; <see langword="null"/> where it was not asked.</summary>
    public RouterSight? Router { get; init; }
}

/// <summary>
/// The routing table that a pod sees: what its kernel has, and behind the gateway what the router of its virtual network joins. The most particular
/// routes come first, as they are chosen. Pure.
/// </summary>
public static class RouteTable
{
    /// <summary>The routes of a pod's port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="sources">What there is to be reached.</param>
    public static IReadOnlyList<PodRoute> Of(PodPort port, RouteSources sources)
    {
        ArgumentNullException.ThrowIfNull(port);
        ArgumentNullException.ThrowIfNull(sources);
        string device = port.Status?.InterfaceName ?? "";
        var routes = new List<PodRoute>();
        foreach (PodPortAddress address in port.Spec.Addresses)
        {
            IPNetwork own = AddressRanges.Parse(address.Address);
            routes.Add(new(own.ToString(), null, device, RouteKind.Own, $"virtual network {port.Spec.Network}"));
            IPNetwork[] given = [.. port.Spec.Routes.Select(r => AddressRanges.Parse(r.Destination)).Where(r => IsSameFamily(r, own))];
            routes.AddRange(port.Spec.Routes.Where(r => IsSameFamily(AddressRanges.Parse(r.Destination), own))
                .Select(r => new PodRoute(r.Destination, r.NextHop, device, RouteKind.Static, $"virtual network {port.Spec.Network}, by a route of its subnet")));
            if (address.Gateway is not { } gateway) continue;
            // What is on the link, or has a route of its own, does not go to the gateway.
            routes.AddRange(BehindGateway(port, sources)
                .Where(b => IsSameFamily(b.Range, own) && !Holds(own, b.Range) && !given.Any(g => Holds(g, b.Range)))
                .Select(b => new PodRoute(b.Range.ToString(), gateway, device, b.Kind, b.Through, b.Answers)));
            if (!given.Any(g => g.PrefixLength == 0))
                routes.Add(new(AddressRanges.IsV6(own) ? "::/0" : "0.0.0.0/0", gateway, device, RouteKind.Default, Beyond(port, sources)));
        }

        return [.. routes.DistinctBy(r => (r.Destination, r.Kind))
            .OrderBy(r => AddressRanges.IsV6(AddressRanges.Parse(r.Destination)))
            .ThenByDescending(r => AddressRanges.Parse(r.Destination).PrefixLength)
            .ThenBy(r => Convert.ToHexString(AddressRanges.Parse(r.Destination).BaseAddress.GetAddressBytes()), StringComparer.Ordinal)];
    }

    private static IEnumerable<(IPNetwork Range, RouteKind Kind, string Through, bool Answers)> BehindGateway(PodPort port, RouteSources sources)
    {
        if (RouterOf(port, sources) is not { } router) yield break;
        string name = NameOf(router, sources);
        VirtualNetwork[] joined = [.. sources.Networks.Where(n => n.Status?.RouterId == router && n.Metadata.Key.ToString() != port.Spec.Network)];
        var known = new HashSet<string>(sources.Networks.SelectMany(n => n.Status?.Subnets ?? []).Select(s => s.Id));
        foreach (VirtualNetwork network in joined)
            foreach (VirtualSubnet subnet in network.Status!.Subnets)
                yield return (AddressRanges.Parse(subnet.Cidr), RouteKind.VirtualNetwork, $"router {name} to virtual network {network.Metadata.Key}", true);
        if (joined.Any(n => n.Metadata.Key == sources.ServiceNetwork))
        {
            foreach (VirtualIp ip in sources.VirtualIps)
                yield return (AddressRanges.Parse($"{ip.Address}/{(ip.Address.Contains(':', StringComparison.Ordinal) ? 128 : 32)}"), RouteKind.Service, $"router {name} to Service {ip.Service}{Members(ip)}", ip.Answers);
        }

        if (sources.Router is not { } sight) yield break;
        foreach (RoutedSubnet subnet in sight.Subnets.Where(s => !known.Contains(s.SubnetId)))
            yield return (AddressRanges.Parse(subnet.Cidr), RouteKind.CloudNetwork, $"router {name} to network {subnet.Network}", true);
        foreach (OpenStack.Networking.Route route in sight.Router.Routes)
            yield return (AddressRanges.Parse(route.Destination), RouteKind.Static, $"router {name} to {route.NextHop}, by an extra route", true);
    }

    private static string Members(VirtualIp ip) => !ip.Answers ? ", which does not answer: none of its endpoints is ready" : ": " + string.Join("; ", ip.Ports.Select(p => $"{p.Protocol} {p.Port} at {(p.Members.IsEmpty ? "nothing that is ready" : string.Join(", ", p.Members))}"));

    private static string Beyond(PodPort port, RouteSources sources)
    {
        if (RouterOf(port, sources) is not { } router) return "a gateway of which nothing is known";
        string name = $"router {NameOf(router, sources)}";
        if (sources.Router is not { } sight) return name;
        if (sight.Router.Gateway is not { } outside) return $"{name}, which has no gateway";
        string addresses = string.Join(", ", outside.FixedIps.Select(f => f.IpAddress));
        return $"{name} to network {sight.ExternalNetwork ?? outside.NetworkId}{(outside.SnatEnabled != false && addresses.Length > 0 ? $", as {addresses}" : "")}";
    }

    private static string? RouterOf(PodPort port, RouteSources sources) => sources.Networks.FirstOrDefault(n => n.Metadata.Key.ToString() == port.Spec.Network)?.Status?.RouterId;

    private static string NameOf(string router, RouteSources sources) => sources.Router is { Router: { Name.Length: > 0 } known } && known.Id == router ? known.Name : router;

    private static bool IsSameFamily(IPNetwork one, IPNetwork other) => AddressRanges.IsV6(one) == AddressRanges.IsV6(other);

    private static bool Holds(IPNetwork outer, IPNetwork inner) => outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);
}
