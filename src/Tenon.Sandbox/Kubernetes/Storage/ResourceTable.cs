using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Storage;

/// <summary>The objects of one resource at a revision: an immutable tree by namespace and name, in ordinal order.</summary>
public sealed class ResourceTable
{
    private static readonly ImmutableSortedDictionary<string, StoredObject> NoObjects = ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);

    private readonly ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> _spaces;

    private ResourceTable(ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> spaces, int count)
    {
        _spaces = spaces;
        Count = count;
    }

    /// <summary>No objects.</summary>
    public static ResourceTable Empty { get; } =
        new(ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, StoredObject>>(StringComparer.Ordinal), 0);

    /// <summary>How many objects there are.</summary>
    public int Count { get; }

    /// <summary>The object of a key.</summary>
    public StoredObject? Find(NamespacedName key) => _spaces.GetValueOrDefault(key.Namespace)?.GetValueOrDefault(key.Name);

    /// <summary>The objects in order of namespace and name, those of one namespace if one is given.</summary>
    public IEnumerable<StoredObject> InOrder(string? space) => space is null
        ? _spaces.Values.SelectMany(o => o.Values)
        : _spaces.GetValueOrDefault(space, NoObjects).Values;

    /// <summary>The table with an object added or replaced.</summary>
    public ResourceTable With(StoredObject item)
    {
        ImmutableSortedDictionary<string, StoredObject> before = _spaces.GetValueOrDefault(item.Key.Namespace, NoObjects);
        ImmutableSortedDictionary<string, StoredObject> after = before.SetItem(item.Key.Name, item);
        return new(_spaces.SetItem(item.Key.Namespace, after), Count + after.Count - before.Count);
    }

    /// <summary>The table without an object.</summary>
    public ResourceTable Without(NamespacedName key)
    {
        if (!_spaces.TryGetValue(key.Namespace, out ImmutableSortedDictionary<string, StoredObject>? before) || !before.ContainsKey(key.Name)) return this;
        ImmutableSortedDictionary<string, StoredObject> after = before.Remove(key.Name);
        return new(after.IsEmpty ? _spaces.Remove(key.Namespace) : _spaces.SetItem(key.Namespace, after), Count - 1);
    }
}
