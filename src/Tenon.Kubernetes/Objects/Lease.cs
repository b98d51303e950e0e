using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>A coordination.k8s.io/v1 Lease.</summary>
public sealed record Lease : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("coordination.k8s.io", "v1", "Lease", "leases", Namespaced: true);

    /// <summary>Always <c>coordination.k8s.io/v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Lease</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>Who holds it.</summary>
    public LeaseSpec Spec { get => field ?? new(); init; }
}

/// <summary>Who holds a lease, and for how long.</summary>
public sealed record LeaseSpec
{
    /// <summary>The holder; empty once it is released.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>How long others must wait after the last renewal, in seconds.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When the present holder acquired it.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When the present holder last renewed it, by the holder's clock.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often the holder changed.</summary>
    public int? LeaseTransitions { get; init; }

    /// <summary>How the holder is chosen, in coordinated election.</summary>
    public string? Strategy { get; init; }

    /// <summary>Who should take over, in coordinated election.</summary>
    public string? PreferredHolder { get; init; }
}
