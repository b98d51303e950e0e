using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Which nodes are members, and under which address: the rules of Kubernetes' service controller.</summary>
public sealed class NodeMembers
{
    /// <summary>The label that keeps a node out, whatever its value.</summary>
    public const string ExclusionLabel = "node.kubernetes.io/exclude-from-external-load-balancers";

    /// <summary>The taint by which the cluster autoscaler announces a node's removal.</summary>
    public const string AutoscalerTaint = "ToBeDeletedByClusterAutoscaler";

    private readonly ConcurrentDictionary<(NodeSelector, string?, string?), MemberTargets> _shared = [];

    /// <summary>
    /// Whether a node may be a member at all. A node that is NotReady stays: its health is for monitors to judge, and members that
    /// come and go with every hiccup of a kubelet would break connections.
    /// </summary>
    public static bool IsEligible(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (node.Metadata.IsBeingDeleted) return false;
        if (node.Metadata.Labels.ContainsKey(ExclusionLabel)) return false;
        return !node.Spec.Taints.Any(t => t.Key == AutoscalerTaint);
    }

    /// <summary>A node's address for members: the internal one, else the external one, of the family if one is given.</summary>
    public static string? Address(Node node, string? family)
    {
        ArgumentNullException.ThrowIfNull(node);
        foreach (string type in (ReadOnlySpan<string>)["InternalIP", "ExternalIP"])
        {
            foreach (NodeAddress address in node.Status.Addresses)
            {
                if (address.Type == type && IPAddress.TryParse(address.Address, out IPAddress? parsed)
                    && (family is null || parsed.AddressFamily is AddressFamily.InterNetworkV6 == (family == "IPv6"))) return address.Address;
            }
        }

        return null;
    }

    /// <summary>Whether two states of a node differ in what members are made of.</summary>
    public static bool Differ(Node before, Node after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        return IsEligible(before) != IsEligible(after)
            || before.Spec.ProviderId != after.Spec.ProviderId
            || !before.Status.Addresses.SequenceEqual(after.Status.Addresses)
            || !SameLabels(before.Metadata.Labels, after.Metadata.Labels);
    }

    /// <summary>The targets for a Service. Equal sets of targets are the same object.</summary>
    public MemberTargets Targets(IEnumerable<Node> nodes, NodeSelector selector, string? family, string? subnetId)
    {
        var targets = new MemberTargets(nodes
            .Where(n => IsEligible(n) && selector.Matches(n.Metadata.Labels))
            .Select(n => (n.Metadata.Name, Address: Address(n, family)))
            .Where(n => n.Address is not null)
            .Select(n => new MemberTarget(n.Name, n.Address!, subnetId)));
        return _shared.AddOrUpdate((selector, family, subnetId), targets, (_, old) => old.Items.SequenceEqual(targets.Items) ? old : targets);
    }

    /// <summary>The server's ID in a provider ID, <c>openstack:///ID</c> or <c>openstack://REGION/ID</c>.</summary>
    public static string? ServerId(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        const string scheme = "openstack://";
        if (node.Spec.ProviderId is not { } id || !id.StartsWith(scheme, StringComparison.Ordinal)) return null;
        string server = id[(id.LastIndexOf('/') + 1)..];
        return server.Length > 0 ? server : null;
    }

    private static bool SameLabels(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b)
        => a.Count == b.Count && a.All(l => b.TryGetValue(l.Key, out string? value) && value == l.Value);
}
