using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Sandbox.Measures;

namespace Tenon.Network.Tests.Control;

/// <summary>A pod that runs keeps its port, whatever fails or is written wrongly while it does.</summary>
[Trait("tier", "slow")]
public sealed class StandingPodTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static NetworkPolicy Naming(string label) => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "first" },
        Spec = new NetworkPolicySpec { PodSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { [label] = "db" } } },
    };

    [Theory(Timeout = 120_000)]
    [InlineData("security-groups$", 500)]
    [InlineData("security-groups$", 409)]
    [InlineData("security-group-rules$", 500)]
    public async Task Pods_stay_plugged_while_their_new_groups_cannot_be_made(string path, int status)
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a", labels: l => l["app"] = "db");
        await world.AddPodAsync("b", labels: l => l["app"] = "web");
        await world.UntilPluggedAsync(2);
        await world.UntilQuietAsync();
        string[] before = Given(world);
        world.Sandbox.Faults.Add(new FaultRule { Id = "groups", Service = "network", Method = "POST", Path = path, Status = status });
        await world.Kubernetes.CreateAsync(Naming("app"), Ct);
        await world.UntilAsync(() => world.Sandbox.Faults.Current().Single(f => f.Rule.Id == "groups").Hits >= 2, () => "the groups to be refused twice");
        Given(world).ShouldBe(before);
        world.Sandbox.Faults.Remove("groups").ShouldBeTrue();
        await world.UntilAsync(async () => (await world.GroupsAsync()).Any(g => g.Name.EndsWith("app=db", StringComparison.Ordinal)), () => "the groups to be made after all");
        await world.UntilQuietAsync();
        Given(world).ShouldBe(before);
        (await world.PortsAsync()).ShouldAllBe(p => p.SecurityGroups.Count == 3);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("My_App")]
    [InlineData("red")]
    public async Task A_name_that_is_no_network_or_another_one_unplugs_nobody_and_stops_no_policy(string name)
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a", labels: l => l["app"] = "db");
        await world.UntilPluggedAsync(1);
        string[] before = Given(world);
        await world.LabelAsync("a", "name", name);
        await world.UntilAsync(async () => (await world.EventsAsync("a")).Any(e => e.StartsWith("Network", StringComparison.Ordinal)), () => "the event");
        await world.Kubernetes.CreateAsync(Naming("app"), Ct);
        await world.UntilAsync(async () =>
        {
            string? group = (await world.GroupsAsync()).SingleOrDefault(g => g.Name.EndsWith("app=db", StringComparison.Ordinal))?.Id;
            return group is not null && (await world.PortsAsync()).Single().SecurityGroups.Contains(group);
        }, () => "the policy to reach the port");
        await world.UntilQuietAsync();
        Given(world).ShouldBe(before);
    }

    /// <summary>Which ports pods have, of those that are not asked to give them back.</summary>
    private static string[] Given(NetworkHarness world)
        => [.. world.Agents.PodPorts.List().Where(p => !p.Metadata.IsBeingDeleted).Select((PodPort p) => $"{p.Metadata.Key} {p.Spec.PodUid} {p.Spec.PortId}").Order(StringComparer.Ordinal)];
}
