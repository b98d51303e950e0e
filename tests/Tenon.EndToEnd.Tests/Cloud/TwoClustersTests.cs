using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Two clusters on the machines of one project.</summary>
public sealed class TwoClustersTests(TestCloud cloud) : CloudTest(cloud)
{
    [CloudFact]
    public async Task Two_clusters_in_one_project_leave_each_others_things_alone()
    {
        string open = await Project.MakeSecurityGroupAsync("nodes", ("tcp", 30000, 32767, "0.0.0.0/0"));
        Guest[] guests = await Project.AddGuestsAsync(open, "node-a", "node-b");
        CloudCluster a = await CreateClusterAsync(name: "a", podRange: "10.151.0.0/16"), b = await CreateClusterAsync(name: "b", podRange: "10.152.0.0/16");
        foreach (Guest guest in guests) await guest.ServeHttpAsync(30080);
        await a.JoinAsync(guests[0]);
        await b.JoinAsync(guests[1]);
        string atA = await a.ServeAsync(new CloudService("web")), atB = await b.ServeAsync(new CloudService("web"));
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(atA, 80), "node-a");
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(atB, 80), "node-b");
        await ShouldRouteAsync(a.PodRange(guests[0]), b.PodRange(guests[1]));
        await a.ShouldHaveNothingToPlanAsync();
        await b.ShouldHaveNothingToPlanAsync();
        (await OrphansAsync(a)).ShouldBeEmpty();
        (await OrphansAsync(b)).ShouldBeEmpty();

        // What a's controller could not take away is an orphan of a's, and a's alone.
        await a.StopControllerAsync();
        await a.KubectlAsync("patch", "service", "web", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
        await a.KubectlAsync("delete", "service", "web");
        (await OrphansAsync(b)).ShouldBeEmpty();
        (await OrphansAsync(a)).ShouldAllBe(o => !o.Contains("kube_service_b_", StringComparison.Ordinal) && !o.Contains("cluster b", StringComparison.Ordinal));
        (await a.TenonAsync("gc", "--delete")).ShouldEndWith(0).Output.ShouldContain("deleted");
        await Eventually.UntilAsync("a's load balancer is gone", TimeSpan.FromSeconds(120), async () => (await OrphansAsync(a)).Length == 0 && (await Project.ListAsync(CloudKind.LoadBalancer)).Count == 1);
        a.StartController();
        await a.KubectlAsync("delete", "node", "node-a");
        await ShouldRouteAsync(b.PodRange(guests[1]));
        // b's Service is untouched.
        await Outside.UntilAnsweredAsync(() => Outside.FetchAsync(atB, 80));
        (await Project.ListAsync(CloudKind.FloatingIp)).ShouldHaveSingleItem()["floating_ip_address"].ShouldBe(atB);
        await a.ShouldHaveNothingToPlanAsync();
        await b.ShouldHaveNothingToPlanAsync();

        await b.DeleteServiceAsync("web");
        await b.KubectlAsync("delete", "node", "node-b");
        await ShouldRouteAsync();
        await a.StopControllerAsync();
        await b.StopControllerAsync();
    }

    private static async Task<string[]> OrphansAsync(CloudCluster cluster)
        => [.. JsonNode.Parse((await cluster.TenonAsync("gc", "--output", "json")).ShouldEndWith(0).Output)!["orphans"]!.AsArray().Select(o => o!.ToJsonString())];

    private async Task ShouldRouteAsync(params string[] ranges)
    {
        Answer? router = null;
        await Eventually.UntilAsync($"the router has routes for {string.Join(", ", ranges)}", TimeSpan.FromSeconds(120), async () =>
        {
            router = (await Project.Member.GetAsync("network", $"/v2.0/routers/{Project.RouterId}")).ShouldBe(200);
            return router.List("router/routes").Select(r => r["destination"]!.ToString()).Order(StringComparer.Ordinal).SequenceEqual(ranges.Order(StringComparer.Ordinal));
        }, () => router?.Text ?? "");
    }
}
