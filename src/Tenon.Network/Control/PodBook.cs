using System.Runtime.InteropServices;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Assignment;
using Tenon.Network.Policies;

namespace Tenon.Network.Control;

/// <summary>A pod as far as the network cares.</summary>
internal sealed class PodEntry
{
    /// <summary>The version of the pod that was read last.</summary>
    public required string Version { get; set; }

    public required string? SpaceNetwork { get; init; }

    public required NamespacedName Name { get; init; }

    public required string Uid { get; init; }

    /// <summary>Empty until it is scheduled.</summary>
    public required string Node { get; init; }

    /// <summary>Whether it has run and will not again: its port is free once it is unplugged.</summary>
    public required bool IsFinished { get; init; }

    /// <summary>Whether it is being deleted, by itself or with its namespace.</summary>
    public required bool IsLeaving { get; init; }

    public required DateTimeOffset? CreatedAt { get; init; }

    public required NetworkChoice Choice { get; init; }

    /// <summary>The network on which it runs already; <see langword="null"/> while it has no port.</summary>
    public required string? Running { get; set; }

    /// <summary>The network that it should be on: where what it asks for means none, the one on which it runs.</summary>
    public string Wished => Choice.Problem is null ? Choice.Network.ToString() : Running ?? "";

    /// <summary>As policies see it, on the network that it is on.</summary>
    public required PolicyPod Policy { get; init; }

    public Vocabulary? Vocabulary { get; private set; }

    public PodIdentity? Identity { get; private set; }

    /// <summary>What makes pods alike to the compiler.</summary>
    public string Likeness { get; private set; } = "";

    /// <summary>Whether it differs from what was read before in nothing that the network cares for: most news of a pod are its kubelet's.</summary>
    public bool IsSameTo(PodEntry other)
        => Uid == other.Uid && Node == other.Node && IsFinished == other.IsFinished && IsLeaving == other.IsLeaving && SpaceNetwork == other.SpaceNetwork && Choice == other.Choice
            && Policy.Network == other.Policy.Network && Policy.NamedPorts == other.Policy.NamedPorts && Policy.Uses == other.Policy.Uses
            && Policy.Labels.Count == other.Policy.Labels.Count && Policy.Labels.All(l => other.Policy.Labels.TryGetValue(l.Key, out string? value) && value == l.Value);

    /// <summary>Reads the identity in the words of a vocabulary.</summary>
    public void Identify(Vocabulary vocabulary)
    {
        if (ReferenceEquals(vocabulary, Vocabulary)) return;
        (Vocabulary, Identity) = (vocabulary, vocabulary.IdentityOf(Policy));
        Likeness = $"{Identity.GroupKey} {string.Join(',', Policy.Uses)}";
    }
}

/// <summary>All pods that are ours, read again only where they changed.</summary>
/// <param name="options">How pods choose their network.</param>
internal sealed class PodBook(NetworkOptions options)
{
    private readonly Dictionary<NamespacedName, (PodEntry? Entry, int Look)> _pods = [];
    private int _look;

    /// <summary>The pods, finished ones among them.</summary>
    public IEnumerable<PodEntry> Pods => _pods.Values.Select(p => p.Entry).OfType<PodEntry>();

    /// <summary>Takes the pods as they are now.</summary>
    /// <param name="pods">The pods.</param>
    /// <param name="spaceOf">Their namespaces.</param>
    /// <param name="networkOf">The network on which a running pod is, by name and UID, whatever is asked for now.</param>
    /// <param name="changed">Takes the nodes of pods that came, went or are not as they were.</param>
    public void Refresh(IReadOnlyCollection<Pod> pods, Func<string, Namespace?> spaceOf, Func<NamespacedName, string, string?> networkOf, ISet<string> changed)
    {
        _look++;
        foreach (Pod pod in pods)
        {
            NamespacedName key = pod.Metadata.Key;
            ref (PodEntry? Entry, int Look) known = ref CollectionsMarshal.GetValueRefOrAddDefault(_pods, key, out _);
            Namespace? space = spaceOf(key.Namespace);
            string? spaceNetwork = NetworkOf(space);
            bool leaving = pod.Metadata.IsBeingDeleted || (space?.Metadata.IsBeingDeleted ?? false);
            string? running = networkOf(key, pod.Metadata.Uid);
            known.Look = _look;
            if (known.Entry is { } old && old.Version == pod.Metadata.ResourceVersion && old.Uid == pod.Metadata.Uid && old.SpaceNetwork == spaceNetwork && old.IsLeaving == leaving
                && old.Policy.Network == (running ?? old.Choice.Network.ToString()))
            {
                old.Running = running;
                continue;
            }

            PodEntry? now = Read(pod, space, leaving, running);
            if (known.Entry is { } before && now is not null && before.IsSameTo(now))
            {
                (before.Version, before.Running) = (now.Version, now.Running);
                continue;
            }

            if (known.Entry is not null) changed.Add(known.Entry.Node);
            if (now is not null) changed.Add(now.Node);
            known.Entry = now;
        }

        if (_pods.Count == pods.Count) return;
        foreach ((NamespacedName key, (PodEntry? entry, _)) in _pods.Where(p => p.Value.Look != _look).ToArray())
        {
            _pods.Remove(key);
            if (entry is not null) changed.Add(entry.Node);
        }
    }

    private static string? NetworkOf(Namespace? space) => space?.Metadata.Annotations.GetValueOrDefault(Contracts.NetworkNames.NetworkAnnotation);

    private PodEntry? Read(Pod pod, Namespace? space, bool leaving, string? running)
    {
        if (NetworkChoice.Of(pod, space, options) is not { } choice) return null;
        return new PodEntry
        {
            Version = pod.Metadata.ResourceVersion,
            SpaceNetwork = NetworkOf(space),
            Name = pod.Metadata.Key,
            Uid = pod.Metadata.Uid,
            Node = pod.Spec.NodeName ?? "",
            IsFinished = pod.Status.Phase is "Succeeded" or "Failed",
            IsLeaving = leaving,
            CreatedAt = pod.Metadata.CreationTimestamp,
            Choice = choice,
            Running = running,
            Policy = new(pod.Metadata.Key, running ?? choice.Network.ToString(), pod.Metadata.Labels)
            {
                NamedPorts = [.. pod.Spec.Containers.SelectMany(c => c.Ports).Where(p => !string.IsNullOrEmpty(p.Name)).Select(p => new NamedPort(p.Protocol, p.Name!, p.Port))],
                Uses = ServiceUse.Of(pod),
            },
        };
    }
}
