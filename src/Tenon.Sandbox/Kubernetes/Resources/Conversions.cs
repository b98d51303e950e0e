using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>Rewrites documents between versions whose fields differ, in place.</summary>
internal static class Conversions
{
    private static readonly (string Core, string Events)[] EventFields =
    [
        ("message", "note"), ("involvedObject", "regarding"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    /// <summary>An events.k8s.io Event into the core form.</summary>
    public static void EventToCore(JsonObject document)
    {
        foreach ((string core, string events) in EventFields) Rename(document, events, core);
    }

    /// <summary>A core Event into the events.k8s.io form.</summary>
    public static void EventFromCore(JsonObject document)
    {
        foreach ((string core, string events) in EventFields) Rename(document, core, events);
    }

    /// <summary>An autoscaling/v1 HorizontalPodAutoscaler into v2.</summary>
    public static void AutoscalerToV2(JsonObject document)
    {
        if (document.Object("spec") is { } spec && spec["targetCPUUtilizationPercentage"] is { } target)
        {
            spec.Remove("targetCPUUtilizationPercentage");
            spec["metrics"] = new JsonArray(new JsonObject
            {
                ["type"] = "Resource",
                ["resource"] = new JsonObject { ["name"] = "cpu", ["target"] = new JsonObject { ["type"] = "Utilization", ["averageUtilization"] = target } },
            });
        }

        document.Object("status")?.Remove("currentCPUUtilizationPercentage");
    }

    /// <summary>An autoscaling/v2 HorizontalPodAutoscaler into v1.</summary>
    public static void AutoscalerFromV2(JsonObject document)
    {
        if (document.Object("spec") is { } spec)
        {
            JsonObject? cpu = spec.Objects("metrics").FirstOrDefault(m => m.Text("resource", "name") == "cpu");
            if (cpu.Long("resource", "target", "averageUtilization") is { } target) spec["targetCPUUtilizationPercentage"] = target;
            spec.Remove("metrics");
            spec.Remove("behavior");
        }

        document.Object("status")?.Remove("currentMetrics");
        document.Object("status")?.Remove("conditions");
    }

    private static void Rename(JsonObject document, string from, string to)
    {
        if (document[from] is not { } value) return;
        document.Remove(from);
        document[to] = value;
    }
}
