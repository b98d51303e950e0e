using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>Tokens from tokens, what a token is worth, and its end (Identity API v3, "Tokens").</summary>
public sealed class TokenCases(Clouds clouds)
{
    private const string Denied = "The request you have made requires authentication.";

    [Theory(Timeout = 120_000), Sides]
    public async Task A_token_from_a_token_ends_with_it_and_remembers_its_parent(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer first = await cloud.Member.LogInAsync(Auth.Password(cloud.Member));
        Answer second = await cloud.Member.LogInAsync(Auth.Token(first.TokenOf(), Auth.ProjectOf(cloud.Member)));
        second.ShouldBe(201)["token/expires_at"].ShouldBe(first["token/expires_at"]);
        second["token/project/id"].ShouldBe(cloud.Member.ProjectId);
        second["token/audit_ids/1"].ShouldBe(first["token/audit_ids/0"]);
        second["token/audit_ids/0"].ShouldNotBe(first["token/audit_ids/0"]);
        ((JsonArray)second.At("token/methods")!).Select(m => m!.ToString()).ShouldBe(["password", "token"], ignoreOrder: true);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task The_catalog_is_left_out_when_asked(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer answer = await cloud.Member.PostAsync("identity", "/auth/tokens?nocatalog", Auth.Password(cloud.Member, Auth.ProjectOf(cloud.Member)), "X-Auth-Token:");
        answer.ShouldBe(201).Has("token", "catalog").ShouldBeFalse();
        answer.Has("token", "roles").ShouldBeTrue();
        (await cloud.Member.GetAsync("identity", "/auth/tokens?nocatalog", $"X-Subject-Token: {cloud.Member.Token}")).ShouldBe(200).Has("token", "catalog").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Everybody_may_validate_their_own_token_and_only_the_administrator_those_of_others(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer own = (await cloud.Member.ValidateAsync(cloud.Member.Token)).ShouldBe(200);
        own.Header("X-Subject-Token").ShouldBe(cloud.Member.Token);
        own["token/user/id"].ShouldBe(cloud.Member.UserId);
        own.List("token/catalog").ShouldNotBeEmpty();
        (await cloud.Admin.ValidateAsync(cloud.Member.Token)).ShouldBe(200)["token/user/id"].ShouldBe(cloud.Member.UserId);
        (await cloud.Member.ValidateAsync(cloud.Admin.Token)).ShouldRefuse(403, "You are not authorized to perform the requested action: identity:validate_token.");
        (await cloud.Member.GetAsync("identity", "/auth/tokens")).ShouldRefuse(403, "You are not authorized to perform the requested action: identity:validate_token.");
        (await cloud.Member.ValidateAsync("gAAAAABnonsense")).ShouldRefuse(404, "Could not recognize Fernet token");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A revoked token is unknown to Keystone, which cannot recognize it any more.")]
    public async Task A_revoked_token_is_refused_and_Keystone_still_recognizes_it(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string token = (await cloud.Member.LogInAsync(Auth.Password(cloud.Member))).TokenOf();
        (await cloud.Member.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldBe(200);
        (await cloud.Member.DeleteAsync("identity", "/auth/tokens", $"X-Subject-Token: {token}")).ShouldBe(204);
        (await cloud.Member.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldRefuse(401, Denied);
        (await cloud.Admin.ValidateAsync(token)).ShouldRefuse(404, "Failed to validate token");
        (await cloud.Member.DeleteAsync("identity", "/auth/tokens", $"X-Subject-Token: {token}")).ShouldRefuse(404, "Failed to validate token");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A login with a bad token answers 401.")]
    public async Task A_login_with_a_token_of_no_worth_answers_404(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string token = (await cloud.Member.LogInAsync(Auth.Password(cloud.Member))).TokenOf();
        (await cloud.Member.DeleteAsync("identity", "/auth/tokens", $"X-Subject-Token: {token}")).ShouldBe(204);
        (await cloud.Member.LogInAsync(Auth.Token(token))).ShouldRefuse(404, "Failed to validate token");
        (await cloud.Member.LogInAsync(Auth.Token("gAAAAABnonsense"))).ShouldRefuse(404, "Could not recognize Fernet token");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_changed_password_ends_the_tokens_of_the_old_one(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        string password = Guid.NewGuid().ToString("N");
        object change = new { user = new { original_password = wire.Account.Password, password } };
        (await wire.PostAsync("identity", $"/users/{wire.UserId}/password", change)).ShouldBe(204);
        (await wire.GetAsync("identity", "/auth/projects")).ShouldRefuse(401, Denied);
        (await wire.LogInAsync(Auth.Password(wire))).ShouldRefuse(401, Denied);
        (await wire.LogInAsync(Auth.Password(wire, password: password))).ShouldBe(201);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_token_of_a_deleted_user_is_refused_and_its_validation_names_the_user(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        (await cloud.Admin.DeleteAsync("identity", $"/users/{wire.UserId}")).ShouldBe(204);
        // A Keystone process that remembers the token finds it revoked; one that does not looks for the user first.
        Answer own = await wire.GetAsync("identity", "/auth/projects");
        own.ShouldRefuse(own.Status == 404 ? 404 : 401, own.Status == 404 ? $"Could not find user: {wire.UserId}." : Denied);
        (await cloud.Admin.ValidateAsync(wire.Token)).ShouldRefuse(404, $"Could not find user: {wire.UserId}.");
        (await wire.LogInAsync(Auth.Password(wire))).ShouldRefuse(401, Denied);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task No_token_gets_into_a_disabled_project(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        (await cloud.Admin.SendAsync("PATCH", "identity", $"/projects/{wire.ProjectId}", new { project = new { enabled = false } })).ShouldBe(200)["project/enabled"].ShouldBe("false");
        (await wire.LogInAsync(Auth.Password(wire, Auth.ProjectOf(wire)))).ShouldRefuse(401, Denied);
        (await cloud.Admin.ValidateAsync(wire.Token)).ShouldRefuse(404, $"Unable to validate token because project {wire.ProjectId} is disabled");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task No_token_and_a_bad_token_are_refused_alike_by_Keystone(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        foreach (string header in (string[])["X-Auth-Token:", "X-Auth-Token: nonsense"])
        {
            Answer answer = (await cloud.Member.GetAsync("identity", "/auth/projects", header)).ShouldRefuse(401, Denied);
            answer.Header("x-openstack-request-id").ShouldStartWith("req-");
        }
    }
}
