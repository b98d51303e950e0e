using System.Collections.Immutable;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Routes;

/// <summary>What the cloud has of routes.</summary>
/// <param name="Router">The router with its extra routes.</param>
/// <param name="Subnets">The ranges of the subnets on the router, within which next hops must be; empty when they were not read.</param>
/// <param name="Ports">The project's ports.</param>
/// <param name="HasAddressPairs">Whether the cloud filters what ports send and lets us add to it (extension <c>allowed-address-pairs</c>).</param>
public sealed record RouteCloud(Router Router, EquatableArray<AddressPrefix> Subnets, PortInventory Ports, bool HasAddressPairs);

/// <summary>One change of routes: one call to the cloud or to the Kubernetes API.</summary>
public abstract record RouteChange
{
    private RouteChange()
    {
    }

    /// <summary>What the change does, as one line for people.</summary>
    public abstract string Describe();

    /// <inheritdoc cref="Describe"/>
    public sealed override string ToString() => Describe();

    /// <summary>Lets a port send from ranges, or no longer. Other pairs stay as they are.</summary>
    /// <param name="PortId">The port.</param>
    /// <param name="Revision">Its revision: a port that changed since is left for the next pass.</param>
    /// <param name="Pairs">All pairs afterwards.</param>
    /// <param name="Added">The ranges that are new.</param>
    /// <param name="Removed">The ranges that go.</param>
    public sealed record SetAddressPairs(
        string PortId, int Revision, EquatableArray<AddressPair> Pairs, EquatableArray<string> Added, EquatableArray<string> Removed) : RouteChange
    {
        /// <inheritdoc/>
        public override string Describe() => $"port {PortId}:{Listed(" allow ", Added)}{Listed(" no longer allow ", Removed)}";
    }

    /// <summary>Adds and removes routes of the router; others stay.</summary>
    /// <param name="RouterId">The router.</param>
    /// <param name="Add">The routes that are missing.</param>
    /// <param name="Remove">The routes that lead nowhere.</param>
    public sealed record SetRoutes(string RouterId, EquatableArray<Route> Add, EquatableArray<Route> Remove) : RouteChange
    {
        /// <inheritdoc/>
        public override string Describe() => $"router {RouterId}:{Listed(" add ", Add.Select(Text))}{Listed(" remove ", Remove.Select(Text))}";
    }

    private static string Text(Route route) => $"{route.Destination} via {route.NextHop}";

    private static string Listed(string verb, IEnumerable<string> items) => items.Any() ? $"{verb}{string.Join(", ", items)};" : "";
}

/// <summary>Something to tell about a node's routes.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Type">How grave it is.</param>
/// <param name="Reason">A CamelCase word.</param>
/// <param name="Message">A sentence that names the field and the fix.</param>
public sealed record RouteNotice(string Node, EventType Type, string Reason, string Message);

/// <summary>The routes that a node shall have.</summary>
/// <param name="Node">The node's name.</param>
/// <param name="Routes">One for each of its pod ranges that can be routed.</param>
/// <param name="Complete">Whether each of its pod ranges can be.</param>
public sealed record NodeRoutes(string Node, EquatableArray<Route> Routes, bool Complete);

/// <summary>What to do about routes.</summary>
/// <param name="Plan">The changes in order.</param>
/// <param name="Nodes">The nodes with pod ranges, and the routes that make each reachable.</param>
/// <param name="Notices">What to tell.</param>
public sealed record RoutePlan(Plan<RouteChange> Plan, ImmutableArray<NodeRoutes> Nodes, EquatableArray<RouteNotice> Notices);
