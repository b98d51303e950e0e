using Tenon.Network.Contracts;
using Tenon.Nodes.Agent;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Tests.Agent;

public sealed class PortPlannerTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly Attachment Plugged = new() { ContainerId = "c1", InterfaceName = "eth0", PodNamespace = "default", PodName = "web", PortId = "p1", HostInterface = "tn1", IsPlugged = true };

    [Fact]
    public void A_pod_that_has_not_come_is_not_spoken_of() => PortPlanner.Plan(Port(), [], Now).ShouldBeEmpty();

    [Fact]
    public void One_that_is_being_plugged_is_not_spoken_of_yet() => PortPlanner.Plan(Port(), [Plugged with { IsPlugged = false, HostInterface = null }], Now).ShouldBeEmpty();

    [Fact]
    public void What_is_plugged_is_reported_once()
    {
        PodPort port = Reported(Port(), [Plugged]);
        port.IsPlugged.ShouldBeTrue();
        port.Status!.HostInterface.ShouldBe("tn1");
        PortPlanner.Plan(port, [Plugged], Now.AddHours(1)).ShouldBeEmpty();
    }

    [Fact]
    public void A_port_that_is_gone_leaving_or_anothers_is_unplugged_before_anything_is_reported()
    {
        PodPort port = Reported(Port(), [Plugged]);
        foreach (PodPort? now in new[] { null, Leaving(port), port with { Spec = port.Spec with { PortId = "p2" } } })
            PortPlanner.Plan(now, [Plugged], Now).ShouldHaveSingleItem().ShouldBeOfType<PortChange.Unplug>().Attachment.ShouldBe(Plugged);
    }

    [Fact]
    public void A_report_from_before_deletion_was_asked_for_frees_nothing()
    {
        PodPort port = Reported(Reported(Port(), [Plugged]), []);
        port.IsReportedUnplugged.ShouldBeTrue();
        PodPort leaving = Leaving(port);
        leaving.IsReportedUnplugged.ShouldBeFalse();
        Reported(leaving, []).IsReportedUnplugged.ShouldBeTrue();
    }

    [Fact]
    public void The_time_of_a_transition_stays_while_the_status_does()
    {
        PodPort port = Reported(Port(), [Plugged]);
        var moved = (PortChange.Report)PortPlanner.Plan(port, [Plugged with { ContainerId = "c2" }], Now.AddHours(1)).ShouldHaveSingleItem();
        moved.Status.ContainerId.ShouldBe("c2");
        moved.Status.Conditions.Single().LastTransitionTime.ShouldBe(Now);
        var failed = (PortChange.Report)PortPlanner.Plan(port, [Plugged with { IsPlugged = false, Failure = "no bridge" }], Now.AddHours(1)).ShouldHaveSingleItem();
        failed.Status.Conditions.Single().ShouldSatisfyAllConditions(
            c => c.Reason.ShouldBe(NetworkNames.FailedReason), c => c.Message.ShouldBe("no bridge"), c => c.LastTransitionTime.ShouldBe(Now.AddHours(1)));
    }

    [Fact]
    public void Conditions_of_others_are_kept()
    {
        PodPort port = Port() with { Status = new() { Conditions = [new() { Type = "Other", Status = "True" }] } };
        Reported(port, [Plugged]).Status!.Conditions.Select(c => c.Type).ShouldBe(["Other", NetworkNames.PluggedCondition]);
    }

    [Fact]
    public void Specs_that_cannot_be_plugged_are_told_field_by_field()
    {
        var bad = new PodPortSpec
        {
            PortId = "p1", MacAddress = "fa:16", Addresses = [new() { Address = "10.0.0.300/24", Gateway = "x" }], Binding = new() { Type = "vlan", VlanId = 4095 },
            Routes = [new() { Destination = "10.0.0.0/33", NextHop = "y" }],
        };
        IReadOnlyList<string> problems = PortCheck.Problems(bad);
        foreach (string field in new[] { "spec.portId", "spec.macAddress", "spec.addresses \"10.0.0.300/24\"", "spec.addresses.gateway", "spec.routes.destination", "spec.routes.nextHop", "spec.binding.vlanId" })
            problems.ShouldContain(p => p.StartsWith(field, StringComparison.Ordinal));
    }

    [Fact]
    public void A_nodes_name_that_is_too_long_for_a_label_keeps_apart_from_its_like()
    {
        NetworkNames.NodeLabelValue("node-1").ShouldBe("node-1");
        string one = NetworkNames.NodeLabelValue(new string('a', 100) + "1"), two = NetworkNames.NodeLabelValue(new string('a', 100) + "2");
        one.Length.ShouldBeLessThanOrEqualTo(63);
        one.ShouldNotBe(two);
    }

    private static PodPort Port() => new()
    {
        Metadata = new() { Namespace = "default", Name = "web", Generation = 1 },
        Spec = new() { PortId = "p1" },
    };

    private static PodPort Leaving(PodPort port) => port with { Metadata = port.Metadata with { DeletionTimestamp = Now, Generation = port.Metadata.Generation + 1 } };

    private static PodPort Reported(PodPort port, Attachment[] attachments)
        => port with { Status = ((PortChange.Report)PortPlanner.Plan(port, attachments, Now).ShouldHaveSingleItem()).Status };
}
