using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Storage;

/// <summary>
/// What etcd is to a real API server: documents under a resource and a key, with one revision counter for all of them, compare-and-swap updates, consistent
/// snapshots and watches from a revision. It knows nothing of schemas, versions or rules.
/// </summary>
/// <param name="historyLimit">How many changes of each resource are kept for watches and continued lists; older ones are compacted.</param>
public sealed class ClusterStore(int historyLimit = 20_000)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<GroupResource, Slot> _slots = [];
    private long _revision = 1;
    private long _compacted;

    /// <summary>The revision of the latest change.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    /// <summary>
    /// Runs an action under the store's write lock, so that what it reads and writes is one transaction. It must be short and must not wait. Nests.
    /// </summary>
    public T Transact<T>(Func<T> action)
    {
        lock (_gate) return action();
    }

    /// <summary>The latest revision of an object; <see langword="null"/> when there is none.</summary>
    public StoredObject? Get(GroupResource resource, NamespacedName key)
    {
        lock (_gate) return _slots.GetValueOrDefault(resource)?.Table.Find(key);
    }

    /// <summary>A consistent view of a resource now.</summary>
    public Snapshot List(GroupResource resource)
    {
        lock (_gate) return new(_slots.GetValueOrDefault(resource)?.Table ?? ResourceTable.Empty, _revision);
    }

    /// <summary>A consistent view of a resource at an earlier revision.</summary>
    /// <returns><see langword="null"/> when that revision was compacted or is in the future.</returns>
    public Snapshot? ListAt(GroupResource resource, long revision)
    {
        lock (_gate)
        {
            if (revision > _revision) return null;
            if (revision < _compacted) return null;
            if (!_slots.TryGetValue(resource, out Slot? slot)) return new(ResourceTable.Empty, revision);
            if (revision < slot.Compacted) return null;
            ResourceTable table = slot.Table;
            foreach (StoreEvent change in slot.History.Reverse().TakeWhile(e => e.Revision > revision))
            {
                table = change.Previous is null ? table.Without(change.Object.Key) : table.With(change.Previous);
            }

            return new(table, revision);
        }
    }

    /// <summary>Stores a new object; its metadata.resourceVersion is set in place.</summary>
    /// <exception cref="ApiException">409 AlreadyExists.</exception>
    public StoredObject Create(GroupResource resource, JsonObject document)
    {
        lock (_gate)
        {
            Slot slot = SlotOf(resource);
            StoredObject made = Stamp(resource, document);
            if (slot.Table.Find(made.Key) is not null) throw ApiException.AlreadyExists(resource, made.Key.Name);
            Record(slot, new(ChangeKind.Added, made, null), slot.Table.With(made));
            return made;
        }
    }

    /// <summary>Replaces an object. Storing what is already there changes nothing and keeps the revision.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="document">The new document; its metadata.resourceVersion is set in place.</param>
    /// <param name="expected">The revision that the document was made from.</param>
    /// <exception cref="ApiException">404, or 409 Conflict when the object has another revision by now.</exception>
    public StoredObject Update(GroupResource resource, JsonObject document, long expected)
    {
        lock (_gate)
        {
            Slot slot = SlotOf(resource);
            NamespacedName key = new(document.Text("metadata", "namespace") ?? "", document.Text("metadata", "name") ?? "");
            StoredObject old = slot.Table.Find(key) ?? throw ApiException.NotFound(resource, key.Name);
            if (old.Revision != expected) throw ApiException.Modified(resource, key.Name);
            document.Ensure("metadata")["resourceVersion"] = expected.ToString();
            if (JsonNode.DeepEquals(document, old.Document)) return old;
            StoredObject made = Stamp(resource, document);
            Record(slot, new(ChangeKind.Modified, made, old), slot.Table.With(made));
            return made;
        }
    }

    /// <summary>Removes an object.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="key">The key.</param>
    /// <param name="expected">The revision to remove; <see langword="null"/> for any.</param>
    /// <returns>Its last state, stamped with the revision of the removal; <see langword="null"/> when there was none.</returns>
    /// <exception cref="ApiException">409 Conflict when the object has another revision by now.</exception>
    public StoredObject? Delete(GroupResource resource, NamespacedName key, long? expected = null)
    {
        lock (_gate)
        {
            Slot slot = SlotOf(resource);
            if (slot.Table.Find(key) is not { } old) return null;
            if (expected is { } revision && old.Revision != revision) throw ApiException.Modified(resource, key.Name);
            StoredObject last = Stamp(resource, old.Document.Copy());
            Record(slot, new(ChangeKind.Deleted, last, old), slot.Table.Without(key));
            return last;
        }
    }

    /// <summary>Watches a resource.</summary>
    /// <param name="resource">The resource.</param>
    /// <param name="space">A namespace; <see langword="null"/> for all.</param>
    /// <param name="after">Changes after this revision are delivered.</param>
    /// <exception cref="ApiException">410 Expired when the revision was compacted.</exception>
    public WatchSubscription Watch(GroupResource resource, string? space, long after)
    {
        lock (_gate)
        {
            Slot slot = SlotOf(resource);
            if (after < slot.Compacted) throw ApiException.Expired($"too old resource version: {after} ({slot.Compacted})");
            IEnumerable<StoreEvent> backlog = slot.History.Where(e => e.Revision > after && (space is null || e.Object.Key.Namespace == space));
            var subscription = new WatchSubscription(this, resource, space, historyLimit, backlog);
            slot.Watches.Add(subscription);
            return subscription;
        }
    }

    /// <summary>A consistent view and all changes after it.</summary>
    public (Snapshot Snapshot, WatchSubscription Changes) ListAndWatch(GroupResource resource, string? space)
    {
        lock (_gate) return (List(resource), Watch(resource, space, _revision));
    }

    /// <summary>Ends running watches, as a broken connection or a restarted server would.</summary>
    /// <param name="resource">Of one resource; <see langword="null"/> for all.</param>
    /// <param name="why">How they end.</param>
    /// <returns>How many there were.</returns>
    public int EndWatches(GroupResource? resource, WatchEnd why)
    {
        lock (_gate)
        {
            int count = 0;
            foreach ((GroupResource key, Slot slot) in _slots)
            {
                if (resource is not null && key != resource) continue;
                foreach (WatchSubscription watch in slot.Watches) watch.End(why);
                count += slot.Watches.Count;
                slot.Watches.Clear();
            }

            return count;
        }
    }

    /// <summary>How many watches run.</summary>
    public int CountWatches(GroupResource? resource = null)
    {
        lock (_gate) return _slots.Where(s => resource is null || s.Key == resource).Sum(s => s.Value.Watches.Count);
    }

    /// <summary>Forgets all changes so far: watches and continued lists from earlier revisions get 410.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _compacted = _revision;
            foreach (Slot slot in _slots.Values)
            {
                slot.History.Clear();
                slot.Compacted = _revision;
            }
        }
    }

    internal void Unsubscribe(WatchSubscription subscription)
    {
        lock (_gate)
        {
            if (_slots.TryGetValue(subscription.Resource, out Slot? slot)) slot.Watches.Remove(subscription);
        }
    }

    private StoredObject Stamp(GroupResource resource, JsonObject document)
    {
        long revision = _revision + 1;
        document.Ensure("metadata")["resourceVersion"] = revision.ToString();
        return new(resource, document, revision);
    }

    private void Record(Slot slot, StoreEvent change, ResourceTable table)
    {
        Interlocked.Exchange(ref _revision, change.Revision);
        slot.Table = table;
        slot.History.Enqueue(change);
        if (slot.History.Count > historyLimit) slot.Compacted = slot.History.Dequeue().Revision;
        for (int i = slot.Watches.Count - 1; i >= 0; i--)
        {
            slot.Watches[i].Deliver(change);
            if (slot.Watches[i].Ended is not null) slot.Watches.RemoveAt(i);
        }
    }

    private Slot SlotOf(GroupResource resource)
    {
        if (_slots.TryGetValue(resource, out Slot? slot)) return slot;
        return _slots[resource] = new Slot { Compacted = _compacted };
    }

    private sealed class Slot
    {
        public ResourceTable Table { get; set; } = ResourceTable.Empty;

        public Queue<StoreEvent> History { get; } = new();

        public long Compacted { get; set; }

        public List<WatchSubscription> Watches { get; } = [];
    }
}

/// <summary>A consistent view of a resource.</summary>
/// <param name="Table">The objects.</param>
/// <param name="Revision">The store's revision that it shows.</param>
public sealed record Snapshot(ResourceTable Table, long Revision);
