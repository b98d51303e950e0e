using System.Globalization;
using System.Text.Json.Serialization;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.LoadBalancing;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LoadBalancersWire))]
[JsonSerializable(typeof(LoadBalancerRootWire))]
[JsonSerializable(typeof(ListenersWire))]
[JsonSerializable(typeof(ListenerRootWire))]
[JsonSerializable(typeof(PoolsWire))]
[JsonSerializable(typeof(PoolRootWire))]
[JsonSerializable(typeof(MembersWire))]
[JsonSerializable(typeof(MemberRootWire))]
[JsonSerializable(typeof(HealthMonitorsWire))]
[JsonSerializable(typeof(HealthMonitorRootWire))]
[JsonSerializable(typeof(StatusRootWire))]
[JsonSerializable(typeof(ProvidersWire))]
[JsonSerializable(typeof(FlavorsWire))]
[JsonSerializable(typeof(ZonesWire))]
[JsonSerializable(typeof(QuotaRootWire))]
[JsonSerializable(typeof(VersionsWire))]
internal sealed partial class LoadBalancingJson : JsonSerializerContext;

internal sealed record IdWire(string Id)
{
    public static EquatableArray<string> ToIds(IdWire[]? ids) => (ids ?? []).Select(i => i.Id).ToEquatableArray();
}

internal sealed record LoadBalancersWire(
    [property: JsonPropertyName("loadbalancers")] LoadBalancerWire[]? LoadBalancers,
    [property: JsonPropertyName("loadbalancers_links")] LinkWire[]? Links) : IPage<LoadBalancerWire>
{
    IReadOnlyList<LoadBalancerWire> IPage<LoadBalancerWire>.Items => LoadBalancers ?? [];

    string? IPage<LoadBalancerWire>.NextLink => LinkWire.Next(Links);
}

internal sealed record LoadBalancerRootWire([property: JsonPropertyName("loadbalancer")] LoadBalancerWire? LoadBalancer);

internal sealed record LoadBalancerWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? ProvisioningStatus { get; init; }

    public string? OperatingStatus { get; init; }

    public bool? AdminStateUp { get; init; }

    public string? Provider { get; init; }

    public string? VipAddress { get; init; }

    public string? VipPortId { get; init; }

    public string? VipSubnetId { get; init; }

    public string? VipNetworkId { get; init; }

    public AdditionalVipWire[]? AdditionalVips { get; init; }

    public string? FlavorId { get; init; }

    public string? AvailabilityZone { get; init; }

    public IdWire[]? Listeners { get; init; }

    public IdWire[]? Pools { get; init; }

    public string[]? Tags { get; init; }

    public string? CreatedAt { get; init; }

    public string? UpdatedAt { get; init; }

    public LoadBalancer ToLoadBalancer() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        ProvisioningStatus = StatusWords.Provisioning(ProvisioningStatus),
        OperatingStatus = StatusWords.Operating(OperatingStatus),
        AdminStateUp = AdminStateUp ?? true,
        Provider = Provider ?? "",
        VipAddress = VipAddress ?? "",
        VipPortId = VipPortId ?? "",
        VipSubnetId = VipSubnetId ?? "",
        VipNetworkId = VipNetworkId ?? "",
        AdditionalVips = (AdditionalVips ?? []).Select(v => new AdditionalVip(v.SubnetId ?? "", v.IpAddress)).ToEquatableArray(),
        FlavorId = FlavorId,
        AvailabilityZone = AvailabilityZone,
        ListenerIds = IdWire.ToIds(Listeners),
        PoolIds = IdWire.ToIds(Pools),
        Tags = (Tags ?? []).ToEquatableArray(),
        CreatedAt = StatusWords.Time(CreatedAt),
        UpdatedAt = StatusWords.Time(UpdatedAt),
    };
}

internal sealed record AdditionalVipWire(string? SubnetId, string? IpAddress);

internal sealed record StatusRootWire(StatusesWire? Statuses);

internal sealed record StatusesWire([property: JsonPropertyName("loadbalancer")] StatusWire? LoadBalancer);

internal sealed record StatusWire
{
    public string? Id { get; init; }

    public string? Name { get; init; }

    public string? ProvisioningStatus { get; init; }

    public string? OperatingStatus { get; init; }

    public string? Address { get; init; }

    public int? ProtocolPort { get; init; }

    public StatusWire[]? Listeners { get; init; }

    public StatusWire[]? Pools { get; init; }

    public StatusWire[]? Members { get; init; }

    public StatusWire? HealthMonitor { get; init; }

    public StatusNode ToNode(string kind)
    {
        IEnumerable<StatusNode> listeners = (Listeners ?? []).Select(l => l.ToNode("listener"));
        IEnumerable<StatusNode> pools = (Pools ?? []).Select(p => p.ToNode("pool"));
        IEnumerable<StatusNode> members = (Members ?? []).Select(m => m.ToNode("member"));

        // A pool without monitor has an empty object here.
        IEnumerable<StatusNode> monitors = HealthMonitor is { Id: not null } m ? [m.ToNode("healthmonitor")] : [];
        StatusNode[] below = [.. listeners];
        var seen = below.SelectMany(l => l.Children).Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
        return new(
            kind,
            Id ?? "",
            Name ?? "",
            StatusWords.Provisioning(ProvisioningStatus),
            StatusWords.Operating(OperatingStatus),
            below.Concat(pools.Where(p => !seen.Contains(p.Id))).Concat(members).Concat(monitors).ToEquatableArray())
        {
            Address = Address,
            ProtocolPort = ProtocolPort,
        };
    }
}

internal sealed record ProvidersWire(NamedWire[]? Providers);

internal sealed record NamedWire(string? Id, string? Name, string? Description, bool? Enabled);

internal sealed record FlavorsWire(NamedWire[]? Flavors, LinkWire[]? FlavorsLinks) : IPage<NamedWire>
{
    IReadOnlyList<NamedWire> IPage<NamedWire>.Items => Flavors ?? [];

    string? IPage<NamedWire>.NextLink => LinkWire.Next(FlavorsLinks);
}

internal sealed record ZonesWire(NamedWire[]? AvailabilityZones, LinkWire[]? AvailabilityZonesLinks) : IPage<NamedWire>
{
    IReadOnlyList<NamedWire> IPage<NamedWire>.Items => AvailabilityZones ?? [];

    string? IPage<NamedWire>.NextLink => LinkWire.Next(AvailabilityZonesLinks);
}

internal sealed record QuotaRootWire(QuotaWire? Quota);

/// <summary>Old Octavias say <c>loadbalancer</c> and <c>healthmonitor</c>.</summary>
internal sealed record QuotaWire(
    int? LoadBalancer,
    [property: JsonPropertyName("loadbalancer")] int? OldLoadBalancer,
    int? Listener,
    int? Pool,
    int? Member,
    int? HealthMonitor,
    [property: JsonPropertyName("healthmonitor")] int? OldHealthMonitor)
{
    public LoadBalancerQuota ToQuota() => new(
        LoadBalancer ?? OldLoadBalancer ?? -1, Listener ?? -1, Pool ?? -1, Member ?? -1, HealthMonitor ?? OldHealthMonitor ?? -1);
}

internal sealed record VersionsWire(VersionWire[]? Versions);

internal sealed record VersionWire(string? Id, string? Status);

/// <summary>Octavia's words.</summary>
internal static class StatusWords
{
    public static ProvisioningStatus Provisioning(string? word) => word switch
    {
        "ACTIVE" => ProvisioningStatus.Active,
        "PENDING_CREATE" => ProvisioningStatus.PendingCreate,
        "PENDING_UPDATE" => ProvisioningStatus.PendingUpdate,
        "PENDING_DELETE" => ProvisioningStatus.PendingDelete,
        "DELETED" => ProvisioningStatus.Deleted,
        "ERROR" => ProvisioningStatus.Error,
        _ => ProvisioningStatus.Unknown,
    };

    public static string? Word(ProvisioningStatus? status) => status switch
    {
        ProvisioningStatus.Active => "ACTIVE",
        ProvisioningStatus.PendingCreate => "PENDING_CREATE",
        ProvisioningStatus.PendingUpdate => "PENDING_UPDATE",
        ProvisioningStatus.PendingDelete => "PENDING_DELETE",
        ProvisioningStatus.Deleted => "DELETED",
        ProvisioningStatus.Error => "ERROR",
        _ => null,
    };

    public static OperatingStatus Operating(string? word) => word switch
    {
        "ONLINE" => OperatingStatus.Online,
        "OFFLINE" => OperatingStatus.Offline,
        "DRAINING" => OperatingStatus.Draining,
        "DEGRADED" => OperatingStatus.Degraded,
        "ERROR" => OperatingStatus.Error,
        "NO_MONITOR" => OperatingStatus.NoMonitor,
        _ => OperatingStatus.Unknown,
    };

    /// <summary>Octavia's times are UTC and do not say so.</summary>
    public static DateTimeOffset? Time(string? text)
        => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;

    public static TimeSpan? Milliseconds(int? value) => value is { } ms ? TimeSpan.FromMilliseconds(ms) : null;

    public static int? Milliseconds(TimeSpan? value) => value is { } time ? (int)time.TotalMilliseconds : null;
}
