using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>What the provider amphora does otherwise than ovn. Skipped on a test cloud without it.</summary>
public sealed class AmphoraCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const string Amphora = "amphora";
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task The_vip_port_of_an_amphora_is_octavias(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync();
        Answer balancer = await octavia.GetAsync($"loadbalancers/{id}");
        Answer port = await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports/{balancer["loadbalancer/vip_port_id"]}");
        port.ShouldBe(200)["port/name"].ShouldBe($"octavia-lb-{id}");
        port["port/device_owner"].ShouldBe("Octavia");
        port["port/device_id"].ShouldBe($"lb-{id}");
        port["port/admin_state_up"].ShouldBe("false");
        port["port/project_id"].ShouldBe(octavia.Cloud.Member.ProjectId);
    }

    [Theory(Timeout = Limit), Sides, Believed("allowed_cidrs come back as they were given")]
    public async Task Allowed_cidrs_come_back_as_networks_in_order_and_once(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 80, new { allowed_cidrs = new[] { "192.168.0.0/16", "10.1.2.3/8", "10.0.0.0/8" } });
        (await octavia.GetAsync($"listeners/{listener}"))["listener/allowed_cidrs"].ShouldBe("""["10.0.0.0/8","192.168.0.0/16"]""");
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"listeners/{listener}", """{"listener": {"allowed_cidrs": null}}""")))["listener/allowed_cidrs"].ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides, Believed("the value of an inserted header must be true or false")]
    public async Task Http_listeners_insert_headers_whose_values_nobody_checks(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(
            id, 81, new { protocol = "HTTP", insert_headers = new Dictionary<string, string> { ["X-Forwarded-For"] = "true", ["X-Forwarded-Port"] = "maybe" } });
        Answer read = await octavia.GetAsync($"listeners/{listener}");
        read["listener/insert_headers/X-Forwarded-For"].ShouldBe("true");
        read["listener/insert_headers/X-Forwarded-Port"].ShouldBe("maybe");
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"listeners/{listener}", """{"listener": {"insert_headers": null}}""")))["listener/insert_headers"].ShouldBe("{}");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Amphorae_know_the_other_algorithms_and_not_ovns(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync();
        foreach (string lb_algorithm in (string[])["ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"]) await octavia.MakePoolAsync(id, new { lb_algorithm });
        (await octavia.ChangeAsync(id, () => octavia.PostAsync("pools", new { pool = new { loadbalancer_id = id, protocol = "TCP", lb_algorithm = "SOURCE_IP_PORT" } })))
            .ShouldFault(501, "Provider 'amphora' does not support a requested option: Amphora provider does not support SOURCE_IP_PORT algorithm.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_member_has_its_own_monitor_address_and_port_and_needs_no_subnet(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id);
        Answer made = await octavia.MakeAsync(id, $"pools/{pool}/members", "member", new { address = "10.99.0.1", protocol_port = 80, monitor_address = "10.99.0.2", monitor_port = 99 });
        made["member/monitor_address"].ShouldBe("10.99.0.2");
        made["member/monitor_port"].ShouldBe("99");
        Answer changed = await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members/{made["member/id"]}", """{"member": {"monitor_address": null, "monitor_port": null}}"""));
        changed["member/monitor_address"].ShouldBeNull();
        changed["member/monitor_port"].ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_http_monitor_has_defaults_for_what_it_asks(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id, new { protocol = "HTTP" });
        Answer made = await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = pool, type = "HTTP", delay = 5, timeout = 3, max_retries = 2 });
        made["healthmonitor/http_method"].ShouldBe("GET");
        made["healthmonitor/url_path"].ShouldBe("/");
        made["healthmonitor/expected_codes"].ShouldBe("200");
        Answer read = await octavia.GetAsync($"healthmonitors/{made["healthmonitor/id"]}");
        read["healthmonitor/provisioning_status"].ShouldBe("ACTIVE");
        read["healthmonitor/operating_status"].ShouldBe("ONLINE");
        string path = $"healthmonitors/{made["healthmonitor/id"]}";
        (await octavia.ChangeAsync(id, () => octavia.PutAsync(path, new { healthmonitor = new { url_path = "/healthz", expected_codes = "200-204" } })))["healthmonitor/url_path"].ShouldBe("/healthz");
        (await octavia.ChangeAsync(id, () => octavia.PutAsync(path, """{"healthmonitor": {"url_path": null, "expected_codes": null}}""")))["healthmonitor/url_path"].ShouldBe("/");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_policy_of_layer_7_is_for_http_listeners(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync();
        string tcp = await octavia.MakeListenerAsync(id, 82), http = await octavia.MakeListenerAsync(id, 83, new { protocol = "HTTP" });
        (await octavia.ChangeAsync(id, () => octavia.PostAsync("l7policies", new { l7policy = new { listener_id = tcp, action = "REJECT" } })))
            .ShouldFault(501, "Provider 'amphora' does not support a requested option: TCP protocol listeners do not support L7 policies");
        Answer made = await octavia.MakeAsync(id, "l7policies", "l7policy", new { listener_id = http, action = "REJECT" });
        made["l7policy/position"].ShouldBe("1");
        (await octavia.GetAsync($"listeners/{http}")).List("listener/l7policies").Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_shared_pool_of_two_listeners_is_one(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side, Amphora);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id);
        string one = await octavia.MakeListenerAsync(id, 84, new { default_pool_id = pool }), two = await octavia.MakeListenerAsync(id, 85, new { default_pool_id = pool });
        (await octavia.GetAsync($"pools/{pool}")).List("pool/listeners").Select(l => l["id"]!.ToString()).Order().ShouldBe(((string[])[one, two]).Order());
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"listeners/{one}", """{"listener": {"default_pool_id": null}}"""))).ShouldBe(200)["listener/default_pool_id"].ShouldBeNull();
    }
}
