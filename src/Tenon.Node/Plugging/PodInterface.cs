using System.Net;
using Tenon.Network.Contracts;
using Tenon.Node.Netlink;

namespace Tenon.Node.Plugging;

/// <summary>The interface inside a pod: addresses, routes and state as its port says.</summary>
internal static class PodInterface
{
    /// <summary>Sets the interface up with the port's addresses and routes. May be repeated.</summary>
    public static void Configure(NetworkNamespace space, string name, PodPortSpec port, bool withoutOffload)
        => space.Run(() =>
        {
            using NetlinkSocket socket = NetlinkSocket.Open();
            Link link = Links.Find(socket, name) ?? throw new NetlinkException($"find interface {name} of the pod", NetlinkException.NoDevice);
            if (withoutOffload) Offloads.TurnOff(name);
            Links.SetUp(socket, link.Index);
            foreach ((IPAddress address, int length) in port.Addresses.Select(Parse)) Addressing.Add(socket, link.Index, address, length);
            foreach (KernelRoute route in Routes(port, link.Index)) Addressing.AddRoute(socket, route);
            return true;
        });

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
            List<(IPAddress, int)> addresses = Addressing.List(socket, link.Index);
            differences.AddRange(port.Addresses.Where(a => !addresses.Contains(Parse(a))).Select(a => $"address {a.Address} is gone"));
            List<KernelRoute> routes = Addressing.ListRoutes(socket);
            differences.AddRange(Routes(port, link.Index).Where(r => !routes.Contains(r)).Select(r => $"the route to {r.Destination} is gone"));
            return differences;
        });

    /// <summary>The default routes of the addresses' gateways, and the port's own.</summary>
    private static IEnumerable<KernelRoute> Routes(PodPortSpec port, int index)
    {
        foreach (IPAddress gateway in port.Addresses.Select(a => a.Gateway).OfType<string>().Select(IPAddress.Parse))
            yield return new(new IPNetwork(gateway.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), gateway, index);
        foreach (PodPortRoute route in port.Routes) yield return new(IPNetwork.Parse(route.Destination), IPAddress.Parse(route.NextHop), index);
    }

    private static (IPAddress Address, int PrefixLength) Parse(PodPortAddress address)
    {
        string[] parts = address.Address.Split('/');
        return (IPAddress.Parse(parts[0]), int.Parse(parts[1]));
    }
}
