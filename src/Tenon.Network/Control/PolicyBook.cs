using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Assignment;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;

namespace Tenon.Network.Control;

/// <summary>Where the inputs of policies are read.</summary>
/// <param name="Pods">The pods.</param>
/// <param name="Namespaces">The namespaces.</param>
/// <param name="Policies">The policies.</param>
/// <param name="Services">The Services.</param>
/// <param name="Slices">The endpoints of Services.</param>
/// <param name="Nodes">The nodes.</param>
/// <param name="Networks">The virtual networks.</param>
/// <param name="PodPorts">The PodPorts.</param>
public sealed record NetworkCaches(
    ILister<Pod> Pods, ILister<Namespace> Namespaces, ILister<NetworkPolicy> Policies, ILister<Service> Services, ILister<EndpointSlice> Slices, ILister<Node> Nodes,
    ILister<VirtualNetwork> Networks, ILister<PodPort> PodPorts);

/// <summary>
/// Compiles policies, and only when something changed that they depend on: a pod that comes, goes or changes into what is already there changes nothing,
/// whatever the number of pods.
/// </summary>
/// <param name="options">How long labels that no pod has any more are kept.</param>
/// <param name="caches">The inputs.</param>
/// <param name="time">The clock.</param>
internal sealed class PolicyBook(NetworkOptions options, NetworkCaches caches, TimeProvider time)
{
    private readonly Derived<NetworkPolicy, NetworkPolicy> _policies = new(p => p);
    private readonly Derived<Namespace, SpaceFacts> _spaces = new(s => new(s.Metadata.Labels.OrderBy(l => l.Key, StringComparer.Ordinal).ToEquatableArray()));
    private readonly Derived<Service, Service> _services = new(s => s);
    private readonly Derived<EndpointSlice, SliceFacts> _slices = new(
        s => ServiceOf(caches, s) is { Spec.Selector.Count: 0 } service ? new(service.Metadata.Key, [.. PolicySources.EndpointsOf(s, service)]) : null, s => ServiceOf(caches, s)?.Metadata);
    private readonly Derived<Node, NodeFacts> _nodes = new(n => new([.. NodeBindings.AddressesOf(n)]));
    private readonly Derived<VirtualNetwork, PolicyNetwork> _networks = new(PolicySources.Of);
    private readonly Dictionary<string, (PolicyPod Pod, DateTimeOffset Seen)> _alike = [];
    private Vocabulary? _vocabulary;
    private CompiledPolicies? _compiled;
    private PolicyWorld _world = new();

    private sealed record SpaceFacts(EquatableArray<KeyValuePair<string, string>> Labels);

    private sealed record SliceFacts(NamespacedName Service, EquatableArray<PolicyEndpoint> Endpoints);

    private sealed record NodeFacts(EquatableArray<string> Addresses);

    /// <summary>How often policies were compiled.</summary>
    public int Compilations { get; private set; }

    /// <summary>The words in which pods are told apart; another object when they change.</summary>
    public Vocabulary Vocabulary => _vocabulary ?? throw new InvalidOperationException("Nothing was compiled yet.");

    /// <summary>When labels that no pod has any more are let go; <see langword="null"/> when there are none.</summary>
    public TimeSpan? NextExpiry { get; private set; }

    /// <summary>The groups that the pods need now.</summary>
    public CompiledPolicies Compile(IEnumerable<PodEntry> pods)
    {
        bool services = _services.Refresh(caches.Services.List());
        bool changed = _policies.Refresh(caches.Policies.List()) | services | _spaces.Refresh(caches.Namespaces.List()) | _slices.Refresh(caches.Slices.List())
            | _nodes.Refresh(caches.Nodes.List()) | _networks.Refresh(caches.Networks.List());
        if (changed || _vocabulary is null) Describe();
        changed |= Represent(pods);
        if (!changed && _compiled is not null) return _compiled;
        Compilations++;
        return _compiled = PolicyCompiler.Compile(_world with { Pods = [.. _alike.Values.Select(a => Allowed(a.Pod))] });
    }

    /// <summary>The groups of a pod.</summary>
    public static EquatableArray<string> GroupsOf(PodEntry pod)
        => [CompiledPolicies.ClusterGroup, CompiledPolicies.NamespaceGroup(pod.Name.Namespace), pod.Identity!.GroupKey];

    private static Service? ServiceOf(NetworkCaches caches, EndpointSlice slice)
        => caches.Services.Get(new(slice.Metadata.Namespace, slice.Metadata.Labels.GetValueOrDefault(EndpointSlice.ServiceNameLabel) ?? ""));

    private void Describe()
    {
        ILookup<NamespacedName, PolicyEndpoint> endpoints = _slices.Values.Values.SelectMany(s => s.Endpoints.Select(e => (s.Service, Endpoint: e))).ToLookup(e => e.Service, e => e.Endpoint);
        _world = new PolicyWorld
        {
            Namespaces = _spaces.Values.ToDictionary(s => s.Key.Name, s => (IReadOnlyDictionary<string, string>)s.Value.Labels.ToDictionary()),
            Policies = [.. _policies.Values.Values],
            Networks = [.. _networks.Values.Values.OrderBy(n => n.Key, StringComparer.Ordinal)],
            Services = [.. _services.Values.Values.Select(s => PolicySources.Of(s, [.. endpoints[s.Metadata.Key]])).OfType<PolicyService>()],
            NodeAddresses = [.. _nodes.Values.Values.SelectMany(n => n.Addresses).Distinct().Order(StringComparer.Ordinal)],
        };
        Vocabulary now = Vocabulary.Of(_world);
        if (_vocabulary is not null && now.IsSameAs(_vocabulary)) return;
        _vocabulary = now;
        _alike.Clear();
    }

    /// <summary>One pod stands for all that are alike.</summary>
    private bool Represent(IEnumerable<PodEntry> pods)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool changed = false;
        var seen = new HashSet<string>();
        foreach (PodEntry pod in pods)
        {
            pod.Identify(_vocabulary!);
            if (!seen.Add(pod.Likeness)) continue;
            changed |= !_alike.ContainsKey(pod.Likeness);
            _alike[pod.Likeness] = (pod.Policy, now);
        }

        foreach ((string likeness, (_, DateTimeOffset last)) in _alike)
            if (!seen.Contains(likeness) && now - last >= options.GroupGrace) changed |= _alike.Remove(likeness);
        NextExpiry = _alike.Count == seen.Count ? null : _alike.Where(a => !seen.Contains(a.Key)).Min(a => a.Value.Seen) + options.GroupGrace - now;
        return changed;
    }

    private PolicyPod Allowed(PolicyPod pod)
        => pod.Uses.IsEmpty ? pod : pod with { Uses = [.. pod.Uses.Where(u => caches.Services.Get(u) is { } service && ServiceUse.IsAllowed(pod.Name.Namespace, service))] };
}
