using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Routes;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudControllers;

/// <summary><c>tenon cloud-controller</c>: the drop-in for openstack-cloud-controller-manager.</summary>
internal static class CloudControllerCommand
{
    /// <summary>How manifests of openstack-cloud-controller-manager begin their arguments.</summary>
    public const string PeerName = "/bin/openstack-cloud-controller-manager";

    private static readonly string[] ControllerNames = ["cloud-node", "cloud-node-lifecycle", "service", "route"];

    /// <summary>Their names before Kubernetes 1.27.</summary>
    private static readonly Dictionary<string, string> OldNames = new(StringComparer.Ordinal)
    {
        ["cloud-node-controller"] = "cloud-node",
        ["cloud-node-lifecycle-controller"] = "cloud-node-lifecycle",
        ["service-lb-controller"] = "service",
        ["node-route-controller"] = "route",
    };

    /// <summary>Makes the command under its name, or hidden under the peer's.</summary>
    public static Command Create(string name)
    {
        var flags = new CloudControllerFlags();
        var command = new Command(name, "Nodes, load balancers and routes for a cluster on an OpenStack cloud; takes the options of openstack-cloud-controller-manager.");
        command.Hidden = name == PeerName;
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(flags, parsed, cancellationToken));
        return command.WithExamples(
            "tenon cloud-controller --cloud-config cloud.conf --kubeconfig ~/.kube/config --cluster-name production",
            "tenon cloud-controller --cloud-config cloud.conf --allocate-node-cidrs --cluster-cidr 10.150.0.0/16");
    }

    /// <summary>Which controllers a list selects: <c>*</c> is all, a leading <c>-</c> takes one out.</summary>
    /// <exception cref="CommandException">It names one that does not exist.</exception>
    public static IReadOnlySet<string> Select(string list)
    {
        string[] items = [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        var chosen = new HashSet<string>(StringComparer.Ordinal);
        if (items.Contains("*")) chosen.UnionWith(ControllerNames);
        foreach (string item in items.Where(i => i != "*"))
        {
            string given = item.TrimStart('-');
            string name = OldNames.GetValueOrDefault(given, given);
            if (!ControllerNames.Contains(name))
                throw new CommandException(ExitCode.Usage, $"--controllers \"{list}\": there is no controller \"{given}\". There are *, {string.Join(", ", ControllerNames)}.");
            if (item.StartsWith('-')) chosen.Remove(name);
            else chosen.Add(name);
        }

        return chosen;
    }

    /// <summary>Makes the process's logs: one line an entry, on standard error, at a klog verbosity.</summary>
    public static ILoggerFactory CreateLogs(int verbosity, string format) => LoggerFactory.Create(builder =>
    {
        LogLevel level = verbosity switch { <= 0 => LogLevel.Warning, < 4 => LogLevel.Information, < 6 => LogLevel.Debug, _ => LogLevel.Trace };
        builder.SetMinimumLevel(level).AddFilter("Microsoft", LogLevel.Warning);
        builder.AddConsole(o => (o.LogToStandardErrorThreshold, o.FormatterName) = (LogLevel.Trace, LogLines.FormatterName));
        if (format == "json") builder.AddJsonConsole(o => (o.IncludeScopes, o.TimestampFormat, o.UseUtcTimestamp) = (true, "O", true));
        else builder.AddConsoleFormatter<LogLines, ConsoleFormatterOptions>();
    });

    private static async Task<int> RunAsync(CloudControllerFlags flags, ParseResult parsed, CancellationToken cancellationToken)
    {
        var output = new Output(parsed.GetValue(Output.FormatOption));
        if (parsed.GetValue(flags.CloudProvider) is not "openstack" and var provider)
            throw new CommandException(ExitCode.Usage, $"--cloud-provider \"{provider}\": only openstack is supported.");
        if (parsed.GetValue(flags.LoggingFormat) is not ("text" or "json") and var format)
            throw new CommandException(ExitCode.Usage, $"--logging-format \"{format}\": use text or json.");
        foreach (string ignored in flags.IgnoredIn(parsed))
            output.Report(Problem.Warning(ignored, null, "has no meaning here and is ignored", "It may be removed."));
        CloudControllerSettings settings = Settings(flags, parsed);
        CloudConfig config = Connections.ReadCloudConfig(parsed.GetValue(flags.CloudConfig), output.Report);
        KubernetesConfiguration clusterConfiguration = Connections.ClusterConfiguration(parsed.GetValue(flags.Kubeconfig), parsed.GetValue(flags.Master));
        using ILoggerFactory loggers = CreateLogs(parsed.GetValue(flags.Verbosity), parsed.GetRequiredValue(flags.LoggingFormat));
        var options = new KubernetesClientOptions { UserAgent = "tenon-cloud-controller", QueriesPerSecond = parsed.GetValue(flags.KubeApiQps), Burst = parsed.GetValue(flags.KubeApiBurst) };
        string userAgent = string.Join(' ', (parsed.GetValue(flags.UserAgent) ?? []).Prepend("tenon-cloud-controller"));
        CloudClient cloud = Connections.OpenCloud(config, readOnly: false, loggers, userAgent);
        KubernetesClient cluster = new(clusterConfiguration, options, loggers: loggers);
        try
        {
            // Health is served before anything answers: a cloud that is away is no reason to restart this process.
            string? waiting = "the cloud and the API server have not answered yet";
            await using HealthServer? health = await ServeHealthAsync(settings.Health, clusterConfiguration, () => waiting, loggers, cancellationToken);
            await using CloudControllerRole role = await CloudControllerRole.CreateAsync(config, cloud, cluster, settings, patient: true, loggers, cancellationToken);
            waiting = null;
            await role.RunAsync(health, cancellationToken);
            return ExitCode.Success;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Success;
        }
        catch (Exception e) when (e is LeadershipLostException or TimeoutException)
        {
            throw new CommandException(ExitCode.Failure, e.Message);
        }
    }

    /// <summary>Serves health, and metrics to those who may read them, where it is asked for.</summary>
    internal static async Task<HealthServer?> ServeHealthAsync(
        HealthServerOptions? options, KubernetesConfiguration cluster, Func<string?> waiting, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        if (options is null) return null;
        if (options.AuthorizeMetrics is not null) options = options with { AuthorizeMetrics = (token, stop) => MayReadMetricsAsync(cluster, token, stop) };
        var health = new HealthServer(options with { Readiness = [new HealthCheck("start", waiting)] }, loggers.CreateLogger<HealthServer>());
        try
        {
            await health.StartAsync(cancellationToken);
            return health;
        }
        catch (IOException e)
        {
            await health.DisposeAsync();
            throw new CommandException(ExitCode.Failure, $"--bind-address, --secure-port: {e.Message.TrimEnd('.')}. Choose another port, or 0 to serve neither health nor metrics.");
        }
    }

    private static CloudControllerSettings Settings(CloudControllerFlags flags, ParseResult parsed)
    {
        IReadOnlySet<string> controllers = Select(parsed.GetRequiredValue(flags.Controllers));
        int port = parsed.GetValue(flags.SecurePort);
        return new CloudControllerSettings
        {
            ClusterName = parsed.GetRequiredValue(flags.ClusterName),
            Nodes = controllers.Contains("cloud-node"),
            NodeLifecycle = controllers.Contains("cloud-node-lifecycle"),
            Services = controllers.Contains("service"),
            Routes = controllers.Contains("route"),
            RouteFlags = new RouteFlags
            {
                AllocateNodeCidrs = parsed.GetValue(flags.AllocateNodeCidrs),
                ConfigureCloudRoutes = parsed.GetResult(flags.ConfigureCloudRoutes) is { Implicit: false } ? parsed.GetValue(flags.ConfigureCloudRoutes) : null,
                ClusterCidr = parsed.GetValue(flags.ClusterCidr),
                Period = parsed.GetResult(flags.RouteReconciliationPeriod) is { Implicit: false } ? parsed.GetValue(flags.RouteReconciliationPeriod) : null,
            },
            NodePeriod = parsed.GetValue(flags.NodeStatusUpdateFrequency),
            ServicePeriod = parsed.GetValue(flags.ServiceResyncPeriod),
            NodeWorkers = parsed.GetValue(flags.ConcurrentNodeSyncs),
            ServiceWorkers = parsed.GetValue(flags.ConcurrentServiceSyncs),
            Election = parsed.GetValue(flags.LeaderElect) ? Election(flags, parsed) : null,
            Health = Health(flags, parsed, port),
        };
    }

    /// <summary>Where health and metrics are served; <see langword="null"/> for port 0.</summary>
    internal static HealthServerOptions? Health(CloudControllerFlags flags, ParseResult parsed, int port) => port == 0 ? null : new HealthServerOptions
    {
        Endpoint = new IPEndPoint(parsed.GetRequiredValue(flags.BindAddress), port),
        Certificate = ServingCertificate.Open(parsed.GetValue(flags.TlsCertificate), parsed.GetValue(flags.TlsKey), TimeProvider.System),
        AuthorizeMetrics = IsAllowed("/metrics", parsed.GetRequiredValue(flags.AlwaysAllowPaths)) ? null : static (_, _) => Task.FromResult(false),
    };

    /// <summary>Whether a list of paths holds one: by itself, or below a path that ends in <c>*</c>.</summary>
    private static bool IsAllowed(string path, string list)
        => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Any(p => p.EndsWith('*') ? path.StartsWith(p[..^1], StringComparison.Ordinal) : path.TrimStart('/') == p.TrimStart('/'));

    /// <summary>The election that the options ask for, checked.</summary>
    internal static LeaderElectionOptions Election(CloudControllerFlags flags, ParseResult parsed, Option<string>? leaseName = null)
    {
        TimeSpan lease = parsed.GetValue(flags.LeaseDuration), renew = parsed.GetValue(flags.RenewDeadline), retry = parsed.GetValue(flags.RetryPeriod);
        if (lease < TimeSpan.FromSeconds(1) || lease <= renew)
            throw new CommandException(ExitCode.Usage, $"{flags.LeaseDuration.Name} {Durations.Format(lease)} must be at least 1s and longer than {flags.RenewDeadline.Name} {Durations.Format(renew)}");
        if (retry <= TimeSpan.Zero || renew <= retry * LeaderElector.JitterFactor)
            throw new CommandException(ExitCode.Usage, $"{flags.RenewDeadline.Name} {Durations.Format(renew)} must be longer than {LeaderElector.JitterFactor} times {flags.RetryPeriod.Name} {Durations.Format(retry)}");
        return new LeaderElectionOptions
        {
            Lease = new NamespacedName(parsed.GetRequiredValue(flags.LeaseNamespace), parsed.GetRequiredValue(leaseName ?? flags.LeaseName)),
            Identity = $"{Dns.GetHostName()}_{Guid.NewGuid()}",
            LeaseDuration = lease,
            RenewDeadline = renew,
            RetryPeriod = retry,
        };
    }

    /// <summary>Asks the API server, with the caller's own token, whether they may get /metrics.</summary>
    private static async Task<bool> MayReadMetricsAsync(KubernetesConfiguration cluster, Secret token, CancellationToken cancellationToken)
    {
        using var asCaller = new KubernetesClient(cluster with { Credential = new KubernetesCredential.Token(token), ClientCertificate = null, ClientKey = null, Files = new CertificateFiles { Authority = cluster.Files.Authority } });
        try
        {
            return (await asCaller.CanIAsync(AccessRequest.ToPath("get", "/metrics"), cancellationToken)).Allowed;
        }
        catch (KubernetesException)
        {
            return false;
        }
    }
}
