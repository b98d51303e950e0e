using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;
using Tenon.OpenStack.Identity;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>Application credentials (Identity API v3, "Application Credentials"), with which clusters usually log in.</summary>
public sealed class ApplicationCredentialCases(Clouds clouds, OwnProjects projects) : IClassFixture<OwnProjects>
{
    private const string Denied = "The request you have made requires authentication.";

    private static string Path(Wire wire) => $"/users/{wire.UserId}/application_credentials";

    [Theory(Timeout = 120_000), Sides]
    public async Task A_credential_has_the_users_roles_and_tells_its_secret_once(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        Answer made = await scratch.MakeAsync(wire, "identity", Path(wire), new { application_credential = new { name = scratch.Name } });
        made.ShouldBe(201)["application_credential/secret"]!.Length.ShouldBe(86);
        made["application_credential/project_id"].ShouldBe(wire.ProjectId);
        made.Has("application_credential", "unrestricted").ShouldBeTrue();
        made["application_credential/unrestricted"].ShouldBeNull();
        made["application_credential/expires_at"].ShouldBeNull();
        made["application_credential/system"].ShouldBeNull();
        made.List("application_credential/roles").Select(r => r["name"]!.ToString()).ShouldBe(["member", "reader"], ignoreOrder: true);
        Answer shown = (await wire.GetAsync("identity", $"{Path(wire)}/{made["application_credential/id"]}")).ShouldBe(200);
        shown.Has("application_credential", "secret").ShouldBeFalse();
        (await wire.GetAsync("identity", $"{Path(wire)}?name={scratch.Name}")).ShouldBe(200).List("application_credentials").Count.ShouldBe(1);
        (await wire.PostAsync("identity", Path(wire), new { application_credential = new { name = scratch.Name } }))
            .ShouldRefuse(409, $"Conflict occurred attempting to store application_credential - Duplicate entry found with name {scratch.Name}");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Its_token_is_for_its_project_and_names_the_credential(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        Answer made = await scratch.MakeAsync(
            wire, "identity", Path(wire), new { application_credential = new { name = scratch.Name, secret = "chosen", roles = new[] { new { name = "reader" } } } });
        string id = made["application_credential/id"]!;
        JsonObject byName(JsonObject user) => Auth.Method("application_credential", new JsonObject { ["name"] = scratch.Name, ["user"] = user, ["secret"] = "chosen" });
        foreach (JsonObject body in (JsonObject[])[Auth.Credential(id, "chosen"), byName(Auth.UserOf(wire)), byName(Auth.UserOf(wire, byId: true))])
        {
            Answer token = (await wire.LogInAsync(body)).ShouldBe(201);
            token["token/project/id"].ShouldBe(wire.ProjectId);
            token["token/application_credential/id"].ShouldBe(id);
            token["token/application_credential/name"].ShouldBe(scratch.Name);
            token["token/application_credential/restricted"].ShouldBe("true");
            token["token/methods/0"].ShouldBe("application_credential");
            token.List("token/roles").Select(r => r["name"]!.ToString()).ShouldBe(["reader"]);
            token.List("token/catalog").ShouldNotBeEmpty();
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Wrong_and_missing_secrets_answer_401_and_so_does_asking_for_a_scope(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        Answer made = await scratch.MakeAsync(wire, "identity", Path(wire), new { application_credential = new { name = scratch.Name, secret = "chosen" } });
        string id = made["application_credential/id"]!;
        (await wire.LogInAsync(Auth.Credential(id, "wrong"))).ShouldRefuse(401, Denied);
        (await wire.LogInAsync(Auth.Credential(id, null))).ShouldRefuse(401, Denied);
        foreach (JsonNode scope in (JsonNode[])["unscoped", Auth.ProjectOf(wire)])
        {
            (await wire.LogInAsync(Auth.Credential(id, "chosen", scope)))
                .ShouldRefuse(401, "Error authenticating with application credential: Application credentials cannot request a scope.");
        }

        JsonObject Named(JsonObject data) => Auth.Method("application_credential", data);
        (await wire.LogInAsync(Named(new() { ["secret"] = "chosen" }))).ShouldRefuse(400, "Expecting to find name or ID in application credential.");
        (await wire.LogInAsync(Named(new() { ["secret"] = "chosen", ["name"] = scratch.Name }))).ShouldRefuse(400, "Expecting to find user in application credential.");
    }

    [Theory(Timeout = 120_000), Sides, Believed("A login with an application credential that does not exist answers 401.")]
    public async Task An_unknown_credential_answers_404_by_its_ID_and_401_by_its_name(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string id = Guid.NewGuid().ToString("N");
        (await cloud.Member.LogInAsync(Auth.Credential(id, "x"))).ShouldRefuse(404, $"Could not find Application Credential: {id}.");
        JsonObject byName = Auth.Method("application_credential", new JsonObject { ["name"] = id, ["user"] = Auth.UserOf(cloud.Member), ["secret"] = "x" });
        (await cloud.Member.LogInAsync(byName)).ShouldRefuse(401, Denied);
    }

    [Theory(Timeout = 120_000), Sides, Believed("Keystone refuses the token of a deleted application credential with 401, as other services do.")]
    public async Task A_deleted_credential_makes_Keystone_answer_404_to_its_tokens_whatever_they_ask(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        Answer made = await scratch.MakeAsync(wire, "identity", Path(wire), new { application_credential = new { name = scratch.Name, secret = "chosen" } });
        string id = made["application_credential/id"]!, missing = $"Could not find Application Credential: {id}.";
        string token = (await wire.LogInAsync(Auth.Credential(id, "chosen"))).TokenOf();
        (await wire.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}")).ShouldBe(200);
        await using var client = new CloudClient(cloud.Credentials with { Method = new AuthMethod.ApplicationCredential(id, null, null, null, null, new("chosen")), Scope = AuthScope.None });
        await client.Identity.GetSelfAsync(TestContext.Current.CancellationToken);
        (await wire.DeleteAsync("identity", $"{Path(wire)}/{id}")).ShouldBe(204);
        // A thread of Keystone's looks a token's credential up in the cache of the request that it served before: each may let the token in once more.
        (await RefusalAsync(client)).Kind.ShouldBe(OpenStackErrorKind.Unauthorized);
        (await RefusedAsync(() => wire.GetAsync("identity", "/auth/projects", $"X-Auth-Token: {token}"))).ShouldRefuse(404, missing);
        (await RefusedAsync(() => cloud.Admin.ValidateAsync(token))).ShouldRefuse(404, missing);
        (await wire.LogInAsync(Auth.Credential(id, "chosen"))).ShouldRefuse(404, missing);
        (await wire.DeleteAsync("identity", $"{Path(wire)}/{id}")).ShouldRefuse(404, missing);
        (await RefusedAsync(() => wire.GetAsync("compute", "/servers", $"X-Auth-Token: {token}"))).ShouldBe(401);

        static Task<Answer> RefusedAsync(Func<Task<Answer>> ask) => Scratch.UntilAsync(ask, a => a.Status >= 400, "refused: the token of a deleted credential");
    }

    /// <summary>What a client meets whose credential is deleted.</summary>
    private static async Task<OpenStackException> RefusalAsync(CloudClient client)
    {
        while (true)
        {
            try
            {
                await foreach (Project _ in client.Identity.ListProjectsAsync(TestContext.Current.CancellationToken)) break;
            }
            catch (OpenStackException e)
            {
                return e;
            }
        }
    }

    [Theory(Timeout = 120_000), Sides, Believed("Every time in a token has a fraction and a Z.")]
    public async Task The_token_of_a_credential_that_ends_ends_with_it_and_says_so_without_a_time_zone(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        string end = TimeProvider.System.GetUtcNow().AddMinutes(10).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss");
        Answer made = await scratch.MakeAsync(wire, "identity", Path(wire), new { application_credential = new { name = scratch.Name, secret = "chosen", expires_at = end } });
        made["application_credential/expires_at"].ShouldBe($"{end}.000000");
        string id = made["application_credential/id"]!;
        (await wire.LogInAsync(Auth.Credential(id, "chosen"))).ShouldBe(201)["token/expires_at"].ShouldBe(end);
        var credentials = cloud.Credentials with { Method = new AuthMethod.ApplicationCredential(id, null, null, null, null, new("chosen")), Scope = AuthScope.None };
        await using var client = new CloudClient(credentials);
        AuthenticatedIdentity self = await client.Identity.GetSelfAsync(TestContext.Current.CancellationToken);
        self.ExpiresAt.ToString("yyyy-MM-ddTHH:mm:sszzz").ShouldBe($"{end}+00:00");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Roles_that_are_not_the_users_and_times_that_are_past_are_refused(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        Task<Answer> Ask(object credential) => wire.PostAsync("identity", Path(wire), new { application_credential = credential });
        (await Ask(new { name = scratch.Name, roles = new[] { new { name = "admin" } } }))
            .ShouldRefuse(400, "Invalid application credential: Cannot create an application credential with unassigned role");
        (await Ask(new { name = scratch.Name, roles = new[] { new { name = "no-such-role" } } })).ShouldRefuse(404, "Role no-such-role is not defined");
        (await Ask(new { name = scratch.Name, expires_at = "2020-01-01T00:00:00" })).ShouldRefuse(400, "The 'expires_at' must not be before now.");
        (await Ask(new { })).ShouldRefuse(400, "'name' is a required property");
        (await wire.PostAsync("identity", $"/users/{cloud.Admin.UserId}/application_credentials", new { application_credential = new { name = "a" } }))
            .ShouldRefuse(403, "You are not authorized to perform the requested action: identity:create_application_credential.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_credentials_token_makes_no_other_token_and_no_other_credential(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await projects.GetAsync(side);
        Answer made = await scratch.MakeAsync(wire, "identity", Path(wire), new { application_credential = new { name = scratch.Name, secret = "chosen" } });
        string token = (await wire.LogInAsync(Auth.Credential(made["application_credential/id"]!, "chosen"))).TokenOf();
        (await wire.LogInAsync(Auth.Token(token))).ShouldRefuse(403, "You are not authorized to perform the requested action: Using a delegated token to create another token is not allowed.");
        (await wire.PostAsync("identity", Path(wire), new { application_credential = new { name = "other" } }, $"X-Auth-Token: {token}"))
            .ShouldRefuse(403, "You are not authorized to perform the requested action: Using method 'application_credential' is not allowed for managing additional application credentials.");
        (await wire.GetAsync("identity", $"{Path(wire)}?name={scratch.Name}", $"X-Auth-Token: {token}")).ShouldBe(200).List("application_credentials").Count.ShouldBe(1);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_credential_outlives_a_changed_password_and_not_the_users_role(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        // The credential goes with its user, whose own tokens end here.
        Answer made = await wire.PostAsync("identity", Path(wire), new { application_credential = new { name = scratch.Name, secret = "chosen" } });
        string id = made.ShouldBe(201)["application_credential/id"]!;
        (await cloud.Admin.SendAsync("PATCH", "identity", $"/users/{wire.UserId}", new { user = new { password = "other" } })).ShouldBe(200);
        (await wire.LogInAsync(Auth.Credential(id, "chosen"))).ShouldBe(201);
        string role = (await cloud.Admin.GetAsync("identity", "/roles?name=member")).List("roles").Single()["id"]!.ToString();
        (await cloud.Admin.DeleteAsync("identity", $"/projects/{wire.ProjectId}/users/{wire.UserId}/roles/{role}")).ShouldBe(204);
        (await wire.LogInAsync(Auth.Credential(id, "chosen"))).ShouldRefuse(401, Denied);
    }
}
