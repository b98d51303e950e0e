using System.CommandLine;
using Microsoft.Extensions.Logging;
using Tenon.CloudController.Configuration;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudControllers;

/// <summary>Reads cloud.conf and kubeconfig for every command that needs them.</summary>
internal static class Connections
{
    /// <summary>Where cloud.conf is.</summary>
    public static Option<string> CloudConfigOption() => new("--cloud-config", "-c")
    {
        Description = "The cloud.conf file; without it, the cloud of clouds.yaml that OS_CLOUD names.",
        HelpName = "FILE",
    };

    /// <summary>Where the kubeconfig is.</summary>
    public static Option<string> KubeconfigOption() => new("--kubeconfig")
    {
        Description = "How to reach the API server; without it, $KUBECONFIG, ~/.kube/config or the pod's service account.",
        HelpName = "FILE",
    };

    /// <summary>Which cluster this is.</summary>
    public static Option<string> ClusterNameOption() => new("--cluster-name")
    {
        Description = "Part of the name of everything made in the cloud.",
        HelpName = "NAME",
        DefaultValueFactory = _ => "kubernetes",
    };

    /// <summary>Reads and checks cloud.conf.</summary>
    /// <param name="path">The file; <see langword="null"/> takes the cloud that OS_CLOUD names.</param>
    /// <param name="report">Takes the warnings.</param>
    /// <exception cref="CommandException">It has errors, all of which are listed.</exception>
    public static CloudConfig ReadCloudConfig(string? path, Action<Problem> report)
    {
        if (!string.IsNullOrEmpty(path)) return Checked(new CloudConfigLoader(Environment.GetEnvironmentVariable).Load(path), path, report);
        return ReadCloud(
            Environment.GetEnvironmentVariable("OS_CLOUD")
                ?? throw new CommandException(ExitCode.Usage, "there is no cloud: give --cloud-config FILE, or set OS_CLOUD to a name in clouds.yaml"),
            report);
    }

    /// <summary>Takes a cloud of clouds.yaml.</summary>
    /// <param name="cloud">Its name there.</param>
    /// <param name="report">Takes the warnings.</param>
    /// <exception cref="CommandException">It has errors, all of which are listed.</exception>
    public static CloudConfig ReadCloud(string cloud, Action<Problem> report)
        => Checked(new CloudConfigLoader(Environment.GetEnvironmentVariable).LoadCloud(cloud), "clouds.yaml", report);

    private static CloudConfig Checked(CloudConfigResult result, string source, Action<Problem> report)
    {
        if (result.Config is null)
        {
            int errors = result.Problems.Count(p => p.Severity == ProblemSeverity.Error);
            throw new CommandException(ExitCode.Usage, $"{source} has {errors} error{(errors == 1 ? "" : "s")}", result.Problems);
        }

        foreach (Problem problem in result.Problems) report(problem);
        return result.Config;
    }

    /// <summary>Makes the cloud's client.</summary>
    public static CloudClient OpenCloud(CloudConfig config, bool readOnly, ILoggerFactory? loggers = null, string? userAgent = null, Action<CloudCall>? observer = null)
        => new(GlobalCredentials.ToCredentials(config.Global), new CloudClientOptions
        {
            ReadOnly = readOnly,
            UserAgent = userAgent ?? "tenon",
            AttemptTimeout = config.Metadata.RequestTimeout,
            Observer = observer,
        }, loggers);

    /// <summary>Makes the cluster's client.</summary>
    /// <param name="path">The kubeconfig; <see langword="null"/> looks where kubectl looks, then at the pod's service account.</param>
    /// <param name="options">How it behaves.</param>
    /// <param name="loggers">The logs.</param>
    /// <exception cref="CommandException">There is none, or it is wrong.</exception>
    public static KubernetesClient OpenCluster(string? path, KubernetesClientOptions? options = null, ILoggerFactory? loggers = null)
        => new(ClusterConfiguration(path, null), options, loggers: loggers);

    /// <summary>How to reach the API server.</summary>
    /// <param name="path">The kubeconfig, as for <see cref="OpenCluster"/>.</param>
    /// <param name="master">The server's address, instead of the kubeconfig's.</param>
    /// <exception cref="CommandException">There is none, or it is wrong.</exception>
    public static KubernetesConfiguration ClusterConfiguration(string? path, string? master)
    {
        KubernetesConfiguration found = Configuration(path) ?? throw new CommandException(ExitCode.Usage, "there is no cluster: give --kubeconfig FILE or set KUBECONFIG");
        if (string.IsNullOrEmpty(master)) return found;
        return Uri.TryCreate(master, UriKind.Absolute, out Uri? server) && server.Scheme is "https" or "http"
            ? found with { Server = server }
            : throw new CommandException(ExitCode.Usage, $"--master \"{master}\" is not an address. Write it like https://192.0.2.1:6443.");
    }

    /// <summary>The cluster's client, or nothing where no cluster is at hand.</summary>
    public static KubernetesClient? TryOpenCluster(string? path) => Configuration(path) is { } configuration ? new KubernetesClient(configuration) : null;

    private static KubernetesConfiguration? Configuration(string? path)
    {
        string? named = string.IsNullOrEmpty(path) ? Environment.GetEnvironmentVariable("KUBECONFIG") : path;
        string home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
        try
        {
            if (!string.IsNullOrEmpty(named)) return KubernetesConfiguration.FromKubeconfigFiles(named.Split(':', StringSplitOptions.RemoveEmptyEntries));
            string? host = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"), port = Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
            if (!string.IsNullOrEmpty(host) && !string.IsNullOrEmpty(port)) return KubernetesConfiguration.InCluster(host, port);
            return File.Exists(home) ? KubernetesConfiguration.FromKubeconfigFiles([home]) : null;
        }
        catch (Exception e) when (e is IOException or FormatException or InvalidOperationException or ArgumentException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Usage, $"the kubeconfig {named ?? home} cannot be used: {e.Message}");
        }
    }
}
