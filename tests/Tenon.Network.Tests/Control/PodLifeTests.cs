using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Control;
using Tenon.OpenStack.Networking;
using Tenon.Sandbox.Measures;

namespace Tenon.Network.Tests.Control;

/// <summary>Pods from their creation to the end of their ports, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class PodLifeTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_label_makes_a_network_and_its_pods_get_ports_on_it()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.AddPodAsync("b", "node-2");
        await world.AddPodAsync("c", label: "red");
        await world.AddPodAsync("d", label: null);
        await world.UntilPluggedAsync(4);

        VirtualNetwork blue = (await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", "blue"), Ct))!;
        blue.Metadata.Finalizers.ShouldBe([NetworkNames.Finalizer]);
        blue.Status!.Conditions.ShouldHaveSingleItem().Status.ShouldBe("True");
        blue.Status.RouterId.ShouldNotBeNull();
        blue.Status.Isolation.ShouldBe("Isolated");
        (await world.Kubernetes.GetAsync<VirtualNetwork>(new("kube-system", "default"), Ct))!.Status!.Isolation.ShouldBe("Open");

        PodPort a = world.Agents.PodPorts.Get(new("default", "a"))!;
        List<Port> ports = await world.PortsAsync();
        Port port = ports.Single(p => p.Id == a.Spec.PortId);
        port.NetworkId.ShouldBe(blue.Status.NetworkId);
        port.DeviceOwner.ShouldBe("trunk:subport");
        port.SecurityGroups.Count.ShouldBe(3);
        (a.Spec.Binding.Type, a.Spec.Network, a.Spec.Node).ShouldBe(("vlan", "default/blue", "node-1"));
        a.Spec.Addresses.ShouldHaveSingleItem().ShouldBe(new() { Address = $"{port.FixedIps[0].IpAddress}/20", Gateway = blue.Status.Subnets[0].Gateway });
        a.Metadata.OwnerReferences.ShouldHaveSingleItem().Kind.ShouldBe("Pod");
        ports.Select(p => p.NetworkId).Distinct().Count().ShouldBe(3);

        foreach (string pod in (string[])["a", "b", "c", "d"]) await world.DeletePodAsync(pod);
        await world.UntilAsync(async () => (await world.PortsAsync()).Count == 0 && (await world.GroupsAsync()).Count == 0, () => "all ports and groups to go");
        world.Agents.PodPorts.List().ShouldBeEmpty();
        world.List("network", "/v2.0/trunks", "trunks").SelectMany(t => t!["sub_ports"]!.AsArray()).ShouldBeEmpty();

        await world.Kubernetes.DeleteAsync<VirtualNetwork>(new("default", "blue"), Ct);
        await world.UntilAsync(async () => await world.Kubernetes.GetAsync<VirtualNetwork>(new("default", "blue"), Ct) is null, () => "the network to go");
        (await world.Cloud.Networking().GetNetworkAsync(blue.Status.NetworkId!, Ct)).ShouldBeNull();
    }

    [Fact(Timeout = 120_000)]
    public async Task Pods_that_come_together_cost_few_calls_and_a_restart_in_sync_none()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("first");
        await world.UntilPluggedAsync(1);
        await world.UntilQuietAsync();
        await world.StopAsync();
        world.Sandbox.Calls.Clear();
        await Parallel.ForEachAsync(Enumerable.Range(0, 40), Ct, async (i, _) => await world.AddPodAsync($"p{i}", $"node-{(i % 2) + 1}"));
        await world.StartAsync();
        await world.UntilPluggedAsync(41);
        world.Writes.Length.ShouldBe(3, string.Join('\n', world.Writes.Select(w => w.Operation)));
        await world.UntilQuietAsync();
        await world.StopAsync();
        world.Sandbox.Calls.Clear();
        await world.StartAsync();
        await world.UntilAsync(() => world.Sandbox.Calls.Entries().Any(c => c.Operation == "network.ports.list"), () => "the first look");
        await world.UntilQuietAsync();
        world.Writes.ShouldBeEmpty(string.Join('\n', world.Writes.Select(w => $"{w.Method} {w.Path}")));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_relabelled_pod_costs_one_write_and_a_pod_like_others_its_port()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.Kubernetes.CreateAsync(new NetworkPolicy
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "db" },
            Spec = new NetworkPolicySpec
            {
                PodSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "db" } },
                Ingress = [new() { From = [new() { PodSelector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } } }], Ports = [new() { Port = 5432 }] }],
            },
        }, Ct);
        await world.StartAsync();
        foreach ((string name, string app) in new (string, string)[] { ("db", "db"), ("web-1", "web"), ("web-2", "web"), ("idle", "none") }) await world.AddPodAsync(name, labels: l => l["app"] = app);
        await world.UntilPluggedAsync(4);
        await world.UntilQuietAsync();
        SecurityGroup db = (await world.GroupsAsync()).Single(g => g.Name.EndsWith("app=db", StringComparison.Ordinal));
        db.Rules.Count(r => r.Direction == "ingress").ShouldBe(2, string.Join('\n', (await world.GroupsAsync()).SelectMany(g => g.Rules.Select(r => $"{g.Name}: {r}"))));
        SecurityGroupRule rule = db.Rules.Single(r => r is { Direction: "ingress", EtherType: "IPv4" });
        (rule.Protocol, rule.PortRangeMin, rule.RemoteGroupId).ShouldBe(("tcp", 5432, (await world.GroupsAsync()).Single(g => g.Name.EndsWith("app=web", StringComparison.Ordinal)).Id));
        int compilations = world.Components.Ports.Compilations;

        world.Sandbox.Calls.Clear();
        await world.LabelAsync("web-2", "app", "none");
        await world.UntilQuietAsync();
        world.Writes.ShouldHaveSingleItem().Operation.ShouldBe("network.ports.update");
        world.Components.Ports.Compilations.ShouldBe(compilations, "nothing that policies depend on has changed");

        world.Sandbox.Calls.Clear();
        await world.AddPodAsync("web-3", labels: l => l["app"] = "web");
        await world.UntilPluggedAsync(5);
        world.Writes.Select(w => w.Operation).ShouldBe(["network.ports.create", "network.trunks.add_subports"]);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_port_is_freed_only_after_its_node_has_unplugged_it()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        world.Agents.Dead.Add("node-1");
        await world.DeletePodAsync("a");
        await world.UntilAsync(() => world.Agents.PodPorts.List().All(p => p.Metadata.IsBeingDeleted), () => "the node to be asked");
        await world.AddPodAsync("a", "node-2");
        await world.UntilQuietAsync();
        (await world.PortsAsync()).ShouldHaveSingleItem();
        world.Agents.Dead.Clear();
        await world.Kubernetes.PatchAsync<PodPort>(new("default", "a"), Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { ["wake"] = "up" } } }), Ct);
        await world.UntilAsync(() => world.Agents.PodPorts.Get(new("default", "a")) is { Spec.Node: "node-2", IsPlugged: true }, () => "the new pod to be plugged");
        await world.UntilAsync(async () => (await world.PortsAsync()).Count == 1, () => "the old port to go");
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_in_the_way_is_said_at_the_pod()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, trunks: false);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilAsync(async () => (await world.EventsAsync("a")).Any(e => e.StartsWith("NodeCannotPlug: node node-1: no port of server", StringComparison.Ordinal)), () => "the event");
        await world.Kubernetes.PatchAsync<Node>(new("", "node-1"), Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [NetworkNames.BindingAnnotation] = "ovs" } } }), Ct);
        await world.UntilAsync(async () => (await world.EventsAsync("a")).Any(e => e.StartsWith("PortForbidden: Neutron's policy", StringComparison.Ordinal)), () => "the event");
    }

    [Fact(Timeout = 120_000)]
    public async Task A_pod_that_waits_for_a_cloud_that_fails_is_told_so_and_gets_its_port_when_it_answers()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("before");
        await world.UntilPluggedAsync(1);
        world.Sandbox.Faults.Add(new FaultRule { Id = "down", Service = "network", Kind = FaultKind.DropBefore });
        await world.AddPodAsync("a");
        await world.UntilAsync(async () => (await world.EventsAsync("a")).Any(e => e.StartsWith("CloudUnavailable: the pod has no port yet, since the cloud's network service fails", StringComparison.Ordinal)), () => "the event");
        (await world.EventsAsync("before")).ShouldBeEmpty();
        world.Sandbox.Faults.Remove("down").ShouldBeTrue();
        await world.UntilPluggedAsync(2);
    }

    [Fact(Timeout = 120_000)]
    public async Task What_is_in_the_way_of_a_node_is_said_at_the_node_before_any_pod_asks()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, trunks: false);
        await world.Kubernetes.PatchAsync<Node>(new("", "node-2"), Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [NetworkNames.BindingAnnotation] = "ovs" } } }), Ct);
        List<Node> nodes = await world.Kubernetes.ListAsync<Node>(new(), Ct).ToListAsync(Ct);
        IReadOnlyDictionary<string, string> found = await NodeChecks.ProblemsAsync(nodes, world.Cloud.Networking(), world.Cloud.Networking(), Ct);
        found["node-1"].ShouldContain("is the parent of a trunk");
        found["node-2"].ShouldContain("create_port:binding:host_id");

        await world.StartAsync();
        await world.UntilAsync(async () => (await world.EventsAsync("node-1")).Any(e => e.StartsWith("NodeCannotPlug: no port of server", StringComparison.Ordinal)), () => "the event of the node without a trunk");
        await world.UntilAsync(async () => (await world.EventsAsync("node-2")).Any(e => e.StartsWith("PortForbidden: ports are to be bound to its host", StringComparison.Ordinal)), () => "the event of the node with a host");
        world.Writes.ShouldBeEmpty("it was found out by reading");
    }

    [Fact(Timeout = 120_000)]
    public async Task Nodes_in_order_have_no_problem()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        List<Node> nodes = await world.Kubernetes.ListAsync<Node>(new(), Ct).ToListAsync(Ct);
        (await NodeChecks.ProblemsAsync(nodes, world.Cloud.Networking(), world.Cloud.Networking(), Ct)).ShouldBeEmpty();
    }

    [Fact(Timeout = 120_000)]
    public async Task Another_network_is_refused_on_a_running_pod_with_an_event()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct);
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        await world.LabelAsync("a", "name", "red");
        await world.UntilAsync(async () => (await world.EventsAsync("a")).Any(e => e.StartsWith("NetworkChangeRefused", StringComparison.Ordinal)), () => "the event");
        world.Agents.PodPorts.Get(new("default", "a"))!.Spec.Network.ShouldBe("default/blue");
    }

    [Fact(Timeout = 120_000)]
    public async Task Pools_serve_pods_without_a_write()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, options: new NetworkOptions { Pool = new(2, 4, 6), RefillAfter = TimeSpan.FromMilliseconds(300), GroupGrace = TimeSpan.Zero });
        await world.StartAsync();
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        await world.UntilAsync(async () => (await world.PortsAsync()).Count(p => p.DeviceOwner == "trunk:subport") == 5, () => "the pool to fill");
        await world.UntilQuietAsync();
        world.Sandbox.Calls.Clear();
        await Task.WhenAll(world.AddPodAsync("b"), world.AddPodAsync("c"));
        await world.UntilPluggedAsync(3);
        world.Sandbox.Calls.Entries().Where(c => c.Service == "network" && c.Kind == CallKind.Write && c.Time < world.Agents.PodPorts.Get(new("default", "c"))!.Metadata.CreationTimestamp).ShouldBeEmpty();
        foreach (string pod in (string[])["a", "b", "c"]) await world.DeletePodAsync(pod);
        await world.UntilAsync(async () => (await world.PortsAsync()).Count == 0, () => "the pool to go with the last pod");
    }
}
