using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// A pod and what its kubelet does with it: an ADD that fails is undone by a DEL, and another sandbox is tried; a DEL is repeated until it succeeds. Agent,
/// controller and cloud may be away meanwhile.
/// </summary>
internal sealed class KeptPod : IAsyncDisposable
{
    /// <summary>Where every pod serves HTTP.</summary>
    public const int Port = 8080;

    private const int LastAttempts = 5;
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1), LastLimit = TimeSpan.FromSeconds(120);
    private readonly PodCluster _cluster;
    private readonly CancellationTokenSource _leave = new();
    private readonly Task _wiring;
    private CloudPod? _sandbox;
    private string _uid = "";

    private KeptPod(PodCluster cluster, PodDeclaration declaration, string app)
    {
        (_cluster, Declaration, App) = (cluster, declaration, app);
        _wiring = WireAsync();
    }

    /// <summary>What it is declared to be.</summary>
    public PodDeclaration Declaration { get; }

    /// <summary>Its name.</summary>
    public string Name => Declaration.Name;

    /// <summary>The label <c>app</c> that it has now.</summary>
    public string App { get; set; }

    /// <summary>The container that is plugged.</summary>
    public CloudPod Sandbox => _sandbox ?? throw new InvalidOperationException($"{Name} is not plugged yet");

    /// <summary>Whether it is plugged and ready.</summary>
    public bool IsWired { get; private set; }

    /// <summary>What the last ADD that failed said.</summary>
    public string Failure { get; private set; } = "";

    /// <summary>How many ADDs have failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Makes the pod; its kubelet begins.</summary>
    public static async Task<KeptPod> CreateAsync(PodCluster cluster, PodDeclaration declaration, string app)
    {
        declaration.Labels["app"] = app;
        await cluster.ApplyAsync(declaration.ToManifest().ToJsonString());
        return new KeptPod(cluster, declaration, app);
    }

    /// <summary>Throws what nobody expects a kubelet to meet.</summary>
    public Task ShouldGoOnAsync() => _wiring.IsFaulted ? _wiring : Task.CompletedTask;

    /// <summary>Gives it another label.</summary>
    public Task RelabelAsync(string app)
    {
        App = app;
        return _cluster.KubectlAsync("-n", Declaration.Space, "label", "pod", Name, $"app={app}", "--overwrite");
    }

    /// <summary>What the events about it say.</summary>
    public Task<string> EventsAsync()
        => _cluster.KubectlAsync("-n", Declaration.Space, "get", "events", "--field-selector", $"involvedObject.name={Name},type=Warning", "-o", "jsonpath={range .items[*]}{.reason}: {.message}{\"\\n\"}{end}");

    /// <summary>Asks the API server to delete it; returns what its kubelet then does.</summary>
    public async Task<Task> DeleteAsync()
    {
        await _cluster.KubectlAsync("-n", Declaration.Space, "delete", "pod", Name, "--wait=false");
        return EndAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopWiringAsync().WaitAsync(LastLimit, TimeProvider.System);
        }
        finally
        {
            if (_sandbox is { } left)
            {
                for (int i = 0; i < LastAttempts && await left.TryDeleteAsync(_uid) is not null; i++) await Task.Delay(Again, TimeProvider.System, CancellationToken.None);
                await left.DisposeAsync();
            }
        }
    }

    private async Task WireAsync()
    {
        await Task.Yield();
        CloudPod made = _cluster.NewSandbox(Declaration);
        _uid = await _cluster.UidAsync(made);
        while (true)
        {
            _sandbox = made;
            if (await made.TryAddAsync(_uid, _leave.Token) is not { } why) break;
            (Failure, Failures) = (why, Failures + 1);
            await UnplugAsync(made);
            await Task.Delay(Again, TimeProvider.System, _leave.Token);
            made = _cluster.NewSandbox(Declaration, Failures + 1);
        }

        await made.TellAsync($"http {Port}");
        await _cluster.ReportRunningAsync(made);
        IsWired = true;
    }

    private async Task EndAsync()
    {
        await StopWiringAsync();
        if (_sandbox is { } plugged) await UnplugAsync(plugged);
        await _cluster.KubectlAsync("-n", Declaration.Space, "delete", "pod", Name, "--force", "--grace-period=0", "--wait=false");
    }

    private async Task StopWiringAsync()
    {
        IsWired = false;
        await _leave.CancelAsync();
        try
        {
            await _wiring;
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }
    }

    private async Task UnplugAsync(CloudPod plugged)
    {
        while (await plugged.TryDeleteAsync(_uid) is not null) await Task.Delay(Again, TimeProvider.System, TestLife.Token);
        _sandbox = null;
    }
}
