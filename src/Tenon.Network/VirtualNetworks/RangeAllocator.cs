using System.Net;
using Tenon.Network.Policies;

namespace Tenon.Network.VirtualNetworks;

/// <summary>Cuts free ranges out of a larger one.</summary>
public static class RangeAllocator
{
    /// <summary>The first range of a length that overlaps none that is taken; <see langword="null"/> when there is none.</summary>
    /// <param name="outer">The range to cut from.</param>
    /// <param name="length">The prefix's length.</param>
    /// <param name="taken">Ranges that are in use, of any family.</param>
    public static IPNetwork? First(IPNetwork outer, int length, IEnumerable<IPNetwork> taken)
    {
        if (length < outer.PrefixLength) return null;
        bool v6 = AddressRanges.IsV6(outer);
        IPNetwork[] inside = [.. taken.Where(t => AddressRanges.IsV6(t) == v6 && Overlap(t, outer))];
        return First(outer, length, inside);
    }

    private static IPNetwork? First(IPNetwork range, int length, IPNetwork[] taken)
    {
        if (taken.Length == 0) return new(range.BaseAddress, length);
        if (range.PrefixLength == length || taken.Any(t => t.PrefixLength <= range.PrefixLength)) return null;
        byte[] bytes = range.BaseAddress.GetAddressBytes();
        bytes[range.PrefixLength / 8] |= (byte)(0x80 >> (range.PrefixLength % 8));
        foreach (IPNetwork half in new[] { new IPNetwork(range.BaseAddress, range.PrefixLength + 1), new IPNetwork(new IPAddress(bytes), range.PrefixLength + 1) })
            if (First(half, length, [.. taken.Where(t => Overlap(t, half))]) is { } found) return found;
        return null;
    }

    private static bool Overlap(IPNetwork one, IPNetwork other) => one.Contains(other.BaseAddress) || other.Contains(one.BaseAddress);
}
