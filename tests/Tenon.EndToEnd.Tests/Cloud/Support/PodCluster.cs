using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// A cluster whose nodes are compute hosts of the test cloud and whose pods are on Neutron: the sandbox's Kubernetes API, the network's controller as a
/// process, a real agent on each node. The test is the scheduler and the container runtime.
/// </summary>
internal sealed partial class PodCluster : IAsyncDisposable
{
    private static readonly string[] Resources = ["pods", "podports", "virtualnetworks", "networkpolicies", "services", "endpointslices", "events"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(180), s_again = TimeSpan.FromSeconds(1);
    private readonly SandboxWorld _world;
    private readonly CloudProject _project;
    private readonly Dictionary<string, PodNode> _nodes = [];
    private readonly Dictionary<string, CloudPod> _pods = [];
    private readonly List<IAsyncDisposable> _work = [];
    private RunningTenon? _controller;

    private PodCluster(SandboxWorld world, CloudProject project) => (_world, _project) = (world, project);

    /// <summary>The controller.</summary>
    public RunningTenon Controller => _controller ?? throw new InvalidOperationException("the controller does not run");

    /// <summary>The nodes.</summary>
    public IReadOnlyCollection<PodNode> Nodes => _nodes.Values;

    /// <summary>The pods there are.</summary>
    public IReadOnlyCollection<CloudPod> Pods => _pods.Values;

    /// <summary>Starts all but the pods.</summary>
    /// <param name="project">Where the ports are; its user may bind them to hosts.</param>
    /// <param name="hosts">The nodes.</param>
    /// <param name="options">Further options of the controller.</param>
    public static async Task<PodCluster> CreateAsync(CloudProject project, string[] hosts, params string[] options)
    {
        await project.AllowHostBindingAsync();
        var cluster = new PodCluster(await SandboxWorld.StartAsync("--nodes", "0", "--controllers", "endpointslice"), project);
        try
        {
            await cluster.KubectlAsync("apply", "-f", Path.Combine(Tool.Repository, "deploy", "crds"));
            await Task.WhenAll(hosts.Select(cluster.AddNodeAsync));
            string configuration = Path.Combine(cluster._world.Root, "real-cloud.conf");
            await File.WriteAllTextAsync(configuration, project.CloudConf, TestLife.Token);
            cluster._controller = RunningTenon.Start(
            [
                "network", "controller", "--cloud-config", configuration, "--kubeconfig", cluster._world.Kubeconfig, "--secure-port", "0", "--router", project.RouterId,
                "--group-grace", "0s", "--v", "4", .. options,
            ]);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the controller once more after it has died.</summary>
    public async Task RestartControllerAsync() => _controller = await Controller.StartAgainAsync();

    /// <summary>Has somebody's work on the cluster ended before the cluster is.</summary>
    public void EndWithMe(IAsyncDisposable work) => _work.Add(work);

    /// <summary>A container's sandbox on the pod's node, of which the pod may need several, one after the other.</summary>
    public CloudPod NewSandbox(PodDeclaration declaration, int number = 1) => new(declaration, _nodes[declaration.Host], $"{_project.Name}-{declaration.Name}-{number}");

    /// <summary>Runs kubectl, which must succeed.</summary>
    public Task<string> KubectlAsync(params string[] arguments) => _world.KubectlAsync(arguments);

    /// <summary>Applies a manifest.</summary>
    public async Task ApplyAsync(string manifest) => (await _world.TryKubectlAsync(manifest, "apply", "-f", "-")).ShouldEndWith(0);

    /// <summary>Waits until a <c>kubectl get</c> prints what <paramref name="enough"/> accepts.</summary>
    public Task<string> UntilAsync(string what, Func<string, bool> enough, params string[] get) => UntilAsync(s_patience, what, enough, get);

    /// <summary>The same, for a while.</summary>
    public Task<string> UntilAsync(TimeSpan patience, string what, Func<string, bool> enough, params string[] get) => _world.UntilAsync(Controller, patience, what, enough, get);

    /// <summary>Makes pods, beside each other, as a kubelet does: plugged first, running and ready when that is done.</summary>
    public async Task<CloudPod[]> AddPodsAsync(params PodDeclaration[] declarations)
    {
        await ApplyAsync(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "List", ["items"] = new JsonArray([.. declarations.Select(d => (JsonNode)d.ToManifest())]) }.ToJsonString());
        return await Task.WhenAll(declarations.Select(RunPodAsync));
    }

    /// <summary>Deletes a pod as a kubelet does, and waits until its port is given back.</summary>
    public async Task DeletePodAsync(CloudPod pod)
    {
        string uid = await UidAsync(pod);
        await KubectlAsync("-n", pod.Declaration.Space, "delete", "pod", pod.Name, "--wait=false");
        await pod.DeleteAsync(uid);
        await KubectlAsync("-n", pod.Declaration.Space, "delete", "pod", pod.Name, "--force", "--grace-period=0", "--wait=false");
        _pods.Remove(pod.Name);
        await UntilAsync($"the port of {pod.Name} is gone", names => !names.Split(' ').Contains(pod.Name), "podports", "-n", pod.Declaration.Space, "-o", "jsonpath={.items[*].metadata.name}");
    }

    /// <summary>Deletes everything as an operator does who takes a cluster down, and demands that nothing is left on any node.</summary>
    public async Task EmptyAsync()
    {
        await KubectlAsync("delete", "networkpolicies,services", "--all", "-A", "--wait=false");
        foreach (CloudPod pod in _pods.Values.ToArray()) await DeletePodAsync(pod);
        await KubectlAsync("delete", "virtualnetworks", "--all", "-A", "--wait=false");
        await UntilAsync("the virtual networks are gone", names => names.Length == 0, "virtualnetworks", "-A", "-o", "jsonpath={.items[*].metadata.name}");
        foreach (PodNode node in _nodes.Values) await node.ShouldHoldNoPodAsync();
    }

    /// <summary>All that helps to see why something is not as it should be.</summary>
    public async Task<string> ExplainAsync()
    {
        var told = new List<string>();
        foreach (string kind in Resources) told.Add($"--- {kind}\n{(await _world.TryKubectlAsync(null, "get", kind, "-A", "-o", "wide")).Output}");
        told.Add($"--- controller\n{_controller?.Log}");
        told.AddRange(_nodes.Values.Select(n => $"--- agent of {n.Host}\n{n.Agent.Log}"));
        return string.Join('\n', told);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var attempts = new Attempts();
        foreach (IAsyncDisposable work in _work) await attempts.MakeAsync(() => work.DisposeAsync().AsTask());
        foreach (CloudPod pod in _pods.Values) await attempts.MakeAsync(() => RemoveAsync(pod));
        foreach (PodNode node in _nodes.Values) await attempts.MakeAsync(() => node.DisposeAsync().AsTask());
        if (_controller is not null) await attempts.MakeAsync(() => _controller.DisposeAsync().AsTask());
        await attempts.MakeAsync(() => _world.DisposeAsync().AsTask());
        attempts.Conclude();
    }

    /// <summary>A test that failed leaves pods: they go from the switch before the agents that know them do.</summary>
    private async Task RemoveAsync(CloudPod pod)
    {
        if (pod.Address.Length > 0) await pod.DeleteAsync(await UidAsync(pod));
        else await pod.DisposeAsync();
    }

    private async Task AddNodeAsync(string host)
    {
        var document = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = host, ["annotations"] = new JsonObject { ["network.tenon.dev/binding"] = "ovs" } },
            ["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True", ["lastTransitionTime"] = NodeDocuments.Now() }) },
        };
        (await _world.TryKubectlAsync(document.ToJsonString(), "create", "-f", "-")).ShouldEndWith(0);
        int port = int.Parse(ServerPort().Match(await File.ReadAllTextAsync(_world.Kubeconfig, TestLife.Token)).Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture);
        PodNode node = await PodNode.StartAsync(host, _world.Root, _world.Kubeconfig, port);
        lock (_nodes) _nodes[host] = node;
    }

    /// <summary>Plugs a pod; an ADD that fails is undone and another sandbox is tried, as a kubelet does.</summary>
    private async Task<CloudPod> RunPodAsync(PodDeclaration declaration)
    {
        long began = TimeProvider.System.GetTimestamp();
        for (int number = 1; ; number++)
        {
            CloudPod pod = NewSandbox(declaration, number);
            lock (_pods) _pods[declaration.Name] = pod;
            string uid = await UidAsync(pod);
            if (await pod.TryAddAsync(uid, TestLife.Token) is not { } why)
            {
                await ReportRunningAsync(pod);
                return pod;
            }

            string? left = null;
            await Eventually.UntilAsync($"{pod.Name} is unplugged after its ADD failed: {why}", s_patience, async () => (left = await pod.TryDeleteAsync(uid)) is null, () => left ?? "");
            if (TimeProvider.System.GetElapsedTime(began) > s_patience) throw new InvalidOperationException($"{pod.Name} is not plugged, {number} times: {why}\n{await ExplainAsync()}");
            await Task.Delay(s_again, TimeProvider.System, TestLife.Token);
        }
    }

    /// <summary>Says of a pod what its kubelet says once it is plugged and ready.</summary>
    public async Task ReportRunningAsync(CloudPod pod)
    {
        string path = $"/api/v1/namespaces/{pod.Declaration.Space}/pods/{pod.Name}";
        JsonObject document = JsonNode.Parse(await KubectlAsync("get", "--raw", path))!.AsObject();
        document["metadata"]!.AsObject().Remove("resourceVersion");
        document["status"] = new JsonObject
        {
            ["phase"] = "Running",
            ["podIP"] = pod.Address,
            ["podIPs"] = new JsonArray(new JsonObject { ["ip"] = pod.Address }),
            ["conditions"] = new JsonArray([.. new[] { "Initialized", "ContainersReady", "Ready" }.Select(c => (JsonNode)new JsonObject { ["type"] = c, ["status"] = "True" })]),
        };
        (await _world.TryKubectlAsync(document.ToJsonString(), "replace", "--raw", $"{path}/status", "-f", "-")).ShouldEndWith(0);
    }

    /// <summary>The UID of a pod.</summary>
    public Task<string> UidAsync(CloudPod pod) => KubectlAsync("-n", pod.Declaration.Space, "get", "pod", pod.Name, "-o", "jsonpath={.metadata.uid}");

    [GeneratedRegex(@"server: https://127\.0\.0\.1:(?<port>\d+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ServerPort();
}
