using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>The three patches that name changes. Tenon writes nodes, Services and events by them.</summary>
[Stated("API Concepts: Patching resources", Pages.Concepts + "#patch-and-apply")]
public sealed class PatchCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    public async Task A_merge_patch_sets_merges_and_removes(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one", """{"a":"1","b":"2"}""");
        Answer answer = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"data":{"a":null,"c":"3"},"metadata":{"labels":{"x":"y"}}}""");
        answer.ShouldBe(200).At("data")!.ToJsonString().ShouldBe("""{"b":"2","c":"3"}""");
        answer["metadata/labels/x"].ShouldBe("y");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_merge_patch_replaces_lists_whole(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("services"), Headless("one"));
        Answer answer = await scratch.Admin.PatchAsync(scratch.Path("services", "one"), """{"spec":{"ports":[{"name":"c","port":3}]}}""");
        Ports(answer.ShouldBe(200)).ShouldBe("c:3");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_strategic_patch_merges_lists_by_their_keys(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("services"), Headless("one"));
        string path = scratch.Path("services", "one");
        Answer changed = await scratch.Admin.PatchAsync(path, """{"spec":{"ports":[{"port":1,"targetPort":11},{"name":"c","port":3}]}}""", KubeWire.Strategic);
        Ports(changed.ShouldBe(200)).ShouldBe("a:1 c:3 b:2");
        changed["spec/ports/0/targetPort"].ShouldBe("11");
        Answer removed = await scratch.Admin.PatchAsync(path, """{"spec":{"ports":[{"port":1,"$patch":"delete"}]}}""", KubeWire.Strategic);
        Ports(removed.ShouldBe(200)).ShouldBe("c:3 b:2");
        Answer replaced = await scratch.Admin.PatchAsync(path, """{"spec":{"ports":[{"$patch":"replace"},{"name":"z","port":9}]}}""", KubeWire.Strategic);
        Ports(replaced.ShouldBe(200)).ShouldBe("z:9");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_strategic_patch_merges_plain_lists_where_the_kind_says_so(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        await scratch.ConfigMapAsync("one", metadata: """ "finalizers":["tenon.example.com/a"] """);
        Answer more = await scratch.Admin.PatchAsync(path, """{"metadata":{"finalizers":["tenon.example.com/b"]}}""", KubeWire.Strategic);
        more.ShouldBe(200).At("metadata/finalizers")!.AsArray().Select(f => f!.ToString()).Order().ShouldBe(["tenon.example.com/a", "tenon.example.com/b"]);
        Answer less = await scratch.Admin.PatchAsync(path, """{"metadata":{"$deleteFromPrimitiveList/finalizers":["tenon.example.com/a"]}}""", KubeWire.Strategic);
        less.ShouldBe(200).At("metadata/finalizers")!.AsArray().Select(f => f!.ToString()).ShouldBe(["tenon.example.com/b"]);
        (await scratch.Admin.PatchAsync(path, """{"metadata":{"finalizers":null}}""")).ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_json_patch_tests_before_it_writes(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one", """{"a":"1"}""", """ "annotations":{"example.com/x":"y"} """);
        Answer answer = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """
            [{"op":"test","path":"/data/a","value":"1"},{"op":"replace","path":"/data/a","value":"2"},{"op":"add","path":"/data/b","value":"3"},
             {"op":"remove","path":"/metadata/annotations/example.com~1x"},{"op":"copy","from":"/data/b","path":"/data/c"}]
            """, KubeWire.JsonPatch);
        answer.ShouldBe(200).At("data")!.ToJsonString().ShouldBe("""{"a":"2","b":"3","c":"3"}""");
        answer.Has("metadata", "annotations").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Believed("the answer says which operation failed")]
    public async Task A_json_patch_whose_test_fails_is_refused(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one", """{"a":"1"}""");
        string path = scratch.Path("configmaps", "one");
        Answer wrong = await scratch.Admin.PatchAsync(
            path, """[{"op":"replace","path":"/data/a","value":"2"},{"op":"test","path":"/data/a","value":"1"}]""", KubeWire.JsonPatch);
        wrong.ShouldBe(422)["reason"].ShouldBe("Invalid");
        wrong["message"].ShouldBe("the server rejected our request due to an error in our request");
        (await scratch.Admin.GetAsync(path))["data/a"].ShouldBe("1");
        Answer missing = await scratch.Admin.PatchAsync(path, """[{"op":"remove","path":"/data/none"}]""", KubeWire.JsonPatch);
        missing.ShouldBe(422)["reason"].ShouldBe("Invalid");
        Answer malformed = await scratch.Admin.PatchAsync(path, """{"op":"remove"}""", KubeWire.JsonPatch);
        malformed.ShouldBe(400)["message"]!.ShouldStartWith("error decoding patch: json: cannot unmarshal object into Go value of type ");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Concurrency Control and Consistency", Pages.Conventions + "#concurrency-control-and-consistency")]
    public async Task A_patch_may_demand_a_version(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        Answer made = await scratch.ConfigMapAsync("one");
        Answer first = await scratch.Admin.PatchAsync(path, $$$"""{"metadata":{"resourceVersion":"{{{made["metadata/resourceVersion"]}}}"},"data":{"a":"1"}}""");
        first.ShouldBe(200);
        foreach (string type in new[] { KubeWire.Merge, KubeWire.Strategic })
        {
            Answer late = await scratch.Admin.PatchAsync(path, $$$"""{"metadata":{"resourceVersion":"{{{made["metadata/resourceVersion"]}}}"},"data":{"a":"2"}}""", type);
            late.ShouldBe(409)["message"]!.ShouldContain("the object has been modified");
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Believed("a patch with another UID conflicts, as an update does")]
    public async Task A_patch_changes_neither_uid_nor_name(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        await scratch.ConfigMapAsync("one");
        Answer uid = await scratch.Admin.PatchAsync(path, """{"metadata":{"uid":"11111111-1111-1111-1111-111111111111"}}""");
        uid.ShouldBe(422)["message"].ShouldBe(
            "ConfigMap \"one\" is invalid: metadata.uid: Invalid value: \"11111111-1111-1111-1111-111111111111\": field is immutable");
        Answer name = await scratch.Admin.PatchAsync(path, """{"metadata":{"name":"two"}}""");
        name.ShouldBe(400)["message"].ShouldBe("the name of the object (two) does not match the name on the URL (one)");
        Answer space = await scratch.Admin.PatchAsync(path, """{"metadata":{"namespace":"other"}}""");
        space.ShouldBe(400)["message"].ShouldBe("the namespace of the provided object does not match the namespace sent on the request");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_patch_of_nothing_there_is_not_found(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string type in new[] { KubeWire.Merge, KubeWire.Strategic })
            (await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), "{}", type)).ShouldBe(404)["reason"].ShouldBe("NotFound");
        (await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), "[]", KubeWire.JsonPatch)).ShouldBe(404);
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task Conditions_are_merged_by_type(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = KubeScratch.Wide("nodes", scratch.Space);
        await scratch.MakeAsync(KubeScratch.Wide("nodes"), $$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{scratch.Space}}}"}}""");
        await scratch.Admin.PatchAsync(path + "/status", """{"status":{"conditions":[{"type":"A","status":"True"},{"type":"B","status":"False"}]}}""", KubeWire.Strategic);
        Answer answer = await scratch.Admin.PatchAsync(path + "/status", """{"status":{"conditions":[{"type":"B","status":"True"}]}}""", KubeWire.Strategic);
        Dictionary<string, string> conditions = answer.ShouldBe(200).List("status/conditions").ToDictionary(c => c["type"]!.ToString(), c => c["status"]!.ToString());
        conditions["A"].ShouldBe("True");
        conditions["B"].ShouldBe("True");
    }

    private static string Ports(Answer service) => string.Join(' ', service.List("spec/ports").Select(p => $"{p["name"]}:{p["port"]}"));

    private static string Headless(string name)
        => $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{{name}}}"},"spec":{"clusterIP":"None","ports":[{"name":"a","port":1},{"name":"b","port":2}]}}""";
}
