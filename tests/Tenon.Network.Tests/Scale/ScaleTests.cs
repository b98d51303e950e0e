namespace Tenon.Network.Tests.Scale;

[CollectionDefinition(nameof(ScaleCollection), DisableParallelization = true)]
public sealed class ScaleCollection;

/// <summary>How the controller's own work grows with the cluster, by the memory that it allocates: other load on the machine does not change that.</summary>
[Collection(nameof(ScaleCollection))]
[Trait("tier", "slow")]
public sealed class ScaleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = 120_000)]
    public async Task A_look_at_everything_grows_no_faster_than_the_cluster()
    {
        double small = await CostAsync(1000, Everything), large = await CostAsync(2000, Everything);
        (large / small).ShouldBeLessThan(2.5);
    }

    [Fact(Timeout = 120_000)]
    public async Task One_more_pod_costs_about_the_same_in_a_cluster_four_times_as_large()
    {
        double small = await CostAsync(1000, OneMore), large = await CostAsync(4000, OneMore);
        (large / small).ShouldBeLessThan(1.5);
    }

    [Fact(Timeout = 120_000)]
    public async Task One_more_pod_costs_about_the_same_when_its_network_counts_its_pods()
        => (await CostAsync(4000, OneMoreCounted) / await CostAsync(4000, OneMore)).ShouldBeLessThan(1.5);

    [Fact(Timeout = 120_000)]
    public async Task One_more_pod_costs_a_small_part_of_a_look_at_everything()
        => (await CostAsync(4000, Everything) / await CostAsync(4000, OneMore)).ShouldBeGreaterThan(4);

    [Fact(Timeout = 120_000)]
    public async Task One_more_pod_of_many_is_wired_with_its_port_and_its_subport()
    {
        await using WiredCluster cluster = await WiredCluster.StartAsync(1000, Ct);
        await OneMore(cluster);
        cluster.Neutron.Writes.ShouldBe(["create 1 ports", "add 1 subports"]);
        (await cluster.WrittenAsync(1000)).ShouldNotBeNull().Spec.Node.ShouldBe("node-1");
    }

    [Fact(Timeout = 120_000)]
    public async Task In_sync_nothing_is_written_whatever_is_looked_at()
    {
        await using WiredCluster cluster = await WiredCluster.StartAsync(1000, Ct);
        await cluster.ReconcileAsync();
        await Everything(cluster);
        cluster.Neutron.Writes.ShouldBeEmpty();
    }

    private static async Task<double> CostAsync(int pods, Func<WiredCluster, Task> work)
    {
        await using WiredCluster cluster = await WiredCluster.StartAsync(pods, Ct);
        await work(cluster);
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await work(cluster);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }

    private static Task Everything(WiredCluster cluster)
    {
        cluster.Restart();
        return cluster.ReconcileAsync();
    }

    private static Task OneMoreCounted(WiredCluster cluster)
    {
        cluster.CountPods();
        return OneMore(cluster);
    }

    private static Task OneMore(WiredCluster cluster)
    {
        cluster.AddPod(cluster.Pods.List().Count, "node-1");
        return cluster.ReconcileAsync();
    }
}
