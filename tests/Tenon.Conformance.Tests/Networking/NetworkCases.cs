using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Networks (Networking API v2.0, "Networks").</summary>
public sealed class NetworkCases(Clouds clouds)
{
    private static readonly string[] Keys =
    [
        "admin_state_up", "availability_zone_hints", "availability_zones", "created_at", "description", "id", "ipv4_address_scope",
        "ipv6_address_scope", "mtu", "name", "port_security_enabled", "project_id", "qos_policy_id", "revision_number", "router:external",
        "shared", "status", "subnets", "tags", "tenant_id", "updated_at",
    ];

    [Theory(Timeout = Limit), Sides]
    public async Task A_new_network_is_active_and_private_and_has_no_subnet(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("networks", "network", new { name = scratch.Name });
        made.ShouldBe(201);
        made["network/status"].ShouldBe("ACTIVE");
        made["network/router:external"].ShouldBe("false");
        made["network/shared"].ShouldBe("false");
        made["network/admin_state_up"].ShouldBe("true");
        made["network/port_security_enabled"].ShouldBe("true");
        made["network/description"].ShouldBe("");
        made["network/project_id"].ShouldBe(cloud.Member.ProjectId);
        made["network/tenant_id"].ShouldBe(cloud.Member.ProjectId);
        made.List("network/subnets").ShouldBeEmpty();
        made.List("network/tags").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_answer_to_a_create_also_says_whether_the_network_is_a_default_and_later_ones_do_not(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("networks", "network", new { name = scratch.Name });
        made.Names("network").ShouldBe([.. Keys.Append("is_default").Order(StringComparer.Ordinal)]);
        (await cloud.Member.GetAsync($"networks/{made["network/id"]}")).Names("network").ShouldBe(Keys);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Provider_attributes_are_the_administrator_s(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string id = await scratch.NetworkAsync();
        Answer seen = await cloud.Admin.GetAsync($"networks/{id}");
        seen.Names("network").ShouldBe([.. Keys.Concat(["provider:network_type", "provider:physical_network", "provider:segmentation_id"]).Order(StringComparer.Ordinal)]);
        seen["network/provider:network_type"].ShouldBe("geneve");
        seen["network/provider:physical_network"].ShouldBeNull();
        (await cloud.Member.PostAsync("networks", new Dictionary<string, object> { ["network"] = new Dictionary<string, object> { ["provider:network_type"] = "flat" } }))
            .ShouldFail(403, "PolicyNotAuthorized", "disallowed by policy");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_network_has_a_port_of_its_own_from_the_first_that_gets_an_address_with_the_first_subnet(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer before = (await cloud.Member.GetAsync($"ports?network_id={network}")).ShouldBe(200);
        before.List("ports").Count.ShouldBe(1);
        before["ports/0/device_owner"].ShouldBe("network:distributed");
        before["ports/0/device_id"].ShouldBe($"ovnmeta-{network}");
        before.List("ports/0/fixed_ips").ShouldBeEmpty();
        before.List("ports/0/security_groups").ShouldBeEmpty();
        before["ports/0/port_security_enabled"].ShouldBe("false");
        await scratch.SubnetAsync(network, "10.71.0.0/24");
        Answer after = await cloud.Member.GetAsync($"ports?network_id={network}");
        after["ports/0/fixed_ips/0/ip_address"].ShouldBe("10.71.0.2");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_network_s_own_port_has_no_address_where_there_is_no_DHCP(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.72.0.0/24", enable_dhcp = false });
        Answer ports = await cloud.Member.GetAsync($"ports?network_id={network}");
        ports.List("ports").Count.ShouldBe(1);
        ports.List("ports/0/fixed_ips").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_network_goes_with_its_subnets_and_its_own_port_and_not_with_a_port_of_somebody(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        string port = await scratch.PortAsync(network);
        Answer refused = await cloud.Member.DeleteAsync($"networks/{network}");
        refused.ShouldFail(409, "NetworkInUse", $"Unable to complete operation on network {network}.").Message.ShouldContain(port);
        (await cloud.Member.DeleteAsync($"ports/{port}")).ShouldBe(204).Text.ShouldBeEmpty();
        (await cloud.Member.DeleteAsync($"networks/{network}")).ShouldBe(204);
        (await cloud.Member.GetAsync($"subnets/{subnet}")).ShouldFail(404, "SubnetNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_MTU_is_that_of_the_tunnel_and_may_be_less_and_not_more(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (await scratch.NewAsync("networks", "network", new { name = scratch.Name }))["network/mtu"].ShouldBe("1442");
        (await scratch.NewAsync("networks", "network", new { name = scratch.Name, mtu = 1300 }))["network/mtu"].ShouldBe("1300");
        (await cloud.Member.PostAsync("networks", new { network = new { name = scratch.Name, mtu = 9000 } }))
            .ShouldFail(400, "InvalidInput", "Requested MTU is too big, maximum is 1442");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("An external network is a tunnel like any other: MTU 1442. It is flat on a wire: 1500")]
    public async Task An_external_network_has_the_MTU_of_the_wire(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string external = await cloud.Member.ExternalAsync();
        Answer seen = await cloud.Member.GetAsync($"networks/{external}");
        seen["network/mtu"].ShouldBe("1500");
        seen["network/router:external"].ShouldBe("true");
        seen.Has("network", "is_default").ShouldBeTrue();
        seen.Has("network", "provider:network_type").ShouldBeFalse();
        (await cloud.Admin.GetAsync($"networks/{external}"))["network/provider:network_type"].ShouldBe("flat");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Who sees an external network sees its subnets. The network names them, and neither list nor show has them")]
    public async Task The_subnets_of_an_external_network_are_named_and_hidden(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string external = await cloud.Member.ExternalAsync();
        Answer seen = await cloud.Member.GetAsync($"networks/{external}");
        string subnet = seen["network/subnets/0"]!;
        (await cloud.Member.GetAsync($"subnets?network_id={external}")).List("subnets").ShouldBeEmpty();
        (await cloud.Member.GetAsync($"subnets/{subnet}")).ShouldFail(404, "SubnetNotFound", $"Subnet {subnet} could not be found.");
        (await cloud.Admin.GetAsync($"subnets?network_id={external}&id={subnet}")).List("subnets").Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_external_network_is_the_administrator_s_to_change(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string external = await cloud.Member.ExternalAsync();
        (await cloud.Member.PutAsync($"networks/{external}", new { network = new { name = "mine" } })).ShouldFail(403, "PolicyNotAuthorized");
        (await cloud.Member.DeleteAsync($"networks/{external}")).ShouldFail(403, "PolicyNotAuthorized");
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = external, ip_version = 4, cidr = "10.73.0.0/24" } }))
            .ShouldFail(403, "HTTPForbidden", $"Tenant {cloud.Member.ProjectId} not allowed to create subnet on this network");
        (await cloud.Member.PostAsync("networks", new Dictionary<string, object> { ["network"] = new Dictionary<string, object> { ["router:external"] = true } }))
            .ShouldFail(403, "PolicyNotAuthorized", "create_network:router:external");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Another_project_s_network_is_not_found(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string foreign = (await scratch.NewAsync("networks", "network", new { name = scratch.Name }, admin: true))["network/id"]!;
        string message = $"Network {foreign} could not be found.";
        (await cloud.Member.GetAsync($"networks/{foreign}")).ShouldFail(404, "NetworkNotFound", message);
        (await cloud.Member.PutAsync($"networks/{foreign}", new { network = new { name = "mine" } })).ShouldFail(404, "NetworkNotFound", message);
        (await cloud.Member.DeleteAsync($"networks/{foreign}")).ShouldFail(404, "NetworkNotFound", message);
        (await cloud.Member.GetAsync($"networks?name={scratch.Name}")).List("networks").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_shared_network_is_seen_by_others_with_its_subnets(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string shared = (await scratch.NewAsync("networks", "network", new { name = scratch.Name, shared = true }, admin: true))["network/id"]!;
        string subnet = (await scratch.NewAsync("subnets", "subnet", new { network_id = shared, ip_version = 4, cidr = "10.74.0.0/24" }, admin: true))["subnet/id"]!;
        (await cloud.Member.GetAsync($"networks/{shared}")).ShouldBe(200)["network/shared"].ShouldBe("true");
        (await cloud.Member.GetAsync($"subnets/{subnet}")).ShouldBe(200);
        (await cloud.Member.PostAsync("networks", new { network = new { name = scratch.Name, shared = true } })).ShouldFail(403, "PolicyNotAuthorized");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Many_networks_are_made_together_or_not_at_all(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.MakeAsync(Service, "/v2.0/networks", new { networks = new[] { new { name = scratch.NameOf("a") }, new { name = scratch.NameOf("b") } } });
        made.List("networks").Count.ShouldBe(2);
        (await cloud.Member.PostAsync("networks", new { networks = new object[] { new { name = scratch.NameOf("c") }, new { mtu = 90000 } } })).Status.ShouldBe(400);
        (await cloud.Member.GetAsync($"networks?name={scratch.NameOf("c")}")).List("networks").ShouldBeEmpty();
        (await cloud.Member.PostAsync("networks", new { networks = Array.Empty<object>() })).ShouldFail(400, "HTTPBadRequest", "Resources required");
    }
}
