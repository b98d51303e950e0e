using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Contracts;

/// <summary>
/// A virtual network: a Neutron network with a subnet for each IP family. Made on demand for a pod's label, or written by an operator who wants to fix its
/// ranges, bind a network that exists, or leave it without a router.
/// </summary>
public sealed record VirtualNetwork() : CustomResource<VirtualNetworkSpec, VirtualNetworkStatus>(Resource), IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new(NetworkNames.Group, NetworkNames.Version, "VirtualNetwork", "virtualnetworks", Namespaced: true);
}

/// <summary>What a virtual network should be. All fields are optional.</summary>
public sealed record VirtualNetworkSpec
{
    /// <summary>The ranges of its subnets, at most one a family; empty takes them from the subnet pools.</summary>
    public IReadOnlyList<string> Cidrs { get => field ?? []; init; }

    /// <summary>The subnet pools (ID or name) from which ranges are taken, at most one a family; empty means those of the configuration.</summary>
    public IReadOnlyList<string> SubnetPools { get => field ?? []; init; }

    /// <summary>The ID or name of a Neutron network to use as it is, such as a provider network. Nothing of it is changed or deleted.</summary>
    public string? NetworkRef { get; init; }

    /// <summary>The ID or name of the router that joins it with others; <c>none</c> leaves it alone; unset means the cluster's router.</summary>
    public string? Router { get; init; }

    /// <summary>
    /// <c>Isolated</c> (a pod that no policy isolates accepts traffic from its own network and from those that use a Service before it) or <c>Open</c>
    /// (it accepts all). Unset means <c>Isolated</c>, but <c>Open</c> for the cluster's default network.
    /// </summary>
    public string? Isolation { get; init; }

    /// <summary>The MTU; unset means what Neutron gives.</summary>
    public int? Mtu { get; init; }
}

/// <summary>What a virtual network is.</summary>
public sealed record VirtualNetworkStatus
{
    /// <summary>The Neutron network.</summary>
    public string? NetworkId { get; init; }

    /// <summary>The subnets, at most one a family.</summary>
    public IReadOnlyList<VirtualSubnet> Subnets { get => field ?? []; init; }

    /// <summary>The router that joins it with others.</summary>
    public string? RouterId { get; init; }

    /// <summary>The ranges of what that router joins besides virtual networks, such as the subnets of nodes and machines.</summary>
    public IReadOnlyList<string> RoutedCidrs { get => field ?? []; init; }

    /// <summary>The MTU.</summary>
    public int? Mtu { get; init; }

    /// <summary><c>Isolated</c> or <c>Open</c>, as it is in force.</summary>
    public string? Isolation { get; init; }

    /// <summary>How many pods have ports on it.</summary>
    public int Pods { get; init; }

    /// <summary>Condition <c>Ready</c>; reasons name the field that is wrong, or the cloud's error.</summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }
}

/// <summary>A subnet of a virtual network.</summary>
public sealed record VirtualSubnet
{
    /// <summary>The Neutron subnet.</summary>
    public string Id { get => field ?? ""; init; }

    /// <summary>The range.</summary>
    public string Cidr { get => field ?? ""; init; }

    /// <summary>The gateway; unset where there is none.</summary>
    public string? Gateway { get; init; }

    /// <summary>The name servers that Neutron tells those on it.</summary>
    public IReadOnlyList<string> DnsNameservers { get => field ?? []; init; }

    /// <summary>The routes that Neutron tells those on it.</summary>
    public IReadOnlyList<PodPortRoute> HostRoutes { get => field ?? []; init; }
}
