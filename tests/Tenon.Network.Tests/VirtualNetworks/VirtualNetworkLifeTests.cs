using System.Text.Json.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.VirtualNetworks;

/// <summary>Virtual networks whose cloud refuses, is in use by others or answers late, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class VirtualNetworkLifeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<VirtualNetwork> UntilAsync(NetworkHarness world, Func<Condition, bool> holds)
    {
        VirtualNetwork? found = null;
        await world.UntilAsync(async () =>
        {
            found = await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", "blue"), Ct);
            return found?.Status?.Conditions.Any(holds) == true;
        }, () => $"the network, which says {string.Join("; ", found?.Status?.Conditions.Select(c => $"{c.Status} {c.Reason} {c.Message}") ?? [])}");
        return found!;
    }

    private static Task MakeAsync(NetworkHarness world)
        => world.Kubernetes.CreateAsync(new VirtualNetwork { Metadata = new ObjectMeta { Namespace = "default", Name = "blue" }, Spec = new() { Cidrs = ["10.99.0.0/24"] } }, Ct);

    private static string MakePort(NetworkHarness world, string networkId, string owner)
        => (string)world.Sandbox.OpenStack.Send("network", "POST", "/v2.0/ports", new JsonObject
        {
            ["port"] = new JsonObject { ["network_id"] = networkId, ["device_owner"] = owner, ["device_id"] = "machine-1" },
        }).Value["port"]!["id"]!;

    private static string?[] Routers(NetworkHarness world, string networkId)
        => [.. world.List("network", $"/v2.0/ports?network_id={networkId}&device_owner=network:router_interface", "ports").Select(p => (string?)p!["device_id"])];

    [Fact(Timeout = 120_000)]
    public async Task A_network_that_the_cloud_refuses_is_tried_again_after_a_pause_and_not_at_once()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        string project = (string)world.List("network", "/v2.0/networks", "networks").First(n => (string)n!["name"]! == "nodes")!["project_id"]!;
        world.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/quotas/{project}", new JsonObject { ["quota"] = new JsonObject { ["network"] = 0 } });
        await world.StartAsync();
        await MakeAsync(world);
        VirtualNetwork refused = await UntilAsync(world, c => c.Reason == "CloudQuota");
        refused.Status!.Conditions.Single(c => c.Reason == "CloudQuota").Message.ShouldBe("network.networks.create: Quota exceeded for resources: ['network'].");
        await world.UntilQuietAsync();
        world.Sandbox.Calls.Entries().Count(c => c.Operation == "network.networks.create").ShouldBeLessThanOrEqualTo(2);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_network_with_a_machine_on_it_keeps_its_router_until_the_machine_is_gone()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        await world.StartAsync();
        await MakeAsync(world);
        VirtualNetwork made = await UntilAsync(world, c => c.Status == "True");
        string network = made.Status!.NetworkId!, machine = MakePort(world, network, "compute:nova");
        Routers(world, network).ShouldBe([made.Status.RouterId]);

        await world.Kubernetes.DeleteAsync<VirtualNetwork>(new("default", "blue"), Ct);
        VirtualNetwork waiting = await UntilAsync(world, c => c.Reason == "InUse");
        waiting.Status!.Conditions.Single(c => c.Reason == "InUse").Message!.ShouldContain($"in use by port {machine} of compute:nova machine-1");
        Routers(world, network).ShouldBe([made.Status.RouterId]);
        await world.UntilAsync(async () => (await world.EventsAsync("blue")).Any(e => e.StartsWith("InUse: in use by port", StringComparison.Ordinal)), () => "an event that says so");

        // A leg that was taken off before the machine came is given back.
        world.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/routers/{made.Status.RouterId}/remove_router_interface", new JsonObject { ["subnet_id"] = made.Status.Subnets[0].Id });
        Routers(world, network).ShouldBeEmpty();
        await world.StartAsync();
        await world.UntilAsync(() => Routers(world, network) is [var leg] && leg == made.Status.RouterId, () => "the router's leg to come back");
        world.Sandbox.Calls.Entries().ShouldNotContain(c => c.Operation == "network.networks.delete");

        world.Sandbox.OpenStack.Send("network", "DELETE", $"/v2.0/ports/{machine}");
        await world.UntilAsync(async () => await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", "blue"), Ct) is null, () => "the network to go");
        world.List("network", $"/v2.0/networks?id={network}", "networks").ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Networks_that_a_late_create_leaves_never_take_the_place_of_the_one_in_use_and_are_removed_when_empty()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        await world.StartAsync();
        await MakeAsync(world);
        string used = (await UntilAsync(world, c => c.Status == "True")).Status!.NetworkId!;
        await world.StopAsync();
        var late = new List<string> { Late(), Late() };
        while (string.CompareOrdinal(late.Min(StringComparer.Ordinal), used) > 0) late.Add(Late());
        string busy = late.Min(StringComparer.Ordinal)!, port = MakePort(world, busy, "compute:nova");

        world.Options = world.Options with { SurplusGrace = TimeSpan.FromSeconds(1), ResyncPeriod = TimeSpan.FromSeconds(1) };
        await world.StartAsync();
        await world.UntilAsync(() => Marked() is [_, _], () => $"the empty ones to go, not {string.Join(' ', Marked())}");
        Marked().ShouldBe([used, busy], ignoreOrder: true);
        await world.UntilAsync(async () => (await world.EventsAsync("blue")).Any(e => e.StartsWith("MadeTwice", StringComparison.Ordinal) && e.Contains(port, StringComparison.Ordinal)), () => "an event about the other");
        (await UntilAsync(world, c => c.Status == "True")).Status!.NetworkId.ShouldBe(used);

        string Late() => (string)world.Sandbox.OpenStack.Send("network", "POST", "/v2.0/networks", new JsonObject
        {
            ["network"] = new JsonObject { ["name"] = "late", ["description"] = NetworkMarks.Network(world.Options.ClusterName, new("default", "blue")) },
        }).Value["network"]!["id"]!;

        string[] Marked() => [.. world.List("network", "/v2.0/networks", "networks")
            .Where(n => (string)n!["description"]! == NetworkMarks.Network(world.Options.ClusterName, new("default", "blue"))).Select(n => (string)n!["id"]!)];
    }
}
