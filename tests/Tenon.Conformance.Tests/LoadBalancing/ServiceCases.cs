using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>The service itself: versions, providers, what an operator offers, quotas, paths that are not there (Load Balancer API v2).</summary>
public sealed class ServiceCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task The_versions_are_listed_without_a_token_and_the_last_one_is_current(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer versions = await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/", "X-Auth-Token:");
        versions.ShouldBe(200);
        IReadOnlyList<JsonObject> all = versions.List("versions");
        all[0]["id"]!.ToString().ShouldBe("v2.0");
        all[^1]["status"]!.ToString().ShouldBe("CURRENT");
        all.SkipLast(1).ShouldAllBe(v => v["status"]!.ToString() == "SUPPORTED");
        all.Count.ShouldBeGreaterThanOrEqualTo(27);
        all[^1]["links"]![0]!["href"]!.ToString().ShouldEndWith("/v2");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Both_v2_and_v2_0_lead_to_the_api(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.Cloud.Member.GetAsync(BalancerCase.Service, $"/v2.0/lbaas/loadbalancers?name={octavia.Scratch.Name}")).ShouldBe(200).List("loadbalancers").ShouldBeEmpty();
        (await octavia.Cloud.Member.GetAsync(BalancerCase.Service, $"/v2/lbaas/loadbalancers?name={octavia.Scratch.Name}")).ShouldBe(200).List("loadbalancers").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Without_a_token_or_with_a_bad_one_the_answer_is_401(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/loadbalancers", "X-Auth-Token:")).ShouldBe(401);
        (await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/loadbalancers", "X-Auth-Token: nonsense")).ShouldBe(401);
    }

    [Theory(Timeout = Limit), Sides, Believed("an error of Octavia is always an object with faultcode and faultstring")]
    public async Task Errors_of_the_web_layer_are_json_only_for_who_asks_for_json(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer json = await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/nosuch", "Accept: application/json");
        json.ShouldBe(404);
        json["title"].ShouldBe("Not Found");
        json["code"].ShouldBe("404");
        json["faultstring"].ShouldBeNull();
        (await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/nosuch", "Accept: */*")).ShouldBe(404).Text.ShouldContain("<title>404 Not Found</title>");
        Answer text = await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/nosuch");
        text.ShouldBe(404).Json.ShouldBeNull();
        text.Text.ShouldStartWith("404 Not Found\n\n");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_members_of_no_pool_are_an_error_of_the_web_layer(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer answer = await octavia.Cloud.Member.GetAsync(BalancerCase.Service, $"/v2/lbaas/pools/{BalancerCase.Nobody}/members", "Accept: application/json");
        answer.ShouldBe(404);
        answer["title"].ShouldBe("Bad Request");
        answer["description"].ShouldBe($"Pool {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Providers_have_a_name_and_a_description_and_one_is_ovn(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer providers = await octavia.GetAsync("providers");
        providers.ShouldBe(200);
        JsonObject ovn = providers.List("providers").Single(p => p["name"]!.ToString() == BalancerCase.Ovn);
        ovn["description"]!.ToString().ShouldBe("OVN provider");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_member_may_not_read_a_providers_capabilities_and_ovn_tells_the_administrator_none(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.GetAsync("providers/ovn/flavor_capabilities")).ShouldFault(403, "Policy does not allow this request to be performed.");
        (await octavia.Cloud.Admin.GetAsync(BalancerCase.Service, "/v2/lbaas/providers/ovn/flavor_capabilities"))
            .ShouldFault(501, "Provider 'ovn' does not support a requested action: This provider does not support getting the supported flavor metadata.");
        (await octavia.Cloud.Admin.GetAsync(BalancerCase.Service, "/v2/lbaas/providers/ovn/availability_zone_capabilities")).ShouldBe(501);
        (await octavia.Cloud.Admin.GetAsync(BalancerCase.Service, "/v2/lbaas/providers/nosuch/flavor_capabilities")).ShouldFault(400, "Provider 'nosuch' is not enabled.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_member_may_list_flavors_and_zones_but_not_their_profiles(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.GetAsync("flavors")).ShouldBe(200).List("flavors").ShouldBeEmpty();
        (await octavia.GetAsync("availabilityzones")).ShouldBe(200).List("availability_zones").ShouldBeEmpty();
        (await octavia.GetAsync("flavorprofiles")).ShouldFault(403, "Policy does not allow this request to be performed.");
        (await octavia.GetAsync("availabilityzoneprofiles")).ShouldFault(403, "Policy does not allow this request to be performed.");
        (await octavia.GetAsync($"flavors/{BalancerCase.Nobody}")).ShouldFault(404, $"Flavor {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Amphorae_are_the_administrators(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.Cloud.Member.GetAsync(BalancerCase.Service, "/v2/octavia/amphorae")).ShouldFault(403, "Policy does not allow this request to be performed.");
        (await octavia.Cloud.Admin.GetAsync(BalancerCase.Service, "/v2/octavia/amphorae")).ShouldBe(200).At("amphorae").ShouldNotBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_project_reads_its_own_quota_and_no_others(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer own = await octavia.GetAsync($"quotas/{octavia.Cloud.Member.ProjectId}");
        own.ShouldBe(200);
        foreach (string name in (string[])["load_balancer", "listener", "pool", "member", "health_monitor", "l7policy", "l7rule"]) own.Has("quota", name).ShouldBeTrue(name);
        (await octavia.GetAsync($"quotas/{octavia.Cloud.Admin.ProjectId}")).ShouldFault(403, "Policy does not allow this request to be performed.");
        (await octavia.Cloud.Admin.GetAsync(BalancerCase.Service, "/v2/lbaas/quotas/defaults")).ShouldBe(200).Has("quota", "load_balancer").ShouldBeTrue();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Over_quota_is_403_and_names_what_there_is_too_much_of(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Wire admin = octavia.Cloud.Admin;
        // In the administrator's own project, which no other case makes load balancers in.
        string quota = $"/v2/lbaas/quotas/{admin.ProjectId}";
        Answer network = await octavia.Scratch.MakeAsync("network", "/v2.0/networks", new { network = new { name = octavia.Scratch.Name } }, admin: true);
        Answer subnet = await octavia.Scratch.MakeAsync(
            "network", "/v2.0/subnets", new { subnet = new { network_id = network["network/id"], ip_version = 4, cidr = "10.71.9.0/24" } }, admin: true);
        octavia.Scratch.Forget(BalancerCase.Service, quota, admin: true);
        Answer changed = await admin.PutAsync(BalancerCase.Service, quota, new { quota = new { load_balancer = 0 } });
        changed.ShouldBe(202)["quota/load_balancer"].ShouldBe("0");
        Answer refused = await admin.PostAsync(
            BalancerCase.Service, "/v2/lbaas/loadbalancers", new { loadbalancer = new { vip_subnet_id = subnet["subnet/id"], provider = BalancerCase.Ovn } });
        refused.ShouldFault(403, "Quota has been met for resources: Load Balancer");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Only_the_administrator_changes_quotas(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.PutAsync($"quotas/{octavia.Cloud.Member.ProjectId}", new { quota = new { load_balancer = 1000 } }))
            .ShouldFault(403, "Policy does not allow this request to be performed.");
    }
}
