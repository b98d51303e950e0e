using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox.Measures;

namespace Tenon.Bench.Cases;

/// <summary>What the network controller costs, with 200 ms a call. Every case has its own sandbox and its own controller process; nodes only report.</summary>
internal static class NetworkCases
{
    private static readonly TimeSpan s_latency = TimeSpan.FromMilliseconds(200);

    /// <summary>All cases.</summary>
    public static IReadOnlyList<BenchCase> All { get; } =
    [
        new("network-cold", (context, token) => ColdAsync(context, "network-cold", 0, 150, token)),
        new("network-cold-policies", (context, token) => ColdAsync(context, "network-cold-policies", 20, 200, token)),
        new("network-warm", WarmAsync),
        new("network-policies", PoliciesAsync),
        new("network-policies-hosts", HostPoliciesAsync),
        new("network-policies-warm", WarmPoliciesAsync),
        new("network-memory", MemoryAsync),
    ];

    private static async Task<CaseResult> ColdAsync(BenchContext context, string name, int policies, int limit, CancellationToken cancellationToken)
    {
        await WarmUpAsync(context, cancellationToken);
        await using BenchPods world = await BenchPods.StartAsync(50, s_latency, cancellationToken);
        await world.PoliciesAsync(0, policies, 10, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud);
        await ReadyAsync(world, controller, cancellationToken);
        world.Cloud.Host.Calls.Clear();
        long began = TimeProvider.System.GetTimestamp();
        await world.CreateAsync(0, 1000, i => $"app-{i % 10}", cancellationToken);
        TimeSpan created = TimeProvider.System.GetElapsedTime(began);
        await world.PluggedAsync(1000, controller, cancellationToken);
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        CallCounts calls = world.Cloud.Calls;
        context.Say($"  {world.Cloud.Operations}");
        return new(name,
        [
            new("writes until 1000 pods on 50 nodes are wired", calls.Writes, "calls", limit), new("wall time", took.TotalSeconds, "s", 20),
            new("of which the pods were being made", created.TotalSeconds, "s"), new("reads", calls.Reads, "calls"),
        ]);
    }

    /// <summary>
    /// Wires pods in a world that is thrown away: the sandbox's code is compiled as it is first used, and pods that are to come at once would trickle in meanwhile.
    /// </summary>
    private static async Task WarmUpAsync(BenchContext context, CancellationToken cancellationToken)
    {
        const int pods = 100;
        await using BenchPods world = await BenchPods.StartAsync(10, TimeSpan.Zero, cancellationToken);
        await world.PoliciesAsync(0, 1, 1, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud);
        await world.CreateAsync(0, pods, i => $"app-{i % 10}", cancellationToken);
        await world.PluggedAsync(pods, controller, cancellationToken);
    }

    private static async Task<CaseResult> WarmAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchPods world = await BenchPods.StartAsync(50, s_latency, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud, "--pool-min=20", "--pool-batch=25", "--pool-max=50");
        await world.CreateAsync(0, 50, _ => "web", cancellationToken);
        await world.PluggedAsync(50, controller, cancellationToken);
        await BenchCloud.UntilAsync("filled pools", controller, _ => Task.FromResult(SubPorts(world) >= 50 * 20), cancellationToken);
        await world.Cloud.QuietAsync(controller, cancellationToken);
        world.Cloud.Host.Calls.Clear();
        long began = TimeProvider.System.GetTimestamp();
        await world.CreateAsync(50, 1000, _ => "web", cancellationToken);
        await world.PluggedAsync(1050, controller, cancellationToken);
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        return new("network-warm", [new("writes until 1000 further pods are wired", world.Cloud.Calls.Writes, "calls", 20), new("wall time", took.TotalSeconds, "s", 20)]);
    }

    private static async Task<CaseResult> PoliciesAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchPods world = await BenchPods.StartAsync(50, s_latency, cancellationToken);
        await world.PoliciesAsync(0, 200, 100, cancellationToken);
        var figures = new List<Figure>();
        await using (ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud))
        {
            await world.CreateAsync(0, 2000, i => $"app-{i % 100}", cancellationToken);
            await world.PluggedAsync(2000, controller, cancellationToken);
            async Task MeasureAsync(string what, double? limit, Func<Task> change)
            {
                await world.Cloud.QuietAsync(controller, cancellationToken);
                world.Cloud.Host.Calls.Clear();
                await change();
                await BenchCloud.UntilAsync("a write", controller, _ => Task.FromResult(world.Cloud.Calls.Writes > 0), cancellationToken);
                await world.Cloud.QuietAsync(controller, cancellationToken);
                context.Say($"  {what}: {world.Cloud.Operations}");
                figures.Add(new(what, world.Cloud.Calls.Writes, "calls", limit));
            }

            await MeasureAsync("writes for a relabelled pod", 1, () => world.Cloud.Kubernetes.PatchAsync<Pod>(
                new NamespacedName("default", "pod-7"), Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "app-8" } } }), cancellationToken));

            // Neutron puts only ports that exist into a trunk: two calls; what policies say adds none. It is one where ports are bound to hosts, or with a pool: see their cases.
            await MeasureAsync("writes for one more pod without a pool, its port and its subport", 2, () => world.CreateAsync(2000, 1, _ => "app-9", cancellationToken));
            await MeasureAsync("writes for one more policy", 1, () => world.PoliciesAsync(200, 1, 100, cancellationToken));
            await world.Cloud.QuietAsync(controller, cancellationToken);
        }

        world.Cloud.Host.Calls.Clear();
        await using ControllerProcess next = ControllerProcess.StartNetwork(context, world.Cloud);
        await BenchCloud.UntilAsync("a first look", next, _ => Task.FromResult(world.Cloud.Calls.Reads > 3), cancellationToken);
        await world.Cloud.QuietAsync(next, cancellationToken);
        figures.Add(new("writes after a restart in sync", world.Cloud.Calls.Writes, "calls", 0));
        return new("network-policies", [.. figures]);
    }

    private static async Task<CaseResult> HostPoliciesAsync(BenchContext context, CancellationToken cancellationToken)
    {
        const int apps = 100, pods = 2000;
        await using BenchPods world = await BenchPods.StartAsync(50, s_latency, cancellationToken, hosts: true);
        await world.PoliciesAsync(0, 200, apps, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud);
        await world.CreateAsync(0, pods, i => $"app-{i % apps}", cancellationToken);
        await world.PluggedAsync(pods, controller, cancellationToken);
        await world.Cloud.QuietAsync(controller, cancellationToken);
        world.Cloud.Host.Calls.Clear();
        await world.CreateAsync(pods, 1, _ => "app-9", cancellationToken);
        await world.PluggedAsync(pods + 1, controller, cancellationToken);
        await world.Cloud.QuietAsync(controller, cancellationToken);
        context.Say($"  {world.Cloud.Operations}");
        return new("network-policies-hosts", [new("writes for one more pod, its port bound to the node's host", world.Cloud.Calls.Writes, "calls", 1)]);
    }

    private static async Task<CaseResult> WarmPoliciesAsync(BenchContext context, CancellationToken cancellationToken)
    {
        const int apps = 100, pods = 2000;
        await using BenchPods world = await BenchPods.StartAsync(50, s_latency, cancellationToken);
        await world.PoliciesAsync(0, 200, apps, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud, "--pool-min=1", "--pool-batch=2", "--pool-max=4");
        await world.CreateAsync(0, pods, i => $"app-{i % apps}", cancellationToken);
        await world.PluggedAsync(pods, controller, cancellationToken);
        var figures = new List<Figure>();
        async Task MeasureAsync(string what, int pod, string app)
        {
            await BenchCloud.UntilAsync("filled pools", controller, _ => Task.FromResult(SubPorts(world) >= pod + apps), cancellationToken);
            await world.Cloud.QuietAsync(controller, cancellationToken);
            world.Cloud.Host.Calls.Clear();
            await world.CreateAsync(pod, 1, _ => app, cancellationToken);
            await world.PluggedAsync(pod + 1, controller, cancellationToken);
            figures.Add(new($"writes until {what} is wired", world.Cloud.Calls.Writes, "calls", 1));
            context.Say($"  {what}: {world.Cloud.Operations}");
        }

        // Pod 2000 is on a node that has a pool of its application; pod 2001 is not, and takes a port of another one's pool.
        await MeasureAsync("one more pod that is like others of its node", pods, "app-0");
        await MeasureAsync("one more pod that is unlike them", pods + 1, "app-0");
        await BenchCloud.UntilAsync("filled pools", controller, _ => Task.FromResult(SubPorts(world) >= pods + 2 + apps), cancellationToken);
        await world.Cloud.QuietAsync(controller, cancellationToken);
        figures.Add(new("writes for that pod and behind it, to fill the pools again", world.Cloud.Calls.Writes, "calls"));
        return new("network-policies-warm", [.. figures]);
    }

    private static async Task<CaseResult> MemoryAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using BenchPods world = await BenchPods.StartAsync(100, TimeSpan.Zero, cancellationToken);
        await world.PoliciesAsync(0, 200, 100, cancellationToken);
        await using ControllerProcess controller = ControllerProcess.StartNetwork(context, world.Cloud, "--network-prefix-length=16");
        double highest = 0;
        for (int made = 0; made < 10_000; made += 1000)
        {
            long start = TimeProvider.System.GetTimestamp();
            await world.CreateAsync(made, 1000, i => $"app-{i % 100}", cancellationToken);
            TimeSpan created = TimeProvider.System.GetElapsedTime(start);
            await world.PluggedAsync(made + 1000, controller, cancellationToken);
            highest = Math.Max(highest, controller.ResidentMegabytes());
            context.Say($"  {made + 1000} pods, the last 1000 in {TimeProvider.System.GetElapsedTime(start).TotalSeconds:0.0} s ({created.TotalSeconds:0.0} s until they were made), {controller.ResidentMegabytes():0} MB");
        }

        await world.Cloud.QuietAsync(controller, cancellationToken);
        long began = TimeProvider.System.GetTimestamp();
        await world.CreateAsync(10_000, 1, _ => "app-9", cancellationToken);
        await world.PluggedAsync(10_001, controller, cancellationToken);
        TimeSpan took = TimeProvider.System.GetElapsedTime(began);
        return new("network-memory",
        [
            new("resident with 10000 pods and 200 policies", controller.ResidentMegabytes(), "MB", 300), new("highest seen", Math.Max(highest, controller.ResidentMegabytes()), "MB"),
            new("wall time of one more pod, with no latency", took.TotalSeconds, "s", 1),
        ]);
    }

    /// <summary>The controller leads and has looked at the cloud.</summary>
    private static async Task ReadyAsync(BenchPods world, ControllerProcess controller, CancellationToken cancellationToken)
    {
        await BenchCloud.UntilAsync("a first look", controller, _ => Task.FromResult(world.Cloud.Calls.Reads > 3), cancellationToken);
        await world.Cloud.QuietAsync(controller, cancellationToken);
    }

    private static int SubPorts(BenchPods world)
        => world.Cloud.Host.OpenStack.Send("network", "GET", "/v2.0/trunks").Value["trunks"]!.AsArray().Sum(t => t!["sub_ports"]!.AsArray().Count);
}
