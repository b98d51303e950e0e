using Tenon.Core;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>How a pool tells members who the client is.</summary>
public enum ProxyProtocolVersion
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>By the PROXY protocol, version 1.</summary>
    V1,

    /// <summary>By the PROXY protocol, version 2.</summary>
    V2,
}

/// <summary>A port of a Service.</summary>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
/// <param name="Port">The port on the load balancer.</param>
/// <param name="NodePort">The port on the nodes; 0 when none is allocated.</param>
public sealed record ServicePortSettings(string Protocol, int Port, int NodePort);

/// <summary>
/// What a Service of type LoadBalancer asks for: its spec and annotations on top of the configuration, parsed once. See
/// <see cref="LoadBalancerSettingsParser"/> for how, and for what happens to values that cannot be used.
/// </summary>
public sealed record LoadBalancerSettings
{
    /// <summary>The Service.</summary>
    public required NamespacedName Service { get; init; }

    /// <summary>The Service's UID.</summary>
    public required string Uid { get; init; }

    /// <summary>The ports.</summary>
    public required EquatableArray<ServicePortSettings> Ports { get; init; }

    /// <summary>The IP families in the order of preference: <c>IPv4</c>, <c>IPv6</c>; empty when the API server does not say.</summary>
    public EquatableArray<string> IpFamilies { get; init; }

    /// <summary>Whether the Service cannot do without its second family.</summary>
    public bool RequiresDualStack { get; init; }

    /// <summary>Whether there is to be no floating IP.</summary>
    public bool Internal { get; init; }

    /// <summary>The load balancer to use.</summary>
    public string? LoadBalancerId { get; init; }

    /// <summary>The address that <c>spec.loadBalancerIP</c> asks for.</summary>
    public string? LoadBalancerIp { get; init; }

    /// <summary>Whether an address was published already.</summary>
    public bool WasServed { get; init; }

    /// <summary>The VIP's port.</summary>
    public string? PortId { get; init; }

    /// <summary>The VIP's subnet.</summary>
    public string? SubnetId { get; init; }

    /// <summary>The VIP's network.</summary>
    public string? NetworkId { get; init; }

    /// <summary>The members' subnet.</summary>
    public string? MemberSubnetId { get; init; }

    /// <summary>The external network.</summary>
    public string? FloatingNetworkId { get; init; }

    /// <summary>The external subnet.</summary>
    public string? FloatingSubnetId { get; init; }

    /// <summary>Which external subnets may be used, when none is given by ID.</summary>
    public SubnetPattern? FloatingSubnets { get; init; }

    /// <summary>Whether the floating IP survives the Service.</summary>
    public bool KeepFloatingIp { get; init; }

    /// <summary>The most connections of a listener; -1 is no limit.</summary>
    public int ConnectionLimit { get; init; } = -1;

    /// <summary>The algorithm; <see langword="null"/> is the provider's usual one.</summary>
    public string? Method { get; init; }

    /// <summary>The PROXY protocol.</summary>
    public ProxyProtocolVersion ProxyProtocol { get; init; }

    /// <summary>Whether <c>X-Forwarded-For</c> is inserted.</summary>
    public bool ForwardedFor { get; init; }

    /// <summary>The certificate of listeners that terminate TLS.</summary>
    public string? TlsContainerRef { get; init; }

    /// <summary>The client's silence that ends a connection.</summary>
    public TimeSpan TimeoutClientData { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The wait for a member's connection.</summary>
    public TimeSpan TimeoutMemberConnect { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The member's silence that ends a connection.</summary>
    public TimeSpan TimeoutMemberData { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>The wait for content to inspect.</summary>
    public TimeSpan TimeoutTcpInspect { get; init; }

    /// <summary>Whether any timeout is asked for by annotation.</summary>
    public bool AsksForTimeouts { get; init; }

    /// <summary>Who may connect, as networks; empty is everybody.</summary>
    public EquatableArray<string> SourceRanges { get; init; }

    /// <summary>Whether a client stays with a member.</summary>
    public bool ClientIpAffinity { get; init; }

    /// <summary>Whether pools have health monitors.</summary>
    public bool Monitor { get; init; }

    /// <summary>Between two probes.</summary>
    public TimeSpan MonitorDelay { get; init; }

    /// <summary>How long a probe may take.</summary>
    public TimeSpan MonitorTimeout { get; init; }

    /// <summary>Successes until a member counts as up.</summary>
    public int MonitorMaxRetries { get; init; }

    /// <summary>Failures until a member counts as down.</summary>
    public int MonitorMaxRetriesDown { get; init; }

    /// <summary>The node port on which nodes tell whether they have endpoints, for externalTrafficPolicy Local with monitors; else 0.</summary>
    public int HealthCheckNodePort { get; init; }

    /// <summary>The node port that security groups open for health checks, monitors or not; else 0.</summary>
    public int OpenHealthCheckNodePort { get; init; }

    /// <summary>The Octavia flavour.</summary>
    public string? FlavorId { get; init; }

    /// <summary>The Octavia availability zone.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Which nodes become members.</summary>
    public NodeSelector NodeSelector { get; init; } = NodeSelector.Everything;

    /// <summary>The host name to publish instead of the address.</summary>
    public string? Hostname { get; init; }

    /// <summary>Whether <see cref="LoadBalancerIp"/> is a VIP's address, not a floating IP's: there is no floating IP for it.</summary>
    public bool IsVipAddress => LoadBalancerIp is { } address && (Internal || address.Contains(':', StringComparison.Ordinal));

    /// <summary>Whether a provider must understand HTTP, or the PROXY protocol.</summary>
    public bool NeedsL7 => ForwardedFor || TlsContainerRef is not null || ProxyProtocol is not ProxyProtocolVersion.None;
}
