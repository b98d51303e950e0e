using System.Text.Json.Serialization;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Contracts;

/// <summary>
/// The port of one pod: what its node needs to plug it, and what the node reports back. It has the pod's namespace and name, is owned by the pod, and is
/// labelled with the node (<see cref="NetworkNames.NodeLabel"/>). The controller writes the spec, the node's agent the status. While
/// <see cref="NetworkNames.Finalizer"/> is on it, the port is the pod's; the controller takes it off once <see cref="IsReportedUnplugged"/> holds, or the node is gone.
/// </summary>
public sealed record PodPort() : CustomResource<PodPortSpec, PodPortStatus>(Resource), IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new(NetworkNames.Group, NetworkNames.Version, "PodPort", "podports", Namespaced: true);

    /// <summary>Whether the node reports that packets flow.</summary>
    [JsonIgnore]
    public bool IsPlugged => Condition is { Status: "True" };

    /// <summary>
    /// Whether the node reports, of this very generation, that nothing of the pod is plugged. Asking for deletion is a new generation, and the node plugs
    /// nothing that is being deleted: once both hold, the port may be given to another pod.
    /// </summary>
    [JsonIgnore]
    public bool IsReportedUnplugged
        => Condition is { Status: "False", Reason: NetworkNames.UnpluggedReason } condition && condition.ObservedGeneration == Metadata.Generation;

    [JsonIgnore]
    private Condition? Condition => Status?.Conditions.FirstOrDefault(c => c.Type == NetworkNames.PluggedCondition);
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

    /// <summary>The MTU of the network; zero leaves it to the node's kernel.</summary>
    public int Mtu { get; init; }

    /// <summary>What the network says of names; unset says nothing. The kubelet writes a pod's <c>resolv.conf</c> itself, other runtimes take it from here.</summary>
    public PodPortDns? Dns { get; init; }
}

/// <summary>Name servers of a network, as the CNI's <c>dns</c> has them.</summary>
public sealed record PodPortDns
{
    /// <summary>The servers' addresses, the preferred first.</summary>
    public IReadOnlyList<string> Nameservers { get => field ?? []; init; }

    /// <summary>The local domain.</summary>
    public string? Domain { get; init; }

    /// <summary>The domains in which short names are sought.</summary>
    public IReadOnlyList<string> Search { get => field ?? []; init; }
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
    /// <summary>The container (CNI_CONTAINERID) to which it is plugged; unset when it is not.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The name of its interface in the container.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>The name of its interface on the node; unset where there is none, as with a VLAN interface of the kernel.</summary>
    public string? HostInterface { get; init; }

    /// <summary>Condition <see cref="NetworkNames.PluggedCondition"/>, with the reasons that are named there and the generation that was seen.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }
}
