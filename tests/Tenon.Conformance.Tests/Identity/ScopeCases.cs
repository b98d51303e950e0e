using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>Scopes other than projects, and what a token may be scoped to.</summary>
public sealed class ScopeCases(Clouds clouds)
{
    [Theory(Timeout = 120_000), Sides, Believed("A system scope that is not for all is refused.")]
    public async Task A_system_scope_is_for_all_whatever_it_says(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        foreach (bool all in (bool[])[true, false])
        {
            Answer answer = (await cloud.Admin.LogInAsync(Auth.Password(cloud.Admin, new JsonObject { ["system"] = new JsonObject { ["all"] = all } }))).ShouldBe(201);
            answer["token/system/all"].ShouldBe("true");
            answer.Has("token", "project").ShouldBeFalse();
            answer.List("token/roles").Select(r => r["name"]!.ToString()).ShouldContain("admin");
            answer.List("token/catalog").Select(s => s["type"]!.ToString()).ShouldContain("compute");
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_domain_scope_by_ID_or_by_name_has_a_catalog_and_no_project(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        string domain = (await scratch.MakeAsync("identity", "/domains", new { domain = new { name = scratch.Name } }, admin: true))["domain/id"]!;
        scratch.Undo("the domain", () => cloud.Admin.SendAsync("PATCH", "identity", $"/domains/{domain}", new { domain = new { enabled = false } }));
        string role = (await cloud.Admin.GetAsync("identity", "/roles?name=reader")).List("roles").Single()["id"]!.ToString();
        (await cloud.Admin.PutAsync("identity", $"/domains/{domain}/users/{wire.UserId}/roles/{role}", null)).ShouldBe(204);
        foreach (JsonObject reference in (JsonObject[])[new() { ["id"] = domain }, new() { ["name"] = scratch.Name }])
        {
            Answer answer = (await wire.LogInAsync(Auth.Password(wire, new JsonObject { ["domain"] = reference }))).ShouldBe(201);
            answer["token/domain/id"].ShouldBe(domain);
            answer["token/domain/name"].ShouldBe(scratch.Name);
            answer.Has("token", "project").ShouldBeFalse();
            answer.List("token/catalog").ShouldNotBeEmpty();
            answer.List("token/roles").Select(r => r["name"]!.ToString()).ShouldBe(["reader"]);
        }

        Answer listed = (await wire.GetAsync("identity", "/auth/domains")).ShouldBe(200);
        listed.List("domains").Single()["id"]!.ToString().ShouldBe(domain);
        (await cloud.Admin.DeleteAsync("identity", $"/domains/{domain}")).ShouldRefuse(403, "Cannot delete a domain that is enabled, please disable it first.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Projects_to_scope_to_are_listed_for_tokens_with_and_without_a_scope(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        string unscoped = (await wire.LogInAsync(Auth.Password(wire))).TokenOf();
        foreach (string token in (string[])[wire.Token, unscoped])
        {
            Answer answer = (await wire.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldBe(200);
            JsonObject project = answer.List("projects").Single();
            project["id"]!.ToString().ShouldBe(wire.ProjectId);
            project["name"]!.ToString().ShouldBe(wire.Account.Project);
            project["domain_id"]!.ToString().ShouldBe("default");
            project["parent_id"]!.ToString().ShouldBe("default");
            ((bool)project["enabled"]!).ShouldBeTrue();
            ((bool)project["is_domain"]!).ShouldBeFalse();
            project["links"]!["self"]!.ToString().ShouldBe($"{wire.Endpoint("identity")}/projects/{wire.ProjectId}");
            answer["links/self"].ShouldBe($"{wire.Endpoint("identity")}/auth/projects");
            answer.Has("links", "next").ShouldBeTrue();
            answer["links/next"].ShouldBeNull();
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Domains_and_the_system_are_listed_for_those_who_have_a_role_on_them(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (await cloud.Member.GetAsync("identity", "/auth/domains")).ShouldBe(200).List("domains").ShouldBeEmpty();
        (await cloud.Member.GetAsync("identity", "/auth/system")).ShouldBe(200).List("system").ShouldBeEmpty();
        ((bool)(await cloud.Admin.GetAsync("identity", "/auth/system")).ShouldBe(200).List("system").Single()["all"]!).ShouldBeTrue();
    }

    [Theory(Timeout = 120_000), Sides, Believed("Without a scope the catalog is an empty list.")]
    public async Task The_catalog_is_forbidden_to_a_token_without_a_scope(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string token = (await cloud.Member.LogInAsync(Auth.Password(cloud.Member))).TokenOf();
        (await cloud.Member.GetAsync("identity", "/auth/catalog", $"X-Auth-Token: {token}")).ShouldRefuse(403, "You are not authorized to perform the requested action.");
        (await cloud.Member.GetAsync("identity", "/auth/catalog")).ShouldBe(200).List("catalog").ShouldNotBeEmpty();
    }
}
