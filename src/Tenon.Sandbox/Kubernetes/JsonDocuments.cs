using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>Reads and writes loosely typed documents without caring how a <see cref="JsonValue"/> was made (parsed or created).</summary>
public static class JsonDocuments
{
    /// <summary>Parser settings: the depth that the real server allows, no duplicate names.</summary>
    public static JsonDocumentOptions Strict { get; } = new() { MaxDepth = 256 };

    /// <summary>The text of a JSON string; <see langword="null"/> for anything else.</summary>
    public static string? AsText(this JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>The value of a whole JSON number; <see langword="null"/> for anything else.</summary>
    public static long? AsLong(this JsonNode? node)
    {
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number) return null;
        if (value.TryGetValue(out long whole)) return whole;
        if (value.TryGetValue(out int small)) return small;
        string text = value.ToJsonString();
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole)) return whole;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
            && Math.Abs(real) < 9e15 && Math.Floor(real) == real ? (long)real : null;
    }

    /// <summary>The value of a JSON boolean; <see langword="null"/> for anything else.</summary>
    public static bool? AsBool(this JsonNode? node) => node is JsonValue value
        ? value.GetValueKind() switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null }
        : null;

    /// <summary>The node at a path of property names; <see langword="null"/> where any step is missing or no object.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (string step in path)
        {
            if (node is not JsonObject parent || !parent.TryGetPropertyValue(step, out node)) return null;
        }

        return node;
    }

    /// <summary>The text at a path.</summary>
    public static string? Text(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path).AsText();

    /// <summary>The whole number at a path.</summary>
    public static long? Long(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path).AsLong();

    /// <summary>The boolean at a path.</summary>
    public static bool? Bool(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path).AsBool();

    /// <summary>The object at a path; <see langword="null"/> where there is none.</summary>
    public static JsonObject? Object(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) as JsonObject;

    /// <summary>The objects of the array at a path; empty where there is none.</summary>
    public static IEnumerable<JsonObject> Objects(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray array ? array.OfType<JsonObject>() : [];

    /// <summary>The texts of the array at a path; empty where there is none.</summary>
    public static IEnumerable<string> Texts(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray array ? array.Select(AsText).OfType<string>() : [];

    /// <summary>The string-to-string map at a path; empty where there is none.</summary>
    public static IReadOnlyDictionary<string, string> Map(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonObject { Count: > 0 } map
            ? map.Where(p => p.Value.AsText() is not null).ToDictionary(p => p.Key, p => p.Value.AsText()!)
            : EmptyMap;

    /// <summary>The object at a property, made and attached where it is missing.</summary>
    public static JsonObject Ensure(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject existing) return existing;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    /// <summary>The array at a property, made and attached where it is missing.</summary>
    public static JsonArray EnsureArray(this JsonObject parent, string name)
    {
        if (parent[name] is JsonArray existing) return existing;
        var made = new JsonArray();
        parent[name] = made;
        return made;
    }

    /// <summary>A deep copy that is free to be changed.</summary>
    public static JsonObject Copy(this JsonObject document) => (JsonObject)document.DeepClone();

    /// <summary>Kubernetes' time format: RFC 3339, whole seconds, UTC.</summary>
    public static string Timestamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Kubernetes' MicroTime format: RFC 3339, microseconds, UTC.</summary>
    public static string MicroTimestamp(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static readonly IReadOnlyDictionary<string, string> EmptyMap = new Dictionary<string, string>();
}
