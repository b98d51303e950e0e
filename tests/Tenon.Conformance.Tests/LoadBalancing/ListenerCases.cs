using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Listeners of the provider ovn; each case has ports of its own on the shared load balancer.</summary>
public sealed class ListenerCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_new_listener_has_every_default_and_comes_online_with_the_load_balancer(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        Answer made = await octavia.MakeAsync(id, "listeners", "listener", new { loadbalancer_id = id, protocol = "TCP", protocol_port = 80 });
        made["listener/provisioning_status"].ShouldBe("PENDING_CREATE");
        made["listener/operating_status"].ShouldBe("OFFLINE");
        (string Field, string? Value)[] defaults =
        [
            ("name", ""), ("description", ""), ("connection_limit", "-1"), ("timeout_client_data", "50000"), ("timeout_member_connect", "5000"),
            ("timeout_member_data", "50000"), ("timeout_tcp_inspect", "0"), ("insert_headers", "{}"), ("allowed_cidrs", null), ("default_pool_id", null),
            ("default_tls_container_ref", null), ("sni_container_refs", "[]"), ("client_authentication", "NONE"), ("tags", "[]"), ("l7policies", "[]"),
            ("loadbalancers", $$"""[{"id":"{{id}}"}]"""),
        ];
        foreach ((string field, string? value) in defaults) made[$"listener/{field}"].ShouldBe(value, field);
        Answer read = await Scratch.UntilAsync(() => octavia.GetAsync($"listeners/{made["listener/id"]}"), a => a["listener/provisioning_status"] == "ACTIVE", "ACTIVE");
        read["listener/operating_status"].ShouldBe("ONLINE");
        (await octavia.GetAsync($"loadbalancers/{id}"))["loadbalancer/listeners"]!.ShouldContain(made["listener/id"]!);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ovn_speaks_tcp_udp_and_sctp_on_one_port_and_nothing_above(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        foreach (string protocol in (string[])["TCP", "UDP", "SCTP"]) await octavia.MakeListenerAsync(id, 81, new { protocol });
        foreach (string protocol in (string[])["HTTP", "HTTPS", "PROMETHEUS"])
        {
            (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, 82, new { protocol })))
                .ShouldFault(501, $"Provider 'ovn' does not support a requested option: OVN provider does not support {protocol} protocol");
        }
    }

    [Theory(Timeout = Limit), Sides, Believed("the message of a port conflict names the protocol that was asked for")]
    public async Task A_port_is_taken_once_a_transport_and_the_message_names_who_has_it(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        await octavia.MakeListenerAsync(id, 83);
        foreach (string protocol in (string[])["TCP", "HTTP", "HTTPS"])
        {
            (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, 83, new { protocol })))
                .ShouldFault(409, "Another Listener on this Load Balancer is already using protocol TCP and protocol_port 83");
        }
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ovn_refuses_allowed_cidrs_but_takes_an_empty_list_for_none(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        const string refusal = "Provider 'ovn' does not support a requested option: OVN provider does not support allowed_cidrs option";
        (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, 84, new { allowed_cidrs = new[] { "10.0.0.0/8" } }))).ShouldFault(501, refusal);
        string listener = await octavia.MakeListenerAsync(id, 84, new { allowed_cidrs = Array.Empty<string>() });
        (await octavia.GetAsync($"listeners/{listener}"))["listener/allowed_cidrs"].ShouldBeNull();
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"listeners/{listener}", new { listener = new { allowed_cidrs = new[] { "10.0.0.0/8" } } }))).ShouldFault(501, refusal);
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"listeners/{listener}", """{"listener": {"allowed_cidrs": null}}"""))).ShouldBe(200);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Allowed_cidrs_must_be_cidrs_of_the_vips_version(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        (await TryAsync(octavia, id, 85, new { allowed_cidrs = new[] { "x" } })).ShouldBe(400).Message.ShouldEndWith("Value should be IPv4 or IPv6 CIDR format");
        (await TryAsync(octavia, id, 85, new { allowed_cidrs = new[] { "fd00::/8" } })).ShouldBe(400).Message.ShouldStartWith("Validation failure: CIDR fd00::/8 IP version incompatible");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Headers_are_for_http_alone_and_have_known_names(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        (await TryAsync(octavia, id, 86, new { insert_headers = new Dictionary<string, string> { ["X-Forwarded-For"] = "true" } }))
            .ShouldFault(400, "insert-headers is not a valid option for a TCP protocol listener.");
        (await TryAsync(octavia, id, 86, new { protocol = "HTTP", insert_headers = new { nosuch = "true" } }))
            .ShouldFault(400, "dict_keys(['nosuch']) is not a valid option for insert_headers");
        (await TryAsync(octavia, id, 86, new { insert_headers = Array.Empty<string>() })).ShouldBe(400).Message.ShouldEndWith("Value not a valid dict: []");
    }

    [Theory(Timeout = Limit), Sides, Believed("a timeout is at most 31536000 ms")]
    public async Task A_timeout_is_at_most_24_days(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 87, new { timeout_client_data = 2073600000, timeout_member_connect = 0 });
        (await octavia.GetAsync($"listeners/{listener}"))["listener/timeout_client_data"].ShouldBe("2073600000");
        (await TryAsync(octavia, id, 88, new { timeout_client_data = 2073600001 }))
            .ShouldFault(400, "Invalid input for field/attribute timeout_client_data. Value: '2073600001'. Value should be lower or equal to 2073600000");
        (await TryAsync(octavia, id, 88, new { timeout_client_data = -1 }))
            .ShouldFault(400, "Invalid input for field/attribute timeout_client_data. Value: '-1'. Value should be greater or equal to 0");
    }

    [Theory(Timeout = Limit), Sides, Believed("null in an update leaves a field as it is")]
    public async Task Null_in_an_update_takes_a_field_back_to_its_default(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 89, new { connection_limit = 7, timeout_client_data = 1, timeout_member_connect = 2, timeout_member_data = 3, timeout_tcp_inspect = 4 });
        Answer changed = await octavia.ChangeAsync(id, () => octavia.PutAsync($"listeners/{listener}", """
            {"listener": {"connection_limit": null, "timeout_client_data": null, "timeout_member_connect": null, "timeout_member_data": null, "timeout_tcp_inspect": null}}
            """));
        changed.ShouldBe(200)["listener/connection_limit"].ShouldBe("-1");
        changed["listener/timeout_client_data"].ShouldBe("50000");
        changed["listener/timeout_member_connect"].ShouldBe("5000");
        changed["listener/timeout_member_data"].ShouldBe("50000");
        changed["listener/timeout_tcp_inspect"].ShouldBe("0");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Name_description_limit_tags_and_state_are_updated_but_not_protocol_and_port(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 90);
        Answer changed = await octavia.ChangeAsync(id, () => octavia.PutAsync(
            $"listeners/{listener}", new { listener = new { name = "n", description = "d", connection_limit = 9, tags = new[] { "t" }, admin_state_up = false } }));
        changed.ShouldBe(200)["listener/name"].ShouldBe("n");
        changed["listener/connection_limit"].ShouldBe("9");
        changed["listener/tags"].ShouldBe("""["t"]""");
        (await octavia.GetAsync($"listeners/{listener}"))["listener/operating_status"].ShouldBe("OFFLINE");
        (await octavia.PutAsync($"listeners/{listener}", new { listener = new { protocol = "UDP" } })).ShouldFault(400, "Unknown attribute for argument listener_.listener: protocol");
        (await octavia.PutAsync($"listeners/{listener}", new { listener = new { protocol_port = 91 } })).ShouldFault(400, "Unknown attribute for argument listener_.listener: protocol_port");
        (await octavia.PutAsync($"listeners/{listener}", "{}")).ShouldFault(400, "Validation failure: No listener object supplied.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_a_listener_names_must_exist(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        (await TryAsync(octavia, BalancerCase.Nobody, 91, new { })).ShouldFault(404, $"Load Balancer {BalancerCase.Nobody} not found.");
        (await TryAsync(octavia, id, 91, new { default_pool_id = BalancerCase.Nobody })).ShouldFault(404, $"Pool {BalancerCase.Nobody} not found.");
        (await octavia.GetAsync($"listeners/{BalancerCase.Nobody}")).ShouldFault(404, $"Listener {BalancerCase.Nobody} not found.");
        (await octavia.DeleteAsync($"listeners/{BalancerCase.Nobody}")).ShouldFault(404, $"Listener {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides, Believed("a listener can be made together with its pool at any time")]
    public async Task A_pool_inside_a_listener_is_for_whole_trees_only(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, 92, new { default_pool = new { name = "p", protocol = "TCP", lb_algorithm = "SOURCE_IP_PORT" } }))).ShouldBe(500);
        (await octavia.GetAsync($"listeners?loadbalancer_id={id}&protocol_port=92")).List("listeners").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Listeners_are_found_by_their_load_balancer_name_and_tags(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), name = octavia.Scratch.Name;
        string listener = await octavia.MakeListenerAsync(id, 93, new { tags = new[] { name } });
        foreach (string query in (string[])[$"loadbalancer_id={id}&name={name}", $"load_balancer_id={id}&name={name}", $"name={name}", $"tags={name}", $"protocol_port=93&name={name}"])
            (await octavia.GetAsync($"listeners?{query}")).ShouldBe(200).List("listeners").Single()["id"]!.ToString().ShouldBe(listener, query);
        (await octavia.GetAsync($"listeners?loadbalancer_id={BalancerCase.Nobody}")).ShouldBe(200).List("listeners").ShouldBeEmpty();
        (await octavia.GetAsync($"listeners?loadbalancers={id}")).ShouldFault(400, "One or more arguments are either duplicate or invalid");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_deleted_listener_leaves_its_pool(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 94), pool = await octavia.MakePoolAsync(id, new { listener_id = listener });
        (await octavia.ChangeAsync(id, () => octavia.DeleteAsync($"listeners/{listener}"))).ShouldBe(204);
        await octavia.GoneAsync($"listeners/{listener}");
        (await octavia.GetAsync($"pools/{pool}")).ShouldBe(200).List("pool/listeners").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Layer_7_policies_are_not_for_ovn(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 95);
        (await octavia.ChangeAsync(id, () => octavia.PostAsync("l7policies", new { l7policy = new { listener_id = listener, action = "REJECT" } })))
            .ShouldFault(501, "Provider 'ovn' does not support a requested action: This provider does not support creating l7policies.");
    }

    private static Task<Answer> TryAsync(BalancerCase octavia, string balancer, int port, object more) => octavia.PostAsync(
        "listeners", new { listener = BalancerCase.Merge(new { loadbalancer_id = balancer, protocol = "TCP", protocol_port = port, name = octavia.Scratch.Name }, more) });
}
