using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>Two applications on networks of their own, for the commands that show them.</summary>
public sealed class NetworkViewWorld : IAsyncLifetime
{
    private const string Cluster = """
        apiVersion: v1
        kind: Service
        metadata: {name: leonardodb}
        spec: {selector: {app: db}, ports: [{port: 5432}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: idle}
        spec: {selector: {app: nobody}, ports: [{port: 80}]}
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: {name: db-in}
        spec:
          podSelector: {matchLabels: {app: db}}
          ingress: [{from: [{podSelector: {matchLabels: {app: leonardo}}}], ports: [{port: 5432}]}]
        """;

    private PodNetwork? _network;

    internal PodNetwork Network => _network ?? throw new InvalidOperationException("it did not start");

    public async ValueTask InitializeAsync()
    {
        _network = await PodNetwork.StartAsync();
        await _network.ApplyAsync(Cluster);
        await _network.ApplyAsync(PodNetwork.Pod("leonardo-0", "node-1", "name: leonardo, app: leonardo, uses: leonardodb"));
        await _network.ApplyAsync(PodNetwork.Pod("leonardodb-0", "node-2", "name: leonardodb, app: db"));
        await _network.UntilPluggedAsync(2);
        await _network.UntilAsync("the database has an endpoint", ready => ready == "true", "endpointslices", "-l", "kubernetes.io/service-name=leonardodb", "-o", "jsonpath={.items[*].endpoints[*].conditions.ready}");
        await _network.UntilAsync("all networks are ready", ready => ready == "True True True", "virtualnetworks", "-A", "-o", "jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].status}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_network is not null) await _network.DisposeAsync();
    }
}

/// <summary><c>tenon network list|show|routes|policy|can</c> as people and programs call them.</summary>
[Trait("tier", "slow")]
public sealed class NetworkViewTests(NetworkViewWorld world) : IClassFixture<NetworkViewWorld>
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task Networks_are_listed_with_their_pods()
    {
        string[] lines = Lines(await ViewAsync(0, "list"));
        Words(lines[0]).ShouldBe(["NETWORK", "READY", "RANGES", "ISOLATION", "PODS", "WHY"]);
        lines.Skip(1).Select(l => $"{Words(l)[0]} {Words(l)[1]} {Words(l)[^1]}").ShouldBe(["default/leonardo True 1", "default/leonardodb True 1", "kube-system/services True 0"]);
        JsonArray json = Json(await ViewAsync(0, "list", "--output", "json")).AsArray();
        json.Select(n => (string?)n!["network"] ?? n["name"]!.ToString()).ShouldBe(["default/leonardo", "default/leonardodb", "kube-system/services"], ignoreOrder: true);
    }

    [Fact(Timeout = Limit)]
    public async Task A_network_is_shown_with_its_ports()
    {
        string[] lines = Lines(await ViewAsync(0, "show", "leonardo"));
        Words(lines[0]).ShouldBe(["POD", "ADDRESSES", "NODE", "PLUGGED", "VLAN", "PORT"]);
        string[] row = Words(lines[1]);
        (row[0], row[2], row[3], lines.Length).ShouldBe(("default/leonardo-0", "node-1", "yes", 2));
        JsonNode port = Json(await ViewAsync(0, "show", "default/leonardo", "--output", "json"))["ports"]![0]!;
        (port["addresses"]![0]!.ToString(), port["port"]!.ToString(), (bool)port["plugged"]!).ShouldBe((row[1], row[5], true));
    }

    [Fact(Timeout = Limit)]
    public async Task Routes_lead_to_Services_and_say_which_do_not_answer()
    {
        string text = (await ViewAsync(0, "routes", "leonardo-0")).Output;
        text.ShouldContain("to Service default/leonardodb: TCP 5432 at ");
        text.ShouldContain("to Service default/idle, which does not answer: none of its endpoints is ready");
        Lines(await ViewAsync(0, "routes", "leonardo-0"))[^1].ShouldStartWith("0.0.0.0/0 ");
        JsonNode json = Json(await ViewAsync(0, "routes", "default/leonardo-0", "--cloud-config", world.Network.World.CloudConf, "--output", "json"));
        json["routes"]!.AsArray().Where(r => (string?)r!["kind"] == "service").Select(r => (bool)r!["answers"]!).Order().ShouldContain(false);
        json["routes"]!.AsArray().Count(r => (string?)r!["kind"] == "own").ShouldBe(1);
        json["routes"]!.AsArray().Single(r => (string?)r!["kind"] == "default")!["through"]!.ToString().ShouldContain("public", Case.Sensitive, "the cloud says where the router leads");
    }

    [Fact(Timeout = Limit)]
    public async Task The_policies_of_a_pod_are_shown()
    {
        (await ViewAsync(0, "policy", "leonardodb-0")).Output.ShouldContain("db-in");
        JsonArray entries = Json(await ViewAsync(0, "policy", "leonardodb-0", "--output", "json"))["entries"]!.AsArray();
        JsonNode entry = entries.Single(e => e!["by"]!.ToString().Contains("db-in", StringComparison.Ordinal))!;
        entry["peers"]![0]!["pods"]!.AsArray().Select(p => p!.ToString()).ShouldBe(["default/leonardo-0"]);
        entry["ports"]!.AsArray().Select(p => p!.ToString()).ShouldBe(["TCP 5432"]);
    }

    [Theory(Timeout = Limit)]
    [InlineData("leonardo-0", "leonardodb-0", 5432, true)]
    [InlineData("leonardo-0", "leonardodb-0", 22, false)]
    [InlineData("leonardodb-0", "leonardo-0", 80, false)]
    public async Task Whether_a_pod_reaches_another_is_the_exit_code(string from, string to, int port, bool may)
    {
        Ended ended = await ViewAsync(may ? 0 : 1, "can", from, to, "--port", $"{port}");
        Lines(ended)[0].ShouldBe(may ? $"yes: default/{from} reaches default/{to} on TCP {port}" : $"no: default/{from} does not reach default/{to} on TCP {port}");
        ended.Errors.ShouldBeEmpty();
        JsonNode json = Json(await ViewAsync(may ? 0 : 1, "can", from, to, "--port", $"{port}", "--output", "json"));
        ((bool)json["allowed"]!).ShouldBe(may);
        if (to == "leonardodb-0") json["ingress"]!["by"]!.ToString().ShouldContain("db-in");
    }

    [Theory(Timeout = Limit)]
    [InlineData(1, "there is no virtual network default/nowhere; there are default/leonardo, ", "show", "nowhere")]
    [InlineData(1, "there is no pod default/nobody", "routes", "nobody")]
    [InlineData(1, "did you mean default/leonardo-0?", "policy", "leonardo-O")]
    [InlineData(1, "there is no pod team/leonardo-0", "can", "team/leonardo-0", "leonardodb-0", "--port", "5432")]
    [InlineData(2, "\"a/b/c\" is no name", "show", "a/b/c")]
    [InlineData(2, "\"/leonardo-0\" is no name", "routes", "/leonardo-0")]
    [InlineData(2, "--port 70000: write a port from 1 to 65535", "can", "leonardo-0", "leonardodb-0", "--port", "70000")]
    [InlineData(2, "--protocol \"ICMP\": write TCP, UDP or SCTP", "can", "leonardo-0", "leonardodb-0", "--port", "1", "--protocol", "icmp")]
    public async Task What_is_wrong_is_one_line(int code, string message, params string[] arguments)
    {
        Ended ended = await ViewAsync(code, arguments);
        ended.Output.ShouldBeEmpty();
        string line = ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem();
        line.ShouldStartWith("error: ");
        line.ShouldContain(message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_cluster_without_the_definitions_is_told_how_to_get_them()
    {
        await using SandboxWorld bare = await SandboxWorld.StartAsync("--nodes", "0");
        Ended ended = (await Tool.TenonAsync("network", "list", "--kubeconfig", bare.Kubeconfig)).ShouldEndWith(1);
        ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldContain("kubectl apply -f deploy/crds/");
    }

    [Fact(Timeout = Limit)]
    public async Task A_check_says_which_nodes_can_plug_pods_and_what_the_others_lack()
    {
        SandboxWorld sandbox = world.Network.World;
        string[] ready = [.. Lines((await sandbox.TenonAsync("check")).ShouldEndWith(0)).SkipWhile(l => l != "pods on Neutron").Skip(1).Take(2)];
        ready.Select(l => string.Join(' ', Words(l))).ShouldBe(["node-1 ok can plug pods", "node-2 ok can plug pods"]);

        await using SandboxWorld other = await SandboxWorld.StartAsync("--nodes", "1");
        await other.KubectlAsync("apply", "-f", Path.Combine(Tool.Repository, "deploy", "crds"));
        await other.KubectlAsync("annotate", "node", "node-1", "network.tenon.dev/binding=ovs");
        JsonNode item = Json(await other.TenonAsync("check", "--output", "json"))["items"]!.AsArray().Single(i => i!["group"]!.ToString() == "pods on Neutron")!;
        item["status"]!.ToString().ShouldBe("warning");
        item["note"]!.ToString().ShouldContain("create_port:binding:host_id");
    }

    private async Task<Ended> ViewAsync(int code, params string[] arguments) => (await world.Network.ViewAsync(arguments)).ShouldEndWith(code);

    private static string[] Lines(Ended ended) => ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static JsonNode Json(Ended ended) => JsonNode.Parse(ended.Output)!;
}
