using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox.Measures;

namespace Tenon.Bench.Cases;

/// <summary>What the cloud controller costs. Every case has its own sandbox and its own controller process.</summary>
internal static class CloudControllerCases
{
    private const string NodeLease = "cloud-controller-manager";

    /// <summary>All cases.</summary>
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        new("start-to-leading", StartToLeadingAsync),
        new("nodes-initialized", NodesInitializedAsync),
        new("service-created", ServiceCreatedAsync),
        new("node-joins", NodeJoinsAsync),
        new("resync-in-sync", ResyncAsync),
        new("restart-in-sync", RestartAsync),
        new("memory", MemoryAsync),
    ];

    private static async Task<CaseResult> StartToLeadingAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchCloud cloud = await BenchCloud.StartAsync(3, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.Start(context, cloud);
        await BenchCloud.UntilAsync("leader", controller, async token =>
            (await cloud.Kubernetes.GetAsync<Lease>(new NamespacedName("kube-system", NodeLease), token))?.Spec.HolderIdentity is { Length: > 0 }, cancellationToken);
        TimeSpan took = TimeProvider.System.GetElapsedTime(controller.Started);
        return new("start-to-leading", [new("seconds from exec to holding the lease", took.TotalSeconds, "s", 2)]);
    }

    private static async Task<CaseResult> NodesInitializedAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchCloud cloud = await BenchCloud.StartAsync(500, cancellationToken);
        cloud.Host.Calls.Clear();
        await using ControllerProcess controller = ControllerProcess.Start(context, cloud);
        await cloud.NodesReadyAsync(500, controller, cancellationToken);
        TimeSpan took = TimeProvider.System.GetElapsedTime(controller.Started);
        CallCounts calls = cloud.Calls;
        context.Say($"  {cloud.Operations}");
        return new("nodes-initialized", [new("calls for 500 new nodes", calls.Total, "calls", 15), new("writes", calls.Writes, "calls", 0), new("wall time", took.TotalSeconds, "s")]);
    }

    private static async Task<CaseResult> ServiceCreatedAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchCloud cloud = await BenchCloud.StartAsync(250, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.Start(context, cloud);
        await cloud.NodesReadyAsync(250, controller, cancellationToken);
        await cloud.QuietAsync(controller, cancellationToken);
        cloud.Host.Calls.Clear();
        long began = TimeProvider.System.GetTimestamp();
        await cloud.CreateServicesAsync(0, 1, 3, cancellationToken);
        await cloud.ServicesReadyAsync(1, controller, cancellationToken);
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        await cloud.QuietAsync(controller, cancellationToken);
        CallCounts calls = cloud.Calls;
        context.Say($"  {cloud.Operations}");
        // The cloud's own time: two writes that answer in 50 ms each, and one second until the load balancer is ACTIVE.
        double own = cloud.Host.Options.Delays.LoadBalancer.TotalSeconds + (2 * cloud.Host.Options.Latency.TotalSeconds);
        return new("service-created",
        [
            new("writes for a new 3-port Service on 250 nodes", calls.Writes, "calls", 2),
            new("reads", calls.Reads, "calls", 8),
            new("wall time beyond the cloud's own", took.TotalSeconds - own, "s", 0.5),
            new("wall time", took.TotalSeconds, "s"),
        ]);
    }

    private static async Task<CaseResult> NodeJoinsAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchCloud cloud = await BenchCloud.StartAsync(20, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.Start(context, cloud);
        await cloud.NodesReadyAsync(20, controller, cancellationToken);
        await LabelNodeAsync(cloud, "true", cancellationToken);
        await cloud.CreateServicesAsync(0, 100, 1, cancellationToken);
        await cloud.ServicesReadyAsync(100, controller, cancellationToken);
        await cloud.QuietAsync(controller, cancellationToken);
        cloud.Host.Calls.Clear();

        // A node becomes a member under every load balancer the moment that the exclusion label goes.
        long began = TimeProvider.System.GetTimestamp();
        await LabelNodeAsync(cloud, null, cancellationToken);
        await BenchCloud.UntilAsync("100 batch updates", controller,
            _ => Task.FromResult(cloud.Calls.Writes >= 100), cancellationToken);
        await cloud.QuietAsync(controller, cancellationToken);
        CallCounts calls = cloud.Calls;
        DateTimeOffset first = cloud.Host.Calls.Entries().First(e => e.Service != CallLog.Kubernetes).Time;
        CallEntry last = cloud.Host.Calls.Entries().Last(e => e.Kind == CallKind.Write && e.Service != CallLog.Kubernetes);
        double took = (last.Time + (last.Duration ?? TimeSpan.Zero) - first).TotalSeconds;
        int batches = cloud.Host.Calls.Entries().Count(e => e.Kind == CallKind.Write && e.Service == "load-balancer" && e.Method == "PUT" && e.Path.EndsWith("/members", StringComparison.Ordinal));
        context.Say($"  {cloud.Operations}");
        return new("node-joins",
        [
            new("batch member updates under 100 load balancers", batches, "calls", 100),
            new("other writes", calls.Writes - batches, "calls", 0),
            new("reads", calls.Reads, "calls", 15),
            new("all done within", took, "s", 10),
            new("wall time", TimeProvider.System.GetElapsedTime(began).TotalSeconds, "s"),
        ]);
    }

    private static async Task<CaseResult> ResyncAsync(BenchContext context, CancellationToken cancellationToken)
    {
        TimeSpan period = TimeSpan.FromSeconds(20);
        await using BenchCloud cloud = await BenchCloud.StartAsync(500, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.Start(context, cloud,
            $"--node-status-update-frequency={period.TotalSeconds:0}s", $"--service-resync-period={period.TotalSeconds:0}s");
        await cloud.NodesReadyAsync(500, controller, cancellationToken);
        await cloud.CreateServicesAsync(0, 200, 1, cancellationToken);
        await cloud.ServicesReadyAsync(200, controller, cancellationToken);
        await cloud.QuietAsync(controller, cancellationToken);
        cloud.Host.Calls.Clear();
        // One whole period holds one resync of all nodes and one of all Services, wherever in the period it begins.
        await Task.Delay(period, TimeProvider.System, cancellationToken);
        CallCounts calls = cloud.Calls;
        context.Say($"  {cloud.Operations}");
        CallEntry[] entries = [.. cloud.Host.Calls.Entries().Where(e => e.Service != CallLog.Kubernetes)];
        double busy = entries.Sum(e => e.Duration?.TotalSeconds ?? 0);
        return new("resync-in-sync",
        [
            new("calls to resync 500 nodes and 200 Services", calls.Total, "calls", 15),
            new("writes", calls.Writes, "calls", 0),
            new("cloud's time", busy, "s"),
        ]);
    }

    private static async Task<CaseResult> RestartAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchCloud cloud = await BenchCloud.StartAsync(50, cancellationToken);
        await using (ControllerProcess first = ControllerProcess.Start(context, cloud))
        {
            await cloud.NodesReadyAsync(50, first, cancellationToken);
            await cloud.CreateServicesAsync(0, 200, 1, cancellationToken);
            await cloud.ServicesReadyAsync(200, first, cancellationToken);
            await cloud.QuietAsync(first, cancellationToken);
        }

        cloud.Host.Calls.Clear();
        await using ControllerProcess second = ControllerProcess.Start(context, cloud);
        await BenchCloud.UntilAsync("read of the load balancers", second, _ => Task.FromResult(
            cloud.Host.Calls.Entries().Any(e => e.Service == "load-balancer" && e.Status == 200)), cancellationToken);
        await cloud.QuietAsync(second, cancellationToken);
        CallCounts calls = cloud.Calls;
        context.Say($"  {cloud.Operations}");
        return new("restart-in-sync",
        [
            new("writes after a restart with 200 Services in sync", calls.Writes, "calls", 0),
            // Octavia's pool list has members' IDs only, so their addresses are read once a pool after a restart.
            new("reads", calls.Reads, "calls"),
            new("wall time", TimeProvider.System.GetElapsedTime(second.Started).TotalSeconds, "s"),
        ]);
    }

    private static async Task<CaseResult> MemoryAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchCloud cloud = await BenchCloud.StartAsync(500, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.Start(context, cloud);
        await cloud.NodesReadyAsync(500, controller, cancellationToken);
        await cloud.CreateServicesAsync(0, 1000, 1, cancellationToken);
        double highest = 0;
        await BenchCloud.UntilAsync("1000 Services with addresses", controller, async token =>
        {
            highest = Math.Max(highest, controller.ResidentMegabytes());
            int ready = 0;
            await foreach (Service service in cloud.Kubernetes.ListAsync<Service>(null, token))
                if (service.Status.LoadBalancer.Ingress.Count > 0) ready++;
            return ready >= 1000;
        }, cancellationToken);
        await cloud.QuietAsync(controller, cancellationToken);
        highest = Math.Max(highest, controller.ResidentMegabytes());
        return new("memory", [new("resident with 500 nodes and 1000 Services", controller.ResidentMegabytes(), "MB", 200), new("highest seen", highest, "MB", 200)]);
    }

    private static Task<Node> LabelNodeAsync(BenchCloud cloud, string? value, CancellationToken cancellationToken)
        => cloud.Kubernetes.PatchAsync<Node>(
            new NamespacedName("", "node-20"),
            Patch.Merge(new() { ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["labels"] = new System.Text.Json.Nodes.JsonObject { ["node.kubernetes.io/exclude-from-external-load-balancers"] = value } } }),
            cancellationToken);
}
