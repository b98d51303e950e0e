using System.Collections.Immutable;
using Tenon.CloudController.Tests.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Networking;
using Tenon.Sandbox.Measures;

namespace Tenon.CloudController.Tests.Routes;

public class RouteReconcilerTests
{
    private const int Patience = 60_000;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = Patience)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nodes_get_routes_and_pairs_in_one_call_and_lose_both_when_they_leave(bool atomic)
    {
        await using NodeWorld world = await StartAsync(10, atomic);
        string router = await world.UseRoutesAsync();
        await world.Client.Networking().ReplaceRoutesAsync(router, [new Route("192.168.0.0/16", "10.0.0.250")], (await RouterOf(world, router)).Revision, Token);
        world.Calls();
        (await world.RouteAsync()).ShouldBe(Outcome.Done);
        ImmutableArray<string> calls = world.Calls();
        calls.Count(c => c is "network.routers.add_extraroutes" or "network.routers.update").ShouldBe(1, string.Join(", ", calls));
        calls.Count(c => c == "network.ports.update").ShouldBe(10);
        (await RouterOf(world, router)).Routes.Count.ShouldBe(11);
        (await PairsAsync(world)).Count.ShouldBe(10);
        world.Nodes.List().ShouldAllBe(n => n.Status.Conditions.Any(c => c.Type == "NetworkUnavailable" && c.Status == "False"));

        world.Nodes.Remove("node-3");
        world.Nodes.Remove("node-4");
        world.Calls();
        await world.RouteAsync();
        world.Calls().Count(c => c is "network.routers.remove_extraroutes" or "network.routers.update").ShouldBe(1);
        Router after = await RouterOf(world, router);
        after.Routes.Count.ShouldBe(9);
        after.Routes.ShouldContain(new Route("192.168.0.0/16", "10.0.0.250"));
        (await PairsAsync(world)).Count.ShouldBe(8);
    }

    [Fact(Timeout = Patience)]
    public async Task A_node_that_is_not_initialised_yet_is_left_to_its_initialisation()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(1);
        world.Register(1);
        world.Nodes.Change("node-1", n => n with { Spec = n.Spec with { PodCidrs = ["10.244.1.0/24"] }, Status = n.Status with { Addresses = [] } });
        await world.UseRoutesAsync();
        int writes = world.Nodes.Writes;
        await world.RouteAsync();
        (world.Nodes.Writes, world.Nodes.Events.Count).ShouldBe((writes, 0), "a condition now would make the initialisation's own write fail");
        world.Nodes["node-1"].Status.Conditions.ShouldNotContain(c => c.Type == "NetworkUnavailable");

        await world.ReconcileAllAsync();
        await world.RouteAsync();
        world.Nodes["node-1"].Status.Conditions.Single(c => c.Type == "NetworkUnavailable").Status.ShouldBe("False");
    }

    [Fact(Timeout = Patience)]
    public async Task What_is_in_accord_costs_one_call_and_no_write()
    {
        await using NodeWorld world = await StartAsync(5);
        await world.UseRoutesAsync();
        await world.RouteAsync();
        await world.RouteAsync();
        int writes = world.Nodes.Writes;
        world.Calls();
        await world.RouteAsync();
        world.Calls().ShouldBe(["network.routers.show"]);
        world.Nodes.Writes.ShouldBe(writes);
    }

    [Fact(Timeout = Patience)]
    public async Task Both_families_are_routed()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(2, dualStack: true);
        world.Register(2);
        await world.ReconcileAllAsync();
        foreach (int i in new[] { 1, 2 }) world.Nodes.Change($"node-{i}", n => n with { Spec = n.Spec with { PodCidrs = [$"10.244.{i}.0/24", $"fd42:0:0:{i}::/64"] } });
        string router = await world.UseRoutesAsync();
        await world.RouteAsync();
        (await RouterOf(world, router)).Routes.Select(r => r.Destination).ShouldBe(["10.244.1.0/24", "10.244.2.0/24", "fd42:0:0:1::/64", "fd42:0:0:2::/64"], ignoreOrder: true);
    }

    [Fact(Timeout = Patience)]
    public async Task A_router_that_others_change_meanwhile_keeps_their_routes()
    {
        await using NodeWorld world = await StartAsync(2, atomic: false);
        string router = await world.UseRoutesAsync();
        world.Sandbox.Faults.Add(new FaultRule { Id = "race", Operation = "network.routers.update", Status = 412, Times = 2 });
        (await world.RouteAsync()).ShouldBe(Outcome.Done);
        world.Calls().Count(c => c == "network.routers.update").ShouldBe(3);
        (await RouterOf(world, router)).Routes.Count.ShouldBe(2);
    }

    [Fact(Timeout = Patience)]
    public async Task A_port_that_others_change_meanwhile_is_looked_at_again()
    {
        await using NodeWorld world = await StartAsync(1);
        await world.UseRoutesAsync();
        world.Sandbox.Faults.Add(new FaultRule { Id = "race", Operation = "network.ports.update", Status = 412, Times = 1 });
        (await world.RouteAsync()).ShouldBeOfType<Outcome.Waiting>();
        (await PairsAsync(world)).ShouldBeEmpty();
        (await world.RouteAsync()).ShouldBe(Outcome.Done);
        (await PairsAsync(world)).ShouldBe(["10.244.1.0/24"]);
    }

    [Theory(Timeout = Patience)]
    [InlineData("network.ports.update")]
    [InlineData("network.routers.add_extraroutes")]
    [InlineData("network.ports.update", true)]
    [InlineData("network.routers.remove_extraroutes", true)]
    public async Task A_process_that_dies_at_a_write_leaves_nothing_behind(string operation, bool leaving = false)
    {
        foreach (FaultKind kind in new[] { FaultKind.DropBefore, FaultKind.DropAfter })
        {
            await using NodeWorld world = await StartAsync(2);
            string router = await world.UseRoutesAsync();
            if (leaving)
            {
                await world.RouteAsync();
                world.Nodes.Remove("node-2");
            }

            world.Sandbox.Faults.Add(new FaultRule { Id = "die", Operation = operation, Kind = kind, Times = 1 });
            await Should.ThrowAsync<Exception>(world.RouteAsync);
            for (int i = 0; i < 3; i++) await world.RouteAsync();
            string[] expected = leaving ? ["10.244.1.0/24"] : ["10.244.1.0/24", "10.244.2.0/24"];
            (await RouterOf(world, router)).Routes.Select(r => r.Destination).ShouldBe(expected, ignoreOrder: true, $"{operation} {kind}");
            (await PairsAsync(world)).ShouldBe(expected, ignoreOrder: true, $"{operation} {kind}");
        }
    }

    [Fact(Timeout = Patience)]
    public async Task A_route_that_the_cloud_refuses_is_told_at_its_node_and_the_others_are_made()
    {
        await using NodeWorld world = await StartAsync(4);
        string router = await world.UseRoutesAsync();
        world.Nodes.Change("node-3", n => n with { Status = n.Status with { Addresses = [new NodeAddress("InternalIP", "10.0.0.1")] } });
        (await world.RouteAsync()).ShouldBeOfType<Outcome.Waiting>();
        (await RouterOf(world, router)).Routes.Select(r => r.Destination).ShouldBe(["10.244.1.0/24", "10.244.2.0/24", "10.244.4.0/24"], ignoreOrder: true);
        var told = world.Nodes.Events.Single(e => e.Reason == "FailedToCreateRoute");
        told.Node.ShouldBe("node-3");
        world.Nodes["node-3"].Status.Conditions.ShouldContain(c => c.Type == "NetworkUnavailable" && c.Status == "True");
        world.Nodes["node-1"].Status.Conditions.ShouldContain(c => c.Type == "NetworkUnavailable" && c.Status == "False");
    }

    [Fact(Timeout = Patience)]
    public async Task A_router_that_is_not_there_is_refused_with_the_option_to_set()
    {
        await using NodeWorld world = await StartAsync(1);
        string router = await world.UseRoutesAsync();
        world.Sandbox.Faults.Add(new FaultRule { Id = "gone", Operation = "network.routers.show", Status = 404 });
        (await world.RouteAsync()).ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("router-id");
        router.ShouldNotBeEmpty();
    }

    [Fact(Timeout = Patience)]
    public async Task A_cloud_that_is_down_changes_nothing_and_is_tried_again()
    {
        await using NodeWorld world = await StartAsync(1);
        await world.UseRoutesAsync();
        world.Sandbox.Faults.Add(new FaultRule { Id = "down", Service = "network", Status = 503 });
        (await world.RouteAsync()).ShouldBeOfType<Outcome.Waiting>();
        world.Sandbox.Faults.Clear();
        world.Time.Advance(TimeSpan.FromSeconds(30));
        (await world.RouteAsync()).ShouldBe(Outcome.Done);
    }

    [Fact(Timeout = Patience)]
    public async Task A_route_that_the_cloud_forbids_is_told_at_its_node_and_tried_again_later()
    {
        await using NodeWorld world = await StartAsync(1);
        await world.UseRoutesAsync();
        world.Sandbox.Faults.Add(new FaultRule { Id = "forbidden", Operation = "network.routers.add_extraroutes", Status = 403 });
        (await world.RouteAsync()).ShouldBeOfType<Outcome.Waiting>().Poll.ShouldBe(TimeSpan.FromMinutes(1));
        world.Nodes.Events.ShouldContain(e => e.Reason == "FailedToCreateRoute");
    }

    [Fact(Timeout = Patience)]
    public async Task A_route_stays_until_the_pair_that_goes_with_it_is_gone()
    {
        await using NodeWorld world = await StartAsync(2);
        string router = await world.UseRoutesAsync();
        await world.RouteAsync();
        world.Nodes.Remove("node-2");
        world.Sandbox.Faults.Add(new FaultRule { Id = "race", Operation = "network.ports.update", Status = 412, Times = 1 });

        (await world.RouteAsync()).ShouldBeOfType<Outcome.Waiting>();
        (await RouterOf(world, router)).Routes.Count.ShouldBe(2);
        (await PairsAsync(world)).Count.ShouldBe(2);

        (await world.RouteAsync()).ShouldBe(Outcome.Done);
        (await RouterOf(world, router)).Routes.Select(r => r.Destination).ShouldBe(["10.244.1.0/24"]);
        (await PairsAsync(world)).ShouldBe(["10.244.1.0/24"]);
    }

    private static async Task<NodeWorld> StartAsync(int nodes, bool atomic = true)
    {
        NodeWorld world = await NodeWorld.StartAsync(nodes, atomic ? [] : ["extraroute-atomic"]);
        world.Register(nodes);
        await world.ReconcileAllAsync();
        for (int i = 1; i <= nodes; i++)
        {
            int number = i;
            world.Nodes.Change($"node-{i}", n => n with { Spec = n.Spec with { PodCidrs = [$"10.244.{number}.0/24"] } });
        }

        return world;
    }

    private static async Task<Router> RouterOf(NodeWorld world, string id) => (await world.Client.Networking().GetRouterAsync(id, Token)).ShouldNotBeNull();

    private static async Task<List<string>> PairsAsync(NodeWorld world)
    {
        var pairs = new List<string>();
        await foreach (Port port in world.Client.Networking().ListPortsAsync(new PortQuery(), Token)) pairs.AddRange(port.AllowedAddressPairs.Select(p => p.IpAddress));
        return pairs;
    }
}
