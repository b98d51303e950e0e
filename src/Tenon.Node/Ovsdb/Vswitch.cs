using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Nodes.Ovsdb;

/// <summary>An interface of the switch, as far as plugging needs it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ExternalIds">What others and we say of it.</param>
/// <param name="OpenFlowPort">Its number; <see langword="null"/> until the switch has taken it, negative when it could not.</param>
/// <param name="Error">Why the switch could not take it.</param>
internal sealed record VswitchInterface(string Name, ImmutableDictionary<string, string> ExternalIds, int? OpenFlowPort, string? Error)
{
    /// <summary>Whether it carries packets: the switch has taken it and, where OVN looks after it, OVN has installed its flows.</summary>
    public bool IsReady => OpenFlowPort > 0 && (!ExternalIds.ContainsKey(Vswitch.InterfaceId) || ExternalIds.GetValueOrDefault("ovn-installed") == "true");
}

/// <summary>Open vSwitch's configuration database (ovs-vswitchd.conf.db(5)): adds and removes interfaces of a bridge, and knows when they carry packets.</summary>
internal sealed class Vswitch : IAsyncDisposable
{
    /// <summary>What names the Neutron port to OVN.</summary>
    public const string InterfaceId = "iface-id";

    /// <summary>What marks our interfaces, with the container that they serve.</summary>
    public const string Owner = "tenon-container";

    private const string Database = "Open_vSwitch";
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
            // Half made is not made.
            await client.DisposeAsync();
            throw;
        }
    }

    /// <summary>A bridge's kind of datapath (<c>system</c>, <c>netdev</c>), or <see langword="null"/> where there is no such bridge.</summary>
    public async Task<string?> DatapathAsync(string bridge, CancellationToken cancellationToken)
    {
        JsonArray answer = await _client.TransactAsync($"look for bridge {bridge}", Database, [Select("Bridge", bridge, "datapath_type")], cancellationToken);
        return answer[0]!["rows"]!.AsArray().FirstOrDefault() is { } row ? row["datapath_type"]?.ToString() is { Length: > 0 } kind ? kind : "system" : null;
    }

    /// <summary>Adds an interface to a bridge; one of the name that is there already, on whichever bridge, is replaced.</summary>
    /// <param name="bridge">The bridge.</param>
    /// <param name="name">The interface's name.</param>
    /// <param name="externalIds">What is said of it.</param>
    /// <param name="tag">The VLAN of an access port; <see langword="null"/> is none.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>The interface's row, for <see cref="UntilReadyAsync"/>.</returns>
    /// <exception cref="OvsdbException">There is no such bridge, among others; nothing has changed.</exception>
    public async Task<string> AddAsync(string bridge, string name, IReadOnlyDictionary<string, string> externalIds, int? tag, CancellationToken cancellationToken)
    {
        JsonArray map = new("map", new JsonArray([.. externalIds.Select(e => (JsonNode)new JsonArray(e.Key, e.Value))]));
        var port = new JsonObject { ["name"] = name, ["interfaces"] = new JsonArray("named-uuid", "interface"), ["external_ids"] = map.DeepClone() };
        if (tag is { } vlan) port["tag"] = vlan;
        await RemoveAsync(name, cancellationToken);
        JsonArray done = await _client.TransactAsync($"add interface {name} to bridge {bridge}", Database,
        [
            new JsonObject
            {
                // The transaction fails as a whole where there is no such bridge: a port of no bridge would vanish without a word.
                ["op"] = "wait", ["timeout"] = 0, ["table"] = "Bridge", ["where"] = new JsonArray(new JsonArray("name", "==", bridge)),
                ["columns"] = new JsonArray("name"), ["until"] = "==", ["rows"] = new JsonArray(new JsonObject { ["name"] = bridge }),
            },
            new JsonObject { ["op"] = "insert", ["table"] = "Interface", ["row"] = new JsonObject { ["name"] = name, ["external_ids"] = map }, ["uuid-name"] = "interface" },
            new JsonObject { ["op"] = "insert", ["table"] = "Port", ["row"] = port, ["uuid-name"] = "port" },
            new JsonObject
            {
                ["op"] = "mutate", ["table"] = "Bridge", ["where"] = new JsonArray(new JsonArray("name", "==", bridge)),
                ["mutations"] = new JsonArray(new JsonArray("ports", "insert", new JsonArray("named-uuid", "port"))),
            },
            Reconfigure(),
        ], cancellationToken);
        return done[1]!["uuid"]![1]!.ToString();
    }

    /// <summary>Removes an interface from its bridge; one that is not there does no harm.</summary>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        JsonArray found = await _client.TransactAsync($"look for port {name}", Database, [Select("Port", name, "_uuid")], cancellationToken);
        await RemovePortsAsync($"remove port {name}", Rows(found, "_uuid"), cancellationToken);
    }

    /// <summary>
    /// Removes what serves a container from its bridges, and nothing else. The database is asked, since <see cref="Interfaces"/> may not have heard yet; and rows
    /// are removed, since another container may have an interface of the same name by now.
    /// </summary>
    public async Task RemoveOfAsync(string containerId, CancellationToken cancellationToken)
    {
        var marked = new JsonArray(new JsonArray("external_ids", "includes", new JsonArray("map", new JsonArray(new JsonArray(Owner, containerId)))));
        JsonArray interfaces = await _client.TransactAsync($"look for the interfaces of container {containerId}", Database, [Select("Interface", marked, "_uuid")], cancellationToken);
        JsonObject[] holders = [.. Rows(interfaces, "_uuid").Select(row => Select("Port", new JsonArray(new JsonArray("interfaces", "includes", row.DeepClone())), "_uuid"))];
        if (holders.Length == 0) return;
        JsonArray ports = await _client.TransactAsync($"look for the ports of container {containerId}", Database, holders, cancellationToken);
        await RemovePortsAsync($"remove the ports of container {containerId}", Rows(ports, "_uuid"), cancellationToken);
    }

    /// <summary>How far the switch has followed its configuration: the number of the last change that was asked for, and of the last that it has made.</summary>
    public async Task<(long Asked, long Made)> ProgressAsync(CancellationToken cancellationToken)
    {
        JsonArray answer = await _client.TransactAsync("look how far the switch has come", Database, [Select("Open_vSwitch", new JsonArray(), "next_cfg", "cur_cfg")], cancellationToken);
        return answer[0]!["rows"]!.AsArray().FirstOrDefault() is { } row ? (row["next_cfg"]!.GetValue<long>(), row["cur_cfg"]!.GetValue<long>()) : (0, 0);
    }

    /// <summary>Waits until an interface carries packets: the switch has taken it and, with an <see cref="InterfaceId"/>, OVN has installed its flows.</summary>
    /// <param name="row">The interface's row. Its name would not do: another of the name may just have gone.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OvsdbException">The switch cannot take it, or the connection ended.</exception>
    public async Task UntilReadyAsync(string row, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate) changed = _changed.Task;
            VswitchInterface? there = _interfaces.GetValueOrDefault(row);
            if (there?.OpenFlowPort < 0) throw new OvsdbException($"Open vSwitch cannot take interface {there.Name}: {there.Error ?? "it does not say why"}");
            if (there is { IsReady: true }) return;
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

    private async Task RemovePortsAsync(string what, JsonNode[] ports, CancellationToken cancellationToken)
    {
        if (ports.Length == 0) return;
        IEnumerable<JsonObject> removals = ports.Select(id => new JsonObject
        {
            ["op"] = "mutate", ["table"] = "Bridge", ["where"] = new JsonArray(new JsonArray("ports", "includes", id.DeepClone())),
            ["mutations"] = new JsonArray(new JsonArray("ports", "delete", id.DeepClone())),
        });
        await _client.TransactAsync(what, Database, [.. removals, Reconfigure()], cancellationToken);
    }

    /// <summary>A column of all the rows that selects have found.</summary>
    private static JsonNode[] Rows(JsonArray answers, string column) => [.. answers.SelectMany(a => a!["rows"]!.AsArray()).Select(row => row![column]!)];

    private static JsonObject Select(string table, string name, string column) => Select(table, new JsonArray(new JsonArray("name", "==", name)), column);

    private static JsonObject Select(string table, JsonArray where, params string[] columns) => new()
    {
        ["op"] = "select", ["table"] = table, ["where"] = where, ["columns"] = new JsonArray([.. columns.Select(c => (JsonNode)c)]),
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

        lock (_gate) _changed.TrySetException(why ?? new OvsdbException("the connection to Open vSwitch's database has ended") { IsDisconnected = true });
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
