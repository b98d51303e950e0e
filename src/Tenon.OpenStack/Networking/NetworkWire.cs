using System.Text.Json.Serialization;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(NetworksWire))]
[JsonSerializable(typeof(NetworkRootWire))]
[JsonSerializable(typeof(SubnetsWire))]
[JsonSerializable(typeof(SubnetRootWire))]
[JsonSerializable(typeof(SubnetPoolsWire))]
[JsonSerializable(typeof(RoutersWire))]
[JsonSerializable(typeof(RouterRootWire))]
[JsonSerializable(typeof(ExtensionsWire))]
[JsonSerializable(typeof(QuotaRootWire))]
[JsonSerializable(typeof(ZonesWire))]
internal sealed partial class NetworkJson : JsonSerializerContext;

internal sealed record NetworksWire(NetworkWire[]? Networks, LinkWire[]? NetworksLinks) : IPage<NetworkWire>
{
    IReadOnlyList<NetworkWire> IPage<NetworkWire>.Items => Networks ?? [];

    string? IPage<NetworkWire>.NextLink => LinkWire.Next(NetworksLinks);
}

internal sealed record NetworkRootWire(NetworkWire? Network);

internal sealed record NetworkWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? Status { get; init; }

    public bool? AdminStateUp { get; init; }

    [JsonPropertyName("router:external")]
    public bool? External { get; init; }

    public bool? Shared { get; init; }

    public bool? IsDefault { get; init; }

    public int? Mtu { get; init; }

    public string[]? Subnets { get; init; }

    public bool? PortSecurityEnabled { get; init; }

    [JsonPropertyName("provider:network_type")]
    public string? ProviderType { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public Network ToNetwork() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        Status = Status ?? "",
        AdminStateUp = AdminStateUp ?? true,
        External = External ?? false,
        Shared = Shared ?? false,
        IsDefault = IsDefault ?? false,
        Mtu = Mtu ?? 0,
        SubnetIds = (Subnets ?? []).ToEquatableArray(),
        PortSecurityEnabled = PortSecurityEnabled ?? true,
        ProviderType = ProviderType,
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
    };
}

internal sealed record SubnetsWire(SubnetWire[]? Subnets, LinkWire[]? SubnetsLinks) : IPage<SubnetWire>
{
    IReadOnlyList<SubnetWire> IPage<SubnetWire>.Items => Subnets ?? [];

    string? IPage<SubnetWire>.NextLink => LinkWire.Next(SubnetsLinks);
}

internal sealed record SubnetRootWire(SubnetWire? Subnet);

internal sealed record SubnetWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? NetworkId { get; init; }

    public int? IpVersion { get; init; }

    public string? Cidr { get; init; }

    public string? GatewayIp { get; init; }

    public bool? EnableDhcp { get; init; }

    public PoolRangeWire[]? AllocationPools { get; init; }

    public string[]? DnsNameservers { get; init; }

    public RouteWire[]? HostRoutes { get; init; }

    [JsonPropertyName("subnetpool_id")]
    public string? SubnetPoolId { get; init; }

    [JsonPropertyName("ipv6_address_mode")]
    public string? Ipv6AddressMode { get; init; }

    [JsonPropertyName("ipv6_ra_mode")]
    public string? Ipv6RaMode { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public Subnet ToSubnet() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        NetworkId = NetworkId ?? "",
        IpVersion = IpVersion ?? 4,
        Cidr = Cidr ?? "",
        GatewayIp = GatewayIp,
        DhcpEnabled = EnableDhcp ?? false,
        AllocationPools = (AllocationPools ?? []).Select(p => new AllocationPool(p.Start ?? "", p.End ?? "")).ToEquatableArray(),
        DnsNameservers = (DnsNameservers ?? []).ToEquatableArray(),
        HostRoutes = RouteWire.ToRoutes(HostRoutes),
        SubnetPoolId = SubnetPoolId,
        Ipv6AddressMode = Ipv6AddressMode,
        Ipv6RaMode = Ipv6RaMode,
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
    };
}

internal sealed record PoolRangeWire(string? Start, string? End);

internal sealed record RouteWire(string? Destination, string? Nexthop)
{
    public static EquatableArray<Route> ToRoutes(RouteWire[]? routes)
        => (routes ?? []).Select(r => new Route(r.Destination ?? "", r.Nexthop ?? "")).ToEquatableArray();
}

internal sealed record SubnetPoolsWire(
    [property: JsonPropertyName("subnetpools")] SubnetPoolWire[]? Pools,
    [property: JsonPropertyName("subnetpools_links")] LinkWire[]? Links) : IPage<SubnetPoolWire>
{
    IReadOnlyList<SubnetPoolWire> IPage<SubnetPoolWire>.Items => Pools ?? [];

    string? IPage<SubnetPoolWire>.NextLink => LinkWire.Next(Links);
}

internal sealed record SubnetPoolWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? ProjectId { get; init; }

    public int? IpVersion { get; init; }

    public string[]? Prefixes { get; init; }

    /// <summary>Neutron sends it as a text.</summary>
    [JsonPropertyName("default_prefixlen")]
    [JsonNumberHandling(JsonNumberHandling.AllowReadingFromString)]
    public int? DefaultPrefixLength { get; init; }

    public bool? IsDefault { get; init; }

    public bool? Shared { get; init; }

    public string[]? Tags { get; init; }

    public SubnetPool ToSubnetPool() => new()
    {
        Id = Id,
        Name = Name ?? "",
        ProjectId = ProjectId ?? "",
        IpVersion = IpVersion ?? 4,
        Prefixes = (Prefixes ?? []).ToEquatableArray(),
        DefaultPrefixLength = DefaultPrefixLength ?? 0,
        IsDefault = IsDefault ?? false,
        Shared = Shared ?? false,
        Tags = (Tags ?? []).ToEquatableArray(),
    };
}

internal sealed record RoutersWire(RouterWire[]? Routers, LinkWire[]? RoutersLinks) : IPage<RouterWire>
{
    IReadOnlyList<RouterWire> IPage<RouterWire>.Items => Routers ?? [];

    string? IPage<RouterWire>.NextLink => LinkWire.Next(RoutersLinks);
}

internal sealed record RouterRootWire(RouterWire? Router);

internal sealed record RouterWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? Status { get; init; }

    public bool? AdminStateUp { get; init; }

    public GatewayWire? ExternalGatewayInfo { get; init; }

    public RouteWire[]? Routes { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public Router ToRouter() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        Status = Status ?? "",
        AdminStateUp = AdminStateUp ?? true,
        Gateway = ExternalGatewayInfo?.NetworkId is { } network
            ? new(network, FixedIpWire.ToFixedIps(ExternalGatewayInfo.ExternalFixedIps), ExternalGatewayInfo.EnableSnat)
            : null,
        Routes = RouteWire.ToRoutes(Routes),
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
    };
}

internal sealed record GatewayWire(string? NetworkId, FixedIpWire[]? ExternalFixedIps, bool? EnableSnat);

internal sealed record FixedIpWire(string? SubnetId, string? IpAddress)
{
    public static EquatableArray<FixedIp> ToFixedIps(FixedIpWire[]? ips)
        => (ips ?? []).Select(i => new FixedIp(i.SubnetId ?? "", i.IpAddress ?? "")).ToEquatableArray();
}

internal sealed record ExtensionsWire(ExtensionWire[]? Extensions);

internal sealed record ExtensionWire(string? Alias, string? Name);

internal sealed record QuotaRootWire(Dictionary<string, QuotaWire>? Quota);

internal sealed record QuotaWire(int? Limit, int? Used, int? Reserved);

internal sealed record ZonesWire(ZoneWire[]? AvailabilityZones);

internal sealed record ZoneWire(string? Name);
