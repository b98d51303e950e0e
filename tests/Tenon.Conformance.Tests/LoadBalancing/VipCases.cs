using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Where a VIP is, what its port looks like, and what becomes of it.</summary>
public sealed class VipCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task The_vip_port_of_ovn_is_named_after_the_load_balancer_has_no_owner_and_is_the_projects(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync();
        Answer port = await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports/{made["loadbalancer/vip_port_id"]}");
        port.ShouldBe(200)["port/name"].ShouldBe($"ovn-lb-vip-{made["loadbalancer/id"]}");
        port["port/device_owner"].ShouldBe("");
        port["port/device_id"].ShouldBe("");
        port["port/admin_state_up"].ShouldBe("true");
        port["port/status"].ShouldBe("DOWN");
        port["port/project_id"].ShouldBe(octavia.Cloud.Member.ProjectId);
        port["port/fixed_ips/0/ip_address"].ShouldBe(made["loadbalancer/vip_address"]);
        port.List("port/fixed_ips").Count.ShouldBe(1);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_vip_port_of_ovn_has_the_projects_default_security_group(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync();
        Answer groups = await octavia.Cloud.Member.GetAsync("network", "/v2.0/security-groups?name=default&fields=id");
        Answer port = await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports/{made["loadbalancer/vip_port_id"]}");
        port["port/security_groups"].ShouldBe($"[\"{groups["security_groups/0/id"]}\"]");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_network_alone_gives_the_vip_its_subnet(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer made = await octavia.MakeBalancerAsync(new { vip_subnet_id = (string?)null, vip_network_id = octavia.NetworkId });
        made["loadbalancer/vip_subnet_id"].ShouldBe(octavia.SubnetId);
        made["loadbalancer/vip_address"]!.ShouldStartWith("10.71.0.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_address_is_taken_as_it_is_asked_for(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.MakeBalancerAsync(new { vip_address = "10.71.0.77" }))["loadbalancer/vip_address"].ShouldBe("10.71.0.77");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_address_that_is_taken_is_an_error_of_the_provider(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        await octavia.MakeBalancerAsync(new { vip_address = "10.71.0.78" });
        Answer refused = await octavia.TryBalancerAsync(new { vip_address = "10.71.0.78" });
        refused.ShouldBe(500).Message.ShouldStartWith($"Provider 'ovn' reports error: IP address 10.71.0.78 already allocated in subnet {octavia.SubnetId}");
        refused["faultcode"].ShouldBe("Server");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_address_outside_the_network_is_refused(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { vip_subnet_id = (string?)null, vip_network_id = octavia.NetworkId, vip_address = "10.99.0.1" }))
            .ShouldFault(400, "Validation failure: Supplied network does not contain a subnet for VIP address specified.");
        (await octavia.TryBalancerAsync(new { vip_address = "10.99.0.1" })).ShouldBe(500).Message.ShouldStartWith("Provider 'ovn' reports error: ");
    }

    [Theory(Timeout = Limit), Sides, Believed("every provider takes a port that the user made as the VIP")]
    public async Task Ovn_takes_no_port_of_the_users(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer port = await octavia.Scratch.MakeAsync("network", "/v2.0/ports", new { port = new { name = octavia.Scratch.Name, network_id = octavia.NetworkId } });
        Answer refused = await octavia.TryBalancerAsync(new { vip_subnet_id = (string?)null, vip_port_id = port["port/id"] });
        refused.ShouldBe(500).Message.ShouldStartWith($"Provider 'ovn' reports error: IP address {port["port/fixed_ips/0/ip_address"]} already allocated in subnet {octavia.SubnetId}");
        (await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports/{port["port/id"]}")).ShouldBe(200)["port/device_owner"].ShouldBe("");
    }

    [Theory(Timeout = Limit), Sides, Believed("an additional VIP gets an address on the VIP's port whatever the provider")]
    public async Task Ovn_remembers_additional_vips_and_gives_them_no_address(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer second = await octavia.Scratch.MakeAsync(
            "network", "/v2.0/subnets", new { subnet = new { network_id = octavia.NetworkId, ip_version = 4, cidr = "10.72.0.0/24" } });
        string subnet = second["subnet/id"]!;
        Answer made = await octavia.MakeBalancerAsync(new { additional_vips = new[] { new { subnet_id = subnet } } });
        made["loadbalancer/additional_vips/0/subnet_id"].ShouldBe(subnet);
        made.Has("loadbalancer/additional_vips/0", "ip_address").ShouldBeTrue();
        made["loadbalancer/additional_vips/0/ip_address"].ShouldBeNull();
        Answer port = await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports/{made["loadbalancer/vip_port_id"]}");
        port.List("port/fixed_ips").Count.ShouldBe(1);
        Tenon.OpenStack.CloudClient client = octavia.Cloud.Connect();
        Tenon.OpenStack.LoadBalancing.LoadBalancer read = (await client.LoadBalancing().GetLoadBalancerAsync(made["loadbalancer/id"]!, TestContext.Current.CancellationToken))!;
        read.AdditionalVips.ShouldHaveSingleItem().SubnetId.ShouldBe(subnet);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Additional_vips_are_checked_before_anything_is_made(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { additional_vips = new[] { new { subnet_id = octavia.SubnetId } } }))
            .ShouldFault(400, "Validation failure: Duplicate VIP subnet(s) specified. Only one IP can be bound per subnet.");
        (await octavia.TryBalancerAsync(new { additional_vips = new[] { new { ip_address = "10.71.0.9" } } }))
            .ShouldFault(400, "Invalid input for field/attribute subnet_id. Value: 'None'. Mandatory field missing.");
        (await octavia.TryBalancerAsync(new { additional_vips = new[] { new { nosuch = "x" } } })).ShouldBe(400).Message.ShouldStartWith("Unknown attribute for argument ");
        (await octavia.TryBalancerAsync(new { additional_vips = new[] { new { subnet_id = BalancerCase.Nobody } } })).ShouldBe(500).Message.ShouldContain("subnet not found");
    }

    [Theory(Timeout = Limit), Sides, Believed("a create that is refused leaves nothing behind")]
    public async Task A_refused_tree_leaves_the_port_that_was_made_for_its_vip(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer refused = await octavia.TryBalancerAsync(new
        {
            vip_address = "10.71.0.79",
            listeners = new[] { new { protocol = "TCP", protocol_port = 80, default_pool = new { name = "nosuch" } } },
        });
        refused.ShouldFault(400, "Validation failure: Pool 'nosuch' was referenced but no full definition was found.");
        (await octavia.GetAsync($"loadbalancers?name={octavia.Scratch.Name}")).List("loadbalancers").ShouldBeEmpty();
        Answer left = await octavia.Cloud.Member.GetAsync("network", $"/v2.0/ports?network_id={octavia.NetworkId}&fixed_ips=ip_address%3D10.71.0.79");
        string id = left["ports/0/id"]!;
        octavia.Scratch.Forget("network", $"/v2.0/ports/{id}");
        left["ports/0/name"]!.ShouldStartWith("ovn-lb-vip-");
    }
}
