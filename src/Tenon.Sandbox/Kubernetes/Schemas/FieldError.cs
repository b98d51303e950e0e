using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>What is wrong with a field; the names are the <c>reason</c> of a Status' causes.</summary>
public enum FieldErrorReason
{
    /// <summary>A value that must be given is missing.</summary>
    FieldValueRequired,

    /// <summary>The value is malformed, out of range, or must not change.</summary>
    FieldValueInvalid,

    /// <summary>The value is not one of those supported.</summary>
    FieldValueNotSupported,

    /// <summary>The value occurs twice.</summary>
    FieldValueDuplicate,

    /// <summary>The value must not be given here.</summary>
    FieldValueForbidden,

    /// <summary>What the value refers to is not there.</summary>
    FieldValueNotFound,

    /// <summary>The value has the wrong JSON type.</summary>
    FieldValueTypeInvalid,

    /// <summary>The value is longer than allowed.</summary>
    FieldValueTooLong,

    /// <summary>The list has more items than allowed.</summary>
    FieldValueTooMany,
}

/// <summary>One problem of an object that was sent, worded as the API server words it.</summary>
/// <param name="Reason">The kind of problem.</param>
/// <param name="Field">The path, such as <c>spec.ports[0].port</c>.</param>
/// <param name="Message">The text after the path: <c>Invalid value: 0: must be between 1 and 65535, inclusive</c>.</param>
public sealed record FieldError(FieldErrorReason Reason, string Field, string Message)
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The value is there but wrong.</summary>
    public static FieldError Invalid(string field, JsonNode? value, string detail) =>
        new(FieldErrorReason.FieldValueInvalid, field, $"Invalid value: {Show(value)}: {detail}");

    /// <summary>The value has the wrong JSON type.</summary>
    public static FieldError TypeInvalid(string field, JsonNode? value, string detail) =>
        new(FieldErrorReason.FieldValueTypeInvalid, field, $"Invalid value: {Show(value)}: {detail}");

    /// <summary>The value is missing.</summary>
    public static FieldError Required(string field, string detail = "") =>
        new(FieldErrorReason.FieldValueRequired, field, detail.Length == 0 ? "Required value" : $"Required value: {detail}");

    /// <summary>The value is none of those allowed.</summary>
    public static FieldError NotSupported(string field, JsonNode? value, IEnumerable<string> supported) =>
        new(FieldErrorReason.FieldValueNotSupported, field,
            $"Unsupported value: {Show(value)}: supported values: {string.Join(", ", supported.Select(s => Show(s)))}");

    /// <summary>The value occurs twice.</summary>
    public static FieldError Duplicate(string field, JsonNode? value) => new(FieldErrorReason.FieldValueDuplicate, field, $"Duplicate value: {Show(value)}");

    /// <summary>The value must not be given or changed here.</summary>
    public static FieldError Forbidden(string field, string detail) => new(FieldErrorReason.FieldValueForbidden, field, $"Forbidden: {detail}");

    /// <summary>What the value names is not there.</summary>
    public static FieldError NotFound(string field, JsonNode? value) => new(FieldErrorReason.FieldValueNotFound, field, $"Not found: {Show(value)}");

    /// <summary>The text is too long.</summary>
    public static FieldError TooLong(string field, int limit) => new(FieldErrorReason.FieldValueTooLong, field, $"Too long: may not be more than {limit} bytes");

    /// <summary>The list has too many items.</summary>
    public static FieldError TooMany(string field, int actual, int limit) =>
        new(FieldErrorReason.FieldValueTooMany, field, $"Too many: {actual}: must have at most {limit} items");

    /// <summary>A value as messages show it: text quoted, everything else as compact JSON.</summary>
    public static string Show(JsonNode? value) => value is null ? "null" : value.ToJsonString(Plain);

    /// <summary>Path and text, as in a Status message.</summary>
    public override string ToString() => $"{Field}: {Message}";

    /// <summary>
    /// The message of a 422 <c>Invalid</c> Status: <c>Service "x" is invalid: spec.ports[0].port: Invalid value: …</c>, with more than one problem in brackets.
    /// </summary>
    public static string StatusMessage(GroupVersionKind kind, string name, ImmutableArray<FieldError> errors)
    {
        string[] texts = [.. errors.Select(e => e.ToString()).Distinct(StringComparer.Ordinal)];
        string joined = texts.Length == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        return $"{kind.GroupKind} \"{name}\" is invalid: {joined}";
    }
}
