using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>A core/v1 Node. <c>status.images</c> and <c>status.volumes…</c> are not modelled: change a node's status with a patch.</summary>
public sealed record Node : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Node", "nodes", Namespaced: false);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Node</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What the node should be.</summary>
    public NodeSpec Spec { get => field ?? new(); init; }

    /// <summary>What was observed.</summary>
    public NodeStatus Status { get => field ?? new(); init; }
}

/// <summary>What a node should be.</summary>
public sealed record NodeSpec
{
    /// <summary>The machine's identity in the cloud, <c>openstack:///ID</c>; set once.</summary>
    [JsonPropertyName("providerID")]
    public string? ProviderId { get; init; }

    /// <summary>The first range of pod addresses of this node.</summary>
    [JsonPropertyName("podCIDR")]
    public string? PodCidr { get; init; }

    /// <summary>The ranges of pod addresses of this node, at most one an IP family.</summary>
    [JsonPropertyName("podCIDRs")]
    public IReadOnlyList<string> PodCidrs { get => field ?? []; init; }

    /// <summary>Whether the scheduler leaves the node out.</summary>
    public bool Unschedulable { get; init; }

    /// <summary>What repels pods.</summary>
    public IReadOnlyList<Taint> Taints { get => field ?? []; init; }
}

/// <summary>Repels pods that do not tolerate it.</summary>
public sealed record Taint
{
    /// <summary>The taint's name.</summary>
    public string Key { get => field ?? ""; init; }

    /// <summary>The taint's value.</summary>
    public string? Value { get; init; }

    /// <summary><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>.</summary>
    public string Effect { get => field ?? ""; init; }

    /// <summary>When a <c>NoExecute</c> taint was added.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? TimeAdded { get; init; }
}

/// <summary>What was observed of a node.</summary>
public sealed record NodeStatus
{
    /// <summary>How the node can be reached, the preferred of each type first.</summary>
    public IReadOnlyList<NodeAddress> Addresses { get => field ?? []; init; }

    /// <summary>The node's conditions.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }

    /// <summary>What the machine has.</summary>
    public IReadOnlyDictionary<string, Quantity> Capacity { get => field ?? NoQuantities; init; }

    /// <summary>What pods may use of it.</summary>
    public IReadOnlyDictionary<string, Quantity> Allocatable { get => field ?? NoQuantities; init; }

    /// <summary>Versions and identities that the kubelet reports.</summary>
    public NodeSystemInfo? NodeInfo { get; init; }

    private static IReadOnlyDictionary<string, Quantity> NoQuantities
        => System.Collections.ObjectModel.ReadOnlyDictionary<string, Quantity>.Empty;
}

/// <summary>One address of a node.</summary>
/// <param name="Type"><c>InternalIP</c>, <c>ExternalIP</c>, <c>Hostname</c>, <c>InternalDNS</c> or <c>ExternalDNS</c>.</param>
/// <param name="Address">The address or name.</param>
public sealed record NodeAddress(string Type, string Address);

/// <summary>Versions and identities that the kubelet reports.</summary>
public sealed record NodeSystemInfo
{
    /// <summary>The machine's ID of <c>/etc/machine-id</c>.</summary>
    [JsonPropertyName("machineID")]
    public string? MachineId { get; init; }

    /// <summary>The firmware's UUID, in OpenStack the server's ID.</summary>
    [JsonPropertyName("systemUUID")]
    public string? SystemUuid { get; init; }

    /// <summary>Changes with each boot.</summary>
    [JsonPropertyName("bootID")]
    public string? BootId { get; init; }

    /// <summary>The kernel's version.</summary>
    public string? KernelVersion { get; init; }

    /// <summary>The operating system's name for people.</summary>
    public string? OsImage { get; init; }

    /// <summary>The container runtime and its version.</summary>
    public string? ContainerRuntimeVersion { get; init; }

    /// <summary>The kubelet's version.</summary>
    public string? KubeletVersion { get; init; }

    /// <summary><c>linux</c> or <c>windows</c>.</summary>
    public string? OperatingSystem { get; init; }

    /// <summary>The processor architecture, in Go's words.</summary>
    public string? Architecture { get; init; }
}
