using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Cloud.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>Real servers, and the nodes that stand for them.</summary>
public sealed class NodeTests(TestCloud cloud) : CloudTest(cloud)
{
    private const string ShutdownTaint = "node.cloudprovider.kubernetes.io/shutdown";
    private readonly TestCloud _cloud = cloud;

    [CloudFact]
    public async Task Servers_in_three_zones_become_nodes_that_follow_them_until_they_are_deleted()
    {
        string open = await Project.MakeSecurityGroupAsync("open", ("tcp", null, null, "0.0.0.0/0"));
        CloudCluster cluster = await CreateClusterAsync();
        Guest[] guests = await Project.AddGuestsAsync(open, "node-1", "node-2", "node-3");
        await cluster.JoinAsync(guests);
        foreach (Guest guest in guests) await ShouldStandForAsync(cluster, guest);
        await cluster.ShouldHaveNothingToPlanAsync();

        Guest one = guests[0];
        string before = await VersionAsync(cluster, one);
        await one.ActAsync(new { reboot = new { type = "SOFT" } }, "ACTIVE");
        await cluster.ShouldHaveNothingToPlanAsync();
        (await VersionAsync(cluster, one)).ShouldBe(before, "a reboot changes nothing");

        await one.ActAsync(new JsonObject { ["os-stop"] = null }, "SHUTOFF");
        await cluster.SetReadyAsync(one.Name, "Unknown");
        await cluster.UntilAsync("the stopped server's node is tainted", taints => taints.Contains(ShutdownTaint, StringComparison.Ordinal), Taints(one));
        await cluster.ShouldHaveNothingToPlanAsync();

        await one.ActAsync(new JsonObject { ["os-start"] = null }, "ACTIVE");
        await cluster.SetReadyAsync(one.Name, "True");
        await cluster.UntilAsync("the taint is gone", taints => taints.Length == 0, Taints(one));
        await cluster.ShouldHaveNothingToPlanAsync();

        await one.DeleteAsync();
        await cluster.SetReadyAsync(one.Name, "Unknown");
        await cluster.UntilAsync("the deleted server's node is gone", nodes => nodes == "node-2 node-3", "nodes", "-o", "jsonpath={.items[*].metadata.name}");
        await cluster.ShouldHaveNothingToPlanAsync();
        await cluster.StopControllerAsync();
    }

    private async Task ShouldStandForAsync(CloudCluster cluster, Guest guest)
    {
        JsonNode node = JsonNode.Parse(await cluster.KubectlAsync("get", "node", guest.Name, "-o", "json"))!;
        node["spec"]!["providerID"]!.ToString().ShouldBe($"openstack:///{guest.ServerId}");
        node["spec"]!["taints"]?.AsArray().ShouldBeEmpty();
        JsonNode labels = node["metadata"]!["labels"]!;
        labels["topology.kubernetes.io/zone"]!.ToString().ShouldBe(guest.Zone);
        labels["topology.kubernetes.io/region"]!.ToString().ShouldBe("RegionOne");
        labels["node.kubernetes.io/instance-type"]!.ToString().ShouldBe(_cloud.FlavorName);
        node["status"]!["addresses"]!.AsArray().Select(a => $"{a!["type"]} {a["address"]}")
            .ShouldBe([$"InternalIP {guest.Address}", $"Hostname {guest.Name}"], ignoreOrder: true);
    }

    private static string[] Taints(Guest guest) => ["node", guest.Name, "-o", "jsonpath={.spec.taints[*].key}"];

    private static Task<string> VersionAsync(CloudCluster cluster, Guest guest) => cluster.KubectlAsync("get", "node", guest.Name, "-o", "jsonpath={.metadata.resourceVersion}");
}
