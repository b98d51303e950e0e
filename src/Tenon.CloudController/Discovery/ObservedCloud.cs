using Tenon.CloudController.Configuration;
using Tenon.Core;
using Tenon.OpenStack.Identity;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Discovery;

/// <summary>A list that was read from the cloud, or why it could not be.</summary>
/// <typeparam name="T">The items' type.</typeparam>
/// <param name="Items">The items; empty when reading failed.</param>
/// <param name="Failure">Why reading failed; <see langword="null"/> when it did not.</param>
public sealed record Listing<T>(EquatableArray<T> Items, CloudFailure? Failure)
{
    /// <summary>A list that was read.</summary>
    public static Listing<T> Of(params IEnumerable<T> items) => new(items.ToEquatableArray(), null);

    /// <summary>A list that could not be read.</summary>
    public static Listing<T> Failed(CloudFailure failure) => new([], failure);

    /// <summary>Whether the list was read and has nothing.</summary>
    public bool IsEmpty => Failure is null && Items.IsEmpty;
}

/// <summary>What there is in the cloud, as far as defaults depend on it.</summary>
public sealed record ObservedCloud
{
    /// <summary>The regions of the catalog.</summary>
    public EquatableArray<string> Regions { get; init; }

    /// <summary>Whether the catalog has Octavia in the region.</summary>
    public bool HasLoadBalancing { get; init; }

    /// <summary>Who we are.</summary>
    public AuthenticatedIdentity? Self { get; init; }

    /// <summary>The networks that the project sees.</summary>
    public Listing<Network> Networks { get; init; } = Listing<Network>.Of();

    /// <summary>The subnets that the project sees.</summary>
    public Listing<Subnet> Subnets { get; init; } = Listing<Subnet>.Of();

    /// <summary>The routers that the project sees.</summary>
    public Listing<Router> Routers { get; init; } = Listing<Router>.Of();

    /// <summary>The project's ports.</summary>
    public Listing<Port> Ports { get; init; } = Listing<Port>.Of();

    /// <summary>Octavia's providers.</summary>
    public Listing<Provider> Providers { get; init; } = Listing<Provider>.Of();
}

/// <summary>A node, as far as defaults depend on it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="ServerId">Its server, where it is known.</param>
/// <param name="InternalAddresses">Its internal addresses.</param>
public sealed record ObservedNode(string Name, string? ServerId, EquatableArray<string> InternalAddresses);

/// <summary>What the cluster asks for, as far as defaults depend on it.</summary>
public sealed record ObservedCluster
{
    /// <summary>The nodes; none when there is no cluster at hand.</summary>
    public EquatableArray<ObservedNode> Nodes { get; init; }

    /// <summary>What asks for HTTP load balancing, which the provider ovn lacks: options and Services.</summary>
    public EquatableArray<string> AsksForHttp { get; init; }
}

/// <summary>A default that was chosen, or a setting that was confirmed.</summary>
/// <param name="Option">The option of cloud.conf that decides, such as <c>[LoadBalancer] floating-network-id</c>.</param>
/// <param name="Value">Its value.</param>
/// <param name="Name">The name behind an ID; <see langword="null"/> when the value is a name itself.</param>
/// <param name="Why">Why this one.</param>
public sealed record Choice(string Option, string Value, string? Name, string Why);

/// <summary>What was found for a configuration in a cloud.</summary>
/// <param name="Config">The configuration with the choices filled in.</param>
/// <param name="Choices">What was chosen and why.</param>
/// <param name="Problems">What is wrong or ambiguous, with candidates and the deciding option.</param>
public sealed record Defaults(CloudConfig Config, EquatableArray<Choice> Choices, EquatableArray<Problem> Problems)
{
    /// <summary>Why Services of type LoadBalancer are not served; <see langword="null"/> when they are.</summary>
    public string? LoadBalancersOff { get; init; }

    /// <summary>The subnets that hold the nodes' addresses.</summary>
    public EquatableArray<string> NodeSubnetIds { get; init; }

    /// <summary>The router on the nodes' subnet, when there is a single one.</summary>
    public string? FoundRouterId { get; init; }
}
