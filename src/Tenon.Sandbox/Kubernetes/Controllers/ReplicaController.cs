using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Keeps as many pods of a template as a ReplicaSet or a ReplicationController asks for.</summary>
internal sealed class ReplicaController : SandboxController
{
    private readonly GroupResource _resource;
    private readonly string _kind;

    private ReplicaController(ClusterAccess cluster, GroupResource resource, string kind) : base(cluster) => (_resource, _kind) = (resource, kind);

    /// <inheritdoc/>
    public override string Name => _kind.ToLowerInvariant();

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [_resource, Kinds.Pods];

    /// <summary>For ReplicaSets.</summary>
    public static ReplicaController ForReplicaSets(ClusterAccess cluster) => new(cluster, Kinds.ReplicaSets, "ReplicaSet");

    /// <summary>For ReplicationControllers.</summary>
    public static ReplicaController ForReplicationControllers(ClusterAccess cluster) => new(cluster, Kinds.ReplicationControllers, "ReplicationController");

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        if (change.Object.Resource == _resource) return [change.Object.Key];
        if (Owners.ControllerOf(change.Object) is not null) return Owners.ControllerKey(change.Object, _kind);

        // A pod that nobody controls may be one to take.
        return [.. Cluster.List(_resource, change.Object.Key.Namespace).Where(o => Selector(o)(change.Object.Labels)).Select(o => o.Key)];
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(_resource, key) is not StoredObject owner) return null;
        List<StoredObject> pods = Owners.Claim(Cluster, owner, Cluster.List(Kinds.Pods, key.Namespace).Where(p => !Pods.IsOver(p)), Selector(owner));
        List<StoredObject> active = [.. pods.Where(Pods.IsActive)];
        long wanted = owner.Document.Long("spec", "replicas") ?? 1;
        if (!owner.IsBeingDeleted) Scale(owner, active, wanted);
        return WriteStatus(key, owner);
    }

    private static Func<IReadOnlyDictionary<string, string>, bool> Selector(StoredObject owner)
    {
        if (owner.Resource != Kinds.ReplicationControllers) return LabelSelector.FromObject(owner.Document.Object("spec", "selector"));
        IReadOnlyDictionary<string, string> labels = owner.Document.Map("spec", "selector");
        return given => labels.Count > 0 && labels.All(l => given.TryGetValue(l.Key, out string? value) && value == l.Value);
    }

    private void Scale(StoredObject owner, List<StoredObject> active, long wanted)
    {
        for (long i = active.Count; i < wanted; i++)
        {
            StoredObject made = Cluster.Create(Pods.FromTemplate(owner, owner.Document.Object("spec", "template") ?? []));
            Cluster.Event(owner, "SuccessfulCreate", $"Created pod: {made.Key.Name}");
        }

        if (active.Count <= wanted) return;
        IEnumerable<StoredObject> victims = active
            .OrderBy(p => p.Document.Text("spec", "nodeName") is { Length: > 0 }).ThenBy(Pods.IsReady)
            .ThenByDescending(p => p.Document.Text("metadata", "creationTimestamp"), StringComparer.Ordinal).ThenByDescending(p => p.Revision)
            .Take((int)(active.Count - wanted));
        foreach (StoredObject pod in victims)
        {
            Cluster.Delete(pod);
            Cluster.Event(owner, "SuccessfulDelete", $"Deleted pod: {pod.Key.Name}");
        }
    }

    private TimeSpan? WriteStatus(NamespacedName key, StoredObject owner)
    {
        List<StoredObject> pods = [.. Cluster.List(Kinds.Pods, key.Namespace).Where(p => Pods.IsActive(p) && Owners.IsControlledBy(p, owner))];
        long minReady = owner.Document.Long("spec", "minReadySeconds") ?? 0;
        IReadOnlyDictionary<string, string> labels = owner.Document.Map("spec", "template", "metadata", "labels");
        int ready = pods.Count(Pods.IsReady);
        int available = pods.Count(p => Pods.IsAvailable(p, minReady, Cluster.Time.GetUtcNow()));
        Cluster.Change(owner, d =>
        {
            JsonObject status = d.Ensure("status");
            status["replicas"] = pods.Count;
            Pods.PutCount(status, "fullyLabeledReplicas", pods.Count(p => labels.All(l => p.Labels.GetValueOrDefault(l.Key) == l.Value)));
            Pods.PutCount(status, "readyReplicas", ready);
            Pods.PutCount(status, "availableReplicas", available);
            status["observedGeneration"] = owner.Document.Long("metadata", "generation") ?? 1;
        }, "status");
        return ready > available ? TimeSpan.FromSeconds(1) : null;
    }
}
