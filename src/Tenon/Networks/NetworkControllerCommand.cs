using System.CommandLine;
using System.Net;
using Microsoft.Extensions.Logging;
using Tenon.CloudController.Configuration;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Network;
using Tenon.OpenStack;

namespace Tenon.Networks;

/// <summary><c>tenon network controller</c>: virtual networks, pods' ports, policies.</summary>
internal static class NetworkControllerCommand
{
    private const string Name = "tenon-network-controller";

    public static Command Create()
    {
        var flags = new NetworkFlags();
        var command = new Command("controller", "Puts pods on Neutron: virtual networks, a port for every pod, policies as security groups.");
        flags.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(flags, parsed, cancellationToken));
        return command.WithExamples(
            "tenon network controller --cloud-config cloud.conf --kubeconfig ~/.kube/config --cluster-name production",
            "tenon network controller --cloud-config cloud.conf --subnet-pools pods --router router --pool-min 3");
    }

    private static async Task<int> RunAsync(NetworkFlags flags, ParseResult parsed, CancellationToken cancellationToken)
    {
        CloudControllerFlags common = flags.Common;
        var output = new Output(parsed.GetValue(Output.FormatOption));
        if (parsed.GetValue(common.LoggingFormat) is not ("text" or "json") and var format)
            throw new CommandException(ExitCode.Usage, $"--logging-format \"{format}\": use text or json.");
        NetworkOptions options = flags.Read(parsed);
        LeaderElectionOptions? election = parsed.GetValue(common.LeaderElect) ? CloudControllerCommand.Election(common, parsed, flags.LeaseName) : null;
        HealthServerOptions? serving = CloudControllerCommand.Health(common, parsed, parsed.GetValue(flags.SecurePort));
        CloudConfig config = Connections.ReadCloudConfig(parsed.GetValue(common.CloudConfig), output.Report);
        KubernetesConfiguration cluster = Connections.ClusterConfiguration(parsed.GetValue(common.Kubeconfig), parsed.GetValue(common.Master));
        using ILoggerFactory loggers = CloudControllerCommand.CreateLogs(parsed.GetValue(common.Verbosity), parsed.GetRequiredValue(common.LoggingFormat));
        string userAgent = string.Join(' ', (parsed.GetValue(common.UserAgent) ?? []).Prepend(Name));
        await using CloudClient cloud = Connections.OpenCloud(config, readOnly: false, loggers, userAgent);
        var behaviour = new KubernetesClientOptions { UserAgent = Name, QueriesPerSecond = parsed.GetValue(common.KubeApiQps), Burst = parsed.GetValue(common.KubeApiBurst) };
        using var client = new KubernetesClient(cluster, behaviour, loggers: loggers);
        try
        {
            await using HealthServer? health = await CloudControllerCommand.ServeHealthAsync(serving, cluster, () => null, loggers, cancellationToken);
            var events = new EventRecorder(client, new EventRecorderOptions { Component = Name, Instance = Dns.GetHostName() }, logger: loggers.CreateLogger<EventRecorder>());
            options = options with { LoadBalancerProvider = options.LoadBalancerProvider ?? config.LoadBalancer.LbProvider, FloatingNetworkId = config.LoadBalancer.FloatingNetworkId };
            using var components = new NetworkComponents(new NetworkComponentsInput
            {
                Options = options, Networking = cloud.Networking(config.Global.Region), LoadBalancing = cloud.LoadBalancing(config.Global.Region), Kubernetes = client, Events = events, Loggers = loggers,
            });
            var host = new ControllerHost(
                new ControllerHostOptions
                {
                    Informers = components.Informers,
                    Controllers = components.Controllers,
                    LeaderTasks = components.LeaderTasks,
                    LeaderElector = election is null ? null : new LeaderElector(client, election, logger: loggers.CreateLogger<LeaderElector>()),
                    HealthServer = health,
                    EventRecorder = events,
                },
                logger: loggers.CreateLogger<ControllerHost>());
            await host.RunAsync(cancellationToken);
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
}
