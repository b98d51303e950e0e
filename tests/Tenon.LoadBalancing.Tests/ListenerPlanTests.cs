using Tenon.OpenStack.LoadBalancing;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>What a change of ports, protocols and sources plans.</summary>
public sealed class ListenerPlanTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void Removed_port_deletes_only_its_own_listener_and_pool()
    {
        _cloud.Converge(Owner("web", Listener(80), Listener(443, index: 1)));
        _cloud.Applied.Clear();

        _cloud.Converge(Owner("web", Listener(443)));

        _cloud.Applied.Select(c => c.Describe()).Select(d => $"{d.Action} {d.Resource} {d.Name}").ShouldBe([$"delete pool pool_0_{Name}", $"delete listener listener_0_{Name}"]);
        _cloud.LoadBalancers.Values.Single().Listeners.Single().ProtocolPort.ShouldBe(443);
    }

    [Fact]
    public void A_changed_protocol_on_the_same_port_frees_the_port_first()
    {
        _cloud.Converge(Owner("web", Listener(80)));

        _cloud.Converge(Owner("web", Listener(80, "HTTP") with { ForwardedFor = true }));

        Listener listener = _cloud.LoadBalancers.Values.Single().Listeners.Single();
        listener.Protocol.ShouldBe("HTTP");
        listener.InsertHeaders.ShouldContain(new KeyValuePair<string, string>("X-Forwarded-For", "true"));
        _cloud.LoadBalancers.Values.Single().Pools.Single().Pool.Protocol.ShouldBe("HTTP");
    }

    [Fact]
    public void A_port_of_another_number_is_served_before_the_old_one_goes()
    {
        _cloud.Converge(Owner("web", Listener(80)));

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(Owner("web", Listener(8080)), _cloud.Observe());

        plan.Plan.Changes[0].ShouldBeOfType<LoadBalancerChange.CreateListener>();
        plan.Plan.Changes[^1].ShouldBeOfType<LoadBalancerChange.DeleteListener>();
    }

    [Theory]
    [InlineData("0.0.0.0/0", false)]
    [InlineData("", false)]
    [InlineData("10.0.0.0/8", true)]
    public void Everybody_is_the_same_as_nobody_named(string there, bool changes)
    {
        _cloud.Converge(Owner("web", Listener(80)));
        string id = _cloud.LoadBalancers.Keys.Single();
        ObservedLoadBalancer lb = _cloud.LoadBalancers[id];
        _cloud.LoadBalancers[id] = lb with { Listeners = [lb.Listeners[0] with { AllowedCidrs = there.Length == 0 ? [] : [there] }] };

        LoadBalancerPlanner.Plan(Owner("web", Listener(80)), _cloud.Observe()).IsEmpty.ShouldBe(!changes);
    }

    [Fact]
    public void What_a_listener_can_change_is_one_update_with_what_differs_and_back()
    {
        DesiredListener plain = Listener(443, "TERMINATED_HTTPS") with { TlsContainerRef = "old" };
        DesiredListener other = plain with
        {
            TlsContainerRef = "new", ForwardedFor = true, ConnectionLimit = 100, AllowedCidrs = ["10.0.0.0/8", "192.0.2.0/24"], Timeouts = plain.Timeouts! with { MemberData = TimeSpan.FromSeconds(70) },
        };
        _cloud.Converge(Owner("web", plain));
        string id = _cloud.LoadBalancers.Values.Single().Listeners.Single().Id;
        _cloud.Applied.Clear();

        _cloud.Converge(Owner("web", other));
        _cloud.Converge(Owner("web", plain));

        _cloud.Applied.Select(c => string.Join("; ", c.Describe().Details.Select(d => $"{d.Name} {d.Value}"))).ShouldBe(
        [
            "connection limit 100; allowed CIDRs 10.0.0.0/8 192.0.2.0/24; inserted headers [X-Forwarded-For, true]; certificate new; member data timeout 70000 ms",
            "connection limit -1; allowed CIDRs 0.0.0.0/0; inserted headers ; certificate old; member data timeout 50000 ms",
        ]);
        _cloud.LoadBalancers.Values.Single().Listeners.Single().Id.ShouldBe(id);
    }

    [Fact]
    public void The_order_of_sources_does_not_matter()
    {
        _cloud.Converge(Owner("web", Listener(80) with { AllowedCidrs = ["10.0.0.0/8", "192.0.2.0/24"] }));

        LoadBalancerPlanner.Plan(Owner("web", Listener(80) with { AllowedCidrs = ["192.0.2.0/24", "10.0.0.0/8"] }), _cloud.Observe()).IsEmpty.ShouldBeTrue();
    }

    [Fact]
    public void One_port_number_of_three_transports_is_three_listeners()
    {
        DesiredListener[] three = [Listener(53), Listener(53, "UDP", 1), Listener(53, "SCTP", 2)];
        _cloud.Converge(Owner("web", three));

        _cloud.Converge(Owner("web", three[0], three[2]));

        _cloud.LoadBalancers.Values.Single().Listeners.Select(l => l.Protocol).ShouldBe(["TCP", "SCTP"]);
        _cloud.LoadBalancers.Values.Single().Pools.Length.ShouldBe(2);
    }
}
