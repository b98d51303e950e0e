using System.Collections.Immutable;
using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox.Measures;
using static Tenon.CloudController.Tests.LoadBalancers.ServiceExamples;
using Outcome = Tenon.Core.Outcome;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>
/// The process dies at each single write in turn: once just before it (the one before was delivered), once when it was carried out
/// but its answer lost. A new process must end in the world that an undisturbed one ends in.
/// </summary>
public sealed class CrashSafetyTests
{
    private static readonly Dictionary<string, string> Monitored = new() { ["enable-health-monitor"] = "true" };

    private static readonly Service Before = Service(Monitored, """{"ports": [{"name": "a", "port": 80, "nodePort": 30080}, {"name": "b", "port": 443, "nodePort": 30443}]}""");

    private static readonly Service Kept = Service(new Dictionary<string, string>(Monitored) { ["keep-floatingip"] = "true" });

    private static readonly Service After = Service(null, """{"ports": [{"name": "b", "port": 443, "nodePort": 31443}, {"name": "c", "port": 8080, "nodePort": 30888}]}""");

    [Theory(Timeout = 300_000)]
    [InlineData("create", false, false)]
    [InlineData("create", true, false)]
    [InlineData("update", false, false)]
    [InlineData("update", true, false)]
    [InlineData("delete", false, false)]
    [InlineData("delete", true, false)]
    [InlineData("delete", false, true)]
    [InlineData("delete", true, true)]
    [InlineData("delete and keep", false, false)]
    [InlineData("delete and keep", true, true)]
    [InlineData("another type", false, true)]
    [InlineData("another type", true, false)]
    [Trait("tier", "slow")]
    public async Task A_death_at_any_write_leaves_nothing_behind(string what, bool answerLost, bool serially)
    {
        var options = new LoadBalancerOptions { ManageSecurityGroups = true, CascadeDelete = !serially };
        string expected;
        ImmutableArray<string> writes;
        await using (CloudHarness undisturbed = await CloudHarness.StartAsync(options))
        {
            await PrepareAsync(undisturbed, what);
            undisturbed.Sandbox.Calls.Clear();
            (await ActAsync(undisturbed, what)).ShouldBe(Outcome.Done);
            expected = undisturbed.World();
            writes = [.. undisturbed.Calls(writes: true).Select(c => c.Method)];
        }

        writes.Length.ShouldBeGreaterThan(1);
        for (int i = 0; i < writes.Length; i++)
        {
            await using CloudHarness harness = await CloudHarness.StartAsync(options);
            await PrepareAsync(harness, what);
            harness.Sandbox.Faults.Add(new FaultRule
            {
                Method = writes[i], Path = "/(v2.0)/", Skip = writes.Take(i).Count(w => w == writes[i]), Times = 1, Kind = answerLost ? FaultKind.DropAfter : FaultKind.DropBefore,
            });
            bool died = false;
            try
            {
                await ActAsync(harness, what);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                died = true;
            }

            harness.Sandbox.Faults.Current().ShouldAllBe(f => f.Hits == 1, $"write {i} ({writes[i]}) was not reached");
            died.ShouldBeTrue();
            await harness.RestartAsync();
            (await harness.SettleAsync("web")).ShouldBe(Outcome.Done);
            harness.World().ShouldBe(expected, $"after a death at write {i} ({writes[i]})");
        }
    }

    private static async Task PrepareAsync(CloudHarness harness, string what)
    {
        if (what is "create") return;
        (await harness.PutAsync(what == "delete and keep" ? Kept : Before)).ShouldBe(Outcome.Done);
    }

    private static Task<Outcome> ActAsync(CloudHarness harness, string what) => what switch
    {
        "create" => harness.PutAsync(Before),
        "update" => harness.PutAsync(After),
        "another type" => harness.PutAsync(Service(spec: """{"type": "ClusterIP"}""")),
        _ => harness.DeleteAsync("web"),
    };
}
