using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>One violation found by validation, worded as the API server words it in a 422 and in <c>details.causes</c>.</summary>
/// <param name="Reason">The machine-readable cause, for example <c>FieldValueInvalid</c>.</param>
/// <param name="Field">The path, for example <c>spec.ports[0].port</c>.</param>
/// <param name="Body">The message without the path, for example <c>Required value</c>.</param>
public sealed record FieldError(string Reason, string Field, string Body)
{
    /// <summary>The message with its path.</summary>
    public override string ToString() => $"{Field}: {Body}";

    /// <summary>The value is present but wrong.</summary>
    public static FieldError Invalid(string field, JsonNode? value, string detail) =>
        new("FieldValueInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    /// <summary>The value is present but wrong.</summary>
    public static FieldError Invalid(string field, string value, string detail) => Invalid(field, JsonValue.Create(value), detail);

    /// <summary>The value has the wrong JSON type (custom resources).</summary>
    public static FieldError TypeInvalid(string field, JsonNode? value, string detail) =>
        new("FieldValueTypeInvalid", field, $"Invalid value: {Show(value)}: {detail}");

    /// <summary>The value is missing.</summary>
    public static FieldError Required(string field, string detail = "") =>
        new("FieldValueRequired", field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    /// <summary>The value is none of the allowed ones.</summary>
    public static FieldError NotSupported(string field, JsonNode? value, IEnumerable<string> supported) =>
        new("FieldValueNotSupported", field,
            $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(s => JsonSerializer.Serialize(s, Plain)))}");

    /// <summary>The value occurs twice where it must be unique.</summary>
    public static FieldError Duplicate(string field, JsonNode? value) => new("FieldValueDuplicate", field, $"Duplicate value: {Show(value)}");

    /// <summary>The item of a custom resource's list occurs twice; the server shows an object as the Go map that it is to it.</summary>
    public static FieldError DuplicateItem(string field, JsonNode value)
        => new("FieldValueDuplicate", field, $"Duplicate value: {(value is JsonObject ? "map[string]interface {}" : "")}{Show(value)}");

    /// <summary>The field must not be set or changed here.</summary>
    public static FieldError Forbidden(string field, string detail) => new("FieldValueForbidden", field, $"Forbidden: {detail}");

    /// <summary>The value names something that does not exist.</summary>
    public static FieldError NotFound(string field, JsonNode? value) => new("FieldValueNotFound", field, $"Not found: {Show(value)}");

    /// <summary>The string is longer than allowed.</summary>
    public static FieldError TooLong(string field, JsonNode? value, int limit) =>
        new("FieldValueTooLong", field, $"Too long: may not be longer than {limit}");

    /// <summary>The list has more items than allowed.</summary>
    public static FieldError TooMany(string field, int actual, int limit) =>
        new("FieldValueTooMany", field, $"Too many: {actual}: must have at most {limit} items");

    /// <summary>A value as the messages show it: strings quoted, the rest as compact JSON.</summary>
    public static string Show(JsonNode? value) => value is null ? "null" : value.ToJsonString(Plain);

    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
