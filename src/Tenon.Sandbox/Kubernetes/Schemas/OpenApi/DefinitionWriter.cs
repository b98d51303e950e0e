using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Resources;

namespace Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

/// <summary>Writes types as the named schemas of an OpenAPI document, each once.</summary>
/// <param name="prefix">What references begin with.</param>
/// <param name="third">Whether the document is of version 3.</param>
internal sealed class DefinitionWriter(string prefix, bool third)
{
    private const string GroupVersionKindExtension = "x-kubernetes-group-version-kind";

    /// <summary>The schemas by name.</summary>
    public JsonObject Definitions { get; } = [];

    /// <summary>Adds a served kind and its list.</summary>
    public void AddKind(ServedResource resource, ObjectSchema schema)
    {
        string name = schema.Type.Name!;
        if (third && schema is CustomSchema { Type.Source: JsonObject source }) AddCustom(name, schema, source);
        else if (!Definitions.ContainsKey(name)) AddType(schema.Type);
        ((JsonObject)Definitions[name]!)[GroupVersionKindExtension] = Marker(resource.GroupVersion, schema.Kind.Kind);
        AddList(resource, name);
    }

    /// <summary>Adds a type that no served kind refers to.</summary>
    public void AddType(TypeSchema type, GroupVersion groupVersion, string kind)
    {
        if (!Definitions.ContainsKey(type.Name!)) AddType(type);
        ((JsonObject)Definitions[type.Name!]!)[GroupVersionKindExtension] = Marker(groupVersion, kind);
    }

    /// <summary>The extension that says of which kind a schema or an operation is.</summary>
    public static JsonObject KindOf(GroupVersion groupVersion, string kind) =>
        new() { ["group"] = groupVersion.Group, ["kind"] = kind, ["version"] = groupVersion.Version };

    /// <summary>A reference to a named schema.</summary>
    public JsonObject Reference(string name) => new() { ["$ref"] = prefix + name };

    private static JsonArray Marker(GroupVersion groupVersion, string kind) => new(KindOf(groupVersion, kind));

    private void AddType(TypeSchema type)
    {
        var definition = new JsonObject();
        Definitions[type.Name!] = definition;
        FillObject(definition, type);
    }

    private void AddCustom(string name, ObjectSchema schema, JsonObject source)
    {
        JsonObject definition = source.Copy();
        var properties = new JsonObject();
        foreach (string member in new[] { "apiVersion", "kind", "metadata" }) properties[member] = Property(schema.Type.Fields[member]);
        foreach ((string member, JsonNode? property) in source.Object("properties") ?? [])
        {
            if (!properties.ContainsKey(member)) properties[member] = property?.DeepClone();
        }

        definition["properties"] = properties;
        Definitions[name] = definition;
    }

    private void AddList(ServedResource resource, string item)
    {
        string name = item + "List";
        ResourceDefinition definition = resource.Definition;
        TypeSchema metadata = SchemaCatalog.BuiltIn.ListMeta;
        if (!Definitions.ContainsKey(metadata.Name!)) AddType(metadata);
        Definitions[name] = new JsonObject
        {
            ["description"] = $"A list of {definition.Kind} objects.",
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["description"] = "The group and version of the list's type.", ["type"] = "string" },
                ["items"] = new JsonObject { ["description"] = "The objects.", ["type"] = "array", ["items"] = Reference(item) },
                ["kind"] = new JsonObject { ["description"] = "The list's type.", ["type"] = "string" },
                ["metadata"] = Reference(metadata.Name!),
            },
            [GroupVersionKindExtension] = Marker(resource.GroupVersion, definition.ListKind),
        };
    }

    private void FillObject(JsonObject target, TypeSchema type)
    {
        if (type.Description.Length > 0) target["description"] = type.Description;
        target["type"] = "object";
        if (type.Fields.Count > 0)
        {
            var properties = new JsonObject();
            foreach (FieldSchema field in type.Fields.Values.OrderBy(f => f.Name, StringComparer.Ordinal)) properties[field.Name] = Property(field);
            target["properties"] = properties;
            JsonArray required = [.. type.Fields.Values.Where(f => f.Required).Select(f => (JsonNode)f.Name)];
            if (required.Count > 0) target["required"] = required;
        }

        if (type.IsAtomic) target["x-kubernetes-map-type"] = "atomic";
        if (type.PreserveUnknown) target["x-kubernetes-preserve-unknown-fields"] = true;
        if (type.Embedded) target["x-kubernetes-embedded-resource"] = true;
    }

    private JsonObject Property(FieldSchema field)
    {
        JsonObject property = Value(field.Type);
        if (third && property["$ref"] is not null) property = new JsonObject { ["allOf"] = new JsonArray(property) };
        if (field.Description.Length > 0) property["description"] = field.Description;
        if (field.Type.Default is JsonNode value) property["default"] = value.DeepClone();
        if (field.PatchMergeKey is string key) property["x-kubernetes-patch-merge-key"] = key;
        if (!field.PatchStrategies.IsEmpty) property["x-kubernetes-patch-strategy"] = string.Join(',', field.PatchStrategies);
        return property;
    }

    private JsonObject Value(TypeSchema type)
    {
        switch (type.Kind)
        {
            case SchemaKind.Object when type.Name is string name:
                if (!Definitions.ContainsKey(name)) AddType(type);
                return Reference(name);
            case SchemaKind.Object:
                var inline = new JsonObject();
                FillObject(inline, type);
                return inline;
            case SchemaKind.Map:
                var map = new JsonObject { ["type"] = "object", ["additionalProperties"] = Value(type.Items!) };
                if (type.IsAtomic) map["x-kubernetes-map-type"] = "atomic";
                return map;
            case SchemaKind.List:
                var list = new JsonObject { ["type"] = "array", ["items"] = Value(type.Items!) };
                list["x-kubernetes-list-type"] = type.ListKind switch { ListKind.Map => "map", ListKind.Set => "set", _ => "atomic" };
                if (type.ListKind == ListKind.Map) list["x-kubernetes-list-map-keys"] = new JsonArray([.. type.ListKeys.Select(k => (JsonNode)k)]);
                return list;
            default:
                return Scalar(type);
        }
    }

    private JsonObject Scalar(TypeSchema type)
    {
        var result = new JsonObject();
        switch (type.Kind)
        {
            case SchemaKind.IntOrString:
                result["format"] = "int-or-string";
                if (third) result["oneOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
                else result["type"] = "string";
                return result;
            case SchemaKind.Quantity:
                if (third) result["oneOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["type"] = "number" });
                else result["type"] = "string";
                return result;
            case SchemaKind.Any:
                if (type.PreserveUnknown && type.Source is not null) result["x-kubernetes-preserve-unknown-fields"] = true;
                return result;
        }

        result["type"] = type.Kind switch { SchemaKind.Integer => "integer", SchemaKind.Number => "number", SchemaKind.Boolean => "boolean", _ => "string" };
        if (type.Format is not null) result["format"] = type.Format;
        if (!type.Enum.IsEmpty) result["enum"] = new JsonArray([.. type.Enum.Select(e => (JsonNode)e)]);
        return result;
    }
}
