using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Tenon.Sandbox;

/// <summary>What a sandbox looks like when it starts. Everything listens on 127.0.0.1 only.</summary>
public sealed record SandboxOptions
{
    /// <summary>How many servers (and simulated nodes) node-1..node-N there are.</summary>
    public int Nodes { get; init; } = 3;

    /// <summary>Over how many availability zones az1..azZ the servers are spread, in turn.</summary>
    public int Zones { get; init; } = 3;

    /// <summary>The regions of the cloud; the default world is in the first, the others have networks, flavors and images but no servers.</summary>
    public ImmutableArray<string> Regions { get; init; } = ["RegionOne"];

    /// <summary>Whether the seeded networks have an IPv6 subnet each as well.</summary>
    public bool DualStack { get; init; }

    /// <summary>Whether anything is seeded beyond accounts, roles, catalog, flavors and images.</summary>
    public bool SeedWorld { get; init; } = true;

    /// <summary>Latency added to each call of an OpenStack service that <see cref="ServiceLatency"/> does not name.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Latency by service: identity, compute, network, load-balancer, image, placement, kubernetes.</summary>
    public ImmutableDictionary<string, TimeSpan> ServiceLatency { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>How long resources stay in their transitional states.</summary>
    public SandboxDelays Delays { get; init; } = new();

    /// <summary>How long a token is valid.</summary>
    public TimeSpan TokenLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The clock of everything that the sandbox does.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where failures of the cluster's control loops are written.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Advances <see cref="TimeProvider"/> where it is a manual one; serves <c>POST /_sandbox/clock</c>.</summary>
    public Action<TimeSpan>? AdvanceClock { get; init; }

    /// <summary>Which Kubernetes controllers run: <c>all</c>, <c>none</c>, or their names separated by commas.</summary>
    public string Controllers { get; init; } = "all";

    /// <summary>Octavia's providers; the first is the default.</summary>
    public ImmutableArray<string> LoadBalancerProviders { get; init; } = ["amphora", "ovn"];

    /// <summary>The minor version of Octavia's API, 2.0 to 2.26; before 2.26 there are no additional VIPs.</summary>
    public int LoadBalancerApiMinor { get; init; } = 26;

    /// <summary>Neutron extension aliases that this cloud lacks (for instance <c>extraroute-atomic</c>, which the real OVN driver of Zed lacks).</summary>
    public ImmutableArray<string> DisabledNetworkExtensions { get; init; } = [];

    /// <summary>The port of the OpenStack services and the control endpoint; 0 lets the system choose.</summary>
    public int OpenStackPort { get; init; }

    /// <summary>The port of the Kubernetes API; 0 lets the system choose.</summary>
    public int KubernetesPort { get; init; }
}

/// <summary>
/// How long resources stay in their transitional states. Zero means that the answer to the request still shows the
/// transitional state and every later request the final one.
/// </summary>
public sealed record SandboxDelays
{
    /// <summary>A server from BUILD to ACTIVE, and its actions.</summary>
    public TimeSpan Server { get; init; }

    /// <summary>A load balancer, and whatever of its tree changes, from PENDING to ACTIVE.</summary>
    public TimeSpan LoadBalancer { get; init; }

    /// <summary>The same for single providers, by name; where a provider is named, <see cref="LoadBalancer"/> does not hold.</summary>
    public ImmutableDictionary<string, TimeSpan> LoadBalancerByProvider { get; init; } = ImmutableDictionary<string, TimeSpan>.Empty;

    /// <summary>A port from DOWN to ACTIVE.</summary>
    public TimeSpan Port { get; init; }
}
