using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Routers: interfaces and gateway.</summary>
public sealed class RouterCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_new_router_is_active_and_joins_nothing(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("routers", "router", new { name = scratch.Name });
        made.Names("router").ShouldBe(
        [
            "admin_state_up", "availability_zone_hints", "availability_zones", "created_at", "description", "external_gateway_info", "id", "name",
            "project_id", "revision_number", "routes", "status", "tags", "tenant_id", "updated_at",
        ]);
        made["router/status"].ShouldBe("ACTIVE");
        made["router/external_gateway_info"].ShouldBeNull();
        made["router/routes"].ShouldBe("[]");
        (await cloud.Member.PostAsync("routers", new { router = new { routes = Array.Empty<object>() } })).ShouldFail(400, "HTTPBadRequest", "Attribute 'routes' not allowed in POST");
        (await cloud.Member.PostAsync("routers", new { router = new { availability_zone_hints = new[] { "nope" } } })).ShouldFail(404, "AvailabilityZoneNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_interface_takes_the_subnet_s_gateway_address(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        string router = await scratch.RouterAsync(cloud.Member, null);
        Answer added = await scratch.InterfaceAsync(cloud.Member, router, subnet);
        added.Json!.AsObject().Select(p => p.Key).Order(StringComparer.Ordinal).ShouldBe(["id", "network_id", "port_id", "subnet_id", "subnet_ids", "tenant_id"]);
        added["id"].ShouldBe(router);
        added["subnet_id"].ShouldBe(subnet);
        Answer port = await Scratch.UntilAsync(() => cloud.Member.GetAsync($"ports/{added["port_id"]}"), p => p["port/status"] == "ACTIVE", "ACTIVE");
        port["port/device_id"].ShouldBe(router);
        port["port/device_owner"].ShouldBe("network:router_interface");
        port["port/network_id"].ShouldBe(network);
        port["port/fixed_ips/0/ip_address"].ShouldBe("10.70.0.1");
        port["port/security_groups"].ShouldBe("[]");
        port["port/port_security_enabled"].ShouldBe("false");
        (await cloud.Member.DeleteAsync($"ports/{added["port_id"]}")).ShouldFail(409, "ServicePortInUse");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_subnet_joins_a_router_once_and_without_overlap(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        (_, string overlapping) = await scratch.NetworkWithSubnetAsync("10.70.0.0/25");
        string router = await scratch.RouterAsync(cloud.Member, null, subnet);
        Task<Answer> Add(object body) => cloud.Member.PutAsync($"routers/{router}/add_router_interface", body);
        (await Add(new { subnet_id = subnet })).ShouldFail(400, "BadRequest", $"Router already has a port on subnet {subnet}");
        (await Add(new { subnet_id = overlapping })).ShouldFail(400, "BadRequest", "overlaps with cidr 10.70.0.0/24 of subnet");
        (await Add(new { })).ShouldFail(400, "BadRequest", "Either subnet_id or port_id must be specified");
        (await Add(new { subnet_id = subnet, port_id = Nobody() })).ShouldFail(400, "BadRequest", "Cannot specify both subnet-id and port-id");
        (await Add(new { subnet_id = Nobody() })).ShouldFail(404, "SubnetNotFound");
        (await Add(new { port_id = Nobody() })).ShouldFail(404, "PortNotFound");
        (await Add(new { subnet_id = "x" })).ShouldFail(400, "BadRequest", "'x' is not a valid UUID");
        string without = (await scratch.NewAsync("subnets", "subnet", new { network_id = network, ip_version = 4, cidr = "10.78.0.0/24", gateway_ip = (string?)null }))["subnet/id"]!;
        (await Add(new { subnet_id = without })).ShouldFail(400, "BadRequest", "Subnet for router interface must have a gateway IP");
        (await cloud.Member.PutAsync($"routers/{Nobody()}/add_router_interface", new { subnet_id = subnet })).ShouldFail(404, "RouterNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_port_given_to_a_router_goes_with_the_interface(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        string router = await scratch.RouterAsync(cloud.Member, null), port = await scratch.PortAsync(network, "10.70.0.9");
        (await cloud.Member.PutAsync($"routers/{router}/add_router_interface", new { port_id = port })).ShouldBe(200)["port_id"].ShouldBe(port);
        (await cloud.Member.PutAsync($"routers/{router}/add_router_interface", new { port_id = port })).ShouldFail(409, "PortInUse");
        (await cloud.Member.GetAsync($"ports/{port}"))["port/device_owner"].ShouldBe("network:router_interface");
        (await cloud.Member.DeleteAsync($"routers/{router}")).ShouldFail(409, "RouterInUse", $"Router {router} has ports still attached: {port}");
        (await cloud.Member.DeleteAsync($"subnets/{subnet}")).ShouldFail(409, "SubnetInUse");
        (await cloud.Member.PutAsync($"routers/{router}/remove_router_interface", new { port_id = port })).ShouldBe(200);
        (await cloud.Member.GetAsync($"ports/{port}")).ShouldFail(404, "PortNotFound");
        (await cloud.Member.PutAsync($"routers/{router}/remove_router_interface", new { port_id = port })).ShouldFail(404, "RouterInterfaceNotFound");
        (await cloud.Member.PutAsync($"routers/{router}/remove_router_interface", new { subnet_id = subnet })).ShouldFail(
            404, "RouterInterfaceNotFoundForSubnet", $"Router {router} has no interface on subnet {subnet}");
        (await cloud.Member.PutAsync($"routers/{router}/remove_router_interface", new { })).ShouldFail(400, "BadRequest");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_gateway_has_an_address_and_translates_and_its_port_is_hidden(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string external = await cloud.Member.ExternalAsync();
        Answer made = await scratch.NewAsync("routers", "router", new { name = scratch.Name, external_gateway_info = new { network_id = external } });
        string router = made["router/id"]!;
        made["router/external_gateway_info/network_id"].ShouldBe(external);
        made["router/external_gateway_info/enable_snat"].ShouldBe("true");
        made.List("router/external_gateway_info/external_fixed_ips").Count.ShouldBe(1);
        made["router/external_gateway_info/external_fixed_ips/0/ip_address"].ShouldNotBeNull();
        (await cloud.Member.GetAsync($"ports?device_id={router}")).List("ports").ShouldBeEmpty();
        // Which host it is on is OVN's to say, a moment later.
        Answer port = await Scratch.UntilAsync(
            () => cloud.Admin.GetAsync($"ports?device_id={router}&device_owner=network:router_gateway"), a => a["ports/0/binding:host_id"] is { Length: > 0 }, "bound");
        port.List("ports").Count.ShouldBe(1);
        port["ports/0/project_id"].ShouldBe("");
        (await cloud.Member.PutAsync($"routers/{router}", new { router = new { external_gateway_info = new { } } })).ShouldBe(200)["router/external_gateway_info"].ShouldBeNull();
        (await cloud.Admin.GetAsync($"ports?device_id={router}")).List("ports").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_bad_gateway_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string external = await cloud.Member.ExternalAsync(), network = await scratch.NetworkAsync();
        Task<Answer> Make(object gateway) => cloud.Member.PostAsync("routers", new { router = new { name = scratch.Name, external_gateway_info = gateway } });
        (await Make(new { network_id = network })).ShouldFail(400, "BadRequest", $"Network {network} is not an external network");
        (await Make(new { network_id = Nobody() })).ShouldFail(404, "NetworkNotFound");
        (await Make(new { foo = 1 })).ShouldFail(400, "HTTPBadRequest", "Validation of dictionary's keys failed");
        (await Make(new { network_id = external, enable_snat = false })).ShouldFail(403, "PolicyNotAuthorized", "create_router:external_gateway_info:enable_snat");
        (await Make(new { network_id = external, external_fixed_ips = new[] { new { ip_address = "172.24.4.200" } } })).ShouldFail(403, "PolicyNotAuthorized");
        (await cloud.Member.PostAsync("routers", new { router = new { foo = 1 } })).ShouldFail(400, "HTTPBadRequest");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_ports_of_a_router_are_found_by_its_ID(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (_, string a) = await scratch.NetworkWithSubnetAsync("10.81.0.0/24");
        (_, string b) = await scratch.NetworkWithSubnetAsync("10.82.0.0/24");
        string router = await scratch.RouterAsync(cloud.Member, null, a, b);
        Answer ports = await cloud.Member.GetAsync($"ports?device_id={router}");
        ports.Each("ports", "device_owner").ShouldBe(["network:router_interface", "network:router_interface"]);
        ports.List("ports").Select(p => p["fixed_ips"]![0]!["ip_address"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["10.81.0.1", "10.82.0.1"]);
        (await cloud.Member.GetAsync($"routers?id={router}&name={scratch.Name}&admin_state_up=true&fields=name")).Each("routers", "name").ShouldBe([scratch.Name]);
    }
}
