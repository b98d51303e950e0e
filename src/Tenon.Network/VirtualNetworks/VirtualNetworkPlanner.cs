using System.Collections.Immutable;
using System.Net;
using Tenon.Core;
using Tenon.Network.Policies;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.VirtualNetworks;

/// <summary>What leads from a virtual network in the cloud to what it should be.</summary>
public static class VirtualNetworkPlanner
{
    /// <summary>The calls that can be made now; what follows from them is planned when they are done.</summary>
    public static Plan<NetworkChange> Plan(NetworkWish wish, NetworkSight sight)
    {
        ArgumentNullException.ThrowIfNull(wish);
        ArgumentNullException.ThrowIfNull(sight);
        if (sight.Network is not { } network) return new([new NetworkChange.CreateNetwork(wish)], Outcome.Done);
        var changes = ImmutableArray.CreateBuilder<NetworkChange>();
        foreach (SubnetWish subnet in wish.Subnets)
        {
            if (sight.Subnets.FirstOrDefault(s => s.IpVersion == subnet.IpVersion) is not { } there)
            {
                changes.Add(new NetworkChange.CreateSubnet(network.Id, wish, subnet));
                continue;
            }

            if (subnet.Cidr is { } cidr && AddressRanges.Parse(cidr).ToString() != AddressRanges.Parse(there.Cidr).ToString())
            {
                return new([], new Outcome.Refused("RangeFixed",
                    $"spec.cidrs asks for {cidr}, but the network has {there.Cidr}, which does not change while it exists: write {there.Cidr}, or delete the VirtualNetwork and make it again"));
            }

            if (wish.RouterId is { } router && there.GatewayIp is not null && !sight.Legs.Any(l => l.SubnetId == there.Id && l.RouterId == router))
                changes.Add(new NetworkChange.Join(new(router, there.Id)));
        }

        changes.AddRange(sight.Legs.Where(l => l.RouterId != wish.RouterId).Select(l => new NetworkChange.Leave(l)));
        return new(changes.ToImmutable(), Outcome.Done);
    }

    /// <summary>What takes a virtual network out of the cloud.</summary>
    public static Plan<NetworkChange> PlanDeletion(NetworkSight sight)
    {
        ArgumentNullException.ThrowIfNull(sight);
        return sight.Network is { } network
            ? new([.. sight.Legs.Select(l => new NetworkChange.Leave(l)), new NetworkChange.DeleteNetwork(network.Id)], Outcome.Done)
            : new([], Outcome.Done);
    }

    /// <summary>What gives a network that stays in use its router back, should its legs have been taken off before somebody turned out to be on it.</summary>
    public static Plan<NetworkChange> PlanRejoin(NetworkSight sight, string routerId)
    {
        ArgumentNullException.ThrowIfNull(sight);
        return new([.. sight.Subnets.DistinctBy(s => s.IpVersion).Where(s => s.GatewayIp is not null && !sight.Legs.Any(l => l.SubnetId == s.Id && l.RouterId == routerId))
            .Select(s => new NetworkChange.Join(new(routerId, s.Id)))], Outcome.Done);
    }

    /// <summary>What takes away a subnet that came to be beside the one of its family.</summary>
    public static Plan<NetworkChange> PlanSurplus(NetworkSight sight, Subnet surplus)
    {
        ArgumentNullException.ThrowIfNull(sight);
        ArgumentNullException.ThrowIfNull(surplus);
        return new([.. sight.Legs.Where(l => l.SubnetId == surplus.Id).Select(l => new NetworkChange.Leave(l)), new NetworkChange.DeleteSubnet(surplus.Id)], Outcome.Done);
    }

    /// <summary>The subnet to be made for a wish. Pods are told their addresses; machines on the same network ask for theirs, so DHCP stays on.</summary>
    public static SubnetCreate CreateOf(NetworkChange.CreateSubnet change)
    {
        ArgumentNullException.ThrowIfNull(change);
        // Ports on a subnet with SLAAC cannot be made in bulk.
        string? mode = change.Subnet.IpVersion == 6 ? "dhcpv6-stateful" : null;
        if (change.Subnet is { ForServices: true, Cidr: { } range })
        {
            // Kubernetes gives addresses from the beginning, the first to its own Service: what Neutron needs itself is at the end.
            (string gateway, AllocationPool rest) = LastAddresses(AddressRanges.Parse(range));
            return new()
            {
                NetworkId = change.NetworkId, Name = $"{change.Wish.Name} IPv{change.Subnet.IpVersion}", Description = change.Wish.Mark, IpVersion = change.Subnet.IpVersion,
                Cidr = range, GatewayIp = gateway, AllocationPools = [rest], DhcpEnabled = false,
            };
        }

        return new()
        {
            NetworkId = change.NetworkId,
            Name = $"{change.Wish.Name} IPv{change.Subnet.IpVersion}",
            Description = change.Wish.Mark,
            IpVersion = change.Subnet.IpVersion,
            Cidr = change.Subnet.Cidr,
            SubnetPoolId = change.Subnet.Cidr is null ? change.Subnet.PoolId : null,
            Ipv6AddressMode = mode,
            Ipv6RaMode = mode,
        };
    }

    /// <summary>The last usable address of a range, and those before it.</summary>
    private static (string Gateway, AllocationPool Before) LastAddresses(IPNetwork range)
    {
        byte[] last = range.BaseAddress.GetAddressBytes();
        for (int bit = range.PrefixLength; bit < last.Length * 8; bit++) last[bit / 8] |= (byte)(0x80 >> (bit % 8));
        return (Before(1), new(Before(3), Before(2)));

        string Before(int count)
        {
            byte[] bytes = [.. last];
            bytes[^1] -= (byte)count;
            return new IPAddress(bytes).ToString();
        }
    }

    /// <summary>The ranges of the subnets to be made: as written, else from a pool, else the first free ones of the configuration.</summary>
    /// <param name="cidrs">As written.</param>
    /// <param name="pools">The pools that are to be used.</param>
    /// <param name="options">The ranges of the configuration.</param>
    /// <param name="taken">The ranges of all subnets that can be seen.</param>
    public static (EquatableArray<SubnetWish> Subnets, string? Problem) Ranges(
        IReadOnlyList<string> cidrs, IReadOnlyList<SubnetPool> pools, NetworkOptions options, IReadOnlyCollection<string> taken)
    {
        ArgumentNullException.ThrowIfNull(cidrs);
        ArgumentNullException.ThrowIfNull(options);
        var wishes = new List<SubnetWish>();
        foreach (string cidr in cidrs)
        {
            IPNetwork range;
            try
            {
                range = AddressRanges.Parse(cidr);
            }
            catch (FormatException e)
            {
                return ([], $"spec.cidrs: {e.Message}");
            }

            wishes.Add(new(AddressRanges.IsV6(range) ? 6 : 4, range.ToString(), null));
        }

        if (wishes.Count == 0) wishes.AddRange(pools.Select(p => new SubnetWish(p.IpVersion, null, p.Id)));
        IPNetwork[] used = [.. taken.Select(AddressRanges.Parse)];
        if (wishes.Count == 0)
        {
            foreach (IPNetwork outer in options.Ranges.Select(AddressRanges.Parse))
            {
                bool v6 = AddressRanges.IsV6(outer);
                if (RangeAllocator.First(outer, v6 ? 64 : options.PrefixLength, used) is not { } free)
                    return ([], $"all of {outer} is taken: give the virtual network spec.cidrs, or configure another range or a subnet pool");
                wishes.Add(new(v6 ? 6 : 4, free.ToString(), null));
            }
        }

        return wishes.GroupBy(w => w.IpVersion).FirstOrDefault(g => g.Count() > 1) is { } twice
            ? ([], $"there are {twice.Count()} ranges of IPv{twice.Key}: a virtual network has at most one a family")
            : wishes.Count == 0
                ? ([], "nothing says which range it has: give spec.cidrs or spec.subnetPools, or configure a range or a subnet pool")
                : (wishes.ToEquatableArray(), null);
    }
}
