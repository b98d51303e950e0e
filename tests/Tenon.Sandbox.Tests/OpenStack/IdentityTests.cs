
namespace Tenon.Sandbox.Tests.OpenStack;

public sealed class IdentityTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task Discovery_answers_300_at_the_root_and_knows_its_own_prefix()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        WireAnswer root = (await cloud.Get("/identity/", user: null)).ShouldBe(300);
        root["versions/values/0/id"].ShouldBe("v3.14");
        root["versions/values/0/links/0/href"].ShouldBe($"{cloud.Root}/identity/v3/");
        root.Header("Location").ShouldBe($"{cloud.Root}/identity/v3/");
        (await cloud.Get("/identity/v3/", user: null)).ShouldBe(200)["version/status"].ShouldBe("stable");
        (await cloud.Get("/identity/v3/nope", user: null)).ShouldBe(404).Text.ShouldContain("The requested URL was not found on the server.");
        (await cloud.Send("PUT", "/identity/v3/projects", null, "admin")).ShouldBe(405)["message"].ShouldBe("The method is not allowed for the requested URL.");
    }

    [Fact(Timeout = Limit)]
    public async Task What_needs_an_administrator_is_refused_to_others_by_the_policys_name()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        foreach ((string path, string action) in ((string, string)[])
                 [("projects", "list_projects"), ("users", "list_users"), ("roles", "list_roles"), ("domains", "list_domains"), ("services", "list_services"),
                     ("endpoints", "list_endpoints"), ("role_assignments", "list_role_assignments"), ("projects/nope", "get_project")])
        {
            (await cloud.Get($"/identity/v3/{path}")).ShouldBe(403)["error/message"]
                .ShouldBe($"You are not authorized to perform the requested action: identity:{action}.");
        }

        (await cloud.Get("/identity/v3/projects/nope", "admin")).ShouldBe(404)["error/message"].ShouldBe("Could not find project: nope.");
        (await cloud.Get("/identity/v3/projects", user: null)).ShouldBe(401);
    }

    [Fact(Timeout = Limit)]
    public async Task Projects_users_and_grants_live_from_creation_to_deletion()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        WireAnswer project = (await cloud.Post("/identity/v3/projects", new { project = new { name = "p1" } }, "admin")).ShouldBe(201);
        string projectId = project["project/id"]!;
        project.At("project")!.AsObject().Select(p => p.Key).ShouldBe(
            ["id", "name", "domain_id", "description", "enabled", "parent_id", "is_domain", "tags", "options", "links"], ignoreOrder: true);
        (await cloud.Post("/identity/v3/projects", new { project = new { name = "p1" } }, "admin")).ShouldBe(409)["error/message"]!
            .ShouldStartWith("Conflict occurred attempting to store project - it is not permitted to have two projects");
        string userId = (await cloud.Post("/identity/v3/users", new { user = new { name = "u1", password = "pw", default_project_id = projectId, email = "a@b" } }, "admin"))
            .ShouldBe(201)["user/id"]!;
        (await cloud.Get($"/identity/v3/users/{userId}", "admin"))["user/email"].ShouldBe("a@b");
        (await cloud.Authenticate(CloudClient.Password("u1", "pw"))).ShouldBe(201).At("token/project").ShouldBeNull();
        string role = (await cloud.Get("/identity/v3/roles?name=member", "admin"))["roles/0/id"]!;
        string grant = $"/identity/v3/projects/{projectId}/users/{userId}/roles/{role}";
        (await cloud.Send("PUT", grant, null, "admin")).ShouldBe(204);
        (await cloud.Send("HEAD", grant, null, "admin")).ShouldBe(204);
        WireAnswer token = (await cloud.Authenticate(CloudClient.Password("u1", "pw"))).ShouldBe(201);
        token["token/project/id"].ShouldBe(projectId, "the default project is the scope where none is asked for");
        WireAnswer assignments = await cloud.Get($"/identity/v3/role_assignments?user.id={userId}&include_names", "admin");
        assignments["role_assignments/0/role/name"].ShouldBe("member");
        assignments["role_assignments/0/scope/project/domain/name"].ShouldBe("Default");
        (await cloud.Delete(grant, "admin")).ShouldBe(204);
        (await cloud.Delete(grant, "admin")).ShouldBe(404)["error/message"]!.ShouldStartWith($"Could not find role assignment with role: {role}");
        (await cloud.Get("/compute/v2.1/servers", null, $"X-Auth-Token: {token.Header("X-Subject-Token")}")).ShouldBe(401);
        (await cloud.Delete($"/identity/v3/users/{userId}", "admin")).ShouldBe(204);
        (await cloud.Delete($"/identity/v3/projects/{projectId}", "admin")).ShouldBe(204);
        (await cloud.Get($"/identity/v3/projects/{projectId}", "admin")).ShouldBe(404);
    }

    [Fact(Timeout = Limit)]
    public async Task A_disabled_user_or_project_ends_its_tokens()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string project = (await cloud.Get("/identity/v3/auth/projects"))["projects/0/id"]!;
        (await cloud.Send("PATCH", $"/identity/v3/projects/{project}", new { project = new { enabled = false } }, "admin")).ShouldBe(200);
        (await cloud.Get("/compute/v2.1/servers")).ShouldBe(401);
        (await cloud.Send("PATCH", $"/identity/v3/projects/{project}", new { project = new { enabled = true } }, "admin")).ShouldBe(200);
        (await cloud.Get("/compute/v2.1/servers")).ShouldBe(200);
    }

    [Fact(Timeout = Limit)]
    public async Task Changing_a_password_ends_the_users_tokens_and_the_old_password()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string user = (await cloud.Authenticate(CloudClient.Password("demo", "secret")))["token/user/id"]!;
        (await cloud.Post($"/identity/v3/users/{user}/password", new { user = new { original_password = "wrong", password = "new" } })).ShouldBe(401);
        (await cloud.Post($"/identity/v3/users/{user}/password", new { user = new { original_password = "secret", password = "new" } })).ShouldBe(204);
        (await cloud.Get("/compute/v2.1/servers")).ShouldBe(401);
        (await cloud.Authenticate(CloudClient.Password("demo", "secret"))).ShouldBe(401);
        (await cloud.Authenticate(CloudClient.Password("demo", "new"))).ShouldBe(201);
    }

    [Fact(Timeout = Limit)]
    public async Task Two_regions_have_endpoints_and_resources_of_their_own()
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Regions = ["RegionOne", "RegionTwo"], Controllers = "none" });
        WireAnswer endpoints = await cloud.Get("/identity/v3/endpoints?interface=public&region_id=RegionTwo", "admin");
        endpoints.At("endpoints")!.AsArray().Select(e => (string)e!["url"]!).ShouldContain($"{cloud.Root}/RegionTwo/compute/v2.1");
        (await cloud.Get("/compute/v2.1/servers")).At("servers")!.AsArray().Count.ShouldBe(3);
        (await cloud.Get("/RegionTwo/compute/v2.1/servers")).At("servers")!.AsArray().ShouldBeEmpty();
        string one = (await cloud.Get("/network/v2.0/networks?name=public"))["networks/0/id"]!;
        string two = (await cloud.Get("/RegionTwo/network/v2.0/networks?name=public"))["networks/0/id"]!;
        one.ShouldNotBe(two);
        (await cloud.Get($"/RegionTwo/network/v2.0/networks/{one}")).ShouldBe(404);
        cloud.Host.CloudsYaml.ShouldContain("sandbox-RegionTwo:");
        (await cloud.Get("/identity/v3/regions")).At("regions")!.AsArray().Select(r => (string)r!["id"]!).ShouldBe(["RegionOne", "RegionTwo"]);
    }
}
