using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>A version of a custom resource, by its structural schema.</summary>
internal sealed class CustomSchema : ObjectSchema
{
    private readonly TypeSchema _body;

    /// <summary>Compiles a schema that <see cref="StructuralSchemas.Check"/> found sound; without one everything is kept.</summary>
    public CustomSchema(GroupVersionKind kind, JsonObject? schema, bool preserveUnknown) : this(kind, Body(schema, preserveUnknown))
    {
    }

    private CustomSchema(GroupVersionKind kind, TypeSchema body) : base(kind, WithMetadata(kind, body)) => _body = body;

    /// <inheritdoc/>
    public override bool SupportsStrategicMerge => false;

    /// <inheritdoc/>
    protected override bool StatusIsSeparate => false;

    /// <inheritdoc/>
    public override DecodeReport Decode(JsonObject document)
    {
        DecodeReport body = BodyDecoder.Decode(_body, document, typed: false);
        if (document["metadata"] is not JsonObject metadata) return body;
        DecodeReport meta = BodyDecoder.Decode(SchemaCatalog.BuiltIn.ObjectMeta, metadata, typed: true);
        return new([.. meta.UnknownFields.Select(f => $"metadata.{f}"), .. body.UnknownFields], meta.TypeError);
    }

    /// <inheritdoc/>
    public override void Default(JsonObject document) => SchemaDefaults.Fill(_body, document);

    /// <inheritdoc/>
    public override IReadOnlyList<FieldError> Validate(JsonObject document, JsonObject? old) =>
        [.. Validation.MetadataValidation.Validate(document, old, Validation.NameRules.DnsSubdomain, null),
         .. _body.Source is null ? [] : StructuralValidation.Validate(_body.Source, document)];

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
