using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Schemas.Ownership;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Who writes, as <c>metadata.managedFields</c> records it.</summary>
/// <param name="Manager">The <c>fieldManager</c> parameter, else the first part of the user agent.</param>
/// <param name="ApiVersion">The version of the request.</param>
/// <param name="Subresource">Empty, <c>status</c>, <c>scale</c> …</param>
/// <param name="Time">Now.</param>
public sealed record FieldWriter(string Manager, string ApiVersion, string Subresource, DateTimeOffset Time);

/// <summary>A field that another manager owns with another value.</summary>
/// <param name="Field">The path, such as <c>.spec.replicas</c>.</param>
/// <param name="Message">Such as <c>conflict with "kubectl-edit" using apps/v1</c>; both are a cause (<c>FieldManagerConflict</c>) of the Status.</param>
public sealed record FieldConflict(string Field, string Message);

/// <summary>What applying gives.</summary>
public abstract record ApplyResult
{
    private ApplyResult()
    {
    }

    /// <summary>The merged object, defaulted by the function given, with its managed fields.</summary>
    public sealed record Applied(JsonObject Object) : ApplyResult;

    /// <summary>409 Conflict: the message and its causes.</summary>
    public sealed record Conflicted(string Message, ImmutableArray<FieldConflict> Conflicts) : ApplyResult;
}

/// <summary>Ownership of fields: server-side apply, and the record of every other write.</summary>
public static class ManagedFields
{
    /// <summary>
    /// Server-side apply. <paramref name="live"/> is null for a creation. <paramref name="applied"/> is what the client sent (decoded, not defaulted; without
    /// <c>metadata.managedFields</c>, which must be refused before). <paramref name="finish"/> defaults the merged object in place.
    /// </summary>
    public static ApplyResult Apply(
        TypeSchema schema, JsonObject? live, JsonObject applied, FieldWriter writer, bool force, Action<JsonObject> finish) =>
        FieldManager.Apply(schema, live, applied, writer, force, finish);

    /// <summary>
    /// Records a create, update or patch (of any kind but apply): the writer comes to own what differs from <paramref name="live"/>, others lose what was changed or
    /// removed. Sets <c>metadata.managedFields</c> of <paramref name="updated"/> itself. A list of one empty entry resets all ownership.
    /// </summary>
    public static void TrackUpdate(TypeSchema schema, JsonObject? live, JsonObject updated, FieldWriter writer) =>
        FieldManager.Track(schema, live, updated, writer);
}
