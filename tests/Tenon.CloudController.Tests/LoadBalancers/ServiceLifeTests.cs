using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox.Measures;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;
using Outcome = Tenon.Core.Outcome;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>Services end to end whose options matter beyond the first request: what changes, what is shared, what is kept, what breaks.</summary>
public sealed class ServiceLifeTests
{
    private const string Sctp = """{"ports": [{"name": "a", "port": 3868, "protocol": "SCTP", "nodePort": 30868}, {"name": "b", "port": 3868, "protocol": "TCP", "nodePort": 31868}]}""";

    private static Dictionary<string, string> Monitored { get; } = new() { ["enable-health-monitor"] = "true" };

    [Fact(Timeout = 60_000)]
    public async Task A_class_gives_the_networks_and_the_next_subnet_when_one_is_exhausted()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        string dmz = (string)harness.Post("network", "/v2.0/networks", "network", new() { ["name"] = "dmz", ["router:external"] = true })["id"]!;
        string Subnet(string name, string cidr, string first, string last) => (string)harness.Post("network", "/v2.0/subnets", "subnet", new()
        {
            ["name"] = name, ["network_id"] = dmz, ["ip_version"] = 4, ["cidr"] = cidr, ["enable_dhcp"] = false,
            ["allocation_pools"] = new JsonArray(new JsonObject { ["start"] = first, ["end"] = last }),
        })["id"]!;
        Subnet("dmz-a", "198.51.100.0/26", "198.51.100.2", "198.51.100.2");
        Subnet("dmz-b", "198.51.100.64/26", "198.51.100.70", "198.51.100.79");
        string spare = Subnet("spare", "198.51.100.128/26", "198.51.100.130", "198.51.100.139");
        string router = (string)harness.Post("network", "/v2.0/routers", "router", new()
        {
            ["name"] = "dmz", ["external_gateway_info"] = new JsonObject { ["network_id"] = dmz, ["external_fixed_ips"] = new JsonArray(new JsonObject { ["subnet_id"] = spare }) },
        })["id"]!;
        string port = (string)harness.Post("network", "/v2.0/ports", "port", new() { ["network_id"] = harness.NodeNetworkId })["id"]!;
        harness.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/routers/{router}/add_router_interface", new JsonObject { ["port_id"] = port }).Expect();
        harness.Configure(new LoadBalancerOptions
        {
            FloatingNetworkId = harness.PublicNetworkId,
            Classes = ImmutableSortedDictionary.CreateRange<string, LoadBalancerClassOptions>(
                [new("dmz", new() { FloatingNetworkId = dmz, FloatingSubnet = "dmz-*", NetworkId = harness.NodeNetworkId, SubnetId = harness.NodeSubnetId, MemberSubnetId = harness.NodeSubnetId })]),
        });
        await harness.RestartAsync();
        var annotations = new Dictionary<string, string> { ["class"] = "dmz", ["floating-network-id"] = "ignored-as-the-class-has-one" };

        (await harness.PutAsync(Service(annotations, name: "one"))).ShouldBe(Outcome.Done);
        (await harness.PutAsync(Service(annotations, name: "two"))).ShouldBe(Outcome.Done);
        (await harness.PutAsync(Service(name: "plain"))).ShouldBe(Outcome.Done);

        Address("one").ShouldBe("198.51.100.2");
        Address("two").ShouldStartWith("198.51.100.7");
        Address("plain").ShouldStartWith("203.0.113.");
        (await harness.PutAsync(Service(new Dictionary<string, string> { ["class"] = "dmzz" }, name: "one"))).ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("Did you mean dmz?");
        harness.LoadBalancers.Count.ShouldBe(3);

        string Address(string name) => harness.Cluster[name].Status.LoadBalancer.Ingress.Single().Ip!;
    }

    [Theory(Timeout = 60_000)]
    [InlineData("amphora", "SCTP TCP")]
    [InlineData("ovn", "TCP")]
    public async Task Sctp_is_served_and_monitored_where_the_provider_can(string provider, string monitors)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(provider: provider);

        (await harness.PutAsync(Service(Monitored, Sctp))).ShouldBe(Outcome.Done);

        harness.Listeners.Select(l => $"{l!["protocol"]}:{l["protocol_port"]}").Order().ShouldBe(["SCTP:3868", "TCP:3868"]);
        string.Join(' ', harness.Monitors.Select(m => (string)m!["type"]!).Order(StringComparer.Ordinal)).ShouldBe(monitors);
        harness.Cluster.Events.Count(e => e.Reason == ServiceEvents.OptionIgnored).ShouldBe(provider == "ovn" ? 1 : 0);
        await harness.DeleteAsync("web");
        harness.World().Trim().ShouldBeEmpty();
    }

    [Theory(Timeout = 60_000)]
    [InlineData("amphora", true)]
    [InlineData("ovn", false)]
    public async Task Monitors_come_and_go_by_annotation(string provider, bool alone)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(provider: provider);
        await harness.PutAsync(Service());
        await harness.PutAsync(Service(Monitored));
        harness.Monitors.Count.ShouldBe(1);
        harness.Sandbox.Calls.Clear();

        (await harness.PutAsync(Service())).ShouldBe(Outcome.Done);

        harness.Monitors.ShouldBeEmpty();
        harness.Calls(writes: true).Any(c => c.Method == "DELETE" && c.Path.Contains("/healthmonitors/", StringComparison.Ordinal)).ShouldBe(alone);
        harness.Pools.Single()!["members"]!.AsArray().Count.ShouldBe(2);
        ((string)harness.Listeners.Single()!["default_pool_id"]!).ShouldBe((string)harness.Pools.Single()!["id"]!);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_third_sharer_waits_for_a_place_and_a_sharer_of_another_type_keeps_the_annotation_it_was_given()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(new LoadBalancerOptions { ManageSecurityGroups = true });
        await harness.PutAsync(Service(name: "one"));
        string id = (string)harness.LoadBalancers.Single()!["id"]!;
        (await harness.PutAsync(Sharer("two", 81))).ShouldBe(Outcome.Done);
        (await harness.PutAsync(Sharer("three", 82))).ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("already shared by 2 Services, and [LoadBalancer] max-shared-lb is 2");

        Service two = Sharer("two", 81);
        (await harness.PutAsync(two with { Spec = two.Spec with { Type = "ClusterIP" } })).ShouldBe(Outcome.Done);
        harness.Cluster["two"].Metadata.Annotations[ServiceAnnotations.LoadBalancerId].ShouldBe(id);
        harness.Cluster["two"].Status.LoadBalancer.Ingress.ShouldBeEmpty();
        harness.ServiceGroups.Count.ShouldBe(1);
        (await harness.SettleAsync("three")).ShouldBe(Outcome.Done);
        (await harness.DeleteAsync("one")).ShouldBe(Outcome.Done);
        harness.Listeners.Single()!["protocol_port"]!.GetValue<int>().ShouldBe(82);
        (await harness.PutAsync(two)).ShouldBe(Outcome.Done);
        harness.Cluster["two"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe(harness.Cluster["three"].Status.LoadBalancer.Ingress.Single().Ip);
        await harness.DeleteAsync("two");
        await harness.DeleteAsync("three");

        harness.World().Trim().ShouldBeEmpty();

        Service Sharer(string name, int port)
        {
            Service service = Service(new Dictionary<string, string> { ["load-balancer-id"] = id }, $$"""{"ports": [{"port": {{port}}, "nodePort": {{30000 + port}}}]}""", name);
            return service with { Metadata = service.Metadata with { Uid = $"uid-{name}" } };
        }
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_kept_floating_ip_outlives_the_service_and_serves_the_next_one(bool cascade)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(new LoadBalancerOptions { CascadeDelete = cascade });
        var keep = new Dictionary<string, string> { ["keep-floatingip"] = "true" };
        await harness.PutAsync(Service(keep));
        string address = harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip!;

        (await harness.DeleteAsync("web")).ShouldBe(Outcome.Done);

        harness.LoadBalancers.ShouldBeEmpty();
        harness.FloatingIps.Single()!["port_id"].ShouldBeNull();
        await harness.PutAsync(Service(keep));
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe(address);
        await harness.PutAsync(Service(new Dictionary<string, string>(keep) { [ServiceAnnotations.Internal] = "true" }));
        harness.FloatingIps.Single()!["port_id"].ShouldBeNull();
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe((string)harness.LoadBalancers.Single()!["vip_address"]!);
        await harness.DeleteAsync("web");
        harness.FloatingIps.Count.ShouldBe(1);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_of_another_class_keeps_its_status_and_finalizer()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync();
        Service theirs = Service(spec: """{"loadBalancerClass": "example.org/metal"}""");
        harness.Cluster.Put(theirs with
        {
            Metadata = theirs.Metadata with { Finalizers = [ServiceNames.Finalizer] }, Status = new ServiceStatus { LoadBalancer = new() { Ingress = [new() { Ip = "192.0.2.1" }] } },
        });
        harness.Sandbox.Calls.Clear();

        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        (await harness.DeleteAsync("web")).ShouldBe(Outcome.Done);

        harness.Cluster["web"].Metadata.Finalizers.ShouldBe([ServiceNames.Finalizer]);
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe("192.0.2.1");
        harness.Sandbox.Calls.Entries().ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_member_in_error_is_given_once_more_after_longer_and_longer_pauses_until_it_is_well()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(nodes: 1);
        await harness.PutAsync(Service());
        JsonNode pool = harness.Pools.Single()!;
        JsonObject member = harness.Members((string)pool["id"]!).Single()!.DeepClone().AsObject();
        member["provisioning_status"] = "ERROR";
        harness.Sandbox.Faults.Add(new FaultRule { Id = "broken", Service = "load-balancer", Method = "GET", Path = "/members", Status = 200, Body = new JsonObject { ["members"] = new JsonArray(member) }.ToJsonString() });
        await harness.RestartAsync();
        harness.Cluster.Events.Clear();

        harness.Sandbox.Calls.Clear();
        (await harness.SettleAsync("web")).ShouldBeOfType<Outcome.Waiting>().Poll!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        (await harness.SettleAsync("web")).ShouldBeOfType<Outcome.Waiting>();
        harness.Calls(writes: true).ShouldHaveSingleItem().Path.ShouldEndWith($"/pools/{pool["id"]}/members");
        (EventType Type, string Reason, string Message) warning = harness.Cluster.Events.Where(e => e.Type is EventType.Warning).ShouldHaveSingleItem();
        warning.Reason.ShouldBe("LoadBalancerInError");
        warning.Message.ShouldContain($"is ACTIVE, but member node-1 {member["address"]}:30080 ({member["id"]}) is in ERROR");

        harness.Sandbox.Faults.Remove("broken");
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Sandbox.Calls.Clear();
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Calls(writes: false).ShouldNotContain(c => c.Path.Contains("/members", StringComparison.Ordinal));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("member")]
    [InlineData("pool")]
    public async Task What_a_provider_fails_to_do_after_it_was_active_is_seen_soon_and_mended(string part)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(nodes: 2);
        await harness.PutAsync(Service());
        string pool = (string)harness.Pools.Single()!["id"]!;
        JsonNode gone = harness.Members(pool).Single(m => (string)m!["name"]! == "node-1")!.DeepClone();
        harness.ProveAfter = TimeSpan.FromMilliseconds(20);
        await harness.RestartAsync();

        // Nothing is looked at before the failure is there, and all that is looked at then shows it.
        const string List = "/v2.0/lbaas/pools";
        harness.Sandbox.Faults.Add(new FaultRule { Id = "not yet", Service = "load-balancer", Method = "GET", Path = $"^{List}(\\?|$)", Status = 503, Skip = 1 });
        harness.Cluster.Nodes.RemoveAt(0);
        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Members(pool).Count.ShouldBe(1);
        harness.Sandbox.Calls.Clear();
        if (part == "member")
        {
            harness.Post("load-balancer", $"{List}/{pool}/members", "member", new() { ["name"] = "node-1", ["address"] = (string)gone["address"]!, ["protocol_port"] = 30080, ["subnet_id"] = (string?)gone["subnet_id"] });
        }
        else
        {
            JsonObject broken = harness.Pools.Single()!.DeepClone().AsObject();
            broken["provisioning_status"] = "ERROR";
            harness.Sandbox.Faults.Add(new FaultRule { Id = "broken", Service = "load-balancer", Method = "GET", Path = $"^{List}(\\?|$)", Status = 200, Times = 1, Body = new JsonObject { ["pools"] = new JsonArray(broken) }.ToJsonString() });
        }

        harness.Sandbox.Faults.Remove("not yet");
        while (!harness.Calls(writes: true).Any(c => c.Method == "PUT")) await harness.SettleWokenAsync("web");

        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Calls(writes: true).Single(c => c.Method == "PUT").Path.ShouldEndWith($"/pools/{pool}/members");
        harness.Members(pool).Select(m => (string)m!["name"]!).ShouldBe(["node-2"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task What_settled_is_looked_at_once_more_in_lists_and_never_again()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(nodes: 2);
        harness.ProveAfter = TimeSpan.FromMilliseconds(300);
        await harness.RestartAsync();
        for (int i = 0; i < 5; i++) await harness.PutAsync(Service(name: $"web-{i}"));
        int Lists() => harness.Calls(writes: false).Count(c => c.Path.Split('?')[0] == "/v2.0/lbaas/pools");

        // Where there is no load balancer yet, there is nothing to list; after the last there is at least one list, and no more than one for each.
        int before;
        do
        {
            before = Lists();
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, TestContext.Current.CancellationToken);
        }
        while (Lists() > before);

        before.ShouldBeInRange(1, 5);
        harness.Calls(writes: false).ShouldNotContain(c => c.Path.Contains("/members", StringComparison.Ordinal));
    }

    [Fact(Timeout = 60_000)]
    public async Task Serial_calls_follow_nodes_and_ports_one_by_one()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(new LoadBalancerOptions { ProviderRequiresSerialApiCalls = true, CascadeDelete = false });
        await harness.PutAsync(Service(Monitored));
        harness.AddNode(3);
        harness.Cluster.Nodes.RemoveAt(0);
        harness.Sandbox.Calls.Clear();

        (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
        harness.Calls(writes: true).Select(c => c.Method).ShouldBe(["POST", "DELETE"]);
        (await harness.PutAsync(Service(Monitored, """{"ports": [{"port": 80, "nodePort": 31080}]}"""))).ShouldBe(Outcome.Done);
        harness.Members((string)harness.Pools.Single()!["id"]!).Select(m => m!["protocol_port"]!.GetValue<int>()).ShouldBe([31080, 31080]);
        harness.Calls(writes: true).ShouldNotContain(c => c.Method == "PUT" && c.Path.EndsWith("/members", StringComparison.Ordinal));
        await harness.DeleteAsync("web");

        harness.World().Trim().ShouldBeEmpty();
    }
}
