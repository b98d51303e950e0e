using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Network.Contracts;
using Tenon.Nodes.Cni;

namespace Tenon.Nodes.Agent;

/// <summary>The node's ports out of the informer's cache. A node has a few hundred at most, so whoever waits for one looks again at every change.</summary>
internal sealed class PodPorts : IPodPorts, IDisposable
{
    private readonly Informer<PodPort> _informer;
    private readonly IDisposable _subscription;
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Begins to listen to the informer.</summary>
    public PodPorts(Informer<PodPort> informer)
    {
        _informer = informer;
        _subscription = informer.Subscribe(_ => Interlocked.Exchange(ref _changed, NewSignal()).TrySetResult());
    }

    /// <inheritdoc/>
    public bool AreKnown => _informer.HasSynced;

    /// <inheritdoc/>
    public PodPort? Find(NamespacedName pod, string podUid)
        => _informer.Get(pod) is { Metadata.IsBeingDeleted: false } port && (podUid.Length == 0 || port.Spec.PodUid == podUid) ? port : null;

    /// <inheritdoc/>
    public async Task<PodPort> WaitAsync(NamespacedName pod, string podUid, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed = Volatile.Read(ref _changed).Task;
            if (Find(pod, podUid) is { } port) return port;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _subscription.Dispose();

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
