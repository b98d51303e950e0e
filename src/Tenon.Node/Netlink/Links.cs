using System.Buffers.Binary;
using System.Net.NetworkInformation;

namespace Tenon.Nodes.Netlink;

/// <summary>A network interface.</summary>
/// <param name="Index">Its index in its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="MacAddress">Its hardware address, in lower case with colons.</param>
/// <param name="Mtu">Its MTU.</param>
/// <param name="IsUp">Whether it is set up.</param>
/// <param name="Alias">Its alias (<c>ip link set alias</c>), by which an owner marks it.</param>
/// <param name="Kind">What software makes it of, such as <c>veth</c> or <c>vlan</c>; empty for hardware.</param>
internal sealed record Link(int Index, string Name, string MacAddress, int Mtu, bool IsUp, string Alias, string Kind);

/// <summary>An interface to be made: one end of a veth pair, or a VLAN's.</summary>
/// <param name="Name">The name, at most 15 characters.</param>
/// <param name="MacAddress">The hardware address; <see langword="null"/> is the kernel's choice.</param>
/// <param name="Namespace">The namespace it begins in; <see langword="null"/> is the caller's.</param>
internal sealed record LinkEnd(string Name, string? MacAddress = null, NetworkNamespace? Namespace = null);

/// <summary>Interfaces of one namespace (rtnetlink(7), RTM_*LINK).</summary>
internal static class Links
{
    private const ushort NewLink = 16;
    private const ushort DeleteLink = 17;
    private const ushort GetLink = 18;
    private const ushort Address = 1;
    private const ushort Name = 3;
    private const ushort MtuAttribute = 4;
    private const ushort ParentLink = 5;
    private const ushort Info = 18;
    private const ushort Alias = 20;
    private const ushort NamespaceDescriptor = 28;
    private const ushort InfoKind = 1;
    private const ushort InfoData = 2;
    private const ushort VethPeer = 1;
    private const ushort VlanId = 1;
    private const int InfoLength = 16;
    private const uint Up = 1;

    /// <summary>All interfaces.</summary>
    public static List<Link> List(NetlinkSocket socket)
        => [.. socket.Ask("list interfaces", new NetlinkMessage(GetLink, NetlinkSocket.Dump).Fixed(new byte[InfoLength])).Where(m => m.Type == NewLink).Select(m => Read(m.Body))];

    /// <summary>An interface by name, or <see langword="null"/>.</summary>
    public static Link? Find(NetlinkSocket socket, string name)
    {
        try
        {
            return socket.Ask($"look for interface {name}", new NetlinkMessage(GetLink, NetlinkSocket.Change).Fixed(new byte[InfoLength]).Attribute(Name, name))
                .Where(m => m.Type == NewLink).Select(m => Read(m.Body)).FirstOrDefault();
        }
        catch (NetlinkException e) when (e.Error == NetlinkException.NoDevice)
        {
            return null;
        }
    }

    /// <summary>Makes a veth pair, each end in its namespace from the beginning.</summary>
    /// <exception cref="NetlinkException">One of the names is taken, among others.</exception>
    public static void CreateVeth(NetlinkSocket socket, LinkEnd near, LinkEnd far, int mtu)
        => socket.Do($"make the interface pair {near.Name} and {far.Name}", End(new NetlinkMessage(NewLink, NetlinkSocket.Create()).Fixed(new byte[InfoLength]), near, mtu)
            .Nest(Info, info => info.Attribute(InfoKind, "veth")
                .Nest(InfoData, data => data.Nest(VethPeer, peer => End(peer.Fixed(new byte[InfoLength]), far, mtu)))));

    /// <summary>Makes a VLAN interface of a parent, in a namespace from the beginning.</summary>
    /// <exception cref="NetlinkException"><see cref="NetlinkException.NotSupported"/> where the kernel has none, among others.</exception>
    public static void CreateVlan(NetlinkSocket socket, Link parent, int vlan, LinkEnd end, int mtu)
        => socket.Do($"make VLAN {vlan} of {parent.Name}", End(new NetlinkMessage(NewLink, NetlinkSocket.Create()).Fixed(new byte[InfoLength]), end, mtu)
            .Attribute(ParentLink, (uint)parent.Index)
            .Nest(Info, info => info.Attribute(InfoKind, "vlan").Nest(InfoData, data => data.Attribute(VlanId, (ushort)vlan))));

    /// <summary>Whether the kernel has VLAN interfaces. It is asked for one without a parent, which it refuses either way, for one reason or the other.</summary>
    public static bool HasVlans(NetlinkSocket socket)
    {
        try
        {
            socket.Do("ask for VLAN interfaces", new NetlinkMessage(NewLink, NetlinkSocket.Create()).Fixed(new byte[InfoLength])
                .Nest(Info, info => info.Attribute(InfoKind, "vlan").Nest(InfoData, data => data.Attribute(VlanId, (ushort)1))));
            return true;
        }
        catch (NetlinkException e)
        {
            return e.Error != NetlinkException.NotSupported;
        }
    }

    /// <summary>Sets an interface up and marks it.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="link">The interface.</param>
    /// <param name="alias">The alias that marks it; <see langword="null"/> leaves it as it is.</param>
    public static void SetUp(NetlinkSocket socket, Link link, string? alias = null)
    {
        byte[] info = new byte[InfoLength];
        BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(4), link.Index);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(8), Up);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(12), Up);
        NetlinkMessage message = new NetlinkMessage(NewLink, NetlinkSocket.Change).Fixed(info);
        if (alias is not null) message.Attribute(Alias, alias);
        socket.Do($"set interface {link.Name} up", message);
    }

    /// <summary>Deletes an interface; one that is not there does no harm.</summary>
    public static void Delete(NetlinkSocket socket, string name)
    {
        try
        {
            socket.Do($"delete interface {name}", new NetlinkMessage(DeleteLink, NetlinkSocket.Change).Fixed(new byte[InfoLength]).Attribute(Name, name));
        }
        catch (NetlinkException e) when (e.Error == NetlinkException.NoDevice)
        {
            // Gone already: what was asked for holds.
        }
    }

    private static NetlinkMessage End(NetlinkMessage message, LinkEnd end, int mtu)
    {
        message.Attribute(Name, end.Name);
        if (mtu > 0) message.Attribute(MtuAttribute, (uint)mtu);
        if (end.MacAddress is { } mac) message.Attribute(Address, PhysicalAddress.Parse(mac.Replace(':', '-').ToUpperInvariant()).GetAddressBytes());
        if (end.Namespace is { } space) message.Attribute(NamespaceDescriptor, (uint)space.Descriptor);
        return message;
    }

    private static Link Read(byte[] body)
    {
        var attributes = Attributes.Read(body.AsSpan(InfoLength));
        return new(
            BinaryPrimitives.ReadInt32LittleEndian(body.AsSpan(4)),
            attributes.Text(Name),
            string.Join(':', attributes.Bytes(Address).Select(b => b.ToString("x2"))),
            (int)attributes.Number(MtuAttribute),
            (BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(8)) & Up) != 0,
            attributes.Text(Alias),
            Attributes.Read(attributes.Bytes(Info)).Text(InfoKind));
    }
}
