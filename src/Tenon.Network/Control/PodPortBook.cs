using System.Collections.Concurrent;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;

namespace Tenon.Network.Control;

/// <summary>
/// The PodPorts: what the cache shows, and what this process wrote that the cache does not show yet, so that no port is given twice.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="lister">The cache.</param>
internal sealed class PodPortBook(KubernetesClient client, ILister<PodPort> lister)
{
    private readonly ConcurrentDictionary<NamespacedName, PodPort> _written = [];
    private readonly ConcurrentDictionary<string, bool> _gone = [];
    private readonly ConcurrentDictionary<NamespacedName, PodPortSpec> _unsure = [];
    private readonly ConcurrentDictionary<(NamespacedName Pod, string Node), bool> _changed = [];

    /// <summary>The cache shows a change: what was remembered in its place is not needed any more.</summary>
    public void Observe(InformerChange<PodPort> change)
    {
        if (_written.TryGetValue(change.Key, out PodPort? written) && written.Metadata.Uid == change.Current.Metadata.Uid) _written.TryRemove(change.Key, out _);
        if (change is InformerChange<PodPort>.Deleted(var gone)) _gone.TryRemove(gone.Metadata.Uid, out _);

        // Most changes are what nodes report of pods that they plug.
        if (change is not InformerChange<PodPort>.Updated(_, var now) || now.Metadata.IsBeingDeleted) _changed[(change.Key, change.Current.Spec.Node)] = true;
    }

    /// <summary>The PodPorts of which the cache showed since the last call that they came, went or are to go, with their nodes.</summary>
    public IReadOnlyList<(NamespacedName Pod, string Node)> TakeChanged() => [.. _changed.Keys.Where(k => _changed.TryRemove(k, out _))];

    /// <summary>All PodPorts.</summary>
    public IEnumerable<PodPort> All()
    {
        // What was remembered first: an entry that goes in between is in the cache already.
        var others = new Dictionary<NamespacedName, PodPort>();
        foreach ((NamespacedName key, PodPort port) in _written) others[key] = port;
        foreach ((NamespacedName key, PodPortSpec spec) in _unsure) others.TryAdd(key, Unsure(key, spec));
        foreach (PodPort port in lister.List().Where(p => !_gone.ContainsKey(p.Metadata.Uid)))
        {
            if (others.Count > 0) others.Remove(port.Metadata.Key);
            yield return port;
        }

        foreach (PodPort port in others.Values) yield return port;
    }

    /// <summary>One PodPort, or <see langword="null"/>.</summary>
    public PodPort? Get(NamespacedName pod)
    {
        PodPort? other = _written.TryGetValue(pod, out PodPort? written) ? written : _unsure.TryGetValue(pod, out PodPortSpec? spec) ? Unsure(pod, spec) : null;
        return lister.Get(pod) is { } cached && !_gone.ContainsKey(cached.Metadata.Uid) ? cached : other;
    }

    /// <summary>Reads the PodPorts of which it is not known whether they were written.</summary>
    public async Task AskAsync(CancellationToken cancellationToken)
    {
        foreach (NamespacedName key in _unsure.Keys)
        {
            PodPort? there = await client.GetAsync<PodPort>(key, cancellationToken);
            if (there is not null && lister.Get(key)?.Metadata.Uid != there.Metadata.Uid) _written[key] = there;
            _unsure.TryRemove(key, out _);
        }
    }

    /// <summary>Writes a pod's PodPort, owned by the pod.</summary>
    public async Task WriteAsync(NamespacedName pod, PodPortSpec spec, CancellationToken cancellationToken)
    {
        var port = new PodPort
        {
            Metadata = new ObjectMeta
            {
                Namespace = pod.Namespace,
                Name = pod.Name,
                Labels = new Dictionary<string, string> { [NetworkNames.NodeLabel] = NetworkNames.NodeLabelValue(spec.Node) },
                Finalizers = [NetworkNames.Finalizer],
                OwnerReferences = [new OwnerReference { ApiVersion = "v1", Kind = "Pod", Name = pod.Name, Uid = spec.PodUid, Controller = true }],
            },
            Spec = spec,
        };
        _unsure[pod] = spec;
        try
        {
            PodPort written = await client.CreateAsync(port, cancellationToken);
            _written[pod] = written;
            _unsure.TryRemove(pod, out _);

            // The cache may have shown it, or have seen it go, before the answer came.
            if (lister.Get(pod)?.Metadata.Uid == written.Metadata.Uid) _written.TryRemove(pod, out _);
        }
        catch (KubernetesException e) when (e.StatusCode is not null && e.Failure is not (KubernetesFailure.Unavailable or KubernetesFailure.Timeout))
        {
            // It was refused: nothing was written. One that is there already comes with the cache.
            if (e.Failure != KubernetesFailure.AlreadyExists) _unsure.TryRemove(pod, out _);
            if (e.Failure is not (KubernetesFailure.AlreadyExists or KubernetesFailure.NotFound) && !IsOfLeavingNamespace(e)) throw;
        }
    }

    /// <summary>Asks the node to unplug a pod, by asking for the deletion of its PodPort.</summary>
    public async Task AskToUnplugAsync(NamespacedName pod, CancellationToken cancellationToken)
    {
        if (lister.Get(pod) is not { } port) return;
        try
        {
            await client.DeleteAsync<PodPort>(pod, cancellationToken, new DeleteOptions { Uid = port.Metadata.Uid });
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.Conflict)
        {
            // Another one has the name by now; the cache will tell.
        }
    }

    /// <summary>Lets a PodPort go: from now on its port is free.</summary>
    public async Task ReleaseAsync(NamespacedName pod, CancellationToken cancellationToken)
    {
        if (lister.Get(pod) is not { } port) return;
        try
        {
            if (!port.Metadata.IsBeingDeleted) await client.DeleteAsync<PodPort>(pod, cancellationToken, new DeleteOptions { Uid = port.Metadata.Uid });
            PodPort without = port with { Metadata = port.Metadata with { Finalizers = [.. port.Metadata.Finalizers.Where(f => f != NetworkNames.Finalizer)] } };
            if (Patch.Between(port, without) is { } patch) await client.PatchAsync<PodPort>(pod, patch, cancellationToken);
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.NotFound or KubernetesFailure.Conflict)
        {
            // It is gone, or another one has its name.
        }

        _gone[port.Metadata.Uid] = true;
        if (lister.Get(pod)?.Metadata.Uid != port.Metadata.Uid) _gone.TryRemove(port.Metadata.Uid, out _);
    }

    /// <summary>A namespace that goes takes nothing new, and what is in it goes too. Any other refusal is for somebody to mend.</summary>
    private static bool IsOfLeavingNamespace(KubernetesException refused)
        => refused is { Failure: KubernetesFailure.Forbidden, Status.Details: { } details } && details.Causes.Any(c => c.Reason == "NamespaceTerminating");

    private static PodPort Unsure(NamespacedName pod, PodPortSpec spec) => new() { Metadata = new ObjectMeta { Namespace = pod.Namespace, Name = pod.Name }, Spec = spec };
}
