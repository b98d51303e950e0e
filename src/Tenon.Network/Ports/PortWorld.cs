using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Ports;

/// <summary>A pod that should have a port.</summary>
/// <param name="Pod">Its namespace and name.</param>
/// <param name="Uid">Its UID.</param>
/// <param name="Node">The node that runs it.</param>
/// <param name="Network">The virtual network, as <c>NAMESPACE/NAME</c>.</param>
/// <param name="Groups">
/// The IDs of the security groups that its port has, in ordinal order; <see langword="null"/> while they cannot be given: a port that it has stays as it is, a
/// new one waits.
/// </param>
public sealed record PodWish(NamespacedName Pod, string Uid, string Node, string Network, EquatableArray<string>? Groups)
{
    /// <summary>Whether it is being deleted, by itself or with its namespace: it keeps what it has and gets nothing new.</summary>
    public bool IsLeaving { get; init; }
}

/// <summary>A node that plugs pods.</summary>
/// <param name="Name">The node.</param>
/// <param name="Binding">How it plugs them.</param>
public sealed record PortNode(string Name, NodeBinding Binding);

/// <summary>How a node plugs pods.</summary>
public abstract record NodeBinding
{
    private NodeBinding()
    {
    }

    /// <summary>A virtual machine: subports of its trunk.</summary>
    /// <param name="TrunkId">The trunk.</param>
    /// <param name="ParentMacAddress">The hardware address of the trunk's parent port.</param>
    public sealed record Vlan(string TrunkId, string ParentMacAddress) : NodeBinding;

    /// <summary>A hypervisor or bare metal: interfaces of its integration bridge.</summary>
    /// <param name="Host">The name by which Neutron knows it (<c>binding:host_id</c>).</param>
    public sealed record Ovs(string Host) : NodeBinding;
}

/// <summary>A virtual network that is ready.</summary>
/// <param name="Key">Its namespace and name.</param>
/// <param name="NetworkId">The Neutron network.</param>
/// <param name="Subnets">Its subnets, at most one a family.</param>
/// <param name="Mtu">Its MTU.</param>
public sealed record PortNetwork(string Key, string NetworkId, EquatableArray<VirtualSubnet> Subnets, int Mtu);

/// <summary>How many ports are kept ready for pods that are alike: of one network, node and set of groups.</summary>
/// <param name="Minimum">Refilled when fewer are free. Zero keeps none.</param>
/// <param name="Batch">How many are made at a time.</param>
/// <param name="Maximum">What is free beyond it goes.</param>
public sealed record PoolSize(int Minimum, int Batch, int Maximum)
{
    /// <summary>No ports are kept.</summary>
    public static PoolSize None { get; } = new(0, 0, 0);
}

/// <summary>Everything that decides which ports there should be: what Kubernetes asks for and what the cloud has.</summary>
public sealed record PortWorld
{
    /// <summary>The mark (a description) of the cluster's ports.</summary>
    public required string Mark { get; init; }

    /// <summary>The pods, in the order in which they came.</summary>
    public IReadOnlyList<PodWish> Pods { get; init; } = [];

    /// <summary>The UIDs of all pods that live, whether or not they can be served now: what they have is never taken from them.</summary>
    public IReadOnlySet<string> Live { get => field ?? Pods.Select(p => p.Uid).ToHashSet(); init; }

    /// <summary>The nodes that can plug pods, by name.</summary>
    public IReadOnlyDictionary<string, PortNode> Nodes { get; init; } = new Dictionary<string, PortNode>();

    /// <summary>The virtual networks that are ready, by key.</summary>
    public IReadOnlyDictionary<string, PortNetwork> Networks { get; init; } = new Dictionary<string, PortNetwork>();

    /// <summary>The PodPorts, by namespace and name.</summary>
    public IReadOnlyDictionary<NamespacedName, PodPortSpec> PodPorts { get; init; } = new Dictionary<NamespacedName, PodPortSpec>();

    /// <summary>The PodPorts of which their node does not say that nothing is plugged any more.</summary>
    public IReadOnlySet<NamespacedName> Plugged { get; init; } = new HashSet<NamespacedName>();

    /// <summary>The PodPorts that are being deleted already.</summary>
    public IReadOnlySet<NamespacedName> Leaving { get; init; } = new HashSet<NamespacedName>();

    /// <summary>The nodes that there are, whether or not they can plug pods: what is plugged on others is gone with them.</summary>
    public IReadOnlySet<string> KnownNodes { get => field ?? Nodes.Keys.ToHashSet(); init; }

    /// <summary>The cluster's Neutron ports.</summary>
    public IReadOnlyList<Port> Ports { get; init; } = [];

    /// <summary>The subports of the nodes' trunks, by trunk.</summary>
    public IReadOnlyDictionary<string, EquatableArray<SubPort>> Trunks { get; init; } = new Dictionary<string, EquatableArray<SubPort>>();

    /// <summary>The size of the pools.</summary>
    public PoolSize Pool { get; init; } = PoolSize.None;
}
