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

    /// <summary>The label of a PodPort that names its node.</summary>
    public const string NodeLabel = "network.tenon.dev/node";
}
