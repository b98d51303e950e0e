using System.Text.Json.Nodes;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;
using Tenon.Sandbox.Measures;

namespace Tenon.CloudController.Tests.Nodes;

public class NodeReconcilerTests
{
    private const int Patience = 60_000;

    [Fact(Timeout = Patience)]
    public async Task New_nodes_are_initialised_from_their_servers()
    {
        await using NodeWorld world = await NodeWorld.StartAsync();
        world.Register(3);
        await world.ReconcileAllAsync();
        foreach (int i in new[] { 1, 2, 3 })
        {
            Node node = world.Nodes[$"node-{i}"];
            node.Spec.Taints.ShouldBeEmpty();
            node.Spec.ProviderId!.ShouldStartWith("openstack:///");
            node.Metadata.Labels[NodeKeys.Zone].ShouldBe($"az{i}");
            node.Metadata.Labels[NodeKeys.InstanceType].ShouldBe("m1.medium");
            node.Status.Addresses.ShouldContain(a => a.Type == "InternalIP" && a.Address.StartsWith("10.0.0.", StringComparison.Ordinal));
        }

        world.Nodes.Events.Count(e => e.Reason == "Synced").ShouldBe(3);
    }

    [Fact(Timeout = Patience)]
    [Trait("tier", "slow")]
    public async Task Five_hundred_nodes_cost_two_lists_whether_new_in_accord_or_not_ready()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(500);
        world.Register(500);
        await world.ReconcileAllAsync();
        world.Nodes.List().ShouldAllBe(n => n.Spec.Taints.Count == 0);
        world.Calls().Length.ShouldBeLessThanOrEqualTo(4);

        int writes = world.Nodes.Writes;
        world.Time.Advance(TimeSpan.FromMinutes(5));
        await world.ReconcileAllAsync();
        world.Calls().ShouldBe(["compute.servers.detail", "network.ports.list"], ignoreOrder: true);
        world.Nodes.Writes.ShouldBe(writes);

        foreach (Node node in world.Nodes.List()) world.Nodes.Change(node.Metadata.Name, n => n.NotReady(world.Time.GetUtcNow()));
        world.Time.Advance(TimeSpan.FromSeconds(30));
        await world.ReconcileAllAsync();
        world.Calls().ShouldBe(["compute.servers.detail"]);
    }

    [Fact(Timeout = Patience)]
    public async Task A_node_whose_server_is_deleted_goes_once_it_is_not_ready()
    {
        await using NodeWorld world = await NodeWorld.StartAsync();
        world.Register(3);
        await world.ReconcileAllAsync();
        string server = await DeleteServerAsync(world, "node-2");
        world.Time.Advance(TimeSpan.FromMinutes(5));
        await world.ReconcileAllAsync();
        world.Nodes.Has("node-2").ShouldBeTrue();
        world.Nodes.Change("node-2", n => n.NotReady(world.Time.GetUtcNow()));
        world.Time.Advance(TimeSpan.FromSeconds(30));
        await world.ReconcileAllAsync();
        world.Nodes.Has("node-2").ShouldBeFalse();
        world.Nodes.List().Count.ShouldBe(2);
        world.Nodes.Events.ShouldContain(e => e.Node == "node-2" && e.Reason == "DeletingNode" && e.Message.Contains(server));
    }

    [Fact(Timeout = Patience)]
    public async Task A_list_that_fails_or_that_ends_early_deletes_no_node()
    {
        await using NodeWorld world = await NodeWorld.StartAsync();
        world.Register(3);
        await world.ReconcileAllAsync();
        foreach (Node node in world.Nodes.List()) world.Nodes.Change(node.Metadata.Name, n => n.NotReady(world.Time.GetUtcNow()));
        foreach (FaultKind kind in new[] { FaultKind.Respond, FaultKind.DropBefore, FaultKind.DropAfter })
        {
            world.Sandbox.Faults.Add(new FaultRule { Id = "down", Service = "compute", Kind = kind, Status = 503 });
            world.Time.Advance(TimeSpan.FromMinutes(10));
            await world.ReconcileAllAsync();
            world.Nodes.List().Count.ShouldBe(3, kind.ToString());
        }

        // A list without a server that exists: the one call that makes sure keeps its node.
        world.Sandbox.Faults.Clear();
        world.Sandbox.Faults.Add(new FaultRule { Id = "cell", Service = "compute", Operation = "compute.servers.detail", Status = 200, Body = """{"servers":[{"id":"other","name":"other","status":"ACTIVE"}]}""" });
        world.Time.Advance(TimeSpan.FromMinutes(10));
        await world.ReconcileAllAsync();
        world.Nodes.List().Count.ShouldBe(3);
        world.Nodes.Events.ShouldContain(e => e.Reason == "ServerNotListed");
    }

    [Fact(Timeout = Patience)]
    public async Task A_cloud_that_is_down_for_minutes_is_told_once_and_asked_seldom_and_the_node_is_initialised_afterwards()
    {
        await using NodeWorld world = await NodeWorld.StartAsync();
        world.Register(1);
        world.Sandbox.Faults.Add(new FaultRule { Id = "down", Service = "compute", Status = 503 });
        for (int i = 0; i < 60; i++)
        {
            (await world.ReconcileAsync()).ShouldBeOfType<Outcome.Waiting>();
            world.Time.Advance(TimeSpan.FromSeconds(4));
        }

        world.Calls().Length.ShouldBeLessThan(20);
        world.Nodes.Events.ShouldHaveSingleItem().Message.ShouldContain("Nova");
        world.Sandbox.Faults.Clear();
        world.Time.Advance(TimeSpan.FromSeconds(30));
        await world.ReconcileAsync();
        world.Nodes["node-1"].Spec.Taints.ShouldBeEmpty();
    }

    [Fact(Timeout = Patience)]
    public async Task A_server_that_appears_after_the_last_list_is_found_at_once()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(1);
        world.Register(1);
        await world.ReconcileAllAsync();
        world.Calls();
        await CreateServerAsync(world, "node-9");
        world.Time.Advance(TimeSpan.FromSeconds(5));
        Node late = NodeSamples.Fresh("node-9");
        world.Nodes.Put(late with { Metadata = late.Metadata with { CreationTimestamp = world.Time.GetUtcNow() } });
        await world.ReconcileAsync("node-9");
        world.Nodes["node-9"].Spec.Taints.ShouldBeEmpty();
        world.Calls().ShouldBe(["compute.servers.detail", "network.ports.list"], ignoreOrder: true);
    }

    [Fact(Timeout = Patience)]
    public async Task A_node_that_has_no_server_costs_two_lists_every_half_minute_at_most()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(1);
        world.Register(5);
        for (int second = 0; second < 120; second += 5)
        {
            await world.ReconcileAllAsync();
            world.Time.Advance(TimeSpan.FromSeconds(5));
        }

        world.Calls().Length.ShouldBeLessThanOrEqualTo(12);
        world.Nodes.Events.Count(e => e.Reason == "ServerNotFound").ShouldBe(4);
    }

    [Fact(Timeout = Patience)]
    public async Task Two_servers_of_one_name_are_told_and_the_node_is_initialised_once_one_is_renamed()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(1);
        string second = await CreateServerAsync(world, "node-1");
        world.Register(1);
        await world.ReconcileAsync();
        (string Node, EventType Type, string Reason, string Message) told = world.Nodes.Events.ShouldHaveSingleItem();
        told.Reason.ShouldBe("AmbiguousServerName");
        told.Message.ShouldContain(second);
        world.Nodes["node-1"].Spec.ProviderId.ShouldBeNull();
        world.Sandbox.OpenStack.Send("compute", "PUT", $"/v2.1/servers/{second}", new JsonObject { ["server"] = new JsonObject { ["name"] = "renamed" } }).Expect();
        world.Time.Advance(TimeSpan.FromSeconds(31));
        await world.ReconcileAsync();
        world.Nodes["node-1"].Spec.Taints.ShouldBeEmpty();
        world.Nodes["node-1"].Spec.ProviderId.ShouldNotBe($"openstack:///{second}");
    }

    [Fact(Timeout = Patience)]
    public async Task A_server_that_is_stopped_taints_its_node_until_it_is_ready_again()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(1);
        world.Register(1);
        await world.ReconcileAsync();
        string server = world.Nodes["node-1"].Spec.ProviderId!["openstack:///".Length..];
        world.Sandbox.OpenStack.Send("compute", "POST", $"/v2.1/servers/{server}/action", new JsonObject { ["os-stop"] = null }).Expect();
        world.Nodes.Change("node-1", n => n.NotReady(world.Time.GetUtcNow()));
        world.Time.Advance(TimeSpan.FromSeconds(30));
        Outcome outcome = await world.ReconcileAsync();
        world.Nodes["node-1"].Spec.Taints.ShouldHaveSingleItem().Key.ShouldBe(NodeKeys.Shutdown);
        outcome.ShouldBeOfType<Outcome.Waiting>();
        world.Nodes.Change("node-1", n => n with { Status = n.Status with { Conditions = NodeSamples.Fresh().Status.Conditions } });
        await world.ReconcileAsync();
        world.Nodes["node-1"].Spec.Taints.ShouldBeEmpty();
    }

    [Fact(Timeout = Patience)]
    public async Task A_node_that_somebody_else_changes_meanwhile_is_tried_again()
    {
        await using NodeWorld world = await NodeWorld.StartAsync(1);
        world.Register(1);
        Node stale = world.Nodes["node-1"];
        world.Nodes.Change("node-1", n => n with { Metadata = n.Metadata with { Labels = new Dictionary<string, string> { ["theirs"] = "1" } } });
        await Should.ThrowAsync<Tenon.Kubernetes.Client.KubernetesException>(() => world.Nodes.WriteAsync(stale, stale, status: true, TestContext.Current.CancellationToken));
        await world.ReconcileAsync();
        world.Nodes["node-1"].Metadata.Labels["theirs"].ShouldBe("1");
        world.Nodes["node-1"].Spec.Taints.ShouldBeEmpty();
    }

    private static async Task<string> DeleteServerAsync(NodeWorld world, string name)
    {
        string id = world.Nodes[name].Spec.ProviderId!["openstack:///".Length..];
        world.Sandbox.OpenStack.Send("compute", "DELETE", $"/v2.1/servers/{id}", null).Expect();
        (await world.Client.Compute().GetServerAsync(id, TestContext.Current.CancellationToken)).ShouldBeNull();
        world.Calls();
        return id;
    }

    private static async Task<string> CreateServerAsync(NodeWorld world, string name)
    {
        string network = "";
        await foreach (var found in world.Client.Networking().ListNetworksAsync(new() { Name = "nodes" }, TestContext.Current.CancellationToken)) network = found.Id;
        JsonNode image = world.Sandbox.OpenStack.Send("image", "GET", "/v2/images").Value["images"]![0]!["id"]!;
        string id = (string)world.Sandbox.OpenStack.Send("compute", "POST", "/v2.1/servers", new JsonObject
        {
            ["server"] = new JsonObject
            {
                ["name"] = name, ["flavorRef"] = "2", ["imageRef"] = image.DeepClone(), ["networks"] = new JsonArray(new JsonObject { ["uuid"] = network }),
            },
        }).Value["server"]!["id"]!;
        Server? made = await world.Client.Compute().GetServerAsync(id, TestContext.Current.CancellationToken);
        made.ShouldNotBeNull().Status.ShouldBe("ACTIVE");
        world.Calls();
        return id;
    }
}
