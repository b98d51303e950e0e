using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Network.Tests.Control;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Networking;

namespace Tenon.EndToEnd.Tests.Support;

/// <summary>A sandbox whose two nodes' ports are trunks, with the definitions and rights of the manifests, and nodes that only report what they plug.</summary>
internal sealed class PodNetwork : IAsyncDisposable
{
    /// <summary>The service account of the network's controller, and how it names itself.</summary>
    public const string Account = "tenon-network-controller";

    private static readonly string[] Nodes = ["node-1", "node-2"];
    private readonly HttpClient _http = new();
    private KubernetesClient? _kubernetes;
    private SimulatedAgents? _agents;
    private RunningTenon? _controller;

    private PodNetwork(SandboxWorld world) => World = world;

    public SandboxWorld World { get; }

    public RunningTenon Controller => _controller ?? throw new InvalidOperationException("the controller does not run");

    /// <summary>Starts all of it; the controller has the manifest's rights and no others.</summary>
    public static async Task<PodNetwork> StartAsync()
    {
        var network = new PodNetwork(await SandboxWorld.StartAsync("--nodes", $"{Nodes.Length}"));
        try
        {
            await network.World.KubectlAsync("apply", "-f", Path.Combine(Tool.Repository, "deploy", "crds"));
            await network.World.KubectlAsync("apply", "-f", Path.Combine(Tool.Repository, "deploy", "manifests", "network-controller.yaml"));
            await network.AddTrunksAsync();
            network._kubernetes = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(await File.ReadAllTextAsync(network.World.Kubeconfig, TestLife.Token)));
            network._agents = new SimulatedAgents(network._kubernetes);
            network._controller = RunningTenon.Start(
                "network", "controller", "--cloud-config", network.World.CloudConf, "--kubeconfig", await network.World.ServiceAccountKubeconfigAsync(Account), "--secure-port", "0",
                "--service-cidr", "10.254.0.0/16", "--group-grace", "1s", "--leader-elect-resource-namespace", "kube-system");
            return network;
        }
        catch
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>Applies a manifest.</summary>
    public async Task ApplyAsync(string manifest) => (await World.TryKubectlAsync(manifest, "apply", "-f", "-")).ShouldEndWith(0);

    /// <summary>A pod on a node, with labels such as <c>name: blue</c>.</summary>
    public static string Pod(string name, string node, string labels) => $$$"""
        apiVersion: v1
        kind: Pod
        metadata: {name: {{{name}}}, labels: { {{{labels}}} }}
        spec: {nodeName: {{{node}}}, containers: [{name: main, image: web}]}
        """;

    /// <summary>Waits until a <c>kubectl get</c> prints something that <paramref name="enough"/> accepts.</summary>
    public Task<string> UntilAsync(string what, Func<string, bool> enough, params string[] get) => World.UntilAsync(Controller, what, enough, get);

    /// <summary>Waits until pods are plugged.</summary>
    public Task UntilPluggedAsync(int count) => UntilAsync($"{count} pods are plugged", plugged => plugged.Split(' ').Count(p => p == "True") == count,
        "podports", "-A", "-o", "jsonpath={.items[*].status.conditions[?(@.type==\"Plugged\")].status}");

    /// <summary>Reports that a pod has run to its end.</summary>
    public async Task FinishAsync(string pod)
    {
        string path = $"/api/v1/namespaces/default/pods/{pod}";
        JsonNode document = JsonNode.Parse(await World.KubectlAsync("get", "--raw", path))!;
        document["metadata"]!.AsObject().Remove("resourceVersion");
        document["status"]!["phase"] = "Succeeded";
        (await World.TryKubectlAsync(document.ToJsonString(), "replace", "--raw", $"{path}/status", "-f", "-")).ShouldEndWith(0);
    }

    /// <summary>Runs a <c>tenon network</c> command that reads the cluster.</summary>
    public Task<Ended> ViewAsync(params string[] arguments) => Tool.TenonAsync(["network", .. arguments, "--kubeconfig", World.Kubeconfig]);

    /// <summary>Has the sandbox do something wrong.</summary>
    public async Task AddFaultAsync(JsonObject rule) => (await _http.PostAsJsonAsync(await ControlAsync("faults"), rule, TestLife.Token)).EnsureSuccessStatusCode();

    /// <summary>The calls of the controller to the API server.</summary>
    public async Task<JsonNode[]> CallsAsync()
        => [.. JsonNode.Parse(await _http.GetStringAsync(await ControlAsync("calls?service=kubernetes"), TestLife.Token))!.AsArray()
            .Where(c => c!["userAgent"]!.ToString().StartsWith(Account, StringComparison.Ordinal)).Select(c => c!)];

    public async ValueTask DisposeAsync()
    {
        if (_controller is not null) await _controller.DisposeAsync();
        if (_agents is not null) await _agents.DisposeAsync();
        _kubernetes?.Dispose();
        _http.Dispose();
        await World.DisposeAsync();
    }

    private async Task<string> ConfAsync(string option)
        => (await File.ReadAllLinesAsync(World.CloudConf, TestLife.Token)).Single(l => l.StartsWith(option, StringComparison.OrdinalIgnoreCase)).Split('=', 2)[1].Trim(' ', '"');

    private async Task<Uri> ControlAsync(string path) => new(new Uri(await ConfAsync("auth-url")), $"/_sandbox/{path}");

    private async Task AddTrunksAsync()
    {
        var domain = DomainReference.ByName("Default");
        await using var cloud = new CloudClient(new CloudCredentials
        {
            AuthUrl = new Uri(await ConfAsync("auth-url")),
            Method = new AuthMethod.Password(null, "demo", domain, new Secret(await ConfAsync("password"))),
            Scope = new AuthScope.Project(null, "demo", domain),
            Region = "RegionOne",
        });
        await foreach (Server server in cloud.Compute().ListServersAsync(new(), TestLife.Token))
        {
            Port port = await cloud.Networking().ListPortsAsync(new() { DeviceIds = [server.Id] }, TestLife.Token).FirstAsync(TestLife.Token);
            await cloud.Networking().CreateTrunkAsync(new(port.Id, server.Name, []), TestLife.Token);
            await World.KubectlAsync("patch", "node", server.Name, "-p", $$$"""{"spec":{"providerID":"openstack:///{{{server.Id}}}"}}""");
        }
    }
}
