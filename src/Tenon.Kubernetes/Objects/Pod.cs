using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>A core/v1 Pod, as far as controllers read it. Pods are changed with patches.</summary>
public sealed record Pod : IKubernetesObject
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Pod", "pods", Namespaced: true);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Pod</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What should run.</summary>
    public PodSpec Spec { get => field ?? new(); init; }

    /// <summary>What was observed.</summary>
    public PodStatus Status { get => field ?? new(); init; }
}

/// <summary>What should run in a pod.</summary>
public sealed record PodSpec
{
    /// <summary>The node that runs it; unset until it is scheduled.</summary>
    public string? NodeName { get; init; }

    /// <summary>Whether it uses the node's network.</summary>
    public bool HostNetwork { get; init; }

    /// <summary>Its identity towards the API.</summary>
    public string? ServiceAccountName { get; init; }

    /// <summary>Its DNS label.</summary>
    public string? Hostname { get; init; }

    /// <summary>The headless Service of its DNS name.</summary>
    public string? Subdomain { get; init; }

    /// <summary>How long it may take to end, in seconds.</summary>
    public long? TerminationGracePeriodSeconds { get; init; }

    /// <summary>The containers.</summary>
    public IReadOnlyList<Container> Containers { get => field ?? []; init; }
}

/// <summary>A container of a pod.</summary>
public sealed record Container
{
    /// <summary>The name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>The image.</summary>
    public string? Image { get; init; }

    /// <summary>The ports that it tells of.</summary>
    public IReadOnlyList<ContainerPort> Ports { get => field ?? []; init; }
}

/// <summary>A port of a container.</summary>
public sealed record ContainerPort
{
    /// <summary>The name to which Services may refer.</summary>
    public string? Name { get; init; }

    /// <summary>The port.</summary>
    [JsonPropertyName("containerPort")]
    public int Port { get; init; }

    /// <summary>The port on the node.</summary>
    public int HostPort { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</summary>
    public string Protocol { get => field ?? "TCP"; init; }
}

/// <summary>What was observed of a pod.</summary>
public sealed record PodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>The node's address.</summary>
    public string? HostIP { get; init; }

    /// <summary>The first address.</summary>
    public string? PodIP { get; init; }

    /// <summary>The addresses, at most one a family.</summary>
    public IReadOnlyList<PodIPAddress> PodIPs { get => field ?? []; init; }

    /// <summary>The conditions.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }

    /// <summary>A CamelCase word for the state.</summary>
    public string? Reason { get; init; }

    /// <summary>Details for people.</summary>
    public string? Message { get; init; }

    /// <summary>When the kubelet took it over.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? StartTime { get; init; }
}

/// <summary>One address of a pod.</summary>
/// <param name="Ip">The address.</param>
public sealed record PodIPAddress(string Ip);
