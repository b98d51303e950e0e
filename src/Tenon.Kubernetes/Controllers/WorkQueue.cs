using System.Diagnostics.Metrics;

namespace Tenon.Kubernetes.Controllers;

/// <summary>How a queue spaces out repetitions.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>The wait after a key's first failure; it doubles with each.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait after failures.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How much of each wait is random, from 0 to 1, so that keys that failed together do not come back together.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>After how many keys of higher priority a waiting key of lower priority gets its turn.</summary>
    public int FairShare { get; init; } = 10;
}

/// <summary>The priorities that controllers use.</summary>
public static class WorkPriority
{
    /// <summary>What was there when the process began, and periodic resyncs.</summary>
    public const int Low = -100;

    /// <summary>Live changes.</summary>
    public const int Normal = 0;
}

/// <summary>A key that was taken from a queue; give it back with <see cref="WorkQueue{TKey}.Done"/>.</summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Priority">The highest priority with which it was added.</param>
/// <param name="Waited">How long it was ready before it was taken.</param>
public readonly record struct WorkItem<TKey>(TKey Key, int Priority, TimeSpan Waited);

/// <summary>
/// Keys that need work. A key is in the queue at most once, is never with two workers, and is not lost: added while it is worked on, it
/// comes again afterwards. Safe from any thread.
/// </summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(40);
    private readonly WorkQueueOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly SortedDictionary<int, Queue<Ticket>> _ready = new(Comparer<int>.Create(static (a, b) => b.CompareTo(a)));
    private readonly PriorityQueue<Ticket, long> _delayed = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly ITimer _timer;
    private readonly Meter _meter = new(QueueTelemetry.MeterName);
    private readonly KeyValuePair<string, object?> _tag;
    private long _nextTicket;
    private long _timerDue = long.MaxValue;
    private int _length;
    private int _streak;
    private bool _shutDown;

    /// <summary>Makes an empty queue.</summary>
    /// <param name="name">The queue's name in metrics.</param>
    /// <param name="options">How repetitions are spaced out.</param>
    /// <param name="time">The clock.</param>
    public WorkQueue(string name, WorkQueueOptions? options = null, TimeProvider? time = null)
    {
        Name = name;
        _options = options ?? new();
        _time = time ?? TimeProvider.System;
        _tag = new("name", name);
        _timer = _time.CreateTimer(static queue => ((WorkQueue<TKey>)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _meter.CreateObservableGauge("workqueue_depth", () => new Measurement<int>(Length, _tag), description: "Keys that are ready to be taken.");
        _meter.CreateObservableGauge(
            "workqueue_unfinished_work", () => new Measurement<double>(Running().Sum(), _tag), "s", "How long present workers have worked, together.");
        _meter.CreateObservableGauge(
            "workqueue_longest_running_processor", () => new Measurement<double>(Running().DefaultIfEmpty().Max(), _tag), "s",
            "How long the longest present worker has worked.");
    }

    private enum Phase
    {
        Idle,
        Delayed,
        Ready,
    }

    /// <summary>The queue's name in metrics.</summary>
    public string Name { get; }

    /// <summary>How many keys are ready to be taken.</summary>
    public int Length
    {
        get
        {
            lock (_gate) return _length;
        }
    }

    /// <summary>Adds a key now. If it waits already, the higher priority and the earlier time hold.</summary>
    public void Add(TKey key, int priority = WorkPriority.Normal)
    {
        QueueTelemetry.Adds.Add(1, _tag);
        bool signal;
        lock (_gate) signal = !_shutDown && MakeReady(key, Entered(key), priority);
        if (signal) _signal.Release();
    }

    /// <summary>Adds a key after a while; an earlier time that is set already holds.</summary>
    public void AddAfter(TKey key, TimeSpan delay, int priority = WorkPriority.Normal)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key, priority);
            return;
        }

        if (delay > s_longest) delay = s_longest;
        lock (_gate)
        {
            if (_shutDown) return;
            Entry entry = Entered(key);
            int before = entry.Priority;
            entry.Priority = entry.Phase == Phase.Idle ? priority : Math.Max(before, priority);
            if (entry.Phase == Phase.Ready)
            {
                // It comes sooner than asked for; only its priority may rise.
                if (!entry.Processing && entry.Priority > before) Place(key, entry);
                return;
            }

            long due = _time.GetTimestamp() + (long)(delay.TotalSeconds * _time.TimestampFrequency);
            if (entry.Phase == Phase.Delayed && entry.Due <= due) return;
            entry.Phase = Phase.Delayed;
            entry.Due = due;
            entry.Ticket = ++_nextTicket;
            _delayed.Enqueue(new Ticket(key, entry.Ticket), due);
            Schedule();
        }
    }

    /// <summary>Adds a key after the wait that its failures so far give, and counts one more.</summary>
    /// <returns>The wait.</returns>
    public TimeSpan AddRateLimited(TKey key, int priority = WorkPriority.Normal)
    {
        int failures;
        lock (_gate) _failures[key] = (failures = _failures.GetValueOrDefault(key)) + 1;
        double full = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 40)));
        TimeSpan delay = TimeSpan.FromMilliseconds(full * (1 - (_options.Jitter * Random.Shared.NextDouble())));
        QueueTelemetry.Retries.Add(1, _tag);
        AddAfter(key, delay, priority);
        return delay;
    }

    /// <summary>Forgets a key's failures.</summary>
    public void Forget(TKey key)
    {
        lock (_gate) _failures.Remove(key);
    }

    /// <summary>How often a key failed since it was last forgotten.</summary>
    public int Failures(TKey key)
    {
        lock (_gate) return _failures.GetValueOrDefault(key);
    }

    /// <summary>Takes the next key, waiting for one; <see langword="null"/> once the queue is shut down.</summary>
    public async ValueTask<WorkItem<TKey>?> TakeAsync(CancellationToken cancellationToken)
    {
        await _signal.WaitAsync(cancellationToken);
        WorkItem<TKey> item;
        lock (_gate)
        {
            if (_shutDown)
            {
                _signal.Release(); // the next waiting taker learns it too
                return null;
            }

            item = Next();
        }

        QueueTelemetry.Waited.Record(item.Waited.TotalSeconds, _tag);
        return item;
    }

    /// <summary>Gives a taken key back.</summary>
    public void Done(TKey key)
    {
        bool signal = false;
        double worked;
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out Entry? entry) || !entry.Processing)
                throw new InvalidOperationException($"\"{key}\" was given back to queue {Name}, but nobody had it.");
            entry.Processing = false;
            worked = _time.GetElapsedTime(entry.TakenAt).TotalSeconds;
            if (entry.Phase == Phase.Idle) _entries.Remove(key);
            else if (entry.Phase == Phase.Ready && !_shutDown)
            {
                entry.ReadyAt = _time.GetTimestamp();
                _length++;
                Place(key, entry);
                signal = true;
            }
        }

        QueueTelemetry.Worked.Record(worked, _tag);
        if (signal) _signal.Release();
    }

    /// <summary>Takes no more keys in and gives no more out; waiting takers get <see langword="null"/>.</summary>
    public void ShutDown()
    {
        lock (_gate)
        {
            if (_shutDown) return;
            _shutDown = true;
            _length = 0;
            _ready.Clear();
            _delayed.Clear();
        }

        _signal.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ShutDown();
        _timer.Dispose();
        _meter.Dispose();
    }

    private Entry Entered(TKey key)
    {
        if (!_entries.TryGetValue(key, out Entry? entry)) _entries[key] = entry = new Entry();
        return entry;
    }

    /// <summary>Makes a key ready; returns whether a taker must be woken. With a worker, it becomes ready when given back.</summary>
    private bool MakeReady(TKey key, Entry entry, int priority)
    {
        int before = entry.Priority;
        entry.Priority = entry.Phase == Phase.Idle ? priority : Math.Max(before, priority);
        if (entry.Phase == Phase.Ready)
        {
            if (!entry.Processing && entry.Priority > before) Place(key, entry);
            return false;
        }

        entry.Phase = Phase.Ready;
        if (entry.Processing) return false;
        entry.ReadyAt = _time.GetTimestamp();
        _length++;
        Place(key, entry);
        return true;
    }

    /// <summary>Puts a key at the end of its priority's line; an older ticket becomes void.</summary>
    private void Place(TKey key, Entry entry)
    {
        entry.Ticket = ++_nextTicket;
        if (!_ready.TryGetValue(entry.Priority, out Queue<Ticket>? line)) _ready[entry.Priority] = line = new Queue<Ticket>();
        line.Enqueue(new Ticket(key, entry.Ticket));
    }

    private WorkItem<TKey> Next()
    {
        Queue<Ticket>? chosen = null;
        foreach ((int priority, Queue<Ticket> line) in _ready.ToArray())
        {
            while (line.TryPeek(out Ticket head) && !IsValid(head, Phase.Ready)) line.Dequeue();
            if (line.Count == 0) _ready.Remove(priority);
            else if (chosen is null) chosen = line;
            else
            {
                // Somebody of lower priority waits: count, and at times let the longest waiting one pass.
                if (++_streak <= _options.FairShare) break;
                chosen = line;
                _streak = 0;
                break;
            }
        }

        Ticket ticket = chosen!.Dequeue();
        Entry entry = _entries[ticket.Key];
        TimeSpan waited = _time.GetElapsedTime(entry.ReadyAt);
        entry.Phase = Phase.Idle;
        entry.Processing = true;
        entry.TakenAt = _time.GetTimestamp();
        _length--;
        return new WorkItem<TKey>(ticket.Key, entry.Priority, waited);
    }

    private bool IsValid(Ticket ticket, Phase phase)
        => _entries.TryGetValue(ticket.Key, out Entry? entry) && entry.Ticket == ticket.Number && entry.Phase == phase;

    private void OnTimer()
    {
        int signals = 0;
        lock (_gate)
        {
            _timerDue = long.MaxValue;
            long now = _time.GetTimestamp();
            while (_delayed.TryPeek(out Ticket ticket, out long due) && (due <= now || !IsValid(ticket, Phase.Delayed)))
            {
                _delayed.Dequeue();
                if (!IsValid(ticket, Phase.Delayed)) continue;
                Entry entry = _entries[ticket.Key];
                if (MakeReady(ticket.Key, entry, entry.Priority)) signals++;
            }

            Schedule();
        }

        if (signals > 0) _signal.Release(signals);
    }

    private void Schedule()
    {
        while (_delayed.TryPeek(out Ticket void_, out _) && !IsValid(void_, Phase.Delayed)) _delayed.Dequeue();
        if (_shutDown || !_delayed.TryPeek(out _, out long due) || due >= _timerDue) return;
        _timerDue = due;

        // A millisecond more, because timers are coarser than time stamps and must not fire early.
        double seconds = Math.Max(0, due - _time.GetTimestamp()) / (double)_time.TimestampFrequency;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(1, seconds * 1000))), Timeout.InfiniteTimeSpan);
    }

    private double[] Running()
    {
        lock (_gate) return [.. _entries.Values.Where(e => e.Processing).Select(e => _time.GetElapsedTime(e.TakenAt).TotalSeconds)];
    }

    private readonly record struct Ticket(TKey Key, long Number);

    private sealed class Entry
    {
        public Phase Phase { get; set; }

        public bool Processing { get; set; }

        public int Priority { get; set; }

        public long Ticket { get; set; }

        public long Due { get; set; }

        public long ReadyAt { get; set; }

        public long TakenAt { get; set; }
    }
}

internal static class QueueTelemetry
{
    public const string MeterName = "Tenon.Kubernetes";

    private static readonly Meter s_meter = new(MeterName);

    private static readonly InstrumentAdvice<double> s_buckets = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
    };

    public static readonly Counter<long> Adds = s_meter.CreateCounter<long>("workqueue_adds", description: "Keys added, by queue.");

    public static readonly Counter<long> Retries = s_meter.CreateCounter<long>(
        "workqueue_retries", description: "Keys added again after a failure, by queue.");

    public static readonly Histogram<double> Waited = s_meter.CreateHistogram(
        "workqueue_queue_duration", "s", "How long keys were ready before they were taken.", null, s_buckets);

    public static readonly Histogram<double> Worked = s_meter.CreateHistogram(
        "workqueue_work_duration", "s", "How long workers had keys.", null, s_buckets);
}
