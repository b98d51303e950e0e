using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// A test on the real cloud. It gets a project of its own; when it has passed, all that Tenon made there must be gone, and then all
/// that the test made goes too.
/// </summary>
[Trait("tier", "cloud")]
[Collection(CloudCollection.Name)]
public abstract class CloudTest(TestCloud cloud) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _clusters = [];
    private CloudProject? _project;

    /// <summary>The test's project.</summary>
    private protected CloudProject Project => _project ?? throw new InvalidOperationException("there is no project yet");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        Tool.Require("kubectl", "kubernetes-client");
        _project = await CloudProject.CreateAsync(cloud);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        var attempts = new Attempts();
        foreach (IAsyncDisposable cluster in _clusters) await attempts.MakeAsync(() => cluster.DisposeAsync().AsTask());
        if (_project is { } project)
        {
            if (TestContext.Current.TestState?.Result == TestResult.Passed) await attempts.MakeAsync(project.ShouldHoldNothingElseAsync);
            await attempts.MakeAsync(() => project.DisposeAsync().AsTask());
        }

        attempts.Conclude();
    }

    /// <summary>A cluster in the project, whose controller runs unless it is told not to.</summary>
    private protected async Task<CloudCluster> CreateClusterAsync(string options = "", string name = "kubernetes", string? podRange = null, bool start = true)
    {
        CloudCluster cluster = await CloudCluster.CreateAsync(Project, options, name, podRange);
        _clusters.Add(cluster);
        if (start) cluster.StartController();
        return cluster;
    }

    /// <summary>A cluster whose nodes are compute hosts and whose pods are on Neutron.</summary>
    private protected async Task<PodCluster> CreatePodClusterAsync(string[] hosts, params string[] options)
    {
        PodCluster cluster = await PodCluster.CreateAsync(Project, hosts, options);
        _clusters.Add(cluster);
        return cluster;
    }
}
