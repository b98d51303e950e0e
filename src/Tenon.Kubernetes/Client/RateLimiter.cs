namespace Tenon.Kubernetes.Client;

/// <summary>A token bucket: so many requests a second, with a burst. Callers are served in the order in which they came.</summary>
internal sealed class RateLimiter(double perSecond, int burst, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly long _started = time.GetTimestamp();
    private double _tokens = burst;
    private double _last;

    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (perSecond <= 0) return ValueTask.CompletedTask;
        double missing;
        lock (_gate)
        {
            double now = time.GetElapsedTime(_started).TotalSeconds;
            _tokens = Math.Min(burst, _tokens + ((now - _last) * perSecond)) - 1;
            _last = now;
            missing = -_tokens;
        }

        return missing <= 0 ? ValueTask.CompletedTask : new ValueTask(Task.Delay(TimeSpan.FromSeconds(missing / perSecond), time, cancellationToken));
    }
}
