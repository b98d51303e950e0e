using Tenon.Bench;

namespace Tenon.Nodes.Tests.Support;

/// <summary>The part of the fixture's limits that is the benchmark's: there is no test that could be cancelled or skipped.</summary>
internal static partial class Limits
{
    /// <summary>Every wait has <see cref="Wait"/> as its bound.</summary>
    public static CancellationToken Token => CancellationToken.None;

    /// <summary>Skips the case.</summary>
    public static void Skip(string why) => throw new CaseSkippedException(why);
}
