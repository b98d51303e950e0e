using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>What reading a request body against a type gives.</summary>
/// <param name="Object">A copy of the body without the fields that the type does not have; null values are dropped where they mean nothing.</param>
/// <param name="UnknownFields">One text for each field dropped, such as <c>unknown field "spec.foo"</c>.</param>
/// <param name="Error">
/// Null, or why the body cannot be read as the type, such as
/// <c>json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32</c>; the answer is then 400 BadRequest
/// <c>Service in version "v1" cannot be handled as a Service: …</c>. Custom resources have none: their types are checked by <see cref="KindRules.Validate"/>.
/// </param>
public sealed record DecodedObject(JsonObject Object, ImmutableArray<string> UnknownFields, string? Error);

/// <summary>Everything that the API server knows of one kind. Pure: no method keeps or changes what it is given, except where it says so.</summary>
/// <param name="kind">The kind.</param>
/// <param name="schema">Its type.</param>
public abstract class KindRules(GroupVersionKind kind, TypeSchema schema)
{
    /// <summary>The kind.</summary>
    public GroupVersionKind Kind { get; } = kind;

    /// <summary>Its type, starting at the whole object.</summary>
    public TypeSchema Schema { get; } = schema;

    /// <summary>Whether strategic merge patches are allowed (built-in kinds only; others answer 415).</summary>
    public abstract bool AllowsStrategicMerge { get; }

    /// <summary>Reads a body: prunes unknown fields and says which they were.</summary>
    public abstract DecodedObject Decode(JsonObject body);

    /// <summary>Fills the defaults in, changing <paramref name="value"/> itself.</summary>
    public abstract void Default(JsonObject value);

    /// <summary>
    /// Checks a defaulted object, apart from what needs other objects. With <paramref name="old"/>, also what an update must not change.
    /// Object names and metadata are checked too, except <c>resourceVersion</c>.
    /// </summary>
    public abstract ImmutableArray<FieldError> Validate(JsonObject value, JsonObject? old);
}
