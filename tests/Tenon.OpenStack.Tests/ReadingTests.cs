using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>What services answer beyond what the sandbox shows: other releases' shapes, empty and missing fields.</summary>
public sealed class ReadingTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;
    private CloudClient _client = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cloud = await ScriptedCloud.StartAsync();
        _client = _cloud.Connect();
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _cloud.DisposeAsync();
    }

    private void Answers(string body) => _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, body);

    [Fact(Timeout = 20_000)]
    public async Task Octavias_flavors_zones_and_quotas_are_read_in_old_and_new_spelling()
    {
        Answers("""{"flavors": [{"id": "f", "name": "amp", "description": null, "enabled": false}], "flavors_links": []}""");
        (await _client.LoadBalancing().ListFlavorsAsync(Ct)).ShouldBe([new LoadBalancerFlavor("f", "amp", "", false)]);
        Answers("""{"availability_zones": [{"name": "az1", "description": "d", "enabled": true}], "availability_zones_links": []}""");
        (await _client.LoadBalancing().ListZonesAsync(Ct)).ShouldBe([new LoadBalancerZone("az1", "d", true)]);
        _cloud.ServiceCalls[^1].Path.ShouldBe("/load-balancer/v2.0/lbaas/availabilityzones");
        Answers("""{"quota": {"load_balancer": 5, "listener": -1, "member": 6, "pool": 7, "health_monitor": 8, "l7policy": -1}}""");
        (await _client.LoadBalancing().GetQuotaAsync("p", Ct)).ShouldBe(new(5, -1, 7, 6, 8));
        Answers("""{"quota": {"loadbalancer": 5, "listener": 1, "member": null, "pool": 7, "healthmonitor": 8}}""");
        (await _client.LoadBalancing().GetQuotaAsync("p", Ct)).ShouldBe(new(5, 1, 7, -1, 8));
    }

    [Fact(Timeout = 20_000)]
    public async Task Unknown_words_and_missing_fields_do_no_harm()
    {
        Answers("""{"loadbalancers": [{"id": "b", "provisioning_status": "PENDING_FAILOVER", "operating_status": null, "listeners": null, "created_at": "2026-01-02T03:04:05", "surprise": {"a": 1}}]}""");
        LoadBalancer balancer = (await _client.LoadBalancing().ListLoadBalancersAsync(new(), Ct).ToListAsync()).ShouldHaveSingleItem();
        balancer.ShouldBe(new LoadBalancer { Id = "b", CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) });
        (balancer.ProvisioningStatus, balancer.ProvisioningStatus.IsPending()).ShouldBe((ProvisioningStatus.Unknown, false));
        Answers("""{"ports": [{"id": "p"}]}""");
        (await _client.Networking().ListPortsAsync(new(), Ct).ToListAsync()).ShouldBe([new Port { Id = "p" }]);
        Answers("""{"routers": [{"id": "r", "external_gateway_info": null, "routes": null}]}""");
        (await _client.Networking().ListRoutersAsync(new(), Ct).ToListAsync()).ShouldBe([new Router { Id = "r" }]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Every_word_of_a_status_is_known()
    {
        (string Word, ProvisioningStatus Status)[] words =
        [
            ("ACTIVE", ProvisioningStatus.Active), ("PENDING_CREATE", ProvisioningStatus.PendingCreate), ("PENDING_UPDATE", ProvisioningStatus.PendingUpdate),
            ("PENDING_DELETE", ProvisioningStatus.PendingDelete), ("ERROR", ProvisioningStatus.Error),
        ];
        foreach ((string word, ProvisioningStatus status) in words)
        {
            Answers($$$"""{"loadbalancer": {"id": "b", "provisioning_status": "{{{word}}}"}}""");
            (await _client.LoadBalancing().GetLoadBalancerAsync("b", Ct))!.ProvisioningStatus.ShouldBe(status);
            status.IsPending().ShouldBe(word.StartsWith("PENDING", StringComparison.Ordinal));
            Answers("""{"loadbalancers": []}""");
            await _client.LoadBalancing().ListLoadBalancersAsync(new() { ProvisioningStatus = status }, Ct).ToListAsync();
            _cloud.ServiceCalls[^1].Query.ShouldStartWith($"?provisioning_status={word}&");
        }

        Answers("""{"loadbalancer": {"id": "b", "provisioning_status": "DELETED"}}""");
        (await _client.LoadBalancing().GetLoadBalancerAsync("b", Ct)).ShouldBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task Pools_that_no_listener_uses_appear_in_the_status_tree_once()
    {
        Answers("""
            {"statuses": {"loadbalancer": {"id": "b", "name": "n", "provisioning_status": "ACTIVE", "operating_status": "DEGRADED",
              "listeners": [{"id": "l", "name": "l", "provisioning_status": "ACTIVE", "operating_status": "ONLINE",
                "pools": [{"id": "p", "name": "p", "provisioning_status": "ACTIVE", "operating_status": "ERROR", "health_monitor": {"id": "m", "name": "m", "type": "TCP", "provisioning_status": "ACTIVE", "operating_status": "ONLINE"},
                  "members": [{"id": "e", "name": "e", "address": "10.0.0.5", "protocol_port": 80, "provisioning_status": "ERROR", "operating_status": "OFFLINE"}]}]}],
              "pools": [{"id": "p", "name": "p", "health_monitor": {}, "members": []}, {"id": "q", "name": "q", "health_monitor": {}, "members": []}]}}}
            """);
        StatusNode tree = (await _client.LoadBalancing().GetStatusTreeAsync("b", Ct))!;
        tree.OperatingStatus.ShouldBe(OperatingStatus.Degraded);
        tree.Children.Select(c => (c.Kind, c.Id, c.Children.Count)).ShouldBe([("listener", "l", 1), ("pool", "q", 0)]);
        StatusNode pool = tree.Children[0].Children[0];
        pool.Children.Select(c => (c.Kind, c.Id, c.Address, c.ProtocolPort, c.OperatingStatus)).ShouldBe(
        [
            ("member", "e", "10.0.0.5", 80, OperatingStatus.Offline),
            ("healthmonitor", "m", null, null, OperatingStatus.Online),
        ]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Neutrons_pools_and_zones_are_read()
    {
        Answers("""{"subnetpools": [{"id": "x", "name": "n", "ip_version": 4, "prefixes": ["10.0.0.0/8"], "default_prefixlen": "26", "is_default": true, "shared": true, "tags": ["t"]}]}""");
        SubnetPool pool = (await _client.Networking().ListSubnetPoolsAsync(Ct).ToListAsync()).ShouldHaveSingleItem();
        pool.ShouldBe(new SubnetPool { Id = "x", Name = "n", Prefixes = ["10.0.0.0/8"], DefaultPrefixLength = 26, IsDefault = true, Shared = true, Tags = ["t"] });
        Answers("""{"availability_zones": [{"name": "az1", "resource": "router"}, {"name": "az1", "resource": "network"}, {"name": "az2", "resource": "network"}]}""");
        (await _client.Networking().ListNetworkZonesAsync(Ct)).ShouldBe(["az1", "az2"]);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("""{"status": "ACTIVE", "name": "s"}""", 200, true)]
    [InlineData("""{"name": "c", "type": "certificate", "secret_refs": []}""", 200, true)]
    [InlineData("""{"status": "ERROR", "name": "s"}""", 200, false)]
    [InlineData("""{"code": 404, "title": "Not Found", "description": "Secret not found."}""", 404, false)]
    public async Task A_secret_exists_when_it_is_active(string body, int status, bool exists)
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, status, body);
        (await _client.KeyManager().ExistsAsync("https://barbican.example.org/v1/containers/123/", Ct)).ShouldBe(exists);
        _cloud.ServiceCalls.ShouldHaveSingleItem().Path.ShouldBe("/key-manager/v1/containers/123");
        await Should.ThrowAsync<FormatException>(() => _client.KeyManager().ExistsAsync("https://barbican.example.org/v1/orders/1", Ct));
    }
}
