using System.Collections.Immutable;

namespace Tenon.Sandbox.OpenStack.Networking.Addressing;

/// <summary>Which addresses of a subnet are taken, and which one comes next.</summary>
/// <remarks>Neutron picks at random within a window; here it is the lowest free one after the last given, so that a run can be repeated.</remarks>
internal sealed class AddressLedger
{
    private readonly HashSet<Ip> _taken = [];
    private Ip? _cursor;

    /// <summary>How many are taken.</summary>
    public int Count => _taken.Count;

    public bool IsTaken(Ip address) => _taken.Contains(address);

    public bool Take(Ip address) => _taken.Add(address);

    public void Release(Ip address) => _taken.Remove(address);

    /// <summary>Takes the next free address of the pools; null when there is none.</summary>
    public Ip? TakeNext(ImmutableArray<IpRange> pools)
    {
        Ip? free = _cursor is { } cursor ? NextFree(pools, cursor + 1) ?? NextFree(pools, null) : NextFree(pools, null);
        if (free is not { } address) return null;
        _cursor = address;
        _taken.Add(address);
        return address;
    }

    private Ip? NextFree(ImmutableArray<IpRange> pools, Ip? from)
    {
        foreach (IpRange pool in pools)
        {
            if (from is { } f && pool.End < f) continue;
            Ip address = from is { } start && start > pool.Start ? start : pool.Start;
            // At most one step for each address taken: a pool without a free one ends before.
            while (address <= pool.End)
            {
                if (!_taken.Contains(address)) return address;
                if (address == pool.End) break;
                address += 1;
            }
        }

        return null;
    }
}
