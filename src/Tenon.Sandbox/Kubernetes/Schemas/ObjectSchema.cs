using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>What built-in and custom kinds have in common.</summary>
internal abstract class ObjectSchema(GroupVersionKind kind, TypeSchema type) : IObjectSchema
{
    /// <summary>The kind.</summary>
    public GroupVersionKind Kind { get; } = kind;

    /// <summary>The type of the whole object.</summary>
    public TypeSchema Type { get; } = type;

    /// <inheritdoc/>
    public abstract bool SupportsStrategicMerge { get; }

    /// <summary>Whether ownership of status is never recorded for writes to the object itself.</summary>
    protected abstract bool StatusIsSeparate { get; }

    /// <inheritdoc/>
    public abstract DecodeReport Decode(JsonObject document);

    /// <inheritdoc/>
    public virtual void OmitEmpty(JsonObject document)
    {
    }

    /// <inheritdoc/>
    public abstract void Default(JsonObject document);

    /// <inheritdoc/>
    public abstract IReadOnlyList<FieldError> Validate(JsonObject document, JsonObject? old);

    /// <inheritdoc/>
    public JsonObject StrategicMerge(JsonObject live, JsonObject patch) => StrategicMergePatch.Apply(Type, live, patch);

    /// <inheritdoc/>
    public ApplyResult Apply(JsonObject? live, JsonObject applied, ManagerRequest request) =>
        Ownership.FieldManager.Apply(Type, live, applied, request, StatusIsSeparate);

    /// <inheritdoc/>
    public void Track(JsonObject? live, JsonObject updated, ManagerRequest request) =>
        Ownership.FieldManager.Track(Type, live, updated, request, StatusIsSeparate);
}

/// <summary>A kind that is part of Kubernetes.</summary>
internal sealed class BuiltInSchema(GroupVersionKind kind, TypeSchema type) : ObjectSchema(kind, type)
{
    /// <inheritdoc/>
    public override bool SupportsStrategicMerge => true;

    /// <inheritdoc/>
    protected override bool StatusIsSeparate => true;

    /// <inheritdoc/>
    public override DecodeReport Decode(JsonObject document) => BodyDecoder.Decode(Type, document, typed: true);

    /// <inheritdoc/>
    public override void OmitEmpty(JsonObject document) => EmptyFields.Drop(Type, document);

    /// <inheritdoc/>
    public override void Default(JsonObject document)
    {
        SchemaDefaults.Fill(Type, document);
        Defaults.BuiltInDefaults.Fill(Kind, document);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<FieldError> Validate(JsonObject document, JsonObject? old) =>
        Validation.BuiltInValidation.Validate(Kind, Type, document, old);
}
