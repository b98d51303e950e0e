using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Deletion: preconditions, finalizers, and what becomes of dependents.</summary>
public sealed class DeleteCases(Clusters clusters)
{
    private const string Keep = """ "finalizers":["tenon.example.com/keep"] """;

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Verbs on Resources, DELETE", Pages.Conventions + "#verbs-on-resources")]
    public async Task A_deletion_answers_with_a_success_that_names_the_uid(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.ConfigMapAsync("one");
        Answer gone = (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one"))).ShouldBe(200);
        gone["kind"].ShouldBe("Status");
        gone["status"].ShouldBe("Success");
        gone["details/name"].ShouldBe("one");
        gone["details/kind"].ShouldBe("configmaps");
        gone["details/uid"].ShouldBe(made["metadata/uid"]);
        Answer again = (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one"))).ShouldBe(404);
        again["reason"].ShouldBe("NotFound");
        again["message"].ShouldBe("configmaps \"one\" not found");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Concurrency Control; DeleteOptions.preconditions", Pages.Conventions + "#concurrency-control-and-consistency")]
    public async Task A_deletion_may_demand_a_uid_and_a_version(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        Answer made = await scratch.ConfigMapAsync("one");
        Answer uid = await scratch.Admin.DeleteAsync(path, """{"preconditions":{"uid":"other"}}""");
        uid.ShouldBe(409)["reason"].ShouldBe("Conflict");
        uid["message"].ShouldBe(
            $"Operation cannot be fulfilled on ConfigMap \"one\": the UID in the precondition (other) does not match the UID in record ({made["metadata/uid"]}). "
            + "The object might have been deleted and then recreated");
        Answer version = await scratch.Admin.DeleteAsync(path, """{"preconditions":{"resourceVersion":"1"}}""");
        version.ShouldBe(409)["message"].ShouldBe(
            "Operation cannot be fulfilled on ConfigMap \"one\": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record "
            + $"({made["metadata/resourceVersion"]}). The object might have been modified");
        Answer right = await scratch.Admin.DeleteAsync(
            path, $$$"""{"preconditions":{"uid":"{{{made["metadata/uid"]}}}","resourceVersion":"{{{made["metadata/resourceVersion"]}}}"}}""");
        right.ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Finalizers: How finalizers work", Pages.Finalizers + "#how-finalizers-work")]
    public async Task A_finalizer_keeps_an_object_until_it_is_taken_away(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        await scratch.ConfigMapAsync("one", metadata: Keep);
        (await scratch.Admin.DeleteAsync(path)).ShouldBe(200);
        Answer marked = (await scratch.Admin.GetAsync(path)).ShouldBe(200);
        marked["metadata/deletionTimestamp"].ShouldNotBeNull();
        marked["metadata/deletionGracePeriodSeconds"].ShouldBe("0");
        Answer again = (await scratch.Admin.DeleteAsync(path)).ShouldBe(200);
        Answer same = (await scratch.Admin.GetAsync(path)).ShouldBe(200);
        same["metadata/deletionTimestamp"].ShouldBe(marked["metadata/deletionTimestamp"], again.Text);
        Answer last = (await scratch.Admin.PatchAsync(path, """{"metadata":{"finalizers":null}}""")).ShouldBe(200);
        last.Has("metadata", "finalizers").ShouldBeFalse();
        (await scratch.Admin.GetAsync(path)).ShouldBe(404);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Finalizers: How finalizers work", Pages.Finalizers + "#how-finalizers-work")]
    public async Task The_removal_of_the_last_finalizer_is_told_to_watches_as_a_deletion(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        string from = (await scratch.ConfigMapAsync("one", metadata: Keep))["metadata/resourceVersion"]!;
        using WatchLines watch = await scratch.Admin.WatchAsync(scratch.Path("configmaps", $"?watch=true&resourceVersion={from}&fieldSelector=metadata.name%3Done"));
        await scratch.Admin.DeleteAsync(path);
        await scratch.Admin.PatchAsync(path, """[{"op":"remove","path":"/metadata/finalizers"}]""", KubeWire.JsonPatch);
        JsonObject marked = (await watch.NextAsync())!, gone = (await watch.NextAsync())!;
        marked["type"]!.ToString().ShouldBe("MODIFIED");
        marked["object"]!["metadata"]!["deletionTimestamp"].ShouldNotBeNull();
        gone["type"]!.ToString().ShouldBe("DELETED");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Finalizers: How finalizers work; none can be added during the deletion", Pages.Finalizers + "#how-finalizers-work")]
    public async Task No_finalizer_joins_while_an_object_is_being_deleted(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("configmaps", "one");
        await scratch.ConfigMapAsync("one", metadata: Keep);
        await scratch.Admin.DeleteAsync(path);
        Answer more = await scratch.Admin.PatchAsync(path, """{"metadata":{"finalizers":["tenon.example.com/keep","tenon.example.com/more"]}}""");
        more.ShouldBe(422)["details/causes/0/field"].ShouldBe("metadata.finalizers");
        more["message"].ShouldBe(
            "ConfigMap \"one\" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"tenon.example.com/more\"}");
        Answer data = await scratch.Admin.PatchAsync(path, """{"data":{"a":"still writable"}}""");
        data.ShouldBe(200);
        (await scratch.Admin.PatchAsync(path, """{"metadata":{"finalizers":null}}""")).ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Finalizers: names are qualified", Pages.Finalizers)]
    public async Task A_finalizer_is_named_with_a_domain(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer bare = await scratch.Admin.PostAsync(scratch.Path("configmaps"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","finalizers":["keep"]}}""");
        bare.ShouldBe(422)["details/causes/0/field"].ShouldBe("metadata.finalizers[0]");
        bare["message"].ShouldBe(
            "ConfigMap \"x\" is invalid: metadata.finalizers[0]: Invalid value: \"keep\": name is neither a standard finalizer name nor is it fully qualified");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Metadata, deletionTimestamp raises the generation", Pages.Conventions + "#metadata")]
    public async Task The_deletion_of_what_has_a_generation_raises_it(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("apps/v1/deployments", "one");
        JsonObject body = JsonNode.Parse(WriteCases.Deployment("one", 0))!.AsObject();
        body["metadata"]!["finalizers"] = new JsonArray("tenon.example.com/keep");
        await scratch.MakeAsync(scratch.Path("apps/v1/deployments"), body);
        await scratch.Admin.DeleteAsync(path);
        (await scratch.Admin.GetAsync(path)).ShouldBe(200)["metadata/generation"].ShouldBe("2");
        (await scratch.Admin.PatchAsync(path, """{"metadata":{"finalizers":null}}""")).ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Garbage Collection: Owners and dependents", Pages.GarbageCollection + "#owners-dependents")]
    public async Task A_dependent_goes_after_its_owner(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer owner = await scratch.ConfigMapAsync("owner");
        await scratch.ConfigMapAsync("child", metadata: Owned(owner));
        (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "owner"), """{"propagationPolicy":"Background"}""")).ShouldBe(200);
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "owner"))).ShouldBe(404);
        await scratch.UntilAsync(scratch.Path("configmaps", "child"), a => a.Status == 404, "collected");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Garbage Collection: Orphaned dependents", Pages.GarbageCollection + "#orphaned-dependents")]
    public async Task An_orphan_stays_and_forgets_its_owner(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer owner = await scratch.ConfigMapAsync("owner");
        await scratch.ConfigMapAsync("child", metadata: Owned(owner));

        // The collector sees ConfigMaps in order: once it has acted on this one, it knows the child.
        await scratch.ConfigMapAsync(
            "later", metadata: """ "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"none","uid":"11111111-1111-1111-1111-111111111111"}] """);
        await scratch.UntilAsync(scratch.Path("configmaps", "later"), a => a.Status == 404, "collected");
        (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "owner"), """{"propagationPolicy":"Orphan"}""")).ShouldBe(200);
        await scratch.UntilAsync(scratch.Path("configmaps", "owner"), a => a.Status == 404, "gone");
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "child"))).ShouldBe(200).Has("metadata", "ownerReferences").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Garbage Collection: Foreground cascading deletion", Pages.GarbageCollection + "#foreground-deletion")]
    public async Task In_the_foreground_the_owner_waits_for_those_that_block_it(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer owner = await scratch.ConfigMapAsync("owner");
        await scratch.ConfigMapAsync("child", metadata: Owned(owner, blocks: true) + "," + Keep);
        (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "owner"), """{"propagationPolicy":"Foreground"}""")).ShouldBe(200);
        Answer waiting = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "owner"))).ShouldBe(200);
        waiting["metadata/finalizers/0"].ShouldBe("foregroundDeletion");
        waiting["metadata/deletionTimestamp"].ShouldNotBeNull();
        await scratch.UntilAsync(scratch.Path("configmaps", "child"), a => a["metadata/deletionTimestamp"] is not null, "being deleted");
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "owner"))).ShouldBe(200);
        (await scratch.Admin.PatchAsync(scratch.Path("configmaps", "child"), """{"metadata":{"finalizers":null}}""")).ShouldBe(200);
        await scratch.UntilAsync(scratch.Path("configmaps", "owner"), a => a.Status == 404, "gone");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Garbage Collection: Owners and dependents; an owner of another UID is no owner", Pages.GarbageCollection + "#owners-dependents")]
    public async Task A_dependent_of_nobody_is_collected(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("owner");
        await scratch.ConfigMapAsync(
            "child", metadata: """ "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"11111111-1111-1111-1111-111111111111"}] """);
        await scratch.UntilAsync(scratch.Path("configmaps", "child"), a => a.Status == 404, "collected");
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "owner"))).ShouldBe(200);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Metadata, ownerReferences", Pages.Conventions + "#metadata")]
    public async Task An_object_has_one_controller_at_most(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = await scratch.Admin.PostAsync(scratch.Path("configmaps"), """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","ownerReferences":[
              {"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"1","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"2","controller":true}]}}
            """);
        answer.ShouldBe(422)["details/causes/0/field"].ShouldBe("metadata.ownerReferences");
        answer["message"]!.ShouldContain("Only one reference can have Controller set to true. Found \"true\" in references for ConfigMap/a and ConfigMap/b");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Dry-run; deletion policies", Pages.GarbageCollection + "#cascading-deletion")]
    public async Task Policies_that_do_not_exist_are_refused(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one");
        Answer answer = await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one"), """{"propagationPolicy":"Sideways"}""");
        answer.ShouldBe(422)["message"].ShouldBe(
            "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"Sideways\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
        (await scratch.Admin.GetAsync(scratch.Path("configmaps", "one"))).ShouldBe(200);
    }

    private static string Owned(Answer owner, bool blocks = false)
        => $$""" "ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"{{owner["metadata/name"]}}","uid":"{{owner["metadata/uid"]}}","blockOwnerDeletion":{{(blocks ? "true" : "false")}}}] """;
}
