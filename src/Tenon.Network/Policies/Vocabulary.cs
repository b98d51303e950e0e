using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>The label keys and port names that some policy or Service speaks of: the rest of a pod does not tell it from others.</summary>
public sealed class Vocabulary
{
    private readonly HashSet<string> _keys = [];
    private readonly HashSet<string> _portNames = [];

    /// <summary>Gathers what the policies and Services of a world mention.</summary>
    public static Vocabulary Of(PolicyWorld world)
    {
        ArgumentNullException.ThrowIfNull(world);
        var vocabulary = new Vocabulary();
        foreach (NetworkPolicySpec spec in world.Policies.Select(p => p.Spec)) vocabulary.Add(spec);
        foreach (PolicyService service in world.Services)
        {
            vocabulary._keys.UnionWith(service.Selector.Keys);
            vocabulary._portNames.UnionWith(service.Ports.Select(p => p.Target.Text).OfType<string>());
        }

        return vocabulary;
    }

    /// <summary>Whether both speak of the same keys and names, so that every pod's identity is the same.</summary>
    public bool IsSameAs(Vocabulary other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return _keys.SetEquals(other._keys) && _portNames.SetEquals(other._portNames);
    }

    /// <summary>What of a pod matters.</summary>
    public PodIdentity IdentityOf(PolicyPod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return new(
            pod.Name.Namespace,
            pod.Network,
            pod.Labels.Where(l => _keys.Contains(l.Key)).OrderBy(l => l.Key, StringComparer.Ordinal).ToEquatableArray(),
            pod.NamedPorts.Where(p => _portNames.Contains(p.Name))
                .OrderBy(p => p.Protocol, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal).ToEquatableArray());
    }

    private void Add(NetworkPolicySpec spec)
    {
        Add(spec.PodSelector);
        foreach (NetworkPolicyPeer peer in spec.Ingress.SelectMany(r => r.From).Concat(spec.Egress.SelectMany(r => r.To)))
            if (peer.PodSelector is { } selector) Add(selector);
        _portNames.UnionWith(spec.Ingress.SelectMany(r => r.Ports).Concat(spec.Egress.SelectMany(r => r.Ports))
            .Select(p => p.Port?.Text).OfType<string>());
    }

    private void Add(LabelSelector selector)
    {
        _keys.UnionWith(selector.MatchLabels.Keys);
        _keys.UnionWith(selector.MatchExpressions.Select(e => e.Key));
    }
}
