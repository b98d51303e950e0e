using System.Collections.Immutable;

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
