using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;
using Tenon.Network.Ports;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Control;

/// <summary>What holds for all nodes alike.</summary>
/// <param name="Vocabulary">The words in which pods are told apart.</param>
/// <param name="Groups">The IDs of the security groups, by key.</param>
/// <param name="Nodes">How the nodes plug pods.</param>
/// <param name="KnownNodes">The nodes that there are.</param>
/// <param name="Networks">The networks that are ready.</param>
/// <param name="Unready">The keys of the groups that are not as they should be.</param>
internal sealed record PortBasis(
    Vocabulary Vocabulary, IReadOnlyDictionary<string, string> Groups, IReadOnlyDictionary<string, PortNode> Nodes, IReadOnlySet<string> KnownNodes,
    IReadOnlyDictionary<string, PortNetwork> Networks, IReadOnlySet<string> Unready)
{
    /// <summary>Whether what was planned for a node on the ground of this is still right on the ground of another.</summary>
    public bool StillHolds(PortBasis now)
        => Unready.SetEquals(now.Unready) && ReferenceEquals(Vocabulary, now.Vocabulary) && KnownNodes.SetEquals(now.KnownNodes)
            && Groups.All(g => now.Groups.TryGetValue(g.Key, out string? id) && id == g.Value) && Same(Nodes, now.Nodes, (one, other) => one == other) && Same(Networks, now.Networks, Same);

    private static bool Same<T>(IReadOnlyDictionary<string, T> one, IReadOnlyDictionary<string, T> other, Func<T, T, bool> same)
        => one.Count == other.Count && one.All(o => other.TryGetValue(o.Key, out T? value) && same(o.Value, value));

    /// <summary>Whatever is written into a network's status, such as the number of its pods, comes with lists that are new and say the same.</summary>
    private static bool Same(PortNetwork one, PortNetwork other)
        => one with { Subnets = [] } == other with { Subnets = [] } && one.Subnets.Count == other.Subnets.Count && one.Subnets.Zip(other.Subnets).All(s => Same(s.First, s.Second));

    private static bool Same(VirtualSubnet one, VirtualSubnet other)
        => one with { DnsNameservers = other.DnsNameservers, HostRoutes = other.HostRoutes } == other with { DnsNameservers = other.DnsNameservers, HostRoutes = other.HostRoutes }
            && one.DnsNameservers.SequenceEqual(other.DnsNameservers) && one.HostRoutes.SequenceEqual(other.HostRoutes);
}

/// <summary>
/// What the planner is shown. A pod's port depends on nothing of other nodes, so that one more pod has its own node planned again and no other: only what
/// holds for all nodes, a fresh list of the cloud, or a pass that was not finished has all of them planned.
/// </summary>
/// <param name="options">The pools.</param>
/// <param name="cloud">The ports and trunks.</param>
/// <param name="podPorts">The PodPorts.</param>
internal sealed class PortView(NetworkOptions options, CloudPorts cloud, PodPortBook podPorts)
{
    private readonly HashSet<string> _changed = [];
    private readonly HashSet<string> _unfilled = [];
    private List<PortProblem> _problems = [];
    private PortBasis? _basis;
    private HashSet<string>? _scope;
    private bool _allUnfilled;

    /// <summary>The nodes on which something changed since they were last planned.</summary>
    public ISet<string> Changed => _changed;

    /// <summary>Has all nodes planned next.</summary>
    public void Forget() => _basis = null;

    /// <summary>The wishes of a pass; what the cloud has is shown by <see cref="See"/>.</summary>
    /// <param name="pods">The pods that need a port.</param>
    /// <param name="live">All that live, those among them that cannot be given one: what they have is theirs.</param>
    /// <param name="basis">What holds for all nodes.</param>
    /// <param name="pool">The pools as they are to be now.</param>
    public PortWorld Wish(List<PodEntry> pods, IEnumerable<PodEntry> live, PortBasis basis, PoolSize pool)
    {
        bool refills = pool.Minimum == options.Pool.Minimum;
        bool everything = _basis is null || !_basis.StillHolds(basis) || (refills && _allUnfilled);
        _unfilled.UnionWith(_changed);
        _scope = everything ? null : [.. refills ? _unfilled : _changed];
        if (refills) _unfilled.Clear();
        _allUnfilled = !refills && (everything || _allUnfilled);
        _changed.Clear();
        _basis = basis;

        GroupsOfPods groups = new(basis, basis.Unready.Count == 0 ? [] : cloud.UsedGroups());
        var wishes = new List<PodWish>();
        foreach (PodEntry pod in pods.Where(p => p.Node.Length > 0 && IsInScope(p.Node)).OrderBy(p => p.CreatedAt).ThenBy(p => p.Uid, StringComparer.Ordinal))
            wishes.Add(new(pod.Name, pod.Uid, pod.Node, pod.Wished, groups.Of(pod)) { IsLeaving = pod.IsLeaving });
        HashSet<string> uids = [.. live.Where(p => IsInScope(p.Node)).Select(p => p.Uid)];
        return new PortWorld { Mark = cloud.Mark, Pods = wishes, Live = uids, Nodes = basis.Nodes, KnownNodes = basis.KnownNodes, Networks = basis.Networks, Pool = pool };
    }

    /// <summary>The world with what there is now, of the nodes that are planned.</summary>
    public PortWorld See(PortWorld world)
    {
        Dictionary<string, Port> ports = PortsInScope(world).ToDictionary(p => p.Id);
        HashSet<NamespacedName> wished = [.. world.Pods.Select(p => p.Pod)];
        var specs = new Dictionary<NamespacedName, PodPortSpec>();
        HashSet<NamespacedName> plugged = [], leaving = [];
        foreach (PodPort podPort in podPorts.All())
        {
            NamespacedName key = podPort.Metadata.Key;
            if (!IsInScope(podPort.Spec.Node) && !wished.Contains(key))
            {
                // Whatever it looks like in the cloud: a port that is given is not free.
                ports.Remove(podPort.Spec.PortId);
                continue;
            }

            specs[key] = podPort.Spec;
            if (podPort.Metadata.IsBeingDeleted) leaving.Add(key);
            if (!podPort.Metadata.IsBeingDeleted || !podPort.IsReportedUnplugged) plugged.Add(key);
        }

        foreach (Port port in specs.Values.Select(s => cloud.Find(s.PortId)).OfType<Port>()) ports[port.Id] = port;
        IEnumerable<Trunk> trunks = _scope is null
            ? cloud.Trunks
            : cloud.TrunksOf(_scope.Select(world.Nodes.GetValueOrDefault).Select(n => n?.Binding).OfType<NodeBinding.Vlan>().Select(b => b.TrunkId));
        return world with { PodPorts = specs, Plugged = plugged, Leaving = leaving, Ports = [.. ports.Values], Trunks = trunks.ToDictionary(t => t.Id, t => t.SubPorts) };
    }

    /// <summary>The problems of all pods, of those among them whose nodes were not planned.</summary>
    /// <param name="found">Those of the nodes that were.</param>
    /// <param name="nodeOf">The node of a pod; <see langword="null"/> when it is gone.</param>
    public IReadOnlyList<PortProblem> Problems(IEnumerable<PortProblem> found, Func<NamespacedName, string?> nodeOf)
        => _problems = [.. _problems.Where(p => (p.Pod.Namespace.Length == 0 ? p.Pod.Name : nodeOf(p.Pod)) is { } node && !IsInScope(node)), .. found];

    private bool IsInScope(string node) => _scope is null || _scope.Contains(node);

    /// <summary>The ports in the trunks or bound to the hosts of the nodes, and the new ones that were made for their pods and pools.</summary>
    private IEnumerable<Port> PortsInScope(PortWorld world)
    {
        if (_scope is null) return cloud.Ports;
        HashSet<string> trunks = [], hosts = [], names = [];
        foreach (string node in _scope)
        {
            names.Add(PortPlanner.PoolNameOf(node));
            if (world.Nodes.GetValueOrDefault(node)?.Binding is NodeBinding.Vlan vlan) trunks.Add(vlan.TrunkId);
            else if (world.Nodes.GetValueOrDefault(node)?.Binding is NodeBinding.Ovs ovs) hosts.Add(ovs.Host);
        }

        foreach (PodWish pod in world.Pods) names.Add(PortPlanner.NameOf(pod.Pod));
        return cloud.Ports.Where(p => cloud.TrunkOf(p) is { } trunk ? trunks.Contains(trunk) : p.BindingHostId is { Length: > 0 } host ? hosts.Contains(host) : names.Contains(p.Name));
    }

    /// <summary>The groups of pods, each likeness looked up once.</summary>
    /// <param name="basis">The groups that there are.</param>
    /// <param name="used">
    /// Those that some port has. Others are not given before they are as they should be: a pod with too few rules would be cut off, one with too many would be open.
    /// </param>
    private sealed class GroupsOfPods(PortBasis basis, HashSet<string> used)
    {
        private readonly Dictionary<(string, string), EquatableArray<string>?> _known = [];

        public EquatableArray<string>? Of(PodEntry pod)
        {
            (string, string) likeness = (pod.Name.Namespace, pod.Identity!.GroupKey);
            if (_known.TryGetValue(likeness, out EquatableArray<string>? known)) return known;
            EquatableArray<string> keys = PolicyBook.GroupsOf(pod);
            string[] found = [.. keys.Select(k => basis.Groups.TryGetValue(k, out string? id) && (!basis.Unready.Contains(k) || used.Contains(id)) ? id : null).OfType<string>()];
            return _known[likeness] = found.Length == keys.Count ? [.. found.Order(StringComparer.Ordinal)] : null;
        }
    }
}
