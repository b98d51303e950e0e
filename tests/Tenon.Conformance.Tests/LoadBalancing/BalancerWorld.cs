using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>What the cases of one class share on a side: a network with a subnet, and a load balancer for those that need no own one.</summary>
public sealed class BalancerWorld(Clouds clouds) : IAsyncLifetime
{
    private readonly Dictionary<string, Shared> _sides = [];

    /// <summary>A case of its own on a side.</summary>
    /// <param name="side">The side.</param>
    /// <param name="provider">The provider of what the case makes; the case is skipped where the side has none.</param>
    public async Task<BalancerCase> BeginAsync(string side, string provider = BalancerCase.Ovn)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        if (provider != BalancerCase.Ovn)
        {
            Answer providers = await cloud.Member.GetAsync(BalancerCase.Service, "/v2/lbaas/providers");
            if (providers.List("providers").All(p => p["name"]!.ToString() != provider)) Assert.Skip($"the test cloud has no Octavia provider {provider}");
        }

        if (!_sides.TryGetValue(side, out Shared? shared)) _sides[side] = shared = await Shared.MakeAsync(cloud);
        return new(cloud, cloud.NewScratch(), shared, provider);
    }

    /// <inheritdoc/>
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Shared shared in _sides.Values) await shared.Scratch.DisposeAsync();
    }

    /// <summary>What is shared on one side.</summary>
    internal sealed class Shared(Scratch scratch, string networkId, string subnetId)
    {
        /// <summary>Deletes it all at the end.</summary>
        public Scratch Scratch => scratch;

        /// <summary>The network.</summary>
        public string NetworkId => networkId;

        /// <summary>Its subnet, 10.71.0.0/24.</summary>
        public string SubnetId => subnetId;

        /// <summary>The load balancers for all cases of the class, by provider.</summary>
        public Dictionary<string, string> Balancers { get; } = [];

        /// <summary>Makes the network and its subnet.</summary>
        public static async Task<Shared> MakeAsync(CloudSide cloud)
        {
            Scratch scratch = cloud.NewScratch();
            Answer network = await scratch.MakeAsync("network", "/v2.0/networks", new { network = new { name = scratch.Name } });
            string id = network["network/id"]!;

            // Cases ask for addresses by name, and for some that nobody has: all of these are above what Neutron gives by itself.
            Answer subnet = await scratch.MakeAsync("network", "/v2.0/subnets", new
            {
                subnet = new
                {
                    name = scratch.Name,
                    network_id = id,
                    ip_version = 4,
                    cidr = "10.71.0.0/24",
                    allocation_pools = new[] { new { start = "10.71.0.2", end = "10.71.0.70" } },
                },
            });
            return new(scratch, id, subnet["subnet/id"]!);
        }
    }
}
