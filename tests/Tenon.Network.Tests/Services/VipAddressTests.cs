using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.Services;

/// <summary>Load balancers whose address is not, or no longer, their Service's, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class VipAddressTests
{
    private static readonly NetworkOptions s_options = new() { ServiceCidrs = ["10.254.0.0/16", "fd00:10:254::/112"], GroupGrace = TimeSpan.Zero, MaxBackoff = TimeSpan.FromSeconds(1) };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Service Web(params string[] addresses) => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "web" },
        Spec = new ServiceSpec
        {
            ClusterIP = addresses[0], ClusterIPs = addresses, IpFamilyPolicy = addresses.Length > 1 ? "RequireDualStack" : "SingleStack",
            IpFamilies = [.. addresses.Select(a => a.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4")],
            Ports = [new() { Name = "http", Port = 80, TargetPort = 8080 }],
        },
    };

    private static string[] Balancers(NetworkHarness world)
        => [.. world.List("load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancers").Where(l => ((string)l!["name"]!).Contains("_web", StringComparison.Ordinal))
            .Select(l => $"{l!["name"]} {l["vip_address"]} {l["provisioning_status"]}").Order(StringComparer.Ordinal)];

    [Fact(Timeout = 120_000)]
    public async Task A_family_that_a_Service_gives_up_takes_its_load_balancer_with_it()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options, cloud: c => c with { DualStack = true });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web("10.254.7.7", "fd00:10:254::77"), Ct);
        await world.UntilAsync(
            () => Balancers(world) is ["kube_vip_kubernetes_default_web 10.254.7.7 ACTIVE", "kube_vip_kubernetes_default_web_v6 fd00:10:254::77 ACTIVE"],
            () => $"a load balancer for each family, not {string.Join("; ", Balancers(world))}");

        var less = new JsonObject { ["clusterIPs"] = new JsonArray("10.254.7.7"), ["ipFamilies"] = new JsonArray("IPv4"), ["ipFamilyPolicy"] = "SingleStack" };
        await world.Kubernetes.PatchAsync<Service>(new("default", "web"), Patch.Merge(new JsonObject { ["spec"] = less }), Ct);

        await world.UntilAsync(() => Balancers(world) is ["kube_vip_kubernetes_default_web 10.254.7.7 ACTIVE"], () => $"the other to go, not {string.Join("; ", Balancers(world))}");
        await world.UntilQuietAsync();
        Balancers(world).Length.ShouldBe(1);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_load_balancer_of_the_same_name_with_another_address_is_replaced()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1, options: s_options, cloud: c => c with { DualStack = true });
        JsonNode subnet = world.List("network", "/v2.0/subnets", "subnets").First(s => (int)s!["ip_version"]! == 4)!;
        world.Sandbox.OpenStack.Send("load-balancer", "POST", "/v2.0/lbaas/loadbalancers", new JsonObject
        {
            ["loadbalancer"] = new JsonObject
            {
                ["name"] = "kube_vip_kubernetes_default_web", ["tags"] = new JsonArray("kube_vip_kubernetes_default_web"), ["vip_subnet_id"] = (string)subnet["id"]!, ["provider"] = "ovn",
            },
        });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(Web("10.254.7.7"), Ct);
        await world.UntilAsync(() => Balancers(world) is ["kube_vip_kubernetes_default_web 10.254.7.7 ACTIVE"], () => $"the Service's own address, not {string.Join("; ", Balancers(world))}");
    }
}
