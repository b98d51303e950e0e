using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>
/// Services of the cloud die in the middle of an operation and come back, and hours of random work: the world converges and nothing leaks. They need a cloud
/// that they may break, so they are explicit: <c>tools/test-cloud/chaos</c> and <c>tools/test-cloud/soak</c> are the commands that run them.
/// </summary>
public sealed class ChaosTests(TestCloud cloud) : CloudTest(cloud)
{
    /// <summary>How many rounds of killing there are.</summary>
    public const string RoundsVariable = "TENON_CHAOS_ROUNDS";

    /// <summary>How many minutes the soak lasts.</summary>
    public const string MinutesVariable = "TENON_SOAK_MINUTES";

    /// <summary>The seed, where it is not to be chosen.</summary>
    public const string SeedVariable = "TENON_CHAOS_SEED";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(150);

    [Fact(Explicit = true, Timeout = 3_600_000)]
    public async Task Whatever_dies_in_the_middle_of_an_operation_the_world_converges()
    {
        int seed = Number(SeedVariable, Environment.TickCount & 0xffffff);
        (CloudCluster cluster, RandomWork work) = await BeginAsync(seed);
        int repairs = 0, rounds = Number(RoundsVariable, 20);
        for (int round = 1; round <= rounds; round++)
        {
            // Each service in turn, in an order that the seed decides.
            string victim = CloudServices.Mortal[(round - 1 + seed) % CloudServices.Mortal.Count];
            string change = await work.ChangeAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(work.Random.Next(1500)), TimeProvider.System, TestContext.Current.CancellationToken);
            await CloudServices.KillAsync(victim);
            string during = await work.ChangeAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(work.Random.Next(3000)), TimeProvider.System, TestContext.Current.CancellationToken);
            await CloudServices.RestartAsync();
            long began = TimeProvider.System.GetTimestamp();
            int repaired = await work.SettleAsync(s_patience);
            repairs += repaired;
            Say($"seed {seed} round {round}: {victim} died after \"{change}\", before \"{during}\"; converged {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s after its return{(repaired > 0 ? $", {repaired} load balancers that Octavia had left in PENDING or ERROR were freed by its operator" : "")}");
        }

        await work.EndAsync(s_patience);
        int forgotten = await RemoveForgottenPortsAsync(cluster);
        await Project.ShouldHoldNothingElseAsync();
        await cluster.ShouldHaveNothingToPlanAsync();
        await cluster.StopControllerAsync();
        Say($"seed {seed}: {rounds} rounds, {repairs} load balancers freed by the operator, {forgotten} ports of load balancers that Octavia never wrote down, nothing left over");
    }

    [Fact(Explicit = true, Timeout = 14_400_000)]
    public async Task After_random_work_for_long_the_plan_is_empty_and_memory_is_flat()
    {
        int seed = Number(SeedVariable, Environment.TickCount & 0xffffff);
        (CloudCluster cluster, RandomWork work) = await BeginAsync(seed);
        long began = TimeProvider.System.GetTimestamp();
        var limit = TimeSpan.FromMinutes(Number(MinutesVariable, 30));
        int changes = 0;
        var memory = new List<double>();
        while (TimeProvider.System.GetElapsedTime(began) < limit)
        {
            int burst = work.Random.Next(1, 6);
            for (int i = 0; i < burst; i++, changes++) await work.ChangeAsync();
            await work.SettleAsync(s_patience);
            memory.Add(cluster.Controller.ResidentMegabytes);
            Say($"seed {seed} {TimeProvider.System.GetElapsedTime(began).TotalMinutes:0.0} min: {changes} changes, {memory[^1]:0} MB");
        }

        await work.EndAsync(s_patience);
        await Project.ShouldHoldNothingElseAsync();
        await cluster.ShouldHaveNothingToPlanAsync();
        await cluster.StopControllerAsync();
        // The first third warms up; from then on the median must not grow by more than a tenth.
        double middle = Median(memory[(memory.Count / 3)..(memory.Count * 2 / 3)]), end = Median(memory[(memory.Count * 2 / 3)..]);
        Say($"seed {seed}: {changes} changes in {limit.TotalMinutes:0} min; memory {middle:0} MB in the middle third, {end:0} MB in the last; empty plan, nothing left over");
        end.ShouldBeLessThan((middle * 1.1) + 5);
    }

    private static int Number(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : otherwise;

    /// <summary>
    /// Octavia that is killed while it makes a load balancer leaves its port behind. The collector removes it after an hour, for it cannot
    /// know that the load balancer is not still being made; the operator, who does, removes what <c>tenon gc</c> lists.
    /// </summary>
    private async Task<int> RemoveForgottenPortsAsync(CloudCluster cluster)
    {
        Ended ended = (await cluster.TenonAsync("gc", "--output", "json")).ShouldEndWith(0);
        JsonNode[] ports = [.. JsonNode.Parse(ended.Output)!["orphans"]!.AsArray().Where(o => (string)o!["resource"]! == "port").OfType<JsonNode>()];
        foreach (JsonNode port in ports) (await Project.Member.DeleteAsync("network", $"/v2.0/ports/{port["id"]}")).ShouldBe(204);
        return ports.Length;
    }

    private static double Median(IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    private static void Say(string line) => TestContext.Current.SendDiagnosticMessage("{0}", line);

    private async Task<(CloudCluster Cluster, RandomWork Work)> BeginAsync(int seed)
    {
        Say($"seed {seed}");
        CloudCluster cluster = await CreateClusterAsync();
        string open = await Project.MakeSecurityGroupAsync("nodes", ("tcp", 30000, 32767, "0.0.0.0/0"));
        Guest[] guests = await Project.AddGuestsAsync(open, "node-1", "node-2", "node-3");
        var work = new RandomWork(cluster, Project, guests, seed);
        await work.StartAsync();
        return (cluster, work);
    }
}
