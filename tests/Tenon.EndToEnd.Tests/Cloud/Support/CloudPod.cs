using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>What a pod is declared to be.</summary>
/// <param name="Name">Its name, in any namespace the only one.</param>
/// <param name="Host">The node that it is on.</param>
internal sealed record PodDeclaration(string Name, string Host)
{
    /// <summary>Its Kubernetes namespace.</summary>
    public string Space { get; init; } = "default";

    /// <summary>Its labels.</summary>
    public Dictionary<string, string> Labels { get; init; } = [];

    /// <summary>Its container's ports: name, protocol, number.</summary>
    public (string Name, string Protocol, int Port)[] Ports { get; init; } = [];

    /// <summary>The manifest, as the scheduler leaves it.</summary>
    public JsonObject ToManifest() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Pod",
        ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = Space, ["labels"] = new JsonObject(Labels.Select(l => KeyValuePair.Create<string, JsonNode?>(l.Key, l.Value))) },
        ["spec"] = new JsonObject
        {
            ["nodeName"] = Host,
            ["containers"] = new JsonArray(new JsonObject
            {
                ["name"] = "main",
                ["image"] = "main",
                ["ports"] = new JsonArray([.. Ports.Select(p => (JsonNode)new JsonObject { ["name"] = p.Name, ["protocol"] = p.Protocol, ["containerPort"] = p.Port })]),
            }),
        },
    };
}

/// <summary>A pod: a network namespace that the real plugin plugs, called about as a container runtime calls.</summary>
internal sealed class CloudPod(PodDeclaration declaration, PodNode node, string @namespace) : IAsyncDisposable
{
    private readonly string _containerId = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
    private GuestProgram? _program;
    private bool _made;

    /// <summary>What it is declared to be.</summary>
    public PodDeclaration Declaration => declaration;

    /// <summary>Its name.</summary>
    public string Name => declaration.Name;

    /// <summary>Its network namespace.</summary>
    public string Namespace => @namespace;

    /// <summary>Its address, once it is plugged.</summary>
    public string Address { get; private set; } = "";

    private static string Plugin { get; } = FindPlugin();

    /// <summary>Makes the namespace and has it plugged, which may fail: then the plugin's error is returned, and it is to be unplugged.</summary>
    /// <param name="uid">The pod's UID.</param>
    /// <param name="end">Kills the plugin, as a kubelet does whose pod is deleted meanwhile.</param>
    public async Task<string?> TryAddAsync(string uid, CancellationToken end)
    {
        _made = true;
        (await Tool.RunAsync("ip", ["netns", "add", Namespace])).ShouldEndWith(0);
        (await Tool.RunAsync("ip", ["-n", Namespace, "link", "set", "lo", "up"])).ShouldEndWith(0);
        Ended added = await CallAsync("ADD", uid, end);
        if (added.Code != 0) return $"{added.Output}{added.Errors}";
        Address = JsonNode.Parse(added.Output)!["ips"]![0]!["address"]!.ToString().Split('/')[0];
        _program = GuestProgram.Start(Namespace, Name);
        return null;
    }

    /// <summary>Has it unplugged and removes the namespace.</summary>
    public async Task DeleteAsync(string uid) => (await TryDeleteAsync(uid)).ShouldBeNull($"DEL of {Name}\n{node.Agent.Log}");

    /// <summary>The same, which may fail: then the plugin's error is returned, and it is to be tried again.</summary>
    public async Task<string?> TryDeleteAsync(string uid)
    {
        Ended deleted = await CallAsync("DEL", uid, TestLife.Token);
        if (deleted.Code != 0) return $"{deleted.Output}{deleted.Errors}";
        await DisposeAsync();
        return null;
    }

    /// <summary>Gives its program an order (<c>guest.py</c>).</summary>
    public Task TellAsync(string order) => _program!.TellAsync(order);

    /// <summary>Tries targets, <c>PROTOCOL/ADDRESS/PORT</c> each, and returns a 1 or 0 for each.</summary>
    public Task<string> ProbeAsync(IEnumerable<string> targets) => _program!.AskAsync($"probe {string.Join(' ', targets)}");

    /// <summary>Runs a program in it, whatever it ends with.</summary>
    public Task<Ended> RunAsync(params string[] command) => Tool.RunAsync("ip", ["netns", "exec", Namespace, .. command]);

    /// <summary>What an HTTP server answers it; <c>null</c> when it does not within a second.</summary>
    public async Task<string?> FetchAsync(string address, int port)
        => await RunAsync("curl", "--silent", "--fail", "--max-time", "1", $"http://{address}:{port}/") is { Code: 0 } ended ? ended.Output : null;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_program is not null) await _program.DisposeAsync();
        _program = null;
        if (!_made) return;
        _made = false;
        (await Tool.RunAsync("ip", ["netns", "delete", Namespace])).ShouldEndWith(0);
    }

    private Task<Ended> CallAsync(string command, string uid, CancellationToken end)
    {
        var variables = new Dictionary<string, string>
        {
            ["CNI_COMMAND"] = command,
            ["CNI_CONTAINERID"] = _containerId,
            ["CNI_NETNS"] = $"/run/netns/{Namespace}",
            ["CNI_IFNAME"] = "eth0",
            ["CNI_PATH"] = Path.GetDirectoryName(Plugin)!,
            ["CNI_ARGS"] = $"IgnoreUnknown=1;K8S_POD_NAMESPACE={declaration.Space};K8S_POD_NAME={Name};K8S_POD_INFRA_CONTAINER_ID={_containerId};K8S_POD_UID={uid}",
        };
        var configuration = new JsonObject { ["cniVersion"] = "1.1.0", ["name"] = "tenon", ["type"] = "tenon-cni", ["socket"] = node.Socket };
        return Tool.RunUntilAsync(Plugin, [], variables, configuration.ToJsonString(), end);
    }

    private static string FindPlugin()
    {
        string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        return Path.Combine(Tool.Repository, "src", "Tenon.Cni", "bin", configuration, new DirectoryInfo(AppContext.BaseDirectory).Name, "tenon-cni");
    }
}
