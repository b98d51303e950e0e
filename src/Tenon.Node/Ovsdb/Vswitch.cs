using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Node.Ovsdb;

/// <summary>An interface of the switch, as far as plugging needs it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ExternalIds">What others and we say of it.</param>
/// <param name="OpenFlowPort">Its number; <see langword="null"/> until the switch has taken it, negative when it could not.</param>
/// <param name="Error">Why the switch could not take it.</param>
internal sealed record VswitchInterface(string Name, ImmutableDictionary<string, string> ExternalIds, int? OpenFlowPort, string? Error);

/// <summary>Open vSwitch's configuration database (ovs-vswitchd.conf.db(5)): adds and removes interfaces of a bridge, and knows when they carry packets.</summary>
internal sealed class Vswitch : IAsyncDisposable
{
    /// <summary>What names the Neutron port to OVN.</summary>
    public const string InterfaceId = "iface-id";

    /// <summary>What marks our interfaces, with the container that they serve.</summary>
    public const string Owner = "tenon-container";

    private const string Database = "Open_vSwitch";
    private const string Installed = "ovn-installed";
    private readonly OvsdbClient _client;
    private readonly ConcurrentDictionary<string, VswitchInterface> _interfaces = new();
    private readonly Lock _gate = new();
    private readonly Task _following;
    private TaskCompletionSource _changed = NewSignal();

    private Vswitch(OvsdbClient client, JsonObject rows)
    {
        _client = client;
        Take(rows);
        _following = FollowAsync();
    }

    /// <summary>The switch's interfaces by row.</summary>
    public IEnumerable<VswitchInterface> Interfaces => _interfaces.Values;

    /// <summary>Completes when the connection has ended; this object is of no use from then on.</summary>
    public Task Ended => _following;

    /// <summary>Connects and reads the interfaces.</summary>
    /// <exception cref="OvsdbException">The database is not there.</exception>
    public static async Task<Vswitch> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        OvsdbClient client = await OvsdbClient.ConnectAsync(path, cancellationToken);
        try
        {
            var columns = new JsonArray("name", "external_ids", "ofport", "error");
            JsonObject rows = await client.MonitorAsync(Database, "interfaces", new JsonObject { ["Interface"] = new JsonObject { ["columns"] = columns } }, cancellationToken);
            return new(client, rows);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the bridge is there.</summary>
    public async Task<bool> HasBridgeAsync(string bridge, CancellationToken cancellationToken)
    {
        JsonArray answer = await _client.TransactAsync(Database, [Select("Bridge", bridge, "name")], cancellationToken);
        return answer[0]!["rows"]!.AsArray().Count > 0;
    }

    /// <summary>Adds an interface to a bridge; one of the name that is there already, on whichever bridge, is replaced.</summary>
    /// <param name="bridge">The bridge.</param>
    /// <param name="name">The interface's name.</param>
    /// <param name="externalIds">What is said of it.</param>
    /// <param name="tag">The VLAN of an access port; <see langword="null"/> is none.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <exception cref="OvsdbException">There is no such bridge, among others.</exception>
    public async Task AddAsync(string bridge, string name, IReadOnlyDictionary<string, string> externalIds, int? tag, CancellationToken cancellationToken)
    {
        await RemoveAsync(name, cancellationToken);
        JsonArray map = new("map", new JsonArray([.. externalIds.Select(e => (JsonNode)new JsonArray(e.Key, e.Value))]));
        var port = new JsonObject { ["name"] = name, ["interfaces"] = new JsonArray("named-uuid", "interface"), ["external_ids"] = map.DeepClone() };
        if (tag is { } vlan) port["tag"] = vlan;
        JsonArray answer = await _client.TransactAsync(Database,
        [
            new JsonObject { ["op"] = "insert", ["table"] = "Interface", ["row"] = new JsonObject { ["name"] = name, ["external_ids"] = map }, ["uuid-name"] = "interface" },
            new JsonObject { ["op"] = "insert", ["table"] = "Port", ["row"] = port, ["uuid-name"] = "port" },
            Mutate(bridge, "insert", new JsonArray("named-uuid", "port")),
            Reconfigure(),
        ], cancellationToken);
        // A port of no bridge is garbage that the database has collected already.
        if (answer[2]!["count"]!.GetValue<int>() == 0) throw new OvsdbException($"there is no bridge {bridge}; Open vSwitch has none of that name");
    }

    /// <summary>Removes an interface from its bridge; one that is not there does no harm.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        JsonArray found = await _client.TransactAsync(Database, [Select("Port", name, "_uuid")], cancellationToken);
        foreach (JsonNode? row in found[0]!["rows"]!.AsArray())
        {
            JsonNode id = row!["_uuid"]!;
            await _client.TransactAsync(Database,
            [
                new JsonObject
                {
                    ["op"] = "mutate", ["table"] = "Bridge", ["where"] = new JsonArray(new JsonArray("ports", "includes", id.DeepClone())),
                    ["mutations"] = new JsonArray(new JsonArray("ports", "delete", id.DeepClone())),
                },
                Reconfigure(),
            ], cancellationToken);
        }
    }

    /// <summary>Waits until an interface carries packets: the switch has taken it and, with an <see cref="InterfaceId"/>, OVN has installed its flows.</summary>
    /// <exception cref="OvsdbException">The switch cannot take it, or the connection ended.</exception>
    public async Task UntilReadyAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate) changed = _changed.Task;
            VswitchInterface? there = _interfaces.Values.FirstOrDefault(i => i.Name == name);
            if (there?.OpenFlowPort < 0) throw new OvsdbException($"Open vSwitch cannot take interface {name}: {there.Error ?? "it does not say why"}");
            if (there?.OpenFlowPort > 0 && (!there.ExternalIds.ContainsKey(InterfaceId) || there.ExternalIds.GetValueOrDefault(Installed) == "true")) return;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _following;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static JsonObject Select(string table, string name, string column) => new()
    {
        ["op"] = "select", ["table"] = table, ["where"] = new JsonArray(new JsonArray("name", "==", name)), ["columns"] = new JsonArray(column),
    };

    private static JsonObject Mutate(string bridge, string how, JsonNode port) => new()
    {
        ["op"] = "mutate", ["table"] = "Bridge", ["where"] = new JsonArray(new JsonArray("name", "==", bridge)), ["mutations"] = new JsonArray(new JsonArray("ports", how, port)),
    };

    /// <summary>Has the switch look at the database anew, as ovs-vsctl does.</summary>
    private static JsonObject Reconfigure() => new()
    {
        ["op"] = "mutate", ["table"] = "Open_vSwitch", ["where"] = new JsonArray(), ["mutations"] = new JsonArray(new JsonArray("next_cfg", "+=", 1)),
    };

    private async Task FollowAsync()
    {
        Exception? why = null;
        try
        {
            await foreach (JsonObject update in _client.Updates.ReadAllAsync()) Take(update);
        }
        catch (OvsdbException e)
        {
            why = e;
        }

        lock (_gate) _changed.TrySetException(why ?? new OvsdbException("the connection to Open vSwitch's database has ended"));
        _ = _changed.Task.Exception;
    }

    private void Take(JsonObject update)
    {
        foreach ((string row, JsonNode? change) in update["Interface"] as JsonObject ?? [])
        {
            if (change!["new"] is JsonObject now) _interfaces[row] = Read(now);
            else _interfaces.TryRemove(row, out _);
        }

        lock (_gate)
        {
            TaskCompletionSource changed = _changed;
            _changed = NewSignal();
            changed.TrySetResult();
        }
    }

    /// <summary>Optional columns are an atom, or an empty set.</summary>
    private static VswitchInterface Read(JsonObject row) => new(
        row["name"]!.ToString(),
        ((row["external_ids"] as JsonArray)?[1] as JsonArray ?? []).ToImmutableDictionary(p => p![0]!.ToString(), p => p![1]!.ToString()),
        row["ofport"] is JsonValue number ? number.GetValue<int>() : null,
        row["error"] is JsonValue error ? error.ToString() : null);
}
