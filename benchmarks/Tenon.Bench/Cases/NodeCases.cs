using Tenon.Nodes.Agent;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Bench.Cases;

/// <summary>What a pod waits for at its node: the published plugin, an agent, the real Open vSwitch and the real OVN in namespaces of their own.</summary>
internal static class NodeCases
{
    private const int Pods = 40;
    private const int Before = 5;

    /// <summary>All cases.</summary>
    public static IReadOnlyList<BenchCase> All { get; } = [new("cni-add", AddAsync)];

    private static async Task<CaseResult> AddAsync(BenchContext context, CancellationToken cancellationToken)
    {
        await using var node = new OvnNode();
        await node.InitializeAsync();
        await using AgentWorld world = await AgentWorld.CreateAsync(node, start: false);
        string plugin = Path.Combine(Path.GetDirectoryName(context.TenonBinary)!, "tenon-cni");
        if (!File.Exists(plugin)) throw new InvalidOperationException($"there is no {plugin}: run ./bench, which makes it");
        world.Plugin = new CniPlugin(world.Options.Socket, plugin);
        // Tests have the agent look at its switch many times a second; a node's looks as seldom as this.
        world.Options = world.Options with { ReadinessPeriod = new NodeAgentOptions { NodeName = "" }.ReadinessPeriod };
        await world.StartAsync();
        var pods = new List<TestPod>();
        try
        {
            for (int i = 0; i < Before + Pods; i++) pods.Add(await world.AddPodAsync());
            // As after Neutron has answered: OVN's southbound database knows of the ports.
            await node.NbctlAsync("--wait=sb", "sync");
            List<double> adds = await MeasureAsync(pods, pod => pod.AddAsync(), cancellationToken);
            List<double> deletes = await MeasureAsync(pods, pod => pod.DeleteAsync(), cancellationToken);
            await world.ShouldBeEmptyAsync();
            return new("cni-add",
            [
                new($"ADD, median of {Pods}", At(adds, 0.5), "ms", 90), new("ADD, 90th percentile", At(adds, 0.9), "ms"), new("DEL, median", At(deletes, 0.5), "ms"),
            ]);
        }
        finally
        {
            foreach (TestPod pod in pods) pod.Dispose();
        }
    }

    /// <summary>Calls for one pod after the other and returns the milliseconds of each, process start included, sorted, without those that warm the agent up.</summary>
    private static async Task<List<double>> MeasureAsync(List<TestPod> pods, Func<TestPod, Task<CniAnswer>> call, CancellationToken cancellationToken)
    {
        var took = new List<double>();
        foreach (TestPod pod in pods)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long began = TimeProvider.System.GetTimestamp();
            CniAnswer answer = await call(pod);
            took.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
            if (answer.ExitCode != 0) throw new InvalidOperationException($"the plugin answered {answer.Code}: {answer.Message}");
        }

        took.RemoveRange(0, Before);
        took.Sort();
        return took;
    }

    private static double At(List<double> sorted, double part) => sorted[(int)Math.Ceiling(part * sorted.Count) - 1];
}
