using System.Net;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Ports;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Control;

/// <summary>How each node plugs pods.</summary>
internal static class NodeBindings
{
    private const string ProviderPrefix = "openstack://";

    /// <summary>Whether an operator says that nothing runs on a node any more, nor will: what was plugged on it is gone.</summary>
    public static bool IsOutOfService(Node node) => node.Spec.Taints.Any(t => t.Key == PortPlanner.OutOfServiceTaint);

    /// <summary>The addresses by which a node speaks to its pods.</summary>
    public static IEnumerable<string> AddressesOf(Node node) => Internal(node).Where(a => IPAddress.TryParse(a, out _));

    /// <summary>What a node calls its addresses and is none.</summary>
    public static IEnumerable<string> UnreadableOf(Node node) => Internal(node).Where(a => !IPAddress.TryParse(a, out _));

    /// <summary>
    /// The nodes that can plug pods: with their trunk, or bound to their host; and what is in the way of the others. Of several nodes that say they are the
    /// same machine the oldest has its trunk.
    /// </summary>
    public static (Dictionary<string, PortNode> Nodes, Dictionary<string, string> Problems) Of(IEnumerable<Node> nodes, IEnumerable<Trunk> trunks, ILookup<string, Port> parents)
    {
        Dictionary<string, Trunk> byPort = trunks.GroupBy(t => t.PortId).ToDictionary(t => t.Key, t => t.First());
        var able = new Dictionary<string, PortNode>();
        var problems = new Dictionary<string, string>();
        var owners = new Dictionary<string, string>();
        foreach (Node node in nodes.OrderBy(n => n.Metadata.CreationTimestamp).ThenBy(n => n.Metadata.Name, StringComparer.Ordinal))
        {
            string name = node.Metadata.Name;
            (NodeBinding? binding, string? problem) = BindingOf(node, byPort, parents);
            if (binding is NodeBinding.Vlan vlan && !owners.TryAdd(vlan.TrunkId, name))
                (binding, problem) = (null, $"its spec.providerID {node.Spec.ProviderId} is that of node {owners[vlan.TrunkId]} too, which has the machine's trunk: delete the node that is left over, or correct its providerID");
            if (binding is not null) able[name] = new(name, binding);
            else problems[name] = problem!;
        }

        return (able, problems);
    }

    private static IEnumerable<string> Internal(Node node) => node.Status.Addresses.Where(a => a.Type == "InternalIP").Select(a => a.Address);

    private static (NodeBinding? Binding, string? Problem) BindingOf(Node node, Dictionary<string, Trunk> byPort, ILookup<string, Port> parents)
    {
        string name = node.Metadata.Name;
        string? wanted = node.Metadata.Annotations.GetValueOrDefault(NetworkNames.BindingAnnotation);
        string? server = node.Spec.ProviderId is { } id && id.StartsWith(ProviderPrefix, StringComparison.Ordinal) ? id[(id.LastIndexOf('/') + 1)..] : null;
        switch (wanted)
        {
            case "ovs":
            case null when server is null && node.Spec.ProviderId is { Length: > 0 }:
                return (new NodeBinding.Ovs(name), null);
            case "vlan" or null when server is not null:
                Port? parent = parents[server].OrderBy(p => p.Id, StringComparer.Ordinal).FirstOrDefault(p => byPort.ContainsKey(p.Id));
                return parent is null
                    ? (null, $"no port of server {server} is the parent of a trunk: make a trunk of it (openstack network trunk create --parent-port PORT {name}), or annotate the node with {NetworkNames.BindingAnnotation}: ovs")
                    : (new NodeBinding.Vlan(byPort[parent.Id].Id, parent.MacAddress), null);
            case "vlan" or null:
                return (null, $"nothing says which machine it is: the cloud controller sets spec.providerID; a node that is no server of the cloud is annotated with {NetworkNames.BindingAnnotation}: ovs");
            default:
                return (null, $"annotation {NetworkNames.BindingAnnotation} \"{wanted}\": write vlan or ovs");
        }
    }
}
