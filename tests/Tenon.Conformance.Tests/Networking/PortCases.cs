using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Ports: making one and many, addresses, binding.</summary>
public sealed class PortCases(Clouds clouds)
{
    private static readonly string[] Keys =
    [
        "admin_state_up", "allowed_address_pairs", "binding:vnic_type", "created_at", "description", "device_id", "device_owner", "extra_dhcp_opts",
        "fixed_ips", "id", "mac_address", "name", "network_id", "port_security_enabled", "project_id", "qos_network_policy_id", "qos_policy_id",
        "revision_number", "security_groups", "status", "tags", "tenant_id", "updated_at",
    ];

    [Theory(Timeout = Limit), Sides]
    public async Task A_new_port_is_down_and_has_an_address_and_the_default_group(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        Answer made = await scratch.NewAsync("ports", "port", new { network_id = network });
        made.Names("port").ShouldBe(Keys);
        made["port/status"].ShouldBe("DOWN");
        made["port/device_id"].ShouldBe("");
        made["port/device_owner"].ShouldBe("");
        made["port/port_security_enabled"].ShouldBe("true");
        made["port/binding:vnic_type"].ShouldBe("normal");
        made["port/mac_address"]!.ShouldMatch("^fa:16:3e(:[0-9a-f]{2}){3}$");
        made.List("port/fixed_ips").Count.ShouldBe(1);
        made["port/fixed_ips/0/subnet_id"].ShouldBe(subnet);
        made["port/fixed_ips/0/ip_address"]!.ShouldStartWith("10.70.0.");
        string group = (await cloud.Member.GetAsync($"security-groups?name=default&project_id={cloud.Member.ProjectId}&fields=id"))["security_groups/0/id"]!;
        made["port/security_groups"].ShouldBe($"""["{group}"]""");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Where_a_port_is_bound_is_the_administrator_s_to_see_and_to_say(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        string port = await scratch.PortAsync(network);
        Answer seen = await cloud.Admin.GetAsync($"ports/{port}");
        seen.Names("port").ShouldBe([.. Keys.Concat(["binding:host_id", "binding:profile", "binding:vif_details", "binding:vif_type", "resource_request"]).Order(StringComparer.Ordinal)]);
        seen["port/binding:vif_type"].ShouldBe("unbound");
        seen["port/binding:host_id"].ShouldBe("");
        object Bind(string host) => new Dictionary<string, object> { ["port"] = new Dictionary<string, object> { ["binding:host_id"] = host } };
        (await cloud.Member.PutAsync($"ports/{port}", Bind("compute2"))).ShouldFail(403, "PolicyNotAuthorized", "update_port:binding:host_id");
        Answer bound = (await cloud.Admin.PutAsync($"ports/{port}", Bind("compute2"))).ShouldBe(200);
        bound["port/binding:host_id"].ShouldBe("compute2");
        bound["port/binding:vif_type"].ShouldBe("ovs");
        bound["port/binding:vif_details/port_filter"].ShouldBe("true");
        bound["port/binding:vif_details/connectivity"].ShouldBe("l2");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A port is bound to whatever host is named. To one without an agent its binding fails, and the call does not")]
    public async Task A_port_on_an_unknown_host_has_a_failed_binding(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string port = await scratch.PortAsync(await scratch.NetworkAsync());
        Answer bound = await cloud.Admin.PutAsync($"ports/{port}", new Dictionary<string, object> { ["port"] = new Dictionary<string, object> { ["binding:host_id"] = "nohost" } });
        bound.ShouldBe(200)["port/binding:vif_type"].ShouldBe("binding_failed");
        bound["port/status"].ShouldBe("DOWN");
        bound = await cloud.Admin.PutAsync($"ports/{port}", new Dictionary<string, object> { ["port"] = new Dictionary<string, object> { ["binding:host_id"] = "" } });
        bound.ShouldBe(200)["port/binding:vif_type"].ShouldBe("unbound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_bad_port_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        string port = await scratch.PortAsync(network);
        string mac = (await cloud.Member.GetAsync($"ports/{port}"))["port/mac_address"]!;
        Task<Answer> Post(string name, object? value) => cloud.Member.PostAsync("ports", new { port = new Dictionary<string, object?> { ["network_id"] = network, [name] = value } });
        (await Post("foo", 1)).ShouldFail(400, "HTTPBadRequest", "Unrecognized attribute(s) 'foo'");
        (await Post("mac_address", "zz")).ShouldFail(400, "HTTPBadRequest", "'zz' is not a valid MAC address");
        (await Post("mac_address", mac)).ShouldFail(409, "MacAddressInUse", $"Unable to complete operation for network {network}. The mac address {mac} is in use.");
        (await Post("security_groups", new[] { "x" })).ShouldFail(400, "HTTPBadRequest", "'x' is not a valid UUID");
        string nobody = Nobody();
        (await Post("security_groups", new[] { nobody })).ShouldFail(404, "SecurityGroupNotFound", $"Security group {nobody} does not exist");
        (await Post("network_id", nobody)).ShouldFail(404, "NetworkNotFound");
        (await Post("binding:vnic_type", "foo")).ShouldFail(400, "HTTPBadRequest", "foo is not in valid_values");
        (await Post("binding:host_id", "h")).ShouldFail(403, "PolicyNotAuthorized", "create_port:binding:host_id");
        (await Post("binding:profile", new { a = 1 })).ShouldFail(403, "PolicyNotAuthorized", "create_port:binding:profile");
        (await Post("description", new string('d', 256))).ShouldFail(400, "HTTPBadRequest", "exceeds maximum length of 255");
        (await Post("qos_policy_id", nobody)).ShouldFail(404, "QosPolicyNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Addresses_are_given_by_subnet_by_address_and_by_both(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        async Task<string> Gets(params object[] fixedIps)
            => string.Join(' ', (await scratch.NewAsync("ports", "port", new { network_id = network, fixed_ips = fixedIps })).List("port/fixed_ips").Select(f => f["ip_address"]));

        (await Gets(new { ip_address = "10.70.0.50" })).ShouldBe("10.70.0.50");
        (await Gets(new { subnet_id = subnet, ip_address = "10.70.0.51" })).ShouldBe("10.70.0.51");
        (await Gets(new { ip_address = "10.70.0.61" }, new { ip_address = "10.70.0.62" })).ShouldBe("10.70.0.61 10.70.0.62");
        (await Gets()).ShouldBe("");
        // The gateway's address is to be had where no router has it.
        (await Gets(new { ip_address = "10.70.0.1" })).ShouldBe("10.70.0.1");

        // Last, since it may be any of those above.
        (await Gets(new { subnet_id = subnet })).ShouldStartWith("10.70.0.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_address_that_cannot_be_had_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        await scratch.PortAsync(network, "10.70.0.50");
        async Task Fails(int status, string type, string message, object? fixedIps)
            => (await cloud.Member.PostAsync("ports", new { port = new { network_id = network, fixed_ips = fixedIps } })).ShouldFail(status, type, message);

        await Fails(409, "IpAddressAlreadyAllocated", $"IP address 10.70.0.50 already allocated in subnet {subnet}", new[] { new { ip_address = "10.70.0.50" } });
        const string nowhere = "is not a valid IP for any of the subnets on the specified network.";
        await Fails(400, "InvalidIpForNetwork", nowhere, new[] { new { ip_address = "10.1.0.1" } });
        await Fails(400, "InvalidIpForNetwork", nowhere, new[] { new { ip_address = "10.70.0.0" } });
        await Fails(400, "InvalidIpForNetwork", nowhere, new[] { new { ip_address = "10.70.0.255" } });
        await Fails(400, "InvalidIpForSubnet", "is not a valid IP for the specified subnet.", new[] { new { subnet_id = subnet, ip_address = "10.1.0.1" } });
        await Fails(404, "SubnetNotFound", "could not be found.", new[] { new { subnet_id = Nobody() } });
        await Fails(400, "HTTPBadRequest", "'x' is not a valid IP address", new[] { new { ip_address = "x" } });
        await Fails(400, "HTTPBadRequest", "Duplicate IP address '10.70.0.60'", new[] { new { ip_address = "10.70.0.60" }, new { ip_address = "10.70.0.60" } });
        await Fails(400, "HTTPBadRequest", "Invalid data format for fixed IP: 'None'", null);
        string other = await scratch.SubnetAsync(await scratch.NetworkAsync(), "10.75.0.0/24");
        await Fails(400, "InvalidInput", $"fixed_ips included invalid subnet {other}", new[] { new { subnet_id = other } });
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A /30 has addresses for two ports. The gateway has one, the network's own port the other, and there is none left")]
    public async Task A_full_subnet_gives_no_address(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync("10.76.0.0/30");
        string message = $"No more IP addresses available on network {network}.";
        (await cloud.Member.PostAsync("ports", new { port = new { network_id = network } })).ShouldFail(409, "IpAddressGenerationFailure", message);
        (await cloud.Member.PostAsync("ports", new { port = new { network_id = network, fixed_ips = new[] { new { subnet_id = subnet } } } })).ShouldFail(409, "IpAddressGenerationFailure", message);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_port_without_an_address_is_made_on_a_network_without_a_subnet(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("ports", "port", new { network_id = await scratch.NetworkAsync() });
        made.List("port/fixed_ips").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A port that is to have no address gets no group. It gets the default group like every other")]
    public async Task A_port_that_wants_no_address_is_in_the_default_group(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, _) = await scratch.NetworkWithSubnetAsync();
        Answer made = await scratch.NewAsync("ports", "port", new { network_id = network, fixed_ips = Array.Empty<object>() });
        made["port/fixed_ips"].ShouldBe("[]");
        made.At("port/security_groups")!.AsArray().Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Many_ports_come_in_the_order_asked_for(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, _) = await scratch.NetworkWithSubnetAsync();
        Answer made = await scratch.MakeAsync(Service, "/v2.0/ports", new
        {
            ports = Enumerable.Range(0, 4).Select(i => new
            {
                network_id = network, name = $"p{i}", device_id = $"d{i}", device_owner = "tenon:x", fixed_ips = new[] { new { ip_address = $"10.70.0.1{i}" } },
                security_groups = Array.Empty<string>(), description = $"n{i}", port_security_enabled = i != 2,
            }),
        });
        made.ShouldBe(201).Texts("ports", "name").ShouldBe(["p0", "p1", "p2", "p3"]);
        made["ports/2/fixed_ips/0/ip_address"].ShouldBe("10.70.0.12");
        made["ports/2/description"].ShouldBe("n2");
        made["ports/2/port_security_enabled"].ShouldBe("false");
        made["ports/1/device_owner"].ShouldBe("tenon:x");
        made.At("ports/3/security_groups")!.AsArray().ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Many ports are made with what is asked for each, as one is. Their address pairs and DHCP options are accepted and forgotten")]
    public async Task The_address_pairs_of_many_ports_are_forgotten(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer made = await scratch.MakeAsync(Service, "/v2.0/ports", new
        {
            ports = new[]
            {
                new
                {
                    network_id = network, allowed_address_pairs = new[] { new { ip_address = "192.168.0.0/24" } },
                    extra_dhcp_opts = new[] { new { opt_name = "mtu", opt_value = "1400" } },
                },
            },
        });
        Answer kept = await cloud.Member.GetAsync($"ports/{made["ports/0/id"]}");
        kept["port/allowed_address_pairs"].ShouldBe("[]");
        kept["port/extra_dhcp_opts"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Of many ports that cannot be made nothing remains. The addresses given before the one that could not be had are lost until the subnet is deleted")]
    public async Task Where_an_address_of_many_ports_cannot_be_had_the_others_are_lost(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        await scratch.PortAsync(network, "10.70.0.99");
        object One(string address, string group) => new { network_id = network, fixed_ips = new[] { new { ip_address = address } }, security_groups = group.Length == 0 ? Array.Empty<string>() : [group] };
        Task<Answer> Alone(string address) => cloud.Member.PostAsync("ports", new { port = One(address, "") });
        (await cloud.Member.PostAsync("ports", new { ports = new[] { One("10.70.0.10", ""), One("10.70.0.99", "") } })).ShouldFail(409, "IpAddressAlreadyAllocated");
        (await Alone("10.70.0.10")).ShouldFail(409, "IpAddressAlreadyAllocated", $"IP address 10.70.0.10 already allocated in subnet {subnet}");
        (await cloud.Member.GetAsync($"ports?network_id={network}&fixed_ips=ip_address%3D10.70.0.10")).List("ports").ShouldBeEmpty();
        (await cloud.Member.PostAsync("ports", new { ports = new[] { One("10.70.0.99", ""), One("10.70.0.11", "") } })).ShouldFail(409, "IpAddressAlreadyAllocated");
        (await scratch.NewAsync("ports", "port", One("10.70.0.11", "")))["port/fixed_ips/0/ip_address"].ShouldBe("10.70.0.11", "what comes after it was not given");
        (await cloud.Member.PostAsync("ports", new { ports = new[] { One("10.70.0.12", ""), One("10.70.0.13", Nobody()) } })).ShouldFail(404, "SecurityGroupNotFound");
        (await scratch.NewAsync("ports", "port", One("10.70.0.12", "")))["port/fixed_ips/0/ip_address"].ShouldBe("10.70.0.12", "another failure gives them back");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Asking for more ports than there are addresses is harmless. It leaves none for the next single port, though none is in use")]
    public async Task Too_many_ports_at_once_use_a_subnet_up(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, _) = await scratch.NetworkWithSubnetAsync("10.77.0.0/29");
        object one = new { network_id = network };
        (await cloud.Member.PostAsync("ports", new { ports = Enumerable.Repeat(one, 7) })).ShouldFail(409, "IpAddressGenerationFailure");
        (await cloud.Member.PostAsync("ports", new { port = one })).ShouldFail(409, "IpAddressGenerationFailure");
        Answer full = await cloud.Admin.GetAsync($"network-ip-availabilities?network_id={network}");
        full.ShouldBe(200)["network_ip_availabilities/0/used_ips"].ShouldBe("1");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Of_many_ports_none_is_made_where_one_cannot_be(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, _) = await scratch.NetworkWithSubnetAsync();
        await scratch.PortAsync(network, "10.70.0.4");
        async Task Fails(int status, string type, params object[] ports)
        {
            (await cloud.Member.PostAsync("ports", new { ports })).ShouldFail(status, type);
            (await cloud.Member.GetAsync($"ports?network_id={network}&name=x")).List("ports").ShouldBeEmpty(type);
        }

        object one = new { network_id = network, name = "x" };
        await Fails(409, "IpAddressAlreadyAllocated", one, new { network_id = network, name = "x", fixed_ips = new[] { new { ip_address = "10.70.0.4" } } });
        await Fails(404, "NetworkNotFound", one, new { network_id = Nobody(), name = "x" });
        await Fails(404, "SecurityGroupNotFound", one, new { network_id = network, name = "x", security_groups = new[] { Nobody() } });
        await Fails(400, "HTTPBadRequest", one, new { foo = 1 });
        await Fails(409, "AddressPairAndPortSecurityRequired", one, new { network_id = network, name = "x", port_security_enabled = false, allowed_address_pairs = new[] { new { ip_address = "1.2.3.4" } } });
        (await cloud.Member.PostAsync("ports", new { ports = Array.Empty<object>() })).ShouldFail(400, "HTTPBadRequest", "Resources required");
    }
}
