using System.Text.Json.Nodes;
using System.Threading.Channels;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Informers;
using Tenon.Network.Contracts;

namespace Tenon.Network.Tests.Control;

/// <summary>The nodes' agents without nodes: they report what they are told to plug as plugged, and what is to go as unplugged.</summary>
public sealed class SimulatedAgents : IAsyncDisposable
{
    private static readonly WriteOptions s_status = new() { Subresource = "status" };
    private readonly KubernetesClient _client;
    private readonly CancellationTokenSource _end = new();
    private readonly Channel<NamespacedName> _changed = Channel.CreateUnbounded<NamespacedName>();
    private readonly Task _running;

    /// <summary>Begins to follow the PodPorts.</summary>
    public SimulatedAgents(KubernetesClient client)
    {
        _client = client;
        PodPorts = new Informer<PodPort>(client);
        PodPorts.Subscribe(change => _changed.Writer.TryWrite(change.Key));
        _running = Task.WhenAll(PodPorts.RunAsync(_end.Token), WorkAsync());
    }

    /// <summary>The PodPorts.</summary>
    public Informer<PodPort> PodPorts { get; }

    /// <summary>Nodes that are silent.</summary>
    public HashSet<string> Dead { get; } = [];

    /// <summary>How many are plugged.</summary>
    public int Plugged => PodPorts.List().Count(p => p.IsPlugged && !p.Metadata.IsBeingDeleted);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _end.Dispose();
    }

    private Task WorkAsync() => Parallel.ForEachAsync(_changed.Reader.ReadAllAsync(_end.Token), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = _end.Token }, async (key, token) =>
    {
        if (PodPorts.Get(key) is not { } port || Dead.Contains(port.Spec.Node)) return;
        bool leaving = port.Metadata.IsBeingDeleted;
        if (leaving ? port.IsReportedUnplugged : port.IsPlugged) return;
        var condition = new JsonObject
        {
            ["type"] = NetworkNames.PluggedCondition,
            ["status"] = leaving ? "False" : "True",
            ["reason"] = leaving ? NetworkNames.UnpluggedReason : NetworkNames.PluggedReason,
            ["observedGeneration"] = port.Metadata.Generation,
        };
        try
        {
            await _client.PatchAsync<PodPort>(key, Patch.Merge(new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(condition) } }), token, s_status);
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.NotFound or KubernetesFailure.Conflict)
        {
            // It is gone meanwhile, or the cache will tell of its newest state.
        }
    });
}
