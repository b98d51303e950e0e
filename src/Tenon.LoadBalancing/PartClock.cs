namespace Tenon.LoadBalancing;

/// <summary>How fresh one part is, and whose turn it is to list it.</summary>
internal sealed class PartClock : IDisposable
{
    private volatile Stamp? _current;
    private volatile bool _dirty;

    public SemaphoreSlim Gate { get; } = new(1, 1);

    public (long Began, Exception Exception)? Failure { get; set; }

    public Stamp? Current => _current is { } stamp ? stamp with { Valid = !_dirty } : null;

    public bool IsFresh(DateTimeOffset limit) => Current is { Valid: true } current && current.At >= limit;

    public void Invalidate() => _dirty = true;

    /// <summary>A list begins.</summary>
    /// <returns>Whether what is known was known to be wrong.</returns>
    public bool Starting()
    {
        bool wasWrong = _dirty;
        _dirty = false;
        return wasWrong;
    }

    public void Finished(long began, DateTimeOffset at)
    {
        Failure = null;
        _current = new Stamp(began, at, Valid: true);
    }

    public void Dispose() => Gate.Dispose();

    public sealed record Stamp(long Began, DateTimeOffset At, bool Valid);
}
