using System.Text.Json.Nodes;
using Tenon.Nodes.Netlink;
using Tenon.Nodes.Ovsdb;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Ovsdb;

/// <summary>The real database and the real switch answer.</summary>
[Trait("tier", "slow")]
public sealed class VswitchTests(OvnNode node) : IClassFixture<OvnNode>
{
    private static readonly Dictionary<string, string> Owned = new() { [Vswitch.Owner] = "c1" };

    [Fact]
    public async Task An_interface_is_added_seen_ready_and_removed()
    {
        node.Require();
        await using Vswitch vswitch = await ConnectAsync();
        (await vswitch.DatapathAsync("br-int", Limits.Token).InTime()).ShouldBe("netdev");
        (await vswitch.DatapathAsync("br-none", Limits.Token).InTime()).ShouldBeNull();
        using NetworkNamespace pod = MakePair("tnone");

        string row = await vswitch.AddAsync("br-trunk", "tnone", Owned, tag: 7, Limits.Token).InTime();
        await vswitch.UntilReadyAsync(row, Limits.Token).InTime();

        (await node.VsctlAsync("get", "Port", "tnone", "tag")).Trim().ShouldBe("7");
        vswitch.Interfaces.Single(i => i.Name == "tnone").ExternalIds[Vswitch.Owner].ShouldBe("c1");
        await vswitch.RemoveAsync("tnone", Limits.Token).InTime();
        await vswitch.RemoveAsync("tnone", Limits.Token).InTime();
        (await node.PodInterfacesAsync()).ShouldBeEmpty();
        await Limits.UntilAsync("the interface is forgotten", () => vswitch.Interfaces.All(i => i.Name != "tnone"));
    }

    [Fact]
    public async Task An_interface_of_the_name_is_replaced_and_the_new_one_awaited()
    {
        node.Require();
        await using Vswitch vswitch = await ConnectAsync();
        using NetworkNamespace pod = MakePair("tntwo");
        string first = await vswitch.AddAsync("br-int", "tntwo", Owned, null, Limits.Token).InTime();
        await vswitch.UntilReadyAsync(first, Limits.Token).InTime();
        string second = await vswitch.AddAsync("br-trunk", "tntwo", Owned, 9, Limits.Token).InTime();
        second.ShouldNotBe(first);
        await vswitch.UntilReadyAsync(second, Limits.Token).InTime();
        (await node.VsctlAsync("list-ports", "br-trunk")).ShouldContain("tntwo");
        (await node.VsctlAsync("list-ports", "br-int")).ShouldNotContain("tntwo");
        await vswitch.RemoveAsync("tntwo", Limits.Token).InTime();
    }

    [Fact]
    public async Task A_bridge_that_is_not_there_and_a_device_that_is_not_there_are_named_and_leave_nothing()
    {
        node.Require();
        await using Vswitch vswitch = await ConnectAsync();
        OvsdbException noBridge = await Should.ThrowAsync<OvsdbException>(vswitch.AddAsync("br-none", "tnthree", Owned, null, Limits.Token).InTime());
        noBridge.Message.ShouldContain("add interface tnthree to bridge br-none");
        noBridge.IsDisconnected.ShouldBeFalse();
        (await node.PodInterfacesAsync()).ShouldBeEmpty();

        string row = await vswitch.AddAsync("br-int", "tnthree", Owned, null, Limits.Token).InTime();
        (await Should.ThrowAsync<OvsdbException>(vswitch.UntilReadyAsync(row, Limits.Token).InTime())).Message.ShouldContain("tnthree");
        await vswitch.RemoveAsync("tnthree", Limits.Token).InTime();
    }

    [Fact]
    public async Task A_transaction_has_effect_as_a_whole_or_not_at_all()
    {
        node.Require();
        await using OvsdbClient client = await OvsdbClient.ConnectAsync(node.Socket, Limits.Token).InTime();
        var add = new JsonObject
        {
            ["op"] = "mutate", ["table"] = "Open_vSwitch", ["where"] = new JsonArray(),
            ["mutations"] = new JsonArray(new JsonArray("external_ids", "insert", new JsonArray("map", new JsonArray(new JsonArray("half", "done"))))),
        };
        var wait = new JsonObject
        {
            ["op"] = "wait", ["timeout"] = 0, ["table"] = "Bridge", ["where"] = new JsonArray(new JsonArray("name", "==", "br-none")),
            ["columns"] = new JsonArray("name"), ["until"] = "==", ["rows"] = new JsonArray(new JsonObject { ["name"] = "br-none" }),
        };
        (await Should.ThrowAsync<OvsdbException>(client.TransactAsync("do half", "Open_vSwitch", [add, wait], Limits.Token).InTime())).Message.ShouldContain("cannot do half: timed out");
        (await node.VsctlAsync("--if-exists", "get", "Open_vSwitch", ".", "external_ids:half")).Trim().ShouldBeEmpty();
        await Should.ThrowAsync<OvsdbException>(client.TransactAsync("ask", "no-such-database", [], Limits.Token).InTime());
    }

    [Fact]
    public async Task Many_calls_overlap_on_one_connection()
    {
        node.Require();
        await using Vswitch vswitch = await ConnectAsync();
        string?[] answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => vswitch.DatapathAsync(i % 2 == 0 ? "br-int" : $"br-{i}", Limits.Token))).InTime();
        answers.Count(a => a == "netdev").ShouldBe(100);
    }

    [Fact]
    public async Task The_end_of_the_connection_ends_every_wait()
    {
        node.Require();
        await using Vswitch vswitch = await ConnectAsync();
        Task waiting = vswitch.UntilReadyAsync("no-such-row", Limits.Token);
        await node.RestartDatabaseAsync();
        (await Should.ThrowAsync<OvsdbException>(waiting.InTime())).IsDisconnected.ShouldBeTrue();
        await vswitch.Ended.InTime();
        (await Should.ThrowAsync<OvsdbException>(vswitch.DatapathAsync("br-int", Limits.Token).InTime())).IsDisconnected.ShouldBeTrue();
        await using Vswitch next = await ConnectAsync();
        (await next.DatapathAsync("br-int", Limits.Token).InTime()).ShouldBe("netdev");
    }

    private Task<Vswitch> ConnectAsync() => Vswitch.ConnectAsync(node.Socket, Limits.Token).InTime();

    private NetworkNamespace MakePair(string near)
    {
        NetworkNamespace pod = Namespaces.Create();
        using NetlinkSocket socket = NetlinkSocket.Open(node.Host);
        Links.CreateVeth(socket, new(near), new("eth0", null, pod), 0);
        return pod;
    }
}
