using Tenon.Core;

namespace Tenon.OpenStack.Compute;

/// <summary>The values of <see cref="Server.Status"/> that matter to callers; there are more.</summary>
public static class ServerStatus
{
    /// <summary>Running.</summary>
    public const string Active = "ACTIVE";

    /// <summary>Being built.</summary>
    public const string Build = "BUILD";

    /// <summary>Deleted, or being forgotten.</summary>
    public const string Deleted = "DELETED";

    /// <summary>Deleted, but can still be restored.</summary>
    public const string SoftDeleted = "SOFT_DELETED";

    /// <summary>Broken.</summary>
    public const string Error = "ERROR";

    /// <summary>Powered off.</summary>
    public const string Shutoff = "SHUTOFF";

    /// <summary>Suspended to disk.</summary>
    public const string Suspended = "SUSPENDED";

    /// <summary>Paused in memory.</summary>
    public const string Paused = "PAUSED";

    /// <summary>Shelved.</summary>
    public const string ShelvedOffloaded = "SHELVED_OFFLOADED";

    /// <summary>Nova cannot tell.</summary>
    public const string Unknown = "UNKNOWN";
}

/// <summary>A Nova server (API reference: <c>/servers/detail</c>, microversion 2.1 to 2.93).</summary>
public sealed record Server
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The display name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>See <see cref="ServerStatus"/>.</summary>
    public string Status { get; init; } = ServerStatus.Unknown;

    /// <summary><c>OS-EXT-STS:vm_state</c>.</summary>
    public string? VmState { get; init; }

    /// <summary><c>OS-EXT-STS:task_state</c>.</summary>
    public string? TaskState { get; init; }

    /// <summary><c>OS-EXT-STS:power_state</c>: 0 none, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended.</summary>
    public int? PowerState { get; init; }

    /// <summary><c>OS-EXT-AZ:availability_zone</c>; empty until the server is placed.</summary>
    public string AvailabilityZone { get; init; } = "";

    /// <summary>The flavor's ID; <see langword="null"/> from microversion 2.47, which no longer tells it.</summary>
    public string? FlavorId { get; init; }

    /// <summary>The flavor's name (<c>original_name</c>); <see langword="null"/> below microversion 2.47.</summary>
    public string? FlavorName { get; init; }

    /// <summary>Addresses by network, in the order in which Nova lists networks and addresses.</summary>
    public EquatableArray<ServerAddress> Addresses { get; init; }

    /// <summary><c>accessIPv4</c>, or <see langword="null"/>.</summary>
    public string? AccessIPv4 { get; init; }

    /// <summary><c>accessIPv6</c>, or <see langword="null"/>.</summary>
    public string? AccessIPv6 { get; init; }

    /// <summary>Metadata, ordered by key.</summary>
    public EquatableArray<KeyValuePair<string, string>> Metadata { get; init; }

    /// <summary>Tags; empty below microversion 2.26.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The project.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>An opaque name of the hypervisor, different for each project.</summary>
    public string HostId { get; init; } = "";

    /// <summary>When it was made.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>The names of its security groups, without repetition.</summary>
    public EquatableArray<string> SecurityGroups { get; init; }

    /// <summary>The fault's message, when it is in ERROR and Nova tells.</summary>
    public string? Fault { get; init; }
}

/// <summary>An address of a server.</summary>
/// <param name="Network">The network's name.</param>
/// <param name="Address">The address.</param>
/// <param name="Version">4 or 6.</param>
/// <param name="Type"><c>fixed</c> or <c>floating</c>; <see langword="null"/> when the cloud does not say.</param>
/// <param name="MacAddress">The interface's hardware address, when the cloud says it.</param>
public sealed record ServerAddress(string Network, string Address, int Version, string? Type, string? MacAddress);

/// <summary>Which servers a list contains. Unset filters match all.</summary>
public sealed record ServerQuery
{
    /// <summary>Exactly this name (sent as an anchored regular expression and compared again here).</summary>
    public string? Name { get; init; }

    /// <summary>This status.</summary>
    public string? Status { get; init; }

    /// <summary>All of these tags (microversion 2.26).</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Only servers changed since then; also lists deleted ones.</summary>
    public DateTimeOffset? ChangesSince { get; init; }

    /// <summary>
    /// Items a page; <see langword="null"/> leaves it to the service. With a size, servers of a cell that is down are missing.
    /// </summary>
    public int? PageSize { get; init; }
}

/// <summary>An interface of a server.</summary>
/// <param name="PortId">The Neutron port.</param>
/// <param name="NetworkId">The network.</param>
/// <param name="MacAddress">The hardware address.</param>
/// <param name="PortState">The port's status.</param>
/// <param name="FixedIps">Its addresses.</param>
public sealed record ServerInterface(
    string PortId, string NetworkId, string MacAddress, string PortState, EquatableArray<InterfaceAddress> FixedIps);

/// <summary>An address of an interface.</summary>
/// <param name="SubnetId">The subnet.</param>
/// <param name="IpAddress">The address.</param>
public sealed record InterfaceAddress(string SubnetId, string IpAddress);

/// <summary>A zone of compute hosts.</summary>
/// <param name="Name">The name, which may have blanks.</param>
/// <param name="Available">Whether it takes servers.</param>
public sealed record ComputeZone(string Name, bool Available);

/// <summary>The project's limits in Nova; -1 means none.</summary>
public sealed record ComputeLimits
{
    /// <summary>The most servers.</summary>
    public int MaxInstances { get; init; } = -1;

    /// <summary>Servers there are.</summary>
    public int UsedInstances { get; init; }

    /// <summary>The most virtual CPUs.</summary>
    public int MaxCores { get; init; } = -1;

    /// <summary>Virtual CPUs in use.</summary>
    public int UsedCores { get; init; }

    /// <summary>The most memory, in MiB.</summary>
    public int MaxRamMiB { get; init; } = -1;

    /// <summary>Memory in use, in MiB.</summary>
    public int UsedRamMiB { get; init; }
}

/// <summary>A server to be made.</summary>
public sealed record ServerCreate
{
    /// <summary>The display name.</summary>
    public required string Name { get; init; }

    /// <summary>The flavor's ID.</summary>
    public required string FlavorId { get; init; }

    /// <summary>The image that it boots.</summary>
    public required string ImageId { get; init; }

    /// <summary>The networks that it gets a port on each, in this order.</summary>
    public required EquatableArray<string> NetworkIds { get; init; }

    /// <summary>The zone; <see langword="null"/> leaves it to the cloud.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Metadata.</summary>
    public EquatableArray<KeyValuePair<string, string>> Metadata { get; init; }
}

/// <summary>A size of servers.</summary>
/// <param name="Id">The ID.</param>
/// <param name="Name">The name.</param>
/// <param name="Vcpus">Virtual CPUs.</param>
/// <param name="RamMiB">Memory, in MiB.</param>
/// <param name="DiskGiB">The root disk, in GiB.</param>
public sealed record ServerFlavor(string Id, string Name, int Vcpus, int RamMiB, int DiskGiB);

/// <summary>An API version's range.</summary>
/// <param name="Minimum">The lowest microversion, such as <c>2.1</c>; <see langword="null"/> when the service has none.</param>
/// <param name="Maximum">The highest microversion.</param>
public sealed record MicroversionRange(ApiVersion? Minimum, ApiVersion? Maximum);

/// <summary>Reads servers.</summary>
public interface IServerReader
{
    /// <summary>
    /// The project's servers with details, page by page. A server of a cell that is down has status UNKNOWN and no name
    /// (microversion 2.69), and is there all the same.
    /// </summary>
    IAsyncEnumerable<Server> ListServersAsync(ServerQuery query, CancellationToken cancellationToken);

    /// <summary>One server, or <see langword="null"/> when there is none with this ID.</summary>
    Task<Server?> GetServerAsync(string serverId, CancellationToken cancellationToken);

    /// <summary>A server's interfaces; empty when there is no such server.</summary>
    Task<EquatableArray<ServerInterface>> ListInterfacesAsync(string serverId, CancellationToken cancellationToken);
}

/// <summary>Reads what a cloud's Nova offers the project.</summary>
public interface IComputeCapabilities
{
    /// <summary>The zones of compute hosts.</summary>
    Task<EquatableArray<ComputeZone>> ListZonesAsync(CancellationToken cancellationToken);

    /// <summary>The project's limits and what is used of them.</summary>
    Task<ComputeLimits> GetLimitsAsync(CancellationToken cancellationToken);

    /// <summary>The microversions the service speaks.</summary>
    Task<MicroversionRange> GetVersionsAsync(CancellationToken cancellationToken);
}
