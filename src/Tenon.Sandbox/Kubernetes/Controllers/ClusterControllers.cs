using Microsoft.Extensions.Logging;
using Tenon.Sandbox.Kubernetes.Objects;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>The control loops of the sandbox's cluster, the ones that a kube-controller-manager and a kube-scheduler run.</summary>
public sealed class ClusterControllers : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    private ClusterControllers(IReadOnlyList<SandboxController> controllers, ObjectOperations objects, ILogger logger)
    {
        Running = [.. controllers.Select(c => c.Name)];
        _running = Task.WhenAll(controllers.Select(c => new ControllerLoop(c, objects.Store, objects.Time, logger).RunAsync(_stop.Token)));
    }

    /// <summary>The names of those that run.</summary>
    public IReadOnlyList<string> Running { get; }

    /// <summary>Every name that <see cref="Start"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "daemonset", "deployment", "endpointslice", "garbagecollector", "job", "namespace", "nodeipam", "nodelifecycle", "replicaset", "replicationcontroller",
        "scheduler", "serviceaccount", "statefulset",
    ];

    /// <summary>Starts control loops.</summary>
    /// <param name="objects">The cluster.</param>
    /// <param name="which"><c>all</c>, <c>none</c>, or names separated by commas.</param>
    /// <param name="settings">How they work.</param>
    /// <param name="logger">Where failures go.</param>
    /// <exception cref="ArgumentException">There is no controller of a name.</exception>
    public static ClusterControllers Start(ObjectOperations objects, string which, ControllerSettings settings, ILogger logger)
    {
        HashSet<string> chosen = which switch
        {
            "all" => [.. Names],
            "none" or "" => [],
            _ => [.. which.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)],
        };
        foreach (string name in chosen)
        {
            if (!Names.Contains(name)) throw new ArgumentException($"There is no controller '{name}'; there are all, none, {string.Join(", ", Names)}.", nameof(which));
        }

        var cluster = new ClusterAccess(objects, "kube-controller-manager");
        List<SandboxController> all =
        [
            new DeploymentController(cluster.As("deployment-controller")),
            ReplicaController.ForReplicaSets(cluster.As("replicaset-controller")),
            ReplicaController.ForReplicationControllers(cluster.As("replication-controller")),
            new DaemonSetController(cluster.As("daemonset-controller")),
            new StatefulSetController(cluster.As("statefulset-controller")),
            new JobController(cluster.As("job-controller")),
            new EndpointSliceController(cluster.As("endpoint-slice-controller")),
            new NamespaceController(cluster.As("namespace-controller")),
            new GarbageCollector(cluster.As("generic-garbage-collector")),
            new SchedulerController(cluster.As("default-scheduler")),
            new ServiceAccountController(cluster.As("service-account-controller")),
            new NodeIpamController(cluster.As("node-ipam-controller"), settings),
            new NodeLifecycleController(cluster.As("node-controller"), settings),
        ];
        return new ClusterControllers([.. all.Where(c => chosen.Contains(c.Name))], objects, logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // As asked.
        }

        _stop.Dispose();
    }
}

/// <summary>How the control loops work.</summary>
public sealed record ControllerSettings
{
    /// <summary>The first two numbers of the pod network; node N gets <c>10.150.N.0/24</c>.</summary>
    public string PodNetwork { get; init; } = "10.150";

    /// <summary>Whether nodes get an IPv6 range too.</summary>
    public bool DualStack { get; init; }

    /// <summary>How long a node may be silent before it counts as unreachable.</summary>
    public TimeSpan NodeGrace { get; init; } = TimeSpan.FromSeconds(40);
}
