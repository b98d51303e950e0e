using System.Text.Json.Nodes;
using Tenon.Sandbox.Tests.Networking;

namespace Tenon.Sandbox.Tests.LoadBalancing;

/// <summary>Answers of a real Octavia (Zed, provider ovn), request by request; the amphora provider where the real ones differ.</summary>
public sealed class LoadBalancingProtocolTests
{
    private const int Limit = 60_000;
    private const string Nobody = "00000000-0000-0000-0000-000000000001";
    private const string Balancers = "/v2/lbaas/loadbalancers";

    [Fact(Timeout = Limit)]
    public async Task A_created_load_balancer_has_the_keys_of_the_real_one_and_comes_to_rest()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        Reply made = await cloud.Balancer("POST", Balancers, Body(subnet, "ovn"));
        made.ShouldBe(201, $$$"""
            {"loadbalancer": {"id": "UUID", "name": "lb", "description": "", "provisioning_status": "PENDING_CREATE", "operating_status": "OFFLINE",
             "admin_state_up": true, "project_id": "HEX", "tenant_id": "HEX", "created_at": "TIME", "updated_at": null, "tags": [], "listeners": [],
             "pools": [], "vip_address": "10.1.0.3", "vip_port_id": "UUID", "vip_subnet_id": "{{{subnet}}}", "vip_network_id": "{{{network}}}",
             "additional_vips": [], "provider": "ovn", "flavor_id": null, "vip_qos_policy_id": null, "availability_zone": null}}
            """);
        JsonNode settled = (await cloud.Balancer("GET", $"{Balancers}/{made.Id}")).One;
        settled["provisioning_status"]!.GetValue<string>().ShouldBe("ACTIVE");
        settled["operating_status"]!.GetValue<string>().ShouldBe("ONLINE");
        (await cloud.Network("GET", $"/v2.0/ports/{made.One["vip_port_id"]}?fields=name&fields=device_owner"))
            .ShouldBe(200, $$$"""{"port": {"name": "ovn-lb-vip-{{{made.Id}}}", "device_owner": ""} }""");
    }

    [Fact(Timeout = Limit)]
    public async Task The_vip_port_of_an_amphora_is_octavias_and_goes_with_it()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (_, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        Reply made = await cloud.Balancer("POST", Balancers, Body(subnet, "amphora"));
        string port = $"/v2.0/ports/{made.One["vip_port_id"]}";
        (await cloud.Network("GET", port + "?fields=name&fields=device_owner&fields=device_id&fields=admin_state_up")).ShouldBe(200, $$$"""
            {"port": {"name": "octavia-lb-{{{made.Id}}}", "device_owner": "Octavia", "device_id": "lb-{{{made.Id}}}", "admin_state_up": false} }
            """);
        (await cloud.Balancer("DELETE", $"{Balancers}/{made.Id}")).Status.ShouldBe(204);
        (await cloud.Balancer("GET", $"{Balancers}/{made.Id}")).ShouldFault(404, $"Load Balancer {made.Id} not found.");
        (await cloud.Network("GET", port)).Status.ShouldBe(404);
    }

    [Theory(Timeout = Limit)]
    [InlineData("""{"name": "x"}""", 400, "Validation failure: VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.")]
    [InlineData("{\"vip_subnet_id\": \"" + Nobody + "\"}", 400, "Subnet " + Nobody + " not found.")]
    [InlineData("{\"vip_network_id\": \"" + Nobody + "\"}", 400, "Network " + Nobody + " not found.")]
    [InlineData("{\"vip_port_id\": \"" + Nobody + "\"}", 400, "Port " + Nobody + " not found.")]
    [InlineData("""{"vip_subnet_id": "zz"}""", 400, "Invalid input for field/attribute vip_subnet_id. Value: 'zz'. Value should be UUID format")]
    [InlineData("""{"vip_subnet_id": "SUBNET", "vip_address": "zz"}""", 400, "Invalid input for field/attribute vip_address. Value: 'zz'. Value should be IPv4 or IPv6 format")]
    [InlineData("""{"vip_network_id": "NETWORK", "vip_address": "1.2.3.4"}""", 400, "Validation failure: Supplied network does not contain a subnet for VIP address specified.")]
    [InlineData("""{"vip_subnet_id": "SUBNET", "provider": "foo"}""", 400, "Provider 'foo' is not enabled.")]
    [InlineData("{\"vip_subnet_id\": \"SUBNET\", \"flavor_id\": \"" + Nobody + "\"}", 400, "Validation failure: Invalid flavor_id.")]
    [InlineData("""{"vip_subnet_id": "SUBNET", "availability_zone": "nope"}""", 400, "Validation failure: Invalid availability zone.")]
    [InlineData("""{"vip_subnet_id": "SUBNET", "foo": 1}""", 400, "Unknown attribute for argument load_balancer.loadbalancer: foo")]
    [InlineData("""{"vip_subnet_id": "SUBNET", "project_id": "abc"}""", 403, "Policy does not allow this request to be performed.")]
    [InlineData(
        """{"vip_subnet_id": "SUBNET", "additional_vips": [{"subnet_id": "SUBNET"}]}""", 400,
        "Validation failure: Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.")]
    [InlineData(
        """{"vip_subnet_id": "SUBNET", "listeners": [{"protocol": "TCP", "protocol_port": 80, "default_pool": {"protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"}}]}""",
        400, "Validation failure: Pools must be named when creating a fully populated loadbalancer.")]
    [InlineData(
        """{"vip_subnet_id": "SUBNET", "listeners": [{"protocol": "TCP", "protocol_port": 80, "default_pool": {"name": "npz"}}]}""",
        400, "Validation failure: Pool 'npz' was referenced but no full definition was found.")]
    [InlineData(
        """{"vip_subnet_id": "SUBNET", "listeners": [{"protocol": "TCP", "protocol_port": 80}, {"protocol": "TCP", "protocol_port": 80}]}""",
        409, "Another Listener on this Load Balancer is already using protocol TCP and protocol_port 80")]
    [InlineData(
        """{"vip_subnet_id": "SUBNET", "provider": "ovn", "listeners": [{"protocol": "HTTP", "protocol_port": 80}]}""",
        501, "Provider 'ovn' does not support a requested option: OVN provider does not support HTTP protocol")]
    [InlineData(
        """{"vip_subnet_id": "SUBNET", "provider": "ovn", "listeners": [{"protocol": "TCP", "protocol_port": 80, "allowed_cidrs": ["10.0.0.0/8"]}]}""",
        501, "Provider 'ovn' does not support a requested option: OVN provider does not support allowed_cidrs option")]
    public async Task A_bad_load_balancer_is_refused_in_the_words_of_the_real_one_and_leaves_at_most_its_vips_port(string attributes, int status, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        string body = $$$"""{"loadbalancer": {{{attributes}}} }""".Replace("SUBNET", subnet, StringComparison.Ordinal).Replace("NETWORK", network, StringComparison.Ordinal);
        (await cloud.Balancer("POST", Balancers, body)).ShouldFault(status, message);
        (await cloud.Balancer("GET", Balancers)).ShouldBe(200, """{"loadbalancers": [], "loadbalancers_links": []}""");
        (await cloud.Balancer("GET", "/v2/lbaas/listeners")).ShouldBe(200, """{"listeners": [], "listeners_links": []}""");
        // The VIP's port is made before the tree is looked at, and nobody takes it back.
        bool tree = attributes.Contains("listeners", StringComparison.Ordinal);
        (await cloud.Network("GET", $"/v2.0/ports?network_id={network}")).Json!["ports"]!.AsArray()
            .Count(p => p!["device_owner"]!.GetValue<string>() != "network:distributed").ShouldBe(tree ? 1 : 0);
    }

    [Fact(Timeout = Limit)]
    public async Task A_created_listener_has_the_keys_and_defaults_of_the_real_one()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "ovn");
        (await cloud.Balancer("POST", "/v2/lbaas/listeners", $$$"""{"listener": {"loadbalancer_id": "{{{id}}}", "protocol": "TCP", "protocol_port": 80} }"""))
            .ShouldBe(201, $$$"""
            {"listener": {"id": "UUID", "name": "", "description": "", "provisioning_status": "PENDING_CREATE", "operating_status": "OFFLINE",
             "admin_state_up": true, "project_id": "HEX", "tenant_id": "HEX", "created_at": "TIME", "updated_at": null, "tags": [], "protocol": "TCP",
             "protocol_port": 80, "connection_limit": -1, "default_tls_container_ref": null, "sni_container_refs": [], "default_pool_id": null,
             "l7policies": [], "insert_headers": {}, "loadbalancers": [{"id": "{{{id}}}"}], "timeout_client_data": 50000, "timeout_member_connect": 5000,
             "timeout_member_data": 50000, "timeout_tcp_inspect": 0, "client_ca_tls_container_ref": null, "client_authentication": "NONE",
             "client_crl_container_ref": null, "allowed_cidrs": null, "tls_ciphers": null, "tls_versions": null, "alpn_protocols": null} }
            """);
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"protocol\": \"TCP\", \"protocol_port\": 80", 409, "Another Listener on this Load Balancer is already using protocol TCP and protocol_port 80")]
    [InlineData("\"protocol\": \"HTTPS\", \"protocol_port\": 81", 501, "Provider 'ovn' does not support a requested option: OVN provider does not support HTTPS protocol")]
    [InlineData(
        "\"protocol\": \"FOO\", \"protocol_port\": 81", 400,
        "Invalid input for field/attribute protocol. Value: 'FOO'. Value should be one of: TCP, HTTP, UDP, TERMINATED_HTTPS, SCTP, PROMETHEUS, HTTPS")]
    [InlineData("\"protocol\": \"TCP\", \"protocol_port\": 0", 400, "Invalid input for field/attribute protocol_port. Value: '0'. Value should be greater or equal to 1")]
    [InlineData("\"protocol\": \"TCP\", \"protocol_port\": 70000", 400, "Invalid input for field/attribute protocol_port. Value: '70000'. Value should be lower or equal to 65535")]
    [InlineData("\"protocol\": \"TCP\"", 400, "Invalid input for field/attribute protocol_port. Value: 'None'. Mandatory field missing.")]
    [InlineData(
        "\"protocol\": \"TCP\", \"protocol_port\": 81, \"allowed_cidrs\": [\"zz\"]", 400,
        "Invalid input for field/attribute allowed_cidrs. Value: '['zz']'. Value should be IPv4 or IPv6 CIDR format")]
    [InlineData(
        "\"protocol\": \"TCP\", \"protocol_port\": 81, \"allowed_cidrs\": [\"fd00::/8\"]", 400,
        "Validation failure: CIDR fd00::/8 IP version incompatible with VIP 10.1.0.3 IP version.")]
    [InlineData(
        "\"protocol\": \"TCP\", \"protocol_port\": 81, \"insert_headers\": {\"X-Forwarded-For\": \"true\"}", 400,
        "insert-headers is not a valid option for a TCP protocol listener.")]
    [InlineData("\"protocol\": \"HTTP\", \"protocol_port\": 81, \"insert_headers\": {\"X-Bad\": \"true\"}", 400, "dict_keys(['X-Bad']) is not a valid option for insert_headers")]
    [InlineData("\"protocol\": \"TCP\", \"protocol_port\": 81, \"default_pool_id\": \"" + Nobody + "\"", 404, "Pool " + Nobody + " not found.")]
    public async Task A_bad_listener_is_refused_in_the_words_of_the_real_one(string attributes, int status, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "ovn");
        await cloud.Create("load-balancer", "/v2/lbaas/listeners", $$$"""{"listener": {"loadbalancer_id": "{{{id}}}", "protocol": "TCP", "protocol_port": 80} }""");
        (await cloud.Balancer("GET", $"{Balancers}/{id}")).Status.ShouldBe(200);
        (await cloud.Balancer("POST", "/v2/lbaas/listeners", $$$"""{"listener": {"loadbalancer_id": "{{{id}}}", {{{attributes}}}} }""")).ShouldFault(status, message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_pool_with_monitor_and_members_has_the_keys_of_the_real_one()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "ovn");
        Reply pool = await cloud.Balancer(
            "POST", "/v2/lbaas/pools", $$$"""{"pool": {"loadbalancer_id": "{{{id}}}", "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT"} }""");
        pool.ShouldBe(201, $$$"""
            {"pool": {"id": "UUID", "name": "", "description": "", "provisioning_status": "PENDING_CREATE", "operating_status": "OFFLINE",
             "admin_state_up": true, "project_id": "HEX", "tenant_id": "HEX", "created_at": "TIME", "updated_at": null, "tags": [], "protocol": "TCP",
             "lb_algorithm": "SOURCE_IP_PORT", "session_persistence": null, "loadbalancers": [{"id": "{{{id}}}"}], "listeners": [], "members": [],
             "tls_container_ref": null, "ca_tls_container_ref": null, "crl_container_ref": null, "tls_enabled": false, "tls_ciphers": null,
             "tls_versions": null, "alpn_protocols": null} }
            """);
        string members = $"/v2/lbaas/pools/{pool.Id}/members";
        (await cloud.Balancer("POST", members, """{"member": {"address": "10.1.0.9", "protocol_port": 8080}}""")).ShouldBe(201, """
            {"member": {"id": "UUID", "name": "", "provisioning_status": "PENDING_CREATE", "operating_status": "NO_MONITOR", "admin_state_up": true,
             "project_id": "HEX", "tenant_id": "HEX", "created_at": "TIME", "updated_at": null, "tags": [], "address": "10.1.0.9", "protocol_port": 8080,
             "weight": 1, "backup": false, "subnet_id": null, "monitor_address": null, "monitor_port": null}}
            """);
        (await cloud.Balancer("POST", members, """{"member": {"address": "10.1.0.9", "protocol_port": 8080}}"""))
            .ShouldFault(409, "Another member on this pool is already using ip 10.1.0.9 on protocol_port 8080");
        string monitor = $$$"""{"healthmonitor": {"pool_id": "{{{pool.Id}}}", "type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3} }""";
        (await cloud.Balancer("POST", "/v2/lbaas/healthmonitors", monitor)).ShouldBe(201, $$$"""
            {"healthmonitor": {"id": "UUID", "name": "", "provisioning_status": "PENDING_CREATE", "operating_status": "OFFLINE", "admin_state_up": true,
             "project_id": "HEX", "tenant_id": "HEX", "created_at": "TIME", "updated_at": null, "tags": [], "type": "TCP", "delay": 5, "timeout": 3,
             "max_retries": 3, "max_retries_down": 3, "http_method": null, "url_path": null, "expected_codes": null, "http_version": null,
             "domain_name": null, "pools": [{"id": "{{{pool.Id}}}"}]} }
            """);
        (await cloud.Balancer("POST", "/v2/lbaas/healthmonitors", monitor)).ShouldFault(409, "This pool already has a health monitor");
        (await cloud.Balancer("GET", members + "?fields=operating_status")).ShouldBe(200, """{"members": [{"operating_status": "ONLINE"}], "members_links": []}""");
    }

    [Theory(Timeout = Limit)]
    [InlineData("pools", "\"protocol\": \"TCP\", \"lb_algorithm\": \"ROUND_ROBIN\"", 501, "Provider 'ovn' does not support a requested option: OVN provider does not support ROUND_ROBIN algorithm")]
    [InlineData("pools", "\"protocol\": \"PROXY\", \"lb_algorithm\": \"SOURCE_IP_PORT\"", 501, "Provider 'ovn' does not support a requested option: OVN provider does not support PROXY protocol")]
    [InlineData("pools", "\"protocol\": \"TCP\", \"lb_algorithm\": \"FOO\"", 400, "Invalid input for field/attribute lb_algorithm. Value: 'FOO'. Value should be one of: LEAST_CONNECTIONS, SOURCE_IP, SOURCE_IP_PORT, ROUND_ROBIN")]
    [InlineData(
        "pools", "\"protocol\": \"HTTP\", \"lb_algorithm\": \"SOURCE_IP_PORT\", \"session_persistence\": {\"type\": \"APP_COOKIE\"}", 400,
        "Validation failure: Field \"cookie_name\" must be specified when using the \"APP_COOKIE\" session persistence type.")]
    public async Task A_bad_pool_is_refused_in_the_words_of_the_real_one(string kind, string attributes, int status, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "ovn");
        (await cloud.Balancer("POST", $"/v2/lbaas/{kind}", $$$"""{"pool": {"loadbalancer_id": "{{{id}}}", {{{attributes}}}} }""")).ShouldFault(status, message);
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"type\": \"HTTP\"", 501, "Provider 'ovn' does not support a requested option: OVN provider does not support HTTP health monitor type. Supported types: UDP-CONNECT, TCP")]
    [InlineData("\"type\": \"UDP-CONNECT\"", 400, "Validation failure: The UDP-CONNECT type is only supported for pools of type UDP/SCTP.")]
    [InlineData("\"type\": \"TCP\", \"url_path\": \"/x\"", 400, "url_path is not a valid option for health monitors of type TCP")]
    public async Task A_bad_monitor_is_refused_in_the_words_of_the_real_one(string attributes, int status, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "ovn");
        string pool = await cloud.Create(
            "load-balancer", "/v2/lbaas/pools", $$$"""{"pool": {"loadbalancer_id": "{{{id}}}", "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT"} }""");
        (await cloud.Balancer("GET", $"/v2/lbaas/pools/{pool}")).Status.ShouldBe(200);
        (await cloud.Balancer(
                "POST", "/v2/lbaas/healthmonitors", $$$"""{"healthmonitor": {"pool_id": "{{{pool}}}", "delay": 5, "timeout": 3, "max_retries": 3, {{{attributes}}}} }"""))
            .ShouldFault(status, message);
    }

    [Theory(Timeout = Limit)]
    [InlineData("?bogus=x", "One or more arguments are either duplicate or invalid")]
    [InlineData("?sort=bogus:asc", "Supplied sort key 'bogus' is not valid.")]
    [InlineData("?marker=" + Nobody, "Supplied pagination marker '" + Nobody + "' is not valid.")]
    public async Task A_bad_list_is_refused_in_the_words_of_the_real_one(string query, string message)
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (await cloud.Balancer("GET", Balancers + query)).ShouldFault(400, message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_change_locks_the_whole_tree_until_its_delay_is_over()
    {
        await using TestCloud cloud = await TestCloud.StartAsync(o => o with { Delays = new SandboxDelays { LoadBalancer = TimeSpan.FromSeconds(1) } });
        (_, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        string id = await cloud.Create("load-balancer", Balancers, Body(subnet, "amphora"));
        (await cloud.Balancer("PUT", $"{Balancers}/{id}", """{"loadbalancer": {"name": "x"}}"""))
            .ShouldFault(409, $"Invalid state PENDING_CREATE of loadbalancer resource {id}");
        string listener = $$$"""{"listener": {"loadbalancer_id": "{{{id}}}", "protocol": "TCP", "protocol_port": 80} }""";
        (await cloud.Balancer("POST", "/v2/lbaas/listeners", listener)).ShouldFault(409, $"Load Balancer {id} is immutable and cannot be updated.");
        cloud.Time.Advance(TimeSpan.FromSeconds(1));
        string made = await cloud.Create("load-balancer", "/v2/lbaas/listeners", listener);
        (await cloud.Balancer("DELETE", $"/v2/lbaas/listeners/{made}")).ShouldFault(409, $"Load Balancer {id} is immutable and cannot be updated.");
        (await cloud.Balancer("DELETE", $"{Balancers}/{id}?cascade=true")).ShouldFault(409, $"Invalid state PENDING_UPDATE of loadbalancer resource {id}");
        cloud.Time.Advance(TimeSpan.FromSeconds(1));
        (await cloud.Balancer("DELETE", $"{Balancers}/{id}")).ShouldFault(400, $"Validation failure: Cannot delete Load Balancer {id} - it has children");
        (await cloud.Balancer("DELETE", $"{Balancers}/{id}?cascade=true")).Status.ShouldBe(204);
        (await cloud.Balancer("GET", $"{Balancers}/{id}?fields=provisioning_status")).ShouldBe(200, """{"loadbalancer": {"provisioning_status": "PENDING_DELETE"}}""");
        cloud.Time.Advance(TimeSpan.FromSeconds(1));
        (await cloud.Balancer("GET", $"{Balancers}/{id}")).Status.ShouldBe(404);
        (await cloud.Balancer("GET", $"/v2/lbaas/listeners/{made}")).Status.ShouldBe(404);
    }

    [Fact(Timeout = Limit)]
    public async Task A_whole_tree_is_made_in_one_request()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (_, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        Reply made = await cloud.Balancer("POST", Balancers, $$$"""
            {"loadbalancer": {"name": "full", "vip_subnet_id": "{{{subnet}}}", "provider": "ovn", "tags": ["t"], "listeners": [{"protocol": "TCP",
             "protocol_port": 80, "name": "l", "default_pool": {"name": "p", "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT",
             "members": [{"address": "10.1.0.9", "protocol_port": 80}], "healthmonitor": {"type": "TCP", "delay": 5, "timeout": 3, "max_retries": 3} } }]} }
            """);
        made.Status.ShouldBe(201, made.Text);
        made.One["listeners"]![0]!["default_pool_id"]!.GetValue<string>().ShouldBe(made.One["pools"]![0]!["id"]!.GetValue<string>());
        made.One["pools"]![0]!["members"]![0]!["address"]!.GetValue<string>().ShouldBe("10.1.0.9");
        (await cloud.Balancer("GET", $"{Balancers}/{made.Id}/status")).ShouldBe(200, $$$"""
            {"statuses": {"loadbalancer": {"id": "{{{made.Id}}}", "name": "full", "operating_status": "ONLINE", "provisioning_status": "ACTIVE", "listeners": [
             {"id": "UUID", "name": "l", "operating_status": "ONLINE", "provisioning_status": "ACTIVE", "pools": [{"id": "UUID", "name": "p",
             "operating_status": "ONLINE", "provisioning_status": "ACTIVE", "health_monitor": {"id": "UUID", "name": "", "operating_status": "OFFLINE",
             "provisioning_status": "PENDING_CREATE", "type": "TCP"}, "members": [{"id": "UUID", "name": "", "operating_status": "NO_MONITOR",
             "provisioning_status": "ACTIVE", "address": "10.1.0.9", "protocol_port": 80}]}]}]} } }
            """);
    }

    [Fact(Timeout = Limit)]
    public async Task A_batch_makes_changes_and_removes_members_and_an_additive_one_removes_none()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "amphora");
        string pool = await cloud.Create(
            "load-balancer", "/v2/lbaas/pools", $$$"""{"pool": {"loadbalancer_id": "{{{id}}}", "protocol": "TCP", "lb_algorithm": "ROUND_ROBIN"} }""");
        string members = $"/v2/lbaas/pools/{pool}/members";
        Reply batch = await cloud.Balancer("PUT", members, """
            {"members": [{"address": "10.1.0.10", "protocol_port": 80, "name": "a"}, {"address": "10.1.0.11", "protocol_port": 80}]}
            """);
        (batch.Status, batch.Text).ShouldBe((202, ""));
        await cloud.Balancer("PUT", members, """{"members": [{"address": "10.1.0.10", "protocol_port": 80, "weight": 5}, {"address": "10.1.0.12", "protocol_port": 80}]}""");
        (await cloud.Balancer("GET", members + "?fields=address&fields=name&fields=weight&sort=address:asc")).ShouldBe(200, """
            {"members": [{"name": "a", "address": "10.1.0.10", "weight": 5}, {"name": "", "address": "10.1.0.12", "weight": 1}], "members_links": []}
            """);
        await cloud.Balancer("PUT", members + "?additive_only=true", """{"members": [{"address": "10.1.0.13", "protocol_port": 80}]}""");
        (await cloud.Balancer("GET", members + "?fields=address")).Json["members"]!.AsArray().Count.ShouldBe(3);
    }

    [Fact(Timeout = Limit)]
    public async Task Additional_vips_are_on_the_same_port_and_only_from_the_version_that_has_them()
    {
        await using (TestCloud cloud = await TestCloud.StartAsync())
        {
            (string network, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
            string second = await cloud.Create(
                "network", "/v2.0/subnets", $$$"""{"subnet": {"network_id": "{{{network}}}", "ip_version": 6, "cidr": "fd00:1::/64"} }""");
            Reply made = await cloud.Balancer(
                "POST", Balancers, $$$"""{"loadbalancer": {"vip_subnet_id": "{{{subnet}}}", "additional_vips": [{"subnet_id": "{{{second}}}"}]} }""");
            made.One["additional_vips"]!.ToJsonString().ShouldBe($$$"""[{"subnet_id":"{{{second}}}","ip_address":"fd00:1::2"}]""");
            (await cloud.Network("GET", $"/v2.0/ports/{made.One["vip_port_id"]}")).One["fixed_ips"]!.AsArray().Count.ShouldBe(2);
        }

        await using TestCloud old = await TestCloud.StartAsync(o => o with { LoadBalancerApiMinor = 25 });
        (_, string only) = await old.CreateNetwork("10.1.0.0/24");
        (await old.Balancer("POST", Balancers, $$$"""{"loadbalancer": {"vip_subnet_id": "{{{only}}}", "additional_vips": []} }"""))
            .ShouldFault(400, "Unknown attribute for argument load_balancer.loadbalancer: additional_vips");
        (await old.Balancer("GET", "/")).Json["versions"]!.AsArray()[^1]!["id"]!.GetValue<string>().ShouldBe("v2.25");
    }

    [Fact(Timeout = Limit)]
    public async Task Errors_can_be_asked_for()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (_, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        cloud.Host.OpenStack.FailNextLoadBalancers(1);
        string broken = await cloud.Create("load-balancer", Balancers, Body(subnet, "amphora"));
        string sound = await cloud.Create("load-balancer", Balancers, Body(subnet, "amphora"));
        (await cloud.Balancer("GET", $"{Balancers}/{broken}")).One["provisioning_status"]!.GetValue<string>().ShouldBe("ERROR");
        (await cloud.Balancer("GET", $"{Balancers}/{sound}")).One["provisioning_status"]!.GetValue<string>().ShouldBe("ACTIVE");
        cloud.Host.OpenStack.FailLoadBalancer(sound).ShouldBeTrue();
        (await cloud.Balancer("GET", $"{Balancers}/{sound}")).One["provisioning_status"]!.GetValue<string>().ShouldBe("ERROR");
        (await cloud.Balancer("DELETE", $"{Balancers}/{sound}")).Status.ShouldBe(204);
        cloud.Host.OpenStack.FailLoadBalancer(sound).ShouldBeFalse();
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_quota_refuses_more()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        (_, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        Reply made = await cloud.Balancer("POST", Balancers, Body(subnet, "amphora"));
        string quotas = $"/v2/lbaas/quotas/{made.One["project_id"]}";
        (await cloud.Balancer("PUT", quotas, """{"quota": {"load_balancer": 1}}""", admin: true)).ShouldBe(202, """
            {"quota": {"load_balancer": 1, "listener": -1, "member": -1, "pool": -1, "health_monitor": -1, "l7policy": -1, "l7rule": -1}}
            """);
        (await cloud.Balancer("POST", Balancers, Body(subnet, "amphora"))).ShouldFault(403, "Quota has been met for resources: Load Balancer");
    }

    [Fact(Timeout = Limit)]
    public async Task Terminated_https_needs_a_certificate_that_barbican_has()
    {
        await using TestCloud cloud = await TestCloud.StartAsync();
        string id = await CreateBalancer(cloud, "amphora");
        string Listener(string reference) => $$$"""
            {"listener": {"loadbalancer_id": "{{{id}}}", "protocol": "TERMINATED_HTTPS", "protocol_port": 443, "default_tls_container_ref": "{{{reference}}}"} }
            """;
        (await cloud.Balancer("POST", "/v2/lbaas/listeners", Listener("http://x/v1/containers/zz")))
            .ShouldFault(400, "Could not retrieve certificate: ['http://x/v1/containers/zz']");
        Reply secret = await cloud.Send(
            "key-manager", "POST", "/v1/secrets", """{"name": "crt", "payload": "PEM", "payload_content_type": "text/plain"}""", admin: false, ifMatch: null);
        string secretRef = secret.Json["secret_ref"]!.GetValue<string>();
        Reply container = await cloud.Send(
            "key-manager", "POST", "/v1/containers",
            $$$"""{"type": "certificate", "name": "c", "secret_refs": [{"name": "certificate", "secret_ref": "{{{secretRef}}}"}]}""", admin: false, ifMatch: null);
        string reference = container.Json["container_ref"]!.GetValue<string>();
        (await cloud.Balancer("POST", "/v2/lbaas/listeners", Listener(reference))).Status.ShouldBe(201);
    }

    private static string Body(string subnet, string provider)
        => $$$"""{"loadbalancer": {"name": "lb", "vip_subnet_id": "{{{subnet}}}", "provider": "{{{provider}}}"} }""";

    private static async Task<string> CreateBalancer(TestCloud cloud, string provider)
    {
        (_, string subnet) = await cloud.CreateNetwork("10.1.0.0/24");
        string id = await cloud.Create("load-balancer", Balancers, Body(subnet, provider));
        (await cloud.Balancer("GET", $"{Balancers}/{id}")).Status.ShouldBe(200);
        return id;
    }
}
