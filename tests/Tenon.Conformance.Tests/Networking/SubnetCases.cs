using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Subnets and subnet pools.</summary>
public sealed class SubnetCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_new_subnet_has_the_first_address_as_its_gateway_and_the_others_to_give(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer made = await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.50.0.0/24" });
        made["subnet/gateway_ip"].ShouldBe("10.50.0.1");
        made["subnet/allocation_pools"].ShouldBe("""[{"start":"10.50.0.2","end":"10.50.0.254"}]""");
        made["subnet/enable_dhcp"].ShouldBe("true");
        made["subnet/dns_nameservers"].ShouldBe("[]");
        made["subnet/host_routes"].ShouldBe("[]");
        made["subnet/subnetpool_id"].ShouldBeNull();
        made["subnet/ipv6_ra_mode"].ShouldBeNull();
        made.Names("subnet").ShouldBe(
        [
            "allocation_pools", "cidr", "created_at", "description", "dns_nameservers", "enable_dhcp", "gateway_ip", "host_routes", "id", "ip_version",
            "ipv6_address_mode", "ipv6_ra_mode", "name", "network_id", "project_id", "revision_number", "service_types", "subnetpool_id", "tags",
            "tenant_id", "updated_at",
        ]);
        (await cloud.Member.GetAsync($"networks/{network}"))["network/subnets"].ShouldBe($"""["{made["subnet/id"]}"]""");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_gateway_may_be_another_address_or_none_or_outside(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer none = await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.51.0.0/24", gateway_ip = (string?)null });
        none["subnet/gateway_ip"].ShouldBeNull();
        none["subnet/allocation_pools"].ShouldBe("""[{"start":"10.51.0.1","end":"10.51.0.254"}]""");
        Answer last = await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.51.1.0/24", gateway_ip = "10.51.1.254" });
        last["subnet/allocation_pools"].ShouldBe("""[{"start":"10.51.1.1","end":"10.51.1.253"}]""");
        Answer outside = await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.51.2.0/24", gateway_ip = "10.9.9.9" });
        outside["subnet/allocation_pools"].ShouldBe("""[{"start":"10.51.2.1","end":"10.51.2.254"}]""");
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = network, ip_version = 4, cidr = "10.51.3.0/24", gateway_ip = "10.51.3.255" } }))
            .ShouldFail(400, "InvalidInput", "Gateway is not valid on subnet");
        Answer empty = await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.51.4.0/24", allocation_pools = Array.Empty<object>() });
        empty["subnet/allocation_pools"].ShouldBe("""[{"start":"10.51.4.2","end":"10.51.4.254"}]""");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_bad_subnet_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        await scratch.SubnetAsync(network, "10.52.0.0/24");
        async Task Fails(string cidr, string type, string message, int status = 400, int version = 4)
            => (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = network, ip_version = version, cidr } })).ShouldFail(status, type, message);

        await Fails("10.52.0.0/25", "InvalidInput", $"Requested subnet with cidr: 10.52.0.0/25 for network: {network} overlaps with another subnet");
        await Fails("bad", "InvalidInput", "bad is not in a CIDR format");
        await Fails("fd00::/64", "InvalidInput", "cidr 'fd00::/64' does not match the ip_version '4'");
        await Fails("10.52.1.0/24", "HTTPBadRequest", "5 is not in valid_values", version: 5);
        await Fails("10.52.4.0/32", "InvalidInput", "Subnet has a prefix length that is incompatible with DHCP service enabled");
        await Fails("10.52.4.0/31", "InvalidInput", "Subnet has a prefix length that is incompatible with DHCP service enabled");
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = network, ip_version = 4 } }))
            .ShouldFail(400, "BadRequest", "a subnetpool must be specified in the absence of a cidr");
        string nobody = Nobody();
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = nobody, ip_version = 4, cidr = "10.52.9.0/24" } }))
            .ShouldFail(404, "NetworkNotFound", $"Network {nobody} could not be found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Pools_lie_within_the_subnet_apart_from_each_other_and_from_the_gateway(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        async Task Fails(int status, string type, params (int Start, int End)[] pools)
            => (await cloud.Member.PostAsync("subnets", new
            {
                subnet = new
                {
                    network_id = network, ip_version = 4, cidr = "10.53.0.0/24",
                    allocation_pools = pools.Select(p => new { start = $"10.53.{p.Start / 256}.{p.Start % 256}", end = $"10.53.{p.End / 256}.{p.End % 256}" }),
                },
            })).ShouldFail(status, type);

        await Fails(409, "OverlappingAllocationPools", (10, 20), (15, 40));
        await Fails(409, "GatewayConflictWithAllocationPools", (1, 20));
        await Fails(400, "InvalidAllocationPool", (20, 10));
        await Fails(400, "OutOfBoundsAllocationPool", (276, 286));
        await Fails(400, "OutOfBoundsAllocationPool", (0, 255));
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Name_servers_and_routes_are_of_the_subnet_s_version_and_not_too_many(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer made = await scratch.NewAsync("subnets", "subnet", new
        {
            network_id = network, ip_version = 4, cidr = "10.54.0.0/24", dns_nameservers = new[] { "8.8.8.8", "1.1.1.1" },
            host_routes = new[] { Route("192.168.0.0/24", "10.54.0.5") }, service_types = new[] { "network:floatingip" }, enable_dhcp = false,
        });
        made["subnet/dns_nameservers"].ShouldBe("""["8.8.8.8","1.1.1.1"]""");
        made["subnet/host_routes"].ShouldBe("""[{"destination":"192.168.0.0/24","nexthop":"10.54.0.5"}]""");
        async Task Fails(string type, object more)
        {
            var subnet = new Dictionary<string, object> { ["network_id"] = network, ["ip_version"] = 4, ["cidr"] = "10.54.1.0/24" };
            foreach (System.Reflection.PropertyInfo property in more.GetType().GetProperties()) subnet[property.Name] = property.GetValue(more)!;
            (await cloud.Member.PostAsync("subnets", new { subnet })).ShouldFail(400, type);
        }

        await Fails("HTTPBadRequest", new { dns_nameservers = new[] { "nope" } });
        await Fails("HTTPBadRequest", new { dns_nameservers = new[] { "1.1.1.1", "1.1.1.1" } });
        await Fails("DNSNameServersExhausted", new { dns_nameservers = Enumerable.Range(1, 6).Select(i => $"1.1.1.{i}") });
        await Fails("HTTPBadRequest", new { host_routes = new[] { Route("192.168.0.5/24", "10.54.1.1") } });
        await Fails("InvalidInput", new { host_routes = new[] { Route("192.168.0.0/24", "fd00::1") } });
        await Fails("InvalidInput", new { ipv6_ra_mode = "slaac" });
        await Fails("InvalidSubnetServiceType", new { service_types = new[] { "x" } });
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A subnet for some owners is made like any other. With DHCP the network's own port needs an address too, and the subnet is refused")]
    public async Task A_subnet_for_some_owners_has_no_DHCP(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Task<Answer> Make(bool dhcp) => cloud.Member.PostAsync("subnets", new
        {
            subnet = new { network_id = network, ip_version = 4, cidr = "10.54.0.0/24", service_types = new[] { "network:floatingip" }, enable_dhcp = dhcp },
        });
        (await Make(true)).ShouldFail(409, "IpAddressGenerationFailureNoMatchingSubnet", "service type network:distributed");
        (await cloud.Member.GetAsync($"subnets?network_id={network}")).List("subnets").ShouldBeEmpty();
        (await Make(false)).ShouldBe(201);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_subnet_changes_its_name_servers_and_not_a_gateway_in_use(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync("10.55.0.0/24");
        await scratch.RouterAsync(cloud.Member, null, subnet);
        (await cloud.Member.PutAsync($"subnets/{subnet}", new { subnet = new { name = "q", dns_nameservers = new[] { "9.9.9.9" } } }))
            .ShouldBe(200)["subnet/dns_nameservers"].ShouldBe("""["9.9.9.9"]""");
        (await cloud.Member.PutAsync($"subnets/{subnet}", new { subnet = new { gateway_ip = "10.55.0.5" } })).ShouldBe(409);
        (await cloud.Member.PutAsync($"subnets/{subnet}", new { subnet = new { enable_dhcp = false } })).ShouldBe(200)["subnet/enable_dhcp"].ShouldBe("false");
        (await cloud.Member.GetAsync($"ports?network_id={network}&device_owner=network:distributed"))["ports/0/fixed_ips"].ShouldBe("[]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_subnet_with_a_port_on_it_is_not_deleted(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        await scratch.PortAsync(network);
        (await cloud.Member.DeleteAsync($"subnets/{subnet}"))
            .ShouldFail(409, "SubnetInUse", $"Unable to complete operation on subnet {subnet}: One or more ports have an IP allocation from this subnet.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Many_subnets_are_made_together_or_not_at_all(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        object One(string cidr) => new { network_id = network, ip_version = 4, cidr };
        (await cloud.Member.PostAsync("subnets", new { subnets = new[] { One("10.1.0.0/24"), One("10.1.0.0/24") } })).ShouldFail(400, "InvalidInput", "overlaps with another subnet");
        (await cloud.Member.GetAsync($"subnets?network_id={network}")).List("subnets").ShouldBeEmpty();
        Answer made = await scratch.MakeAsync(Service, "/v2.0/subnets", new { subnets = new[] { One("10.1.0.0/24"), One("10.1.1.0/24") } });
        made.List("subnets").Count.ShouldBe(2);
        (await cloud.Member.GetAsync($"subnets?network_id={network}&cidr=10.1.1.0/24&ip_version=4&enable_dhcp=true&gateway_ip=10.1.1.1&fields=cidr")).Each("subnets", "cidr").ShouldBe(["10.1.1.0/24"]);
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("Many ports can be made on any network. Where a subnet lets addresses configure themselves the service breaks, and makes none")]
    public async Task Many_ports_on_a_network_with_SLAAC_break_the_service(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        await Slaac(scratch, network);
        (await cloud.Member.PostAsync("ports", new { ports = new[] { new { network_id = network, name = "a" }, new { network_id = network, name = "a" } } }))
            .ShouldFail(500, "HTTPInternalServerError", "Request Failed: internal server error while processing your request.");
        object One() => new { network_id = network, name = "a", fixed_ips = new[] { new { subnet_id = subnet } } };
        (await cloud.Member.PostAsync("ports", new { ports = new[] { One(), One() } })).ShouldFail(500, "HTTPInternalServerError");
        (await cloud.Member.GetAsync($"ports?network_id={network}&name=a")).List("ports").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_port_gets_an_address_that_configures_itself_beside_the_one_asked_for(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string four) = await scratch.NetworkWithSubnetAsync();
        string six = await Slaac(scratch, network);
        Answer made = await scratch.NewAsync("ports", "port", new { network_id = network, mac_address = "fa:16:3e:01:02:03", fixed_ips = new[] { new { subnet_id = four } } });
        made.List("port/fixed_ips").Select(f => (f["subnet_id"]!.ToString(), f["ip_address"]!.ToString())).ShouldContain((six, "fd00:2::f816:3eff:fe01:203"));
        made.List("port/fixed_ips").Count.ShouldBe(2);
        (await cloud.Member.PostAsync("ports", new { port = new { network_id = network, fixed_ips = new[] { new { ip_address = "fd00:2::5" } } } })).ShouldFail(
            400, "AllocationOnAutoAddressSubnet", "cannot be directly assigned to a port on subnet");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_IPv6_gateway_is_the_first_address_of_all_and_modes_agree(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync();
        Answer made = await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 6, cidr = "fd00:1::/64" });
        made["subnet/gateway_ip"].ShouldBe("fd00:1::");
        made["subnet/ipv6_address_mode"].ShouldBeNull();
        async Task Fails(object subnet) => (await cloud.Member.PostAsync("subnets", new { subnet })).ShouldFail(400, "InvalidInput");
        await Fails(new { network_id = network, ip_version = 6, cidr = "fd00:4::/64", ipv6_address_mode = "slaac", ipv6_ra_mode = "dhcpv6-stateful" });
        await Fails(new { network_id = network, ip_version = 6, cidr = "fd00:5::/80", ipv6_address_mode = "slaac" });
        await Fails(new { network_id = network, ip_version = 6, cidr = "fd00:6::/64", ipv6_address_mode = "slaac", enable_dhcp = false });
        await Fails(new { network_id = network, ip_version = 6, cidr = "fd00:7::/64", dns_nameservers = new[] { "8.8.8.8" } });
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_pool_gives_the_first_free_prefix_of_the_length_asked_for(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string pool = (await scratch.NewAsync("subnetpools", "subnetpool", new { name = scratch.Name, prefixes = new[] { "10.90.0.0/16" }, default_prefixlen = 26 }))["subnetpool/id"]!;
        string network = await scratch.NetworkAsync();
        Task<Answer> Make(object subnet) => scratch.NewAsync("subnets", "subnet", subnet);
        (await Make(new { network_id = network, ip_version = 4, subnetpool_id = pool, prefixlen = 24 }))["subnet/cidr"].ShouldBe("10.90.0.0/24");
        Answer second = await Make(new { network_id = network, ip_version = 4, subnetpool_id = pool });
        second["subnet/cidr"].ShouldBe("10.90.1.0/26");
        second["subnet/subnetpool_id"].ShouldBe(pool);
        (await Make(new { network_id = network, ip_version = 4, subnetpool_id = pool, cidr = "10.90.77.0/24" }))["subnet/cidr"].ShouldBe("10.90.77.0/24");
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = network, ip_version = 4, subnetpool_id = pool, cidr = "10.90.77.0/24" } }))
            .ShouldFail(500, "SubnetAllocationError", "Cannot allocate requested subnet from the available set of prefixes");
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = network, ip_version = 4, cidr = "10.5.0.0/24" } })).ShouldFail(400, "NetworkSubnetPoolAffinityError");
        (await cloud.Member.PostAsync("subnets", new { subnet = new { network_id = network, ip_version = 6, subnetpool_id = pool } }))
            .ShouldFail(400, "BadRequest", "Cannot allocate IPv6 subnet from IPv4 subnet pool");
        (await cloud.Member.DeleteAsync($"subnetpools/{pool}")).ShouldFail(400, "SubnetPoolDeleteError", "Subnet pool has existing allocations");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_pool_merges_its_prefixes_and_tells_its_lengths_as_text(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("subnetpools", "subnetpool", new { name = scratch.Name, prefixes = new[] { "10.91.0.0/16", "10.92.0.0/16", "10.93.0.0/16", "10.90.0.5/16" } });
        made["subnetpool/prefixes"].ShouldBe("""["10.90.0.0/15","10.92.0.0/15"]""");
        made.At("subnetpool/default_prefixlen")!.GetValueKind().ShouldBe(System.Text.Json.JsonValueKind.String);
        made["subnetpool/default_prefixlen"].ShouldBe("8");
        made["subnetpool/min_prefixlen"].ShouldBe("8");
        made["subnetpool/max_prefixlen"].ShouldBe("32");
        (await cloud.Member.PostAsync("subnetpools", new { subnetpool = new { prefixes = new[] { "10.0.0.0/8" } } })).ShouldFail(400, "HTTPBadRequest", "Required attribute 'name' not specified");
        (await cloud.Member.PostAsync("subnetpools", new { subnetpool = new { name = "a", prefixes = new[] { "x" } } })).ShouldFail(400, "HTTPBadRequest", "'x' is not a valid IP subnet");
    }

    private static async Task<string> Slaac(Scratch scratch, string network) => (await scratch.NewAsync("subnets", "subnet", new
    {
        network_id = network, ip_version = 6, cidr = "fd00:2::/64", ipv6_address_mode = "slaac", ipv6_ra_mode = "slaac",
    }))["subnet/id"]!;
}
