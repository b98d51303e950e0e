using Tenon.Core;
using Tenon.Network.Ports;

namespace Tenon.Network;

/// <summary>How a cluster's pods are put on Neutron.</summary>
public sealed record NetworkOptions
{
    /// <summary>The cluster's name, part of the name and mark of everything that is made.</summary>
    public string ClusterName { get; init; } = "kubernetes";

    /// <summary>The label of a pod that names its virtual network.</summary>
    public string LabelKey { get; init; } = "name";

    /// <summary>The virtual network of pods about which nothing is said.</summary>
    public NamespacedName DefaultNetwork { get; init; } = new("kube-system", "default");

    /// <summary>The subnet pools (ID or name) from which virtual networks take their ranges, at most one a family.</summary>
    public EquatableArray<string> SubnetPools { get; init; }

    /// <summary>The ranges that are cut up for virtual networks where there is no subnet pool, at most one a family.</summary>
    public EquatableArray<string> Ranges { get; init; } = ["10.128.0.0/9"];

    /// <summary>The length of the prefixes cut out of <see cref="Ranges"/> of IPv4; those of IPv6 are 64 long.</summary>
    public int PrefixLength { get; init; } = 20;

    /// <summary>The router (ID or name) that joins the virtual networks; <c>none</c> is none; <see langword="null"/> takes the project's only one.</summary>
    public string? Router { get; init; }

    /// <summary>The virtual network of the Services' virtual IPs; made where <see cref="ServiceCidrs"/> says of which range.</summary>
    public NamespacedName ServiceNetwork { get; init; } = new("kube-system", "services");

    /// <summary>The ranges from which the cluster gives virtual IPs, at most one a family; empty leaves Services to others.</summary>
    public EquatableArray<string> ServiceCidrs { get; init; }

    /// <summary>The Octavia provider of Services; <see langword="null"/> takes ovn where the cloud has it, else amphora.</summary>
    public string? LoadBalancerProvider { get; init; }

    /// <summary>The external network of floating IPs; <see langword="null"/> takes the only one, or the default one.</summary>
    public string? FloatingNetworkId { get; init; }

    /// <summary>How long a load balancer may be pending before it is reported as stuck.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The ports that are kept ready for pods that are alike.</summary>
    public PoolSize Pool { get; init; } = PoolSize.None;

    /// <summary>How long requests are gathered after the last one came.</summary>
    public TimeSpan GatherFor { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long requests are gathered at most after the first one came.</summary>
    public TimeSpan GatherAtMost { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long no pod has asked for a port before pools are refilled.</summary>
    public TimeSpan RefillAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a set of labels that no pod has any more keeps its security group, for pods that come back.</summary>
    public TimeSpan GroupGrace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a network or subnet that was made twice, because an answer was lost, is left alone before it is removed.</summary>
    public TimeSpan SurplusGrace { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often everything is compared with the cloud.</summary>
    public TimeSpan ResyncPeriod { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many calls that do not depend on each other are under way at once.</summary>
    public int ParallelCalls { get; init; } = 16;

    /// <summary>The longest pause before the cloud is asked again after a failure.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);
}
