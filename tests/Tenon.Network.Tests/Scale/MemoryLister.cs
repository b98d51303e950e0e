using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Tests.Scale;

/// <summary>A cache that a test fills.</summary>
/// <typeparam name="T">The objects' type.</typeparam>
internal sealed class MemoryLister<T> : ILister<T>
    where T : class, IKubernetesObject
{
    private readonly Dictionary<NamespacedName, T> _items = [];

    public IReadOnlyCollection<T> List() => _items.Values;

    public T? Get(NamespacedName key) => _items.GetValueOrDefault(key);

    public IReadOnlyCollection<T> Find(string index, string value) => throw new NotSupportedException($"There is no index \"{index}\".");

    public void Set(T item) => _items[item.Metadata.Key] = item;
}
