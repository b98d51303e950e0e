using Tenon.Network.Contracts;
using Tenon.OpenStack.Networking;
using Tenon.Sandbox.Measures;

namespace Tenon.Network.Tests.Control;

/// <summary>The controller dies after each of its calls to the cloud, or loses its answer; the next one ends where an undisturbed one would have.</summary>
[Trait("tier", "slow")]
public sealed class CrashTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = 300_000)]
    [InlineData("POST")]
    [InlineData("PUT")]
    public async Task Lost_answers_leave_nothing_over_and_nothing_undone(string method)
    {
        for (int skip = 0; ; skip++)
        {
            await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
            world.Sandbox.Faults.Add(new FaultRule { Id = "lost", Service = "network", Method = method, Kind = FaultKind.DropAfter, Skip = skip, Times = 1 });
            await world.AddPodAsync("a");
            await world.AddPodAsync("b", "node-2", label: "red");
            await world.StartAsync();
            await world.UntilPluggedAsync(2);
            bool hit = world.Sandbox.Faults.Current().Single(f => f.Rule.Id == "lost").Hits > 0;
            await CheckAsync(world, $"answer {skip} of {method} was lost");
            if (!hit) return;
            skip.ShouldBeLessThan(40);
        }
    }

    [Fact(Timeout = 300_000)]
    public async Task A_death_after_any_write_leaves_nothing_over_and_nothing_undone()
    {
        for (int writes = 1; writes <= 14; writes++)
        {
            await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
            await world.AddPodAsync("a");
            await world.AddPodAsync("b", "node-2", label: "red");
            world.Sandbox.Calls.Clear();
            await world.StartAsync();
            await world.UntilAsync(() => world.Writes.Count(w => w.Status > 0) >= writes || world.Agents.Plugged == 2, () => $"{writes} writes");
            await world.StopAsync();
            await world.StartAsync();
            await world.UntilPluggedAsync(2);
            await CheckAsync(world, $"died after {writes} writes");
        }
    }

    private static async Task CheckAsync(NetworkHarness world, string when)
    {
        await world.UntilAsync(async () => (await world.PortsAsync()).Count == 2, () => $"two ports: {when}");
        List<SecurityGroup> groups = await world.GroupsAsync();
        groups.Select(g => g.Name).ShouldBeUnique(when);
        List<Port> ports = await world.PortsAsync();
        ports.ShouldAllBe(p => p.SecurityGroups.Count == 3 && p.DeviceOwner == "trunk:subport", when);
        PodPort[] podPorts = [.. world.Agents.PodPorts.List()];
        podPorts.Select(p => p.Spec.PortId).ShouldBe(ports.Select(p => p.Id), ignoreOrder: true, when);
        List<OpenStack.Networking.Network> networks = await world.Cloud.Networking().ListNetworksAsync(new(), Ct).Where(n => n.Description.StartsWith("tenon network", StringComparison.Ordinal)).ToListAsync(Ct);
        networks.Count.ShouldBe(2, when);
        foreach (OpenStack.Networking.Network network in networks) network.SubnetIds.Count.ShouldBe(1, when);
        SecurityGroup cluster = groups.Single(g => g.Name.StartsWith("cluster ", StringComparison.Ordinal));
        cluster.Rules.ShouldAllBe(r => r.Direction == "ingress", "Neutron's default rules are gone");
    }
}
