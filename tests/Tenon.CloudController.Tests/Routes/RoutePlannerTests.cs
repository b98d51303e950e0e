using System.Collections.Immutable;
using FsCheck;
using FsCheck.Fluent;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.CloudController.Routes;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Tests.Routes;

public class RoutePlannerTests
{
    private static readonly AddressPrefix[] Ranges = [Range("10.244.0.0/16"), Range("fd42::/48")];

    [Fact]
    public void A_node_gets_a_route_for_each_family_and_its_port_may_send_from_both()
    {
        RouteCloud cloud = Cloud([], PortOf("p1", "s1", "10.0.0.1", "fd00::1"));
        RoutePlan plan = RoutePlanner.Plan([NodeOf("n1", "s1", ["10.0.0.1", "fd00::1"], "10.244.1.0/24", "fd42:0:0:1::/64")], Ranges, cloud);
        plan.Plan.Changes.Length.ShouldBe(2);
        var pairs = plan.Plan.Changes[0].ShouldBeOfType<RouteChange.SetAddressPairs>();
        (pairs.PortId, pairs.Revision).ShouldBe(("p1", 7));
        pairs.Pairs.Select(p => p.IpAddress).ShouldBe(["10.244.1.0/24", "fd42:0:0:1::/64"]);
        var routes = plan.Plan.Changes[1].ShouldBeOfType<RouteChange.SetRoutes>();
        routes.Add.ShouldBe([new Route("10.244.1.0/24", "10.0.0.1"), new Route("fd42:0:0:1::/64", "fd00::1")]);
        routes.Remove.ShouldBeEmpty();
        plan.Nodes.ShouldHaveSingleItem().Complete.ShouldBeTrue();
    }

    [Fact]
    public void Many_nodes_cost_one_change_of_the_router()
    {
        Node[] nodes = [.. Enumerable.Range(1, 200).Select(i => NodeOf($"n{i}", $"s{i}", [$"10.0.{i}.1"], $"10.244.{i}.0/24"))];
        RoutePlan plan = RoutePlanner.Plan(nodes, Ranges, Cloud([]));
        plan.Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<RouteChange.SetRoutes>().Add.Count.ShouldBe(200);
    }

    [Fact]
    public void What_is_in_place_is_left_as_it_is_however_it_is_spelled()
    {
        RouteCloud cloud = Cloud([new("10.244.1.0/24", "10.0.0.1"), new("fd42:0000:0:1::/64", "fd00:0::1")],
            PortOf("p1", "s1", "10.0.0.1", "fd00::1") with { AllowedAddressPairs = [new("10.244.1.0/24", "fa:16:3e:00:00:01"), new("fd42:0:0:1:0::/64", "fa:16:3e:00:00:01")] });
        RoutePlanner.Plan([NodeOf("n1", "s1", ["10.0.0.1", "fd00::1"], "10.244.1.0/24", "fd42:0:0:1::/64")], Ranges, cloud).Plan.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void A_node_that_left_loses_its_route_and_its_pair_and_others_lose_nothing()
    {
        RouteCloud cloud = Cloud(
            [new("10.244.1.0/24", "10.0.0.1"), new("192.168.0.0/16", "10.0.0.1"), new("10.0.0.0/8", "10.0.0.9"), new("10.244.0.0/15", "10.0.0.9"), new("0.0.0.0/0", "10.0.0.254")],
            PortOf("p1", "s1", "10.0.0.1") with { AllowedAddressPairs = [new("10.244.1.0/24"), new("10.244.0.0/16"), new("192.168.0.0/16")] });
        RoutePlan plan = RoutePlanner.Plan([], Ranges, cloud);
        plan.Plan.Changes[0].ShouldBeOfType<RouteChange.SetAddressPairs>().Pairs.Select(p => p.IpAddress).ShouldBe(["10.244.0.0/16", "192.168.0.0/16"]);
        var routes = plan.Plan.Changes[1].ShouldBeOfType<RouteChange.SetRoutes>();
        routes.Remove.ShouldBe([new Route("10.244.1.0/24", "10.0.0.1")]);
        routes.Add.ShouldBeEmpty();
    }

    [Fact]
    public void A_pair_goes_before_its_route_so_that_a_crash_between_leaks_nothing()
    {
        RouteCloud cloud = Cloud([new("10.244.1.0/24", "10.0.0.1")], PortOf("p1", "s1", "10.0.0.1") with { AllowedAddressPairs = [new("10.244.1.0/24")] });
        RoutePlanner.Plan([], Ranges, cloud).Plan.Changes.Select(c => c.GetType()).ShouldBe([typeof(RouteChange.SetAddressPairs), typeof(RouteChange.SetRoutes)]);
    }

    [Fact]
    public void A_node_whose_address_changed_gets_the_new_next_hop()
    {
        RouteCloud cloud = Cloud([new("10.244.1.0/24", "10.0.0.1")], PortOf("p1", "s1", "10.0.0.1") with { AllowedAddressPairs = [new("10.244.1.0/24")] }, PortOf("p2", "s2", "10.0.0.2"));
        RoutePlan plan = RoutePlanner.Plan([NodeOf("n1", "s2", ["10.0.0.2"], "10.244.1.0/24")], Ranges, cloud);
        plan.Plan.Changes.OfType<RouteChange.SetAddressPairs>().Select(p => (p.PortId, p.Pairs.Count)).ShouldBe([("p1", 0), ("p2", 1)]);
        var routes = plan.Plan.Changes.OfType<RouteChange.SetRoutes>().Single();
        routes.Add.ShouldBe([new Route("10.244.1.0/24", "10.0.0.2")]);
        routes.Remove.ShouldBe([new Route("10.244.1.0/24", "10.0.0.1")]);
    }

    [Fact]
    public void The_next_hop_is_the_address_that_the_router_can_reach()
    {
        RouteCloud cloud = Cloud([]) with { Subnets = [Range("10.7.0.0/24")] };
        RoutePlanner.Plan([NodeOf("n1", "s1", ["10.0.0.1", "10.7.0.1"], "10.244.1.0/24")], Ranges, cloud)
            .Plan.Changes.OfType<RouteChange.SetRoutes>().Single().Add.ShouldBe([new Route("10.244.1.0/24", "10.7.0.1")]);
    }

    [Fact]
    public void Ports_without_port_security_and_clouds_without_pairs_need_no_pair()
    {
        Node node = NodeOf("n1", "s1", ["10.0.0.1"], "10.244.1.0/24");
        Port port = PortOf("p1", "s1", "10.0.0.1");
        RoutePlanner.Plan([node], Ranges, Cloud([], port with { PortSecurityEnabled = false })).Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<RouteChange.SetRoutes>();
        RoutePlanner.Plan([node], Ranges, Cloud([], port) with { HasAddressPairs = false }).Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<RouteChange.SetRoutes>();
    }

    [Fact]
    public void A_node_that_lost_its_address_for_a_moment_keeps_its_route()
        => RoutePlanner.Plan([NodeOf("n1", "s1", [], "10.244.1.0/24")], Ranges, Cloud([new("10.244.1.0/24", "10.0.0.1")])).Plan.IsEmpty.ShouldBeTrue();

    [Fact]
    public void A_node_without_an_address_is_complained_about_only_once_it_is_initialised()
    {
        Node initialised = NodeOf("n1", "s1", [], "10.244.1.0/24");
        Node waiting = initialised with { Spec = initialised.Spec with { Taints = [new Taint { Key = NodeKeys.Uninitialized, Value = "true", Effect = NodeKeys.NoSchedule }] } };
        RoutePlan before = RoutePlanner.Plan([waiting], Ranges, Cloud([]));
        before.Notices.ShouldBeEmpty();
        before.Nodes.ShouldHaveSingleItem().Complete.ShouldBeFalse();
        RoutePlanner.Plan([initialised], Ranges, Cloud([])).Notices.ShouldHaveSingleItem().Reason.ShouldBe("NoNextHop");
    }

    [Theory]
    [InlineData("10.99.0.0/24", "PodCIDROutsideClusterCIDR", "--cluster-cidr")]
    [InlineData("10.244.0.0/33", "InvalidPodCIDR", "10.244.0.0/33")]
    [InlineData("fd42:0:0:1::/64", "NoNextHop", "IPv6")]
    [InlineData("10.244.7.128/25", "PodCIDRConflict", "n0")]
    public void A_range_that_cannot_be_routed_is_told_and_the_rest_is_served(string range, string reason, string says)
    {
        Node first = NodeOf("n0", "s0", ["10.0.0.9"], "10.244.7.0/24");
        RoutePlan plan = RoutePlanner.Plan([first, NodeOf("n1", "s1", ["10.0.0.1"], range)], Ranges, Cloud([]));
        RouteNotice notice = plan.Notices.ShouldHaveSingleItem();
        (notice.Node, notice.Reason).ShouldBe(("n1", reason));
        notice.Message.ShouldContain(says);
        plan.Plan.Changes.OfType<RouteChange.SetRoutes>().Single().Add.ShouldBe([new Route("10.244.7.0/24", "10.0.0.9")]);
        plan.Nodes.Single(n => n.Node == "n1").Complete.ShouldBeFalse();
    }

    [Fact]
    public void A_route_outside_the_cluster_range_that_is_already_there_counts_and_is_never_removed()
    {
        RouteCloud cloud = Cloud([new("10.99.1.0/24", "10.0.0.1")]);
        RoutePlan plan = RoutePlanner.Plan([NodeOf("n1", "s1", ["10.0.0.1"], "10.99.1.0/24")], Ranges, cloud);
        plan.Plan.IsEmpty.ShouldBeTrue();
        plan.Nodes.ShouldHaveSingleItem().Complete.ShouldBeTrue();
        RoutePlanner.Plan([], Ranges, cloud).Plan.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Plans_converge_at_once_and_never_touch_what_is_not_ours()
    {
        Gen<Route> anyRoute =
            from destination in Gen.Elements("10.244.1.0/24", "10.244.2.0/24", "10.244.9.0/24", "10.244.0.0/16", "10.0.0.0/8", "10.244.0.0/15", "192.168.1.0/24", "fd42::/64", "nonsense")
            from hop in Gen.Elements("10.0.0.1", "10.0.0.2", "10.0.0.77", "fd00::1")
            select new Route(destination, hop);
        Gen<Node> anyNode =
            from number in Gen.Choose(1, 4)
            from range in Gen.Elements("10.244.1.0/24", "10.244.2.0/24", "10.244.2.128/25", "10.50.0.0/24", "fd42::/64", "bad")
            from address in Gen.Elements("10.0.0.1", "10.0.0.2", "fd00::1", "")
            select NodeOf($"n{number}", $"s{number}", address.Length == 0 ? [] : [address], range);
        Gen<AddressPair> anyPair = anyRoute.Select(r => new AddressPair(r.Destination, "fa:16:3e:00:00:01"));
        Gen<Port> anyPort =
            from number in Gen.Choose(1, 4)
            from pairs in anyPair.ListOf()
            select PortOf($"p{number}", $"s{number}", $"10.0.0.{number}") with { AllowedAddressPairs = pairs.DistinctBy(p => p.IpAddress).ToEquatableArray() };
        var gen =
            from routes in anyRoute.ListOf()
            from nodes in anyNode.ListOf()
            from ports in anyPort.ListOf()
            select (Routes: routes.Distinct().ToArray(), Nodes: nodes.DistinctBy(n => n.Metadata.Name).ToArray(), Ports: ports.DistinctBy(p => p.Id).ToArray());

        Prop.ForAll(gen.ToArbitrary(), world =>
        {
            RouteCloud before = Cloud(world.Routes, world.Ports);
            RouteCloud after = Apply(before, RoutePlanner.Plan(world.Nodes, Ranges, before));
            bool converged = RoutePlanner.Plan(world.Nodes, Ranges, after).Plan.IsEmpty;
            bool othersKept = before.Router.Routes.Where(r => !RoutePlanner.IsOurs(r, Ranges)).All(after.Router.Routes.Contains);
            bool addedOnlyOurs = after.Router.Routes.Except(before.Router.Routes).All(r => RoutePlanner.IsOurs(r, Ranges));
            bool pairsKept = before.Ports.All.All(p => p.AllowedAddressPairs
                .Where(a => !world.Routes.Any(r => r.Destination == a.IpAddress && RoutePlanner.IsOurs(r, Ranges)))
                .All(a => after.Ports.Find(p.Id)!.AllowedAddressPairs.Contains(a)));
            return converged && othersKept && addedOnlyOurs && pairsKept;
        }).QuickCheckThrowOnFailure();
    }

    private static RouteCloud Apply(RouteCloud cloud, RoutePlan plan)
    {
        Dictionary<string, Port> ports = cloud.Ports.All.ToDictionary(p => p.Id);
        Router router = cloud.Router;
        foreach (RouteChange change in plan.Plan.Changes)
        {
            if (change is RouteChange.SetAddressPairs pairs)
            {
                // Neutron refuses a list that holds one range twice.
                pairs.Pairs.Select(p => p.IpAddress).Distinct().Count().ShouldBe(pairs.Pairs.Count);
                ports[pairs.PortId] = ports[pairs.PortId] with { AllowedAddressPairs = pairs.Pairs };
            }
            else if (change is RouteChange.SetRoutes routes)
            {
                routes.Remove.All(router.Routes.Contains).ShouldBeTrue();
                router = router with { Routes = [.. router.Routes.Where(r => !routes.Remove.Contains(r)), .. routes.Add] };
            }
        }

        return cloud with { Router = router, Ports = new PortInventory(ports.Values, ImmutableDictionary<string, string>.Empty) };
    }

    private static AddressPrefix Range(string text) => AddressPrefix.TryParse(text, out AddressPrefix range) ? range : throw new FormatException(text);

    private static RouteCloud Cloud(Route[] routes, params Port[] ports)
        => new(new Router { Id = "r1", Name = "router", Routes = routes.ToEquatableArray(), Revision = 3 }, [], new PortInventory(ports, ImmutableDictionary<string, string>.Empty), HasAddressPairs: true);

    private static Port PortOf(string id, string serverId, params string[] addresses) => new()
    {
        Id = id, DeviceId = serverId, NetworkId = "net", Revision = 7, FixedIps = addresses.Select(a => new FixedIp("sub", a)).ToEquatableArray(),
    };

    private static Node NodeOf(string name, string serverId, string[] addresses, params string[] ranges) => new()
    {
        Metadata = new ObjectMeta { Name = name },
        Spec = new NodeSpec { ProviderId = $"openstack:///{serverId}", PodCidrs = ranges },
        Status = new NodeStatus { Addresses = [.. addresses.Select(a => new NodeAddress("InternalIP", a)), new NodeAddress("Hostname", name)] },
    };
}
