using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>
/// Health monitors of the provider ovn. On this release a listener that is added to a load balancer with a monitor hangs for ever, so that each
/// case has a load balancer of its own and makes its listeners first.
/// </summary>
public sealed class MonitorCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_monitor_shows_on_its_pool_and_takes_its_members_online(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, _, string pool) = await TreeAsync(octavia, await octavia.MakeMemberPortAsync());
        Answer made = await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2 });
        made["healthmonitor/provisioning_status"].ShouldBe("PENDING_CREATE");
        made["healthmonitor/max_retries_down"].ShouldBe("3");
        made["healthmonitor/pools"].ShouldBe($$"""[{"id":"{{pool}}"}]""");
        foreach (string http in (string[])["http_method", "url_path", "expected_codes", "http_version", "domain_name"]) made[$"healthmonitor/{http}"].ShouldBeNull(http);
        string monitor = made["healthmonitor/id"]!;
        Answer read = await octavia.GetAsync($"healthmonitors/{monitor}");
        read["healthmonitor/provisioning_status"].ShouldBe("ACTIVE");
        read["healthmonitor/operating_status"].ShouldBe("ONLINE");
        (await octavia.GetAsync($"pools/{pool}"))["pool/healthmonitor_id"].ShouldBe(monitor);
        (await octavia.GetAsync($"pools/{pool}/members"))["members/0/operating_status"].ShouldNotBe("NO_MONITOR");
    }

    [Theory(Timeout = Limit), Sides, Believed("a listener is ACTIVE again when its load balancer is")]
    public async Task A_new_monitor_of_ovn_leaves_the_listener_pending_until_a_member_changes(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, string listener, string pool) = await TreeAsync(octavia, await octavia.MakeMemberPortAsync());
        await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2 });
        (await octavia.GetAsync($"listeners/{listener}"))["listener/provisioning_status"].ShouldBe("PENDING_UPDATE");
        string member = (await octavia.GetAsync($"pools/{pool}/members"))["members/0/id"]!;
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}/members/{member}", new { member = new { weight = 2 } }))).ShouldBe(200);
        (await octavia.GetAsync($"listeners/{listener}"))["listener/provisioning_status"].ShouldBe("ACTIVE");
    }

    [Theory(Timeout = Limit), Sides, Believed("a monitor is ACTIVE once its load balancer is")]
    public async Task A_monitor_of_ovn_over_an_address_without_a_port_is_in_error_under_an_active_load_balancer(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, _, string pool) = await TreeAsync(octavia, "10.71.0.250");
        Answer made = await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2 });
        Answer read = await octavia.GetAsync($"healthmonitors/{made["healthmonitor/id"]}");
        read["healthmonitor/provisioning_status"].ShouldBe("ERROR");
        read["healthmonitor/operating_status"].ShouldBe("ERROR");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ovn_checks_tcp_and_udp_and_nothing_else(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id);
        foreach (string type in (string[])["HTTP", "HTTPS", "PING", "TLS-HELLO"])
        {
            (await octavia.ChangeAsync(id, () => TryAsync(octavia, pool, new { type })))
                .ShouldFault(501, $"Provider 'ovn' does not support a requested option: OVN provider does not support {type} health monitor type. Supported types: UDP-CONNECT, TCP");
        }
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_type_must_fit_the_pools_protocol(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id), udp = await octavia.MakePoolAsync(id, new { protocol = "UDP" });
        (await TryAsync(octavia, pool, new { type = "UDP-CONNECT" })).ShouldFault(400, "Validation failure: The UDP-CONNECT type is only supported for pools of type UDP/SCTP.");
        (await TryAsync(octavia, pool, new { type = "SCTP" })).ShouldFault(400, "Validation failure: The SCTP type is only supported for pools of type UDP/SCTP.");
        (await TryAsync(octavia, udp, new { type = "PING" }))
            .ShouldFault(400, "Validation failure: The associated pool protocol is UDP, so only a UDP-CONNECT/SCTP/TCP/HTTP health monitor is supported.");
        (await TryAsync(octavia, udp, new { type = "UDP-CONNECT", delay = 2 }))
            .ShouldFault(400, "Validation failure: The request delay value 2 should be larger than 3 for UDP-CONNECT health monitor type.");
        await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = udp, type = "UDP-CONNECT", delay = 5, timeout = 3, max_retries = 2 });
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Fields_of_a_monitor_have_their_ranges(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string pool = await octavia.MakePoolAsync(await octavia.SharedBalancerAsync());
        (await TryAsync(octavia, pool, new { delay = -1 })).ShouldFault(400, "Invalid input for field/attribute delay. Value: '-1'. Value should be greater or equal to 0");
        (await TryAsync(octavia, pool, new { max_retries = 0 })).ShouldFault(400, "Invalid input for field/attribute max_retries. Value: '0'. Value should be greater or equal to 1");
        (await TryAsync(octavia, pool, new { max_retries_down = 11 })).ShouldFault(400, "Invalid input for field/attribute max_retries_down. Value: '11'. Value should be lower or equal to 10");
        (await TryAsync(octavia, pool, new { type = "HTTP", url_path = "x" })).ShouldFault(400, "Invalid input for field/attribute url_path. Value: 'x'. Value must be a valid URL Path string");
        (await TryAsync(octavia, pool, new { type = "HTTP", expected_codes = "x" }))
            .ShouldFault(400, @"Invalid input for field/attribute expected_codes. Value: 'x'. Value should match the pattern ^(\d{3}(\s*,\s*\d{3})*)$|^(\d{3}-\d{3})$");
        (await TryAsync(octavia, pool, new { delay = "x" })).ShouldBe(400).Message.ShouldEndWith("invalid literal for int() with base 10: 'x'");
        foreach ((string field, object more) in ((string, object)[])[("url_path", new { url_path = "/" }), ("http_method", new { http_method = "GET" }), ("expected_codes", new { expected_codes = "200" })])
            (await TryAsync(octavia, pool, more)).ShouldFault(400, $"{field} is not a valid option for health monitors of type TCP");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_pool_has_one_monitor_and_must_exist(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, _, string pool) = await TreeAsync(octavia, await octavia.MakeMemberPortAsync());
        await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2 });
        (await octavia.ChangeAsync(id, () => TryAsync(octavia, pool, new { }))).ShouldFault(409, "This pool already has a health monitor");
        (await TryAsync(octavia, BalancerCase.Nobody, new { })).ShouldFault(404, $"Pool {BalancerCase.Nobody} not found.");
        (await octavia.GetAsync($"healthmonitors/{BalancerCase.Nobody}")).ShouldFault(404, $"Health Monitor {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Times_are_updated_and_type_and_pool_are_not(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (string id, _, string pool) = await TreeAsync(octavia, await octavia.MakeMemberPortAsync());
        string monitor = (await octavia.MakeAsync(id, "healthmonitors", "healthmonitor", new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2, max_retries_down = 5 }))["healthmonitor/id"]!;
        Task<Answer> Put(string fields) => octavia.ChangeAsync(id, () => octavia.PutAsync($"healthmonitors/{monitor}", $$"""{"healthmonitor": {{{fields}}} }"""));
        Answer changed = await Put("""
            "delay": 7, "timeout": 2, "max_retries": 4, "max_retries_down": null, "name": "n"
            """);
        changed.ShouldBe(200)["healthmonitor/delay"].ShouldBe("7");
        changed["healthmonitor/max_retries_down"].ShouldBe("3");
        (await Put("\"type\": \"HTTP\"")).ShouldFault(400, "Unknown attribute for argument health_monitor_.healthmonitor: type");
        (await Put("\"pool_id\": null")).ShouldFault(400, "Unknown attribute for argument health_monitor_.healthmonitor: pool_id");
        (await Put("\"url_path\": \"/x\"")).ShouldFault(400, "url_path is not a valid option for health monitors of type TCP");
        (await Put("\"expected_codes\": null")).ShouldFault(400, "expected_codes is not a valid option for health monitors of type TCP");
        (await Put("\"delay\": null")).ShouldFault(400, "None is not a valid option for delay");
        (await octavia.GetAsync($"healthmonitors?pool_id={pool}&type=TCP")).List("healthmonitors").Single()["id"]!.ToString().ShouldBe(monitor);
        (await octavia.GetAsync($"healthmonitors?pools={pool}")).ShouldFault(400, "One or more arguments are either duplicate or invalid");
    }

    private static async Task<(string Balancer, string Listener, string Pool)> TreeAsync(BalancerCase octavia, string address)
    {
        string id = (await octavia.MakeBalancerAsync())["loadbalancer/id"]!;
        string listener = await octavia.MakeListenerAsync(id, 80), pool = await octavia.MakePoolAsync(id, new { listener_id = listener });
        await octavia.MakeAsync(id, $"pools/{pool}/members", "member", new { address, protocol_port = 80, subnet_id = octavia.SubnetId });
        return (id, listener, pool);
    }

    private static Task<Answer> TryAsync(BalancerCase octavia, string pool, object more) => octavia.PostAsync(
        "healthmonitors", new { healthmonitor = BalancerCase.Merge(new { pool_id = pool, type = "TCP", delay = 5, timeout = 3, max_retries = 2, name = octavia.Scratch.Name }, more) });
}
