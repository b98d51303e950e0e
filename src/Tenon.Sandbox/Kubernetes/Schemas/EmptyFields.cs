using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>
/// What becomes of empty fields of built-in kinds: the real server keeps them in Go structs, whose optional fields vanish when they are zero, whereas a list
/// that has to be there is shown as null when nothing is in it.
/// </summary>
internal static class EmptyFields
{
    /// <summary>Drops what is optional and empty, at every depth, changing <paramref name="value"/> itself.</summary>
    public static void Drop(TypeSchema type, JsonObject value)
    {
        List<string>? dropped = null, emptied = null;
        foreach ((string name, JsonNode? child) in value)
        {
            if (child is null || !type.Fields.TryGetValue(name, out FieldSchema? field)) continue;
            Inside(field.Type, child);
            if (field.Type.Kind is SchemaKind.List or SchemaKind.Map)
            {
                if (IsEmpty(child)) (type.ShownLists.Contains(name) ? emptied ??= [] : dropped ??= []).Add(name);
            }
            else if (!field.Required && !field.ProtobufOptional && IsZero(field.Type.Kind, child)) (dropped ??= []).Add(name);
        }

        foreach (string name in dropped ?? []) value.Remove(name);
        foreach (string name in emptied ?? []) value[name] = null;
        foreach (string name in type.ShownLists)
        {
            if (!value.ContainsKey(name)) value[name] = null;
        }
    }

    private static void Inside(TypeSchema type, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject fields when type.Kind == SchemaKind.Object:
                Drop(type, fields);
                break;
            case JsonObject map when type is { Kind: SchemaKind.Map, Items: not null }:
                foreach ((_, JsonNode? item) in map) Inside(type.Items, item);
                break;
            case JsonArray list when type is { Kind: SchemaKind.List, Items: not null }:
                foreach (JsonNode? item in list) Inside(type.Items, item);
                break;
        }
    }

    private static bool IsEmpty(JsonNode value) => value is JsonArray { Count: 0 } or JsonObject { Count: 0 };

    private static bool IsZero(SchemaKind kind, JsonNode value) => (kind, value.GetValueKind()) switch
    {
        (SchemaKind.String, JsonValueKind.String) => value.GetValue<string>().Length == 0,
        (SchemaKind.Integer, JsonValueKind.Number) => value.AsLong() == 0,
        (SchemaKind.Boolean, JsonValueKind.False) => true,
        _ => false,
    };
}
