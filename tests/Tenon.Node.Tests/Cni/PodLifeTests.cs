using System.Text.Json.Nodes;
using Tenon.Network.Contracts;
using Tenon.Nodes.Cni;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Plugging;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Cni;

/// <summary>The real plugin, the agent, the real switch and the real OVN: pods come, speak with each other, and go.</summary>
[Trait("tier", "slow")]
public sealed class PodLifeTests(OvnNode node) : IClassFixture<OvnNode>
{
    [Fact]
    public async Task Two_pods_are_plugged_speak_over_both_families_and_leave_nothing()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod one = await world.AddPodAsync(), two = await world.AddPodAsync();

        JsonNode result = (await one.AddAsync()).ShouldSucceed().Output!;
        (await two.AddAsync()).ShouldSucceed();

        result["cniVersion"]!.ToString().ShouldBe("1.1.0");
        result["interfaces"]![0]!["name"]!.ToString().ShouldBe(PodPlugs.HostName(one.Spec.PortId));
        result["interfaces"]![1]!.ToJsonString().ShouldBe(new JsonObject { ["name"] = "eth0", ["mac"] = one.Spec.MacAddress, ["sandbox"] = one.Variables["CNI_NETNS"], ["mtu"] = 1400 }.ToJsonString());
        result["ips"]!.AsArray().Select(i => $"{i!["address"]} {i["gateway"]} {i["interface"]}").ShouldBe(one.Spec.Addresses.Select(a => $"{a.Address} {a.Gateway} 1"));
        result["routes"]!.AsArray().Select(r => $"{r!["dst"]} {r["gw"]}").ShouldBe(["0.0.0.0/0 10.1.0.1", "::/0 fd00:1::1", "192.0.2.0/24 10.1.0.1"]);
        result["dns"]!.ToJsonString().ShouldBe("""{"nameservers":["10.1.0.2"],"search":["example.org"]}""");
        foreach (PodPortAddress address in two.Spec.Addresses) await OvnNode.PingAsync(one.Namespace, address.Address.Split('/')[0]);
        PodPort port = await world.UntilPortAsync(one, "is reported as plugged", p => p.IsPlugged);
        port.Status!.ShouldSatisfyAllConditions(
            s => s.ContainerId.ShouldBe(one.ContainerId), s => s.InterfaceName.ShouldBe("eth0"), s => s.HostInterface.ShouldBe(PodPlugs.HostName(one.Spec.PortId)));
        (await node.VsctlAsync("get", "Interface", PodPlugs.HostName(one.Spec.PortId), "external_ids:iface-id", "external_ids:attached-mac", "external_ids:iface-status"))
            .ShouldBe($"\"{one.Spec.PortId}\"\n\"{one.Spec.MacAddress}\"\nactive\n");
        (await one.CheckAsync(result)).ShouldSucceed();

        foreach (TestPod pod in new[] { one, two })
        {
            (await pod.DeleteAsync()).ShouldSucceed().Output.ShouldBeNull();
            (await pod.DeleteAsync()).ShouldSucceed();
            Namespaces.LinksIn(pod.Namespace).ShouldBeEmpty();
            (await world.UntilPortAsync(pod, "is reported as unplugged", p => p.IsReportedUnplugged)).Status!.ContainerId.ShouldBeNull();
        }

        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task Pods_of_a_trunk_are_access_ports_where_the_kernel_has_no_vlans()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using (NetlinkSocket socket = NetlinkSocket.Open(node.Host)) Assert.SkipWhen(Links.HasVlans(socket), "this kernel has VLAN interfaces of its own");
        using TestPod one = await world.AddPodAsync("vlan"), same = await world.AddPodAsync("vlan", change: s => s with { Binding = s.Binding with { VlanId = one.Spec.Binding.VlanId } });
        (await one.AddAsync()).ShouldSucceed();
        (await same.AddAsync()).ShouldSucceed();

        (await node.VsctlAsync("get", "Port", PodPlugs.HostName(one.Spec.PortId), "tag")).Trim().ShouldBe($"{one.Spec.Binding.VlanId}");
        (await node.VsctlAsync("list-ports", "br-trunk")).ShouldContain(PodPlugs.HostName(one.Spec.PortId));
        await OvnNode.PingAsync(one.Namespace, same.Spec.Addresses[0].Address.Split('/')[0]);
        (await one.DeleteAsync()).ShouldSucceed();
        (await same.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task An_ADD_waits_for_its_port_and_one_that_never_comes_is_to_be_tried_again()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        world.Options = world.Options with { Patience = TimeSpan.FromSeconds(3) };
        await world.StartAsync();
        using TestPod late = await world.AddPodAsync(withPort: false), never = await world.AddPodAsync(withPort: false);
        Task<CniAnswer> added = late.AddAsync(), refused = never.AddAsync();
        await world.CreatePortAsync(late);
        (await added.InTime()).ShouldSucceed();
        (await refused.InTime()).ShouldFail(CniError.TryAgainLater).Message.ShouldContain($"default/{never.Name} has no port after 3 s");
        (await late.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task Without_flows_nothing_is_reported_ready_and_nothing_is_left()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        world.Options = world.Options with { Patience = TimeSpan.FromSeconds(2) };
        await world.StartAsync();
        using TestPod pod = await world.AddPodAsync();
        await node.StopControllerAsync();
        try
        {
            (await pod.AddAsync()).ShouldFail(CniError.TryAgainLater).Message.ShouldContain("ovn-controller");
            Namespaces.LinksIn(pod.Namespace).ShouldBeEmpty();
            (await node.PodInterfacesAsync()).ShouldBeEmpty();
            PodPort port = await world.UntilPortAsync(pod, "says why", p => p.Status?.Conditions.Any(c => c.Reason == NetworkNames.FailedReason) == true);
            port.IsPlugged.ShouldBeFalse();
        }
        finally
        {
            await node.StartControllerAsync();
        }

        (await pod.AddAsync()).ShouldSucceed();
        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_DEL_ends_the_ADD_that_still_waits()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        await node.StopControllerAsync();
        try
        {
            Task<CniAnswer> adding = pod.AddAsync();
            await Limits.UntilAsync("the pair is there", () => Namespaces.LinksIn(pod.Namespace).Count == 1);
            (await pod.DeleteAsync()).ShouldSucceed();
            (await adding.InTime()).ShouldFail(CniError.TryAgainLater).Message.ShouldContain("given up");
            await Limits.UntilAsync("nothing is left", async () => (await node.PodInterfacesAsync()).Length == 0);
        }
        finally
        {
            await node.StartControllerAsync();
        }

        (await pod.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task A_DEL_succeeds_without_ADD_and_with_the_namespace_gone()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod never = await world.AddPodAsync(withPort: false);
        (await never.DeleteAsync()).ShouldSucceed();

        TestPod gone = await world.AddPodAsync();
        (await gone.AddAsync()).ShouldSucceed();
        gone.Dispose();
        (await gone.DeleteAsync()).ShouldSucceed();
        await world.UntilPortAsync(gone, "is unplugged", p => p.IsReportedUnplugged);
        await world.ShouldBeEmptyAsync();

        using TestPod unnamed = await world.AddPodAsync();
        (await unnamed.AddAsync()).ShouldSucceed();
        (await world.Plugin.CallAsync("DEL", unnamed.Variables.Where(v => v.Key != "CNI_NETNS").ToDictionary())).ShouldSucceed();
        Namespaces.LinksIn(unnamed.Namespace).ShouldBeEmpty();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task CHECK_names_what_is_no_longer_as_it_was()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        // What the switch loses is not given back while this looks.
        world.Options = world.Options with { ReadinessPeriod = TimeSpan.FromMinutes(10) };
        await world.StartAsync();
        using TestPod pod = await world.AddPodAsync();
        JsonNode result = (await pod.AddAsync()).ShouldSucceed().Output!;
        await Programs.RunAsync("nsenter", $"--net={pod.Variables["CNI_NETNS"]}", "ip", "route", "del", "192.0.2.0/24");
        (await pod.CheckAsync(result)).ShouldFail(CniError.CheckFailed).Message.ShouldContain("the route to 192.0.2.0/24 is gone");
        await node.VsctlAsync("del-port", PodPlugs.HostName(pod.Spec.PortId));
        await Limits.UntilAsync("CHECK sees it", async () => (await pod.CheckAsync(result)).Message.Contains("Open vSwitch has no interface", StringComparison.Ordinal));
        (await pod.DeleteAsync()).ShouldSucceed();
        (await pod.CheckAsync(result)).ShouldFail(CniError.CheckFailed).Message.ShouldContain("is not plugged");
        await world.ShouldBeEmptyAsync();
    }

    [Theory]
    [InlineData("ovs")]
    [InlineData("vlan")]
    public async Task A_port_that_an_operator_deletes_from_the_switch_is_given_back(string binding)
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        if (binding == "vlan")
        {
            using NetlinkSocket socket = NetlinkSocket.Open(node.Host);
            Assert.SkipWhen(Links.HasVlans(socket), "this kernel has VLAN interfaces of its own");
        }

        using TestPod one = await world.AddPodAsync(binding), two = await world.AddPodAsync(binding, change: s => s with { Binding = one.Spec.Binding });
        JsonNode result = (await one.AddAsync()).ShouldSucceed().Output!;
        (await two.AddAsync()).ShouldSucceed();
        string near = PodPlugs.HostName(one.Spec.PortId);
        await node.VsctlAsync("del-port", near);

        await Limits.UntilAsync("the switch has it again", async () => (await node.PodInterfacesAsync()).Contains(near) && (await one.CheckAsync(result)).ExitCode == 0);
        await OvnNode.PingAsync(one.Namespace, two.Spec.Addresses[0].Address.Split('/')[0]);
        (await one.DeleteAsync()).ShouldSucceed();
        (await two.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task GC_unplugs_what_the_runtime_no_longer_knows_and_nothing_else()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod known = await world.AddPodAsync(), unknown = await world.AddPodAsync();
        (await known.AddAsync()).ShouldSucceed();
        (await unknown.AddAsync()).ShouldSucceed();
        (await world.Plugin.CallAsync("GC", new Dictionary<string, string>(),
            c => c["cni.dev/valid-attachments"] = new JsonArray(new JsonObject { ["containerID"] = known.ContainerId, ["ifname"] = "eth0" }))).ShouldSucceed();

        Namespaces.LinksIn(unknown.Namespace).ShouldBeEmpty();
        Namespaces.LinksIn(known.Namespace).Count.ShouldBe(1);
        (await node.PodInterfacesAsync()).ShouldBe([PodPlugs.HostName(known.Spec.PortId)]);
        await world.UntilPortAsync(unknown, "is unplugged", p => p.IsReportedUnplugged);
        (await world.PortAsync(known)).IsReportedUnplugged.ShouldBeFalse();
        (await known.DeleteAsync()).ShouldSucceed();
        await world.ShouldBeEmptyAsync();
    }

    [Fact]
    public async Task An_interface_of_the_name_that_is_there_already_stays_as_it_was()
    {
        await using AgentWorld world = await AgentWorld.CreateAsync(node);
        using TestPod pod = await world.AddPodAsync();
        using (NetlinkSocket socket = NetlinkSocket.Open(pod.Namespace)) Links.CreateVeth(socket, new("eth0"), new("other"), 0);
        (await pod.AddAsync()).ShouldFail(CniError.PluggingFailed).Message.ShouldContain("eth0");
        Namespaces.LinksIn(pod.Namespace).Select(l => l.Name).Order().ShouldBe(["eth0", "other"]);
        (await pod.DeleteAsync()).ShouldSucceed();
        Namespaces.LinksIn(pod.Namespace).Count.ShouldBe(2);
        await world.ShouldBeEmptyAsync();
    }
}
