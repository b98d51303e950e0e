using System.Security.Cryptography;
using System.Text;

namespace Tenon.Network.Contracts;

/// <summary>The names by which pods, namespaces, Services and nodes speak to Tenon's network.</summary>
public static class NetworkNames
{
    /// <summary>The API group of the custom resources.</summary>
    public const string Group = "network.tenon.dev";

    /// <summary>The version of the custom resources.</summary>
    public const string Version = "v1alpha1";

    /// <summary>
    /// On a pod: the virtual network that it belongs to, <c>NAME</c> in its own namespace or <c>NAMESPACE/NAME</c>. On a namespace: the virtual network of
    /// its pods that say nothing.
    /// </summary>
    public const string NetworkAnnotation = "network.tenon.dev/network";

    /// <summary>On a pod: the Services that it uses, separated by commas, each <c>NAME</c> or <c>NAMESPACE/NAME</c>.</summary>
    public const string UsesAnnotation = "network.tenon.dev/uses";

    /// <summary>The label that says the same, within what a label's value may hold: <c>NAME</c> or <c>NAME.NAMESPACE</c>, several separated by <c>_</c>.</summary>
    public const string UsesLabel = "uses";

    /// <summary>On a Service: the namespaces whose pods may use it besides its own, separated by commas; <c>*</c> is all.</summary>
    public const string UsableByAnnotation = "network.tenon.dev/usable-by";

    /// <summary>On a node: how its pods are plugged, <c>vlan</c> (its port is the parent of a trunk) or <c>ovs</c> (its own integration bridge); unset: found out.</summary>
    public const string BindingAnnotation = "network.tenon.dev/binding";

    /// <summary>The finalizer of what has something in the cloud.</summary>
    public const string Finalizer = "network.tenon.dev/cloud";

    /// <summary>The node condition with which the agent says that it plugs pods.</summary>
    public const string NodeCondition = "TenonNetworkReady";

    /// <summary>The label of a PodPort that names its node; its value is <see cref="NodeLabelValue"/>.</summary>
    public const string NodeLabel = "network.tenon.dev/node";

    /// <summary>The condition of a PodPort that its node writes.</summary>
    public const string PluggedCondition = "Plugged";

    /// <summary><see cref="PluggedCondition"/> is <c>True</c>: packets flow.</summary>
    public const string PluggedReason = "Plugged";

    /// <summary><see cref="PluggedCondition"/> is <c>False</c>: nothing of the pod is plugged on the node.</summary>
    public const string UnpluggedReason = "Unplugged";

    /// <summary><see cref="PluggedCondition"/> is <c>False</c>: the last attempt failed, and something may be left until the next.</summary>
    public const string FailedReason = "PluggingFailed";

    private const int LongestLabelValue = 63;

    /// <summary>A node's name as a label's value: itself, or where it is too long for one its beginning with a hash of the whole.</summary>
    public static string NodeLabelValue(string node)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (node.Length <= LongestLabelValue) return node;
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(node)))[..10];
        return $"{node[..(LongestLabelValue - hash.Length - 1)].TrimEnd('.', '-')}-{hash}";
    }
}
