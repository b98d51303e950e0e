using System.Globalization;
using Tenon.EndToEnd.Tests.Cloud.Support;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>
/// What pods are wired by dies in the middle of churn and comes back: every pod is wired in the end, or told why not, and nothing is left over. One round of each
/// fault, or as many as <c>tools/test-cloud/pod-faults</c> says.
/// </summary>
public sealed class PodFaultTests(TestCloud cloud) : CloudTest(cloud)
{
    /// <summary>How many rounds there are of each fault, where not one.</summary>
    public const string RoundsVariable = "TENON_POD_FAULT_ROUNDS";

    /// <summary>The seed; without it, a number of rounds that was asked for is a new one each time, and the round of every run of the tests is the same.</summary>
    public const string SeedVariable = "TENON_CHAOS_SEED";

    private const int UsualSeed = 11;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(150);
    private static readonly string[] s_hosts = ["compute1", "compute2"];

    [CloudFact(Timeout = 7_200_000)]
    public async Task Every_pod_is_wired_in_the_end_whoever_dies_meanwhile_and_nothing_is_left()
    {
        Assert.SkipUnless(CloudServices.AreOurs, "the cloud's processes are not the test's to kill (tools/test-cloud/private)");
        int rounds = Number(RoundsVariable, 0), seed = Number(SeedVariable, rounds == 0 ? UsualSeed : Environment.TickCount & 0xffffff);
        Say($"seed {seed}");
        PodCluster cluster = await CreatePodClusterAsync(s_hosts, "--service-cidr", "10.254.0.0/16", "--service-lb-provider", "ovn");
        PodChurn churn = await PodChurn.StartAsync(cluster, Project, s_hosts, seed);
        for (int i = 0; i < 4; i++) await churn.AddAsync();
        await churn.SettleAsync(s_patience);

        for (int round = 1; round <= Math.Max(1, rounds); round++)
        {
            Fault[] faults = FaultsOf(cluster, churn.Random);
            churn.Random.Shuffle(faults);
            foreach (Fault fault in faults)
            {
                string report = await MeetAsync(fault, churn);
                Say($"seed {seed} round {round}: {report}");
            }
        }

        await churn.EndAsync(s_patience);
        await cluster.EmptyAsync();
        await Project.ShouldHoldNothingElseAsync();
        (await Tool.RunAsync("ip", ["netns", "list"])).ShouldEndWith(0).Output.ShouldNotContain(Project.Name);
        (await cluster.Controller.StopAsync()).ShouldBe(0, cluster.Controller.Log);
        Say($"seed {seed}: {churn.Changes} changes, nothing left over");
    }

    /// <summary>Lets something die between changes and come back; returns what happened.</summary>
    private static async Task<string> MeetAsync(Fault fault, PodChurn churn)
    {
        var before = new List<string>();
        var during = new List<string>();
        for (int i = 0; i < 3; i++) before.Add(await churn.ChangeAsync());
        await PauseAsync(churn.Random.Next(1000));
        await fault.Strike();
        for (int i = 0; i < 2; i++) during.Add(await churn.ChangeAsync());
        KeptPod made = await churn.AddAsync();
        if (fault.Told is { } reason)
        {
            string told = "";
            await Eventually.UntilAsync($"{made.Name} is told that {fault.Name} is away", s_patience, async () => (told = await made.EventsAsync()).Contains(reason, StringComparison.Ordinal), () => told);
        }

        await PauseAsync(churn.Random.Next(2000));
        await fault.Mend();
        string after = await churn.ChangeAsync();
        long began = TimeProvider.System.GetTimestamp();
        List<string> anew = await churn.SettleAsync(s_patience);
        return $"{fault.Name} died after \"{string.Join(", ", before)}\", before \"{string.Join(", ", during)}, {made.Name} comes\" and came back before \"{after}\"; "
            + $"all was right {TimeProvider.System.GetElapsedTime(began).TotalSeconds:0.0} s after that{string.Concat(anew.Select(a => $"; made anew or freed: {a}"))}";
    }

    private static Fault[] FaultsOf(PodCluster cluster, Random random)
    {
        PodNode node = cluster.Nodes.ElementAt(random.Next(cluster.Nodes.Count));
        string controller = $"ovn-controller-{s_hosts[random.Next(s_hosts.Length)]}";
        return
        [
            new($"the agent of {node.Host}", () => node.Agent.KillAsync(), node.RestartAgentAsync),
            new("the network's controller", () => cluster.Controller.KillAsync(), cluster.RestartControllerAsync),
            new(controller, () => CloudServices.KillAsync(controller), CloudServices.RestartAsync),
            new("Neutron", () => CloudServices.KillAsync("neutron"), CloudServices.RestartAsync) { Told = "CloudUnavailable" },
        ];
    }

    private static Task PauseAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, TestContext.Current.CancellationToken);

    private static int Number(string variable, int otherwise)
        => int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 0 ? number : otherwise;

    private static void Say(string line) => TestContext.Current.SendDiagnosticMessage("{0}", line);

    /// <summary>Something that dies, and what brings it back.</summary>
    /// <param name="Name">What it is.</param>
    /// <param name="Strike">Kills it.</param>
    /// <param name="Mend">Starts it again.</param>
    private sealed record Fault(string Name, Func<Task> Strike, Func<Task> Mend)
    {
        /// <summary>The event by which pods that wait for it are told.</summary>
        public string? Told { get; init; }
    }
}
