using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Gives pods a node: one that they tolerate and select, with the fewest pods of the same owner, then the fewest pods.</summary>
internal sealed class SchedulerController(ClusterAccess cluster) : SandboxController(cluster)
{
    /// <inheritdoc/>
    public override string Name => "scheduler";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Pods, Kinds.Nodes];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        if (change.Object.Resource == Kinds.Pods) return IsPending(change.Object) ? [change.Object.Key] : [];

        // Heartbeats change nothing that matters here.
        if (change.Previous is StoredObject before && JsonNode.DeepEquals(before.Document["spec"], change.Object.Document["spec"])
            && JsonNode.DeepEquals(before.Document.At("metadata", "labels"), change.Object.Document.At("metadata", "labels")))
        {
            return [];
        }

        return [.. Cluster.List(Kinds.Pods).Where(IsPending).Select(p => p.Key)];
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Pods, key) is not StoredObject pod || !IsPending(pod)) return null;
        JsonObject spec = pod.Document.Object("spec") ?? [];
        Dictionary<string, int> reasons = [];
        List<StoredObject> fitting = [];
        int count = 0;
        foreach (StoredObject node in Cluster.List(Kinds.Nodes))
        {
            count++;
            string? reason = Refusal(spec, node);
            if (reason is null) fitting.Add(node);
            else reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
        }

        string? owner = Owners.ControllerOf(pod)?.Text("uid");
        Dictionary<string, (int Same, int All)> load = [];
        foreach (StoredObject other in Cluster.List(Kinds.Pods).Where(p => !Pods.IsOver(p)))
        {
            if (other.Document.Text("spec", "nodeName") is not { Length: > 0 } name) continue;
            (int same, int all) = load.GetValueOrDefault(name);
            load[name] = (same + (owner is not null && Owners.ControllerOf(other)?.Text("uid") == owner ? 1 : 0), all + 1);
        }

        StoredObject? best = fitting.Where(n => load.GetValueOrDefault(n.Key.Name).All < (n.Document.At("status", "allocatable", "pods")?.ToString() is string text && int.TryParse(text, out int most) ? most : 110))
            .OrderBy(n => load.GetValueOrDefault(n.Key.Name)).FirstOrDefault();
        if (best is null)
        {
            string why = count == 0 ? "no nodes available to schedule pods"
                : $"0/{count} nodes are available: {string.Join(", ", reasons.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Value} {r.Key}"))}.";
            Cluster.Change(pod, d => Pods.SetCondition(d.Ensure("status"), "PodScheduled", "False", "Unschedulable", why, Cluster.Now), "status");
            Cluster.Event(pod, "FailedScheduling", why, warning: true);
            return null;
        }

        StoredObject bound = Cluster.Change(pod, d => d.Ensure("spec")["nodeName"] = best.Key.Name);
        Cluster.Change(bound, d => Pods.SetCondition(d.Ensure("status"), "PodScheduled", "True", null, null, Cluster.Now), "status");
        Cluster.Event(pod, "Scheduled", $"Successfully assigned {pod.Key} to {best.Key.Name}");
        return null;
    }

    private static bool IsPending(StoredObject pod) => string.IsNullOrEmpty(pod.Document.Text("spec", "nodeName")) && Pods.IsActive(pod)
        && (pod.Document.Text("spec", "schedulerName") ?? "default-scheduler") == "default-scheduler" && !pod.Document.Objects("spec", "schedulingGates").Any();

    private static string? Refusal(JsonObject spec, StoredObject node)
    {
        if (node.IsBeingDeleted) return "node(s) were being deleted";
        if (node.Document.Bool("spec", "unschedulable") == true && !spec.Objects("tolerations").Any(t => NodeMatching.Tolerates(t, Unschedulable))) return "node(s) were unschedulable";
        if (NodeMatching.BlockingTaint(node, spec.Objects("tolerations")) is JsonObject taint)
            return $"node(s) had untolerated taint {{{taint.Text("key")}: {taint.Text("value")}}}";
        return NodeMatching.Selects(spec, node) ? null : "node(s) didn't match Pod's node affinity/selector";
    }

    private static readonly JsonObject Unschedulable = new() { ["key"] = "node.kubernetes.io/unschedulable", ["effect"] = "NoSchedule" };
}
