using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>
/// Deletes what belongs to an owner that is gone, or is being deleted in the foreground; takes the reference away where the owner is deleted as orphan.
/// A key is the UID of an owner that may be gone, or the resource, namespace and name of one that is being deleted.
/// </summary>
internal sealed class GarbageCollector(ClusterAccess cluster) : SandboxController(cluster)
{
    private const string Owner = "owner";
    private const string Orphan = "orphan";
    private const string Foreground = "foregroundDeletion";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private readonly Lock _gate = new();

    /// <summary>What belongs to an owner, by its UID, as far as events have told: whoever is missing comes with an event of its own.</summary>
    private readonly Dictionary<string, HashSet<(GroupResource Resource, NamespacedName Key)>> _told = [];

    /// <inheritdoc/>
    public override string Name => "garbagecollector";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [.. Cluster.Objects.Registry.All.Select(d => d.GroupResource)];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        StoredObject item = change.Object;
        List<string> owners = [.. OwnersOf(item)];
        Note(item, owners, gone: change.Kind == ChangeKind.Deleted);
        if (change.Kind == ChangeKind.Deleted) return [new(Owner, item.Uid)];
        if (item.IsBeingDeleted && item.Document.Texts("metadata", "finalizers").Any(f => f is Orphan or Foreground)) return [Key(item)];

        // One that names an owner which went before it came.
        return owners.Select(uid => new NamespacedName(Owner, uid));
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        switch (key.Namespace)
        {
            case Owner:
                foreach (StoredObject dependent in Told(key.Name)) Collect(dependent, key.Name);
                return null;
            default:
                return Finish(key);
        }
    }

    private static NamespacedName Key(StoredObject item) => new($"{item.Resource.Group}/{item.Resource.Resource}/{item.Key.Namespace}", item.Key.Name);

    private TimeSpan? Finish(NamespacedName key)
    {
        string[] parts = key.Namespace.Split('/');
        if (Cluster.Find(new(parts[0], parts[1]), new(parts[2], key.Name)) is not StoredObject owner || !owner.IsBeingDeleted) return null;
        List<string> finalizers = [.. owner.Document.Texts("metadata", "finalizers")];
        List<StoredObject> dependents = [.. Dependents(owner.Uid)];
        if (finalizers.Contains(Orphan))
        {
            foreach (StoredObject dependent in dependents) Cluster.Change(dependent, d => Owners.Release(d, owner.Uid));
            Cluster.Change(owner, d => RemoveFinalizer(d, Orphan));
            return null;
        }

        if (!finalizers.Contains(Foreground)) return null;
        foreach (StoredObject dependent in dependents.Where(d => !d.IsBeingDeleted)) Cluster.Delete(dependent, propagation: "Foreground");
        bool blocked = Dependents(owner.Uid).Any(d => d.Document.Objects("metadata", "ownerReferences").Any(o => o.Text("uid") == owner.Uid && o.Bool("blockOwnerDeletion") == true));
        if (blocked) return Poll;
        Cluster.Change(owner, d => RemoveFinalizer(d, Foreground));
        return null;
    }

    private static void RemoveFinalizer(JsonObject document, string finalizer)
    {
        JsonObject metadata = document.Ensure("metadata");
        JsonArray rest = [.. metadata.Texts("finalizers").Where(f => f != finalizer).Select(f => (JsonNode)f)];
        if (rest.Count == 0) metadata.Remove("finalizers");
        else metadata["finalizers"] = rest;
    }

    private static IEnumerable<string> OwnersOf(StoredObject item) => item.Document.Objects("metadata", "ownerReferences").Select(o => o.Text("uid")).OfType<string>();

    private void Note(StoredObject item, List<string> owners, bool gone)
    {
        lock (_gate)
        {
            foreach (string uid in owners)
            {
                if (!gone)
                {
                    if (!_told.TryGetValue(uid, out var dependents)) _told[uid] = dependents = [];
                    dependents.Add((item.Resource, item.Key));
                }
                else if (_told.TryGetValue(uid, out var rest) && rest.Remove((item.Resource, item.Key)) && rest.Count == 0)
                {
                    _told.Remove(uid);
                }
            }
        }
    }

    /// <summary>What belongs to an owner, without a look at everything that there is: most events are of objects whose owner is there.</summary>
    private List<StoredObject> Told(string uid)
    {
        (GroupResource Resource, NamespacedName Key)[] told;
        lock (_gate) told = _told.TryGetValue(uid, out var dependents) ? [.. dependents] : [];
        return [.. told.Select(t => Cluster.Find(t.Resource, t.Key)).OfType<StoredObject>().Where(d => OwnersOf(d).Contains(uid))];
    }

    /// <summary>What belongs to an owner now, for one that must not go before it.</summary>
    private IEnumerable<StoredObject> Dependents(string uid)
    {
        foreach (ResourceDefinition definition in Cluster.Objects.Registry.All)
        {
            foreach (StoredObject item in Cluster.List(definition.GroupResource))
            {
                if (OwnersOf(item).Contains(uid)) yield return item;
            }
        }
    }

    private void Collect(StoredObject dependent, string uid)
    {
        List<JsonObject> owners = [.. dependent.Document.Objects("metadata", "ownerReferences")];
        if (owners.Exists(o => o.Text("uid") == uid && Exists(o, dependent.Key.Namespace))) return;
        if (owners.Exists(o => o.Text("uid") != uid && Exists(o, dependent.Key.Namespace))) Cluster.Change(dependent, d => Owners.Release(d, uid));
        else if (!dependent.IsBeingDeleted) Cluster.Delete(dependent, propagation: "Background");
    }

    private bool Exists(JsonObject owner, string space)
    {
        GroupVersion version = GroupVersion.Parse(owner.Text("apiVersion") ?? "");
        if (Cluster.Objects.Registry.FindKind(version.Group, owner.Text("kind") ?? "") is not ResourceDefinition definition) return true;
        StoredObject? found = Cluster.Find(definition.GroupResource, new(definition.Namespaced ? space : "", owner.Text("name") ?? ""));
        return found is not null && found.Uid == owner.Text("uid");
    }
}
