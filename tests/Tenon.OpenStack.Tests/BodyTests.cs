using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>What requests say: only what was asked for, and unset, null and a value are three things.</summary>
public sealed class BodyTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;
    private CloudClient _client = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cloud = await ScriptedCloud.StartAsync();
        _client = _cloud.Connect();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(
            context, 200, """{"id": "x", "port": {"id": "x"}, "floatingip": {"id": "x"}, "router": {"id": "x"}, "loadbalancer": {"id": "x"}, "listener": {"id": "x"}, "pool": {"id": "x"}, "member": {"id": "x"}, "healthmonitor": {"id": "x"}, "security_group": {"id": "x"}, "ports": [], "security_group_rules": [], "trunk": {"id": "x"}}""");
    }

    public async ValueTask DisposeAsync()
    {
        await _client.DisposeAsync();
        await _cloud.DisposeAsync();
    }

    private async Task Sends(Task call, string method, string path, string body)
    {
        await call;
        Received request = _cloud.ServiceCalls[^1];
        (request.Method, request.Path + request.Query).ShouldBe((method, path));
        JsonNode.DeepEquals(request.Json, JsonNode.Parse(body)).ShouldBeTrue($"{request.Body}\nis not\n{body}");
        request.Headers["Content-Type"].ShouldBe("application/json");
    }

    [Fact(Timeout = 20_000)]
    public async Task An_update_leaves_out_what_is_unset_and_sends_null_and_values()
    {
        LoadBalancingClient o = _client.LoadBalancing();
        NetworkingClient n = _client.Networking();
        await Sends(o.UpdateListenerAsync("l", new(), Ct), "PUT", "/load-balancer/v2.0/lbaas/listeners/l", """{"listener": {}}""");
        await Sends(
            o.UpdateListenerAsync(
                "l",
                new()
                {
                    Name = "n",
                    AdminStateUp = false,
                    ConnectionLimit = new Optional<int?>(null),
                    DefaultPoolId = new Optional<string?>(null),
                    AllowedCidrs = new EquatableArray<string>?(["10.0.0.0/8"]),
                    InsertHeaders = new Optional<EquatableArray<KeyValuePair<string, string>>?>(null),
                    TimeoutClientData = new TimeSpan?(TimeSpan.FromSeconds(1.5)),
                    TimeoutMemberData = new Optional<TimeSpan?>(null),
                    Tags = EquatableArray<string>.Empty,
                },
                Ct),
            "PUT",
            "/load-balancer/v2.0/lbaas/listeners/l",
            """{"listener": {"name": "n", "admin_state_up": false, "connection_limit": null, "default_pool_id": null, "allowed_cidrs": ["10.0.0.0/8"], "insert_headers": null, "timeout_client_data": 1500, "timeout_member_data": null, "tags": []}}""");
        await Sends(
            o.UpdateListenerAsync("l", new() { AllowedCidrs = new Optional<EquatableArray<string>?>(null), ConnectionLimit = new int?(7) }, Ct),
            "PUT",
            "/load-balancer/v2.0/lbaas/listeners/l",
            """{"listener": {"allowed_cidrs": null, "connection_limit": 7}}""");
        await Sends(
            n.UpdateFloatingIpAsync("f", new() { PortId = new Optional<string?>(null), Description = "" }, null, Ct),
            "PUT",
            "/network/v2.0/floatingips/f",
            """{"floatingip": {"port_id": null, "description": ""}}""");
        await Sends(
            n.UpdatePortAsync("p", new() { SecurityGroups = EquatableArray<string>.Empty, AllowedAddressPairs = EquatableArray<AddressPair>.Empty, PortSecurityEnabled = false }, null, Ct),
            "PUT",
            "/network/v2.0/ports/p",
            """{"port": {"security_groups": [], "allowed_address_pairs": [], "port_security_enabled": false}}""");
        _cloud.ServiceCalls[^1].Headers.ContainsKey("If-Match").ShouldBeFalse();
    }

    [Fact(Timeout = 20_000)]
    public async Task Conditional_updates_name_their_revision()
    {
        await _client.Networking().UpdatePortAsync("p", new() { Name = "n" }, 7, Ct);
        _cloud.ServiceCalls[^1].Headers["If-Match"].ShouldBe("revision_number=7");
        await Sends(
            _client.Networking().ReplaceRoutesAsync("r", [new("10.244.0.0/24", "10.0.0.5")], 8, Ct),
            "PUT",
            "/network/v2.0/routers/r",
            """{"router": {"routes": [{"destination": "10.244.0.0/24", "nexthop": "10.0.0.5"}]}}""");
        _cloud.ServiceCalls[^1].Headers["If-Match"].ShouldBe("revision_number=8");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_fully_populated_load_balancer_is_one_document()
    {
        var pool = new PoolCreate
        {
            Name = "p",
            Protocol = LoadBalancerProtocol.Tcp,
            Algorithm = PoolAlgorithm.SourceIpPort,
            SessionPersistence = new("SOURCE_IP") { PersistenceTimeout = TimeSpan.FromHours(3), PersistenceGranularity = "255.255.255.255" },
            Members = [new() { Address = "10.0.0.5", ProtocolPort = 30080, Name = "node-1", SubnetId = "s", Weight = 1, MonitorPort = 30081 }],
            HealthMonitor = new() { Name = "m", Type = HealthMonitorType.Http, Delay = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromSeconds(3), MaxRetries = 1, MaxRetriesDown = 3, UrlPath = "/healthz", HttpMethod = "GET", ExpectedCodes = "200" },
            Tags = ["t"],
        };
        await Sends(
            _client.LoadBalancing().CreateLoadBalancerAsync(
                new()
                {
                    Name = "kube_service_c_ns_n",
                    Description = "d",
                    VipSubnetId = "s",
                    VipAddress = "10.0.0.9",
                    AdditionalVips = [new("s6"), new("s7", "2001:db8::9")],
                    Provider = "ovn",
                    FlavorId = "f",
                    AvailabilityZone = "az",
                    AdminStateUp = true,
                    Tags = ["a", "b"],
                    Listeners =
                    [
                        new()
                        {
                            Name = "l",
                            Protocol = LoadBalancerProtocol.Tcp,
                            ProtocolPort = 80,
                            ConnectionLimit = -1,
                            DefaultPool = pool,
                            AllowedCidrs = new EquatableArray<string>(["10.0.0.0/8"]),
                            InsertHeaders = [new("X-Forwarded-For", "true")],
                            TimeoutTcpInspect = TimeSpan.Zero,
                            SniContainerRefs = ["https://k/v1/containers/1"],
                        },
                    ],
                },
                Ct),
            "POST",
            "/load-balancer/v2.0/lbaas/loadbalancers",
            """
            {"loadbalancer": {"name": "kube_service_c_ns_n", "description": "d", "vip_subnet_id": "s", "vip_address": "10.0.0.9",
              "additional_vips": [{"subnet_id": "s6"}, {"subnet_id": "s7", "ip_address": "2001:db8::9"}], "provider": "ovn", "flavor_id": "f", "availability_zone": "az",
              "tags": ["a", "b"], "listeners": [{"name": "l", "protocol": "TCP", "protocol_port": 80, "connection_limit": -1, "allowed_cidrs": ["10.0.0.0/8"],
                "insert_headers": {"X-Forwarded-For": "true"}, "timeout_tcp_inspect": 0, "sni_container_refs": ["https://k/v1/containers/1"],
                "default_pool": {"name": "p", "protocol": "TCP", "lb_algorithm": "SOURCE_IP_PORT",
                  "session_persistence": {"type": "SOURCE_IP", "persistence_timeout": 10800, "persistence_granularity": "255.255.255.255"},
                  "members": [{"address": "10.0.0.5", "protocol_port": 30080, "name": "node-1", "weight": 1, "subnet_id": "s", "monitor_port": 30081}],
                  "healthmonitor": {"name": "m", "type": "HTTP", "delay": 5, "timeout": 3, "max_retries": 1, "max_retries_down": 3, "url_path": "/healthz", "http_method": "GET", "expected_codes": "200"},
                  "tags": ["t"]}}]}}
            """);
    }

    [Fact(Timeout = 20_000)]
    public async Task What_Octavia_would_silently_ignore_is_refused_before_it_is_sent()
    {
        var pool = new PoolCreate { Name = "p", Protocol = "TCP", Algorithm = "ROUND_ROBIN", Members = [new() { Address = "10.0.0.5", ProtocolPort = 1 }] };
        LoadBalancingClient o = _client.LoadBalancing();
        await Should.ThrowAsync<ArgumentException>(() => o.CreatePoolAsync(new PoolParent.OfListener("l"), pool, Ct));
        await Should.ThrowAsync<ArgumentException>(() => o.CreateListenerAsync("b", new() { Name = "l", Protocol = "TCP", ProtocolPort = 1, DefaultPool = pool }, Ct));
        _cloud.ServiceCalls.ShouldBeEmpty();
    }

    [Fact(Timeout = 20_000)]
    public async Task Members_ports_rules_and_subports_go_in_one_request_each()
    {
        await Sends(
            _client.LoadBalancing().ReplaceMembersAsync("p", [new() { Address = "10.0.0.5", ProtocolPort = 1 }, new() { Address = "10.0.0.6", ProtocolPort = 1, AdminStateUp = false, Backup = true }], true, Ct),
            "PUT",
            "/load-balancer/v2.0/lbaas/pools/p/members?additive_only=true",
            """{"members": [{"address": "10.0.0.5", "protocol_port": 1}, {"address": "10.0.0.6", "protocol_port": 1, "backup": true, "admin_state_up": false}]}""");
        await Sends(_client.LoadBalancing().ReplaceMembersAsync("p", [], false, Ct), "PUT", "/load-balancer/v2.0/lbaas/pools/p/members", """{"members": []}""");
        await Sends(
            _client.Networking().CreatePortsAsync([new() { NetworkId = "n", FixedIps = new EquatableArray<FixedIp>([new("s", "")]), SecurityGroups = EquatableArray<string>.Empty }, new() { NetworkId = "n", Tags = ["t"], BindingHostId = "h" }], Ct),
            "POST",
            "/network/v2.0/ports",
            """{"ports": [{"network_id": "n", "fixed_ips": [{"subnet_id": "s"}], "security_groups": []}, {"network_id": "n", "tags": ["t"], "binding:host_id": "h"}]}""");
        await Sends(
            _client.Networking().CreateSecurityGroupRulesAsync([new() { SecurityGroupId = "g", Protocol = "tcp", PortRangeMin = 1, PortRangeMax = 2, RemoteIpPrefix = "10.0.0.0/8" }, new() { SecurityGroupId = "g", Direction = "egress", EtherType = "IPv6", RemoteGroupId = "h" }], Ct),
            "POST",
            "/network/v2.0/security-group-rules",
            """{"security_group_rules": [{"security_group_id": "g", "direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "port_range_min": 1, "port_range_max": 2, "remote_ip_prefix": "10.0.0.0/8"}, {"security_group_id": "g", "direction": "egress", "ethertype": "IPv6", "remote_group_id": "h"}]}""");
        await Sends(
            _client.Networking().AddSubPortsAsync("t", [new("p", 7)], Ct),
            "PUT",
            "/network/v2.0/trunks/t/add_subports",
            """{"sub_ports": [{"port_id": "p", "segmentation_type": "vlan", "segmentation_id": 7}]}""");
        await Sends(
            _client.Networking().ReplaceTagsAsync(TaggedResource.SecurityGroup, "g", ["a b"], Ct), "PUT", "/network/v2.0/security-groups/g/tags", """{"tags": ["a b"]}""");
        int before = _cloud.ServiceCalls.Count;
        (await _client.Networking().CreatePortsAsync([], Ct)).ShouldBeEmpty();
        (await _client.Networking().CreateSecurityGroupRulesAsync([], Ct)).ShouldBeEmpty();
        _cloud.ServiceCalls.Count.ShouldBe(before);
    }

    [Fact(Timeout = 20_000)]
    public async Task Names_and_tags_with_odd_characters_stay_in_their_segment()
    {
        await _client.Networking().AddTagAsync(TaggedResource.Port, "p", "a/b?c=d&e f", Ct);
        _cloud.ServiceCalls[^1].Path.ShouldBe("/network/v2.0/ports/p/tags/a%2Fb?c=d&e f");
        await _client.Networking().GetPortAsync("../routers/x", Ct);
        _cloud.ServiceCalls[^1].Path.ShouldBe("/network/v2.0/ports/..%2Frouters%2Fx");
    }

    [Fact]
    public void Optional_values_tell_unset_null_and_value_apart()
    {
        default(Optional<string?>).IsSet.ShouldBeFalse();
        new Optional<string?>(null).ShouldNotBe(default);
        new Optional<string?>("x").Value.ShouldBe("x");
        Should.Throw<InvalidOperationException>(() => Optional<int>.Unset.Value);
        (Optional<int>.Unset.Or(3), new Optional<int>(4).Or(3)).ShouldBe((3, 4));
        (Optional<int>.Unset.ToString(), new Optional<string?>(null).ToString(), new Optional<int>(4).ToString()).ShouldBe(("unset", "null", "4"));
    }
}
