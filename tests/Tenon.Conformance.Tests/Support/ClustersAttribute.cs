using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Tenon.Conformance.Tests.Support;

/// <summary>
/// Runs a case once a cluster: on the sandbox's API server always, and on a real one when <see cref="Clusters.ConfigVariable"/> names its kubeconfig.
/// The case takes the side's name and asks <see cref="Clusters"/> for it. The trait <c>side</c> tells the rows apart.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ClustersAttribute : DataAttribute
{
    /// <summary>Tenon's own sandbox.</summary>
    public const string Sandbox = "sandbox";

    /// <summary>The cluster of the kubeconfig.</summary>
    public const string Cluster = "cluster";

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
        => ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>([Row(Sandbox, null), Row(Cluster, Clusters.WhyNoCluster)]);

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;

    private static TheoryDataRow<string> Row(string side, string? skip)
    {
        var row = new TheoryDataRow<string>(side) { Skip = skip };
        row.Traits["side"] = [side];
        return row;
    }
}
