using System.Text.Json.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Tests.Control;
using Tenon.Sandbox.Measures;

namespace Tenon.Network.Tests.Services;

/// <summary>Services' virtual IPs as load balancers, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class VipTests
{
    private static readonly NetworkOptions s_options = new() { ServiceCidrs = ["10.254.0.0/16"], GroupGrace = TimeSpan.Zero, MaxBackoff = TimeSpan.FromSeconds(1) };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Service Web(string type = "ClusterIP") => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "web" },
        Spec = new ServiceSpec
        {
            Type = type, ClusterIP = "10.254.7.7", SessionAffinity = "ClientIP", Selector = new Dictionary<string, string> { ["app"] = "web" },
            Ports = [new() { Name = "http", Port = 80, TargetPort = 8080 }],
        },
    };

    private static EndpointSlice Slice(params (string Pod, string Address, bool Ready)[] endpoints) => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "web-1", Labels = new Dictionary<string, string> { [EndpointSlice.ServiceNameLabel] = "web" } },
        AddressType = "IPv4",
        Ports = [new() { Name = "http", Protocol = "TCP", Port = 8080 }],
        Endpoints = [.. endpoints.Select(e => new Endpoint
        {
            Addresses = [e.Address], Conditions = new EndpointConditions { Ready = e.Ready },
            TargetRef = new ObjectReference { Kind = "Pod", Namespace = "default", Name = e.Pod },
        })],
    };

    private static JsonArray Balancers(NetworkHarness world) => world.List("load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancers");

    private static JsonNode? Balancer(NetworkHarness world, string name) => Balancers(world).SingleOrDefault(l => (string)l!["name"]! == $"kube_vip_kubernetes_default_{name}");

    private static string[] Members(NetworkHarness world)
    {
        JsonNode? pool = world.List("load-balancer", "/v2.0/lbaas/pools", "pools").SingleOrDefault(p => ((string)p!["name"]!).EndsWith("_web", StringComparison.Ordinal));
        return pool is null ? [] : [.. world.List("load-balancer", $"/v2.0/lbaas/pools/{pool["id"]}/members", "members").Select(m => $"{m!["address"]}:{m["protocol_port"]}").Order(StringComparer.Ordinal)];
    }

    [Fact(Timeout = 120_000)]
    public async Task A_virtual_IP_is_a_load_balancer_with_the_ready_pods_behind_it()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: s_options);
        await world.StartAsync();
        await world.AddPodAsync("a", labels: l => l["app"] = "web");
        await world.AddPodAsync("b", "node-2", labels: l => l["app"] = "web");
        await world.UntilPluggedAsync(2);
        string[] address = [.. new[] { "a", "b" }.Select(p => world.Agents.PodPorts.Get(new("default", p))!.Spec.Addresses[0].Address.Split('/')[0])];
        await world.Kubernetes.CreateAsync(Web(), Ct);
        await world.Kubernetes.CreateAsync(Slice(("a", address[0], true), ("b", address[1], false)), Ct);
        await world.UntilAsync(() => Members(world) is [var one] && one == $"{address[0]}:8080", () => $"the ready pod, not {string.Join(' ', Members(world))}");
        JsonNode made = Balancer(world, "web")!;
        ((string)made["vip_address"]!, (string)made["provider"]!).ShouldBe(("10.254.7.7", "ovn"));
        JsonNode pool = world.List("load-balancer", "/v2.0/lbaas/pools", "pools").Single(p => ((string)p!["name"]!).EndsWith("_web", StringComparison.Ordinal))!;
        ((string)pool["session_persistence"]!["type"]!).ShouldBe("SOURCE_IP");
        world.List("network", "/v2.0/floatingips", "floatingips").ShouldBeEmpty();

        // The API server's own Service has no selector; its endpoints are written by hand.
        await world.UntilAsync(() => Balancer(world, "kubernetes") is { } own && (string)own["vip_address"]! == "10.254.0.1", () => "the API server's own Service");
        JsonNode subnet = world.List("network", "/v2.0/subnets", "subnets").Single(s => (string)s!["cidr"]! == "10.254.0.0/16")!;
        ((string)subnet["gateway_ip"]!, (bool)subnet["enable_dhcp"]!).ShouldBe(("10.254.255.254", false));

        // Readiness is followed; in sync there is nothing to do.
        await world.Kubernetes.UpdateAsync(Slice(("a", address[0], false), ("b", address[1], true)), Ct);
        await world.UntilAsync(() => Members(world) is [var one] && one == $"{address[1]}:8080", () => "the other pod");
        await world.UntilQuietAsync();
        world.Sandbox.Calls.Clear();
        await world.StartAsync();
        await world.UntilAsync(() => world.Sandbox.Calls.Entries().Any(c => c.Service == "load-balancer"), () => "the first look");
        await world.UntilQuietAsync();
        world.Sandbox.Calls.Entries().Where(c => c.Service is "load-balancer" or "network" && c.Kind == CallKind.Write).ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Endpoints_written_by_hand_are_followed_as_members_on_the_subnets_that_hold_them()
    {
        const string Elsewhere = "192.0.2.9";
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: s_options);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        string pod = world.Agents.PodPorts.Get(new("default", "a"))!.Spec.Addresses[0].Address.Split('/')[0];
        string machine = $"{pod[..pod.LastIndexOf('.')]}.200";
        await world.Kubernetes.CreateAsync(Web() with { Spec = Web().Spec with { Selector = new Dictionary<string, string>() } }, Ct);
        await world.Kubernetes.CreateAsync(ByHand(machine), Ct);
        await world.UntilAsync(() => Members(world) is [var one] && one == $"{machine}:8080", () => "the machine");

        await world.Kubernetes.UpdateAsync(ByHand(machine, Elsewhere), Ct);
        await world.UntilAsync(() => Members(world).Length == 2, () => "the other too");
        JsonNode pool = world.List("load-balancer", "/v2.0/lbaas/pools", "pools").Single(p => ((string)p!["name"]!).EndsWith("_web", StringComparison.Ordinal))!;
        Dictionary<string, string?> subnets = world.List("load-balancer", $"/v2.0/lbaas/pools/{pool["id"]}/members", "members").ToDictionary(m => (string)m!["address"]!, m => (string?)m!["subnet_id"]);
        subnets[machine].ShouldBe(SubnetOf("10.128.0.0/20"));
        subnets[Elsewhere].ShouldBe(SubnetOf("10.254.0.0/16"), "nothing better is known, and OVN takes no member without");

        await world.Kubernetes.UpdateAsync(ByHand(Elsewhere), Ct);
        await world.UntilAsync(() => Members(world) is [var one] && one == $"{Elsewhere}:8080", () => "only the other");

        string SubnetOf(string range) => (string)world.List("network", "/v2.0/subnets", "subnets").Single(s => (string)s!["cidr"]! == range)!["id"]!;
        static EndpointSlice ByHand(params string[] addresses)
            => Slice() with { Endpoints = [.. addresses.Select(a => new Endpoint { Addresses = [a], Conditions = new EndpointConditions { Ready = true } })] };
    }

    [Fact(Timeout = 120_000)]
    public async Task Type_LoadBalancer_adds_a_floating_IP_on_the_same_virtual_IP_and_all_goes_with_the_Service()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: s_options);
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web("LoadBalancer"), Ct);
        Service? web = null;
        await world.UntilAsync(async () => (web = await world.Kubernetes.GetAsync<Service>(new("default", "web"), Ct))?.Status.LoadBalancer.Ingress.Count == 1, () => "the address");
        JsonNode floating = world.List("network", "/v2.0/floatingips", "floatingips").ShouldHaveSingleItem()!;
        ((string)floating["floating_ip_address"]!, (string)floating["fixed_ip_address"]!).ShouldBe((web!.Status.LoadBalancer.Ingress[0].Ip!, "10.254.7.7"));
        web.Metadata.Finalizers.ShouldContain(NetworkNames.Finalizer);

        await world.Kubernetes.DeleteAsync<Service>(new("default", "web"), Ct);
        await world.UntilAsync(async () => await world.Kubernetes.GetAsync<Service>(new("default", "web"), Ct) is null, () => "the Service to go");
        Balancer(world, "web").ShouldBeNull();
        world.List("network", "/v2.0/floatingips", "floatingips").ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Headless_and_ExternalName_Services_need_nothing()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: s_options);
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(new Service { Metadata = new ObjectMeta { Namespace = "default", Name = "headless" }, Spec = new ServiceSpec { ClusterIP = "None", Ports = [new() { Port = 80 }] } }, Ct);
        await world.Kubernetes.CreateAsync(new Service { Metadata = new ObjectMeta { Namespace = "default", Name = "outside" }, Spec = new ServiceSpec { Type = "ExternalName", ExternalName = "example.com" } }, Ct);
        await world.UntilAsync(() => Balancer(world, "kubernetes") is not null, () => "the first load balancer");
        await world.UntilQuietAsync();
        Balancers(world).Count.ShouldBe(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_load_balancer_in_ERROR_is_replaced_and_keeps_its_virtual_IP_and_its_floating_IP()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: s_options with { ResyncPeriod = TimeSpan.FromSeconds(1) });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web("LoadBalancer"), Ct);
        await world.UntilAsync(async () => (await world.Kubernetes.GetAsync<Service>(new("default", "web"), Ct))?.Status.LoadBalancer.Ingress.Count == 1, () => "the address");
        (string broken, JsonNode floating) = ((string)Balancer(world, "web")!["id"]!, world.List("network", "/v2.0/floatingips", "floatingips").Single()!);

        world.Sandbox.OpenStack.FailLoadBalancer(broken).ShouldBeTrue();
        await world.UntilAsync(() => Balancer(world, "web") is { } anew && (string)anew["id"]! != broken && (string)anew["provisioning_status"]! == "ACTIVE", () => "another load balancer");
        (string address, string? port) = ((string)Balancer(world, "web")!["vip_address"]!, (string?)Balancer(world, "web")!["vip_port_id"]);
        address.ShouldBe("10.254.7.7");
        await world.UntilAsync(() => world.List("network", "/v2.0/floatingips", "floatingips") is [var only] && (string?)only!["port_id"] == port, () => "the floating IP on the new port");
        JsonNode kept = world.List("network", "/v2.0/floatingips", "floatingips").Single()!;
        ((string)kept["id"]!, (string)kept["floating_ip_address"]!).ShouldBe(((string)floating["id"]!, (string)floating["floating_ip_address"]!));
        await world.UntilAsync(async () => await EventsAsync(world, "LoadBalancerInError") is [var told] && told!.Contains("made anew with the same addresses", StringComparison.Ordinal), () => "an event that says so");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_load_balancer_that_stays_pending_is_reported_as_stuck()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: s_options with { ResyncPeriod = TimeSpan.FromSeconds(1), StuckAfter = TimeSpan.FromSeconds(2) });
        world.Sandbox.OpenStack.Delays = world.Sandbox.OpenStack.Delays with { LoadBalancer = TimeSpan.FromHours(1) };
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web(), Ct);
        await world.UntilAsync(async () => await EventsAsync(world, "LoadBalancerStuck") is [var told, ..] && told!.Contains("since", StringComparison.Ordinal), () => "an event about it");
        ((string)Balancer(world, "web")!["provisioning_status"]!).ShouldBe("PENDING_CREATE");
    }

    private static async Task<string[]> EventsAsync(NetworkHarness world, string reason)
        => [.. (await world.Kubernetes.ListAsync<Event>(new() { Namespace = "default" }, Ct).ToListAsync(Ct)).Where(e => e.Reason == reason && e.InvolvedObject.Name == "web").Select(e => e.Message!)];
}
