using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Informers;

/// <summary>A change of an informer's cache, told after the cache shows it.</summary>
/// <typeparam name="T">The objects' type.</typeparam>
public abstract record InformerChange<T>
    where T : class, IKubernetesObject
{
    private InformerChange()
    {
    }

    /// <summary>The object after the change; for a deletion its last known state.</summary>
    public abstract T Current { get; }

    /// <summary>The object's namespace and name.</summary>
    public NamespacedName Key => Current.Metadata.Key;

    /// <summary>The object appeared.</summary>
    /// <param name="Object">The object.</param>
    /// <param name="IsInitial">Whether it was there when the informer began: such changes are many and not urgent.</param>
    public sealed record Added(T Object, bool IsInitial) : InformerChange<T>
    {
        /// <inheritdoc/>
        public override T Current => Object;
    }

    /// <summary>The object changed.</summary>
    /// <param name="Old">Before.</param>
    /// <param name="New">After.</param>
    public sealed record Updated(T Old, T New) : InformerChange<T>
    {
        /// <inheritdoc/>
        public override T Current => New;
    }

    /// <summary>The object is gone.</summary>
    /// <param name="Object">Its last known state; it may have changed again unseen.</param>
    public sealed record Deleted(T Object) : InformerChange<T>
    {
        /// <inheritdoc/>
        public override T Current => Object;
    }
}

/// <summary>What an informer watches, and how.</summary>
/// <typeparam name="T">The objects' type.</typeparam>
public sealed record InformerOptions<T>
    where T : class, IKubernetesObject
{
    /// <summary>Only in this namespace; <see langword="null"/> means in all.</summary>
    public string? Namespace { get; init; }

    /// <summary>Only with these labels.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Only with these fields.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>How many objects a page of the list holds.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Shrinks an object before it is kept; must not change its name, namespace, UID or resource version.</summary>
    public Func<T, T>? Transform { get; init; }

    /// <summary>Lookups by text: an index gives each object the texts under which it is found.</summary>
    public IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> Indexes { get; init; }
        = System.Collections.ObjectModel.ReadOnlyDictionary<string, Func<T, IEnumerable<string>>>.Empty;

    /// <summary>How long a watch lasts at least; up to twice that, at random, so that not all end at once.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The wait after the first failure; it doubles with each, with jitter.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest wait after failures.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What the host needs of an informer, whatever its type.</summary>
public interface IInformer
{
    /// <summary>The watched type.</summary>
    ResourceType Resource { get; }

    /// <summary>Whether the first list is complete in the cache.</summary>
    bool HasSynced { get; }

    /// <summary>When the server last told anything.</summary>
    DateTimeOffset? LastContact { get; }

    /// <summary>Why the last list or watch failed; <see langword="null"/> while all is well.</summary>
    string? Problem { get; }

    /// <summary>Lists and watches until cancelled; never fails otherwise.</summary>
    Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Waits until <see cref="HasSynced"/>.</summary>
    Task WaitForSyncAsync(CancellationToken cancellationToken);
}

/// <summary>What readers need of an informer: a consistent view of the objects, without a call to the server.</summary>
/// <typeparam name="T">The objects' type.</typeparam>
public interface ILister<T>
    where T : class, IKubernetesObject
{
    /// <summary>All objects at one moment; the collection does not change afterwards.</summary>
    IReadOnlyCollection<T> List();

    /// <summary>One object, or <see langword="null"/>.</summary>
    T? Get(NamespacedName key);

    /// <summary>The objects that an index finds under a text, at one moment.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    IReadOnlyCollection<T> Find(string index, string value);
}
