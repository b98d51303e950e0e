using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Controllers;

/// <summary>An event as it was recorded.</summary>
internal sealed record RecordedEvent(ObjectReference About, EventType Type, string Reason, string Message, DateTimeOffset At);

/// <summary>What to do with a recorded event.</summary>
internal abstract record EventAction
{
    /// <summary>A first occurrence.</summary>
    public sealed record Create(EventKey Key, RecordedEvent Event, string Message) : EventAction;

    /// <summary>Another occurrence of an event that was written.</summary>
    public sealed record Repeat(EventKey Key, RecordedEvent Event, string Message, NamespacedName Written, int Count, DateTimeOffset First) : EventAction;

    /// <summary>Too many about this object.</summary>
    public sealed record Drop : EventAction;
}

/// <summary>What makes two events the same.</summary>
internal readonly record struct EventKey(ObjectReference About, EventType Type, string Reason, string Message);

/// <summary>
/// Decides what becomes of events, with client-go's rules: the same event again is a count; more than <c>MaxSimilar</c> different messages
/// of one object, type and reason within the window are one event; an object with too many events is silenced. Memory is bounded: the
/// events used least recently are forgotten. Used by one reader.
/// </summary>
internal sealed class EventCorrelator(EventRecorderOptions options, TimeProvider time)
{
    private const string CombinedPrefix = "(combined from similar events): ";
    private readonly RecentlyUsed<EventKey, Written> _written = new(options.CacheSize);
    private readonly RecentlyUsed<EventKey, Similar> _similar = new(options.CacheSize);
    private readonly RecentlyUsed<ObjectReference, Bucket> _buckets = new(options.CacheSize);

    public EventAction Correlate(RecordedEvent e)
    {
        var group = new EventKey(e.About, e.Type, e.Reason, "");
        Similar similar = _similar.Get(group) ?? new Similar();
        if (similar.Messages.Count > 0 && time.GetElapsedTime(similar.LastSeen) > options.SimilarWindow) similar = new Similar();
        similar.LastSeen = time.GetTimestamp();
        if (similar.Messages.Count < options.MaxSimilar) similar.Messages.Add(e.Message);
        bool combined = similar.Messages.Count >= options.MaxSimilar && !similar.Messages.Contains(e.Message);
        _similar.Set(group, similar);

        // What is combined shares one key, whatever its message.
        string message = combined ? CombinedPrefix + e.Message : e.Message;
        EventKey key = combined ? group : group with { Message = e.Message };
        if (!Allow(e.About)) return new EventAction.Drop();
        return _written.Get(key) is { } before
            ? new EventAction.Repeat(key, e, message, before.Name, before.Count + 1, before.First)
            : new EventAction.Create(key, e, message);
    }

    /// <summary>Remembers what was written, so that the next occurrence counts up.</summary>
    public void Remember(EventKey key, NamespacedName name, int count, DateTimeOffset first) => _written.Set(key, new Written(name, count, first));

    private bool Allow(ObjectReference about)
    {
        Bucket bucket = _buckets.Get(about) ?? new Bucket { Tokens = options.ObjectBurst, At = time.GetTimestamp() };
        double refill = options.ObjectRefill > TimeSpan.Zero ? time.GetElapsedTime(bucket.At) / options.ObjectRefill : options.ObjectBurst;
        bucket.Tokens = Math.Min(options.ObjectBurst, bucket.Tokens + refill);
        bucket.At = time.GetTimestamp();
        bool allowed = bucket.Tokens >= 1;
        if (allowed) bucket.Tokens--;
        _buckets.Set(about, bucket);
        return allowed;
    }

    private sealed record Written(NamespacedName Name, int Count, DateTimeOffset First);

    private sealed class Similar
    {
        public HashSet<string> Messages { get; } = [];

        public long LastSeen { get; set; }
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public long At { get; set; }
    }
}

/// <summary>A bounded map that forgets what was used least recently.</summary>
internal sealed class RecentlyUsed<TKey, TValue>(int capacity)
    where TKey : notnull
    where TValue : class
{
    private readonly Dictionary<TKey, LinkedListNode<KeyValuePair<TKey, TValue>>> _nodes = [];
    private readonly LinkedList<KeyValuePair<TKey, TValue>> _order = [];

    public TValue? Get(TKey key)
    {
        if (!_nodes.TryGetValue(key, out LinkedListNode<KeyValuePair<TKey, TValue>>? node)) return null;
        _order.Remove(node);
        _order.AddFirst(node);
        return node.Value.Value;
    }

    public void Set(TKey key, TValue value)
    {
        if (_nodes.Remove(key, out LinkedListNode<KeyValuePair<TKey, TValue>>? old)) _order.Remove(old);
        else if (_nodes.Count >= capacity && _order.Last is { } last)
        {
            _nodes.Remove(last.Value.Key);
            _order.RemoveLast();
        }

        _nodes[key] = _order.AddFirst(KeyValuePair.Create(key, value));
    }
}
