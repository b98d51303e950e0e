using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>
/// Nodes without machines: they register as a kubelet with <c>--cloud-provider=external</c> does, send heartbeats, and bring the pods bound to them through
/// their life, in status only. One loop and one timer serve all of them.
/// </summary>
public sealed class SimulatedNodes : IAsyncDisposable
{
    private const string LeaseSpace = "kube-node-lease";
    private static readonly TimeSpan RenewEvery = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, bool> _alive = new(StringComparer.Ordinal);
    private readonly ClusterAccess _cluster;
    private readonly SimulatedKubelet _kubelet;
    private readonly Task _running;
    private int _beats;

    private SimulatedNodes(ObjectOperations objects, IEnumerable<string> names, ILogger logger)
    {
        _cluster = new ClusterAccess(objects, "kubelet");
        _cluster.Ensure(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = LeaseSpace } });
        foreach (string name in names) Add(name);
        _kubelet = new SimulatedKubelet(_cluster, _alive.ContainsKey, name => _alive.GetValueOrDefault(name));
        _running = Task.WhenAll(new ControllerLoop(_kubelet, objects.Store, objects.Time, logger).RunAsync(_stop.Token), BeatAsync());
    }

    /// <summary>The names of all nodes, those that are stopped too.</summary>
    public IReadOnlyCollection<string> Names => [.. _alive.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Registers nodes and runs them.</summary>
    public static SimulatedNodes Start(ObjectOperations objects, IEnumerable<string> names, ILogger logger) => new(objects, names, logger);

    /// <summary>Registers one more node.</summary>
    public void Add(string name)
    {
        _alive[name] = true;
        _cluster.Ensure(NodeDocuments.Node(name, _cluster.Now));
        Beat(name);
        Renew(name);
    }

    /// <summary>Lets a node fall silent, as a machine that lost its power does.</summary>
    public void Stop(string name) => _alive.TryUpdate(name, false, true);

    /// <summary>Lets a node come back.</summary>
    public void Resume(string name)
    {
        if (!_alive.ContainsKey(name)) return;
        Add(name);
        foreach (StoredObject pod in _cluster.List(Kinds.Pods).Where(p => p.Document.Text("spec", "nodeName") == name))
        {
            if (pod.Document.Text("status", "phase") == "Running" && !Pods.IsReady(pod))
                _cluster.ChangeNow(Kinds.Pods, pod.Key, d => Pods.SetCondition(d.Ensure("status"), "Ready", "True", null, null, _cluster.Now), "status");
        }
    }

    /// <summary>Takes a node away for good: it sends no heartbeats and does not register again.</summary>
    public void Remove(string name) => _alive.TryRemove(name, out _);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }

        _stop.Dispose();
    }

    private async Task BeatAsync()
    {
        while (true)
        {
            await Task.Delay(RenewEvery, _cluster.Time, _stop.Token);
            _beats++;
            foreach (string name in _alive.Where(n => n.Value).Select(n => n.Key))
            {
                Renew(name);

                // The status itself is sent every five minutes, as a kubelet does when nothing changes.
                if (_beats % 30 == 0) Beat(name);
            }
        }
    }

    private void Beat(string name) =>
        _cluster.ChangeNow(Kinds.Nodes, new("", name), d => NodeDocuments.FillStatus(d.Ensure("status"), name, _cluster.Now), "status");

    private void Renew(string name)
    {
        string now = JsonDocuments.MicroTimestamp(_cluster.Time.GetUtcNow());
        var key = new NamespacedName(LeaseSpace, name);
        if (_cluster.Find(Kinds.Leases, key) is null) _cluster.Ensure(NodeDocuments.Lease(LeaseSpace, name, now, _cluster.Find(Kinds.Nodes, new("", name))));
        else _cluster.ChangeNow(Kinds.Leases, key, d => d.Ensure("spec")["renewTime"] = now);
    }
}
