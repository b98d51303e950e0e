using System.Collections;
using System.Collections.Immutable;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Informers;

using Index = ImmutableDictionary<string, ImmutableHashSet<NamespacedName>>;

/// <summary>The objects and their indexes at one moment. Never changes, so that readers share it.</summary>
internal sealed class Cache<T>
    where T : class, IKubernetesObject
{
    private readonly IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> _definitions;
    private readonly ImmutableDictionary<string, Index> _indexes;

    public Cache(IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> definitions)
        : this(definitions, ImmutableDictionary<NamespacedName, T>.Empty, definitions.Keys.ToImmutableDictionary(k => k, _ => Index.Empty))
    {
    }

    private Cache(
        IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> definitions,
        ImmutableDictionary<NamespacedName, T> items,
        ImmutableDictionary<string, Index> indexes)
    {
        _definitions = definitions;
        Items = items;
        _indexes = indexes;
    }

    public ImmutableDictionary<NamespacedName, T> Items { get; }

    public IReadOnlyCollection<T> All => new View(Items);

    public IReadOnlyCollection<T> Find(string index, string value)
    {
        if (!_indexes.TryGetValue(index, out Index? entries)) throw new ArgumentException($"There is no index \"{index}\".", nameof(index));
        return entries.TryGetValue(value, out ImmutableHashSet<NamespacedName>? keys) ? [.. keys.Select(k => Items[k])] : [];
    }

    /// <summary>This cache with other objects, its indexes made anew.</summary>
    public Cache<T> Replace(IEnumerable<KeyValuePair<NamespacedName, T>> items)
    {
        ImmutableDictionary<NamespacedName, T> all = items.ToImmutableDictionary();
        return new Cache<T>(_definitions, all, _definitions.ToImmutableDictionary(d => d.Key, d => all
            .SelectMany(item => d.Value(item.Value).Distinct().Select(text => (text, item.Key)))
            .GroupBy(pair => pair.text, pair => pair.Key)
            .ToImmutableDictionary(g => g.Key, g => g.ToImmutableHashSet())));
    }

    public Cache<T> With(T item) => Change(item.Metadata.Key, item);

    public Cache<T> Without(NamespacedName key) => Change(key, null);

    private Cache<T> Change(NamespacedName key, T? item)
    {
        Items.TryGetValue(key, out T? old);
        ImmutableDictionary<string, Index> indexes = _indexes;
        foreach ((string name, Func<T, IEnumerable<string>> texts) in _definitions)
        {
            Index index = indexes[name];
            HashSet<string> before = old is null ? [] : [.. texts(old)];
            HashSet<string> after = item is null ? [] : [.. texts(item)];
            if (before.SetEquals(after)) continue;
            foreach (string text in before.Except(after))
            {
                ImmutableHashSet<NamespacedName> rest = index[text].Remove(key);
                index = rest.IsEmpty ? index.Remove(text) : index.SetItem(text, rest);
            }

            foreach (string text in after.Except(before))
                index = index.SetItem(text, index.GetValueOrDefault(text, []).Add(key));
            indexes = indexes.SetItem(name, index);
        }

        return new Cache<T>(_definitions, item is null ? Items.Remove(key) : Items.SetItem(key, item), indexes);
    }

    private sealed class View(ImmutableDictionary<NamespacedName, T> items) : IReadOnlyCollection<T>
    {
        public int Count => items.Count;

        public IEnumerator<T> GetEnumerator()
        {
            foreach (KeyValuePair<NamespacedName, T> item in items) yield return item.Value;
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
