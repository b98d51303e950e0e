using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Pools of the provider ovn.</summary>
public sealed class PoolCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_pool_belongs_to_a_listener_or_to_the_load_balancer_alone(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 80);
        string alone = await octavia.MakePoolAsync(id), served = await octavia.MakePoolAsync(id, new { loadbalancer_id = (string?)null, listener_id = listener });
        (await octavia.GetAsync($"pools/{alone}")).List("pool/listeners").ShouldBeEmpty();
        Answer read = await octavia.GetAsync($"pools/{served}");
        read["pool/listeners"].ShouldBe($$"""[{"id":"{{listener}}"}]""");
        read["pool/loadbalancers"].ShouldBe($$"""[{"id":"{{id}}"}]""");
        (await octavia.GetAsync($"listeners/{listener}"))["listener/default_pool_id"].ShouldBe(served);
        (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, new { loadbalancer_id = (string?)null, listener_id = listener })))
            .ShouldFault(409, "This listener already has a default pool");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_new_pool_has_every_default(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        Answer made = await octavia.MakeAsync(id, "pools", "pool", new { loadbalancer_id = id, protocol = "TCP", lb_algorithm = octavia.Algorithm });
        made["pool/provisioning_status"].ShouldBe("PENDING_CREATE");
        foreach ((string field, string? value) in ((string, string?)[])[("name", ""), ("description", ""), ("admin_state_up", "true"), ("session_persistence", null), ("members", "[]"), ("tls_enabled", "false"), ("tags", "[]")])
            made[$"pool/{field}"].ShouldBe(value, field);
        made.Has("pool", "healthmonitor_id").ShouldBeFalse();
    }

    [Theory(Timeout = Limit), Sides, Believed("a pool is ONLINE when its load balancer is")]
    public async Task A_pool_of_ovn_is_offline_until_it_has_a_member(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id);
        (await octavia.GetAsync($"pools/{pool}"))["pool/operating_status"].ShouldBe("OFFLINE");
        await octavia.MakeAsync(id, $"pools/{pool}/members", "member", new { address = "10.71.0.200", protocol_port = 80, subnet_id = octavia.SubnetId });
        (await octavia.GetAsync($"pools/{pool}"))["pool/operating_status"].ShouldBe("ONLINE");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ovn_knows_one_algorithm_and_three_protocols(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        foreach (string lb_algorithm in (string[])["ROUND_ROBIN", "LEAST_CONNECTIONS", "SOURCE_IP"])
        {
            (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, new { lb_algorithm })))
                .ShouldFault(501, $"Provider 'ovn' does not support a requested option: OVN provider does not support {lb_algorithm} algorithm");
        }

        foreach (string protocol in (string[])["HTTP", "HTTPS", "PROXY", "PROXYV2"])
        {
            (await octavia.ChangeAsync(id, () => TryAsync(octavia, id, new { protocol })))
                .ShouldFault(501, $"Provider 'ovn' does not support a requested option: OVN provider does not support {protocol} protocol");
        }

        string pool = await octavia.MakePoolAsync(id, new { protocol = "UDP" });
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}", new { pool = new { lb_algorithm = "ROUND_ROBIN" } }))).ShouldBe(501);
        (await octavia.GetAsync($"pools/{pool}"))["pool/lb_algorithm"].ShouldBe("SOURCE_IP_PORT");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_pool_must_fit_its_listener(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string listener = await octavia.MakeListenerAsync(id, 81, new { protocol = "UDP" });
        (await TryAsync(octavia, id, new { loadbalancer_id = (string?)null, listener_id = listener }))
            .ShouldFault(400, "Validation failure: The pool protocol 'TCP' is invalid while the listener protocol is 'UDP'.");
        (await TryAsync(octavia, id, new { loadbalancer_id = (string?)null })).ShouldFault(400, "Validation failure: Must provide at least one of: loadbalancer_id, listener_id");
        (await TryAsync(octavia, id, new { loadbalancer_id = BalancerCase.Nobody })).ShouldFault(404, $"Load Balancer {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides, Believed("a pool for a listener that is not there is a 404")]
    public async Task A_pool_for_no_listener_is_an_error_of_the_server(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        (await TryAsync(octavia, id, new { loadbalancer_id = (string?)null, listener_id = BalancerCase.Nobody })).ShouldBe(500)["faultcode"].ShouldBe("Server");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Session_persistence_is_kept_changed_and_taken_away(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        string pool = await octavia.MakePoolAsync(id, new { session_persistence = new { type = "SOURCE_IP" } });
        Answer read = await octavia.GetAsync($"pools/{pool}");
        read["pool/session_persistence/type"].ShouldBe("SOURCE_IP");
        read.Has("pool/session_persistence", "cookie_name").ShouldBeTrue();
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}", """{"pool": {"session_persistence": null}}""")))["pool/session_persistence"].ShouldBeNull();
        (await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}", new { pool = new { session_persistence = new { type = "SOURCE_IP" } } })))["pool/session_persistence/type"].ShouldBe("SOURCE_IP");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Session_persistence_must_make_sense(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync();
        Task<Answer> Try(object session_persistence, string protocol = "TCP") => TryAsync(octavia, id, new { session_persistence, protocol });
        (await Try(new { })).ShouldFault(400, "Invalid input for field/attribute type. Value: 'None'. Mandatory field missing.");
        (await Try(new { type = "APP_COOKIE" })).ShouldFault(400, "Validation failure: Field \"cookie_name\" must be specified when using the \"APP_COOKIE\" session persistence type.");
        (await Try(new { type = "SOURCE_IP", cookie_name = "x" })).ShouldFault(400, "Validation failure: Field \"cookie_name\" can only be specified with session persistence of type \"APP_COOKIE\".");
        (await Try(new { type = "SOURCE_IP", persistence_timeout = 5 })).ShouldFault(400, "Validation failure: persistence_timeout and persistence_granularity is only for UDP and SCTP protocol pools.");
        (await Try(new { type = "HTTP_COOKIE" }, "UDP")).ShouldFault(400, "Validation failure: Session persistence of type HTTP_COOKIE is not supported for UDP/SCTP protocol pools.");
        (await Try(new { nosuch = 1 })).ShouldFault(400, "Unknown attribute for argument pool_.pool.session_persistence: nosuch");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Name_and_state_are_updated_but_not_the_protocol(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id);
        Answer changed = await octavia.ChangeAsync(id, () => octavia.PutAsync($"pools/{pool}", new { pool = new { name = "n", description = "d", tags = new[] { "t" }, admin_state_up = false } }));
        changed.ShouldBe(200)["pool/name"].ShouldBe("n");
        changed["pool/provisioning_status"].ShouldBe("PENDING_UPDATE");
        (await octavia.GetAsync($"pools/{pool}"))["pool/operating_status"].ShouldBe("OFFLINE");
        (await octavia.PutAsync($"pools/{pool}", new { pool = new { protocol = "UDP" } })).ShouldFault(400, "Unknown attribute for argument pool_.pool: protocol");
    }

    [Theory(Timeout = Limit), Sides, Believed("pools are filtered by listener_id")]
    public async Task Pools_are_found_by_their_load_balancer_but_not_by_their_listener(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), pool = await octavia.MakePoolAsync(id, new { tags = new[] { octavia.Scratch.Name } });
        foreach (string query in (string[])[$"loadbalancer_id={id}&name={octavia.Scratch.Name}", $"tags={octavia.Scratch.Name}", $"protocol=TCP&name={octavia.Scratch.Name}", $"lb_algorithm=SOURCE_IP_PORT&name={octavia.Scratch.Name}"])
            (await octavia.GetAsync($"pools?{query}")).ShouldBe(200).List("pools").Single()["id"]!.ToString().ShouldBe(pool, query);
        (await octavia.GetAsync($"pools?listener_id={BalancerCase.Nobody}")).ShouldFault(400, "One or more arguments are either duplicate or invalid");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_deleted_pool_goes_with_its_members_and_its_listener_stays(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string id = await octavia.SharedBalancerAsync(), listener = await octavia.MakeListenerAsync(id, 82), pool = await octavia.MakePoolAsync(id, new { listener_id = listener });
        await octavia.MakeAsync(id, $"pools/{pool}/members", "member", new { address = "10.71.0.201", protocol_port = 80, subnet_id = octavia.SubnetId });
        (await octavia.ChangeAsync(id, () => octavia.DeleteAsync($"pools/{pool}"))).ShouldBe(204);
        (await octavia.GoneAsync($"pools/{pool}")).ShouldFault(404, $"Pool {pool} not found.");
        (await octavia.GetAsync($"pools/{pool}/members")).ShouldBe(404);
        (await octavia.GetAsync($"listeners/{listener}")).ShouldBe(200)["listener/default_pool_id"].ShouldBeNull();
        (await octavia.DeleteAsync($"pools/{pool}")).ShouldFault(404, $"Pool {pool} not found.");
    }

    private static Task<Answer> TryAsync(BalancerCase octavia, string balancer, object more) => octavia.PostAsync(
        "pools", new { pool = BalancerCase.Merge(new { loadbalancer_id = balancer, protocol = "TCP", lb_algorithm = octavia.Algorithm, name = octavia.Scratch.Name }, more) });
}
