using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Tenon.CloudController.Configuration;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Nodes;

/// <summary>
/// Which addresses a server gives its node, in the order of openstack-cloud-controller-manager: fixed addresses of its active ports, access
/// addresses, the host name of its metadata, then what Nova lists by network (floating ones too) with trunks' subports, sorted at last by
/// <c>address-sort-order</c>.
/// </summary>
public static class AddressPlanner
{
    private const string Floating = "floating";
    private const string HostnameKey = "hostname";

    /// <summary>The addresses of a server.</summary>
    public static ImmutableArray<NodeAddress> Addresses(Server server, PortInventory ports, NetworkingOptions options)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(options);
        var addresses = new List<NodeAddress>();
        ImmutableArray<Port> own = ports.Of(server.Id);
        foreach (Port port in own.Where(p => p.Status == "ACTIVE"))
            foreach (FixedIp fixedIp in port.FixedIps) Add(addresses, NodeKeys.InternalIp, fixedIp.IpAddress, options);

        if (!string.IsNullOrEmpty(server.AccessIPv4)) Add(addresses, NodeKeys.ExternalIp, server.AccessIPv4, options);
        if (!string.IsNullOrEmpty(server.AccessIPv6)) Add(addresses, NodeKeys.ExternalIp, server.AccessIPv6, options);
        string? hostname = server.Metadata.FirstOrDefault(m => m.Key == HostnameKey).Value;
        if (!string.IsNullOrEmpty(hostname)) addresses.Add(new NodeAddress(NodeKeys.Hostname, hostname));

        foreach ((string network, string address, string? type) in ByNetwork(server, own, ports))
        {
            if (type == Floating)
            {
                Add(addresses, NodeKeys.ExternalIp, address, options);
            }
            else if (options.PublicNetworkNames.Contains(network))
            {
                Remove(addresses, address);
                Add(addresses, NodeKeys.ExternalIp, address, options);
            }
            else if (options.InternalNetworkNames.IsEmpty || options.InternalNetworkNames.Contains(network))
            {
                Add(addresses, NodeKeys.InternalIp, address, options);
            }
            else
            {
                Remove(addresses, address);
            }
        }

        return Sort(addresses, options.AddressSortOrder);
    }

    /// <summary>Puts addresses within the given prefixes first, prefix by prefix, each group in ascending order; others keep their order.</summary>
    public static ImmutableArray<NodeAddress> Sort(IReadOnlyList<NodeAddress> addresses, IReadOnlyList<AddressPrefix> order)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        ArgumentNullException.ThrowIfNull(order);
        if (order.Count == 0) return [.. addresses];
        return
        [
            .. addresses
                .Select((address, index) => (address, index, ip: Parse(address.Address)))
                .Select(a => (a.address, a.index, a.ip, group: GroupOf(a.ip, order)))
                .OrderBy(a => a.group)
                .ThenBy(a => a.group < order.Count ? a.ip : null, AddressOrder.Instance)
                .ThenBy(a => a.index)
                .Select(a => a.address),
        ];
    }

    /// <summary>
    /// What remains of the cloud's addresses for a node whose kubelet was given addresses of its own: those come first and are the only ones
    /// of their type. <c>0.0.0.0</c> or <c>::</c> only puts its family first.
    /// </summary>
    /// <param name="provided">One address, or two with a comma between.</param>
    /// <param name="addresses">The cloud's addresses.</param>
    /// <param name="complaint">What is wrong, when the answer is <see langword="null"/>.</param>
    public static ImmutableArray<NodeAddress>? Enforce(string provided, ImmutableArray<NodeAddress> addresses, out string? complaint)
    {
        ArgumentNullException.ThrowIfNull(provided);
        complaint = null;
        string[] parts = provided.Split(',', StringSplitOptions.TrimEntries);
        var wanted = new List<IPAddress>();
        foreach (string part in parts)
        {
            if (!AddressPrefix.TryAddress(part, out IPAddress? ip))
            {
                complaint = $"\"{part}\" is not an IP address";
                return null;
            }

            wanted.Add(ip);
        }

        bool two = wanted.Count == 2;
        if (wanted.Count > 2 || (two && wanted[0].AddressFamily == wanted[1].AddressFamily) || (two && wanted.Exists(IsAny)))
        {
            complaint = "it must be one address, or one IPv4 and one IPv6 address";
            return null;
        }

        if (IsAny(wanted[0]))
        {
            return [.. addresses.OrderBy(a => Parse(a.Address) is { } ip && ip.AddressFamily != wanted[0].AddressFamily ? 1 : 0)];
        }

        var enforced = new List<NodeAddress>();
        foreach (IPAddress ip in wanted)
        {
            NodeAddress[] matches = [.. addresses.Where(a => ip.Equals(Parse(a.Address)))];
            if (matches.Length == 0)
            {
                complaint = $"{ip} is not among the server's addresses ({string.Join(", ", addresses.Select(a => a.Address))})";
                return null;
            }

            enforced.AddRange(matches);
        }

        HashSet<string> types = [.. enforced.Select(a => a.Type)];
        return [.. enforced, .. addresses.Where(a => !types.Contains(a.Type))];
    }

    internal static IPAddress? Parse(string address) => AddressPrefix.TryAddress(address, out IPAddress? ip) ? ip : null;

    private static IEnumerable<(string Network, string Address, string? Type)> ByNetwork(Server server, ImmutableArray<Port> own, PortInventory ports)
    {
        IEnumerable<(string Network, string Address, string? Type)> listed = server.Addresses.Select(a => (a.Network, a.Address, a.Type));
        IEnumerable<(string Network, string Address, string? Type)> carried =
            from port in own
            where port.Trunk is not null
            from subPort in port.Trunk!.SubPorts
            let carriedPort = ports.Find(subPort.PortId)
            where carriedPort is not null
            let network = ports.NetworkName(carriedPort!.NetworkId)
            where network is not null
            from fixedIp in carriedPort!.FixedIps
            select (network!, fixedIp.IpAddress, (string?)"fixed");
        return listed.Concat(carried).OrderBy(a => a.Network, StringComparer.Ordinal);
    }

    private static void Add(List<NodeAddress> addresses, string type, string address, NetworkingOptions options)
    {
        IPAddress? ip = Parse(address);
        if (ip?.AddressFamily == AddressFamily.InterNetworkV6 && options.Ipv6SupportDisabled) return;
        if (!addresses.Exists(a => a.Type == type && Same(a.Address, address, ip))) addresses.Add(new NodeAddress(type, address));
    }

    private static void Remove(List<NodeAddress> addresses, string address)
    {
        IPAddress? ip = Parse(address);
        addresses.RemoveAll(a => Same(a.Address, address, ip));
    }

    private static bool Same(string left, string right, IPAddress? rightIp)
        => string.Equals(left, right, StringComparison.Ordinal) || (rightIp is not null && rightIp.Equals(Parse(left)));

    private static bool IsAny(IPAddress ip) => ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any);

    private static int GroupOf(IPAddress? ip, IReadOnlyList<AddressPrefix> order)
    {
        for (int i = 0; ip is not null && i < order.Count; i++)
            if (order[i].Contains(ip)) return i;
        return order.Count;
    }

    private sealed class AddressOrder : IComparer<IPAddress?>
    {
        public static readonly AddressOrder Instance = new();

        public int Compare(IPAddress? x, IPAddress? y) => x is null || y is null ? 0 : AddressPrefix.CompareAddresses(x, y);
    }
}
