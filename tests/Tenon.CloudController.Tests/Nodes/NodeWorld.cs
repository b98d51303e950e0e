using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.CloudController.Routes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;
using Tenon.Sandbox;
using Tenon.Testing;

namespace Tenon.CloudController.Tests.Nodes;

/// <summary>Nodes in memory, with versions that conflict as the API server's do.</summary>
internal sealed class MemoryNodes : ILister<Node>, INodeWriter, IEventRecorder
{
    private readonly ConcurrentDictionary<NamespacedName, Node> _nodes = new();
    private int _version;

    public ConcurrentQueue<(string Node, EventType Type, string Reason, string Message)> Events { get; } = new();

    public int Writes { get; private set; }

    public Node this[string name] => _nodes[new("", name)];

    public bool Has(string name) => _nodes.ContainsKey(new("", name));

    public void Put(Node node) => _nodes[node.Metadata.Key] = node with { Metadata = node.Metadata with { ResourceVersion = $"{++_version}" } };

    public void Change(string name, Func<Node, Node> change) => Put(change(this[name]));

    public void Remove(string name) => _nodes.TryRemove(new NamespacedName("", name), out _);

    public IReadOnlyCollection<Node> List() => [.. _nodes.Values];

    public Node? Get(NamespacedName key) => _nodes.GetValueOrDefault(key);

    public IReadOnlyCollection<Node> Find(string index, string value) => [];

    public Task<Node> WriteAsync(Node before, Node after, bool status, CancellationToken cancellationToken)
    {
        Node stored = Get(before.Metadata.Key) ?? throw new KubernetesException("PATCH node", HttpStatusCode.NotFound, null);
        if (stored.Metadata.ResourceVersion != before.Metadata.ResourceVersion) throw new KubernetesException("PATCH node", HttpStatusCode.Conflict, null);
        Writes++;
        Put(status ? stored with { Status = after.Status } : stored with { Metadata = after.Metadata, Spec = after.Spec });
        return Task.FromResult(_nodes[before.Metadata.Key]);
    }

    public Task SetConditionAsync(Node node, Condition condition, CancellationToken cancellationToken)
    {
        Writes++;
        Change(node.Metadata.Name, n => n with { Status = n.Status with { Conditions = [.. n.Status.Conditions.Where(c => c.Type != condition.Type), condition] } });
        return Task.CompletedTask;
    }

    public Task DeleteAsync(Node node, CancellationToken cancellationToken)
    {
        Writes++;
        Remove(node.Metadata.Name);
        return Task.CompletedTask;
    }

    public void Record(ObjectReference about, EventType type, string reason, string message) => Events.Enqueue((about.Name, type, reason, message));
}

/// <summary>The node and route reconcilers against the sandbox's OpenStack over HTTP.</summary>
internal sealed class NodeWorld : IAsyncDisposable
{
    private readonly CloudClient _client;
    private readonly CloudMachines _machines;
    private RouteReconciler? _routes;

    private NodeWorld(SandboxHost sandbox, ManualTimeProvider time)
    {
        Sandbox = sandbox;
        Time = time;
        CloudConfig config = CloudConfig.Parse(sandbox.CloudConf).Config.ShouldNotBeNull();
        _client = new CloudClient(GlobalCredentials.ToCredentials(config.Global), new CloudClientOptions { Retry = new RetryOptions { MaxAttempts = 1 } });
        _machines = new CloudMachines(_client.Compute(), _client.Networking(), _client.Networking(), _client.Identity, time);
        Reconciler = new NodeReconciler(
            new NodeReconcilerOptions { Planner = new NodePlannerOptions { Region = "RegionOne" } }, Nodes, Nodes, _machines, Nodes, NullLogger<NodeReconciler>.Instance);
    }

    public SandboxHost Sandbox { get; }

    public ManualTimeProvider Time { get; }

    public MemoryNodes Nodes { get; } = new();

    public NodeReconciler Reconciler { get; }

    public CloudClient Client => _client;

    public RouteReconciler Routes => _routes.ShouldNotBeNull();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<NodeWorld> StartAsync(int servers = 3, ImmutableArray<string>? without = null, bool dualStack = false)
    {
        SandboxHost sandbox = await SandboxHost.StartAsync(
            new SandboxOptions { Nodes = servers, Controllers = "none", DisabledNetworkExtensions = without ?? [], DualStack = dualStack }, Token);
        var world = new NodeWorld(sandbox, new ManualTimeProvider(TimeProvider.System.GetUtcNow()));
        await world._client.Identity.GetSelfAsync(Token);
        sandbox.Calls.Clear();
        return world;
    }

    public void Register(int count, Func<Node, Node>? change = null)
    {
        for (int i = 1; i <= count; i++)
        {
            Node node = NodeSamples.Fresh($"node-{i}");
            node = node with { Metadata = node.Metadata with { CreationTimestamp = Time.GetUtcNow() - TimeSpan.FromSeconds(1) } };
            Nodes.Put(change?.Invoke(node) ?? node);
        }
    }

    public Task<Outcome> ReconcileAsync(string node = "node-1") => Reconciler.ReconcileAsync(new("", node), Token);

    /// <summary>All nodes at the same time, as the workers do it.</summary>
    public Task ReconcileAllAsync() => Parallel.ForEachAsync(Nodes.List(), Token, async (node, token) => await Reconciler.ReconcileAsync(node.Metadata.Key, token));

    /// <summary>The calls since the last time, as operations.</summary>
    public ImmutableArray<string> Calls()
    {
        ImmutableArray<string> calls = [.. Sandbox.Calls.Entries().Where(c => c.Service != "kubernetes").Select(c => c.Operation)];
        Sandbox.Calls.Clear();
        return calls;
    }

    public async Task<string> UseRoutesAsync(string clusterRange = "10.244.0.0/16,fd42::/48")
    {
        string router = "";
        await foreach (var found in _client.Networking().ListRoutersAsync(new(), Token)) router = found.Id;
        RouteSettings settings = RouteSettings.Decide(new RouteFlags { AllocateNodeCidrs = true, ClusterCidr = clusterRange }, router, null).Settings.ShouldNotBeNull();
        _routes = new RouteReconciler(settings, new RouteClients(_client.Networking(), _client.Networking(), _client.Networking(), _client.Networking()), _machines,
            new RouteCluster(Nodes, Nodes, Nodes), NullLogger<RouteReconciler>.Instance);
        Sandbox.Calls.Clear();
        return router;
    }

    /// <summary>One pass over routes, after the time in which further changes are gathered.</summary>
    public Task<Outcome> RouteAsync()
    {
        Time.Advance(TimeSpan.FromSeconds(2));
        return Routes.ReconcileAsync(RouteReconciler.Key, Token);
    }

    public async ValueTask DisposeAsync()
    {
        _routes?.Dispose();
        _machines.Dispose();
        await _client.DisposeAsync();
        await Sandbox.DisposeAsync();
    }
}
