using System.Net;
using System.Net.Sockets;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>Ranges of addresses with holes, as prefixes without holes: what a security group can say.</summary>
public static class AddressRanges
{
    /// <summary>The fewest prefixes that cover a block without its exceptions. Exceptions outside the block take nothing away.</summary>
    /// <exception cref="FormatException">The block or an exception is no CIDR.</exception>
    public static IReadOnlyList<IPNetwork> Of(IPBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        List<IPNetwork> ranges = [Parse(block.Cidr)];
        foreach (IPNetwork hole in block.Except.Select(Parse)) ranges = [.. ranges.SelectMany(r => Without(r, hole))];
        return ranges;
    }

    /// <summary>A CIDR in its canonical form: bits beyond the prefix are zero.</summary>
    /// <exception cref="FormatException">The text is no CIDR.</exception>
    public static IPNetwork Parse(string cidr)
    {
        ArgumentNullException.ThrowIfNull(cidr);
        string[] parts = cidr.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out IPAddress? address) || !int.TryParse(parts[1], out int length)
            || length < 0 || length > Bits(address))
            throw new FormatException($"'{cidr}' is not a CIDR such as 10.0.0.0/8 or fd00::/64");
        return new(Masked(address, length), length);
    }

    /// <summary>Whether a range is of IPv6.</summary>
    public static bool IsV6(IPNetwork range) => range.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Whether an address, or a range, is of IPv6.</summary>
    public static bool IsV6(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.Contains(':', StringComparison.Ordinal);
    }

    private static IEnumerable<IPNetwork> Without(IPNetwork range, IPNetwork hole)
    {
        if (IsV6(range) != IsV6(hole)) return [range];
        if (hole.PrefixLength <= range.PrefixLength) return hole.Contains(range.BaseAddress) ? [] : [range];
        if (!range.Contains(hole.BaseAddress)) return [range];
        (IPNetwork low, IPNetwork high) = Halves(range);
        return Without(low, hole).Concat(Without(high, hole));
    }

    private static (IPNetwork Low, IPNetwork High) Halves(IPNetwork range)
    {
        byte[] bytes = range.BaseAddress.GetAddressBytes();
        bytes[range.PrefixLength / 8] |= (byte)(0x80 >> (range.PrefixLength % 8));
        return (new(range.BaseAddress, range.PrefixLength + 1), new(new IPAddress(bytes), range.PrefixLength + 1));
    }

    private static IPAddress Masked(IPAddress address, int length)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new(bytes);
    }

    private static int Bits(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32;
}
