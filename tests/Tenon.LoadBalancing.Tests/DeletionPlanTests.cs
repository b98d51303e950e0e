using Tenon.Core;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>What the end of an owner plans.</summary>
public sealed class DeletionPlanTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void Keep_floatingip_keeps_it_through_deletion()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80)) with { KeepFloatingIp = true };
        _cloud.Converge(desired);

        _cloud.Remove(Deletion(desired));

        _cloud.LoadBalancers.ShouldBeEmpty();
        _cloud.FloatingIps.Values.Single().PortId.ShouldBeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Deletion_leaves_nothing(bool cascade)
    {
        DesiredListener listener = Listener(80);
        DesiredLoadBalancer desired = Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() } }, Listener(443, index: 1));
        _cloud.Converge(desired);

        (LoadBalancerPlan last, _) = _cloud.Remove(Deletion(desired, cascade));

        last.Plan.Then.ShouldBe(Outcome.Done);
        _cloud.LoadBalancers.ShouldBeEmpty();
        _cloud.FloatingIps.ShouldBeEmpty();
        _cloud.Applied.OfType<LoadBalancerChange.DeleteLoadBalancer>().Single().Cascade.ShouldBe(cascade);
    }
}
