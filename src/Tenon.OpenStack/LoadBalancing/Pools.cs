using Tenon.Core;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>How pools choose members, as Octavia spells it.</summary>
public static class PoolAlgorithm
{
    /// <summary>In turn.</summary>
    public const string RoundRobin = "ROUND_ROBIN";

    /// <summary>The one with fewest connections.</summary>
    public const string LeastConnections = "LEAST_CONNECTIONS";

    /// <summary>By the client's address.</summary>
    public const string SourceIp = "SOURCE_IP";

    /// <summary>By the client's address and port; the only one of provider <c>ovn</c>.</summary>
    public const string SourceIpPort = "SOURCE_IP_PORT";
}

/// <summary>What keeps a client on its member.</summary>
/// <param name="Type"><c>SOURCE_IP</c>, <c>HTTP_COOKIE</c> or <c>APP_COOKIE</c>.</param>
public sealed record SessionPersistence(string Type)
{
    /// <summary>The cookie's name, for <c>APP_COOKIE</c>.</summary>
    public string? CookieName { get; init; }

    /// <summary>For UDP and SCTP: how long it lasts.</summary>
    public TimeSpan? PersistenceTimeout { get; init; }

    /// <summary>For UDP and SCTP: the mask that makes clients one, such as <c>255.255.255.0</c>.</summary>
    public string? PersistenceGranularity { get; init; }
}

/// <summary>An Octavia pool. Its members and monitor are read apart.</summary>
public sealed record Pool
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The load balancer it belongs to.</summary>
    public string LoadBalancerId { get; init; } = "";

    /// <summary>The listeners that send to it by default.</summary>
    public EquatableArray<string> ListenerIds { get; init; }

    /// <summary>See <see cref="LoadBalancerProtocol"/>.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>See <see cref="PoolAlgorithm"/>.</summary>
    public string Algorithm { get; init; } = "";

    /// <summary>What keeps a client on its member, or <see langword="null"/> for nothing.</summary>
    public SessionPersistence? SessionPersistence { get; init; }

    /// <summary>Its members.</summary>
    public EquatableArray<string> MemberIds { get; init; }

    /// <summary>Its monitor, or <see langword="null"/> for none.</summary>
    public string? HealthMonitorId { get; init; }

    /// <summary>Whether it is being changed.</summary>
    public ProvisioningStatus ProvisioningStatus { get; init; }

    /// <summary>How it does.</summary>
    public OperatingStatus OperatingStatus { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Whether it speaks TLS to members.</summary>
    public bool TlsEnabled { get; init; }

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>Which pools a list contains. Unset filters match all.</summary>
public sealed record PoolQuery
{
    /// <summary>Of this load balancer.</summary>
    public string? LoadBalancerId { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Any of these tags.</summary>
    public EquatableArray<string> TagsAny { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>Where a pool that is made alone belongs.</summary>
public abstract record PoolParent
{
    private PoolParent()
    {
    }

    /// <summary>To a load balancer; no listener sends to it yet.</summary>
    /// <param name="Id">The load balancer.</param>
    public sealed record OfLoadBalancer(string Id) : PoolParent;

    /// <summary>To a listener, as its default pool.</summary>
    /// <param name="Id">The listener.</param>
    public sealed record OfListener(string Id) : PoolParent;
}

/// <summary>A pool to be made, alone, with a listener or with a load balancer. A pool made alone takes members and monitor only where Octavia does.</summary>
public sealed record PoolCreate
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="LoadBalancerProtocol"/>.</summary>
    public required string Protocol { get; init; }

    /// <summary>See <see cref="PoolAlgorithm"/>.</summary>
    public required string Algorithm { get; init; }

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>What keeps a client on its member.</summary>
    public SessionPersistence? SessionPersistence { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Members made with it.</summary>
    public EquatableArray<MemberSpec> Members { get; init; }

    /// <summary>A monitor made with it.</summary>
    public HealthMonitorCreate? HealthMonitor { get; init; }

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>What changes of a pool; fields left unset stay as they are.</summary>
public sealed record PoolUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>A text for people.</summary>
    public Optional<string> Description { get; init; }

    /// <summary>See <see cref="PoolAlgorithm"/>.</summary>
    public Optional<string> Algorithm { get; init; }

    /// <summary>What keeps a client on its member; <see langword="null"/> for nothing.</summary>
    public Optional<SessionPersistence?> SessionPersistence { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public Optional<bool> AdminStateUp { get; init; }

    /// <summary>All tags.</summary>
    public Optional<EquatableArray<string>> Tags { get; init; }
}

/// <summary>An Octavia member.</summary>
public sealed record Member
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>The address.</summary>
    public string Address { get; init; } = "";

    /// <summary>The port.</summary>
    public int ProtocolPort { get; init; }

    /// <summary>Its share, 0 to 256; 0 takes no new connection.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>The subnet that leads to it, or <see langword="null"/> for the VIP's.</summary>
    public string? SubnetId { get; init; }

    /// <summary>Where it is asked about its health, when elsewhere.</summary>
    public string? MonitorAddress { get; init; }

    /// <summary>Where it is asked about its health, when elsewhere.</summary>
    public int? MonitorPort { get; init; }

    /// <summary>Whether it is used only when all others are down.</summary>
    public bool Backup { get; init; }

    /// <summary>Whether it is being changed.</summary>
    public ProvisioningStatus ProvisioningStatus { get; init; }

    /// <summary>How it does.</summary>
    public OperatingStatus OperatingStatus { get; init; }

    /// <summary>Whether it is used.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>A member as it shall be, in creates and batch updates, where address and port are its identity.</summary>
public sealed record MemberSpec
{
    /// <summary>The address.</summary>
    public required string Address { get; init; }

    /// <summary>The port.</summary>
    public required int ProtocolPort { get; init; }

    /// <summary>The name.</summary>
    public string Name { get; init; } = "";

    /// <summary>Its share; <see langword="null"/> is Octavia's default, 1.</summary>
    public int? Weight { get; init; }

    /// <summary>The subnet that leads to it.</summary>
    public string? SubnetId { get; init; }

    /// <summary>Where it is asked about its health, when elsewhere.</summary>
    public string? MonitorAddress { get; init; }

    /// <summary>Where it is asked about its health, when elsewhere.</summary>
    public int? MonitorPort { get; init; }

    /// <summary>Whether it is used only when all others are down; <see langword="null"/> leaves the field out.</summary>
    public bool? Backup { get; init; }

    /// <summary>Whether it is used.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>What changes of a member; fields left unset stay as they are.</summary>
public sealed record MemberUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>Its share.</summary>
    public Optional<int> Weight { get; init; }

    /// <summary>Whether it is used.</summary>
    public Optional<bool> AdminStateUp { get; init; }

    /// <summary>Where it is asked about its health; <see langword="null"/> at its own address.</summary>
    public Optional<string?> MonitorAddress { get; init; }

    /// <summary>Where it is asked about its health; <see langword="null"/> at its own port.</summary>
    public Optional<int?> MonitorPort { get; init; }
}
