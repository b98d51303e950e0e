namespace Tenon.Nodes.Tests.Support;

/// <summary>What is the tests' alone: the benchmark has another such part.</summary>
internal static partial class Limits
{
    /// <summary>The test's own token.</summary>
    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Skips the calling test.</summary>
    public static void Skip(string why) => Assert.Skip(why);
}

/// <summary>As the tests' runner makes it.</summary>
public sealed partial class OvnNode : IAsyncLifetime;
