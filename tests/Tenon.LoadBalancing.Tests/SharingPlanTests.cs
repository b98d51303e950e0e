using Tenon.Core;
using Tenon.OpenStack.Networking;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>Load balancers of several owners, or of a user.</summary>
public sealed class SharingPlanTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void A_second_service_shares_a_load_balancer_and_leaves_it_as_it_was()
    {
        DesiredLoadBalancer first = Owner("web", Listener(80));
        _cloud.Converge(first);
        string id = _cloud.LoadBalancers.Keys.Single();
        ObservedLoadBalancer before = _cloud.LoadBalancers[id];
        DesiredLoadBalancer second = Owner("second", Listener(8080, owner: "kube_service_kubernetes_default_second")) with { Id = id };

        _cloud.Converge(second);
        _cloud.LoadBalancers[id].LoadBalancer.Tags.ShouldBe([Name, "kube_service_kubernetes_default_second"]);
        _cloud.LoadBalancers[id].Listeners.Length.ShouldBe(2);
        LoadBalancerPlanner.Plan(first, _cloud.Observe()).IsEmpty.ShouldBeTrue();
        LoadBalancerPlanner.Endpoint(second, _cloud.Observe())!.Address.ShouldBe("203.0.113.10");
        _cloud.Remove(Deletion(second));

        _cloud.LoadBalancers[id].LoadBalancer.ShouldBe(before.LoadBalancer);
        _cloud.LoadBalancers[id].Listeners.ShouldBe(before.Listeners);
        _cloud.FloatingIps.Count.ShouldBe(1);
    }

    [Fact]
    public void The_owner_goes_before_the_sharer_and_the_last_one_takes_the_load_balancer_along()
    {
        DesiredLoadBalancer first = Owner("web", Listener(80));
        _cloud.Converge(first);
        string id = _cloud.LoadBalancers.Keys.Single();
        DesiredLoadBalancer second = Owner("second", Listener(8080, owner: "kube_service_kubernetes_default_second")) with { Id = id };
        _cloud.Converge(second);

        _cloud.Remove(Deletion(first with { Id = id }));
        _cloud.LoadBalancers[id].LoadBalancer.Tags.ShouldBe(["kube_service_kubernetes_default_second"]);
        _cloud.LoadBalancers[id].Listeners.Single().ProtocolPort.ShouldBe(8080);
        _cloud.FloatingIps.Count.ShouldBe(1);
        _cloud.Remove(Deletion(second));

        _cloud.LoadBalancers.ShouldBeEmpty();
    }

    [Fact]
    public void A_load_balancer_that_a_user_made_is_shared_and_stays()
    {
        _cloud.LoadBalancers["users"] = UsersLoadBalancer();
        _cloud.FloatingIps["users-fip"] = new FloatingIp { Id = "users-fip", Address = "203.0.113.50", PortId = "users-vip" };
        DesiredLoadBalancer desired = Owner("web", Listener(8080)) with { Id = "users" };

        _cloud.Converge(desired);
        _cloud.LoadBalancers["users"].Listeners.Length.ShouldBe(2);
        _cloud.Remove(Deletion(desired));

        _cloud.LoadBalancers["users"].LoadBalancer.Tags.ShouldBeEmpty();
        _cloud.LoadBalancers["users"].Listeners.Single().Id.ShouldBe("users-listener");
        _cloud.FloatingIps["users-fip"].PortId.ShouldBe("users-vip");
    }

    [Fact]
    public void A_load_balancer_named_after_another_living_service_is_not_deleted_with_a_sharer()
    {
        DesiredLoadBalancer first = Owner("web", Listener(80)) with { TagsSupported = false };
        _cloud.Converge(first);
        string id = _cloud.LoadBalancers.Keys.Single();
        DesiredLoadBalancer second = Owner("second", Listener(8080)) with { Id = id };
        _cloud.Converge(second);

        _cloud.Remove(Deletion(second, cascade: true, Name));

        _cloud.LoadBalancers.Keys.ShouldBe([id]);
        _cloud.LoadBalancers[id].Listeners.Single().ProtocolPort.ShouldBe(80);
    }

    [Fact]
    public void A_port_conflict_is_refused_before_anything_is_changed()
    {
        _cloud.LoadBalancers["users"] = UsersLoadBalancer();
        _cloud.FloatingIps["users-fip"] = new FloatingIp { Id = "users-fip", Address = "203.0.113.50", PortId = "users-vip" };

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(Owner("web", Listener(80)) with { Id = "users" }, _cloud.Observe());

        plan.Plan.Changes.ShouldBeEmpty();
        plan.Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("port 80/TCP of load balancer users is already used by listener");
    }

    [Fact]
    public void Too_many_sharers_are_refused()
    {
        ObservedLoadBalancer users = UsersLoadBalancer();
        _cloud.LoadBalancers["users"] = users with { LoadBalancer = users.LoadBalancer with { Tags = ["kube_service_a", "kube_service_b"] } };

        LoadBalancerPlanner.Plan(Owner("web", Listener(8080)) with { Id = "users" }, _cloud.Observe())
            .Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("max-shared-lb is 2");
    }

    [Fact]
    public void An_internal_service_cannot_share()
    {
        _cloud.LoadBalancers["users"] = UsersLoadBalancer();

        LoadBalancerPlanner.Plan(Owner("web", Listener(8080)) with { Id = "users", FloatingIp = null }, _cloud.Observe())
            .Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("internal Service cannot share");
    }

    [Fact]
    public void A_sharer_does_not_expose_a_load_balancer_without_floating_ip()
    {
        _cloud.LoadBalancers["users"] = UsersLoadBalancer();
        DesiredLoadBalancer desired = Owner("web", Listener(8080)) with { Id = "users" };

        (LoadBalancerPlan last, _) = _cloud.Converge(desired);

        last.Plan.Then.ShouldBeOfType<Outcome.Waiting>();
        last.Notes.ShouldContain(n => n.IsWarning && n.Message.Contains("must not expose it", StringComparison.Ordinal));
        _cloud.FloatingIps.ShouldBeEmpty();
    }

    [Fact]
    public void A_load_balancer_of_another_cluster_that_is_only_shared_keeps_its_name()
    {
        const string theirs = "kube_service_prod_default_web";
        _cloud.Converge(Owner("web", Listener(80, owner: theirs)) with { Name = theirs, OwnerTag = theirs });
        string id = _cloud.LoadBalancers.Keys.Single();
        DesiredLoadBalancer ours = Owner("web", Listener(8080)) with { Id = id };

        _cloud.Converge(ours);
        _cloud.Converge(ours with { WasServed = true });

        _cloud.LoadBalancers[id].LoadBalancer.Name.ShouldBe(theirs);
        _cloud.LoadBalancers[id].LoadBalancer.Tags.ShouldBe([theirs, Name]);
    }
}
