using System.Text.Json.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.Routes;

/// <summary>What a subnet says besides its range, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class SubnetOptionsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task Name_servers_and_routes_of_a_subnet_reach_the_pods_on_it()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        JsonNode subnet = world.List("network", "/v2.0/subnets", "subnets").First(s => ((string)s!["cidr"]!).StartsWith("10.0.", StringComparison.Ordinal))!;
        const string server = "192.0.2.53";
        string hop = ((string)subnet["cidr"]!).Replace("0/24", "254", StringComparison.Ordinal);
        world.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/subnets/{subnet["id"]}", new JsonObject
        {
            ["subnet"] = new JsonObject
            {
                ["dns_nameservers"] = new JsonArray(server),
                ["host_routes"] = new JsonArray(new JsonObject { ["destination"] = "198.51.100.0/24", ["nexthop"] = hop }),
            },
        });
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(new VirtualNetwork { Metadata = new ObjectMeta { Namespace = "default", Name = "blue" }, Spec = new() { NetworkRef = (string)subnet["network_id"]! } }, Ct);
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        PodPortSpec port = world.Agents.PodPorts.Get(new("default", "a"))!.Spec;
        port.Dns!.Nameservers.ShouldBe([server]);
        port.Routes.ShouldBe([new PodPortRoute { Destination = "198.51.100.0/24", NextHop = hop }]);
    }
}
