using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class DiscoveryTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 60_000;

    [Fact(Timeout = Limit)]
    public async Task Groups_and_resources_are_listed()
    {
        Answer groups = await cluster.Admin.GetAsync("/apis");
        Answer core = await cluster.Admin.GetAsync("/api/v1");

        groups.At("groups")!.AsArray().Select(g => g!["name"]!.GetValue<string>()).ShouldContain("rbac.authorization.k8s.io");
        JsonNode services = core.At("resources")!.AsArray().First(r => r!["name"]!.GetValue<string>() == "services")!;
        services["shortNames"]!.ToJsonString().ShouldBe("""["svc"]""");
        services["singularName"]!.GetValue<string>().ShouldBe("service");
        services["verbs"]!.AsArray().Count.ShouldBe(8);
        core.At("resources")!.AsArray().Select(r => r!["name"]!.GetValue<string>()).ShouldContain("pods/eviction");
    }

    [Theory(Timeout = Limit)]
    [InlineData("v2")]
    [InlineData("v2beta1")]
    public async Task Aggregated_discovery_is_one_answer(string version)
    {
        string accept = $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList,application/json";

        Answer groups = await cluster.Admin.GetAsync("/apis", accept);

        groups.Text("kind").ShouldBe("APIGroupDiscoveryList");
        groups.Text("apiVersion").ShouldBe($"apidiscovery.k8s.io/{version}");
        groups.ContentHeaders.ContentType!.ToString().ShouldContain($"v={version}");
        JsonNode apps = groups.At("items")!.AsArray().First(g => g!["metadata"]!["name"]!.GetValue<string>() == "apps")!;
        JsonNode deployments = apps["versions"]![0]!["resources"]!.AsArray().First(r => r!["resource"]!.GetValue<string>() == "deployments")!;
        deployments["subresources"]!.AsArray().Select(s => s!["subresource"]!.GetValue<string>()).ShouldBe(["scale", "status"], ignoreOrder: true);
    }

    [Fact(Timeout = Limit)]
    public async Task OpenApi_describes_what_is_served()
    {
        Answer index = await cluster.Admin.GetAsync("/openapi/v3");
        Answer apps = await cluster.Admin.GetAsync(index.Text("paths", "apis/apps/v1", "serverRelativeURL")!);
        Answer v2 = await cluster.Admin.GetAsync("/openapi/v2", "application/json");

        apps.At("paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}").ShouldNotBeNull();
        apps.At("components", "schemas", "io.k8s.api.apps.v1.Deployment").ShouldNotBeNull();
        v2.At("definitions", "io.k8s.api.core.v1.Service").ShouldNotBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_not_spoken_is_refused_or_fallen_back_from()
    {
        Answer protobuf = await cluster.Admin.GetAsync("/api/v1/namespaces", "application/vnd.kubernetes.protobuf");
        Answer either = await cluster.Admin.GetAsync("/api/v1/namespaces", "application/vnd.kubernetes.protobuf,application/json");
        Answer body = await cluster.Admin.SendAsync("POST", "/api/v1/namespaces", "k8s", "text/csv");

        protobuf.Status.ShouldBe(406);
        either.Status.ShouldBe(200);
        body.Status.ShouldBe(415);
    }

    [Fact(Timeout = Limit)]
    public async Task Yaml_is_read_and_written()
    {
        string space = await cluster.NamespaceAsync();

        Answer made = await cluster.Admin.SendAsync("POST", $"/api/v1/namespaces/{space}/configmaps", """
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: a
            data:
              number: "1"
              text: plain
            """, "application/yaml");
        Answer yaml = await cluster.Admin.GetAsync($"/api/v1/namespaces/{space}/configmaps/a", "application/yaml");

        made.Status.ShouldBe(201, made.Body.ToJsonString());
        made.Text("data", "text").ShouldBe("plain");
        yaml.ContentHeaders.ContentType!.MediaType.ShouldBe("application/yaml");
        yaml.Body.GetValue<string>().ShouldContain("text: plain");
        yaml.Body.GetValue<string>().ShouldContain("number: \"1\"");
    }

    [Fact(Timeout = Limit)]
    public async Task Metadata_alone_can_be_asked_for()
    {
        Answer list = await cluster.Admin.GetAsync("/api/v1/namespaces", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1");

        list.Text("kind").ShouldBe("PartialObjectMetadataList");
        list.Text("items", "0", "kind").ShouldBe("PartialObjectMetadata");
        list.At("items", "0", "spec").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Requests_are_counted_under_names_that_tests_can_rely_on()
    {
        cluster.Host.Calls.Clear();
        await cluster.Admin.GetAsync("/api/v1/namespaces/default/services");
        await cluster.Admin.GetAsync("/apis/apps/v1/namespaces/default/deployments/none");
        await cluster.Admin.PatchAsync("/api/v1/nodes/none/status", "{}");

        string[] operations = [.. cluster.Host.Calls.Entries().Select(c => c.Operation)];
        operations.ShouldContain("kubernetes.services.list");
        operations.ShouldContain("kubernetes.deployments.apps.get");
        operations.ShouldContain("kubernetes.nodes/status.patch");
    }
}
