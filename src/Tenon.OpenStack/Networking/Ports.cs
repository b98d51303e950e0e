using Tenon.Core;

namespace Tenon.OpenStack.Networking;

/// <summary>A Neutron port.</summary>
public sealed record Port
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The network it is on.</summary>
    public string NetworkId { get; init; } = "";

    /// <summary>The hardware address.</summary>
    public string MacAddress { get; init; } = "";

    /// <summary>Its addresses.</summary>
    public EquatableArray<FixedIp> FixedIps { get; init; }

    /// <summary>What it may send from besides its own.</summary>
    public EquatableArray<AddressPair> AllowedAddressPairs { get; init; }

    /// <summary>The IDs of its security groups.</summary>
    public EquatableArray<string> SecurityGroups { get; init; }

    /// <summary>Whether it filters at all.</summary>
    public bool PortSecurityEnabled { get; init; } = true;

    /// <summary>What it belongs to, such as a server's ID; empty for none.</summary>
    public string DeviceId { get; init; } = "";

    /// <summary>What kind of thing that is: <c>compute:az1</c>, <c>network:router_interface</c>, <c>Octavia</c>; empty for none.</summary>
    public string DeviceOwner { get; init; } = "";

    /// <summary><c>ACTIVE</c>, <c>DOWN</c>, <c>BUILD</c> or <c>ERROR</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary><c>binding:host_id</c>; <see langword="null"/> for callers who are not shown it.</summary>
    public string? BindingHostId { get; init; }

    /// <summary><c>binding:vnic_type</c>.</summary>
    public string? VnicType { get; init; }

    /// <summary><c>dns_name</c>, where the cloud has it.</summary>
    public string? DnsName { get; init; }

    /// <summary><c>dns_domain</c>, where the cloud has it.</summary>
    public string? DnsDomain { get; init; }

    /// <summary>The trunk whose parent this port is, with its subports; <see langword="null"/> when it is none's.</summary>
    public PortTrunk? Trunk { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>The trunk of a parent port (<c>trunk_details</c>).</summary>
/// <param name="TrunkId">The trunk.</param>
/// <param name="SubPorts">Its subports.</param>
public sealed record PortTrunk(string TrunkId, EquatableArray<SubPort> SubPorts);

/// <summary>An address on a subnet. In requests either may be empty: Neutron then chooses.</summary>
/// <param name="SubnetId">The subnet.</param>
/// <param name="IpAddress">The address.</param>
public sealed record FixedIp(string SubnetId, string IpAddress);

/// <summary>What a port may send from besides its own address.</summary>
/// <param name="IpAddress">An address or a range.</param>
/// <param name="MacAddress">The hardware address; <see langword="null"/> in requests is the port's own.</param>
public sealed record AddressPair(string IpAddress, string? MacAddress = null);

/// <summary>
/// Which ports a list contains. Unset filters match all; several values of one filter match any of them. A filter with more
/// values than fit in a URL is split over several requests.
/// </summary>
public sealed record PortQuery
{
    /// <summary>These IDs.</summary>
    public EquatableArray<string> Ids { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>Of these devices.</summary>
    public EquatableArray<string> DeviceIds { get; init; }

    /// <summary>Of these kinds of device.</summary>
    public EquatableArray<string> DeviceOwners { get; init; }

    /// <summary>On these networks.</summary>
    public EquatableArray<string> NetworkIds { get; init; }

    /// <summary>With an address on any of these subnets.</summary>
    public EquatableArray<string> SubnetIds { get; init; }

    /// <summary>With any of these addresses.</summary>
    public EquatableArray<string> IpAddresses { get; init; }

    /// <summary>With any of these hardware addresses.</summary>
    public EquatableArray<string> MacAddresses { get; init; }

    /// <summary>With any of these security groups (extension <c>port-security-groups-filtering</c>).</summary>
    public EquatableArray<string> SecurityGroupIds { get; init; }

    /// <summary>With this status.</summary>
    public string? Status { get; init; }

    /// <summary>With exactly this description.</summary>
    public string? Description { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Any of these tags.</summary>
    public EquatableArray<string> TagsAny { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>A port to be made.</summary>
public sealed record PortCreate
{
    /// <summary>The network.</summary>
    public required string NetworkId { get; init; }

    /// <summary>The name.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The addresses; unset lets Neutron choose, an empty list gives none.</summary>
    public Optional<EquatableArray<FixedIp>> FixedIps { get; init; }

    /// <summary>The security groups; unset gives the project's default.</summary>
    public Optional<EquatableArray<string>> SecurityGroups { get; init; }

    /// <summary>What it may send from besides its own.</summary>
    public EquatableArray<AddressPair> AllowedAddressPairs { get; init; }

    /// <summary>The hardware address; <see langword="null"/> lets Neutron choose.</summary>
    public string? MacAddress { get; init; }

    /// <summary>What it belongs to.</summary>
    public string? DeviceId { get; init; }

    /// <summary>What kind of thing that is.</summary>
    public string? DeviceOwner { get; init; }

    /// <summary>Whether it filters; <see langword="null"/> is the network's choice.</summary>
    public bool? PortSecurityEnabled { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary><c>binding:host_id</c>, for administrators only.</summary>
    public string? BindingHostId { get; init; }

    /// <summary><c>binding:vnic_type</c>.</summary>
    public string? VnicType { get; init; }

    /// <summary><c>dns_name</c>.</summary>
    public string? DnsName { get; init; }

    /// <summary>
    /// Tags set in the same call (extension <c>tag-ports-during-bulk-creation</c>). A Neutron without it ignores them silently,
    /// as Zed's does: the answer tells.
    /// </summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The project, for administrators only.</summary>
    public string? ProjectId { get; init; }
}

/// <summary>What changes of a port; fields left unset stay as they are.</summary>
public sealed record PortUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>A text for people.</summary>
    public Optional<string> Description { get; init; }

    /// <summary>All addresses.</summary>
    public Optional<EquatableArray<FixedIp>> FixedIps { get; init; }

    /// <summary>All security groups.</summary>
    public Optional<EquatableArray<string>> SecurityGroups { get; init; }

    /// <summary>All allowed address pairs.</summary>
    public Optional<EquatableArray<AddressPair>> AllowedAddressPairs { get; init; }

    /// <summary>What it belongs to.</summary>
    public Optional<string> DeviceId { get; init; }

    /// <summary>What kind of thing that is.</summary>
    public Optional<string> DeviceOwner { get; init; }

    /// <summary>Whether it filters.</summary>
    public Optional<bool> PortSecurityEnabled { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public Optional<bool> AdminStateUp { get; init; }

    /// <summary><c>binding:host_id</c>, for administrators only.</summary>
    public Optional<string> BindingHostId { get; init; }

    /// <summary><c>dns_name</c>.</summary>
    public Optional<string> DnsName { get; init; }
}

/// <summary>Reads ports.</summary>
public interface IPortReader
{
    /// <summary>Ports that the project can see, page by page.</summary>
    IAsyncEnumerable<Port> ListPortsAsync(PortQuery query, CancellationToken cancellationToken);

    /// <summary>One port, or <see langword="null"/>.</summary>
    Task<Port?> GetPortAsync(string portId, CancellationToken cancellationToken);
}

/// <summary>Reads and changes ports.</summary>
public interface IPortClient : IPortReader
{
    /// <summary>Makes a port.</summary>
    Task<Port> CreatePortAsync(PortCreate port, CancellationToken cancellationToken);

    /// <summary>Makes several ports in one call; all or none. The answer is in the order asked for.</summary>
    Task<EquatableArray<Port>> CreatePortsAsync(IReadOnlyCollection<PortCreate> ports, CancellationToken cancellationToken);

    /// <summary>Changes a port; with a revision only if it is still at it, else <see cref="OpenStackErrorKind.Conflict"/>.</summary>
    Task<Port> UpdatePortAsync(string portId, PortUpdate update, int? revision, CancellationToken cancellationToken);

    /// <summary>Deletes a port; one that is not there does no harm.</summary>
    Task DeletePortAsync(string portId, CancellationToken cancellationToken);
}

/// <summary>A trunk: a parent port that carries subports by segmentation ID.</summary>
public sealed record Trunk
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The parent port.</summary>
    public string PortId { get; init; } = "";

    /// <summary><c>ACTIVE</c>, <c>DOWN</c>, <c>BUILD</c>, <c>DEGRADED</c> or <c>ERROR</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Whether it can be changed and carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Its subports.</summary>
    public EquatableArray<SubPort> SubPorts { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }
}

/// <summary>A port that a trunk carries.</summary>
/// <param name="PortId">The port.</param>
/// <param name="SegmentationId">The VLAN ID, 1 to 4094.</param>
/// <param name="SegmentationType"><c>vlan</c>.</param>
public sealed record SubPort(string PortId, int SegmentationId, string SegmentationType = "vlan");

/// <summary>A trunk to be made.</summary>
/// <param name="PortId">The parent port.</param>
/// <param name="Name">The name.</param>
/// <param name="SubPorts">The first subports.</param>
public sealed record TrunkCreate(string PortId, string Name, EquatableArray<SubPort> SubPorts)
{
    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";
}

/// <summary>Which trunks a list contains. Unset filters match all.</summary>
public sealed record TrunkQuery
{
    /// <summary>Of these parent ports.</summary>
    public EquatableArray<string> PortIds { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>Reads and changes trunks.</summary>
public interface ITrunkClient
{
    /// <summary>Trunks that the project can see, page by page.</summary>
    IAsyncEnumerable<Trunk> ListTrunksAsync(TrunkQuery query, CancellationToken cancellationToken);

    /// <summary>One trunk, or <see langword="null"/>.</summary>
    Task<Trunk?> GetTrunkAsync(string trunkId, CancellationToken cancellationToken);

    /// <summary>Makes a trunk.</summary>
    Task<Trunk> CreateTrunkAsync(TrunkCreate trunk, CancellationToken cancellationToken);

    /// <summary>Adds subports; all or none.</summary>
    Task<Trunk> AddSubPortsAsync(string trunkId, IReadOnlyCollection<SubPort> subPorts, CancellationToken cancellationToken);

    /// <summary>Removes subports by their ports; all or none.</summary>
    Task<Trunk> RemoveSubPortsAsync(string trunkId, IReadOnlyCollection<string> portIds, CancellationToken cancellationToken);

    /// <summary>Deletes a trunk; one that is not there does no harm.</summary>
    Task DeleteTrunkAsync(string trunkId, CancellationToken cancellationToken);
}
