using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Control;

/// <summary>What is derived from objects, made anew only for those that changed.</summary>
/// <typeparam name="TObject">The objects.</typeparam>
/// <typeparam name="TValue">What is derived.</typeparam>
/// <param name="derive">Derives; <see langword="null"/> for objects of no concern.</param>
/// <param name="other">The metadata of another object that the value is derived from as well, if any.</param>
internal sealed class Derived<TObject, TValue>(Func<TObject, TValue?> derive, Func<TObject, ObjectMeta?>? other = null)
    where TObject : class, IKubernetesObject
    where TValue : class
{
    private Dictionary<NamespacedName, (string Version, TValue? Value)> _values = [];

    /// <summary>The values, by object.</summary>
    public IReadOnlyDictionary<NamespacedName, TValue> Values { get; private set; } = new Dictionary<NamespacedName, TValue>();

    private static string Version(ObjectMeta metadata) => $"{metadata.Uid} {metadata.ResourceVersion}";

    /// <summary>Takes the objects as they are now.</summary>
    /// <returns>Whether any value differs from before.</returns>
    public bool Refresh(IReadOnlyCollection<TObject> objects)
    {
        bool changed = false;
        var next = new Dictionary<NamespacedName, (string, TValue?)>(objects.Count);
        foreach (TObject item in objects)
        {
            NamespacedName key = item.Metadata.Key;
            string version = Version(item.Metadata);
            if (other?.Invoke(item) is { } second) version = $"{version} {Version(second)}";
            if (_values.TryGetValue(key, out (string Version, TValue? Value) known) && known.Version == version)
            {
                next[key] = known;
                continue;
            }

            TValue? value = derive(item);
            if (Equals(value, known.Value)) value = known.Value;
            else changed = true;
            next[key] = (version, value);
        }

        changed |= _values.Any(v => v.Value.Value is not null && !next.ContainsKey(v.Key));
        _values = next;
        if (changed) Values = next.Where(v => v.Value.Item2 is not null).ToDictionary(v => v.Key, v => v.Value.Item2!);
        return changed;
    }
}
