using System.Net;
using Microsoft.Extensions.Logging;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.CloudController.LoadBalancers;
using Tenon.CloudController.Nodes;
using Tenon.CloudController.Routes;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Identity;

namespace Tenon.CloudControllers;

/// <summary>What a cloud controller is told besides cloud.conf.</summary>
internal sealed record CloudControllerSettings
{
    /// <summary>Part of the name of everything that is made.</summary>
    public string ClusterName { get; init; } = "kubernetes";

    /// <summary>Whether nodes are initialized and kept up to date.</summary>
    public bool Nodes { get; init; } = true;

    /// <summary>Whether nodes are tainted when their server stops, and deleted when it is gone.</summary>
    public bool NodeLifecycle { get; init; } = true;

    /// <summary>Whether Services of type LoadBalancer are served.</summary>
    public bool Services { get; init; } = true;

    /// <summary>Whether routes to the nodes' pods are made.</summary>
    public bool Routes { get; init; } = true;

    /// <summary>What decides on routes.</summary>
    public RouteFlags RouteFlags { get; init; } = new();

    /// <summary>How often all nodes are compared.</summary>
    public TimeSpan NodePeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often all Services are compared.</summary>
    public TimeSpan ServicePeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many nodes are worked on at once.</summary>
    public int NodeWorkers { get; init; } = 16;

    /// <summary>How many Services are worked on at once.</summary>
    public int ServiceWorkers { get; init; } = 16;

    /// <summary>The election; <see langword="null"/> leads at once.</summary>
    public LeaderElectionOptions? Election { get; init; }

    /// <summary>Where health and metrics are served; <see langword="null"/> serves none.</summary>
    public HealthServerOptions? Health { get; init; }
}

/// <summary>The cloud controller put together: the clients, what was found in the cloud, the reconcilers.</summary>
internal sealed class CloudControllerRole : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private readonly ILoggerFactory _loggers;
    private readonly CloudMachines _machines;
    private readonly KubernetesNodeWriter _nodeWriter;
    private readonly ServicePlannerOptions _planning;

    private CloudControllerRole(CloudClient cloud, KubernetesClient kubernetes, Defaults defaults, CloudControllerSettings settings, (string? Cluster, string? Project) ids, ILoggerFactory loggers)
    {
        (Cloud, Kubernetes, Found, Settings, _loggers) = (cloud, kubernetes, defaults, settings, loggers);
        CloudConfig config = defaults.Config;
        Region = config.Global.Region ?? "";
        NodeInformer = new Informer<Node>(kubernetes, logger: loggers.CreateLogger<Informer<Node>>());
        ServiceInformer = new Informer<Service>(kubernetes, logger: loggers.CreateLogger<Informer<Service>>());
        Events = new EventRecorder(kubernetes, new EventRecorderOptions { Component = "tenon-cloud-controller", Instance = Dns.GetHostName() },
            logger: loggers.CreateLogger<EventRecorder>());
        var network = cloud.Networking(Region);
        _machines = new CloudMachines(cloud.Compute(Region), network, network, cloud.Identity, TimeProvider.System);
        NodeOptions = new NodeReconcilerOptions
        {
            Planner = new NodePlannerOptions
            {
                Networking = config.Networking,
                Region = Region,
                RegionalProviderId = config.Node.RegionalProviderId ?? false,
                Initialize = settings.Nodes,
                Lifecycle = settings.NodeLifecycle,
            },
            StatusPeriod = settings.NodePeriod,
            Workers = settings.NodeWorkers,
        };
        _nodeWriter = new KubernetesNodeWriter(kubernetes);
        Nodes = new NodeReconciler(NodeOptions, NodeInformer, _nodeWriter, _machines, Events, loggers.CreateLogger<NodeReconciler>());
        RouteDecision decision = RouteSettings.Decide(settings.RouteFlags, config.Route.RouterId, defaults.FoundRouterId);
        if (decision.Problems.Count > 0) throw new CommandException(ExitCode.Usage, "the routes are not configured right", decision.Problems);
        WhyNoRoutes = settings.Routes ? decision.WhyNot : "the route controller is switched off";
        if (settings.Routes) RouteOptions = decision.Settings;
        Routes = RoutesFor(NodeInformer);
        _planning = new ServicePlannerOptions { ClusterName = settings.ClusterName, ClusterId = ids.Cluster };
        LoadBalancers = new LoadBalancerComponents(new LoadBalancerComponentsInput
        {
            Options = config.LoadBalancer,
            Planning = _planning,
            ProjectId = ids.Project,
            Cloud = new LoadBalancerClients(cloud.LoadBalancing(Region), network, network, network, network),
            Facts = new CloudFactsClients(network, network, cloud.LoadBalancing(Region), cloud.KeyManager(Region)),
            Kubernetes = kubernetes,
            Services = ServiceInformer,
            Nodes = NodeInformer,
            Events = Events,
            Loggers = loggers,
            ResyncPeriod = settings.ServicePeriod,
            Workers = settings.ServiceWorkers,
        });
    }

    public CloudClient Cloud { get; }

    public KubernetesClient Kubernetes { get; }

    /// <summary>What was found in the cloud.</summary>
    public Defaults Found { get; }

    public CloudControllerSettings Settings { get; }

    public string Region { get; }

    public Informer<Node> NodeInformer { get; }

    public Informer<Service> ServiceInformer { get; }

    public NodeReconciler Nodes { get; }

    public RouteReconciler? Routes { get; }

    /// <summary>The router that carries routes; <see langword="null"/> when there are none.</summary>
    public string? RouterId => RouteOptions?.RouterId;

    /// <summary>Why there are no routes; <see langword="null"/> when there are.</summary>
    public string? WhyNoRoutes { get; }

    public LoadBalancerComponents LoadBalancers { get; }

    private NodeReconcilerOptions NodeOptions { get; }

    private RouteSettings? RouteOptions { get; }

    private EventRecorder Events { get; }

    /// <summary>
    /// Finds what the configuration leaves open and puts everything together. Nothing runs yet. While the cloud or the API server does not answer, it is tried again.
    /// </summary>
    /// <exception cref="CommandException">The configuration is ambiguous or wrong for this cloud, or <paramref name="patient"/> is false and something does not answer.</exception>
    public static async Task<CloudControllerRole> CreateAsync(
        CloudConfig config, CloudClient cloud, KubernetesClient kubernetes, CloudControllerSettings settings, bool patient, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        ILogger logger = loggers.CreateLogger("Tenon.CloudController");
        TimeSpan pause = FirstPause;
        while (true)
        {
            string failure;
            try
            {
                Task<Namespace?> system = kubernetes.GetAsync<Namespace>(new NamespacedName("", "kube-system"), cancellationToken);
                Defaults found = await DiscoverAsync(config, cloud, kubernetes, cancellationToken);
                CommandException? wrong = found.Problems.Any(p => p.Severity == ProblemSeverity.Error)
                    ? new CommandException(ExitCode.Usage, "cloud.conf does not fit this cloud", found.Problems) : null;
                if (wrong is not null) throw wrong;
                foreach (Problem problem in found.Problems) logger.LogWarning("{Problem}", problem);
                foreach (Choice choice in found.Choices) logger.LogInformation("{Option} = {Value} {Name}: {Why}", choice.Option, choice.Value, choice.Name ?? "", choice.Why);
                AuthenticatedIdentity self = await cloud.Identity.GetSelfAsync(cancellationToken);
                return new CloudControllerRole(cloud, kubernetes, found, settings, (await ClusterIdAsync(system), self.ProjectId), loggers);
            }
            catch (OpenStackException e)
            {
                CloudFailure explained = CloudFailure.Explain(e);
                failure = explained.ToSentences();
                if (!patient || !explained.IsTransient) throw new CommandException(ExitCode.Failure, failure);
            }
            catch (Exception e) when (e is KubernetesException or HttpRequestException)
            {
                failure = $"The API server at {kubernetes.Configuration.Server} did not answer: {e.Message}";
                if (!patient) throw new CommandException(ExitCode.Failure, failure);
            }

            logger.LogWarning("{Failure} Trying again in {Seconds} s.", failure, pause.TotalSeconds);
            await Task.Delay(pause, TimeProvider.System, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Finds what the configuration leaves open.</summary>
    public static async Task<Defaults> DiscoverAsync(CloudConfig config, CloudClient cloud, KubernetesClient? kubernetes, CancellationToken cancellationToken)
    {
        List<Node> nodes = [];
        if (kubernetes is not null)
        {
            await foreach (Node node in kubernetes.ListAsync<Node>(null, cancellationToken)) nodes.Add(node);
        }

        ObservedCloud seen = await CloudObserver.ObserveAsync(cloud, config.Global.Region, cancellationToken);
        string? region = config.Global.Region ?? (seen.Regions.Count == 1 ? seen.Regions[0] : null);
        var servers = new List<Server>();
        bool addressesKnown = nodes.Count > 0 && nodes.All(n => n.Status.Addresses.Any(a => a.Type == NodeKeys.InternalIp));
        if (region is not null && nodes.Count > 0 && !addressesKnown)
        {
            await foreach (Server server in cloud.Compute(region).ListServersAsync(new ServerQuery(), cancellationToken)) servers.Add(server);
        }

        return DefaultsPlanner.Choose(config, seen, CloudCheck.Cluster(nodes, Listing<Server>.Of(servers), []));
    }

    /// <summary>A route reconciler that sees the given nodes; <see langword="null"/> where routes are not looked after.</summary>
    public RouteReconciler? RoutesFor(ILister<Node> nodes)
    {
        if (RouteOptions is not { } options) return null;
        var network = Cloud.Networking(Region);
        return new RouteReconciler(options, new RouteClients(network, network, network, network), _machines,
            new RouteCluster(nodes, _nodeWriter, Events), _loggers.CreateLogger<RouteReconciler>());
    }

    /// <summary>A planner for Services that sees the given nodes.</summary>
    public ServicePlanner ServicesFor(ILister<Node> nodes)
        => new(ServiceInformer, nodes, LoadBalancers.View, LoadBalancers.Facts, (Found.Config.LoadBalancer, _planning), TimeProvider.System);

    /// <summary>Runs until stopped, serving no health.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => RunAsync(null, cancellationToken);

    /// <summary>Runs until stopped.</summary>
    /// <param name="health">Serves health and metrics, where somebody asks for them.</param>
    /// <param name="cancellationToken">Ends it gracefully.</param>
    /// <exception cref="LeadershipLostException">Another replica leads now; the process must end.</exception>
    public async Task RunAsync(HealthServer? health, CancellationToken cancellationToken)
    {
        bool services = Settings.Services && Found.LoadBalancersOff is null && Found.Config.LoadBalancer.Enabled;
        if (Settings.Services && Found.LoadBalancersOff is { } off) _loggers.CreateLogger("Tenon.CloudController").LogWarning("Services of type LoadBalancer are not served: {Reason}", off);
        var controllers = new List<Controller>();
        if (Settings.Nodes || Settings.NodeLifecycle) controllers.Add(NodeReconciler.CreateController(Nodes, NodeInformer, NodeOptions, TimeProvider.System, _loggers));
        if (Routes is not null) controllers.Add(RouteReconciler.CreateController(Routes, NodeInformer, RouteOptions!, TimeProvider.System, _loggers));
        if (services) controllers.Add(LoadBalancers.Controller);
        var host = new ControllerHost(
            new ControllerHostOptions
            {
                Informers = services ? [NodeInformer, ServiceInformer] : [NodeInformer],
                Controllers = controllers,
                LeaderTasks = services ? LoadBalancers.LeaderTasks : [],
                LeaderElector = Settings.Election is { } election ? new LeaderElector(Kubernetes, election, logger: _loggers.CreateLogger<LeaderElector>()) : null,
                HealthServer = health,
                EventRecorder = Events,
            },
            logger: _loggers.CreateLogger<ControllerHost>());
        await host.RunAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Routes?.Dispose();
        _machines.Dispose();
        LoadBalancers.Dispose();
        await Cloud.DisposeAsync();
        Kubernetes.Dispose();
    }

    /// <summary>The UID of kube-system tells clusters apart. Without the right to read it, what is made carries the cluster's name alone.</summary>
    private static async Task<string?> ClusterIdAsync(Task<Namespace?> system)
    {
        try
        {
            return (await system)?.Metadata.Uid;
        }
        catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return null;
        }
    }
}
