using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Routes to pods on a real router, with pods that talk to each other over it.</summary>
public sealed class RouteTests(TestCloud cloud) : CloudTest(cloud)
{
    private const int PodPort = 8000;
    private const string ForeignRange = "192.168.77.0/24";

    [CloudFact]
    public async Task Pods_reach_each_other_over_the_router_and_only_their_own_routes_go_with_a_node()
    {
        string open = await Project.MakeSecurityGroupAsync("open", ("tcp", null, null, "0.0.0.0/0"));
        Guest[] guests = await Project.AddGuestsAsync(open, "node-1", "node-2", "node-3");
        await AddForeignAsync(guests[0]);
        CloudCluster cluster = await CreateClusterAsync(podRange: "10.151.0.0/16");
        foreach (Guest guest in guests)
        {
            (await guest.RunAsync("ip", "address", "add", $"{cluster.PodAddress(guest)}/32", "dev", "lo")).ShouldEndWith(0);
            await guest.ServeHttpAsync(PodPort);
        }

        await cluster.JoinAsync(guests);
        await ShouldRouteAsync(cluster, guests);
        foreach ((Guest from, Guest to) in new[] { (guests[0], guests[1]), (guests[1], guests[2]), (guests[2], guests[0]) })
            (await Outside.UntilAnsweredAsync(() => AskPodAsync(cluster, from, to))).ShouldBe($"{to.Name} {cluster.PodAddress(from)}", "the pod's own address is seen");
        await cluster.UntilAsync("the network of all nodes is available", states => states == "False False False",
            "nodes", "-o", """jsonpath={.items[*].status.conditions[?(@.type=="NetworkUnavailable")].status}""");
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.KubectlAsync("delete", "node", "node-2");
        await ShouldRouteAsync(cluster, guests[0], guests[2]);
        await Outside.UntilSilentAsync(() => AskPodAsync(cluster, guests[0], guests[1]));
        // The others still talk.
        await Outside.UntilAnsweredAsync(() => AskPodAsync(cluster, guests[0], guests[2]));
        await ShouldPairAsync(guests[1]);
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.KubectlAsync("delete", "node", "node-1", "node-3");
        await ShouldRouteAsync(cluster);
        await ShouldPairAsync(guests[0], ForeignRange);
        await ShouldPairAsync(guests[2]);
        await cluster.ShouldHaveNothingToPlanAsync();
        await cluster.StopControllerAsync();
    }

    /// <summary>A route and an address pair that are nobody's but the operator's.</summary>
    private async Task AddForeignAsync(Guest guest)
    {
        (await Project.Member.PutAsync("network", $"/v2.0/routers/{Project.RouterId}", new { router = new { routes = new[] { new { destination = ForeignRange, nexthop = guest.Address } } } })).ShouldBe(200);
        (await Project.Member.PutAsync("network", $"/v2.0/ports/{guest.PortId}", new { port = new { allowed_address_pairs = new[] { new { ip_address = ForeignRange } } } })).ShouldBe(200);
    }

    /// <summary>What a pod on one node is answered by a pod on another.</summary>
    private static async Task<string?> AskPodAsync(CloudCluster cluster, Guest from, Guest to)
        => await from.RunAsync("curl", "--silent", "--fail", "--max-time", "1", "--interface", cluster.PodAddress(from), $"http://{cluster.PodAddress(to)}:{PodPort}/") is { Code: 0 } ended
            ? ended.Output
            : null;

    private async Task ShouldRouteAsync(CloudCluster cluster, params Guest[] guests)
    {
        string[] wanted = [.. guests.Select(g => $"{cluster.PodRange(g)} {g.Address}").Append($"{ForeignRange} ").Order(StringComparer.Ordinal)];
        string[] routes = [];
        await Eventually.UntilAsync("the router has exactly these routes", TimeSpan.FromSeconds(120), async () =>
        {
            var router = (await Project.Member.GetAsync("network", $"/v2.0/routers/{Project.RouterId}")).ShouldBe(200);
            routes = [.. router.List("router/routes").Select(RouteOf).Order(StringComparer.Ordinal)];
            return routes.SequenceEqual(wanted);
        }, () => $"{string.Join(", ", routes)}\n{cluster.Controller.Log}");
    }

    private static string RouteOf(JsonObject route)
        => route["destination"]!.ToString() is var range && range == ForeignRange ? $"{range} " : $"{range} {route["nexthop"]}";

    /// <summary>A node's address pairs go after its routes.</summary>
    private async Task ShouldPairAsync(Guest guest, params string[] ranges)
    {
        string[] pairs = [];
        await Eventually.UntilAsync($"the port of {guest.Name} has exactly its address pairs", TimeSpan.FromSeconds(120), async () =>
        {
            var port = (await Project.Member.GetAsync("network", $"/v2.0/ports/{guest.PortId}")).ShouldBe(200);
            pairs = [.. port.List("port/allowed_address_pairs").Select(p => p["ip_address"]!.ToString())];
            return pairs.SequenceEqual(ranges);
        }, () => string.Join(", ", pairs));
    }
}
