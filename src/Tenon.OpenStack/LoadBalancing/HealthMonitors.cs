using Tenon.Core;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>What monitors ask, as Octavia spells it.</summary>
public static class HealthMonitorType
{
    /// <summary>A TCP connection.</summary>
    public const string Tcp = "TCP";

    /// <summary>A UDP datagram that meets no refusal.</summary>
    public const string UdpConnect = "UDP-CONNECT";

    /// <summary>An HTTP request.</summary>
    public const string Http = "HTTP";

    /// <summary>An HTTPS request.</summary>
    public const string Https = "HTTPS";

    /// <summary>An ICMP echo.</summary>
    public const string Ping = "PING";

    /// <summary>A TLS hello.</summary>
    public const string TlsHello = "TLS-HELLO";

    /// <summary>An SCTP association.</summary>
    public const string Sctp = "SCTP";
}

/// <summary>An Octavia health monitor.</summary>
public sealed record HealthMonitor
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The pool it watches.</summary>
    public string PoolId { get; init; } = "";

    /// <summary>See <see cref="HealthMonitorType"/>.</summary>
    public string Type { get; init; } = "";

    /// <summary>The time between two questions.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The wait for an answer.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Successes that make a member ONLINE, 1 to 10.</summary>
    public int MaxRetries { get; init; }

    /// <summary>Failures that make a member ERROR, 1 to 10.</summary>
    public int MaxRetriesDown { get; init; }

    /// <summary>The path of HTTP questions.</summary>
    public string? UrlPath { get; init; }

    /// <summary>The method of HTTP questions.</summary>
    public string? HttpMethod { get; init; }

    /// <summary>Statuses that count as success: <c>200</c>, <c>200,204</c> or <c>200-299</c>.</summary>
    public string? ExpectedCodes { get; init; }

    /// <summary>Whether it is being changed.</summary>
    public ProvisioningStatus ProvisioningStatus { get; init; }

    /// <summary>How it does.</summary>
    public OperatingStatus OperatingStatus { get; init; }

    /// <summary>Whether it asks.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>Which monitors a list contains. Unset filters match all.</summary>
public sealed record HealthMonitorQuery
{
    /// <summary>Of this pool.</summary>
    public string? PoolId { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>A monitor to be made, alone or as part of a pool.</summary>
public sealed record HealthMonitorCreate
{
    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>See <see cref="HealthMonitorType"/>.</summary>
    public required string Type { get; init; }

    /// <summary>The time between two questions, in whole seconds.</summary>
    public required TimeSpan Delay { get; init; }

    /// <summary>The wait for an answer, in whole seconds, less than <see cref="Delay"/>.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Successes that make a member ONLINE, 1 to 10.</summary>
    public required int MaxRetries { get; init; }

    /// <summary>Failures that make a member ERROR, 1 to 10; <see langword="null"/> is Octavia's default, 3.</summary>
    public int? MaxRetriesDown { get; init; }

    /// <summary>The path of HTTP questions.</summary>
    public string? UrlPath { get; init; }

    /// <summary>The method of HTTP questions.</summary>
    public string? HttpMethod { get; init; }

    /// <summary>Statuses that count as success.</summary>
    public string? ExpectedCodes { get; init; }

    /// <summary>Whether it asks.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>What changes of a monitor; fields left unset stay as they are. The type cannot change.</summary>
public sealed record HealthMonitorUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>The time between two questions.</summary>
    public Optional<TimeSpan> Delay { get; init; }

    /// <summary>The wait for an answer.</summary>
    public Optional<TimeSpan> Timeout { get; init; }

    /// <summary>Successes that make a member ONLINE.</summary>
    public Optional<int> MaxRetries { get; init; }

    /// <summary>Failures that make a member ERROR.</summary>
    public Optional<int> MaxRetriesDown { get; init; }

    /// <summary>The path of HTTP questions.</summary>
    public Optional<string?> UrlPath { get; init; }

    /// <summary>The method of HTTP questions.</summary>
    public Optional<string?> HttpMethod { get; init; }

    /// <summary>Statuses that count as success.</summary>
    public Optional<string?> ExpectedCodes { get; init; }

    /// <summary>Whether it asks.</summary>
    public Optional<bool> AdminStateUp { get; init; }

    /// <summary>All tags.</summary>
    public Optional<EquatableArray<string>> Tags { get; init; }
}
