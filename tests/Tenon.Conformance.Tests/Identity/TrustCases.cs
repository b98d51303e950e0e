using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>Trusts (Identity API v3, OS-TRUST), with which some cluster installers log in.</summary>
public sealed class TrustCases(Clouds clouds, OwnProjects projects) : IClassFixture<OwnProjects>
{
    private const string Path = "/OS-TRUST/trusts";

    private static object Trust(Wire trustor, Wire trustee, bool impersonation = false, string role = "member", string? expires = null, int? uses = null) => new
    {
        trust = new
        {
            trustor_user_id = trustor.UserId, trustee_user_id = trustee.UserId, project_id = trustor.ProjectId, impersonation, roles = new[] { new { name = role } },
            expires_at = expires, remaining_uses = uses,
        },
    };

    private static Task<Answer> LogInAsync(Wire trustee, string trust)
        => trustee.LogInAsync(Auth.Password(trustee, new JsonObject { ["OS-TRUST:trust"] = new JsonObject { ["id"] = trust } }));

    [Theory(Timeout = 120_000), Sides]
    public async Task A_trust_gives_the_trustee_the_trustors_project_and_the_roles_given(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire trustor = await projects.GetAsync(side), trustee = await projects.GetAsync(side, 1);
        foreach (bool impersonation in (bool[])[false, true])
        {
            Answer made = await scratch.MakeAsync(trustor, "identity", Path, Trust(trustor, trustee, impersonation, "reader"));
            made["trust/impersonation"].ShouldBe(impersonation ? "true" : "false");
            made["trust/remaining_uses"].ShouldBeNull();
            made["trust/expires_at"].ShouldBeNull();
            made["trust/redelegation_count"].ShouldBe("0");
            string id = made["trust/id"]!;
            Answer token = (await LogInAsync(trustee, id)).ShouldBe(201);
            token["token/user/id"].ShouldBe(impersonation ? trustor.UserId : trustee.UserId);
            token["token/project/id"].ShouldBe(trustor.ProjectId);
            token["token/OS-TRUST:trust/id"].ShouldBe(id);
            token["token/OS-TRUST:trust/trustor_user/id"].ShouldBe(trustor.UserId);
            token["token/OS-TRUST:trust/trustee_user/id"].ShouldBe(trustee.UserId);
            token.List("token/roles").Select(r => r["name"]!.ToString()).ShouldBe(["reader"]);
            (await trustee.GetAsync("identity", $"{Path}/{id}")).ShouldBe(200)["trust/trustor_user_id"].ShouldBe(trustor.UserId);
            (await trustor.LogInAsync(Auth.Token(token.TokenOf()))).ShouldRefuse(403, "You are not authorized to perform the requested action: Using trust-scoped token to create another token.");
        }
    }

    [Theory(Timeout = 120_000), Sides, Believed("The token of a deleted trust is refused with 401 by Keystone, and a trust without uses left with 403.")]
    public async Task A_deleted_trust_makes_Keystone_answer_404_to_its_tokens(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire trustor = await projects.GetAsync(side), trustee = await projects.GetAsync(side, 1);
        string id = (await scratch.MakeAsync(trustor, "identity", Path, Trust(trustor, trustee)))["trust/id"]!;
        string token = (await LogInAsync(trustee, id)).TokenOf();
        (await trustee.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldBe(200);
        (await trustor.DeleteAsync("identity", $"{Path}/{id}")).ShouldBe(204);
        (await trustee.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldRefuse(404, $"Could not find trust: {id}.");
        (await LogInAsync(trustee, id)).ShouldRefuse(401, "The request you have made requires authentication.");
        (await trustor.DeleteAsync("identity", $"{Path}/{id}")).ShouldRefuse(404, $"Could not find trust: {id}.");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A trust without uses left answers 403 and can be shown and deleted.")]
    public async Task A_trust_without_uses_left_is_gone_but_for_the_list(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire trustor = await projects.GetAsync(side), trustee = await projects.GetAsync(side, 1);
        string id = (await scratch.MakeAsync(trustor, "identity", Path, Trust(trustor, trustee, uses: 1)))["trust/id"]!;
        string token = (await LogInAsync(trustee, id)).TokenOf();
        (await LogInAsync(trustee, id)).ShouldRefuse(401, "The request you have made requires authentication.");
        (await trustor.GetAsync("identity", $"{Path}/{id}")).ShouldRefuse(404, $"Could not find trust: {id}.");
        (await trustor.DeleteAsync("identity", $"{Path}/{id}")).ShouldRefuse(404, $"Could not find trust: {id}.");
        (await trustor.GetAsync("identity", $"{Path}?trustor_user_id={trustor.UserId}")).ShouldBe(200).List("trusts").Single(t => t["id"]!.ToString() == id)["remaining_uses"]!.ToString().ShouldBe("0");
        (await trustee.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Trusts_of_others_of_roles_not_held_and_of_the_past_are_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire trustor = await projects.GetAsync(side), trustee = await projects.GetAsync(side, 1);
        Task<Answer> Ask(object body) => trustor.PostAsync("identity", Path, body);
        string admin = (await cloud.Admin.GetAsync("identity", "/roles?name=admin")).List("roles").Single()["id"]!.ToString();
        (await Ask(Trust(trustee, trustor))).ShouldRefuse(403, "You are not authorized to perform the requested action: identity:create_trust.");
        (await Ask(Trust(trustor, trustee, role: "admin"))).ShouldRefuse(404, $"Could not find role: {admin}.");
        (await Ask(Trust(trustor, trustee, role: "no-such-role"))).ShouldRefuse(404, "Role no-such-role is not defined");
        (await Ask(Trust(trustor, trustee, expires: "2020-01-01T00:00:00.000000Z"))).ShouldRefuse(400, "The 'expires_at' must not be before now.");
        (await Ask(new { trust = new { trustor_user_id = trustor.UserId, trustee_user_id = trustee.UserId } })).ShouldRefuse(400, "'impersonation' is a required property");
        (await trustor.GetAsync("identity", Path)).ShouldRefuse(403, "You are not authorized to perform the requested action: identity:list_trusts.");
        string id = (await scratch.MakeAsync(trustor, "identity", Path, Trust(trustor, trustee)))["trust/id"]!;
        (await LogInAsync(trustor, id)).ShouldRefuse(403, "You are not authorized to perform the requested action.");
    }
}
