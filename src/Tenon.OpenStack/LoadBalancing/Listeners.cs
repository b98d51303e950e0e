using Tenon.Core;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>What listeners and pools speak, as Octavia spells it.</summary>
public static class LoadBalancerProtocol
{
    /// <summary>TCP.</summary>
    public const string Tcp = "TCP";

    /// <summary>UDP.</summary>
    public const string Udp = "UDP";

    /// <summary>SCTP.</summary>
    public const string Sctp = "SCTP";

    /// <summary>HTTP.</summary>
    public const string Http = "HTTP";

    /// <summary>HTTPS passed through.</summary>
    public const string Https = "HTTPS";

    /// <summary>HTTPS ended at a listener.</summary>
    public const string TerminatedHttps = "TERMINATED_HTTPS";

    /// <summary>The PROXY protocol towards members, for pools.</summary>
    public const string Proxy = "PROXY";

    /// <summary>The PROXY protocol, version 2, towards members, for pools.</summary>
    public const string ProxyV2 = "PROXYV2";
}

/// <summary>An Octavia listener.</summary>
public sealed record Listener
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

    /// <summary>See <see cref="LoadBalancerProtocol"/>.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>The port it listens on.</summary>
    public int ProtocolPort { get; init; }

    /// <summary>Whether it is being changed.</summary>
    public ProvisioningStatus ProvisioningStatus { get; init; }

    /// <summary>How it does.</summary>
    public OperatingStatus OperatingStatus { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>The most connections; -1 is no limit.</summary>
    public int ConnectionLimit { get; init; } = -1;

    /// <summary>The pool it sends to, or <see langword="null"/> for none.</summary>
    public string? DefaultPoolId { get; init; }

    /// <summary>Who may connect; empty is everybody.</summary>
    public EquatableArray<string> AllowedCidrs { get; init; }

    /// <summary>Headers added to requests, ordered by name, such as <c>X-Forwarded-For: true</c>.</summary>
    public EquatableArray<KeyValuePair<string, string>> InsertHeaders { get; init; }

    /// <summary>The client's silence that ends a connection; <see langword="null"/> where the cloud does not say.</summary>
    public TimeSpan? TimeoutClientData { get; init; }

    /// <summary>The wait for a member's connection.</summary>
    public TimeSpan? TimeoutMemberConnect { get; init; }

    /// <summary>The member's silence that ends a connection.</summary>
    public TimeSpan? TimeoutMemberData { get; init; }

    /// <summary>The wait for content to inspect.</summary>
    public TimeSpan? TimeoutTcpInspect { get; init; }

    /// <summary>The certificate of a TERMINATED_HTTPS listener.</summary>
    public string? DefaultTlsContainerRef { get; init; }

    /// <summary>Further certificates, chosen by server name.</summary>
    public EquatableArray<string> SniContainerRefs { get; init; }

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>Which listeners a list contains. Unset filters match all.</summary>
public sealed record ListenerQuery
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

/// <summary>A listener to be made, alone or as part of a load balancer.</summary>
public sealed record ListenerCreate
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="LoadBalancerProtocol"/>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The port it listens on.</summary>
    public required int ProtocolPort { get; init; }

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>The most connections; -1 is no limit, <see langword="null"/> the cloud's default.</summary>
    public int? ConnectionLimit { get; init; }

    /// <summary>A pool made with it; not together with <see cref="DefaultPoolId"/>.</summary>
    public PoolCreate? DefaultPool { get; init; }

    /// <summary>A pool that is there.</summary>
    public string? DefaultPoolId { get; init; }

    /// <summary>Who may connect; <see langword="null"/> leaves the field out, which every provider takes.</summary>
    public EquatableArray<string>? AllowedCidrs { get; init; }

    /// <summary>Headers added to requests.</summary>
    public EquatableArray<KeyValuePair<string, string>> InsertHeaders { get; init; }

    /// <summary>The client's silence that ends a connection.</summary>
    public TimeSpan? TimeoutClientData { get; init; }

    /// <summary>The wait for a member's connection.</summary>
    public TimeSpan? TimeoutMemberConnect { get; init; }

    /// <summary>The member's silence that ends a connection.</summary>
    public TimeSpan? TimeoutMemberData { get; init; }

    /// <summary>The wait for content to inspect.</summary>
    public TimeSpan? TimeoutTcpInspect { get; init; }

    /// <summary>The certificate of a TERMINATED_HTTPS listener.</summary>
    public string? DefaultTlsContainerRef { get; init; }

    /// <summary>Further certificates, chosen by server name.</summary>
    public EquatableArray<string> SniContainerRefs { get; init; }

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>What changes of a listener; fields left unset stay as they are, <see langword="null"/> resets to the cloud's default.</summary>
public sealed record ListenerUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>A text for people.</summary>
    public Optional<string> Description { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public Optional<bool> AdminStateUp { get; init; }

    /// <summary>The most connections; -1 is no limit.</summary>
    public Optional<int?> ConnectionLimit { get; init; }

    /// <summary>
    /// The pool it sends to; <see langword="null"/> for none. Provider <c>ovn</c> of Zed fails on null and leaves the load balancer
    /// in PENDING_UPDATE for ever: delete the pool or the listener instead.
    /// </summary>
    public Optional<string?> DefaultPoolId { get; init; }

    /// <summary>Who may connect; <see langword="null"/> is everybody.</summary>
    public Optional<EquatableArray<string>?> AllowedCidrs { get; init; }

    /// <summary>All inserted headers; <see langword="null"/> for none.</summary>
    public Optional<EquatableArray<KeyValuePair<string, string>>?> InsertHeaders { get; init; }

    /// <summary>The client's silence that ends a connection.</summary>
    public Optional<TimeSpan?> TimeoutClientData { get; init; }

    /// <summary>The wait for a member's connection.</summary>
    public Optional<TimeSpan?> TimeoutMemberConnect { get; init; }

    /// <summary>The member's silence that ends a connection.</summary>
    public Optional<TimeSpan?> TimeoutMemberData { get; init; }

    /// <summary>The wait for content to inspect.</summary>
    public Optional<TimeSpan?> TimeoutTcpInspect { get; init; }

    /// <summary>The certificate of a TERMINATED_HTTPS listener.</summary>
    public Optional<string?> DefaultTlsContainerRef { get; init; }

    /// <summary>Further certificates.</summary>
    public Optional<EquatableArray<string>?> SniContainerRefs { get; init; }

    /// <summary>All tags.</summary>
    public Optional<EquatableArray<string>> Tags { get; init; }
}
