using System.Text.Json.Nodes;
using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox.Measures;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;
using Outcome = Tenon.Core.Outcome;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>The real reconciler against the sandbox's OpenStack over HTTP; the peer's scenarios among others.</summary>
public sealed class ServiceReconcilerTests
{
    private const string ThreePorts = """{"ports": [{"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 443, "nodePort": 30443}, {"name": "c", "port": 53, "protocol": "UDP", "nodePort": 30053}]}""";

    [Fact(Timeout = 60_000)]
    public async Task A_service_of_three_ports_takes_two_writes_and_few_reads_and_then_none()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(nodes: 25);

        (await harness.PutAsync(Service(spec: ThreePorts))).ShouldBe(Outcome.Done);

        harness.Calls(writes: true).Select(c => c.Operation).ShouldBe(harness.Calls(writes: true).Select(c => c.Operation).Take(2));
        harness.Calls(writes: true).Length.ShouldBe(2);
        Service service = harness.Cluster["web"];
        service.Status.LoadBalancer.Ingress.Single().Ip.ShouldBe((string)harness.FloatingIps.Single()!["floating_ip_address"]!);
        service.Metadata.Annotations[ServiceAnnotations.LoadBalancerId].ShouldBe((string)harness.LoadBalancers.Single()!["id"]!);
        harness.Pools.Count.ShouldBe(3);
        harness.Pools.ShouldAllBe(p => p!["members"]!.AsArray().Count == 25);
        harness.Cluster.Events.Select(e => e.Reason).ShouldBe(["EnsuringLoadBalancer", "EnsuredLoadBalancer"]);

        harness.Sandbox.Calls.Clear();
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Calls(writes: true).ShouldBeEmpty();
        harness.Calls(writes: false).Length.ShouldBeLessThanOrEqualTo(4);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_restart_with_everything_in_sync_writes_nothing()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service(spec: ThreePorts));
        int published = harness.Cluster.Writes;
        await harness.RestartAsync();
        harness.Sandbox.Calls.Clear();

        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);

        harness.Calls(writes: true).ShouldBeEmpty();
        harness.Cluster.Writes.ShouldBe(published);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_node_that_joins_is_one_write_a_pool()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service(spec: ThreePorts));
        harness.AddNode(3);
        harness.Sandbox.Calls.Clear();

        await harness.SettleAsync("web");

        harness.Calls(writes: true).Length.ShouldBe(3);
        harness.Pools.ShouldAllBe(p => p!["members"]!.AsArray().Count == 3);
        harness.Calls(writes: false).ShouldNotContain(c => c.Path.Contains("/members", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task Ports_and_node_ports_change_as_in_the_peers_test_update_port()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        var annotations = new Dictionary<string, string> { [ServiceAnnotations.Internal] = "true" };
        await harness.PutAsync(Service(annotations, """{"ports": [{"name": "port1", "port": 80, "nodePort": 30080}, {"name": "port2", "port": 8080, "nodePort": 30088}]}"""));
        harness.FloatingIps.ShouldBeEmpty();
        harness.Listeners.Count.ShouldBe(2);

        await harness.PutAsync(Service(annotations, """{"ports": [{"name": "port1", "port": 80, "nodePort": 31111}]}"""));

        harness.Listeners.Single()!["protocol_port"]!.GetValue<int>().ShouldBe(80);
        harness.Members((string)harness.Pools.Single()!["id"]!).ShouldAllBe(m => m!["protocol_port"]!.GetValue<int>() == 31111);
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe((string)harness.LoadBalancers.Single()!["vip_address"]!);
    }

    [Fact(Timeout = 60_000)]
    public async Task X_forwarded_for_makes_an_http_listener_and_back()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service(new Dictionary<string, string> { ["x-forwarded-for"] = "true" }));
        ((string)harness.Listeners.Single()!["protocol"]!).ShouldBe("HTTP");
        ((string)harness.Listeners.Single()!["insert_headers"]!["X-Forwarded-For"]!).ShouldBe("true");

        await harness.PutAsync(Service());

        ((string)harness.Listeners.Single()!["protocol"]!).ShouldBe("TCP");
        ((string)harness.Pools.Single()!["protocol"]!).ShouldBe("TCP");
    }

    [Fact(Timeout = 60_000)]
    public async Task Services_share_a_load_balancer_as_in_the_peers_test_shared_lb()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Named("test-shared-1", 80));
        string id = (string)harness.LoadBalancers.Single()!["id"]!;

        await harness.PutAsync(Named("test-shared-2", 8080, id));
        Tags(harness).ShouldBe(["kube_service_kubernetes_default_test-shared-1", "kube_service_kubernetes_default_test-shared-2"], ignoreOrder: true);
        harness.Cluster["test-shared-2"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe(harness.Cluster["test-shared-1"].Status.LoadBalancer.Ingress.Single().Ip);
        await harness.PutAsync(Named("test-shared-2", 8081, id));
        harness.Listeners.Select(l => l!["protocol_port"]!.GetValue<int>()).Order().ShouldBe([80, 8081]);
        await harness.DeleteAsync("test-shared-2");
        Tags(harness).ShouldBe(["kube_service_kubernetes_default_test-shared-1"], ignoreOrder: true);
        harness.Listeners.Count.ShouldBe(1);

        await harness.PutAsync(Named("test-shared-3", 8080, id));
        (await harness.PutAsync(Named("test-shared-4", 8080, id))).ShouldBeOfType<Outcome.Refused>();
        Tags(harness).ShouldNotContain(t => t.EndsWith("test-shared-4", StringComparison.Ordinal));
        await harness.DeleteAsync("test-shared-4");
        harness.Cluster.Has("test-shared-4").ShouldBeFalse();
        await harness.DeleteAsync("test-shared-1");
        Tags(harness).ShouldBe(["kube_service_kubernetes_default_test-shared-3"], ignoreOrder: true);
        harness.Listeners.Single()!["protocol_port"]!.GetValue<int>().ShouldBe(8080);
        await harness.DeleteAsync("test-shared-3");

        harness.LoadBalancers.ShouldBeEmpty();
        harness.FloatingIps.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_users_load_balancer_is_shared_as_in_the_peers_test_shared_user_lb()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        JsonNode lb = harness.Post("load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancer", new() { ["name"] = "test_shared_user_lb", ["vip_subnet_id"] = harness.NodeSubnetId, ["provider"] = "amphora" });
        harness.Sandbox.OpenStack.Settle();
        harness.Post("load-balancer", "/v2.0/lbaas/listeners", "listener", new() { ["protocol"] = "HTTP", ["protocol_port"] = 80, ["loadbalancer_id"] = (string)lb["id"]! });
        harness.Sandbox.OpenStack.Settle();
        harness.Post("network", "/v2.0/floatingips", "floatingip", new() { ["floating_network_id"] = harness.PublicNetworkId, ["port_id"] = (string)lb["vip_port_id"]!, ["description"] = "mine" });

        await harness.PutAsync(Named("test-shared-user-lb", 8080, (string)lb["id"]!));
        Tags(harness).ShouldBe(["kube_service_kubernetes_default_test-shared-user-lb"], ignoreOrder: true);
        harness.Listeners.Count.ShouldBe(2);
        await harness.DeleteAsync("test-shared-user-lb");

        Tags(harness).ShouldBeEmpty();
        harness.Listeners.Single()!["protocol_port"]!.GetValue<int>().ShouldBe(80);
        harness.FloatingIps.Count.ShouldBe(1);
        harness.Cluster.Has("test-shared-user-lb").ShouldBeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_given_address_is_used_as_in_the_peers_test_basic_and_outlives_the_service()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        JsonNode floating = harness.Post("network", "/v2.0/floatingips", "floatingip", new() { ["floating_network_id"] = harness.PublicNetworkId, ["description"] = "mine" });
        string address = (string)floating["floating_ip_address"]!;

        await harness.PutAsync(Service(spec: $$"""{"loadBalancerIP": "{{address}}"}"""));
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe(address);
        await harness.DeleteAsync("web");

        harness.LoadBalancers.ShouldBeEmpty();
        harness.FloatingIps.Single()!["port_id"].ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Another_type_takes_the_load_balancer_away_and_clears_what_was_published()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(new LoadBalancerOptions { CascadeDelete = false, ManageSecurityGroups = true });
        await harness.PutAsync(Service(new Dictionary<string, string> { ["enable-health-monitor"] = "true" }));
        harness.Monitors.Count.ShouldBe(1);
        harness.ServiceGroups.Count.ShouldBe(1);

        (await harness.PutAsync(Service(spec: """{"type": "ClusterIP"}"""))).ShouldBe(Outcome.Done);

        harness.World().Trim().ShouldBeEmpty();
        harness.Cluster["web"].Metadata.Finalizers.ShouldBeEmpty();
        harness.Cluster["web"].Metadata.Annotations.ShouldBeEmpty();
        harness.Cluster["web"].Status.LoadBalancer.Ingress.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task Ovn_is_served_with_monitors_afterwards_and_ranges_by_security_group()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(provider: "ovn");

        (await harness.PutAsync(Service(new Dictionary<string, string> { ["enable-health-monitor"] = "true" }, """{"loadBalancerSourceRanges": ["198.51.100.0/24"]}"""))).ShouldBe(Outcome.Done);

        harness.Monitors.Count.ShouldBe(1);
        ((string)harness.Pools.Single()!["lb_algorithm"]!).ShouldBe("SOURCE_IP_PORT");
        harness.ServiceGroups.Single()!["security_group_rules"]!.AsArray().Single()!["remote_ip_prefix"]!.GetValue<string>().ShouldBe("198.51.100.0/24");
        harness.Cluster.Events.ShouldContain(e => e.Reason == ServiceEvents.SourceRangesBySecurityGroup);
    }

    [Fact(Timeout = 60_000)]
    public async Task Providers_that_want_serial_calls_get_them()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(new LoadBalancerOptions { ProviderRequiresSerialApiCalls = true });

        (await harness.PutAsync(Service(spec: ThreePorts))).ShouldBe(Outcome.Done);

        harness.Calls(writes: true).ShouldNotContain(c => c.Method == "PUT" && c.Path.EndsWith("/members", StringComparison.Ordinal));
        harness.Pools.ShouldAllBe(p => p!["members"]!.AsArray().Count == 2);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_load_balancer_that_goes_into_error_while_made_is_reported_and_taken_away()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        harness.Sandbox.OpenStack.FailNextLoadBalancers(1);

        Outcome outcome = await harness.PutAsync(Service());

        outcome.ShouldBeOfType<Outcome.Waiting>().Poll!.Value.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(5));
        harness.Cluster.Events.ShouldContain(e => e.Reason == "LoadBalancerInError" && e.Message.Contains("went into ERROR while it was being created", StringComparison.Ordinal));
        harness.LoadBalancers.ShouldBeEmpty();
        harness.FloatingIps.Count.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task Orphans_are_found_marked_and_removed_and_others_left()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service());
        await harness.PutAsync(Service(name: "kept"));
        Service web = harness.Cluster["web"];
        await harness.Cluster.ReleaseAsync(web, forgetsLoadBalancer: true, TestContext.Current.CancellationToken);
        harness.Cluster.Delete("web");
        CancellationToken token = TestContext.Current.CancellationToken;

        (await harness.Collector.FindAsync(token)).Where(o => o.IsCertain).Select(o => o.Change.Describe().Resource).ShouldBe(["floating IP", "load balancer"]);
        (await harness.Collector.SweepAsync(token)).ShouldBeEmpty();
        harness.Sandbox.OpenStack.Settle();
        (await harness.Collector.SweepAsync(token)).Length.ShouldBe(2);
        harness.Sandbox.OpenStack.Settle();

        harness.LoadBalancers.Select(l => (string)l!["name"]!).ShouldBe(["kube_service_kubernetes_default_kept"]);
        harness.FloatingIps.Count.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_orphan_that_cannot_be_handled_holds_up_no_other()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        CancellationToken token = TestContext.Current.CancellationToken;
        foreach (string name in (string[])["a", "b", "c"])
        {
            await harness.PutAsync(Service(new Dictionary<string, string> { [ServiceAnnotations.Internal] = "true" }, name: name));
            await harness.Cluster.ReleaseAsync(harness.Cluster[name], forgetsLoadBalancer: true, token);
            harness.Cluster.Delete(name);
        }

        string[] ids = [.. harness.LoadBalancers.OrderBy(l => (string)l!["name"]!).Select(l => (string)l!["id"]!)];
        harness.Sandbox.Faults.Add(new FaultRule { Id = "refused", Service = "load-balancer", Method = "PUT", Path = ids[1], Status = 409 });
        (await harness.Collector.SweepAsync(token)).ShouldBeEmpty();
        harness.Sandbox.OpenStack.Settle();

        (await harness.Collector.SweepAsync(token)).Select(o => o.Name).ShouldBe(["kube_service_kubernetes_default_a", "kube_service_kubernetes_default_c"], ignoreOrder: true);
        harness.Sandbox.OpenStack.Settle();

        harness.LoadBalancers.Select(l => (string)l!["id"]!).ShouldBe([ids[1]]);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_orphan_in_error_takes_no_mark_and_is_removed_all_the_same()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        CancellationToken token = TestContext.Current.CancellationToken;
        await harness.PutAsync(Service(new Dictionary<string, string> { [ServiceAnnotations.Internal] = "true" }));
        await harness.Cluster.ReleaseAsync(harness.Cluster["web"], forgetsLoadBalancer: true, token);
        harness.Cluster.Delete("web");
        JsonObject broken = harness.LoadBalancers.Single()!.DeepClone().AsObject();
        broken["provisioning_status"] = "ERROR";
        harness.Sandbox.Faults.Add(new FaultRule
        {
            Id = "broken", Service = "load-balancer", Method = "GET", Path = "^/v2.0/lbaas/loadbalancers(\\?|$)", Status = 200, Body = new JsonObject { ["loadbalancers"] = new JsonArray(broken) }.ToJsonString(),
        });
        harness.Sandbox.Calls.Clear();

        // It is first found now; the grace is zero here.
        (await harness.Collector.SweepAsync(token)).ShouldBeEmpty();
        harness.Calls(writes: true).ShouldBeEmpty();
        (await harness.Collector.SweepAsync(token)).Select(o => o.Name).ShouldBe(["kube_service_kubernetes_default_web"]);

        harness.Calls(writes: true).Select(c => c.Method).ShouldBe(["DELETE"]);
        harness.Sandbox.Faults.Clear();
        harness.Sandbox.OpenStack.Settle();
        harness.LoadBalancers.ShouldBeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("ovn-lb-vip-")]
    [InlineData("octavia-lb-")]
    public async Task A_port_of_a_load_balancer_that_octavia_never_wrote_down_is_removed_once_it_is_old(string prefix)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        CancellationToken token = TestContext.Current.CancellationToken;
        await harness.PutAsync(Service(new Dictionary<string, string> { [ServiceAnnotations.Internal] = "true" }));
        string used = (string)harness.LoadBalancers.Single()!["id"]!;
        var made = new List<JsonNode>();
        foreach (string name in (string[])[$"{prefix}{Guid.Empty}", $"{prefix}{used}", $"{prefix}mine"])
        {
            made.Add(harness.Post("network", "/v2.0/ports", "port", new() { ["network_id"] = harness.NodeNetworkId, ["name"] = name }));
        }

        // A young one may be of a load balancer in the making.
        (await harness.Collector.FindAsync(token)).Select(o => (o.Name, o.IsCertain)).ShouldBe([($"{prefix}{Guid.Empty}", false)]);
        (await harness.Collector.SweepAsync(token)).ShouldBeEmpty();

        JsonNode[] old = [.. made.Select(m => m.DeepClone())];
        foreach (JsonNode port in old) port["created_at"] = "2026-01-01T00:00:00Z";
        harness.Sandbox.Faults.Add(new FaultRule { Id = "old", Service = "network", Method = "GET", Path = "^/v2.0/ports(\\?|$)", Status = 200, Body = new JsonObject { ["ports"] = new JsonArray(old) }.ToJsonString() });
        (await harness.Collector.SweepAsync(token)).Select(o => o.Name).ShouldBe([$"{prefix}{Guid.Empty}"]);
        harness.Sandbox.Faults.Clear();

        harness.List("network", "/v2.0/ports", "ports").Select(p => (string)p!["name"]!).Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).Distinct()
            .ShouldBe([$"{prefix}{used}", $"{prefix}mine"], ignoreOrder: true);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_list_that_fails_does_not_make_what_is_known_right_again()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        harness.Sandbox.Faults.Add(new FaultRule { Id = "lost", Service = "load-balancer", Method = "POST", Path = "/loadbalancers", Kind = FaultKind.DropAfter, Times = 1 });
        await Should.ThrowAsync<Exception>(() => harness.PutAsync(Service()));
        harness.Sandbox.Faults.Add(new FaultRule { Id = "down", Service = "load-balancer", Method = "GET", Path = "/loadbalancers", Status = 503, Times = 1 });
        await Should.ThrowAsync<Exception>(() => harness.SettleAsync("web"));

        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);

        harness.LoadBalancers.Count.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_load_balancer_that_others_delete_is_waited_for()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service());
        JsonObject going = harness.LoadBalancers.Single()!.DeepClone().AsObject();
        going["provisioning_status"] = "PENDING_DELETE";
        harness.Sandbox.Faults.Add(new FaultRule
        {
            Id = "going", Service = "load-balancer", Method = "GET", Path = "^/v2.0/lbaas/loadbalancers(\\?|$)", Status = 200, Times = 1, Body = new JsonObject { ["loadbalancers"] = new JsonArray(going) }.ToJsonString(),
        });
        await harness.RestartAsync();

        // What is pending is looked at by itself, so the Service is woken once it is not pending any more.
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.LoadBalancers.Count.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_change_of_what_is_served_is_told_once()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        await harness.PutAsync(Service());
        harness.Cluster.Events.Clear();
        harness.AddNode(3);

        await harness.SettleAsync("web");
        await harness.SettleAsync("web");

        harness.Cluster.Events.Select(e => e.Reason).ShouldBe([ServiceEvents.Updated]);
    }

    private static Service Named(string name, int port, string? loadBalancer = null)
    {
        var annotations = new Dictionary<string, string> { ["enable-health-monitor"] = "false" };
        if (loadBalancer is not null) annotations["load-balancer-id"] = loadBalancer;
        Service service = Service(annotations, $$"""{"ports": [{"port": {{port}}, "nodePort": {{30000 + (port % 1000)}}}]}""", name);
        return service with { Metadata = service.Metadata with { Uid = $"uid-{name}" } };
    }

    private static string[] Tags(CloudHarness harness)
        => [.. harness.LoadBalancers.Single()!["tags"]!.AsArray().Select(t => (string)t!).Where(t => t.StartsWith("kube_service_", StringComparison.Ordinal))];
}
