using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>All that the Service controller needs from outside.</summary>
public sealed record LoadBalancerComponentsInput
{
    /// <summary>The <c>[LoadBalancer]</c> section, defaults filled in by discovery.</summary>
    public required LoadBalancerOptions Options { get; init; }

    /// <summary>The cluster's name and identity.</summary>
    public required ServicePlannerOptions Planning { get; init; }

    /// <summary>The project whose resources are listed; <see langword="null"/> lists all that the credentials show.</summary>
    public string? ProjectId { get; init; }

    /// <summary>The clients that change the cloud.</summary>
    public required LoadBalancerClients Cloud { get; init; }

    /// <summary>The clients that read what seldom changes.</summary>
    public required CloudFactsClients Facts { get; init; }

    /// <summary>The API server.</summary>
    public required KubernetesClient Kubernetes { get; init; }

    /// <summary>The Services.</summary>
    public required Informer<Service> Services { get; init; }

    /// <summary>The nodes.</summary>
    public required Informer<Node> Nodes { get; init; }

    /// <summary>Where events go.</summary>
    public required IEventRecorder Events { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The logs.</summary>
    public ILoggerFactory? Loggers { get; init; }

    /// <summary>How often every Service is looked at again.</summary>
    public TimeSpan ResyncPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many Services are worked on at the same time.</summary>
    public int Workers { get; init; } = 16;

    /// <summary>How pending load balancers are looked at.</summary>
    public PendingOptions Pending { get; init; } = new();

    /// <summary>How orphans are collected.</summary>
    public CollectorOptions Collector { get; init; } = new();
}

/// <summary>The Service controller, put together.</summary>
public sealed class LoadBalancerComponents : IDisposable
{
    /// <summary>How long changes of nodes are gathered before Services are looked at.</summary>
    private static readonly TimeSpan NodeDelay = TimeSpan.FromMilliseconds(300);

    private readonly PendingLoadBalancers _pending;

    /// <summary>Puts it together. Nothing runs yet.</summary>
    public LoadBalancerComponents(LoadBalancerComponentsInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        View = new LoadBalancerView(input.Cloud.LoadBalancers, input.Cloud.FloatingIps, input.Cloud.SecurityGroups, input.Cloud.Ports,
            new LoadBalancerViewOptions { ProjectId = input.ProjectId, KeepMemberIds = input.Options.ProviderRequiresSerialApiCalls }, input.Time);
        Facts = new CloudFacts(input.Facts, input.Time);
        Planner = new ServicePlanner(input.Services, input.Nodes, View, Facts, (input.Options, input.Planning), input.Time);
        var applier = new LoadBalancerApplier(input.Cloud, View);
        _pending = new PendingLoadBalancers(View, key => Controller!.Enqueue(key), input.Pending, input.Time, input.Loggers?.CreateLogger<PendingLoadBalancers>());
        Collector = new LoadBalancerCollector(Planner, applier, input.Collector, input.Loggers?.CreateLogger<LoadBalancerCollector>());
        Reconciler = new ServiceReconciler(Planner, applier, _pending, new ServicePublisher(input.Kubernetes, input.Options),
            new ServiceReporter(input.Events, input.Time), input.Loggers?.CreateLogger<ServiceReconciler>());
        Controller = new Controller("services", Reconciler, new ControllerOptions
        {
            Workers = input.Workers,
            ReconcileTimeout = TimeSpan.FromMinutes(5),
            ResyncPeriod = input.ResyncPeriod,
            Queue = new WorkQueueOptions { MinBackoff = TimeSpan.FromSeconds(1), MaxBackoff = TimeSpan.FromMinutes(2) },
        }, input.Time, input.Loggers?.CreateLogger<Controller>());
        if (!input.Options.Enabled) return;
        Controller.Watches(input.Services, Matters).Resyncs(() => Concerned(input.Services));
        input.Nodes.Subscribe(change =>
        {
            if (!Matters(change)) return;
            foreach (NamespacedName key in Concerned(input.Services)) Controller.EnqueueAfter(key, NodeDelay);
        });
    }

    /// <summary>The cloud's load balancers as they are seen.</summary>
    public LoadBalancerView View { get; }

    /// <summary>The cloud's networks and abilities.</summary>
    public CloudFacts Facts { get; }

    /// <summary>Plans without applying, for <c>tenon plan</c>.</summary>
    public ServicePlanner Planner { get; }

    /// <summary>Finds and removes orphans, for <c>tenon gc</c>.</summary>
    public LoadBalancerCollector Collector { get; }

    /// <summary>The reconciler.</summary>
    public ServiceReconciler Reconciler { get; }

    /// <summary>The controller, for a <see cref="ControllerHost"/>.</summary>
    public Controller Controller { get; }

    /// <summary>The other work of the leader: reading ahead what every Service needs, waiting for the cloud, collecting orphans.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> LeaderTasks => [Facts.ReadAheadAsync, _pending.RunAsync, Collector.RunAsync];

    /// <inheritdoc/>
    public void Dispose() => View.Dispose();

    private static IEnumerable<NamespacedName> Concerned(Informer<Service> services)
        => services.List().Where(ServiceNames.IsConcerned).Select(s => s.Metadata.Key);

    private static bool Matters(InformerChange<Service> change) => change switch
    {
        InformerChange<Service>.Added added => ServiceNames.IsConcerned(added.Object),
        InformerChange<Service>.Deleted deleted => ServiceNames.IsConcerned(deleted.Object),
        InformerChange<Service>.Updated updated => (ServiceNames.IsConcerned(updated.New) || ServiceNames.IsConcerned(updated.Old)) && IsNews(updated.Old, updated.New),
        _ => true,
    };

    /// <summary>Whether an update says anything that our own writes did not cause.</summary>
    private static bool IsNews(Service before, Service after)
        => before.Metadata.Generation != after.Metadata.Generation
            || before.Metadata.Uid != after.Metadata.Uid
            || before.Metadata.IsBeingDeleted != after.Metadata.IsBeingDeleted
            || !before.Metadata.Annotations.OrderBy(a => a.Key, StringComparer.Ordinal).SequenceEqual(after.Metadata.Annotations.OrderBy(a => a.Key, StringComparer.Ordinal))
            || !before.Metadata.Finalizers.SequenceEqual(after.Metadata.Finalizers)
            || !ServiceStatuses.Same(before.Status.LoadBalancer, after.Status.LoadBalancer)
            || Spec(before) != Spec(after);

    private static string Spec(Service service)
        => System.Text.Encoding.UTF8.GetString(KubernetesJson.Serialize(service with { Metadata = new ObjectMeta(), Status = new ServiceStatus() }));

    private static bool Matters(InformerChange<Node> change) => change switch
    {
        InformerChange<Node>.Added added => !added.IsInitial,
        InformerChange<Node>.Updated updated => NodeMembers.Differ(updated.Old, updated.New),
        _ => true,
    };
}
