using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>CustomResourceDefinitions, which Tenon's own kinds will be.</summary>
[Stated("Extend the Kubernetes API with CustomResourceDefinitions", Pages.CustomResources)]
public sealed class CustomResourceCases(Clusters clusters)
{
    private const string Spec = """
        {"type":"object","required":["size"],"properties":{
          "size":{"type":"integer","minimum":1,"maximum":9},"mode":{"type":"string","enum":["a","b"],"default":"a"},"replicas":{"type":"integer"},
          "selector":{"type":"string"},"name":{"type":"string","pattern":"^[a-z]+$","maxLength":5},"tags":{"type":"array","items":{"type":"string"},"maxItems":2},
          "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
          "rules":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["key"],"items":{"type":"object","required":["key"],
            "properties":{"key":{"type":"string"},"value":{"type":"string"}}}}}}
        """;

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Create; conditions", Pages.CustomResources + "#create-a-customresourcedefinition")]
    public async Task A_definition_is_established_served_and_discovered(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        Answer definition = await scratch.Admin.GetAsync(kind.Definition);
        Dictionary<string, string> conditions = definition.List("status/conditions").ToDictionary(c => c["type"]!.ToString(), c => $"{c["status"]} {c["reason"]}");
        conditions["NamesAccepted"].ShouldBe("True NoConflicts");
        conditions["Established"].ShouldBe("True InitialNamesAccepted");
        definition["status/acceptedNames/kind"].ShouldBe("Widget");
        definition["status/storedVersions/0"].ShouldBe("v1");
        definition["spec/names/listKind"].ShouldBe("WidgetList");
        definition["spec/names/singular"].ShouldBe("widget");
        definition["spec/conversion/strategy"].ShouldBe("None");
        Answer resources = (await scratch.Admin.GetAsync($"/apis/{kind.Group}/v1")).ShouldBe(200);
        resources.List("resources").Select(r => r["name"]!.ToString()).Order().ShouldBe(["widgets", "widgets/scale", "widgets/status"]);
        Answer list = (await scratch.Admin.GetAsync(kind.Path(scratch))).ShouldBe(200);
        list["kind"].ShouldBe("WidgetList");
        list.List("items").ShouldBeEmpty();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Field pruning, Defaulting", Pages.CustomResources + "#field-pruning")]
    public async Task Unknown_fields_are_pruned_and_defaults_filled_in(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        Answer made = await scratch.Admin.PostAsync(kind.Path(scratch), kind.Object("one", """{"size":3,"odd":1,"free":{"any":{"thing":1}}}"""));
        made.ShouldBe(201).Has("spec", "odd").ShouldBeFalse();
        made["spec/mode"].ShouldBe("a");
        made["spec/free/any/thing"].ShouldBe("1");
        made["metadata/generation"].ShouldBe("1");
        made.Header("Warning").ShouldBe("299 - \"unknown field \\\"spec.odd\\\"\"");
        Answer strict = await scratch.Admin.PostAsync(kind.Path(scratch) + "?fieldValidation=Strict", kind.Object("two", """{"size":3,"odd":1}"""));
        strict.ShouldBe(400)["message"]!.ShouldContain("strict decoding error: unknown field \"spec.odd\"");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Validation", Pages.CustomResources + "#validation")]
    public async Task A_resource_that_breaks_its_schema_is_told_where(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        foreach ((string spec, string field, string message) in new[]
        {
            ("{}", "spec.size", "Required value"),
            ("""{"size":0}""", "spec.size", "Invalid value: 0: spec.size in body should be greater than or equal to 1"),
            ("""{"size":10}""", "spec.size", "Invalid value: 10: spec.size in body should be less than or equal to 9"),
            ("""{"size":"3"}""", "spec.size", "Invalid value: \"string\": spec.size in body must be of type integer: \"string\""),
            ("""{"size":3,"mode":"c"}""", "spec.mode", "Unsupported value: \"c\": supported values: \"a\", \"b\""),
            ("""{"size":3,"name":"A"}""", "spec.name", "Invalid value: \"A\": spec.name in body should match '^[a-z]+$'"),
            ("""{"size":3,"tags":["a","b","c"]}""", "spec.tags", "Too many: 3: must have at most 2 items"),
            ("""{"size":3,"rules":[{"key":"a"},{"key":"a"}]}""", "spec.rules[1]", "Duplicate value: map[string]interface {}{\"key\":\"a\"}"),
        })
        {
            Answer answer = await scratch.Admin.PostAsync(kind.Path(scratch), kind.Object("bad", spec));
            answer.ShouldBe(422)["message"].ShouldBe($"Widget.{kind.Group} \"bad\" is invalid: {field}: {message}");
            answer["details/causes/0/field"].ShouldBe(field);
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Status subresource", Pages.CustomResources + "#status-subresource")]
    public async Task Status_is_apart_and_the_generation_counts_the_rest(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        string path = $"{kind.Path(scratch)}/one";
        Answer made = await scratch.Admin.PostAsync(kind.Path(scratch), kind.Object("one", """{"size":3}""", """{"phase":"early"}"""));
        made.ShouldBe(201).Has("", "status").ShouldBeFalse();
        Answer status = await scratch.Admin.PatchAsync($"{path}/status", """{"spec":{"size":4},"status":{"phase":"set"}}""");
        status.ShouldBe(200)["status/phase"].ShouldBe("set");
        status["spec/size"].ShouldBe("3");
        status["metadata/generation"].ShouldBe("1");
        Answer spec = await scratch.Admin.PatchAsync(path, """{"spec":{"size":4},"status":{"phase":"other"}}""");
        spec.ShouldBe(200)["metadata/generation"].ShouldBe("2");
        spec["status/phase"].ShouldBe("set");
        Answer unversioned = await scratch.Admin.PutAsync(path, kind.Object("one", """{"size":5}"""));
        unversioned.ShouldBe(422)["message"]!.ShouldEndWith("metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Scale subresource", Pages.CustomResources + "#scale-subresource")]
    public async Task Scale_shows_and_sets_the_replicas(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        string path = $"{kind.Path(scratch)}/one";
        (await scratch.Admin.PostAsync(kind.Path(scratch), kind.Object("one", """{"size":3,"replicas":2}"""))).ShouldBe(201);
        await scratch.Admin.PatchAsync($"{path}/status", """{"status":{"replicas":1,"selector":"a=b"}}""");
        Answer scale = (await scratch.Admin.GetAsync($"{path}/scale")).ShouldBe(200);
        scale["kind"].ShouldBe("Scale");
        scale["apiVersion"].ShouldBe("autoscaling/v1");
        scale["spec/replicas"].ShouldBe("2");
        scale["status/replicas"].ShouldBe("1");
        scale["status/selector"].ShouldBe("a=b");
        (await scratch.Admin.PatchAsync($"{path}/scale", """{"spec":{"replicas":5}}""")).ShouldBe(200)["spec/replicas"].ShouldBe("5");
        Answer read = await scratch.Admin.GetAsync(path);
        read["spec/replicas"].ShouldBe("5");
        read["metadata/generation"].ShouldBe("2");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Additional printer columns", Pages.CustomResources + "#additional-printer-columns")]
    public async Task Columns_are_as_the_definition_says(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        (await scratch.Admin.PostAsync(kind.Path(scratch), kind.Object("one", """{"size":3}"""))).ShouldBe(201);
        Answer table = (await scratch.Admin.GetAsync(kind.Path(scratch), "Accept: application/json;as=Table;v=v1;g=meta.k8s.io")).ShouldBe(200);
        table.List("columnDefinitions").Select(c => c["name"]!.ToString()).ShouldBe(["Name", "Size", "Age"]);
        table["rows/0/cells/0"].ShouldBe("one");
        table["rows/0/cells/1"].ShouldBe("3");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Patching; custom resources know no strategic merge", Pages.Concepts + "#patch-and-apply")]
    public async Task Custom_resources_take_three_kinds_of_patches(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        string path = $"{kind.Path(scratch)}/one";
        Answer applied = await scratch.Admin.SendAsync("PATCH", path + "?fieldManager=alice", kind.Object("one", """{"size":3,"rules":[{"key":"a","value":"1"}]}"""), KubeWire.Apply);
        applied.ShouldBe(201);
        Answer other = await scratch.Admin.SendAsync("PATCH", path + "?fieldManager=bob", kind.Object("one", """{"size":3,"rules":[{"key":"b"}]}"""), KubeWire.Apply);
        other.ShouldBe(200).List("spec/rules").Select(r => r["key"]!.ToString()).ShouldBe(["a", "b"]);
        (await scratch.Admin.PatchAsync(path, """{"spec":{"size":4}}""")).ShouldBe(200);
        (await scratch.Admin.PatchAsync(path, """[{"op":"replace","path":"/spec/size","value":5}]""", KubeWire.JsonPatch)).ShouldBe(200);
        Answer strategic = await scratch.Admin.PatchAsync(path, """{"spec":{"size":6}}""", KubeWire.Strategic);
        strategic.ShouldBe(415)["message"].ShouldBe(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Specifying a structural schema", Pages.CustomResources + "#specifying-a-structural-schema")]
    public async Task A_definition_needs_a_structural_schema_and_its_own_name(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        JsonObject nameless = Definition(scratch, "{\"type\":\"object\"}");
        nameless["metadata"]!["name"] = "other.example.com";
        Answer name = await scratch.Admin.PostAsync(KubeScratch.Wide("apiextensions.k8s.io/v1/customresourcedefinitions"), nameless);
        name.ShouldBe(422)["message"]!.ShouldContain("metadata.name: Invalid value: \"other.example.com\": must be spec.names.plural+\".\"+spec.group");
        Answer shapeless = await scratch.Admin.PostAsync(
            KubeScratch.Wide("apiextensions.k8s.io/v1/customresourcedefinitions"), Definition(scratch, """{"properties":{"spec":{"type":"object"}}}"""));
        shapeless.ShouldBe(422)["message"]!.ShouldContain(
            "spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("CustomResourceDefinitions: Delete a CustomResourceDefinition", Pages.CustomResources + "#delete-a-customresourcedefinition")]
    public async Task A_definition_that_goes_takes_its_resources_along(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Kind kind = await DefineAsync(scratch);
        (await scratch.Admin.PostAsync(kind.Path(scratch), kind.Object("one", """{"size":3}"""))).ShouldBe(201);
        (await scratch.Admin.DeleteAsync(kind.Definition)).ShouldBe(200);
        await scratch.UntilAsync(kind.Definition, a => a.Status == 404, "gone");
        await scratch.UntilAsync(kind.Path(scratch), a => a.Status == 404, "served no more");
    }

    private static async Task<Kind> DefineAsync(KubeScratch scratch)
    {
        string schema = $$$"""
            {"type":"object","properties":{"spec":{{{Spec}}},"status":{"type":"object","properties":{"phase":{"type":"string"},"replicas":{"type":"integer"},"selector":{"type":"string"} } } } }
            """;
        JsonObject definition = Definition(scratch, schema);
        var kind = new Kind(scratch.Space + ".example.com");
        await scratch.MakeAsync(KubeScratch.Wide("apiextensions.k8s.io/v1/customresourcedefinitions"), definition);
        await scratch.UntilAsync(kind.Definition, a => a.Text.Contains("InitialNamesAccepted"), "established");
        await scratch.UntilAsync(kind.Path(scratch), a => a.Status == 200, "served");
        return kind;
    }

    private static JsonObject Definition(KubeScratch scratch, string schema) => JsonNode.Parse($$$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.{{{scratch.Space}}}.example.com"},
         "spec":{"group":"{{{scratch.Space}}}.example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[{"name":"v1","served":true,"storage":true,
          "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}],
          "subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"} },
          "schema":{"openAPIV3Schema":{{{schema}}} } }]} }
        """)!.AsObject();

    private sealed record Kind(string Group)
    {
        public string Definition => KubeScratch.Wide("apiextensions.k8s.io/v1/customresourcedefinitions", $"widgets.{Group}");

        public string Path(KubeScratch scratch) => scratch.Path($"{Group}/v1/widgets");

        public string Object(string name, string spec, string status = "")
            => $$"""{"apiVersion":"{{Group}}/v1","kind":"Widget","metadata":{"name":"{{name}}"},"spec":{{spec}}{{(status.Length > 0 ? $",\"status\":{status}" : "")}} }""";
    }
}
