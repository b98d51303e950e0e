using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests;

/// <summary><c>tenon cloud-controller</c> as a process of its own, and the commands that show and repair what it did.</summary>
[Trait("tier", "slow")]
public sealed class ControllerTests
{
    private const int Limit = 300_000;
    private const string LoadBalancerService = """
        apiVersion: v1
        kind: Service
        metadata:
          name: web
        spec:
          type: LoadBalancer
          selector:
            app: web
          ports:
            - port: 80
        """;

    private static readonly string[] ProviderIds = ["nodes", "-o", "jsonpath={.items[*].spec.providerID}"];
    private static readonly string[] Address = ["service", "web", "-o", "jsonpath={.status.loadBalancer.ingress[0].ip}"];

    [Fact(Timeout = Limit)]
    public async Task The_manifests_rights_are_enough_and_all_it_has()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "2");
        await world.KubectlAsync("apply", "-f", Path.Combine(Tool.Repository, "deploy", "manifests", "cloud-controller.yaml"));
        string kubeconfig = await world.ServiceAccountKubeconfigAsync("cloud-controller-manager");
        await ShouldNotReachAsync(world);

        await using RunningTenon controller = world.StartController(kubeconfig);
        await world.UntilAsync(controller, "the nodes have provider IDs", ids => ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 2, ProviderIds);
        await world.UntilAsync(controller, "no node is uninitialized", taints => !taints.Contains("uninitialized", StringComparison.Ordinal), "nodes", "-o", "jsonpath={.items[*].spec.taints}");
        (await world.TryKubectlAsync(LoadBalancerService, "apply", "-f", "-")).ShouldEndWith(0);
        await world.UntilAsync(controller, "the Service has its address", ip => ip.Length > 0, Address);
        await world.UntilAsync(controller, "events tell of it", events => events.Contains("Ensured", StringComparison.OrdinalIgnoreCase),
            "events", "--field-selector", "involvedObject.name=web", "-o", "jsonpath={.items[*].reason}");
        (await world.KubectlAsync("-n", "kube-system", "get", "lease", "cloud-controller-manager", "-o", "jsonpath={.spec.holderIdentity}")).ShouldNotBeEmpty();

        await world.KubectlAsync("delete", "service", "web", "--timeout=60s");
        (await world.KubectlAsync("get", "services", "--field-selector", "metadata.name=web", "-o", "name")).ShouldBeEmpty();
        (await world.TenonAsync("gc")).ShouldEndWith(0).Output.ShouldContain("Nothing is orphaned.");
        (await controller.StopAsync()).ShouldBe(0, controller.Log);
        controller.Log.ShouldNotContain("forbidden", Case.Insensitive);
    }

    [Fact(Timeout = Limit)]
    public async Task A_plan_shows_the_changes_until_the_controller_has_made_them()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "2");
        (await world.TryKubectlAsync(LoadBalancerService, "apply", "-f", "-")).ShouldEndWith(0);
        Ended before = (await world.TenonAsync("plan", "--exit-code")).ShouldEndWith(3);
        before.Output.ShouldContain("node/node-1");
        before.Output.ShouldContain("Nothing was applied.");
        before.Output.ShouldContain("service/default/web\n  ~ create load balancer kube_service_kubernetes_default_web", Case.Sensitive, "Services are planned for the nodes as they will be");
        before.Output.ShouldContain("to 2 members");
        Ended routes = (await world.TenonAsync("plan", "--cluster-cidr", "10.150.0.0/16")).ShouldEndWith(0);
        routes.Output.ShouldContain("add 10.150.1.0/24 via ", Case.Sensitive, "so are routes");
        JsonNode.Parse((await world.TenonAsync("plan", "--output", "json")).ShouldEndWith(0).Output)!["changes"]!.AsArray().ShouldNotBeEmpty();
        (await world.KubectlAsync(["get", .. ProviderIds])).ShouldBeEmpty();

        await using RunningTenon controller = world.StartController();
        await world.UntilAsync(controller, "the Service has its address", ip => ip.Length > 0, Address);
        await world.UntilAsync(controller, "the nodes have provider IDs", ids => ids.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 2, ProviderIds);
        Ended after = new(-1, "", "");
        await Eventually.UntilAsync("the plan is empty", TimeSpan.FromSeconds(60), async () => (after = await world.TenonAsync("plan", "--exit-code")).Code == 0, () => $"{after}");
        after.Output.ShouldContain("Nothing to change.");
        (await controller.StopAsync()).ShouldBe(0, controller.Log);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_stopped_controller_could_not_delete_is_found_and_collected()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "2");
        (await world.TryKubectlAsync(LoadBalancerService, "apply", "-f", "-")).ShouldEndWith(0);
        await using (RunningTenon controller = world.StartController())
        {
            await world.UntilAsync(controller, "the Service has its address", ip => ip.Length > 0, Address);
            (await controller.StopAsync()).ShouldBe(0, controller.Log);
        }

        (await OrphansAsync(world)).ShouldBeEmpty();
        await world.KubectlAsync("patch", "service", "web", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
        await world.KubectlAsync("delete", "service", "web", "--timeout=30s");

        JsonArray orphans = await OrphansAsync(world);
        JsonNode balancer = orphans.Single(o => (string?)o!["resource"] == "load balancer")!;
        balancer["name"]!.ToString().ShouldBe("kube_service_kubernetes_default_web");
        balancer["certain"]!.GetValue<bool>().ShouldBeTrue();
        (await OrphansAsync(world)).Count.ShouldBe(orphans.Count, "listing deletes nothing");
        (await world.TenonAsync("gc")).ShouldEndWith(0).Output.ShouldContain("--delete does that");

        (await world.TenonAsync("gc", "--delete")).ShouldEndWith(0).Output.ShouldContain("deleted");
        JsonArray rest = [];
        await Eventually.UntilAsync("everything is gone", TimeSpan.FromSeconds(60), async () => (rest = await OrphansAsync(world)).Count == 0, () => rest.ToJsonString());
        (await world.TenonAsync("gc", "--delete")).ShouldEndWith(0).Output.ShouldContain("Nothing is orphaned.");
    }

    [Fact(Timeout = Limit)]
    public async Task No_password_and_no_token_is_logged_at_any_verbosity()
    {
        await using SandboxWorld world = await SandboxWorld.StartAsync("--nodes", "1");
        string conf = await File.ReadAllTextAsync(world.CloudConf, TestContext.Current.CancellationToken);
        string password = conf.Split('\n').Single(l => l.StartsWith("password", StringComparison.Ordinal)).Split('=')[1].Trim(' ', '"');
        string kubeconfig = await File.ReadAllTextAsync(world.Kubeconfig, TestContext.Current.CancellationToken);
        string[] secrets = [password, .. kubeconfig.Split('\n').Select(l => l.Trim()).Where(l => l.StartsWith("token:", StringComparison.Ordinal) || l.StartsWith("client-key-data:", StringComparison.Ordinal)).Select(l => l.Split(':')[1].Trim(' ', '"'))];
        secrets.Length.ShouldBeGreaterThan(1);
        foreach (string format in new[] { "text", "json" })
        {
            await using RunningTenon controller = RunningTenon.Start(
                "cloud-controller", "--cloud-config", world.CloudConf, "--kubeconfig", world.Kubeconfig, "--secure-port", "0", "--v", "10", "--logging-format", format);
            await Eventually.UntilAsync("it has looked at the servers", TimeSpan.FromSeconds(90), () => Task.FromResult(controller.Log.Contains("compute.servers.list", StringComparison.Ordinal)), () => controller.Log);
            (await controller.StopAsync()).ShouldBe(0, controller.Log);
            controller.Log.ShouldContain("identity.tokens.create");
            string line = controller.Log.Split('\n').First(l => l.Contains("Authenticated as", StringComparison.Ordinal));
            if (format == "json") JsonNode.Parse(line)!["Message"]!.ToString().ShouldStartWith("Authenticated as demo for demo");
            else line.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z info    OpenStack: Authenticated as demo for demo");
            foreach (string secret in secrets) controller.Log.ShouldNotContain(secret);
            controller.Log.ShouldNotContain("gAAAA", Case.Sensitive, "Keystone's tokens begin so");
        }
    }

    private static async Task<JsonArray> OrphansAsync(SandboxWorld world)
        => JsonNode.Parse((await world.TenonAsync("gc", "--output", "json")).ShouldEndWith(0).Output)!["orphans"]!.AsArray();

    /// <summary>What the role must not allow: other people's secrets, other leases.</summary>
    private static async Task ShouldNotReachAsync(SandboxWorld world)
    {
        const string Account = "--as=system:serviceaccount:kube-system:cloud-controller-manager";
        (await world.KubectlAsync("auth", "can-i", "patch", "nodes/status", Account)).ShouldBe("yes");
        (await world.TryKubectlAsync(null, "auth", "can-i", "create", "pods", Account)).ShouldEndWith(1).Output.Trim().ShouldBe("no");
        foreach (string resource in new[] { "secrets", "configmaps", "namespaces", "leases" })
        {
            Ended answer = (await world.TryKubectlAsync(null, "get", resource, "-n", "kube-system", Account)).ShouldEndWith(1);
            answer.Errors.ShouldContain("forbidden", Case.Insensitive);
        }
    }
}
