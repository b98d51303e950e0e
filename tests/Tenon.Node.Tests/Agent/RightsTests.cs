using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Network.Contracts;
using Tenon.Nodes.Tests.Support;
using Tenon.Sandbox.Measures;
using YamlDotNet.Serialization;

namespace Tenon.Nodes.Tests.Agent;

/// <summary>The agent as its manifest's service account.</summary>
[Trait("tier", "slow")]
public sealed class RightsTests(OvnNode node) : IClassFixture<OvnNode>
{
    private const string Account = "tenon-node-agent";
    private const string UserAgent = "agent-as-its-account";
    private static readonly string Manifest = Path.Combine(AppContext.BaseDirectory, "manifests", "node-agent.yaml");

    [Fact]
    public async Task The_manifests_rights_are_enough_and_all_are_used()
    {
        if (Programs.Find("kubectl") is null) Limits.Skip("kubectl is not installed (package kubernetes-client)");
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        await KubectlAsync(world, "apply", "-f", Manifest);
        string token = (await KubectlAsync(world, "-n", "kube-system", "create", "token", Account, "--duration=1h")).Trim();
        KubernetesConfiguration administrator = world.Client.Configuration;
        using KubernetesClient client = new(
            administrator with { ClientCertificate = null, ClientKey = null, Files = new(), Credential = new KubernetesCredential.Token(new(token)) }, new() { UserAgent = UserAgent });
        world.AgentClient = client;
        await world.StartAsync();

        using TestPod pod = await world.AddPodAsync(), asked = await world.AddPodAsync();
        (await pod.AddAsync()).ShouldSucceed();
        (await asked.AddAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is plugged", p => p.IsPlugged);
        await world.UntilPortAsync(asked, "is plugged", p => p.IsPlugged);
        await world.UntilConditionAsync(NetworkNames.NodeCondition, "True");
        await world.DeletePortAsync(asked);
        await world.UntilPortAsync(asked, "is unplugged", p => p.IsReportedUnplugged);
        (await pod.DeleteAsync()).ShouldSucceed();
        (await asked.DeleteAsync()).ShouldSucceed();
        await world.UntilPortAsync(pod, "is unplugged", p => p.IsReportedUnplugged);
        await world.ShouldBeEmptyAsync();

        CallEntry[] calls = [.. world.Calls.Entries().Where(c => c.UserAgent.StartsWith(UserAgent, StringComparison.Ordinal))];
        calls.Where(c => c.Status is 401 or 403).Select(c => $"{c.Operation} {c.Status}").ShouldBeEmpty("every call is allowed");
        string[] used = [.. calls.Select(c => c.Operation).Distinct().Order(StringComparer.Ordinal)];
        used.ShouldBe(await GrantedAsync());
    }

    private static Task<string> KubectlAsync(AgentWorld world, params string[] arguments) => Programs.RunAsync("kubectl", ["--kubeconfig", world.Kubeconfig, .. arguments]);

    /// <summary>The rules of the manifest, as the sandbox's log names calls.</summary>
    private static async Task<string[]> GrantedAsync()
    {
        string role = (await File.ReadAllTextAsync(Manifest, Limits.Token)).Split("\n---\n").Single(d => d.Contains("\nkind: ClusterRole\n", StringComparison.Ordinal));
        JsonNode json = JsonNode.Parse(new SerializerBuilder().JsonCompatible().Build().Serialize(new DeserializerBuilder().Build().Deserialize(role)))!;
        return
        [
            .. json["rules"]!.AsArray().SelectMany(
                rule => from @group in Texts(rule!["apiGroups"]!) from resource in Texts(rule["resources"]!) from verb in Texts(rule["verbs"]!) select Operation(@group, resource, verb))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string[] Texts(JsonNode list) => [.. list.AsArray().Select(t => t!.ToString())];

    private static string Operation(string group, string resource, string verb)
    {
        string[] parts = resource.Split('/');
        return $"kubernetes.{parts[0]}{(group.Length == 0 ? "" : "." + group)}{(parts.Length > 1 ? "/" + parts[1] : "")}.{verb}";
    }
}
