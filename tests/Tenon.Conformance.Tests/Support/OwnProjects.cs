using System.Collections.Concurrent;

namespace Tenon.Conformance.Tests.Support;

/// <summary>
/// Projects with a member each that the cases of one class share (<c>IClassFixture</c>), each made when first asked for and deleted after the last case.
/// A case that ends or changes the user or the project itself makes its own (<see cref="Scratch.NewProjectAsync"/>).
/// </summary>
public sealed class OwnProjects(Clouds clouds) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<Scratch>>> _worlds = new();
    private readonly ConcurrentDictionary<(string Side, int Number), Lazy<Task<Wire>>> _wires = new();

    /// <summary>The member of a side's first, second, … project.</summary>
    public async Task<Wire> GetAsync(string side, int number = 0)
    {
        Scratch world = await WorldAsync(side);
        return await _wires.GetOrAdd((side, number), _ => new(() => world.NewProjectAsync())).Value;
    }

    /// <summary>What is deleted after the last case of the class, the last first.</summary>
    public Task<Scratch> WorldAsync(string side) => _worlds.GetOrAdd(side, s => new(async () => (await clouds.GetAsync(s)).NewScratch())).Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<Scratch>> world in _worlds.Values) await (await world.Value).DisposeAsync();
    }
}
