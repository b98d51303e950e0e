using System.Net.Sockets;
using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Network.Contracts;
using Tenon.Nodes.Cni;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Plugging;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Agent;

/// <summary>One pod's containers follow each other, and calls overtake each other: the last one asked for has the port, and nothing of the others is left.</summary>
[Trait("tier", "slow")]
public sealed class ReplacementTests(OvnNode node) : IClassFixture<OvnNode>
{
    [Fact]
    public async Task A_DEL_ends_the_ADD_that_still_waits_for_its_port()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod first = await world.AddPodAsync(withPort: false), second = first.Again();
        Task<CniAnswer> adding = first.AddAsync();
        // The first of these may come before the ADD does.
        await Limits.UntilAsync("the ADD has ended", async () =>
        {
            (await first.DeleteAsync()).ShouldSucceed();
            return adding.IsCompleted;
        });
        (await adding.InTime()).ShouldFail(CniError.TryAgainLater).Message.ShouldContain("given up");

        await world.CreatePortAsync(first);
        (await second.AddAsync()).ShouldSucceed();
        Namespaces.LinksIn(first.Namespace).ShouldBeEmpty();
        (await second.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task An_ADD_ends_with_the_plugin_that_asked()
    {
        string folder = Directory.CreateTempSubdirectory("tn-").FullName;
        try
        {
            string path = Path.Combine(folder, "cni.sock");
            TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using var server = new CniServer(path, async (request, stop) =>
            {
                begun.TrySetResult();
                using CancellationTokenRegistration registration = stop.Register(() => ended.TrySetResult());
                await ended.Task.WaitAsync(Limits.Wait, TimeProvider.System, Limits.Token);
                stop.ThrowIfCancellationRequested();
                return new(0, null);
            }, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<CniServer>.Instance);
            using Socket listener = server.Listen();
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Limits.Token);
            Task running = server.RunAsync(listener, stop.Token);
            using (var plugin = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                await plugin.ConnectAsync(new UnixDomainSocketEndPoint(path), Limits.Token).AsTask().InTime();
                await plugin.SendAsync("tenon-cni/1\0CNI_COMMAND=ADD\0\0{}"u8.ToArray(), Limits.Token).AsTask().InTime();
                plugin.Shutdown(SocketShutdown.Send);
                await begun.Task.InTime();
                ended.Task.IsCompleted.ShouldBeFalse();
            }

            await ended.Task.InTime();
            await stop.CancelAsync();
            await running.InTime();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_container_that_took_the_port_over_is_the_one_that_is_reported()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod first = await world.AddPodAsync(), second = first.Again();
        (await first.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(first, "names the first", p => p.Status?.ContainerId == first.ContainerId);
        (await second.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(first, "names the second", p => p.IsPlugged && p.Status!.ContainerId == second.ContainerId);
        File.Exists(Path.Combine(world.Options.StateFolder, first.ContainerId + ".json")).ShouldBeFalse();

        (await first.DeleteAsync()).ShouldSucceed();
        Namespaces.LinksIn(second.Namespace).Count.ShouldBe(1);
        (await node.PodInterfacesAsync()).ShouldBe([PodPlugs.HostName(first.Spec.PortId)]);
        (await second.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task What_only_the_switch_remembers_is_not_plugged_after_a_reboot()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is plugged", p => p.IsPlugged);
        await world.StopAsync();
        // A reboot empties /run and the kernel; the switch's database is on a disk.
        Directory.Delete(world.Options.StateFolder, recursive: true);
        using (NetlinkSocket socket = NetlinkSocket.Open(node.Host)) Links.Delete(socket, PodPlugs.HostName(pod.Spec.PortId));

        await world.StartAsync();
        await world.UntilPortAsync(pod, "is reported as unplugged", p => p.IsReportedUnplugged);
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task An_interface_that_is_marked_only_inside_its_pod_is_found_when_the_book_was_lost()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        using TestPod lives = await world.AddPodAsync("vlan"), gone = await world.AddPodAsync("vlan");
        // As the runtime has them: a file for each namespace.
        Directory.CreateDirectory(world.Options.NamespaceFolder);
        File.CreateSymbolicLink(Path.Combine(world.Options.NamespaceFolder, "cni-1"), Namespaces.PathOf(gone.Namespace));
        File.CreateSymbolicLink(Path.Combine(world.Options.NamespaceFolder, "cni-2"), Namespaces.PathOf(lives.Namespace));
        await File.WriteAllTextAsync(Path.Combine(world.Options.NamespaceFolder, "cni-3"), "", Limits.Token).InTime();
        using (NetlinkSocket socket = NetlinkSocket.Open(lives.Namespace))
        {
            Links.CreateVeth(socket, new("eth0"), new("other"), 0);
            Links.SetUp(socket, Links.Find(socket, "eth0")!, $"tenon {lives.ContainerId}");
        }

        await ReportPluggedAsync(world, lives);
        await ReportPluggedAsync(world, gone);
        await world.StartAsync();
        await Limits.UntilAsync("the living one is in the book", () => File.Exists(Path.Combine(world.Options.StateFolder, lives.ContainerId + ".json")));
        await world.UntilPortAsync(gone, "is unplugged", p => p.IsReportedUnplugged);
        (await world.PortAsync(lives)).IsPlugged.ShouldBeTrue();
        // The runtime need not say where it was.
        (await world.Plugin.CallAsync("DEL", lives.Variables.Where(v => v.Key != "CNI_NETNS").ToDictionary())).ShouldSucceed();
        Namespaces.LinksIn(lives.Namespace).ShouldBeEmpty();
        await world.UntilPortAsync(lives, "is unplugged", p => p.IsReportedUnplugged);
        await world.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData("tenon c1", "veth", "fa:16:3e:00:00:01", true)]
    [InlineData("", "vlan", "fa:16:3e:00:00:01", true)]
    [InlineData("", "vlan", "fa:16:3e:00:00:02", false)]
    [InlineData("", "veth", "fa:16:3e:00:00:01", false)]
    [InlineData("tenon c2", "vlan", "fa:16:3e:00:00:01", false)]
    public void Unmarked_is_ours_only_what_a_crash_leaves_of_a_VLAN(string alias, string kind, string mac, bool ours)
    {
        var link = new Link(2, "eth0", mac, 1400, true, alias, kind);
        PodInterface.IsOurs(link, "tenon c1", "FA:16:3E:00:00:01").ShouldBe(ours);
        PodInterface.IsOurs(link, "tenon c1", "").ShouldBe(alias == "tenon c1");
    }

    [Fact]
    public async Task A_DEL_takes_from_the_switch_what_the_agent_has_no_news_of()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        await using OvsdbProxy proxy = await StartBehindProxyAsync(world);
        using TestPod pod = await world.AddPodAsync();
        proxy.HoldNews();
        Task<CniAnswer> adding = pod.AddAsync();
        await Limits.UntilAsync("the switch is told", async () => (await node.PodInterfacesAsync()).Length == 1);
        (await pod.DeleteAsync()).ShouldSucceed();
        (await adding.InTime()).ShouldFail(CniError.TryAgainLater);
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_late_DEL_leaves_the_next_container_what_it_has_of_the_same_name()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        await using OvsdbProxy proxy = await StartBehindProxyAsync(world);
        using TestPod first = await world.AddPodAsync(), second = first.Again();
        string near = PodPlugs.HostName(first.Spec.PortId);
        (await first.AddAsync()).ShouldSucceed();
        proxy.HoldNews();
        Task<CniAnswer> adding = second.AddAsync();
        await Limits.UntilAsync("the switch is told of the second",
            async () => (await node.VsctlAsync("--bare", "--columns=external_ids", "find", "Interface", $"name={near}")).Contains(second.ContainerId, StringComparison.Ordinal));
        (await first.DeleteAsync()).ShouldSucceed();
        (await node.PodInterfacesAsync()).ShouldBe([near]);
        proxy.ReleaseNews();
        (await adding.InTime()).ShouldSucceed();
        Namespaces.LinksIn(second.Namespace).Count.ShouldBe(1);
        (await second.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_DEL_of_another_interface_leaves_the_pods_own()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        var other = new Dictionary<string, string>(pod.Variables) { ["CNI_IFNAME"] = "net1" };
        (await world.Plugin.CallAsync("ADD", other)).ShouldFail(CniError.PluggingFailed).Message.ShouldContain("as eth0");
        (await world.Plugin.CallAsync("DEL", other)).ShouldSucceed();
        Namespaces.LinksIn(pod.Namespace).Select(l => l.Name).ShouldBe(["eth0"]);
        (await node.PodInterfacesAsync()).ShouldBe([PodPlugs.HostName(pod.Spec.PortId)]);
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    /// <summary>Writes what an agent reports of a pod whose interface has no end on the node.</summary>
    private static Task ReportPluggedAsync(AgentWorld world, TestPod pod)
    {
        var condition = new JsonObject
        {
            ["type"] = NetworkNames.PluggedCondition, ["status"] = "True", ["reason"] = NetworkNames.PluggedReason, ["message"] = "packets flow",
            ["lastTransitionTime"] = "2026-01-02T03:04:05Z", ["observedGeneration"] = 1,
        };
        var status = new JsonObject { ["containerId"] = pod.ContainerId, ["interfaceName"] = "eth0", ["conditions"] = new JsonArray(condition) };
        return world.Client.PatchAsync<PodPort>(pod.Key, Patch.Merge(new JsonObject { ["status"] = status }), Limits.Token, new WriteOptions { Subresource = "status" }).InTime();
    }

    private async Task<OvsdbProxy> StartBehindProxyAsync(AgentWorld world)
    {
        string path = Path.Combine(Path.GetDirectoryName(world.Options.Socket)!, "db.sock");
        var proxy = new OvsdbProxy(path, node.Socket);
        world.Options = world.Options with { DatabaseSocket = path };
        await world.StartAsync();
        return proxy;
    }
}
