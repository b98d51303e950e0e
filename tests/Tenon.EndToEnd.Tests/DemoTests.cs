using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary><c>tenon demo</c>, as somebody runs it who has just met it.</summary>
[Trait("tier", "slow")]
public sealed class DemoTests
{
    private const int Limit = 240_000;

    [Fact(Timeout = Limit)]
    public async Task It_shows_zones_an_external_address_routes_and_calls_and_leaves_nothing_behind()
    {
        Tool.Require("kubectl", "kubernetes-client");
        string temporary = Directory.CreateTempSubdirectory("tenon-e2e-demo-").FullName;
        try
        {
            Ended ended = (await Tool.RunAsync(Tool.Tenon, ["demo"], Temporary(temporary))).ShouldEndWith(0);
            string[] lines = ended.Output.Split('\n');
            foreach (int node in new[] { 1, 2, 3 }) lines.ShouldContain(l => l.StartsWith($"node-{node} ", StringComparison.Ordinal) && l.TrimEnd().EndsWith($"az{node}", StringComparison.Ordinal), ended.Output);
            string nginx = lines.Single(l => l.StartsWith("nginx ", StringComparison.Ordinal));
            nginx.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3].ShouldMatch(@"^\d+\.\d+\.\d+\.\d+$", nginx);
            lines.Count(l => l.StartsWith("10.150.", StringComparison.Ordinal)).ShouldBe(3, ended.Output);
            ended.Output.ShouldContain("API calls");
            ended.Errors.ShouldContain("Done in");
            Directory.GetFileSystemEntries(temporary, "tenon-*").ShouldBeEmpty();
            ProcessesIn(temporary).ShouldBeEmpty();
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Its_json_is_one_document()
    {
        Tool.Require("kubectl", "kubernetes-client");
        JsonNode document = JsonNode.Parse((await Tool.TenonAsync("demo", "--output", "json", "--nodes", "2")).ShouldEndWith(0).Output)!;
        document["nodes"]!.AsArray().Count.ShouldBe(2);
        document["pods"]!.AsArray().Count.ShouldBe(6);
        document["routes"]!.AsArray().Count.ShouldBe(2);
        document["calls"].ShouldNotBeNull();
        JsonNode nginx = document["services"]!.AsArray().Single(s => (string?)s!["metadata"]!["name"] == "nginx")!;
        nginx["status"]!["loadBalancer"]!["ingress"]!.AsArray().Count.ShouldBe(1);
    }

    private static Dictionary<string, string> Temporary(string folder) => new() { ["TMPDIR"] = folder };

    /// <summary>The processes that were started with this temporary folder, so with nobody else's.</summary>
    private static List<string> ProcessesIn(string folder)
    {
        var found = new List<string>();
        foreach (string process in Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)))
        {
            try
            {
                if (File.ReadAllText($"{process}/environ").Contains($"TMPDIR={folder}\0", StringComparison.Ordinal)) found.Add(File.ReadAllText($"{process}/cmdline"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is another user's.
            }
        }

        return found;
    }
}
