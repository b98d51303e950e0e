using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Floating IPs.</summary>
public sealed class FloatingIpCases(Clouds clouds, SharedNetworks networks) : IClassFixture<SharedNetworks>
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_new_floating_IP_is_down_and_on_no_port(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string external = await cloud.Member.ExternalAsync();
        Answer made = await scratch.NewAsync("floatingips", "floatingip", new { floating_network_id = external, description = scratch.Name, dns_name = "a", dns_domain = "b." });
        made.Names("floatingip").ShouldBe(
        [
            "created_at", "description", "dns_domain", "dns_name", "fixed_ip_address", "floating_ip_address", "floating_network_id", "id", "port_details",
            "port_forwardings", "port_id", "project_id", "qos_policy_id", "revision_number", "router_id", "status", "tags", "tenant_id", "updated_at",
        ]);
        made["floatingip/status"].ShouldBe("DOWN");
        foreach (string none in new[] { "port_id", "fixed_ip_address", "router_id", "port_details", "qos_policy_id" }) made["floatingip/" + none].ShouldBeNull(none);
        made["floatingip/floating_ip_address"]!.ShouldStartWith("172.24.4.");
        string id = made["floatingip/id"]!;
        (await cloud.Member.GetAsync($"floatingips?floating_ip_address={made["floatingip/floating_ip_address"]}&floating_network_id={external}&status=DOWN&fields=id")).Each("floatingips", "id").ShouldBe([id]);
        (await cloud.Member.GetAsync($"floatingips?description={scratch.Name}&fields=id")).Each("floatingips", "id").ShouldBe([id]);
        (await cloud.Member.GetAsync($"ports?device_id={id}")).List("ports").ShouldBeEmpty();
        Answer outside = await cloud.Admin.GetAsync($"ports?device_id={id}");
        outside["ports/0/device_owner"].ShouldBe("network:floatingip");
        outside["ports/0/status"].ShouldBe("N/A");
        outside["ports/0/project_id"].ShouldBe("");
        (await cloud.Member.DeleteAsync($"floatingips/{id}")).ShouldBe(204);
        (await cloud.Admin.GetAsync($"ports?device_id={id}")).List("ports").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("The DNS name of a floating IP is kept. Without a DNS service it is accepted and forgotten")]
    public async Task A_DNS_name_is_forgotten(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("floatingips", "floatingip", new { floating_network_id = await cloud.Member.ExternalAsync(), dns_name = "a", dns_domain = "b." });
        made["floatingip/dns_name"].ShouldBe("");
        made["floatingip/dns_domain"].ShouldBe("");
        Answer port = await scratch.NewAsync("ports", "port", new { network_id = await scratch.NetworkAsync(), dns_name = "host" });
        port.Has("port", "dns_name").ShouldBeFalse();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_bad_floating_IP_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string external = await cloud.Member.ExternalAsync(), network = await scratch.NetworkAsync();
        Task<Answer> Post(object floatingip) => cloud.Member.PostAsync("floatingips", new { floatingip });
        (await Post(new { floating_network_id = Nobody() })).ShouldFail(404, "NetworkNotFound");
        (await Post(new { floating_network_id = network })).ShouldFail(400, "BadRequest", $"Network {network} is not a valid external network");
        (await Post(new { })).ShouldFail(400, "HTTPBadRequest", "Required attribute 'floating_network_id' not specified");
        (await Post(new { floating_network_id = external, port_id = Nobody() })).ShouldFail(404, "PortNotFound");
        (await Post(new { floating_network_id = external, subnet_id = Nobody() })).ShouldFail(404, "SubnetNotFound");
        (await Post(new { floating_network_id = external, fixed_ip_address = "10.70.0.20" })).ShouldFail(400, "BadRequest", "fixed_ip_address cannot be specified without a port_id");
        (await Post(new { floating_network_id = external, floating_ip_address = "x" })).ShouldFail(400, "HTTPBadRequest", "'x' is not a valid IP address");
        (await Post(new { floating_network_id = external, floating_ip_address = "172.24.4.230" })).ShouldFail(403, "PolicyNotAuthorized", "create_floatingip:floating_ip_address");
        (await Post(new { floating_network_id = external, tags = new[] { "a" } })).ShouldFail(400, "HTTPBadRequest", "Attribute 'tags' not allowed in POST");
        (await Post(new { floating_network_id = external, name = "x" })).ShouldFail(400, "HTTPBadRequest", "Unrecognized attribute(s) 'name'");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_administrator_names_the_address_and_a_taken_one_is_a_conflict(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string external = await cloud.Member.ExternalAsync();
        Answer made = await scratch.NewAsync("floatingips", "floatingip", new { floating_network_id = external, subnet_id = (await cloud.Member.GetAsync($"networks/{external}"))["network/subnets/0"] });
        string address = made["floatingip/floating_ip_address"]!;
        (await cloud.Admin.PostAsync("floatingips", new { floatingip = new { floating_network_id = external, floating_ip_address = address } })).ShouldFail(
            409, "IpAddressAlreadyAllocated", $"IP address {address} already allocated in subnet");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Without_a_router_between_a_floating_IP_cannot_reach_a_port(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        string external = await cloud.Member.ExternalAsync(), port = await scratch.PortAsync(network);
        (await cloud.Member.PostAsync("floatingips", new { floatingip = new { floating_network_id = external, port_id = port } })).ShouldFail(
            404, "ExternalGatewayForFloatingIPNotFound", $"External network {external} is not reachable from subnet {subnet}.");
        string bare = (await scratch.NewAsync("ports", "port", new { network_id = network, fixed_ips = Array.Empty<object>() }))["port/id"]!;
        (await cloud.Member.PostAsync("floatingips", new { floatingip = new { floating_network_id = external, port_id = bare } })).ShouldFail(
            400, "BadRequest", $"Cannot add floating IP to port {bare} that has no fixed IPv4 addresses");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_floating_IP_is_active_on_a_port_and_down_without(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.Scratch.PortAsync(way.Network, "10.70.0.20");
        Answer made = await way.NewAsync(new { floating_network_id = way.External, port_id = port });
        string id = made["floatingip/id"]!;
        made["floatingip/status"].ShouldBe("DOWN");
        made["floatingip/port_id"].ShouldBe(port);
        made["floatingip/fixed_ip_address"].ShouldBe("10.70.0.20");
        made["floatingip/router_id"].ShouldBe(way.Router);
        Answer active = await way.UntilAsync(id, "ACTIVE");
        active["floatingip/port_details/network_id"].ShouldBe(way.Network);
        active["floatingip/port_details/device_id"].ShouldBe("");
        (await way.Cloud.Member.GetAsync($"floatingips?port_id={port}&router_id={way.Router}&fixed_ip_address=10.70.0.20&fields=id")).Each("floatingips", "id").ShouldBe([id]);
        Answer off = await way.PutAsync(id, new { port_id = (string?)null });
        off.ShouldBe(200)["floatingip/port_id"].ShouldBeNull();
        off["floatingip/fixed_ip_address"].ShouldBeNull();
        off["floatingip/router_id"].ShouldBeNull();
        await way.UntilAsync(id, "DOWN");
        (await way.PutAsync(id, new { port_id = (string?)null })).ShouldBe(200);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_fixed_address_has_one_floating_IP_which_may_be_taken_elsewhere(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.Scratch.PortAsync(way.Network, "10.70.0.20"), other = await way.Scratch.PortAsync(way.Network, "10.70.0.21");
        Answer first = await way.NewAsync(new { floating_network_id = way.External, port_id = port });
        string id = first["floatingip/id"]!, second = (await way.NewAsync(new { floating_network_id = way.External }))["floatingip/id"]!;
        (await way.Cloud.Member.PostAsync("floatingips", new { floatingip = new { floating_network_id = way.External, port_id = port } })).ShouldFail(
            409, "FloatingIPPortAlreadyAssociated", $"Cannot associate floating IP");
        (await way.PutAsync(second, new { port_id = port })).ShouldFail(
            409, "FloatingIPPortAlreadyAssociated", $"with port {port} using fixed IP 10.70.0.20, as that fixed IP already has a floating IP on external network {way.External}.");
        (await way.PutAsync(id, new { port_id = other })).ShouldBe(200)["floatingip/fixed_ip_address"].ShouldBe("10.70.0.21");
        (await way.PutAsync(second, new { port_id = port })).ShouldBe(200);
        (await way.PutAsync(second, new { port_id = Nobody() })).ShouldFail(404, "PortNotFound");
        (await way.PutAsync(second, new { floating_network_id = way.External })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute floating_network_id");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Of_several_addresses_one_must_be_named(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.TwoAddressesAsync();
        (await way.Cloud.Member.PostAsync("floatingips", new { floatingip = new { floating_network_id = way.External, port_id = port } })).ShouldFail(
            400, "BadRequest", $"Port {port} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP");
        (await way.Cloud.Member.PostAsync("floatingips", new { floatingip = new { floating_network_id = way.External, port_id = port, fixed_ip_address = "10.70.0.99" } })).ShouldFail(
            400, "BadRequest", $"Port {port} does not have fixed ip 10.70.0.99");
        (await way.NewAsync(new { floating_network_id = way.External, port_id = port, fixed_ip_address = "10.70.0.31" }))["floatingip/fixed_ip_address"].ShouldBe("10.70.0.31");
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("The description of a floating IP can always be changed. On a port with two addresses it cannot, and the address cannot be moved without the port")]
    public async Task On_a_port_with_two_addresses_nothing_of_a_floating_IP_can_be_changed_alone(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.TwoAddressesAsync();
        string id = (await way.NewAsync(new { floating_network_id = way.External, port_id = port, fixed_ip_address = "10.70.0.31" }))["floatingip/id"]!;
        (await way.PutAsync(id, new { description = "x" })).ShouldFail(400, "BadRequest", "has multiple fixed IPv4 addresses");
        (await way.PutAsync(id, new { fixed_ip_address = "10.70.0.30" })).ShouldFail(400, "BadRequest", "fixed_ip_address cannot be specified without a port_id");
        (await way.PutAsync(id, new { description = "x", port_id = port, fixed_ip_address = "10.70.0.31" })).ShouldBe(200)["floatingip/description"].ShouldBe("x");
        (await way.PutAsync(id, new { port_id = port, fixed_ip_address = "10.70.0.30" })).ShouldBe(200)["floatingip/fixed_ip_address"].ShouldBe("10.70.0.30");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task On_a_port_with_one_address_the_description_changes_and_the_port_stays(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.Scratch.PortAsync(way.Network, "10.70.0.20");
        string id = (await way.NewAsync(new { floating_network_id = way.External, port_id = port }))["floatingip/id"]!;
        Answer put = await way.PutAsync(id, new { description = "kept" });
        put.ShouldBe(200)["floatingip/description"].ShouldBe("kept");
        put["floatingip/port_id"].ShouldBe(port);
        (await way.Cloud.Member.PutAtAsync($"floatingips/{id}", new { floatingip = new { description = "1" } }, "0")).ShouldFail(412, "RevisionNumberConstraintFailed");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_floating_IP_outlives_its_port(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.Scratch.PortAsync(way.Network, "10.70.0.20");
        string id = (await way.NewAsync(new { floating_network_id = way.External, port_id = port }))["floatingip/id"]!;
        await way.UntilAsync(id, "ACTIVE");
        (await way.Cloud.Member.DeleteAsync($"ports/{port}")).ShouldBe(204);
        Answer left = await way.UntilAsync(id, "DOWN");
        left["floatingip/port_id"].ShouldBeNull();
        left["floatingip/fixed_ip_address"].ShouldBeNull();
    }

    [Theory(Timeout = Limit), Sides]
    [Believed("A floating IP is released when its fixed address leaves the port. It stays, with an address that nothing has")]
    public async Task A_floating_IP_stays_on_an_address_that_is_gone(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.TwoAddressesAsync();
        string id = (await way.NewAsync(new { floating_network_id = way.External, port_id = port, fixed_ip_address = "10.70.0.31" }))["floatingip/id"]!;
        (await way.Cloud.Member.PutAsync($"ports/{port}", new { port = new { fixed_ips = new[] { new { ip_address = "10.70.0.30" } } } })).ShouldBe(200);
        Answer after = await way.Cloud.Member.GetAsync($"floatingips/{id}");
        after["floatingip/port_id"].ShouldBe(port);
        after["floatingip/fixed_ip_address"].ShouldBe("10.70.0.31");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_router_keeps_the_interface_and_the_gateway_that_floating_IPs_need(string side)
    {
        await using Way way = await Way.TakeAsync(networks, side);
        string port = await way.Scratch.PortAsync(way.Network);
        await way.NewAsync(new { floating_network_id = way.External, port_id = port });
        (await way.Cloud.Member.PutAsync($"routers/{way.Router}/remove_router_interface", new { subnet_id = way.Subnet })).ShouldFail(
            409, "RouterInterfaceInUseByFloatingIP", $"Router interface for subnet {way.Subnet} on router {way.Router} cannot be deleted, as it is required by one or more floating IPs.");
        (await way.Cloud.Member.PutAsync($"routers/{way.Router}", new { router = new { external_gateway_info = new { } } })).ShouldFail(
            409, "RouterExternalGatewayInUseByFloatingIp", $"Gateway cannot be updated for router {way.Router}");
        (await way.Cloud.Member.DeleteAsync($"routers/{way.Router}")).ShouldBe(409);
    }

    /// <summary>The class's network behind its router with a gateway, and what the case makes in it.</summary>
    private sealed record Way(SharedNetwork Shared, Scratch Scratch) : IAsyncDisposable
    {
        public CloudSide Cloud => Shared.Cloud;

        public string External => Shared.External;

        public string Network => Shared.Network;

        public string Subnet => Shared.Subnet;

        public string Router => Shared.Router;

        public static async Task<Way> TakeAsync(SharedNetworks networks, string side)
        {
            SharedNetwork shared = await networks.GetAsync(side, gateway: true);
            return new(shared, shared.Cloud.NewScratch());
        }

        public Task<Answer> NewAsync(object floatingip) => Scratch.NewAsync("floatingips", "floatingip", floatingip);

        public Task<Answer> PutAsync(string id, object floatingip) => Cloud.Member.PutAsync($"floatingips/{id}", new { floatingip });

        public Task<Answer> UntilAsync(string id, string status)
            => Scratch.UntilAsync(() => Cloud.Member.GetAsync($"floatingips/{id}"), f => f["floatingip/status"] == status, status);

        public async Task<string> TwoAddressesAsync() => (await Scratch.NewAsync("ports", "port", new
        {
            network_id = Network, fixed_ips = new[] { new { ip_address = "10.70.0.30" }, new { ip_address = "10.70.0.31" } },
        }))["port/id"]!;

        public ValueTask DisposeAsync() => Scratch.DisposeAsync();
    }
}
