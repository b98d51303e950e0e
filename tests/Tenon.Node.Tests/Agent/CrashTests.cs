using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Network.Contracts;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;
using Tenon.Nodes.Plugging;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Agent;

/// <summary>What an agent finds that starts after another died, wherever that one was.</summary>
[Trait("tier", "slow")]
public sealed class CrashTests(OvnNode node) : IClassFixture<OvnNode>
{
    /// <summary>How far an ADD had come.</summary>
    public enum Step
    {
        WrittenDown,
        PairMade,
        PairMarked,
        InterfaceConfigured,
        SwitchTold,
        SwitchReady,
    }

    [Theory]
    [InlineData(Step.WrittenDown)]
    [InlineData(Step.PairMade)]
    [InlineData(Step.PairMarked)]
    [InlineData(Step.InterfaceConfigured)]
    [InlineData(Step.SwitchTold)]
    [InlineData(Step.SwitchReady)]
    public async Task An_ADD_that_was_cut_short_leaves_nothing_and_may_be_made_again(Step reached)
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        using TestPod pod = await world.AddPodAsync();
        await LeaveAsync(world, pod, reached);

        await world.StartAsync();
        await Limits.UntilAsync("nothing is left", async () => (await node.PodInterfacesAsync()).Length == 0 && Namespaces.LinksIn(pod.Namespace).Count == 0
            && !Directory.EnumerateFiles(world.Options.StateFolder).Any());

        (await pod.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is plugged", p => p.IsPlugged);
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is unplugged", p => p.IsReportedUnplugged);
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task What_is_plugged_outlives_its_agent_and_is_reported_by_the_next()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync(), gone = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        (await gone.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is plugged", p => p.IsPlugged);
        await world.UntilPortAsync(gone, "is plugged", p => p.IsPlugged);
        await world.StopAsync();
        (await pod.DeleteAsync()).ShouldFail(11).Message.ShouldContain("agent does not answer");
        await world.DeletePortAsync(gone);

        await world.StartAsync();
        await world.UntilPortAsync(gone, "is unplugged though nobody called", p => p.IsReportedUnplugged);
        Namespaces.LinksIn(gone.Namespace).ShouldBeEmpty();
        Namespaces.LinksIn(pod.Namespace).Count.ShouldBe(1);
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_lost_book_is_written_anew_for_pods_that_live_and_others_are_unplugged()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod lives = await world.AddPodAsync(), lost = await world.AddPodAsync();
        (await lives.AddAsync()).ShouldSucceed();
        (await lost.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(lives, "is plugged", p => p.IsPlugged);
        await world.UntilPortAsync(lost, "is plugged", p => p.IsPlugged);
        await world.StopAsync();
        Directory.Delete(world.Options.StateFolder, recursive: true);
        await world.DeletePortAsync(lost);

        await world.StartAsync();
        await Limits.UntilAsync("the lost pod is unplugged", () => Namespaces.LinksIn(lost.Namespace).Count == 0);
        await world.UntilPortAsync(lost, "is reported as unplugged", p => p.IsReportedUnplugged);
        await Limits.UntilAsync("the living one is in the book", () => File.Exists(Path.Combine(world.Options.StateFolder, lives.ContainerId + ".json")));
        Namespaces.LinksIn(lives.Namespace).Count.ShouldBe(1);
        (await lives.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_port_that_is_asked_to_go_is_unplugged_and_never_plugged_again()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        world.Options = world.Options with { Patience = TimeSpan.FromSeconds(2) };
        await world.StartAsync();
        using TestPod pod = await world.AddPodAsync(), never = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is plugged", p => p.IsPlugged);
        (await world.PortAsync(never)).Status.ShouldBeNull();
        await world.DeletePortAsync(pod);
        await world.DeletePortAsync(never);

        await world.UntilPortAsync(pod, "is reported of its last generation", p => p.IsReportedUnplugged);
        await world.UntilPortAsync(never, "is reported though it was never plugged", p => p.IsReportedUnplugged);
        Namespaces.LinksIn(pod.Namespace).ShouldBeEmpty();
        (await pod.AddAsync()).ShouldFail(11).Message.ShouldContain("has no port");
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task The_switchs_database_may_end_in_the_middle_of_an_ADD()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        await node.StopControllerAsync();
        Task<CniAnswer> adding = pod.AddAsync();
        await Limits.UntilAsync("the switch is told", async () => (await node.PodInterfacesAsync()).Length == 1);
        await node.StopDatabaseAsync();
        await world.UntilConditionAsync(NetworkNames.NodeCondition, "False");
        await world.UntilConditionAsync("NetworkUnavailable", "True");
        await node.StartDatabaseAsync();
        await node.StartControllerAsync();
        (await adding.InTime()).ShouldSucceed();
        await world.UntilConditionAsync(NetworkNames.NodeCondition, "True");
        await world.UntilConditionAsync("NetworkUnavailable", "False");
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    /// <summary>Does of an ADD what an agent had done that died then.</summary>
    private async Task LeaveAsync(AgentWorld world, TestPod pod, Step reached)
    {
        var book = AttachmentBook.Open(world.Options.StateFolder, NullLogger.Instance);
        book.Put(new Attachment
        {
            ContainerId = pod.ContainerId, InterfaceName = "eth0", NetworkNamespace = pod.Variables["CNI_NETNS"],
            PodNamespace = "default", PodName = pod.Name, PortId = pod.Spec.PortId,
        });
        string near = PodPlugs.HostName(pod.Spec.PortId), alias = $"tenon {pod.ContainerId}";
        using (NetlinkSocket socket = NetlinkSocket.Open(node.Host))
        {
            if (reached >= Step.PairMade) Links.CreateVeth(socket, new(near), new("eth0", pod.Spec.MacAddress, pod.Namespace), pod.Spec.Mtu);
            if (reached >= Step.PairMarked) Links.SetUp(socket, Links.Find(socket, near)!, alias);
        }

        if (reached >= Step.InterfaceConfigured) PodInterface.Configure(pod.Namespace, "eth0", pod.Spec, alias, withoutOffload: true);
        if (reached < Step.SwitchTold) return;
        await using Vswitch vswitch = await Vswitch.ConnectAsync(node.Socket, Limits.Token).InTime();
        var ids = new Dictionary<string, string> { [Vswitch.Owner] = pod.ContainerId, [Vswitch.InterfaceId] = pod.Spec.PortId };
        string row = await vswitch.AddAsync("br-int", near, ids, null, Limits.Token).InTime();
        if (reached >= Step.SwitchReady) await vswitch.UntilReadyAsync(row, Limits.Token).InTime();
    }
}
