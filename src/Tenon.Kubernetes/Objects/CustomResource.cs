namespace Tenon.Kubernetes.Objects;

/// <summary>
/// The base of a custom resource's type. Derive a sealed record that implements <see cref="IKubernetesObject"/> with its own
/// <see cref="IKubernetesObject.Resource"/> and hands it to this constructor.
/// </summary>
/// <typeparam name="TSpec">The spec's type.</typeparam>
/// <typeparam name="TStatus">The status's type.</typeparam>
public abstract record CustomResource<TSpec, TStatus>
    where TSpec : class, new()
    where TStatus : class
{
    private readonly ResourceType _type;

    /// <summary>Stores the address of the type.</summary>
    protected CustomResource(ResourceType type) => _type = type;

    /// <summary>Group and version.</summary>
    public string ApiVersion => _type.ApiVersion;

    /// <summary>The kind.</summary>
    public string Kind => _type.Kind;

    /// <summary>The object's name, labels, owners and versions.</summary>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What the user asks for.</summary>
    public TSpec Spec { get => field ?? new(); init; }

    /// <summary>What was observed; unset until somebody writes it.</summary>
    public TStatus? Status { get; init; }
}
