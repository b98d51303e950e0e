using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>The rules of a kind that is part of Kubernetes.</summary>
internal sealed class BuiltInRules(GroupVersionKind kind, TypeSchema schema) : KindRules(kind, schema)
{
    /// <inheritdoc/>
    public override bool AllowsStrategicMerge => true;

    /// <inheritdoc/>
    public override DecodedObject Decode(JsonObject body)
    {
        JsonObject copy = body.Copy();
        (ImmutableArray<string> unknown, string? error) = BodyDecoder.Decode(Schema, copy, typed: true);
        return new(copy, [.. unknown.Select(f => $"unknown field \"{f}\"")], error);
    }

    /// <inheritdoc/>
    public override void Default(JsonObject value)
    {
        SchemaDefaults.Fill(Schema, value);
        Defaults.BuiltInDefaults.Fill(Kind, value);
    }

    /// <inheritdoc/>
    public override ImmutableArray<FieldError> Validate(JsonObject value, JsonObject? old) => Validation.BuiltInValidation.Validate(Kind, Schema, value, old);
}
