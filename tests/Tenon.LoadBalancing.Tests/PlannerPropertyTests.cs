using FsCheck;
using FsCheck.Fluent;
using Outcome = Tenon.Core.Outcome;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using static Tenon.LoadBalancing.Tests.Examples;

namespace Tenon.LoadBalancing.Tests;

public sealed class PlannerPropertyTests
{
    /// <summary>A wish: which ports with which protocol, how many nodes, monitors or not, internal or not, how it is built.</summary>
    private sealed record Wish(int[] Ports, int Protocol, int Nodes, int Monitor, bool Internal, int Build, bool Group)
    {
        public DesiredLoadBalancer Desired(string service, string? id = null)
        {
            string name = $"kube_service_kubernetes_default_{service}";
            string protocol = ((string[])["TCP", "HTTP", "UDP", "TERMINATED_HTTPS", "SCTP"])[Protocol];
            DesiredListener[] listeners =
            [
                .. Ports.Distinct().Select((p, i) => Listener(p, protocol, i, Nodes, owner: name)).Select(l => l with
                {
                    TlsContainerRef = protocol == "TERMINATED_HTTPS" ? "ref" : null,
                    ForwardedFor = protocol == "HTTP",
                    Pool = l.Pool with { Monitor = Monitor == 0 ? null : Examples.Monitor(type: Monitor == 1 ? "TCP" : "HTTP") with { UrlPath = Monitor == 1 ? null : "/healthz" } },
                }),
            ];
            DesiredLoadBalancer owner = Owner(service, listeners);
            return owner with
            {
                Id = id,
                Build = (BuildMode)Build,
                Provider = Build == (int)BuildMode.PopulatedWithoutMonitors ? "ovn" : "amphora",
                FloatingIp = Internal && id is null ? null : owner.FloatingIp,
                SecurityGroup = Group
                    ? new DesiredSecurityGroup { Name = $"lb-sg-uid-default-{service}", PortIds = ["port-1"], Rules = [.. Ports.Distinct().Select(p => new IngressRule("IPv4", "tcp", p, "10.0.0.0/24"))] }
                    : null,
            };
        }
    }

    private static Arbitrary<Wish[]> Wishes(int least, int most)
    {
        Gen<Wish> wish =
            from ports in Gen.Choose(least, most).NonEmptyListOf()
            from protocol in Gen.Choose(0, 4)
            from nodes in Gen.Choose(0, 5)
            from monitor in Gen.Choose(0, 2)
            from isInternal in Gen.Elements(true, false)
            from build in Gen.Choose(0, 2)
            from hasGroup in Gen.Elements(true, false)
            select new Wish(ports.Take(4).ToArray(), protocol, nodes, monitor, isInternal, build, hasGroup);
        return wish.NonEmptyListOf().Select(w => w.Take(4).ToArray()).ToArbitrary();
    }

    [Fact]
    public void Any_sequence_of_wishes_settles_with_an_empty_plan_and_touches_nothing_of_others()
        => Prop.ForAll(Wishes(1, 9), wishes =>
        {
            ModelCloud cloud = CloudWithOthers();
            string others = Others(cloud);
            foreach (Wish wish in wishes)
            {
                DesiredLoadBalancer desired = wish.Desired("web");
                (LoadBalancerPlan last, int passes) = cloud.Converge(desired, limit: 120);
                last.Plan.Then.ShouldBe(Outcome.Done);
                passes.ShouldBeLessThan(120);
                Mine(cloud).LoadBalancer.Name.ShouldBe(Name);
                Mine(cloud).Listeners.Length.ShouldBe(desired.Listeners.Count);
                cloud.FloatingIps.Values.Count(f => f.PortId == Mine(cloud).LoadBalancer.VipPortId).ShouldBe(desired.FloatingIp is null ? 0 : 1);
            }

            cloud.Remove(Deletion(wishes[^1].Desired("web")));
            Others(cloud).ShouldBe(others);
            cloud.LoadBalancers.Count.ShouldBe(1);
            cloud.FloatingIps.Count.ShouldBe(2);
            cloud.SecurityGroups.Keys.ShouldBe(["default"]);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void Stopped_after_any_single_change_it_still_ends_in_the_same_world()
        => Prop.ForAll(Wishes(1, 5), wishes =>
        {
            DesiredLoadBalancer[] desired = [.. wishes.Select(w => w.Desired("web"))];
            ModelCloud straight = CloudWithOthers();
            foreach (DesiredLoadBalancer d in desired) straight.Converge(d, limit: 120);
            ModelCloud broken = CloudWithOthers();
            foreach (DesiredLoadBalancer d in desired)
            {
                // One change a pass: everything behind it is lost, as if the process had died.
                for (int i = 0; i < 400; i++)
                {
                    LoadBalancerPlan plan = LoadBalancerPlanner.Plan(d, broken.Observe());
                    if (plan.IsEmpty) break;
                    broken.ApplyOnce(plan with { Plan = plan.Plan with { Changes = [plan.Plan.Changes[0]] } });
                }
            }

            Shape(broken).ShouldBe(Shape(straight));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(80));

    [Fact]
    public void Two_services_on_one_load_balancer_never_undo_each_other()
        => Prop.ForAll(Wishes(1, 5), Wishes(11, 15), (firsts, seconds) =>
        {
            ModelCloud cloud = CloudWithOthers();
            DesiredLoadBalancer first = firsts[0].Desired("web") with { FloatingIp = Owner().FloatingIp };
            cloud.Converge(first, limit: 120);
            string id = Mine(cloud).LoadBalancer.Id;
            foreach (Wish wish in seconds)
            {
                DesiredLoadBalancer second = wish.Desired("second", id);
                cloud.Converge(second, limit: 120);
                LoadBalancerPlanner.Plan(first, cloud.Observe()).Plan.Changes.ShouldBeEmpty();
                LoadBalancerPlanner.Plan(second, cloud.Observe()).Plan.Changes.ShouldBeEmpty();
            }

            cloud.Remove(Deletion(seconds[^1].Desired("second", id)));
            LoadBalancerPlanner.Plan(first, cloud.Observe()).Plan.Changes.ShouldBeEmpty();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(80));

    private static ModelCloud CloudWithOthers()
    {
        var cloud = new ModelCloud();
        cloud.LoadBalancers["theirs"] = new(
            new LoadBalancer { Id = "theirs", Name = "kube_service_kubernetes_default_webs", Tags = ["kube_service_kubernetes_default_webs"], ProvisioningStatus = ProvisioningStatus.Active, VipPortId = "their-vip", VipAddress = "10.0.0.9" },
            [new Listener { Id = "their-listener", Name = "x", Protocol = "TCP", ProtocolPort = 1, LoadBalancerId = "theirs" }], []);
        cloud.FloatingIps["their-fip"] = new FloatingIp { Id = "their-fip", Address = "203.0.113.200", PortId = "their-vip" };
        cloud.FloatingIps["free-fip"] = new FloatingIp { Id = "free-fip", Address = "203.0.113.201", NetworkId = "public", Description = "Floating IP for Kubernetes external service default/webs from cluster kubernetes" };
        cloud.SecurityGroups["default"] = new SecurityGroup { Id = "default", Name = "default" };
        cloud.Ports["port-1"] = new Port { Id = "port-1", SecurityGroups = ["default"] };
        return cloud;
    }

    private static ObservedLoadBalancer Mine(ModelCloud cloud) => cloud.LoadBalancers.Values.Single(l => l.LoadBalancer.Id != "theirs");

    private static string Others(ModelCloud cloud)
        => $"{cloud.LoadBalancers["theirs"].LoadBalancer}{cloud.LoadBalancers["theirs"].Listeners[0]}{cloud.FloatingIps["their-fip"]}{cloud.FloatingIps["free-fip"]}{cloud.SecurityGroups["default"]}{string.Join(",", cloud.Ports["port-1"].SecurityGroups.Where(g => g == "default"))}";

    private static string Shape(ModelCloud cloud)
    {
        ObservedLoadBalancer lb = Mine(cloud);
        IEnumerable<string> listeners = lb.Listeners.OrderBy(l => l.ProtocolPort).ThenBy(l => l.Protocol, StringComparer.Ordinal).Select(l =>
        {
            ObservedPool pool = lb.PoolOf(l)!;
            return $"{l.Protocol}:{l.ProtocolPort} {string.Join(' ', l.Tags)} {pool.Pool.Protocol} {pool.Members} {pool.Monitor?.Type}";
        });
        return $"{lb.LoadBalancer.Name} {string.Join(' ', lb.LoadBalancer.Tags)}\n{string.Join('\n', listeners)}\n{lb.Pools.Length} pools, {cloud.FloatingIps.Count} floating IPs, {cloud.SecurityGroups.Count} groups, {string.Join(",", cloud.SecurityGroups.Values.SelectMany(g => g.Rules).Select(r => r.PortRangeMin).Order())}";
    }
}
