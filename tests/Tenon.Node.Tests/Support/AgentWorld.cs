using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Network.Contracts;
using Tenon.Nodes.Agent;
using Tenon.Nodes.Netlink;
using Tenon.Sandbox;
using Tenon.Sandbox.Measures;

namespace Tenon.Nodes.Tests.Support;

/// <summary>A pod: a network namespace with a PodPort, called about as a container runtime calls.</summary>
internal sealed record TestPod(AgentWorld World, string Name, NetworkNamespace Namespace, PodPortSpec Spec, string ContainerId) : IDisposable
{
    public NamespacedName Key => new("default", Name);

    public Dictionary<string, string> Variables => new()
    {
        ["CNI_CONTAINERID"] = ContainerId,
        ["CNI_NETNS"] = Namespaces.PathOf(Namespace),
        ["CNI_IFNAME"] = "eth0",
        ["CNI_ARGS"] = $"IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME={Name};K8S_POD_INFRA_CONTAINER_ID={ContainerId};K8S_POD_UID={Spec.PodUid}",
    };

    public Task<CniAnswer> AddAsync(string version = "1.1.0") => World.Plugin.CallAsync("ADD", Variables, version: version);

    public Task<CniAnswer> DeleteAsync() => World.Plugin.CallAsync("DEL", Variables);

    public Task<CniAnswer> CheckAsync(JsonNode previous) => World.Plugin.CallAsync("CHECK", Variables, c => c["prevResult"] = previous.DeepClone());

    /// <summary>The same pod in another container, as a runtime makes one that has lost the first.</summary>
    public TestPod Again() => this with { Namespace = Namespaces.Create(), ContainerId = Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N") };

    public void Dispose() => Namespace.Dispose();
}

/// <summary>An agent of a real node against the sandbox's API server.</summary>
internal sealed class AgentWorld : IAsyncDisposable
{
    public const string NodeName = "node-1";
    private readonly SandboxHost _sandbox;
    private readonly OvnNode _node;
    private readonly string _folder;
    private CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    private AgentWorld(SandboxHost sandbox, OvnNode node)
    {
        (_sandbox, _node) = (sandbox, node);
        _folder = Directory.CreateDirectory(Path.Combine(node.Folder, Guid.NewGuid().ToString("N")[..8])).FullName;
        Client = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(sandbox.Kubeconfig));
        Options = new NodeAgentOptions
        {
            NodeName = NodeName,
            Socket = Path.Combine(_folder, "cni.sock"),
            StateFolder = Path.Combine(_folder, "attachments"),
            DatabaseSocket = node.Socket,
            TrunkBridge = "br-trunk",
            OvnFolder = node.Folder,
            NamespaceFolder = Path.Combine(_folder, "netns"),
            Patience = TimeSpan.FromSeconds(30),
            ReadinessPeriod = TimeSpan.FromMilliseconds(200),
        };
        Plugin = new CniPlugin(Options.Socket);
        Kubeconfig = Path.Combine(_folder, "kubeconfig");
        File.WriteAllText(Kubeconfig, sandbox.Kubeconfig);
    }

    public KubernetesClient Client { get; }

    public NodeAgentOptions Options { get; set; }

    public CniPlugin Plugin { get; set; }

    /// <summary>By which the agent reaches the API server; without it, <see cref="Client"/>.</summary>
    public KubernetesClient? AgentClient { get; set; }

    /// <summary>A file by which other programs reach the API server as its administrator.</summary>
    public string Kubeconfig { get; }

    /// <summary>What the API server was asked.</summary>
    public CallLog Calls => _sandbox.Calls;

    public static async Task<AgentWorld> CreateAsync(OvnNode node, bool start = true)
    {
        node.Require();
        SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Nodes = 1, Controllers = "none" }, Limits.Token).InTime();
        var world = new AgentWorld(sandbox, node);
        await CustomResourceDefinition.CreateAsync(world.Client, Path.Combine(AppContext.BaseDirectory, "crds", "podports.yaml"), Limits.Token).InTime();
        if (start) await world.StartAsync();
        return world;
    }

    /// <summary>Starts an agent and waits until it is served.</summary>
    public async Task StartAsync()
    {
        _stop = CancellationTokenSource.CreateLinkedTokenSource(Limits.Token);
        var agent = new NodeAgent(Options, AgentClient ?? Client, NetworkNamespace.TryOpen(Namespaces.PathOf(_node.Host))!, TimeProvider.System, NullLoggerFactory.Instance);
        _running = RunAsync(agent, _stop.Token);
        await UntilStatusAsync(0);
    }

    /// <summary>Ends the agent; what is plugged stays.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.InTime();
    }

    /// <summary>Makes a pod whose port is there, of either binding.</summary>
    public async Task<TestPod> AddPodAsync(string binding = "ovs", bool withPort = true, Func<PodPortSpec, PodPortSpec>? change = null)
    {
        (string id, string mac, string v4, string v6) = await _node.AddPortAsync();
        string name = $"pod-{id[..8]}";
        var spec = new PodPortSpec
        {
            PodUid = Guid.NewGuid().ToString(),
            Node = NodeName,
            Network = "default/net",
            PortId = id,
            MacAddress = mac,
            Binding = binding == "vlan" ? new() { Type = "vlan", VlanId = 100 + int.Parse(v4.Split('.')[3]), ParentMacAddress = "fa:16:3e:ff:ff:ff" } : new() { Type = "ovs" },
            Addresses = [new() { Address = $"{v4}/24", Gateway = "10.1.0.1" }, new() { Address = $"{v6}/64", Gateway = "fd00:1::1" }],
            Routes = [new() { Destination = "192.0.2.0/24", NextHop = "10.1.0.1" }],
            Mtu = 1400,
            Dns = new() { Nameservers = ["10.1.0.2"], Search = ["example.org"] },
        };
        var pod = new TestPod(this, name, Namespaces.Create(), change?.Invoke(spec) ?? spec, Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"));
        if (withPort) await CreatePortAsync(pod);
        return pod;
    }

    /// <summary>Makes a pod's port, as the controller does.</summary>
    public Task CreatePortAsync(TestPod pod) => Client.CreateAsync(new PodPort
    {
        Metadata = new()
        {
            Namespace = "default", Name = pod.Name, Finalizers = [NetworkNames.Finalizer],
            Labels = new Dictionary<string, string> { [NetworkNames.NodeLabel] = NetworkNames.NodeLabelValue(NodeName) },
        },
        Spec = pod.Spec,
    }, Limits.Token).InTime();

    /// <summary>Asks for a port's deletion, as the controller does when its pod goes.</summary>
    public Task DeletePortAsync(TestPod pod) => Client.DeleteAsync<PodPort>(pod.Key, Limits.Token).InTime();

    /// <summary>A port as the API server has it.</summary>
    public async Task<PodPort> PortAsync(TestPod pod) => (await Client.GetAsync<PodPort>(pod.Key, Limits.Token).InTime())!;

    /// <summary>Waits until a port is as it should be.</summary>
    public async Task<PodPort> UntilPortAsync(TestPod pod, string what, Func<PodPort, bool> condition)
    {
        PodPort? port = null;
        await Limits.UntilAsync($"{pod.Name} {what}", async () => condition(port = await PortAsync(pod)), () => KubernetesJson.ToNode(port!).ToJsonString());
        return port!;
    }

    /// <summary>Waits until the Node has a condition.</summary>
    public Task UntilConditionAsync(string type, string status) => Limits.UntilAsync($"the node's {type} is {status}", async () =>
        (await Client.GetAsync<Kubernetes.Objects.Node>(new("", NodeName), Limits.Token).InTime())!.Status.Conditions.Any(c => c.Type == type && c.Status == status));

    /// <summary>Waits until STATUS answers a code; zero is success.</summary>
    public Task UntilStatusAsync(int code) => Limits.UntilAsync($"STATUS answers {code}", async () => (await Plugin.CallAsync("STATUS", new Dictionary<string, string>())).Code == code);

    /// <summary>Nothing of any pod is left on the node.</summary>
    public async Task ShouldBeEmptyAsync()
    {
        (await _node.PodInterfacesAsync()).ShouldBeEmpty();
        Namespaces.LinksIn(_node.Host).Where(l => l.Name.StartsWith("tn", StringComparison.Ordinal) || l.Alias.Length > 0).ShouldBeEmpty();
        Directory.EnumerateFiles(Options.StateFolder).ShouldBeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        await _sandbox.DisposeAsync();
        _stop.Dispose();
    }

    private static async Task RunAsync(NodeAgent agent, CancellationToken cancellationToken)
    {
        await using (agent) await agent.RunAsync(null, cancellationToken);
    }
}
