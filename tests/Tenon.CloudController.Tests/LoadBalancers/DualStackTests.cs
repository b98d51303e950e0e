using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Controllers;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;
using Outcome = Tenon.Core.Outcome;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>Two IP families on one load balancer, through Octavia's additional VIPs.</summary>
public sealed class DualStackTests
{
    private const string Both = """{"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"}""";

    [Fact(Timeout = 60_000)]
    public async Task Both_families_are_served_by_one_load_balancer_and_a_restart_finds_nothing_to_do()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(dualStack: true);

        (await harness.PutAsync(Service(spec: Both))).ShouldBe(Outcome.Done);

        string vip6 = (string)harness.LoadBalancers.Single()!["additional_vips"]![0]!["ip_address"]!;
        vip6.ShouldStartWith("fd00:10::");
        string floating = (string)harness.FloatingIps.Single()!["floating_ip_address"]!;
        ((string)harness.FloatingIps.Single()!["fixed_ip_address"]!).ShouldBe((string)harness.LoadBalancers.Single()!["vip_address"]!);
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Select(i => i.Ip).ShouldBe([floating, vip6]);
        harness.Listeners.Single()!["allowed_cidrs"]!.AsArray().Select(c => (string)c!).ShouldBe(["0.0.0.0/0", "::/0"]);
        harness.Cluster.Events.ShouldAllBe(e => e.Type == EventType.Normal);
        await ShouldBeInSyncAfterRestartAsync(harness);
        await harness.DeleteAsync("web");
        harness.World().Trim().ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task With_ipv6_first_the_floating_ip_leads_to_the_second_address()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(dualStack: true);

        (await harness.PutAsync(Service(spec: """{"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "PreferDualStack"}"""))).ShouldBe(Outcome.Done);

        string vip = (string)harness.LoadBalancers.Single()!["vip_address"]!;
        vip.ShouldStartWith("fd00:10::");
        string floating = (string)harness.FloatingIps.Single()!["floating_ip_address"]!;
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Select(i => i.Ip).ShouldBe([vip, floating]);
        harness.Members((string)harness.Pools.Single()!["id"]!).ShouldAllBe(m => ((string)m!["address"]!).StartsWith("fd00:10::", StringComparison.Ordinal));
        await ShouldBeInSyncAfterRestartAsync(harness);
    }

    [Theory(Timeout = 60_000)]
    [InlineData("amphora", """{"ipFamilies": ["IPv6"]}""")]
    [InlineData("ovn", """{"ipFamilies": ["IPv6"]}""")]
    [InlineData("ovn", """{"ipFamilies": ["IPv6", "IPv4"], "ipFamilyPolicy": "PreferDualStack"}""")]
    public async Task Ipv6_alone_is_served_without_a_floating_ip(string provider, string spec)
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(provider: provider, dualStack: true);

        (await harness.PutAsync(Service(spec: spec))).ShouldBe(Outcome.Done);

        harness.FloatingIps.ShouldBeEmpty();
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Single().Ip.ShouldBe((string)harness.LoadBalancers.Single()!["vip_address"]!);
        harness.Cluster.Events.Single(e => e.Type is EventType.Warning).Reason.ShouldBe("LoadBalancerFloatingIPSkipped");
        await ShouldBeInSyncAfterRestartAsync(harness);
    }

    [Fact(Timeout = 60_000)]
    public async Task Ranges_of_each_family_hold_for_it_and_a_family_without_ranges_is_closed()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(dualStack: true);
        await harness.PutAsync(Service(spec: Ranges("198.51.100.0/24", "2001:db8::/32")));
        Cidrs().ShouldBe(["198.51.100.0/24", "2001:db8::/32"]);

        await harness.PutAsync(Service(spec: Ranges("0.0.0.0/0")));
        Cidrs().ShouldBe(["0.0.0.0/0"]);
        await harness.PutAsync(Service(spec: Ranges("0.0.0.0/0", "::/0")));
        Cidrs().ShouldBe(["0.0.0.0/0", "::/0"]);

        string[] Cidrs() => [.. harness.Listeners.Single()!["allowed_cidrs"]!.AsArray().Select(c => (string)c!).Order(StringComparer.Ordinal)];

        static string Ranges(params string[] ranges)
            => $$"""{"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack", "loadBalancerSourceRanges": [{{string.Join(", ", ranges.Select(r => $"\"{r}\""))}}]}""";
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_gives_up_a_family_publishes_it_no_longer_and_one_that_asks_for_it_later_is_told()
    {
        await using CloudHarness harness = await CloudHarness.StartAsync(dualStack: true);
        await harness.PutAsync(Service(spec: Both));
        await harness.PutAsync(Service());
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Count.ShouldBe(1);
        await harness.PutAsync(Service(spec: Both));
        harness.Cluster["web"].Status.LoadBalancer.Ingress.Count.ShouldBe(2);
        await harness.PutAsync(Service(name: "late"));

        (await harness.PutAsync(Service(spec: Both, name: "late"))).ShouldBe(Outcome.Done);

        harness.Cluster["late"].Status.LoadBalancer.Ingress.Count.ShouldBe(1);
        harness.Cluster.Events.Single(e => e.Type is EventType.Warning).Message.ShouldContain("was made with one address, and Octavia cannot add another");
    }

    private static async Task ShouldBeInSyncAfterRestartAsync(CloudHarness harness)
    {
        await harness.RestartAsync();
        PlannedService plan = await harness.Planner.PlanAsync(harness.Cluster["web"], TestContext.Current.CancellationToken);
        plan.Changes.ShouldBeEmpty();
        plan.Then.ShouldBe(Outcome.Done);
    }
}
