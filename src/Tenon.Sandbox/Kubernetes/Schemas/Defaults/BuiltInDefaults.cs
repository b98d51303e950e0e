using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Defaults;

/// <summary>Defaults that depend on other fields; those that do not are in the definitions. Each may run twice: it only fills what is missing.</summary>
internal static class BuiltInDefaults
{
    /// <summary>Fills them in, changing <paramref name="value"/> itself.</summary>
    public static void Fill(GroupVersionKind kind, JsonObject value)
    {
        JsonObject? spec = value.Object("spec");
        switch (kind.Group, kind.Kind)
        {
            case ("", "Pod"):
                if (spec is not null) PodDefaults.FillPod(spec);
                break;
            case ("", "PodTemplate"):
                FillTemplate(value);
                break;
            case ("", "Service"):
                if (spec is not null) ServiceDefaults.Fill(value, spec);
                break;
            case ("", "Namespace"):
                NameLabel(value);
                break;
            case ("", "Node"):
                FillNode(value);
                break;
            case ("", "PersistentVolumeClaim" or "PersistentVolume"):
                value.Ensure("status").TryAdd("phase", "Pending");
                break;
            case ("", "LimitRange"):
                FillLimits(spec);
                break;
            case ("", "ReplicationController"):
                FillController(value, spec);
                break;
            case ("", "Secret"):
                StringDataToData(value);
                break;
            case ("discovery.k8s.io", "EndpointSlice"):
                foreach (JsonObject port in value.Objects("ports")) port.TryAdd("name", string.Empty);
                break;
            case ("apps", _):
                WorkloadDefaults.FillApps(kind.Kind, spec);
                break;
            case ("batch", "Job"):
                if (spec is not null) WorkloadDefaults.FillJob(spec);
                break;
            case ("batch", "CronJob"):
                if (spec.Object("jobTemplate", "spec") is JsonObject job) WorkloadDefaults.FillJob(job);
                break;
            case ("networking.k8s.io", "NetworkPolicy"):
                FillPolicy(spec);
                break;
            case ("rbac.authorization.k8s.io", _):
                FillSubjects(value);
                break;
            case ("autoscaling", "HorizontalPodAutoscaler") when kind.Version == "v2":
                if (spec is not null) FillAutoscaler(spec);
                break;
            case ("apiextensions.k8s.io", "CustomResourceDefinition"):
                FillNames(spec);
                break;
        }
    }

    /// <summary>Adds a member unless it is there.</summary>
    internal static void TryAdd(this JsonObject target, string name, JsonNode value)
    {
        if (target[name] is null) target[name] = value;
    }

    private static void FillTemplate(JsonObject owner)
    {
        if (owner.Object("template", "spec") is JsonObject pod) PodDefaults.FillTemplate(pod);
    }

    private static void NameLabel(JsonObject value)
    {
        if (value.Text("metadata", "name") is string name) value.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = name;
    }

    private static void FillNode(JsonObject value)
    {
        JsonObject status = value.Ensure("status");
        if (value.Object("spec") is { } spec)
        {
            // One range and the list of ranges say the same.
            string? first = spec.Texts("podCIDRs").FirstOrDefault();
            if (first is not null) spec["podCIDR"] = first;
            else if (spec.Text("podCIDR") is { Length: > 0 } single) spec["podCIDRs"] = new JsonArray(single);
        }

        if (status.Object("allocatable") is null && status.Object("capacity") is JsonObject capacity) status["allocatable"] = capacity.DeepClone();
    }

    private static void FillLimits(JsonObject? spec)
    {
        foreach (JsonObject item in spec.Objects("limits"))
        {
            if (item.Text("type") != "Container") continue;
            if (item.Object("max") is JsonObject max) Merge(item.Ensure("default"), max);
            if (item.Object("default") is JsonObject limits) Merge(item.Ensure("defaultRequest"), limits);
            if (item.Object("min") is JsonObject min) Merge(item.Ensure("defaultRequest"), min);
        }
    }

    private static void Merge(JsonObject target, JsonObject source)
    {
        foreach ((string name, JsonNode? amount) in source)
        {
            if (amount is not null) target.TryAdd(name, amount.DeepClone());
        }
    }

    private static void FillController(JsonObject value, JsonObject? spec)
    {
        if (spec is null) return;
        FillTemplate(spec);
        if (spec.Object("template", "metadata", "labels") is not { Count: > 0 } labels) return;
        if (spec.Object("selector") is not { Count: > 0 }) spec["selector"] = labels.DeepClone();
        JsonObject metadata = value.Ensure("metadata");
        if (metadata.Object("labels") is not { Count: > 0 }) metadata["labels"] = labels.DeepClone();
    }

    private static void StringDataToData(JsonObject value)
    {
        if (value.Object("stringData") is not JsonObject plain) return;
        value.Remove("stringData");
        JsonObject data = value.Ensure("data");
        foreach ((string key, JsonNode? text) in plain)
            data[key] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text.AsText() ?? string.Empty));
    }

    private static void FillPolicy(JsonObject? spec)
    {
        if (spec is null || spec["policyTypes"] is JsonArray { Count: > 0 }) return;
        JsonArray types = ["Ingress"];
        if (spec["egress"] is JsonArray { Count: > 0 }) types.Add("Egress");
        spec["policyTypes"] = types;
    }

    private static void FillSubjects(JsonObject value)
    {
        foreach (JsonObject subject in value.Objects("subjects"))
        {
            if (subject.Text("kind") is "User" or "Group") subject.TryAdd("apiGroup", "rbac.authorization.k8s.io");
        }
    }

    private static void FillAutoscaler(JsonObject spec)
    {
        if (spec["metrics"] is JsonArray { Count: > 0 }) return;
        spec["metrics"] = new JsonArray(new JsonObject
        {
            ["type"] = "Resource",
            ["resource"] = new JsonObject
            {
                ["name"] = "cpu", ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = 80 },
            },
        });
    }

    private static void FillNames(JsonObject? spec)
    {
        if (spec.Object("names") is not JsonObject names || names.Text("kind") is not string kind) return;
        names.TryAdd("singular", kind.ToLowerInvariant());
        names.TryAdd("listKind", kind + "List");
    }
}
