using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks the kinds that make pods.</summary>
internal static class WorkloadValidation
{
    /// <summary>Kinds of the group apps.</summary>
    public static void CheckApps(string kind, JsonObject spec, JsonObject? old, List<FieldError> errors)
    {
        CheckCount(spec, "replicas", errors);
        CheckCount(spec, "minReadySeconds", errors);
        CheckCount(spec, "revisionHistoryLimit", errors);
        JsonObject? selector = spec.Object("selector");
        if (selector is not null && (selector.Object("matchLabels")?.Count ?? 0) == 0 && !selector.Objects("matchExpressions").Any())
            errors.Add(FieldError.Invalid("spec.selector", Show(selector), $"empty selector is invalid for {Noun(kind)}"));
        CheckTemplate(spec, selector, errors);
        string? restart = spec.Text("template", "spec", "restartPolicy");
        if (restart is not (null or "Always")) errors.Add(FieldError.NotSupported("spec.template.spec.restartPolicy", restart, ["Always"]));
        if (kind == "Deployment") CheckStrategy(spec, errors);
        if (old is not null && !JsonNode.DeepEquals(selector, old["selector"]))
            errors.Add(new("FieldValueInvalid", "spec.selector", $"Invalid value: {Show(selector)}: field is immutable"));
    }

    /// <summary>A ReplicationController.</summary>
    public static void CheckController(JsonObject spec, List<FieldError> errors)
    {
        CheckCount(spec, "replicas", errors);
        JsonObject selector = spec.Object("selector") ?? [];
        if (selector.Count == 0) errors.Add(FieldError.Required("spec.selector"));
        if (spec.Object("template") is null)
        {
            errors.Add(FieldError.Required("spec.template"));
            return;
        }

        CheckTemplate(spec, new JsonObject { ["matchLabels"] = selector.DeepClone() }, errors);
        string? restart = spec.Text("template", "spec", "restartPolicy");
        if (restart is not (null or "Always")) errors.Add(FieldError.NotSupported("spec.template.spec.restartPolicy", restart, ["Always"]));
    }

    /// <summary>The spec of a Job.</summary>
    public static void CheckJob(JsonObject spec, string path, List<FieldError> errors)
    {
        foreach (string count in new[] { "parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished" })
        {
            if (spec.Long(count) is < 0 and long number) errors.Add(FieldError.Invalid($"{path}.{count}", number, "must be greater than or equal to 0"));
        }

        if (spec.Object("template", "spec") is JsonObject pod) PodValidation.CheckSpec(pod, $"{path}.template.spec", errors);
        string restart = spec.Text("template", "spec", "restartPolicy") ?? "Always";
        if (restart is not ("Never" or "OnFailure"))
            errors.Add(new("FieldValueRequired", $"{path}.template.spec.restartPolicy", "Required value: valid values: \"OnFailure\", \"Never\""));
    }

    private static string Noun(string kind) => kind switch { "StatefulSet" => "statefulset", "DaemonSet" => "daemonset", _ => "deployment" };

    private static string Show(JsonObject? selector) => selector is null ? "null" : selector.ToJsonString();

    private static void CheckCount(JsonObject spec, string field, List<FieldError> errors)
    {
        if (spec.Long(field) is < 0 and long number) errors.Add(FieldError.Invalid($"spec.{field}", number, "must be greater than or equal to 0"));
    }

    private static void CheckTemplate(JsonObject spec, JsonObject? selector, List<FieldError> errors)
    {
        JsonObject labels = spec.Object("template", "metadata", "labels") ?? [];
        MetadataValidation.CheckLabels(labels, "spec.template.labels", errors);
        if (selector is not null && !Matches(selector, labels))
        {
            string shown = string.Join(", ", labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"\"{l.Key}\":\"{l.Value.AsText()}\""));
            errors.Add(new("FieldValueInvalid", "spec.template.metadata.labels",
                $"Invalid value: map[string]string{(labels.Count == 0 ? "(nil)" : $"{{{shown}}}")}: `selector` does not match template `labels`"));
        }

        PodValidation.CheckSpec(spec.Object("template", "spec") ?? [], "spec.template.spec", errors);
    }

    private static bool Matches(JsonObject selector, JsonObject labels)
    {
        foreach ((string key, JsonNode? value) in selector.Object("matchLabels") ?? [])
        {
            if (labels.Text(key) != value.AsText()) return false;
        }

        foreach (JsonObject requirement in selector.Objects("matchExpressions"))
        {
            string? actual = labels.Text(requirement.Text("key") ?? string.Empty);
            bool fits = requirement.Text("operator") switch
            {
                "In" => actual is not null && requirement.Texts("values").Contains(actual),
                "NotIn" => actual is null || !requirement.Texts("values").Contains(actual),
                "Exists" => actual is not null,
                "DoesNotExist" => actual is null,
                _ => false,
            };
            if (!fits) return false;
        }

        return true;
    }

    private static void CheckStrategy(JsonObject spec, List<FieldError> errors)
    {
        JsonObject? rolling = spec.Object("strategy", "rollingUpdate");
        if (spec.Text("strategy", "type") == "Recreate" && rolling is not null)
        {
            errors.Add(FieldError.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
            return;
        }

        if (rolling is null) return;
        if (IsZero(rolling["maxUnavailable"]) && IsZero(rolling["maxSurge"]))
            errors.Add(FieldError.Invalid("spec.strategy.rollingUpdate.maxUnavailable", 0, "may not be 0 when `maxSurge` is 0"));
        if (spec.Long("progressDeadlineSeconds") is long deadline && deadline <= (spec.Long("minReadySeconds") ?? 0))
            errors.Add(FieldError.Invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
    }

    private static bool IsZero(JsonNode? value) => value.AsLong() == 0 || value.AsText() == "0%";
}
