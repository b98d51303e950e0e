using Tenon.EndToEnd.Tests.Cloud.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Security groups that really filter: whom they let to a Service, and to what of the nodes.</summary>
public sealed class SecurityGroupTests(TestCloud cloud) : CloudTest(cloud)
{
    private const string ManageGroups = """
        [LoadBalancer]
        manage-security-groups = true

        """;

    [CloudFact]
    public async Task Managed_security_groups_open_the_node_ports_of_the_Service_and_nothing_else()
    {
        string closed = await Project.MakeSecurityGroupAsync("nodes");
        Guest[] nodes = await Project.AddGuestsAsync(closed, "node-1", "node-2");
        Guest neighbour = await Project.AddGuestAsync(closed, "neighbour", "az3");
        foreach (Guest node in nodes)
        {
            await node.ServeHttpAsync(30080);
            await node.ServeHttpAsync(30081);
        }

        CloudCluster cluster = await CreateClusterAsync(ManageGroups);
        await cluster.JoinAsync(nodes);
        string address = await cluster.ServeAsync(new CloudService("web"));
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-1", "node-2");

        // The provider keeps the clients' addresses, so the node port is open to all.
        await Outside.UntilAnsweredAsync(() => neighbour.FetchAsync(nodes[0].Address, 30080));
        (await neighbour.FetchAsync(nodes[0].Address, 30081)).ShouldBeNull();
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.ApplyAsync(new CloudService("web") { Ports = [("TCP", 80, 30081)] }.ToString());
        await Outside.UntilAnsweredAsync(() => neighbour.FetchAsync(nodes[0].Address, 30081));
        await Outside.UntilSilentAsync(() => neighbour.FetchAsync(nodes[0].Address, 30080));
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-1", "node-2");
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.KubectlAsync("delete", "node", "node-2");
        await Outside.UntilSilentAsync(() => neighbour.FetchAsync(nodes[1].Address, 30081));
        (await GroupsAsync(nodes[1])).ShouldBe([closed]);
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("web");
        await Outside.UntilSilentAsync(() => neighbour.FetchAsync(nodes[0].Address, 30081));
        (await GroupsAsync(nodes[0])).ShouldBe([closed]);
        await cluster.StopControllerAsync();
    }

    [CloudFact]
    public async Task Source_ranges_let_in_who_is_within_them_and_nobody_else()
    {
        string closed = await Project.MakeSecurityGroupAsync("nodes");
        Guest[] nodes = await Project.AddGuestsAsync(closed, "node-1", "node-2");
        foreach (Guest node in nodes) await node.ServeHttpAsync(30080);
        await using Outsider outsider = await Outsider.CreateAsync(Project);
        CloudCluster cluster = await CreateClusterAsync();
        await cluster.JoinAsync(nodes);

        string address = await cluster.ServeAsync(For(TestCloud.HostAddress));
        await Outside.ShouldBeAnsweredByAsync(() => Outside.FetchAsync(address, 80), "node-1", "node-2");
        await Outside.UntilSilentAsync(() => outsider.FetchAsync(address, 80));
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.ApplyAsync(For(outsider.Address).ToString());
        (await Outside.UntilAnsweredAsync(() => outsider.FetchAsync(address, 80))).ShouldEndWith(outsider.Address);
        await Outside.UntilSilentAsync(() => Outside.FetchAsync(address, 80));
        await cluster.ShouldHaveNothingToPlanAsync();

        await cluster.DeleteServiceAsync("web");
        (await GroupsAsync(nodes[0])).ShouldBe([closed]);
        await cluster.StopControllerAsync();

        static CloudService For(string source) => new("web") { Spec = new() { ["loadBalancerSourceRanges"] = new System.Text.Json.Nodes.JsonArray($"{source}/32") } };
    }

    private async Task<string[]> GroupsAsync(Guest guest)
        => [.. (await Project.Member.GetAsync("network", $"/v2.0/ports/{guest.PortId}")).ShouldBe(200).At("port/security_groups")!.AsArray().Select(g => g!.ToString())];
}
