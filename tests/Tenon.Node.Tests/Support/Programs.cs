using System.Diagnostics;
using System.Text;

namespace Tenon.Nodes.Tests.Support;

/// <summary>Other programs: run to their end, or kept until the test ends.</summary>
internal static class Programs
{
    /// <summary>Where a program is; <see langword="null"/> when it is not installed.</summary>
    public static string? Find(string name)
        => new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program, which must succeed; returns what it printed.</summary>
    public static async Task<string> RunAsync(string name, params string[] arguments)
    {
        using Process process = Start(name, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync(Limits.Token), errors = process.StandardError.ReadToEndAsync(Limits.Token);
        try
        {
            await process.WaitForExitAsync(Limits.Token).InTime();
        }
        catch
        {
            process.Kill();
            throw;
        }

        if (process.ExitCode != 0) throw new InvalidOperationException($"{name} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await errors.InTime()}{await output.InTime()}");
        return await output.InTime();
    }

    /// <summary>Starts a program with its streams at hand.</summary>
    public static Process Start(string name, IEnumerable<string> arguments)
        => Process.Start(new ProcessStartInfo(Find(name) ?? name, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })
            ?? throw new InvalidOperationException($"{name} did not start");
}

/// <summary>A program that runs until the test ends it.</summary>
internal sealed class Daemon : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private readonly string _name;

    private Daemon(string name, Process process) => (_name, _process) = (name, process);

    /// <summary>Starts it.</summary>
    public static Daemon Start(string name, params string[] arguments)
    {
        var daemon = new Daemon(name, Programs.Start(name, arguments));
        daemon._process.OutputDataReceived += daemon.Append;
        daemon._process.ErrorDataReceived += daemon.Append;
        daemon._process.BeginOutputReadLine();
        daemon._process.BeginErrorReadLine();
        return daemon;
    }

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Fails with its last words when it has ended.</summary>
    public void MustRun()
    {
        if (!_process.HasExited) return;
        lock (_log) throw new InvalidOperationException($"{_name} has ended with {_process.ExitCode}: {_log}");
    }

    /// <summary>Ends it at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Limits.Wait, TimeProvider.System, CancellationToken.None);
        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        lock (_log) if (line.Data is not null) _log.AppendLine(line.Data);
    }
}
