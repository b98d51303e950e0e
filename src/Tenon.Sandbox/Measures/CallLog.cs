using System.Collections.Immutable;

namespace Tenon.Sandbox.Measures;

/// <summary>Counts of calls.</summary>
/// <param name="Total">All calls.</param>
/// <param name="Reads">Those that only read.</param>
/// <param name="Writes">Those that may change something.</param>
/// <param name="Auths">Those that asked for a token.</param>
public sealed record CallCounts(int Total, int Reads, int Writes, int Auths);

/// <summary>Counts by service and by operation.</summary>
public sealed record CallSummary
{
    /// <summary>Over all services.</summary>
    public required CallCounts All { get; init; }

    /// <summary>Over all services but Kubernetes: what a cloud would be asked.</summary>
    public required CallCounts OpenStack { get; init; }

    /// <summary>By service.</summary>
    public required ImmutableSortedDictionary<string, CallCounts> Services { get; init; }

    /// <summary>By operation.</summary>
    public required ImmutableSortedDictionary<string, int> Operations { get; init; }

    /// <summary>By status, as text; 0 is a dropped connection or a call still under way.</summary>
    public required ImmutableSortedDictionary<string, int> Statuses { get; init; }
}

/// <summary>Every API call since the log was last cleared. The oldest entries go when there are more than the capacity; the totals remain.</summary>
public sealed class CallLog
{
    /// <summary>The service name under which Kubernetes calls are counted.</summary>
    public const string Kubernetes = "kubernetes";

    private readonly Lock _gate = new();
    private readonly Queue<CallEntry> _entries = new();
    private readonly Dictionary<(string Service, CallKind Kind), int> _kinds = [];
    private readonly Dictionary<string, int> _operations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<int, int> _droppedStatuses = [];
    private readonly int _capacity;
    private long _sequence;

    /// <summary>Makes an empty log.</summary>
    /// <param name="capacity">How many entries are kept.</param>
    public CallLog(int capacity = 200_000) => _capacity = capacity;

    /// <summary>The entries kept, oldest first.</summary>
    public ImmutableArray<CallEntry> Entries()
    {
        lock (_gate) return [.. _entries];
    }

    /// <summary>The counts since the last <see cref="Clear"/>.</summary>
    public CallSummary Summary()
    {
        lock (_gate)
        {
            var statuses = new Dictionary<int, int>(_droppedStatuses);
            foreach (CallEntry entry in _entries) statuses[entry.Status] = statuses.GetValueOrDefault(entry.Status) + 1;
            return new CallSummary
            {
                All = Count(_ => true),
                OpenStack = Count(service => service != Kubernetes),
                Services = _kinds.Keys.Select(k => k.Service).Distinct().ToImmutableSortedDictionary(s => s, s => Count(t => t == s)),
                Operations = _operations.ToImmutableSortedDictionary(),
                Statuses = statuses.ToImmutableSortedDictionary(s => s.Key.ToString(), s => s.Value),
            };
        }
    }

    /// <summary>Forgets all entries and counts; calls under way are not counted afterwards.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _entries.Clear();
            _kinds.Clear();
            _operations.Clear();
            _droppedStatuses.Clear();
        }
    }

    internal CallEntry Begin(
        DateTimeOffset time, string service, string region, string method, string path, string operation, CallKind kind, string userAgent)
    {
        lock (_gate)
        {
            int running = _running[service] = _running.GetValueOrDefault(service) + 1;
            var entry = new CallEntry
            {
                Sequence = ++_sequence,
                Time = time,
                Service = service,
                Region = region,
                Method = method,
                Path = path,
                Operation = operation,
                Kind = kind,
                UserAgent = userAgent,
                Concurrency = running,
            };
            _entries.Enqueue(entry);
            if (_entries.Count > _capacity)
            {
                int status = _entries.Dequeue().Status;
                _droppedStatuses[status] = _droppedStatuses.GetValueOrDefault(status) + 1;
            }

            _kinds[(service, kind)] = _kinds.GetValueOrDefault((service, kind)) + 1;
            _operations[operation] = _operations.GetValueOrDefault(operation) + 1;
            return entry;
        }
    }

    internal void Answered(CallEntry entry, int status, TimeSpan duration)
    {
        lock (_gate)
        {
            entry.Status = status;
            entry.Duration ??= duration;
        }
    }

    internal void End(CallEntry entry)
    {
        lock (_gate) _running[entry.Service]--;
    }

    private CallCounts Count(Func<string, bool> service)
    {
        int reads = 0, writes = 0, auths = 0;
        foreach (((string name, CallKind kind), int count) in _kinds)
        {
            if (!service(name)) continue;
            switch (kind)
            {
                case CallKind.Read: reads += count; break;
                case CallKind.Write: writes += count; break;
                default: auths += count; break;
            }
        }

        return new CallCounts(reads + writes + auths, reads, writes, auths);
    }
}
