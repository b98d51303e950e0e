using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Tenon.OpenStack.Configuration;

namespace Tenon.CloudControllers;

/// <summary>
/// The options of <c>tenon cloud-controller</c>: those of openstack-cloud-controller-manager, by the same names, so that
/// its manifests work unchanged. Those without a meaning here are accepted and named in a warning.
/// </summary>
internal sealed class CloudControllerFlags
{
    /// <summary>Flags of the peer that say how its own machinery works; nothing here corresponds to them.</summary>
    private static readonly string[] Ignored =
    [
        "--add-dir-header", "--allow-metric-labels", "--allow-metric-labels-manifest", "--allow-untagged-cloud", "--alsologtostderr",
        "--authentication-kubeconfig", "--authentication-skip-lookup", "--authentication-token-webhook-cache-ttl",
        "--authentication-tolerate-lookup-failure", "--authorization-kubeconfig", "--authorization-webhook-cache-authorized-ttl",
        "--authorization-webhook-cache-unauthorized-ttl", "--cert-dir", "--cidr-allocator-type", "--client-ca-file",
        "--concurrent-node-status-updates", "--contention-profiling", "--controller-start-interval", "--disable-http2-serving", "--disabled-metrics",
        "--emulated-version", "--emulation-forward-compatibility", "--external-cloud-volume-plugin", "--feature-gates",
        "--http2-max-streams-per-connection", "--kube-api-content-type", "--leader-elect-resource-lock", "--log-backtrace-at", "--log-dir", "--log-file",
        "--log-file-max-size", "--log-flush-frequency", "--log-json-info-buffer-size", "--log-json-split-stream", "--log-text-info-buffer-size",
        "--log-text-split-stream", "--logtostderr", "--min-compatibility-version", "--min-resync-period", "--node-monitor-period", "--node-sync-period",
        "--one-output", "--permit-address-sharing", "--permit-port-sharing", "--profiling", "--requestheader-allowed-names",
        "--requestheader-client-ca-file", "--requestheader-extra-headers-prefix", "--requestheader-group-headers",
        "--requestheader-username-headers", "--requestheader-uid-headers", "--runtime-config-emulation-forward-compatibility",
        "--show-hidden-metrics-for-version", "--skip-headers", "--skip-log-headers", "--stderrthreshold", "--tls-cipher-suites",
        "--tls-curve-preferences", "--tls-min-version", "--tls-sni-cert-key", "--use-service-account-credentials", "--vmodule",
        "--webhook-bind-address", "--webhook-cert-dir", "--webhook-disable-http2-serving", "--webhook-secure-port", "--webhook-tls-cert-file",
        "--webhook-tls-cipher-suites", "--webhook-tls-curve-preferences", "--webhook-tls-min-version", "--webhook-tls-private-key-file",
        "--webhook-tls-sni-cert-key", "--webhooks",
    ];

    private readonly List<(Option<string?> Option, string Name)> _ignored = [];

    public Option<string> CloudConfig { get; } = Text("--cloud-config", "FILE", "The cloud.conf file.", null);

    public Option<string> CloudProvider { get; } = Text("--cloud-provider", "NAME", "Only openstack.", "openstack");

    public Option<string> ClusterName { get; } = Text("--cluster-name", "NAME", "Part of the name of everything made in the cloud.", "kubernetes");

    public Option<string> Kubeconfig { get; } = Text("--kubeconfig", "FILE", "How to reach the API server; without it, the pod's service account.", null);

    public Option<string> Master { get; } = Text("--master", "URL", "The API server's address, instead of the kubeconfig's.", null);

    public Option<string> Controllers { get; } = Text("--controllers", "LIST", "Which controllers run: *, cloud-node, cloud-node-lifecycle, service, route; a leading - takes one out.", "*");

    public Option<string> ClusterCidr { get; } = Text("--cluster-cidr", "CIDR,..", "The pods' address ranges, at most one for each family; routes are made inside them only.", null);

    public Option<bool> AllocateNodeCidrs { get; } = Flag("--allocate-node-cidrs", "Whether the cluster gives each node a range for its pods; routes need it.", false);

    public Option<bool> ConfigureCloudRoutes { get; } = Flag("--configure-cloud-routes", "Whether routes to the nodes' pods are made on the router. Said explicitly, the router on the nodes' subnet is taken where cloud.conf names none.", true);

    public Option<TimeSpan> RouteReconciliationPeriod { get; } = Duration("--route-reconciliation-period", "How often all routes are compared; they are made the moment that a node changes.", "5m");

    public Option<TimeSpan> NodeStatusUpdateFrequency { get; } = Duration("--node-status-update-frequency", "How often all nodes' addresses are compared.", "5m");

    public Option<TimeSpan> ServiceResyncPeriod { get; } = Duration("--service-resync-period", "How often all Services are compared with the cloud.", "10m");

    public Option<int> ConcurrentServiceSyncs { get; } = Number("--concurrent-service-syncs", "How many Services are worked on at once.", 16, least: 1);

    public Option<int> ConcurrentNodeSyncs { get; } = Number("--concurrent-node-syncs", "How many nodes are worked on at once.", 16, least: 1);

    public Option<float> KubeApiQps { get; } = new("--kube-api-qps") { Description = "Requests to the API server a second.", HelpName = "N", DefaultValueFactory = _ => 50 };

    public Option<int> KubeApiBurst { get; } = Number("--kube-api-burst", "Requests to the API server at once.", 100);

    public Option<bool> LeaderElect { get; } = Flag("--leader-elect", "Whether replicas elect a leader.", true);

    public Option<TimeSpan> LeaseDuration { get; } = Duration("--leader-elect-lease-duration", "How long others wait after the leader's last renewal.", "15s");

    public Option<TimeSpan> RenewDeadline { get; } = Duration("--leader-elect-renew-deadline", "How long the leader tries to renew before it gives up.", "10s");

    public Option<TimeSpan> RetryPeriod { get; } = Duration("--leader-elect-retry-period", "How long between tries.", "2s");

    public Option<string> LeaseName { get; } = Text("--leader-elect-resource-name", "NAME", "The Lease's name.", "cloud-controller-manager");

    public Option<string> LeaseNamespace { get; } = Text("--leader-elect-resource-namespace", "NAMESPACE", "The Lease's namespace.", "kube-system");

    public Option<IPAddress> BindAddress { get; } = new("--bind-address")
    {
        Description = "Where /healthz, /readyz and /metrics are served.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => IPAddress.Any,
        CustomParser = result =>
        {
            if (IPAddress.TryParse(result.Tokens[0].Value, out IPAddress? address)) return address;
            result.AddError($"--bind-address \"{result.Tokens[0].Value}\" is not an IP address: write 0.0.0.0, :: or an address of this host");
            return null;
        },
    };

    public Option<int> SecurePort { get; } = Number("--secure-port", "The port of these, over TLS; 0 serves none.", 10258, least: 0, most: 65535);

    public Option<string> AlwaysAllowPaths { get; } = Text("--authorization-always-allow-paths", "PATH,..", "Which of these are served to everybody: add /metrics to need no token for metrics. Health always is.", "/healthz,/readyz,/livez");

    public Option<string> TlsCertificate { get; } = Text("--tls-cert-file", "FILE", "The server certificate, with its chain; read again when it is renewed. Without it, one is made at start.", null);

    public Option<string> TlsKey { get; } = Text("--tls-private-key-file", "FILE", "The certificate's key.", null);

    public Option<string[]> UserAgent { get; } = new("--user-agent") { Description = "Added to the user agent of calls to the cloud; may be repeated.", HelpName = "TEXT", DefaultValueFactory = _ => [] };

    public Option<int> Verbosity { get; } = new("--v", "-v") { Description = "0 warnings only, 2 what changes, 4 every pass, 6 every API call.", HelpName = "LEVEL", DefaultValueFactory = _ => 2 };

    public Option<string> LoggingFormat { get; } = Text("--logging-format", "text|json", "How log lines look.", "text");

    /// <summary>Adds all options, those without meaning hidden.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in Known()) command.Add(option);
        foreach (string name in Ignored)
        {
            var option = new Option<string?>(name) { Hidden = true, Arity = ArgumentArity.ZeroOrOne };
            _ignored.Add((option, name));
            command.Add(option);
        }
    }

    /// <summary>The peer's flags that were given and do nothing.</summary>
    public IEnumerable<string> IgnoredIn(ParseResult parsed)
        => _ignored.Where(o => parsed.GetResult(o.Option) is { Implicit: false }).Select(o => o.Name);

    private IEnumerable<Option> Known() =>
    [
        CloudConfig, CloudProvider, ClusterName, Kubeconfig, Master, Controllers, ClusterCidr, AllocateNodeCidrs, ConfigureCloudRoutes,
        RouteReconciliationPeriod, NodeStatusUpdateFrequency, ServiceResyncPeriod, ConcurrentServiceSyncs, ConcurrentNodeSyncs,
        KubeApiQps, KubeApiBurst, LeaderElect, LeaseDuration, RenewDeadline, RetryPeriod, LeaseName, LeaseNamespace, BindAddress, SecurePort,
        AlwaysAllowPaths, TlsCertificate, TlsKey, UserAgent, Verbosity, LoggingFormat,
    ];

    internal static Option<string> Text(string name, string help, string description, string? value)
        => new(name) { Description = description, HelpName = help, DefaultValueFactory = _ => value! };

    internal static Option<bool> Flag(string name, string description, bool value)
        => new(name) { Description = description, Arity = ArgumentArity.ZeroOrOne, DefaultValueFactory = _ => value };

    internal static Option<int> Number(string name, string description, int value, int least = int.MinValue, int most = int.MaxValue)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [var token] || !int.TryParse(token.Value, out int given) || (given >= least && given <= most)) return;
            result.AddError(most == int.MaxValue ? $"{name} \"{given}\": write a number of at least {least}" : $"{name} \"{given}\": write a number from {least} to {most}");
        });
        return option;
    }

    internal static Option<TimeSpan> Duration(string name, string description, string value)
    {
        var option = new Option<TimeSpan>(name) { Description = description, HelpName = "DURATION", CustomParser = ParseDuration };
        option.DefaultValueFactory = _ => GoDuration(value);
        return option;
    }

    private static TimeSpan ParseDuration(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (Durations.TryParse(text, out TimeSpan value)) return value;
        result.AddError($"{((OptionResult)result.Parent!).Option.Name} \"{text}\" is not a duration: write it like 10s, 1m30s or 500ms");
        return default;
    }

    private static TimeSpan GoDuration(string text)
        => Durations.TryParse(text, out TimeSpan value) ? value : throw new FormatException(text);
}
