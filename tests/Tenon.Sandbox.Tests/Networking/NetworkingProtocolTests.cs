using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.Networking;

/// <summary>Answers of a real Neutron (Zed, ML2/OVN), request by request: status, keys, defaults and wording.</summary>
public sealed class NetworkingProtocolTests
{
    private const int Limit = 60_000;
    private const string Nobody = "00000000-0000-0000-0000-000000000001";

    [Fact(Timeout = Limit)]
    public async Task A_created_network_has_the_keys_and_defaults_of_the_real_one()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (await cloud.Network("POST", "/v2.0/networks", """{"network": {"name": "a"}}""")).ShouldBe(201, """
            {"network": {"id": "UUID", "name": "a", "tenant_id": "HEX", "project_id": "HEX", "admin_state_up": true, "mtu": 1442, "status": "ACTIVE",
             "subnets": [], "shared": false, "availability_zone_hints": [], "availability_zones": [], "ipv4_address_scope": null,
             "ipv6_address_scope": null, "router:external": false, "is_default": false, "description": "", "tags": [], "created_at": "TIME",
             "updated_at": "TIME", "revision_number": 1, "port_security_enabled": true, "qos_policy_id": null}}
            """);
    }

    [Fact(Timeout = Limit)]
    public async Task The_administrator_sees_provider_attributes_and_others_do_not()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await cloud.Create("network", "/v2.0/networks", """{"network": {"name": "a"}}""");
        JsonObject admin = (await cloud.Network("GET", $"/v2.0/networks/{id}", admin: true)).One.AsObject();
        admin["provider:network_type"]!.GetValue<string>().ShouldBe("geneve");
        admin.ContainsKey("is_default").ShouldBeFalse();
        (await cloud.Network("GET", $"/v2.0/networks/{id}")).One.AsObject().ContainsKey("provider:network_type").ShouldBeFalse();
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{}""", 400, "HTTPBadRequest", "Unable to find 'network' in request body")]
    [InlineData("""{bad""", 400, "HTTPBadRequest", "Body contains invalid data")]
    [InlineData("""{"network": {"bogus": 1}}""", 400, "HTTPBadRequest", "Unrecognized attribute(s) 'bogus'")]
    [InlineData("""{"network": {"admin_state_up": "maybe"}}""", 400, "InvalidInput", "Invalid input for operation: 'maybe' cannot be converted to boolean.")]
    [InlineData("""{"network": {"shared": true}}""", 403, "PolicyNotAuthorized", "(rule:create_network and rule:create_network:shared) is disallowed by policy")]
    [InlineData(
        """{"network": {"project_id": "abc"}}""", 400, "HTTPBadRequest",
        "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges")]
    public async Task A_bad_network_is_refused_in_the_words_of_the_real_one(string body, int status, string type, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (await cloud.Network("POST", "/v2.0/networks", body)).ShouldRefuse(status, type, message);
    }

    [Theory(Timeout = Limit)]
    [InlineData("/v2.0/networks?bogus=1", 400, "HTTPBadRequest", "['bogus'] is invalid attribute for filtering")]
    [InlineData("/v2.0/networks?sort_key=bogus&sort_dir=asc", 400, "HTTPBadRequest", "['bogus'] is invalid attribute for sort_keys")]
    [InlineData("/v2.0/networks?limit=x", 400, "BadRequest", "Bad limit request: Limit must be an integer 0 or greater and not 'x'.")]
    [InlineData("/v2.0/networks/" + Nobody, 404, "NetworkNotFound", "Network " + Nobody + " could not be found.")]
    [InlineData("/v2.0/routers/" + Nobody, 404, "RouterNotFound", "Router " + Nobody + " could not be found")]
    [InlineData("/v2.0/floatingips/" + Nobody, 404, "FloatingIPNotFound", "Floating IP " + Nobody + " could not be found")]
    [InlineData("/v2.0/security-groups/" + Nobody, 404, "SecurityGroupNotFound", "Security group " + Nobody + " does not exist")]
    [InlineData("/v2.0/bogus", 404, "HTTPNotFound", "The resource could not be found.")]
    [InlineData("/v2.0/quotas", 403, "PolicyNotAuthorized", "rule:get_quota is disallowed by policy")]
    public async Task A_bad_question_is_refused_in_the_words_of_the_real_one(string path, int status, string type, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (await cloud.Network("GET", path)).ShouldRefuse(status, type, message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_page_has_next_and_previous_links()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        Reply page = await cloud.Network("GET", "/v2.0/networks?limit=1&fields=name");
        page.ShouldBe(200, $$$"""
            {"networks": [{"name": "public"}], "networks_links": [
              {"rel": "next", "href": "{{{cloud.Root}}}/network/v2.0/networks?limit=1&fields=name&marker={{{cloud.External}}}"},
              {"rel": "previous", "href": "{{{cloud.Root}}}/network/v2.0/networks?limit=1&fields=name&marker={{{cloud.External}}}&page_reverse=True"}]}
            """);
    }

    [Fact(Timeout = Limit)]
    public async Task Updates_honour_the_revision_that_they_name()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await cloud.Create("network", "/v2.0/networks", """{"network": {"name": "a"}}""");
        const string body = """{"network": {"description": "x"}}""";
        (await cloud.Network("PUT", $"/v2.0/networks/{id}", body, ifMatch: "revision_number=1")).One["revision_number"]!.GetValue<int>().ShouldBe(2);
        (await cloud.Network("PUT", $"/v2.0/networks/{id}", body, ifMatch: "revision_number=1"))
            .ShouldRefuse(412, "RevisionNumberConstraintFailed", "Constrained to 1, but current revision is 2");
    }

    [Fact(Timeout = Limit)]
    public async Task A_created_subnet_has_the_keys_and_defaults_of_the_real_one()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string network = await cloud.Create("network", "/v2.0/networks", """{"network": {}}""");
        Reply reply = await cloud.Network(
            "POST", "/v2.0/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", "ip_version": 4, "cidr": "192.168.77.9/24", "name": "s"}}""");
        reply.ShouldBe(201, $$$"""
            {"subnet": {"id": "UUID", "name": "s", "tenant_id": "HEX", "project_id": "HEX", "network_id": "{{{network}}}", "ip_version": 4,
             "cidr": "192.168.77.0/24", "subnetpool_id": null, "gateway_ip": "192.168.77.1",
             "allocation_pools": [{"start": "192.168.77.2", "end": "192.168.77.254"}], "enable_dhcp": true, "dns_nameservers": [], "host_routes": [],
             "ipv6_ra_mode": null, "ipv6_address_mode": null, "service_types": [], "description": "", "tags": [], "created_at": "TIME",
             "updated_at": "TIME", "revision_number": 0}}
            """);
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"ip_version\": 4", 400, "BadRequest", "Bad subnets request: a subnetpool must be specified in the absence of a cidr.")]
    [InlineData("\"cidr\": \"10.1.0.0/24\"", 400, "HTTPBadRequest", "Failed to parse request. Required attribute 'ip_version' not specified")]
    [InlineData("\"ip_version\": 4, \"cidr\": \"junk\"", 400, "InvalidInput", "Invalid input for operation: junk is not in a CIDR format.")]
    [InlineData(
        "\"ip_version\": 6, \"cidr\": \"10.1.0.0/24\"", 400, "InvalidInput",
        "Invalid input for operation: cidr '10.1.0.0/24' does not match the ip_version '6'.")]
    [InlineData(
        "\"ip_version\": 4, \"cidr\": \"10.1.0.0/24\", \"gateway_ip\": \"10.1.0.10\", \"allocation_pools\": [{\"start\": \"10.1.0.5\", \"end\": \"10.1.0.20\"}]",
        409, "GatewayConflictWithAllocationPools", "Gateway ip 10.1.0.10 conflicts with allocation pool 10.1.0.5-10.1.0.20.")]
    [InlineData(
        "\"ip_version\": 6, \"cidr\": \"fd00:78::/80\", \"ipv6_ra_mode\": \"slaac\", \"ipv6_address_mode\": \"slaac\"", 400, "InvalidInput",
        "Invalid input for operation: Invalid CIDR fd00:78::/80 for IPv6 address mode. OpenStack uses the EUI-64 address format, which requires the prefix to be /64.")]
    [InlineData(
        "\"ip_version\": 4, \"cidr\": \"10.1.0.0/24\", \"dns_nameservers\": [\"nope\"]", 400, "HTTPBadRequest",
        "Invalid input for dns_nameservers. Reason: 'nope' is not a valid nameserver. 'nope' is not a valid IP address.")]
    public async Task A_bad_subnet_is_refused_in_the_words_of_the_real_one(string attributes, int status, string type, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string network = await cloud.Create("network", "/v2.0/networks", """{"network": {}}""");
        (await cloud.Network("POST", "/v2.0/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", {{{attributes}}}}}""")).ShouldRefuse(status, type, message);
    }

    [Fact(Timeout = Limit)]
    public async Task Subnets_of_one_network_do_not_overlap()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, _) = await cloud.CreateNetwork("10.1.0.0/24");
        (await cloud.Network("POST", "/v2.0/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", "ip_version": 4, "cidr": "10.1.0.128/25"}}"""))
            .ShouldRefuse(
                400, "InvalidInput",
                $"Invalid input for operation: Requested subnet with cidr: 10.1.0.128/25 for network: {network} overlaps with another subnet.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_created_port_has_the_keys_and_defaults_of_the_real_one()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        (await cloud.Network("POST", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}", "name": "p"}}""")).ShouldBe(201, $$$"""
            {"port": {"id": "UUID", "name": "p", "tenant_id": "HEX", "project_id": "HEX", "network_id": "{{{network}}}", "mac_address": "MAC",
             "admin_state_up": true, "status": "DOWN", "device_id": "", "device_owner": "",
             "fixed_ips": [{"subnet_id": "{{{subnet}}}", "ip_address": "10.1.0.3"}], "binding:vnic_type": "normal", "security_groups": ["UUID"],
             "allowed_address_pairs": [], "extra_dhcp_opts": [], "port_security_enabled": true, "qos_policy_id": null, "qos_network_policy_id": null,
             "description": "", "tags": [], "created_at": "TIME", "updated_at": "TIME", "revision_number": 1}}
            """);
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"fixed_ips\": [{\"ip_address\": \"10.1.0.2\"}]", 409, "IpAddressAlreadyAllocated", "IP address 10.1.0.2 already allocated in subnet SUBNET")]
    [InlineData(
        "\"fixed_ips\": [{\"ip_address\": \"10.9.0.2\"}]", 400, "InvalidIpForNetwork",
        "IP address 10.9.0.2 is not a valid IP for any of the subnets on the specified network.")]
    [InlineData(
        "\"fixed_ips\": [{\"subnet_id\": \"SUBNET\", \"ip_address\": \"10.1.0.255\"}]", 400, "InvalidIpForSubnet",
        "IP address 10.1.0.255 is not a valid IP for the specified subnet.")]
    [InlineData("\"fixed_ips\": [{}]", 400, "InvalidInput", "Invalid input for operation: IP allocation requires subnet_id or ip_address.")]
    [InlineData("\"security_groups\": [\"" + Nobody + "\"]", 404, "SecurityGroupNotFound", "Security group " + Nobody + " does not exist")]
    [InlineData("\"mac_address\": \"zz\"", 400, "HTTPBadRequest", "Invalid input for mac_address. Reason: 'zz' is not a valid MAC address.")]
    [InlineData("\"binding:host_id\": \"x\"", 403, "PolicyNotAuthorized", "(rule:create_port and rule:create_port:binding:host_id) is disallowed by policy")]
    [InlineData(
        "\"port_security_enabled\": false, \"allowed_address_pairs\": [{\"ip_address\": \"1.1.1.1\"}]", 409, "AddressPairAndPortSecurityRequired",
        "Port Security must be enabled in order to have allowed address pairs on a port.")]
    [InlineData(
        "\"allowed_address_pairs\": [{\"ip_address\": \"10.96.0.0/16\"}, {\"ip_address\": \"10.96.0.0/16\"}]", 400, "DuplicateAddressPairInRequest",
        "Request contains duplicate address pair: mac_address None ip_address 10.96.0.0/16.")]
    public async Task A_bad_port_is_refused_in_the_words_of_the_real_one(string attributes, int status, string type, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}"}}""");
        string body = $$$"""{"port": {"network_id": "{{{network}}}", {{{attributes}}}}}""".Replace("SUBNET", subnet, StringComparison.Ordinal);
        (await cloud.Network("POST", "/v2.0/ports", body)).ShouldRefuse(status, type, message.Replace("SUBNET", subnet, StringComparison.Ordinal));
    }

    [Fact(Timeout = Limit)]
    public async Task A_bulk_create_of_ports_is_all_or_nothing()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, _) = await cloud.CreateNetwork("10.1.0.0/24");
        string both = $$$"""{"ports": [{"network_id": "{{{network}}}", "name": "a"}, {"network_id": "{{{network}}}", "name": "b"}]}""";
        (await cloud.Network("POST", "/v2.0/ports", both)).Json["ports"]!.AsArray().Count.ShouldBe(2);
        string second = $$$"""
            {"ports": [{"network_id": "{{{network}}}", "name": "c"}, {"network_id": "{{{network}}}", "fixed_ips": [{"ip_address": "1.2.3.4"}]}]}
            """;
        (await cloud.Network("POST", "/v2.0/ports", second)).Status.ShouldBe(400);
        (await cloud.Network("GET", "/v2.0/ports?name=c")).ShouldBe(200, """{"ports": []}""");
    }

    [Fact(Timeout = Limit)]
    public async Task Ports_are_found_by_address_and_by_several_names()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        foreach (string name in (string[])["a", "b", "c"])
            await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}", "name": "{{{name}}}"}}""");
        (await cloud.Network("GET", "/v2.0/ports?fixed_ips=ip_address%3D10.1.0.4&fields=name")).ShouldBe(200, """{"ports": [{"name": "b"}]}""");
        (await cloud.Network("GET", $"/v2.0/ports?fixed_ips=ip_address%3D10.1.0.4&fixed_ips=subnet_id%3D{subnet}&fields=name"))
            .ShouldBe(200, """{"ports": [{"name": "b"}]}""");
        (await cloud.Network("GET", "/v2.0/ports?name=a&name=c&fields=name&sort_key=name&sort_dir=desc"))
            .ShouldBe(200, """{"ports": [{"name": "c"}, {"name": "a"}]}""");
    }

    [Fact(Timeout = Limit)]
    public async Task Tags_are_set_found_and_removed_as_on_the_real_one()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, _) = await cloud.CreateNetwork("10.1.0.0/24");
        string path = $"/v2.0/networks/{network}/tags";
        (await cloud.Network("PUT", path, """{"tags": ["b", "a"]}""")).ShouldBe(200, """{"tags": ["b", "a"]}""");
        Reply added = await cloud.Network("PUT", path + "/c");
        (added.Status, added.Text).ShouldBe((201, "null"));
        (await cloud.Network("GET", path + "/c")).Status.ShouldBe(204);
        (await cloud.Network("GET", path + "/zz")).ShouldRefuse(404, "TagNotFound", "Tag zz could not be found.");
        (await cloud.Network("GET", "/v2.0/networks?tags=a,b&fields=name")).ShouldBe(200, """{"networks": [{"name": "n"}]}""");
        (await cloud.Network("GET", "/v2.0/networks?not-tags-any=a,zz&fields=name")).ShouldBe(200, """{"networks": [{"name": "public"}]}""");
        (await cloud.Network("PUT", path, """{"tags": ["a", "a"]}"""))
            .ShouldRefuse(400, "InvalidInput", "Invalid input for operation: Duplicate items in the list: 'a'.");
        (await cloud.Network("DELETE", path)).Status.ShouldBe(204);
    }

    [Fact(Timeout = Limit)]
    public async Task Interfaces_and_extra_routes_of_a_router_hold_each_other()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        string router = await cloud.Create("network", "/v2.0/routers", """{"router": {"name": "r"}}""");
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/add_router_interface", $$$"""{"subnet_id": "{{{subnet}}}"}""")).ShouldBe(200, $$$"""
            {"id": "{{{router}}}", "tenant_id": "HEX", "port_id": "UUID", "network_id": "{{{network}}}", "subnet_id": "{{{subnet}}}", "subnet_ids": ["{{{subnet}}}"]}
            """);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/add_router_interface", $$$"""{"subnet_id": "{{{subnet}}}"}"""))
            .ShouldRefuse(400, "BadRequest", $"Bad router request: Router already has a port on subnet {subnet}.");
        const string far = """{"router": {"routes": [{"destination": "10.244.0.0/24", "nexthop": "1.2.3.4"}]}}""";
        (await cloud.Network("PUT", $"/v2.0/routers/{router}", far)).ShouldRefuse(
            400, "InvalidRoutes",
            "Invalid format for routes: [{'destination': '10.244.0.0/24', 'nexthop': '1.2.3.4'}], the nexthop is not connected with router");
        const string near = """{"router": {"routes": [{"destination": "10.244.0.0/24", "nexthop": "10.1.0.77"}]}}""";
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/add_extraroutes", near)).One["routes"]!.ToJsonString()
            .ShouldBe("""[{"destination":"10.244.0.0/24","nexthop":"10.1.0.77"}]""");
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/add_extraroutes", near)).One["routes"]!.AsArray().Count.ShouldBe(1);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/remove_router_interface", $$$"""{"subnet_id": "{{{subnet}}}"}""")).ShouldRefuse(
            409, "RouterInterfaceInUseByRoute",
            $"Router interface for subnet {subnet} on router {router} cannot be deleted, as it is required by one or more routes.");
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/remove_extraroutes", near)).One["routes"]!.AsArray().Count.ShouldBe(0);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/remove_extraroutes", near)).Status.ShouldBe(200);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/remove_router_interface", $$$"""{"subnet_id": "{{{subnet}}}"}""")).Status.ShouldBe(200);
    }

    [Fact(Timeout = Limit)]
    public async Task Without_the_extension_atomic_routes_are_neither_listed_nor_served()
    {
        await using TestCloud cloud = await TestCloud.StartAsync(o => o with { DisabledNetworkExtensions = ["extraroute-atomic"] });
        string router = await cloud.Create("network", "/v2.0/routers", """{"router": {"name": "r"}}""");
        (await cloud.Network("GET", "/v2.0/extensions/extraroute-atomic")).Status.ShouldBe(404);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}/add_extraroutes", """{"router": {"routes": []}}""")).Status.ShouldBe(404);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}", """{"router": {"routes": []}}""")).Status.ShouldBe(200);
    }

    [Fact(Timeout = Limit)]
    public async Task A_floating_ip_goes_where_a_router_reaches()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        string port = await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}", "name": "p"}}""");
        string body = $$$"""{"floatingip": {"floating_network_id": "{{{cloud.External}}}", "port_id": "{{{port}}}"}}""";
        (await cloud.Network("POST", "/v2.0/floatingips", body)).ShouldRefuse(
            404, "ExternalGatewayForFloatingIPNotFound",
            $"External network {cloud.External} is not reachable from subnet {subnet}.  Therefore, cannot associate Port {port} with a Floating IP.");
        string router = await cloud.Create(
            "network", "/v2.0/routers", $$$"""{"router": {"external_gateway_info": {"network_id": "{{{cloud.External}}}"} } }""");
        await cloud.Network("PUT", $"/v2.0/routers/{router}/add_router_interface", $$$"""{"subnet_id": "{{{subnet}}}"}""");
        Reply made = await cloud.Network("POST", "/v2.0/floatingips", body);
        made.ShouldBe(201, $$$"""
            {"floatingip": {"id": "UUID", "tenant_id": "HEX", "project_id": "HEX", "floating_ip_address": "ADDRESS", "floating_network_id": "{{{cloud.External}}}",
             "router_id": "{{{router}}}", "port_id": "{{{port}}}", "fixed_ip_address": "10.1.0.3", "status": "DOWN", "port_details": {"name": "p",
             "network_id": "{{{network}}}", "mac_address": "MAC", "admin_state_up": true, "status": "DOWN", "device_id": "", "device_owner": ""},
             "port_forwardings": [], "dns_domain": "", "dns_name": "", "qos_policy_id": null, "description": "", "tags": [], "created_at": "TIME",
             "updated_at": "TIME", "revision_number": 0}}
            """);
        (await cloud.Network("GET", $"/v2.0/floatingips/{made.Id}")).One["status"]!.GetValue<string>().ShouldBe("ACTIVE");
        Reply again = await cloud.Network("POST", "/v2.0/floatingips", body);
        again.Status.ShouldBe(409);
        again.Json["NeutronError"]!["type"]!.GetValue<string>().ShouldBe("FloatingIPPortAlreadyAssociated");
        (await cloud.Network("GET", "/v2.0/floatingips?fields=id")).Json["floatingips"]!.AsArray().Count.ShouldBe(1);
        (await cloud.Network("PUT", $"/v2.0/routers/{router}", """{"router": {"external_gateway_info": null}}""")).ShouldRefuse(
            409, "RouterExternalGatewayInUseByFloatingIp",
            $"Gateway cannot be updated for router {router}, since a gateway to external network {cloud.External} is required by one or more floating IPs.");
        (await cloud.Network("DELETE", $"/v2.0/ports/{port}")).Status.ShouldBe(204);
        (await cloud.Network("GET", $"/v2.0/floatingips/{made.Id}")).One["port_id"].ShouldBeNull();
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"protocol\": \"tcp\", \"port_range_min\": 81, \"port_range_max\": 80", 400, "SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max")]
    [InlineData("\"port_range_min\": 80, \"port_range_max\": 80", 400, "SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.")]
    [InlineData("\"remote_ip_prefix\": \"zz\"", 400, "InvalidCIDR", "Invalid CIDR zz given as IP prefix.")]
    [InlineData("\"remote_ip_prefix\": \"fd00::/64\"", 400, "SecurityGroupRuleParameterConflict", "Conflicting value ethertype IPv4 for CIDR fd00::/64")]
    [InlineData("\"protocol\": \"icmpv6\"", 400, "SecurityGroupEthertypeConflictWithProtocol", "Invalid ethertype IPv4 for protocol icmpv6.")]
    [InlineData("\"protocol\": \"tcp\", \"port_range_min\": 0, \"port_range_max\": 9", 400, "SecurityGroupInvalidPortValue", "Invalid value for port 0")]
    [InlineData("\"remote_group_id\": \"" + Nobody + "\"", 404, "SecurityGroupNotFound", "Security group " + Nobody + " does not exist")]
    public async Task A_bad_rule_is_refused_in_the_words_of_the_real_one(string attributes, int status, string type, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string group = await cloud.Create("network", "/v2.0/security-groups", """{"security_group": {"name": "g"}}""");
        string body = $$$"""{"security_group_rule": {"security_group_id": "{{{group}}}", "direction": "ingress", {{{attributes}}}}}""";
        (await cloud.Network("POST", "/v2.0/security-group-rules", body)).ShouldRefuse(status, type, message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_rule_is_made_once_whether_its_protocol_is_named_or_numbered()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string group = await cloud.Create("network", "/v2.0/security-groups", """{"security_group": {"name": "g"}}""");
        string Body(string protocol) => $$$"""
            {"security_group_rule": {"security_group_id": "{{{group}}}", "direction": "ingress", "protocol": {{{protocol}}}, "port_range_min": 80,
             "port_range_max": 80, "remote_ip_prefix": "10.1.2.3/8"}}
            """;
        Reply made = await cloud.Network("POST", "/v2.0/security-group-rules", Body("\"tcp\""));
        made.ShouldBe(201, $$$"""
            {"security_group_rule": {"id": "UUID", "tenant_id": "HEX", "project_id": "HEX", "security_group_id": "{{{group}}}", "direction": "ingress",
             "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 80, "port_range_max": 80, "remote_ip_prefix": "10.1.2.3/8",
             "normalized_cidr": "10.0.0.0/8", "remote_group_id": null, "remote_address_group_id": null, "description": "", "created_at": "TIME",
             "updated_at": "TIME", "revision_number": 0}}
            """);
        (await cloud.Network("POST", "/v2.0/security-group-rules", Body("6")))
            .ShouldRefuse(409, "SecurityGroupRuleExists", $"Security group rule already exists. Rule id is {made.Id}.");
    }

    [Fact(Timeout = Limit)]
    public async Task Subports_are_told_apart_and_held_by_their_trunk()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, _) = await cloud.CreateNetwork("10.1.0.0/24");
        string parent = await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}"}}""");
        string first = await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}"}}""");
        string second = await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}"}}""");
        string trunk = await cloud.Create(
            "network", "/v2.0/trunks",
            $$$"""{"trunk": {"port_id": "{{{parent}}}", "sub_ports": [{"port_id": "{{{first}}}", "segmentation_type": "vlan", "segmentation_id": 101}]}}""");
        string Add(string port, int id) => $$$"""{"sub_ports": [{"port_id": "{{{port}}}", "segmentation_type": "vlan", "segmentation_id": {{{id}}}}]}""";
        string path = $"/v2.0/trunks/{trunk}/add_subports";
        (await cloud.Network("PUT", path, Add(second, 101)))
            .ShouldRefuse(409, "DuplicateSubPort", $"segmentation_type vlan and segmentation_id 101 already in use on trunk {trunk}.");
        (await cloud.Network("PUT", path, Add(second, 5000)))
            .ShouldRefuse(400, "InvalidInput", "Invalid input for operation: Segmentation ID '5000' is not in range.");
        (await cloud.Network("PUT", path, Add(first, 103))).ShouldRefuse(409, "TrunkPortInUse", $"Port {first} is in use by another trunk.");
        (await cloud.Network("PUT", path, Add(second, 102))).Status.ShouldBe(200);
        (await cloud.Network("GET", $"/v2.0/ports/{second}?fields=device_owner")).ShouldBe(200, """{"port": {"device_owner": "trunk:subport"}}""");
        (await cloud.Network("DELETE", $"/v2.0/ports/{first}"))
            .ShouldRefuse(409, "PortInUseAsSubPort", $"Port {first} is currently a subport for trunk {trunk}.");
        (await cloud.Network("DELETE", $"/v2.0/ports/{parent}"))
            .ShouldRefuse(409, "PortInUseAsTrunkParent", $"Port {parent} is currently a parent port for trunk {trunk}.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_quota_refuses_more()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await cloud.Create("network", "/v2.0/networks", """{"network": {}}""");
        string project = (await cloud.Network("GET", $"/v2.0/networks/{id}")).One["project_id"]!.GetValue<string>();
        (await cloud.Network("PUT", $"/v2.0/quotas/{project}", """{"quota": {"network": 1}}""", admin: true)).Status.ShouldBe(200);
        (await cloud.Network("POST", "/v2.0/networks", """{"network": {}}""")).ShouldRefuse(409, "OverQuota", "Quota exceeded for resources: ['network'].");
        (await cloud.Network("GET", $"/v2.0/quotas/{project}/details.json")).One["network"]!.ToJsonString().ShouldBe("""{"limit":1,"used":1,"reserved":0}""");
        (await cloud.Network("PUT", $"/v2.0/quotas/{project}", """{"quota": {"network": 1}}"""))
            .ShouldRefuse(403, "PolicyNotAuthorized", "rule:update_quota is disallowed by policy");
    }

    [Fact(Timeout = Limit)]
    public async Task Nothing_in_use_is_deleted()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        string group = await cloud.Create("network", "/v2.0/security-groups", """{"security_group": {"name": "g"}}""");
        string port = await cloud.Create("network", "/v2.0/ports", $$$"""{"port": {"network_id": "{{{network}}}", "security_groups": ["{{{group}}}"]}}""");
        (await cloud.Network("DELETE", $"/v2.0/networks/{network}")).ShouldRefuse(
            409, "NetworkInUse",
            $"Unable to complete operation on network {network}. There are one or more ports still in use on the network, id for these ports is: {port}.");
        (await cloud.Network("DELETE", $"/v2.0/subnets/{subnet}")).ShouldRefuse(
            409, "SubnetInUse", $"Unable to complete operation on subnet {subnet}: One or more ports have an IP allocation from this subnet.");
        (await cloud.Network("DELETE", $"/v2.0/security-groups/{group}")).ShouldRefuse(409, "SecurityGroupInUse", $"Security Group {group} in use.");
        (await cloud.Network("DELETE", $"/v2.0/ports/{port}")).Status.ShouldBe(204);
        (await cloud.Network("DELETE", $"/v2.0/networks/{network}")).Status.ShouldBe(204);
    }
}
