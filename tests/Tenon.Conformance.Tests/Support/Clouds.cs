using Tenon.Conformance.Tests.Support;
using Tenon.Sandbox;

[assembly: AssemblyFixture(typeof(Clouds))]

namespace Tenon.Conformance.Tests.Support;

/// <summary>The two sides that every case runs against, each started or found once, when a case first asks for it.</summary>
public sealed class Clouds : IAsyncDisposable
{
    /// <summary>Names the clouds.yaml of a test cloud, with the clouds <c>testcloud-tenon</c> and <c>testcloud-admin</c>.</summary>
    public const string ConfigVariable = "TENON_TEST_CLOUD_CONFIG";

    private readonly Lazy<Task<CloudSide>> _sandbox = new(StartSandboxAsync);
    private readonly Lazy<Task<CloudSide>> _real = new(FindRealAsync);

    /// <summary>Why the cases on the real services are left out; <c>null</c> when they run.</summary>
    public static string? WhyNoRealCloud => RealConfig is null ? $"{ConfigVariable} names no clouds.yaml of a test cloud (tools/test-cloud/up brings one up)" : null;

    private static string? RealConfig => Environment.GetEnvironmentVariable(ConfigVariable) is { Length: > 0 } path ? path : null;

    /// <summary>A side, by the name that <see cref="SidesAttribute"/> gives a case.</summary>
    public Task<CloudSide> GetAsync(string side) => side == SidesAttribute.Sandbox ? _sandbox.Value : _real.Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<CloudSide>> side in new[] { _sandbox, _real }.Where(s => s is { IsValueCreated: true, Value.IsCompletedSuccessfully: true }))
            await (await side.Value).DisposeAsync();
    }

    private static async Task<CloudSide> StartSandboxAsync()
    {
        SandboxHost host = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none", Nodes = 3, Zones = 3 }, CancellationToken.None);
        return await CloudSide.ConnectAsync(SidesAttribute.Sandbox, host.CloudsYaml, "sandbox", "sandbox-admin", host);
    }

    private static async Task<CloudSide> FindRealAsync()
        => await CloudSide.ConnectAsync(SidesAttribute.Real, await File.ReadAllTextAsync(RealConfig!), "testcloud-tenon", "testcloud-admin", null);
}
