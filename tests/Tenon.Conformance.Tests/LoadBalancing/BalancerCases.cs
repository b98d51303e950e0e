using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Load balancers: create, read, change, delete.</summary>
public sealed class BalancerCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_new_load_balancer_is_pending_and_offline_then_active_and_online(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync();
        made["loadbalancer/provisioning_status"].ShouldBe("PENDING_CREATE");
        made["loadbalancer/operating_status"].ShouldBe("OFFLINE");
        made["loadbalancer/updated_at"].ShouldBeNull();
        Answer read = await octavia.GetAsync($"loadbalancers/{made["loadbalancer/id"]}");
        read["loadbalancer/operating_status"].ShouldBe("ONLINE");
        read["loadbalancer/updated_at"].ShouldNotBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_is_left_out_of_a_create_is_shown_with_its_default(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync();
        made["loadbalancer/description"].ShouldBe("");
        made["loadbalancer/admin_state_up"].ShouldBe("true");
        made["loadbalancer/provider"].ShouldBe(BalancerCase.Ovn);
        made["loadbalancer/project_id"].ShouldBe(octavia.Cloud.Member.ProjectId);
        made["loadbalancer/tenant_id"].ShouldBe(octavia.Cloud.Member.ProjectId);
        made["loadbalancer/vip_network_id"].ShouldBe(octavia.NetworkId);
        foreach (string list in (string[])["listeners", "pools", "tags", "additional_vips"]) made.List($"loadbalancer/{list}").ShouldBeEmpty();
        foreach (string none in (string[])["flavor_id", "availability_zone", "vip_qos_policy_id"])
        {
            made.Has("loadbalancer", none).ShouldBeTrue(none);
            made[$"loadbalancer/{none}"].ShouldBeNull();
        }
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Two_load_balancers_may_have_one_name(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer one = await octavia.TryBalancerAsync(new { }), two = await octavia.TryBalancerAsync(new { });
        one.ShouldBe(201);
        two.ShouldBe(201);
        (await octavia.GetAsync($"loadbalancers?name={octavia.Scratch.Name}")).List("loadbalancers").Count.ShouldBe(2);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task One_that_starts_disabled_is_offline_when_it_is_active(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync(new { admin_state_up = false }))["loadbalancer/id"]!;
        Answer read = await octavia.GetAsync($"loadbalancers/{id}");
        read["loadbalancer/admin_state_up"].ShouldBe("false");
        read["loadbalancer/operating_status"].ShouldBe("OFFLINE");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_update_answers_with_the_new_values_while_it_is_pending(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        Answer changed = await octavia.ChangeAsync(id, () => octavia.PutAsync($"loadbalancers/{id}", new { loadbalancer = new { name = octavia.Scratch.NameOf("new"), description = "d" } }));
        changed.ShouldBe(200);
        changed["loadbalancer/provisioning_status"].ShouldBe("PENDING_UPDATE");
        changed["loadbalancer/name"].ShouldBe(octavia.Scratch.NameOf("new"));
        changed["loadbalancer/description"].ShouldBe("d");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Disabling_takes_it_offline_and_enabling_online(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"loadbalancers/{id}", new { loadbalancer = new { admin_state_up = false } }))).ShouldBe(200);
        (await octavia.GetAsync($"loadbalancers/{id}"))["loadbalancer/operating_status"].ShouldBe("OFFLINE");
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"loadbalancers/{id}", new { loadbalancer = new { admin_state_up = true } }))).ShouldBe(200);
        (await octavia.GetAsync($"loadbalancers/{id}"))["loadbalancer/operating_status"].ShouldBe("ONLINE");
    }

    [Theory(Timeout = Limit), Sides, Believed("tags come back in the order in which they were given")]
    public async Task Tags_come_back_sorted(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync(new { tags = new[] { "b", "c", "a" } });
        made["loadbalancer/tags"].ShouldBe("""["a","b","c"]""");
        string id = made["loadbalancer/id"]!;
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"loadbalancers/{id}", new { loadbalancer = new { tags = new[] { "z", "y" } } })))["loadbalancer/tags"].ShouldBe("""["y","z"]""");
        (await octavia.GetAsync($"loadbalancers/{id}"))["loadbalancer/tags"].ShouldBe("""["y","z"]""");
    }

    [Theory(Timeout = Limit), Sides, Believed("a tag that is given twice is kept once, as Neutron does")]
    public async Task A_tag_given_twice_is_refused_as_an_identifier_that_exists(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { tags = new[] { "a", "a" } })).ShouldFault(409, "Already an entity with that specified id.");
    }

    [Theory(Timeout = Limit), Sides, Believed("null removes all tags")]
    public async Task Null_for_tags_leaves_them_and_an_empty_list_removes_them(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync(new { tags = new[] { "a" } }))["loadbalancer/id"]!;
        await octavia.ChangeAsync(id, () => octavia.PutAsync($"loadbalancers/{id}", """{"loadbalancer": {"tags": null}}"""));
        (await octavia.GetAsync($"loadbalancers/{id}"))["loadbalancer/tags"].ShouldBe("""["a"]""");
        await octavia.ChangeAsync(id, () => octavia.PutAsync($"loadbalancers/{id}", """{"loadbalancer": {"tags": []}}"""));
        (await octavia.GetAsync($"loadbalancers/{id}"))["loadbalancer/tags"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_deleted_load_balancer_is_404_with_its_vip_port_and_deleting_it_again_too(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync();
        string id = made["loadbalancer/id"]!;
        (await octavia.DeleteAsync($"loadbalancers/{id}")).ShouldBe(204);
        (await octavia.GoneAsync($"loadbalancers/{id}")).ShouldFault(404, $"Load Balancer {id} not found.");
        (await octavia.DeleteAsync($"loadbalancers/{id}")).ShouldFault(404, $"Load Balancer {id} not found.");
        await Scratch.UntilAsync(() => octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports/{made["loadbalancer/vip_port_id"]}"), a => a.Status == 404, "gone");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task One_with_children_is_deleted_with_cascade_only(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        string listener = await octavia.MakeListenerAsync(id, 80), pool = await octavia.MakePoolAsync(id, new { listener_id = listener });
        (await octavia.DeleteAsync($"loadbalancers/{id}")).ShouldFault(400, $"Validation failure: Cannot delete Load Balancer {id} - it has children");
        (await octavia.DeleteAsync($"loadbalancers/{id}?cascade=true")).ShouldBe(204);
        await octavia.GoneAsync($"loadbalancers/{id}");
        await octavia.GoneAsync($"listeners/{listener}");
        await octavia.GoneAsync($"pools/{pool}");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Statistics_are_five_numbers(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer stats = await octavia.GetAsync($"loadbalancers/{await octavia.SharedBalancerAsync()}/stats");
        foreach (string name in (string[])["active_connections", "bytes_in", "bytes_out", "request_errors", "total_connections"]) stats.ShouldBe(200)[$"stats/{name}"].ShouldBe("0");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Failover_is_the_administrators_and_ovn_has_none(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        (await octavia.PutAsync($"loadbalancers/{id}/failover", null)).ShouldFault(403, "Policy does not allow this request to be performed.");
        (await octavia.Cloud.Admin.PutAsync(BalancerCase.Service, $"/v2/lbaas/loadbalancers/{id}/failover", null))
            .ShouldFault(501, "Provider 'ovn' does not support a requested option: OVN provider does not support loadbalancer failover");
        (await octavia.ActiveAsync(id)).ShouldBe(200);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_is_not_there_is_404_whatever_its_id_looks_like(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.GetAsync($"loadbalancers/{BalancerCase.Nobody}")).ShouldFault(404, $"Load Balancer {BalancerCase.Nobody} not found.");
        (await octavia.GetAsync("loadbalancers/zzz")).ShouldFault(404, "Load Balancer zzz not found.");
        (await octavia.PutAsync($"loadbalancers/{BalancerCase.Nobody}", new { loadbalancer = new { name = "x" } })).ShouldFault(404, $"Load Balancer {BalancerCase.Nobody} not found.");
    }
}
