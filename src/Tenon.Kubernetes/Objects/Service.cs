namespace Tenon.Kubernetes.Objects;

/// <summary>A core/v1 Service.</summary>
public sealed record Service : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Service", "services", Namespaced: true);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Service</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What the user asks for.</summary>
    public ServiceSpec Spec { get => field ?? new(); init; }

    /// <summary>What was given.</summary>
    public ServiceStatus Status { get => field ?? new(); init; }
}

/// <summary>What a Service asks for.</summary>
public sealed record ServiceSpec
{
    /// <summary><c>ClusterIP</c>, <c>NodePort</c>, <c>LoadBalancer</c> or <c>ExternalName</c>.</summary>
    public string? Type { get; init; }

    /// <summary>The ports.</summary>
    public IReadOnlyList<ServicePort> Ports { get => field ?? []; init; }

    /// <summary>The labels of the pods that serve; empty when somebody else writes the endpoints.</summary>
    public IReadOnlyDictionary<string, string> Selector { get => field ?? Empty.Map; init; }

    /// <summary>The first virtual IP, or <c>None</c> for a headless Service.</summary>
    public string? ClusterIP { get; init; }

    /// <summary>The virtual IPs, at most one a family.</summary>
    public IReadOnlyList<string> ClusterIPs { get => field ?? []; init; }

    /// <summary>Addresses that others route to the nodes.</summary>
    public IReadOnlyList<string> ExternalIPs { get => field ?? []; init; }

    /// <summary><c>IPv4</c> and <c>IPv6</c>, the primary one first.</summary>
    public IReadOnlyList<string> IpFamilies { get => field ?? []; init; }

    /// <summary><c>SingleStack</c>, <c>PreferDualStack</c> or <c>RequireDualStack</c>.</summary>
    public string? IpFamilyPolicy { get; init; }

    /// <summary>The address that the load balancer should have (deprecated in Kubernetes, still in use).</summary>
    public string? LoadBalancerIP { get; init; }

    /// <summary>The CIDRs from which clients may come.</summary>
    public IReadOnlyList<string> LoadBalancerSourceRanges { get => field ?? []; init; }

    /// <summary>Which implementation serves a Service of type LoadBalancer; unset means the cluster's default.</summary>
    public string? LoadBalancerClass { get; init; }

    /// <summary>Whether node ports are allocated for a load balancer; unset means yes.</summary>
    public bool? AllocateLoadBalancerNodePorts { get; init; }

    /// <summary><c>Cluster</c> or <c>Local</c>.</summary>
    public string? ExternalTrafficPolicy { get; init; }

    /// <summary><c>Cluster</c> or <c>Local</c>.</summary>
    public string? InternalTrafficPolicy { get; init; }

    /// <summary>A preference for near endpoints, such as <c>PreferClose</c>.</summary>
    public string? TrafficDistribution { get; init; }

    /// <summary>The node port on which the health of <c>Local</c> endpoints is asked.</summary>
    public int HealthCheckNodePort { get; init; }

    /// <summary><c>None</c> or <c>ClientIP</c>.</summary>
    public string? SessionAffinity { get; init; }

    /// <summary>Details of the affinity.</summary>
    public SessionAffinityConfig? SessionAffinityConfig { get; init; }

    /// <summary>Whether endpoints are published before they are ready.</summary>
    public bool PublishNotReadyAddresses { get; init; }

    /// <summary>The name to which an <c>ExternalName</c> Service refers.</summary>
    public string? ExternalName { get; init; }
}

/// <summary>One port of a Service.</summary>
public sealed record ServicePort
{
    /// <summary>The port's name; may be empty when there is one port.</summary>
    public string? Name { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>; <c>TCP</c> when unset.</summary>
    public string Protocol { get => field ?? "TCP"; init; }

    /// <summary>The application protocol, such as <c>kubernetes.io/h2c</c>.</summary>
    public string? AppProtocol { get; init; }

    /// <summary>The port on the virtual IP.</summary>
    public int Port { get; init; }

    /// <summary>The pods' port, by number or name; the same as <see cref="Port"/> when unset.</summary>
    public IntOrString? TargetPort { get; init; }

    /// <summary>The port on every node; 0 when there is none.</summary>
    public int NodePort { get; init; }
}

/// <summary>Details of a Service's session affinity.</summary>
public sealed record SessionAffinityConfig
{
    /// <summary>Affinity by the client's address.</summary>
    public ClientIPConfig? ClientIP { get; init; }
}

/// <summary>Affinity by the client's address.</summary>
public sealed record ClientIPConfig
{
    /// <summary>How long a client stays bound, in seconds; 10800 when unset.</summary>
    public int? TimeoutSeconds { get; init; }
}

/// <summary>What was given to a Service.</summary>
public sealed record ServiceStatus
{
    /// <summary>The load balancer's addresses.</summary>
    public LoadBalancerStatus LoadBalancer { get => field ?? new(); init; }

    /// <summary>The Service's conditions.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }
}

/// <summary>A load balancer's addresses.</summary>
public sealed record LoadBalancerStatus
{
    /// <summary>The addresses and names at which clients reach it.</summary>
    public IReadOnlyList<LoadBalancerIngress> Ingress { get => field ?? []; init; }
}

/// <summary>One address or name of a load balancer.</summary>
public sealed record LoadBalancerIngress
{
    /// <summary>The address.</summary>
    public string? Ip { get; init; }

    /// <summary>The name.</summary>
    public string? Hostname { get; init; }

    /// <summary><c>VIP</c> (nodes may short-cut the address) or <c>Proxy</c> (they must not).</summary>
    public string? IpMode { get; init; }

    /// <summary>The ports that were opened.</summary>
    public IReadOnlyList<PortStatus> Ports { get => field ?? []; init; }
}

/// <summary>One port that was opened on a load balancer.</summary>
public sealed record PortStatus
{
    /// <summary>The port.</summary>
    public int Port { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</summary>
    public string Protocol { get => field ?? ""; init; }

    /// <summary>What is wrong with it.</summary>
    public string? Error { get; init; }
}
