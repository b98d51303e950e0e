using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Empties a namespace that is being deleted, then lets it go.</summary>
internal sealed class NamespaceController(ClusterAccess cluster) : SandboxController(cluster)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public override string Name => "namespace";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Namespaces];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change) => change.Object.IsBeingDeleted ? [change.Object.Key] : [];

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Namespaces, key) is not StoredObject space || !space.IsBeingDeleted) return null;
        int left = 0;
        foreach (ResourceDefinition definition in Cluster.Objects.Registry.All.Where(d => d.Namespaced && d.Verbs.Contains("delete")))
        {
            foreach (StoredObject item in Cluster.List(definition.GroupResource, key.Name))
            {
                left++;
                if (!item.IsBeingDeleted) Cluster.Delete(item, propagation: "Background");
            }
        }

        // Nothing tells us of every kind of object: while there are some we look again.
        if (left > 0) return Poll;
        Cluster.Change(space, d =>
        {
            JsonArray rest = [.. d.Texts("spec", "finalizers").Where(f => f != "kubernetes").Select(f => (JsonNode)f)];
            d.Ensure("spec")["finalizers"] = rest;
        }, "finalize");
        return null;
    }
}

/// <summary>Gives every namespace its default account.</summary>
internal sealed class ServiceAccountController(ClusterAccess cluster) : SandboxController(cluster)
{
    /// <inheritdoc/>
    public override string Name => "serviceaccount";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Namespaces, Kinds.ServiceAccounts];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change) =>
        [new("", change.Object.Resource == Kinds.Namespaces ? change.Object.Key.Name : change.Object.Key.Namespace)];

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Namespaces, key) is not StoredObject space || space.IsBeingDeleted) return null;
        if (Cluster.Find(Kinds.ServiceAccounts, new(key.Name, "default")) is not null) return null;
        Cluster.Ensure(new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "ServiceAccount", ["metadata"] = new JsonObject { ["name"] = "default", ["namespace"] = key.Name },
        });
        return null;
    }
}
