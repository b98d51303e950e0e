using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>Reads the structural schema of a custom resource's version.</summary>
public static class CustomSchemas
{
    /// <summary>
    /// The rules of a custom kind. <paramref name="openApiV3Schema"/> is <c>spec.versions[].schema.openAPIV3Schema</c> (null: anything is kept).
    /// <paramref name="problems"/> has what makes the definition invalid (paths begin at <paramref name="path"/>) and is then answered with 422;
    /// <paramref name="warnings"/> has what is accepted but not enforced.
    /// </summary>
    public static KindRules Read(
        GroupVersionKind kind, bool namespaced, JsonObject? openApiV3Schema, bool preserveUnknown, string path,
        out ImmutableArray<FieldError> problems, out ImmutableArray<string> warnings)
    {
        problems = openApiV3Schema is null ? [] : StructuralSchemas.Check(path, openApiV3Schema);
        warnings = [];
        return new CustomRules(kind, namespaced, problems.IsEmpty ? openApiV3Schema : null, preserveUnknown);
    }
}
