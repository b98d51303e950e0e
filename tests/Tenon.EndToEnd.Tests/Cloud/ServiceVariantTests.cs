using Tenon.Conformance.Tests.Support;
using Tenon.EndToEnd.Tests.Cloud.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>What a Service may ask for besides the ordinary, on the real provider.</summary>
public sealed class ServiceVariantTests(TestCloud cloud) : CloudTest(cloud)
{
    private readonly TestCloud _cloud = cloud;

    [CloudFact]
    public async Task UDP_is_carried_and_an_internal_Service_answers_inside_only()
    {
        (CloudCluster cluster, Guest[] guests, Guest client) = await StartAsync();
        foreach (Guest guest in guests) await guest.ServeUdpAsync(30053);
        string dns = await cluster.ServeAsync(new CloudService("dns") { Ports = [("UDP", 53, 30053), ("TCP", 80, 30080)] });
        await Outside.ShouldBeAnsweredByAsync(() => Outside.AskAsync(dns, 53), "node-1", "node-2");
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(dns, 80), "node-1", "node-2");

        string inner = await cluster.ServeAsync(new CloudService("inner") { Ports = [("TCP", 80, 30081)], Annotations = { [CloudService.Internal] = "true" } });
        inner.ShouldStartWith(Project.SubnetRange[..^"0/24".Length]);
        await Outside.ShouldBeAnsweredByAsync(() => client.FetchAsync(inner, 80), "node-1", "node-2");
        (await Project.ListAsync(CloudKind.FloatingIp)).ShouldHaveSingleItem()["floating_ip_address"].ShouldBe(dns);
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.ApplyAsync(new CloudService("dns") { Ports = [("TCP", 80, 30080)] }.ToString());
        await Outside.UntilSilentAsync(() => Outside.AskAsync(dns, 53));
        // The other port is untouched.
        await Outside.UntilAnsweredAsync(() => Outside.FetchAsync(dns, 80));
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("dns");
        await cluster.DeleteServiceAsync("inner");
        await cluster.StopControllerAsync();
    }

    [CloudFact]
    public async Task A_given_address_is_used_and_handed_back_and_a_kept_one_stays()
    {
        (CloudCluster cluster, _, _) = await StartAsync();
        Answer made = await Project.MakeAsync(CloudKind.FloatingIp, new { floatingip = new { floating_network_id = _cloud.ExternalNetworkId, description = "the operator's" } });
        string given = made["floatingip/floating_ip_address"]!;
        (await cluster.ServeAsync(new CloudService("given") { Spec = { ["loadBalancerIP"] = given } })).ShouldBe(given);
        string kept = await cluster.ServeAsync(new CloudService("kept") { Ports = [("TCP", 81, 30081)], Annotations = { [$"{CloudService.Prefix}keep-floatingip"] = "true" } });
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(given, 80), "node-1", "node-2");
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(kept, 81), "node-1", "node-2");
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("given");
        await cluster.DeleteServiceAsync("kept");
        IReadOnlyList<CloudThing> left = await Project.ListAsync(CloudKind.FloatingIp);
        left.Select(f => f["floating_ip_address"]).ShouldBe([given, kept], ignoreOrder: true);
        left.ShouldAllBe(f => f["port_id"].Length == 0);
        left.Single(f => f["floating_ip_address"] == given)["description"].ShouldBe("the operator's");
        await cluster.ShouldHaveNothingToPlanAsync();

        // What is kept is there to be used again.
        (await cluster.ServeAsync(new CloudService("again") { Spec = { ["loadBalancerIP"] = kept } })).ShouldBe(kept);
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(kept, 80), "node-1", "node-2");
        await cluster.DeleteServiceAsync("again");
        foreach (CloudThing still in await Project.ListAsync(CloudKind.FloatingIp)) Project.Remember(still.Id);
        await cluster.StopControllerAsync();
    }

    [CloudFact]
    public async Task Two_Services_share_a_load_balancer_and_each_takes_only_its_own_part_away()
    {
        (CloudCluster cluster, _, _) = await StartAsync();
        string address = await cluster.ServeAsync(new CloudService("first") { Spec = { ["sessionAffinity"] = "ClientIP" } });
        CloudThing balancer = (await Project.ListAsync(CloudKind.LoadBalancer)).ShouldHaveSingleItem();
        (await Project.ListAsync(CloudKind.Pool)).ShouldHaveSingleItem().Document["session_persistence"]!["type"]!.ToString().ShouldBe("SOURCE_IP");
        var second = new CloudService("second") { Ports = [("TCP", 81, 30081)], Annotations = { [$"{CloudService.Prefix}load-balancer-id"] = balancer.Id } };
        (await cluster.ServeAsync(second)).ShouldBe(address);
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-1", "node-2");
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 81), "node-1", "node-2");
        (await Project.ListAsync(CloudKind.LoadBalancer)).ShouldHaveSingleItem();
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("first");
        await Outside.UntilSilentAsync(() => Outside.FetchAsync(address, 80));
        // The load balancer and its address stay while one uses them.
        await Outside.UntilAnsweredAsync(() => Outside.FetchAsync(address, 81));
        await cluster.ShouldHaveNothingToPlanAsync();
        await cluster.DeleteServiceAsync("second");
        await cluster.StopControllerAsync();
    }

    /// <summary>Two nodes that answer HTTP at 30080 and 30081, and a machine beside them that is none.</summary>
    private async Task<(CloudCluster Cluster, Guest[] Nodes, Guest Client)> StartAsync()
    {
        string open = await Project.MakeSecurityGroupAsync("nodes", ("tcp", 30000, 32767, "0.0.0.0/0"), ("udp", 30000, 32767, "0.0.0.0/0"));
        Guest[] guests = await Project.AddGuestsAsync(open, "node-1", "node-2", "client");
        foreach (Guest guest in guests[..2])
        {
            await guest.ServeHttpAsync(30080);
            await guest.ServeHttpAsync(30081);
        }

        CloudCluster cluster = await CreateClusterAsync();
        await cluster.JoinAsync(guests[..2]);
        return (cluster, guests[..2], guests[2]);
    }
}
