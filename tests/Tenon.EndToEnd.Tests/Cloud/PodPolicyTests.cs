using Tenon.EndToEnd.Tests.Cloud.Support;

namespace Tenon.EndToEnd.Tests.Cloud;

/// <summary>NetworkPolicies on the real Neutron and OVN, measured with packets: every pair of pods and a machine, on every port.</summary>
public sealed class PodPolicyTests(TestCloud cloud) : CloudTest(cloud)
{
    [CloudFact(Timeout = 1_500_000)]
    public async Task What_passes_is_what_the_documentation_of_NetworkPolicy_says()
    {
        PodCluster cluster = await CreatePodClusterAsync(["compute1", "compute2"]);
        PolicyWorld world = await PolicyWorld.CreateAsync(Project, cluster);
        var wrong = new List<string>();
        foreach (PolicyRow row in PolicyTable.Rows)
        {
            await world.ApplyAsync(row);
            string[] differences = await world.DifferencesAsync(row);
            TestContext.Current.TestOutputHelper?.WriteLine($"{row.Name}: {(differences.Length == 0 ? "as it should be" : string.Join(", ", differences))}");
            if (differences.Length > 0) wrong.Add($"{row.Name} ({string.Join("; ", row.Policies)}): {string.Join(", ", differences)}");
        }

        wrong.ShouldBeEmpty(wrong.Count == 0 ? "" : cluster.Controller.Log);
        await cluster.EmptyAsync();
    }
}
