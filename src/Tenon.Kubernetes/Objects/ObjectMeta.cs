using System.Text.Json.Serialization;

namespace Tenon.Kubernetes.Objects;

/// <summary>
/// The metadata of an object. <c>managedFields</c> are deliberately not modelled: nothing here reads them, the API server keeps them
/// when an update leaves them out, and they would be a large part of every cache.
/// </summary>
public sealed record ObjectMeta
{
    /// <summary>The name, unique for its kind in its namespace.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>The prefix from which the server makes a unique name where <see cref="Name"/> is empty.</summary>
    public string? GenerateName { get; init; }

    /// <summary>The namespace; empty for cluster-scoped objects.</summary>
    public string Namespace { get => field ?? ""; init; }

    /// <summary>The server's identity of this one object, different after a deletion and new creation.</summary>
    public string Uid { get => field ?? ""; init; }

    /// <summary>The opaque version for optimistic concurrency and watches.</summary>
    public string ResourceVersion { get => field ?? ""; init; }

    /// <summary>Counts changes of the spec.</summary>
    public long Generation { get; init; }

    /// <summary>When the object was created.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>When deletion was asked for; the object goes when its finalizers are gone.</summary>
    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>How long a graceful deletion may take, in seconds.</summary>
    public long? DeletionGracePeriodSeconds { get; init; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get => field ?? Empty.Map; init; }

    /// <summary>The annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get => field ?? Empty.Map; init; }

    /// <summary>Who must act before the object may vanish.</summary>
    public IReadOnlyList<string> Finalizers { get => field ?? []; init; }

    /// <summary>The objects with which this one goes.</summary>
    public IReadOnlyList<OwnerReference> OwnerReferences { get => field ?? []; init; }

    /// <summary>Whether deletion has been asked for.</summary>
    [JsonIgnore]
    public bool IsBeingDeleted => DeletionTimestamp is not null;

    /// <summary>Namespace and name.</summary>
    [JsonIgnore]
    public NamespacedName Key => new(Namespace, Name);
}

/// <summary>A reference to the object with which this one is garbage-collected.</summary>
public sealed record OwnerReference
{
    /// <summary>The owner's group and version.</summary>
    public string ApiVersion { get => field ?? ""; init; }

    /// <summary>The owner's kind.</summary>
    public string Kind { get => field ?? ""; init; }

    /// <summary>The owner's name.</summary>
    public string Name { get => field ?? ""; init; }

    /// <summary>The owner's UID; the reference holds for this one object only.</summary>
    public string Uid { get => field ?? ""; init; }

    /// <summary>Whether this owner is the managing controller.</summary>
    public bool? Controller { get; init; }

    /// <summary>Whether a foreground deletion of the owner waits for this object.</summary>
    public bool? BlockOwnerDeletion { get; init; }
}

internal static class Empty
{
    public static readonly IReadOnlyDictionary<string, string> Map = System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;
}
