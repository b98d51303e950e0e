using System.Collections.Frozen;
using System.Collections.Immutable;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Nodes;

/// <summary>All servers of the project at one moment, found by ID and by name. It is only made of lists that ended without a failure.</summary>
public sealed class ServerInventory
{
    private readonly FrozenDictionary<string, Server> _byId;
    private readonly FrozenDictionary<string, ImmutableArray<Server>> _byName;

    /// <summary>Indexes servers.</summary>
    public ServerInventory(IEnumerable<Server> servers)
    {
        Server[] all = [.. servers.DistinctBy(s => s.Id)];
        _byId = all.ToFrozenDictionary(s => s.Id, StringComparer.Ordinal);
        _byName = all.Where(Exists).GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>How many servers there are.</summary>
    public int Count => _byId.Count;

    /// <summary>The server of an ID, unless it is gone or deleted.</summary>
    public Server? ById(string id) => _byId.TryGetValue(id, out Server? server) && Exists(server) ? server : null;

    /// <summary>
    /// The servers of a name: those that bear it exactly, else those that differ in case only (as Nova's own search by name finds them, since
    /// node names are always in lower case).
    /// </summary>
    public ImmutableArray<Server> ByName(string name)
    {
        if (!_byName.TryGetValue(name, out ImmutableArray<Server> servers)) return [];
        ImmutableArray<Server> exact = [.. servers.Where(s => s.Name == name)];
        return exact.IsEmpty ? servers : exact;
    }

    private static bool Exists(Server server) => server.Status is not (ServerStatus.Deleted or ServerStatus.SoftDeleted);
}

/// <summary>All ports of the project at one moment, found by the server they belong to.</summary>
public sealed class PortInventory
{
    private readonly FrozenDictionary<string, Port> _byId;
    private readonly FrozenDictionary<string, ImmutableArray<Port>> _byDevice;
    private readonly FrozenDictionary<string, string> _networkNames;

    /// <summary>Indexes ports.</summary>
    /// <param name="ports">The ports.</param>
    /// <param name="networkNames">Names of networks by ID; those of trunks' subports suffice.</param>
    public PortInventory(IEnumerable<Port> ports, IReadOnlyDictionary<string, string> networkNames)
    {
        Port[] all = [.. ports.DistinctBy(p => p.Id)];
        _byId = all.ToFrozenDictionary(p => p.Id, StringComparer.Ordinal);
        _byDevice = all.Where(p => p.DeviceId.Length > 0).GroupBy(p => p.DeviceId, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.OrderBy(p => p.Id, StringComparer.Ordinal).ToImmutableArray(), StringComparer.Ordinal);
        _networkNames = networkNames.ToFrozenDictionary(StringComparer.Ordinal);
    }

    /// <summary>Nothing at all.</summary>
    public static PortInventory Empty { get; } = new([], ImmutableDictionary<string, string>.Empty);

    /// <summary>All ports.</summary>
    public IEnumerable<Port> All => _byId.Values;

    /// <summary>The ports of a device (a server, a router), ordered by ID, which is the order in which Neutron lists them.</summary>
    public ImmutableArray<Port> Of(string deviceId) => _byDevice.TryGetValue(deviceId, out ImmutableArray<Port> ports) ? ports : [];

    /// <summary>A port, or <see langword="null"/>.</summary>
    public Port? Find(string portId) => _byId.GetValueOrDefault(portId);

    /// <summary>A network's name, or <see langword="null"/> when it was not read.</summary>
    public string? NetworkName(string networkId) => _networkNames.GetValueOrDefault(networkId);

    /// <summary>The networks of trunks' subports, whose names are needed to tell internal from public ones.</summary>
    public static ImmutableArray<string> SubPortNetworks(IReadOnlyCollection<Port> ports)
    {
        Dictionary<string, Port> byId = ports.DistinctBy(p => p.Id).ToDictionary(p => p.Id, StringComparer.Ordinal);
        return
        [
            .. ports.Where(p => p.Trunk is not null)
                .SelectMany(p => p.Trunk!.SubPorts)
                .Select(s => byId.GetValueOrDefault(s.PortId)?.NetworkId)
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }
}
