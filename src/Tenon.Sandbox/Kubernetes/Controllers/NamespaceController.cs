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
        var left = new List<StoredObject>();
        foreach (ResourceDefinition definition in Cluster.Objects.Registry.All.Where(d => d.Namespaced && d.Verbs.Contains("delete")))
        {
            foreach (StoredObject item in Cluster.List(definition.GroupResource, key.Name))
            {
                left.Add(item);
                if (!item.IsBeingDeleted) Cluster.Delete(item, propagation: "Background");
            }
        }

        // Nothing tells us of every kind of object: while there are some we look again.
        left.RemoveAll(i => Cluster.Find(i.Resource, i.Key)?.Uid != i.Uid);
        if (left.Count > 0)
        {
            Tell(space, left);
            return Poll;
        }

        Cluster.Change(space, d =>
        {
            JsonArray rest = [.. d.Texts("spec", "finalizers").Where(f => f != "kubernetes").Select(f => (JsonNode)f)];
            d.Ensure("spec")["finalizers"] = rest;
        }, "finalize");
        return null;
    }

    /// <summary>Says in the conditions what the namespace still waits for.</summary>
    private void Tell(StoredObject space, IReadOnlyList<StoredObject> left)
    {
        string kinds = string.Join(", ", left.GroupBy(i => i.Resource.ToString()).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => $"{(g.First().Resource.Group.Length == 0 ? g.Key + "." : g.Key)} has {g.Count()} resource instances"));
        string finalizers = string.Join(", ", left.SelectMany(i => i.Document.Texts("metadata", "finalizers")).GroupBy(f => f)
            .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key} in {g.Count()} resource instances"));
        Cluster.ChangeNow(Kinds.Namespaces, space.Key, d =>
        {
            JsonObject status = d.Ensure("status");
            Pods.SetCondition(status, "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", Cluster.Now);
            Pods.SetCondition(status, "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", Cluster.Now);
            Pods.SetCondition(
                status, "NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", Cluster.Now);
            Pods.SetCondition(status, "NamespaceContentRemaining", "True", "SomeResourcesRemain", $"Some resources are remaining: {kinds}", Cluster.Now);
            if (finalizers.Length > 0)
                Pods.SetCondition(status, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {finalizers}", Cluster.Now);
            else
                Pods.SetCondition(status, "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished", Cluster.Now);
        }, "status");
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
