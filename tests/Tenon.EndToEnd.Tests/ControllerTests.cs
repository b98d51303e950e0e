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
        string kubeconfig = await ServiceAccountKubeconfigAsync(world);
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

    private static async Task<JsonArray> OrphansAsync(SandboxWorld world)
        => JsonNode.Parse((await world.TenonAsync("gc", "--output", "json")).ShouldEndWith(0).Output)!["orphans"]!.AsArray();

    /// <summary>What the role must not allow: other people's secrets, other leases.</summary>
    private static async Task ShouldNotReachAsync(SandboxWorld world)
    {
        foreach (string resource in new[] { "secrets", "configmaps", "namespaces", "leases" })
        {
            Ended answer = (await world.TryKubectlAsync(null, "get", resource, "-n", "kube-system", "--as=system:serviceaccount:kube-system:cloud-controller-manager")).ShouldEndWith(1);
            answer.Errors.ShouldContain("forbidden", Case.Insensitive);
        }
    }

    /// <summary>A kubeconfig that holds the service account's token and nothing of the administrator's.</summary>
    private static async Task<string> ServiceAccountKubeconfigAsync(SandboxWorld world)
    {
        // "kubectl create token" sends protocol buffers, which the sandbox does not read; this is the same request.
        Ended created = (await world.TryKubectlAsync(
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":3600}}""",
            "create", "--raw", "/api/v1/namespaces/kube-system/serviceaccounts/cloud-controller-manager/token", "-f", "-")).ShouldEndWith(0);
        string token = JsonNode.Parse(created.Output)!["status"]!["token"]!.ToString();
        JsonNode config = JsonNode.Parse(await world.KubectlAsync("config", "view", "--raw", "--minify", "-o", "json"))!;
        config["users"]![0]!["user"] = new JsonObject { ["token"] = token };
        string file = Path.Combine(world.Root, "cloud-controller.kubeconfig");
        await File.WriteAllTextAsync(file, config.ToJsonString(), TestContext.Current.CancellationToken);
        return file;
    }
}
