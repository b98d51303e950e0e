using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Assignment;
using Tenon.Network.Policies;

namespace Tenon.Network.Control;

/// <summary>A pod as far as the network cares.</summary>
internal sealed class PodEntry
{
    public required string Version { get; init; }

    public required string? SpaceNetwork { get; init; }

    public required NamespacedName Name { get; init; }

    public required string Uid { get; init; }

    /// <summary>Empty until it is scheduled.</summary>
    public required string Node { get; init; }

    /// <summary>Whether it has run and will not again: its port is free once it is unplugged.</summary>
    public required bool IsFinished { get; init; }

    public required DateTimeOffset? CreatedAt { get; init; }

    public required NetworkChoice Choice { get; init; }

    /// <summary>As policies see it, on the network that it is on.</summary>
    public required PolicyPod Policy { get; init; }

    public Vocabulary? Vocabulary { get; private set; }

    public PodIdentity? Identity { get; private set; }

    /// <summary>What makes pods alike to the compiler.</summary>
    public string Likeness { get; private set; } = "";

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
    private Dictionary<NamespacedName, PodEntry?> _pods = [];

    /// <summary>The pods, finished ones among them.</summary>
    public IEnumerable<PodEntry> Pods => _pods.Values.OfType<PodEntry>();

    /// <summary>Takes the pods as they are now.</summary>
    /// <param name="pods">The pods.</param>
    /// <param name="spaceOf">Their namespaces.</param>
    /// <param name="networkOf">The network on which a running pod is, by name and UID, whatever is asked for now.</param>
    public void Refresh(IReadOnlyCollection<Pod> pods, Func<string, Namespace?> spaceOf, Func<NamespacedName, string, string?> networkOf)
    {
        var next = new Dictionary<NamespacedName, PodEntry?>(pods.Count);
        foreach (Pod pod in pods)
        {
            NamespacedName key = pod.Metadata.Key;
            Namespace? space = spaceOf(key.Namespace);
            string? spaceNetwork = space?.Metadata.Annotations.GetValueOrDefault(Contracts.NetworkNames.NetworkAnnotation);
            string? running = networkOf(key, pod.Metadata.Uid);
            next[key] = _pods.GetValueOrDefault(key) is { } known && known.Version == pod.Metadata.ResourceVersion && known.Uid == pod.Metadata.Uid
                && known.SpaceNetwork == spaceNetwork && (running is null || known.Policy.Network == running) ? known : Read(pod, space, spaceNetwork, running);
        }

        _pods = next;
    }

    private PodEntry? Read(Pod pod, Namespace? space, string? spaceNetwork, string? running)
    {
        if (NetworkChoice.Of(pod, space, options) is not { } choice) return null;
        return new PodEntry
        {
            Version = pod.Metadata.ResourceVersion,
            SpaceNetwork = spaceNetwork,
            Name = pod.Metadata.Key,
            Uid = pod.Metadata.Uid,
            Node = pod.Spec.NodeName ?? "",
            IsFinished = pod.Status.Phase is "Succeeded" or "Failed",
            CreatedAt = pod.Metadata.CreationTimestamp,
            Choice = choice,
            Policy = new(pod.Metadata.Key, running ?? choice.Network.ToString(), pod.Metadata.Labels)
            {
                NamedPorts = [.. pod.Spec.Containers.SelectMany(c => c.Ports).Where(p => !string.IsNullOrEmpty(p.Name)).Select(p => new NamedPort(p.Protocol, p.Name!, p.Port))],
                Uses = ServiceUse.Of(pod),
            },
        };
    }
}
