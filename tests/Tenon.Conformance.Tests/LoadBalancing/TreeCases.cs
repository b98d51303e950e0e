using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Load balancers made with all that they hold in one call, the status tree, and what is locked while they change.</summary>
public sealed class TreeCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task Listeners_pools_and_members_are_made_in_one_call_and_the_answer_holds_them_whole(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync(new { listeners = new[] { Listener(octavia, 80), Listener(octavia, 81) } });
        IReadOnlyList<JsonObject> listeners = made.List("loadbalancer/listeners"), pools = made.List("loadbalancer/pools");
        listeners.Select(l => l["protocol_port"]!.ToString()).Order().ShouldBe(["80", "81"]);
        listeners.Select(l => l["default_pool_id"]!.ToString()).Order().ShouldBe(pools.Select(p => p["id"]!.ToString()).Order());
        listeners.ShouldAllBe(l => l["provisioning_status"]!.ToString() == "PENDING_CREATE" && l["tags"]!.ToJsonString() == "[\"t\"]");
        pools[0]["members"]!.AsArray().Select(m => m!["address"]!.ToString()).Order().ShouldBe(["10.71.0.201", "10.71.0.202"]);
        (await octavia.GetAsync($"listeners?loadbalancer_id={made["loadbalancer/id"]}")).List("listeners").ShouldAllBe(l => l["provisioning_status"]!.ToString() == "ACTIVE");
        (await octavia.GetAsync($"pools/{pools[0]["id"]}/members")).List("members").ShouldAllBe(m => m["provisioning_status"]!.ToString() == "ACTIVE" && m["weight"]!.ToString() == "2");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_listener_may_name_a_pool_that_stands_beside_it(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync(new
        {
            listeners = new[] { new { name = "l", protocol = "TCP", protocol_port = 80, default_pool = new { name = "shared" } } },
            pools = new[] { new { name = "shared", protocol = "TCP", lb_algorithm = octavia.Algorithm, members = Array.Empty<object>() } },
        });
        made["loadbalancer/listeners/0/default_pool_id"].ShouldBe(made["loadbalancer/pools/0/id"]);
    }

    [Theory(Timeout = Limit), Sides, Believed("a monitor inside a new tree is made with it, whatever the provider")]
    public async Task A_monitor_in_a_new_tree_of_ovn_is_never_made(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        JsonObject listener = Listener(octavia, 80);
        listener["default_pool"]!["healthmonitor"] = BalancerCase.Merge(new { type = "TCP", delay = 5, timeout = 3, max_retries = 2 }, new { });
        string id = (await octavia.MakeBalancerAsync(new { listeners = new[] { listener } }))["loadbalancer/id"]!;
        Answer tree = await octavia.GetAsync($"loadbalancers/{id}/status");
        tree["statuses/loadbalancer/listeners/0/provisioning_status"].ShouldBe("ACTIVE");
        tree["statuses/loadbalancer/listeners/0/pools/0/health_monitor/provisioning_status"].ShouldBe("PENDING_CREATE");
        tree["statuses/loadbalancer/listeners/0/pools/0/health_monitor/operating_status"].ShouldBe("OFFLINE");

        // Whether Octavia sees the monitor of the tree when it writes down the member is left to chance.
        tree["statuses/loadbalancer/listeners/0/pools/0/members/0/operating_status"].ShouldBeOneOf("NO_MONITOR", "OFFLINE");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_status_tree_goes_from_the_load_balancer_to_its_members(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync(new { listeners = new[] { Listener(octavia, 80) } }))["loadbalancer/id"]!;
        Answer tree = await octavia.GetAsync($"loadbalancers/{id}/status");
        tree.ShouldBe(200)["statuses/loadbalancer/id"].ShouldBe(id);
        tree["statuses/loadbalancer/operating_status"].ShouldBe("ONLINE");
        tree["statuses/loadbalancer/listeners/0/operating_status"].ShouldBe("ONLINE");
        tree["statuses/loadbalancer/listeners/0/pools/0/operating_status"].ShouldBe("ONLINE");
        tree.List("statuses/loadbalancer/listeners/0/pools/0/members").Count.ShouldBe(2);
        foreach (string field in (string[])["id", "name", "address", "protocol_port", "operating_status", "provisioning_status"])
            tree.Has("statuses/loadbalancer/listeners/0/pools/0/members/0", field).ShouldBeTrue(field);
        (await octavia.GetAsync($"loadbalancers/{id}/statuses")).ShouldBe(200);
        (await octavia.GetAsync($"loadbalancers/{BalancerCase.Nobody}/status")).ShouldFault(404, $"Load Balancer {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_tree_that_does_not_fit_together_is_refused(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        async Task<Answer> Try(string address, object tree)
        {
            Answer answer = await octavia.TryBalancerAsync(BalancerCase.Merge(tree, new { vip_address = address }));
            Answer port = await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports?network_id={octavia.NetworkId}&fixed_ips=ip_address%3D{address}");
            if (answer.Status != 201 && port["ports/0/id"] is { } left) octavia.Scratch.Forget("network", $"/v2.0/ports/{left}");
            return answer;
        }

        JsonObject one = Listener(octavia, 80), unnamed = Listener(octavia, 80), wrong = Listener(octavia, 80);
        unnamed["default_pool"]!.AsObject().Remove("name");
        wrong["default_pool"]!["protocol"] = "UDP";
        (await Try("10.71.0.211", new { listeners = new[] { unnamed } })).ShouldFault(400, "Validation failure: Pools must be named when creating a fully populated loadbalancer.");
        (await Try("10.71.0.212", new { listeners = new[] { one, BalancerCase.Merge(one, new { protocol_port = 81 }) } }))
            .ShouldFault(400, "Validation failure: Pool names must be unique when creating a fully populated loadbalancer.");
        (await Try("10.71.0.213", new { listeners = new[] { wrong } })).ShouldFault(400, "Validation failure: The pool protocol 'UDP' is invalid while the listener protocol is 'TCP'.");
        (await Try("10.71.0.214", new { listeners = new[] { new { protocol = "TCP", protocol_port = 80 }, new { protocol = "TCP", protocol_port = 80 } } }))
            .ShouldFault(409, "Another Listener on this Load Balancer is already using protocol TCP and protocol_port 80");
        (await Try("10.71.0.215", new { pools = new[] { new { name = "q", protocol = "TCP", members = Array.Empty<object>() } } }))
            .ShouldFault(400, "Validation failure: Pool definition for 'q' missing required attribute: lb_algorithm");
        (await Try("10.71.0.216", new { listeners = new[] { BalancerCase.Merge(one, new { nosuch = 1 }) } })).ShouldFault(400, "Unknown attribute for argument load_balancer.loadbalancer.listeners: nosuch");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Of_changes_that_meet_one_wins_or_the_others_are_told_that_it_is_immutable(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => octavia.PostAsync(
            "listeners", new { listener = new { loadbalancer_id = id, protocol = "TCP", protocol_port = 100 + i } })));
        answers.ShouldContain(a => a.Status == 201);
        foreach (Answer refused in answers.Where(a => a.Status != 201)) refused.ShouldFault(409, $"Load Balancer {id} is immutable and cannot be updated.");
        await octavia.ActiveAsync(id);
        (await octavia.GetAsync($"listeners?loadbalancer_id={id}")).List("listeners").Count.ShouldBe(answers.Count(a => a.Status == 201));
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_load_balancer_that_is_being_deleted_is_pending_and_refuses_an_update(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync(new { listeners = new[] { Listener(octavia, 80) } }))["loadbalancer/id"]!;
        Task<Answer> deleting = octavia.DeleteAsync($"loadbalancers/{id}?cascade=true");
        Answer[] updates = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => octavia.PutAsync($"loadbalancers/{id}", new { loadbalancer = new { description = "d" } })));
        (await deleting).Status.ShouldBeOneOf(204, 409);
        foreach (Answer update in updates.Where(u => u.Status == 409)) update.Message.ShouldMatch($"^Invalid state PENDING_(DELETE|UPDATE) of loadbalancer resource {id}$");
        updates.ShouldAllBe(u => u.Status == 200 || u.Status == 404 || u.Status == 409);
    }

    private static JsonObject Listener(BalancerCase octavia, int port) => BalancerCase.Merge(
        new
        {
            name = octavia.Scratch.NameOf($"l{port}"),
            protocol = "TCP",
            protocol_port = port,
            tags = new[] { "t" },
            default_pool = new
            {
                name = octavia.Scratch.NameOf($"p{port}"),
                protocol = "TCP",
                lb_algorithm = octavia.Algorithm,
                members = new[] { 201, 202 }.Select(h => new { address = $"10.71.0.{h}", protocol_port = 8080, subnet_id = octavia.SubnetId, weight = 2 }),
            },
        },
        new { });
}
