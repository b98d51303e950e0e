using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>What a change of members and monitors plans.</summary>
public sealed class PoolPlanTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void A_node_that_joins_is_one_batch_update_a_pool()
    {
        _cloud.Converge(Owner("web", Listener(80), Listener(443, index: 1)));

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(Owner("web", Listener(80, nodes: 3), Listener(443, index: 1, nodes: 3)), _cloud.Observe());

        plan.Plan.Changes.Length.ShouldBe(2);
        plan.Plan.Changes.ShouldAllBe(c => c is LoadBalancerChange.ReplaceMembers);
        plan.Plan.Changes[0].ToString().ShouldContain("add node-3 10.0.0.3:30080");
    }

    [Fact]
    public void Members_one_by_one_where_the_provider_wants_it()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80, nodes: 3)) with { Build = BuildMode.Serial };
        _cloud.Converge(desired);
        _cloud.Applied.ShouldNotContain(c => c is LoadBalancerChange.ReplaceMembers);
        _cloud.Applied.OfType<LoadBalancerChange.CreateLoadBalancer>().Single().Request.Listeners.ShouldBeEmpty();
        _cloud.Applied.Clear();

        _cloud.Converge(Owner("web", Listener(80, nodes: 2)) with { Build = BuildMode.Serial });

        _cloud.Applied.Single().ShouldBeOfType<LoadBalancerChange.DeleteMember>().Address.ShouldBe("10.0.0.3:30080");
    }

    [Fact]
    public void A_provider_that_forgets_monitors_gets_them_afterwards()
    {
        DesiredListener listener = Listener(80);
        DesiredLoadBalancer desired = Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() } }) with { Build = BuildMode.PopulatedWithoutMonitors };

        _cloud.Converge(desired);

        _cloud.Applied.OfType<LoadBalancerChange.CreateLoadBalancer>().Single().Request.Listeners[0].DefaultPool!.HealthMonitor.ShouldBeNull();
        _cloud.LoadBalancers.Values.Single().Pools.Single().Monitor!.Type.ShouldBe("TCP");
    }

    [Fact]
    public void A_monitor_of_another_type_is_made_anew_and_one_of_other_times_is_changed()
    {
        DesiredListener listener = Listener(80);
        _cloud.Converge(Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() } }));
        _cloud.Applied.Clear();

        _cloud.Converge(Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() with { Delay = TimeSpan.FromSeconds(9) } } }));
        _cloud.Applied.Single().ShouldBeOfType<LoadBalancerChange.UpdateMonitor>();
        _cloud.Applied.Clear();
        _cloud.Converge(Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor(type: "HTTP") with { UrlPath = "/healthz" } } }));

        _cloud.Applied.Select(c => c.GetType()).ShouldBe([typeof(LoadBalancerChange.DeleteMonitor), typeof(LoadBalancerChange.CreateMonitor)]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("UDP-CONNECT")]
    public void On_ovn_a_monitor_goes_with_its_pool_as_the_provider_may_hang_otherwise(string? type)
    {
        DesiredListener listener = Listener(80);
        DesiredLoadBalancer before = OnOvn(listener with { Pool = listener.Pool with { Monitor = Monitor() } }, Listener(443, index: 1));
        _cloud.Converge(before);
        _cloud.Applied.Clear();

        _cloud.Converge(OnOvn(listener with { Pool = listener.Pool with { Monitor = type is null ? null : Monitor(type: type) } }, Listener(443, index: 1)));

        _cloud.Applied.Select(c => $"{c.Describe().Action} {c.Describe().Resource}").ShouldBe(
            ["delete pool", "create pool", "update members of pool", .. (string[])(type is null ? [] : ["create health monitor"])]);
        ObservedLoadBalancer after = _cloud.LoadBalancers.Values.Single();
        after.PoolOf(after.Listeners[0])!.Monitor?.Type.ShouldBe(type);
        after.PoolOf(after.Listeners[0])!.Members.ShouldBe(listener.Pool.Members);
    }

    [Fact]
    public void On_ovn_a_monitor_of_other_times_is_changed_and_one_that_is_new_is_made()
    {
        DesiredListener listener = Listener(80);
        _cloud.Converge(OnOvn(listener));
        _cloud.Applied.Clear();

        _cloud.Converge(OnOvn(listener with { Pool = listener.Pool with { Monitor = Monitor() } }));
        _cloud.Converge(OnOvn(listener with { Pool = listener.Pool with { Monitor = Monitor() with { Delay = TimeSpan.FromSeconds(9) } } }));

        _cloud.Applied.Select(c => c.GetType()).ShouldBe([typeof(LoadBalancerChange.CreateMonitor), typeof(LoadBalancerChange.UpdateMonitor)]);
    }

    [Fact]
    public void On_ovn_a_removed_port_deletes_pool_and_listener_and_unlinks_nothing()
    {
        DesiredListener listener = Listener(80);
        _cloud.Converge(OnOvn(listener with { Pool = listener.Pool with { Monitor = Monitor() } }, Listener(443, index: 1)));
        _cloud.Applied.Clear();

        _cloud.Converge(OnOvn(Listener(443)));

        _cloud.Applied.Select(c => c.GetType()).ShouldBe([typeof(LoadBalancerChange.DeletePool), typeof(LoadBalancerChange.DeleteListener)]);
    }

    [Fact]
    public void A_pool_of_another_protocol_is_made_anew_and_one_of_other_manners_is_changed()
    {
        _cloud.Converge(Owner("web", Listener(80)));
        _cloud.Applied.Clear();

        DesiredListener sticky = Listener(80);
        sticky = sticky with { Pool = sticky.Pool with { SourceIpPersistence = true, Algorithm = "LEAST_CONNECTIONS" } };
        _cloud.Converge(Owner("web", sticky));
        _cloud.Applied.Single().ToString().ShouldContain("algorithm LEAST_CONNECTIONS, session persistence SOURCE_IP");
        _cloud.Converge(Owner("web", Listener(80)));
        _cloud.Applied[^1].ToString().ShouldContain("algorithm ROUND_ROBIN, session persistence none");
        _cloud.Applied.Clear();
        _cloud.Converge(Owner("web", sticky with { Pool = sticky.Pool with { Protocol = "PROXY" } }));

        _cloud.Applied.Select(c => c.GetType()).ShouldBe([typeof(LoadBalancerChange.DeletePool), typeof(LoadBalancerChange.CreatePool), typeof(LoadBalancerChange.ReplaceMembers)]);
        _cloud.LoadBalancers.Values.Single().Pools.Single().Pool.SessionPersistence!.Type.ShouldBe("SOURCE_IP");
    }

    private static DesiredLoadBalancer OnOvn(params DesiredListener[] listeners)
        => Owner("web", listeners) with { Provider = "ovn", Build = BuildMode.PopulatedWithoutMonitors };
}
