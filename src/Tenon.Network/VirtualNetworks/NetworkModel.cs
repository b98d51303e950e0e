using Tenon.Core;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.VirtualNetworks;

/// <summary>A virtual network as the cloud should have it.</summary>
/// <param name="Name">The name that people read.</param>
/// <param name="Mark">The description by which it is found again.</param>
/// <param name="Subnets">Its subnets, at most one a family.</param>
/// <param name="RouterId">The router that it is joined to; <see langword="null"/> stands alone.</param>
/// <param name="Mtu">The MTU; <see langword="null"/> is the cloud's choice.</param>
public sealed record NetworkWish(string Name, string Mark, EquatableArray<SubnetWish> Subnets, string? RouterId, int? Mtu);

/// <summary>A subnet as the cloud should have it.</summary>
/// <param name="IpVersion">4 or 6.</param>
/// <param name="Cidr">The range; <see langword="null"/> takes one from the pool.</param>
/// <param name="PoolId">The pool.</param>
/// <param name="ForServices">Whether somebody else gives its addresses: Kubernetes, to Services.</param>
public sealed record SubnetWish(int IpVersion, string? Cidr, string? PoolId, bool ForServices = false);

/// <summary>A virtual network as the cloud has it.</summary>
/// <param name="Network">The network; <see langword="null"/> is none.</param>
/// <param name="Subnets">Its subnets.</param>
/// <param name="Legs">The routers' legs on it, by subnet.</param>
public sealed record NetworkSight(OpenStack.Networking.Network? Network, EquatableArray<Subnet> Subnets, EquatableArray<RouterLeg> Legs);

/// <summary>A router's leg on a subnet.</summary>
/// <param name="RouterId">The router.</param>
/// <param name="SubnetId">The subnet.</param>
public sealed record RouterLeg(string RouterId, string SubnetId);

/// <summary>One call that brings a virtual network nearer to what it should be.</summary>
public abstract record NetworkChange
{
    private NetworkChange()
    {
    }

    /// <summary>Makes the network.</summary>
    /// <param name="Wish">What it should be.</param>
    public sealed record CreateNetwork(NetworkWish Wish) : NetworkChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"create network \"{Wish.Name}\"";
    }

    /// <summary>Makes a subnet.</summary>
    /// <param name="NetworkId">The network.</param>
    /// <param name="Wish">The virtual network that should have it.</param>
    /// <param name="Subnet">What it should be.</param>
    public sealed record CreateSubnet(string NetworkId, NetworkWish Wish, SubnetWish Subnet) : NetworkChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"create subnet {Subnet.Cidr ?? $"from pool {Subnet.PoolId}"} of network \"{Wish.Name}\"";
    }

    /// <summary>Joins a subnet to a router.</summary>
    /// <param name="Leg">The router and the subnet.</param>
    public sealed record Join(RouterLeg Leg) : NetworkChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"join subnet {Leg.SubnetId} to router {Leg.RouterId}";
    }

    /// <summary>Takes a subnet from a router.</summary>
    /// <param name="Leg">The router and the subnet.</param>
    public sealed record Leave(RouterLeg Leg) : NetworkChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"take subnet {Leg.SubnetId} from router {Leg.RouterId}";
    }

    /// <summary>Deletes a subnet.</summary>
    /// <param name="SubnetId">The subnet.</param>
    public sealed record DeleteSubnet(string SubnetId) : NetworkChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"delete subnet {SubnetId}";
    }

    /// <summary>Deletes the network with its subnets.</summary>
    /// <param name="NetworkId">The network.</param>
    public sealed record DeleteNetwork(string NetworkId) : NetworkChange
    {
        /// <inheritdoc/>
        public override string ToString() => $"delete network {NetworkId}";
    }
}
