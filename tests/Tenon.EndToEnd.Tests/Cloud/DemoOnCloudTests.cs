using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary><c>tenon demo --cloud</c>: the servers are the cloud's, and nothing stays there.</summary>
public sealed class DemoOnCloudTests(TestCloud cloud) : CloudTest(cloud)
{
    [CloudFact]
    public async Task The_demonstration_makes_its_servers_and_takes_everything_away_again()
    {
        string folder = Directory.CreateTempSubdirectory("tenon-e2e-demo-").FullName;
        try
        {
            string clouds = Path.Combine(folder, "clouds.yaml");
            await File.WriteAllTextAsync(clouds, Project.CloudsYaml("here"), TestLife.Token);
            var environment = new Dictionary<string, string> { ["OS_CLIENT_CONFIG_FILE"] = clouds };
            Ended ended = (await Tool.RunAsync(Tool.Tenon, ["demo", "--cloud", "here", "--output", "json"], environment)).ShouldEndWith(0);
            JsonNode shown = JsonNode.Parse(ended.Output)!;
            shown["nodes"]!.AsArray().Select(n => n!["metadata"]!["labels"]!["topology.kubernetes.io/zone"]!.ToString()).ShouldBe(["az1", "az2", "az3"]);
            shown["nodes"]!.AsArray().ShouldAllBe(n => n!["spec"]!["providerID"]!.ToString().StartsWith("openstack:///", StringComparison.Ordinal));
            shown["routes"]!.AsArray().Count.ShouldBe(3);
            JsonNode nginx = shown["services"]!.AsArray().Single(s => s!["metadata"]!["name"]!.ToString() == "nginx")!;
            nginx["status"]!["loadBalancer"]!["ingress"]![0]!["ip"]!.ToString().ShouldStartWith("172.24.4.");
            shown["calls"]!["services"]!["load-balancer"]!["writes"]!.GetValue<int>().ShouldBeGreaterThanOrEqualTo(1, "one create, and what a busy cloud has it say again");
            await Project.ShouldHoldNothingElseAsync();

            Ended refused = await Tool.RunAsync(Tool.Tenon, ["demo", "--cloud", "here", "--image", "no-such"], environment);
            refused.Code.ShouldBe(2, refused.Errors);
            refused.Errors.ShouldContain("--image no-such: there is no such one.");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
