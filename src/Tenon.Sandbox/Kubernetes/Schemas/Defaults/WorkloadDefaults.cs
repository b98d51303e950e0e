using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Defaults;

/// <summary>Defaults of the kinds that make pods.</summary>
internal static class WorkloadDefaults
{
    /// <summary>Kinds of the group apps.</summary>
    public static void FillApps(string kind, JsonObject? spec)
    {
        if (spec is null) return;
        if (spec.Object("template", "spec") is JsonObject pod) PodDefaults.FillTemplate(pod);
        switch (kind)
        {
            case "Deployment" when spec.Text("strategy", "type") == "RollingUpdate":
                JsonObject rolling = spec.Ensure("strategy").Ensure("rollingUpdate");
                rolling.TryAdd("maxUnavailable", "25%");
                rolling.TryAdd("maxSurge", "25%");
                break;
            case "DaemonSet" when spec.Text("updateStrategy", "type") == "RollingUpdate":
                JsonObject update = spec.Ensure("updateStrategy").Ensure("rollingUpdate");
                update.TryAdd("maxUnavailable", 1);
                update.TryAdd("maxSurge", 0);
                break;
            case "StatefulSet":
                if (spec.Text("updateStrategy", "type") == "RollingUpdate") spec.Ensure("updateStrategy").Ensure("rollingUpdate").TryAdd("partition", 0);
                foreach (JsonObject claim in spec.Objects("volumeClaimTemplates"))
                {
                    claim.TryAdd("kind", "PersistentVolumeClaim");
                    claim.TryAdd("apiVersion", "v1");
                    claim.Ensure("status").TryAdd("phase", "Pending");
                }

                break;
        }
    }

    /// <summary>The spec of a Job, or of a CronJob's template.</summary>
    public static void FillJob(JsonObject spec)
    {
        if (spec.Object("template", "spec") is JsonObject pod) PodDefaults.FillTemplate(pod);
        if (spec["completions"] is null && spec["parallelism"] is null) spec["completions"] = 1;
        spec.TryAdd("parallelism", 1);
        spec.TryAdd("podReplacementPolicy", spec["podFailurePolicy"] is null ? "TerminatingOrFailed" : "Failed");
    }
}
