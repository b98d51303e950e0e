using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Reads and checks the schemas of CustomResourceDefinitions.</summary>
internal static class StructuralSchemas
{
    private static readonly string[] Unsupported =
        ["$ref", "definitions", "dependencies", "deprecated", "discriminator", "id", "patternProperties", "readOnly", "writeOnly", "xml", "additionalItems"];

    private static readonly string[] Combinations = ["allOf", "anyOf", "oneOf"];

    /// <summary>The type that a structural schema describes.</summary>
    public static TypeSchema Read(JsonObject schema, bool preserveUnknown = false)
    {
        string? type = schema.Text("type");
        bool preserve = preserveUnknown || schema.Bool("x-kubernetes-preserve-unknown-fields") == true;
        bool any = schema.Bool("x-kubernetes-int-or-string") == true;
        SchemaKind kind = any ? SchemaKind.IntOrString : type switch
        {
            "object" => schema.Object("additionalProperties") is not null || (schema.Bool("additionalProperties") == true) ? SchemaKind.Map : SchemaKind.Object,
            "array" => SchemaKind.List,
            "string" => SchemaKind.String,
            "integer" => SchemaKind.Integer,
            "number" => SchemaKind.Number,
            "boolean" => SchemaKind.Boolean,
            _ => schema.Object("properties") is not null ? SchemaKind.Object : SchemaKind.Any,
        };
        return new TypeSchema
        {
            Kind = kind,
            Description = schema.Text("description") ?? string.Empty,
            Format = any ? "int-or-string" : schema.Text("format"),
            Fields = kind == SchemaKind.Object ? ReadFields(schema) : ImmutableDictionary<string, FieldSchema>.Empty,
            Items = kind switch
            {
                SchemaKind.List => schema.Object("items") is JsonObject items ? Read(items) : new TypeSchema { Kind = SchemaKind.Any, PreserveUnknown = true },
                SchemaKind.Map => schema.Object("additionalProperties") is JsonObject values
                    ? Read(values) : new TypeSchema { Kind = SchemaKind.Any, PreserveUnknown = true },
                _ => null,
            },
            PreserveUnknown = preserve || kind == SchemaKind.Any,
            Embedded = schema.Bool("x-kubernetes-embedded-resource") == true,
            IsAtomic = schema.Text("x-kubernetes-map-type") == "atomic",
            ListKind = schema.Text("x-kubernetes-list-type") switch { "map" => ListKind.Map, "set" => ListKind.Set, _ => ListKind.Atomic },
            ListKeys = [.. schema.Texts("x-kubernetes-list-map-keys")],
            Nullable = schema.Bool("nullable") == true,
            Enum = [.. schema.Texts("enum")],
            Default = schema["default"]?.DeepClone(),
            Source = schema,
        };
    }

    /// <summary>What keeps a schema from being structural, or from being enforced here.</summary>
    public static IReadOnlyList<FieldError> Check(string path, JsonObject schema)
    {
        List<FieldError> errors = [];
        if (schema.Text("type") is not string type) errors.Add(FieldError.Required($"{path}.type", "must not be empty at the root"));
        else if (type != "object") errors.Add(FieldError.Invalid($"{path}.type", type, "must be object at the root"));
        if (schema.Bool("nullable") == true) errors.Add(FieldError.Forbidden($"{path}.nullable", "nullable cannot be true at the root"));
        CheckNode(path, schema, errors, "root");
        return errors;
    }

    private static OrderedDictionary<string, FieldSchema> ReadFields(JsonObject schema)
    {
        var required = schema.Texts("required").ToHashSet();
        var fields = new OrderedDictionary<string, FieldSchema>();
        foreach ((string name, JsonNode? value) in schema.Object("properties") ?? [])
        {
            if (value is not JsonObject property) continue;
            TypeSchema type = Read(property, preserveUnknown: false);
            fields.Add(name, new FieldSchema(name, type, required.Contains(name), type.Description, [], null));
        }

        return fields;
    }

    private static void CheckNode(string path, JsonObject schema, List<FieldError> errors, string place)
    {
        foreach (string word in Unsupported)
        {
            if (schema.ContainsKey(word)) errors.Add(FieldError.Forbidden($"{path}.{word}", $"{word} is not supported"));
        }

        if (schema.Bool("uniqueItems") == true)
            errors.Add(FieldError.Forbidden($"{path}.uniqueItems", "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"));
        bool intOrString = schema.Bool("x-kubernetes-int-or-string") == true;
        bool preserve = schema.Bool("x-kubernetes-preserve-unknown-fields") == true;
        string? type = schema.Text("type");
        if (type is null && place != "root" && !intOrString && !preserve)
            errors.Add(FieldError.Required($"{path}.type", $"must not be empty for specified {place}"));
        if (type is not null && intOrString)
            errors.Add(FieldError.Forbidden($"{path}.type", "must be empty if x-kubernetes-int-or-string is true"));
        if (type is not (null or "object" or "array" or "string" or "integer" or "number" or "boolean"))
            errors.Add(FieldError.NotSupported($"{path}.type", type, ["array", "boolean", "integer", "number", "object", "string"]));
        if (schema.ContainsKey("additionalProperties") && schema.Object("properties") is { Count: > 0 })
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"));
        if (schema.Bool("additionalProperties") == false)
            errors.Add(FieldError.Forbidden($"{path}.additionalProperties", "additionalProperties cannot be set to false"));
        if (schema["x-kubernetes-validations"] is JsonArray { Count: > 0 })
        {
            errors.Add(FieldError.Forbidden($"{path}.x-kubernetes-validations",
                "rules of the Common Expression Language are not enforced by this server; remove them to use the definition here"));
        }

        CheckPattern(path, schema, errors);
        CheckList(path, schema, type, errors);
        foreach ((string name, JsonNode? value) in schema.Object("properties") ?? [])
        {
            if (value is JsonObject property) CheckNode($"{path}.properties[{name}]", property, errors, "object fields");
        }

        if (schema.Object("additionalProperties") is JsonObject values) CheckNode($"{path}.additionalProperties", values, errors, "object fields");
        if (schema.Object("items") is JsonObject items) CheckNode($"{path}.items", items, errors, "array items");
        foreach (string word in Combinations)
        {
            int i = 0;
            foreach (JsonObject part in schema.Objects(word)) CheckLogic($"{path}.{word}[{i++}]", part, errors);
        }

        if (schema.Object("not") is JsonObject not) CheckLogic($"{path}.not", not, errors);
        if (schema["default"] is JsonNode value2 && errors.Count == 0)
        {
            JsonNode filled = value2.DeepClone();
            SchemaDefaults.Fill(Read(schema), filled);
            errors.AddRange(StructuralValidation.ValidateValue(schema, filled, $"{path}.default"));
        }
    }

    private static void CheckPattern(string path, JsonObject schema, List<FieldError> errors)
    {
        if (schema.Text("pattern") is not string pattern) return;
        try
        {
            StructuralValidation.Pattern(pattern);
        }
        catch (ArgumentException e)
        {
            errors.Add(FieldError.Invalid($"{path}.pattern", pattern, $"must be a valid regular expression, but isn't: {e.Message}"));
        }
    }

    private static void CheckList(string path, JsonObject schema, string? type, List<FieldError> errors)
    {
        if (type == "array" && schema.Object("items") is null) errors.Add(FieldError.Required($"{path}.items", "must be specified"));
        string? list = schema.Text("x-kubernetes-list-type");
        bool keyed = schema["x-kubernetes-list-map-keys"] is JsonArray { Count: > 0 };
        if (list is not (null or "atomic" or "set" or "map"))
            errors.Add(FieldError.NotSupported($"{path}.x-kubernetes-list-type", list, ["atomic", "map", "set"]));
        if (list == "map" && !keyed)
            errors.Add(FieldError.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map"));
        if (list != "map" && keyed)
            errors.Add(FieldError.Forbidden($"{path}.x-kubernetes-list-map-keys", "must be empty unless x-kubernetes-list-type is map"));
        if (list == "map" && schema.Text("items", "type") != "object")
            errors.Add(FieldError.Invalid($"{path}.items.type", schema.Text("items", "type") ?? string.Empty, "must be object if parent array's x-kubernetes-list-type is map"));
        if (list != "map") return;
        var required = (schema.At("items").Texts("required")).ToHashSet();
        foreach (string key in schema.Texts("x-kubernetes-list-map-keys"))
        {
            if (schema.At("items", "properties", key) is not JsonObject property)
                errors.Add(FieldError.Invalid($"{path}.x-kubernetes-list-map-keys", key, "entries must all be names of item properties"));
            else if (!required.Contains(key) && !property.ContainsKey("default"))
                errors.Add(FieldError.Required($"{path}.items.properties[{key}].default", "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"));
        }
    }

    private static void CheckLogic(string path, JsonObject schema, List<FieldError> errors)
    {
        foreach (string word in new[] { "description", "type", "default", "additionalProperties", "nullable" })
        {
            bool typed = word == "type" && (schema.ContainsKey("properties") || schema.Bool("x-kubernetes-int-or-string") == true || schema.Text("type") is "integer" or "string");
            if (schema.ContainsKey(word) && !typed) errors.Add(FieldError.Forbidden($"{path}.{word}", "must be empty to be structural"));
        }
    }
}
