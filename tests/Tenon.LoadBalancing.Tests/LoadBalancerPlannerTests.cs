using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>Which load balancer is made, adopted, renamed or left alone.</summary>
public sealed class LoadBalancerPlannerTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void A_new_load_balancer_is_one_populated_request_and_one_floating_ip()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80), Listener(443, index: 1), Listener(53, "UDP", 2));

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());

        plan.Plan.Changes.Length.ShouldBe(2);
        var create = plan.Plan.Changes[0].ShouldBeOfType<LoadBalancerChange.CreateLoadBalancer>();
        create.Request.Tags.ShouldBe([Name]);
        create.Request.Listeners.Select(l => l.Name).ShouldBe([$"listener_0_{Name}", $"listener_1_{Name}", $"listener_2_{Name}"]);
        create.Request.Listeners[0].DefaultPool!.Members.Select(m => $"{m.Name} {m.Address}:{m.ProtocolPort} {m.SubnetId}").ShouldBe(["node-1 10.0.0.1:30080 subnet", "node-2 10.0.0.2:30080 subnet"]);
        plan.Plan.Changes[1].ShouldBeOfType<LoadBalancerChange.CreateFloatingIp>().Request.Description.ShouldBe("Floating IP for Kubernetes external service default/web from cluster kubernetes");
        plan.Plan.Then.ShouldBeOfType<Outcome.Waiting>();
    }

    [Fact]
    public void What_is_as_wanted_plans_nothing()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80) with { Pool = Listener(80).Pool with { Monitor = Monitor() } }, Listener(443, index: 1));
        _cloud.Converge(desired);

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());

        plan.Plan.Changes.ShouldBeEmpty();
        plan.Plan.Then.ShouldBe(Outcome.Done);
        LoadBalancerPlanner.Endpoint(desired, _cloud.Observe())!.Address.ShouldBe("203.0.113.10");
    }

    [Fact]
    public void A_lost_answer_to_the_creation_leads_to_adoption_not_to_a_second_load_balancer()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Apply(LoadBalancerPlanner.Plan(desired, _cloud.Observe()).Plan.Changes[0]);

        _cloud.Converge(desired);

        _cloud.LoadBalancers.Count.ShouldBe(1);
        _cloud.FloatingIps.Values.Single().PortId.ShouldBe(_cloud.LoadBalancers.Values.Single().LoadBalancer.VipPortId);
    }

    [Fact]
    public void A_missing_load_balancer_is_named_with_the_fix()
        => LoadBalancerPlanner.Plan(Owner("web", Listener(80)) with { Id = "gone" }, _cloud.Observe())
            .Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("there is no load balancer gone. Remove the annotation");

    [Fact]
    public void Two_load_balancers_of_the_name_are_not_guessed_between()
    {
        foreach (string id in (string[])["one", "two"])
        {
            _cloud.LoadBalancers[id] = new(new LoadBalancer { Id = id, Name = Name, Tags = [Name], ProvisioningStatus = ProvisioningStatus.Active }, [], []);
        }

        LoadBalancerPlanner.Plan(Owner("web", Listener(80)), _cloud.Observe())
            .Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("there are 2 load balancers named");
    }

    [Theory]
    [InlineData(ProvisioningStatus.PendingUpdate)]
    [InlineData(ProvisioningStatus.PendingCreate)]
    public void A_pending_load_balancer_is_waited_for_while_its_floating_ip_is_made(ProvisioningStatus status)
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Apply(LoadBalancerPlanner.Plan(desired, _cloud.Observe()).Plan.Changes[0]);
        string id = _cloud.LoadBalancers.Keys.Single();
        _cloud.LoadBalancers[id] = _cloud.LoadBalancers[id] with { LoadBalancer = _cloud.LoadBalancers[id].LoadBalancer with { ProvisioningStatus = status }, Listeners = [] };

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());

        plan.Plan.Changes.Single().ShouldBeOfType<LoadBalancerChange.CreateFloatingIp>();
        plan.Plan.Then.ShouldBeOfType<Outcome.Waiting>().Poll.ShouldBeNull();
    }

    [Fact]
    public void A_new_load_balancer_in_error_is_made_anew_and_one_that_served_is_reported_and_left()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Converge(desired);
        string id = _cloud.LoadBalancers.Keys.Single();
        ObservedLoadBalancer lb = _cloud.LoadBalancers[id];
        _cloud.LoadBalancers[id] = lb with
        {
            LoadBalancer = lb.LoadBalancer with { ProvisioningStatus = ProvisioningStatus.Error },
            Listeners = [lb.Listeners[0] with { ProvisioningStatus = ProvisioningStatus.Error }],
        };

        LoadBalancerPlan served = LoadBalancerPlanner.Plan(desired with { WasServed = true }, _cloud.Observe());
        served.Plan.Changes.ShouldBeEmpty();
        served.Plan.Then.ShouldBeOfType<Outcome.Waiting>();
        served.Notes.Single().Message.ShouldContain($"listener listener_0_{Name} ({lb.Listeners[0].Id}) is in ERROR");
        LoadBalancerPlan fresh = LoadBalancerPlanner.Plan(desired, _cloud.Observe());
        fresh.Plan.Changes.Single().ShouldBeOfType<LoadBalancerChange.DeleteLoadBalancer>();

        _cloud.Converge(desired);
        _cloud.LoadBalancers.Values.Single().LoadBalancer.Id.ShouldNotBe(id);
        _cloud.FloatingIps.Count.ShouldBe(1);
    }

    [Fact]
    public void After_a_change_of_the_clusters_name_all_is_renamed_and_nothing_made_anew()
    {
        const string old = "kube_service_old_default_web";
        DesiredListener listener = Listener(80, owner: old);
        DesiredLoadBalancer before = Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() with { Name = $"monitor_0_{old}" } } }) with { Name = old, OwnerTag = old };
        _cloud.Converge(before);
        string id = _cloud.LoadBalancers.Keys.Single();
        listener = Listener(80);
        DesiredLoadBalancer after = Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() } }) with { Id = id, WasServed = true };
        _cloud.Applied.Clear();

        _cloud.Converge(after);

        ObservedLoadBalancer lb = _cloud.LoadBalancers[id];
        lb.LoadBalancer.Name.ShouldBe(Name);
        lb.LoadBalancer.Tags.ShouldBe([Name]);
        lb.Listeners.Single().Name.ShouldBe($"listener_0_{Name}");
        lb.Listeners.Single().Tags.ShouldBe([Name]);
        lb.Pools.Single().Pool.Name.ShouldBe($"pool_0_{Name}");
        lb.Pools.Single().Monitor!.Name.ShouldBe($"monitor_0_{Name}");
        _cloud.Applied.ShouldAllBe(c => c is LoadBalancerChange.UpdateLoadBalancer || c is LoadBalancerChange.UpdateListener || c is LoadBalancerChange.UpdatePool || c is LoadBalancerChange.UpdateMonitor);
    }

    [Fact]
    public void A_load_balancer_under_its_ancient_name_is_adopted_without_a_rewrite()
    {
        DesiredLoadBalancer ancient = Owner("web", Listener(80)) with { Name = "a-uid-of-web", OwnerTag = "a-uid-of-web" };
        _cloud.Converge(ancient);

        LoadBalancerPlanner.Plan(Owner("web", Listener(80)), _cloud.Observe()).Plan.Changes.ShouldBeEmpty();
    }

    [Fact]
    public void A_mark_of_the_collector_is_taken_off_when_the_owner_is_back()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Converge(desired);
        string id = _cloud.LoadBalancers.Keys.Single();
        _cloud.Apply(new LoadBalancerChange.UpdateLoadBalancer(id, Name, new() { Tags = (EquatableArray<string>)[Name, "tenon.orphan=1"] }));

        _cloud.Converge(desired);

        _cloud.LoadBalancers[id].LoadBalancer.Tags.ShouldBe([Name]);
    }
}
