using Tenon.Core;
using Tenon.OpenStack.Networking;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

/// <summary>Which addresses a load balancer gets, keeps and loses.</summary>
public sealed class FloatingIpPlanTests
{
    private readonly ModelCloud _cloud = new();

    [Fact]
    public void A_floating_ip_left_by_a_lost_load_balancer_is_taken_again()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Converge(desired);
        string address = _cloud.FloatingIps.Values.Single().Address;
        _cloud.Apply(new LoadBalancerChange.DeleteLoadBalancer(_cloud.LoadBalancers.Keys.Single(), Name, true, "by hand"));

        _cloud.Converge(desired);

        _cloud.FloatingIps.Values.Single().Address.ShouldBe(address);
        _cloud.FloatingIps.Values.Single().PortId.ShouldNotBeNull();
    }

    [Fact]
    public void A_requested_address_that_is_there_is_attached_and_never_deleted()
    {
        _cloud.FloatingIps["own"] = new FloatingIp { Id = "own", Address = "203.0.113.77", NetworkId = "public", Description = "mine" };
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        desired = desired with { FloatingIp = desired.FloatingIp! with { Address = "203.0.113.77" } };

        _cloud.Converge(desired);
        LoadBalancerPlanner.Endpoint(desired, _cloud.Observe())!.Address.ShouldBe("203.0.113.77");
        _cloud.Remove(Deletion(desired));

        _cloud.FloatingIps["own"].PortId.ShouldBeNull();
        _cloud.LoadBalancers.ShouldBeEmpty();
    }

    [Fact]
    public void A_requested_address_in_use_elsewhere_is_refused_by_name()
    {
        _cloud.FloatingIps["own"] = new FloatingIp { Id = "own", Address = "203.0.113.77", NetworkId = "public", PortId = "somebody" };
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        desired = desired with { FloatingIp = desired.FloatingIp! with { Address = "203.0.113.77" } };

        (LoadBalancerPlan last, _) = _cloud.Converge(desired);

        last.Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("203.0.113.77 (own) is in use by port somebody");
        _cloud.FloatingIps["own"].PortId.ShouldBe("somebody");
    }

    [Fact]
    public void Turning_internal_deletes_our_floating_ip_and_only_takes_off_others()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Converge(desired);
        _cloud.Converge(desired with { FloatingIp = null });
        _cloud.FloatingIps.ShouldBeEmpty();

        _cloud.FloatingIps["theirs"] = new FloatingIp { Id = "theirs", Address = "203.0.113.99", PortId = _cloud.LoadBalancers.Values.Single().LoadBalancer.VipPortId, Description = "theirs" };
        _cloud.Converge(desired with { FloatingIp = null });
        _cloud.FloatingIps["theirs"].PortId.ShouldBeNull();
    }

    [Fact]
    public void Both_families_are_published_and_the_floating_ip_leads_to_the_ipv4_one()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80)) with { AdditionalVipSubnetIds = ["subnet6"] };

        _cloud.Converge(desired);

        LoadBalancerEndpoint endpoint = LoadBalancerPlanner.Endpoint(desired, _cloud.Observe())!;
        endpoint.Address.ShouldBe("203.0.113.10");
        endpoint.FurtherAddresses.ShouldBe(["2001:db8::1"]);
    }

    [Fact]
    public void An_ipv6_load_balancer_is_reached_at_its_own_address()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80)) with { Vip = new VipPlacement { SubnetId = "six", Address = "2001:db8::5" } };

        (LoadBalancerPlan last, _) = _cloud.Converge(desired);

        _cloud.FloatingIps.ShouldBeEmpty();
        last.Notes.Single().Reason.ShouldBe(LoadBalancerReasons.FloatingIpSkipped);
        LoadBalancerPlanner.Endpoint(desired, _cloud.Observe())!.Address.ShouldBe("2001:db8::5");
    }

    [Fact]
    public void A_load_balancer_with_another_than_the_fixed_address_is_replaced_and_keeps_its_floating_ip()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80)) with { Vip = new VipPlacement { SubnetId = "subnet", Address = "10.254.0.5", IsFixed = true } };
        _cloud.Converge(desired);
        string floating = _cloud.FloatingIps.Values.Single().Address;

        _cloud.Converge(desired with { Vip = desired.Vip with { Address = "10.254.0.6" } });

        _cloud.LoadBalancers.Values.Single().LoadBalancer.VipAddress.ShouldBe("10.254.0.6");
        (_cloud.FloatingIps.Values.Single().Address, _cloud.FloatingIps.Values.Single().PortId)
            .ShouldBe((floating, _cloud.LoadBalancers.Values.Single().LoadBalancer.VipPortId));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "")]
    [InlineData(true, "kube_service_kubernetes_default_other")]
    public void A_load_balancer_with_another_address_stays_where_the_address_is_only_a_wish_or_it_is_not_the_owners_alone(bool isFixed, string? tag)
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80)) with { Vip = new VipPlacement { SubnetId = "subnet", Address = "10.254.0.5", IsFixed = isFixed } };
        _cloud.Converge(desired);
        (string id, ObservedLoadBalancer there) = _cloud.LoadBalancers.Single();
        if (tag is not null) _cloud.LoadBalancers[id] = there with { LoadBalancer = there.LoadBalancer with { Tags = tag.Length == 0 ? [] : [.. there.LoadBalancer.Tags, tag] } };

        (LoadBalancerPlan last, _) = _cloud.Converge(desired with { Vip = desired.Vip with { Address = "10.254.0.6" } });

        _cloud.LoadBalancers.Keys.ShouldBe([id]);
        if (isFixed) last.Plan.Then.ShouldBeOfType<Outcome.Refused>().Message.ShouldContain("10.254.0.6");
        else last.Plan.Then.ShouldBe(Outcome.Done);
    }
}
