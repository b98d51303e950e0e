using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>Networks, subnets, routers' legs and groups in bulk, against the sandbox.</summary>
public sealed class NetworkChangeTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<OpenStackErrorKind> KindOf(Func<Task> call) => (await Should.ThrowAsync<OpenStackException>(call)).Kind;

    [Fact(Timeout = 60_000)]
    public async Task A_network_with_a_subnet_of_each_family_joins_a_router_and_goes_again()
    {
        await using CloudClient cloud = sandbox.Connect();
        NetworkingClient neutron = cloud.Networking();
        Network network = await neutron.CreateNetworkAsync(new("blue", "mark of blue") { Mtu = 1400 }, Ct);
        network.Mtu.ShouldBe(1400);
        Subnet four = await neutron.CreateSubnetAsync(
            new() { NetworkId = network.Id, IpVersion = 4, Cidr = "10.77.0.0/24", GatewayIp = "10.77.0.254", Description = "mark of blue", DhcpEnabled = false }, Ct);
        (four.GatewayIp, four.DhcpEnabled).ShouldBe(("10.77.0.254", false));
        Subnet six = await neutron.CreateSubnetAsync(
            new() { NetworkId = network.Id, IpVersion = 6, Cidr = "fd00:77::/64", GatewayIp = (string?)null, Ipv6AddressMode = "dhcpv6-stateful", Ipv6RaMode = "dhcpv6-stateful" }, Ct);
        (six.GatewayIp, six.Ipv6AddressMode).ShouldBe((null, "dhcpv6-stateful"));
        (await neutron.ListNetworksAsync(new() { Description = "mark of blue" }, Ct).ToListAsync()).ShouldHaveSingleItem().Id.ShouldBe(network.Id);
        (await neutron.ListSubnetsAsync(new() { Description = "mark of blue" }, Ct).ToListAsync()).ShouldHaveSingleItem().Id.ShouldBe(four.Id);

        Router router = (await neutron.ListRoutersAsync(new(), Ct).ToListAsync())[0];
        await neutron.AddRouterInterfaceAsync(router.Id, four.Id, Ct);
        (await KindOf(() => neutron.AddRouterInterfaceAsync(router.Id, four.Id, Ct))).ShouldBe(OpenStackErrorKind.BadRequest);
        (await KindOf(() => neutron.DeleteNetworkAsync(network.Id, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        await neutron.RemoveRouterInterfaceAsync(router.Id, four.Id, Ct);
        (await KindOf(() => neutron.RemoveRouterInterfaceAsync(router.Id, four.Id, Ct))).ShouldBe(OpenStackErrorKind.NotFound);
        await neutron.DeleteSubnetAsync(six.Id, Ct);
        await neutron.DeleteNetworkAsync(network.Id, Ct);
        await neutron.DeleteNetworkAsync(network.Id, Ct);
        (await neutron.GetNetworkAsync(network.Id, Ct)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Groups_are_made_in_bulk_and_found_by_their_description()
    {
        await using CloudClient cloud = sandbox.Connect();
        NetworkingClient neutron = cloud.Networking();
        var made = await neutron.CreateSecurityGroupsAsync([new("one", "mark of groups"), new("two", "mark of groups")], Ct);
        made.Select(g => g.Name).ShouldBe(["one", "two"]);
        made[0].Rules.Select(r => (r.Direction, r.EtherType)).ShouldBe([("egress", "IPv4"), ("egress", "IPv6")], ignoreOrder: true);
        (await neutron.ListSecurityGroupsAsync(new() { Description = "mark of groups" }, Ct).ToListAsync()).Select(g => g.Id).ShouldBe(made.Select(g => g.Id), ignoreOrder: true);
        foreach (SecurityGroup group in made) await neutron.DeleteSecurityGroupAsync(group.Id, Ct);
        (await neutron.CreateSecurityGroupsAsync([], Ct)).ShouldBeEmpty();
    }
}
