using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>
/// What Nova needs of Neutron, in process (uncounted). Called with the region's gate held. Faults are Neutron's own
/// (<see cref="ApiFault"/> with Neutron's type); Nova words them anew.
/// </summary>
internal interface INetworkingForCompute
{
    /// <summary>The network if this project sees it: its own, shared, or external, which only an administrator may attach to; null otherwise.</summary>
    NetworkSummary? FindNetwork(string networkId, string projectId, bool admin);

    /// <summary>The networks that a server without given networks gets: the project's own, else shared ones.</summary>
    ImmutableArray<NetworkSummary> NetworksOf(string projectId);

    /// <summary>The port; null where there is none or it is another project's.</summary>
    ServerPort? FindPort(string portId, string projectId, bool admin);

    /// <summary>Makes a port for a server and binds it.</summary>
    /// <exception cref="ApiFault">No addresses left, address in use, quota.</exception>
    ServerPort CreatePort(ServerPortRequest request);

    /// <summary>Binds an existing port to a server: device_id, device_owner <c>compute:ZONE</c>, binding:host_id; ACTIVE after the port's delay.</summary>
    ServerPort BindPort(string portId, string serverId, string zone, string host);

    /// <summary>Undoes <see cref="BindPort"/> on a port that Nova did not make; nothing happens where it is gone.</summary>
    void UnbindPort(string portId);

    /// <summary>Deletes a port that Nova made (its floating IPs are disassociated); nothing happens where it is gone.</summary>
    void DeletePort(string portId);

    /// <summary>The ports with this device_id, oldest first. Called for each server of a list, so it must not search all ports.</summary>
    IReadOnlyList<ServerPort> PortsOf(string serverId);

    /// <summary>Sets the security groups of a server's port, by ID.</summary>
    void SetSecurityGroups(string portId, IReadOnlyList<string> groupIds);

    /// <summary>A security group's ID by its ID or name among the project's; null where none or several match.</summary>
    string? FindSecurityGroup(string idOrName, string projectId);

    /// <summary>A project's security groups, its default one (made where it is not there yet) among them.</summary>
    IReadOnlyList<SecurityGroupSummary> SecurityGroupsOf(string projectId);

    /// <summary>Adds a fixed IP of the network to one of the server's ports on it; what the addFixedIp action does.</summary>
    void AddFixedIp(string portId, string networkId);

    /// <summary>Removes a fixed IP from a port.</summary>
    void RemoveFixedIp(string portId, string address);
}

/// <summary>A security group as Nova shows it.</summary>
internal sealed record SecurityGroupSummary(string Id, string Name, string Description);

/// <summary>A network as Nova sees it.</summary>
internal sealed record NetworkSummary(string Id, string Name, bool External, bool HasSubnets);

/// <summary>A port to make for a server.</summary>
internal sealed record ServerPortRequest
{
    public required string ServerId { get; init; }

    public required string ProjectId { get; init; }

    public required string NetworkId { get; init; }

    /// <summary>A fixed address; null for any.</summary>
    public string? FixedIp { get; init; }

    /// <summary>The zone, for the device owner.</summary>
    public required string Zone { get; init; }

    public required string Host { get; init; }

    /// <summary>Security groups by ID; null for the project's default one.</summary>
    public ImmutableArray<string>? SecurityGroups { get; init; }

    /// <summary>Tags of the port.</summary>
    public string? Tag { get; init; }
}

/// <summary>A server's port, with what Nova shows of it. Addresses are in Neutron's order.</summary>
internal sealed record ServerPort
{
    public required string Id { get; init; }

    public required string NetworkId { get; init; }

    public required string NetworkName { get; init; }

    public required string ProjectId { get; init; }

    public required string MacAddress { get; init; }

    /// <summary>ACTIVE or DOWN.</summary>
    public required string Status { get; init; }

    /// <summary>The device it is bound to; empty for none.</summary>
    public required string DeviceId { get; init; }

    public required ImmutableArray<ServerAddress> Addresses { get; init; }

    /// <summary>The names of its security groups.</summary>
    public required ImmutableArray<string> SecurityGroupNames { get; init; }

    public required ImmutableArray<string> SecurityGroupIds { get; init; }
}

/// <summary>A fixed address of a port, and the floating one on it.</summary>
internal sealed record ServerAddress(string SubnetId, string Address, string? FloatingIp);
