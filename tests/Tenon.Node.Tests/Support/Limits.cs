namespace Tenon.Nodes.Tests.Support;

/// <summary>Bounds of what a test waits for.</summary>
internal static partial class Limits
{
    /// <summary>How long anything may take that another process does.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Ends with the test, and after <see cref="Wait"/>.</summary>
    public static CancellationTokenSource Bounded()
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        source.CancelAfter(Wait);
        return source;
    }

    /// <summary>Bounds a wait.</summary>
    public static Task<T> InTime<T>(this Task<T> task) => task.WaitAsync(Wait, TimeProvider.System, Token);

    /// <summary>Bounds a wait.</summary>
    public static Task InTime(this Task task) => task.WaitAsync(Wait, TimeProvider.System, Token);

    /// <summary>Looks again and again at what others do until it is as it should be.</summary>
    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    /// <summary>Looks again and again at what others do until it is as it should be.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition, Func<string>? explain = null)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Wait) throw new TimeoutException($"after {Wait.TotalSeconds:0} s still waiting until {what} {explain?.Invoke()}".TrimEnd());
            await Task.Delay(Look, TimeProvider.System, Token);
        }
    }
}
