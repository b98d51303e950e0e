using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace Tenon.Conformance.Tests.Support;

/// <summary>
/// Runs a case once a side: on the sandbox always, and on the real services when <see cref="Clouds.ConfigVariable"/> names the clouds.yaml of a
/// test cloud. The case takes the side's name and asks <see cref="Clouds"/> for it. The trait <c>side</c> tells the rows apart.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SidesAttribute : DataAttribute
{
    /// <summary>Tenon's own sandbox.</summary>
    public const string Sandbox = "sandbox";

    /// <summary>The real services.</summary>
    public const string Real = "real";

    /// <inheritdoc/>
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
        => ValueTask.FromResult<IReadOnlyCollection<ITheoryDataRow>>([Row(Sandbox, null), Row(Real, Clouds.WhyNoRealCloud)]);

    /// <inheritdoc/>
    public override bool SupportsDiscoveryEnumeration() => true;

    private static TheoryDataRow<string> Row(string side, string? skip)
    {
        var row = new TheoryDataRow<string>(side) { Skip = skip };
        row.Traits["side"] = [side];
        return row;
    }
}
