using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Keeps numbered pods, one after the other. Claims for volumes are made; nobody binds them here.</summary>
internal sealed class StatefulSetController(ClusterAccess cluster) : SandboxController(cluster)
{
    private const string HashLabel = "controller-revision-hash";

    /// <inheritdoc/>
    public override string Name => "statefulset";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.StatefulSets, Kinds.Pods];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change) =>
        change.Object.Resource == Kinds.StatefulSets ? [change.Object.Key] : Owners.ControllerKey(change.Object, "StatefulSet");

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.StatefulSets, key) is not StoredObject set || set.IsBeingDeleted) return null;
        JsonObject template = set.Document.Object("spec", "template") ?? [];
        string hash = $"{key.Name}-{Hashes.Of(template.ToJsonString(), 10)}";
        List<StoredObject> pods = Owners.Claim(Cluster, set, Cluster.List(Kinds.Pods, key.Namespace), LabelSelector.FromObject(set.Document.Object("spec", "selector")));
        long replicas = set.Document.Long("spec", "replicas") ?? 1, first = set.Document.Long("spec", "ordinals", "start") ?? 0;
        bool parallel = set.Document.Text("spec", "podManagementPolicy") == "Parallel";
        Dictionary<string, StoredObject> byName = pods.ToDictionary(p => p.Key.Name);
        Step(set, template, hash, byName, first, replicas, parallel);
        WriteStatus(set, hash, replicas);
        return null;
    }

    private void Step(StoredObject set, JsonObject template, string hash, Dictionary<string, StoredObject> pods, long first, long replicas, bool parallel)
    {
        for (long i = first; i < first + replicas; i++)
        {
            string name = $"{set.Key.Name}-{i}";
            if (!pods.TryGetValue(name, out StoredObject? pod))
            {
                CreatePod(set, template, hash, name, i);
                if (!parallel) return;
                continue;
            }

            if (Pods.IsOver(pod) && !pod.IsBeingDeleted) Cluster.Delete(pod);
            if (!parallel && (pod.IsBeingDeleted || !Pods.IsReady(pod))) return;
        }

        // Only when all are there do surplus ones go, and old ones change: the highest number first.
        foreach (StoredObject pod in pods.Values.OrderByDescending(Ordinal))
        {
            if (Ordinal(pod) >= first && Ordinal(pod) < first + replicas) continue;
            if (!pod.IsBeingDeleted) Cluster.Delete(pod);
            if (!parallel) return;
        }

        if (set.Document.Text("spec", "updateStrategy", "type") != "RollingUpdate") return;
        long partition = set.Document.Long("spec", "updateStrategy", "rollingUpdate", "partition") ?? 0;
        foreach (StoredObject pod in pods.Values.OrderByDescending(Ordinal))
        {
            if (pod.IsBeingDeleted || !Pods.IsReady(pod)) return;
            if (pod.Labels.GetValueOrDefault(HashLabel) == hash || Ordinal(pod) < partition) continue;
            Cluster.Delete(pod);
            return;
        }
    }

    private static long Ordinal(StoredObject pod) => long.TryParse(pod.Key.Name[(pod.Key.Name.LastIndexOf('-') + 1)..], out long number) ? number : -1;

    private void CreatePod(StoredObject set, JsonObject template, string hash, string name, long ordinal)
    {
        JsonObject pod = Pods.FromTemplate(set, template);
        JsonObject metadata = pod.Ensure("metadata"), spec = pod.Ensure("spec"), labels = metadata.Ensure("labels");
        metadata.Remove("generateName");
        metadata["name"] = name;
        labels[HashLabel] = hash;
        labels["statefulset.kubernetes.io/pod-name"] = name;
        labels["apps.kubernetes.io/pod-index"] = ordinal.ToString();
        spec["hostname"] = name;
        if (set.Document.Text("spec", "serviceName") is { Length: > 0 } service) spec["subdomain"] = service;
        foreach (JsonObject claim in set.Document.Objects("spec", "volumeClaimTemplates"))
        {
            string volume = claim.Text("metadata", "name") ?? "", claimName = $"{volume}-{name}";
            JsonObject made = claim.Copy();
            made["apiVersion"] = "v1";
            made["kind"] = "PersistentVolumeClaim";
            made.Remove("status");
            made.Ensure("metadata")["name"] = claimName;
            made.Ensure("metadata")["namespace"] = set.Key.Namespace;
            Cluster.Ensure(made);
            JsonArray volumes = spec.EnsureArray("volumes");
            volumes.Add((JsonNode)new JsonObject { ["name"] = volume, ["persistentVolumeClaim"] = new JsonObject { ["claimName"] = claimName } });
        }

        Cluster.Create(pod);
        Cluster.Event(set, "SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Key.Name} successful");
    }

    private void WriteStatus(StoredObject set, string hash, long replicas)
    {
        List<StoredObject> pods = [.. Cluster.List(Kinds.Pods, set.Key.Namespace).Where(p => Pods.IsActive(p) && Owners.IsControlledBy(p, set))];
        int ready = pods.Count(Pods.IsReady), updated = pods.Count(p => p.Labels.GetValueOrDefault(HashLabel) == hash);
        Cluster.Change(set, d =>
        {
            JsonObject status = d.Ensure("status");
            status["observedGeneration"] = set.Document.Long("metadata", "generation") ?? 1;
            status["replicas"] = pods.Count;
            Pods.PutCount(status, "readyReplicas", ready);
            status["availableReplicas"] = ready;
            Pods.PutCount(status, "updatedReplicas", updated);
            bool settled = updated == pods.Count && ready == replicas;
            if (settled || status["currentRevision"] is null) status["currentRevision"] = hash;
            status["updateRevision"] = hash;
            Pods.PutCount(status, "currentReplicas", status.Text("currentRevision") == hash ? updated : pods.Count - updated);
        }, "status");
    }
}
