using Spectre.Console;
using Tenon.CommandLine;

namespace Tenon.Demo;

/// <summary>Says what happens, with the time since the start.</summary>
internal sealed class DemoProgress(Output output)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(150);

    private readonly long _began = TimeProvider.System.GetTimestamp();

    /// <summary>Since the start.</summary>
    public TimeSpan Elapsed => TimeProvider.System.GetElapsedTime(_began);

    /// <summary>A line.</summary>
    public void Say(string text) => output.Messages.MarkupLineInterpolated($"[grey]{Elapsed.TotalSeconds,5:0.0} s[/]  {text}");

    /// <summary>Waits for a condition, then says that it holds.</summary>
    /// <param name="what">The condition in words.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="controller">The controller without which it never comes true; <see langword="null"/> where none is needed.</param>
    /// <param name="condition">Whether it holds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CommandException">It does not hold in time.</exception>
    public async Task UntilAsync(string what, TimeSpan limit, Task? controller, Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        long started = TimeProvider.System.GetTimestamp();
        if (output.Interactive) await output.Messages.Status().StartAsync(Markup.Escape(what), _ => WaitAsync());
        else await WaitAsync();
        Say(what);

        async Task WaitAsync()
        {
            while (!await condition())
            {
                if (controller is { IsCompleted: true }) await controller;
                if (TimeProvider.System.GetElapsedTime(started) > limit)
                    throw new CommandException(ExitCode.Failure, $"after {limit.TotalSeconds:0} s still waiting until {what}");
                await Task.Delay(Look, TimeProvider.System, cancellationToken);
            }
        }
    }
}
