using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>IDs and times as the services write them.</summary>
internal static class Text
{
    /// <summary>A UUID with dashes (Nova, Neutron, Octavia, Glance).</summary>
    public static string NewUuid() => Guid.NewGuid().ToString("D");

    /// <summary>A UUID without dashes (Keystone).</summary>
    public static string NewHexId() => Guid.NewGuid().ToString("N");

    public static bool IsUuid(string? text) => Guid.TryParseExact(text, "D", out _) || Guid.TryParseExact(text, "N", out _);

    /// <summary><c>2026-11-21T03:41:19Z</c> (Nova, Neutron, Glance).</summary>
    public static string Seconds(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'Z'");

    /// <summary><c>2026-11-21T03:41:19</c> (Octavia, and Keystone where it passes on what it was given).</summary>
    public static string SecondsWithoutZone(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss");

    /// <summary><c>2026-11-21T03:41:19.000000Z</c> (Keystone, which keeps whole seconds).</summary>
    public static string Micros(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'.000000Z'");
}

/// <summary>Reading requests' JSON.</summary>
internal static class JsonReading
{
    /// <summary>A string; null where absent, null or something else.</summary>
    public static string? String(this JsonObject node, string name)
        => node.TryGetPropertyValue(name, out JsonNode? value) && value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    /// <summary>A boolean, also as the strings that OpenStack takes for one; null where absent or something else.</summary>
    public static bool? Boolean(this JsonObject node, string name)
    {
        if (!node.TryGetPropertyValue(name, out JsonNode? value) || value is not JsonValue v) return null;
        return v.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => ParseBoolean(v.GetValue<string>()),
            JsonValueKind.Number => v.TryGetValue(out int number) ? number switch { 0 => false, 1 => true, _ => null } : null,
            _ => null,
        };
    }

    /// <summary>An integer, also as a string; null where absent or something else.</summary>
    public static long? Integer(this JsonObject node, string name)
    {
        if (!node.TryGetPropertyValue(name, out JsonNode? value) || value is not JsonValue v) return null;
        return v.GetValueKind() switch
        {
            JsonValueKind.Number when v.TryGetValue(out long number) => number,
            JsonValueKind.Number when v.TryGetValue(out int small) => small,
            JsonValueKind.String when long.TryParse(v.GetValue<string>(), out long number) => number,
            _ => null,
        };
    }

    /// <summary>An object; null where absent or something else.</summary>
    public static JsonObject? Object(this JsonObject node, string name) => node.TryGetPropertyValue(name, out JsonNode? value) ? value as JsonObject : null;

    /// <summary>An array; null where absent or something else.</summary>
    public static JsonArray? Array(this JsonObject node, string name) => node.TryGetPropertyValue(name, out JsonNode? value) ? value as JsonArray : null;

    /// <summary>The truth in a query's or a body's text as oslo reads it; null where it is none.</summary>
    public static bool? ParseBoolean(string? text) => text?.ToLowerInvariant() switch
    {
        "1" or "t" or "true" or "on" or "y" or "yes" => true,
        "0" or "f" or "false" or "off" or "n" or "no" => false,
        _ => null,
    };

    /// <summary>An array of strings.</summary>
    public static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]);
}
