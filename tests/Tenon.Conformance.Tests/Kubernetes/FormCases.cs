using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>The forms of answers: tables for kubectl, metadata alone for collectors, and what cannot be had.</summary>
public sealed class FormCases(Clusters clusters)
{
    private const string Table = "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    private const string Metadata = "Accept: application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json";

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Receiving resources as Tables", Pages.Concepts + "#receiving-resources-as-tables")]
    public async Task A_table_has_columns_and_a_row_an_object_with_its_metadata(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one", """{"a":"1","b":"2"}""");
        Answer table = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "?fieldSelector=metadata.name%3Done"), Table)).ShouldBe(200);
        table["kind"].ShouldBe("Table");
        table["apiVersion"].ShouldBe("meta.k8s.io/v1");
        table.List("columnDefinitions").Select(c => c["name"]!.ToString()).ShouldBe(["Name", "Data", "Age"]);
        table["rows/0/cells/0"].ShouldBe("one");
        table["rows/0/cells/1"].ShouldBe("2");
        table["rows/0/object/kind"].ShouldBe("PartialObjectMetadata");
        table["rows/0/object/metadata/name"].ShouldBe("one");
        table["metadata/resourceVersion"].ShouldNotBeNull();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Receiving resources as Tables", Pages.Concepts + "#receiving-resources-as-tables")]
    public async Task The_tables_of_what_we_show_have_the_columns_that_users_know(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        foreach ((string path, string columns) in new[]
        {
            (scratch.Path("services"), "Name Type Cluster-IP External-IP Port(s) Age Selector"),
            ("/api/v1/nodes", "Name Status Roles Age Version Internal-IP External-IP OS-Image Kernel-Version Container-Runtime"),
            ("/api/v1/namespaces", "Name Status Age"),
            (scratch.Path("pods"), "Name Ready Status Restarts Age IP Node Nominated Node Readiness Gates"),
            (scratch.Path("coordination.k8s.io/v1/leases"), "Name Holder Age"),
            (scratch.Path("discovery.k8s.io/v1/endpointslices"), "Name AddressType Ports Endpoints Age"),
            (scratch.Path("events"), "Last Seen Type Reason Object Subobject Source Message First Seen Count Name"),
            (scratch.Path("apps/v1/deployments"), "Name Ready Up-to-date Available Age Containers Images Selector"),
            (scratch.Path("apps/v1/daemonsets"), "Name Desired Current Ready Up-to-date Available Node Selector Age Containers Images Selector"),
        })
        {
            Answer table = (await scratch.Admin.GetAsync(path, Table)).ShouldBe(200);
            string.Join(' ', table.List("columnDefinitions").Select(c => c["name"]!.ToString())).ShouldBe(columns, path);
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Receiving resources as Tables", Pages.Concepts + "#receiving-resources-as-tables")]
    public async Task A_watched_table_sends_its_columns_once(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        // By label: controllers put certificates of theirs into a new namespace.
        const string Labels = """ "labels":{"x":"y"} """;
        string from = (await scratch.ConfigMapAsync("zero", metadata: Labels))["metadata/resourceVersion"]!;
        await scratch.ConfigMapAsync("one", metadata: Labels);
        await scratch.ConfigMapAsync("two", metadata: Labels);
        using WatchLines watch = await scratch.Admin.WatchAsync(scratch.Path("configmaps", $"?watch=true&resourceVersion={from}&labelSelector=x"), Table);
        JsonObject first = (await watch.NextAsync())!["object"]!.AsObject(), second = (await watch.NextAsync())!["object"]!.AsObject();
        first["columnDefinitions"]!.AsArray().Count.ShouldBe(3);
        first["rows"]!.AsArray().Count.ShouldBe(1);
        (second["columnDefinitions"] as JsonArray ?? []).Count.ShouldBe(0);
        second["rows"]![0]!["cells"]![0]!.ToString().ShouldBe("two");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("KEP-2334 and API Concepts: metadata-only requests (PartialObjectMetadata)", Pages.Concepts + "#alternate-representations-of-resources")]
    public async Task Metadata_alone_can_be_had_of_one_and_of_many(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one", """{"a":"1"}""", """ "labels":{"x":"y"} """);
        Answer list = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "?labelSelector=x"), Metadata)).ShouldBe(200);
        list["kind"].ShouldBe("PartialObjectMetadataList");
        list["apiVersion"].ShouldBe("meta.k8s.io/v1");
        list["items/0/kind"].ShouldBe("PartialObjectMetadata");
        list["items/0/metadata/labels/x"].ShouldBe("y");
        list.Has("items/0", "data").ShouldBeFalse();
        Answer one = await scratch.Admin.GetAsync(scratch.Path("configmaps", "one"), "Accept: application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io");
        one.ShouldBe(200)["kind"].ShouldBe("PartialObjectMetadata");
        one.Json!.AsObject().Select(p => p.Key).Order().ShouldBe(["apiVersion", "kind", "metadata"]);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Alternate representations of resources", Pages.Concepts + "#alternate-representations-of-resources")]
    [Believed("the message is that of the negotiation: only the following media types are accepted")]
    public async Task A_form_that_is_not_offered_is_not_acceptable(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = (await scratch.Admin.GetAsync(scratch.Path("configmaps"), "Accept: text/csv")).ShouldBe(406);
        answer["reason"].ShouldBe("NotAcceptable");
        answer["message"]!.ShouldStartWith("406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf");
        (await scratch.Admin.GetAsync(scratch.Path("configmaps"), "Accept: text/csv, */*")).ShouldBe(200)["kind"].ShouldBe("ConfigMapList");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Alternate representations of resources", Pages.Concepts + "#alternate-representations-of-resources")]
    public async Task Objects_can_be_had_as_yaml(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one", """{"a":"yes"}""");
        Answer answer = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "one"), "Accept: application/yaml")).ShouldBe(200);
        answer.Header("Content.Content-Type").ShouldBe("application/yaml");
        answer.Text.ShouldContain("kind: ConfigMap\n");
        answer.Text.ShouldContain("a: \"yes\"\n");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Alternate representations of resources", Pages.Concepts + "#alternate-representations-of-resources")]
    [Believed("a patch of an unknown type is told which ones there are")]
    public async Task A_body_of_an_unknown_type_is_refused(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = (await scratch.Admin.SendAsync("POST", scratch.Path("configmaps"), "x", "text/csv")).ShouldBe(415);
        answer["reason"].ShouldBe("UnsupportedMediaType");
        Answer patch = (await scratch.Admin.SendAsync("PATCH", scratch.Path("configmaps", "kube-root-ca.crt"), "{}", "application/json")).ShouldBe(415);
        patch["message"].ShouldBe("415: Unsupported Media Type");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Verbs", Pages.Concepts + "#api-verbs")]
    public async Task What_is_not_served_is_not_found_and_a_verb_that_lacks_is_not_allowed(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string path in new[] { "/api/v1/nothings", "/apis/example.com/v1/things", scratch.Path("configmaps", "one/nothing") })
        {
            (await scratch.Admin.GetAsync(path)).Status.ShouldBe(404, path);
        }

        Answer put = await scratch.Admin.PutAsync(scratch.Path("configmaps"), "{}");
        put.ShouldBe(405)["reason"].ShouldBe("MethodNotAllowed");
        put["message"].ShouldBe("the server does not allow this method on the requested resource");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Efficient detection of changes, compression", Pages.Concepts + "#response-compression")]
    public async Task Large_answers_are_compressed_for_those_who_ask(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("large", $$"""{"a":"{{new string('x', 200_000)}}"}""");
        Answer plain = await scratch.Admin.GetAsync(scratch.Path("configmaps", "large"));
        plain.Header("Content.Content-Encoding").ShouldBe("");
        Answer packed = await scratch.Admin.GetAsync(scratch.Path("configmaps", "large"), "Accept-Encoding: gzip");
        packed.Header("Content.Content-Encoding").ShouldBe("gzip");
    }
}
