using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>Finds the groups that stand for the peers of a policy.</summary>
internal sealed class PeerIndex
{
    private readonly PolicyWorld _world;
    private readonly Dictionary<string, PodIdentity[]> _byNamespace;

    public PeerIndex(PolicyWorld world, IEnumerable<PodIdentity> identities)
    {
        _world = world;
        Identities = [.. identities.OrderBy(i => i.GroupKey, StringComparer.Ordinal)];
        _byNamespace = Identities.GroupBy(i => i.Namespace).ToDictionary(g => g.Key, g => g.ToArray());
    }

    /// <summary>The identities that some pod has.</summary>
    public IReadOnlyList<PodIdentity> Identities { get; }

    /// <summary>The namespaces that have a pod.</summary>
    public IEnumerable<string> Namespaces => _byNamespace.Keys;

    /// <summary>The identities of the pods that a peer of a policy selects; a peer of addresses selects none.</summary>
    public IEnumerable<PodIdentity> Select(NetworkPolicyPeer peer, string policyNamespace)
    {
        if (peer.IpBlock is not null) return [];
        IEnumerable<PodIdentity> candidates = NamespacesOf(peer, policyNamespace).SelectMany(n => _byNamespace[n]);
        return peer.PodSelector is { } selector ? candidates.Where(i => selector.Matches(i.LabelMap)) : candidates;
    }

    /// <summary>The identities behind a Service.</summary>
    public IEnumerable<PodIdentity> Behind(PolicyService service)
        => service.Selector.Count == 0 || !_byNamespace.TryGetValue(service.Name.Namespace, out PodIdentity[]? candidates)
            ? []
            : candidates.Where(i => service.Selector.All(s => i.LabelMap.TryGetValue(s.Key, out string? value) && value == s.Value));

    /// <summary>The fewest groups that hold exactly the pods that a peer selects.</summary>
    public IEnumerable<string> Groups(NetworkPolicyPeer peer, string policyNamespace)
    {
        if (!IsEverything(peer.PodSelector)) return Select(peer, policyNamespace).Select(i => i.GroupKey);
        return peer.NamespaceSelector is { } spaces && IsEverything(spaces)
            ? [CompiledPolicies.ClusterGroup]
            : NamespacesOf(peer, policyNamespace).Select(CompiledPolicies.NamespaceGroup);
    }

    private static bool IsEverything(LabelSelector? selector) => selector is null or { MatchLabels.Count: 0, MatchExpressions.Count: 0 };

    private IEnumerable<string> NamespacesOf(NetworkPolicyPeer peer, string policyNamespace)
    {
        if (peer.NamespaceSelector is not { } selector) return _byNamespace.ContainsKey(policyNamespace) ? [policyNamespace] : [];
        return _byNamespace.Keys.Where(n => _world.Namespaces.TryGetValue(n, out IReadOnlyDictionary<string, string>? labels) && selector.Matches(labels));
    }
}
