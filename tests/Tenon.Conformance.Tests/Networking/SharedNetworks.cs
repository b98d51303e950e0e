using System.Collections.Concurrent;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>
/// What the cases of one class share (<c>IClassFixture</c>), since the real services take long to make it: on each side a network, 10.70.0.0/24, behind
/// a router. It is made when first asked for and deleted after the last case; each case leaves it as it found it.
/// </summary>
public sealed class SharedNetworks(Clouds clouds) : IAsyncDisposable
{
    private readonly ConcurrentQueue<Scratch> _made = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<SharedNetwork>>> _sides = new();

    /// <summary>A side's network; its router has a gateway where the first one to ask wants it.</summary>
    public Task<SharedNetwork> GetAsync(string side, bool gateway) => _sides.GetOrAdd(side, s => new(() => MakeAsync(s, gateway))).Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Scratch scratch in _made) await scratch.DisposeAsync();
    }

    private async Task<SharedNetwork> MakeAsync(string side, bool gateway)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Scratch scratch = cloud.NewScratch();
        _made.Enqueue(scratch);
        string external = await cloud.Member.ExternalAsync();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        return new(cloud, scratch.Name, external, network, subnet, await scratch.RouterAsync(cloud.Member, gateway ? external : null, subnet));
    }
}

/// <summary>One side's network.</summary>
/// <param name="Cloud">The side.</param>
/// <param name="Name">The name of its network, subnet and router.</param>
/// <param name="External">The external network.</param>
/// <param name="Network">The network.</param>
/// <param name="Subnet">Its subnet.</param>
/// <param name="Router">The router.</param>
public sealed record SharedNetwork(CloudSide Cloud, string Name, string External, string Network, string Subnet, string Router);
