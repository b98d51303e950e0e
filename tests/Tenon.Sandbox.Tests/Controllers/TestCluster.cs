using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes;
using Tenon.Sandbox.Kubernetes.Controllers;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Resources.Strategies;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Tests.Controllers;

/// <summary>A cluster with its controllers and simulated nodes, without HTTP. What controllers log fails the test at its end.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private readonly ClusterControllers _controllers;
    private readonly Failures _failures = new();

    public TestCluster(int nodes = 3, string controllers = "all", TimeProvider? time = null, bool initialized = true, ControllerSettings? settings = null)
    {
        var registry = new ResourceRegistry();
        settings ??= new ControllerSettings();
        foreach (ResourceDefinition definition in BuiltInResources.All(new ServiceStrategy(settings.DualStack))) registry.Add(definition);
        Objects = new ObjectOperations(new ClusterStore(), registry, time ?? TimeProvider.System);
        Create("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"default"}}""");
        _controllers = ClusterControllers.Start(Objects, controllers, settings, _failures);
        Nodes = SimulatedNodes.Start(Objects, Enumerable.Range(1, nodes).Select(i => $"node-{i}"), _failures);
        if (!initialized) return;
        foreach (string name in Nodes.Names) Initialize(name);
    }

    public ObjectOperations Objects { get; }

    public SimulatedNodes Nodes { get; }

    /// <summary>What a cloud controller does once it knows a node's machine.</summary>
    public void Initialize(string node) => Change(new("", "nodes"), "", node, n =>
    {
        JsonArray rest = [.. n.Objects("spec", "taints").Where(t => t.Text("key") != "node.cloudprovider.kubernetes.io/uninitialized").Select(t => (JsonNode)t.Copy())];
        if (rest.Count == 0) n.Ensure("spec").Remove("taints");
        else n["spec"]!["taints"] = rest;
    });

    public StoredObject Create(string json) => Objects.Create((JsonObject)JsonNode.Parse(json)!);

    /// <summary>Changes an object, again when somebody else was faster.</summary>
    public void Change(GroupResource resource, string space, string name, Action<JsonObject> change, string subresource = "")
    {
        while (true)
        {
            JsonObject copy = Objects.Store.Get(resource, new(space, name))!.Document.Copy();
            change(copy);
            try
            {
                Objects.Update(copy, subresource);
                return;
            }
            catch (ApiException e) when (e.Code == 409)
            {
                // The loop reads it anew.
            }
        }
    }

    public IReadOnlyList<StoredObject> List(GroupResource resource, string? space = "default") => [.. Objects.Store.List(resource).Table.InOrder(space)];

    public StoredObject? Find(GroupResource resource, string name, string space = "default") => Objects.Store.Get(resource, new NamespacedName(space, name));

    /// <summary>Waits until the objects of a resource are as wanted; each change of the resource is looked at.</summary>
    public async Task<IReadOnlyList<StoredObject>> UntilAsync(GroupResource resource, Func<IReadOnlyList<StoredObject>, bool> wanted, string? space = "default")
    {
        (_, WatchSubscription changes) = Objects.Store.ListAndWatch(resource, null);
        using (changes)
        {
            IReadOnlyList<StoredObject> now = List(resource, space);
            if (wanted(now)) return now;
            await foreach (StoreEvent _ in changes.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                now = List(resource, space);
                if (wanted(now)) return now;
            }
        }

        throw new InvalidOperationException("The watch ended.");
    }

    /// <summary>Waits for a number of pods that run and are ready.</summary>
    public Task<IReadOnlyList<StoredObject>> PodsReadyAsync(int count) =>
        UntilAsync(new("", "pods"), pods => pods.Count == count && pods.All(p => !p.IsBeingDeleted && p.Document.Objects("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True")));

    public async ValueTask DisposeAsync()
    {
        await Nodes.DisposeAsync();
        await _controllers.DisposeAsync();
        _failures.Messages.ShouldBeEmpty();
    }

    private sealed class Failures : ILogger
    {
        public ConcurrentQueue<string> Messages { get; } = new();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Enqueue($"{formatter(state, exception)} {exception}");
    }
}
