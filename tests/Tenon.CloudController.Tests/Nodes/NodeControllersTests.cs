using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.CloudController.Routes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.Configuration;
using Tenon.Sandbox;

namespace Tenon.CloudController.Tests.Nodes;

/// <summary>The node and route controllers with informer, queue, events and writer, against both halves of the sandbox over HTTP.</summary>
public class NodeControllersTests
{
    private const int Patience = 90_000;
    private const int Count = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = Patience)]
    [Trait("tier", "slow")]
    public async Task Nodes_are_initialised_routed_tainted_and_deleted_through_the_real_apis()
    {
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Nodes = Count, Controllers = "none" }, Token);
        using var client = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(sandbox.Kubeconfig));
        await using var cloud = new CloudClient(GlobalCredentials.ToCredentials(CloudConfig.Parse(sandbox.CloudConf).Config.ShouldNotBeNull().Global));
        for (int i = 1; i <= Count; i++) await RegisterAsync(client, $"node-{i}", $"10.244.{i}.0/24");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        Task running = RunAsync(client, cloud, stop.Token);
        ImmutableArray<Node> nodes = await UntilAsync(client, all => all.Length == Count && all.All(n => n.Spec.Taints.All(t => t.Key == "node.kubernetes.io/not-ready") && Condition(n, "NetworkUnavailable") == "False"));
        nodes.ShouldAllBe(n => n.Spec.ProviderId!.StartsWith("openstack:///", StringComparison.Ordinal));
        nodes.Select(n => n.Metadata.Labels[NodeKeys.Zone]).Distinct().Count().ShouldBe(3);
        nodes.ShouldAllBe(n => n.Status.Addresses.Any(a => a.Type == "InternalIP"));
        (await RoutesAsync(cloud)).Count.ShouldBe(Count);

        // One server is stopped, one deleted: their nodes stop reporting.
        Stop(sandbox, nodes, "node-1");
        sandbox.OpenStack.Send("compute", "DELETE", $"/v2.1/servers/{ServerOf(nodes, "node-2")}", null).Expect();
        await ReadyAsync(client, "node-1", "Unknown");
        await ReadyAsync(client, "node-2", "Unknown");
        nodes = await UntilAsync(client, all => all.Length == Count - 1 && all.Any(n => n.Spec.Taints.Any(t => t.Key == NodeKeys.Shutdown)));
        nodes.ShouldNotContain(n => n.Metadata.Name == "node-2");
        nodes.Single(n => n.Spec.Taints.Any(t => t.Key == NodeKeys.Shutdown)).Metadata.Name.ShouldBe("node-1");
        for (int i = 0; i < 200 && (await RoutesAsync(cloud)).Count > Count - 1; i++) await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
        (await RoutesAsync(cloud)).ShouldNotContain("10.244.2.0/24");

        var reasons = new List<string?>();
        for (int i = 0; i < 200 && !reasons.Contains("DeletingNode"); i++)
        {
            reasons.Clear();
            await foreach (Event found in client.ListAsync<Event>(null, Token)) reasons.Add(found.Reason);
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
        }

        reasons.ShouldContain("Synced");
        reasons.ShouldContain("DeletingNode");
        await stop.CancelAsync();
        await running;
    }

    private static async Task RunAsync(KubernetesClient client, CloudClient cloud, CancellationToken cancellationToken)
    {
        var informer = new Informer<Node>(client);
        var events = new EventRecorder(client, new EventRecorderOptions { Component = "tenon" });
        using var machines = new CloudMachines(cloud.Compute(), cloud.Networking(), cloud.Networking(), cloud.Identity, TimeProvider.System);
        var writer = new KubernetesNodeWriter(client);
        var options = new NodeReconcilerOptions { Planner = new NodePlannerOptions { Region = "RegionOne" } };
        var nodes = new NodeReconciler(options, informer, writer, machines, events, NullLogger<NodeReconciler>.Instance);
        string router = "";
        await foreach (var found in cloud.Networking().ListRoutersAsync(new(), cancellationToken)) router = found.Id;
        RouteSettings settings = RouteSettings.Decide(new RouteFlags { AllocateNodeCidrs = true, ClusterCidr = "10.244.0.0/16" }, router, null).Settings.ShouldNotBeNull();
        using var routes = new RouteReconciler(settings, new RouteClients(cloud.Networking(), cloud.Networking(), cloud.Networking(), cloud.Networking()), machines,
            new RouteCluster(informer, writer, events), NullLogger<RouteReconciler>.Instance);
        var host = new ControllerHost(new ControllerHostOptions
        {
            Informers = [informer],
            Controllers =
            [
                NodeReconciler.CreateController(nodes, informer, options, TimeProvider.System, NullLoggerFactory.Instance),
                RouteReconciler.CreateController(routes, informer, settings, TimeProvider.System, NullLoggerFactory.Instance),
            ],
            EventRecorder = events,
        });
        await host.RunAsync(cancellationToken);
    }

    private static async Task RegisterAsync(KubernetesClient client, string name, string range)
    {
        var body = new JsonObject { ["spec"] = new JsonObject { ["podCIDR"] = range, ["podCIDRs"] = new JsonArray(range) } };
        Node node = await client.PatchAsync<Node>(new("", name), Patch.Strategic(body), Token);
        node.Spec.Taints.ShouldContain(t => t.Key == NodeKeys.Uninitialized);
        node.Spec.ProviderId.ShouldBeNullOrEmpty();
        await ReadyAsync(client, name, "True");
    }

    private static Task ReadyAsync(KubernetesClient client, string name, string status)
        => new KubernetesNodeWriter(client).SetConditionAsync(
            new Node { Metadata = new ObjectMeta { Name = name } },
            new Condition { Type = "Ready", Status = status, Reason = "Test", Message = "as the test says", LastTransitionTime = TimeProvider.System.GetUtcNow() }, Token);

    private static async Task<ImmutableArray<Node>> UntilAsync(KubernetesClient client, Func<ImmutableArray<Node>, bool> reached)
    {
        ImmutableArray<Node> nodes = [];
        for (int i = 0; i < 800; i++)
        {
            var list = new List<Node>();
            await foreach (Node node in client.ListAsync<Node>(null, Token)) list.Add(node);
            nodes = [.. list];
            if (reached(nodes)) return nodes;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
        }

        throw new TimeoutException(string.Join('\n', nodes.Select(n => $"{n.Metadata.Name} {n.Spec.ProviderId} {string.Join(",", n.Spec.Taints.Select(t => t.Key))} {string.Join(",", n.Status.Conditions.Select(c => $"{c.Type}={c.Status}"))}")));
    }

    private static async Task<List<string>> RoutesAsync(CloudClient cloud)
    {
        var routes = new List<string>();
        await foreach (var router in cloud.Networking().ListRoutersAsync(new(), Token)) routes.AddRange(router.Routes.Select(r => r.Destination));
        return routes;
    }

    private static void Stop(SandboxHost sandbox, ImmutableArray<Node> nodes, string name)
        => sandbox.OpenStack.Send("compute", "POST", $"/v2.1/servers/{ServerOf(nodes, name)}/action", new JsonObject { ["os-stop"] = null }).Expect();

    private static string ServerOf(ImmutableArray<Node> nodes, string name) => nodes.Single(n => n.Metadata.Name == name).Spec.ProviderId!["openstack:///".Length..];

    private static string? Condition(Node node, string type) => node.Status.Conditions.FirstOrDefault(c => c.Type == type)?.Status;
}
