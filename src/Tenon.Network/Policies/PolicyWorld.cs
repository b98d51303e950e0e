using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.Network.Policies;

/// <summary>Everything that decides who may talk to whom, as the informers' caches have it. Nothing in here is asked of the cloud.</summary>
public sealed record PolicyWorld
{
    /// <summary>The pods that have ports of their own; pods on their node's network are not among them.</summary>
    public IReadOnlyList<PolicyPod> Pods { get; init; } = [];

    /// <summary>The labels of each namespace.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Namespaces { get; init; }
        = new Dictionary<string, IReadOnlyDictionary<string, string>>();

    /// <summary>The policies of all namespaces.</summary>
    public IReadOnlyList<NetworkPolicy> Policies { get; init; } = [];

    /// <summary>The virtual networks.</summary>
    public IReadOnlyList<PolicyNetwork> Networks { get; init; } = [];

    /// <summary>The Services that have a virtual IP.</summary>
    public IReadOnlyList<PolicyService> Services { get; init; } = [];

    /// <summary>The addresses of the nodes: what a node sends to a pod, probes among it, always passes.</summary>
    public IReadOnlyList<string> NodeAddresses { get; init; } = [];
}

/// <summary>A pod as policies see it.</summary>
/// <param name="Name">Its namespace and name.</param>
/// <param name="Network">The <see cref="PolicyNetwork.Key"/> of its virtual network.</param>
/// <param name="Labels">Its labels.</param>
public sealed record PolicyPod(NamespacedName Name, string Network, IReadOnlyDictionary<string, string> Labels)
{
    /// <summary>The ports of its containers that have a name.</summary>
    public EquatableArray<NamedPort> NamedPorts { get; init; }

    /// <summary>The Services that its <c>uses</c> label or annotation names.</summary>
    public EquatableArray<NamespacedName> Uses { get; init; }

    /// <summary>Its addresses, for those who ask by address.</summary>
    public EquatableArray<string> Addresses { get; init; }
}

/// <summary>A container port that policies and Services may call by name.</summary>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
/// <param name="Name">The name, unique among the pod's ports of one protocol.</param>
/// <param name="Port">The number.</param>
public sealed record NamedPort(string Protocol, string Name, int Port);

/// <summary>A virtual network as policies see it.</summary>
/// <param name="Key">What <see cref="PolicyPod.Network"/> refers to.</param>
/// <param name="Cidrs">The ranges of its subnets.</param>
/// <param name="Open">
/// Whether pods that no policy isolates accept traffic from everywhere, as Kubernetes has it; otherwise only from their own network, from networks with
/// a pod that uses their Service, and from outside through a Service of type LoadBalancer.
/// </param>
public sealed record PolicyNetwork(string Key, EquatableArray<string> Cidrs, bool Open)
{
    /// <summary>The ranges of what else its router joins, such as the subnets of nodes and machines.</summary>
    public EquatableArray<string> Routed { get; init; }
}

/// <summary>A Service with a virtual IP as policies see it.</summary>
/// <param name="Name">Its namespace and name.</param>
/// <param name="VirtualIps">Its virtual IPs.</param>
/// <param name="Ports">Its ports.</param>
public sealed record PolicyService(NamespacedName Name, EquatableArray<string> VirtualIps, EquatableArray<PolicyServicePort> Ports)
{
    /// <summary>The pods behind it; empty where somebody else writes its endpoints.</summary>
    public IReadOnlyDictionary<string, string> Selector { get; init; } = new Dictionary<string, string>();

    /// <summary>The endpoints that somebody else writes, where there is no selector.</summary>
    public EquatableArray<PolicyEndpoint> Endpoints { get; init; }

    /// <summary>Whether it is reached from outside (type LoadBalancer).</summary>
    public bool External { get; init; }

    /// <summary>From where it is reached from outside; empty means from everywhere.</summary>
    public EquatableArray<string> SourceRanges { get; init; }

    /// <summary>Whether it is reached from outside, but not by everybody: then the pods behind it are closed to whoever else is outside, in an open network too.</summary>
    public bool IsRestricted => External && !SourceRanges.IsEmpty;
}

/// <summary>A port of a Service.</summary>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
/// <param name="Port">The port of the virtual IP.</param>
/// <param name="Target">The port of the pods, by number or name.</param>
public sealed record PolicyServicePort(string Protocol, int Port, IntOrString Target);

/// <summary>An endpoint that somebody else wrote.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Protocol"><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</param>
/// <param name="ServicePort">The port of the virtual IP that leads to it.</param>
/// <param name="Port">Its own port.</param>
public sealed record PolicyEndpoint(string Address, string Protocol, int ServicePort, int Port);
