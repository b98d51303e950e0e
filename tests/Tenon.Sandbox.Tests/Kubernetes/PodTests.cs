using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class PodTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 30_000;

    private async Task<string> PodsAsync() => $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/pods";

    private Task<Answer> MakeAsync(string path, string name, string more = "", string container = "") => cluster.Admin.PostAsync(path,
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"NAME","labels":{"app":"x"}},"spec":{MORE"containers":[{CONTAINER"name":"c","image":"i:1"}]}}"""
            .Replace("NAME", name, StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal).Replace("CONTAINER", container, StringComparison.Ordinal));

    private async Task BindAsync(string path, string name)
    {
        Answer bound = await cluster.Admin.PostAsync($"{path}/{name}/binding",
            """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"NAME"},"target":{"kind":"Node","name":"n1"}}""".Replace("NAME", name, StringComparison.Ordinal));
        bound.Status.ShouldBe(201, bound.Body.ToJsonString());
    }

    [Fact(Timeout = Limit)]
    public async Task A_pod_gets_an_account_its_token_and_its_tolerations()
    {
        Answer made = await MakeAsync(await PodsAsync(), "p");

        made.Status.ShouldBe(201, made.Body.ToJsonString());
        made.Text("spec", "serviceAccountName").ShouldBe("default");
        made.Text("spec", "containers", "0", "volumeMounts", "0", "mountPath").ShouldBe("/var/run/secrets/kubernetes.io/serviceaccount");
        made.At("spec", "tolerations")!.AsArray().Count.ShouldBe(2);
        made.Text("spec", "priority").ShouldBe("0");
        made.Text("status", "phase").ShouldBe("Pending");
    }

    [Theory(Timeout = Limit)]
    [InlineData("", "BestEffort")]
    [InlineData(""" "resources":{"requests":{"cpu":"1"}}, """, "Burstable")]
    [InlineData(""" "resources":{"limits":{"cpu":"1","memory":"1Gi"}}, """, "Guaranteed")]
    public async Task Quality_of_service_follows_resources(string container, string expected)
    {
        Answer made = await MakeAsync(await PodsAsync(), "p", container: container);

        made.Text("status", "qosClass").ShouldBe(expected);
    }

    [Fact(Timeout = Limit)]
    public async Task What_a_pod_refers_to_must_be_there()
    {
        string path = await PodsAsync();
        string space = path.Split('/')[4];

        Answer account = await MakeAsync(path, "p", "\"serviceAccountName\":\"none\",");
        Answer priority = await MakeAsync(path, "p", "\"priorityClassName\":\"none\",");

        account.Status.ShouldBe(403);
        account.Text("message").ShouldBe($"pods \"p\" is forbidden: error looking up service account {space}/none: serviceaccount \"none\" not found");
        priority.Status.ShouldBe(403);
        priority.Text("message").ShouldBe("pods \"p\" is forbidden: no PriorityClass with name none was found");
    }

    [Fact(Timeout = Limit)]
    public async Task A_pod_on_a_node_goes_with_grace_and_one_without_at_once()
    {
        string path = await PodsAsync();
        await MakeAsync(path, "bound", "\"terminationGracePeriodSeconds\":20,");
        await BindAsync(path, "bound");
        await MakeAsync(path, "free");

        Answer graceful = await cluster.Admin.DeleteAsync($"{path}/bound");
        Answer atOnce = await cluster.Admin.DeleteAsync($"{path}/free");
        Answer still = await cluster.Admin.GetAsync($"{path}/bound");
        await cluster.Admin.DeleteAsync($"{path}/bound", """{"gracePeriodSeconds":0}""");

        graceful.Text("metadata", "deletionGracePeriodSeconds").ShouldBe("20");
        still.Status.ShouldBe(200);
        atOnce.Text("kind").ShouldBe("Pod");
        (await cluster.Admin.GetAsync($"{path}/free")).Status.ShouldBe(404);
        (await cluster.Admin.GetAsync($"{path}/bound")).Status.ShouldBe(404);
    }

    [Fact(Timeout = Limit)]
    public async Task A_pod_is_bound_once_and_found_by_its_node()
    {
        string path = await PodsAsync();
        await MakeAsync(path, "p");
        await BindAsync(path, "p");

        Answer again = await cluster.Admin.PostAsync($"{path}/p/binding", """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"name":"n2"}}""");
        Answer pod = await cluster.Admin.GetAsync($"{path}/p");
        Answer onNode = await cluster.Admin.GetAsync($"{path}?fieldSelector=spec.nodeName%3Dn1");

        again.Status.ShouldBe(409);
        again.Text("message")!.ShouldContain("pod p is already assigned to node \"n1\"");
        pod.At("status", "conditions")!.AsArray().ShouldContain(c => c!["type"]!.GetValue<string>() == "PodScheduled");
        onNode.At("items")!.AsArray().Count.ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task Evictions_respect_budgets()
    {
        string path = await PodsAsync();
        string budgets = path.Replace("/api/v1", "/apis/policy/v1", StringComparison.Ordinal).Replace("/pods", "/poddisruptionbudgets", StringComparison.Ordinal);
        await MakeAsync(path, "p");
        await BindAsync(path, "p");
        await cluster.Admin.PatchAsync($"{path}/p/status", """{"status":{"phase":"Running"}}""");
        await cluster.Admin.PostAsync(budgets,
            """{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}}""");
        const string eviction = """{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}}""";

        Answer refused = await cluster.Admin.PostAsync($"{path}/p/eviction", eviction);
        await cluster.Admin.PatchAsync($"{budgets}/b/status", """{"status":{"disruptionsAllowed":1,"currentHealthy":2,"desiredHealthy":1,"expectedPods":2}}""");
        Answer evicted = await cluster.Admin.PostAsync($"{path}/p/eviction", eviction);

        refused.Status.ShouldBe(429);
        refused.Text("message").ShouldBe("Cannot evict pod as it would violate the pod's disruption budget.");
        evicted.Status.ShouldBe(201);
        evicted.Text("status").ShouldBe("Success");
        (await cluster.Admin.GetAsync($"{path}/p")).Text("metadata", "deletionTimestamp").ShouldNotBeNull();
        (await cluster.Admin.GetAsync($"{budgets}/b")).Text("status", "disruptionsAllowed").ShouldBe("0");
    }

    [Theory(Timeout = Limit)]
    [InlineData("log")]
    [InlineData("exec?command=ls&stdout=true")]
    public async Task What_needs_containers_is_honestly_refused(string subresource)
    {
        string path = await PodsAsync();
        await MakeAsync(path, "p");

        Answer refused = await cluster.Admin.GetAsync($"{path}/p/{subresource}");

        refused.Status.ShouldBe(501);
        refused.Text("message")!.ShouldContain("runs no containers");
    }

    [Fact(Timeout = Limit)]
    public async Task The_default_account_comes_back_and_secrets_of_accounts_are_filled()
    {
        string space = await cluster.NamespaceAsync();
        string accounts = $"/api/v1/namespaces/{space}/serviceaccounts";

        await cluster.Admin.DeleteAsync($"{accounts}/default");
        Answer secret = await cluster.Admin.PostAsync($"/api/v1/namespaces/{space}/secrets", new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["type"] = "kubernetes.io/service-account-token",
            ["metadata"] = new JsonObject { ["name"] = "s", ["annotations"] = new JsonObject { ["kubernetes.io/service-account.name"] = "default" } },
        }.ToJsonString());

        (await cluster.Admin.GetAsync($"{accounts}/default")).Status.ShouldBe(200);
        secret.Status.ShouldBe(201, secret.Body.ToJsonString());
        string token = System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(secret.Text("data", "token")!));
        Answer self = await cluster.Client(token: token).PostAsync("/apis/authentication.k8s.io/v1/selfsubjectreviews",
            """{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");
        self.Text("status", "userInfo", "username").ShouldBe($"system:serviceaccount:{space}:default");
    }
}
