using Tenon.Sandbox.Kubernetes.Resources;

namespace Tenon.Sandbox.Kubernetes.Objects;

/// <summary>What a request is about.</summary>
/// <param name="Definition">The resource.</param>
/// <param name="Version">The version that it speaks.</param>
/// <param name="Namespace">The namespace; empty for cluster-scoped resources.</param>
/// <param name="Name">The name; empty on create.</param>
/// <param name="Subresource">The subresource; empty for the object itself.</param>
public sealed record ObjectTarget(ResourceDefinition Definition, ResourceVersion Version, string Namespace, string Name = "", string Subresource = "")
{
    /// <summary>Group and version.</summary>
    public GroupVersion GroupVersion => new(Definition.Group, Version.Name);
}

/// <summary>How strictly unknown and duplicate fields are treated.</summary>
public enum FieldValidation
{
    /// <summary>Dropped with a warning.</summary>
    Warn,

    /// <summary>Dropped.</summary>
    Ignore,

    /// <summary>Refused.</summary>
    Strict,
}

/// <summary>How to write.</summary>
public sealed record WriteOptions
{
    /// <summary>Do everything but store.</summary>
    public bool DryRun { get; init; }

    /// <summary>The field manager.</summary>
    public string FieldManager { get; init; } = "tenon-sandbox";

    /// <summary>How strictly fields are treated.</summary>
    public FieldValidation FieldValidation { get; init; } = FieldValidation.Ignore;

    /// <summary>Who asks.</summary>
    public string UserName { get; init; } = "system:apiserver";

    /// <summary>Takes over conflicting fields (apply only).</summary>
    public bool Force { get; init; }

    /// <summary>The last word on what will be stored; it refuses by an <see cref="ApiException"/>.</summary>
    public Action<System.Text.Json.Nodes.JsonObject> Admit { get; init; } = _ => { };

    /// <summary>Takes warnings for the client.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}

/// <summary>How to delete.</summary>
public sealed record DeleteOptions
{
    /// <summary>Grace; <see langword="null"/> for the kind's default.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary>The UID that the object must have.</summary>
    public string? Uid { get; init; }

    /// <summary>The resourceVersion that the object must have.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Orphan, Background, Foreground; <see langword="null"/> for the default.</summary>
    public string? PropagationPolicy { get; init; }

    /// <summary>Do everything but delete.</summary>
    public bool DryRun { get; init; }

    /// <summary>Who asks.</summary>
    public string UserName { get; init; } = "system:apiserver";
}

/// <summary>The kinds of patches.</summary>
public enum PatchKind
{
    /// <summary>RFC 6902.</summary>
    Json,

    /// <summary>RFC 7386.</summary>
    Merge,

    /// <summary>Kubernetes' own.</summary>
    Strategic,

    /// <summary>Server-side apply.</summary>
    Apply,
}
