using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Schemas;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>Words the violations that the server itself finds, as the real one words them.</summary>
internal static class FieldErrors
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value is present but wrong.</summary>
    public static FieldError Invalid(string field, JsonNode? value, string detail) =>
        new(FieldErrorReason.FieldValueInvalid, field, $"Invalid value: {Show(value)}: {detail}");

    /// <summary>The value is missing.</summary>
    public static FieldError Required(string field, string detail = "") =>
        new(FieldErrorReason.FieldValueRequired, field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    /// <summary>The value is none of the allowed ones.</summary>
    public static FieldError NotSupported(string field, JsonNode? value, params IEnumerable<string> supported) =>
        new(FieldErrorReason.FieldValueNotSupported, field,
            $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(s => Show(s)))}");

    /// <summary>The value occurs twice where it must be unique.</summary>
    public static FieldError Duplicate(string field, JsonNode? value) => new(FieldErrorReason.FieldValueDuplicate, field, $"Duplicate value: {Show(value)}");

    /// <summary>The field must not be set or changed here.</summary>
    public static FieldError Forbidden(string field, string detail) => new(FieldErrorReason.FieldValueForbidden, field, $"Forbidden: {detail}");

    /// <summary>The value names something that does not exist.</summary>
    public static FieldError NotFound(string field, JsonNode? value) => new(FieldErrorReason.FieldValueNotFound, field, $"Not found: {Show(value)}");

    private static string Show(JsonNode? value) => value is null ? "null" : value.ToJsonString(Plain);
}
