using System.Diagnostics;
using System.Globalization;

namespace Tenon.Bench;

/// <summary>A controller as operators run it: a process of its own, reached only over the network.</summary>
internal sealed class ControllerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _directory;
    private readonly Task _output;
    private readonly Queue<string> _lastLines = new();

    private ControllerProcess(Process process, string directory)
    {
        _process = process;
        _directory = directory;
        Started = TimeProvider.System.GetTimestamp();
        _output = Task.WhenAll(CollectAsync(process.StandardOutput), CollectAsync(process.StandardError));
    }

    /// <summary>When the process was started.</summary>
    public long Started { get; }

    /// <summary>The last lines it printed.</summary>
    public string LastLines
    {
        get
        {
            lock (_lastLines) return string.Join('\n', _lastLines);
        }
    }

    /// <summary>Starts the cloud controller against a sandbox.</summary>
    public static ControllerProcess Start(BenchContext context, BenchCloud cloud, params string[] flags)
        => StartRole(context, cloud, ["cloud-controller", "--controllers=cloud-node,cloud-node-lifecycle,service", .. flags]);

    /// <summary>Starts the network controller against a sandbox.</summary>
    public static ControllerProcess StartNetwork(BenchContext context, BenchCloud cloud, params string[] flags)
        => StartRole(context, cloud, ["network", "controller", .. flags]);

    private static ControllerProcess StartRole(BenchContext context, BenchCloud cloud, string[] arguments)
    {
        string directory = Directory.CreateTempSubdirectory("tenon-bench-").FullName;
        File.WriteAllText(Path.Combine(directory, "cloud.conf"), cloud.Host.CloudConf);
        File.WriteAllText(Path.Combine(directory, "kubeconfig"), cloud.Host.Kubeconfig);
        var start = new ProcessStartInfo(context.TenonBinary) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] common = [$"--cloud-config={directory}/cloud.conf", $"--kubeconfig={directory}/kubeconfig", "--secure-port=0", "--v=0", "--kube-api-qps=0"];
        foreach (string argument in arguments.Concat(common)) start.ArgumentList.Add(argument);
        return new ControllerProcess(Process.Start(start)!, directory);
    }

    /// <summary>Resident memory in MB, as the kernel counts it.</summary>
    public double ResidentMegabytes()
    {
        string line = File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    /// <summary>Says why, if the process ended by itself.</summary>
    public void ThrowIfEnded()
    {
        if (_process.HasExited) throw new InvalidOperationException($"the controller ended with status {_process.ExitCode}:\n{LastLines}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) NativeSignal.Terminate(_process.Id);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _output;
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task CollectAsync(StreamReader reader)
    {
        while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
        {
            lock (_lastLines)
            {
                _lastLines.Enqueue(line);
                if (_lastLines.Count > 40) _lastLines.Dequeue();
            }
        }
    }
}
