using System.Text.Json.Nodes;
using Tenon.Testing;

namespace Tenon.Sandbox.Tests.OpenStack;

public sealed class TokenTests
{
    private const int Limit = 30_000;
    private static readonly object DemoScope = new { project = new { name = "demo", domain = new { name = "Default" } } };

    [Fact(Timeout = Limit)]
    public async Task A_project_scoped_token_has_roles_catalog_and_times()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        WireAnswer answer = (await cloud.Authenticate(CloudClient.Password("demo", "secret", DemoScope))).ShouldBe(201);
        answer.Header("X-Subject-Token").ShouldStartWith("gAAAAAB");
        answer.Header("x-openstack-request-id").ShouldStartWith("req-");
        JsonObject token = answer.At("token")!.AsObject();
        token.Select(p => p.Key).ShouldBe(
            ["methods", "user", "audit_ids", "expires_at", "issued_at", "project", "is_domain", "roles", "catalog"], ignoreOrder: true);
        answer["token/methods/0"].ShouldBe("password");
        answer["token/user/name"].ShouldBe("demo");
        answer["token/user/domain/name"].ShouldBe("Default");
        answer["token/project/name"].ShouldBe("demo");
        answer["token/expires_at"].ShouldEndWith(".000000Z");
        token["roles"]!.AsArray().Select(r => (string?)r!["name"]).ShouldBe(["member", "reader", "load-balancer_member", "creator"], ignoreOrder: true);
        token["catalog"]!.AsArray().Select(s => (string?)s!["type"])
            .ShouldBe(["identity", "compute", "network", "load-balancer", "key-manager", "image", "placement"], ignoreOrder: true);
    }

    [Fact(Timeout = Limit)]
    public async Task Every_endpoint_of_the_catalog_answers_version_discovery()
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Regions = ["RegionOne", "RegionTwo"], Controllers = "none" });
        WireAnswer answer = (await cloud.Authenticate(CloudClient.Password("demo", "secret", DemoScope))).ShouldBe(201);
        foreach (JsonNode? endpoint in answer.At("token/catalog")!.AsArray().SelectMany(s => s!["endpoints"]!.AsArray()))
        {
            string url = (string)endpoint!["url"]!;
            url.ShouldStartWith(cloud.Root);
            (await cloud.Get(url[cloud.Root.Length..])).Status.ShouldBeOneOf(200, 300);
        }
    }

    public static TheoryData<string, int, string> Refused => new()
    {
        { """{}""", 400, "Expecting to find auth in request body." },
        { """no json""", 400, "Expecting to find valid JSON in request body." },
        { """{"auth":{}}""", 400, "'identity' is a required property" },
        { """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"name":"Default"},"password":"bad"}}}}}""", 401, "The request you have made requires authentication." },
        { """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"nobody","domain":{"name":"Default"},"password":"secret"}}}}}""", 401, "The request you have made requires authentication." },
        { """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","password":"secret"}}}}}""", 400, "Expecting to find domain in user." },
        { """{"auth":{"identity":{"methods":["token"],"token":{"id":"nope"}}}}""", 404, "Could not recognize Fernet token" },
        { """{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"nope","secret":"x"}}}}""", 404, "Could not find Application Credential: nope." },
        { """{"auth":{"identity":{"methods":["bogus"],"bogus":{}}}}""", 401, "Attempted to authenticate with an unsupported method." },
        { """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"name":"Default"},"password":"secret"}}},"scope":{"project":{"name":"admin","domain":{"name":"Default"}}}}}""", 401, "The request you have made requires authentication." },
        { """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"name":"Default"},"password":"secret"}}},"scope":{"project":{"name":"nix","domain":{"name":"Default"}}}}}""", 401, "The request you have made requires authentication." },
        { """{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"demo","domain":{"name":"Default"},"password":"secret"}}},"scope":{"domain":{"name":"Default"}}}}""", 401, "The request you have made requires authentication." },
    };

    [Theory(Timeout = Limit)]
    [MemberData(nameof(Refused))]
    public async Task Wrong_authentication_is_refused_in_keystones_words(string body, int status, string message)
    {
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { SeedWorld = false, Controllers = "none" });
        WireAnswer answer = (await cloud.Send("POST", "/identity/v3/auth/tokens", body, user: null)).ShouldBe(status);
        answer["error/message"]!.ShouldStartWith(message);
        answer["error/code"].ShouldBe(status.ToString());
        if (status == 401) answer.Header("WWW-Authenticate").ShouldBe($"Keystone uri=\"{cloud.Host.AuthUrl}\"");
    }

    [Fact(Timeout = Limit)]
    public async Task Scopes_by_id_unscoped_domain_and_system_work()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        WireAnswer unscoped = (await cloud.Authenticate(CloudClient.Password("demo", "secret"))).ShouldBe(201);
        unscoped.At("token/catalog").ShouldBeNull();
        unscoped.At("token/project").ShouldBeNull();
        string project = (await cloud.Get("/identity/v3/auth/projects"))["projects/0/id"]!;
        WireAnswer rescoped = (await cloud.Authenticate(new
        {
            auth = new
            {
                identity = new { methods = new[] { "token" }, token = new { id = unscoped.Header("X-Subject-Token") } },
                scope = new { project = new { id = project } },
            },
        })).ShouldBe(201);
        rescoped["token/project/id"].ShouldBe(project);
        rescoped.At("token/methods")!.AsArray().Select(m => (string?)m).ShouldBe(["password", "token"], ignoreOrder: true);
        rescoped["token/expires_at"].ShouldBe(unscoped["token/expires_at"], "a token made from a token lives no longer than it");
        rescoped.At("token/audit_ids")!.AsArray().Count.ShouldBe(2);
        (await cloud.Authenticate(CloudClient.Password("admin", "secret", new { domain = new { id = "default" } }))).ShouldBe(201)["token/domain/name"].ShouldBe("Default");
        (await cloud.Authenticate(CloudClient.Password("admin", "secret", new { system = new { all = true } }))).ShouldBe(201)["token/system/all"].ShouldBe("true");
    }

    [Fact(Timeout = Limit)]
    public async Task Tokens_expire_by_the_sandboxs_clock_and_can_be_revoked()
    {
        var clock = new ManualTimeProvider();
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions
        {
            TimeProvider = clock, AdvanceClock = clock.Advance, TokenLifetime = TimeSpan.FromMinutes(5), Controllers = "none",
        });
        string first = (await cloud.Authenticate(CloudClient.Password("demo", "secret", DemoScope))).Header("X-Subject-Token");
        (await cloud.Get("/compute/v2.1/servers", null, $"X-Auth-Token: {first}")).ShouldBe(200);
        (await cloud.Send("POST", "/_sandbox/clock", new { advance = 300 }, user: null)).ShouldBe(200);
        WireAnswer expired = (await cloud.Get("/compute/v2.1/servers", null, $"X-Auth-Token: {first}")).ShouldBe(401);
        expired["error/message"].ShouldBe("The request you have made requires authentication.");
        string second = (await cloud.Authenticate(CloudClient.Password("demo", "secret", DemoScope))).Header("X-Subject-Token");
        (await cloud.Send("DELETE", "/identity/v3/auth/tokens", null, null, $"X-Auth-Token: {second}", $"X-Subject-Token: {second}")).ShouldBe(204);
        (await cloud.Get("/network/v2.0/networks", null, $"X-Auth-Token: {second}")).ShouldBe(401);
    }

    [Fact(Timeout = Limit)]
    public async Task Application_credentials_authenticate_by_id_and_by_name_until_deleted()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string user = (await cloud.Authenticate(CloudClient.Password("demo", "secret")))["token/user/id"]!;
        WireAnswer created = (await cloud.Post($"/identity/v3/users/{user}/application_credentials", new
        {
            application_credential = new { name = "ccm", roles = new[] { new { name = "member" } } },
        })).ShouldBe(201);
        string id = created["application_credential/id"]!, secret = created["application_credential/secret"]!;
        (await cloud.Post($"/identity/v3/users/{user}/application_credentials", new { application_credential = new { name = "ccm" } })).ShouldBe(409);

        static object Body(object credential) => new { auth = new { identity = new { methods = new[] { "application_credential" }, application_credential = credential } } };
        WireAnswer byId = (await cloud.Authenticate(Body(new { id, secret }))).ShouldBe(201);
        byId["token/project/name"].ShouldBe("demo");
        byId.At("token/roles")!.AsArray().Select(r => (string?)r!["name"]).ShouldBe(["member", "reader"], ignoreOrder: true);
        byId["token/application_credential/restricted"].ShouldBe("true");
        WireAnswer byName = (await cloud.Authenticate(Body(new { name = "ccm", secret, user = new { name = "demo", domain = new { id = "default" } } }))).ShouldBe(201);
        (await cloud.Authenticate(Body(new { id, secret = "wrong" }))).ShouldBe(401);
        (await cloud.Authenticate(new
        {
            auth = new { identity = new { methods = new[] { "application_credential" }, application_credential = new { id, secret } }, scope = DemoScope },
        })).ShouldBe(401)["error/message"].ShouldBe("Error authenticating with application credential: Application credentials cannot request a scope.");
        // A restricted credential makes no further ones.
        (await cloud.Send("POST", $"/identity/v3/users/{user}/application_credentials", new { application_credential = new { name = "more" } }, null,
            $"X-Auth-Token: {byId.Header("X-Subject-Token")}")).ShouldBe(403);
        (await cloud.Delete($"/identity/v3/users/{user}/application_credentials/{id}")).ShouldBe(204);
        (await cloud.Get("/compute/v2.1/servers", null, $"X-Auth-Token: {byName.Header("X-Subject-Token")}")).ShouldBe(401);
        (await cloud.Authenticate(Body(new { id, secret }))).ShouldBe(404);
    }

    [Fact(Timeout = Limit)]
    public async Task A_trust_lets_its_trustee_act_as_the_trustor()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string demo = (await cloud.Authenticate(CloudClient.Password("demo", "secret")))["token/user/id"]!;
        string admin = (await cloud.Authenticate(CloudClient.Password("admin", "secret")))["token/user/id"]!;
        string project = (await cloud.Get("/identity/v3/auth/projects"))["projects/0/id"]!;
        string trust = (await cloud.Post("/identity/v3/OS-TRUST/trusts", new
        {
            trust = new { trustor_user_id = demo, trustee_user_id = admin, project_id = project, impersonation = true, roles = new[] { new { name = "member" } } },
        })).ShouldBe(201)["trust/id"]!;
        var scope = new Dictionary<string, object> { ["OS-TRUST:trust"] = new { id = trust } };
        WireAnswer token = (await cloud.Authenticate(CloudClient.Password("admin", "secret", scope))).ShouldBe(201);
        token["token/user/name"].ShouldBe("demo");
        token["token/OS-TRUST:trust/trustee_user/id"].ShouldBe(admin);
        (await cloud.Authenticate(CloudClient.Password("demo", "secret", scope))).ShouldBe(403);
        (await cloud.Delete($"/identity/v3/OS-TRUST/trusts/{trust}")).ShouldBe(204);
        (await cloud.Get("/compute/v2.1/servers", null, $"X-Auth-Token: {token.Header("X-Subject-Token")}")).ShouldBe(401);
    }

    [Fact(Timeout = Limit)]
    public async Task Tokens_are_validated_for_their_owner_and_for_administrators_only()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        string demo = await cloud.TokenOf("demo"), admin = await cloud.TokenOf("admin");
        (await cloud.Get("/identity/v3/auth/tokens?nocatalog", "admin", $"X-Subject-Token: {demo}")).ShouldBe(200).At("token/catalog").ShouldBeNull();
        (await cloud.Get("/identity/v3/auth/tokens", "demo", $"X-Subject-Token: {demo}")).ShouldBe(200).At("token/catalog").ShouldNotBeNull();
        (await cloud.Get("/identity/v3/auth/tokens", "demo", $"X-Subject-Token: {admin}")).ShouldBe(403);
        (await cloud.Get("/identity/v3/auth/tokens", "demo", "X-Subject-Token: nope")).ShouldBe(404)["error/message"].ShouldBe("Could not recognize Fernet token");
        (await cloud.Send("HEAD", "/identity/v3/auth/tokens", null, "demo", $"X-Subject-Token: {demo}")).ShouldBe(200);
    }
}
