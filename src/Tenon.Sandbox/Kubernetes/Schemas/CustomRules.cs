using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>The rules of a version of a custom resource, by its structural schema.</summary>
internal sealed class CustomRules : KindRules
{
    private readonly TypeSchema _body;
    private readonly bool _namespaced;

    /// <summary>Compiles a schema that <see cref="StructuralSchemas.Check"/> found sound; without one everything is kept.</summary>
    public CustomRules(GroupVersionKind kind, bool namespaced, JsonObject? schema, bool preserveUnknown) : this(kind, namespaced, Body(schema, preserveUnknown))
    {
    }

    private CustomRules(GroupVersionKind kind, bool namespaced, TypeSchema body) : base(kind, WithMetadata(kind, body)) => (_body, _namespaced) = (body, namespaced);

    /// <inheritdoc/>
    public override bool AllowsStrategicMerge => false;

    /// <inheritdoc/>
    public override DecodedObject Decode(JsonObject body)
    {
        JsonObject copy = body.Copy();
        (ImmutableArray<string> unknown, string? error) = BodyDecoder.Decode(_body, copy, typed: false);
        if (copy["metadata"] is JsonObject metadata)
        {
            (ImmutableArray<string> below, error) = BodyDecoder.Decode(SchemaCatalog.BuiltIn.ObjectMeta, metadata, typed: true);
            unknown = [.. below.Select(f => $"metadata.{f}"), .. unknown];
        }

        return new(copy, [.. unknown.Select(f => $"unknown field \"{f}\"")], error);
    }

    /// <inheritdoc/>
    public override void Default(JsonObject value) => SchemaDefaults.Fill(_body, value);

    /// <inheritdoc/>
    public override ImmutableArray<FieldError> Validate(JsonObject value, JsonObject? old)
    {
        ImmutableArray<FieldError> metadata = Validation.MetadataValidation.Validate(value, old, Validation.NameRules.DnsSubdomain, _namespaced);
        return _body.Source is null ? metadata : [.. metadata, .. StructuralValidation.Validate(_body.Source, value)];
    }

    private static TypeSchema Body(JsonObject? schema, bool preserveUnknown)
    {
        if (schema is null) return new TypeSchema { Kind = SchemaKind.Object, PreserveUnknown = true };
        TypeSchema read = StructuralSchemas.Read(schema, preserveUnknown);
        var fields = new OrderedDictionary<string, FieldSchema>();
        foreach ((string name, FieldSchema field) in read.Fields)
        {
            if (name is not ("apiVersion" or "kind" or "metadata")) fields.Add(name, field);
        }

        return new TypeSchema
        {
            Kind = SchemaKind.Object, Description = read.Description, Fields = fields, PreserveUnknown = read.PreserveUnknown || preserveUnknown, Source = schema,
        };
    }

    private static TypeSchema WithMetadata(GroupVersionKind kind, TypeSchema body)
    {
        var text = new TypeSchema { Kind = SchemaKind.String };
        var fields = new OrderedDictionary<string, FieldSchema>
        {
            ["apiVersion"] = new("apiVersion", text, false, "The group and version of this object's type.", [], null),
            ["kind"] = new("kind", text, false, "The object's type.", [], null),
            ["metadata"] = new("metadata", SchemaCatalog.BuiltIn.ObjectMeta, false, "Name, labels and what else every object has.", [], null),
        };
        foreach ((string name, FieldSchema field) in body.Fields) fields.Add(name, field);
        return new TypeSchema
        {
            Kind = SchemaKind.Object, Name = string.Join('.', [.. kind.Group.Split('.').Reverse(), kind.Version, kind.Kind]), Description = body.Description,
            Fields = fields, PreserveUnknown = body.PreserveUnknown, Source = body.Source,
        };
    }
}
