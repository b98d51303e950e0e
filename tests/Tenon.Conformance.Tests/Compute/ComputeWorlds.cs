using System.Collections.Concurrent;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>The classes whose cases read the same three servers.</summary>
[CollectionDefinition(nameof(ServersCollection))]
public sealed class ServersCollection : ICollectionFixture<ComputeWorlds>;

/// <summary>On each side a project of its own with a network of each family and three ACTIVE servers, made when first asked for.</summary>
public sealed class ComputeWorlds(Clouds clouds) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Lazy<Task<ComputeWorld>>> _worlds = new();

    /// <summary>A side's world.</summary>
    public Task<ComputeWorld> GetAsync(string side) => _worlds.GetOrAdd(side, s => new(async () => await ComputeWorld.MakeAsync(await clouds.GetAsync(s)))).Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (Lazy<Task<ComputeWorld>> world in _worlds.Values) await (await world.Value).Scratch.DisposeAsync();
    }
}

/// <summary>One side's servers: NAME-0 in the first zone with an address of each family, NAME-1 and NAME-2 without any network.</summary>
public sealed class ComputeWorld
{
    private ComputeWorld(CloudSide cloud, Scratch scratch, Wire wire, Recipe recipe) => (Cloud, Scratch, Wire, Recipe) = (cloud, scratch, wire, recipe);

    /// <summary>The side.</summary>
    public CloudSide Cloud { get; }

    /// <summary>What is deleted after the last case.</summary>
    public Scratch Scratch { get; }

    /// <summary>The member of the project.</summary>
    public Wire Wire { get; }

    /// <summary>What servers are made of.</summary>
    public Recipe Recipe { get; }

    /// <summary>The beginning of the servers' names.</summary>
    public string Name => Scratch.Name;

    /// <summary>The network with an IPv4 and an IPv6 subnet, named as the world is.</summary>
    public string Network { get; private set; } = "";

    /// <summary>The security group of the first server's port, named as the world is.</summary>
    public string Group { get; private set; } = "";

    /// <summary>The three servers' IDs, the oldest first.</summary>
    public IReadOnlyList<string> Ids { get; private set; } = [];

    /// <summary>One of Tenon's clients, logged in as the member of the project.</summary>
    public CloudClient Connect() => new(Cloud.Credentials with
    {
        Method = (AuthMethod.Password)Cloud.Credentials.Method with { UserName = Wire.Account.User, Value = new(Wire.Account.Password) },
        Scope = new AuthScope.Project(Wire.ProjectId, null, null),
    });

    internal static async Task<ComputeWorld> MakeAsync(CloudSide cloud)
    {
        Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        var world = new ComputeWorld(cloud, scratch, wire, await Recipe.FindAsync(cloud));
        world.Network = (await scratch.MakeAsync(wire, "network", "/v2.0/networks", new { network = new { name = world.Name } }))["network/id"]!;
        await scratch.MakeAsync(wire, "network", "/v2.0/subnets", new { subnet = new { network_id = world.Network, ip_version = 4, cidr = "10.77.0.0/24" } });
        await scratch.MakeAsync(wire, "network", "/v2.0/subnets", new
        {
            subnet = new { network_id = world.Network, ip_version = 6, cidr = "fd00:77::/64", ipv6_address_mode = "slaac", ipv6_ra_mode = "slaac" },
        });
        world.Group = (await scratch.MakeAsync(wire, "network", "/v2.0/security-groups", new { security_group = new { name = world.Name } }))["security_group/id"]!;
        object[] networks = [new { uuid = world.Network }];
        var ids = new List<string>();
        object[] servers =
        [
            world.Recipe.Server($"{world.Name}-0", new { networks, availability_zone = world.Recipe.Zones[0], tags = new[] { "b", "a" }, metadata = new { m = "1" },
                accessIPv4 = "203.0.113.9", description = "the first", security_groups = new[] { new { name = world.Name } } }),
            world.Recipe.Server($"{world.Name}-1", new { tags = new[] { "a" }, availability_zone = world.Recipe.Zones[1] }),
            world.Recipe.Server($"{world.Name}-2", new { tags = new[] { "c" }, availability_zone = world.Recipe.Zones[2] }),
        ];
        foreach (object server in servers)
        {
            string id = (await scratch.MakeAsync(wire, "compute", "/servers", server, Nova.V("2.69")))["server/id"]!;
            await Nova.BecomesAsync(wire, id, "ACTIVE");
            ids.Add(id);
        }

        world.Ids = ids;
        return world;
    }
}
