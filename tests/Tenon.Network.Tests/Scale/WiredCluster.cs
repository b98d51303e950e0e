using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Control;
using Tenon.Network.Tests.Control;
using Tenon.Network.VirtualNetworks;
using Tenon.OpenStack.Networking;
using Tenon.Sandbox;

namespace Tenon.Network.Tests.Scale;

/// <summary>
/// The port reconciler with a cluster of many pods that all have their ports: a hundred a node, of ten applications. Caches and cloud are in memory; only
/// PodPorts are written over the wire.
/// </summary>
internal sealed class WiredCluster : IAsyncDisposable
{
    private const int Applications = 10;
    private const int PodsPerNode = 100;
    private readonly SandboxHost _sandbox;
    private readonly KubernetesClient _kubernetes;
    private readonly NetworkCaches _caches;
    private readonly CancellationToken _token;

    private WiredCluster(SandboxHost sandbox, CancellationToken token)
    {
        (_sandbox, _token) = (sandbox, token);
        _kubernetes = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(sandbox.Kubeconfig));
        _caches = new(Pods, Namespaces, Policies, new MemoryLister<Service>(), new MemoryLister<EndpointSlice>(), Nodes, Networks, PodPorts);
        Reconciler = Start();
    }

    public MemoryNeutron Neutron { get; } = new();

    public MemoryLister<Pod> Pods { get; } = new();

    public MemoryLister<PodPort> PodPorts { get; } = new();

    public PortReconciler Reconciler { get; private set; }

    private MemoryLister<Namespace> Namespaces { get; } = new();

    private MemoryLister<NetworkPolicy> Policies { get; } = new();

    private MemoryLister<Node> Nodes { get; } = new();

    private MemoryLister<VirtualNetwork> Networks { get; } = new();

    /// <summary>A cluster of so many pods, in sync, after the first look at everything.</summary>
    public static async Task<WiredCluster> StartAsync(int pods, CancellationToken token)
    {
        SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Nodes = 0, Controllers = "" }, token);
        var cluster = new WiredCluster(sandbox, token);
        await CustomResources.CreateAsync(cluster._kubernetes, token);
        cluster.Describe(pods / PodsPerNode);

        // One pod an application is wired by the reconciler itself; the others are made in their likeness.
        for (int i = 0; i < Applications; i++) cluster.AddPod(i, $"node-{i % (pods / PodsPerNode)}");
        await cluster.ReconcileAsync();
        foreach (PodPort written in await cluster._kubernetes.ListAsync<PodPort>(new(), token).ToListAsync(token)) cluster.PodPorts.Set(written);
        for (int i = Applications; i < pods; i++) cluster.Clone(i, $"node-{i % (pods / PodsPerNode)}");
        cluster.Restart();
        await cluster.ReconcileAsync();
        cluster.Neutron.Writes.Clear();
        return cluster;
    }

    /// <summary>Makes a pod; the reconciler is not told before its next pass.</summary>
    public Pod AddPod(int number, string node)
    {
        var pod = new Pod
        {
            Metadata = new ObjectMeta
            {
                Namespace = "default", Name = $"pod-{number}", Uid = $"uid-{number}", ResourceVersion = "1",
                Labels = new Dictionary<string, string> { ["name"] = "blue", ["app"] = $"app-{number % Applications}" },
            },
            Spec = new PodSpec { NodeName = node },
        };
        Pods.Set(pod);
        return pod;
    }

    /// <summary>The network's status is written once more, with the number of its pods and nothing else that is new.</summary>
    public void CountPods()
    {
        VirtualNetwork network = Networks.Get(new("default", "blue"))!;
        VirtualSubnet[] subnets = [.. network.Status!.Subnets.Select(s => s with { DnsNameservers = ["10.0.0.2"], HostRoutes = [new PodPortRoute { Destination = "10.9.0.0/16", NextHop = "10.0.0.3" }] })];
        Networks.Set(network with
        {
            Metadata = network.Metadata with { ResourceVersion = $"counted {Pods.List().Count}" },
            Status = network.Status with { Pods = Pods.List().Count, Subnets = subnets },
        });
    }

    /// <summary>A reconciler that knows nothing yet.</summary>
    public void Restart() => Reconciler = Start();

    /// <summary>One call of the reconciler.</summary>
    public Task<Outcome> ReconcileAsync() => Reconciler.ReconcileAsync(PortReconciler.Key, _token);

    public async Task<PodPort?> WrittenAsync(int number) => await _kubernetes.GetAsync<PodPort>(new("default", $"pod-{number}"), _token);

    public async ValueTask DisposeAsync()
    {
        _kubernetes.Dispose();
        await _sandbox.DisposeAsync();
    }

    private PortReconciler Start() => new(
        new NetworkOptions(), new(Neutron, Neutron, Neutron, _kubernetes, _caches, new EventRecorder(_kubernetes, new EventRecorderOptions { Component = "test" })),
        new VirtualNetworkWriter(_kubernetes, TimeProvider.System), TimeProvider.System, NullLogger<PortReconciler>.Instance);

    private void Describe(int nodes)
    {
        Namespaces.Set(new Namespace { Metadata = new ObjectMeta { Name = "default", Uid = "space", ResourceVersion = "1" } });
        Networks.Set(new VirtualNetwork
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "blue", Uid = "blue", ResourceVersion = "1" },
            Status = new VirtualNetworkStatus { NetworkId = "network", Mtu = 1442, Isolation = "Isolated", Subnets = [new VirtualSubnet { Id = "subnet", Cidr = "10.0.0.0/16", Gateway = "10.0.0.1" }] },
        });
        for (int i = 0; i < 2 * Applications; i++)
        {
            Policies.Set(new NetworkPolicy
            {
                Metadata = new ObjectMeta { Namespace = "default", Name = $"policy-{i}", Uid = $"policy-{i}", ResourceVersion = "1" },
                Spec = new NetworkPolicySpec { PodSelector = Selecting(i), Ingress = [new() { From = [new() { PodSelector = Selecting(i + 1) }], Ports = [new() { Port = 8000 + i }] }] },
            });
        }

        for (int i = 0; i < nodes; i++)
        {
            Nodes.Set(new Node { Metadata = new ObjectMeta { Name = $"node-{i}", Uid = $"node-{i}", ResourceVersion = "1" }, Spec = new NodeSpec { ProviderId = $"openstack:///server-{i}" } });
            Neutron.Ports[$"parent-{i}"] = new Port { Id = $"parent-{i}", DeviceId = $"server-{i}", MacAddress = "fa:16:3e:ff:00:01" };
            Neutron.Trunks[$"trunk-{i}"] = new Trunk { Id = $"trunk-{i}", PortId = $"parent-{i}" };
        }
    }

    private static LabelSelector Selecting(int application) => new() { MatchLabels = new Dictionary<string, string> { ["app"] = $"app-{application % Applications}" } };

    /// <summary>A pod with its port, its subport and its PodPort, as the first one of its application has them.</summary>
    private void Clone(int number, string node)
    {
        Pod pod = AddPod(number, node);
        PodPort like = PodPorts.Get(new("default", $"pod-{number % Applications}"))!;
        string id = $"clone-{number:000000}", trunk = node.Replace("node", "trunk", StringComparison.Ordinal);
        Neutron.Ports[id] = Neutron.Ports[like.Spec.PortId] with { Id = id, Name = $"default/pod-{number}" };
        int vlan = 1000 + Neutron.Trunks[trunk].SubPorts.Count;
        Neutron.Trunks[trunk] = Neutron.Trunks[trunk] with { SubPorts = [.. Neutron.Trunks[trunk].SubPorts, new SubPort(id, vlan)] };
        PodPorts.Set(like with
        {
            Metadata = like.Metadata with { Name = pod.Metadata.Name, Uid = $"podport-{number}" },
            Spec = like.Spec with { PodUid = pod.Metadata.Uid, Node = node, PortId = id, Binding = like.Spec.Binding with { VlanId = vlan } },
        });
    }
}
