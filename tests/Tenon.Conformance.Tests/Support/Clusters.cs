using Tenon.Conformance.Tests.Support;
using Tenon.Kubernetes.Client;
using Tenon.Sandbox;

[assembly: AssemblyFixture(typeof(Clusters))]

namespace Tenon.Conformance.Tests.Support;

/// <summary>The API servers that the Kubernetes cases run against, each started or found once, when a case first asks for it.</summary>
public sealed class Clusters : IAsyncDisposable
{
    /// <summary>Names the kubeconfig of an administrator of a real cluster. Cases make namespaces of their own in it and delete them.</summary>
    public const string ConfigVariable = "TENON_CONFORMANCE_KUBECONFIG";

    private readonly Lazy<Task<ClusterSide>> _sandbox = new(StartSandboxAsync);
    private readonly Lazy<Task<ClusterSide>> _cluster = new(FindClusterAsync);

    /// <summary>Why the cases on a real cluster are left out; <c>null</c> when they run.</summary>
    public static string? WhyNoCluster => ConfigPath is null ? $"{ConfigVariable} names no kubeconfig of a cluster" : null;

    private static string? ConfigPath => Environment.GetEnvironmentVariable(ConfigVariable) is { Length: > 0 } path ? path : null;

    /// <summary>A cluster, by the name that <see cref="ClustersAttribute"/> gives a case.</summary>
    public Task<ClusterSide> GetAsync(string side) => side == ClustersAttribute.Sandbox ? _sandbox.Value : _cluster.Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<ClusterSide>> side in new[] { _sandbox, _cluster }.Where(s => s is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }))
            await (await side.Value).DisposeAsync();
    }

    private static async Task<ClusterSide> StartSandboxAsync()
    {
        SandboxHost host = await SandboxHost.StartAsync(new SandboxOptions { Nodes = 0, DualStack = true }, CancellationToken.None);
        string directory = Directory.CreateTempSubdirectory("tenon-conformance-").FullName;
        string path = Path.Combine(directory, "kubeconfig");
        await File.WriteAllTextAsync(path, host.Kubeconfig);
        return await ClusterSide.ConnectAsync(ClustersAttribute.Sandbox, path, async () =>
        {
            await host.DisposeAsync();
            Directory.Delete(directory, recursive: true);
        });
    }

    private static Task<ClusterSide> FindClusterAsync() => ClusterSide.ConnectAsync(ClustersAttribute.Cluster, ConfigPath!, () => Task.CompletedTask);
}

/// <summary>One API server under test: a plain wire of its administrator, and Tenon's own client.</summary>
public sealed class ClusterSide : IAsyncDisposable
{
    private readonly Func<Task> _end;

    private ClusterSide(string name, string kubeconfig, KubernetesConfiguration configuration, KubeWire admin, int minor, Func<Task> end)
        => (Name, Kubeconfig, Configuration, Admin, Minor, _end) = (name, kubeconfig, configuration, admin, minor, end);

    /// <summary><see cref="ClustersAttribute.Sandbox"/> or <see cref="ClustersAttribute.Cluster"/>.</summary>
    public string Name { get; }

    /// <summary>The path of the administrator's kubeconfig, for kubectl.</summary>
    public string Kubeconfig { get; }

    /// <summary>How Tenon's client reaches it.</summary>
    public KubernetesConfiguration Configuration { get; }

    /// <summary>The administrator's wire.</summary>
    public KubeWire Admin { get; }

    /// <summary>The second number of its version.</summary>
    public int Minor { get; }

    /// <summary>Leaves a case out where the server is older than what the case is about.</summary>
    public void Needs(int minor, string what) => Assert.SkipUnless(Minor >= minor, $"{what} came with Kubernetes 1.{minor}; this is 1.{Minor}");

    /// <summary>One of Tenon's clients, as the administrator.</summary>
    public KubernetesClient Connect() => new(Configuration);

    /// <summary>The wire of the bearer of a token, or of nobody.</summary>
    public KubeWire As(string? token) => KubeWire.For(Configuration, token ?? "", asAdministrator: false);

    /// <summary>A namespace of a case's own, which goes with the case.</summary>
    public Task<KubeScratch> NewScratchAsync() => KubeScratch.StartAsync(this);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Admin.Dispose();
        await _end();
    }

    internal static async Task<ClusterSide> ConnectAsync(string name, string kubeconfig, Func<Task> end)
    {
        KubernetesConfiguration configuration = KubernetesConfiguration.FromKubeconfigFiles([kubeconfig]);
        KubeWire admin = KubeWire.For(configuration, null, asAdministrator: true);
        Answer version = (await admin.GetAsync("/version")).ShouldBe(200);
        int minor = int.Parse(version["gitVersion"]!.Split('.')[1]);
        return new(name, kubeconfig, configuration, admin, minor, end);
    }
}
