using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// A cluster on the machines of a project: a Kubernetes API of its own (the sandbox's; its OpenStack stays unused), nodes registered as
/// kubelets do it, and the cloud controller as a process with the real cloud's cloud.conf.
/// </summary>
internal sealed class CloudCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(180);
    private readonly SandboxWorld _world;
    private readonly string _cloudConf;
    private readonly string[] _podRanges;
    private RunningTenon? _controller;

    private CloudCluster(SandboxWorld world, string name, string[] podRanges)
        => (_world, Name, _podRanges, _cloudConf) = (world, name, podRanges, Path.Combine(world.Root, "real-cloud.conf"));

    /// <summary>The cluster's name.</summary>
    public string Name { get; }

    /// <summary>The controller that runs.</summary>
    public RunningTenon Controller => _controller ?? throw new InvalidOperationException("the controller does not run");

    /// <summary>Starts the Kubernetes API and writes cloud.conf; the controller is started by <see cref="StartController"/>.</summary>
    /// <param name="project">Where the machines are.</param>
    /// <param name="options">Sections that are added to cloud.conf.</param>
    /// <param name="name">The cluster's name.</param>
    /// <param name="podRange">The range of all pods, a /16, where routes are wanted.</param>
    public static async Task<CloudCluster> CreateAsync(CloudProject project, string options = "", string name = "kubernetes", string? podRange = null)
    {
        SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "0", "--controllers", "none");
        var cluster = new CloudCluster(world, name, podRange is null ? [] : ["--cluster-cidr", podRange]);
        await File.WriteAllTextAsync(cluster._cloudConf, project.CloudConf + options, TestLife.Token);
        return cluster;
    }

    /// <summary>Starts the cloud controller.</summary>
    public void StartController()
    {
        string[] routes = _podRanges.Length == 0 ? [] : ["--allocate-node-cidrs=true", "--configure-cloud-routes=true", .. _podRanges];
        _controller = RunningTenon.Start(["cloud-controller", .. Cloud, "--secure-port", "0", .. routes]);
    }

    /// <summary>Ends the cloud controller as a user would, which must go well.</summary>
    public async Task StopControllerAsync()
    {
        (await Controller.StopAsync()).ShouldBe(0, Controller.Log);
        await Controller.DisposeAsync();
        _controller = null;
    }

    /// <summary>Runs kubectl, which must succeed.</summary>
    public Task<string> KubectlAsync(params string[] arguments) => _world.KubectlAsync(arguments);

    /// <summary>Applies a manifest.</summary>
    public async Task ApplyAsync(string manifest) => (await _world.TryKubectlAsync(manifest, "apply", "-f", "-")).ShouldEndWith(0);

    /// <summary>Applies a Service and waits until it has its address.</summary>
    public async Task<string> ServeAsync(CloudService service)
    {
        await ApplyAsync(service.ToString());
        return await UntilAsync($"Service {service.Name} has its address", ip => ip.Length > 0, "service", service.Name, "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}");
    }

    /// <summary>Deletes a Service and waits until it is gone, which it is when its load balancer is.</summary>
    public async Task DeleteServiceAsync(string name)
    {
        await KubectlAsync("delete", "service", name, "--wait=false");
        await UntilAsync($"Service {name} is gone", names => !names.Split(' ').Contains(name), "services", "-o", "jsonpath={.items[*].metadata.name}");
    }

    /// <summary>Waits until a <c>kubectl get</c> prints what <paramref name="enough"/> accepts.</summary>
    public Task<string> UntilAsync(string what, Func<string, bool> enough, params string[] get) => _world.UntilAsync(Controller, s_patience, what, enough, get);

    /// <summary>Runs a <c>tenon</c> command that takes a cluster's name.</summary>
    public Task<Ended> TenonAsync(params string[] arguments) => Tool.TenonAsync([.. arguments, .. Cloud]);

    /// <summary>Demands that <c>tenon plan</c> finds nothing to change and nothing to complain about, as soon as caches have caught up.</summary>
    public async Task ShouldHaveNothingToPlanAsync()
    {
        JsonNode plan = new JsonObject();
        await Eventually.UntilAsync("the plan is empty", TimeSpan.FromSeconds(120), async () =>
        {
            plan = await PlanAsync();
            return plan["changes"]!.AsArray().Count == 0 && plan["problems"]!.AsArray().Count == 0;
        }, () => $"{plan}\n{_controller?.Log}");
    }

    /// <summary>What <c>tenon plan</c> would change now.</summary>
    public async Task<JsonNode> PlanAsync() => JsonNode.Parse((await TenonAsync(["plan", "--output", "json", .. _podRanges])).ShouldEndWith(0).Output)!;

    /// <summary>The same; <c>null</c> while the cloud cannot be asked.</summary>
    public async Task<JsonNode?> TryPlanAsync()
    {
        Ended ended = await TenonAsync(["plan", "--output", "json", .. _podRanges]);
        return ended.Code == 0 ? JsonNode.Parse(ended.Output) : null;
    }

    /// <summary>Registers nodes as kubelets with an external cloud provider do, and waits until the controller has initialized them.</summary>
    public async Task JoinAsync(params Guest[] guests)
    {
        await RegisterAsync(initialized: false, guests);
        foreach (Guest guest in guests)
        {
            await UntilAsync($"node {guest.Name} is initialized", taints => !taints.Contains("uninitialized", StringComparison.Ordinal) && taints.EndsWith(guest.ServerId, StringComparison.Ordinal),
                "node", guest.Name, "-o", "jsonpath={.spec.taints} {.spec.providerID}");
        }
    }

    /// <summary>Registers nodes and does not wait.</summary>
    /// <param name="initialized">Whether they look as if a cloud controller had been there before.</param>
    /// <param name="guests">Their machines.</param>
    public async Task RegisterAsync(bool initialized, params Guest[] guests)
    {
        foreach (Guest guest in guests)
        {
            (await _world.TryKubectlAsync(NodeDocuments.Of(guest, _podRanges.Length == 0 ? null : PodRange(guest), initialized).ToJsonString(), "create", "-f", "-")).ShouldEndWith(0);
            // The node life cycle controller of a whole cluster does this as soon as a node is ready.
            await KubectlAsync("taint", "node", guest.Name, "node.kubernetes.io/not-ready-");
        }
    }

    /// <summary>The range of a guest's pods: the /24 of the cluster's that ends like the guest's address.</summary>
    public string PodRange(Guest guest) => string.Join('.', [.. _podRanges[1].Split('.')[..2], guest.Address.Split('.')[3], "0/24"]);

    /// <summary>An address of a pod on a guest.</summary>
    public string PodAddress(Guest guest) => PodRange(guest).Replace(".0/24", ".10", StringComparison.Ordinal);

    /// <summary>Says of a node what its kubelet, or the one that misses it, would.</summary>
    /// <param name="node">The node.</param>
    /// <param name="ready"><c>True</c>, <c>False</c> or <c>Unknown</c>.</param>
    public Task SetReadyAsync(string node, string ready) => RewriteAsync($"/api/v1/nodes/{node}", ["/status"], document =>
    {
        JsonNode condition = document["status"]!["conditions"]!.AsArray().Single(c => c!["type"]!.ToString() == "Ready")!;
        condition["status"] = ready;
        condition["lastTransitionTime"] = NodeDocuments.Now();
        return document;
    });

    /// <summary>Replaces an object by what comes of it.</summary>
    /// <param name="path">The object.</param>
    /// <param name="parts">What of it is written: <c>/status</c>, and all the rest for an empty text.</param>
    /// <param name="change">What comes of it.</param>
    public async Task RewriteAsync(string path, string[] parts, Func<JsonObject, JsonObject> change)
    {
        JsonObject document = change(JsonNode.Parse(await KubectlAsync("get", "--raw", path))!.AsObject());
        document["metadata"]!.AsObject().Remove("resourceVersion");
        foreach (string part in parts) (await _world.TryKubectlAsync(document.ToJsonString(), "replace", "--raw", path + part, "-f", "-")).ShouldEndWith(0);
    }

    /// <summary>Runs <c>tenon check</c>.</summary>
    public Task<Ended> CheckAsync(params string[] arguments) => Tool.TenonAsync(["check", .. arguments, "--cloud-config", _cloudConf, "--kubeconfig", _world.Kubeconfig]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_controller is not null) await _controller.DisposeAsync();
        await _world.DisposeAsync();
    }

    private string[] Cloud => ["--cloud-config", _cloudConf, "--kubeconfig", _world.Kubeconfig, "--cluster-name", Name];
}
