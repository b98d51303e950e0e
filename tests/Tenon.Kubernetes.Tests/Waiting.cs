using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

/// <summary>Ways to await what other threads bring about; the test's timeout bounds them.</summary>
internal static class Waiting
{
    /// <summary>Waits until a condition holds, looking again shortly after.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    /// <summary>Moves a clock in small steps, letting requests in flight end between them, until a condition holds; returns the time it took.</summary>
    public static async Task<TimeSpan> AdvanceUntilAsync(this ManualTimeProvider clock, ScriptedApi api, Func<bool> condition, TimeSpan? atMost = null)
    {
        DateTimeOffset start = clock.GetUtcNow();
        while (!condition())
        {
            if (atMost is { } limit && clock.GetUtcNow() - start >= limit) return clock.GetUtcNow() - start;
            await UntilAsync(() => api.InFlight == 0 || condition());
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(3), TimeProvider.System, TestContext.Current.CancellationToken);
        }

        return clock.GetUtcNow() - start;
    }
}
