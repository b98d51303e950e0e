using System.Diagnostics;
using System.Text;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>A real server in the network namespace of a machine or a pod; it is ended by the signal that its manual names, so that its children go with it.</summary>
internal sealed class ServerProgram : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly string _stopSignal;
    private readonly StringBuilder _log = new();

    private ServerProgram(Process process, string stopSignal) => (_process, _stopSignal) = (process, stopSignal);

    /// <summary>Everything that it has written so far.</summary>
    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    /// <summary>Whether it has ended by itself.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Starts it.</summary>
    /// <param name="namespace">The network namespace.</param>
    /// <param name="stopSignal">What ends it at once and with all its children.</param>
    /// <param name="command">The program and its arguments; it must stay in the foreground.</param>
    public static ServerProgram Start(string @namespace, string stopSignal, params string[] command)
    {
        var program = new ServerProgram(new Process { StartInfo = Tool.StartOf("ip", ["netns", "exec", @namespace, .. command], null) }, stopSignal);
        program._process.OutputDataReceived += program.Append;
        program._process.ErrorDataReceived += program.Append;
        program._process.Start();
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        return program;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using (Process signal = Process.Start("kill", [$"-{_stopSignal}", $"{_process.Id}"])) await signal.WaitForExitAsync(CancellationToken.None);
            await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(Limit, TimeProvider.System);
        }

        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (_log) _log.AppendLine(line.Data);
    }
}
