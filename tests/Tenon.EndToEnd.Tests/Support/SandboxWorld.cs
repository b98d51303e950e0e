using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Tenon.EndToEnd.Tests.Support;

/// <summary>A sandbox of its own, started and stopped by <c>tenon sandbox</c>, in a directory that goes with it.</summary>
internal sealed class SandboxWorld : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private SandboxWorld()
    {
    }

    /// <summary>Where its files are.</summary>
    public string Root { get; } = Directory.CreateTempSubdirectory("tenon-e2e-").FullName;

    public string Kubeconfig => Path.Combine(Root, "kubeconfig");

    public string CloudConf => Path.Combine(Root, "cloud.conf");

    /// <summary>The process that runs it.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Starts it, with further options of <c>tenon sandbox up</c>.</summary>
    public static async Task<SandboxWorld> StartAsync(params string[] options)
    {
        Tool.Require("kubectl", "kubernetes-client");
        var world = new SandboxWorld();
        try
        {
            (await Tool.TenonAsync(["sandbox", "up", "--detach", "--dir", world.Root, "--settle", "0.2", .. options])).ShouldEndWith(0);
            JsonNode record = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(world.Root, "sandbox.json"), TestContext.Current.CancellationToken))!;
            world.ProcessId = record[nameof(ProcessId)]!.GetValue<int>();
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs <c>kubectl</c>, which must succeed.</summary>
    public async Task<string> KubectlAsync(params string[] arguments) => (await TryKubectlAsync(null, arguments)).ShouldEndWith(0).Output.Trim();

    /// <summary>Runs <c>kubectl</c> with a text on its standard input, whatever it ends with.</summary>
    public Task<Ended> TryKubectlAsync(string? input, params string[] arguments) => Tool.RunAsync("kubectl", ["--kubeconfig", Kubeconfig, .. arguments], input: input);

    /// <summary>Runs the real <c>openstack</c> client, which must succeed.</summary>
    public async Task<JsonNode> OpenStackAsync(params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["OS_CLIENT_CONFIG_FILE"] = Path.Combine(Root, "clouds.yaml"), ["OS_CLOUD"] = "sandbox" };
        return JsonNode.Parse((await Tool.RunAsync("openstack", [.. arguments, "-f", "json"], environment)).ShouldEndWith(0).Output)!;
    }

    /// <summary>Runs a <c>tenon</c> command that takes cloud.conf and kubeconfig.</summary>
    public Task<Ended> TenonAsync(params string[] arguments) => Tool.TenonAsync([.. arguments, "--cloud-config", CloudConf, "--kubeconfig", Kubeconfig]);

    /// <summary>Starts the cloud controller, as the administrator or with a kubeconfig.</summary>
    public RunningTenon StartController(string? kubeconfig = null)
        => RunningTenon.Start("cloud-controller", "--cloud-config", CloudConf, "--kubeconfig", kubeconfig ?? Kubeconfig, "--secure-port", "0");

    /// <summary>Waits until a <c>kubectl get</c> prints something that <paramref name="enough"/> accepts.</summary>
    public Task<string> UntilAsync(RunningTenon controller, string what, Func<string, bool> enough, params string[] get) => UntilAsync(controller, Limit, what, enough, get);

    /// <summary>The same, for a while.</summary>
    public async Task<string> UntilAsync(RunningTenon controller, TimeSpan patience, string what, Func<string, bool> enough, params string[] get)
    {
        string seen = "";
        await Eventually.UntilAsync(what, patience, async () =>
        {
            controller.HasEnded.ShouldBeFalse(controller.Log);
            seen = await KubectlAsync(["get", .. get]);
            return enough(seen);
        }, () => $"last seen: {seen}\n{controller.Log}");
        return seen;
    }

    /// <summary>A kubeconfig that holds the token of a service account of kube-system and nothing of the administrator's.</summary>
    public async Task<string> ServiceAccountKubeconfigAsync(string account)
    {
        string token = await KubectlAsync("-n", "kube-system", "create", "token", account, "--duration=1h");
        JsonNode config = JsonNode.Parse(await KubectlAsync("config", "view", "--raw", "--minify", "-o", "json"))!;
        config["users"]![0]!["user"] = new JsonObject { ["token"] = token };
        string file = Path.Combine(Root, $"{account}.kubeconfig");
        await File.WriteAllTextAsync(file, config.ToJsonString(), TestLife.Token);
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        // A test that was cancelled must still stop what it started.
        if (ProcessId != 0 && SandboxLives(ProcessId, Root))
        {
            using Process process = Process.GetProcessById(ProcessId);
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Whether a process is the sandbox of a directory.</summary>
    public static bool SandboxLives(int processId, string directory)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/cmdline").Split('\0').Contains(directory);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
