using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Tenon.Sandbox.OpenStack.Networking.Addressing;

/// <summary>An IPv4 or IPv6 address as a number, so that ranges are arithmetic.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Ip(int Version, UInt128 Value) : IComparable<Ip>
{
    /// <summary>32 or 128.</summary>
    public int Width => Version == 4 ? 32 : 128;

    public static bool TryParse(string? text, out Ip address)
    {
        address = default;
        if (string.IsNullOrEmpty(text) || text.Contains('%', StringComparison.Ordinal) || text.Contains('[', StringComparison.Ordinal)) return false;
        if (!IPAddress.TryParse(text, out IPAddress? parsed)) return false;
        if (parsed.AddressFamily == AddressFamily.InterNetwork)
        {
            // The framework also accepts "1" and "0x7f.1"; OpenStack does not.
            if (text.Count(c => c == '.') != 3 || text.Contains('x', StringComparison.OrdinalIgnoreCase)) return false;
            Span<byte> four = stackalloc byte[4];
            parsed.TryWriteBytes(four, out _);
            address = new Ip(4, BinaryPrimitives.ReadUInt32BigEndian(four));
            return true;
        }

        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        address = new Ip(6, BinaryPrimitives.ReadUInt128BigEndian(bytes));
        return true;
    }

    public static Ip operator +(Ip address, UInt128 offset) => address with { Value = address.Value + offset };

    public static Ip operator -(Ip address, UInt128 offset) => address with { Value = address.Value - offset };

    public static bool operator <(Ip left, Ip right) => left.CompareTo(right) < 0;

    public static bool operator >(Ip left, Ip right) => left.CompareTo(right) > 0;

    public static bool operator <=(Ip left, Ip right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Ip left, Ip right) => left.CompareTo(right) >= 0;

    public int CompareTo(Ip other) => Version != other.Version ? Version.CompareTo(other.Version) : Value.CompareTo(other.Value);

    public override string ToString()
    {
        if (Version == 4)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(four, (uint)Value);
            return new IPAddress(four).ToString();
        }

        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return new IPAddress(bytes).ToString();
    }
}

/// <summary>A network prefix; the host bits are always zero.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Prefix
{
    private Prefix(Ip network, int length)
    {
        Network = network;
        Length = length;
    }

    public Ip Network { get; }

    public int Length { get; }

    public int Version => Network.Version;

    /// <summary>How many addresses it holds; saturates for ::/0.</summary>
    public UInt128 Size => Network.Width - Length >= 128 ? UInt128.MaxValue : UInt128.One << (Network.Width - Length);

    public Ip First => Network;

    public Ip Last => new(Version, Network.Value + (Network.Width - Length >= 128 ? UInt128.MaxValue : Size - 1));

    public static Prefix Of(Ip address, int length)
    {
        int host = address.Width - length;
        UInt128 value = host >= 128 ? UInt128.Zero : (address.Value >> host) << host;
        return new Prefix(address with { Value = value }, length);
    }

    /// <summary>Reads <c>ADDRESS/LENGTH</c>, or an address alone as its own prefix; host bits are cut.</summary>
    public static bool TryParse(string? text, out Prefix prefix, out Ip given)
    {
        prefix = default;
        given = default;
        if (text is null) return false;
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!Ip.TryParse(slash < 0 ? text : text[..slash], out given)) return false;
        int length = given.Width;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), out length) || length < 0 || length > given.Width)) return false;
        prefix = Of(given, length);
        return true;
    }

    public static bool TryParse(string? text, out Prefix prefix) => TryParse(text, out prefix, out _);

    public bool Contains(Ip address) => address.Version == Version && address >= First && address <= Last;

    public bool Contains(Prefix other) => other.Version == Version && other.Length >= Length && Contains(other.Network);

    public bool Overlaps(Prefix other) => Contains(other) || other.Contains(this);

    /// <summary>The fewest prefixes that hold the same addresses, in order.</summary>
    public static ImmutableArray<Prefix> Merge(IEnumerable<Prefix> prefixes)
    {
        var merged = new Stack<Prefix>();
        foreach (Prefix prefix in prefixes.OrderBy(p => p.Version).ThenBy(p => p.Network.Value).ThenBy(p => p.Length))
        {
            if (merged.TryPeek(out Prefix last) && last.Contains(prefix)) continue;
            Prefix next = prefix;
            // Two halves are the whole, which may be a half again.
            while (next.Length > 0 && merged.TryPeek(out Prefix half) && half.Length == next.Length && Of(next.Network, next.Length - 1) == Of(half.Network, half.Length - 1))
            {
                merged.Pop();
                next = Of(next.Network, next.Length - 1);
            }

            merged.Push(next);
        }

        return [.. merged.Reverse()];
    }

    public override string ToString() => $"{Network}/{Length}";
}

/// <summary>An inclusive range of addresses of one version.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct IpRange(Ip Start, Ip End)
{
    public bool Contains(Ip address) => address >= Start && address <= End;

    public bool Overlaps(IpRange other) => Start <= other.End && other.Start <= End;

    public override string ToString() => $"{Start}-{End}";
}

/// <summary>MAC addresses and what IPv6 derives from them.</summary>
internal static class Mac
{
    /// <summary>Whether the text is six pairs of hexadecimal digits between colons.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text)
        => text is { Length: 17 } && Enumerable.Range(0, 17).All(i => i % 3 == 2 ? text[i] == ':' : char.IsAsciiHexDigit(text[i]));

    /// <summary>The address that stateless autoconfiguration gives an interface (RFC 4291, appendix A).</summary>
    public static Ip Eui64(Prefix subnet, string mac)
    {
        UInt128 id = UInt128.Zero;
        string[] parts = mac.Split(':');
        for (int i = 0; i < 6; i++)
        {
            uint value = Convert.ToByte(parts[i], 16);
            if (i == 0) value ^= 2;
            id = (id << 8) | value;
            if (i == 2) id = (id << 16) | 0xfffe;
        }

        return new Ip(6, subnet.Network.Value | id);
    }
}
