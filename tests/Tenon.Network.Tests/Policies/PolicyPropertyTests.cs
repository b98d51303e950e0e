using System.Net;
using Tenon.Network.Policies;

namespace Tenon.Network.Tests.Policies;

/// <summary>The compiled groups decide as the oracle does, for every pair and port, after every change.</summary>
public sealed class PolicyPropertyTests
{
    private static readonly (string Protocol, int Port)[] s_ports = [("TCP", 80), ("TCP", 443), ("TCP", 8080), ("TCP", 5432), ("UDP", 53), ("SCTP", 5432)];
    private static readonly string[] s_outside = ["198.51.100.7", "198.51.100.200", "203.0.113.9", "10.9.0.1", "10.2.250.1"];

    private static IEnumerable<Packet> Packets(PolicyWorld world)
    {
        foreach ((string protocol, int port) in s_ports)
        {
            foreach (PolicyPod from in world.Pods)
            {
                foreach (PolicyPod to in world.Pods.Where(p => !ReferenceEquals(p, from))) yield return new(from, Address(from), to, Address(to), protocol, port);
                foreach (string outside in s_outside)
                {
                    yield return new(from, Address(from), null, IPAddress.Parse(outside), protocol, port);
                    yield return new(null, IPAddress.Parse(outside), from, Address(from), protocol, port);
                }
            }
        }
    }

    private static IPAddress Address(PolicyPod pod) => IPAddress.Parse(pod.Addresses[0]);

    private static void ShouldAgree(PolicyWorld world, string where)
    {
        CompiledPolicies compiled = PolicyCompiler.Compile(world);
        var filter = new GroupFilter(world, compiled);
        var oracle = new PolicyOracle(world);
        foreach (Packet packet in Packets(world))
        {
            filter.Leaves(packet).ShouldBe(oracle.Leaves(packet), $"{where}: {packet} leaves");
            filter.Enters(packet).ShouldBe(oracle.Enters(packet), $"{where}: {packet} enters");
        }

        foreach (PolicyService service in world.Services)
        {
            foreach (PolicyServicePort port in service.Ports)
            {
                foreach (PolicyPod from in world.Pods)
                {
                    // Rules that let everything or a range through may cover a virtual IP besides; a virtual IP that should be reached must be.
                    if (oracle.ReachesVirtualIp(from, service, port))
                        filter.Leaves(new(from, Address(from), null, IPAddress.Parse(service.VirtualIps[0]), port.Protocol, port.Port)).ShouldBeTrue($"{where}: {from.Name} reaches {service.Name}");
                }
            }
        }
    }

    [Fact(Timeout = 120_000)]
    public async Task Explanations_decide_as_the_documentation_says()
    {
        await Task.Yield();
        for (int seed = 1; seed < 120; seed++)
        {
            var random = new RandomWorld(seed);
            for (int change = 0; change < 3; change++)
            {
                var oracle = new PolicyOracle(random.World);
                foreach (Packet packet in Packets(random.World).Where(p => p is { FromPod: not null, ToPod: not null }))
                {
                    var decision = PolicyDecision.Between(random.World, packet.FromPod!, packet.ToPod!, packet.Protocol, packet.Port);
                    decision.Egress.IsAllowed.ShouldBe(oracle.Leaves(packet), $"seed {seed}: {packet}: {decision.Egress.By}");
                    decision.Ingress.IsAllowed.ShouldBe(oracle.Enters(packet), $"seed {seed}: {packet}: {decision.Ingress.By}");
                }

                random.Change();
            }
        }
    }

    [Theory(Timeout = 120_000)]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(2000)]
    [InlineData(3000)]
    public async Task Groups_decide_as_the_documentation_says(int firstSeed)
    {
        await Task.Yield();
        for (int seed = firstSeed; seed < firstSeed + 60; seed++)
        {
            var random = new RandomWorld(seed);
            for (int change = 0; change < 6; change++)
            {
                ShouldAgree(random.World, $"seed {seed}, after {random.LastChange}");
                random.Change();
            }
        }
    }
}
