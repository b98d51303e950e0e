using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Identity;

/// <summary>Tokens for passwords: POST /v3/auth/tokens (Identity API v3, "Password authentication").</summary>
public sealed class PasswordCases(Clouds clouds)
{
    private const string Denied = "The request you have made requires authentication.";

    [Theory(Timeout = 120_000), Sides]
    public async Task A_password_gives_a_token_in_a_header_and_its_meaning_in_the_body(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer answer = await cloud.Member.LogInAsync(Auth.Password(cloud.Member, Auth.ProjectOf(cloud.Member)));
        answer.TokenOf().ShouldStartWith("gAAAAA");
        answer["token/methods/0"].ShouldBe("password");
        answer["token/user/id"].ShouldBe(cloud.Member.UserId);
        answer["token/user/name"].ShouldBe(cloud.Member.Account.User);
        answer["token/user/domain/id"].ShouldBe("default");
        answer["token/user/domain/name"].ShouldBe("Default");
        answer.Has("token/user", "password_expires_at").ShouldBeTrue();
        answer["token/project/id"].ShouldBe(cloud.Member.ProjectId);
        answer["token/project/name"].ShouldBe(cloud.Member.Account.Project);
        answer["token/project/domain/id"].ShouldBe("default");
        answer["token/is_domain"].ShouldBe("false");
        answer.List("token/roles").Select(r => r["name"]!.ToString()).ShouldContain("member");
        answer.List("token/roles").ShouldAllBe(r => r["id"] != null);
        ((JsonArray)answer.At("token/audit_ids")!).Count.ShouldBe(1);
        answer.Header("Vary").ShouldBe("X-Auth-Token");
        answer.Header("x-openstack-request-id").ShouldMatch("^req-[0-9a-f-]{36}$");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Times_of_a_token_have_microseconds_that_are_zero_and_end_in_Z(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer answer = await cloud.Member.LogInAsync(Auth.Password(cloud.Member, Auth.ProjectOf(cloud.Member)));
        foreach (string field in (string[])["token/expires_at", "token/issued_at"]) answer[field]!.ShouldMatch(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$");
        DateTimeOffset Time(string field) => DateTimeOffset.Parse(answer[field]!, CultureInfo.InvariantCulture);
        Time("token/expires_at").ShouldBeGreaterThan(Time("token/issued_at"));
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Projects_are_found_by_name_and_domain_or_by_ID_and_users_too(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Wire wire = cloud.Member;
        JsonObject[] scopes =
        [
            Auth.ProjectOf(wire),
            new() { ["project"] = new JsonObject { ["name"] = wire.Account.Project, ["domain"] = new JsonObject { ["name"] = "Default" } } },
            new() { ["project"] = new JsonObject { ["name"] = wire.Account.Project, ["domain"] = new JsonObject { ["id"] = "default" } } },
        ];
        foreach (JsonObject scope in scopes)
        {
            Answer answer = await wire.LogInAsync(Auth.Password(wire, scope, byId: scope == scopes[0]));
            answer.ShouldBe(201)["token/project/id"].ShouldBe(wire.ProjectId);
            answer["token/user/id"].ShouldBe(wire.UserId);
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Without_a_scope_the_token_has_no_project_no_roles_and_no_catalog(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        foreach (JsonNode? scope in (JsonNode?[])[null, "unscoped", new JsonObject { ["unscoped"] = new JsonObject() }])
        {
            Answer answer = (await cloud.Member.LogInAsync(Auth.Password(cloud.Member, scope))).ShouldBe(201);
            foreach (string absent in (string[])["project", "domain", "system", "roles", "catalog", "is_domain"]) answer.Has("token", absent).ShouldBeFalse(absent);
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_user_with_a_default_project_gets_it_without_asking_unless_asking_for_none(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using Scratch scratch = cloud.NewScratch();
        Wire wire = await scratch.NewProjectAsync();
        (await cloud.Admin.SendAsync("PATCH", "identity", $"/users/{wire.UserId}", new { user = new { default_project_id = wire.ProjectId } })).ShouldBe(200);
        (await wire.LogInAsync(Auth.Password(wire))).ShouldBe(201)["token/project/id"].ShouldBe(wire.ProjectId);
        (await wire.LogInAsync(Auth.Password(wire, "unscoped"))).ShouldBe(201).Has("token", "project").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task What_is_wrong_with_credentials_is_never_told(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Wire wire = cloud.Member;
        JsonObject Changed(Action<JsonObject> change, JsonNode? scope = null)
        {
            JsonObject body = Auth.Password(wire, scope ?? Auth.ProjectOf(wire));
            change((JsonObject)body["auth"]!["identity"]!["password"]!["user"]!);
            return body;
        }

        JsonObject Named(string project, string domain) => new() { ["project"] = new JsonObject { ["name"] = project, ["domain"] = new JsonObject { ["name"] = domain } } };
        var wrong = new Dictionary<string, JsonObject>
        {
            ["password"] = Changed(u => u["password"] = "wrong"),
            ["user"] = Changed(u => u["name"] = "nobody"),
            ["domain"] = Changed(u => u["domain"] = new JsonObject { ["name"] = "nowhere" }),
            ["project"] = Changed(_ => { }, Named("no-such-project", "Default")),
            ["project's domain"] = Changed(_ => { }, Named(wire.Account.Project, "nowhere")),
            ["project without a role"] = Changed(_ => { }, Named(cloud.Admin.Account.Project, "Default")),
            ["domain without a role"] = Changed(_ => { }, new JsonObject { ["domain"] = new JsonObject { ["id"] = "default" } }),
            ["system without a role"] = Changed(_ => { }, new JsonObject { ["system"] = new JsonObject { ["all"] = true } }),
            ["trust"] = Changed(_ => { }, new JsonObject { ["OS-TRUST:trust"] = new JsonObject { ["id"] = Guid.NewGuid().ToString("N") } }),
        };
        foreach ((string what, JsonObject body) in wrong)
        {
            Answer answer = await wire.LogInAsync(body);
            answer.Status.ShouldBe(401, what);
            answer.ShouldRefuse(401, Denied);
            answer["error/title"].ShouldBe("Unauthorized");
        }
    }

    [Theory(Timeout = 120_000), Sides, Believed("A login without a password is a malformed request (400).")]
    public async Task A_login_without_a_password_is_refused_like_a_wrong_one(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        JsonObject body = Auth.Password(cloud.Member, Auth.ProjectOf(cloud.Member));
        ((JsonObject)body["auth"]!["identity"]!["password"]!["user"]!).Remove("password");
        (await cloud.Member.LogInAsync(body)).ShouldRefuse(401, Denied);
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Malformed_requests_for_a_token_answer_400_and_say_which_field(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        JsonObject Of(string json) => (JsonObject)JsonNode.Parse(json)!;
        (string Body, string Message)[] wrong =
        [
            ("""{}""", "Expecting to find auth in request body."),
            ("""{"auth":{}}""", "'identity' is a required property"),
            ("""{"auth":[]}""", "[] is not of type 'object'"),
            ("""{"auth":{"identity":{}}}""", "Invalid input for field 'identity': 'methods' is a required property"),
            ("""{"auth":{"identity":{"methods":["password"]}}}""", "Expecting to find password in identity."),
            ("""{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"a","password":5}}}}}""", "Invalid input for field 'identity/password/user/password': 5 is not of type 'string'"),
            ("""{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"a","password":"b"}}}}}""", "Expecting to find domain in user."),
            ("""{"auth":{"identity":{"methods":["token"],"token":{}}}}""", "Invalid input for field 'identity/token': 'id' is a required property"),
        ];
        foreach ((string body, string message) in wrong) (await cloud.Member.LogInAsync(Of(body))).ShouldRefuse(400, message);
        (await cloud.Member.PostAsync("identity", "/auth/tokens", "{nonsense", "X-Auth-Token:")).ShouldRefuse(400, "Expecting to find valid JSON in request body.");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task An_unknown_method_answers_401_with_the_methods_that_there_are(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer answer = (await cloud.Member.LogInAsync(Auth.Method("telepathy", new JsonObject()))).ShouldBe(401);
        answer.Message.ShouldBe("Attempted to authenticate with an unsupported method.");
        string[] methods = [.. ((JsonArray)answer.At("error/identity/methods")!).Select(m => m!.ToString())];
        methods.ShouldContain("password");
        methods.ShouldContain("token");
        methods.ShouldContain("application_credential");
        (await cloud.Member.LogInAsync(new() { ["auth"] = new JsonObject { ["identity"] = new JsonObject { ["methods"] = new JsonArray() } } })).ShouldRefuse(401, Denied);
    }

    [Theory(Timeout = 120_000), Sides, Believed("A scope of two things takes the first, and one of none is the same as no scope.")]
    public async Task A_scope_names_exactly_one_thing(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        JsonObject two = Auth.ProjectOf(cloud.Member);
        two["domain"] = new JsonObject { ["id"] = "default" };
        foreach (JsonObject scope in (JsonObject[])[two, new() { ["galaxy"] = new JsonObject() }])
        {
            (await cloud.Member.LogInAsync(Auth.Password(cloud.Member, scope)))
                .ShouldRefuse(400, "Expecting to find system, project, domain, OS-TRUST:trust or unscoped in scope.");
        }
    }
}
