namespace Tenon.LoadBalancing.Tests;

public sealed class MemberSetTests
{
    [Fact]
    public void Sets_are_equal_by_what_they_hold_however_they_were_made()
    {
        MemberTargets targets = Examples.Nodes(3);
        var uniform = MemberSet.Uniform(targets, 30080, 31000);
        var listed = MemberSet.Of(targets.Items.Reverse().Select(t => new PoolMember(t with { SubnetId = "another" }, 30080, 31000)));

        listed.Equals(uniform).ShouldBeTrue();
        listed.GetHashCode().ShouldBe(uniform.GetHashCode());
        MemberSet.Uniform(MemberTargets.None, 30080).Equals(MemberSet.Empty).ShouldBeTrue();
    }

    [Theory]
    [InlineData(30081, 31000, 3)]
    [InlineData(30080, 31001, 3)]
    [InlineData(30080, 31000, 2)]
    public void Port_monitor_port_and_targets_count(int port, int monitorPort, int nodes)
        => MemberSet.Uniform(Examples.Nodes(nodes), port, monitorPort).Equals(MemberSet.Uniform(Examples.Nodes(3), 30080, 31000)).ShouldBeFalse();

    [Fact]
    public void Members_on_different_ports_are_kept_apart()
    {
        var target = new MemberTarget("pod", "10.0.0.1");
        var set = MemberSet.Of([new PoolMember(target, 8080), new PoolMember(target, 8081)]);

        set.Count.ShouldBe(2);
        set.Equals(MemberSet.Of([new PoolMember(target, 8080)])).ShouldBeFalse();
        set.Select(m => m.Port).ShouldBe([8080, 8081]);
    }
}
