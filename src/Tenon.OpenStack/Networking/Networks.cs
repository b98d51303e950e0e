using Tenon.Core;

namespace Tenon.OpenStack.Networking;

/// <summary>A Neutron network.</summary>
public sealed record Network
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary><c>ACTIVE</c>, <c>DOWN</c>, <c>BUILD</c> or <c>ERROR</c>.</summary>
    public string Status { get; init; } = "";

    /// <summary>Whether it carries traffic.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary><c>router:external</c>: floating IPs and router gateways come from it.</summary>
    public bool External { get; init; }

    /// <summary>Whether other projects may use it.</summary>
    public bool Shared { get; init; }

    /// <summary><c>is_default</c>: the external network used when none is named.</summary>
    public bool IsDefault { get; init; }

    /// <summary>The largest packet, in bytes; 0 when not told.</summary>
    public int Mtu { get; init; }

    /// <summary>Its subnets that the caller may see.</summary>
    public EquatableArray<string> SubnetIds { get; init; }

    /// <summary>Whether its ports filter by default.</summary>
    public bool PortSecurityEnabled { get; init; } = true;

    /// <summary><c>provider:network_type</c>, for administrators only.</summary>
    public string? ProviderType { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }
}

/// <summary>Which networks a list contains. Unset filters match all; several values of one filter match any of them.</summary>
public sealed record NetworkQuery
{
    /// <summary>These IDs.</summary>
    public EquatableArray<string> Ids { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>External networks, or those that are not.</summary>
    public bool? External { get; init; }

    /// <summary>With exactly this description.</summary>
    public string? Description { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>A Neutron subnet.</summary>
public sealed record Subnet
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>The network it belongs to.</summary>
    public string NetworkId { get; init; } = "";

    /// <summary>4 or 6.</summary>
    public int IpVersion { get; init; } = 4;

    /// <summary>The range, <c>address/prefix</c>.</summary>
    public string Cidr { get; init; } = "";

    /// <summary>The gateway's address, or <see langword="null"/> for none.</summary>
    public string? GatewayIp { get; init; }

    /// <summary>Whether DHCP answers on it.</summary>
    public bool DhcpEnabled { get; init; } = true;

    /// <summary>The ranges from which addresses are given.</summary>
    public EquatableArray<AllocationPool> AllocationPools { get; init; }

    /// <summary>Name servers.</summary>
    public EquatableArray<string> DnsNameservers { get; init; }

    /// <summary>Routes that DHCP announces.</summary>
    public EquatableArray<Route> HostRoutes { get; init; }

    /// <summary>The pool that gave the range, if any.</summary>
    public string? SubnetPoolId { get; init; }

    /// <summary><c>slaac</c>, <c>dhcpv6-stateful</c>, <c>dhcpv6-stateless</c> or <see langword="null"/>.</summary>
    public string? Ipv6AddressMode { get; init; }

    /// <summary>As <see cref="Ipv6AddressMode"/>, for router advertisements.</summary>
    public string? Ipv6RaMode { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }
}

/// <summary>A range of addresses, both ends included.</summary>
/// <param name="Start">The first address.</param>
/// <param name="End">The last address.</param>
public sealed record AllocationPool(string Start, string End);

/// <summary>Which subnets a list contains. Unset filters match all.</summary>
public sealed record SubnetQuery
{
    /// <summary>These IDs.</summary>
    public EquatableArray<string> Ids { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>Of these networks.</summary>
    public EquatableArray<string> NetworkIds { get; init; }

    /// <summary>4 or 6.</summary>
    public int? IpVersion { get; init; }

    /// <summary>Exactly this range.</summary>
    public string? Cidr { get; init; }

    /// <summary>With exactly this description.</summary>
    public string? Description { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

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

/// <summary>A Neutron subnet pool.</summary>
public sealed record SubnetPool
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary>4 or 6.</summary>
    public int IpVersion { get; init; } = 4;

    /// <summary>The ranges it gives from.</summary>
    public EquatableArray<string> Prefixes { get; init; }

    /// <summary>The prefix length when none is asked for.</summary>
    public int DefaultPrefixLength { get; init; }

    /// <summary>Whether it is used when none is named.</summary>
    public bool IsDefault { get; init; }

    /// <summary>Whether other projects may use it.</summary>
    public bool Shared { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }
}

/// <summary>A Neutron router.</summary>
public sealed record Router
{
    /// <summary>The ID.</summary>
    public required string Id { get; init; }

    /// <summary>The name; not unique.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>The project that owns it.</summary>
    public string ProjectId { get; init; } = "";

    /// <summary><c>ACTIVE</c> and so on.</summary>
    public string Status { get; init; } = "";

    /// <summary>Whether it forwards.</summary>
    public bool AdminStateUp { get; init; } = true;

    /// <summary>Its gateway, or <see langword="null"/> for none.</summary>
    public ExternalGateway? Gateway { get; init; }

    /// <summary>Its extra routes.</summary>
    public EquatableArray<Route> Routes { get; init; }

    /// <summary>Tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>The revision, for <c>If-Match</c>.</summary>
    public int Revision { get; init; }
}

/// <summary>A router's gateway.</summary>
/// <param name="NetworkId">The external network.</param>
/// <param name="FixedIps">Its addresses there.</param>
/// <param name="SnatEnabled">Whether it hides inner addresses.</param>
public sealed record ExternalGateway(string NetworkId, EquatableArray<FixedIp> FixedIps, bool? SnatEnabled);

/// <summary>A route.</summary>
/// <param name="Destination">The range, <c>address/prefix</c>.</param>
/// <param name="NextHop">The next hop's address.</param>
public sealed record Route(string Destination, string NextHop);

/// <summary>Which routers a list contains. Unset filters match all.</summary>
public sealed record RouterQuery
{
    /// <summary>These IDs.</summary>
    public EquatableArray<string> Ids { get; init; }

    /// <summary>Exactly this name.</summary>
    public string? Name { get; init; }

    /// <summary>Only what this project owns.</summary>
    public string? ProjectId { get; init; }

    /// <summary>All of these tags.</summary>
    public EquatableArray<string> Tags { get; init; }

    /// <summary>Items a page; <see langword="null"/> is the client's.</summary>
    public int? PageSize { get; init; }
}

/// <summary>Reads networks, subnets, pools and routers.</summary>
public interface INetworkReader
{
    /// <summary>Networks that the project can see, page by page.</summary>
    IAsyncEnumerable<Network> ListNetworksAsync(NetworkQuery query, CancellationToken cancellationToken);

    /// <summary>One network, or <see langword="null"/>.</summary>
    Task<Network?> GetNetworkAsync(string networkId, CancellationToken cancellationToken);

    /// <summary>Subnets that the project can see, page by page.</summary>
    IAsyncEnumerable<Subnet> ListSubnetsAsync(SubnetQuery query, CancellationToken cancellationToken);

    /// <summary>One subnet, or <see langword="null"/>.</summary>
    Task<Subnet?> GetSubnetAsync(string subnetId, CancellationToken cancellationToken);

    /// <summary>Subnet pools that the project can see, page by page.</summary>
    IAsyncEnumerable<SubnetPool> ListSubnetPoolsAsync(CancellationToken cancellationToken);

    /// <summary>Routers that the project can see, page by page.</summary>
    IAsyncEnumerable<Router> ListRoutersAsync(RouterQuery query, CancellationToken cancellationToken);

    /// <summary>One router, or <see langword="null"/>.</summary>
    Task<Router?> GetRouterAsync(string routerId, CancellationToken cancellationToken);
}

/// <summary>Changes a router's extra routes.</summary>
public interface IRouteClient
{
    /// <summary>One router with its routes, or <see langword="null"/>.</summary>
    Task<Router?> GetRouterAsync(string routerId, CancellationToken cancellationToken);

    /// <summary>
    /// Adds routes atomically (extension <c>extraroute-atomic</c>); those that are there stay. At most one change a route,
    /// whoever else changes the router.
    /// </summary>
    Task<Router> AddRoutesAsync(string routerId, IReadOnlyCollection<Route> routes, CancellationToken cancellationToken);

    /// <summary>Removes routes atomically (extension <c>extraroute-atomic</c>); those that are not there do no harm.</summary>
    Task<Router> RemoveRoutesAsync(string routerId, IReadOnlyCollection<Route> routes, CancellationToken cancellationToken);

    /// <summary>Replaces the whole list, if the router is still at this revision; else <see cref="OpenStackErrorKind.Conflict"/>.</summary>
    Task<Router> ReplaceRoutesAsync(string routerId, IReadOnlyCollection<Route> routes, int revision, CancellationToken cancellationToken);
}

/// <summary>A Neutron extension.</summary>
/// <param name="Alias">Its alias, such as <c>extraroute-atomic</c>.</param>
/// <param name="Name">Its name.</param>
public sealed record Extension(string Alias, string Name);

/// <summary>One limit of Neutron's quota; -1 means none.</summary>
/// <param name="Resource">Such as <c>floatingip</c>, <c>port</c>, <c>security_group_rule</c>.</param>
/// <param name="Limit">The most there may be.</param>
/// <param name="Used">How many there are.</param>
/// <param name="Reserved">How many are being made.</param>
public sealed record NetworkQuota(string Resource, int Limit, int Used, int Reserved);

/// <summary>Reads what a cloud's Neutron offers the project.</summary>
public interface INetworkCapabilities
{
    /// <summary>All extensions.</summary>
    Task<EquatableArray<Extension>> ListExtensionsAsync(CancellationToken cancellationToken);

    /// <summary>The limits and use of a project.</summary>
    Task<EquatableArray<NetworkQuota>> GetQuotaAsync(string projectId, CancellationToken cancellationToken);

    /// <summary>The names of the zones of network agents (resource <c>network</c> and <c>router</c>), without repetition.</summary>
    Task<EquatableArray<string>> ListNetworkZonesAsync(CancellationToken cancellationToken);
}

/// <summary>The kinds of Neutron resource that carry tags, as their paths spell them.</summary>
public enum TaggedResource
{
    /// <summary><c>networks</c>.</summary>
    Network,

    /// <summary><c>subnets</c>.</summary>
    Subnet,

    /// <summary><c>subnetpools</c>.</summary>
    SubnetPool,

    /// <summary><c>ports</c>.</summary>
    Port,

    /// <summary><c>routers</c>.</summary>
    Router,

    /// <summary><c>floatingips</c>.</summary>
    FloatingIp,

    /// <summary><c>security-groups</c>.</summary>
    SecurityGroup,

    /// <summary><c>trunks</c>.</summary>
    Trunk,
}

/// <summary>Changes tags of Neutron resources.</summary>
public interface ITagClient
{
    /// <summary>Replaces all tags.</summary>
    Task ReplaceTagsAsync(TaggedResource resource, string id, IReadOnlyCollection<string> tags, CancellationToken cancellationToken);

    /// <summary>Adds a tag; one that is there stays.</summary>
    Task AddTagAsync(TaggedResource resource, string id, string tag, CancellationToken cancellationToken);

    /// <summary>Removes a tag; one that is not there does no harm.</summary>
    Task RemoveTagAsync(TaggedResource resource, string id, string tag, CancellationToken cancellationToken);
}
