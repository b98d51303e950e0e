using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>A whole application on pods and machines of one cloud: what is meant to reach what does, from the outside down to the database, and nothing else.</summary>
public sealed class PodApplicationTests(TestCloud cloud) : CloudTest(cloud)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(120);

    [CloudFact]
    public async Task An_application_of_pods_and_machines_is_reached_from_outside_and_each_tier_only_by_what_uses_it()
    {
        PodCluster cluster = await CreatePodClusterAsync(["compute1", "compute2", "compute3"], "--service-cidr", "10.254.0.0/16", "--service-lb-provider", "ovn");
        await using Leonardo leonardo = await Leonardo.CreateAsync(Project, cluster, "first");
        await cluster.ApplyAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n");
        CloudPod[] strangers = await cluster.AddPodsAsync(
            new PodDeclaration("stranger", "compute1") { Labels = new() { ["name"] = "stranger" } },
            new PodDeclaration("plain", "compute2"),
            new PodDeclaration("other", "compute3") { Space = "lab", Labels = new() { ["name"] = "other", ["uses"] = "ftleonardo.default_leonardodb.default" } });

        try
        {
            await ShouldShowAsync(leonardo, "first");
            foreach (CloudPod app in leonardo.Apps) await UntilReachedAsync(app.Name, app.ProbeAsync, [leonardo.WriterTarget]);
            await leonardo.WriteAsync("second");
            await ShouldShowAsync(leonardo, "first", "second");
            foreach (PostgresServer database in leonardo.Databases) (await database.QueryAsync("SELECT text FROM note ORDER BY id")).ShouldBe("first\nsecond");
            await ShouldBeReachedOnlyByUsersAsync(leonardo, strangers);
            await ShouldFollowTheLabelAsync(cluster, leonardo, strangers[0]);
            await ShouldBeClosedToTheOutsideAsync(leonardo);
        }
        catch (Exception exception) when (exception is ShouldAssertException or TimeoutException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{leonardo.Explain()}\n{await cluster.ExplainAsync()}", exception);
        }

        await leonardo.DeleteAsync();
        await cluster.EmptyAsync();
        await Project.ShouldHoldNothingElseAsync();
        (await cluster.Controller.StopAsync()).ShouldBe(0, cluster.Controller.Log);
    }

    /// <summary>Every pod and every machine answers, and all of them with the same notes.</summary>
    private static async Task ShouldShowAsync(Leonardo leonardo, params string[] notes)
    {
        HashSet<string> apps = [.. leonardo.Apps.Select(a => a.Name)], databases = [.. leonardo.Machines.Select(m => m.Address)], seenApps = [], seenDatabases = [];
        async Task<string?> AskAsync()
        {
            if (await leonardo.ShowAsync() is not { } answer) return null;
            answer.Notes.ShouldBe(notes);
            apps.ShouldContain(answer.App);
            databases.ShouldContain(answer.Database);
            seenApps.Add(answer.App);
            seenDatabases.Add(answer.Database);
            return answer.Proxy;
        }

        await Outside.ShouldBeAnsweredByAsync(AskAsync, [.. leonardo.Proxies.Select(p => p.Name)]);

        // Who is behind the virtual IPs is drawn by lot: so many answers do not have to come from all of them.
        await Eventually.UntilAsync("every pod and every database has answered", s_limit, async () =>
        {
            await AskAsync();
            return seenApps.SetEquals(apps) && seenDatabases.SetEquals(databases);
        }, () => $"only {string.Join(", ", seenApps)} and {string.Join(", ", seenDatabases)}");
    }

    private static async Task UntilReachedAsync(string who, Func<IEnumerable<string>, Task<string>> probe, string[] targets)
    {
        string seen = "";
        await Eventually.UntilAsync($"{who} reaches {string.Join(", ", targets)}", s_limit, async () => (seen = await probe(targets)) == new string('1', targets.Length), () => seen);
    }

    private static async Task ShouldBeReachedOnlyByUsersAsync(Leonardo leonardo, CloudPod[] strangers)
    {
        await UntilReachedAsync("nginx, which uses leonardo,", leonardo.Proxies[0].ProbeAsync, leonardo.AppTargets);
        await UntilReachedAsync("leonardo, which uses the database,", leonardo.Apps[0].ProbeAsync, leonardo.DatabaseTargets);
        (await leonardo.Proxies[0].ProbeAsync(leonardo.DatabaseTargets)).ShouldBe("00000", "nginx does not use the database");
        (await leonardo.Machines[0].ProbeAsync(leonardo.AppTargets)).ShouldBe("0000", "the database does not use leonardo");
        foreach (CloudPod stranger in strangers)
            (await stranger.ProbeAsync([.. leonardo.AppTargets, .. leonardo.DatabaseTargets])).ShouldBe("000000000", $"{stranger.Name} may use neither");
    }

    /// <summary>It is the label that opens the way, and its loss that closes it.</summary>
    private static async Task ShouldFollowTheLabelAsync(PodCluster cluster, Leonardo leonardo, CloudPod stranger)
    {
        await cluster.KubectlAsync("label", "pod", stranger.Name, "uses=ftleonardo");
        await UntilAsync("1111");
        await cluster.KubectlAsync("label", "pod", stranger.Name, "uses-");
        await UntilAsync("0000");

        async Task UntilAsync(string wanted)
        {
            string seen = "";
            await Eventually.UntilAsync($"{stranger.Name} reaches leonardo: {wanted}", s_limit, async () => (seen = await stranger.ProbeAsync(leonardo.AppTargets)) == wanted, () => seen);
        }
    }

    /// <summary>The outside has one door, even for who knows the ranges and the router that leads to them.</summary>
    private async Task ShouldBeClosedToTheOutsideAsync(Leonardo leonardo)
    {
        string router = (await Project.Member.GetAsync("network", $"/v2.0/routers/{Project.RouterId}")).ShouldBe(200)["router/external_gateway_info/external_fixed_ips/0/ip_address"]!;
        await using Outsider outsider = await Outsider.CreateAsync(Project);
        await outsider.RouteAsync("10.0.0.0/8", router);
        string[] others = [$"tcp/{leonardo.Address}/{PostgresServer.Port}", $"tcp/{leonardo.Address}/8000", .. leonardo.AppTargets, .. leonardo.DatabaseTargets];
        // Packets do find the way, before and after: it is the rules that stop the others.
        string[] open = [$"tcp/{leonardo.Address}/80", .. leonardo.Proxies.Select(p => $"tcp/{p.Address}/80")];
        await UntilReachedAsync("the outsider", outsider.ProbeAsync, open);
        (await outsider.ProbeAsync(others)).ShouldBe(new string('0', others.Length));
        await UntilReachedAsync("the outsider", outsider.ProbeAsync, open);
    }
}
