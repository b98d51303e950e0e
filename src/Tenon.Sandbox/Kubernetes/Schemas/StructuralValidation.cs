using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Checks custom resources against their structural schema.</summary>
internal static class StructuralValidation
{
    private static readonly ConcurrentDictionary<string, Regex> Patterns = new();

    /// <summary>The problems of a whole object; its metadata is checked elsewhere.</summary>
    public static IReadOnlyList<FieldError> Validate(JsonObject schema, JsonObject document)
    {
        List<FieldError> errors = [];
        Walk(schema, document, string.Empty, errors, root: true);
        return errors;
    }

    /// <summary>The problems of any value.</summary>
    public static IReadOnlyList<FieldError> ValidateValue(JsonObject schema, JsonNode? value, string path)
    {
        List<FieldError> errors = [];
        Walk(schema, value, path, errors, root: false);
        return errors;
    }

    /// <summary>A compiled pattern.</summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    public static Regex Pattern(string pattern) =>
        Patterns.GetOrAdd(pattern, static p => new Regex(p, RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)));

    private static void Walk(JsonObject schema, JsonNode? value, string path, List<FieldError> errors, bool root)
    {
        if (value is null && schema.Bool("nullable") == true) return;
        if (!HasType(schema, value, path, errors)) return;
        switch (value)
        {
            case JsonObject fields:
                WalkObject(schema, fields, path, errors, root);
                break;
            case JsonArray items:
                WalkArray(schema, items, path, errors);
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                CheckText(schema, scalar, path, errors);
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.Number:
                CheckNumber(schema, scalar, path, errors);
                break;
        }

        if (schema["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, value)))
            errors.Add(FieldError.NotSupported(path, value, allowed.Select(a => a.AsText() ?? a?.ToJsonString() ?? "null")));
        CheckLogic(schema, value, path, errors, root);
    }

    private static bool HasType(JsonObject schema, JsonNode? value, string path, List<FieldError> errors)
    {
        JsonValueKind kind = value?.GetValueKind() ?? JsonValueKind.Null;
        if (schema.Bool("x-kubernetes-int-or-string") == true)
        {
            if (kind == JsonValueKind.String || value.AsLong() is not null) return true;
            errors.Add(FieldError.TypeInvalid(path, TypeName(value), $"{path} in body must be of type integer,string: \"{TypeName(value)}\""));
            return false;
        }

        bool fits = schema.Text("type") switch
        {
            "object" => kind == JsonValueKind.Object,
            "array" => kind == JsonValueKind.Array,
            "string" => kind == JsonValueKind.String,
            "integer" => value.AsLong() is not null,
            "number" => kind == JsonValueKind.Number,
            "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
            _ => true,
        };
        if (!fits) errors.Add(FieldError.TypeInvalid(path, TypeName(value), $"{path} in body must be of type {schema.Text("type")}: \"{TypeName(value)}\""));
        return fits;
    }

    private static string TypeName(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.AsLong() is null ? "number" : "integer",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => "null",
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static void WalkObject(JsonObject schema, JsonObject fields, string path, List<FieldError> errors, bool root)
    {
        foreach (string name in schema.Texts("required"))
        {
            if (!fields.ContainsKey(name)) errors.Add(FieldError.Required(Join(path, name)));
        }

        foreach ((string name, JsonNode? child) in fields)
        {
            if (root && name is "metadata" or "apiVersion" or "kind") continue;
            if (schema.Object("properties", name) is JsonObject property) Walk(property, child, Join(path, name), errors, root: false);
            else if (schema.Object("additionalProperties") is JsonObject values) Walk(values, child, Join(path, name), errors, root: false);
        }

        if (schema.Long("minProperties") is long least && fields.Count < least)
            errors.Add(FieldError.Invalid(path, JsonValue.Create(fields.Count), $"{path} in body should have at least {least} properties"));
        if (schema.Long("maxProperties") is long most && fields.Count > most) errors.Add(FieldError.TooMany(path, fields.Count, (int)most));
    }

    private static void WalkArray(JsonObject schema, JsonArray items, string path, List<FieldError> errors)
    {
        if (schema.Long("minItems") is long least && items.Count < least)
            errors.Add(FieldError.Invalid(path, JsonValue.Create(items.Count), $"{path} in body should have at least {least} items"));
        if (schema.Long("maxItems") is long most && items.Count > most) errors.Add(FieldError.TooMany(path, items.Count, (int)most));
        string? list = schema.Text("x-kubernetes-list-type");
        List<string> keys = [.. schema.Texts("x-kubernetes-list-map-keys")];
        HashSet<string> seen = [];
        for (int i = 0; i < items.Count; i++)
        {
            if (schema.Object("items") is JsonObject type) Walk(type, items[i], $"{path}[{i}]", errors, root: false);
            JsonNode? identity = list switch
            {
                "set" => items[i],
                "map" when items[i] is JsonObject item => new JsonObject(keys.Where(item.ContainsKey).Select(k => KeyValuePair.Create(k, item[k]?.DeepClone()))),
                _ => null,
            };
            if (identity is not null && !seen.Add(identity.ToJsonString())) errors.Add(FieldError.DuplicateItem($"{path}[{i}]", identity));
        }
    }

    private static void CheckText(JsonObject schema, JsonValue value, string path, List<FieldError> errors)
    {
        string text = value.GetValue<string>();
        int length = text.EnumerateRunes().Count();
        if (schema.Long("minLength") is long least && length < least)
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be at least {least} chars long"));
        if (schema.Long("maxLength") is long most && length > most) errors.Add(FieldError.TooLong(path, value, (int)most));
        if (schema.Text("pattern") is string pattern && !Pattern(pattern).IsMatch(text))
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should match '{pattern}'"));
        if (schema.Text("format") is string format && !HasFormat(format, text))
            errors.Add(FieldError.Invalid(path, value, $"{path} in body must be of type {format}: {FieldError.Show(value)}"));
    }

    private static bool HasFormat(string format, string text) => format switch
    {
        "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _) && text.Contains('T', StringComparison.OrdinalIgnoreCase),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "byte" => System.Buffers.Text.Base64.IsValid(text),
        "ipv4" => IPAddress.TryParse(text, out IPAddress? four) && four.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && text.Count(c => c == '.') == 3,
        "ipv6" => IPAddress.TryParse(text, out IPAddress? six) && six.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6,
        "cidr" => IPNetwork.TryParse(text, out _),
        "uuid" => Guid.TryParse(text, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
        "hostname" => Uri.CheckHostName(text) == UriHostNameType.Dns,
        "duration" => Regex.IsMatch(text, @"^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w)\s*)+$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)),
        _ => true,
    };

    private static void CheckNumber(JsonObject schema, JsonValue value, string path, List<FieldError> errors)
    {
        double number = Number(value);
        if (schema["minimum"] is JsonNode least)
        {
            bool exclusive = schema.Bool("exclusiveMinimum") == true;
            if (exclusive ? number <= Number(least) : number < Number(least))
                errors.Add(FieldError.Invalid(path, value, $"{path} in body should be greater than {(exclusive ? "" : "or equal to ")}{least.ToJsonString()}"));
        }

        if (schema["maximum"] is JsonNode most)
        {
            bool exclusive = schema.Bool("exclusiveMaximum") == true;
            if (exclusive ? number >= Number(most) : number > Number(most))
                errors.Add(FieldError.Invalid(path, value, $"{path} in body should be less than {(exclusive ? "" : "or equal to ")}{most.ToJsonString()}"));
        }

        if (schema["multipleOf"] is JsonNode factor && Math.Abs(Math.IEEERemainder(number, Number(factor))) > 1e-9)
            errors.Add(FieldError.Invalid(path, value, $"{path} in body should be a multiple of {factor.ToJsonString()}"));
        if (schema.Text("format") == "int32" && number is < int.MinValue or > int.MaxValue)
            errors.Add(FieldError.Invalid(path, value, $"{path} in body must be of type int32: {value.ToJsonString()}"));
    }

    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);

    private static void CheckLogic(JsonObject schema, JsonNode? value, string path, List<FieldError> errors, bool root)
    {
        foreach (JsonObject part in schema.Objects("allOf")) Walk(part, value, path, errors, root);
        string shown = path.Length == 0 ? "<nil>" : path;
        if (schema["anyOf"] is JsonArray { Count: > 0 } any && Matching(any, value, root) == 0)
            errors.Add(FieldError.Invalid(shown, string.Empty, $"\"{path}\" must validate at least one schema (anyOf)"));
        if (schema["oneOf"] is JsonArray { Count: > 0 } one && Matching(one, value, root) is int count && count != 1)
        {
            string found = count == 0 ? "Found none valid" : $"Found {count} valid alternatives";
            errors.Add(FieldError.Invalid(shown, string.Empty, $"\"{path}\" must validate one and only one schema (oneOf). {found}"));
        }

        if (schema.Object("not") is JsonObject not && Valid(not, value, root))
            errors.Add(FieldError.Invalid(shown, string.Empty, $"\"{path}\" must not validate the schema (not)"));
    }

    private static int Matching(JsonArray schemas, JsonNode? value, bool root) => schemas.OfType<JsonObject>().Count(s => Valid(s, value, root));

    private static bool Valid(JsonObject schema, JsonNode? value, bool root)
    {
        List<FieldError> errors = [];
        Walk(schema, value, string.Empty, errors, root);
        return errors.Count == 0;
    }
}
