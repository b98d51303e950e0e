using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Ownership;

/// <summary>How applying sees a value.</summary>
internal enum Shape
{
    /// <summary>One value, owned as a whole.</summary>
    Leaf,

    /// <summary>Fields or keys, each owned apart.</summary>
    Fields,

    /// <summary>Items told apart by keys.</summary>
    KeyedList,

    /// <summary>Scalars that occur once.</summary>
    Set,
}

/// <summary>Reads a type the way that applying sees it. Where nothing is known of a value, objects have separate keys and lists are one value.</summary>
internal static class Shapes
{
    /// <summary>The shape of a value (of either of two that are compared).</summary>
    public static Shape Of(TypeSchema? type, JsonNode? value)
    {
        switch (type?.Kind)
        {
            case null or SchemaKind.Any:
                return value is JsonObject && type is not { IsAtomic: true } ? Shape.Fields : Shape.Leaf;
            case SchemaKind.Object or SchemaKind.Map when value is JsonObject:
                return type.IsAtomic ? Shape.Leaf : Shape.Fields;
            case SchemaKind.List when value is JsonArray items:
                return type.ListKind switch
                {
                    ListKind.Map when items.All(i => i is JsonObject item && Steps.Keys(type, item) is not null) => Shape.KeyedList,
                    ListKind.Set when items.All(i => i is null or JsonValue) => Shape.Set,
                    _ => Shape.Leaf,
                };
            default:
                return Shape.Leaf;
        }
    }

    /// <summary>The type of a field or key; null where nothing is known of it.</summary>
    public static TypeSchema? Field(TypeSchema? type, string name)
    {
        if (type is null) return null;
        if (type.Kind == SchemaKind.Map) return type.Items;
        return type.Fields.TryGetValue(name, out FieldSchema? field) ? field.Type : null;
    }

    /// <summary>Whether a name is a field of an object rather than a key of a map.</summary>
    public static bool IsNamed(TypeSchema? type, string name) => type is { Kind: SchemaKind.Object } && type.Fields.ContainsKey(name);

    /// <summary>The type below a step.</summary>
    public static TypeSchema? Below(TypeSchema? type, string step) =>
        step.StartsWith("f:", StringComparison.Ordinal) ? Field(type, step[2..]) : type?.Items;

    /// <summary>The step of a list item.</summary>
    public static string Item(TypeSchema list, Shape shape, JsonNode? item) =>
        shape == Shape.Set ? Steps.Value(item) : Steps.Keys(list, (JsonObject)item!)!;

    /// <summary>What a typed server sees before an object exists: its fields that are structures are there, empty.</summary>
    public static JsonObject Zero(TypeSchema type) => WithStructures(type, []);

    /// <summary>An object as a typed server sees it: its fields that are structures, not pointers, are there even where nothing is in them.</summary>
    public static JsonObject WithStructures(TypeSchema type, JsonObject value)
    {
        JsonObject result = value.Copy();
        AddStructures(type, result);
        return result;
    }

    private static void AddStructures(TypeSchema type, JsonObject value)
    {
        foreach (FieldSchema field in type.Fields.Values)
        {
            if (field.Type.Kind == SchemaKind.Object && !field.Type.IsAtomic && (field.Type.Default is JsonObject { Count: 0 } || field.Name == "metadata" || IsTemplate(field)))
                AddStructures(field.Type, value.Ensure(field.Name));
            else if (field is { Required: true, Type.Kind: SchemaKind.List }) value.EnsureArray(field.Name);
        }
    }

    private static bool IsTemplate(FieldSchema field) => field is { Required: true, Name: "template" };
}
