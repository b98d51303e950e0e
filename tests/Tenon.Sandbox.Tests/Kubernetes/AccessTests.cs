using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Security;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class AccessTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 30_000;
    private const string Rbac = "/apis/rbac.authorization.k8s.io/v1";

    private async Task<(string Space, ApiClient Client)> AccountAsync(string name = "robot")
    {
        string space = await cluster.NamespaceAsync();
        string accounts = $"/api/v1/namespaces/{space}/serviceaccounts";
        await cluster.Admin.PostAsync(accounts, $$"""{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"{{name}}"} }""");
        return (space, cluster.Client(token: await TokenAsync(space, name)));
    }

    private async Task<string> TokenAsync(string space, string name)
    {
        Answer issued = await cluster.Admin.PostAsync($"/api/v1/namespaces/{space}/serviceaccounts/{name}/token",
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":900}}""");
        issued.Status.ShouldBe(201, issued.Body.ToJsonString());
        return issued.Text("status", "token")!;
    }

    private async Task BindAsync(string space, string role, string kind = "ClusterRole", string account = "robot")
    {
        Answer bound = await cluster.Admin.PostAsync($"{Rbac}/namespaces/{space}/rolebindings", new JsonObject
        {
            ["apiVersion"] = "rbac.authorization.k8s.io/v1",
            ["kind"] = "RoleBinding",
            ["metadata"] = new JsonObject { ["name"] = role },
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = role },
            ["subjects"] = new JsonArray(new JsonObject { ["kind"] = "ServiceAccount", ["name"] = account, ["namespace"] = space }),
        }.ToJsonString());
        bound.Status.ShouldBe(201, bound.Body.ToJsonString());
    }

    [Fact(Timeout = Limit)]
    public async Task Nobody_in_particular_may_read_health_and_version_only()
    {
        ApiClient anonymous = cluster.Client();

        (await anonymous.GetAsync("/healthz")).Status.ShouldBe(200);
        (await anonymous.GetAsync("/version")).Text("major").ShouldBe("1");
        Answer refused = await anonymous.GetAsync("/api/v1/namespaces/default/pods");
        refused.Status.ShouldBe(403);
        refused.Text("message").ShouldBe(
            "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"");
        (await anonymous.GetAsync("/metrics")).Text("message").ShouldBe("forbidden: User \"system:anonymous\" cannot get path \"/metrics\"");
    }

    [Fact(Timeout = Limit)]
    public async Task A_token_that_proves_nothing_is_unauthorized()
    {
        Answer refused = await cluster.Client(token: "eyJhbGciOiJub25lIn0.e30.AA").GetAsync("/api/v1/pods");

        refused.Status.ShouldBe(401);
        refused.Text("reason").ShouldBe("Unauthorized");
    }

    [Fact(Timeout = Limit)]
    public async Task A_fixed_token_stands_for_a_user()
    {
        cluster.Host.Kubernetes.AddToken("fixed", new UserInfo("carol", ["system:masters"]));
        ApiClient carol = cluster.Client(token: "fixed");

        Answer self = await carol.PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");

        self.Text("status", "userInfo", "username").ShouldBe("carol");
        self.Text("status", "userInfo", "groups").ShouldBe("""["system:masters","system:authenticated"]""");
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_account_may_do_what_its_bindings_say()
    {
        (string space, ApiClient client) = await AccountAsync();
        Answer before = await client.GetAsync($"/api/v1/namespaces/{space}/configmaps");

        await BindAsync(space, "view");
        Answer after = await client.GetAsync($"/api/v1/namespaces/{space}/configmaps");
        Answer secrets = await client.GetAsync($"/api/v1/namespaces/{space}/secrets");
        Answer write = await client.DeleteAsync($"/api/v1/namespaces/{space}/configmaps/kube-root-ca.crt");
        Answer elsewhere = await client.GetAsync("/api/v1/namespaces/default/configmaps");
        Answer everywhere = await client.GetAsync("/api/v1/configmaps");

        before.Status.ShouldBe(403);
        after.Status.ShouldBe(200);
        secrets.Status.ShouldBe(403);
        write.Text("message").ShouldBe($"configmaps \"kube-root-ca.crt\" is forbidden: User \"system:serviceaccount:{space}:robot\" cannot delete "
            + $"resource \"configmaps\" in API group \"\" in the namespace \"{space}\"");
        elsewhere.Status.ShouldBe(403);
        everywhere.Text("message")!.ShouldEndWith("cannot list resource \"configmaps\" in API group \"\" at the cluster scope");
    }

    [Fact(Timeout = Limit)]
    public async Task Aggregated_roles_contain_one_another()
    {
        (string space, ApiClient client) = await AccountAsync();
        await BindAsync(space, "edit");

        (await client.GetAsync($"/api/v1/namespaces/{space}/pods/none/log")).Status.ShouldBe(404);
        (await client.PostAsync($"/api/v1/namespaces/{space}/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}""")).Status.ShouldBe(201);
        (await client.GetAsync($"/api/v1/namespaces/{space}/secrets")).Status.ShouldBe(200);
        (await client.GetAsync($"{Rbac}/namespaces/{space}/roles")).Status.ShouldBe(403);
    }

    [Fact(Timeout = Limit)]
    public async Task Rules_for_names_hold_for_those_only()
    {
        (string space, ApiClient client) = await AccountAsync();
        await cluster.Admin.PostAsync($"{Rbac}/namespaces/{space}/roles", """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"one"},
            "rules":[{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["kube-root-ca.crt"],"verbs":["get","list"]}]}
            """);
        await BindAsync(space, "one", "Role");

        (await client.GetAsync($"/api/v1/namespaces/{space}/configmaps/kube-root-ca.crt")).Status.ShouldBe(200);
        (await client.GetAsync($"/api/v1/namespaces/{space}/configmaps/other")).Status.ShouldBe(403);
        (await client.GetAsync($"/api/v1/namespaces/{space}/configmaps")).Status.ShouldBe(403);
        (await client.GetAsync($"/api/v1/namespaces/{space}/configmaps?fieldSelector=metadata.name%3Dkube-root-ca.crt")).Status.ShouldBe(200);
    }

    [Fact(Timeout = Limit)]
    public async Task A_token_ends_with_its_account()
    {
        (string space, ApiClient client) = await AccountAsync();
        (await client.GetAsync("/api")).Status.ShouldBe(200);

        await cluster.Admin.DeleteAsync($"/api/v1/namespaces/{space}/serviceaccounts/robot");

        (await client.GetAsync("/api")).Status.ShouldBe(401);
    }

    [Fact(Timeout = Limit)]
    public async Task Nobody_gives_what_they_lack()
    {
        (string space, ApiClient client) = await AccountAsync();
        await BindAsync(space, "admin");
        string roles = $"{Rbac}/namespaces/{space}/roles";
        const string role = """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"NAME"},"rules":[{"apiGroups":["GROUP"],"resources":["RESOURCE"],"verbs":["get"]}]}
            """;

        Answer held = await client.PostAsync(roles, role.Replace("NAME", "a").Replace("GROUP", "").Replace("RESOURCE", "pods"));
        Answer lacking = await client.PostAsync(roles, role.Replace("NAME", "b").Replace("GROUP", "example.com").Replace("RESOURCE", "things"));

        held.Status.ShouldBe(201, held.Body.ToJsonString());
        lacking.Status.ShouldBe(403);
        lacking.Text("message")!.ShouldContain("is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"example.com\"], Resources:[\"things\"], Verbs:[\"get\"]}");
    }

    [Fact(Timeout = Limit)]
    public async Task Administrators_may_act_as_others_and_others_may_not()
    {
        (string space, ApiClient client) = await AccountAsync();
        await BindAsync(space, "view");
        string path = $"/api/v1/namespaces/{space}/configmaps";

        Answer asRobot = await cluster.Admin.SendAsync("GET", path, headers: ("Impersonate-User", $"system:serviceaccount:{space}:robot"));
        Answer asBob = await cluster.Admin.SendAsync("GET", path, headers: ("Impersonate-User", "bob"));
        Answer robotAsBob = await client.SendAsync("GET", path, headers: ("Impersonate-User", "bob"));
        Answer asMaster = await cluster.Admin.SendAsync("GET", path, headers: [("Impersonate-User", "bob"), ("Impersonate-Group", "system:masters")]);

        asRobot.Status.ShouldBe(200);
        asBob.Status.ShouldBe(403);
        robotAsBob.Text("message")!.ShouldContain("cannot impersonate resource \"users\" in API group \"\" at the cluster scope");
        asMaster.Status.ShouldBe(200);
    }

    [Fact(Timeout = Limit)]
    public async Task Reviews_tell_who_may_do_what()
    {
        (string space, ApiClient client) = await AccountAsync();
        await BindAsync(space, "view");
        const string review = """
            {"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"SPACE","verb":"VERB","resource":"pods"}}}
            """;
        string reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

        Answer list = await client.PostAsync(reviews, review.Replace("SPACE", space).Replace("VERB", "list"));
        Answer delete = await client.PostAsync(reviews, review.Replace("SPACE", space).Replace("VERB", "delete"));
        Answer other = await cluster.Admin.PostAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", review.Replace("SPACE", space).Replace("VERB", "list")
            .Replace("SelfSubjectAccessReview", "SubjectAccessReview").Replace("\"spec\":{", $"\"spec\":{{\"user\":\"system:serviceaccount:{space}:robot\","));
        Answer rules = await client.PostAsync("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            $$"""{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"{{space}}"} }""");
        Answer self = await client.PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews", """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");
        Answer empty = await client.PostAsync(reviews, """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{}}""");

        list.Text("status", "allowed").ShouldBe("true");
        delete.Text("status", "allowed").ShouldBe("false");
        other.Text("status", "allowed").ShouldBe("true");
        rules.At("status", "resourceRules")!.AsArray().Count.ShouldBeGreaterThan(5);
        self.Text("status", "userInfo", "username").ShouldBe($"system:serviceaccount:{space}:robot");
        empty.Status.ShouldBe(422);
    }

    [Fact(Timeout = Limit)]
    public async Task Tokens_are_reviewed_and_bound_as_asked()
    {
        (string space, _) = await AccountAsync();
        string token = await TokenAsync(space, "robot");
        const string path = "/apis/authentication.k8s.io/v1/tokenreviews";
        JsonObject Review(string t) => new() { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenReview", ["spec"] = new JsonObject { ["token"] = t } };

        Answer good = await cluster.Admin.PostAsync(path, Review(token).ToJsonString());
        Answer forged = await cluster.Admin.PostAsync(path, Review(token[..^4] + "AAAA").ToJsonString());
        Answer shortLived = await cluster.Admin.PostAsync($"/api/v1/namespaces/{space}/serviceaccounts/robot/token",
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":60}}""");

        good.Text("status", "authenticated").ShouldBe("true");
        good.Text("status", "user", "username").ShouldBe($"system:serviceaccount:{space}:robot");
        forged.Text("status", "authenticated").ShouldBeNull();
        forged.Text("status", "error").ShouldNotBeNull();
        shortLived.Status.ShouldBe(422);
        shortLived.Text("message")!.ShouldContain("may not specify a duration less than 10 minutes");
    }
}
