using System.Text.Json.Nodes;
using Tenon.Network.Contracts;
using Tenon.Network.Routes;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.Routes;

/// <summary>The routing table of a pod that the controller put on the sandbox's cloud.</summary>
[Trait("tier", "slow")]
public sealed class RoutedPodTests
{
    [Fact(Timeout = 120_000)]
    public async Task A_pod_sees_other_pods_networks_machines_extra_routes_and_the_way_out()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using NetworkHarness world = await NetworkHarness.CreateAsync(token);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.AddPodAsync("b", label: "red");
        await world.UntilPluggedAsync(2);
        VirtualNetwork[] networks = [.. world.Components.VirtualNetworks.List()];
        string routerId = networks.Single(n => n.Metadata.Name == "blue").Status!.RouterId!;
        string machine = (string)world.List("network", "/v2.0/ports", "ports").First(p => ((string)p!["device_owner"]!).StartsWith("compute:", StringComparison.Ordinal))!["fixed_ips"]![0]!["ip_address"]!;
        var route = new JsonObject { ["destination"] = "192.168.7.0/24", ["nexthop"] = machine };
        world.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/routers/{routerId}", new JsonObject { ["router"] = new JsonObject { ["routes"] = new JsonArray(route) } }).Expect();

        RouterSight sight = (await RouterSight.ReadAsync(world.Cloud.Networking(), world.Cloud.Networking(), routerId, token)).ShouldNotBeNull();
        sight.Subnets.Select(s => s.Network).ShouldContain("nodes");
        sight.ExternalNetwork.ShouldBe("public");
        PodRoute[] routes = [.. RouteTable.Of(world.Agents.PodPorts.Get(new("default", "a"))!, new RouteSources { Networks = networks, Router = sight })];
        string blue = networks.Single(n => n.Metadata.Name == "blue").Status!.Subnets[0].Cidr, red = networks.Single(n => n.Metadata.Name == "red").Status!.Subnets[0].Cidr;
        (string, RouteKind)[] seen = [.. routes.Select(r => (r.Destination, r.Kind))];
        seen.ShouldBe(
            [("10.0.0.0/24", RouteKind.CloudNetwork), ("192.168.7.0/24", RouteKind.Static), (blue, RouteKind.Own), (red, RouteKind.VirtualNetwork), ("0.0.0.0/0", RouteKind.Default)],
            ignoreOrder: true);
        routes[^1].Through.ShouldStartWith("router router to network public, as 172.24.4.");
        routes.Where(r => r.Kind != RouteKind.Own).Select(r => r.NextHop).Distinct().ShouldHaveSingleItem().ShouldBe(networks.Single(n => n.Metadata.Name == "blue").Status!.Subnets[0].Gateway);

        (await RouterSight.ReadAsync(world.Cloud.Networking(), world.Cloud.Networking(), Guid.NewGuid().ToString(), token)).ShouldBeNull();
    }
}
