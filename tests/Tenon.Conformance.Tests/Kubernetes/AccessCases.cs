using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Who may do what, and how the server says no. Tenon's webhooks and metrics ask these reviews.</summary>
public sealed class AccessCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("Authenticating: Anonymous requests and bad tokens", Pages.Authentication)]
    public async Task A_wrong_token_is_unauthorized(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        using KubeWire nobody = cluster.As("no-such-token");
        Answer answer = await nobody.GetAsync("/api/v1/namespaces");
        answer.ShouldBe(401)["reason"].ShouldBe("Unauthorized");
        answer["message"].ShouldBe("Unauthorized");
        answer["code"].ShouldBe("401");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Using RBAC Authorization: Default deny", Pages.Rbac)]
    public async Task A_refusal_says_who_may_not_do_what_where(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubeWire account = scratch.Cluster.As(await scratch.TokenAsync("robot"));
        string user = $"system:serviceaccount:{scratch.Space}:robot";
        Answer list = await account.GetAsync(scratch.Path("services"));
        list.ShouldBe(403)["reason"].ShouldBe("Forbidden");
        list["message"].ShouldBe($"services is forbidden: User \"{user}\" cannot list resource \"services\" in API group \"\" in the namespace \"{scratch.Space}\"");
        list["details/kind"].ShouldBe("services");
        Answer named = await account.GetAsync(scratch.Path("apps/v1/deployments", "web"));
        named.ShouldBe(403)["message"].ShouldBe(
            $"deployments.apps \"web\" is forbidden: User \"{user}\" cannot get resource \"deployments\" in API group \"apps\" in the namespace \"{scratch.Space}\"");
        Answer wide = await account.GetAsync("/api/v1/nodes");
        wide.ShouldBe(403)["message"].ShouldBe($"nodes is forbidden: User \"{user}\" cannot list resource \"nodes\" in API group \"\" at the cluster scope");
        Answer part = await account.PatchAsync("/api/v1/nodes/one/status", "{}");
        part.ShouldBe(403)["message"].ShouldBe($"nodes \"one\" is forbidden: User \"{user}\" cannot patch resource \"nodes/status\" in API group \"\" at the cluster scope");
        Answer path = await account.GetAsync("/metrics");
        path.ShouldBe(403)["message"].ShouldBe($"forbidden: User \"{user}\" cannot get path \"/metrics\"");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Using RBAC Authorization: Role and RoleBinding; referring to resources", Pages.Rbac + "#referring-to-resources")]
    public async Task A_role_gives_rights_by_verb_resource_and_name(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubeWire account = scratch.Cluster.As(await scratch.TokenAsync("robot"));
        await scratch.ConfigMapAsync("mine");
        await scratch.MakeAsync(scratch.Path("rbac.authorization.k8s.io/v1/roles"), """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"one"},"rules":[{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["mine"],"verbs":["get","update"]}]}
            """);
        await scratch.MakeAsync(scratch.Path("rbac.authorization.k8s.io/v1/rolebindings"), """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"one"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"one"},
             "subjects":[{"kind":"ServiceAccount","name":"robot"}]}
            """.Replace("\"name\":\"robot\"", $"\"name\":\"robot\",\"namespace\":\"{scratch.Space}\""));
        await KubeScratch.UntilAsync(() => account.GetAsync(scratch.Path("configmaps", "mine")), a => a.Status == 200, "allowed");
        (await account.GetAsync(scratch.Path("configmaps", "other"))).ShouldBe(403);
        (await account.GetAsync(scratch.Path("configmaps"))).ShouldBe(403);
        (await account.DeleteAsync(scratch.Path("configmaps", "mine"))).ShouldBe(403);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Using RBAC Authorization: Privilege escalation prevention", Pages.Rbac + "#privilege-escalation-prevention-and-bootstrapping")]
    public async Task Nobody_gives_rights_that_they_lack(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubeWire account = scratch.Cluster.As(await scratch.TokenAsync("robot"));
        await scratch.MakeAsync(scratch.Path("rbac.authorization.k8s.io/v1/roles"), """
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"one"},"rules":[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles"],"verbs":["create"]}]}
            """);
        await scratch.MakeAsync(scratch.Path("rbac.authorization.k8s.io/v1/rolebindings"), $$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"one"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"one"},
             "subjects":[{"kind":"ServiceAccount","name":"robot","namespace":"{{scratch.Space}}"}]}
            """);
        const string More = """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"more"},"rules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]}""";
        Answer refused = await KubeScratch.UntilAsync(
            () => account.PostAsync(scratch.Path("rbac.authorization.k8s.io/v1/roles"), More), a => a.Text.Contains("attempting to grant"), "refused as an escalation");
        refused.ShouldBe(403)["message"]!.ShouldStartWith(
            $"roles.rbac.authorization.k8s.io \"more\" is forbidden: user \"system:serviceaccount:{scratch.Space}:robot\" (groups=[\"system:serviceaccounts\" "
            + $"\"system:serviceaccounts:{scratch.Space}\" \"system:authenticated\"]) is attempting to grant RBAC permissions not currently held:\n");
        refused["message"]!.ShouldEndWith("{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\"]}");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Authorization Overview: Checking API access", Pages.Authorization + "#checking-api-access")]
    public async Task Reviews_tell_what_one_may_do(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        using KubeWire account = scratch.Cluster.As(await scratch.TokenAsync("robot"));
        string self = $$$"""{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"get","resource":"secrets","namespace":"{{{scratch.Space}}}"} } }""";
        Answer mine = (await account.PostAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self)).ShouldBe(201);
        mine["status/allowed"].ShouldBe("false");
        mine.Has("status", "denied").ShouldBeFalse();
        Answer admin = (await scratch.Admin.PostAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self)).ShouldBe(201);
        admin["status/allowed"].ShouldBe("true");
        Answer other = (await scratch.Admin.PostAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", """
            {"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"nobody","nonResourceAttributes":{"verb":"get","path":"/healthz"}}}
            """)).ShouldBe(201);
        other["status/allowed"].ShouldBe("false", "the groups are what counts: the path is open to authenticated ones");
        Answer both = await scratch.Admin.PostAsync("/apis/authorization.k8s.io/v1/subjectaccessreviews", """
            {"apiVersion":"authorization.k8s.io/v1","kind":"SubjectAccessReview","spec":{"user":"nobody","nonResourceAttributes":{"verb":"get","path":"/x"},"resourceAttributes":{"verb":"get"}}}
            """);
        both.ShouldBe(422)["details/causes/0/reason"].ShouldBe("FieldValueInvalid");
        Answer rules = await account.PostAsync("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
            $$$"""{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"{{{scratch.Space}}}"} }""");
        rules.ShouldBe(201)["status/incomplete"].ShouldBe("false");
        rules.List("status/resourceRules").SelectMany(r => r["resources"]!.AsArray()).Select(r => r!.ToString()).ShouldContain("selfsubjectaccessreviews");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Managing Service Accounts: TokenRequest; TokenReview", Pages.ServiceAccounts)]
    public async Task A_token_is_reviewed_with_its_user_groups_and_audience(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string token = await scratch.TokenAsync("robot");
        Answer review = await scratch.Admin.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", Review(token));
        review.ShouldBe(201)["status/authenticated"].ShouldBe("true");
        review["status/user/username"].ShouldBe($"system:serviceaccount:{scratch.Space}:robot");
        review.At("status/user/groups")!.AsArray().Select(g => g!.ToString())
            .ShouldBe(["system:serviceaccounts", $"system:serviceaccounts:{scratch.Space}", "system:authenticated"]);
        review.At("status/audiences")!.AsArray().Count.ShouldBeGreaterThan(0);
        Answer bad = await scratch.Admin.PostAsync("/apis/authentication.k8s.io/v1/tokenreviews", Review("nonsense"));
        bad.ShouldBe(201).Has("status", "authenticated").ShouldBeFalse("false is left out");
        bad["status/error"].ShouldNotBeNull();
        Answer other = await scratch.Admin.PostAsync(scratch.Path("serviceaccounts", "robot/token"),
            """{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"audiences":["elsewhere"],"expirationSeconds":600}}""");
        using KubeWire wrong = scratch.Cluster.As(other.ShouldBe(201)["status/token"]);
        (await wrong.GetAsync("/api/v1/namespaces")).ShouldBe(401);
        Answer gone = await scratch.Admin.DeleteAsync(scratch.Path("serviceaccounts", "robot"));
        gone.ShouldBe(200);
        using KubeWire late = scratch.Cluster.As(token);
        await KubeScratch.UntilAsync(() => late.GetAsync("/api/v1/namespaces"), a => a.Status == 401, "refused, now that the account is gone");
    }

    private static string Review(string token) => $$$"""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenReview","spec":{"token":"{{{token}}}"} }""";
}
