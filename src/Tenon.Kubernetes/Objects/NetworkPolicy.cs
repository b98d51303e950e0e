namespace Tenon.Kubernetes.Objects;

/// <summary>A networking.k8s.io/v1 NetworkPolicy: who may talk to the pods that it selects.</summary>
public sealed record NetworkPolicy : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", Namespaced: true);

    /// <summary>Always <c>networking.k8s.io/v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>NetworkPolicy</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>The rules.</summary>
    public NetworkPolicySpec Spec { get => field ?? new(); init; }
}

/// <summary>The rules of a policy.</summary>
public sealed record NetworkPolicySpec
{
    /// <summary>The pods of the policy's namespace that it governs; empty selects all.</summary>
    public LabelSelector PodSelector { get => field ?? new(); init; }

    /// <summary><c>Ingress</c> and <c>Egress</c>.</summary>
    public IReadOnlyList<string> PolicyTypes { get => field ?? []; init; }

    /// <summary>What may come in.</summary>
    public IReadOnlyList<NetworkPolicyIngressRule> Ingress { get => field ?? []; init; }

    /// <summary>What may go out.</summary>
    public IReadOnlyList<NetworkPolicyEgressRule> Egress { get => field ?? []; init; }
}

/// <summary>What may come in.</summary>
public sealed record NetworkPolicyIngressRule
{
    /// <summary>On which ports; empty means all.</summary>
    public IReadOnlyList<NetworkPolicyPort> Ports { get => field ?? []; init; }

    /// <summary>From whom; empty means everybody.</summary>
    public IReadOnlyList<NetworkPolicyPeer> From { get => field ?? []; init; }
}

/// <summary>What may go out.</summary>
public sealed record NetworkPolicyEgressRule
{
    /// <summary>To which ports; empty means all.</summary>
    public IReadOnlyList<NetworkPolicyPort> Ports { get => field ?? []; init; }

    /// <summary>To whom; empty means everybody.</summary>
    public IReadOnlyList<NetworkPolicyPeer> To { get => field ?? []; init; }
}

/// <summary>A port or range of ports.</summary>
public sealed record NetworkPolicyPort
{
    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>The port, by number or name; unset means all.</summary>
    public IntOrString? Port { get; init; }

    /// <summary>The end of a range that begins at <see cref="Port"/>.</summary>
    public int? EndPort { get; init; }
}

/// <summary>Who may talk. A null selector and an empty one differ: the latter selects everything.</summary>
public sealed record NetworkPolicyPeer
{
    /// <summary>Pods by their labels.</summary>
    public LabelSelector? PodSelector { get; init; }

    /// <summary>Namespaces by their labels.</summary>
    public LabelSelector? NamespaceSelector { get; init; }

    /// <summary>Addresses.</summary>
    public IPBlock? IpBlock { get; init; }
}

/// <summary>A range of addresses with holes.</summary>
public sealed record IPBlock
{
    /// <summary>The range.</summary>
    public string Cidr { get => field ?? ""; init; }

    /// <summary>The holes.</summary>
    public IReadOnlyList<string> Except { get => field ?? []; init; }
}
