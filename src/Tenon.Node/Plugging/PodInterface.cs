using System.Net;
using System.Net.Sockets;
using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;

namespace Tenon.Nodes.Plugging;

/// <summary>The interface inside a pod: addresses, routes and state as its port says.</summary>
internal static class PodInterface
{
    /// <summary>Sets the interface up, marked, with the port's addresses and routes. May be repeated.</summary>
    /// <param name="space">The pod's namespace.</param>
    /// <param name="name">The interface.</param>
    /// <param name="port">Its port.</param>
    /// <param name="alias">What marks it as ours.</param>
    /// <param name="withoutOffload">Whether packets must leave with their checksums, because a userspace switch takes them as they are.</param>
    public static void Configure(NetworkNamespace space, string name, PodPortSpec port, string alias, bool withoutOffload)
        => space.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            Link link = Links.Find(socket, name) ?? throw new NetlinkException($"find interface {name} of the pod", NetlinkException.NoDevice);
            if (withoutOffload) Offloads.TurnOff(name);
            if (port.Addresses.Any(a => IsV6(a.Address))) PrepareV6(name);
            Links.SetUp(socket, link, alias);
            foreach ((IPAddress address, int length) in port.Addresses.Select(Parse)) Addressing.Add(socket, link, address, length);
            foreach (KernelRoute route in Routes(port, link.Index)) Addressing.AddRoute(socket, route);
        });

    /// <summary>Deletes the interface if it is ours; one that is not there, or another's, is left alone.</summary>
    /// <param name="space">The pod's namespace.</param>
    /// <param name="name">The interface.</param>
    /// <param name="alias">What marks it as ours.</param>
    /// <param name="macAddress">The port's hardware address; empty where it is not known.</param>
    public static void Remove(NetworkNamespace space, string name, string alias, string macAddress)
        => space.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            if (Links.Find(socket, name) is { } link && IsOurs(link, alias, macAddress)) Links.Delete(socket, name);
        });

    /// <summary>
    /// Whether an interface is one that we made: it bears the mark; or it is a VLAN with the port's hardware address and bears none, as a crash between making and
    /// marking it leaves one. (A pair's other end is known by its name.)
    /// </summary>
    internal static bool IsOurs(Link link, string alias, string macAddress)
        => link.Alias == alias || (link is { Alias.Length: 0, Kind: "vlan" } && macAddress.Length > 0 && string.Equals(link.MacAddress, macAddress, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the namespace has an interface that bears a mark.</summary>
    public static bool Has(NetworkNamespace space, string alias)
    {
        using NetlinkSocket socket = NetlinkSocket.Open(space);
        return Links.List(socket).Any(l => l.Alias == alias);
    }

    /// <summary>What of the interface is not as the port says, each as a clause; empty when all is.</summary>
    public static IReadOnlyList<string> Differences(NetworkNamespace space, string name, PodPortSpec port)
        => space.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            var differences = new List<string>();
            if (Links.Find(socket, name) is not { } link) return (IReadOnlyList<string>)[$"interface {name} is gone"];
            if (!link.IsUp) differences.Add($"interface {name} is down");
            if (link.MacAddress != port.MacAddress) differences.Add($"interface {name} has the hardware address {link.MacAddress}, not {port.MacAddress}");
            if (port.Mtu > 0 && link.Mtu != port.Mtu) differences.Add($"interface {name} has the MTU {link.Mtu}, not {port.Mtu}");
            List<(IPAddress, int)> addresses = Addressing.List(socket, link);
            differences.AddRange(port.Addresses.Where(a => !addresses.Contains(Parse(a))).Select(a => $"address {a.Address} is gone"));
            List<KernelRoute> routes = Addressing.ListRoutes(socket);
            differences.AddRange(Routes(port, link.Index).Where(r => !routes.Contains(r)).Select(r => $"the route to {r.Destination} is gone"));
            return differences;
        });

    /// <summary>Whether an address is of IPv6.</summary>
    public static bool IsV6(string address) => address.Contains(':', StringComparison.Ordinal);

    /// <summary>The default routes of the addresses' gateways, and the port's own.</summary>
    private static IEnumerable<KernelRoute> Routes(PodPortSpec port, int index)
    {
        foreach (IPAddress gateway in port.Addresses.Select(a => a.Gateway).OfType<string>().Select(IPAddress.Parse))
            yield return new(new IPNetwork(gateway.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), gateway, index);
        foreach (PodPortRoute route in port.Routes) yield return new(IPNetwork.Parse(route.Destination), IPAddress.Parse(route.NextHop), index);
    }

    private static (IPAddress Address, int PrefixLength) Parse(PodPortAddress address)
    {
        string[] parts = address.Address.Split('/');
        return (IPAddress.Parse(parts[0]), int.Parse(parts[1]));
    }

    /// <summary>Container runtimes may have switched IPv6 off; and what Neutron says of addresses and routes, routers need not say again.</summary>
    private static void PrepareV6(string name)
    {
        string folder = $"/proc/sys/net/ipv6/conf/{name}";
        if (!Directory.Exists(folder)) throw new NetlinkException($"give interface {name} an IPv6 address", NetlinkException.NotSupported, "the kernel was started without IPv6");
        File.WriteAllText($"{folder}/disable_ipv6", "0");
        File.WriteAllText($"{folder}/accept_ra", "0");
    }
}
