using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Services of type LoadBalancer over Octavia's OVN provider, with members that answer and a client outside.</summary>
public sealed class ServiceTests(TestCloud cloud) : CloudTest(cloud)
{
    [CloudFact]
    public async Task A_floating_IP_carries_HTTP_to_the_nodes_there_are_and_everything_goes_with_the_Service()
    {
        CloudCluster cluster = await CreateClusterAsync();
        Guest[] guests = await OpenGuestsAsync();
        await cluster.JoinAsync(guests[0], guests[1]);
        string address = await cluster.ServeAsync(new CloudService("web"));
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-1", "node-2");
        (await Outside.UntilAnsweredAsync(() => Outside.FetchAsync(address, 80))).ShouldEndWith(TestCloud.HostAddress, Case.Sensitive, "the members see who asks");
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.JoinAsync(guests[2]);
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-1", "node-2", "node-3");
        await cluster.KubectlAsync("delete", "node", "node-1");
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-2", "node-3");
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.ApplyAsync(new CloudService("web") { Ports = [("TCP", 8080, 30080)] }.ToString());
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 8080), "node-2", "node-3");
        await Outside.UntilSilentAsync(() => Outside.FetchAsync(address, 80));
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("web");
        await Project.ShouldHoldNothingElseAsync();
        await cluster.ShouldHaveNothingToPlanAsync();
        await cluster.StopControllerAsync();
    }

    [CloudFact]
    public async Task With_the_policy_Local_the_health_monitor_finds_the_nodes_that_have_pods()
    {
        CloudCluster cluster = await CreateClusterAsync();
        Guest[] guests = await OpenGuestsAsync();
        Guest client = await Project.AddGuestAsync(await Project.MakeSecurityGroupAsync("client"), "client", "az1");
        await cluster.JoinAsync(guests);
        await guests[2].CloseAsync("http", 30080);

        // Internal, because this release's provider watches the members for the VIP alone and asks all of them for a floating IP.
        string address = await cluster.ServeAsync(new CloudService("web")
        {
            Spec = new() { ["externalTrafficPolicy"] = "Local" },
            Annotations = new()
            {
                [CloudService.Internal] = "true",
                [$"{CloudService.Prefix}enable-health-monitor"] = "true",
                [$"{CloudService.Prefix}health-monitor-delay"] = "2",
                [$"{CloudService.Prefix}health-monitor-timeout"] = "1",
            },
        });
        await Outside.ShouldBeAnsweredByAsync(() => client.FetchAsync(address, 80), "node-1", "node-2");
        await cluster.ShouldHaveNothingToPlanAsync();

        await guests[0].CloseAsync("http", 30080);
        await guests[2].ServeHttpAsync(30080);
        await Outside.ShouldBeAnsweredByAsync(() => client.FetchAsync(address, 80), "node-2", "node-3");
        await cluster.ShouldHaveNothingToPlanAsync();

        await ShouldBeDownAsync(guests[0]);
        await cluster.DeleteServiceAsync("web");
        await cluster.StopControllerAsync();
    }

    /// <summary>Waits until Octavia says of one member alone that it is in ERROR.</summary>
    private async Task ShouldBeDownAsync(Guest guest)
    {
        CloudThing pool = (await Project.ListAsync(CloudKind.Pool)).ShouldHaveSingleItem();
        Answer? members = null;
        await Eventually.UntilAsync($"the member {guest.Name} is down", TimeSpan.FromSeconds(120), async () =>
        {
            members = (await Project.Member.GetAsync("load-balancer", $"/v2/lbaas/pools/{pool.Id}/members")).ShouldBe(200);
            return members.List("members").Where(m => m["operating_status"]!.ToString() == "ERROR").Select(m => m["address"]!.ToString()).SequenceEqual([guest.Address]);
        }, () => members?.Text ?? "");
    }

    /// <summary>Three machines whose node ports are open, and that serve one.</summary>
    private async Task<Guest[]> OpenGuestsAsync()
    {
        string open = await Project.MakeSecurityGroupAsync("nodes", ("tcp", 30000, 32767, "0.0.0.0/0"), ("udp", 30000, 32767, "0.0.0.0/0"));
        Guest[] guests = await Project.AddGuestsAsync(open, "node-1", "node-2", "node-3");
        foreach (Guest guest in guests) await guest.ServeHttpAsync(30080);
        return guests;
    }
}
