using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.VirtualNetworks;

/// <summary>Virtual networks that operators write, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class VirtualNetworkTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<VirtualNetwork> UntilAsync(NetworkHarness world, string name, Func<Condition, bool> holds)
    {
        VirtualNetwork? found = null;
        await world.UntilAsync(async () =>
        {
            found = await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", name), Ct);
            return found?.Status?.Conditions.Any(holds) == true;
        }, () => $"{name}, which says {string.Join("; ", found?.Status?.Conditions.Select(c => $"{c.Status} {c.Reason} {c.Message}") ?? [])}");
        return found!;
    }

    private static Task<VirtualNetwork> MakeAsync(NetworkHarness world, string name, VirtualNetworkSpec spec)
        => world.Kubernetes.CreateAsync(new VirtualNetwork { Metadata = new ObjectMeta { Namespace = "default", Name = name }, Spec = spec }, Ct);

    [Fact(Timeout = 120_000)]
    public async Task Operators_fix_ranges_take_pools_bind_networks_and_stand_alone()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        world.Sandbox.OpenStack.Send("network", "POST", "/v2.0/subnetpools", new JsonObject { ["subnetpool"] = new JsonObject { ["name"] = "pods", ["prefixes"] = new JsonArray("10.200.0.0/16"), ["default_prefixlen"] = 26 } });
        await world.StartAsync();
        await MakeAsync(world, "fixed", new() { Cidrs = ["10.99.0.0/24", "fd00:99::/64"], Mtu = 1400 });
        await MakeAsync(world, "pooled", new() { SubnetPools = ["pods"], Router = "none" });
        await MakeAsync(world, "bound", new() { NetworkRef = "nodes" });
        VirtualNetwork made = await UntilAsync(world, "fixed", c => c.Status == "True");
        made.Status!.Subnets.Select(s => s.Cidr).ShouldBe(["10.99.0.0/24", "fd00:99::/64"], ignoreOrder: true);
        made.Status.Mtu.ShouldBe(1400);
        VirtualNetwork pooled = await UntilAsync(world, "pooled", c => c.Status == "True");
        pooled.Status!.Subnets.ShouldHaveSingleItem().Cidr.ShouldStartWith("10.200.0.");
        pooled.Status.RouterId.ShouldBeNull();
        VirtualNetwork bound = await UntilAsync(world, "bound", c => c.Status == "True");
        bound.Metadata.Finalizers.ShouldBeEmpty("nothing of it is ours");

        await world.AddPodAsync("a", label: "bound");
        await world.UntilPluggedAsync(1);
        world.Agents.PodPorts.Get(new("default", "a"))!.Spec.Addresses.ShouldHaveSingleItem().Address.ShouldStartWith("10.0.0.");
        await world.AddPodAsync("b", label: "fixed");
        await world.UntilPluggedAsync(2);
        world.Agents.PodPorts.Get(new("default", "b"))!.Spec.Addresses.Count.ShouldBe(2);

        // The network waits for its pods.
        await world.Kubernetes.DeleteAsync<VirtualNetwork>(new("default", "fixed"), Ct);
        await UntilAsync(world, "fixed", c => c.Reason == "InUse");
        await world.DeletePodAsync("b");
        await world.UntilAsync(async () => await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", "fixed"), Ct) is null, () => "the network to go");
        (await world.Cloud.Networking().GetNetworkAsync(made.Status.NetworkId!, Ct)).ShouldBeNull();
        await world.Kubernetes.DeleteAsync<VirtualNetwork>(new("default", "bound"), Ct);
        (await world.Cloud.Networking().GetNetworkAsync(bound.Status!.NetworkId!, Ct)).ShouldNotBeNull();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("NetworkNotFound", "networkRef", "nowhere")]
    [InlineData("RouterNotFound", "router", "nowhere")]
    [InlineData("NoRange", "subnetPools", "nowhere")]
    public async Task What_is_wrong_is_said_in_the_condition(string reason, string field, string value)
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        await world.StartAsync();
        await MakeAsync(world, "wrong", field switch
        {
            "networkRef" => new() { NetworkRef = value },
            "router" => new() { Router = value },
            _ => new() { SubnetPools = [value] },
        });
        VirtualNetwork network = await UntilAsync(world, "wrong", c => c.Reason == reason);
        network.Status!.Conditions[0].Status.ShouldBe("False");
        network.Status.Conditions[0].Message!.ShouldContain(value);
    }

    [Fact(Timeout = 120_000)]
    public async Task Another_range_is_refused_and_the_network_goes_on()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        await world.StartAsync();
        await MakeAsync(world, "fixed", new() { Cidrs = ["10.99.0.0/24"] });
        await UntilAsync(world, "fixed", c => c.Status == "True");
        await world.Kubernetes.PatchAsync<VirtualNetwork>(new("default", "fixed"), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["cidrs"] = new JsonArray("10.98.0.0/24") } }), Ct);
        VirtualNetwork network = await UntilAsync(world, "fixed", c => c.Reason == "RangeFixed");
        (network.Status!.Conditions[0].Status, network.Status.Subnets[0].Cidr).ShouldBe(("True", "10.99.0.0/24"));
    }
}
