using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Routes;

/// <summary>
/// Decides which extra routes and allowed address pairs nodes' pod ranges need: a pure function. Ours are the routes whose destination lies
/// inside the cluster's pod range; an address pair is ours when its port is the next hop of such a route. Nothing else is ever touched.
/// </summary>
public static class RoutePlanner
{
    private const string ExtraRoutesSetting = "--cluster-cidr";

    /// <summary>Plans all nodes at once.</summary>
    /// <param name="nodes">All nodes of the cluster.</param>
    /// <param name="clusterRanges">The cluster's pod ranges (<c>--cluster-cidr</c>).</param>
    /// <param name="cloud">What the cloud has.</param>
    public static RoutePlan Plan(IReadOnlyCollection<Node> nodes, IReadOnlyList<AddressPrefix> clusterRanges, RouteCloud cloud)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(clusterRanges);
        ArgumentNullException.ThrowIfNull(cloud);
        var notices = new List<RouteNotice>();
        ImmutableArray<NodeRoutes> wanted = Wanted(nodes, clusterRanges, cloud, notices);
        ImmutableArray<Route> owned = [.. cloud.Router.Routes.Where(r => IsOurs(r, clusterRanges))];
        HashSet<Route> wantedRoutes = [.. wanted.SelectMany(n => n.Routes)];
        HashSet<string> undecided = Undecided(nodes, wanted);

        ImmutableArray<Route> add = [.. wantedRoutes.Except(cloud.Router.Routes.Select(Canonical)).OrderBy(r => r.Destination, StringComparer.Ordinal)];
        ImmutableArray<Route> remove = [.. owned.Where(r => !wantedRoutes.Contains(Canonical(r)) && !undecided.Contains(Canonical(r).Destination))];
        var changes = ImmutableArray.CreateBuilder<RouteChange>();
        if (cloud.HasAddressPairs) changes.AddRange(PlanPairs(nodes, wanted, remove, cloud));
        if (!add.IsEmpty || !remove.IsEmpty) changes.Add(new RouteChange.SetRoutes(cloud.Router.Id, add, remove));
        return new RoutePlan(new(changes.ToImmutable(), Outcome.Done), wanted, notices.ToEquatableArray());
    }

    /// <summary>A route with destination and next hop in their shortest forms, so that different spellings of one route are equal.</summary>
    public static Route Canonical(Route route)
    {
        ArgumentNullException.ThrowIfNull(route);
        string destination = AddressPrefix.TryParse(route.Destination, out AddressPrefix prefix) ? prefix.ToString() : route.Destination;
        string nextHop = AddressPlanner.Parse(route.NextHop)?.ToString() ?? route.NextHop;
        return new Route(destination, nextHop);
    }

    /// <summary>Whether a route is the cluster's: its destination lies wholly inside a pod range.</summary>
    public static bool IsOurs(Route route, IReadOnlyList<AddressPrefix> clusterRanges)
    {
        ArgumentNullException.ThrowIfNull(route);
        return AddressPrefix.TryParse(route.Destination, out AddressPrefix destination) && clusterRanges.Any(c => c.Contains(destination));
    }

    private static ImmutableArray<NodeRoutes> Wanted(
        IReadOnlyCollection<Node> nodes, IReadOnlyList<AddressPrefix> clusterRanges, RouteCloud cloud, List<RouteNotice> notices)
    {
        var result = ImmutableArray.CreateBuilder<NodeRoutes>();
        var taken = new List<(AddressPrefix Range, string Node)>();
        foreach (Node node in nodes.OrderBy(n => n.Metadata.CreationTimestamp).ThenBy(n => n.Metadata.Name, StringComparer.Ordinal))
        {
            string[] ranges = RangesOf(node);
            if (ranges.Length == 0) continue;
            var routes = new List<Route>();
            foreach (string text in ranges)
            {
                if (RouteOf(node, text, clusterRanges, cloud, taken, notices) is { } route) routes.Add(route);
            }

            result.Add(new NodeRoutes(node.Metadata.Name, routes.ToEquatableArray(), routes.Count == ranges.Length));
        }

        return result.ToImmutable();
    }

    private static Route? RouteOf(
        Node node, string text, IReadOnlyList<AddressPrefix> clusterRanges, RouteCloud cloud, List<(AddressPrefix Range, string Node)> taken, List<RouteNotice> notices)
    {
        string name = node.Metadata.Name;
        if (!AddressPrefix.TryParse(text, out AddressPrefix range))
        {
            notices.Add(new(name, EventType.Warning, "InvalidPodCIDR", $"spec.podCIDRs of the node holds \"{text}\", which is no range of addresses; it gets no route."));
            return null;
        }

        foreach ((AddressPrefix other, string owner) in taken)
        {
            if (!other.Overlaps(range)) continue;
            notices.Add(new(name, EventType.Warning, "PodCIDRConflict",
                $"The node's pod range {range} overlaps {other} of node {owner}, which keeps its route. Give the node another range: delete it and let it register again."));
            return null;
        }

        taken.Add((range, name));
        IPAddress? nextHop = NextHop(node, range.IsIpv6, cloud.Subnets);
        Route? existing = cloud.Router.Routes.Select(Canonical).FirstOrDefault(r => r.Destination == range.ToString() && r.NextHop == nextHop?.ToString());
        if (!clusterRanges.Any(c => c.Contains(range)) && existing is null)
        {
            notices.Add(new(name, EventType.Warning, "PodCIDROutsideClusterCIDR",
                $"The node's pod range {range} lies outside {ExtraRoutesSetting} ({string.Join(",", clusterRanges)}), so its route could not be told from those of others and is not made. Widen {ExtraRoutesSetting}."));
            return null;
        }

        if (nextHop is null)
        {
            // Addresses come with the node's initialisation: until then their absence says nothing.
            if (NodePlanner.IsUninitialized(node)) return null;
            string family = range.IsIpv6 ? "IPv6" : "IPv4";
            string where = cloud.Subnets.IsEmpty ? "" : $" on a subnet of router {cloud.Router.Id} ({string.Join(", ", cloud.Subnets.Where(s => s.IsIpv6 == range.IsIpv6))})";
            notices.Add(new(name, EventType.Warning, "NoNextHop",
                $"The node has no internal {family} address{where}, so its pod range {range} gets no route. Attach the server to such a subnet, or check internal-network-name in [Networking] and router-id in [Route] of cloud.conf."));
            return null;
        }

        return new Route(range.ToString(), nextHop.ToString());
    }

    /// <summary>Destinations whose nodes exist but cannot be routed now: an address that is missing for a moment must not cost a route.</summary>
    private static HashSet<string> Undecided(IReadOnlyCollection<Node> nodes, ImmutableArray<NodeRoutes> wanted)
    {
        Dictionary<string, NodeRoutes> byNode = wanted.ToDictionary(n => n.Node, StringComparer.Ordinal);
        var undecided = new HashSet<string>(StringComparer.Ordinal);
        foreach (Node node in nodes)
        {
            if (!byNode.TryGetValue(node.Metadata.Name, out NodeRoutes? routes) || routes.Complete) continue;
            if (node.Status.Addresses.Any(a => a.Type == NodeKeys.InternalIp)) continue;
            foreach (string text in RangesOf(node))
                if (AddressPrefix.TryParse(text, out AddressPrefix range)) undecided.Add(range.ToString());
        }

        return undecided;
    }

    private static IEnumerable<RouteChange> PlanPairs(
        IReadOnlyCollection<Node> nodes, ImmutableArray<NodeRoutes> wanted, ImmutableArray<Route> remove, RouteCloud cloud)
    {
        Dictionary<string, Node> byName = nodes.DistinctBy(n => n.Metadata.Name).ToDictionary(n => n.Metadata.Name, StringComparer.Ordinal);
        var toAdd = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var toRemove = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var ports = new PortFinder(cloud.Ports, cloud.Router.Id);
        foreach (NodeRoutes node in wanted)
            foreach (Route route in node.Routes)
                if (ports.Find(route.NextHop, byName[node.Node]) is { PortSecurityEnabled: true } port) Append(toAdd, port.Id, route.Destination);

        foreach (Route route in remove.Select(Canonical))
            if (ports.Find(route.NextHop, null) is { PortSecurityEnabled: true } port) Append(toRemove, port.Id, route.Destination);

        foreach (string portId in toAdd.Keys.Union(toRemove.Keys).Order(StringComparer.Ordinal))
        {
            Port port = cloud.Ports.Find(portId)!;
            HashSet<string> present = [.. port.AllowedAddressPairs.Select(p => Shortest(p.IpAddress))];
            string[] wantedHere = [.. toAdd.GetValueOrDefault(portId) ?? []];
            string[] added = [.. wantedHere.Where(d => !present.Contains(d)).Distinct(StringComparer.Ordinal)];
            string[] removed = [.. (toRemove.GetValueOrDefault(portId) ?? []).Where(d => present.Contains(d) && !wantedHere.Contains(d)).Distinct(StringComparer.Ordinal)];
            if (added.Length == 0 && removed.Length == 0) continue;
            IEnumerable<AddressPair> kept = port.AllowedAddressPairs.Where(p => !removed.Contains(Shortest(p.IpAddress)));
            yield return new RouteChange.SetAddressPairs(
                portId, port.Revision, [.. kept, .. added.Select(d => new AddressPair(d))], added.ToEquatableArray(), removed.ToEquatableArray());
        }
    }

    private static string[] RangesOf(Node node)
    {
        if (node.Metadata.IsBeingDeleted) return [];
        if (node.Spec.PodCidrs.Count > 0) return [.. node.Spec.PodCidrs];
        return string.IsNullOrEmpty(node.Spec.PodCidr) ? [] : [node.Spec.PodCidr];
    }

    private static IPAddress? NextHop(Node node, bool isIpv6, EquatableArray<AddressPrefix> subnets)
    {
        IPAddress[] candidates =
        [
            .. node.Status.Addresses.Where(a => a.Type == NodeKeys.InternalIp).Select(a => AddressPlanner.Parse(a.Address)).OfType<IPAddress>()
                .Where(ip => ip.AddressFamily == AddressFamily.InterNetworkV6 == isIpv6),
        ];
        return subnets.IsEmpty ? candidates.FirstOrDefault() : candidates.FirstOrDefault(ip => subnets.Any(s => s.Contains(ip)));
    }

    private static string Shortest(string range)
    {
        if (AddressPrefix.TryParse(range, out AddressPrefix prefix)) return prefix.ToString();
        return AddressPlanner.Parse(range) is { } ip ? $"{ip}/{(ip.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32)}" : range;
    }

    private static void Append(SortedDictionary<string, List<string>> lists, string key, string item)
    {
        if (!lists.TryGetValue(key, out List<string>? list)) lists[key] = list = [];
        list.Add(item);
    }

    /// <summary>Finds the port behind a next hop: the node's own server's, else one on a network of the router.</summary>
    private sealed class PortFinder
    {
        private readonly PortInventory _ports;
        private readonly ILookup<string, Port> _byAddress;
        private readonly HashSet<string> _networks;

        public PortFinder(PortInventory ports, string routerId)
        {
            _ports = ports;
            _networks = [.. ports.Of(routerId).Select(p => p.NetworkId)];
            _byAddress = ports.All.SelectMany(p => p.FixedIps.Select(ip => (Address: AddressPlanner.Parse(ip.IpAddress)?.ToString() ?? ip.IpAddress, Port: p)))
                .ToLookup(x => x.Address, x => x.Port, StringComparer.Ordinal);
        }

        public Port? Find(string nextHop, Node? node)
        {
            if (node is not null && ProviderId.TryParse(node.Spec.ProviderId, out ProviderId? id))
            {
                Port? own = _ports.Of(id.ServerId).FirstOrDefault(p => p.FixedIps.Any(ip => AddressPlanner.Parse(ip.IpAddress)?.ToString() == nextHop));
                if (own is not null) return own;
            }

            Port[] candidates = [.. _byAddress[nextHop].Where(p => _networks.Count == 0 || _networks.Contains(p.NetworkId))];
            return candidates.Length == 1 ? candidates[0] : null;
        }
    }
}
