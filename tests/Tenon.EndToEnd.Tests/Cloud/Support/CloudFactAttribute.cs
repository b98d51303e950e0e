using System.Runtime.CompilerServices;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>A test on a real cloud: left out where none is configured, and bounded in time.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class CloudFactAttribute : FactAttribute
{
    /// <summary>Fills in what all of them have in common.</summary>
    public CloudFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        Skip = $"{TestCloud.ConfigVariable} names no clouds.yaml of a test cloud (tools/test-cloud/up brings one up)";
        SkipType = typeof(TestCloud);
        SkipUnless = nameof(TestCloud.IsConfigured);
        Timeout = 1_200_000;
    }
}
