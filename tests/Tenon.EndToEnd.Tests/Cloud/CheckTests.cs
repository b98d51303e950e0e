using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary><c>tenon check</c> on a real cloud.</summary>
public sealed class CheckTests(TestCloud cloud) : CloudTest(cloud)
{
    private readonly TestCloud _cloud = cloud;

    [CloudFact]
    public async Task Check_says_what_the_cloud_has_and_what_is_chosen_in_it()
    {
        Guest guest = await Project.AddGuestAsync(await Project.MakeSecurityGroupAsync("nodes"), "node-1", "az2");
        CloudCluster cluster = await CreateClusterAsync(start: false);
        await cluster.RegisterAsync(initialized: true, guest);

        Ended table = (await cluster.CheckAsync()).ShouldEndWith(0);
        JsonNode document = JsonNode.Parse((await cluster.CheckAsync("--output", "json")).ShouldEndWith(0).Output)!;
        document["verdict"]!.ToString().ShouldNotBe("failed", document.ToString());
        table.Output.ShouldContain(document["summary"]!.ToString());
        Chosen(document, "region").ShouldBe("RegionOne");
        Chosen(document, "subnet-id").ShouldBe(Project.SubnetId);
        Chosen(document, "floating-network-id").ShouldBe(_cloud.ExternalNetworkId);
        Chosen(document, "router-id").ShouldBe(Project.RouterId);
        Chosen(document, "lb-provider").ShouldBe("ovn");
        Chosen(document, "lb-method").ShouldBe("SOURCE_IP_PORT");
        document["items"]!.AsArray().Where(i => i!["status"]!.ToString() == "failed").ShouldBeEmpty();
        (await Project.ListOthersAsync()).ShouldBeEmpty();
    }

    private static string? Chosen(JsonNode document, string option)
        => document["choices"]!.AsArray().SingleOrDefault(c => c!["option"]!.ToString().EndsWith(option, StringComparison.Ordinal))?["value"]?.ToString();
}
