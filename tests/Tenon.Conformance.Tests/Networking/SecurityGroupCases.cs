using Tenon.Conformance.Tests.Support;
using static Tenon.Conformance.Tests.Networking.Making;

namespace Tenon.Conformance.Tests.Networking;

/// <summary>Security groups and address groups.</summary>
public sealed class SecurityGroupCases(Clouds clouds)
{
    [Theory(Timeout = Limit), Sides]
    public async Task A_new_group_lets_everything_out_and_nothing_in(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer made = await scratch.NewAsync("security-groups", "security_group", new { name = scratch.Name });
        made.Names("security_group").ShouldBe(
            ["created_at", "description", "id", "name", "project_id", "revision_number", "security_group_rules", "shared", "stateful", "tags", "tenant_id", "updated_at"]);
        made["security_group/stateful"].ShouldBe("true");
        made["security_group/shared"].ShouldBe("false");
        made.List("security_group/security_group_rules").Select(r => $"{r["direction"]} {r["ethertype"]}").Order(StringComparer.Ordinal).ShouldBe(["egress IPv4", "egress IPv6"]);
        foreach (System.Text.Json.Nodes.JsonObject rule in made.List("security_group/security_group_rules"))
        {
            foreach (string any in new[] { "protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id", "remote_address_group_id", "normalized_cidr", "description" })
                rule[any].ShouldBeNull(any);
        }
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Names_of_groups_repeat_and_default_is_taken(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string first = await scratch.GroupAsync(), second = await scratch.GroupAsync();
        (await cloud.Member.GetAsync($"security-groups?name={scratch.NameOf("group")}")).Each("security_groups", "id").Order(StringComparer.Ordinal)
            .ShouldBe(new[] { first, second }.Order(StringComparer.Ordinal));
        (await cloud.Member.PostAsync("security-groups", new { security_group = new { name = "Default" } })).ShouldFail(409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
        (await cloud.Member.PutAsync($"security-groups/{first}", new { security_group = new { name = "default" } })).ShouldFail(409, "SecurityGroupDefaultAlreadyExists");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task The_default_group_lets_its_own_members_in_and_stays(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Answer found = await cloud.Member.GetAsync($"security-groups?name=default&project_id={cloud.Member.ProjectId}");
        string id = found["security_groups/0/id"]!;
        found["security_groups/0/description"].ShouldBe("Default security group");
        found.List("security_groups/0/security_group_rules").Where(r => r["direction"]!.ToString() == "ingress" && r["remote_group_id"]?.ToString() == id)
            .Select(r => r["ethertype"]!.ToString()).Order(StringComparer.Ordinal).ShouldBe(["IPv4", "IPv6"]);
        await scratch.NewAsync("ports", "port", new { network_id = await scratch.NetworkAsync(), security_groups = new[] { id } });
        (await cloud.Member.DeleteAsync($"security-groups/{id}")).ShouldFail(409, "SecurityGroupInUse");
        (await cloud.Member.PutAsync($"security-groups/{id}", new { security_group = new { name = "x" } })).ShouldFail(409, "SecurityGroupCannotUpdateDefault");
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_group_in_use_is_neither_deleted_nor_made_stateless(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync(), group = await scratch.GroupAsync();
        string port = (await scratch.NewAsync("ports", "port", new { network_id = network, security_groups = new[] { group } }))["port/id"]!;
        (await cloud.Member.DeleteAsync($"security-groups/{group}")).ShouldFail(409, "SecurityGroupInUse", $"Security Group {group} in use.");
        (await cloud.Member.PutAsync($"security-groups/{group}", new { security_group = new { stateful = false } })).ShouldFail(409, "SecurityGroupInUse");
        (await cloud.Member.PutAsync($"security-groups/{group}", new { security_group = new { name = "renamed", description = "d" } })).ShouldBe(200)["security_group/name"].ShouldBe("renamed");
        (await cloud.Member.DeleteAsync($"ports/{port}")).ShouldBe(204);
        (await cloud.Member.DeleteAsync($"security-groups/{group}")).ShouldBe(204);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_group_that_rules_of_others_name_goes_with_those_rules(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string group = await scratch.GroupAsync("a"), remote = await scratch.GroupAsync("b");
        (await cloud.Member.PostAsync("security-group-rules", new { security_group_rule = new { security_group_id = group, direction = "ingress", remote_group_id = remote } })).ShouldBe(201);
        (await cloud.Member.DeleteAsync($"security-groups/{remote}")).ShouldBe(204);
        (await cloud.Member.GetAsync($"security-group-rules?security_group_id={group}&direction=ingress")).List("security_group_rules").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit), Sides]
    public async Task A_rule_more_or_less_raises_the_revision_of_the_group_and_a_port_that_joins_does_not(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string network = await scratch.NetworkAsync(), group = await scratch.GroupAsync();
        async Task<int> Revision() => int.Parse((await cloud.Member.GetAsync($"security-groups/{group}"))["security_group/revision_number"]!);
        int first = await Revision();
        string rule = (await cloud.Member.PostAsync("security-group-rules", new { security_group_rule = new { security_group_id = group, direction = "ingress" } }))["security_group_rule/id"]!;
        int second = await Revision();
        second.ShouldBeGreaterThan(first);
        (await cloud.Member.DeleteAsync($"security-group-rules/{rule}")).ShouldBe(204);
        int third = await Revision();
        third.ShouldBeGreaterThan(second);
        await scratch.NewAsync("ports", "port", new { network_id = network, security_groups = new[] { group } });
        (await Revision()).ShouldBe(third);
        (await cloud.Member.PutAtAsync($"security-groups/{group}", new { security_group = new { name = "q" } }, $"{first}")).ShouldFail(412, "RevisionNumberConstraintFailed");
        (await cloud.Member.PutAtAsync($"security-groups/{group}", new { security_group = new { name = "q" } }, $"{third}")).ShouldBe(200);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task Another_project_s_group_is_not_found_for_rules_either(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string own = await scratch.GroupAsync();
        string foreign = (await scratch.NewAsync("security-groups", "security_group", new { name = scratch.Name }, admin: true))["security_group/id"]!;
        string message = $"Security group {foreign} does not exist";
        (await cloud.Member.GetAsync($"security-groups/{foreign}")).ShouldFail(404, "SecurityGroupNotFound", message);
        (await cloud.Member.PostAsync("security-group-rules", new { security_group_rule = new { security_group_id = foreign, direction = "ingress" } })).ShouldFail(404, "SecurityGroupNotFound", message);
        (await cloud.Member.PostAsync("security-group-rules", new { security_group_rule = new { security_group_id = own, direction = "ingress", remote_group_id = foreign } }))
            .ShouldFail(404, "SecurityGroupNotFound", message);
    }

    [Theory(Timeout = Limit), Sides]
    public async Task An_address_group_is_used_by_rules_and_stays_while_it_is(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        string addresses = (await scratch.NewAsync("address-groups", "address_group", new { name = scratch.Name, addresses = new[] { "10.0.0.0/24" } }))["address_group/id"]!;
        string group = await scratch.GroupAsync();
        Answer rule = await cloud.Member.PostAsync("security-group-rules", new { security_group_rule = new { security_group_id = group, direction = "ingress", remote_address_group_id = addresses } });
        rule.ShouldBe(201)["security_group_rule/remote_address_group_id"].ShouldBe(addresses);
        (await cloud.Member.PutAsync($"address-groups/{addresses}/add_addresses", new { addresses = new[] { "10.3.0.0/16" } })).ShouldBe(200);
        (await cloud.Member.GetAsync($"address-groups/{addresses}")).At("address_group/addresses")!.AsArray().Select(a => a!.ToString()).Order(StringComparer.Ordinal)
            .ShouldBe(["10.0.0.0/24", "10.3.0.0/16"]);
        (await cloud.Member.DeleteAsync($"address-groups/{addresses}")).ShouldFail(409, "AddressGroupInUse");
        (await cloud.Member.PostAsync("address-groups", new { address_group = new { name = scratch.Name, addresses = new[] { "10.1.0.5" } } }))
            .ShouldFail(400, "HTTPBadRequest", "'10.1.0.5/32' is recommended");
    }
}
