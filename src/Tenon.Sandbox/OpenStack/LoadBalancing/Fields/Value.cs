using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Fields;

/// <summary>Turns a request's value into the model's, or refuses it as Octavia words it.</summary>
internal static class Value
{
    /// <summary>The type of the fault that names the whole request instead of the field: the value could not even be converted.</summary>
    public const string Unconvertible = "Unconvertible";

    public static string? Time(DateTimeOffset? time) => time is { } t ? Http.Text.SecondsWithoutZone(t) : null;

    public static object? Text(string name, JsonNode? value)
    {
        string text = Python.Str(value);
        if (value is null || value.GetValueKind() != JsonValueKind.String) throw OctaviaFaults.Field(name, text, "Value should be string");
        return text.Length <= 255 ? text : throw OctaviaFaults.Field(name, text, "Value should have a maximum character requirement of 255");
    }

    public static object? Any(string name, JsonNode? value) => value?.DeepClone();

    public static object? Boolean(string name, JsonNode? value)
        => JsonReading.ParseBoolean(value is JsonValue v && v.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? v.ToJsonString() : Python.Str(value))
           ?? throw new ApiFault(400, $"Value not an unambiguous boolean: {Python.Str(value)}", Unconvertible);

    public static object? Uuid(string name, JsonNode? value)
        => Http.Text.IsUuid(Python.Str(value)) ? Python.Str(value) : throw OctaviaFaults.Field(name, Python.Str(value), "Value should be UUID format");

    public static object? Address(string name, JsonNode? value)
        => Ip.TryParse(Python.Str(value), out Ip address) ? address : throw OctaviaFaults.Field(name, Python.Str(value), "Value should be IPv4 or IPv6 format");

    public static Func<string, JsonNode?, object?> Integer(int minimum, int maximum) => (name, value) =>
    {
        int number = Parse.Number(value) ?? throw new ApiFault(400, $"invalid literal for int() with base 10: {Python.Repr(value)}", Unconvertible);
        if (number < minimum) throw OctaviaFaults.Field(name, Python.Str(value), $"Value should be greater or equal to {minimum}");
        return number <= maximum ? number : throw OctaviaFaults.Field(name, Python.Str(value), $"Value should be lower or equal to {maximum}");
    };

    public static object? Number(string name, JsonNode? value)
        => double.TryParse(Python.Str(value), out double number) ? number : throw OctaviaFaults.Field(name, Python.Str(value), "Value should be float format");

    public static Func<string, JsonNode?, object?> OneOf(params string[] allowed) => (name, value) => allowed.Contains(Python.Str(value))
        ? Python.Str(value)
        : throw OctaviaFaults.Field(name, Python.Str(value), $"Value should be one of: {string.Join(", ", allowed)}");

    public static object? TextList(string name, JsonNode? value)
    {
        if (value is not JsonArray array) throw new ApiFault(400, $"Value not a valid list: {Python.Str(value)}", Unconvertible);
        ImmutableArray<string> texts = [.. array.Select(Python.Str)];
        return texts.All(t => t.Length <= 255)
            ? texts
            : throw OctaviaFaults.Field(name, Python.Repr(value), "Value should have a maximum character requirement of 255");
    }

    public static object? Cidrs(string name, JsonNode? value)
    {
        // They are kept as networks: host bits go, so do doubles, and the database's key orders them.
        var networks = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string cidr in (ImmutableArray<string>)TextList(name, value)!)
        {
            if (!cidr.Contains('/', StringComparison.Ordinal) || !Prefix.TryParse(cidr, out Prefix prefix))
                throw OctaviaFaults.Field(name, Python.Repr(value), "Value should be IPv4 or IPv6 CIDR format");
            networks.Add(prefix.ToString());
        }

        return networks.ToImmutableArray();
    }

    public static object? Object(string name, JsonNode? value)
        => value is JsonObject ? value.DeepClone() : throw new ApiFault(400, $"Value not a valid dict: {Python.Str(value)}", Unconvertible);

    public static object? Persistence(string name, JsonNode? value)
    {
        if (value is not JsonObject given) throw OctaviaFaults.Field(name, Python.Str(value), "Value should be a dictionary");
        foreach ((string key, _) in given)
        {
            if (key is not ("type" or "cookie_name" or "persistence_timeout" or "persistence_granularity"))
                throw new ApiFault(400, $"Unknown attribute for argument pool_.pool.session_persistence: {key}");
        }

        return new JsonObject
        {
            ["type"] = (string)OneOf("APP_COOKIE", "HTTP_COOKIE", "SOURCE_IP")("type", given["type"] ?? throw OctaviaFaults.Missing("type"))!,
            ["cookie_name"] = given["cookie_name"]?.DeepClone(),
            ["persistence_timeout"] = given["persistence_timeout"]?.DeepClone(),
            ["persistence_granularity"] = given["persistence_granularity"]?.DeepClone(),
        };
    }
}
