using Tenon.Core;

namespace Tenon.OpenStack.Networking;

/// <summary>A network to be made.</summary>
/// <param name="Name">The name; not unique.</param>
/// <param name="Description">A text for people; lists filter by it.</param>
public sealed record NetworkCreate(string Name, string Description = "")
{
    /// <summary>The largest packet; <see langword="null"/> is the cloud's choice.</summary>
    public int? Mtu { get; init; }
}

/// <summary>A subnet to be made. Its range is given, or taken from a pool.</summary>
public sealed record SubnetCreate
{
    /// <summary>The network.</summary>
    public required string NetworkId { get; init; }

    /// <summary>The name.</summary>
    public string Name { get; init; } = "";

    /// <summary>A text for people; lists filter by it.</summary>
    public string Description { get; init; } = "";

    /// <summary>4 or 6.</summary>
    public required int IpVersion { get; init; }

    /// <summary>The range; <see langword="null"/> takes one from the pool.</summary>
    public string? Cidr { get; init; }

    /// <summary>The pool; <see langword="null"/> is none.</summary>
    public string? SubnetPoolId { get; init; }

    /// <summary>The length of the prefix taken from the pool; <see langword="null"/> is the pool's default.</summary>
    public int? PrefixLength { get; init; }

    /// <summary>The gateway; unset lets Neutron take the first address, <see langword="null"/> is none.</summary>
    public Optional<string?> GatewayIp { get; init; }

    /// <summary>The ranges from which addresses are given that nobody asked for; empty is the whole range.</summary>
    public EquatableArray<AllocationPool> AllocationPools { get; init; }

    /// <summary>Whether Neutron serves DHCP; unset is the cloud's default (it does).</summary>
    public bool? DhcpEnabled { get; init; }

    /// <summary><c>ipv6_address_mode</c>, one of <c>slaac</c>, <c>dhcpv6-stateful</c> and <c>dhcpv6-stateless</c>; <see langword="null"/> is none.</summary>
    public string? Ipv6AddressMode { get; init; }

    /// <summary><c>ipv6_ra_mode</c>, as <see cref="Ipv6AddressMode"/>.</summary>
    public string? Ipv6RaMode { get; init; }
}

/// <summary>Makes and deletes networks, their subnets and their legs on routers.</summary>
public interface INetworkWriter
{
    /// <summary>Makes a network.</summary>
    Task<Network> CreateNetworkAsync(NetworkCreate network, CancellationToken cancellationToken);

    /// <summary>Deletes a network with its subnets; one that is not there does no harm. One with ports is a <see cref="OpenStackErrorKind.Conflict"/>.</summary>
    Task DeleteNetworkAsync(string networkId, CancellationToken cancellationToken);

    /// <summary>Makes a subnet.</summary>
    Task<Subnet> CreateSubnetAsync(SubnetCreate subnet, CancellationToken cancellationToken);

    /// <summary>Deletes a subnet; one that is not there does no harm. One with addresses in use is a <see cref="OpenStackErrorKind.Conflict"/>.</summary>
    Task DeleteSubnetAsync(string subnetId, CancellationToken cancellationToken);

    /// <summary>Gives a router a leg with the gateway's address of a subnet. One that it has already is a <see cref="OpenStackErrorKind.BadRequest"/>.</summary>
    Task AddRouterInterfaceAsync(string routerId, string subnetId, CancellationToken cancellationToken);

    /// <summary>Takes a router's leg on a subnet away. One that it has not is a <see cref="OpenStackErrorKind.NotFound"/>.</summary>
    Task RemoveRouterInterfaceAsync(string routerId, string subnetId, CancellationToken cancellationToken);
}
