using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

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
    public void A_lost_answer_to_the_creation_leads_to_adoption_not_to_a_second_load_balancer()
    {
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        _cloud.Apply(LoadBalancerPlanner.Plan(desired, _cloud.Observe()).Plan.Changes[0]);

        _cloud.Converge(desired);

        _cloud.LoadBalancers.Count.ShouldBe(1);
        _cloud.FloatingIps.Values.Single().PortId.ShouldBe(_cloud.LoadBalancers.Values.Single().LoadBalancer.VipPortId);
    }

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

    [Fact]
    public void A_security_group_comes_with_its_rules_on_the_ports_and_goes_without_a_trace()
    {
        _cloud.Ports["p1"] = new Port { Id = "p1", SecurityGroups = ["default"] };
        _cloud.Ports["p2"] = new Port { Id = "p2", SecurityGroups = ["default"] };
        DesiredLoadBalancer desired = Owner("web", Listener(80));
        DesiredLoadBalancer with = desired with
        {
            SecurityGroup = new DesiredSecurityGroup { Name = "lb-sg-uid-default-web", Rules = [new IngressRule("IPv4", "tcp", 30080, "10.0.0.0/24")], PortIds = ["p1", "p2"], Tags = ["tenon.cluster=1"] },
        };

        _cloud.Converge(with);
        SecurityGroup group = _cloud.SecurityGroups.Values.Single();
        group.Rules.Single().PortRangeMin.ShouldBe(30080);
        group.Tags.ShouldBe(["tenon.cluster=1"]);
        _cloud.Ports["p2"].SecurityGroups.ShouldBe(["default", group.Id]);
        _cloud.Converge(with with { SecurityGroup = with.SecurityGroup with { PortIds = ["p1"], Rules = [new IngressRule("IPv4", "tcp", 31000, "10.0.0.0/24")] } });
        _cloud.Ports["p2"].SecurityGroups.ShouldBe(["default"]);
        _cloud.SecurityGroups.Values.Single().Rules.Single().PortRangeMin.ShouldBe(31000);
        _cloud.Converge(desired);

        _cloud.SecurityGroups.ShouldBeEmpty();
        _cloud.Ports["p1"].SecurityGroups.ShouldBe(["default"]);
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

    private static ObservedLoadBalancer UsersLoadBalancer() => new(
        new LoadBalancer { Id = "users", Name = "test_shared_user_lb", ProvisioningStatus = ProvisioningStatus.Active, VipAddress = "10.0.0.50", VipPortId = "users-vip", Provider = "amphora" },
        [new Listener { Id = "users-listener", Name = "web", Protocol = "HTTP", ProtocolPort = 80, LoadBalancerId = "users" }], []);
}
