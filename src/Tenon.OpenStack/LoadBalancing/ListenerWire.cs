using System.Text.Json.Serialization;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.LoadBalancing;

internal sealed record ListenersWire(ListenerWire[]? Listeners, LinkWire[]? ListenersLinks) : IPage<ListenerWire>
{
    IReadOnlyList<ListenerWire> IPage<ListenerWire>.Items => Listeners ?? [];

    string? IPage<ListenerWire>.NextLink => LinkWire.Next(ListenersLinks);
}

internal sealed record ListenerRootWire(ListenerWire? Listener);

internal sealed record ListenerWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    [JsonPropertyName("loadbalancers")]
    public IdWire[]? LoadBalancers { get; init; }

    public string? Protocol { get; init; }

    public int? ProtocolPort { get; init; }

    public string? ProvisioningStatus { get; init; }

    public string? OperatingStatus { get; init; }

    public bool? AdminStateUp { get; init; }

    public int? ConnectionLimit { get; init; }

    public string? DefaultPoolId { get; init; }

    public string[]? AllowedCidrs { get; init; }

    public Dictionary<string, string>? InsertHeaders { get; init; }

    public int? TimeoutClientData { get; init; }

    public int? TimeoutMemberConnect { get; init; }

    public int? TimeoutMemberData { get; init; }

    public int? TimeoutTcpInspect { get; init; }

    public string? DefaultTlsContainerRef { get; init; }

    public string[]? SniContainerRefs { get; init; }

    public string[]? Tags { get; init; }

    public Listener ToListener() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        LoadBalancerId = LoadBalancers?.FirstOrDefault()?.Id ?? "",
        Protocol = Protocol ?? "",
        ProtocolPort = ProtocolPort ?? 0,
        ProvisioningStatus = StatusWords.Provisioning(ProvisioningStatus),
        OperatingStatus = StatusWords.Operating(OperatingStatus),
        AdminStateUp = AdminStateUp ?? true,
        ConnectionLimit = ConnectionLimit ?? -1,
        DefaultPoolId = DefaultPoolId,
        AllowedCidrs = (AllowedCidrs ?? []).ToEquatableArray(),
        InsertHeaders = (InsertHeaders ?? []).OrderBy(h => h.Key, StringComparer.Ordinal).ToEquatableArray(),
        TimeoutClientData = StatusWords.Milliseconds(TimeoutClientData),
        TimeoutMemberConnect = StatusWords.Milliseconds(TimeoutMemberConnect),
        TimeoutMemberData = StatusWords.Milliseconds(TimeoutMemberData),
        TimeoutTcpInspect = StatusWords.Milliseconds(TimeoutTcpInspect),
        DefaultTlsContainerRef = DefaultTlsContainerRef,
        SniContainerRefs = (SniContainerRefs ?? []).ToEquatableArray(),
        Tags = (Tags ?? []).ToEquatableArray(),
    };
}

internal sealed record PoolsWire(PoolWire[]? Pools, LinkWire[]? PoolsLinks) : IPage<PoolWire>
{
    IReadOnlyList<PoolWire> IPage<PoolWire>.Items => Pools ?? [];

    string? IPage<PoolWire>.NextLink => LinkWire.Next(PoolsLinks);
}

internal sealed record PoolRootWire(PoolWire? Pool);

internal sealed record PoolWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    [JsonPropertyName("loadbalancers")]
    public IdWire[]? LoadBalancers { get; init; }

    public IdWire[]? Listeners { get; init; }

    public string? Protocol { get; init; }

    public string? LbAlgorithm { get; init; }

    public SessionPersistenceWire? SessionPersistence { get; init; }

    public IdWire[]? Members { get; init; }

    [JsonPropertyName("healthmonitor_id")]
    public string? HealthMonitorId { get; init; }

    public string? ProvisioningStatus { get; init; }

    public string? OperatingStatus { get; init; }

    public bool? AdminStateUp { get; init; }

    public bool? TlsEnabled { get; init; }

    public string[]? Tags { get; init; }

    public Pool ToPool() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        LoadBalancerId = LoadBalancers?.FirstOrDefault()?.Id ?? "",
        ListenerIds = IdWire.ToIds(Listeners),
        Protocol = Protocol ?? "",
        Algorithm = LbAlgorithm ?? "",
        SessionPersistence = SessionPersistence is { Type: { } type } persistence
            ? new(type)
            {
                CookieName = persistence.CookieName,
                PersistenceTimeout = persistence.PersistenceTimeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                PersistenceGranularity = persistence.PersistenceGranularity,
            }
            : null,
        MemberIds = IdWire.ToIds(Members),
        HealthMonitorId = string.IsNullOrEmpty(HealthMonitorId) ? null : HealthMonitorId,
        ProvisioningStatus = StatusWords.Provisioning(ProvisioningStatus),
        OperatingStatus = StatusWords.Operating(OperatingStatus),
        AdminStateUp = AdminStateUp ?? true,
        TlsEnabled = TlsEnabled ?? false,
        Tags = (Tags ?? []).ToEquatableArray(),
    };
}

internal sealed record SessionPersistenceWire(string? Type, string? CookieName, int? PersistenceTimeout, string? PersistenceGranularity);

internal sealed record MembersWire(MemberWire[]? Members, LinkWire[]? MembersLinks) : IPage<MemberWire>
{
    IReadOnlyList<MemberWire> IPage<MemberWire>.Items => Members ?? [];

    string? IPage<MemberWire>.NextLink => LinkWire.Next(MembersLinks);
}

internal sealed record MemberRootWire(MemberWire? Member);

internal sealed record MemberWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Address { get; init; }

    public int? ProtocolPort { get; init; }

    public int? Weight { get; init; }

    public string? SubnetId { get; init; }

    public string? MonitorAddress { get; init; }

    public int? MonitorPort { get; init; }

    public bool? Backup { get; init; }

    public string? ProvisioningStatus { get; init; }

    public string? OperatingStatus { get; init; }

    public bool? AdminStateUp { get; init; }

    public string[]? Tags { get; init; }

    public Member ToMember() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Address = Address ?? "",
        ProtocolPort = ProtocolPort ?? 0,
        Weight = Weight ?? 1,
        SubnetId = SubnetId,
        MonitorAddress = MonitorAddress,
        MonitorPort = MonitorPort,
        Backup = Backup ?? false,
        ProvisioningStatus = StatusWords.Provisioning(ProvisioningStatus),
        OperatingStatus = StatusWords.Operating(OperatingStatus),
        AdminStateUp = AdminStateUp ?? true,
        Tags = (Tags ?? []).ToEquatableArray(),
    };
}

internal sealed record HealthMonitorsWire(
    [property: JsonPropertyName("healthmonitors")] HealthMonitorWire[]? HealthMonitors,
    [property: JsonPropertyName("healthmonitors_links")] LinkWire[]? Links) : IPage<HealthMonitorWire>
{
    IReadOnlyList<HealthMonitorWire> IPage<HealthMonitorWire>.Items => HealthMonitors ?? [];

    string? IPage<HealthMonitorWire>.NextLink => LinkWire.Next(Links);
}

internal sealed record HealthMonitorRootWire([property: JsonPropertyName("healthmonitor")] HealthMonitorWire? HealthMonitor);

internal sealed record HealthMonitorWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? ProjectId { get; init; }

    public IdWire[]? Pools { get; init; }

    public string? Type { get; init; }

    public int? Delay { get; init; }

    public int? Timeout { get; init; }

    public int? MaxRetries { get; init; }

    public int? MaxRetriesDown { get; init; }

    public string? UrlPath { get; init; }

    public string? HttpMethod { get; init; }

    public string? ExpectedCodes { get; init; }

    public string? ProvisioningStatus { get; init; }

    public string? OperatingStatus { get; init; }

    public bool? AdminStateUp { get; init; }

    public string[]? Tags { get; init; }

    public HealthMonitor ToHealthMonitor() => new()
    {
        Id = Id,
        Name = Name ?? "",
        ProjectId = ProjectId ?? "",
        PoolId = Pools?.FirstOrDefault()?.Id ?? "",
        Type = Type ?? "",
        Delay = TimeSpan.FromSeconds(Delay ?? 0),
        Timeout = TimeSpan.FromSeconds(Timeout ?? 0),
        MaxRetries = MaxRetries ?? 0,
        MaxRetriesDown = MaxRetriesDown ?? 0,
        UrlPath = UrlPath,
        HttpMethod = HttpMethod,
        ExpectedCodes = ExpectedCodes,
        ProvisioningStatus = StatusWords.Provisioning(ProvisioningStatus),
        OperatingStatus = StatusWords.Operating(OperatingStatus),
        AdminStateUp = AdminStateUp ?? true,
        Tags = (Tags ?? []).ToEquatableArray(),
    };
}
