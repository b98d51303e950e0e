using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>Resources by ID, in order of creation. Guarded by the region's gate.</summary>
/// <typeparam name="T">A mutable class, or a JsonObject.</typeparam>
internal sealed class ResourceTable<T> : IEnumerable<T> where T : class
{
    private readonly Dictionary<string, LinkedListNode<KeyValuePair<string, T>>> _byId = new(StringComparer.Ordinal);
    private readonly LinkedList<KeyValuePair<string, T>> _order = new();

    public int Count => _byId.Count;

    public T? Find(string? id) => id is not null && _byId.TryGetValue(id, out LinkedListNode<KeyValuePair<string, T>>? node) ? node.Value.Value : null;

    public bool TryGet(string? id, [NotNullWhen(true)] out T? resource)
    {
        resource = Find(id);
        return resource is not null;
    }

    public bool Contains(string? id) => id is not null && _byId.ContainsKey(id);

    public void Add(string id, T resource)
        => _byId.Add(id, _order.AddLast(new KeyValuePair<string, T>(id, resource)));

    public bool Remove(string id)
    {
        if (!_byId.Remove(id, out LinkedListNode<KeyValuePair<string, T>>? node)) return false;
        _order.Remove(node);
        return true;
    }

    public IEnumerator<T> GetEnumerator()
    {
        foreach (KeyValuePair<string, T> item in _order) yield return item.Value;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
