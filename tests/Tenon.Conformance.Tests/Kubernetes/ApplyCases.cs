using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Server-side apply: who owns which field, and what happens when two want the same.</summary>
[Stated("Server-Side Apply", Pages.Apply)]
public sealed class ApplyCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    public async Task An_apply_makes_what_is_not_there_and_needs_a_manager(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer nobody = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), Map("one", """{"a":"1"}"""), KubeWire.Apply);
        nobody.ShouldBe(422)["message"].ShouldBe("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
        Answer made = await Apply(scratch, "alice", """{"a":"1"}""");
        made.ShouldBe(201)["data/a"].ShouldBe("1");
        Answer again = await Apply(scratch, "alice", """{"a":"1"}""");
        again.ShouldBe(200)["metadata/resourceVersion"].ShouldBe(made["metadata/resourceVersion"]);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Field management", Pages.Apply + "#field-management")]
    public async Task Managed_fields_tell_who_set_what(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = (await Apply(scratch, "alice", """{"a":"1"}""")).ShouldBe(201);
        JsonObject entry = made.List("metadata/managedFields").Single();
        entry["manager"]!.ToString().ShouldBe("alice");
        entry["operation"]!.ToString().ShouldBe("Apply");
        entry["apiVersion"]!.ToString().ShouldBe("v1");
        entry["fieldsType"]!.ToString().ShouldBe("FieldsV1");
        entry["fieldsV1"]!.ToJsonString().ShouldBe("""{"f:data":{"f:a":{}}}""");
        entry.ContainsKey("time").ShouldBeTrue();
        Answer updated = await scratch.Admin.SendAsync("PATCH", scratch.Path("configmaps", "one?fieldManager=bob"), """{"data":{"b":"2"}}""", KubeWire.Merge);
        JsonObject second = updated.ShouldBe(200).List("metadata/managedFields").Single(e => e["manager"]!.ToString() == "bob");
        second["operation"]!.ToString().ShouldBe("Update");
        second["fieldsV1"]!.ToJsonString().ShouldBe("""{"f:data":{"f:b":{}}}""");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Conflicts", Pages.Apply + "#conflicts")]
    public async Task A_field_of_another_manager_conflicts_unless_forced(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await Apply(scratch, "alice", """{"a":"1","b":"1"}""");
        Answer conflict = await Apply(scratch, "bob", """{"a":"2"}""");
        conflict.ShouldBe(409)["reason"].ShouldBe("Conflict");
        conflict["message"].ShouldBe("Apply failed with 1 conflict: conflict with \"alice\": .data.a");
        conflict["details/causes/0/reason"].ShouldBe("FieldManagerConflict");
        conflict["details/causes/0/message"].ShouldBe("conflict with \"alice\"");
        conflict["details/causes/0/field"].ShouldBe(".data.a");
        Answer both = await Apply(scratch, "bob", """{"a":"2","b":"2"}""");
        both.ShouldBe(409)["message"].ShouldBe("Apply failed with 2 conflicts: conflicts with \"alice\":\n- .data.a\n- .data.b");
        Answer same = await Apply(scratch, "bob", """{"a":"1"}""");
        same.ShouldBe(200).List("metadata/managedFields").Count.ShouldBe(2, "equal values are shared");
        Answer forced = await Apply(scratch, "carol", """{"a":"3"}""", "&force=true");
        forced.ShouldBe(200)["data/a"].ShouldBe("3");
        forced.List("metadata/managedFields").Select(e => e["manager"]!.ToString()).ShouldNotContain("bob");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Field management; fields that are applied no more go", Pages.Apply + "#field-management")]
    public async Task A_field_that_its_only_manager_applies_no_more_goes(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await Apply(scratch, "alice", """{"a":"1","b":"1"}""");
        await Apply(scratch, "bob", """{"b":"1"}""");
        Answer less = await Apply(scratch, "alice", """{"c":"1"}""");
        less.ShouldBe(200).At("data")!.ToJsonString().ShouldBe("""{"b":"1","c":"1"}""");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Merge strategy", Pages.Apply + "#merge-strategy")]
    public async Task Lists_with_keys_are_owned_item_by_item(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("services", "one?fieldManager=");
        await scratch.Admin.SendAsync("PATCH", path + "alice", Service("""{"name":"a","port":1}"""), KubeWire.Apply);
        Answer both = await scratch.Admin.SendAsync("PATCH", path + "bob", Service("""{"name":"b","port":2}"""), KubeWire.Apply);
        both.ShouldBe(200).List("spec/ports").Count.ShouldBe(2);
        JsonObject entry = both.List("metadata/managedFields").Single(e => e["manager"]!.ToString() == "bob");
        (string key, JsonNode? owned) = entry["fieldsV1"]!["f:spec"]!["f:ports"]!.AsObject().Single();
        key.ShouldBe("""k:{"port":2,"protocol":"TCP"}""");
        owned!.ToJsonString().ShouldBe("""{".":{},"f:name":{},"f:port":{}}""");
        Answer gone = await scratch.Admin.SendAsync("PATCH", path + "alice", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"clusterIP":"None"}}""", KubeWire.Apply);
        gone.ShouldBe(200).List("spec/ports").Single()["name"]!.ToString().ShouldBe("b");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Using Server-Side Apply in a controller; subresources", Pages.Apply + "#field-management")]
    public async Task Fields_of_a_subresource_are_owned_apart(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("services"), """{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}""");
        Answer status = await scratch.Admin.SendAsync("PATCH", scratch.Path("services", "one/status?fieldManager=cloud"),
            """{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"status":{"loadBalancer":{"ingress":[{"ip":"192.0.2.1"}]}}}""", KubeWire.Apply);
        status.ShouldBe(200)["status/loadBalancer/ingress/0/ip"].ShouldBe("192.0.2.1");
        JsonObject entry = status.List("metadata/managedFields").Single(e => e["manager"]!.ToString() == "cloud");
        entry["subresource"]!.ToString().ShouldBe("status");
        entry["fieldsV1"]!.ToJsonString().ShouldStartWith("""{"f:status":{"f:loadBalancer":{"f:ingress":""");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Comparison with Client-Side Apply", Pages.Apply)]
    public async Task An_apply_takes_yaml_and_no_managed_fields(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer yaml = await scratch.Admin.SendAsync("PATCH", scratch.Path("configmaps", "one?fieldManager=alice"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: \"1\"\n", KubeWire.Apply);
        yaml.ShouldBe(201)["data/a"].ShouldBe("1");
        Answer managed = await scratch.Admin.SendAsync("PATCH", scratch.Path("configmaps", "one?fieldManager=alice"),
            """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","managedFields":[{"manager":"x","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]}}""", KubeWire.Apply);
        managed.ShouldBe(400)["message"].ShouldBe("metadata.managedFields must be nil");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: Clearing managedFields", Pages.Apply + "#clearing-managedfields")]
    public async Task Managed_fields_can_be_cleared(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await Apply(scratch, "alice", """{"a":"1"}""");
        Answer cleared = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"metadata":{"managedFields":[{}]}}""");
        cleared.ShouldBe(200).Has("metadata", "managedFields").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Server-Side Apply: managers of updates without a name", Pages.Apply + "#managers")]
    public async Task A_manager_without_a_name_is_called_after_its_program(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.ConfigMapAsync("one", """{"a":"1"}""");
        made["metadata/managedFields/0/manager"].ShouldBe("tenon-conformance");
        made["metadata/managedFields/0/operation"].ShouldBe("Update");
    }

    private static Task<Answer> Apply(KubeScratch scratch, string manager, string data, string query = "")
        => scratch.Admin.SendAsync("PATCH", scratch.Path("configmaps", $"one?fieldManager={manager}{query}"), Map("one", data), KubeWire.Apply);

    private static string Map(string name, string data) => $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}"},"data":{{data}}}""";

    private static string Service(string port) => $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"one"},"spec":{"clusterIP":"None","ports":[{{{port}}}]}}""";
}
