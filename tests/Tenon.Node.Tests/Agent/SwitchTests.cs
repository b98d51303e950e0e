using Tenon.Network.Contracts;
using Tenon.Nodes.Cni;
using Tenon.Nodes.Plugging;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Agent;

/// <summary>The switch, its database or OVN are away for a while: nothing is forgotten, and the node says so.</summary>
[Trait("tier", "slow")]
public sealed class SwitchTests(OvnNode node) : IClassFixture<OvnNode>
{
    [Fact]
    public async Task A_DEL_fails_while_the_database_is_away_and_forgets_nothing()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        await node.StopDatabaseAsync();
        // A server that ends in order takes its socket along.
        File.Delete(node.Socket);
        try
        {
            (await pod.DeleteAsync()).ShouldFail(CniError.TryAgainLater).Message.ShouldContain("database");
        }
        finally
        {
            await node.StartDatabaseAsync();
        }

        File.Exists(Path.Combine(world.Options.StateFolder, pod.ContainerId + ".json")).ShouldBeTrue();
        await Limits.UntilAsync("DEL succeeds", async () => (await pod.DeleteAsync()).ExitCode == 0);
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task What_could_not_be_undone_is_undone_once_it_can_be()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        world.Options = world.Options with { Patience = TimeSpan.FromSeconds(10), SweepPeriod = TimeSpan.FromSeconds(1) };
        await world.StartAsync();
        using TestPod pod = await world.AddPodAsync();
        await node.StopControllerAsync();
        try
        {
            Task<CniAnswer> adding = pod.AddAsync();
            await Limits.UntilAsync("the switch is told", async () => (await node.PodInterfacesAsync()).Length == 1);
            await node.StopDatabaseAsync();
            (await adding.InTime()).ShouldFail(CniError.TryAgainLater);
            await node.StartDatabaseAsync();
            await Limits.UntilAsync("nobody asks, and it is gone", async () => (await node.PodInterfacesAsync()).Length == 0);
            await world.UntilPortAsync(pod, "says why", p => p.Status?.Conditions.Any(c => c.Reason == NetworkNames.FailedReason) == true);
        }
        finally
        {
            await node.StartControllerAsync();
        }

        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_book_that_cannot_be_written_to_is_tried_again_while_the_agent_serves_on()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is plugged", p => p.IsPlugged);
        await world.StopAsync();
        Directory.Delete(world.Options.StateFolder, recursive: true);
        string page = Path.Combine(world.Options.StateFolder, pod.ContainerId + ".json");
        Directory.CreateDirectory(page);

        await world.StartAsync();
        await Limits.UntilAsync("it was tried", () => File.Exists(page + ".new"));
        await world.UntilStatusAsync(0);
        Directory.Delete(page);
        await Limits.UntilAsync("it is in the book", () => File.Exists(page));
        await world.UntilStatusAsync(0);
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_database_that_does_not_answer_holds_nobody_up()
    {
        node.Require();
        string path = Path.Combine(node.Folder, "silent.sock");
        using var silent = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        silent.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
        silent.Listen();
        await using var plugs = new PodPlugs(new(path), node.Host, TimeProvider.System);
        string?[] answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => plugs.WhyNotReadyAsync(Limits.Token))).InTime();
        foreach (string? answer in answers) answer.ShouldNotBeNull().ShouldContain("does not answer");
    }

    [Fact]
    public async Task Without_OVNs_controller_the_node_is_not_ready()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        world.Options = world.Options with { TrunkBridge = null };
        await world.StartAsync();
        await world.UntilConditionAsync(NetworkNames.NodeCondition, "True");
        await node.StopControllerAsync();
        try
        {
            await world.UntilConditionAsync(NetworkNames.NodeCondition, "False");
            (await world.Plugin.CallAsync("STATUS", new Dictionary<string, string>())).ShouldFail(CniError.NotAvailable).Message.ShouldContain("ovn-controller");
        }
        finally
        {
            await node.StartControllerAsync();
        }

        await world.UntilConditionAsync(NetworkNames.NodeCondition, "True");
    }

    [Fact]
    public async Task Without_the_switch_itself_the_node_is_not_ready()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        // Where the switch's folder cannot be seen, what it does not do tells.
        string hidden = Directory.CreateDirectory(Path.Combine(node.Folder, "hidden")).FullName;
        File.CreateSymbolicLink(Path.Combine(hidden, "db.sock"), node.Socket);
        await using var blind = new PodPlugs(new(Path.Combine(hidden, "db.sock")), node.Host, TimeProvider.System);
        (await blind.WhyNotReadyAsync(Limits.Token).InTime()).ShouldBeNull();
        await node.StopSwitchAsync();
        try
        {
            await world.UntilConditionAsync(NetworkNames.NodeCondition, "False");
            (await world.Plugin.CallAsync("STATUS", new Dictionary<string, string>())).ShouldFail(CniError.NotAvailable).Message.ShouldContain("ovs-vswitchd");
            await node.VsctlAsync("--no-wait", "add-br", "br-more");
            await Limits.UntilAsync("it is seen that nothing is done", async () => (await blind.WhyNotReadyAsync(Limits.Token).InTime())?.Contains("ovs-vswitchd", StringComparison.Ordinal) == true);
            await node.VsctlAsync("--no-wait", "del-br", "br-more");
        }
        finally
        {
            await node.StartSwitchAsync();
        }

        await world.UntilConditionAsync(NetworkNames.NodeCondition, "True");
        await Limits.UntilAsync("it is done", async () => await blind.WhyNotReadyAsync(Limits.Token).InTime() is null);
    }
}
