using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Identity;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;
using Tenon.Sandbox;
using Tenon.Sandbox.Measures;
using Network = Tenon.OpenStack.Networking.Network;

namespace Tenon.OpenStack.Tests;

/// <summary>A sandbox that the tests of one class share.</summary>
public sealed class SandboxFixture : IAsyncLifetime
{
    internal SandboxHost Host { get; private set; } = null!;

    internal CloudCredentials Credentials(string cloud = "sandbox")
    {
        CloudsYamlResult read = CloudsYaml.Read(new() { Clouds = new("clouds.yaml", Host.CloudsYaml) }, cloud);
        read.Problems.ShouldBeEmpty();
        return read.Credentials!;
    }

    internal CloudClient Connect(CloudClientOptions? options = null, string cloud = "sandbox") => new(Credentials(cloud), options ?? ScriptedCloud.Fast());

    public async ValueTask InitializeAsync()
        => Host = await SandboxHost.StartAsync(new() { Nodes = 7, Controllers = "none", Regions = ["RegionOne", "RegionTwo"] }, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}

/// <summary>The clients against the sandbox, which is held to what the real services answer.</summary>
public sealed class SandboxTests(SandboxFixture sandbox) : IClassFixture<SandboxFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<OpenStackErrorKind> KindOf(Func<Task> call) => (await Should.ThrowAsync<OpenStackException>(call)).Kind;

    [Fact(Timeout = 60_000)]
    public async Task Keystone_says_who_we_are_and_what_there_is()
    {
        await using CloudClient cloud = sandbox.Connect();
        AuthenticatedIdentity self = await cloud.Identity.GetSelfAsync(Ct);
        (self.UserName, self.ProjectName).ShouldBe(("demo", "demo"));
        self.Roles.ShouldContain("member");
        (await cloud.Identity.GetRegionsAsync(Ct)).ShouldBe(["RegionOne", "RegionTwo"], ignoreOrder: true);
        (await cloud.Identity.HasServiceAsync(ServiceTypes.LoadBalancer, null, Ct)).ShouldBeTrue();
        (await cloud.Identity.ListProjectsAsync(Ct).ToListAsync()).ShouldContain(p => p.Id == self.ProjectId && p.Name == "demo" && p.Enabled);
        (await cloud.Networking("RegionTwo").ListNetworksAsync(new() { External = true }, Ct).ToListAsync()).ShouldHaveSingleItem();
    }

    [Fact(Timeout = 60_000)]
    public async Task Wrong_passwords_and_unknown_projects_are_refused()
    {
        CloudCredentials good = sandbox.Credentials();
        foreach (CloudCredentials bad in new[]
        {
            good with { Method = new AuthMethod.Password(null, "demo", DomainReference.ByName("Default"), new("wrong")) },
            good with { Method = new AuthMethod.Password(null, "nobody", DomainReference.ByName("Default"), new("x")) },
            good with { Scope = new AuthScope.Project(null, "nowhere", DomainReference.ByName("Default")) },
            good with { Method = new AuthMethod.Token(new("nonsense")) },
        })
        {
            await using var cloud = new CloudClient(bad);
            OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => cloud.Identity.GetSelfAsync(Ct));
            (error.Service, error.IsTransient).ShouldBe(("identity", false));
            error.Kind.ShouldBeOneOf(OpenStackErrorKind.Unauthorized, OpenStackErrorKind.NotFound);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Application_credentials_trusts_and_tokens_authenticate()
    {
        using var http = new HttpClient();
        CloudCredentials demo = sandbox.Credentials();
        var password = (AuthMethod.Password)demo.Method;
        string keystone = demo.AuthUrl.ToString().TrimEnd('/');
        async Task<(string Token, JsonNode Body)> Post(string path, string? token, string body, HttpStatusCode expected)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, keystone + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            if (token is not null) request.Headers.Add("X-Auth-Token", token);
            using HttpResponseMessage response = await http.SendAsync(request, Ct);
            string text = await response.Content.ReadAsStringAsync(Ct);
            response.StatusCode.ShouldBe(expected, text);
            return (response.Headers.TryGetValues("X-Subject-Token", out IEnumerable<string>? values) ? values.Single() : "", JsonNode.Parse(text)!);
        }

        (string token, JsonNode answer) = await Post(
            "/auth/tokens",
            null,
            """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"id":"default"},"password":"PASSWORD"}}},"scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}""".Replace("PASSWORD", password.Value.Reveal()),
            HttpStatusCode.Created);
        string user = answer["token"]!["user"]!["id"]!.GetValue<string>();
        string project = answer["token"]!["project"]!["id"]!.GetValue<string>();
        (_, JsonNode made) = await Post(
            $"/users/{user}/application_credentials", token, """{"application_credential": {"name": "tenon", "secret": "chosen"}}""", HttpStatusCode.Created);
        string credential = made["application_credential"]!["id"]!.GetValue<string>();
        (_, JsonNode trusted) = await Post(
            "/OS-TRUST/trusts",
            token,
            $$$"""{"trust": {"trustor_user_id": "{{{user}}}", "trustee_user_id": "{{{user}}}", "project_id": "{{{project}}}", "impersonation": true, "roles": [{"name": "member"}]}}""",
            HttpStatusCode.Created);
        string trust = trusted["trust"]!["id"]!.GetValue<string>();

        foreach (CloudCredentials credentials in new[]
        {
            demo with { Method = new AuthMethod.ApplicationCredential(credential, null, null, null, null, new("chosen")) },
            demo with { Method = new AuthMethod.ApplicationCredential(null, "tenon", null, "demo", DomainReference.ByName("Default"), new("chosen")) },
            demo with { Method = new AuthMethod.ApplicationCredential(null, "tenon", user, null, null, new("chosen")) },
            demo with { Method = new AuthMethod.Token(new(token)) },
            demo with { Method = new AuthMethod.Password(user, null, null, password.Value), Scope = new AuthScope.Trust(trust) },
            demo with { Method = new AuthMethod.Password(user, null, null, password.Value), Scope = new AuthScope.Project(project, null, null) },
        })
        {
            await using var cloud = new CloudClient(credentials);
            (await cloud.Identity.GetSelfAsync(Ct)).ProjectId.ShouldBe(project, credentials.ToString());
            (await cloud.Networking().ListNetworksAsync(new() { External = true }, Ct).ToListAsync()).ShouldHaveSingleItem();
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task A_create_whose_response_is_lost_is_done_once_and_can_be_found()
    {
        await using CloudClient cloud = sandbox.Connect();
        NetworkingClient neutron = cloud.Networking();
        Network network = await neutron.ListNetworksAsync(new() { Name = "nodes" }, Ct).SingleAsync(Ct);
        FaultRule fault = sandbox.Host.Faults.Add(new() { Service = "network", Method = "POST", Path = "/v2.0/ports$", Times = 1, Kind = FaultKind.DropAfter });
        try
        {
            (await KindOf(() => neutron.CreatePortAsync(new() { NetworkId = network.Id, Name = "lost" }, Ct))).ShouldBe(OpenStackErrorKind.Unavailable);
        }
        finally
        {
            sandbox.Host.Faults.Remove(fault.Id);
        }

        Port port = (await neutron.ListPortsAsync(new() { Name = "lost" }, Ct).ToListAsync()).ShouldHaveSingleItem();
        await neutron.DeletePortAsync(port.Id, Ct);
    }

    [Fact(Timeout = 60_000)]
    public async Task Servers_are_listed_in_pages_with_addresses_zone_and_flavor()
    {
        await using CloudClient cloud = sandbox.Connect(ScriptedCloud.Fast() with { PageSize = 3 });
        ComputeClient nova = cloud.Compute();
        List<Server> servers = await nova.ListServersAsync(new(), Ct).ToListAsync();
        servers.Select(s => s.Name).ShouldBe(Enumerable.Range(1, 7).Select(i => $"node-{i}"), ignoreOrder: true);
        Server node = servers.Single(s => s.Name == "node-2");
        (node.Status, node.AvailabilityZone).ShouldBe((ServerStatus.Active, "az2"));
        node.FlavorName.ShouldNotBeNullOrEmpty();
        node.Addresses.ShouldHaveSingleItem().Type.ShouldBe("fixed");
        (await nova.ListServersAsync(new() { Name = "node-2" }, Ct).ToListAsync()).ShouldHaveSingleItem().ShouldBe(node);
        (await nova.GetServerAsync(node.Id, Ct)).ShouldBe(node);
        (await nova.GetServerAsync(Guid.NewGuid().ToString(), Ct)).ShouldBeNull();
        ServerInterface nic = (await nova.ListInterfacesAsync(node.Id, Ct)).ShouldHaveSingleItem();
        nic.FixedIps.ShouldHaveSingleItem().IpAddress.ShouldBe(node.Addresses[0].Address);
        Port port = (await cloud.Networking().ListPortsAsync(new() { DeviceIds = [node.Id] }, Ct).ToListAsync()).ShouldHaveSingleItem();
        (port.Id, port.MacAddress).ShouldBe((nic.PortId, node.Addresses[0].MacAddress));
        (await nova.ListZonesAsync(Ct)).Select(z => z.Name).ShouldBe(["az1", "az2", "az3"], ignoreOrder: true);
        (await nova.GetLimitsAsync(Ct)).UsedInstances.ShouldBe(7);
        (await nova.GetVersionsAsync(Ct)).Maximum!.Value.ShouldBeGreaterThanOrEqualTo(new(2, 69));
    }

    [Fact(Timeout = 60_000)]
    public async Task Ports_live_from_bulk_creation_to_deletion()
    {
        await using CloudClient cloud = sandbox.Connect(ScriptedCloud.Fast() with { PageSize = 2 });
        NetworkingClient neutron = cloud.Networking();
        Network network = (await neutron.ListNetworksAsync(new() { Name = "nodes" }, Ct).ToListAsync()).ShouldHaveSingleItem();
        Subnet subnet = (await neutron.ListSubnetsAsync(new() { NetworkIds = [network.Id], IpVersion = 4 }, Ct).ToListAsync()).ShouldHaveSingleItem();
        EquatableArray<Port> ports = await neutron.CreatePortsAsync(
            [.. Enumerable.Range(0, 3).Select(i => new PortCreate { NetworkId = network.Id, Name = $"bulk-{i}", DeviceOwner = "tenon:test", AllowedAddressPairs = [new($"10.244.{i}.0/24")] })], Ct);
        ports.Select(p => p.Name).ShouldBe(["bulk-0", "bulk-1", "bulk-2"]);
        // Neutron forgets the pairs of ports that are made together.
        ports[1].AllowedAddressPairs.ShouldBeEmpty();
        Port paired = await neutron.UpdatePortAsync(ports[1].Id, new() { AllowedAddressPairs = EquatableArray.Create<AddressPair>([new("10.244.1.0/24")]) }, null, Ct);
        paired.AllowedAddressPairs.ShouldBe([new AddressPair("10.244.1.0/24", ports[1].MacAddress)]);
        (await neutron.ListPortsAsync(new() { DeviceOwners = ["tenon:test"] }, Ct).ToListAsync()).Count.ShouldBe(3);
        (await neutron.ListPortsAsync(new() { IpAddresses = [ports[0].FixedIps[0].IpAddress] }, Ct).ToListAsync()).ShouldHaveSingleItem().Id.ShouldBe(ports[0].Id);

        Port updated = await neutron.UpdatePortAsync(ports[0].Id, new() { AllowedAddressPairs = EquatableArray<AddressPair>.Empty, Name = "renamed" }, ports[0].Revision, Ct);
        (updated.Name, updated.AllowedAddressPairs.Count).ShouldBe(("renamed", 0));
        updated.SecurityGroups.ShouldBe(ports[0].SecurityGroups);
        (await KindOf(() => neutron.UpdatePortAsync(ports[0].Id, new() { Name = "late" }, ports[0].Revision, Ct))).ShouldBe(OpenStackErrorKind.Conflict);

        await neutron.ReplaceTagsAsync(TaggedResource.Port, ports[0].Id, ["a", "k=v:1"], Ct);
        await neutron.AddTagAsync(TaggedResource.Port, ports[0].Id, "b", Ct);
        await neutron.RemoveTagAsync(TaggedResource.Port, ports[0].Id, "k=v:1", Ct);
        await neutron.RemoveTagAsync(TaggedResource.Port, ports[0].Id, "never", Ct);
        (await neutron.GetPortAsync(ports[0].Id, Ct))!.Tags.ShouldBe(["a", "b"], ignoreOrder: true);
        (await neutron.ListPortsAsync(new() { Tags = ["a", "b"] }, Ct).ToListAsync()).ShouldHaveSingleItem();
        (await neutron.ListPortsAsync(new() { TagsAny = ["b", "z"] }, Ct).ToListAsync()).ShouldHaveSingleItem();

        string taken = ports[1].FixedIps[0].IpAddress;
        (await KindOf(() => neutron.CreatePortAsync(new() { NetworkId = network.Id, FixedIps = new EquatableArray<FixedIp>([new(subnet.Id, taken)]) }, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await KindOf(() => neutron.CreatePortAsync(new() { NetworkId = Guid.NewGuid().ToString() }, Ct))).ShouldBe(OpenStackErrorKind.NotFound);

        Trunk trunk = await neutron.CreateTrunkAsync(new(ports[0].Id, "t", [new(ports[1].Id, 101)]), Ct);
        trunk = await neutron.AddSubPortsAsync(trunk.Id, [new(ports[2].Id, 102)], Ct);
        trunk.SubPorts.ShouldBe([new SubPort(ports[1].Id, 101), new SubPort(ports[2].Id, 102)], ignoreOrder: true);
        (await neutron.GetPortAsync(ports[0].Id, Ct))!.Trunk!.TrunkId.ShouldBe(trunk.Id);
        (await KindOf(() => neutron.AddSubPortsAsync(trunk.Id, [new(ports[2].Id, 102)], Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await KindOf(() => neutron.DeletePortAsync(ports[1].Id, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await neutron.RemoveSubPortsAsync(trunk.Id, [ports[1].Id, ports[2].Id], Ct)).SubPorts.ShouldBeEmpty();
        (await KindOf(() => neutron.RemoveSubPortsAsync(trunk.Id, [ports[1].Id], Ct))).ShouldBe(OpenStackErrorKind.NotFound);
        (await neutron.ListTrunksAsync(new() { PortIds = [ports[0].Id] }, Ct).ToListAsync()).ShouldHaveSingleItem();
        await neutron.DeleteTrunkAsync(trunk.Id, Ct);
        foreach (Port port in ports) await neutron.DeletePortAsync(port.Id, Ct);
        await neutron.DeletePortAsync(ports[0].Id, Ct);
        (await neutron.GetPortAsync(ports[0].Id, Ct)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Security_groups_and_rules_live_and_conflict_as_Neutrons_do()
    {
        await using CloudClient cloud = sandbox.Connect();
        NetworkingClient neutron = cloud.Networking();
        SecurityGroup group = await neutron.CreateSecurityGroupAsync(new("sg-test", "d"), Ct);
        group.Rules.Count(r => r.Direction == "egress").ShouldBe(2);
        SecurityGroupRuleCreate web = new() { SecurityGroupId = group.Id, Protocol = "tcp", PortRangeMin = 80, PortRangeMax = 81, RemoteIpPrefix = "10.0.0.0/8" };
        EquatableArray<SecurityGroupRule> rules = await neutron.CreateSecurityGroupRulesAsync([web, new() { SecurityGroupId = group.Id, EtherType = "IPv6", RemoteGroupId = group.Id }], Ct);
        (rules[0].PortRangeMin, rules[0].PortRangeMax, rules[0].RemoteIpPrefix, rules[1].RemoteGroupId).ShouldBe((80, 81, "10.0.0.0/8", group.Id));
        (await KindOf(() => neutron.CreateSecurityGroupRulesAsync([web], Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await neutron.ListSecurityGroupRulesAsync(new() { SecurityGroupIds = [group.Id] }, Ct).ToListAsync()).Count.ShouldBe(4);
        (await neutron.UpdateSecurityGroupAsync(group.Id, new() { Description = "e" }, null, Ct)).Description.ShouldBe("e");
        await neutron.DeleteSecurityGroupRuleAsync(rules[0].Id, Ct);
        await neutron.DeleteSecurityGroupRuleAsync(rules[0].Id, Ct);
        Network network = await neutron.ListNetworksAsync(new() { Name = "nodes" }, Ct).SingleAsync(Ct);
        Port port = await neutron.CreatePortAsync(new() { NetworkId = network.Id, SecurityGroups = new EquatableArray<string>([group.Id]) }, Ct);
        (await neutron.ListPortsAsync(new() { SecurityGroupIds = [group.Id] }, Ct).ToListAsync()).ShouldHaveSingleItem().Id.ShouldBe(port.Id);
        (await KindOf(() => neutron.DeleteSecurityGroupAsync(group.Id, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        await neutron.DeletePortAsync(port.Id, Ct);
        await neutron.DeleteSecurityGroupAsync(group.Id, Ct);
        (await neutron.GetSecurityGroupAsync(group.Id, Ct)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Floating_IPs_and_routes_come_and_go()
    {
        await using CloudClient cloud = sandbox.Connect();
        NetworkingClient neutron = cloud.Networking();
        Network external = await neutron.ListNetworksAsync(new() { External = true }, Ct).SingleAsync(Ct);
        Network network = await neutron.ListNetworksAsync(new() { Name = "nodes" }, Ct).SingleAsync(Ct);
        Port port = await neutron.CreatePortAsync(new() { NetworkId = network.Id, Name = "fip" }, Ct);
        FloatingIp ip = await neutron.CreateFloatingIpAsync(new() { NetworkId = external.Id, PortId = port.Id, Description = "mine" }, Ct);
        (ip.PortId, ip.FixedIpAddress).ShouldBe((port.Id, port.FixedIps[0].IpAddress));
        (await neutron.ListFloatingIpsAsync(new() { Addresses = [ip.Address], NetworkId = external.Id, PortIds = [port.Id] }, Ct).ToListAsync()).ShouldHaveSingleItem();
        FloatingIp off = await neutron.UpdateFloatingIpAsync(ip.Id, new() { PortId = new Optional<string?>(null) }, null, Ct);
        (off.PortId, off.Description).ShouldBe((null, "mine"));
        (await KindOf(() => neutron.UpdateFloatingIpAsync(ip.Id, new() { PortId = port.Id }, 0, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await KindOf(() => neutron.CreateFloatingIpAsync(new() { NetworkId = external.Id, Address = ip.Address }, Ct))).ShouldBe(OpenStackErrorKind.Forbidden);
        (await KindOf(() => neutron.CreateFloatingIpAsync(new() { NetworkId = network.Id }, Ct))).ShouldBe(OpenStackErrorKind.BadRequest);
        await neutron.DeleteFloatingIpAsync(ip.Id, Ct);
        await neutron.DeleteFloatingIpAsync(ip.Id, Ct);

        Router router = await neutron.ListRoutersAsync(new(), Ct).SingleAsync(Ct);
        router.Gateway!.NetworkId.ShouldBe(external.Id);
        string hop = port.FixedIps[0].IpAddress;
        Router more = await neutron.AddRoutesAsync(router.Id, [new("10.244.1.0/24", hop), new("10.244.2.0/24", hop)], Ct);
        more.Routes.ShouldBe([new Route("10.244.1.0/24", hop), new Route("10.244.2.0/24", hop)], ignoreOrder: true);
        (await KindOf(() => neutron.ReplaceRoutesAsync(router.Id, [], router.Revision, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        (await KindOf(() => neutron.ReplaceRoutesAsync(router.Id, [new("10.244.3.0/24", "192.0.2.1")], more.Revision, Ct))).ShouldBe(OpenStackErrorKind.BadRequest);
        (await neutron.RemoveRoutesAsync(router.Id, [new("10.244.1.0/24", hop)], Ct)).Routes.ShouldBe([new Route("10.244.2.0/24", hop)]);
        Router now = (await neutron.GetRouterAsync(router.Id, Ct))!;
        (await neutron.ReplaceRoutesAsync(router.Id, [], now.Revision, Ct)).Routes.ShouldBeEmpty();
        await neutron.DeletePortAsync(port.Id, Ct);
    }

    [Fact(Timeout = 60_000)]
    public async Task The_cloud_tells_extensions_zones_and_quotas()
    {
        await using CloudClient cloud = sandbox.Connect();
        string project = (await cloud.Identity.GetSelfAsync(Ct)).ProjectId!;
        (await cloud.Networking().ListExtensionsAsync(Ct)).Select(e => e.Alias).ShouldContain("router");
        (await cloud.Networking().GetQuotaAsync(project, Ct)).Single(q => q.Resource == "port").Used.ShouldBeGreaterThanOrEqualTo(7);
        (await KindOf(() => cloud.Networking().GetQuotaAsync(Guid.NewGuid().ToString("N"), Ct))).ShouldBe(OpenStackErrorKind.Forbidden);
        (await cloud.LoadBalancing().GetQuotaAsync(project, Ct)).LoadBalancers.ShouldNotBe(0);
        (await cloud.LoadBalancing().ListProvidersAsync(Ct)).Select(p => p.Name).Where(n => n is "amphora" or "ovn").Count().ShouldBe(2);
        (await cloud.LoadBalancing().GetFeaturesAsync(Ct)).AdditionalVips.ShouldBeTrue();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_load_balancer_is_made_whole_changed_in_parts_and_deleted_with_all_it_holds()
    {
        await using CloudClient cloud = sandbox.Connect();
        LoadBalancingClient octavia = cloud.LoadBalancing();
        Subnet subnet = await cloud.Networking().ListSubnetsAsync(new() { Name = "nodes-subnet" }, Ct).SingleAsync(Ct);
        LoadBalancer made = await octavia.CreateLoadBalancerAsync(
            new()
            {
                Name = "whole",
                VipSubnetId = subnet.Id,
                Provider = "ovn",
                Tags = ["tenon", "x"],
                Listeners = [Listener("l0", "TCP", 80, subnet.Id), Listener("l1", "UDP", 53, subnet.Id)],
            },
            Ct);
        made.ProvisioningStatus.ShouldBe(ProvisioningStatus.PendingCreate);
        LoadBalancer balancer = (await octavia.GetLoadBalancerAsync(made.Id, Ct))!;
        (balancer.ProvisioningStatus, balancer.ListenerIds.Count, balancer.PoolIds.Count, balancer.Provider).ShouldBe((ProvisioningStatus.Active, 2, 2, "ovn"));
        balancer.Tags.ShouldBe(["tenon", "x"], ignoreOrder: true);
        (await octavia.ListLoadBalancersAsync(new() { Tags = ["tenon", "x"], Name = "whole" }, Ct).ToListAsync()).ShouldHaveSingleItem().Id.ShouldBe(made.Id);
        (await octavia.ListLoadBalancersAsync(new() { NotTagsAny = ["x"], Name = "whole" }, Ct).ToListAsync()).ShouldBeEmpty();
        (await octavia.ListLoadBalancersAsync(new() { VipAddress = balancer.VipAddress }, Ct).ToListAsync()).ShouldHaveSingleItem();

        StatusNode tree = (await octavia.GetStatusTreeAsync(made.Id, Ct))!;
        tree.Children.Select(l => (l.Kind, l.Name)).ShouldBe([("listener", "l0"), ("listener", "l1")], ignoreOrder: true);
        tree.Children.SelectMany(l => l.Children).SelectMany(p => p.Children).Count(n => n.Kind == "member").ShouldBe(4);

        Listener listener = await octavia.ListListenersAsync(new() { LoadBalancerId = made.Id, Name = "l0" }, Ct).SingleAsync(Ct);
        Pool pool = (await octavia.GetPoolAsync(listener.DefaultPoolId!, Ct))!;
        (pool.Algorithm, pool.ListenerIds.Single(), pool.LoadBalancerId).ShouldBe((PoolAlgorithm.SourceIpPort, listener.Id, made.Id));
        HealthMonitor monitor = (await octavia.GetHealthMonitorAsync(pool.HealthMonitorId!, Ct))!;
        (monitor.Type, monitor.Delay, monitor.PoolId).ShouldBe((HealthMonitorType.Tcp, TimeSpan.FromSeconds(5), pool.Id));
        (await octavia.ListHealthMonitorsAsync(new() { Name = "l0-m" }, Ct).ToListAsync()).ShouldHaveSingleItem();

        await octavia.ReplaceMembersAsync(pool.Id, [Member("10.0.0.31", subnet.Id)], additiveOnly: true, Ct);
        (await Addresses(octavia, pool.Id)).ShouldBe(["10.0.0.21", "10.0.0.22", "10.0.0.31"], ignoreOrder: true);
        await octavia.ReplaceMembersAsync(pool.Id, [Member("10.0.0.22", subnet.Id), Member("10.0.0.32", subnet.Id)], additiveOnly: false, Ct);
        (await Addresses(octavia, pool.Id)).ShouldBe(["10.0.0.22", "10.0.0.32"], ignoreOrder: true);
        Member member = await octavia.CreateMemberAsync(pool.Id, Member("10.0.0.40", subnet.Id), Ct);
        (await octavia.UpdateMemberAsync(pool.Id, member.Id, new() { Name = "renamed" }, Ct)).Name.ShouldBe("renamed");
        (await KindOf(() => octavia.CreateMemberAsync(pool.Id, Member("10.0.0.40", subnet.Id), Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        await octavia.DeleteMemberAsync(pool.Id, member.Id, Ct);

        (await KindOf(() => octavia.UpdateListenerAsync(listener.Id, new() { AllowedCidrs = new EquatableArray<string>?(["10.0.0.0/8"]) }, Ct))).ShouldBe(OpenStackErrorKind.NotImplemented);
        (await KindOf(() => octavia.CreateListenerAsync(made.Id, new() { Name = "h", Protocol = "HTTP", ProtocolPort = 8080 }, Ct))).ShouldBe(OpenStackErrorKind.NotImplemented);
        (await KindOf(() => octavia.CreateListenerAsync(made.Id, new() { Name = "d", Protocol = "TCP", ProtocolPort = 80 }, Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        Listener third = await octavia.CreateListenerAsync(made.Id, new() { Name = "l2", Protocol = "TCP", ProtocolPort = 81 }, Ct);
        Pool added = await octavia.CreatePoolAsync(new PoolParent.OfListener(third.Id), new() { Name = "p2", Protocol = "TCP", Algorithm = PoolAlgorithm.SourceIpPort }, Ct);
        HealthMonitor watch = await octavia.CreateHealthMonitorAsync(added.Id, Monitor("h"), Ct);
        (await octavia.UpdateHealthMonitorAsync(watch.Id, new() { Delay = TimeSpan.FromSeconds(9) }, Ct)).Delay.ShouldBe(TimeSpan.FromSeconds(9));
        (await KindOf(() => octavia.CreateHealthMonitorAsync(added.Id, Monitor("h"), Ct))).ShouldBe(OpenStackErrorKind.Conflict);
        await octavia.DeleteHealthMonitorAsync(watch.Id, Ct);
        (await octavia.UpdatePoolAsync(added.Id, new() { SessionPersistence = new SessionPersistence("SOURCE_IP") }, Ct)).SessionPersistence.ShouldBe(new SessionPersistence("SOURCE_IP"));
        (await octavia.UpdatePoolAsync(added.Id, new() { SessionPersistence = new Optional<SessionPersistence?>(null) }, Ct)).SessionPersistence.ShouldBeNull();
        await octavia.DeletePoolAsync(added.Id, Ct);
        await octavia.DeleteListenerAsync(third.Id, Ct);
        (await octavia.UpdateLoadBalancerAsync(made.Id, new() { Description = "e", Tags = new EquatableArray<string>(["y"]) }, Ct)).Tags.ShouldBe(["y"]);

        (await KindOf(() => octavia.DeleteLoadBalancerAsync(made.Id, cascade: false, Ct))).ShouldBe(OpenStackErrorKind.BadRequest);
        await octavia.DeleteLoadBalancerAsync(made.Id, cascade: true, Ct);
        (await octavia.GetLoadBalancerAsync(made.Id, Ct)).ShouldBeNull();
        await octavia.DeleteLoadBalancerAsync(made.Id, cascade: true, Ct);
        (await octavia.ListMembersAsync(pool.Id, Ct).ToListAsync()).ShouldBeEmpty();
        (await octavia.GetStatusTreeAsync(made.Id, Ct)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_client_that_only_reads_leaves_no_write_in_the_clouds_own_log()
    {
        await using CloudClient cloud = sandbox.Connect(ScriptedCloud.Fast() with { ReadOnly = true, UserAgent = "reader/1" });
        await cloud.Compute().ListServersAsync(new(), Ct).ToListAsync();
        await Should.ThrowAsync<ReadOnlyCloudException>(() => cloud.Networking().CreatePortAsync(new() { NetworkId = "n" }, Ct));
        await Should.ThrowAsync<ReadOnlyCloudException>(() => cloud.LoadBalancing().DeleteLoadBalancerAsync("b", true, Ct));
        CallEntry[] mine = [.. sandbox.Host.Calls.Entries().Where(c => c.UserAgent == "reader/1")];
        mine.Length.ShouldBe(2);
        mine.ShouldAllBe(c => c.Kind == CallKind.Read || c.Kind == CallKind.Auth);
    }

    private static async Task<List<string>> Addresses(LoadBalancingClient octavia, string pool)
        => [.. (await octavia.ListMembersAsync(pool, Ct).ToListAsync()).Select(m => m.Address)];

    private static MemberSpec Member(string address, string subnet) => new() { Address = address, ProtocolPort = 30080, SubnetId = subnet };

    private static HealthMonitorCreate Monitor(string name, string type = HealthMonitorType.Tcp)
        => new() { Name = name, Type = type, Delay = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromSeconds(3), MaxRetries = 2 };

    private static ListenerCreate Listener(string name, string protocol, int port, string subnet) => new()
    {
        Name = name,
        Protocol = protocol,
        ProtocolPort = port,
        DefaultPool = new()
        {
            Name = name + "-p",
            Protocol = protocol,
            Algorithm = PoolAlgorithm.SourceIpPort,
            Members = [Member("10.0.0.21", subnet), Member("10.0.0.22", subnet)],
            HealthMonitor = Monitor(name + "-m", protocol == "UDP" ? HealthMonitorType.UdpConnect : HealthMonitorType.Tcp),
        },
    };
}
