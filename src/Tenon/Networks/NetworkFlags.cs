using System.CommandLine;
using Tenon.CloudControllers;
using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Network;
using Tenon.Network.Policies;
using Tenon.Network.Ports;

namespace Tenon.Networks;

/// <summary>The options of <c>tenon network controller</c>; those that it has in common with the cloud controller mean the same.</summary>
internal sealed class NetworkFlags
{
    /// <summary>The options in common.</summary>
    public CloudControllerFlags Common { get; } = new();

    public Option<string> LeaseName { get; } = CloudControllerFlags.Text("--leader-elect-resource-name", "NAME", "The Lease's name.", "tenon-network-controller");

    public Option<int> SecurePort { get; } = CloudControllerFlags.Number("--secure-port", "The port of health and metrics, over TLS; 0 serves none.", 10269, least: 0, most: 65535);

    public Option<string> LabelKey { get; } = CloudControllerFlags.Text("--network-label", "KEY", "The label of a pod that names its virtual network.", "name");

    public Option<string> DefaultNetwork { get; } = CloudControllerFlags.Text("--default-network", "NAMESPACE/NAME", "The virtual network of pods about which nothing is said.", "kube-system/default");

    public Option<string> SubnetPools { get; } = CloudControllerFlags.Text("--subnet-pools", "POOL,..", "The subnet pools (ID or name) that give virtual networks their ranges, at most one for each family.", "");

    public Option<string> Ranges { get; } = CloudControllerFlags.Text("--network-cidr", "CIDR,..", "The ranges that are cut up for virtual networks where there is no subnet pool, at most one for each family.", "10.128.0.0/9");

    public Option<int> PrefixLength { get; } = CloudControllerFlags.Number("--network-prefix-length", "The length of the prefixes cut out of --network-cidr for IPv4; those of IPv6 are 64 long.", 20, least: 8, most: 29);

    public Option<string> Router { get; } = CloudControllerFlags.Text("--router", "ROUTER", "The router (ID or name) that joins the virtual networks; none is none. Without it, the project's only one.", null);

    public Option<string> ServiceCidr { get; } = CloudControllerFlags.Text("--service-cidr", "CIDR,..", "The ranges of Services' virtual IPs, as the API server has them; load balancers are made for these. Without it, Services are left to others.", "");

    public Option<string> ServiceProvider { get; } = CloudControllerFlags.Text("--service-lb-provider", "PROVIDER", "The Octavia provider of Services; without it, cloud.conf's lb-provider, else ovn where the cloud has it, else amphora.", null);

    public Option<int> PoolMinimum { get; } = CloudControllerFlags.Number("--pool-min", "Ports kept ready for pods that are alike (of one network, node and set of labels); fewer are refilled. 0 keeps none.", 0, least: 0, most: 1000);

    public Option<int> PoolBatch { get; } = CloudControllerFlags.Number("--pool-batch", "How many ports a refill makes.", 5, least: 1, most: 1000);

    public Option<int> PoolMaximum { get; } = CloudControllerFlags.Number("--pool-max", "How many free ports stay at most; further ones are deleted.", 10, least: 0, most: 1000);

    public Option<TimeSpan> GatherFor { get; } = CloudControllerFlags.Duration("--gather", "How long to wait for further pods after one came, so that one call serves all of them.", "50ms");

    public Option<TimeSpan> ResyncPeriod { get; } = CloudControllerFlags.Duration("--resync-period", "How often everything is compared with the cloud.", "10m");

    public Option<TimeSpan> GroupGrace { get; } = CloudControllerFlags.Duration("--group-grace", "How long the security group of labels that no pod has any more is kept, for pods that come back.", "5m");

    /// <summary>Adds all options.</summary>
    public void AddTo(Command command)
    {
        Option[] options =
        [
            Common.CloudConfig, Common.ClusterName, Common.Kubeconfig, Common.Master, LabelKey, DefaultNetwork, SubnetPools, Ranges, PrefixLength, Router,
            ServiceCidr, ServiceProvider,
            PoolMinimum, PoolBatch, PoolMaximum, GatherFor, ResyncPeriod, GroupGrace, Common.KubeApiQps, Common.KubeApiBurst, Common.LeaderElect, Common.LeaseDuration,
            Common.RenewDeadline, Common.RetryPeriod, LeaseName, Common.LeaseNamespace, Common.BindAddress, SecurePort, Common.AlwaysAllowPaths, Common.TlsCertificate,
            Common.TlsKey, Common.UserAgent, Common.Verbosity, Common.LoggingFormat,
        ];
        foreach (Option option in options) command.Add(option);
    }

    /// <summary>What the options say.</summary>
    /// <exception cref="CommandException">They contradict each other or cannot be read.</exception>
    public NetworkOptions Read(ParseResult parsed)
    {
        var problems = new List<Problem>();
        string network = parsed.GetRequiredValue(DefaultNetwork);
        string[] parts = network.Split('/');
        if (parts is not [{ Length: > 0 }, { Length: > 0 }])
            problems.Add(Problem.Error(DefaultNetwork.Name, network, "names no virtual network", "Write NAMESPACE/NAME."));
        string[] ranges = Words(parsed.GetValue(Ranges)), services = Words(parsed.GetValue(ServiceCidr));
        foreach (string range in ranges.Concat(services))
        {
            try
            {
                AddressRanges.Parse(range);
            }
            catch (FormatException e)
            {
                problems.Add(Problem.Error(services.Contains(range) ? ServiceCidr.Name : Ranges.Name, range, e.Message, "Write it like 10.128.0.0/9."));
            }
        }

        var pool = new PoolSize(parsed.GetValue(PoolMinimum), parsed.GetValue(PoolBatch), parsed.GetValue(PoolMaximum));
        if (pool.Minimum > 0 && pool.Maximum < pool.Minimum + pool.Batch - 1)
        {
            problems.Add(Problem.Error(PoolMaximum.Name, $"{pool.Maximum}", $"a refill of {pool.Batch} would exceed it at once, and what is beyond it is deleted again",
                $"Write at least {pool.Minimum + pool.Batch - 1}, or a smaller {PoolBatch.Name}."));
        }

        if (problems.Count > 0) throw new CommandException(ExitCode.Usage, "the network is not configured right", problems);
        return new NetworkOptions
        {
            ClusterName = parsed.GetRequiredValue(Common.ClusterName),
            LabelKey = parsed.GetRequiredValue(LabelKey),
            DefaultNetwork = new(parts[0], parts[1]),
            SubnetPools = [.. Words(parsed.GetValue(SubnetPools))],
            Ranges = [.. ranges],
            PrefixLength = parsed.GetValue(PrefixLength),
            Router = parsed.GetValue(Router),
            ServiceCidrs = [.. services],
            LoadBalancerProvider = parsed.GetValue(ServiceProvider),
            Pool = pool.Minimum == 0 ? PoolSize.None : pool,
            GatherFor = parsed.GetValue(GatherFor),
            ResyncPeriod = parsed.GetValue(ResyncPeriod),
            GroupGrace = parsed.GetValue(GroupGrace),
        };
    }

    private static string[] Words(string? text) => (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
