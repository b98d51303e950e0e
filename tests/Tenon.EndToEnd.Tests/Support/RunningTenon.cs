using System.Diagnostics;
using System.Text;

namespace Tenon.EndToEnd.Tests.Support;

/// <summary>A <c>tenon</c> that runs until the test stops it.</summary>
internal sealed class RunningTenon : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly StringBuilder _log;

    private RunningTenon(Process process, StringBuilder log) => (_process, _log) = (process, log);

    /// <summary>Everything it has written so far.</summary>
    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>The memory that it holds now, in MB.</summary>
    public double ResidentMegabytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1e6;
        }
    }

    /// <summary>Starts it.</summary>
    public static RunningTenon Start(params string[] arguments) => StartProgram(Tool.Tenon, arguments);

    /// <summary>Starts it in a network namespace; <c>null</c> is the test's own.</summary>
    public static RunningTenon StartIn(string? @namespace, params string[] arguments)
        => @namespace is null ? Start(arguments) : StartProgram("nsenter", [$"--net=/run/netns/{@namespace}", Tool.Tenon, .. arguments]);

    private static RunningTenon StartProgram(string program, string[] arguments) => Start(Tool.StartOf(program, arguments, null), new StringBuilder());

    private static RunningTenon Start(ProcessStartInfo start, StringBuilder log)
    {
        var running = new RunningTenon(new Process { StartInfo = start }, log);
        running._process.OutputDataReceived += running.Append;
        running._process.ErrorDataReceived += running.Append;
        running._process.Start();
        running._process.BeginOutputReadLine();
        running._process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Asks it to end (SIGTERM) and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (Process signal = Process.Start("kill", ["-TERM", $"{_process.Id}"])) await signal.WaitForExitAsync(CancellationToken.None);
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(StopLimit, TimeProvider.System);
        return _process.ExitCode;
    }

    /// <summary>Ends it as a crash would: it gets no chance to finish anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(StopLimit, TimeProvider.System);
    }

    /// <summary>Starts it once more after it has ended; the log goes on.</summary>
    public async Task<RunningTenon> StartAgainAsync()
    {
        HasEnded.ShouldBeTrue();
        ProcessStartInfo start = _process.StartInfo;
        await DisposeAsync();
        return Start(start, _log);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (_log) _log.AppendLine(line.Data);
    }
}
