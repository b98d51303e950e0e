namespace Tenon.Network.Control;

/// <summary>
/// Gathers requests that come together, so that one call serves many: until none has come for a moment, and the longer the more there are, for a burst of
/// many gains more from one call than it loses by waiting.
/// </summary>
/// <param name="options">The moment and the longest wait.</param>
/// <param name="time">The clock.</param>
internal sealed class Gathering(NetworkOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_each = TimeSpan.FromMilliseconds(2);
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
    public void Note()
    {
        lock (_gate)
        {
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
            TimeSpan quiet = options.GatherFor - time.GetElapsedTime(_last);
            TimeSpan patience = options.GatherFor + (s_each * _count);
            TimeSpan left = (patience < options.GatherAtMost ? patience : options.GatherAtMost) - time.GetElapsedTime(_first);
            TimeSpan wait = quiet < left ? quiet : left;
            if (wait > TimeSpan.Zero) return wait;
            _count = 0;
            return null;
        }
    }
}
