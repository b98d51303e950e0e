using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.Testing;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>What is said of parts in ERROR, under a load balancer that is ACTIVE and under one that is not.</summary>
public sealed class BrokenPartsTests
{
    private readonly ModelCloud _cloud = new();

    [Theory]
    [InlineData("listener", "listener listener_0_kube_service_kubernetes_default_web (listener-")]
    [InlineData("monitor", "health monitor monitor_0_kube_service_kubernetes_default_web (monitor-")]
    public void A_part_in_error_under_an_active_load_balancer_is_named(string part, string message)
    {
        DesiredLoadBalancer desired = Monitored();
        _cloud.Converge(desired);
        Break(part);

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());

        PlanNote note = plan.Notes.ShouldHaveSingleItem();
        (note.IsWarning, note.Reason).ShouldBe((true, LoadBalancerReasons.InError));
        note.Message.ShouldContain("is ACTIVE, but ");
        note.Message.ShouldContain(message);
        plan.IsEmpty.ShouldBeTrue();
        plan.Plan.Then.ShouldBe(Outcome.Done);
    }

    [Fact]
    public void A_load_balancer_in_error_is_reported_with_all_that_is_broken_in_it()
    {
        DesiredLoadBalancer desired = Monitored() with { WasServed = true };
        _cloud.Converge(desired);
        foreach (string part in (string[])["listener", "pool", "monitor", "member"]) Break(part);
        Change(l => l with { LoadBalancer = l.LoadBalancer with { ProvisioningStatus = ProvisioningStatus.Error } });

        string message = LoadBalancerPlanner.Plan(desired, _cloud.Observe()).Notes.ShouldHaveSingleItem().Message;

        foreach (string part in (string[])["listener listener_0", "pool pool_0", "health monitor monitor_0", "member node-1"]) message.ShouldContain(part);
        message.ShouldContain("openstack loadbalancer failover");
    }

    [Fact]
    public void A_part_of_another_sharer_is_not_this_owners_matter()
    {
        _cloud.Converge(Monitored());
        string id = _cloud.LoadBalancers.Keys.Single();
        DesiredLoadBalancer second = Owner("second", Listener(8080, owner: "kube_service_kubernetes_default_second")) with { Id = id };
        _cloud.Converge(second);
        Break("listener");
        Break("member");

        LoadBalancerPlanner.Plan(second, _cloud.Observe()).Notes.ShouldBeEmpty();
        LoadBalancerPlanner.Plan(Monitored(), _cloud.Observe()).Notes.ShouldHaveSingleItem();
    }

    [Fact]
    public void Members_in_error_under_an_active_load_balancer_are_given_once_more_after_longer_and_longer_pauses()
    {
        DesiredLoadBalancer desired = Monitored();
        _cloud.Converge(desired);
        Break("member");
        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());
        plan.Notes.ShouldHaveSingleItem().Message.ShouldEndWith("is ACTIVE, but member node-1 10.0.0.1:30080 (m1) is in ERROR. The members are given once more.");
        LoadBalancerChange.ReplaceMembers change = plan.Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<LoadBalancerChange.ReplaceMembers>();
        (change.Mends, change.Members).ShouldBe((true, desired.Listeners[0].Pool.Members));

        var clock = new ManualTimeProvider();
        var outage = new LoadBalancerOutage(clock);
        var key = new NamespacedName("default", "web");
        outage.Allow(key, plan).Later.ShouldBeNull();
        foreach (int seconds in (int[])[5, 10, 20])
        {
            outage.Tried(key, plan.Plan.Changes);
            outage.Allow(key, plan).Later.ShouldBe(TimeSpan.FromSeconds(seconds));
            clock.Advance(TimeSpan.FromSeconds(seconds));
            outage.Allow(key, plan).Later.ShouldBeNull();
        }

        outage.Tried(key, plan.Plan.Changes);
        Change(l => WithPool(l, p => p with { BrokenMembers = [] }));
        LoadBalancerPlan well = LoadBalancerPlanner.Plan(desired, _cloud.Observe());
        well.IsEmpty.ShouldBeTrue();
        well.Notes.ShouldBeEmpty();
        outage.Allow(key, well).Later.ShouldBeNull();
    }

    [Fact]
    public void A_pool_in_error_under_an_active_load_balancer_gets_its_members_once_more()
    {
        DesiredLoadBalancer desired = Monitored();
        _cloud.Converge(desired);
        Break("pool");

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());

        string message = plan.Notes.ShouldHaveSingleItem().Message;
        message.ShouldContain("is ACTIVE, but pool pool_0_kube_service_kubernetes_default_web (pool-");
        message.ShouldEndWith("is in ERROR. The members are given once more.");
        LoadBalancerChange.ReplaceMembers change = plan.Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<LoadBalancerChange.ReplaceMembers>();
        (change.Mends, change.Members).ShouldBe((true, desired.Listeners[0].Pool.Members));
    }

    [Fact]
    public void An_empty_pool_in_error_is_only_reported_because_no_member_would_be_given()
    {
        DesiredListener listener = Listener(80);
        DesiredLoadBalancer desired = Owner("web", listener with { Pool = listener.Pool with { Members = MemberSet.Empty } });
        _cloud.Converge(desired);
        Break("pool");

        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());

        plan.IsEmpty.ShouldBeTrue();
        plan.Notes.ShouldHaveSingleItem().Message.ShouldEndWith("Delete that part and it is made anew.");
    }

    [Fact]
    public void Members_in_error_are_given_once_more_before_the_last_of_them_is_taken_away()
    {
        DesiredLoadBalancer full = Monitored();
        _cloud.Converge(full);
        Break("member");
        DesiredListener listener = full.Listeners[0];
        DesiredLoadBalancer empty = full with { Listeners = [listener with { Pool = listener.Pool with { Members = MemberSet.Empty } }] };

        LoadBalancerChange.ReplaceMembers again = LoadBalancerPlanner.Plan(empty, _cloud.Observe()).Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<LoadBalancerChange.ReplaceMembers>();
        (again.Mends, again.Members).ShouldBe((true, listener.Pool.Members));
        Change(l => WithPool(l, p => p with { BrokenMembers = [] }));

        LoadBalancerChange.ReplaceMembers none = LoadBalancerPlanner.Plan(empty, _cloud.Observe()).Plan.Changes.ShouldHaveSingleItem().ShouldBeOfType<LoadBalancerChange.ReplaceMembers>();
        (none.Mends, none.Members.Count).ShouldBe((false, 0));
    }

    [Fact]
    public void Attempts_are_forgotten_once_all_was_well_for_a_while()
    {
        DesiredLoadBalancer desired = Monitored();
        _cloud.Converge(desired);
        Break("member");
        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());
        var clock = new ManualTimeProvider();
        var outage = new LoadBalancerOutage(clock);
        var key = new NamespacedName("default", "web");
        foreach (int seconds in (int[])[5, 10, 20])
        {
            outage.Tried(key, plan.Plan.Changes);
            outage.Settled(key);
            outage.Allow(key, plan).Later.ShouldBe(TimeSpan.FromSeconds(seconds));
            clock.Advance(TimeSpan.FromSeconds(seconds + 20));
            outage.Settled(key);
        }

        clock.Advance(TimeSpan.FromMinutes(2));
        outage.Settled(key);
        outage.Tried(key, plan.Plan.Changes);
        outage.Allow(key, plan).Later.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Members_that_stay_in_error_hold_up_nothing_else()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80), Listener(81, index: 1));
        _cloud.Converge(desired);
        Break("member");
        DesiredListener second = desired.Listeners[1];
        DesiredLoadBalancer changed = desired with { Listeners = [desired.Listeners[0], second with { Pool = second.Pool with { Members = MemberSet.Empty } }] };
        var outage = new LoadBalancerOutage(new ManualTimeProvider());
        var key = new NamespacedName("default", "web");

        // What is broken is of the first listener; it comes last all the same, because one change at a time can be made.
        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(changed, _cloud.Observe());
        plan.Plan.Changes.Select(c => c.ShouldBeOfType<LoadBalancerChange.ReplaceMembers>().Mends).ShouldBe([false, true]);
        outage.Tried(key, [plan.Plan.Changes[0]]);
        outage.Allow(key, plan).ShouldBe((plan, null));

        outage.Tried(key, [plan.Plan.Changes[1]]);
        (LoadBalancerPlan now, TimeSpan? later) = outage.Allow(key, plan);
        now.Plan.Changes.ShouldBe([plan.Plan.Changes[0]]);
        now.Plan.Then.ShouldBe(plan.Plan.Then);
        later.ShouldBe(TimeSpan.FromSeconds(5));

        // With nothing but the mending left, all else is settled.
        (now, later) = outage.Allow(key, LoadBalancerPlanner.Plan(desired, _cloud.Observe()));
        (now.IsEmpty, now.Plan.Then, later).ShouldBe((true, Outcome.Done, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_load_balancer_that_falls_back_into_error_is_deleted_again_after_longer_and_longer_pauses()
    {
        DesiredLoadBalancer desired = Monitored();
        _cloud.Converge(desired);
        Change(l => l with { LoadBalancer = l.LoadBalancer with { ProvisioningStatus = ProvisioningStatus.Error } });
        LoadBalancerPlan plan = LoadBalancerPlanner.PlanDeletion(new LoadBalancerDeletion { Owner = desired, IsNameOfOther = _ => false }, _cloud.Observe());
        plan.Notes.ShouldHaveSingleItem().Message.ShouldContain("is in ERROR, or went back into it when it was deleted");
        var clock = new ManualTimeProvider();
        var outage = new LoadBalancerOutage(clock);
        var key = new NamespacedName("default", "web");

        foreach (int seconds in (int[])[5, 10, 20])
        {
            outage.Allow(key, plan).ShouldBe((plan, null));
            outage.Tried(key, plan.Plan.Changes);
            (LoadBalancerPlan now, TimeSpan? later) = outage.Allow(key, plan);
            later.ShouldBe(TimeSpan.FromSeconds(seconds));
            now.Plan.Changes.ShouldNotContain(c => c is LoadBalancerChange.DeleteLoadBalancer);
            now.Plan.Then.ShouldBeOfType<Outcome.Waiting>().Poll.ShouldBe(later);
            clock.Advance(TimeSpan.FromSeconds(seconds));
        }
    }

    [Fact]
    public void Members_that_are_changed_one_by_one_are_reported_when_they_are_in_error()
    {
        DesiredLoadBalancer desired = Monitored() with { Build = BuildMode.Serial };
        _cloud.Converge(desired);
        Break("member");
        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, _cloud.Observe());
        plan.IsEmpty.ShouldBeTrue();
        plan.Notes.ShouldHaveSingleItem().Message.ShouldEndWith("Delete that part and it is made anew.");
    }

    [Fact]
    public void A_member_that_its_provider_lost_while_it_was_deleted_is_given_once_more_and_then_taken_away()
    {
        var lost = new PoolMember(new MemberTarget("gone", "10.0.0.9", null), 30080);
        DesiredLoadBalancer desired = Monitored();
        _cloud.Converge(desired);
        MemberSet wanted = desired.Listeners[0].Pool.Members;
        MemberSet both = MemberSet.Of([.. wanted, lost]);
        Change(l => WithPool(l, p => p with { Members = both, LostMembers = [lost] }));

        LoadBalancerPlanner.Plan(desired, _cloud.Observe()).Plan.Changes.ShouldHaveSingleItem()
            .ShouldBeOfType<LoadBalancerChange.ReplaceMembers>().Members.ShouldBe(both);
        Change(l => WithPool(l, p => p with { LostMembers = [] }));
        LoadBalancerPlanner.Plan(desired, _cloud.Observe()).Plan.Changes.ShouldHaveSingleItem()
            .ShouldBeOfType<LoadBalancerChange.ReplaceMembers>().Members.ShouldBe(wanted);
    }

    private static DesiredLoadBalancer Monitored()
    {
        DesiredListener listener = Listener(80);
        return Owner("web", listener with { Pool = listener.Pool with { Monitor = Monitor() } });
    }

    private void Break(string part) => Change(l => part switch
    {
        "listener" => l with { Listeners = [l.Listeners[0] with { ProvisioningStatus = ProvisioningStatus.Error }, .. l.Listeners.Skip(1)] },
        "pool" => WithPool(l, p => p with { Pool = p.Pool with { ProvisioningStatus = ProvisioningStatus.Error } }),
        "monitor" => WithPool(l, p => p with { Monitor = p.Monitor! with { ProvisioningStatus = ProvisioningStatus.Error } }),
        _ => WithPool(l, p => p with { BrokenMembers = ["member node-1 10.0.0.1:30080 (m1) is in ERROR"] }),
    });

    private static ObservedLoadBalancer WithPool(ObservedLoadBalancer observed, Func<ObservedPool, ObservedPool> change)
        => observed with { Pools = [change(observed.Pools[0]), .. observed.Pools.Skip(1)] };

    private void Change(Func<ObservedLoadBalancer, ObservedLoadBalancer> change)
    {
        string id = _cloud.LoadBalancers.Keys.Single();
        _cloud.LoadBalancers[id] = change(_cloud.LoadBalancers[id]);
    }
}
