using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Fills in the defaults that a type states.</summary>
internal static class SchemaDefaults
{
    /// <summary>Fills missing fields, at every depth, changing <paramref name="value"/> itself.</summary>
    public static void Fill(TypeSchema type, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject fields when type.Kind == SchemaKind.Object:
                foreach (FieldSchema field in type.Fields.Values)
                {
                    bool present = fields.TryGetPropertyValue(field.Name, out JsonNode? child);
                    if (child is null && field.Type.Default is not null && (!present || !field.Type.Nullable))
                    {
                        child = field.Type.Default.DeepClone();
                        fields[field.Name] = child;
                    }

                    if (child is not null) Fill(field.Type, child);
                }

                break;
            case JsonObject map when type is { Kind: SchemaKind.Map, Items: not null }:
                foreach ((_, JsonNode? item) in map) Fill(type.Items, item);
                break;
            case JsonArray list when type is { Kind: SchemaKind.List, Items: not null }:
                foreach (JsonNode? item in list) Fill(type.Items, item);
                break;
        }
    }
}
