using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class CustomResourceTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 30_000;
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private const string Template = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"PLURAL.example.com"},
        "spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"PLURAL","kind":"KIND","shortNames":["SHORT"]},
        "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}},
        "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},{"name":"Zone","type":"string","priority":1,"jsonPath":".spec.zone"}],
        "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["size"],"properties":{
        "size":{"type":"integer","minimum":1,"maximum":9},"zone":{"type":"string","default":"az1","enum":["az1","az2"]},
        "port":{"x-kubernetes-int-or-string":true},"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
        "status":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}MORE]}}
        """;

    private static string Definition(string plural, string kind, string more = "") => Template
        .Replace("PLURAL", plural, StringComparison.Ordinal).Replace("KIND", kind, StringComparison.Ordinal)
        .Replace("SHORT", plural[..3], StringComparison.Ordinal).Replace("MORE", more, StringComparison.Ordinal);

    private async Task<string> DefineAsync(string plural, string kind, string more = "")
    {
        Answer made = await cluster.Admin.PostAsync(Definitions, Definition(plural, kind, more));
        made.Status.ShouldBe(201, made.Body.ToJsonString());
        return $"/apis/example.com/v1/namespaces/{await cluster.NamespaceAsync()}/{plural}";
    }

    private Task<Answer> MakeAsync(string path, string kind, string name, string spec, string query = "") => cluster.Admin.PostAsync(path + query, new JsonObject
    {
        ["apiVersion"] = "example.com/v1", ["kind"] = kind, ["metadata"] = new JsonObject { ["name"] = name }, ["spec"] = JsonNode.Parse(spec),
    }.ToJsonString());

    [Fact(Timeout = Limit)]
    public async Task A_definition_is_established_and_its_resource_served_and_discovered()
    {
        await DefineAsync("gizmos", "Gizmo");

        Answer definition = await cluster.Admin.GetAsync($"{Definitions}/gizmos.example.com");
        Answer resources = await cluster.Admin.GetAsync("/apis/example.com/v1");
        Answer openApi = await cluster.Admin.GetAsync("/openapi/v3/apis/example.com/v1");

        JsonNode[] conditions = [.. definition.At("status", "conditions")!.AsArray().Select(c => c!)];
        conditions.ShouldContain(c => c["type"]!.GetValue<string>() == "Established" && c["status"]!.GetValue<string>() == "True");
        conditions.ShouldContain(c => c["type"]!.GetValue<string>() == "NamesAccepted" && c["status"]!.GetValue<string>() == "True");
        definition.Text("status", "acceptedNames", "singular").ShouldBe("gizmo");
        definition.Text("status", "storedVersions").ShouldBe("""["v1"]""");
        string[] served = [.. resources.At("resources")!.AsArray().Select(r => r!["name"]!.GetValue<string>())];
        served.ShouldContain("gizmos");
        served.ShouldContain("gizmos/status");
        served.ShouldContain("gizmos/scale");
        openApi.Status.ShouldBe(200);
        openApi.Body.ToJsonString().ShouldContain("example.com");
    }

    [Fact(Timeout = Limit)]
    public async Task Instances_are_validated_defaulted_and_pruned()
    {
        string path = await DefineAsync("widgets", "Widget");

        Answer made = await MakeAsync(path, "Widget", "a", """{"size":2,"nope":1,"port":"http","free":{"x":{"y":1}}}""");
        Answer large = await MakeAsync(path, "Widget", "b", """{"size":12}""");
        Answer missing = await MakeAsync(path, "Widget", "c", "{}");
        Answer wrongType = await MakeAsync(path, "Widget", "d", """{"size":"two"}""");
        Answer wrongZone = await MakeAsync(path, "Widget", "e", """{"size":2,"zone":"az9"}""");
        Answer strict = await MakeAsync(path, "Widget", "f", """{"size":2,"nope":1}""", "?fieldValidation=Strict");

        made.Status.ShouldBe(201, made.Body.ToJsonString());
        made.Text("spec", "zone").ShouldBe("az1");
        made.Text("spec", "nope").ShouldBeNull();
        made.Text("spec", "free", "x", "y").ShouldBe("1");
        made.Text("metadata", "generation").ShouldBe("1");
        large.Status.ShouldBe(422);
        large.Text("message")!.ShouldContain("spec.size: Invalid value: 12: spec.size in body should be less than or equal to 9");
        missing.Text("message")!.ShouldContain("spec.size: Required value");
        wrongType.Text("message")!.ShouldContain("spec.size: Invalid value: \"string\": spec.size in body must be of type integer: \"string\"");
        wrongZone.Text("message")!.ShouldContain("spec.zone: Unsupported value: \"az9\": supported values: \"az1\", \"az2\"");
        strict.Status.ShouldBe(400);
        strict.Text("message")!.ShouldContain("unknown field \"spec.nope\"");
    }

    [Fact(Timeout = Limit)]
    public async Task Status_scale_and_columns_work()
    {
        string path = await DefineAsync("sprockets", "Sprocket");
        await MakeAsync(path, "Sprocket", "a", """{"size":2}""");

        Answer status = await cluster.Admin.PatchAsync($"{path}/a/status", """{"spec":{"size":5},"status":{"size":1}}""");
        Answer spec = await cluster.Admin.PatchAsync($"{path}/a", """{"spec":{"size":3},"status":{"size":7}}""");
        Answer scale = await cluster.Admin.PatchAsync($"{path}/a/scale", """{"spec":{"replicas":4}}""");
        Answer table = await cluster.Admin.GetAsync(path, "application/json;as=Table;v=v1;g=meta.k8s.io");

        status.Text("spec", "size").ShouldBe("2");
        status.Text("metadata", "generation").ShouldBe("1");
        spec.Text("status", "size").ShouldBe("1");
        spec.Text("metadata", "generation").ShouldBe("2");
        scale.Text("spec", "replicas").ShouldBe("4");
        scale.Text("status", "replicas").ShouldBe("1");
        table.Text("rows", "0", "cells", "1").ShouldBe("4");
        table.At("columnDefinitions", "2", "priority")!.GetValue<int>().ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task Custom_resources_take_no_strategic_patch_and_need_a_revision_to_be_replaced()
    {
        string path = await DefineAsync("cogs", "Cog");
        Answer made = await MakeAsync(path, "Cog", "a", """{"size":2}""");

        Answer strategic = await cluster.Admin.PatchAsync($"{path}/a", """{"spec":{"size":3}}""", ApiClient.Strategic);
        made.Body["metadata"]!.AsObject().Remove("resourceVersion");
        Answer blind = await cluster.Admin.PutAsync($"{path}/a", made.Body);

        strategic.Status.ShouldBe(415);
        blind.Status.ShouldBe(422);
        blind.Text("message")!.ShouldContain("metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
    }

    [Fact(Timeout = Limit)]
    public async Task Versions_show_the_same_objects()
    {
        string path = await DefineAsync("levers", "Lever",
            """,{"name":"v1beta1","served":true,"storage":false,"deprecated":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}""");
        await MakeAsync(path, "Lever", "a", """{"size":2}""");

        Answer older = await cluster.Admin.GetAsync(path.Replace("/v1/", "/v1beta1/", StringComparison.Ordinal) + "/a");
        Answer group = await cluster.Admin.GetAsync("/apis/example.com");

        older.Text("apiVersion").ShouldBe("example.com/v1beta1");
        older.Text("spec", "size").ShouldBe("2");
        older.Headers.GetValues("Warning").Single().ShouldContain("example.com/v1beta1 Lever is deprecated");
        group.Text("preferredVersion", "version").ShouldBe("v1");
    }

    [Fact(Timeout = Limit)]
    public async Task Deleting_a_definition_deletes_its_instances_first()
    {
        string path = await DefineAsync("pulleys", "Pulley");
        await MakeAsync(path, "Pulley", "a", """{"size":2}""");
        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"finalizers":["example.com/hold"]}}""");

        await cluster.Admin.DeleteAsync($"{Definitions}/pulleys.example.com");
        Answer held = await cluster.Admin.GetAsync($"{path}/a");
        Answer definition = await cluster.Admin.GetAsync($"{Definitions}/pulleys.example.com");
        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"finalizers":null}}""");

        held.Text("metadata", "deletionTimestamp").ShouldNotBeNull();
        definition.Text("metadata", "finalizers", "0").ShouldBe("customresourcecleanup.apiextensions.k8s.io");
        (await cluster.Admin.GetAsync($"{Definitions}/pulleys.example.com")).Status.ShouldBe(404);
        (await cluster.Admin.GetAsync(path)).Status.ShouldBe(404);
    }

    [Theory(Timeout = Limit)]
    [InlineData("\"name\":\"bolts.example.com\"", "\"name\":\"bolts\"", "metadata.name: Invalid value: \"bolts\": must be spec.names.plural+\".\"+spec.group")]
    [InlineData("\"storage\":true", "\"storage\":false", "must have exactly one version marked as storage version")]
    [InlineData("\"type\":\"integer\",\"minimum\":1", "\"minimum\":1", "Required value: must not be empty for specified object fields")]
    public async Task Definitions_that_are_wrong_are_refused(string from, string to, string message)
    {
        Answer refused = await cluster.Admin.PostAsync(Definitions, Definition("bolts", "Bolt").Replace(from, to, StringComparison.Ordinal));

        refused.Status.ShouldBe(422, refused.Body.ToJsonString());
        refused.Text("message")!.ShouldContain(message);
    }

    [Fact(Timeout = Limit)]
    public async Task A_kind_that_is_taken_is_not_established()
    {
        await DefineAsync("nuts", "Nut");

        Answer second = await cluster.Admin.PostAsync(Definitions, Definition("nutties", "Nut"));
        Answer stored = await cluster.Admin.GetAsync($"{Definitions}/nutties.example.com");

        second.Status.ShouldBe(201);
        JsonNode[] conditions = [.. stored.At("status", "conditions")!.AsArray().Select(c => c!)];
        conditions.ShouldContain(c => c["type"]!.GetValue<string>() == "NamesAccepted" && c["status"]!.GetValue<string>() == "False");
        (await cluster.Admin.GetAsync("/apis/example.com/v1/nutties")).Status.ShouldBe(404);
    }
}
