using System.Diagnostics;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>A compute host of the test cloud as a node: the real agent in the host's network namespace, on the host's Open vSwitch.</summary>
internal sealed class PodNode : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);
    private readonly Process? _forward;
    private readonly string _folder;
    private readonly string[] _arguments;

    private PodNode(string host, string folder, string kubeconfig, Process? forward)
    {
        (Host, _folder, _forward) = (host, Directory.CreateDirectory(Path.Combine(folder, host)).FullName, forward);
        _arguments =
        [
            "node", "agent", "--node-name", host, "--kubeconfig", kubeconfig, "--socket", Socket, "--state-dir", Path.Combine(_folder, "attachments"),
            "--ovsdb-socket", $"{HostSwitch.FolderOf(host)}/db.sock", "--install-cni", "false", "--health-port", "0",
        ];
        Agent = RunningTenon.StartIn(HostSwitch.NamespaceOf(host), _arguments);
    }

    /// <summary>The host's name, and the node's.</summary>
    public string Host { get; }

    /// <summary>Where the plugin finds the agent.</summary>
    public string Socket => Path.Combine(_folder, "cni.sock");

    /// <summary>The agent.</summary>
    public RunningTenon Agent { get; private set; }

    /// <summary>Starts the agent and returns when it is served.</summary>
    /// <param name="host">The compute host.</param>
    /// <param name="folder">Where its files go.</param>
    /// <param name="kubeconfig">The API server, on the machine's loopback.</param>
    /// <param name="port">Its port.</param>
    public static async Task<PodNode> StartAsync(string host, string folder, string kubeconfig, int port)
    {
        Process? forward = HostSwitch.NamespaceOf(host) is null ? null : await ForwardAsync(host, port);
        var node = new PodNode(host, folder, kubeconfig, forward);
        try
        {
            await Eventually.UntilAsync($"the agent of {host} listens", Limit, () =>
            {
                node.Agent.HasEnded.ShouldBeFalse(node.Agent.Log);
                return Task.FromResult(File.Exists(node.Socket));
            }, () => node.Agent.Log);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the agent once more after it has died.</summary>
    public async Task RestartAgentAsync() => Agent = await Agent.StartAgainAsync();

    /// <summary>Demands that nothing of any pod is left on the host.</summary>
    public async Task ShouldHoldNoPodAsync()
    {
        string left = "";
        await Eventually.UntilAsync($"nothing of a pod is left on {Host}", Limit, async () =>
        {
            Ended interfaces = await Tool.RunAsync("ovs-vsctl", [$"--db=unix:{HostSwitch.FolderOf(Host)}/db.sock", "--timeout=20", "--columns=name", "--bare", "find", "Interface", "external_ids:tenon-container!=\"\""]);
            Ended links = await RunAsync("ip", "-o", "link", "show", "type", "veth");
            string[] ours = [.. links.ShouldEndWith(0).Output.Split('\n').Where(l => l.Contains("alias tenon", StringComparison.Ordinal) || l.Split(' ').ElementAtOrDefault(1)?.StartsWith("tn", StringComparison.Ordinal) == true)];
            left = $"{interfaces.ShouldEndWith(0).Output.Trim()}{string.Join('\n', ours)}{string.Join('\n', Directory.EnumerateFiles(Path.Combine(_folder, "attachments")))}";
            return left.Length == 0;
        }, () => left);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Agent.DisposeAsync();
        if (_forward is null) return;
        if (!_forward.HasExited) _forward.Kill();
        await _forward.WaitForExitAsync(CancellationToken.None);
        _forward.Dispose();
    }

    private Task<Ended> RunAsync(params string[] command)
        => HostSwitch.NamespaceOf(Host) is not { } name ? Tool.RunAsync(command[0], command[1..]) : Tool.RunAsync("nsenter", [$"--net=/run/netns/{name}", .. command]);

    /// <summary>The API server listens on the machine's loopback alone, which another namespace does not see.</summary>
    private static async Task<Process> ForwardAsync(string host, int port)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Cloud", "Support", "forward.py");
        Process process = Process.Start(Tool.StartOf("/usr/bin/python3", ["-I", script, host, $"{port}"], null))!;
        string? line = await process.StandardOutput.ReadLineAsync(TestLife.Token).AsTask().WaitAsync(Limit, TimeProvider.System);
        if (line == "ready") return process;
        string why = await process.StandardError.ReadToEndAsync(TestLife.Token);
        process.Dispose();
        throw new InvalidOperationException($"the API server cannot be reached on {host}: {why}");
    }
}
