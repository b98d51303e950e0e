using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Moves a Deployment's pods from the ReplicaSets of old templates to that of the present one.</summary>
internal sealed class DeploymentController(ClusterAccess cluster) : SandboxController(cluster)
{
    internal const string Revision = "deployment.kubernetes.io/revision";
    private const string Desired = "deployment.kubernetes.io/desired-replicas";
    private const string Most = "deployment.kubernetes.io/max-replicas";
    private const string HashLabel = "pod-template-hash";
    private static readonly string[] OwnAnnotations = [Revision, Desired, Most, "deployment.kubernetes.io/revision-history", "kubectl.kubernetes.io/last-applied-configuration"];

    /// <inheritdoc/>
    public override string Name => "deployment";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Deployments, Kinds.ReplicaSets, Kinds.Pods];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        StoredObject item = change.Object;
        if (item.Resource == Kinds.Deployments) return [item.Key];
        if (item.Resource == Kinds.ReplicaSets) return Owners.ControllerKey(item, "Deployment");

        // A pod that is gone may be the last that a deployment with the strategy Recreate waits for.
        if (change.Kind != ChangeKind.Deleted) return [];
        return Owners.ControllerKey(item, "ReplicaSet").Select(k => Cluster.Find(Kinds.ReplicaSets, k)).OfType<StoredObject>().SelectMany(r => Owners.ControllerKey(r, "Deployment"));
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Deployments, key) is not StoredObject deployment) return null;
        var matches = LabelSelector.FromObject(deployment.Document.Object("spec", "selector"));
        List<StoredObject> sets = Owners.Claim(Cluster, deployment, Cluster.List(Kinds.ReplicaSets, key.Namespace), matches);
        if (deployment.IsBeingDeleted) return WriteStatus(deployment, Current(deployment, sets), sets);
        StoredObject? current = Current(deployment, sets);
        long replicas = deployment.Document.Long("spec", "replicas") ?? 1;
        if (deployment.Document.Bool("spec", "paused") == true)
        {
            List<StoredObject> live = [.. sets.Where(s => Replicas(s) > 0)];
            if (live is [var only]) Resize(deployment, only, replicas);
            else if (live.Count == 0 && current is not null) Resize(deployment, current, replicas);
            return WriteStatus(deployment, current, sets);
        }

        bool recreate = deployment.Document.Text("spec", "strategy", "type") == "Recreate";
        List<StoredObject> old = [.. sets.Where(s => s.Uid != current?.Uid)];
        if (recreate)
        {
            foreach (StoredObject set in old) Resize(deployment, set, 0);
            HashSet<string> uids = [.. old.Select(s => s.Uid)];
            bool busy = Cluster.List(Kinds.Pods, key.Namespace).Any(p => !Pods.IsOver(p) && uids.Contains(Owners.ControllerOf(p)?.Text("uid") ?? ""));
            if (busy) return WriteStatus(deployment, current, Refresh(sets));
            current = Ensure(deployment, current, sets, replicas);
            Resize(deployment, current, replicas);
        }
        else
        {
            current = Ensure(deployment, current, sets, 0);
            Roll(deployment, current, old, replicas);
        }

        CleanUp(deployment, Refresh(old));
        return WriteStatus(deployment, Cluster.Find(Kinds.ReplicaSets, current.Key), Refresh([.. old, current]));
    }

    private static long Replicas(StoredObject set) => set.Document.Long("spec", "replicas") ?? 0;

    private static long Available(StoredObject set) => Math.Min(set.Document.Long("status", "availableReplicas") ?? 0, Replicas(set));

    private static long RevisionOf(StoredObject set) => long.TryParse(set.Document.Text("metadata", "annotations", Revision), out long number) ? number : 0;

    private List<StoredObject> Refresh(IEnumerable<StoredObject> sets) => [.. sets.Select(s => Cluster.Find(Kinds.ReplicaSets, s.Key)).OfType<StoredObject>()];

    private static JsonObject TemplateOf(StoredObject item)
    {
        JsonObject template = (item.Document.Object("spec", "template") ?? []).Copy();
        template.Object("metadata", "labels")?.Remove(HashLabel);
        template.Object("metadata")?.Remove("creationTimestamp");
        return template;
    }

    private static StoredObject? Current(StoredObject deployment, List<StoredObject> sets)
    {
        JsonObject template = TemplateOf(deployment);
        return sets.Where(s => JsonNode.DeepEquals(TemplateOf(s), template)).OrderBy(s => s.Document.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).FirstOrDefault();
    }

    /// <summary>The set of the present template, made or brought to the newest revision.</summary>
    private StoredObject Ensure(StoredObject deployment, StoredObject? current, List<StoredObject> sets, long replicas)
    {
        long newest = sets.Where(s => s.Uid != current?.Uid).Select(RevisionOf).DefaultIfEmpty(0).Max() + 1;
        if (current is null) current = CreateSet(deployment, newest, replicas);
        else if (RevisionOf(current) < newest) current = Cluster.Change(current, d => d.Ensure("metadata").Ensure("annotations")[Revision] = newest.ToString());
        string revision = current.Document.Text("metadata", "annotations", Revision) ?? "1";
        StoredObject fresh = Cluster.Find(Kinds.Deployments, deployment.Key) ?? deployment;
        if (fresh.Document.Text("metadata", "annotations", Revision) != revision)
            Cluster.Change(fresh, d => d.Ensure("metadata").Ensure("annotations")[Revision] = revision, "status");
        return current;
    }

    private StoredObject CreateSet(StoredObject deployment, long revision, long replicas)
    {
        JsonObject template = TemplateOf(deployment);
        string hash = Hashes.Of($"{template.ToJsonString()}/{deployment.Document.Long("status", "collisionCount")}", 10);
        template.Ensure("metadata").Ensure("labels")[HashLabel] = hash;
        JsonObject selector = (deployment.Document.Object("spec", "selector") ?? []).Copy();
        selector.Ensure("matchLabels")[HashLabel] = hash;
        var annotations = new JsonObject();
        foreach ((string name, string value) in deployment.Document.Map("metadata", "annotations"))
        {
            if (!OwnAnnotations.Contains(name)) annotations[name] = value;
        }

        annotations[Revision] = revision.ToString();
        (long surge, _) = Limits(deployment);
        long wanted = deployment.Document.Long("spec", "replicas") ?? 1;
        annotations[Desired] = wanted.ToString();
        annotations[Most] = (wanted + surge).ToString();
        StoredObject made = Cluster.Create(new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Key.Name}-{hash}",
                ["namespace"] = deployment.Key.Namespace,
                ["labels"] = template.At("metadata", "labels")?.DeepClone(),
                ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(Owners.Reference(deployment)),
            },
            ["spec"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["minReadySeconds"] = deployment.Document.Long("spec", "minReadySeconds") ?? 0,
                ["selector"] = selector,
                ["template"] = template,
            },
        });
        return made;
    }

    private StoredObject Resize(StoredObject deployment, StoredObject set, long replicas)
    {
        long before = Replicas(set);
        long wanted = deployment.Document.Long("spec", "replicas") ?? 1;
        StoredObject changed = Cluster.Change(set, d =>
        {
            d.Ensure("spec")["replicas"] = replicas;
            JsonObject annotations = d.Ensure("metadata").Ensure("annotations");
            annotations[Desired] = wanted.ToString();
            annotations[Most] = (wanted + Limits(deployment).Surge).ToString();
        });
        if (before == replicas) return changed;
        Cluster.Event(deployment, "ScalingReplicaSet", $"Scaled {(replicas > before ? "up" : "down")} replica set {set.Key.Name} from {before} to {replicas}");
        return changed;
    }

    private static (long Surge, long Unavailable) Limits(StoredObject deployment)
    {
        if (deployment.Document.Text("spec", "strategy", "type") == "Recreate") return (0, 0);
        long replicas = deployment.Document.Long("spec", "replicas") ?? 1;
        JsonObject? rolling = deployment.Document.Object("spec", "strategy", "rollingUpdate");
        long surge = Amount(rolling?["maxSurge"], replicas, up: true), unavailable = Amount(rolling?["maxUnavailable"], replicas, up: false);
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
    }

    private static long Amount(JsonNode? value, long replicas, bool up)
    {
        if (value.AsLong() is long number) return number;
        if (value.AsText() is not string text || !text.EndsWith('%') || !double.TryParse(text.TrimEnd('%'), out double percent)) return 0;
        double exact = replicas * percent / 100;
        return (long)(up ? Math.Ceiling(exact) : Math.Floor(exact));
    }

    private void Roll(StoredObject deployment, StoredObject current, List<StoredObject> old, long replicas)
    {
        (long surge, long unavailable) = Limits(deployment);
        long total = Replicas(current) + old.Sum(Replicas);
        if (Replicas(current) > replicas) current = Resize(deployment, current, replicas);
        else if (Replicas(current) < replicas && total < replicas + surge)
            current = Resize(deployment, current, Replicas(current) + Math.Min(replicas + surge - total, replicas - Replicas(current)));
        else Resize(deployment, current, Replicas(current));

        total = Replicas(current) + old.Sum(Replicas);
        long least = replicas - unavailable;
        long spare = total - least - (Replicas(current) - Available(current));
        foreach (bool unhealthy in new[] { true, false })
        {
            foreach (StoredObject listed in old.OrderBy(RevisionOf))
            {
                if (spare <= 0) return;
                StoredObject set = Cluster.Find(Kinds.ReplicaSets, listed.Key) ?? listed;
                long surplus = unhealthy ? Replicas(set) - Available(set) : Math.Min(Replicas(set), SumAvailable(current, old) - least);
                long count = Math.Min(spare, surplus);
                if (count <= 0) continue;
                Resize(deployment, set, Replicas(set) - count);
                spare -= count;
            }
        }
    }

    private long SumAvailable(StoredObject current, List<StoredObject> old) => Refresh([current, .. old]).Sum(Available);

    private void CleanUp(StoredObject deployment, List<StoredObject> old)
    {
        int keep = (int)(deployment.Document.Long("spec", "revisionHistoryLimit") ?? 10);
        List<StoredObject> done = [.. old.Where(s => Replicas(s) == 0 && (s.Document.Long("status", "replicas") ?? 0) == 0 && !s.IsBeingDeleted).OrderBy(RevisionOf)];
        foreach (StoredObject set in done.Take(Math.Max(0, done.Count - keep))) Cluster.Delete(set);
    }

    private TimeSpan? WriteStatus(StoredObject listed, StoredObject? current, List<StoredObject> sets)
    {
        StoredObject deployment = Cluster.Find(Kinds.Deployments, listed.Key) ?? listed;
        long wanted = deployment.Document.Long("spec", "replicas") ?? 1;
        long count = sets.Sum(s => s.Document.Long("status", "replicas") ?? 0), updated = current?.Document.Long("status", "replicas") ?? 0;
        long ready = sets.Sum(s => s.Document.Long("status", "readyReplicas") ?? 0), available = sets.Sum(s => s.Document.Long("status", "availableReplicas") ?? 0);
        long unavailable = Math.Max(0, sets.Sum(Replicas) - available);
        (_, long tolerated) = Limits(deployment);
        bool complete = updated == wanted && count == wanted && available == wanted;
        long deadline = deployment.Document.Long("spec", "progressDeadlineSeconds") ?? 600;
        bool late = false;
        Cluster.Change(deployment, d =>
        {
            JsonObject status = d.Ensure("status");
            bool moved = (status.Long("updatedReplicas") ?? 0) != updated || (status.Long("availableReplicas") ?? 0) != available || (status.Long("replicas") ?? 0) != count;
            status["observedGeneration"] = deployment.Document.Long("metadata", "generation") ?? 1;
            Pods.PutCount(status, "replicas", count);
            Pods.PutCount(status, "updatedReplicas", updated);
            Pods.PutCount(status, "readyReplicas", ready);
            Pods.PutCount(status, "availableReplicas", available);
            Pods.PutCount(status, "unavailableReplicas", unavailable);
            bool enough = available >= wanted - tolerated;
            Condition(status, "Available", enough ? "True" : "False", enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", false);
            string name = current?.Key.Name ?? "";
            JsonObject? progress = status.Objects("conditions").FirstOrDefault(c => c.Text("type") == "Progressing");
            late = !complete && !moved && current is not null && DateTimeOffset.TryParse(progress.Text("lastUpdateTime"), out DateTimeOffset since)
                && since.AddSeconds(deadline) <= Cluster.Time.GetUtcNow();
            if (complete) Condition(status, "Progressing", "True", "NewReplicaSetAvailable", $"ReplicaSet \"{name}\" has successfully progressed.", moved);
            else if (late) Condition(status, "Progressing", "False", "ProgressDeadlineExceeded", $"ReplicaSet \"{name}\" has timed out progressing.", false);
            else if (current is not null && (moved || progress is null || progress.Text("reason") is "NewReplicaSetAvailable"))
                Condition(status, "Progressing", "True", "ReplicaSetUpdated", $"ReplicaSet \"{name}\" is progressing.", true);
        }, "status");
        return complete || late ? null : TimeSpan.FromSeconds(5);
    }

    private void Condition(JsonObject status, string type, string value, string reason, string message, bool touch)
    {
        JsonObject? before = status.Objects("conditions").FirstOrDefault(c => c.Text("type") == type);
        bool changed = touch || before is null || before.Text("status") != value || before.Text("reason") != reason;
        Pods.SetCondition(status, type, value, reason, message, Cluster.Now);
        if (changed) status.Objects("conditions").First(c => c.Text("type") == type)["lastUpdateTime"] = Cluster.Now;
    }
}
