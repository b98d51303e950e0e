using Tenon.Network.Ports;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Tests.Control;

/// <summary>
/// A pass plans only the nodes on which something changed. Whatever happened, one that knows nothing of it and looks at everything must find nothing left to do.
/// </summary>
[Trait("tier", "slow")]
public sealed class ChurnTests
{
    private const int Nodes = 4;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = 300_000)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task After_any_changes_a_fresh_look_at_everything_finds_nothing_to_do(int seed, bool pools)
    {
        var random = new Random(seed);
        var options = new NetworkOptions { GroupGrace = TimeSpan.Zero, RefillAfter = TimeSpan.FromMilliseconds(300), Pool = pools ? new(1, 2, 3) : PoolSize.None };
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, Nodes, options);
        await world.StartAsync();
        var pods = new Dictionary<string, string>();
        for (int i = 0; i < 10; i++) await AddAsync($"p{i}");
        await world.UntilPluggedAsync(pods.Count);
        for (int step = 0; step < 40; step++)
        {
            string name = $"p{random.Next(14)}";
            if (!pods.ContainsKey(name)) await AddAsync(name);
            else if (random.Next(3) == 0) await world.LabelAsync(name, "app", $"app-{random.Next(3)}");
            else await RemoveAsync(name);

            // The same name at once on another node: it waits until the old one is unplugged.
            if (!pods.ContainsKey(name) && random.Next(2) == 0) await AddAsync(name);
            if (random.Next(3) == 0) await world.UntilPluggedAsync(pods.Count);
        }

        await world.UntilPluggedAsync(pods.Count);
        await world.UntilQuietAsync();
        Snapshot before = await LookAsync();
        await world.StopAsync();
        world.Sandbox.Calls.Clear();
        await world.StartAsync();
        await world.UntilAsync(() => world.Sandbox.Calls.Entries().Any(c => c.Operation == "network.ports.list"), () => "the first look");
        await world.UntilQuietAsync();
        world.Writes.ShouldBeEmpty(string.Join('\n', world.Writes.Select(w => $"{w.Method} {w.Path}")));
        Snapshot after = await LookAsync();
        after.PodPorts.ShouldBe(before.PodPorts);
        foreach ((string name, string node) in pods) world.Agents.PodPorts.Get(new("default", name))!.Spec.Node.ShouldBe(node);
        if (!pools) after.Ports.ShouldBe(pods.Count);

        async Task AddAsync(string name)
        {
            string node = $"node-{random.Next(Nodes) + 1}";
            await world.AddPodAsync(name, node, labels: l => l["app"] = $"app-{random.Next(3)}");
            pods[name] = node;
        }

        async Task RemoveAsync(string name)
        {
            await world.DeletePodAsync(name);
            pods.Remove(name);
        }

        async Task<Snapshot> LookAsync()
        {
            List<Port> ports = await world.PortsAsync();
            return new(ports.Count, [.. world.Agents.PodPorts.List().Select(p => $"{p.Metadata.Key} {p.Spec.PodUid} {p.Spec.PortId}").Order(StringComparer.Ordinal)]);
        }
    }

    private sealed record Snapshot(int Ports, string[] PodPorts);
}
