using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;

namespace Tenon.Sandbox.OpenStack.Networking.Attributes;

/// <summary>Turns a request's value into the model's, or refuses it as Neutron words it. The first argument is the attribute's name.</summary>
internal static class Parse
{
    public const int NameLength = 255;

    public static object? Name(string name, JsonNode? value) => Text(name, value, NameLength);

    public static object? Any(string name, JsonNode? value) => value?.DeepClone();

    public static object? Text(string name, JsonNode? value, int maximum)
    {
        string text = String(name, value);
        return text.Length <= maximum ? text : throw Faults.Attribute(name, $"'{text}' exceeds maximum length of {maximum}");
    }

    public static object? TextOrNull(string name, JsonNode? value) => value is null ? null : Text(name, value, NameLength);

    public static object? Boolean(string name, JsonNode? value)
    {
        bool? flag = value is JsonValue v
            ? v.GetValueKind() switch
            {
                JsonValueKind.True => true,
                JsonValueKind.False => false,
                JsonValueKind.String => v.GetValue<string>().ToLowerInvariant() switch { "true" or "1" => true, "false" or "0" => false, _ => null },
                JsonValueKind.Number => v.ToJsonString() switch { "1" => true, "0" => false, _ => (bool?)null },
                _ => null,
            }
            : null;
        return flag ?? throw Faults.InvalidInput($"'{Python.Str(value)}' cannot be converted to boolean");
    }

    public static object? Integer(string name, JsonNode? value) => Number(value) ?? throw Faults.InvalidInput($"'{Python.Str(value)}' is not an integer");

    public static object? IntegerOrNull(string name, JsonNode? value) => value is null ? null : Integer(name, value);

    public static Func<string, JsonNode?, object?> OneOf(params string[] allowed) => (name, value) =>
    {
        string text = Python.Str(value);
        return value is not null && allowed.Contains(text) ? text : throw Faults.Attribute(name, $"{text} is not in valid_values");
    };

    public static Func<string, JsonNode?, object?> OneOfOrNull(params string[] allowed)
        => (name, value) => value is null ? null : OneOf(allowed)(name, value);

    public static object? IpVersion(string name, JsonNode? value)
        => Number(value) is 4 or 6 ? Number(value) : throw Faults.Attribute(name, $"{Python.Str(value)} is not in valid_values");

    public static object? Uuid(string name, JsonNode? value)
        => Http.Text.IsUuid(StringOf(value)) ? StringOf(value) : throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a valid UUID");

    public static object? UuidOrNull(string name, JsonNode? value) => value is null ? null : Uuid(name, value);

    public static object? UuidList(string name, JsonNode? value)
    {
        if (value is null) return ImmutableArray<string>.Empty;
        if (value is not JsonArray array) throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a list");
        var ids = ImmutableArray.CreateBuilder<string>(array.Count);
        foreach (JsonNode? item in array)
        {
            if (!Http.Text.IsUuid(StringOf(item))) throw Faults.Attribute(name, $"'{Python.Str(item)}' is not a valid UUID");
            ids.Add(StringOf(item)!);
        }

        return ids.Distinct().Count() == ids.Count
            ? ids.ToImmutable()
            : throw Faults.Attribute(name, $"Duplicate items in the list: '{string.Join(", ", ids.GroupBy(i => i).Where(g => g.Count() > 1).Select(g => g.Key))}'");
    }

    public static object? TextList(string name, JsonNode? value)
    {
        if (value is null) return ImmutableArray<string>.Empty;
        if (value is not JsonArray array) throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a list");
        return array.Select(i => String(name, i)).ToImmutableArray();
    }

    public static object? Address(string name, JsonNode? value)
        => Ip.TryParse(StringOf(value), out Ip address) ? address : throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a valid IP address");

    public static object? AddressOrNull(string name, JsonNode? value) => value is null ? null : Address(name, value);

    public static object? MacAddress(string name, JsonNode? value)
        => Mac.IsValid(StringOf(value)) && StringOf(value) != "00:00:00:00:00:00" ? StringOf(value)! : throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a valid MAC address");

    public static object? NameServers(string name, JsonNode? value)
    {
        if (value is null) return ImmutableArray<string>.Empty;
        if (value is not JsonArray array) throw Faults.Attribute(name, $"Invalid data format for nameserver: '{Python.Str(value)}'");
        var servers = ImmutableArray.CreateBuilder<string>();
        foreach (JsonNode? item in array)
        {
            string text = Python.Str(item);
            if (!Ip.TryParse(text, out _)) throw Faults.Attribute(name, $"'{text}' is not a valid nameserver. '{text}' is not a valid IP address");
            if (servers.Contains(text)) throw Faults.Attribute(name, $"Duplicate nameserver '{text}'");
            servers.Add(text);
        }

        return servers.ToImmutable();
    }

    /// <summary>Host routes of a subnet and extra routes of a router have one form.</summary>
    public static object? Routes(string name, JsonNode? value)
    {
        if (value is null) return ImmutableArray<Resources.Route>.Empty;
        if (value is not JsonArray array) throw Faults.Attribute(name, $"Invalid data format for hostroute: '{Python.Str(value)}'");
        var routes = ImmutableArray.CreateBuilder<Resources.Route>();
        foreach (JsonNode? item in array)
        {
            if (item is not JsonObject obj) throw Faults.Attribute(name, $"Invalid data format for hostroute: '{Python.Str(value)}'");
            ExactKeys(name, obj, "destination", "nexthop");
            string destination = Python.Str(obj["destination"]), hop = Python.Str(obj["nexthop"]);
            Prefix prefix = Cidr(name, destination);
            if (!Ip.TryParse(hop, out Ip nextHop)) throw Faults.Attribute(name, $"'{hop}' is not a valid IP address");
            var route = new Resources.Route(prefix, nextHop);
            if (routes.Contains(route)) throw Faults.Attribute(name, $"Duplicate hostroute '{Python.Repr(obj)}'");
            routes.Add(route);
        }

        return routes.ToImmutable();
    }

    public static object? Pools(string name, JsonNode? value)
    {
        if (value is not JsonArray array) throw Faults.Attribute(name, $"Invalid data format for IP pool: '{Python.Str(value)}'");
        var pools = ImmutableArray.CreateBuilder<IpRange>();
        foreach (JsonNode? item in array)
        {
            if (item is not JsonObject obj) throw Faults.Attribute(name, $"Invalid data format for IP pool: '{Python.Str(value)}'");
            ExactKeys(name, obj, "start", "end");
            pools.Add(new IpRange((Ip)Address(name, obj["start"])!, (Ip)Address(name, obj["end"])!));
        }

        return pools.ToImmutable();
    }

    public static object? Prefixes(string name, JsonNode? value)
    {
        if (value is not JsonArray array) throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a list");
        return array.Select(item => Prefix.TryParse(Python.Str(item), out Prefix prefix) && Python.Str(item).Contains('/', StringComparison.Ordinal)
            ? prefix
            : throw Faults.Attribute(name, $"'{Python.Str(item)}' is not a valid IP subnet")).Distinct().ToImmutableArray();
    }

    /// <summary>A prefix; refuses what is none in canonical form.</summary>
    public static Prefix Cidr(string name, string text)
    {
        if (!Prefix.TryParse(text, out Prefix prefix, out Ip given)) throw Faults.Attribute(name, $"'{text}' is not a valid CIDR");
        if (given != prefix.Network || !text.Contains('/', StringComparison.Ordinal))
            throw Faults.Attribute(name, $"'{text}' is not a recognized CIDR, '{prefix}' is recommended");
        return prefix;
    }

    /// <summary>Refuses an object whose keys are not exactly these.</summary>
    public static void ExactKeys(string name, JsonObject obj, params string[] keys)
    {
        if (obj.Count == keys.Length && keys.All(obj.ContainsKey)) return;
        throw Faults.Attribute(
            name,
            $"Validation of dictionary's keys failed. Expected keys: {Set(keys)} Provided keys: {Set(obj.Select(p => p.Key))}");
    }

    /// <summary>A number in digits, as JSON or as a string.</summary>
    public static int? Number(JsonNode? value) => value is JsonValue v && int.TryParse(Python.Str(v), out int number) ? number : null;

    public static string? StringOf(JsonNode? value)
        => value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : null;

    private static string Set(IEnumerable<string> keys) => $"{{{string.Join(", ", keys.Select(Python.Repr))}}}";

    private static string String(string name, JsonNode? value)
        => StringOf(value) ?? throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a valid string");
}
