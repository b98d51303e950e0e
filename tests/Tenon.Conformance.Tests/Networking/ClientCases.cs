using Tenon.Conformance.Tests.Support;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Tenon's own client: every call of it is made, and what it reads is what the service keeps.</summary>
public sealed class ClientCases(Clouds clouds)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory(Timeout = Limit), Sides]
    public async Task Networks_subnets_and_pools_are_read(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        (string network, string subnet) = await it.Scratch.NetworkWithSubnetAsync();
        Network read = (await it.Networking.GetNetworkAsync(network, Ct))!;
        (read.Name, read.Status, read.Mtu, read.External, read.Shared, read.AdminStateUp).ShouldBe((it.Scratch.Name, "ACTIVE", 1442, false, false, true));
        read.SubnetIds.ShouldBe([subnet]);
        read.ProjectId.ShouldBe(it.Cloud.Member.ProjectId);
        (await it.Networking.GetNetworkAsync(Nobody(), Ct)).ShouldBeNull();
        (await it.Networking.ListNetworksAsync(new() { Name = it.Scratch.Name, ProjectId = read.ProjectId, External = false }, Ct).ToListAsync(Ct)).Single().ShouldBe(read);
        (await it.Networking.ListNetworksAsync(new() { External = true }, Ct).ToListAsync(Ct)).ShouldContain(n => n.Name == "public" && n.External);
        Subnet one = (await it.Networking.GetSubnetAsync(subnet, Ct))!;
        (one.Cidr, one.GatewayIp, one.IpVersion, one.DhcpEnabled, one.NetworkId).ShouldBe(("10.70.0.0/24", "10.70.0.1", 4, true, network));
        one.AllocationPools.ShouldBe([new AllocationPool("10.70.0.2", "10.70.0.254")]);
        (await it.Networking.ListSubnetsAsync(new() { NetworkIds = [network], IpVersion = 4, Cidr = "10.70.0.0/24" }, Ct).ToListAsync(Ct)).Single().ShouldBe(one);
        (await it.Networking.GetSubnetAsync(Nobody(), Ct)).ShouldBeNull();
        string pool = (await it.Scratch.NewAsync("subnetpools", "subnetpool", new { name = it.Scratch.Name, prefixes = new[] { "10.80.0.0/16" }, default_prefixlen = 26 }))["subnetpool/id"]!;
        SubnetPool found = (await it.Networking.ListSubnetPoolsAsync(Ct).ToListAsync(Ct)).Single(p => p.Id == pool);
        (found.DefaultPrefixLength, found.IpVersion, found.Shared).ShouldBe((26, 4, false));
        found.Prefixes.ShouldBe(["10.80.0.0/16"]);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task All_pages_are_read_however_small_they_are(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        for (int i = 0; i < 4; i++) await it.Scratch.NetworkAsync();
        (await it.Networking.ListNetworksAsync(new() { Name = it.Scratch.Name, PageSize = 2 }, Ct).ToListAsync(Ct)).Select(n => n.Id).Distinct().Count().ShouldBe(4);
        (await it.Networking.ListNetworksAsync(new() { Name = it.Scratch.Name, PageSize = 3 }, Ct).ToListAsync(Ct)).Count.ShouldBe(4);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Ports_are_made_changed_found_and_deleted(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        (string network, string subnet) = await it.Scratch.NetworkWithSubnetAsync();
        string group = await it.Scratch.GroupAsync();
        Port one = await it.Networking.CreatePortAsync(new()
        {
            NetworkId = network, Name = it.Scratch.Name, DeviceId = it.Scratch.NameOf("pod"), DeviceOwner = "tenon:pod", SecurityGroups = new EquatableArray<string>([group]),
            FixedIps = new EquatableArray<FixedIp>([new(subnet, "10.70.0.20")]), AllowedAddressPairs = [new("192.168.0.0/24")],
        }, Ct);
        it.Scratch.Forget(Service, $"/v2.0/ports/{one.Id}");
        one.FixedIps.ShouldBe([new FixedIp(subnet, "10.70.0.20")]);
        one.SecurityGroups.ShouldBe([group]);
        one.AllowedAddressPairs.ShouldBe([new AddressPair("192.168.0.0/24", one.MacAddress)]);
        (one.Status, one.DeviceOwner, one.PortSecurityEnabled, one.Trunk).ShouldBe(("DOWN", "tenon:pod", true, null));
        one.CreatedAt.ShouldNotBeNull();
        async Task Finds(PortQuery query) => (await it.Networking.ListPortsAsync(query, Ct).ToListAsync(Ct)).Select(p => p.Id).ShouldBe([one.Id]);
        await Finds(new() { Ids = [one.Id, Nobody()] });
        await Finds(new() { DeviceIds = [it.Scratch.NameOf("pod")], DeviceOwners = ["tenon:pod"], NetworkIds = [network], Status = "DOWN", ProjectId = it.Cloud.Member.ProjectId });
        await Finds(new() { SubnetIds = [subnet], IpAddresses = ["10.70.0.20", "10.70.0.99"] });
        await Finds(new() { MacAddresses = [one.MacAddress] , NetworkIds = [network] });
        await Finds(new() { SecurityGroupIds = [group], Name = it.Scratch.Name });
        Port read = (await it.Networking.GetPortAsync(one.Id, Ct))!;
        Port changed = await it.Networking.UpdatePortAsync(
            one.Id, new() { Name = "new", SecurityGroups = default(EquatableArray<string>), AllowedAddressPairs = default(EquatableArray<AddressPair>) }, read.Revision, Ct);
        (changed.Name, changed.SecurityGroups.Count, changed.AllowedAddressPairs.Count).ShouldBe(("new", 0, 0));
        OpenStackException stale = await Should.ThrowAsync<OpenStackException>(() => it.Networking.UpdatePortAsync(one.Id, new() { Name = "x" }, 0, Ct));
        (stale.Kind, stale.Code).ShouldBe((OpenStackErrorKind.Conflict, "RevisionNumberConstraintFailed"));
        await it.Networking.DeletePortAsync(one.Id, Ct);
        (await it.Networking.GetPortAsync(one.Id, Ct)).ShouldBeNull();
        await it.Networking.DeletePortAsync(one.Id, Ct);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Many_ports_are_made_in_one_call_and_a_full_subnet_is_a_quota(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        (string network, _) = await it.Scratch.NetworkWithSubnetAsync("10.70.0.0/29");
        PortCreate One(string name) => new() { NetworkId = network, Name = name };
        EquatableArray<Port> made = await it.Networking.CreatePortsAsync([One("a"), One("b")], Ct);
        foreach (Port port in made) it.Scratch.Forget(Service, $"/v2.0/ports/{port.Id}");
        made.Select(p => p.Name).ShouldBe(["a", "b"]);
        OpenStackException full = await Should.ThrowAsync<OpenStackException>(() => it.Networking.CreatePortsAsync([One("c"), One("d"), One("e"), One("f")], Ct));
        (full.Kind, full.Code).ShouldBe((OpenStackErrorKind.Quota, "IpAddressGenerationFailure"));
        OpenStackException missing = await Should.ThrowAsync<OpenStackException>(() => it.Networking.CreatePortAsync(new() { NetworkId = Nobody() }, Ct));
        (missing.Kind, missing.Code).ShouldBe((OpenStackErrorKind.NotFound, "NetworkNotFound"));
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Routes_are_added_removed_and_replaced(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        (_, string subnet) = await it.Scratch.NetworkWithSubnetAsync();
        string router = await it.Scratch.RouterAsync(it.Cloud.Member, null, subnet);
        it.Scratch.Undo("routes", () => it.Cloud.Member.PutAsync($"routers/{router}", Routes()));
        Route a = new("192.168.1.0/24", "10.70.0.5"), b = new("192.168.2.0/24", "10.70.0.6");
        (await it.Networking.AddRoutesAsync(router, [b, a], Ct)).Routes.ShouldBe([a, b], ignoreOrder: true);
        (await it.Networking.RemoveRoutesAsync(router, [a], Ct)).Routes.ShouldBe([b]);
        Router read = (await it.Networking.GetRouterAsync(router, Ct))!;
        (read.Name, read.Status, read.Gateway).ShouldBe((it.Scratch.Name, "ACTIVE", null));
        OpenStackException stale = await Should.ThrowAsync<OpenStackException>(() => it.Networking.ReplaceRoutesAsync(router, [a], 0, Ct));
        stale.Kind.ShouldBe(OpenStackErrorKind.Conflict);
        (await it.Networking.ReplaceRoutesAsync(router, [a], read.Revision, Ct)).Routes.ShouldBe([a]);
        (await it.Networking.ListRoutersAsync(new() { Ids = [router], ProjectId = read.ProjectId }, Ct).ToListAsync(Ct)).Single().Routes.ShouldBe([a]);
        OpenStackException many = await Should.ThrowAsync<OpenStackException>(
            () => it.Networking.AddRoutesAsync(router, [.. Enumerable.Range(0, 31).Select(i => new Route($"192.168.{i}.0/24", "10.70.0.5"))], Ct));
        (many.Kind, many.Code).ShouldBe((OpenStackErrorKind.Quota, "RoutesExhausted"));
        (await it.Networking.GetRouterAsync(Nobody(), Ct)).ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Floating_IPs_are_made_moved_found_and_deleted(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        string external = await it.Cloud.Member.ExternalAsync();
        (string network, string subnet) = await it.Scratch.NetworkWithSubnetAsync();
        string router = await it.Scratch.RouterAsync(it.Cloud.Member, external, subnet), port = await it.Scratch.PortAsync(network, "10.70.0.20");
        (await it.Networking.GetRouterAsync(router, Ct))!.Gateway!.NetworkId.ShouldBe(external);
        FloatingIp made = await it.Networking.CreateFloatingIpAsync(new() { NetworkId = external, Description = it.Scratch.Name }, Ct);
        it.Scratch.Forget(Service, $"/v2.0/floatingips/{made.Id}");
        (made.Status, made.PortId, made.NetworkId, made.Description).ShouldBe(("DOWN", null, external, it.Scratch.Name));
        FloatingIp on = await it.Networking.UpdateFloatingIpAsync(made.Id, new() { PortId = port }, null, Ct);
        (on.PortId, on.FixedIpAddress, on.RouterId, on.Address).ShouldBe((port, "10.70.0.20", router, made.Address));
        foreach (FloatingIpQuery query in new FloatingIpQuery[]
                 {
                     new() { Ids = [made.Id] }, new() { Addresses = [made.Address], NetworkId = external }, new() { PortIds = [port] }, new() { Description = it.Scratch.Name },
                 })
            (await it.Networking.ListFloatingIpsAsync(query, Ct).ToListAsync(Ct)).Select(f => f.Id).ShouldBe([made.Id]);
        (await it.Networking.UpdateFloatingIpAsync(made.Id, new() { PortId = (string?)null }, null, Ct)).PortId.ShouldBeNull();
        await it.Networking.DeleteFloatingIpAsync(made.Id, Ct);
        (await it.Networking.GetFloatingIpAsync(made.Id, Ct)).ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Groups_and_rules_are_made_changed_found_and_deleted(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        SecurityGroup group = await it.Networking.CreateSecurityGroupAsync(new(it.Scratch.Name, "d"), Ct);
        it.Scratch.Forget(Service, $"/v2.0/security-groups/{group.Id}");
        (group.Name, group.Description, group.Stateful, group.Rules.Count).ShouldBe((it.Scratch.Name, "d", true, 2));
        SecurityGroupRuleCreate tcp = new() { SecurityGroupId = group.Id, Protocol = "tcp", PortRangeMin = 80, PortRangeMax = 81, RemoteIpPrefix = "10.0.0.0/8", Description = "web" };
        EquatableArray<SecurityGroupRule> rules = await it.Networking.CreateSecurityGroupRulesAsync([tcp, new() { SecurityGroupId = group.Id, RemoteGroupId = group.Id }], Ct);
        SecurityGroupRule web = rules.Single(r => r.Description == "web");
        (web.Protocol, web.PortRangeMin, web.PortRangeMax, web.RemoteIpPrefix, web.Direction, web.EtherType).ShouldBe(("tcp", 80, 81, "10.0.0.0/8", "ingress", "IPv4"));
        OpenStackException twice = await Should.ThrowAsync<OpenStackException>(() => it.Networking.CreateSecurityGroupRulesAsync([tcp], Ct));
        (twice.Kind, twice.Code).ShouldBe((OpenStackErrorKind.Conflict, "SecurityGroupRuleExists"));
        (await it.Networking.ListSecurityGroupRulesAsync(new() { SecurityGroupIds = [group.Id], RemoteGroupId = group.Id }, Ct).ToListAsync(Ct)).Count.ShouldBe(1);
        SecurityGroup read = (await it.Networking.GetSecurityGroupAsync(group.Id, Ct))!;
        read.Rules.Count.ShouldBe(4);
        (await it.Networking.UpdateSecurityGroupAsync(group.Id, new() { Description = "e" }, read.Revision, Ct)).Description.ShouldBe("e");
        (await it.Networking.ListSecurityGroupsAsync(new() { Names = [it.Scratch.Name], ProjectId = read.ProjectId }, Ct).ToListAsync(Ct)).Single().Rules.Count.ShouldBe(4);
        await it.Networking.DeleteSecurityGroupRuleAsync(web.Id, Ct);
        await it.Networking.DeleteSecurityGroupRuleAsync(web.Id, Ct);
        await it.Networking.DeleteSecurityGroupAsync(group.Id, Ct);
        (await it.Networking.GetSecurityGroupAsync(group.Id, Ct)).ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Trunks_are_made_with_subports_and_taken_apart(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        string network = await it.Scratch.NetworkAsync();
        string parent = await it.Scratch.PortAsync(network), a = await it.Scratch.PortAsync(network), b = await it.Scratch.PortAsync(network);
        Trunk trunk = await it.Networking.CreateTrunkAsync(new(parent, it.Scratch.Name, [new(a, 100)]) { Description = "d" }, Ct);
        it.Scratch.Forget(Service, $"/v2.0/trunks/{trunk.Id}");
        (trunk.PortId, trunk.Name, trunk.Description).ShouldBe((parent, it.Scratch.Name, "d"));
        (await it.Networking.AddSubPortsAsync(trunk.Id, [new(b, 101)], Ct)).SubPorts.ShouldBe([new SubPort(a, 100), new SubPort(b, 101)], ignoreOrder: true);
        (await it.Networking.GetPortAsync(parent, Ct))!.Trunk!.SubPorts.ShouldBe([new SubPort(a, 100), new SubPort(b, 101)], ignoreOrder: true);
        OpenStackException taken = await Should.ThrowAsync<OpenStackException>(() => it.Networking.AddSubPortsAsync(trunk.Id, [new(b, 102)], Ct));
        (taken.Kind, taken.Code).ShouldBe((OpenStackErrorKind.Conflict, "TrunkPortInUse"));
        (await it.Networking.RemoveSubPortsAsync(trunk.Id, [a, b], Ct)).SubPorts.Count.ShouldBe(0);
        (await it.Networking.ListTrunksAsync(new() { PortIds = [parent], Name = it.Scratch.Name }, Ct).ToListAsync(Ct)).Single().Id.ShouldBe(trunk.Id);
        await it.Networking.DeleteTrunkAsync(trunk.Id, Ct);
        (await it.Networking.GetTrunkAsync(trunk.Id, Ct)).ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Tags_are_replaced_added_and_removed_and_a_missing_one_is_no_error(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        string network = await it.Scratch.NetworkAsync(), group = await it.Scratch.GroupAsync();
        await it.Networking.ReplaceTagsAsync(TaggedResource.Network, network, ["red", it.Scratch.Name], Ct);
        await it.Networking.AddTagAsync(TaggedResource.Network, network, "with space:and=signs", Ct);
        await it.Networking.RemoveTagAsync(TaggedResource.Network, network, "red", Ct);
        await it.Networking.RemoveTagAsync(TaggedResource.Network, network, "red", Ct);
        (await it.Networking.ListNetworksAsync(new() { Tags = [it.Scratch.Name] }, Ct).ToListAsync(Ct)).Single().Tags.Order(StringComparer.Ordinal)
            .ShouldBe(new[] { it.Scratch.Name, "with space:and=signs" }.Order(StringComparer.Ordinal));
        await it.Networking.ReplaceTagsAsync(TaggedResource.SecurityGroup, group, [it.Scratch.Name], Ct);
        (await it.Networking.ListSecurityGroupsAsync(new() { TagsAny = [it.Scratch.Name, "nobody"] }, Ct).ToListAsync(Ct)).Single().Id.ShouldBe(group);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Extensions_quotas_and_zones_are_read(string side)
    {
        await using Client it = await Client.ConnectAsync(clouds, side);
        (await it.Networking.ListExtensionsAsync(Ct)).ShouldContain(e => e.Alias == "trunk" && e.Name == "Trunk Extension");
        EquatableArray<NetworkQuota> quotas = await it.Networking.GetQuotaAsync(it.Cloud.Member.ProjectId, Ct);
        quotas.ShouldContain(q => q.Resource == "port" && q.Limit > 0 && q.Used >= 0);
        OpenStackException foreign = await Should.ThrowAsync<OpenStackException>(() => it.Networking.GetQuotaAsync(it.Cloud.Admin.ProjectId, Ct));
        foreign.Kind.ShouldBe(OpenStackErrorKind.Forbidden);
        (await it.Networking.ListNetworkZonesAsync(Ct)).ShouldContain("az1");
    }

    private sealed record Client(CloudSide Cloud, Scratch Scratch, CloudClient Connection) : IAsyncDisposable
    {
        public NetworkingClient Networking => Connection.Networking();

        public static async Task<Client> ConnectAsync(Clouds clouds, string side)
        {
            CloudSide cloud = await clouds.GetAsync(side);
            return new(cloud, cloud.NewScratch(), cloud.Connect());
        }

        public async ValueTask DisposeAsync()
        {
            await Scratch.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }
}
