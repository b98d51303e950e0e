using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>
/// What is known about the shape of objects. The API server asks it for the schema of a kind and never looks into fields itself,
/// except those of metadata. Implementations are thread-safe.
/// </summary>
public interface ISchemaCatalog
{
    /// <summary>The schema of a built-in kind; <see langword="null"/> when it is not known (the object is then kept as it is).</summary>
    IObjectSchema? Find(GroupVersion groupVersion, string kind);

    /// <summary>The schema of one version of a custom resource.</summary>
    /// <param name="groupVersion">The group and version that it is served under.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="openApiV3Schema">The version's <c>schema.openAPIV3Schema</c>; <see langword="null"/> keeps everything.</param>
    /// <param name="preserveUnknownFields">The definition's <c>spec.preserveUnknownFields</c>.</param>
    IObjectSchema Compile(GroupVersion groupVersion, string kind, JsonObject? openApiV3Schema, bool preserveUnknownFields);

    /// <summary>Checks that a schema is structural; each error's field starts with <paramref name="path"/>.</summary>
    /// <param name="path">Where the schema stands, for example <c>spec.versions[0].schema.openAPIV3Schema</c>.</param>
    /// <param name="openApiV3Schema">The schema to check.</param>
    IReadOnlyList<FieldError> CheckStructural(string path, JsonObject openApiV3Schema);

    /// <summary>The whole OpenAPI v2 document for the resources that are served now (built-in and custom).</summary>
    JsonObject OpenApiV2(IReadOnlyList<ServedResource> resources);

    /// <summary>The OpenAPI v3 document of one group and version; resources of other groups are ignored.</summary>
    JsonObject OpenApiV3(GroupVersion groupVersion, IReadOnlyList<ServedResource> resources);
}

/// <summary>A resource as one version serves it.</summary>
/// <param name="Definition">The resource.</param>
/// <param name="Version">The version.</param>
/// <param name="Schema">Its schema, if known.</param>
public sealed record ServedResource(ResourceDefinition Definition, ResourceVersion Version, IObjectSchema? Schema)
{
    /// <summary>Group and version.</summary>
    public GroupVersion GroupVersion => new(Definition.Group, Version.Name);
}

/// <summary>
/// The operations on documents of one kind. All are pure but for the documents that they say they change in place; documents passed
/// as <c>live</c>, <c>old</c> or <c>patch</c> are never changed and nothing in a result is attached to them.
/// </summary>
public interface IObjectSchema
{
    /// <summary>
    /// Reads a document as a typed decoder would, in place: drops unknown fields (custom resources: prunes what their schema lacks) and
    /// nulls, and reports what it dropped.
    /// </summary>
    DecodeReport Decode(JsonObject document);

    /// <summary>Drops in place what is optional and empty (built-in kinds only; custom resources keep it).</summary>
    void OmitEmpty(JsonObject document);

    /// <summary>Fills defaults in place.</summary>
    void Default(JsonObject document);

    /// <summary>Validates by schema a document that was decoded and defaulted (custom resources: types too).</summary>
    /// <param name="document">The document to be stored.</param>
    /// <param name="old">What it replaces; <see langword="null"/> on create.</param>
    IReadOnlyList<FieldError> Validate(JsonObject document, JsonObject? old);

    /// <summary>Whether the kind takes strategic merge patches (custom resources do not: 415).</summary>
    bool SupportsStrategicMerge { get; }

    /// <summary>Applies a strategic merge patch.</summary>
    /// <exception cref="InvalidPatchException">The patch cannot be applied.</exception>
    JsonObject StrategicMerge(JsonObject live, JsonObject patch);

    /// <summary>Server-side apply: merges what a manager applies into the live object and works out the new managedFields.</summary>
    /// <param name="live">The live object; <see langword="null"/> when it does not exist yet.</param>
    /// <param name="applied">What the manager sent, decoded but not defaulted.</param>
    /// <param name="request">Who applies and how.</param>
    ApplyResult Apply(JsonObject? live, JsonObject applied, ManagerRequest request);

    /// <summary>
    /// Records who set what after a create, update or patch: rewrites <c>metadata.managedFields</c> of <paramref name="updated"/> in place,
    /// from those of <paramref name="live"/> and the difference of the two. An empty list sent by the client resets the tracking.
    /// </summary>
    void Track(JsonObject? live, JsonObject updated, ManagerRequest request);
}

/// <summary>What decoding found.</summary>
/// <param name="UnknownFields">Paths that were dropped, for example <c>spec.containers[0].imagge</c>.</param>
/// <param name="TypeError">
/// The first value that no decoder could read (built-in kinds), worded as Go's decoder: <c>json: cannot unmarshal string into Go struct field
/// DeploymentSpec.spec.replicas of type int32</c>; <see langword="null"/> when all could be read.
/// </param>
public sealed record DecodeReport(EquatableArray<string> UnknownFields, string? TypeError);

/// <summary>The field manager of a write.</summary>
/// <param name="Manager">The manager's name (<c>fieldManager</c>, else derived from the user agent).</param>
/// <param name="ApiVersion">The version that the request spoke.</param>
/// <param name="Subresource">The subresource written to; empty for the object itself.</param>
/// <param name="Force">Whether an apply takes over conflicting fields.</param>
/// <param name="Now">The time to record.</param>
public sealed record ManagerRequest(string Manager, string ApiVersion, string Subresource, bool Force, DateTimeOffset Now);

/// <summary>The outcome of a server-side apply.</summary>
/// <param name="Merged">The merged object with its managedFields; <see langword="null"/> when there were conflicts.</param>
/// <param name="Conflicts">Fields that other managers own with another value, in path order.</param>
public sealed record ApplyResult(JsonObject? Merged, EquatableArray<ApplyConflict> Conflicts);

/// <summary>One conflict of a server-side apply.</summary>
/// <param name="Field">The path as the server prints it, for example <c>.spec.replicas</c>.</param>
/// <param name="Owner">The other manager as the server prints it: <c>"kubectl-client-side-apply" using apps/v1</c>.</param>
public sealed record ApplyConflict(string Field, string Owner);

/// <summary>A patch that cannot be applied; becomes a 400 or 422 with this message.</summary>
public sealed class InvalidPatchException(string message, int code = 400) : Exception(message)
{
    /// <summary>400 for a malformed patch (BadRequest), 422 for one that does not fit the object (Invalid).</summary>
    public int Code { get; } = code;
}
