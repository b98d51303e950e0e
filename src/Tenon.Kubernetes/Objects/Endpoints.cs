namespace Tenon.Kubernetes.Objects;

/// <summary>A discovery.k8s.io/v1 EndpointSlice: some of the addresses behind a Service.</summary>
public sealed record EndpointSlice : IReplaceable
{
    /// <summary>The label that names the Service.</summary>
    public const string ServiceNameLabel = "kubernetes.io/service-name";

    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", Namespaced: true);

    /// <summary>Always <c>discovery.k8s.io/v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>EndpointSlice</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary><c>IPv4</c>, <c>IPv6</c> or <c>FQDN</c>.</summary>
    public string AddressType { get => field ?? ""; init; }

    /// <summary>The addresses.</summary>
    public IReadOnlyList<Endpoint> Endpoints { get => field ?? []; init; }

    /// <summary>The ports that each of them serves.</summary>
    public IReadOnlyList<EndpointPort> Ports { get => field ?? []; init; }
}

/// <summary>One backend of a Service.</summary>
public sealed record Endpoint
{
    /// <summary>Its addresses; consumers use the first.</summary>
    public IReadOnlyList<string> Addresses { get => field ?? []; init; }

    /// <summary>Whether it serves.</summary>
    public EndpointConditions Conditions { get => field ?? new(); init; }

    /// <summary>Its DNS label.</summary>
    public string? Hostname { get; init; }

    /// <summary>The object behind it, mostly a pod.</summary>
    public ObjectReference? TargetRef { get; init; }

    /// <summary>The node on which it runs.</summary>
    public string? NodeName { get; init; }

    /// <summary>The zone in which it runs.</summary>
    public string? Zone { get; init; }

    /// <summary>Where it should be used.</summary>
    public EndpointHints? Hints { get; init; }

    /// <summary>Topology that <c>nodeName</c> and <c>zone</c> do not express.</summary>
    public IReadOnlyDictionary<string, string> DeprecatedTopology { get => field ?? Empty.Map; init; }
}

/// <summary>Whether an endpoint serves. Unset counts as true for <see cref="Ready"/> and <see cref="Serving"/>.</summary>
public sealed record EndpointConditions
{
    /// <summary>Whether it takes traffic.</summary>
    public bool? Ready { get; init; }

    /// <summary>Whether it could still serve while it terminates.</summary>
    public bool? Serving { get; init; }

    /// <summary>Whether it is being deleted.</summary>
    public bool? Terminating { get; init; }
}

/// <summary>Where an endpoint should be used.</summary>
public sealed record EndpointHints
{
    /// <summary>The zones that should use it.</summary>
    public IReadOnlyList<ForZone> ForZones { get => field ?? []; init; }

    /// <summary>The nodes that should use it.</summary>
    public IReadOnlyList<ForNode> ForNodes { get => field ?? []; init; }
}

/// <summary>A zone that should use an endpoint.</summary>
/// <param name="Name">The zone.</param>
public sealed record ForZone(string Name);

/// <summary>A node that should use an endpoint.</summary>
/// <param name="Name">The node.</param>
public sealed record ForNode(string Name);

/// <summary>A port that endpoints serve.</summary>
public sealed record EndpointPort
{
    /// <summary>The Service port's name.</summary>
    public string? Name { get; init; }

    /// <summary><c>TCP</c>, <c>UDP</c> or <c>SCTP</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>The port; unset means all ports.</summary>
    public int? Port { get; init; }

    /// <summary>The application protocol.</summary>
    public string? AppProtocol { get; init; }
}

/// <summary>A core/v1 Endpoints object, the predecessor of <see cref="EndpointSlice"/>.</summary>
public sealed record Endpoints : IReplaceable
{
    /// <inheritdoc/>
    public static ResourceType Resource { get; } = new("", "v1", "Endpoints", "endpoints", Namespaced: true);

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion => Resource.ApiVersion;

    /// <summary>Always <c>Endpoints</c>.</summary>
    public string Kind => Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>The addresses with their ports.</summary>
    public IReadOnlyList<EndpointSubset> Subsets { get => field ?? []; init; }
}

/// <summary>Addresses that serve the same ports.</summary>
public sealed record EndpointSubset
{
    /// <summary>Those that are ready.</summary>
    public IReadOnlyList<EndpointAddress> Addresses { get => field ?? []; init; }

    /// <summary>Those that are not.</summary>
    public IReadOnlyList<EndpointAddress> NotReadyAddresses { get => field ?? []; init; }

    /// <summary>The ports.</summary>
    public IReadOnlyList<EndpointPort> Ports { get => field ?? []; init; }
}

/// <summary>One address of an <see cref="EndpointSubset"/>.</summary>
public sealed record EndpointAddress
{
    /// <summary>The address.</summary>
    public string Ip { get => field ?? ""; init; }

    /// <summary>Its DNS label.</summary>
    public string? Hostname { get; init; }

    /// <summary>The node on which it runs.</summary>
    public string? NodeName { get; init; }

    /// <summary>The object behind it.</summary>
    public ObjectReference? TargetRef { get; init; }
}
