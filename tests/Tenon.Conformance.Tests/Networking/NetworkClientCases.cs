using Tenon.Conformance.Tests.Support;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Tenon's own client, for the networks that it makes itself.</summary>
public sealed class NetworkClientCases(Clouds clouds)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit), Sides]
    public async Task A_network_with_subnets_of_both_families_is_joined_to_a_router_and_taken_away(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        await using CloudClient client = cloud.Connect();
        NetworkingClient networking = client.Networking();
        string router = await scratch.RouterAsync(cloud.Member, null);
        Network network = await networking.CreateNetworkAsync(new(scratch.Name, "for pods") { Mtu = 1400 }, Ct);
        scratch.Forget(Service, $"/v2.0/networks/{network.Id}");
        (network.Name, network.Mtu, network.Status).ShouldBe((scratch.Name, 1400, "ACTIVE"));
        (await networking.ListNetworksAsync(new() { Description = "for pods", Name = scratch.Name }, Ct).ToListAsync(Ct)).Select(n => n.Id).ShouldBe([network.Id]);
        Subnet four = await networking.CreateSubnetAsync(new() { NetworkId = network.Id, IpVersion = 4, Cidr = "10.83.0.0/24", Name = scratch.Name }, Ct);
        (four.Cidr, four.GatewayIp, four.DhcpEnabled).ShouldBe(("10.83.0.0/24", "10.83.0.1", true));
        Subnet six = await networking.CreateSubnetAsync(
            new() { NetworkId = network.Id, IpVersion = 6, Cidr = "fd00:83::/64", GatewayIp = (string?)null, DhcpEnabled = false }, Ct);
        (six.Cidr, six.GatewayIp, six.DhcpEnabled).ShouldBe(("fd00:83::/64", null, false));
        await networking.AddRouterInterfaceAsync(router, four.Id, Ct);
        scratch.Undo("leg", () => cloud.Member.PutAsync($"routers/{router}/remove_router_interface", new { subnet_id = four.Id }));
        (await Kind(() => networking.AddRouterInterfaceAsync(router, four.Id, Ct))).ShouldBe(OpenStackErrorKind.BadRequest);
        (await Kind(() => networking.DeleteSubnetAsync(four.Id, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await Kind(() => networking.DeleteNetworkAsync(network.Id, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        await networking.RemoveRouterInterfaceAsync(router, four.Id, Ct);
        (await Kind(() => networking.RemoveRouterInterfaceAsync(router, four.Id, Ct))).ShouldBe(OpenStackErrorKind.NotFound);
        await networking.DeleteSubnetAsync(six.Id, Ct);
        await networking.DeleteSubnetAsync(six.Id, Ct);
        await networking.DeleteNetworkAsync(network.Id, Ct);
        await networking.DeleteNetworkAsync(network.Id, Ct);
        (await networking.GetSubnetAsync(four.Id, Ct)).ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A subnet that its pool has no room for is a conflict. It is an error of the server, 500")]
    public async Task A_subnet_takes_its_range_from_a_pool(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        await using CloudClient client = cloud.Connect();
        string pool = (await scratch.NewAsync("subnetpools", "subnetpool", new { name = scratch.Name, prefixes = new[] { "10.84.0.0/24" }, default_prefixlen = 26 }))["subnetpool/id"]!;
        string network = await scratch.NetworkAsync();
        Subnet one = await client.Networking().CreateSubnetAsync(new() { NetworkId = network, IpVersion = 4, SubnetPoolId = pool }, Ct);
        Subnet two = await client.Networking().CreateSubnetAsync(new() { NetworkId = network, IpVersion = 4, SubnetPoolId = pool, PrefixLength = 27 }, Ct);
        (one.Cidr, two.Cidr).ShouldBe(("10.84.0.0/26", "10.84.0.64/27"));
        (await Kind(() => client.Networking().CreateSubnetAsync(new() { NetworkId = network, IpVersion = 4, SubnetPoolId = pool, PrefixLength = 24 }, Ct)))
            .ShouldBe(OpenStackErrorKind.Internal);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Many_groups_are_made_in_one_call(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        await using CloudClient client = cloud.Connect();
        EquatableArray<SecurityGroup> made = await client.Networking().CreateSecurityGroupsAsync(
            [new(scratch.NameOf("a"), "first"), new(scratch.NameOf("b")) { Stateful = true }], Ct);
        foreach (SecurityGroup group in made) scratch.Forget(Service, $"/v2.0/security-groups/{group.Id}");
        made.Select(g => (g.Name, g.Description)).ShouldBe([(scratch.NameOf("a"), "first"), (scratch.NameOf("b"), "")]);
        made.ShouldAllBe(g => g.Rules.Count == 2 && g.Stateful);
        (await client.Networking().CreateSecurityGroupsAsync([], Ct)).ShouldBeEmpty();
    }

    private static async Task<OpenStackErrorKind> Kind(Func<Task> call) => (await Should.ThrowAsync<OpenStackException>(call)).Kind;
}
