using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Extra routes, set as a whole ("extraroute") and one by one ("extraroute-atomic").</summary>
public sealed class RouteCases(SharedNetworks networks) : IClassFixture<SharedNetworks>
{
    private static readonly object A = Route("192.168.1.0/24", "10.70.0.5"), B = Route("192.168.2.0/24", "10.70.0.6");

    [Theory(Timeout = Limit), Sides]
    [Believed("Without extraroute-atomic in the list of extensions its calls are missing. They are there and work")]
    public async Task Routes_are_added_and_removed_one_by_one(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("/add_extraroutes", A, B)).ShouldBe(200)["router/routes"].ShouldBe(
            """[{"destination":"192.168.1.0/24","nexthop":"10.70.0.5"},{"destination":"192.168.2.0/24","nexthop":"10.70.0.6"}]""");
        (await gate.PutAsync("/remove_extraroutes", A)).ShouldBe(200)["router/routes"].ShouldBe("""[{"destination":"192.168.2.0/24","nexthop":"10.70.0.6"}]""");
        (await gate.PutAsync("/remove_extraroutes", B)).ShouldBe(200)["router/routes"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_route_that_is_there_may_be_added_again_and_one_that_is_not_removed_again(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("/add_extraroutes", A)).ShouldBe(200);
        string revision = await gate.RevisionAsync();
        (await gate.PutAsync("/add_extraroutes", A)).ShouldBe(200).List("router/routes").Count.ShouldBe(1);
        (await gate.PutAsync("/add_extraroutes")).ShouldBe(200).List("router/routes").Count.ShouldBe(1);
        (await gate.PutAsync("/remove_extraroutes", B)).ShouldBe(200).List("router/routes").Count.ShouldBe(1);
        (await gate.PutAsync("/remove_extraroutes", Route("192.168.1.0/24", "10.70.0.77"))).ShouldBe(200).List("router/routes").Count.ShouldBe(1);
        (await gate.RevisionAsync()).ShouldBe(revision);
        (await gate.PutAsync("/add_extraroutes", B, B)).ShouldBe(200).List("router/routes").Count.ShouldBe(2);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A second next hop for a destination is a conflict. It is a route of its own, and both stay")]
    public async Task A_destination_may_have_two_next_hops(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("/add_extraroutes", A)).ShouldBe(200);
        (await gate.PutAsync("/add_extraroutes", Route("192.168.1.0/24", "10.70.0.9"))).ShouldBe(200).Texts("router/routes", "nexthop").ShouldBe(["10.70.0.5", "10.70.0.9"], ignoreOrder: true);
        (await gate.PutAsync("", A, Route("192.168.1.0/24", "10.70.0.8"))).ShouldBe(200).Texts("router/routes", "nexthop").ShouldBe(["10.70.0.5", "10.70.0.8"], ignoreOrder: true);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Routes come back in the order given. They come in the order of destination and next hop, and another order is no change")]
    public async Task The_order_of_routes_is_the_service_s(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("", B, A)).ShouldBe(200);
        (await gate.Cloud.Member.GetAsync($"routers/{gate.Router}")).Texts("router/routes", "destination").ShouldBe(["192.168.1.0/24", "192.168.2.0/24"]);
        string revision = await gate.RevisionAsync();
        (await gate.PutAsync("", A, B)).ShouldBe(200);
        (await gate.PutAsync("", B, A)).ShouldBe(200).Texts("router/routes", "destination").ShouldBe(["192.168.1.0/24", "192.168.2.0/24"]);
        (await gate.RevisionAsync()).ShouldBe(revision);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_bad_route_is_refused(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("", Route("192.168.1.0/24", "172.16.0.1"))).ShouldFail(400, "InvalidRoutes", "the nexthop is not connected with router");
        (await gate.PutAsync("/add_extraroutes", Route("192.168.1.0/24", "172.16.0.1"))).ShouldFail(400, "InvalidRoutes", "the nexthop is not connected with router");
        (await gate.PutAsync("", Route("192.168.1.0/24", "10.70.0.1"))).ShouldFail(400, "InvalidRoutes", "the nexthop is used by router");
        (await gate.PutAsync("", A, A)).ShouldFail(400, "HTTPBadRequest", "Duplicate hostroute");
        (await gate.PutAsync("", Route("192.168.1.5/24", "10.70.0.5"))).ShouldFail(400, "HTTPBadRequest", "'192.168.1.5/24' is not a recognized CIDR, '192.168.1.0/24' is recommended");
        (await gate.PutAsync("", Route("192.168.1.7", "10.70.0.5"))).ShouldFail(400, "HTTPBadRequest", "'192.168.1.7/32' is recommended");
        (await gate.PutAsync("", Route("192.168.1.0/24", "x"))).ShouldFail(400, "HTTPBadRequest", "'x' is not a valid IP address");
        (await gate.PutAsync("", new { destination = "192.168.1.0/24" })).ShouldFail(400, "HTTPBadRequest", "Validation of dictionary's keys failed");
        (await gate.Cloud.Member.PutAsync($"routers/{Nobody()}/add_extraroutes", Routes(A))).ShouldFail(404, "RouterNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_router_takes_so_many_routes_and_no_more(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        object[] many = [.. Enumerable.Range(0, 31).Select(i => Route($"192.168.{i}.0/24", "10.70.0.5"))];
        (await gate.PutAsync("", many[..30])).ShouldBe(200).List("router/routes").Count.ShouldBe(30);
        (await gate.PutAsync("", many)).ShouldFail(400, "RoutesExhausted", $"Unable to complete operation for {gate.Router}. The number of routes exceeds the maximum 30.");
        (await gate.PutAsync("/add_extraroutes", many[30])).ShouldFail(400, "RoutesExhausted");
        (await gate.Cloud.Member.PutAsync($"routers/{gate.Router}", new { router = new { routes = (object?)null } })).ShouldBe(200)["router/routes"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Routes_are_replaced_added_and_removed_at_the_revision_that_is_expected(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("", A)).ShouldBe(200);
        string revision = await gate.RevisionAsync();
        (await gate.PutAtAsync("", "0", A, B)).ShouldFail(412, "RevisionNumberConstraintFailed", $"Constrained to 0, but current revision is {revision}");
        (await gate.PutAtAsync("/add_extraroutes", "0", B)).ShouldFail(412, "RevisionNumberConstraintFailed");
        (await gate.PutAtAsync("", revision, A, B)).ShouldBe(200).List("router/routes").Count.ShouldBe(2);
        (await gate.PutAtAsync("/remove_extraroutes", revision, B)).ShouldFail(412, "RevisionNumberConstraintFailed");
        (await gate.PutAtAsync("/remove_extraroutes", await gate.RevisionAsync(), B)).ShouldBe(200).List("router/routes").Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A stale revision is refused whatever is asked. Routes that are there already are accepted at any revision")]
    public async Task The_routes_that_are_there_are_accepted_at_any_revision(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("", A, B)).ShouldBe(200);
        string revision = await gate.RevisionAsync();
        (await gate.PutAtAsync("", "0", B, A)).ShouldBe(200);
        (await gate.RevisionAsync()).ShouldBe(revision);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A revision guards the name of a router as it guards its routes. The service breaks, fresh or stale, and leaves a new revision of the old name")]
    public async Task A_revision_breaks_the_change_of_a_router_s_name(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        string revision = await gate.RevisionAsync();
        (await gate.Cloud.Member.PutAtAsync($"routers/{gate.Router}", new { router = new { name = "stale" } }, "0")).ShouldFail(500, "HTTPInternalServerError");
        (await gate.RevisionAsync()).ShouldNotBe(revision);
        (await gate.Cloud.Member.PutAtAsync($"routers/{gate.Router}", new { router = new { name = "fresh" } }, await gate.RevisionAsync())).ShouldFail(500, "HTTPInternalServerError");
        (await gate.Cloud.Member.GetAsync($"routers/{gate.Router}"))["router/name"].ShouldBe(gate.Shared.Name);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_interface_that_a_route_needs_stays(string side)
    {
        await using Gate gate = await Gate.OpenAsync(networks, side);
        (await gate.PutAsync("", A)).ShouldBe(200);
        (await gate.Cloud.Member.PutAsync($"routers/{gate.Router}/remove_router_interface", new { subnet_id = gate.Subnet })).ShouldFail(
            409, "RouterInterfaceInUseByRoute", $"Router interface for subnet {gate.Subnet} on router {gate.Router} cannot be deleted, as it is required by one or more routes.");
    }

    /// <summary>The class's router with one subnet, 10.70.0.0/24, whose routes go when the case ends.</summary>
    private sealed record Gate(SharedNetwork Shared) : IAsyncDisposable
    {
        public CloudSide Cloud => Shared.Cloud;

        public string Router => Shared.Router;

        public string Subnet => Shared.Subnet;

        public static async Task<Gate> OpenAsync(SharedNetworks networks, string side) => new(await networks.GetAsync(side, gateway: false));

        public Task<Answer> PutAsync(string action, params object[] routes) => Cloud.Member.PutAsync($"routers/{Router}{action}", Routes(routes));

        public Task<Answer> PutAtAsync(string action, string revision, params object[] routes)
            => Cloud.Member.PutAtAsync($"routers/{Router}{action}", Routes(routes), revision);

        public async Task<string> RevisionAsync() => (await Cloud.Member.GetAsync($"routers/{Router}"))["router/revision_number"]!;

        public async ValueTask DisposeAsync() => (await PutAsync("")).ShouldBe(200);
    }
}
