using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Tenon.CloudController.Configuration;

/// <summary>
/// A range of IP addresses, such as <c>10.0.0.0/8</c>. Two that cover the same addresses are equal and print alike, however they
/// were written.
/// </summary>
public readonly record struct AddressPrefix
{
    private AddressPrefix(UInt128 bits, int length, bool isIpv6) => (Bits, Length, IsIpv6) = (bits, length, isIpv6);

    /// <summary>How many leading bits the addresses share.</summary>
    public int Length { get; }

    /// <summary>Whether the addresses are IPv6.</summary>
    public bool IsIpv6 { get; }

    private UInt128 Bits { get; }

    private int Width => IsIpv6 ? 128 : 32;

    /// <summary>Reads <c>address/length</c>; bits of the address beyond the length are ignored, as Go's net.ParseCIDR does.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out AddressPrefix prefix)
    {
        prefix = default;
        string[] parts = (text ?? "").Trim().Split('/');
        if (parts.Length != 2 || !TryAddress(parts[0], out IPAddress? address)) return false;
        bool isIpv6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        int width = isIpv6 ? 128 : 32;
        if (!int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > width) return false;
        prefix = new AddressPrefix(ToBits(address) & Mask(length, width), length, isIpv6);
        return true;
    }

    /// <summary>Reads an address in its usual form: four decimal numbers, or IPv6 without a zone.</summary>
    public static bool TryAddress([NotNullWhen(true)] string? text, [NotNullWhen(true)] out IPAddress? address)
    {
        address = null;
        if (string.IsNullOrEmpty(text) || text.Contains('%', StringComparison.Ordinal)) return false;
        bool looksIpv4 = !text.Contains(':', StringComparison.Ordinal);
        if (looksIpv4 && (text.Count(c => c == '.') != 3 || !text.All(c => char.IsAsciiDigit(c) || c == '.'))) return false;
        if (!IPAddress.TryParse(text, out IPAddress? parsed)) return false;
        address = parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed;
        return true;
    }

    /// <summary>Whether an address lies in the range.</summary>
    public bool Contains(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.AddressFamily == AddressFamily.InterNetworkV6 == IsIpv6 && (ToBits(address) & Mask(Length, Width)) == Bits;
    }

    /// <summary>Whether the whole other range lies in this one.</summary>
    public bool Contains(AddressPrefix other) => other.IsIpv6 == IsIpv6 && other.Length >= Length && (other.Bits & Mask(Length, Width)) == Bits;

    /// <summary>Whether the two ranges share an address.</summary>
    public bool Overlaps(AddressPrefix other) => Contains(other) || other.Contains(this);

    /// <summary>Orders addresses as numbers, IPv4 before IPv6.</summary>
    public static int CompareAddresses(IPAddress left, IPAddress right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        int family = left.AddressFamily.CompareTo(right.AddressFamily);
        return family != 0 ? family : ToBits(left).CompareTo(ToBits(right));
    }

    /// <summary><c>address/length</c> with the lowest address.</summary>
    public override string ToString() => $"{ToAddress(Bits, IsIpv6)}/{Length}";

    private static UInt128 Mask(int length, int width)
    {
        UInt128 all = width == 128 ? UInt128.MaxValue : uint.MaxValue;
        return length == 0 ? 0 : all ^ (length == width ? 0 : all >> length);
    }

    private static UInt128 ToBits(IPAddress address)
    {
        UInt128 bits = 0;
        foreach (byte b in address.GetAddressBytes()) bits = (bits << 8) | b;
        return bits;
    }

    private static IPAddress ToAddress(UInt128 bits, bool isIpv6)
    {
        byte[] bytes = new byte[isIpv6 ? 16 : 4];
        for (int i = bytes.Length - 1; i >= 0; i--, bits >>= 8) bytes[i] = (byte)(bits & 0xff);
        return new IPAddress(bytes);
    }
}
