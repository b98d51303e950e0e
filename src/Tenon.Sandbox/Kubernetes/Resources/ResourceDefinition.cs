using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>A kind of object that the API server serves, built in or custom.</summary>
public sealed record ResourceDefinition
{
    /// <summary>The API group; empty for core.</summary>
    public required string Group { get; init; }

    /// <summary>The served versions, the preferred one first.</summary>
    public required EquatableArray<ResourceVersion> Versions { get; init; }

    /// <summary>The kind, for example <c>Endpoints</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The plural, as in URLs.</summary>
    public required string Plural { get; init; }

    /// <summary>The singular, as kubectl accepts it.</summary>
    public required string Singular { get; init; }

    /// <summary>Whether objects live in namespaces.</summary>
    public required bool Namespaced { get; init; }

    /// <summary>The kind of lists.</summary>
    public string ListKind { get => field ?? Kind + "List"; init; }

    /// <summary>Abbreviations.</summary>
    public EquatableArray<string> ShortNames { get; init; }

    /// <summary>Categories, for example <c>all</c>.</summary>
    public EquatableArray<string> Categories { get; init; }

    /// <summary>The verbs on the resource itself.</summary>
    public EquatableArray<string> Verbs { get; init; } = AllVerbs;

    /// <summary>The subresources.</summary>
    public EquatableArray<Subresource> Subresources { get; init; }

    /// <summary>What is special about the kind.</summary>
    public ResourceStrategy Strategy { get; init; } = new();

    /// <summary>Whether the resource was defined by a CustomResourceDefinition.</summary>
    public bool IsCustom { get; init; }

    /// <summary>The version in which objects are stored.</summary>
    public ResourceVersion StorageVersion => Versions.FirstOrDefault(v => v.Storage) ?? Versions[0];

    /// <summary>Group and plural, as messages and authorization name it.</summary>
    public GroupResource GroupResource => new(Group, Plural);

    /// <summary>Under what the objects are stored: another resource's where two groups share them.</summary>
    public GroupResource StoredAs { get => field.Resource is null ? GroupResource : field; init; }

    /// <summary>The schema of stored documents.</summary>
    public IObjectSchema? StorageSchema { get => field ?? StorageVersion.Schema; init; }

    /// <summary>The apiVersion of stored documents.</summary>
    public string StorageApiVersion => new GroupVersion(StoredAs.Group, StorageVersion.Name).ToString();

    /// <summary>Whether <c>/status</c> exists, which isolates status from writes to the object itself.</summary>
    public bool HasStatus => Subresources.Any(s => s.Name == "status");

    /// <summary>The subresource of a name; <see langword="null"/> where there is none.</summary>
    public Subresource? FindSubresource(string name) => Subresources.FirstOrDefault(s => s.Name == name);

    /// <summary>The version of a name; <see langword="null"/> when it is not served.</summary>
    public ResourceVersion? FindVersion(string name) => Versions.FirstOrDefault(v => v.Name == name && v.Served);

    /// <summary>Every verb of an ordinary resource.</summary>
    public static EquatableArray<string> AllVerbs { get; } =
        ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
}

/// <summary>A version of a resource.</summary>
/// <param name="Name">The version, for example <c>v1</c>.</param>
public sealed record ResourceVersion(string Name)
{
    /// <summary>Whether objects are stored in this version; without any, the first is.</summary>
    public bool Storage { get; init; }

    /// <summary>Whether clients may use it.</summary>
    public bool Served { get; init; } = true;

    /// <summary>The columns of tables.</summary>
    public TableColumns? Columns { get; init; }

    /// <summary>What is known of the kind's fields.</summary>
    public IObjectSchema? Schema { get; init; }

    /// <summary>A deprecation warning to send with each answer.</summary>
    public string? Warning { get; init; }

    /// <summary>Rewrites a document of this version (in place) into the storage version; <see langword="null"/> changes apiVersion only.</summary>
    public Action<JsonObject>? ToStorage { get; init; }

    /// <summary>Rewrites a stored document (in place) into this version; <see langword="null"/> changes apiVersion only.</summary>
    public Action<JsonObject>? FromStorage { get; init; }
}

/// <summary>A subresource.</summary>
/// <param name="Name">Its name, the last part of the URL.</param>
/// <param name="Kind">The kind it speaks.</param>
/// <param name="Verbs">What can be done with it.</param>
public sealed record Subresource(string Name, string Kind, EquatableArray<string> Verbs)
{
    /// <summary>The group and version of the kind where it is not the resource's own.</summary>
    public GroupVersion? KindVersion { get; init; }

    /// <summary>Where the number of replicas is read and written (scale only), for example <c>spec.replicas</c>.</summary>
    public ScalePaths? Scale { get; init; }
}

/// <summary>Where a scale subresource finds its numbers; paths without leading dot.</summary>
/// <param name="SpecReplicas">Desired replicas.</param>
/// <param name="StatusReplicas">Observed replicas.</param>
/// <param name="LabelSelector">The selector: a string, or an object that is printed as one; <see langword="null"/> without.</param>
public sealed record ScalePaths(string SpecReplicas, string StatusReplicas, string? LabelSelector);
