using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.LoadBalancing;

/// <summary>Creates of a load balancer that are refused, and in which words.</summary>
public sealed class RefusalCases(BalancerWorld world) : IClassFixture<BalancerWorld>
{
    private const int Limit = 300_000;

    [Theory(Timeout = Limit), Sides]
    public async Task A_body_that_is_no_json_or_empty_is_400(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.PostAsync("loadbalancers", "{x")).ShouldFault(400, "Request is not in valid JSON format");
        (await octavia.PostAsync("loadbalancers", "")).ShouldFault(400, "Missing argument: \"load_balancer\"");
        (await octavia.PostAsync("listeners", "")).ShouldFault(400, "Missing argument: \"listener_\"");
        (await octavia.PostAsync("pools", "")).ShouldFault(400, "Missing argument: \"pool_\"");
        (await octavia.PostAsync("healthmonitors", "")).ShouldFault(400, "Missing argument: \"health_monitor_\"");
    }

    [Theory(Timeout = Limit), Sides, Believed("a body without the wrapped object is the client's fault and answers 400")]
    public async Task A_body_without_its_object_is_an_error_of_the_server(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        foreach (string path in (string[])["loadbalancers", "listeners", "pools", "healthmonitors"])
            (await octavia.PostAsync(path, "{}")).ShouldBe(500)["faultcode"].ShouldBe("Server", path);
        (await octavia.PostAsync("loadbalancers", """{"loadbalancer": null}""")).ShouldBe(500);
        (await octavia.PostAsync("loadbalancers", "[]")).ShouldBe(500);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_vip_needs_a_network_a_subnet_or_a_port(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { vip_subnet_id = (string?)null })).ShouldFault(
            400, "Validation failure: VIP must contain one of: vip_port_id, vip_network_id, vip_subnet_id.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_the_vip_names_must_exist(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { vip_subnet_id = BalancerCase.Nobody })).ShouldFault(400, $"Subnet {BalancerCase.Nobody} not found.");
        (await octavia.TryBalancerAsync(new { vip_subnet_id = (string?)null, vip_network_id = BalancerCase.Nobody })).ShouldFault(400, $"Network {BalancerCase.Nobody} not found.");
        (await octavia.TryBalancerAsync(new { vip_subnet_id = (string?)null, vip_port_id = BalancerCase.Nobody })).ShouldFault(400, $"Port {BalancerCase.Nobody} not found.");
        (await octavia.TryBalancerAsync(new { vip_qos_policy_id = BalancerCase.Nobody })).ShouldFault(400, $"qos_policy {BalancerCase.Nobody} not found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Provider_flavor_and_zone_must_be_offered(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { provider = "nosuch" })).ShouldFault(400, "Provider 'nosuch' is not enabled.");
        (await octavia.TryBalancerAsync(new { flavor_id = BalancerCase.Nobody })).ShouldFault(400, "Validation failure: Invalid flavor_id.");
        (await octavia.TryBalancerAsync(new { availability_zone = "nosuch" })).ShouldFault(400, "Validation failure: Invalid availability zone.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Each_field_has_its_form(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        string Of(string field, string value, string should) => $"Invalid input for field/attribute {field}. Value: '{value}'. {should}";
        string longer = new('x', 256);
        (await octavia.TryBalancerAsync(new { vip_subnet_id = "x" })).ShouldFault(400, Of("vip_subnet_id", "x", "Value should be UUID format"));
        (await octavia.TryBalancerAsync(new { vip_address = "x" })).ShouldFault(400, Of("vip_address", "x", "Value should be IPv4 or IPv6 format"));
        (await octavia.TryBalancerAsync(new { name = longer })).ShouldFault(400, Of("name", longer, "Value should have a maximum character requirement of 255"));
        (await octavia.TryBalancerAsync(new { description = longer })).ShouldFault(400, Of("description", longer, "Value should have a maximum character requirement of 255"));
        (await octavia.TryBalancerAsync(new { name = 5 })).ShouldFault(400, Of("name", "5", "Value should be string"));
        (await octavia.TryBalancerAsync(new { tags = new[] { longer } })).ShouldFault(400, Of("tags", $"['{longer}']", "Value should have a maximum character requirement of 255"));
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_cannot_even_be_converted_is_refused_with_the_whole_request(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        Answer tags = await octavia.TryBalancerAsync(new { tags = "x" });
        tags.ShouldBe(400).Message.ShouldStartWith("Invalid input for field/attribute load_balancer. Value: '{'loadbalancer': {");
        tags.Message.ShouldEndWith("Value not a valid list: x");
        (await octavia.TryBalancerAsync(new { admin_state_up = "maybe" })).ShouldBe(400).Message.ShouldEndWith("Value not an unambiguous boolean: maybe");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_unknown_field_is_named(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { nosuch = 1 })).ShouldFault(400, "Unknown attribute for argument load_balancer.loadbalancer: nosuch");
        (await octavia.TryBalancerAsync(new { id = BalancerCase.Nobody })).ShouldFault(400, "Unknown attribute for argument load_balancer.loadbalancer: id");
        (await octavia.PutAsync($"loadbalancers/{await octavia.SharedBalancerAsync()}", new { loadbalancer = new { vip_address = "10.71.0.9" } }))
            .ShouldFault(400, "Unknown attribute for argument load_balancer.loadbalancer: vip_address");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_member_makes_none_for_another_project(string side)
    {
        await using BalancerCase octavia = await world.BeginAsync(side);
        (await octavia.TryBalancerAsync(new { project_id = octavia.Cloud.Admin.ProjectId })).ShouldFault(403, "Policy does not allow this request to be performed.");
    }
}
