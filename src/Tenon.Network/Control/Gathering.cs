namespace Tenon.Network.Control;

/// <summary>
/// Gathers requests that come together, so that one call serves many: until none has come for a moment, and the longer the more nodes they are for, since
/// each node costs a call. A single pod hardly waits; a thousand that come within seconds are worth seconds.
/// </summary>
/// <param name="options">The moment and the longest wait.</param>
/// <param name="time">The clock.</param>
internal sealed class Gathering(NetworkOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_eachNode = TimeSpan.FromMilliseconds(100);

    /// <summary>Where ports are kept ready, most pods need no call.</summary>
    private static readonly TimeSpan s_eachNodeWithPools = TimeSpan.FromMilliseconds(5);

    private readonly HashSet<string> _nodes = [];
    private readonly Lock _gate = new();
    private int _count;
    private long _first;
    private long _last;

    /// <summary>When the last request came; <see langword="null"/> before the first.</summary>
    public TimeSpan? SinceLast
    {
        get
        {
            lock (_gate) return _last == 0 ? null : time.GetElapsedTime(_last);
        }
    }

    /// <summary>A request came.</summary>
    /// <param name="node">The node that a port is for; <see langword="null"/> for what needs none.</param>
    public void Note(string? node = null)
    {
        lock (_gate)
        {
            if (!string.IsNullOrEmpty(node)) _nodes.Add(node);
            long now = time.GetTimestamp();
            if (_count++ == 0) _first = now;
            _last = now;
        }
    }

    /// <summary>How long to wait for more; <see langword="null"/> ends the gathering: what comes now begins the next.</summary>
    public TimeSpan? Wait()
    {
        lock (_gate)
        {
            if (_count == 0) return null;
            TimeSpan patience = options.GatherFor + ((options.Pool.Minimum > 0 ? s_eachNodeWithPools : s_eachNode) * _nodes.Count);
            if (patience > options.GatherAtMost) patience = options.GatherAtMost;
            TimeSpan quiet = options.GatherFor + (patience / 10) - time.GetElapsedTime(_last);
            TimeSpan left = patience - time.GetElapsedTime(_first);
            TimeSpan wait = quiet < left ? quiet : left;
            if (wait > TimeSpan.Zero) return wait;
            _count = 0;
            _nodes.Clear();
            return null;
        }
    }
}
