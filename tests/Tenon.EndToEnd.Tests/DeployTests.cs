using System.Text;
using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary>The manifests, the chart and the example, as an API server receives them.</summary>
[Trait("tier", "slow")]
public sealed class DeployTests
{
    private const int Limit = 180_000;
    private const string Chart = "deploy/charts/tenon-cloud-controller";
    private const string NetworkChart = "deploy/charts/tenon-network";

    /// <summary>All values of the network's chart that are not used otherwise.</summary>
    private const string NetworkValues = """
        commonAnnotations: {team: network}
        imagePullSecrets: [{name: registry}]
        cloudConfigContents: |
          [Global]
          auth-url = https://keystone.example.com:5000/v3
        controller:
          serviceCidr: 10.96.0.0/12,fd00:96::/112
          poolMin: 2
          extraArgs: [--router=edge, --subnet-pools=pods]
          hostAliases: [{ip: 192.0.2.1, hostnames: [keystone.example.com]}]
        agent:
          extraArgs: [--trunk-bridge=br-trunk]
          cniBinDir: /usr/lib/cni
          cniChain: [{type: portmap, capabilities: {portMappings: true}, masqAll: true}]
        """;

    /// <summary>Values as clusters have them that run the openstack-cloud-controller-manager chart.</summary>
    private const string PeerValues = """
        cloudConfig:
          global:
            auth-url: https://keystone.example.com:5000/v3
            username: cluster
            password: 'a "quoted" \ word'
            tenant-name: production
            domain-name: Default
            region: RegionOne
          networking:
            internal-network-name: [nodes-a, nodes-b]
          loadBalancer:
            lb-provider: ovn
            lb-method: SOURCE_IP_PORT
            floating-network-id: 2d4b6f2e-8a43-4d0e-9d6b-6a3b5c1f7a10
        controllerExtraArgs: |-
          - --cluster-cidr=10.150.0.0/16
          - --allocate-node-cidrs=true
        enabledControllers:
          - cloud-node
          - cloud-node-lifecycle
          - service
        serviceMonitor: {}
        """;

    /// <summary>As much of the Prometheus operator's type as the chart fills in; anything else is refused.</summary>
    private const string ServiceMonitors = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata:
          name: servicemonitors.monitoring.coreos.com
        spec:
          group: monitoring.coreos.com
          scope: Namespaced
          names: {kind: ServiceMonitor, listKind: ServiceMonitorList, plural: servicemonitors, singular: servicemonitor}
          versions:
            - name: v1
              served: true
              storage: true
              schema:
                openAPIV3Schema:
                  type: object
                  required: [spec]
                  properties:
                    spec:
                      type: object
                      required: [endpoints, selector]
                      properties:
                        jobLabel: {type: string}
                        selector:
                          type: object
                          properties:
                            matchLabels: {type: object, additionalProperties: {type: string}}
                        endpoints:
                          type: array
                          items:
                            type: object
                            properties:
                              port: {type: string}
                              scheme: {type: string, enum: [http, https]}
                              interval: {type: string, pattern: '^([0-9]+(ms|s|m|h))+$'}
                              bearerTokenFile: {type: string}
                              tlsConfig:
                                type: object
                                properties:
                                  insecureSkipVerify: {type: boolean}
        """;

    [Fact(Timeout = Limit)]
    public async Task The_manifests_and_the_example_are_accepted()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        await world.KubectlAsync("apply", "-f", Path.Combine(Tool.Repository, "deploy", "crds"));
        string manifests = await world.KubectlAsync("apply", "--dry-run=server", "-f", Path.Combine(Tool.Repository, "deploy", "manifests"));
        foreach (string workload in new[] { "daemonset.apps/tenon-cloud-controller", "deployment.apps/tenon-network-controller", "daemonset.apps/tenon-node-agent" })
            manifests.ShouldContain($"{workload} created (server dry run)");
        string example = await world.KubectlAsync("apply", "--dry-run=server", "-f", Path.Combine(Tool.Repository, "examples", "leonardo"));
        example.Split('\n').Length.ShouldBe(4, example);
    }

    [Theory(Timeout = Limit)]
    [InlineData("cloud-controller")]
    [InlineData("network-controller")]
    [InlineData("node-agent")]
    public async Task The_manifests_are_the_charts(string manifest)
    {
        RequireGo();
        Ended rendered = (await Tool.RunAsync(Path.Combine(Tool.Repository, "tools", "chart", "manifests"), [manifest])).ShouldEndWith(0);
        string kept = await File.ReadAllTextAsync(Path.Combine(Tool.Repository, "deploy", "manifests", $"{manifest}.yaml"), TestContext.Current.CancellationToken);
        rendered.Output.ShouldBe(kept, $"write it anew: tools/chart/manifests {manifest} >deploy/manifests/{manifest}.yaml");
    }

    [Theory(Timeout = Limit)]
    [InlineData("")]
    [InlineData(PeerValues)]
    public async Task The_chart_is_accepted(string values)
    {
        RequireGo();
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        string rendered = await RenderAsync(world, values);
        Ended applied = (await world.TryKubectlAsync(rendered, "apply", "--dry-run=server", "-f", "-")).ShouldEndWith(0);
        foreach (string kind in new[] { "daemonset.apps", "serviceaccount", "clusterrole.", "clusterrolebinding.", "role.", "rolebinding.", "secret" })
            applied.Output.Split('\n').ShouldContain(l => l.StartsWith(kind, StringComparison.Ordinal), applied.Output);
    }

    [Fact(Timeout = Limit)]
    public async Task The_service_monitor_is_accepted_where_the_prometheus_operator_is()
    {
        RequireGo();
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        (await world.TryKubectlAsync(ServiceMonitors, "apply", "-f", "-")).ShouldEndWith(0);
        await world.KubectlAsync("wait", "--for=condition=Established", "crd/servicemonitors.monitoring.coreos.com", "--timeout=30s");
        string rendered = await RenderAsync(world, "serviceMonitor: {enabled: true, additionalLabels: {team: cloud}}\nreadinessProbe: {httpGet: {host: 127.0.0.1, path: /readyz, port: 10258, scheme: HTTPS}}\n");
        Ended applied = (await world.TryKubectlAsync(rendered, "apply", "--dry-run=server", "-f", "-")).ShouldEndWith(0);
        applied.Output.ShouldContain("servicemonitor.monitoring.coreos.com/tenon-cloud-controller created (server dry run)");
        applied.Output.ShouldContain("service/tenon-cloud-controller created (server dry run)");
        string[] kinds = [.. rendered.Split('\n').Where(l => l.StartsWith("kind: ", StringComparison.Ordinal))];
        applied.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(kinds.Length, "every document of the chart is accepted");

        // The monitor must find the Service, and the Service the pods' port.
        string json = (await world.TryKubectlAsync(rendered, "apply", "--dry-run=client", "-o", "json", "-f", "-")).ShouldEndWith(0).Output;
        JsonArray items = JsonNode.Parse(json)!["items"]!.AsArray();
        JsonNode monitor = items.Single(i => (string?)i!["kind"] == "ServiceMonitor")!, service = items.Single(i => (string?)i!["kind"] == "Service")!;
        foreach ((string key, JsonNode? value) in monitor["spec"]!["selector"]!["matchLabels"]!.AsObject()) service["metadata"]!["labels"]![key]!.ToString().ShouldBe(value!.ToString());
        monitor["metadata"]!["labels"]!["team"]!.ToString().ShouldBe("cloud");
        JsonNode port = service["spec"]!["ports"]![0]!;
        monitor["spec"]!["endpoints"]![0]!["port"]!.ToString().ShouldBe(port["name"]!.ToString());
        JsonNode container = items.Single(i => (string?)i!["kind"] == "DaemonSet")!["spec"]!["template"]!["spec"]!["containers"]![0]!;
        container["ports"]![0]!["containerPort"]!.GetValue<int>().ShouldBe(port["port"]!.GetValue<int>());
        container["args"]!.AsArray().Select(a => a!.ToString()).ShouldContain("--bind-address=0.0.0.0");
    }

    [Fact(Timeout = Limit)]
    public async Task A_peers_values_become_a_cloud_conf_that_reads_and_arguments_that_are_known()
    {
        RequireGo();
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        string rendered = await RenderAsync(world, PeerValues);
        string json = (await world.TryKubectlAsync(rendered, "apply", "--dry-run=client", "-o", "json", "-f", "-")).ShouldEndWith(0).Output;
        JsonArray items = JsonNode.Parse(json)!["items"]!.AsArray();
        JsonNode secret = items.Single(i => (string?)i!["kind"] == "Secret")!;
        string conf = Encoding.UTF8.GetString(Convert.FromBase64String(secret["data"]!["cloud.conf"]!.ToString()));
        conf.ShouldContain("[LoadBalancer]");
        conf.ShouldContain("""password = "a \"quoted\" \\ word" """.TrimEnd());
        conf.Split('\n').Count(l => l.StartsWith("internal-network-name", StringComparison.Ordinal)).ShouldBe(2, conf);
        string file = Path.Combine(world.Root, "rendered.conf");
        await File.WriteAllTextAsync(file, conf, TestContext.Current.CancellationToken);

        JsonNode container = items.Single(i => (string?)i!["kind"] == "DaemonSet")!["spec"]!["template"]!["spec"]!["containers"]![0]!;
        string[] arguments = [.. container["args"]!.AsArray().Select(a => a!.ToString()
            .Replace("$(CLOUD_CONFIG)", file, StringComparison.Ordinal)
            .Replace("$(CLUSTER_NAME)", "kubernetes", StringComparison.Ordinal)
            .Replace("$(POD_NAMESPACE)", "kube-system", StringComparison.Ordinal))];
        arguments.ShouldContain("--cluster-cidr=10.150.0.0/16");
        arguments.ShouldContain("--controllers=cloud-node,cloud-node-lifecycle,service");
        // The file is read before the kubeconfig: a missing kubeconfig is the only complaint left.
        Ended ended = (await Tool.TenonAsync([.. arguments, "--kubeconfig", Path.Combine(world.Root, "missing")])).ShouldEndWith(2);
        ended.Errors.ShouldContain("kubeconfig");
        ended.Errors.Split('\n').Count(l => l.StartsWith("error: ", StringComparison.Ordinal)).ShouldBe(1, ended.Errors);
    }

    [Theory(Timeout = Limit)]
    [InlineData("cloudConfigContents: x")]
    [InlineData(NetworkValues)]
    public async Task The_networks_chart_is_accepted_and_gives_arguments_that_are_known(string values)
    {
        RequireGo();
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        string rendered = await RenderAsync(world, values, NetworkChart);
        Ended applied = (await world.TryKubectlAsync(rendered, "apply", "--dry-run=server", "-f", "-")).ShouldEndWith(0);
        applied.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(rendered.Split('\n').Count(l => l.StartsWith("kind: ", StringComparison.Ordinal)), applied.Output);
        JsonArray items = JsonNode.Parse((await world.TryKubectlAsync(rendered, "apply", "--dry-run=client", "-o", "json", "-f", "-")).ShouldEndWith(0).Output)!["items"]!.AsArray();
        string conf = Path.Combine(world.Root, "empty.conf"), chain = Path.Combine(world.Root, "cni-chain.json"), missing = Path.Combine(world.Root, "missing");
        string? plugins = items.FirstOrDefault(i => (string?)i!["kind"] == "ConfigMap" && i["metadata"]!["name"]!.ToString() == "tenon-cni-chain")?["data"]!["cni-chain.json"]!.ToString();
        (plugins is not null).ShouldBe(rendered.Contains("--cni-chain=", StringComparison.Ordinal));
        await File.WriteAllTextAsync(chain, plugins, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(conf, "[Global]\nauth-url = https://keystone.example.com:5000/v3\nusername = me\npassword = word\ntenant-name = production\ndomain-name = Default\n", TestContext.Current.CancellationToken);
        foreach (string kind in new[] { "Deployment", "DaemonSet" })
        {
            JsonNode pod = items.Single(i => (string?)i!["kind"] == kind)!["spec"]!["template"]!["spec"]!, container = pod["containers"]![0]!;
            string[] arguments = [.. container["args"]!.AsArray().Select(a => a!.ToString().Replace("/etc/config/cloud.conf", conf, StringComparison.Ordinal).Replace("/etc/tenon/cni-chain.json", chain, StringComparison.Ordinal))];
            if (kind == "DaemonSet") arguments = [.. arguments, "--node-name", "node-1", "--install-cni", "false"];

            // What it complains of is the kubeconfig alone.
            Ended ended = (await Tool.TenonAsync([.. arguments, "--kubeconfig", missing])).ShouldEndWith(2);
            ended.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem().ShouldContain("kubeconfig");
            container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>().ShouldBeTrue();
            string[] volumes = [.. pod["volumes"]!.AsArray().Select(v => v!["name"]!.ToString())];
            container["volumeMounts"]!.AsArray().Select(v => v!["name"]!.ToString()).ShouldBe(volumes, ignoreOrder: true);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task The_networks_chart_without_a_cloud_conf_says_how_to_give_one()
    {
        RequireGo();
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "0");
        (await TryRenderAsync(world, "{}", NetworkChart)).ShouldEndWith(1).Errors.ShouldContain("--set-file cloudConfigContents=cloud.conf");
    }

    private static async Task<string> RenderAsync(SandboxWorld world, string values, string chart = Chart) => (await TryRenderAsync(world, values, chart)).ShouldEndWith(0).Output;

    private static async Task<Ended> TryRenderAsync(SandboxWorld world, string values, string chart)
    {
        string file = Path.Combine(world.Root, "values.yaml");
        await File.WriteAllTextAsync(file, values, TestContext.Current.CancellationToken);
        var environment = new Dictionary<string, string> { ["GO111MODULE"] = "off", ["GOPATH"] = "/usr/share/gocode" };
        return await Tool.RunAsync("go", ["run", "tools/chart/render.go", "-f", file, chart, "tenon", "kube-system"], environment);
    }

    private static void RequireGo()
    {
        Tool.Require("go", "golang-go");
        Assert.SkipUnless(Directory.Exists("/usr/share/gocode/src/github.com/Masterminds/sprig"), "sprig is not installed: apt-get install golang-github-masterminds-sprig-dev");
        Assert.SkipUnless(Directory.Exists("/usr/share/gocode/src/sigs.k8s.io/yaml"), "the yaml package is not installed: apt-get install golang-k8s-sigs-yaml-dev");
    }
}
