using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Networking;
using static Tenon.CloudController.Tests.Nodes.NodeSamples;

namespace Tenon.CloudController.Tests.Nodes;

public class AddressPlannerTests
{
    private static readonly Server Dual = Machine(addresses: [("private", "10.0.0.5"), ("private", "fd00::5"), ("storage", "10.9.0.5")]) with
    {
        Addresses =
        [
            new("private", "10.0.0.5", 4, "fixed", null), new("private", "fd00::5", 6, "fixed", null), new("private", "172.24.4.7", 4, "floating", null),
            new("storage", "10.9.0.5", 4, "fixed", null),
        ],
        AccessIPv4 = "192.0.2.1",
        AccessIPv6 = "2001:db8::1",
        Metadata = [new("hostname", "node-1.example.com")],
    };

    [Fact]
    public void Ports_come_first_then_access_addresses_hostname_and_what_nova_lists()
        => Texts(Dual, new(), PortOf("server-1", "b", "10.9.0.5"), PortOf("server-1", "a", "fd00::5", "10.0.0.5")).ShouldBe(
        [
            "InternalIP fd00::5", "InternalIP 10.0.0.5", "InternalIP 10.9.0.5", "ExternalIP 192.0.2.1", "ExternalIP 2001:db8::1", "Hostname node-1.example.com",
            "ExternalIP 172.24.4.7",
        ]);

    [Fact]
    public void A_port_that_is_not_active_only_loses_its_place()
        => Texts(Machine(), new(), PortOf("server-1", "a", "10.0.0.5") with { Status = "DOWN" }).ShouldBe(["InternalIP 10.0.0.5"]);

    [Fact]
    public void Ipv6_can_be_left_out()
        => Texts(Dual, new() { Ipv6SupportDisabled = true }, PortOf("server-1", "a", "10.0.0.5", "fd00::5")).ShouldNotContain(a => a.Contains(':'));

    [Fact]
    public void A_public_network_gives_external_addresses_even_where_a_port_said_internal()
        => Texts(Dual, new() { PublicNetworkNames = ["storage"] }, PortOf("server-1", "a", "10.9.0.5")).ShouldSatisfyAllConditions(
            a => a.ShouldContain("ExternalIP 10.9.0.5"), a => a.ShouldNotContain("InternalIP 10.9.0.5"));

    [Fact]
    public void Named_internal_networks_drop_the_fixed_addresses_of_others_but_not_floating_ones()
        => Texts(Dual, new() { InternalNetworkNames = ["storage"] }, PortOf("server-1", "a", "10.0.0.5")).ShouldBe(
            ["ExternalIP 192.0.2.1", "ExternalIP 2001:db8::1", "Hostname node-1.example.com", "ExternalIP 172.24.4.7", "InternalIP 10.9.0.5"]);

    [Fact]
    public void Networks_listed_several_times_are_ored()
        => Texts(Dual, new() { PublicNetworkNames = ["storage", "private"] }).Count(a => a.StartsWith("InternalIP", StringComparison.Ordinal)).ShouldBe(0);

    [Fact]
    public void Subports_of_a_trunk_add_the_addresses_of_their_networks()
    {
        Port parent = PortOf("server-1", "a", "10.0.0.5") with { Trunk = new PortTrunk("trunk-1", [new SubPort("sub", 7), new SubPort("unseen", 8)]) };
        Port sub = PortOf("trunk-1", "sub", "10.7.0.5") with { DeviceOwner = "trunk:subport", NetworkId = "net-7", Status = "DOWN" };
        PortInventory.SubPortNetworks([parent, sub]).ShouldBe(["net-7"]);
        var ports = new PortInventory([parent, sub], new Dictionary<string, string> { ["net-7"] = "vlan7" });
        AddressPlanner.Addresses(Machine(), ports, new()).ShouldContain(new NodeAddress("InternalIP", "10.7.0.5"));
        AddressPlanner.Addresses(Machine(), ports, new() { PublicNetworkNames = ["vlan7"] }).ShouldContain(new NodeAddress("ExternalIP", "10.7.0.5"));
        AddressPlanner.Addresses(Machine(), ports, new() { InternalNetworkNames = ["private"] }).ShouldNotContain(a => a.Address == "10.7.0.5");
    }

    [Fact]
    public void Sorting_puts_prefixes_in_the_wanted_order_ascending_within_each_and_keeps_the_rest()
    {
        NodeAddress[] addresses = [new("InternalIP", "172.16.0.9"), new("InternalIP", "10.0.0.9"), new("Hostname", "n"), new("InternalIP", "fd00::9"), new("InternalIP", "10.0.0.10"), new("InternalIP", "10.0.0.2")];
        AddressPlanner.Sort(addresses, [Prefix("fd00::/8"), Prefix("10.0.0.0/8")]).Select(a => a.Address).ShouldBe(["fd00::9", "10.0.0.2", "10.0.0.9", "10.0.0.10", "172.16.0.9", "n"]);
    }

    [Theory]
    [InlineData("10.9.0.5", "InternalIP 10.9.0.5,ExternalIP 192.0.2.1,Hostname n")]
    [InlineData("fd00::5,10.0.0.5", "InternalIP fd00::5,InternalIP 10.0.0.5,ExternalIP 192.0.2.1,Hostname n")]
    [InlineData("192.0.2.1", "ExternalIP 192.0.2.1,InternalIP 10.0.0.5,InternalIP fd00::5,InternalIP 10.9.0.5,Hostname n")]
    [InlineData("::", "InternalIP fd00::5,Hostname n,InternalIP 10.0.0.5,InternalIP 10.9.0.5,ExternalIP 192.0.2.1")]
    public void An_address_given_to_the_kubelet_is_the_only_one_of_its_type(string nodeIp, string expected)
    {
        NodeAddress[] addresses = [new("InternalIP", "10.0.0.5"), new("InternalIP", "fd00::5"), new("InternalIP", "10.9.0.5"), new("ExternalIP", "192.0.2.1"), new("Hostname", "n")];
        AddressPlanner.Enforce(nodeIp, [.. addresses], out string? complaint)!.Value.Select(a => $"{a.Type} {a.Address}").ShouldBe(expected.Split(','));
        complaint.ShouldBeNull();
    }

    private static AddressPrefix Prefix(string text) => AddressPrefix.TryParse(text, out AddressPrefix prefix) ? prefix : throw new FormatException(text);

    private static List<string> Texts(Server server, NetworkingOptions options, params Port[] ports)
        => [.. AddressPlanner.Addresses(server, Ports(ports), options).Select(a => $"{a.Type} {a.Address}")];
}
