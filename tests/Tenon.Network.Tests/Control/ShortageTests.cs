using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Control;

/// <summary>The cloud has no room for all: those for whom there is some are served, and everything else goes on.</summary>
[Trait("tier", "slow")]
public sealed class ShortageTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task As_many_pods_get_a_port_as_the_quota_allows_and_the_others_are_told()
    {
        await using NetworkHarness world = await StartAsync(TimeSpan.FromSeconds(1));
        AllowPorts(world, 3);
        await Parallel.ForEachAsync(Enumerable.Range(1, 9), Ct, async (i, _) => await world.AddPodAsync($"p{i}", $"node-{(i % 2) + 1}"));
        await world.UntilPluggedAsync(4);
        await world.UntilAsync(async () => await ToldAsync(world) == 6, () => "six pods to be told");
        AllowPorts(world, 100);
        await world.UntilPluggedAsync(10);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_nobody_needs_any_more_makes_room()
    {
        await using NetworkHarness world = await StartAsync(TimeSpan.FromSeconds(1));
        await world.AddPodAsync("red-1", label: "red");
        await world.UntilPluggedAsync(2);
        await world.UntilQuietAsync();
        AllowPorts(world, 0);
        await world.AddPodAsync("red-2", label: "red");
        await world.UntilAsync(async () => await ToldAsync(world) == 1, () => "the pod to be told");
        await world.DeletePodAsync("first");
        await world.UntilAsync(() => world.Agents.PodPorts.Get(new("default", "red-2")) is { IsPlugged: true }, () => "the pod to get the place of the one that went");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_policy_is_tightened_whoever_waits_for_room_and_nothing_is_listed_again()
    {
        await using NetworkHarness world = await StartAsync(TimeSpan.FromMinutes(10));
        LabelSelector web = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } };
        NetworkPolicy policy = await world.Kubernetes.CreateAsync(new NetworkPolicy
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "db" },
            Spec = new NetworkPolicySpec { PodSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } }, Ingress = [new() { From = [new() { PodSelector = web }] }] },
        }, Ct);
        await world.AddPodAsync("db", labels: l => l["app"] = "db");
        await world.AddPodAsync("web", labels: l => l["app"] = "web");
        await world.UntilPluggedAsync(3);
        await world.UntilQuietAsync();
        AllowPorts(world, 0);
        await world.AddPodAsync("late", labels: l => l["app"] = "web");
        await world.UntilAsync(async () => await ToldAsync(world) == 1, () => "the pod to be told");
        (await DbAsync()).Rules.ShouldContain(r => r.Direction == "ingress");
        world.Sandbox.Calls.Clear();
        await world.Kubernetes.PatchAsync<NetworkPolicy>(policy.Metadata.Key, Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["ingress"] = null } }), Ct);
        await world.UntilAsync(async () => (await DbAsync()).Rules.All(r => r.Direction != "ingress"), () => "the rule to be revoked");
        world.Sandbox.Calls.Entries().ShouldNotContain(c => c.Operation == "network.ports.list", "what a refused call has done is known");

        async Task<SecurityGroup> DbAsync() => (await world.GroupsAsync()).Single(g => g.Name.EndsWith("app=db", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_network_without_addresses_holds_up_no_pod_of_another()
    {
        await using NetworkHarness world = await StartAsync(TimeSpan.FromMinutes(10));
        await world.Kubernetes.CreateAsync(new VirtualNetwork { Metadata = new ObjectMeta { Namespace = "default", Name = "tiny" }, Spec = new VirtualNetworkSpec { Cidrs = ["10.98.0.0/29"] } }, Ct);
        await Parallel.ForEachAsync(Enumerable.Range(1, 9), Ct, async (i, _) => await world.AddPodAsync($"tiny-{i}", label: "tiny"));
        await world.UntilAsync(async () => await ToldAsync(world) > 0, () => "the pods to be told");
        await world.AddPodAsync("second", "node-2");
        await world.UntilAsync(() => world.Agents.PodPorts.Get(new("default", "second")) is { IsPlugged: true }, () => "the pod of another network to be plugged");
    }

    /// <summary>A cluster with one pod.</summary>
    private static async Task<NetworkHarness> StartAsync(TimeSpan backoff)
    {
        NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: new NetworkOptions { GroupGrace = TimeSpan.Zero, MaxBackoff = backoff });
        await world.StartAsync();
        await world.AddPodAsync("first");
        await world.UntilPluggedAsync(1);
        await world.UntilQuietAsync();
        return world;
    }

    /// <summary>Lets the project have so many ports more than it has.</summary>
    private static void AllowPorts(NetworkHarness world, int more)
    {
        string project = (string)world.List("network", $"/v2.0/ports?description={Uri.EscapeDataString(NetworkMarks.Cluster(world.Options.ClusterName))}", "ports")[0]!["project_id"]!;
        int now = world.List("network", $"/v2.0/ports?project_id={project}", "ports").Count;
        world.Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/quotas/{project}", new JsonObject { ["quota"] = new JsonObject { ["port"] = now + more } }).Status.ShouldBe(200);
    }

    private static async Task<int> ToldAsync(NetworkHarness world)
        => (await world.Kubernetes.ListAsync<Event>(new(), Ct).ToListAsync(Ct)).Where(e => e.Reason == "QuotaExceeded").Select(e => e.InvolvedObject.Name).Distinct().Count();
}
