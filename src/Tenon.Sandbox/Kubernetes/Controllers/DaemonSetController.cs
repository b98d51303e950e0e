using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Keeps a pod of a template on every node that it may run on.</summary>
internal sealed class DaemonSetController(ClusterAccess cluster) : SandboxController(cluster)
{
    private const string HashLabel = "controller-revision-hash";
    private static readonly JsonArray Tolerations = (JsonArray)JsonNode.Parse("""
        [{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute"},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute"},
         {"key":"node.kubernetes.io/disk-pressure","operator":"Exists","effect":"NoSchedule"},{"key":"node.kubernetes.io/memory-pressure","operator":"Exists","effect":"NoSchedule"},
         {"key":"node.kubernetes.io/pid-pressure","operator":"Exists","effect":"NoSchedule"},{"key":"node.kubernetes.io/unschedulable","operator":"Exists","effect":"NoSchedule"}]
        """)!;

    /// <inheritdoc/>
    public override string Name => "daemonset";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.DaemonSets, Kinds.Pods, Kinds.Nodes];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        if (change.Object.Resource == Kinds.DaemonSets) return [change.Object.Key];
        if (change.Object.Resource == Kinds.Pods) return Owners.ControllerKey(change.Object, "DaemonSet");
        return [.. Cluster.List(Kinds.DaemonSets).Select(d => d.Key)];
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.DaemonSets, key) is not StoredObject set || set.IsBeingDeleted) return null;
        JsonObject template = (set.Document.Object("spec", "template") ?? []).Copy();
        string hash = Hashes.Of(template.ToJsonString(), 10);
        template.Ensure("metadata").Ensure("labels")[HashLabel] = hash;
        JsonArray tolerations = template.Ensure("spec").EnsureArray("tolerations");
        foreach (JsonNode? toleration in Tolerations) tolerations.Add(toleration!.DeepClone());
        JsonObject spec = template.Object("spec")!;
        List<StoredObject> eligible = [.. Cluster.List(Kinds.Nodes).Where(n => NodeMatching.BlockingTaint(n, spec.Objects("tolerations")) is null && NodeMatching.Selects(spec, n))];
        List<StoredObject> pods = Owners.Claim(Cluster, set, Cluster.List(Kinds.Pods, key.Namespace), LabelSelector.FromObject(set.Document.Object("spec", "selector")));
        ILookup<string, StoredObject> byNode = pods.ToLookup(p => p.Document.Text("spec", "nodeName") ?? "");
        HashSet<string> names = [.. eligible.Select(n => n.Key.Name)];
        foreach (StoredObject pod in pods.Where(p => !p.IsBeingDeleted && (Pods.IsOver(p) || !names.Contains(p.Document.Text("spec", "nodeName") ?? "")))) Cluster.Delete(pod);
        foreach (StoredObject node in eligible.Where(n => !byNode[n.Key.Name].Any()))
        {
            JsonObject made = Pods.FromTemplate(set, template);
            made.Ensure("spec")["nodeName"] = node.Key.Name;
            StoredObject pod = Cluster.Create(made);
            Cluster.Event(set, "SuccessfulCreate", $"Created pod: {pod.Key.Name}");
        }

        Roll(set, pods, hash);
        WriteStatus(set, eligible, names, hash);
        return null;
    }

    private void Roll(StoredObject set, List<StoredObject> pods, string hash)
    {
        if (set.Document.Text("spec", "updateStrategy", "type") != "RollingUpdate") return;
        JsonNode? limit = set.Document.At("spec", "updateStrategy", "rollingUpdate", "maxUnavailable");
        long most = limit.AsLong() ?? (limit.AsText() is string text && double.TryParse(text.TrimEnd('%'), out double percent) ? (long)Math.Ceiling(pods.Count * percent / 100) : 1);
        long down = pods.Count(p => p.IsBeingDeleted || !Pods.IsReady(p));
        foreach (StoredObject pod in pods.Where(p => !p.IsBeingDeleted && p.Labels.GetValueOrDefault(HashLabel) != hash).OrderBy(Pods.IsReady))
        {
            bool ready = Pods.IsReady(pod);
            if (ready && down >= most) return;
            Cluster.Delete(pod);
            if (ready) down++;
        }
    }

    private void WriteStatus(StoredObject set, List<StoredObject> eligible, HashSet<string> names, string hash)
    {
        List<StoredObject> pods = [.. Cluster.List(Kinds.Pods, set.Key.Namespace).Where(p => Pods.IsActive(p) && Owners.IsControlledBy(p, set))];
        List<StoredObject> placed = [.. pods.Where(p => names.Contains(p.Document.Text("spec", "nodeName") ?? ""))];
        int ready = placed.Count(Pods.IsReady);
        Cluster.Change(set, d =>
        {
            JsonObject status = d.Ensure("status");
            status["currentNumberScheduled"] = placed.Count;
            status["desiredNumberScheduled"] = eligible.Count;
            status["numberMisscheduled"] = pods.Count - placed.Count;
            status["numberReady"] = ready;
            Pods.PutCount(status, "numberAvailable", ready);
            Pods.PutCount(status, "numberUnavailable", eligible.Count - ready);
            Pods.PutCount(status, "updatedNumberScheduled", placed.Count(p => p.Labels.GetValueOrDefault(HashLabel) == hash));
            status["observedGeneration"] = set.Document.Long("metadata", "generation") ?? 1;
        }, "status");
    }
}
