using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Tenon takes a cluster over from openstack-cloud-controller-manager.</summary>
public sealed class UpgradeTests(TestCloud cloud) : CloudTest(cloud)
{
    private const string Options = """
        [LoadBalancer]
        manage-security-groups = true

        """;

    [CloudFact]
    public async Task What_OCCM_made_is_adopted_as_it_is_while_traffic_goes_on()
    {
        string closed = await Project.MakeSecurityGroupAsync("nodes");
        Guest[] guests = await Project.AddGuestsAsync(closed, "node-1", "node-2", "node-3");
        foreach (Guest guest in guests) await guest.ServeHttpAsync(30080);
        CloudCluster cluster = await CreateClusterAsync(Options, start: false);
        await cluster.RegisterAsync(initialized: true, guests[0], guests[1]);
        await cluster.ApplyAsync(new CloudService("web").ToString());
        var occm = new OccmManner(Project, "kubernetes", "web");
        await occm.ServeAsync(await cluster.KubectlAsync("get", "service", "web", "-o", "jsonpath={.metadata.uid}"), 80, 30080, guests[0], guests[1]);
        await cluster.RewriteAsync("/api/v1/namespaces/default/services/web", ["", "/status"], occm.Mark);
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(occm.Address, 80), "node-1", "node-2");
        List<string> before = await DescribeAsync();
        (await cluster.PlanAsync()).ToJsonString().ShouldBe("""{"changes":[],"problems":[]}""");

        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestLife.Token);
        Task<(int Answered, int Lost)> traffic = KeepAskingAsync(occm.Address, end.Token);
        cluster.StartController();
        await cluster.UntilAsync("the controller has its lease", holder => holder.Length > 0, "-n", "kube-system", "lease", "-o", "jsonpath={.items[*].spec.holderIdentity}");
        await cluster.ShouldHaveNothingToPlanAsync();
        (await DescribeAsync()).ShouldBe(before, "nothing is made anew and nothing is touched");

        await cluster.JoinAsync(guests[2]);
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(occm.Address, 80), "node-1", "node-2", "node-3");
        await end.CancelAsync();
        (int answered, int lost) = await traffic;
        answered.ShouldBeGreaterThan(10);
        lost.ShouldBe(0, $"of {answered} requests");
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("web");
        await cluster.StopControllerAsync();
    }

    /// <summary>All that there is for the Service, with what could be changed about it.</summary>
    private async Task<List<string>> DescribeAsync() =>
    [
        .. (await Project.ListOthersAsync()).Select(t => $"{t} {t["revision_number"]} {t["updated_at"]} {t.Document["tags"]?.ToJsonString()}").Order(StringComparer.Ordinal),
    ];

    private static async Task<(int Answered, int Lost)> KeepAskingAsync(string address, CancellationToken cancellationToken)
    {
        (int answered, int lost) = (0, 0);
        TimeSpan patience = TimeSpan.FromSeconds(10);
        while (!cancellationToken.IsCancellationRequested)
        {
            // A switch that crashes and is started again loses what is under way, which is not ours to answer for: lost is who tries again in vain.
            if (await Outside.FetchAsync(address, 80, patience) is null && await Outside.FetchAsync(address, 80, patience) is null) lost++;
            else answered++;
        }

        return (answered, lost);
    }
}
