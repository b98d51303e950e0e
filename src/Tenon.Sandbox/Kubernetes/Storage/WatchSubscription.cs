using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Tenon.Sandbox.Kubernetes.Storage;

/// <summary>
/// The changes of one resource from a revision on, in order and without gaps. It ends when it is disposed, when the store drops it (a fault, or a reader that is
/// too slow), never silently: <see cref="Ended"/> says why.
/// </summary>
public sealed class WatchSubscription : IDisposable
{
    private readonly ClusterStore _store;
    private readonly Channel<StoreEvent> _events;

    internal WatchSubscription(ClusterStore store, GroupResource resource, string? space, int capacity, IEnumerable<StoreEvent> backlog)
    {
        _store = store;
        Resource = resource;
        Namespace = space;
        _events = Channel.CreateUnbounded<StoreEvent>(); // one for a single reader cannot count
        Capacity = capacity;
        foreach (StoreEvent change in backlog) _events.Writer.TryWrite(change);
    }

    /// <summary>The resource that is watched.</summary>
    public GroupResource Resource { get; }

    /// <summary>The namespace that is watched; <see langword="null"/> for all.</summary>
    public string? Namespace { get; }

    /// <summary>Why it ended; <see langword="null"/> while it runs.</summary>
    public WatchEnd? Ended { get; private set; }

    /// <summary>Whether changes wait to be read.</summary>
    public bool HasPending => _events.Reader.Count > 0;

    /// <summary>How many unread changes are kept before the reader counts as too slow.</summary>
    internal int Capacity { get; }

    /// <summary>Waits for changes; <see langword="false"/> once it has ended and all was read.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _events.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>The next change, if one is there.</summary>
    public bool TryRead([NotNullWhen(true)] out StoreEvent? change) => _events.Reader.TryRead(out change);

    /// <summary>All changes until it ends.</summary>
    public IAsyncEnumerable<StoreEvent> ReadAllAsync(CancellationToken cancellationToken) => _events.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _store.Unsubscribe(this);
        End(WatchEnd.Closed);
    }

    internal void Deliver(StoreEvent change)
    {
        if (Namespace is not null && change.Object.Key.Namespace != Namespace) return;
        if (_events.Reader.Count >= Capacity) End(WatchEnd.TooSlow);
        else _events.Writer.TryWrite(change);
    }

    internal void End(WatchEnd why)
    {
        if (_events.Writer.TryComplete()) Ended = why;
    }
}

/// <summary>Why a watch ended.</summary>
public enum WatchEnd
{
    /// <summary>The reader closed it.</summary>
    Closed,

    /// <summary>The reader did not keep up.</summary>
    TooSlow,

    /// <summary>A fault dropped the connection.</summary>
    Dropped,

    /// <summary>A fault made the revision too old: the client gets an ERROR event with 410.</summary>
    Expired,

    /// <summary>The resource is no longer served.</summary>
    Removed,
}
