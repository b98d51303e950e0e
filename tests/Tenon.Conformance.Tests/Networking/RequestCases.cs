using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Requests, errors, quotas and extensions: what holds for everything of Neutron's.</summary>
public sealed class RequestCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task What_is_not_there_is_a_404_that_names_it(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string id = Nobody();
        (await cloud.Member.GetAsync($"networks/{id}")).ShouldFail(404, "NetworkNotFound", $"Network {id} could not be found.");
        (await cloud.Member.GetAsync($"subnets/{id}")).ShouldFail(404, "SubnetNotFound", $"Subnet {id} could not be found.");
        (await cloud.Member.GetAsync($"subnetpools/{id}")).ShouldFail(404, "SubnetPoolNotFound", $"Subnet pool {id} could not be found.");
        (await cloud.Member.GetAsync($"ports/{id}")).ShouldFail(404, "PortNotFound", $"Port {id} could not be found.");
        (await cloud.Member.GetAsync($"routers/{id}")).ShouldFail(404, "RouterNotFound", $"Router {id} could not be found");
        (await cloud.Member.GetAsync($"floatingips/{id}")).ShouldFail(404, "FloatingIPNotFound", $"Floating IP {id} could not be found");
        (await cloud.Member.GetAsync($"security-groups/{id}")).ShouldFail(404, "SecurityGroupNotFound", $"Security group {id} does not exist");
        (await cloud.Member.GetAsync($"security-group-rules/{id}")).ShouldFail(404, "SecurityGroupRuleNotFound", $"Security group rule {id} does not exist");
        (await cloud.Member.GetAsync($"trunks/{id}")).ShouldFail(404, "TrunkNotFound", $"Trunk {id} could not be found.");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_second_delete_is_a_404(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string id = await scratch.NetworkAsync();
        (await cloud.Member.DeleteAsync($"networks/{id}")).ShouldBe(204);
        (await cloud.Member.DeleteAsync($"networks/{id}")).ShouldFail(404, "NetworkNotFound");
        (await cloud.Member.DeleteAsync($"floatingips/{Nobody()}")).ShouldFail(404, "FloatingIPNotFound");
        (await cloud.Member.DeleteAsync($"security-groups/{Nobody()}")).ShouldFail(404, "SecurityGroupNotFound");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_body_that_is_not_understood_is_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.PostAsync("networks", "{bad")).ShouldFail(400, "HTTPBadRequest", "Body contains invalid data");
        (await cloud.Member.PostAsync("networks", "[]")).ShouldFail(400, "HTTPBadRequest", "Body contains invalid data");
        (await cloud.Member.PostAsync("networks", new { net = 1 })).ShouldFail(400, "HTTPBadRequest", "Unable to find 'network' in request body");
        (await cloud.Member.PostAsync("networks", new { network = new { foo = 1 } })).ShouldFail(400, "HTTPBadRequest", "Unrecognized attribute(s) 'foo'");
        (await cloud.Member.PostAsync("networks", new { network = new { status = "ACTIVE" } })).ShouldFail(400, "HTTPBadRequest", "Attribute 'status' not allowed in POST");
        (await cloud.Member.PostAsync("networks", new { network = new { tags = new[] { "a" } } })).ShouldFail(400, "HTTPBadRequest", "Attribute 'tags' not allowed in POST");
        (await cloud.Member.PostAsync("networks", new { network = new { name = new string('x', 256) } })).ShouldFail(400, "HTTPBadRequest", "exceeds maximum length of 255");
        (await cloud.Member.PostAsync("networks", new { network = new { admin_state_up = "maybe" } })).ShouldFail(400, "InvalidInput", "'maybe' cannot be converted to boolean");
        (await cloud.Member.PostAsync("ports", new { port = new { name = "x" } })).ShouldFail(400, "HTTPBadRequest", "Required attribute 'network_id' not specified");
        (await cloud.Member.PostAsync("ports", new { port = new { network_id = "x" } })).ShouldFail(400, "HTTPBadRequest", "'x' is not a valid UUID");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task What_is_set_once_cannot_be_updated(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        (string network, string subnet) = await scratch.NetworkWithSubnetAsync();
        (await cloud.Member.PutAsync($"networks/{network}", new { network = new { status = "DOWN" } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute status");
        (await cloud.Member.PutAsync($"networks/{network}", new { network = new { tags = new[] { "a" } } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute tags");
        (await cloud.Member.PutAsync($"subnets/{subnet}", new { subnet = new { cidr = "10.1.1.0/24" } })).ShouldFail(400, "HTTPBadRequest", "Cannot update read-only attribute cidr");
        (await cloud.Member.PutAsync($"networks/{network}", new { network = new { project_id = cloud.Admin.ProjectId } })).ShouldFail(400, "HTTPBadRequest");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_member_makes_nothing_for_another_project(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.PostAsync("networks", new { network = new { project_id = cloud.Admin.ProjectId } })).ShouldFail(
            400, "HTTPBadRequest", "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_unknown_path_is_a_404_and_a_token_is_needed(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("nothing")).ShouldFail(404, "HTTPNotFound", "The resource could not be found.");
        (await cloud.Member.GetAsync(Service, "/v2.0/networks", "X-Auth-Token:")).ShouldBe(401);
        (await cloud.Member.GetAsync(Service, "/v2.0/networks", "X-Auth-Token: nonsense")).ShouldBe(401);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Every_answer_names_its_request(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("networks?limit=1&fields=id")).Header("X-Openstack-Request-Id").ShouldMatch("^req-[0-9a-f-]{36}$");
        (await cloud.Member.GetAsync($"networks/{Nobody()}")).Header("X-Openstack-Request-Id").ShouldMatch("^req-[0-9a-f-]{36}$");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_versions_are_told(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer versions = await cloud.Member.GetAsync(Service, "/");
        versions.ShouldBe(200)["versions/0/id"].ShouldBe("v2.0");
        versions["versions/0/status"].ShouldBe("CURRENT");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_extensions_that_Tenon_asks_for_are_listed_by_alias_and_name(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string[] aliases = (await cloud.Member.GetAsync("extensions")).Each("extensions", "alias");
        foreach (string alias in new[]
                 {
                     "router", "security-group", "trunk", "extraroute", "standard-attr-tag", "revision-if-match", "quota_details", "allowed-address-pairs",
                     "port-security", "binding", "external-net", "pagination", "sorting", "filter-validation", "standard-attr-revisions", "standard-attr-timestamp",
                 })
            aliases.ShouldContain(alias);
        Answer one = await cloud.Member.GetAsync("extensions/router");
        one.ShouldBe(200)["extension/alias"].ShouldBe("router");
        one.Names("extension").ShouldBe(["alias", "description", "links", "name", "updated"]);
        (await cloud.Member.GetAsync(Service, "/v2.0/extensions/nobody", "Accept: application/json")).ShouldBe(404);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Zones_have_a_name_a_resource_and_a_state(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer zones = await cloud.Member.GetAsync("availability_zones");
        zones.Each("availability_zones", "name").ShouldContain("az1");
        zones.Each("availability_zones", "state").ShouldAllBe(s => s == "available");
        zones.Each("availability_zones", "resource").ShouldContain("router");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Quotas_are_told_with_what_is_used_and_to_their_own_project_only(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer quota = await cloud.Member.GetAsync($"quotas/{cloud.Member.ProjectId}/details.json");
        foreach (string resource in new[] { "network", "subnet", "port", "router", "floatingip", "security_group", "security_group_rule", "trunk" })
        {
            int.Parse(quota.ShouldBe(200)[$"quota/{resource}/limit"]!).ShouldBeGreaterThanOrEqualTo(-1);
            int.Parse(quota[$"quota/{resource}/used"]!).ShouldBeGreaterThanOrEqualTo(0);
            int.Parse(quota[$"quota/{resource}/reserved"]!).ShouldBeGreaterThanOrEqualTo(0);
        }

        (await cloud.Member.GetAsync($"quotas/{cloud.Member.ProjectId}")).ShouldBe(200)["quota/port"].ShouldBe(quota["quota/port/limit"]);
        (await cloud.Member.GetAsync($"quotas/{cloud.Admin.ProjectId}")).ShouldFail(403, "PolicyNotAuthorized", "rule:get_quota is disallowed by policy");
        (await cloud.Member.PutAsync($"quotas/{cloud.Member.ProjectId}", new { quota = new { port = 1 } })).ShouldFail(403, "PolicyNotAuthorized");
    }
}
