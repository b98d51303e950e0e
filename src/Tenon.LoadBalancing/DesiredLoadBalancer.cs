using Tenon.Core;

namespace Tenon.LoadBalancing;

/// <summary>
/// A load balancer as one owner (a Service) wants it: where its address comes from, its listeners with their pools,
/// members and monitors, its floating IP and its security group. Who the members are does not matter here.
/// </summary>
public sealed record DesiredLoadBalancer
{
    /// <summary>What the description of every floating IP begins with that was made for an owner, <c>namespace/name</c>, of any cluster.</summary>
    public const string FloatingIpPrefix = "Floating IP for Kubernetes external service ";

    /// <summary>The name of the load balancer that the owner would make for itself, at most 255 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The tag that marks what belongs to the owner; it is the name that the owner's own load balancer has.</summary>
    public required string OwnerTag { get; init; }

    /// <summary>Names, and with them tags, under which an earlier controller may have made the same; found, they are kept.</summary>
    public EquatableArray<string> FormerNames { get; init; }

    /// <summary>
    /// What a load balancer's name ends with when it was made for the same owner under another cluster name
    /// (<c>_namespace_name</c>); such a one, given by <see cref="Id"/>, is renamed. <see langword="null"/>: never.
    /// </summary>
    public string? RenamableSuffix { get; init; }

    /// <summary>The load balancer to use, by ID; <see langword="null"/>: the one of the name, made if missing.</summary>
    public string? Id { get; init; }

    /// <summary>Whether the owner has already published an address: such a load balancer is never replaced when it fails.</summary>
    public bool WasServed { get; init; }

    /// <summary>The description of a new load balancer.</summary>
    public string Description { get; init; } = "";

    /// <summary>The Octavia provider of a new load balancer; <see langword="null"/> is the cloud's default.</summary>
    public string? Provider { get; init; }

    /// <summary>The flavour of a new load balancer.</summary>
    public string? FlavorId { get; init; }

    /// <summary>The Octavia availability zone of a new load balancer.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Where the virtual address of a new load balancer comes from.</summary>
    public VipPlacement Vip { get; init; } = new();

    /// <summary>Subnets of further virtual addresses of a new load balancer, on the same network (Octavia 2.26).</summary>
    public EquatableArray<string> AdditionalVipSubnetIds { get; init; }

    /// <summary>Tags of a new load balancer besides <see cref="OwnerTag"/>; never demanded of one that is there.</summary>
    public EquatableArray<string> ExtraTags { get; init; }

    /// <summary>Tags that must not stay on the load balancer (marks of the collector).</summary>
    public string? UnwantedTagPrefix { get; init; }

    /// <summary>Whether the cloud's Octavia has tags at all (2.5).</summary>
    public bool TagsSupported { get; init; } = true;

    /// <summary>The owner's listeners, in the order of its ports.</summary>
    public EquatableArray<DesiredListener> Listeners { get; init; }

    /// <summary>The floating IP; <see langword="null"/>: the load balancer is internal and must not have one.</summary>
    public DesiredFloatingIp? FloatingIp { get; init; }

    /// <summary>What the description of a floating IP begins with that was made for this owner, and that may be deleted.</summary>
    public string OwnFloatingIpPrefix { get; init; } = "\0";

    /// <summary>Whether floating IPs are only taken off, never deleted.</summary>
    public bool KeepFloatingIp { get; init; }

    /// <summary>The security group on the members' ports; <see langword="null"/>: none, and one that is there is removed.</summary>
    public DesiredSecurityGroup? SecurityGroup { get; init; }

    /// <summary>The names that the owner's security group may have, for its removal.</summary>
    public EquatableArray<string> SecurityGroupNames { get; init; }

    /// <summary>How the parts of a tree are made.</summary>
    public BuildMode Build { get; init; } = BuildMode.Populated;

    /// <summary>How many owners may share one load balancer.</summary>
    public int MaxSharers { get; init; } = 2;

    /// <summary>What tags that mark an owner begin with.</summary>
    public string OwnerTagPrefix { get; init; } = "kube_service_";

    /// <summary>Whether a load balancer or listener tag marks it as this owner's.</summary>
    internal bool IsOwn(EquatableArray<string> tags) => tags.Contains(OwnerTag) || FormerNames.Any(tags.Contains);
}

/// <summary>How a load balancer's tree is built.</summary>
public enum BuildMode
{
    /// <summary>All in the one request that makes the load balancer; members in one request a pool.</summary>
    Populated,

    /// <summary>As <see cref="Populated"/>, but health monitors one by one afterwards: the provider forgets them in the populated request.</summary>
    PopulatedWithoutMonitors,

    /// <summary>Each part, and each member, in a request of its own.</summary>
    Serial,
}

/// <summary>Where a virtual address comes from: a port, or a subnet, or a network; the address itself may be asked for.</summary>
public sealed record VipPlacement
{
    /// <summary>A Neutron port made beforehand; the others are then ignored.</summary>
    public string? PortId { get; init; }

    /// <summary>The subnet.</summary>
    public string? SubnetId { get; init; }

    /// <summary>The network.</summary>
    public string? NetworkId { get; init; }

    /// <summary>The wanted address.</summary>
    public string? Address { get; init; }

    /// <summary>Whether somebody else gave <see cref="Address"/> to the owner, so that a load balancer with another is of no use and is replaced.</summary>
    public bool IsFixed { get; init; }
}

/// <summary>A listener and the pool it sends to.</summary>
public sealed record DesiredListener
{
    /// <summary>The name of a new listener.</summary>
    public required string Name { get; init; }

    /// <summary>The protocol, as Octavia spells it.</summary>
    public required string Protocol { get; init; }

    /// <summary>The port.</summary>
    public required int Port { get; init; }

    /// <summary>The most connections; -1 is no limit.</summary>
    public int ConnectionLimit { get; init; } = -1;

    /// <summary>The four timeouts; <see langword="null"/> where the cloud or the provider has none.</summary>
    public ListenerTimeouts? Timeouts { get; init; }

    /// <summary>Whether <c>X-Forwarded-For</c> is inserted.</summary>
    public bool ForwardedFor { get; init; }

    /// <summary>The certificate of a listener that terminates TLS.</summary>
    public string? TlsContainerRef { get; init; }

    /// <summary>Who may connect; <see langword="null"/> where the cloud or the provider cannot tell.</summary>
    public EquatableArray<string>? AllowedCidrs { get; init; }

    /// <summary>The pool.</summary>
    public required DesiredPool Pool { get; init; }
}

/// <summary>A listener's timeouts.</summary>
/// <param name="ClientData">The client's silence that ends a connection.</param>
/// <param name="MemberConnect">The wait for a member's connection.</param>
/// <param name="MemberData">The member's silence that ends a connection.</param>
/// <param name="TcpInspect">The wait for content to inspect.</param>
public sealed record ListenerTimeouts(TimeSpan ClientData, TimeSpan MemberConnect, TimeSpan MemberData, TimeSpan TcpInspect);

/// <summary>A pool with its members and monitor.</summary>
public sealed record DesiredPool
{
    /// <summary>The name of a new pool.</summary>
    public required string Name { get; init; }

    /// <summary>The protocol, as Octavia spells it.</summary>
    public required string Protocol { get; init; }

    /// <summary>The algorithm, as Octavia spells it.</summary>
    public required string Algorithm { get; init; }

    /// <summary>Whether a client stays with a member, by its address.</summary>
    public bool SourceIpPersistence { get; init; }

    /// <summary>The members.</summary>
    public required MemberSet Members { get; init; }

    /// <summary>The health monitor; <see langword="null"/> for none.</summary>
    public DesiredMonitor? Monitor { get; init; }
}

/// <summary>A health monitor.</summary>
public sealed record DesiredMonitor
{
    /// <summary>The name of a new monitor.</summary>
    public required string Name { get; init; }

    /// <summary>The type, as Octavia spells it.</summary>
    public required string Type { get; init; }

    /// <summary>Between two probes, in whole seconds.</summary>
    public required TimeSpan Delay { get; init; }

    /// <summary>How long a probe may take, in whole seconds.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Successes until a member counts as up.</summary>
    public required int MaxRetries { get; init; }

    /// <summary>Failures until a member counts as down.</summary>
    public required int MaxRetriesDown { get; init; }

    /// <summary>The path of HTTP probes.</summary>
    public string? UrlPath { get; init; }
}

/// <summary>The floating IP of a load balancer.</summary>
public sealed record DesiredFloatingIp
{
    /// <summary>The external network; <see langword="null"/> when none is known: the load balancer stays internal.</summary>
    public string? NetworkId { get; init; }

    /// <summary>Subnets of the external network to try in this order; empty leaves it to Neutron.</summary>
    public EquatableArray<string> SubnetIds { get; init; }

    /// <summary>The wanted address.</summary>
    public string? Address { get; init; }

    /// <summary>The description of a new floating IP; a free one with the very same is taken before a new one is made.</summary>
    public required string Description { get; init; }
}

/// <summary>A security group on the ports of the members.</summary>
public sealed record DesiredSecurityGroup
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The description of a new group.</summary>
    public string Description { get; init; } = "";

    /// <summary>What it lets in.</summary>
    public EquatableArray<IngressRule> Rules { get; init; }

    /// <summary>The Neutron ports that carry it.</summary>
    public EquatableArray<string> PortIds { get; init; }

    /// <summary>Tags of a new group.</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>A rule that lets traffic in.</summary>
/// <param name="EtherType"><c>IPv4</c> or <c>IPv6</c>.</param>
/// <param name="Protocol"><c>tcp</c>, <c>udp</c>, <c>sctp</c>.</param>
/// <param name="Port">The port.</param>
/// <param name="Cidr">From where.</param>
public sealed record IngressRule(string EtherType, string Protocol, int Port, string Cidr)
{
    /// <summary><c>tcp 30080 from 10.0.0.0/24</c>.</summary>
    public override string ToString() => $"{Protocol} {Port} from {Cidr}";
}
