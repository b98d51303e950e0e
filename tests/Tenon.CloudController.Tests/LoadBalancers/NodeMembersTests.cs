using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.Tests.LoadBalancers;

public sealed class NodeMembersTests
{
    [Fact]
    public void Nodes_that_are_excluded_or_going_are_no_members_and_those_not_ready_stay()
    {
        NodeMembers.IsEligible(Node("a")).ShouldBeTrue();
        NodeMembers.IsEligible(Node("a", labels: new() { [NodeMembers.ExclusionLabel] = "" })).ShouldBeFalse();
        NodeMembers.IsEligible(Node("a", labels: new() { [NodeMembers.ExclusionLabel] = "true" })).ShouldBeFalse();
        NodeMembers.IsEligible(Node("a", labels: new() { [NodeMembers.ExclusionLabel] = "false" })).ShouldBeFalse();
        NodeMembers.IsEligible(Node("a") with { Spec = new NodeSpec { Taints = [new Taint { Key = NodeMembers.AutoscalerTaint, Effect = "NoSchedule" }] } }).ShouldBeFalse();
        Node going = Node("a");
        NodeMembers.IsEligible(going with { Metadata = going.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } }).ShouldBeFalse();
    }

    [Fact]
    public void The_internal_address_of_the_family_goes_before_the_external_one()
    {
        Node node = Node("a") with
        {
            Status = new NodeStatus
            {
                Addresses = [new("ExternalIP", "203.0.113.1"), new("InternalIP", "fd00::1"), new("InternalIP", "10.0.0.1"), new("Hostname", "a")],
            },
        };

        NodeMembers.Address(node, "IPv4").ShouldBe("10.0.0.1");
        NodeMembers.Address(node, "IPv6").ShouldBe("fd00::1");
        NodeMembers.Address(node, null).ShouldBe("fd00::1");
        NodeMembers.Address(node with { Status = new NodeStatus { Addresses = [new("ExternalIP", "203.0.113.1")] } }, "IPv4").ShouldBe("203.0.113.1");
    }

    [Fact]
    public void Equal_targets_are_one_object_so_that_a_thousand_services_share_them()
    {
        var members = new NodeMembers();
        MemberTargets first = members.Targets([Node("a"), Node("b", "10.0.0.2")], NodeSelector.Everything, "IPv4", "subnet");

        members.Targets([Node("b", "10.0.0.2"), Node("a")], NodeSelector.Everything, "IPv4", "subnet").ShouldBeSameAs(first);
        members.Targets([Node("a")], NodeSelector.Everything, "IPv4", "subnet").ShouldNotBeSameAs(first);
    }

    [Theory]
    [InlineData("openstack:///8a1e", "8a1e")]
    [InlineData("openstack://RegionOne/8a1e", "8a1e")]
    [InlineData("aws:///i-1", null)]
    [InlineData(null, null)]
    public void Server_ids_are_read_from_provider_ids(string? providerId, string? server)
        => NodeMembers.ServerId(Node("a") with { Spec = new NodeSpec { ProviderId = providerId } }).ShouldBe(server);

    [Fact]
    public void A_heartbeat_is_no_difference_and_a_new_address_is()
    {
        Node before = Node("a");
        NodeMembers.Differ(before, before with { Metadata = before.Metadata with { ResourceVersion = "2" } }).ShouldBeFalse();
        NodeMembers.Differ(before, Node("a", "10.0.0.9")).ShouldBeTrue();
        NodeMembers.Differ(before, Node("a", labels: new() { ["env"] = "prod" })).ShouldBeTrue();
    }

    private static Node Node(string name, string address = "10.0.0.1", Dictionary<string, string>? labels = null) => new()
    {
        Metadata = new ObjectMeta { Name = name, Labels = labels ?? [] },
        Status = new NodeStatus { Addresses = [new("InternalIP", address)] },
    };
}
