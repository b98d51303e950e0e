namespace Tenon.Kubernetes.Objects;

/// <summary>A core/v1 Namespace.</summary>
public sealed record Namespace : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Namespace", "namespaces", Namespaced: false);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Namespace</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>Who must act before the namespace may vanish.</summary>
    public NamespaceSpec? Spec { get; init; }

    /// <summary>Whether it is going.</summary>
    public NamespaceStatus? Status { get; init; }
}

/// <summary>Who must act before a namespace may vanish.</summary>
public sealed record NamespaceSpec
{
    /// <summary>The finalizers.</summary>
    public IReadOnlyList<string> Finalizers { get => field ?? []; init; }
}

/// <summary>Whether a namespace is going.</summary>
public sealed record NamespaceStatus
{
    /// <summary><c>Active</c> or <c>Terminating</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>The conditions.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }
}

/// <summary>A core/v1 ConfigMap.</summary>
public sealed record ConfigMap : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "ConfigMap", "configmaps", Namespaced: true);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>ConfigMap</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>Whether the content is fixed for ever.</summary>
    public bool? Immutable { get; init; }

    /// <summary>Texts by key.</summary>
    public IReadOnlyDictionary<string, string> Data { get => field ?? Empty.Map; init; }

    /// <summary>Bytes by key, in Base64.</summary>
    public IReadOnlyDictionary<string, string> BinaryData { get => field ?? Empty.Map; init; }
}

/// <summary>A core/v1 Secret. Its values never appear in <see cref="ToString"/>.</summary>
public sealed record KubernetesSecret : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Secret", "secrets", Namespaced: true);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Secret</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What kind of secret it is, such as <c>Opaque</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Whether the content is fixed for ever.</summary>
    public bool? Immutable { get; init; }

    /// <summary>The values by key; in JSON they are in Base64.</summary>
    public IReadOnlyDictionary<string, byte[]> Data { get => field ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, byte[]>.Empty; init; }

    /// <summary>The value of a key as UTF-8 text, or <see langword="null"/> when there is no such key.</summary>
    public Secret? Text(string key) => Data.TryGetValue(key, out byte[]? value) ? new Secret(System.Text.Encoding.UTF8.GetString(value)) : null;

    /// <summary>The name and the keys, never a value.</summary>
    public override string ToString() => $"Secret {Metadata.Key} [{string.Join(", ", Data.Keys)}]";
}
