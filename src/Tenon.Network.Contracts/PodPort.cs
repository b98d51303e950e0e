using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Contracts;

/// <summary>
/// The port of one pod: what its node needs to plug it, and what the node reports back. It has the pod's namespace and name, is owned by the pod, and is
/// labelled with the node. The controller writes the spec, the node's agent the status.
/// </summary>
public sealed record PodPort() : CustomResource<PodPortSpec, PodPortStatus>(Resource), IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new(NetworkNames.Group, NetworkNames.Version, "PodPort", "podports", Namespaced: true);
}

/// <summary>What a node needs to plug a pod.</summary>
public sealed record PodPortSpec
{
    /// <summary>The UID of the pod; the same name may come back as another pod.</summary>
    public string PodUid { get => field ?? ""; init; }

    /// <summary>The node that plugs it.</summary>
    public string Node { get => field ?? ""; init; }

    /// <summary>The virtual network, as <c>NAMESPACE/NAME</c>.</summary>
    public string Network { get => field ?? ""; init; }

    /// <summary>The Neutron port.</summary>
    public string PortId { get => field ?? ""; init; }

    /// <summary>How it is plugged.</summary>
    public PortBinding Binding { get => field ?? new(); init; }

    /// <summary>The port's hardware address.</summary>
    public string MacAddress { get => field ?? ""; init; }

    /// <summary>The port's addresses, at most one a family.</summary>
    public IReadOnlyList<PodPortAddress> Addresses { get => field ?? []; init; }

    /// <summary>Routes beyond those of the addresses' gateways.</summary>
    public IReadOnlyList<PodPortRoute> Routes { get => field ?? []; init; }

    /// <summary>The MTU of the network.</summary>
    public int Mtu { get; init; }
}

/// <summary>How a pod's port is plugged.</summary>
public sealed record PortBinding
{
    /// <summary><c>vlan</c>: a subport of the node's trunk; <c>ovs</c>: an interface of the node's integration bridge.</summary>
    public string Type { get => field ?? ""; init; }

    /// <summary>The VLAN of the subport.</summary>
    public int? VlanId { get; init; }

    /// <summary>The hardware address of the trunk's parent, by which the node finds its interface.</summary>
    public string? ParentMacAddress { get; init; }
}

/// <summary>An address of a pod.</summary>
public sealed record PodPortAddress
{
    /// <summary>The address with the length of its subnet's prefix.</summary>
    public string Address { get => field ?? ""; init; }

    /// <summary>The subnet's gateway; unset where there is none.</summary>
    public string? Gateway { get; init; }
}

/// <summary>A route of a pod.</summary>
public sealed record PodPortRoute
{
    /// <summary>The destination.</summary>
    public string Destination { get => field ?? ""; init; }

    /// <summary>The next hop.</summary>
    public string NextHop { get => field ?? ""; init; }
}

/// <summary>What a node reports of a pod's port.</summary>
public sealed record PodPortStatus
{
    /// <summary>The container (CNI_CONTAINERID) to which it is plugged.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The name of its interface on the node.</summary>
    public string? HostInterface { get; init; }

    /// <summary>Condition <c>Plugged</c>: <c>True</c> once packets flow.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }
}
