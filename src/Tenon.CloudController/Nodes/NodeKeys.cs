namespace Tenon.CloudController.Nodes;

/// <summary>The names by which kubelet, scheduler and cloud controller understand each other.</summary>
public static class NodeKeys
{
    /// <summary>The taint that a kubelet sets until a cloud controller has initialised its node.</summary>
    public const string Uninitialized = "node.cloudprovider.kubernetes.io/uninitialized";

    /// <summary>The taint of a node whose server is shut down.</summary>
    public const string Shutdown = "node.cloudprovider.kubernetes.io/shutdown";

    /// <summary>The label that keeps a node from being tainted or deleted with its server.</summary>
    public const string ExcludeFromLifecycle = "node.kubernetes.io/exclude-from-lifecycle-management";

    /// <summary>The addresses that a kubelet was told to use (<c>--node-ip</c>).</summary>
    public const string ProvidedNodeIp = "alpha.kubernetes.io/provided-node-ip";

    /// <summary>The zone.</summary>
    public const string Zone = "topology.kubernetes.io/zone";

    /// <summary>The zone's old name, which goes before <see cref="Zone"/> where the two differ.</summary>
    public const string BetaZone = "failure-domain.beta.kubernetes.io/zone";

    /// <summary>The region.</summary>
    public const string Region = "topology.kubernetes.io/region";

    /// <summary>The region's old name, which goes before <see cref="Region"/> where the two differ.</summary>
    public const string BetaRegion = "failure-domain.beta.kubernetes.io/region";

    /// <summary>The flavor.</summary>
    public const string InstanceType = "node.kubernetes.io/instance-type";

    /// <summary>The flavor's old name.</summary>
    public const string BetaInstanceType = "beta.kubernetes.io/instance-type";

    /// <summary>The type of an address inside the cloud.</summary>
    public const string InternalIp = "InternalIP";

    /// <summary>The type of an address outside it.</summary>
    public const string ExternalIp = "ExternalIP";

    /// <summary>The type of a host name.</summary>
    public const string Hostname = "Hostname";

    /// <summary>The effect of both taints.</summary>
    public const string NoSchedule = "NoSchedule";
}
