using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Ports;

/// <summary>
/// Which ports are made, given to pods, moved to other groups and deleted. A port that no PodPort names is free: pods that are alike take it first, pools
/// keep some, and the rest goes, so that a crash at any point leaves nothing that the next plan does not find.
/// </summary>
public static class PortPlanner
{
    /// <summary>Ports in one call at most.</summary>
    public const int PortsPerCall = 250;

    /// <summary>The reason of a problem that mostly passes at once: the name is not free yet.</summary>
    public const string FormerPod = "FormerPodPlugged";

    /// <summary>The reason of a problem that the very next steps take away, and that is to be told all the same.</summary>
    public const string PodPortDeleted = "PodPortDeleted";

    /// <summary>The taint by which an operator says that a node is down for good, and nothing on it runs.</summary>
    public const string OutOfServiceTaint = "node.kubernetes.io/out-of-service";

    private const string PoolName = "pool of ";
    private const int FirstVlan = 2;
    private const int LastVlan = 4094;

    /// <summary>Plans the steps that can be taken now. Once they are done, plan again, until the plan is empty.</summary>
    public static PortPlan Plan(PortWorld world)
    {
        ArgumentNullException.ThrowIfNull(world);
        var pass = new Pass(world);
        pass.ForgetPodPorts();
        pass.ServePods();
        pass.KeepPools();
        return pass.Result();
    }

    /// <summary>The name of a pod's port, within Neutron's limit.</summary>
    public static string NameOf(NamespacedName pod) => BoundedName.Fit(pod.ToString(), 255);

    /// <summary>The name of a port that is made for a node's pools.</summary>
    public static string PoolNameOf(string node) => PoolName + node;

    /// <summary>What makes free ports alike.</summary>
    private sealed record Kind(string NetworkId, string Node, EquatableArray<string> Groups);

    private sealed class Pass
    {
        private readonly PortWorld _world;
        private readonly Dictionary<string, Port> _ports;
        private readonly Dictionary<string, (string Trunk, int Vlan)> _subPorts = [];
        private readonly Dictionary<string, string> _nodeOfHost;
        private readonly Dictionary<string, string> _nodeOfTrunk;
        private readonly ILookup<string, PortNetwork> _networks;
        private readonly Dictionary<Kind, Queue<Port>> _free = [];
        private readonly List<Port> _useless = [];
        private readonly HashSet<string> _named;
        private ILookup<(string NetworkId, string Node), Queue<Port>>? _spares;
        private readonly IReadOnlySet<string> _live;
        private readonly Dictionary<string, string> _nodeOfName;
        private readonly Dictionary<string, List<string>> _unplug = [];
        private readonly Dictionary<Kind, int> _used = [];
        private readonly List<PortCreate> _create = [];
        private readonly List<PortCreate> _refill = [];
        private readonly Dictionary<string, List<string>> _plug = [];
        private readonly List<PortChange> _write = [];
        private readonly List<PortChange> _delete = [];
        private readonly List<PortProblem> _problems = [];

        public Pass(PortWorld world)
        {
            _world = world;
            _ports = world.Ports.ToDictionary(p => p.Id);
            foreach ((string trunk, EquatableArray<SubPort> subPorts) in world.Trunks)
                foreach (SubPort sub in subPorts) _subPorts[sub.PortId] = (trunk, sub.SegmentationId);
            _nodeOfHost = world.Nodes.Values.Where(n => n.Binding is NodeBinding.Ovs).ToDictionary(n => ((NodeBinding.Ovs)n.Binding).Host, n => n.Name);
            _nodeOfTrunk = world.Nodes.Values.Where(n => n.Binding is NodeBinding.Vlan).ToDictionary(n => ((NodeBinding.Vlan)n.Binding).TrunkId, n => n.Name);
            _live = world.Live;
            _networks = world.Networks.Values.OrderBy(n => n.Key, StringComparer.Ordinal).ToLookup(n => n.NetworkId);
            _nodeOfName = world.Pods.ToDictionary(p => NameOf(p.Pod), p => p.Node);
            _named = [.. world.PodPorts.Values.Select(p => p.PortId)];
            foreach (Port port in world.Ports.Where(p => !_named.Contains(p.Id)).OrderBy(p => p.Id, StringComparer.Ordinal))
            {
                // What was made for a pod stays, or it would be made again and again.
                if (!_nodeOfName.ContainsKey(port.Name) && _networks.Contains(port.NetworkId) && _networks[port.NetworkId].All(n => AddressesOf(port, n).IsEmpty))
                {
                    _useless.Add(port);
                    continue;
                }

                Kind kind = new(port.NetworkId, NodeOf(port) ?? "", Sorted(port.SecurityGroups));
                if (!_free.TryGetValue(kind, out Queue<Port>? queue)) _free[kind] = queue = new();
                queue.Enqueue(port);
            }
        }

        /// <summary>A PodPort goes after its pod, once its node has unplugged it or is gone itself: only then is its port free.</summary>
        public void ForgetPodPorts()
        {
            foreach ((NamespacedName pod, PodPortSpec spec) in _world.PodPorts)
            {
                if (_live.Contains(spec.PodUid))
                {
                    // Somebody else asked for its deletion: once its node has unplugged the pod nothing is left to keep.
                    if (_world.Leaving.Contains(pod) && !_world.Plugged.Contains(pod)) _delete.Add(new PortChange.DeletePodPort(pod, spec.PodUid));
                }
                else if (!_world.Plugged.Contains(pod) || !_world.KnownNodes.Contains(spec.Node)) _delete.Add(new PortChange.DeletePodPort(pod, spec.PodUid));
                else if (!_world.Leaving.Contains(pod)) _delete.Add(new PortChange.AskToUnplug(pod, spec.PodUid));
            }
        }

        public void ServePods()
        {
            var wanting = new List<(PodWish Pod, Kind Kind)>();
            foreach (PodWish pod in _world.Pods)
            {
                PodPortSpec? given = _world.PodPorts.GetValueOrDefault(pod.Pod);
                bool runs = given?.PodUid == pod.Uid;
                if (runs) Follow(pod, given!);
                else if (given is not null) _problems.Add(new(pod.Pod, FormerPod, FormerPodMessage(pod.Pod, given)));
                else if (pod.IsLeaving) continue;

                // A running pod is on the network that it is on, whatever is asked for.
                if (!_world.Networks.TryGetValue(runs ? given!.Network : pod.Network, out PortNetwork? network))
                {
                    if (!runs) _problems.Add(new(pod.Pod, "NetworkNotReady", $"virtual network {pod.Network} is not ready; see kubectl describe virtualnetwork"));
                    continue;
                }

                EquatableArray<string>? groups = pod.Groups ?? (runs && _ports.TryGetValue(given!.PortId, out Port? port) ? Sorted(port.SecurityGroups) : null);
                if (groups is null)
                {
                    if (!runs) _problems.Add(new(pod.Pod, "GroupsNotReady", "the pod's security groups are not ready"));
                    continue;
                }

                Kind kind = new(network.NetworkId, pod.Node, groups.Value);
                _used[kind] = _used.GetValueOrDefault(kind) + 1;
                if (given is null && !Serve(pod, network, kind)) wanting.Add((pod, kind));
            }

            // A new port and its place in the trunk are two calls, whatever the number of pods; other groups for a free port that has its place are one call a pod.
            ILookup<string, (PodWish Pod, Kind Kind)> byNode = wanting.ToLookup(w => w.Kind.Node);
            foreach ((PodWish pod, Kind kind) in wanting)
            {
                if (byNode[kind.Node].Take(2).Count() == 1 && Spare(kind) is { } port) _write.Add(new PortChange.SetGroups(port.Id, kind.Groups));
                else _create.Add(Create(kind, NameOf(pod.Pod), pod.Uid));
            }
        }

        public void KeepPools()
        {
            foreach (Port port in _useless) Remove(port);
            foreach ((Kind kind, Queue<Port> free) in _free)
            {
                int keep = _used.ContainsKey(kind) && _world.Nodes.ContainsKey(kind.Node) ? _world.Pool.Maximum : 0;
                foreach (Port port in free.Take(keep)) Plug(port, kind.Node);
                foreach (Port port in free.Skip(keep)) Remove(port);
            }

            if (_world.Pool.Minimum == 0) return;
            foreach (Kind kind in _used.Keys.Where(k => _world.Nodes.ContainsKey(k.Node)))
            {
                int free = _free.TryGetValue(kind, out Queue<Port>? queue) ? queue.Count : 0;
                if (free >= _world.Pool.Minimum) continue;
                for (int i = 0; i < Math.Max(_world.Pool.Batch, _world.Pool.Minimum - free); i++) _refill.Add(Create(kind, PoolNameOf(kind.Node), kind.Node));
            }
        }

        public PortPlan Result() => new(
            [
                // What one network or one host refuses shall not hold up the others.
                .. Creates(_create, false),
                .. Creates(_refill, true),
                .. _plug.OrderBy(t => t.Key, StringComparer.Ordinal).SelectMany(t => SubPorts(t.Key, t.Value)),
                .. _write,
                .. _unplug.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => new PortChange.RemoveSubPorts(t.Key, [.. t.Value])),
                .. _delete,
            ],
            [.. _problems]);

        private static IEnumerable<PortChange> Creates(IEnumerable<PortCreate> ports, bool refill)
            => ports.GroupBy(c => (c.NetworkId, c.BindingHostId is null)).SelectMany(g => g.Chunk(PortsPerCall)).Select(c => new PortChange.CreatePorts([.. c], refill));

        private static EquatableArray<string> Sorted(EquatableArray<string> groups) => [.. groups.Order(StringComparer.Ordinal)];

        private static string FormerPodMessage(NamespacedName pod, PodPortSpec given)
            => $"PodPort {pod} is still that of an earlier pod of this name, which node {given.Node} has not said to have unplugged; if the node is dead, delete its Node object or taint it {OutOfServiceTaint}";

        /// <summary>A running pod's port has the groups that its labels and the policies say now, whatever else about it cannot be done.</summary>
        private void Follow(PodWish pod, PodPortSpec given)
        {
            if (!_ports.TryGetValue(given.PortId, out Port? port))
            {
                _problems.Add(new(pod.Pod, "PortLost", $"port {given.PortId} was deleted in the cloud by somebody else; delete the pod, so that it comes back with a new one"));
                return;
            }

            if (_world.Leaving.Contains(pod.Pod) && !pod.IsLeaving)
            {
                _problems.Add(new(pod.Pod, PodPortDeleted,
                    $"somebody deleted the pod's PodPort, so node {given.Node} unplugs it while it runs; a new PodPort follows, but nothing plugs a running pod again: delete the pod, so that it comes back"));
            }

            if (given.Network != pod.Network)
                _problems.Add(new(pod.Pod, "NetworkChangeRefused", $"a running pod stays on its network {given.Network}; delete the pod, so that it comes back on {pod.Network}"));
            if (pod.Groups is { } groups && Sorted(port.SecurityGroups) != groups) _write.Add(new PortChange.SetGroups(port.Id, groups));
        }

        /// <summary>Gives a pod a free port, where one is alike; what is missing is said.</summary>
        /// <returns>Whether nothing more can be done for it now: otherwise it needs a port.</returns>
        private bool Serve(PodWish pod, PortNetwork network, Kind kind)
        {
            if (!_world.Nodes.TryGetValue(pod.Node, out PortNode? node))
            {
                _problems.Add(new(pod.Pod, "NodeCannotPlug", $"node {pod.Node} has neither a trunk nor an integration bridge; make its port the parent of a trunk, or see docs/network.md"));
                return true;
            }

            if (_free.TryGetValue(kind, out Queue<Port>? free) && free.TryDequeue(out Port? port))
            {
                if (AddressesOf(port, network).IsEmpty)
                {
                    _problems.Add(new(pod.Pod, "PortWithoutAddress", $"port {port.Id} has no address of the subnets of virtual network {network.Key} ({string.Join(", ", network.Subnets.Select(s => s.Cidr))}); see kubectl describe virtualnetwork"));
                    return true;
                }

                if (Plug(port, node.Name)) _write.Add(new PortChange.WritePodPort(pod.Pod, SpecOf(pod, network, node, port)));
                return true;
            }

            return false;
        }

        /// <summary>A free port of a network in a node's trunk, of other groups; of the most numerous ones.</summary>
        private Port? Spare(Kind kind)
        {
            if (_world.Nodes[kind.Node].Binding is not NodeBinding.Vlan) return null;
            _spares ??= _free.ToLookup(f => (f.Key.NetworkId, f.Key.Node), f => f.Value);
            Queue<Port>? most = _spares[(kind.NetworkId, kind.Node)].Where(q => q.TryPeek(out Port? first) && _subPorts.ContainsKey(first.Id))
                .OrderByDescending(q => q.Count).ThenBy(q => q.Peek().Id, StringComparer.Ordinal).FirstOrDefault();
            return most?.Dequeue();
        }

        /// <summary>Whether the port is plugged into its node already; otherwise it will be.</summary>
        private bool Plug(Port port, string node)
        {
            if (_world.Nodes[node].Binding is not NodeBinding.Vlan vlan || _subPorts.ContainsKey(port.Id)) return true;
            if (!_plug.TryGetValue(vlan.TrunkId, out List<string>? ports)) _plug[vlan.TrunkId] = ports = [];
            ports.Add(port.Id);
            return false;
        }

        private PodPortSpec SpecOf(PodWish pod, PortNetwork network, PortNode node, Port port) => Told(network, port) with
        {
            PodUid = pod.Uid,
            Node = node.Name,
            Network = pod.Network,
            PortId = port.Id,
            MacAddress = port.MacAddress,
            Mtu = network.Mtu,
            Addresses = AddressesOf(port, network),
            Binding = node.Binding is NodeBinding.Vlan vlan
                ? new PortBinding { Type = "vlan", VlanId = _subPorts[port.Id].Vlan, ParentMacAddress = vlan.ParentMacAddress }
                : new PortBinding { Type = "ovs" },
        };

        /// <summary>What the port's subnets tell of names and routes; a default route only where there is no gateway.</summary>
        private static PodPortSpec Told(PortNetwork network, Port port)
        {
            VirtualSubnet[] subnets = [.. port.FixedIps.Select(ip => network.Subnets.FirstOrDefault(s => s.Id == ip.SubnetId)).OfType<VirtualSubnet>()];
            string[] servers = [.. subnets.SelectMany(s => s.DnsNameservers).Distinct()];
            return new()
            {
                Dns = servers.Length > 0 ? new PodPortDns { Nameservers = servers } : null,
                Routes = [.. subnets.SelectMany(s => s.HostRoutes.Where(r => s.Gateway is null || !r.Destination.EndsWith("/0", StringComparison.Ordinal)))],
            };
        }

        /// <summary>The port's addresses on the subnets of its virtual network. It may have others, on subnets of the Neutron network that nobody told of.</summary>
        private static EquatableArray<PodPortAddress> AddressesOf(Port port, PortNetwork network) =>
            [.. port.FixedIps.Select(ip => network.Subnets.FirstOrDefault(s => s.Id == ip.SubnetId) is { } subnet
                ? new PodPortAddress { Address = $"{ip.IpAddress}/{subnet.Cidr.Split('/')[1]}", Gateway = subnet.Gateway }
                : null).OfType<PodPortAddress>()];

        private PortCreate Create(Kind kind, string name, string device) => new()
        {
            NetworkId = kind.NetworkId,
            Name = name,
            Description = _world.Mark,
            // Neutron lets no port into a trunk that says it belongs to a device.
            DeviceId = _world.Nodes[kind.Node].Binding is NodeBinding.Ovs ? device : null,
            SecurityGroups = kind.Groups,
            // Of several subnets of a family Neutron would take any, and pods know of one. One whose addresses make themselves is in the port all the same.
            FixedIps = _networks[kind.NetworkId].First().Subnets.Select(s => new FixedIp(s.Id, "")).ToEquatableArray(),
            BindingHostId = (_world.Nodes[kind.Node].Binding as NodeBinding.Ovs)?.Host,
        };

        private void Remove(Port port)
        {
            if (_subPorts.TryGetValue(port.Id, out (string Trunk, int Vlan) sub))
            {
                if (!_unplug.TryGetValue(sub.Trunk, out List<string>? ports)) _unplug[sub.Trunk] = ports = [];
                ports.Add(port.Id);
            }

            _delete.Add(new PortChange.DeletePort(port.Id));
        }

        private string? NodeOf(Port port)
            => _subPorts.TryGetValue(port.Id, out (string Trunk, int Vlan) sub) ? _nodeOfTrunk.GetValueOrDefault(sub.Trunk)
                : port.BindingHostId is { Length: > 0 } host ? _nodeOfHost.GetValueOrDefault(host)
                : NodeOfNew(port);

        /// <summary>A port that is not plugged yet says by its name whom it was made for: a pod, or a node's pool.</summary>
        private string? NodeOfNew(Port port)
            => port.Name.StartsWith(PoolName, StringComparison.Ordinal) ? port.Name[PoolName.Length..] : _nodeOfName.GetValueOrDefault(port.Name);

        private IEnumerable<PortChange> SubPorts(string trunk, List<string> ports)
        {
            HashSet<int> taken = [.. _world.Trunks.GetValueOrDefault(trunk).Select(s => s.SegmentationId)];
            var added = new List<SubPort>();
            int vlan = FirstVlan;
            foreach (string port in ports)
            {
                while (vlan <= LastVlan && !taken.Add(vlan)) vlan++;
                if (vlan > LastVlan)
                {
                    string node = _nodeOfTrunk[trunk];
                    _problems.Add(new(new("", node), "NoVlanLeft", $"trunk {trunk} of node {node} has {LastVlan - FirstVlan + 1} subports, all that a trunk can have"));
                    break;
                }

                added.Add(new SubPort(port, vlan));
            }

            if (added.Count > 0) yield return new PortChange.AddSubPorts(trunk, [.. added]);
        }
    }
}
