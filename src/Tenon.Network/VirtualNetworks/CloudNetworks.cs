using System.Collections.Immutable;
using System.Net;
using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.VirtualNetworks;

/// <summary>
/// The networks, subnets and routers' legs of the cloud, listed in bulk for all virtual networks and kept true by what this process writes itself.
/// </summary>
/// <param name="reader">Reads networks.</param>
/// <param name="writer">Changes them.</param>
/// <param name="ports">Reads the routers' legs.</param>
/// <param name="time">The clock.</param>
public sealed class CloudNetworks(INetworkReader reader, INetworkWriter writer, IPortReader ports, TimeProvider time) : IDisposable
{
    /// <summary>The owners of routers' legs.</summary>
    internal static readonly EquatableArray<string> LegOwners = ["network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated_interface"];

    /// <summary>The owners of ports that Neutron deletes with their network.</summary>
    private static readonly EquatableArray<string> s_goWithNetwork = ["network:dhcp", "network:distributed", "network:floatingip_agent_gateway"];
    private readonly SemaphoreSlim _gate = new(1);
    private State? _state;
    private int _doubts;

    private sealed record State(
        DateTimeOffset At,
        int Doubts,
        ImmutableDictionary<string, OpenStack.Networking.Network> Networks,
        ImmutableDictionary<string, Subnet> Subnets,
        ImmutableHashSet<RouterLeg> Legs,
        EquatableArray<SubnetPool> Pools,
        EquatableArray<Router> Routers);

    /// <summary>Everything that carries a mark, or is the network of an ID or name.</summary>
    /// <param name="mark">The description; <see langword="null"/> looks by reference.</param>
    /// <param name="reference">The ID or name.</param>
    /// <param name="known">What was published before: of several it is the one, whatever came to be since.</param>
    public (NetworkSight Sight, int Found) Find(string? mark, string? reference, VirtualNetworkStatus? known)
    {
        State state = _state ?? throw new InvalidOperationException("nothing was listed yet");
        OpenStack.Networking.Network[] found = [.. state.Networks.Values
            .Where(n => reference is null ? n.Description == mark : n.Id == reference || n.Name == reference)
            .OrderBy(n => n.Id == reference ? 0 : 1).ThenBy(n => n.Id == known?.NetworkId ? 0 : 1).ThenBy(n => n.Id, StringComparer.Ordinal)];
        return found.Length == 0 ? (new(null, [], []), 0) : (Sight(state, found[0], known), found[0].Id == reference ? 1 : found.Length);
    }

    /// <summary>The other networks with a mark: a create whose answer was lost may have been carried out after another took its place.</summary>
    /// <param name="mark">The description.</param>
    /// <param name="networkId">The one in use.</param>
    public IReadOnlyList<NetworkSight> Surplus(string mark, string networkId)
        => [.. _state!.Networks.Values.Where(n => n.Description == mark && n.Id != networkId).OrderBy(n => n.Id, StringComparer.Ordinal).Select(n => Sight(_state, n, null))];

    /// <summary>The ports that keep a network from going: not routers' legs, and not those that Neutron deletes with it.</summary>
    public async Task<IReadOnlyList<Port>> UsersAsync(string networkId, CancellationToken cancellationToken)
        => [.. (await ToListAsync(ports.ListPortsAsync(new() { NetworkIds = [networkId] }, cancellationToken)))
            .Where(p => !LegOwners.Contains(p.DeviceOwner) && !s_goWithNetwork.Contains(p.DeviceOwner)).OrderBy(p => p.Id, StringComparer.Ordinal)];

    /// <summary>The ranges of all subnets that can be seen.</summary>
    public IReadOnlyCollection<string> Ranges => [.. _state!.Subnets.Values.Select(s => s.Cidr)];

    /// <summary>The external network for floating IPs: the one of an ID, or the default one, or the only one; and all that there are, for people.</summary>
    public (string? Id, EquatableArray<string> All) ExternalNetworks(string? id)
    {
        OpenStack.Networking.Network[] external = [.. _state!.Networks.Values.Where(n => n.External).OrderBy(n => n.Name, StringComparer.Ordinal).ThenBy(n => n.Id, StringComparer.Ordinal)];
        return (id ?? (external.FirstOrDefault(n => n.IsDefault) ?? (external.Length == 1 ? external[0] : null))?.Id, [.. external.Select(n => $"{n.Name} ({n.Id})")]);
    }

    /// <summary>The ranges of the subnets that a router joins, in a stable order.</summary>
    /// <param name="routerId">The router; <see langword="null"/> joins none.</param>
    /// <param name="exceptMarks">What the descriptions of networks begin with that do not count.</param>
    public EquatableArray<string> RangesBehind(string? routerId, string? exceptMarks = null)
        => [.. _state!.Legs.Where(l => l.RouterId == routerId).Select(l => _state.Subnets.GetValueOrDefault(l.SubnetId)).OfType<Subnet>()
            .Where(s => exceptMarks is null || _state.Networks.GetValueOrDefault(s.NetworkId)?.Description.StartsWith(exceptMarks, StringComparison.Ordinal) != true)
            .Select(s => s.Cidr).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>The subnet that holds an address, of those that a router joins; their ranges do not overlap.</summary>
    public string? SubnetOf(string routerId, IPAddress address)
        => _state!.Legs.Where(l => l.RouterId == routerId).Select(l => _state.Subnets.GetValueOrDefault(l.SubnetId)).OfType<Subnet>()
            .FirstOrDefault(s => AddressRanges.Parse(s.Cidr).Contains(address))?.Id;

    /// <summary>The subnet pools that can be seen.</summary>
    public EquatableArray<SubnetPool> Pools => _state!.Pools;

    /// <summary>The routers that can be seen.</summary>
    public EquatableArray<Router> Routers => _state!.Routers;

    /// <summary>Lists everything again when the last list is older than an age. Whoever asks meanwhile waits for it.</summary>
    public async Task EnsureAsync(TimeSpan maxAge, CancellationToken cancellationToken)
    {
        DateTimeOffset notBefore = time.GetUtcNow() - maxAge;
        if (IsFresh(notBefore)) return;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (IsFresh(notBefore)) return;
            (DateTimeOffset begun, int doubts) = (time.GetUtcNow(), Volatile.Read(ref _doubts));
            Task<List<OpenStack.Networking.Network>> networks = ToListAsync(reader.ListNetworksAsync(new(), cancellationToken));
            Task<List<Subnet>> subnets = ToListAsync(reader.ListSubnetsAsync(new(), cancellationToken));
            Task<List<Port>> legs = ToListAsync(ports.ListPortsAsync(new() { DeviceOwners = LegOwners }, cancellationToken));
            Task<List<SubnetPool>> pools = ToListAsync(reader.ListSubnetPoolsAsync(cancellationToken));
            Task<List<Router>> routers = ToListAsync(reader.ListRoutersAsync(new(), cancellationToken));
            await Task.WhenAll(networks, subnets, legs, pools, routers);
            _state = new(
                begun,
                doubts,
                (await networks).ToImmutableDictionary(n => n.Id),
                (await subnets).ToImmutableDictionary(s => s.Id),
                [.. (await legs).SelectMany(p => p.FixedIps.Select(f => new RouterLeg(p.DeviceId, f.SubnetId)))],
                [.. await pools],
                [.. await routers]);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A write failed, and its effect is not known: what was listed, or is being listed, is not trusted any more.</summary>
    public void Invalidate() => Interlocked.Increment(ref _doubts);

    /// <summary>Makes a change.</summary>
    public async Task ApplyAsync(NetworkChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case NetworkChange.CreateNetwork create:
                var network = await writer.CreateNetworkAsync(new(create.Wish.Name, create.Wish.Mark) { Mtu = create.Wish.Mtu }, cancellationToken);
                await UpdateAsync(s => s with { Networks = s.Networks.SetItem(network.Id, network) }, cancellationToken);
                break;
            case NetworkChange.CreateSubnet create:
                Subnet subnet = await writer.CreateSubnetAsync(VirtualNetworkPlanner.CreateOf(create), cancellationToken);
                await UpdateAsync(s => s with { Subnets = s.Subnets.SetItem(subnet.Id, subnet) }, cancellationToken);
                break;
            case NetworkChange.Join join:
                await writer.AddRouterInterfaceAsync(join.Leg.RouterId, join.Leg.SubnetId, cancellationToken);
                await UpdateAsync(s => s with { Legs = s.Legs.Add(join.Leg) }, cancellationToken);
                break;
            case NetworkChange.Leave leave:
                await writer.RemoveRouterInterfaceAsync(leave.Leg.RouterId, leave.Leg.SubnetId, cancellationToken);
                await UpdateAsync(s => s with { Legs = s.Legs.Remove(leave.Leg) }, cancellationToken);
                break;
            case NetworkChange.DeleteSubnet delete:
                await writer.DeleteSubnetAsync(delete.SubnetId, cancellationToken);
                await UpdateAsync(s => s with { Subnets = s.Subnets.Remove(delete.SubnetId) }, cancellationToken);
                break;
            case NetworkChange.DeleteNetwork delete:
                await writer.DeleteNetworkAsync(delete.NetworkId, cancellationToken);
                await UpdateAsync(s => s with
                {
                    Networks = s.Networks.Remove(delete.NetworkId),
                    Subnets = s.Subnets.RemoveRange(s.Subnets.Values.Where(n => n.NetworkId == delete.NetworkId).Select(n => n.Id)),
                }, cancellationToken);
                break;
            default:
                throw new InvalidOperationException($"no way to carry out: {change}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private static NetworkSight Sight(State state, OpenStack.Networking.Network network, VirtualNetworkStatus? known)
    {
        HashSet<string> before = [.. (known?.Subnets ?? []).Select(s => s.Id)];
        Subnet[] subnets = [.. state.Subnets.Values.Where(s => s.NetworkId == network.Id)
            .OrderBy(s => s.IpVersion).ThenBy(s => before.Contains(s.Id) ? 0 : 1).ThenBy(s => s.Id, StringComparer.Ordinal)];
        HashSet<string> ids = [.. subnets.Select(s => s.Id)];
        return new(network, [.. subnets], [.. state.Legs.Where(l => ids.Contains(l.SubnetId))]);
    }

    private bool IsFresh(DateTimeOffset notBefore) => _state is { } state && state.At >= notBefore && state.Doubts == Volatile.Read(ref _doubts);

    /// <summary>A list that is under way began before the write: it is waited for, so that it does not undo what is known.</summary>
    private async Task UpdateAsync(Func<State, State> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_state is { } state) _state = change(state);
        }
        finally
        {
            _gate.Release();
        }
    }

    private static async Task<List<T>> ToListAsync<T>(IAsyncEnumerable<T> items)
    {
        var list = new List<T>();
        await foreach (T item in items) list.Add(item);
        return list;
    }
}
