using System.Text.Json.Serialization;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Networking;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(PortsWire))]
[JsonSerializable(typeof(PortRootWire))]
[JsonSerializable(typeof(TrunksWire))]
[JsonSerializable(typeof(TrunkRootWire))]
[JsonSerializable(typeof(TrunkWire))]
[JsonSerializable(typeof(FloatingIpsWire))]
[JsonSerializable(typeof(FloatingIpRootWire))]
internal sealed partial class PortJson : JsonSerializerContext;

internal sealed record PortsWire(PortWire[]? Ports, LinkWire[]? PortsLinks) : IPage<PortWire>
{
    IReadOnlyList<PortWire> IPage<PortWire>.Items => Ports ?? [];

    string? IPage<PortWire>.NextLink => LinkWire.Next(PortsLinks);
}

internal sealed record PortRootWire(PortWire? Port);

internal sealed record PortWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? NetworkId { get; init; }

    public string? MacAddress { get; init; }

    public FixedIpWire[]? FixedIps { get; init; }

    public AddressPairWire[]? AllowedAddressPairs { get; init; }

    public string[]? SecurityGroups { get; init; }

    public bool? PortSecurityEnabled { get; init; }

    public string? DeviceId { get; init; }

    public string? DeviceOwner { get; init; }

    public string? Status { get; init; }

    public bool? AdminStateUp { get; init; }

    [JsonPropertyName("binding:host_id")]
    public string? BindingHostId { get; init; }

    [JsonPropertyName("binding:vnic_type")]
    public string? VnicType { get; init; }

    public string? DnsName { get; init; }

    public string? DnsDomain { get; init; }

    public TrunkDetailsWire? TrunkDetails { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }

    public Port ToPort() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        NetworkId = NetworkId ?? "",
        MacAddress = MacAddress ?? "",
        FixedIps = FixedIpWire.ToFixedIps(FixedIps),
        AllowedAddressPairs = (AllowedAddressPairs ?? []).Select(p => new AddressPair(p.IpAddress ?? "", p.MacAddress)).ToEquatableArray(),
        SecurityGroups = (SecurityGroups ?? []).ToEquatableArray(),
        PortSecurityEnabled = PortSecurityEnabled ?? true,
        DeviceId = DeviceId ?? "",
        DeviceOwner = DeviceOwner ?? "",
        Status = Status ?? "",
        AdminStateUp = AdminStateUp ?? true,
        BindingHostId = BindingHostId,
        VnicType = VnicType,
        DnsName = DnsName,
        DnsDomain = DnsDomain,
        Trunk = TrunkDetails?.TrunkId is { } trunk ? new(trunk, SubPortWire.ToSubPorts(TrunkDetails.SubPorts)) : null,
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
        CreatedAt = CreatedAt,
    };
}

internal sealed record AddressPairWire(string? IpAddress, string? MacAddress);

internal sealed record TrunkDetailsWire(string? TrunkId, SubPortWire[]? SubPorts);

internal sealed record SubPortWire(string? PortId, int? SegmentationId, string? SegmentationType)
{
    public static EquatableArray<SubPort> ToSubPorts(SubPortWire[]? ports)
        => (ports ?? []).Select(p => new SubPort(p.PortId ?? "", p.SegmentationId ?? 0, p.SegmentationType ?? "vlan")).ToEquatableArray();
}

internal sealed record TrunksWire(TrunkWire[]? Trunks, LinkWire[]? TrunksLinks) : IPage<TrunkWire>
{
    IReadOnlyList<TrunkWire> IPage<TrunkWire>.Items => Trunks ?? [];

    string? IPage<TrunkWire>.NextLink => LinkWire.Next(TrunksLinks);
}

internal sealed record TrunkRootWire(TrunkWire? Trunk);

internal sealed record TrunkWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? PortId { get; init; }

    public string? Status { get; init; }

    public bool? AdminStateUp { get; init; }

    public SubPortWire[]? SubPorts { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public Trunk ToTrunk() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        PortId = PortId ?? "",
        Status = Status ?? "",
        AdminStateUp = AdminStateUp ?? true,
        SubPorts = SubPortWire.ToSubPorts(SubPorts),
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
    };
}

internal sealed record FloatingIpsWire(
    [property: JsonPropertyName("floatingips")] FloatingIpWire[]? FloatingIps,
    [property: JsonPropertyName("floatingips_links")] LinkWire[]? Links) : IPage<FloatingIpWire>
{
    IReadOnlyList<FloatingIpWire> IPage<FloatingIpWire>.Items => FloatingIps ?? [];

    string? IPage<FloatingIpWire>.NextLink => LinkWire.Next(Links);
}

internal sealed record FloatingIpRootWire([property: JsonPropertyName("floatingip")] FloatingIpWire? FloatingIp);

internal sealed record FloatingIpWire
{
    public string Id { get; init; } = "";

    public string? Description { get; init; }

    public string? ProjectId { get; init; }

    public string? FloatingIpAddress { get; init; }

    public string? FloatingNetworkId { get; init; }

    public string? PortId { get; init; }

    public string? FixedIpAddress { get; init; }

    public string? RouterId { get; init; }

    public string? Status { get; init; }

    public string? DnsName { get; init; }

    public string? DnsDomain { get; init; }

    public string[]? Tags { get; init; }

    public int? RevisionNumber { get; init; }

    public FloatingIp ToFloatingIp() => new()
    {
        Id = Id,
        Description = Description ?? "",
        ProjectId = ProjectId ?? "",
        Address = FloatingIpAddress ?? "",
        NetworkId = FloatingNetworkId ?? "",
        PortId = PortId,
        FixedIpAddress = FixedIpAddress,
        RouterId = RouterId,
        Status = Status ?? "",
        DnsName = DnsName,
        DnsDomain = DnsDomain,
        Tags = (Tags ?? []).ToEquatableArray(),
        Revision = RevisionNumber ?? 0,
    };
}
