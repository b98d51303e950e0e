namespace Tenon.EndToEnd.Tests.Support;

/// <summary>How long what a test does may take.</summary>
internal static class TestLife
{
    /// <summary>Ends with the test, but not what is cleaned up after it: a test that ran out of time must still take away what it made.</summary>
    public static CancellationToken Token => TestContext.Current.TestState is null ? TestContext.Current.CancellationToken : CancellationToken.None;
}
