using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>What the server says of fields that are wrong or unknown, and writes that are only tried.</summary>
public sealed class ValidationCases(Clusters clusters)
{
    private const string Unknown = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"1"},"dota":{"b":"2"}}""";

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Dry-run", Pages.Concepts + "#dry-run")]
    public async Task A_dry_run_does_everything_but_store(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer tried = await scratch.Admin.PostAsync(scratch.Path("configmaps", "?dryRun=All"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"}}""");
        tried.ShouldBe(201)["metadata/uid"].ShouldNotBeNull();
        tried.Has("metadata", "resourceVersion").ShouldBeFalse();
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "one"))).ShouldBe(404);
        Answer made = await scratch.ConfigMapAsync("one");
        Answer patched = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one?dryRun=All"), """{"data":{"a":"1"}}""");
        patched.ShouldBe(200)["data/a"].ShouldBe("1");
        patched["metadata/resourceVersion"].ShouldBe(made["metadata/resourceVersion"]);
        (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one?dryRun=All"))).ShouldBe(200);
        (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one"), """{"dryRun":["All"]}""")).ShouldBe(200);
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "one"))).ShouldBe(200).Has("", "data").ShouldBeFalse();
        Answer bad = await scratch.Admin.PostAsync(scratch.Path("configmaps", "?dryRun=Some"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two"}}""");
        bad.ShouldBe(422)["message"].ShouldBe("CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: []string{\"Some\"}: supported values: \"All\"");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Field validation", Pages.Concepts + "#setting-the-field-validation-level")]
    public async Task Unknown_fields_are_warned_of_refused_or_dropped_as_asked(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        cluster.Needs(25, "fieldValidation");
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        Answer strict = await scratch.Admin.PostAsync(scratch.Path("configmaps", "?fieldValidation=Strict"), Unknown);
        strict.ShouldBe(400)["reason"].ShouldBe("BadRequest");
        strict["message"]!.ShouldEndWith("strict decoding error: unknown field \"dota\"");
        Answer ignored = await scratch.Admin.PostAsync(scratch.Path("configmaps", "?fieldValidation=Ignore&dryRun=All"), Unknown);
        ignored.ShouldBe(201).Header("Warning").ShouldBe("");
        Answer warned = await scratch.Admin.PostAsync(scratch.Path("configmaps"), Unknown);
        warned.ShouldBe(201).Header("Warning").ShouldBe("299 - \"unknown field \\\"dota\\\"\"");
        warned.Has("", "dota").ShouldBeFalse();
        Answer patched = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one?fieldValidation=Strict"), """{"dota":{"b":"2"}}""");
        patched.Status.ShouldBeOneOf([400, 422], patched.Text);
        patched["message"]!.ShouldContain("strict decoding error: unknown field \"dota\"");
        Answer word = await scratch.Admin.PostAsync(scratch.Path("configmaps", "?fieldValidation=Loose"), Unknown);
        word.ShouldBe(422)["message"].ShouldBe(
            "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported value: \"Loose\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Field validation; duplicate fields", Pages.Concepts + "#setting-the-field-validation-level")]
    public async Task Duplicate_fields_are_warned_of_and_the_last_one_counts(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        cluster.Needs(25, "fieldValidation");
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        const string Twice = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"immutable":false,"immutable":true}""";
        (await scratch.Admin.PostAsync(scratch.Path("configmaps", "?fieldValidation=Strict"), Twice)).ShouldBe(400)["message"]!
            .ShouldEndWith("strict decoding error: duplicate field \"immutable\"");
        Answer warned = await scratch.Admin.PostAsync(scratch.Path("configmaps"), Twice);
        warned.ShouldBe(201)["immutable"].ShouldBe("true");
        warned.Header("Warning").ShouldBe("299 - \"duplicate field \\\"immutable\\\"\"");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: HTTP Status codes, 422; Status kind, causes", Pages.Conventions + "#response-status-kind")]
    public async Task Every_fault_is_told_with_its_field(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = await scratch.Admin.PostAsync(scratch.Path("services"),
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"One","labels":{"a b":"c"}},"spec":{"type":"Odd","ports":[{"port":0}]}}""");
        answer.ShouldBe(422)["reason"].ShouldBe("Invalid");
        answer["details/kind"].ShouldBe("Service");
        answer["details/name"].ShouldBe("One");
        Dictionary<string, string> causes = answer.List("details/causes").ToDictionary(c => c["field"]!.ToString(), c => c["reason"]!.ToString());
        causes.ShouldContainKeyAndValue("metadata.name", "FieldValueInvalid");
        causes.ShouldContainKeyAndValue("metadata.labels", "FieldValueInvalid");
        causes.ShouldContainKeyAndValue("spec.ports[0].port", "FieldValueInvalid");
        causes.ShouldContainKeyAndValue("spec.type", "FieldValueNotSupported");
        answer["message"]!.ShouldStartWith("Service \"One\" is invalid: [metadata.name: Invalid value: \"One\": a DNS-1035 label must consist of");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Types; a value of the wrong type cannot be decoded", Pages.Conventions + "#primitive-types")]
    public async Task A_value_of_the_wrong_type_is_a_bad_request(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = await scratch.Admin.PostAsync(scratch.Path("configmaps"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":1}}""");
        answer.ShouldBe(400)["message"].ShouldBe(
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string");
        Answer text = await scratch.Admin.PostAsync(scratch.Path("configmaps"), "not json");
        text.ShouldBe(400)["reason"].ShouldBe("BadRequest");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("ConfigMaps: Immutable ConfigMaps", Pages.ConfigMaps + "#configmap-immutable")]
    public async Task What_is_immutable_stays_as_it_is(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("configmaps"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"immutable":true,"data":{"a":"1"}}""");
        Answer data = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"data":{"a":"2"}}""");
        data.ShouldBe(422)["message"].ShouldBe("ConfigMap \"one\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
        (await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"metadata":{"labels":{"a":"b"}}}""")).ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Object Names and IDs; Labels: Syntax and character set", Pages.Labels + "#syntax-and-character-set")]
    public async Task Labels_and_annotations_have_qualified_names_and_labels_short_values(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer value = await scratch.Admin.PostAsync(scratch.Path("configmaps"),
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","labels":{"a":"{{{new string('x', 64)}}}"} } }""");
        value.ShouldBe(422)["message"]!.ShouldEndWith("must be no more than 63 characters");
        Answer key = await scratch.Admin.PostAsync(scratch.Path("configmaps"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","annotations":{"a/b/c":"x"}}}""");
        key.ShouldBe(422)["details/causes/0/field"].ShouldBe("metadata.annotations");
        Answer large = await scratch.Admin.PostAsync(scratch.Path("configmaps"),
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","annotations":{"a":"{{{new string('x', 270_000)}}}"} } }""");
        large.ShouldBe(422)["message"]!.ShouldContain("metadata.annotations: Too long: ");
        large["message"]!.ShouldContain("262144");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: HTTP Status codes, 413", Pages.Conventions + "#http-status-codes")]
    public async Task An_object_that_etcd_could_not_hold_is_too_large(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = await scratch.Admin.PostAsync(scratch.Path("configmaps"),
            $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one"},"data":{"a":"{{{new string('x', 3_145_900)}}}"}}""");
        answer.ShouldBe(413)["reason"].ShouldBe("RequestEntityTooLarge");
    }
}
