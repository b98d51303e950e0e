using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>The shape of a JSON value.</summary>
public enum SchemaKind
{
    /// <summary>Named fields.</summary>
    Object,

    /// <summary>Any keys, values of one type.</summary>
    Map,

    /// <summary>A list of one type.</summary>
    List,

    /// <summary>A string.</summary>
    String,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Number,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>A whole number or a string, such as a port or a percentage.</summary>
    IntOrString,

    /// <summary>An amount with a unit, given as a string or a number.</summary>
    Quantity,

    /// <summary>Anything at all; nothing below it is known.</summary>
    Any,
}

/// <summary>How server-side apply merges a list.</summary>
public enum ListKind
{
    /// <summary>Replaced as a whole.</summary>
    Atomic,

    /// <summary>Scalars that occur once.</summary>
    Set,

    /// <summary>Objects told apart by their keys.</summary>
    Map,
}

/// <summary>
/// The type of a JSON value as the API server knows it. Built by the catalog (built-in kinds) or from the structural schema of a custom resource;
/// not changed afterwards, and shared by all readers.
/// </summary>
public sealed class TypeSchema
{
    private const string EndpointSlice = "io.k8s.api.discovery.v1.EndpointSlice";
    private const string RoleType = "io.k8s.api.rbac.v1.Role";
    private const string ClusterRole = "io.k8s.api.rbac.v1.ClusterRole";

    private string[]? _shownLists;

    /// <summary>The shape.</summary>
    public required SchemaKind Kind { get; init; }

    /// <summary>The definition's name for OpenAPI (such as <c>io.k8s.api.core.v1.Pod</c>), or null where it is inline.</summary>
    public string? Name { get; init; }

    /// <summary>One line for <c>kubectl explain</c>.</summary>
    public string Description { get; init; } = string.Empty;

    /// <summary>The OpenAPI format (<c>int32</c>, <c>date-time</c>, <c>byte</c> …), or null.</summary>
    public string? Format { get; init; }

    /// <summary>Whether it is a time that always has its microseconds.</summary>
    public bool IsMicroTime { get; init; }

    /// <summary>The fields of an object by name, in the order of their definition.</summary>
    public IReadOnlyDictionary<string, FieldSchema> Fields { get; internal set; } = ImmutableDictionary<string, FieldSchema>.Empty;

    /// <summary>The lists of an object that are shown as null when nothing is in them; all others vanish.</summary>
    public IReadOnlyCollection<string> ShownLists => _shownLists ??= [.. Fields.Values.Where(IsShown).Select(f => f.Name)];

    /// <summary>The type of a list's items or of a map's values.</summary>
    public TypeSchema? Items { get; internal set; }

    /// <summary>Whether fields that are not defined are kept (custom resources, embedded raw objects).</summary>
    public bool PreserveUnknown { get; init; }

    /// <summary>Whether the value is a whole object with <c>apiVersion</c>, <c>kind</c> and <c>metadata</c>.</summary>
    public bool Embedded { get; init; }

    /// <summary>Whether server-side apply treats an object or map as one value.</summary>
    public bool IsAtomic { get; init; }

    /// <summary>How a list merges under server-side apply.</summary>
    public ListKind ListKind { get; init; } = ListKind.Atomic;

    /// <summary>The keys of a list of kind <see cref="ListKind.Map"/>.</summary>
    public ImmutableArray<string> ListKeys { get; init; } = [];

    /// <summary>Whether null is a value.</summary>
    public bool Nullable { get; init; }

    /// <summary>The values allowed, where they are enumerated.</summary>
    public ImmutableArray<string> Enum { get; init; } = [];

    /// <summary>The value that a missing field gets, by schema.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>The structural schema of a custom resource as it was written, which carries its further constraints.</summary>
    public JsonObject? Source { get; init; }

    /// <summary>Whether a list or map has to be there; OpenAPI does not say so of two of them.</summary>
    private bool IsShown(FieldSchema field)
        => field.Type.Kind is SchemaKind.List or SchemaKind.Map
            && (field.Required || (Name is not null && (Name, field.Name) is (EndpointSlice, "ports") or (RoleType, "rules") or (ClusterRole, "rules")));
}

/// <summary>A field of an object.</summary>
/// <param name="Name">Its JSON name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Required">Whether it must be given.</param>
/// <param name="Description">One line for <c>kubectl explain</c>.</param>
/// <param name="PatchStrategies">Strategic merge: <c>merge</c>, <c>retainKeys</c>, both, or none.</param>
/// <param name="PatchMergeKey">Strategic merge: the key that tells a list's items apart.</param>
public sealed record FieldSchema(
    string Name, TypeSchema Type, bool Required, string Description, ImmutableArray<string> PatchStrategies, string? PatchMergeKey)
{
    /// <summary>The field's number in protobuf messages, below those of the messages that JSON does not show; empty where it has none.</summary>
    public ImmutableArray<int> ProtobufPath { get; init; } = [];

    /// <summary>Whether protobuf messages leave the field out when it is not set, so that zero means zero.</summary>
    public bool ProtobufOptional { get; init; }

    /// <summary>Whether strategic merge merges the value (lists; maps always do).</summary>
    public bool MergesOnPatch => PatchStrategies.Contains("merge");
}
