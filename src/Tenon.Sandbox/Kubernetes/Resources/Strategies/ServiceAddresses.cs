using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>The cluster's virtual addresses and node ports, and which Service has which. Used only inside the store's transactions.</summary>
/// <param name="ipv4">The range of IPv4 addresses.</param>
/// <param name="ipv6">The range of IPv6 addresses.</param>
internal sealed class ServiceAddresses(IPNetwork ipv4, IPNetwork ipv6)
{
    public const int FirstPort = 30000;
    public const int LastPort = 32767;

    private readonly Dictionary<IPAddress, NamespacedName> _addresses = [];
    private readonly Dictionary<int, NamespacedName> _ports = [];

    /// <summary>The range of a family.</summary>
    public IPNetwork Range(string family) => family == "IPv6" ? ipv6 : ipv4;

    /// <summary>The first usable address of a range: the <c>kubernetes</c> Service's.</summary>
    public static IPAddress First(IPNetwork range) => Offset(range, 1);

    /// <summary>Who has an address; <see langword="null"/> when it is free.</summary>
    public NamespacedName? OwnerOf(IPAddress address) => _addresses.TryGetValue(address, out NamespacedName owner) ? owner : null;

    /// <summary>Who has a node port; <see langword="null"/> when it is free.</summary>
    public NamespacedName? OwnerOf(int port) => _ports.TryGetValue(port, out NamespacedName owner) ? owner : null;

    /// <summary>A free address of a family.</summary>
    public IPAddress FreeAddress(string family)
    {
        IPNetwork range = Range(family);
        int bits = Math.Min((family == "IPv6" ? 128 : 32) - range.PrefixLength, 30);
        int size = 1 << bits;

        // The low addresses are left to those who ask for one, as in the real server.
        int reserved = Math.Clamp(size / 16, 2, 256);
        for (int start = RandomNumberGenerator.GetInt32(reserved, size - 1), i = 0; i < size; i++)
        {
            int offset = reserved + (start - reserved + i) % (size - 1 - reserved);
            IPAddress address = Offset(range, offset);
            if (!_addresses.ContainsKey(address)) return address;
        }

        throw ApiException.Internal("failed to allocate a serviceIP: range is full");
    }

    /// <summary>A free node port besides those given.</summary>
    public int FreePort(IReadOnlySet<int> taken)
    {
        int size = LastPort - FirstPort + 1;
        int start = RandomNumberGenerator.GetInt32(size);
        for (int i = 0; i < size; i++)
        {
            int port = FirstPort + (start + i) % size;
            if (!_ports.ContainsKey(port) && !taken.Contains(port)) return port;
        }

        throw ApiException.Internal("failed to allocate a nodePort: range is full");
    }

    /// <summary>Records what a Service has now.</summary>
    public void Record(NamespacedName key, JsonObject? old, JsonObject? now)
    {
        foreach (IPAddress address in AddressesOf(old)) Forget(_addresses, address, key);
        foreach (int port in PortsOf(old)) Forget(_ports, port, key);
        foreach (IPAddress address in AddressesOf(now)) _addresses[address] = key;
        foreach (int port in PortsOf(now)) _ports[port] = key;
    }

    /// <summary>The node ports of a Service, with the one for health checks.</summary>
    public static IEnumerable<int> PortsOf(JsonObject? service) => service.Objects("spec", "ports").Select(p => (int)(p.Long("nodePort") ?? 0))
        .Append((int)(service.Long("spec", "healthCheckNodePort") ?? 0)).Where(p => p > 0);

    private static IEnumerable<IPAddress> AddressesOf(JsonObject? service) =>
        service.Texts("spec", "clusterIPs").Select(a => IPAddress.TryParse(a, out IPAddress? address) ? address : null).OfType<IPAddress>();

    private static void Forget<TKey>(Dictionary<TKey, NamespacedName> table, TKey key, NamespacedName owner) where TKey : notnull
    {
        if (table.TryGetValue(key, out NamespacedName current) && current == owner) table.Remove(key);
    }

    private static IPAddress Offset(IPNetwork range, int offset)
    {
        var number = new BigInteger(range.BaseAddress.GetAddressBytes(), isUnsigned: true, isBigEndian: true) + offset;
        byte[] bytes = new byte[range.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6 ? 16 : 4];
        byte[] value = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        value.CopyTo(bytes, bytes.Length - value.Length);
        return new IPAddress(bytes);
    }
}
