namespace Tenon.EndToEnd.Tests.Support;

/// <summary>Looks again and again at what another process does; the test's own timeout is the bound.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    /// <summary>Returns once <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not within <paramref name="limit"/>; the message ends with what <paramref name="explain"/> says.</exception>
    public static async Task UntilAsync(string what, TimeSpan limit, Func<Task<bool>> condition, Func<string>? explain = null)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > limit)
                throw new TimeoutException($"after {limit.TotalSeconds:0} s still waiting until {what}\n{explain?.Invoke()}");
            await Task.Delay(Look, TimeProvider.System, TestLife.Token);
        }
    }
}
