using Tenon.Kubernetes.Objects;
using Tenon.Network.Tests.Control;

namespace Tenon.Network.Tests.Policies;

/// <summary>Services without selector and the egress rules of pods, with the whole controller against the sandbox.</summary>
[Trait("tier", "slow")]
public sealed class HandWrittenEndpointTests
{
    private const string Machine = "192.0.2.9";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static Service Database(int port) => new()
    {
        Metadata = new ObjectMeta { Namespace = "default", Name = "db" },
        Spec = new ServiceSpec { ClusterIP = "10.254.7.8", Ports = [new() { Port = port, TargetPort = 5432 }] },
    };

    [Fact(Timeout = 120_000)]
    public async Task Endpoints_that_are_seen_before_their_Service_count_and_follow_its_ports()
    {
        await using NetworkHarness world = await NetworkHarness.CreateAsync(Ct, nodes: 1);
        await world.StartAsync();
        await world.Kubernetes.CreateAsync(new NetworkPolicy
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "only-the-machine" },
            Spec = new() { PolicyTypes = ["Egress"], Egress = [new() { To = [new() { IpBlock = new() { Cidr = $"{Machine}/32" } }] }] },
        }, Ct);
        await world.Kubernetes.CreateAsync(new EndpointSlice
        {
            Metadata = new ObjectMeta { Namespace = "default", Name = "db-1", Labels = new Dictionary<string, string> { [EndpointSlice.ServiceNameLabel] = "db" } },
            AddressType = "IPv4",
            Ports = [new() { Name = "", Protocol = "TCP", Port = 5432 }],
            Endpoints = [new() { Addresses = [Machine] }],
        }, Ct);
        await world.AddPodAsync("a");
        await world.UntilPluggedAsync(1);
        await world.UntilAsync(async () => (await EgressAsync()).Contains($" {Machine}/32"), () => "the machine");

        await world.Kubernetes.CreateAsync(Database(5432), Ct);
        await world.UntilAsync(async () => (await EgressAsync()).Contains("5432 10.254.7.8/32"), () => "the virtual IP");
        await world.Kubernetes.UpdateAsync(Database(15432), Ct);
        await world.UntilAsync(async () => (await EgressAsync()).Contains("15432 10.254.7.8/32"), () => "the virtual IP's other port");

        async Task<string[]> EgressAsync() => [.. (await world.GroupsAsync()).SelectMany(g => g.Rules).Where(r => r is { Direction: "egress", EtherType: "IPv4" }).Select(r => $"{r.PortRangeMin} {r.RemoteIpPrefix}")];
    }
}
