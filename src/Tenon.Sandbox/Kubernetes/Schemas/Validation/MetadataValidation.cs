using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks <c>metadata</c>, which every kind has.</summary>
internal static class MetadataValidation
{
    private const int AnnotationBytes = 256 * 1024;

    /// <summary>The problems of an object's metadata.</summary>
    public static IReadOnlyList<FieldError> Validate(JsonObject value, JsonObject? old, Func<string, string?> checkName, bool? namespaced)
    {
        List<FieldError> errors = [];
        JsonObject metadata = value.Object("metadata") ?? [];
        string name = metadata.Text("name") ?? string.Empty;
        if (metadata.Text("generateName") is { Length: > 0 } prefix && checkName(prefix.TrimEnd('-') + "a") is string wrong)
            errors.Add(FieldError.Invalid("metadata.generateName", prefix, wrong));
        if (name.Length == 0) errors.Add(FieldError.Required("metadata.name", "name or generateName is required"));
        else if (old is null && checkName(name) is string problem) errors.Add(FieldError.Invalid("metadata.name", name, problem));
        string space = metadata.Text("namespace") ?? string.Empty;
        if (namespaced == true && space.Length == 0) errors.Add(FieldError.Required("metadata.namespace"));
        if (namespaced == false && space.Length > 0) errors.Add(FieldError.Forbidden("metadata.namespace", "not allowed on this type"));
        CheckLabels(metadata.Object("labels"), "metadata.labels", errors);
        CheckAnnotations(metadata.Object("annotations"), errors);
        CheckOwners(metadata, errors);
        int i = 0;
        foreach (string finalizer in metadata.Texts("finalizers"))
        {
            string path = $"metadata.finalizers[{i++}]";
            if (NameRules.QualifiedName(finalizer) is string fault) errors.Add(FieldError.Invalid(path, finalizer, fault));
        }

        if (old is not null) CheckUnchanged(metadata, old.Object("metadata") ?? [], errors);
        return [.. errors];
    }

    /// <summary>The problems of labels.</summary>
    public static void CheckLabels(JsonObject? labels, string path, List<FieldError> errors)
    {
        foreach ((string key, JsonNode? value) in labels ?? [])
        {
            if (NameRules.QualifiedName(key) is string wrong) errors.Add(FieldError.Invalid(path, key, wrong));
            if (NameRules.LabelValue(value.AsText() ?? string.Empty) is string fault) errors.Add(FieldError.Invalid(path, value, fault));
        }
    }

    /// <summary>Finalizers of built-in kinds: those that Kubernetes itself has, or names with a domain.</summary>
    public static void CheckFinalizers(JsonObject value, List<FieldError> errors)
    {
        int i = 0;
        foreach (string finalizer in value.Texts("metadata", "finalizers"))
        {
            string path = $"metadata.finalizers[{i++}]";
            if (finalizer.Contains('/', StringComparison.Ordinal) || finalizer is "kubernetes" or "orphan" or "foregroundDeletion") continue;
            errors.Add(FieldError.Invalid(path, finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
        }
    }

    private static void CheckAnnotations(JsonObject? annotations, List<FieldError> errors)
    {
        long size = 0;
        foreach ((string key, JsonNode? value) in annotations ?? [])
        {
            if (NameRules.QualifiedName(key.ToLowerInvariant()) is string wrong) errors.Add(FieldError.Invalid("metadata.annotations", key, wrong));
            size += key.Length + (value.AsText()?.Length ?? 0);
        }

        if (size > AnnotationBytes) errors.Add(FieldError.TooLong("metadata.annotations", null, AnnotationBytes));
    }

    private static void CheckOwners(JsonObject metadata, List<FieldError> errors)
    {
        int i = 0;
        List<string> controllers = [];
        foreach (JsonObject owner in metadata.Objects("ownerReferences"))
        {
            string path = $"metadata.ownerReferences[{i++}]";
            if (string.IsNullOrEmpty(owner.Text("apiVersion"))) errors.Add(FieldError.Invalid($"{path}.apiVersion", string.Empty, "version must not be empty"));
            if (string.IsNullOrEmpty(owner.Text("kind"))) errors.Add(FieldError.Invalid($"{path}.kind", string.Empty, "must not be empty"));
            if (string.IsNullOrEmpty(owner.Text("name"))) errors.Add(FieldError.Invalid($"{path}.name", string.Empty, "must not be empty"));
            if (string.IsNullOrEmpty(owner.Text("uid"))) errors.Add(FieldError.Invalid($"{path}.uid", string.Empty, "must not be empty"));
            if (owner.Bool("controller") == true) controllers.Add($"{owner.Text("kind")}/{owner.Text("name")}");
        }

        if (controllers.Count > 1)
        {
            errors.Add(FieldError.Invalid("metadata.ownerReferences", metadata["ownerReferences"],
                $"Only one reference can have Controller set to true. Found \"true\" in references for {controllers[0]} and {controllers[1]}"));
        }
    }

    private static void CheckUnchanged(JsonObject metadata, JsonObject before, List<FieldError> errors)
    {
        foreach (string field in new[] { "name", "namespace", "uid" })
        {
            string now = metadata.Text(field) ?? string.Empty;
            if (now != (before.Text(field) ?? string.Empty)) errors.Add(FieldError.Invalid($"metadata.{field}", now, "field is immutable"));
        }
    }
}
