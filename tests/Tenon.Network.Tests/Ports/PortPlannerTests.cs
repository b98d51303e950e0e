using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Network.Ports;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Ports;

public sealed class PortPlannerTests
{
    private static readonly PortNetwork s_blue = new("default/blue", "net-blue", [new VirtualSubnet { Id = "subnet-net-blue", Cidr = "10.0.0.0/16", Gateway = "10.0.0.1" }], 1442);
    private static readonly PortNetwork s_red = new("default/red", "net-red", [new VirtualSubnet { Id = "subnet-net-red", Cidr = "10.1.0.0/16", Gateway = "10.1.0.1" }], 1442);

    private static PortWorld World(int nodes, params PodWish[] pods) => new()
    {
        Mark = "tenon network of test",
        Nodes = Enumerable.Range(1, nodes).Select(i => new PortNode($"vm-{i}", new NodeBinding.Vlan($"trunk-{i}", $"fa:16:3e:ff:00:{i:x2}")))
            .Append(new PortNode("metal", new NodeBinding.Ovs("compute1"))).ToDictionary(n => n.Name),
        Networks = new[] { s_blue, s_red }.ToDictionary(n => n.Key),
        Pods = pods,
    };

    private static PodWish Pod(int n, string node = "vm-1", string network = "default/blue", params string[] groups)
        => new(new("default", $"pod-{n}"), $"uid-{n}", node, network, [.. groups.Length == 0 ? ["g-all"] : groups]);

    [Fact]
    public void A_pod_on_a_virtual_machine_gets_a_subport_with_a_vlan()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1), Pod(2))).Problems.ShouldBeEmpty();
        cloud.Writes.ShouldBe(2);
        PodPortSpec spec = cloud.PodPorts[new("default", "pod-1")];
        spec.Binding.ShouldBe(new PortBinding { Type = "vlan", VlanId = cloud.SubPorts.Single(s => s.PortId == spec.PortId).SegmentationId, ParentMacAddress = "fa:16:3e:ff:00:01" });
        spec.Addresses.ShouldHaveSingleItem().Gateway.ShouldBe("10.0.0.1");
    }

    [Fact]
    public void A_pod_on_a_hypervisor_gets_a_port_bound_to_its_host()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(0, Pod(1, "metal")));
        (cloud.Writes, cloud.Ports.Single().BindingHostId, cloud.PodPorts.Values.Single().Binding.Type).ShouldBe((1, "compute1", "ovs"));
    }

    [Fact]
    public void A_thousand_pods_on_fifty_nodes_cost_their_bulk_creates_and_one_call_a_node()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(50, [.. Enumerable.Range(0, 1000).Select(i => Pod(i, $"vm-{(i % 50) + 1}"))]));
        cloud.PodPorts.Count.ShouldBe(1000);
        cloud.Writes.ShouldBe(4 + 50);
    }

    [Fact]
    public void Other_groups_cost_one_update_and_nothing_else()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1), Pod(2)));
        int before = cloud.Writes;
        cloud.Settle(World(1, Pod(1), Pod(2, "vm-1", "default/blue", "g-other")));
        (cloud.Writes - before).ShouldBe(1);
    }

    [Fact]
    public void In_sync_there_is_nothing_to_do()
    {
        var cloud = new ModelPorts();
        PortWorld world = World(2, Pod(1), Pod(2, "vm-2"), Pod(3, "metal")) with { Pool = new(2, 3, 5) };
        cloud.Settle(world);
        PortPlanner.Plan(cloud.See(world)).Changes.ShouldBeEmpty();
    }

    [Fact]
    public void A_pool_serves_pods_without_a_write()
    {
        var cloud = new ModelPorts();
        PortWorld world = World(1, Pod(1)) with { Pool = new(2, 5, 8) };
        cloud.Settle(world);
        PortPlan plan = PortPlanner.Plan(cloud.See(world with { Pods = [Pod(1), Pod(2), Pod(3)] }));
        plan.Changes.ShouldAllBe(c => c is PortChange.WritePodPort);
        plan.Changes.Count.ShouldBe(2);
    }

    [Fact]
    public void A_free_port_of_other_groups_serves_a_single_pod_for_one_write()
    {
        var cloud = new ModelPorts();
        PortWorld world = World(1, Pod(1)) with { Pool = new(2, 5, 8) };
        cloud.Settle(world);
        int before = cloud.Writes;
        PodWish other = Pod(2, "vm-1", "default/blue", "g-other");
        cloud.Settle(world with { Pods = [Pod(1), other], Pool = new(0, 5, 8) });
        (cloud.Writes - before).ShouldBe(1);
        cloud.Ports.Single(p => p.Id == cloud.PodPorts[other.Pod].PortId).SecurityGroups.ShouldBe(["g-other"]);

        // For several on one node, bulk is cheaper: one call makes them, one plugs them. Another network's or node's port is no use.
        before = cloud.Writes;
        PodWish[] several = [Pod(1), other, .. Enumerable.Range(3, 3).Select(n => Pod(n, "vm-1", "default/blue", "g-third"))];
        cloud.Settle(world with { Pods = several, Pool = new(0, 5, 8) });
        (cloud.Writes - before).ShouldBe(2);
        before = cloud.Writes;
        cloud.Settle(world with { Pods = [.. several, Pod(9, "vm-1", "default/red", "g-other")], Pool = new(0, 5, 8) });
        (cloud.Writes - before).ShouldBe(2);
    }

    [Fact]
    public void A_port_is_free_only_once_its_node_has_unplugged_it()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1)));
        cloud.Plugged.Add(new("default", "pod-1"));
        cloud.Settle(World(1));
        cloud.Ports.Count.ShouldBe(1);
        cloud.Plugged.Clear();
        cloud.Settle(World(1));
        cloud.Ports.ShouldBeEmpty();
        cloud.SubPorts.ShouldBeEmpty();
    }

    [Fact]
    public void A_PodPort_that_somebody_deletes_under_a_running_pod_is_renewed_once_it_is_unplugged()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1), Pod(2)));
        cloud.Plugged.UnionWith(cloud.PodPorts.Keys);
        cloud.Leaving.UnionWith(cloud.PodPorts.Keys);
        PortWorld world = World(1, Pod(1), Pod(2) with { IsLeaving = true });
        PortPlan plan = PortPlanner.Plan(cloud.See(world));
        plan.Changes.ShouldBeEmpty();
        plan.Problems.Select(p => (p.Pod.Name, p.Reason)).ShouldBe([("pod-1", PortPlanner.PodPortDeleted)], "what goes on purpose is no problem");
        cloud.Plugged.Clear();
        cloud.Settle(world).Problems.ShouldBeEmpty();
        cloud.PodPorts.Keys.ShouldBe([new("default", "pod-1")]);
        cloud.Leaving.ShouldBeEmpty();
        cloud.Ports.Count.ShouldBe(1);
    }

    [Fact]
    public void Ports_are_made_with_addresses_of_the_subnets_that_pods_know()
    {
        PortWorld world = World(1, Pod(1)) with { Pool = new(1, 1, 1) };
        PortChange.CreatePorts[] creates = [.. PortPlanner.Plan(world).Changes.OfType<PortChange.CreatePorts>()];
        creates.Select(c => c.IsRefill).ShouldBe([false, true], "pools are not in the way of pods");
        creates.SelectMany(c => c.Ports).ShouldAllBe(p => p.FixedIps.Value == new FixedIp[] { new("subnet-net-blue", "") }.ToEquatableArray());
    }

    [Fact]
    public void A_port_without_an_address_that_pods_know_is_given_to_none()
    {
        var cloud = new ModelPorts();
        PortWorld world = World(1, Pod(1)) with { Networks = new Dictionary<string, PortNetwork> { [s_blue.Key] = s_blue with { Subnets = [s_blue.Subnets[0] with { Id = "another" }] } } };
        PortPlan plan = cloud.Settle(world);
        plan.Problems.ShouldHaveSingleItem().Reason.ShouldBe("PortWithoutAddress");
        cloud.PodPorts.ShouldBeEmpty();
        cloud.Settle(world with { Pods = [Pod(2)] }).Problems.ShouldHaveSingleItem().Pod.Name.ShouldBe("pod-2", "nor does it wait for another pod");
        cloud.Settle(World(1, Pod(2))).Problems.ShouldBeEmpty();
        cloud.PodPorts.Count.ShouldBe(1);
    }

    [Fact]
    public void A_node_that_is_gone_unplugs_nothing_and_its_ports_go()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(2, Pod(1, "vm-2")));
        cloud.Plugged.Add(new("default", "pod-1"));
        cloud.Settle(World(1));
        cloud.Ports.ShouldBeEmpty();
    }

    [Fact]
    public void A_pod_that_comes_back_under_its_name_waits_for_the_old_ones_port_to_be_unplugged()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1)));
        cloud.Plugged.Add(new("default", "pod-1"));
        PodWish again = Pod(1) with { Uid = "uid-1b" };
        PortProblem said = cloud.Settle(World(1, again)).Problems.ShouldHaveSingleItem();
        said.Reason.ShouldBe(PortPlanner.FormerPod);
        said.Message.ShouldContain("which node vm-1 has not said to have unplugged");
        cloud.PodPorts.Values.Single().PodUid.ShouldBe("uid-1");
        cloud.Plugged.Clear();
        cloud.Settle(World(1, again));
        cloud.PodPorts.Values.Single().PodUid.ShouldBe("uid-1b");
    }

    [Fact]
    public void Another_network_is_refused_on_a_running_pod()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1)));
        PortPlan plan = cloud.Settle(World(1, Pod(1, "vm-1", "default/red")));
        plan.Problems.ShouldHaveSingleItem().Reason.ShouldBe("NetworkChangeRefused");
        cloud.PodPorts.Values.Single().Network.ShouldBe("default/blue");
    }

    [Fact]
    public void A_pod_whose_other_network_is_refused_follows_its_labels_and_policies_on_its_own()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1), Pod(2)));
        cloud.Settle(World(1, Pod(1, "vm-1", "default/red", "g-strict"), Pod(2, "vm-1", "default/grey", "g-strict")));
        cloud.Ports.ShouldAllBe(p => p.SecurityGroups.Contains("g-strict"));

        // Nor does it matter that its own network is going, or gone.
        PortPlan plan = cloud.Settle(World(1, Pod(1), Pod(2)) with { Networks = new Dictionary<string, PortNetwork>() });
        cloud.Ports.ShouldAllBe(p => p.SecurityGroups.Contains("g-all"));
        plan.Problems.ShouldBeEmpty();
    }

    [Fact]
    public void What_a_pod_that_lives_has_stays_whether_or_not_it_can_be_served_now()
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1), Pod(2)));
        cloud.Plugged.UnionWith(cloud.PodPorts.Keys);
        PortPlanner.Plan(cloud.See(World(1) with { Live = new HashSet<string> { "uid-1", "uid-2" } })).Changes.ShouldBeEmpty();
        PortPlanner.Plan(cloud.See(World(1, Pod(1)) with { Live = new HashSet<string> { "uid-1" } })).Changes.ShouldHaveSingleItem().ShouldBe(new PortChange.AskToUnplug(new("default", "pod-2"), "uid-2"));
    }

    [Fact]
    public void While_its_groups_cannot_be_given_a_pod_keeps_what_it_has_and_a_new_one_waits()
    {
        var cloud = new ModelPorts();
        PortWorld world = World(1, Pod(1)) with { Pool = new(1, 1, 2) };
        cloud.Settle(world);
        PortPlanner.Plan(cloud.See(world with { Pods = [Pod(1) with { Groups = null }, Pod(2) with { Groups = null }] })).Changes.ShouldBeEmpty("the pool stays too");
    }

    [Theory]
    [InlineData("vm-9", "default/blue", "NodeCannotPlug")]
    [InlineData("vm-1", "default/grey", "NetworkNotReady")]
    public void What_is_missing_is_said(string node, string network, string reason)
    {
        var cloud = new ModelPorts();
        cloud.Settle(World(1, Pod(1, node, network), Pod(2))).Problems.ShouldHaveSingleItem().Reason.ShouldBe(reason);
        cloud.PodPorts.Count.ShouldBe(1);
    }

    [Fact]
    public void Whatever_happens_and_wherever_it_crashes_the_world_converges_and_nothing_is_left_over()
    {
        for (int seed = 1; seed <= 150; seed++)
        {
            var random = new Random(seed);
            var cloud = new ModelPorts();
            var pods = new List<PodWish>();
            PoolSize pool = random.Next(2) == 0 ? PoolSize.None : new(1, 2, 3);
            int next = 0;
            for (int step = 0; step < 12; step++)
            {
                int changes = random.Next(1, 6);
                for (int i = 0; i < changes; i++)
                {
                    int kind = random.Next(4);
                    if (kind == 0 && pods.Count > 0)
                    {
                        PodWish gone = pods[random.Next(pods.Count)];
                        pods.Remove(gone);
                        cloud.Plugged.Remove(gone.Pod);
                    }
                    else if (kind == 1 && pods.Count > 0)
                    {
                        int n = random.Next(pods.Count);
                        pods[n] = pods[n] with { Groups = [random.Next(2) == 0 ? "g-all" : "g-other"] };
                    }
                    else
                    {
                        pods.Add(Pod(next++, random.Next(4) == 0 ? "metal" : $"vm-{random.Next(1, 3)}", random.Next(2) == 0 ? "default/blue" : "default/red"));
                    }
                }

                PortWorld world = World(2, [.. pods]) with { Pool = pool };
                cloud.Settle(world, () => random.Next(4) == 0);
                PortPlanner.Plan(cloud.See(world)).Changes.ShouldBeEmpty($"seed {seed}");
                cloud.PodPorts.Values.Select(p => p.PodUid).ShouldBe(pods.Select(p => p.Uid), ignoreOrder: true, $"seed {seed}");
            }

            cloud.Plugged.Clear();
            cloud.Settle(World(2), () => random.Next(4) == 0);
            (cloud.Ports.Count, cloud.SubPorts.Count(), cloud.PodPorts.Count).ShouldBe((0, 0, 0), $"seed {seed}");
        }
    }
}
