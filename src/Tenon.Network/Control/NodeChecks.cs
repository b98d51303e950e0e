using Tenon.Kubernetes.Objects;
using Tenon.Network.Ports;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Control;

/// <summary>Finds what keeps nodes from plugging pods before any pod asks. Reads only.</summary>
public static class NodeChecks
{
    /// <summary>What is in the way, by node: no trunk, or no right to bind ports to hosts. Nodes in order are not in it.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="ports">Reads the project's ports.</param>
    /// <param name="trunks">Reads the project's trunks.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public static async Task<IReadOnlyDictionary<string, string>> ProblemsAsync(
        IReadOnlyCollection<Node> nodes, IPortReader ports, ITrunkClient trunks, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(trunks);
        List<Trunk> seen = await trunks.ListTrunksAsync(new(), cancellationToken).ToListAsync(cancellationToken);
        List<Port> parents = seen.Count == 0 ? [] : await ports.ListPortsAsync(new() { Ids = [.. seen.Select(t => t.PortId)] }, cancellationToken).ToListAsync(cancellationToken);
        (Dictionary<string, PortNode> able, Dictionary<string, string> problems) = NodeBindings.Of(nodes, seen, parents.ToLookup(p => p.DeviceId));
        PortNode[] hosts = [.. able.Values.Where(n => n.Binding is NodeBinding.Ovs)];
        if (hosts.Length == 0 || !await HidesHostsAsync(ports, cancellationToken)) return problems;
        foreach (PortNode node in hosts) problems[node.Name] = PortProblems.HostsAreHidden;
        return problems;
    }

    /// <summary>
    /// Whether Neutron shows this project its ports without the hosts that they are bound to: its policy gives the right to see them to those who may bind.
    /// Where there is no port to be seen, nothing is known, and nothing is said.
    /// </summary>
    internal static async Task<bool> HidesHostsAsync(IPortReader ports, CancellationToken cancellationToken)
        => await ports.ListPortsAsync(new(), cancellationToken).FirstOrDefaultAsync(cancellationToken) is { BindingHostId: null };
}
