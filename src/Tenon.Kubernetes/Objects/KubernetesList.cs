namespace Tenon.Kubernetes.Objects;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">The objects' type.</typeparam>
public sealed record KubernetesList<T>
    where T : IKubernetesObject
{
    /// <summary>The list's version and the way to the next page.</summary>
    public ListMeta Metadata { get => field ?? new(); init; }

    /// <summary>The objects of this page.</summary>
    public IReadOnlyList<T> Items { get => field ?? []; init; }
}

/// <summary>What is said of a list as a whole.</summary>
public sealed record ListMeta
{
    /// <summary>The version of the whole list, from which a watch can go on; the same for all its pages.</summary>
    public string ResourceVersion { get => field ?? ""; init; }

    /// <summary>The token of the next page; empty on the last one.</summary>
    public string? Continue { get; init; }

    /// <summary>How many objects follow, where the server tells.</summary>
    public long? RemainingItemCount { get; init; }
}
