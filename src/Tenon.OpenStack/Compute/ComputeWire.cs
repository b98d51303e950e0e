using System.Text.Json;
using System.Text.Json.Serialization;
using Tenon.Core;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Compute;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServersWire))]
[JsonSerializable(typeof(ServerRootWire))]
[JsonSerializable(typeof(InterfacesWire))]
[JsonSerializable(typeof(ZonesWire))]
[JsonSerializable(typeof(LimitsRootWire))]
[JsonSerializable(typeof(FlavorsWire))]
[JsonSerializable(typeof(VersionDocumentWire))]
internal sealed partial class ComputeJson : JsonSerializerContext;

internal sealed record ServersWire(ServerWire[]? Servers, LinkWire[]? ServersLinks) : IPage<ServerWire>
{
    IReadOnlyList<ServerWire> IPage<ServerWire>.Items => Servers ?? [];

    string? IPage<ServerWire>.NextLink => LinkWire.Next(ServersLinks);
}

internal sealed record ServerRootWire(ServerWire? Server);

internal sealed record ServerWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }

    public string? Status { get; init; }

    [JsonPropertyName("OS-EXT-STS:vm_state")]
    public string? VmState { get; init; }

    [JsonPropertyName("OS-EXT-STS:task_state")]
    public string? TaskState { get; init; }

    [JsonPropertyName("OS-EXT-STS:power_state")]
    public int? PowerState { get; init; }

    [JsonPropertyName("OS-EXT-AZ:availability_zone")]
    public string? AvailabilityZone { get; init; }

    public ServerFlavorWire? Flavor { get; init; }

    /// <summary>By network name; the order of the document is kept.</summary>
    public JsonElement Addresses { get; init; }

    [JsonPropertyName("accessIPv4")]
    public string? AccessIPv4 { get; init; }

    [JsonPropertyName("accessIPv6")]
    public string? AccessIPv6 { get; init; }

    public Dictionary<string, string>? Metadata { get; init; }

    public string[]? Tags { get; init; }

    public string? TenantId { get; init; }

    [JsonPropertyName("hostId")]
    public string? HostId { get; init; }

    public DateTimeOffset? Created { get; init; }

    public ServerGroupWire[]? SecurityGroups { get; init; }

    public ServerFaultWire? Fault { get; init; }

    public Server ToServer() => new()
    {
        Id = Id,
        Name = Name ?? "",
        Status = Status ?? ServerStatus.Unknown,
        VmState = VmState,
        TaskState = TaskState,
        PowerState = PowerState,
        AvailabilityZone = AvailabilityZone ?? "",
        FlavorId = Flavor?.Id,
        FlavorName = Flavor?.OriginalName,
        Addresses = ReadAddresses(),
        AccessIPv4 = NullIfEmpty(AccessIPv4),
        AccessIPv6 = NullIfEmpty(AccessIPv6),
        Metadata = (Metadata ?? []).OrderBy(m => m.Key, StringComparer.Ordinal).ToEquatableArray(),
        Tags = (Tags ?? []).ToEquatableArray(),
        ProjectId = TenantId ?? "",
        HostId = HostId ?? "",
        Created = Created ?? default,
        SecurityGroups = (SecurityGroups ?? []).Select(g => g.Name ?? "").Distinct().ToEquatableArray(),
        Fault = Fault?.Message,
    };

    private EquatableArray<ServerAddress> ReadAddresses()
    {
        if (Addresses.ValueKind != JsonValueKind.Object) return default;
        var addresses = new List<ServerAddress>();
        foreach (JsonProperty network in Addresses.EnumerateObject())
        {
            AddressWire[] list = network.Value.Deserialize(AddressJson.Default.AddressWireArray) ?? [];
            addresses.AddRange(list.Select(a => new ServerAddress(network.Name, a.Addr ?? "", a.Version ?? 4, a.Type, a.MacAddress)));
        }

        return addresses.ToEquatableArray();
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AddressWire[]))]
internal sealed partial class AddressJson : JsonSerializerContext;

internal sealed record AddressWire
{
    public string? Addr { get; init; }

    public int? Version { get; init; }

    [JsonPropertyName("OS-EXT-IPS:type")]
    public string? Type { get; init; }

    [JsonPropertyName("OS-EXT-IPS-MAC:mac_addr")]
    public string? MacAddress { get; init; }
}

internal sealed record ServerFlavorWire(string? Id, string? OriginalName);

internal sealed record ServerGroupWire(string? Name);

internal sealed record ServerFaultWire(string? Message);

internal sealed record InterfacesWire([property: JsonPropertyName("interfaceAttachments")] InterfaceWire[]? InterfaceAttachments);

internal sealed record InterfaceWire(string? PortId, string? NetId, string? MacAddr, string? PortState, InterfaceAddressWire[]? FixedIps);

internal sealed record InterfaceAddressWire(string? SubnetId, string? IpAddress);

internal sealed record ZonesWire([property: JsonPropertyName("availabilityZoneInfo")] ZoneWire[]? Zones);

internal sealed record ZoneWire(
    [property: JsonPropertyName("zoneName")] string? ZoneName,
    [property: JsonPropertyName("zoneState")] ZoneStateWire? ZoneState);

internal sealed record ZoneStateWire(bool? Available);

internal sealed record LimitsRootWire(LimitsWire? Limits);

internal sealed record LimitsWire(AbsoluteLimitsWire? Absolute);

internal sealed record AbsoluteLimitsWire(
    [property: JsonPropertyName("maxTotalInstances")] int? MaxInstances,
    [property: JsonPropertyName("totalInstancesUsed")] int? UsedInstances,
    [property: JsonPropertyName("maxTotalCores")] int? MaxCores,
    [property: JsonPropertyName("totalCoresUsed")] int? UsedCores,
    [property: JsonPropertyName("maxTotalRAMSize")] int? MaxRam,
    [property: JsonPropertyName("totalRAMUsed")] int? UsedRam);

internal sealed record FlavorsWire(FlavorWire[]? Flavors);

internal sealed record FlavorWire(string? Id, string? Name, int? Vcpus, int? Ram, int? Disk);

internal sealed record VersionDocumentWire(VersionWire? Version);

internal sealed record VersionWire(string? Id, string? Status, string? Version, string? MinVersion);
