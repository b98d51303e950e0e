using Tenon.Core;

namespace Tenon.OpenStack.LoadBalancing;

/// <summary>Whether Octavia is changing a resource. While a load balancer is pending, its whole tree refuses changes.</summary>
public enum ProvisioningStatus
{
    /// <summary>A word this client does not know.</summary>
    Unknown,

    /// <summary><c>ACTIVE</c>: settled.</summary>
    Active,

    /// <summary><c>PENDING_CREATE</c>.</summary>
    PendingCreate,

    /// <summary><c>PENDING_UPDATE</c>.</summary>
    PendingUpdate,

    /// <summary><c>PENDING_DELETE</c>.</summary>
    PendingDelete,

    /// <summary><c>DELETED</c>: gone, still listed for a while.</summary>
    Deleted,

    /// <summary><c>ERROR</c>: the last change failed; it can be deleted, or failed over by an administrator.</summary>
    Error,
}

/// <summary>How a resource does in operation.</summary>
public enum OperatingStatus
{
    /// <summary>A word this client does not know.</summary>
    Unknown,

    /// <summary><c>ONLINE</c>.</summary>
    Online,

    /// <summary><c>OFFLINE</c>.</summary>
    Offline,

    /// <summary><c>DRAINING</c>.</summary>
    Draining,

    /// <summary><c>DEGRADED</c>.</summary>
    Degraded,

    /// <summary><c>ERROR</c>.</summary>
    Error,

    /// <summary><c>NO_MONITOR</c>.</summary>
    NoMonitor,
}

/// <summary>What the two statuses mean to callers.</summary>
public static class ProvisioningStatusExtensions
{
    /// <summary>Whether a change is in flight, so that further ones answer <see cref="OpenStackErrorKind.Busy"/>.</summary>
    public static bool IsPending(this ProvisioningStatus status)
        => status is ProvisioningStatus.PendingCreate or ProvisioningStatus.PendingUpdate or ProvisioningStatus.PendingDelete;
}

/// <summary>An Octavia load balancer (API reference v2).</summary>
public sealed record LoadBalancer
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>Whether it is being changed.</summary>
    public ProvisioningStatus ProvisioningStatus { get; init; }

    /// <summary>How it does.</summary>
    public OperatingStatus OperatingStatus { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>The provider driver, such as <c>amphora</c> or <c>ovn</c>.</summary>
    public string Provider { get; init; } = "";

    /// <summary>The virtual address.</summary>
    public string VipAddress { get; init; } = "";

    /// <summary>The Neutron port that holds it.</summary>
    public string VipPortId { get; init; } = "";

    /// <summary>The subnet it is on.</summary>
    public string VipSubnetId { get; init; } = "";

    /// <summary>The network it is on.</summary>
    public string VipNetworkId { get; init; } = "";

    /// <summary>Further virtual addresses on the same network (API 2.26).</summary>
    public EquatableArray<AdditionalVip> AdditionalVips { get; init; }

    /// <summary>The flavor, if any.</summary>
    public string? FlavorId { get; init; }

    /// <summary>The Octavia availability zone, if any.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Its listeners.</summary>
    public EquatableArray<string> ListenerIds { get; init; }

    /// <summary>Its pools.</summary>
    public EquatableArray<string> PoolIds { get; init; }

    /// <summary>Tags (API 2.5).</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public DateTimeOffset? UpdatedAt { get; init; }
}

/// <summary>A further virtual address.</summary>
/// <param name="SubnetId">The subnet, on the network of the first VIP.</param>
/// <param name="IpAddress">The address; <see langword="null"/> in requests lets Octavia choose.</param>
public sealed record AdditionalVip(string SubnetId, string? IpAddress = null);

/// <summary>Which load balancers a list contains. Unset filters match all.</summary>
public sealed record LoadBalancerQuery
{
    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>On this virtual address.</summary>
    public string? VipAddress { get; init; }

    /// <summary>On this VIP port.</summary>
    public string? VipPortId { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>With this provider.</summary>
    public string? Provider { get; init; }

    /// <summary>With this provisioning status.</summary>
    public ProvisioningStatus? ProvisioningStatus { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Any of these tags.</summary>
    public EquatableArray<string> TagsAny { get; init; }

    /// <summary>Not all of these tags.</summary>
    public EquatableArray<string> NotTags { get; init; }

    /// <summary>None of these tags.</summary>
    public EquatableArray<string> NotTagsAny { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>
/// A load balancer to be made, with its whole tree if wanted ("fully populated"). The VIP is given by port, or by subnet
/// or network, with or without an address.
/// </summary>
public sealed record LoadBalancerCreate
{
    /// <summary>The name, at most 255 characters.</summary>
    public required string Name { get; init; }

    /// <summary>A text for people, at most 255 characters.</summary>
    public string Description { get; init; } = "";

    /// <summary>The VIP's port, made beforehand.</summary>
    public string? VipPortId { get; init; }

    /// <summary>The VIP's subnet.</summary>
    public string? VipSubnetId { get; init; }

    /// <summary>The VIP's network.</summary>
    public string? VipNetworkId { get; init; }

    /// <summary>The wanted virtual address.</summary>
    public string? VipAddress { get; init; }

    /// <summary>Further virtual addresses (API 2.26).</summary>
    public EquatableArray<AdditionalVip> AdditionalVips { get; init; }

    /// <summary>The provider driver; <see langword="null"/> is the cloud's default.</summary>
    public string? Provider { get; init; }

    /// <summary>The flavor.</summary>
    public string? FlavorId { get; init; }

    /// <summary>The Octavia availability zone.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Tags (API 2.5), each at most 255 characters.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Listeners made with it, each with its default pool.</summary>
    public EquatableArray<ListenerCreate> Listeners { get; init; }

    /// <summary>Pools made with it that no listener uses by default.</summary>
    public EquatableArray<PoolCreate> Pools { get; init; }

    /// <summary>The project, for administrators only.</summary>
    public string? ProjectId { get; init; }
}

/// <summary>What changes of a load balancer; fields left unset stay as they are.</summary>
public sealed record LoadBalancerUpdate
{
    /// <summary>The name.</summary>
    public Optional<string> Name { get; init; }

    /// <summary>A text for people.</summary>
    public Optional<string> Description { get; init; }

    /// <summary>Whether it carries traffic.</summary>
    public Optional<bool> AdminStateUp { get; init; }

    /// <summary>All tags.</summary>
    public Optional<EquatableArray<string>> Tags { get; init; }
}

/// <summary>A load balancer's statuses, all the way down (<c>/loadbalancers/{id}/status</c>).</summary>
/// <param name="Kind"><c>loadbalancer</c>, <c>listener</c>, <c>pool</c>, <c>member</c> or <c>healthmonitor</c>.</param>
/// <param name="Id">The ID.</param>
/// <param name="Name">The name.</param>
/// <param name="ProvisioningStatus">Whether it is being changed.</param>
/// <param name="OperatingStatus">How it does.</param>
/// <param name="Children">What it holds. Pools appear below their listeners, or below the load balancer when no listener uses them.</param>
public sealed record StatusNode(
    string Kind, string Id, string Name, ProvisioningStatus ProvisioningStatus, OperatingStatus OperatingStatus, EquatableArray<StatusNode> Children)
{
    /// <summary>A member's address, for members.</summary>
    public string? Address { get; init; }

    /// <summary>A member's port, for members.</summary>
    public int? ProtocolPort { get; init; }
}

/// <summary>A provider driver.</summary>
/// <param name="Name">Its name, as requests use it.</param>
/// <param name="Description">What the operator says of it.</param>
public sealed record Provider(string Name, string Description);

/// <summary>An Octavia flavor.</summary>
/// <param name="Id">The ID.</param>
/// <param name="Name">The name.</param>
/// <param name="Description">What the operator says of it.</param>
/// <param name="Enabled">Whether new load balancers may use it.</param>
public sealed record LoadBalancerFlavor(string Id, string Name, string Description, bool Enabled);

/// <summary>An Octavia availability zone.</summary>
/// <param name="Name">The name, as requests use it.</param>
/// <param name="Description">What the operator says of it.</param>
/// <param name="Enabled">Whether new load balancers may use it.</param>
public sealed record LoadBalancerZone(string Name, string Description, bool Enabled);

/// <summary>Octavia's limits for a project; -1 means none. Octavia does not tell what is used.</summary>
/// <param name="LoadBalancers">The most load balancers.</param>
/// <param name="Listeners">The most listeners.</param>
/// <param name="Pools">The most pools.</param>
/// <param name="Members">The most members.</param>
/// <param name="HealthMonitors">The most health monitors.</param>
public sealed record LoadBalancerQuota(int LoadBalancers, int Listeners, int Pools, int Members, int HealthMonitors);

/// <summary>What a cloud's Octavia can do, by its API version. Provider drivers may still refuse (501).</summary>
/// <param name="Version">The highest version it announces.</param>
public sealed record LoadBalancerFeatures(ApiVersion Version)
{
    /// <summary>Tags on everything, and filters by them (2.5).</summary>
    public bool Tags => Version >= new ApiVersion(2, 5);

    /// <summary>Flavors (2.6).</summary>
    public bool Flavors => Version >= new ApiVersion(2, 6);

    /// <summary>Listener timeouts (2.1).</summary>
    public bool Timeouts => Version >= new ApiVersion(2, 1);

    /// <summary>Allowed CIDRs on listeners (2.12).</summary>
    public bool AllowedCidrs => Version >= new ApiVersion(2, 12);

    /// <summary>Batch member updates that only add (2.13).</summary>
    public bool AdditiveMembers => Version >= new ApiVersion(2, 13);

    /// <summary>Availability zones (2.14).</summary>
    public bool AvailabilityZones => Version >= new ApiVersion(2, 14);

    /// <summary>The SCTP protocol (2.23).</summary>
    public bool Sctp => Version >= new ApiVersion(2, 23);

    /// <summary>The PROXYV2 pool protocol (2.22).</summary>
    public bool ProxyV2 => Version >= new ApiVersion(2, 22);

    /// <summary>Additional VIPs (2.26).</summary>
    public bool AdditionalVips => Version >= new ApiVersion(2, 26);
}
