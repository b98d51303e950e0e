using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>The network's controller as its manifest's service account.</summary>
[Trait("tier", "slow")]
public sealed class NetworkRightsTests
{
    private const string Outside = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
        """;

    [Fact(Timeout = 300_000)]
    public async Task The_manifests_rights_are_enough_and_all_are_used()
    {
        await using PodNetwork network = await PodNetwork.StartAsync();

        // Whether a PodPort was written whose answer was lost is read, not guessed.
        await network.AddFaultAsync(new JsonObject { ["id"] = "lost", ["operation"] = "kubernetes.podports.network.tenon.dev.create", ["kind"] = "dropAfter", ["times"] = 1 });
        await network.ApplyAsync(PodNetwork.Pod("a", "node-1", "name: blue, app: web"));
        await network.ApplyAsync(PodNetwork.Pod("b", "node-2", "name: blue"));
        await network.ApplyAsync(Outside);
        await network.UntilPluggedAsync(2);
        await network.UntilAsync("the Service has its address", ip => ip.Length > 0, "service", "web", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}");

        // An event, and the same once more.
        string[] count = ["events", "--field-selector", "reason=NetworkChangeRefused", "-o", "jsonpath={.items[*].count}"];
        await network.World.KubectlAsync("label", "pod", "b", "--overwrite", "name=red");
        await network.UntilAsync("the change is refused", c => c == "1", count);
        await network.World.KubectlAsync("label", "pod", "b", "--overwrite", "name=blue");
        await network.ApplyAsync(PodNetwork.Pod("c", "node-2", "name: blue"));
        await network.UntilPluggedAsync(3);
        await network.World.KubectlAsync("label", "pod", "b", "--overwrite", "name=red");
        await network.UntilAsync("it is refused again", c => c == "2", count);

        // A pod that has run to its end is still there, and its port is not needed any more; those of the others go with their pods.
        await network.FinishAsync("c");
        await network.UntilAsync("the finished pod's port is gone", names => !names.Contains("/c", StringComparison.Ordinal), "podports", "-A", "-o", "name");
        await network.World.KubectlAsync("delete", "pods", "a", "b", "c", "--force", "--grace-period=0");
        await network.World.KubectlAsync("delete", "service", "web", "--timeout=60s");
        await network.UntilAsync("the ports are gone", names => names.Length == 0, "podports", "-A", "-o", "name");
        (await network.Controller.StopAsync()).ShouldBe(0, network.Controller.Log);

        JsonNode[] calls = await network.CallsAsync();
        calls.Where(c => (int)c["status"]! is 401 or 403).Select(c => c.ToJsonString()).ShouldBeEmpty("every call is allowed");
        string[] used = [.. calls.Select(c => c["operation"]!.ToString()).Distinct().Order(StringComparer.Ordinal)];
        used.ShouldBe(await GrantedAsync(network.World));
    }

    /// <summary>The rules of the manifest, as the sandbox's log names calls.</summary>
    private static async Task<string[]> GrantedAsync(SandboxWorld world)
    {
        string manifest = Path.Combine(Tool.Repository, "deploy", "manifests", "network-controller.yaml");
        JsonArray items = JsonNode.Parse(await world.KubectlAsync("apply", "--dry-run=client", "-o", "json", "-f", manifest))!["items"]!.AsArray();
        return
        [
            .. (from item in items
                where (string?)item["kind"] is "ClusterRole" or "Role"
                from rule in item["rules"]!.AsArray()
                from @group in Texts(rule["apiGroups"]!)
                from resource in Texts(rule["resources"]!)
                from verb in Texts(rule["verbs"]!)
                select Operation(@group, resource, verb)).Distinct().Order(StringComparer.Ordinal),
        ];
    }

    private static string[] Texts(JsonNode list) => [.. list.AsArray().Select(t => t!.ToString())];

    private static string Operation(string group, string resource, string verb)
    {
        string[] parts = resource.Split('/');
        return $"kubernetes.{parts[0]}{(group.Length == 0 ? "" : "." + group)}{(parts.Length > 1 ? "/" + parts[1] : "")}.{verb}";
    }
}
