using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>The columns of built-in kinds that are seldom looked at, by group and plural.</summary>
internal static class RareColumns
{
    /// <summary>The columns.</summary>
    public static IReadOnlyDictionary<string, TableColumns> Tables { get; } = new Dictionary<string, TableColumns>(StringComparer.Ordinal)
    {
        ["/limitranges"] = BuiltInColumns.Of("Created At", (o, _) => [o.Text("metadata", "creationTimestamp")]),
        ["/podtemplates"] = BuiltInColumns.Of("Containers,Images,Pod Labels", (o, _) =>
        [
            Cells.Containers(o.At("template", "spec"), "name"), Cells.Containers(o.At("template", "spec"), "image"), Cells.Pairs(o.At("template", "metadata", "labels")),
        ]),
        ["/resourcequotas"] = BuiltInColumns.Of("Age,Request,Limit", (o, now) => [Cells.AgeOf(o, now), Quota(o, limits: false), Quota(o, limits: true)]),
        ["apps/controllerrevisions"] = BuiltInColumns.Of("Controller,Revision:integer,Age", (o, now) =>
        [
            o.Objects("metadata", "ownerReferences").Where(r => r.Bool("controller") == true)
                .Select(r => $"{r.Text("kind")!.ToLowerInvariant()}.{GroupVersion.Parse(r.Text("apiVersion") ?? "").Group}/{r.Text("name")}").FirstOrDefault() ?? "<none>",
            o.Long("revision") ?? 0, Cells.AgeOf(o, now),
        ]),
        ["autoscaling/horizontalpodautoscalers"] = BuiltInColumns.Of("Reference,Targets,MinPods,MaxPods,Replicas:integer,Age", (o, now) =>
        [
            $"{o.Text("spec", "scaleTargetRef", "kind")}/{o.Text("spec", "scaleTargetRef", "name")}", Targets(o),
            $"{o.Long("spec", "minReplicas") ?? 1}", $"{o.Long("spec", "maxReplicas") ?? 0}", o.Long("status", "currentReplicas") ?? 0, Cells.AgeOf(o, now),
        ]),
        ["policy/poddisruptionbudgets"] = BuiltInColumns.Of("Min Available,Max Unavailable,Allowed Disruptions:integer,Age", (o, now) =>
        [
            Value(o.At("spec", "minAvailable")), Value(o.At("spec", "maxUnavailable")), o.Long("status", "disruptionsAllowed") ?? 0, Cells.AgeOf(o, now),
        ]),
        ["scheduling.k8s.io/priorityclasses"] = BuiltInColumns.Of("Value:integer,Global-Default:boolean,Age,PreemptionPolicy", (o, now) =>
        [
            o.Long("value") ?? 0, o.Bool("globalDefault") ?? false, Cells.AgeOf(o, now), o.Text("preemptionPolicy") ?? "PreemptLowerPriority",
        ]),
        ["storage.k8s.io/csidrivers"] = BuiltInColumns.Of(
            "AttachRequired:boolean,PodInfoOnMount:boolean,StorageCapacity:boolean,TokenRequests,RequiresRepublish:boolean,Modes,Age", (o, now) =>
        [
            o.Bool("spec", "attachRequired") ?? true, o.Bool("spec", "podInfoOnMount") ?? false, o.Bool("spec", "storageCapacity") ?? false,
            Join(o.Objects("spec", "tokenRequests").Select(t => t.Text("audience")), "<unset>"), o.Bool("spec", "requiresRepublish") ?? false,
            Join(o.Texts("spec", "volumeLifecycleModes"), "<none>"), Cells.AgeOf(o, now),
        ]),
        ["storage.k8s.io/csinodes"] = BuiltInColumns.Of("Drivers:integer,Age", (o, now) => [o.Objects("spec", "drivers").Count(), Cells.AgeOf(o, now)]),
        ["storage.k8s.io/csistoragecapacities"] = BuiltInColumns.Of("StorageClassName,Capacity", (o, _) => [o.Text("storageClassName"), o.Text("capacity")]),
        ["storage.k8s.io/volumeattachments"] = BuiltInColumns.Of("Attacher,PV,Node,Attached:boolean,Age", (o, now) =>
        [
            o.Text("spec", "attacher"), o.Text("spec", "source", "persistentVolumeName") ?? "", o.Text("spec", "nodeName"), o.Bool("status", "attached") ?? false, Cells.AgeOf(o, now),
        ]),
        ["admissionregistration.k8s.io/validatingwebhookconfigurations"] = Webhooks(),
        ["admissionregistration.k8s.io/mutatingwebhookconfigurations"] = Webhooks(),
    };

    private static TableColumns Webhooks() => BuiltInColumns.Of("Webhooks:integer,Age", (o, now) => [o.Objects("webhooks").Count(), Cells.AgeOf(o, now)]);

    private static string Quota(JsonObject quota, bool limits)
    {
        IReadOnlyDictionary<string, string> used = quota.Map("status", "used");
        return string.Join(", ", quota.Map("spec", "hard").Where(h => h.Key.StartsWith("limits.", StringComparison.Ordinal) == limits)
            .OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"{h.Key}: {used.GetValueOrDefault(h.Key, "0")}/{h.Value}"));
    }

    private static string Targets(JsonObject autoscaler) => Join(autoscaler.Objects("spec", "metrics").Select(m =>
    {
        string name = m.Text("resource", "name") ?? m.Text("type") ?? "";
        JsonObject? current = autoscaler.Objects("status", "currentMetrics").FirstOrDefault(c => c.Text("resource", "name") == m.Text("resource", "name"));
        string now = current.Long("resource", "current", "averageUtilization") is { } percent ? $"{percent}%" : "<unknown>";
        return m.Long("resource", "target", "averageUtilization") is { } wanted ? $"{name}: {now}/{wanted}%" : $"{name}: {now}/{m.Text("resource", "target", "averageValue") ?? "<auto>"}";
    }), "<none>");

    private static string Value(JsonNode? node) => node is null ? "N/A" : node.AsText() ?? node.AsLong()?.ToString() ?? "N/A";

    private static string Join(IEnumerable<string?> values, string none) => string.Join(",", values) is { Length: > 0 } text ? text : none;
}
