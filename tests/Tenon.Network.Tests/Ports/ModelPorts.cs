using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Network.Ports;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Ports;

/// <summary>Neutron's ports and trunks, and the PodPorts of Kubernetes, in memory; counts the writes of the cloud.</summary>
internal sealed class ModelPorts
{
    private readonly Dictionary<string, Port> _ports = [];
    private readonly Dictionary<string, List<SubPort>> _trunks = [];
    private int _next;

    public Dictionary<NamespacedName, PodPortSpec> PodPorts { get; } = [];

    public HashSet<NamespacedName> Leaving { get; } = [];

    public HashSet<NamespacedName> Plugged { get; } = [];

    public int Writes { get; private set; }

    public IReadOnlyCollection<Port> Ports => _ports.Values;

    public IEnumerable<SubPort> SubPorts => _trunks.Values.SelectMany(t => t);

    /// <summary>The world with what is there now.</summary>
    public PortWorld See(PortWorld world) => world with
    {
        Ports = [.. _ports.Values],
        PodPorts = PodPorts.ToDictionary(),
        Plugged = Plugged.ToHashSet(),
        Leaving = Leaving.ToHashSet(),
        Trunks = _trunks.ToDictionary(t => t.Key, t => t.Value.ToEquatableArray()),
    };

    /// <summary>Plans and applies until nothing is left to do; <paramref name="crash"/> may end a pass after a step.</summary>
    public PortPlan Settle(PortWorld world, Func<bool>? crash = null)
    {
        for (int pass = 0; ; pass++)
        {
            pass.ShouldBeLessThan(60, "it does not settle");
            PortPlan plan = PortPlanner.Plan(See(world));
            if (plan.Changes.IsEmpty) return plan;
            foreach (PortChange change in plan.Changes)
            {
                Apply(change);
                if (crash?.Invoke() ?? false) break;
            }
        }
    }

    public void Apply(PortChange change)
    {
        if (change is not (PortChange.WritePodPort or PortChange.AskToUnplug or PortChange.DeletePodPort)) Writes++;
        switch (change)
        {
            case PortChange.CreatePorts create:
                foreach (PortCreate port in create.Ports)
                {
                    string id = $"port-{++_next:00000}";
                    _ports[id] = new()
                    {
                        Id = id, Name = port.Name, Description = port.Description, NetworkId = port.NetworkId, DeviceId = port.DeviceId ?? "",
                        SecurityGroups = port.SecurityGroups.Value, BindingHostId = port.BindingHostId, MacAddress = $"fa:16:3e:00:00:{_next % 256:x2}",
                        FixedIps = [new("subnet-" + port.NetworkId, $"10.0.{_next / 250}.{_next % 250}")],
                    };
                }

                break;
            case PortChange.AddSubPorts add:
                List<SubPort> trunk = _trunks.TryGetValue(add.TrunkId, out List<SubPort>? there) ? there : _trunks[add.TrunkId] = [];
                foreach (SubPort sub in add.SubPorts)
                {
                    SubPorts.Any(s => s.PortId == sub.PortId).ShouldBeFalse("a port is in one trunk");
                    _ports[sub.PortId].DeviceId.ShouldBeEmpty("Neutron refuses a subport that belongs to a device");
                    trunk.Any(s => s.SegmentationId == sub.SegmentationId).ShouldBeFalse("a VLAN is used once");
                    trunk.Add(sub);
                }

                break;
            case PortChange.SetGroups set:
                _ports[set.PortId] = _ports[set.PortId] with { SecurityGroups = set.Groups };
                break;
            case PortChange.WritePodPort write:
                PodPorts.Values.Any(p => p.PortId == write.Spec.PortId).ShouldBeFalse("a port is given once");
                PodPorts.Add(write.Pod, write.Spec);
                break;
            case PortChange.AskToUnplug ask:
                PodPorts[ask.Pod].PodUid.ShouldBe(ask.PodUid);
                Leaving.Add(ask.Pod).ShouldBeTrue("a node is asked once");
                break;
            case PortChange.DeletePodPort delete:
                PodPorts[delete.Pod].PodUid.ShouldBe(delete.PodUid);
                PodPorts.Remove(delete.Pod);
                Plugged.Remove(delete.Pod);
                Leaving.Remove(delete.Pod);
                break;
            case PortChange.RemoveSubPorts remove:
                _trunks[remove.TrunkId].RemoveAll(s => remove.PortIds.Contains(s.PortId)).ShouldBe(remove.PortIds.Count);
                break;
            case PortChange.DeletePort delete:
                SubPorts.Any(s => s.PortId == delete.PortId).ShouldBeFalse("a subport cannot be deleted");
                PodPorts.Values.Any(p => p.PortId == delete.PortId).ShouldBeFalse("a pod's port stays");
                _ports.Remove(delete.PortId).ShouldBeTrue();
                break;
            default:
                throw new InvalidOperationException(change.ToString());
        }
    }
}
