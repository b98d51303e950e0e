using System.Text.Json.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.Services;

/// <summary>Who reaches a Service of type LoadBalancer, and where, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class ExposureTests
{
    private static readonly NetworkOptions s_options = new() { ServiceCidrs = ["10.254.0.0/16"], GroupGrace = TimeSpan.Zero, MaxBackoff = TimeSpan.FromSeconds(1) };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Service Web(Func<ServiceSpec, ServiceSpec>? with = null, params (string Name, string Value)[] annotations)
    {
        var spec = new ServiceSpec
        {
            Type = "LoadBalancer", ClusterIP = "10.254.7.7", Selector = new Dictionary<string, string> { ["app"] = "web" },
            Ports = [new() { Name = "http", Port = 80, TargetPort = 8080 }],
        };
        return new() { Metadata = new ObjectMeta { Namespace = "default", Name = "web", Annotations = annotations.ToDictionary(a => a.Name, a => a.Value) }, Spec = with?.Invoke(spec) ?? spec };
    }

    private static JsonArray FloatingIps(NetworkHarness world) => world.List("network", "/v2.0/floatingips", "floatingips");

    private static async Task<string[]> UntilPublishedAsync(NetworkHarness world)
    {
        string[] addresses = [];
        await world.UntilAsync(
            async () => (addresses = [.. (await world.Kubernetes.GetAsync<Service>(new("default", "web"), Ct))!.Status.LoadBalancer.Ingress.Select(i => i.Ip!)]).Length > 0, () => "an address");
        return addresses;
    }

    private static string[] AllowedCidrs(NetworkHarness world)
        => [.. world.List("load-balancer", "/v2.0/lbaas/listeners", "listeners").Where(l => ((string)l!["name"]!).EndsWith("_web", StringComparison.Ordinal))
            .SelectMany(l => l!["allowed_cidrs"] as JsonArray ?? []).Select(c => (string)c!)];

    [Fact(Timeout = 120_000)]
    public async Task An_internal_Service_is_reached_at_its_virtual_IP_and_has_no_floating_IP()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options);
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web(null, (ServiceExposure.InternalAnnotation, "true")), Ct);
        (await UntilPublishedAsync(world)).ShouldBe(["10.254.7.7"]);
        await world.UntilQuietAsync();
        FloatingIps(world).ShouldBeEmpty();

        // A slip of the pen changes nothing, and is told.
        await world.Kubernetes.UpdateAsync(Web(null, (ServiceExposure.InternalAnnotation, "True")), Ct);
        await world.UntilAsync(async () => (await world.EventsAsync("web")).Any(e => e.Contains("neither \"true\" nor \"false\"", StringComparison.Ordinal)), () => "an event");
        FloatingIps(world).ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task The_floating_IP_that_a_Service_asks_for_is_taken()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options);
        string external = (string)world.List("network", "/v2.0/networks?router:external=true", "networks").Single()!["id"]!;
        JsonNode own = world.Sandbox.OpenStack.Send("network", "POST", "/v2.0/floatingips", new JsonObject { ["floatingip"] = new JsonObject { ["floating_network_id"] = external, ["description"] = "mine" } }).Value["floatingip"]!;
        string address = (string)own["floating_ip_address"]!;
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web(s => s with { LoadBalancerIP = address }), Ct);
        (await UntilPublishedAsync(world)).ShouldBe([address]);
        FloatingIps(world).ShouldHaveSingleItem();
    }

    [Fact(Timeout = 120_000)]
    public async Task Several_external_networks_of_which_none_is_chosen_are_told_and_an_annotation_chooses()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options);
        JsonNode first = world.List("network", "/v2.0/networks?router:external=true", "networks").Single()!;
        world.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/networks/{first["id"]}", new JsonObject { ["network"] = new JsonObject { ["is_default"] = false } });
        world.Sandbox.OpenStack.Send("network", "POST", "/v2.0/networks", new JsonObject { ["network"] = new JsonObject { ["name"] = "other", ["router:external"] = true } });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web(), Ct);
        await world.UntilAsync(
            async () => (await world.EventsAsync("web")).Any(e => e.StartsWith("LoadBalancerExternalNetworkSearchFailed: There are 2 external networks", StringComparison.Ordinal) && e.Contains("floating-network-id", StringComparison.Ordinal)),
            () => "an event that names the option");
        FloatingIps(world).ShouldBeEmpty();

        await world.Kubernetes.UpdateAsync(Web(null, (ServiceExposure.FloatingNetworkAnnotation, (string)first["id"]!)), Ct);
        (await UntilPublishedAsync(world)).ShouldBe([(string)FloatingIps(world).ShouldHaveSingleItem()!["floating_ip_address"]!]);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_IPv6_Service_is_reached_at_its_virtual_IP()
    {
        NetworkOptions options = s_options with { ServiceCidrs = ["10.254.0.0/16", "fd00:10:254::/112"] };
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: options, cloud: c => c with { DualStack = true });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web(s => s with { ClusterIP = "fd00:10:254::77", ClusterIPs = ["fd00:10:254::77"], IpFamilies = ["IPv6"] }), Ct);
        (await UntilPublishedAsync(world)).ShouldBe(["fd00:10:254::77"]);
        FloatingIps(world).ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Source_ranges_are_the_listeners_where_the_provider_has_them_and_whoever_is_inside_passes()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options with { LoadBalancerProvider = "amphora" });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web(s => s with { LoadBalancerSourceRanges = ["198.51.100.0/24"] }), Ct);
        string nodes = (string)world.List("network", "/v2.0/subnets", "subnets").First(s => (string)s!["cidr"]! != "10.254.0.0/16" && ((string)s["cidr"]!).StartsWith("10.", StringComparison.Ordinal))!["cidr"]!;
        await world.UntilAsync(() => AllowedCidrs(world) is [_, _, ..] cidrs && cidrs.Contains("198.51.100.0/24") && cidrs.Contains("10.254.0.0/16") && cidrs.Contains(nodes), () => $"the ranges, not {string.Join(' ', AllowedCidrs(world))}");

        // A virtual network that comes is inside.
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        await world.UntilAsync(() => AllowedCidrs(world).Contains("10.128.0.0/20"), () => $"the pods' range too, not {string.Join(' ', AllowedCidrs(world))}");

        await world.Kubernetes.UpdateAsync(Web(), Ct);
        await world.UntilAsync(() => AllowedCidrs(world) is [] or ["0.0.0.0/0"], () => $"everybody, not {string.Join(' ', AllowedCidrs(world))}");
    }

    [Fact(Timeout = 120_000)]
    public async Task With_ovn_the_pods_behind_a_Service_with_source_ranges_let_in_these_and_whoever_is_inside()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options);
        await world.StartAsync();
        await world.AddPodAsync("a", label: null, labels: l => l["app"] = "web");
        await world.UntilPluggedAsync(1);
        await world.Kubernetes.CreateAsync(Web(s => s with { LoadBalancerSourceRanges = ["198.51.100.0/24"] }), Ct);
        await world.UntilAsync(async () => (await IngressAsync()).Contains("TCP 8080 198.51.100.0/24"), () => "the source range on the pods' port");
        await world.UntilAsync(async () => !(await IngressAsync()).Any(r => r.EndsWith("everybody", StringComparison.Ordinal)), () => "nobody else");
        string[] rules = await IngressAsync();
        rules.ShouldContain("any  10.128.0.0/20", "the pods' own network");
        rules.ShouldContain(r => r.StartsWith("any  10.0.", StringComparison.Ordinal), "the nodes' subnet, behind the same router");

        await world.Kubernetes.UpdateAsync(Web(), Ct);
        await world.UntilAsync(async () => (await IngressAsync()).Any(r => r == "any  everybody"), () => "everybody again");

        async Task<string[]> IngressAsync() => [.. (await world.GroupsAsync()).Where(g => g.Name.StartsWith("identity:", StringComparison.Ordinal)).SelectMany(g => g.Rules)
            .Where(r => r is { Direction: "ingress", EtherType: "IPv4" })
            .Select(r => $"{r.Protocol?.ToUpperInvariant() ?? "any"} {r.PortRangeMin} {(r.RemoteIpPrefix is null or "0.0.0.0/0" ? "everybody" : r.RemoteIpPrefix)}")];
    }
}
