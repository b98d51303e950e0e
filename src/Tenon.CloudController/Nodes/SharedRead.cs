using Tenon.CloudController.Discovery;
using Tenon.OpenStack;

namespace Tenon.CloudController.Nodes;

/// <summary>What a read gave, and when it was begun.</summary>
/// <typeparam name="T">What was read.</typeparam>
/// <param name="Value">What was read.</param>
/// <param name="BegunAt">When: whatever existed before that is in <paramref name="Value"/>.</param>
public sealed record Reading<T>(T Value, DateTimeOffset BegunAt);

/// <summary>
/// One read of the cloud for everybody who needs it: at most one is under way, its result serves all who can live with its age, and a
/// failure is not repeated for each of them but waited out.
/// </summary>
/// <typeparam name="T">What is read.</typeparam>
public sealed class SharedRead<T> : IDisposable
    where T : class
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Func<CancellationToken, Task<T>> _read;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private Reading<T>? _last;
    private (Task<Reading<T>> Task, DateTimeOffset BegunAt)? _running;
    private (CloudReadException Failure, DateTimeOffset Until, TimeSpan Pause)? _failed;

    /// <summary>Stores what is given.</summary>
    /// <param name="read">Reads everything, or throws.</param>
    /// <param name="time">The clock.</param>
    public SharedRead(Func<CancellationToken, Task<T>> read, TimeProvider time) => (_read, _time) = (read, time);

    /// <summary>A reading that was begun at a moment or later: the last one, the one under way, or a new one.</summary>
    /// <param name="notBefore">The oldest beginning that will do.</param>
    /// <param name="cancellationToken">Ends this wait; the read itself goes on for the others.</param>
    /// <exception cref="CloudReadException">The read failed, or failed a moment ago and is not repeated yet.</exception>
    public async Task<Reading<T>> GetAsync(DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task<Reading<T>> running;
            lock (_gate)
            {
                if (_last is { } last && last.BegunAt >= notBefore) return last;
                if (_running is null)
                {
                    DateTimeOffset now = _time.GetUtcNow();
                    if (_failed is { } failed && now < failed.Until) throw failed.Failure;
                    if (notBefore > now) notBefore = now;
                    _running = (RunAsync(now), now);
                }

                running = _running.Value.Task;
            }

            Reading<T> reading = await running.WaitAsync(cancellationToken);
            if (reading.BegunAt >= notBefore) return reading;
        }
    }

    /// <summary>Forgets what was read: it is known to be out of date.</summary>
    public void Invalidate()
    {
        lock (_gate) _last = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
    }

    private async Task<Reading<T>> RunAsync(DateTimeOffset begunAt)
    {
        await Task.Yield();
        try
        {
            var reading = new Reading<T>(await _read(_end.Token), begunAt);
            lock (_gate)
            {
                _last = reading;
                _running = null;
                _failed = null;
            }

            return reading;
        }
        catch (Exception exception)
        {
            var failure = new CloudReadException(exception);
            lock (_gate)
            {
                TimeSpan pause = _failed is { } before ? TimeSpan.FromTicks(Math.Min(before.Pause.Ticks * 2, LongestPause.Ticks)) : FirstPause;
                _failed = (failure, _time.GetUtcNow() + pause, pause);
                _running = null;
            }

            throw failure;
        }
    }
}

/// <summary>The cloud could not be read. The message says what failed and what to do about it.</summary>
public sealed class CloudReadException(Exception failure) : Exception(Describe(failure), failure)
{
    private static string Describe(Exception failure)
        => failure is OpenStackException cloud ? CloudFailure.Explain(cloud).ToSentences() : failure?.Message ?? "";
}
