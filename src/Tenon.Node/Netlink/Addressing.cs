using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Tenon.Nodes.Netlink;

/// <summary>A route of a namespace.</summary>
/// <param name="Destination">The destination; a prefix of length zero is the default route.</param>
/// <param name="Gateway">The next hop; <see langword="null"/> where the destination is on the link.</param>
/// <param name="Interface">The index of the interface.</param>
internal sealed record KernelRoute(IPNetwork Destination, IPAddress? Gateway, int Interface);

/// <summary>Addresses and routes of one namespace (rtnetlink(7), RTM_*ADDR and RTM_*ROUTE).</summary>
internal static class Addressing
{
    private const ushort NewAddress = 20;
    private const ushort GetAddress = 22;
    private const ushort NewRoute = 24;
    private const ushort GetRoute = 26;
    private const byte NoDuplicateDetection = 2;

    /// <summary>Gives an interface an address. Neutron has made sure that it is the only one with it, so IPv6 need not ask.</summary>
    public static void Add(NetlinkSocket socket, Link link, IPAddress address, int prefixLength)
    {
        Span<byte> header = stackalloc byte[8];
        header[0] = Family(address);
        header[1] = (byte)prefixLength;
        header[2] = address.AddressFamily == AddressFamily.InterNetworkV6 ? NoDuplicateDetection : (byte)0;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], link.Index);
        byte[] bytes = address.GetAddressBytes();
        socket.Do($"give interface {link.Name} the address {address}/{prefixLength}",
            new NetlinkMessage(NewAddress, NetlinkSocket.Create(replace: true)).Fixed(header).Attribute(2, bytes).Attribute(1, bytes));
    }

    /// <summary>The addresses of an interface.</summary>
    public static List<(IPAddress Address, int PrefixLength)> List(NetlinkSocket socket, Link link)
        => [.. socket.Ask("list addresses", new NetlinkMessage(GetAddress, NetlinkSocket.Dump).Fixed(new byte[8]))
            .Where(m => m.Type == NewAddress && BinaryPrimitives.ReadInt32LittleEndian(m.Body.AsSpan(4)) == link.Index)
            .Select(m => (new IPAddress(Attributes.Read(m.Body.AsSpan(8)).Bytes(1)), (int)m.Body[1]))];

    /// <summary>Adds a route, in place of one with the same destination.</summary>
    public static void AddRoute(NetlinkSocket socket, KernelRoute route)
    {
        const byte mainTable = 254, boot = 3, universe = 0, link = 253, unicast = 1;
        Span<byte> header = [Family(route.Destination.BaseAddress), (byte)route.Destination.PrefixLength, 0, 0, mainTable, boot, route.Gateway is null ? link : universe, unicast, 0, 0, 0, 0];
        NetlinkMessage message = new NetlinkMessage(NewRoute, NetlinkSocket.Create(replace: true)).Fixed(header);
        if (route.Destination.PrefixLength > 0) message.Attribute(1, route.Destination.BaseAddress.GetAddressBytes());
        if (route.Gateway is { } gateway) message.Attribute(5, gateway.GetAddressBytes());
        socket.Do($"add the route to {route.Destination}{(route.Gateway is null ? "" : $" by way of {route.Gateway}")}", message.Attribute(4, (uint)route.Interface));
    }

    /// <summary>The routes of the main table.</summary>
    public static List<KernelRoute> ListRoutes(NetlinkSocket socket)
        => [.. socket.Ask("list routes", new NetlinkMessage(GetRoute, NetlinkSocket.Dump).Fixed(new byte[12])).Where(m => m.Type == NewRoute && m.Body[4] == 254).Select(Read)];

    private static KernelRoute Read((ushort Type, byte[] Body) message)
    {
        var attributes = Attributes.Read(message.Body.AsSpan(12));
        byte[] destination = attributes.Bytes(1);
        byte[] gateway = attributes.Bytes(5);
        IPAddress any = message.Body[0] == 10 ? IPAddress.IPv6Any : IPAddress.Any;
        return new(new(destination.Length == 0 ? any : new IPAddress(destination), message.Body[1]), gateway.Length == 0 ? null : new IPAddress(gateway), (int)attributes.Number(4));
    }

    private static byte Family(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? (byte)10 : (byte)2;
}
