using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;
using static Tenon.CloudController.Tests.Nodes.NodeSamples;

namespace Tenon.CloudController.Tests.Nodes;

public class NodePlannerTests
{
    [Fact]
    public void A_new_node_gets_provider_id_addresses_and_labels_and_loses_the_taint()
    {
        Node node = Initialised(Machine(), PortInventory.Empty);
        node.Spec.ProviderId.ShouldBe("openstack:///server-1");
        node.Spec.Taints.ShouldBeEmpty();
        node.Status.Addresses.ShouldBe([new("InternalIP", "10.0.0.5"), new("Hostname", "node-1")]);
        node.Metadata.Labels.ShouldBe(new Dictionary<string, string>
        {
            ["topology.kubernetes.io/zone"] = "az1",
            ["failure-domain.beta.kubernetes.io/zone"] = "az1",
            ["topology.kubernetes.io/region"] = "RegionOne",
            ["failure-domain.beta.kubernetes.io/region"] = "RegionOne",
            ["node.kubernetes.io/instance-type"] = "m1.small",
            ["beta.kubernetes.io/instance-type"] = "m1.small",
        }, ignoreOrder: true);
    }

    [Fact]
    public void Addresses_are_written_before_the_taint_goes()
        => NodePlanner.Plan(Fresh(), new([Machine()]), PortInventory.Empty, Options).Plan.Changes.Select(c => c.GetType())
            .ShouldBe([typeof(NodeChange.SetAddresses), typeof(NodeChange.Update)]);

    [Fact]
    public void The_provider_id_carries_the_region_where_asked()
        => Initialised(Machine(), PortInventory.Empty, options: Options with { RegionalProviderId = true }).Spec.ProviderId.ShouldBe("openstack://RegionOne/server-1");

    [Fact]
    public void A_provider_id_that_is_set_decides_whatever_the_names()
    {
        Server renamed = Machine("server-1", "another-name");
        Server homonym = Machine("server-2", "node-1", addresses: ("private", "10.0.0.9"));
        NodePlan plan = NodePlanner.Plan(Fresh().With("openstack:///server-1"), new([renamed, homonym]), PortInventory.Empty, Options);
        Apply(Fresh(), plan)!.Status.Addresses.ShouldContain(new NodeAddress("InternalIP", "10.0.0.5"));
    }

    [Fact]
    public void Two_servers_of_one_name_are_told_not_guessed()
    {
        NodePlan plan = NodePlanner.Plan(Fresh(), new([Machine("server-b"), Machine("server-a")]), PortInventory.Empty, Options);
        plan.Plan.IsEmpty.ShouldBeTrue();
        NodeNotice notice = plan.Notices.ShouldHaveSingleItem();
        (notice.Type, notice.Reason).ShouldBe((EventType.Warning, "AmbiguousServerName"));
        notice.Message.ShouldContain("server-a, server-b");
        notice.Message.ShouldContain("--provider-id=openstack:///");
    }

    [Fact]
    public void A_deleted_server_of_the_same_name_is_no_second_one()
        => NodePlanner.Plan(Fresh(), new([Machine(), Machine("old", status: "SOFT_DELETED")]), PortInventory.Empty, Options).Plan.IsEmpty.ShouldBeFalse();

    [Fact]
    public void A_name_in_other_case_is_found_but_an_exact_one_goes_first()
    {
        Initialised(Machine(name: "Node-1"), PortInventory.Empty).Spec.ProviderId.ShouldBe("openstack:///server-1");
        NodePlan plan = NodePlanner.Plan(Fresh(), new([Machine("upper", "NODE-1"), Machine("exact", "node-1")]), PortInventory.Empty, Options);
        Apply(Fresh(), plan)!.Spec.ProviderId.ShouldBe("openstack:///exact");
    }

    [Fact]
    public void A_new_node_without_server_stays_tainted_and_says_so()
    {
        NodePlan plan = NodePlanner.Plan(Fresh(), new([Machine(name: "other")]), PortInventory.Empty, Options);
        plan.Plan.IsEmpty.ShouldBeTrue();
        plan.Plan.Then.ShouldBeOfType<Outcome.Waiting>();
        plan.Notices.ShouldHaveSingleItem().Reason.ShouldBe("ServerNotFound");
    }

    [Fact]
    public void A_node_of_another_region_or_cloud_is_left_alone()
    {
        Node here = Initialised(Machine(), PortInventory.Empty).NotReady();
        foreach (string id in new[] { "openstack://RegionTwo/server-9", "aws:///eu-1/i-1", "nonsense" })
        {
            NodePlan plan = NodePlanner.Plan(here.With(id), new([Machine()]), PortInventory.Empty, Options);
            plan.Plan.IsEmpty.ShouldBeTrue(id);
            plan.Notices.ShouldBeEmpty(id);
            NodePlanner.Plan(Fresh().With(id), new([Machine()]), PortInventory.Empty, Options).Plan.Then.ShouldBeOfType<Outcome.Refused>(id);
        }
    }

    [Theory]
    [InlineData("nova az 1", "nova-az-1")]
    [InlineData(" Zone/A ", "Zone-A")]
    public void A_zone_that_is_no_label_becomes_one_with_a_warning(string zone, string label)
    {
        NodePlan plan = NodePlanner.Plan(Fresh(), new([Machine(zone: zone)]), PortInventory.Empty, Options);
        Apply(Fresh(), plan)!.Metadata.Labels[NodeKeys.Zone].ShouldBe(label);
        plan.Notices.ShouldContain(n => n.Type == EventType.Warning && n.Message.Contains(zone) && n.Message.Contains(label));
        plan.Plan.Then.ShouldBe(Outcome.Done);
    }

    [Fact]
    public void A_zone_that_cannot_become_a_label_leaves_it_out()
    {
        NodePlan plan = NodePlanner.Plan(Fresh(), new([Machine(zone: "区")]), PortInventory.Empty, Options);
        Node node = Apply(Fresh(), plan)!;
        node.Metadata.Labels.ContainsKey(NodeKeys.Zone).ShouldBeFalse();
        node.Spec.Taints.ShouldBeEmpty();
        plan.Notices.ShouldContain(n => n.Reason == "NameIsNoLabelValue");
    }

    [Fact]
    public void A_node_whose_server_moved_to_another_zone_keeps_its_zone_but_follows_its_flavor()
    {
        Node node = Initialised(Machine(), PortInventory.Empty);
        NodePlan plan = NodePlanner.Plan(node, new([Machine(zone: "az2") with { FlavorName = "m1.large" }]), PortInventory.Empty, Options);
        Node after = Apply(node, plan)!;
        after.Metadata.Labels[NodeKeys.Zone].ShouldBe("az1");
        after.Metadata.Labels[NodeKeys.InstanceType].ShouldBe("m1.large");
        after.Metadata.Labels[NodeKeys.BetaInstanceType].ShouldBe("m1.large");
    }

    [Fact]
    public void The_current_label_follows_the_old_one_and_a_missing_one_is_restored()
    {
        Node node = Initialised(Machine(), PortInventory.Empty);
        var labels = new Dictionary<string, string>(node.Metadata.Labels) { [NodeKeys.BetaZone] = "az7" };
        labels.Remove(NodeKeys.Region);
        node = node with { Metadata = node.Metadata with { Labels = labels } };
        Node after = Apply(node, NodePlanner.Plan(node, new([Machine()]), PortInventory.Empty, Options))!;
        after.Metadata.Labels[NodeKeys.Zone].ShouldBe("az7");
        after.Metadata.Labels[NodeKeys.Region].ShouldBe("RegionOne");
    }

    [Theory]
    [InlineData("SHUTOFF", true)]
    [InlineData("SHELVED_OFFLOADED", true)]
    [InlineData("ACTIVE", false)]
    [InlineData("ERROR", false)]
    [InlineData("UNKNOWN", false)]
    public void A_node_that_is_not_ready_is_tainted_when_its_server_is_shut_down(string status, bool tainted)
    {
        Node node = Initialised(Machine(), PortInventory.Empty).NotReady();
        Node after = Apply(node, NodePlanner.Plan(node, new([Machine(status: status)]), PortInventory.Empty, Options))!;
        after.Spec.Taints.Any(t => t.Key == NodeKeys.Shutdown && t.Effect == "NoSchedule").ShouldBe(tainted);
    }

    [Fact]
    public void The_shutdown_taint_goes_once_the_node_is_ready_and_other_taints_stay()
    {
        Node node = Initialised(Machine(), PortInventory.Empty);
        node = node with { Spec = node.Spec with { Taints = [new() { Key = NodeKeys.Shutdown, Effect = "NoSchedule" }, new() { Key = "dedicated", Value = "db", Effect = "NoExecute" }] } };
        NodePlan waiting = NodePlanner.Plan(node.NotReady(), new([Machine()]), PortInventory.Empty, Options);
        waiting.Plan.IsEmpty.ShouldBeTrue();
        Apply(node, NodePlanner.Plan(node, new([Machine()]), PortInventory.Empty, Options))!.Spec.Taints.ShouldHaveSingleItem().Key.ShouldBe("dedicated");
    }

    [Fact]
    public void A_node_is_deleted_only_when_it_is_not_ready_and_its_server_is_gone()
    {
        Node node = Initialised(Machine(), PortInventory.Empty);
        var others = new ServerInventory([Machine("server-2", "node-2")]);
        NodePlan ready = NodePlanner.Plan(node, others, PortInventory.Empty, Options);
        ready.Plan.IsEmpty.ShouldBeTrue();
        ready.Notices.ShouldHaveSingleItem().Type.ShouldBe(EventType.Warning);
        NodePlan gone = NodePlanner.Plan(node.NotReady(), others, PortInventory.Empty, Options);
        gone.Plan.Changes.ShouldBe([new NodeChange.Delete("server-1")]);
        gone.Notices.ShouldHaveSingleItem().Reason.ShouldBe("DeletingNode");
    }

    [Theory]
    [InlineData("DELETED")]
    [InlineData("SOFT_DELETED")]
    public void A_deleted_server_that_is_still_listed_counts_as_gone(string status)
        => NodePlanner.Plan(Initialised(Machine(), PortInventory.Empty).NotReady(), new([Machine(status: status)]), PortInventory.Empty, Options)
            .Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<NodeChange.Delete>();

    [Fact]
    public void A_project_without_any_server_deletes_no_node()
    {
        NodePlan plan = NodePlanner.Plan(Initialised(Machine(), PortInventory.Empty).NotReady(), new([]), PortInventory.Empty, Options);
        plan.Plan.IsEmpty.ShouldBeTrue();
        plan.Notices.ShouldHaveSingleItem().Message.ShouldContain("project");
    }

    [Fact]
    public void A_node_without_provider_id_is_never_deleted()
        => NodePlanner.Plan(Fresh().NotReady(), new([Machine(name: "other")]), PortInventory.Empty, Options).Plan.Changes.ShouldBeEmpty();

    [Fact]
    public void The_exclusion_label_keeps_a_node_from_taint_and_deletion()
    {
        Node node = Initialised(Machine(), PortInventory.Empty).NotReady().With(label: NodeKeys.ExcludeFromLifecycle);
        NodePlanner.Plan(node, new([Machine("x", "y")]), PortInventory.Empty, Options).Plan.IsEmpty.ShouldBeTrue();
        NodePlanner.Plan(node, new([Machine(status: "SHUTOFF")]), PortInventory.Empty, Options).Plan.IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void Each_half_can_be_left_to_another_controller()
    {
        NodePlanner.Plan(Fresh(), new([Machine()]), PortInventory.Empty, Options with { Initialize = false }).Plan.IsEmpty.ShouldBeTrue();
        Node gone = Initialised(Machine(), PortInventory.Empty).NotReady();
        NodePlanner.Plan(gone, new([Machine("x", "y")]), PortInventory.Empty, Options with { Lifecycle = false }).Plan.IsEmpty.ShouldBeTrue();
        NodePlanner.Plan(gone, new([Machine("x", "y")]), PortInventory.Empty, Options with { Initialize = false }).Plan.Changes.ShouldHaveSingleItem();
    }

    [Fact]
    public void A_server_without_address_keeps_the_taint_until_it_has_one()
    {
        Server building = Machine(status: "BUILD") with { Addresses = [] };
        NodePlan plan = NodePlanner.Plan(Fresh(), new([building]), PortInventory.Empty, Options);
        plan.Plan.IsEmpty.ShouldBeTrue();
        plan.Plan.Then.ShouldBeOfType<Outcome.Waiting>();
        plan.Notices.ShouldHaveSingleItem().Reason.ShouldBe("NoAddresses");
    }

    [Fact]
    public void A_node_that_is_being_deleted_is_left_alone()
    {
        Node node = Fresh() with { Metadata = Fresh().Metadata with { DeletionTimestamp = Start } };
        NodePlanner.Plan(node, new([Machine()]), PortInventory.Empty, Options).Plan.IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData("10.0.0.99", "not among the server's addresses")]
    [InlineData("somewhere", "is not an IP address")]
    [InlineData("10.0.0.5,10.0.0.5", "one IPv4 and one IPv6")]
    [InlineData("0.0.0.0,::", "one IPv4 and one IPv6")]
    public void A_node_ip_that_cannot_be_used_keeps_the_taint_and_names_the_flag(string nodeIp, string says)
    {
        NodePlan plan = NodePlanner.Plan(Fresh().With(annotation: nodeIp), new([Machine()]), PortInventory.Empty, Options);
        plan.Plan.IsEmpty.ShouldBeTrue();
        NodeNotice notice = plan.Notices.ShouldHaveSingleItem();
        notice.Message.ShouldContain("--node-ip");
        notice.Message.ShouldContain(says);
    }
}
