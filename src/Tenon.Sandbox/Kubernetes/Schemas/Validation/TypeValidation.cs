using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>What the type itself says: enumerated values, and fields that must be given.</summary>
internal static class TypeValidation
{
    // Required in the type, yet the real server takes an object without them as one with an empty value.
    private static readonly HashSet<string> MayBeEmpty =
        ["rules", "endpoints", "podSelector", "drivers", "metadata", "template", "finalizers", "topologyKeys", "weight", "value", "items", "servedVersions", "port", "containerPort"];

    /// <summary>Checks a value and all below it.</summary>
    public static void Check(TypeSchema type, JsonNode value, string path, List<FieldError> errors)
    {
        switch (type.Kind)
        {
            case SchemaKind.Object when value is JsonObject fields:
                foreach (FieldSchema field in type.Fields.Values)
                {
                    string below = $"{path}.{field.Name}";
                    if (fields[field.Name] is JsonNode child) Check(field.Type, child, below, errors);
                    else if (field.Required && !MayBeEmpty.Contains(field.Name)) errors.Add(FieldError.Required(below));
                }

                break;
            case SchemaKind.List when value is JsonArray items:
                for (int i = 0; i < items.Count; i++)
                {
                    if (items[i] is JsonNode item) Check(type.Items!, item, $"{path}[{i}]", errors);
                }

                break;
            case SchemaKind.Map when value is JsonObject map:
                foreach ((string key, JsonNode? item) in map)
                {
                    if (item is not null) Check(type.Items!, item, $"{path}[{key}]", errors);
                }

                break;
            case SchemaKind.String when !type.Enum.IsEmpty && value.AsText() is string text && text.Length > 0 && !type.Enum.Contains(text):
                errors.Add(FieldError.NotSupported(path, text, type.Enum));
                break;
            case SchemaKind.Quantity when path.Contains("resources.", StringComparison.Ordinal) && Quantity.TryParse(value.ToString(), out Quantity amount) && amount.Nano.Sign < 0:
                errors.Add(FieldError.Invalid(path, value.ToString(), "must be greater than or equal to 0"));
                break;
        }
    }
}

/// <summary>Ports and addresses.</summary>
internal static class Ports
{
    /// <summary>What is wrong with a number outside of the range of ports.</summary>
    public const string Range = "must be between 1 and 65535, inclusive";

    /// <summary>Checks a port.</summary>
    public static void Check(long port, string path, List<FieldError> errors)
    {
        if (port is < 1 or > 65535) errors.Add(FieldError.Invalid(path, port, Range));
    }

    /// <summary>Checks a number or name of a port.</summary>
    public static void CheckTarget(JsonNode? target, string path, List<FieldError> errors)
    {
        if (target.AsLong() is long number) Check(number, path, errors);
        else if (target.AsText() is string name && Name(name) is string wrong) errors.Add(FieldError.Invalid(path, name, wrong));
    }

    /// <summary>What is wrong with a port's name.</summary>
    public static string? Name(string name)
    {
        if (name.Length > 15) return "must be no more than 15 characters";
        if (name.Length == 0 || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-'))
            return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        if (!name.Any(char.IsAsciiLetterLower)) return "must contain at least one letter (a-z)";
        if (name.Contains("--", StringComparison.Ordinal)) return "must not contain consecutive hyphens";
        return name[0] == '-' || name[^1] == '-' ? "must not begin or end with a hyphen" : null;
    }

    /// <summary>Checks an IP address.</summary>
    public static void CheckAddress(string? address, string path, List<FieldError> errors)
    {
        if (!System.Net.IPAddress.TryParse(address, out System.Net.IPAddress? parsed) || (!address.Contains(':', StringComparison.Ordinal) && address.Count(c => c == '.') != 3))
            errors.Add(FieldError.Invalid(path, address ?? string.Empty, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
        else if (System.Net.IPAddress.IsLoopback(parsed)) errors.Add(FieldError.Invalid(path, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
}
