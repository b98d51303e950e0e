using System.Collections.Concurrent;
using Tenon.Testing;

namespace Tenon.OpenStack.Tests.Support;

/// <summary>
/// A clock on which waits end at once, are written down, and move it forward. Timers of <paramref name="patience"/> or
/// longer (timeouts) never end.
/// </summary>
internal sealed class SkippingTimeProvider(TimeSpan patience) : TimeProvider
{
    private readonly ManualTimeProvider _clock = new();

    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    public override long TimestampFrequency => _clock.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _clock.GetUtcNow();

    public override long GetTimestamp() => _clock.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = _clock.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime < patience)
        {
            Waits.Enqueue(dueTime);
            ThreadPool.QueueUserWorkItem(_ => _clock.Advance(dueTime));
        }

        return timer;
    }
}
