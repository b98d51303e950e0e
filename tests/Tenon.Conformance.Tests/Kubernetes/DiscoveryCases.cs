using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>What the server says of itself: versions, groups, schemas, health.</summary>
public sealed class DiscoveryCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("The Kubernetes API: Discovery API, unaggregated", Pages.Discovery + "#discovery-api")]
    public async Task Groups_and_resources_are_listed_one_by_one(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        Answer core = (await cluster.Admin.GetAsync("/api")).ShouldBe(200);
        core["kind"].ShouldBe("APIVersions");
        core["versions/0"].ShouldBe("v1");
        Answer groups = (await cluster.Admin.GetAsync("/apis")).ShouldBe(200);
        groups["kind"].ShouldBe("APIGroupList");
        string[] wanted = ["apps", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io", "networking.k8s.io", "rbac.authorization.k8s.io", "storage.k8s.io"];
        groups.List("groups").Select(g => g["name"]!.ToString()).ShouldHave(wanted);
        Answer group = (await cluster.Admin.GetAsync("/apis/apps")).ShouldBe(200);
        group["kind"].ShouldBe("APIGroup");
        group["preferredVersion/groupVersion"].ShouldBe("apps/v1");
        Answer resources = (await cluster.Admin.GetAsync("/api/v1")).ShouldBe(200);
        resources["kind"].ShouldBe("APIResourceList");
        resources["groupVersion"].ShouldBe("v1");
        var service = resources.List("resources").Single(r => r["name"]!.ToString() == "services");
        service["namespaced"]!.GetValue<bool>().ShouldBeTrue();
        service["kind"]!.ToString().ShouldBe("Service");
        service["singularName"]!.ToString().ShouldBe(cluster.Minor >= 27 ? "service" : "");
        service["shortNames"]![0]!.ToString().ShouldBe("svc");
        service["verbs"]!.AsArray().Select(v => v!.ToString()).ShouldBe(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
        resources.List("resources").Select(r => r["name"]!.ToString()).ShouldHave(["nodes/status", "services/status", "pods/binding", "pods/eviction", "serviceaccounts/token"]);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("The Kubernetes API: Aggregated discovery", Pages.Discovery + "#aggregated-discovery")]
    public async Task Everything_can_be_discovered_at_once(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        cluster.Needs(30, "aggregated discovery v2");
        Answer all = (await cluster.Admin.GetAsync("/apis", "Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")).ShouldBe(200);
        all["kind"].ShouldBe("APIGroupDiscoveryList");
        all["apiVersion"].ShouldBe("apidiscovery.k8s.io/v2");
        var apps = all.List("items").Single(i => i["metadata"]!["name"]!.ToString() == "apps");
        apps["versions"]![0]!["resources"]!.AsArray().Select(r => r!["resource"]!.ToString()).ShouldContain("deployments");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("The Kubernetes API: OpenAPI V2 and V3", Pages.Discovery + "#openapi-interface-definition")]
    public async Task Schemas_are_published_in_both_forms(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        // 1.26 calls its JSON plain text.
        async Task<JsonNode> ReadAsync(string path) => JsonNode.Parse((await cluster.Admin.GetAsync(path, "Accept: application/json")).ShouldBe(200).Text)!;
        JsonNode two = await ReadAsync("/openapi/v2");
        two["swagger"]!.ToString().ShouldBe("2.0");
        two["definitions"]!.AsObject().ContainsKey("io.k8s.api.core.v1.Service").ShouldBeTrue();
        JsonNode three = await ReadAsync("/openapi/v3");
        JsonNode apps = await ReadAsync(three["paths"]!["apis/apps/v1"]!["serverRelativeURL"]!.ToString());
        apps["openapi"]!.ToString().ShouldStartWith("3.0");
        JsonNode deployment = apps["components"]!["schemas"]!["io.k8s.api.apps.v1.Deployment"]!;
        deployment["x-kubernetes-group-version-kind"]![0]!["kind"]!.ToString().ShouldBe("Deployment");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Kubernetes API health endpoints", Pages.Health)]
    public async Task Health_is_told_in_a_word_or_check_by_check(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        foreach (string path in new[] { "/livez", "/readyz", "/healthz" })
        {
            Answer plain = (await cluster.Admin.GetAsync(path)).ShouldBe(200);
            plain.Text.ShouldBe("ok", path);
            Answer each = (await cluster.Admin.GetAsync($"{path}?verbose")).ShouldBe(200);
            each.Text.ShouldContain("[+]ping ok\n", Case.Sensitive, path);
            each.Text.ShouldEndWith($"{path[1..]} check passed\n", Case.Sensitive, path);
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("The Kubernetes API: version", Pages.Discovery)]
    public async Task Anybody_may_ask_for_version_and_health(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        using KubeWire nobody = cluster.As(null);
        Answer version = (await nobody.GetAsync("/version")).ShouldBe(200);
        version["gitVersion"]!.ShouldStartWith("v1.");
        (await nobody.GetAsync("/readyz")).ShouldBe(200);
        Answer refused = await nobody.GetAsync("/api/v1/nodes");
        refused.ShouldBe(403)["message"].ShouldBe("nodes is forbidden: User \"system:anonymous\" cannot list resource \"nodes\" in API group \"\" at the cluster scope");
    }
}

file static class Subsets
{
    /// <summary>Demands that all wanted ones are among those that there are.</summary>
    public static void ShouldHave(this IEnumerable<string> all, IEnumerable<string> wanted) => wanted.Except(all).ShouldBeEmpty();
}
