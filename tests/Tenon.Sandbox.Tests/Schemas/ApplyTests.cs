using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes;

namespace Tenon.Sandbox.Tests.Schemas;

public sealed class ApplyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly IObjectSchema Deployments = SchemaDefaultsTests.Schema("apps/v1", "Deployment");

    private const string Nginx = """
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"x","labels":{"team":"a"}},
         "spec":{"replicas":3,"selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":{"app":"d"}},
         "spec":{"containers":[{"name":"nginx","image":"nginx:1","ports":[{"containerPort":80}]}]}}}}
        """;

    private static ManagerRequest By(string manager, bool force = false, string subresource = "", int at = 0) => new(manager, "apps/v1", subresource, force, Start.AddSeconds(at));

    private static JsonObject Applied(JsonObject? live, string config, ManagerRequest request)
    {
        ApplyResult result = Deployments.Apply(live, SchemaDefaultsTests.Json(config), request);
        result.Merged.ShouldNotBeNull(string.Join("; ", result.Conflicts.Select(c => $"{c.Owner}: {c.Field}")));
        Deployments.Default(result.Merged);
        return result.Merged;
    }

    private static JsonObject? Fields(JsonObject document, string manager) =>
        document.Objects("metadata", "managedFields").FirstOrDefault(e => e.Text("manager") == manager).Object("fieldsV1");

    [Fact]
    public void An_applier_owns_what_it_applies_and_not_what_the_server_adds()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        live.Text("spec", "strategy", "type").ShouldBe("RollingUpdate");
        JsonObject fields = Fields(live, "me")!;
        JsonNode.DeepEquals(fields, JsonNode.Parse("""
            {"f:metadata":{"f:labels":{"f:team":{}}},
             "f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},
             "f:spec":{"f:containers":{"k:{\"name\":\"nginx\"}":{".":{},"f:image":{},"f:name":{},
             "f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}
            """)).ShouldBeTrue(fields.ToJsonString());
    }

    [Fact]
    public void Applying_the_same_again_changes_nothing_not_even_the_time()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        JsonNode.DeepEquals(Applied(live, Nginx, By("me", at: 60)), live).ShouldBeTrue();
    }

    [Fact]
    public void Another_value_for_a_field_of_another_manager_is_a_conflict()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        JsonObject edited = live.Copy();
        edited["spec"]!["replicas"] = 5;
        Deployments.Track(live, edited, By("kubectl-edit", at: 1));
        ApplyResult result = Deployments.Apply(edited, SchemaDefaultsTests.Json(Nginx), By("me", at: 2));
        result.Merged.ShouldBeNull();
        result.Conflicts.Single().ShouldBe(new ApplyConflict(".spec.replicas", "\"kubectl-edit\" using apps/v1"));
    }

    [Fact]
    public void Force_takes_the_field_over()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        JsonObject edited = live.Copy();
        edited["spec"]!["replicas"] = 5;
        Deployments.Track(live, edited, By("kubectl-edit", at: 1));
        JsonObject forced = Applied(edited, Nginx, By("me", force: true, at: 2));
        forced.Long("spec", "replicas").ShouldBe(3);
        Fields(forced, "kubectl-edit").ShouldBeNull();
    }

    [Fact]
    public void What_is_no_longer_applied_goes_unless_somebody_else_owns_it()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        live = Applied(live, """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"x","labels":{"team":"a","tier":"b"}}}""", By("other", at: 1));
        live = Applied(live, Nginx.Replace(",\"labels\":{\"team\":\"a\"}", "", StringComparison.Ordinal), By("me", at: 2));
        live.Text("metadata", "labels", "team").ShouldBe("a");
        live.Text("metadata", "labels", "tier").ShouldBe("b");
        live = Applied(live, """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"x"}}""", By("other", at: 3));
        live.Object("metadata", "labels").ShouldBeNull();
    }

    [Fact]
    public void List_items_merge_by_their_keys_and_go_with_their_owner()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        const string Sidecar = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"x"},
             "spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}
            """;
        live = Applied(live, Sidecar, By("mesh", at: 1));
        live.Objects("spec", "template", "spec", "containers").Select(c => c.Text("name")).ShouldBe(["nginx", "side"]);
        live = Applied(live, Sidecar.Replace("""[{"name":"side","image":"s:1"}]""", "[]", StringComparison.Ordinal), By("mesh", at: 2));
        live.Objects("spec", "template", "spec", "containers").Select(c => c.Text("name")).ShouldBe(["nginx"]);
    }

    [Fact]
    public void A_status_writer_is_recorded_with_its_subresource()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        JsonObject updated = live.Copy();
        updated["status"] = SchemaDefaultsTests.Json("""{"replicas":3,"observedGeneration":1}""");
        Deployments.Track(live, updated, By("controller", subresource: "status", at: 1));
        JsonObject entry = updated.Objects("metadata", "managedFields").Single(e => e.Text("manager") == "controller");
        entry.Text("subresource").ShouldBe("status");
        JsonNode.DeepEquals(entry["fieldsV1"], JsonNode.Parse("""{"f:status":{"f:observedGeneration":{},"f:replicas":{}}}""")).ShouldBeTrue(entry.ToJsonString());
    }

    [Fact]
    public void A_creator_owns_defaults_too_and_structures_are_not_listed_themselves()
    {
        JsonObject made = SchemaDefaultsTests.Json(Nginx);
        Deployments.Default(made);
        Deployments.Track(null, made, By("kubectl-create"));
        JsonObject fields = Fields(made, "kubectl-create")!;
        fields.At("f:spec", "f:strategy", "f:rollingUpdate", ".").ShouldNotBeNull(fields.ToJsonString());
        fields.At("f:spec", "f:strategy", ".").ShouldBeNull(fields.ToJsonString());
        fields.At("f:spec", ".").ShouldBeNull();
        fields.At("f:metadata", "f:labels", ".").ShouldNotBeNull();
        fields.At("f:status").ShouldBeNull();
    }

    [Fact]
    public void A_single_empty_entry_resets_the_record()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        JsonObject updated = live.Copy();
        updated["metadata"]!["managedFields"] = new JsonArray(new JsonObject());
        Deployments.Track(live, updated, By("x"));
        updated["metadata"]!.AsObject().ContainsKey("managedFields").ShouldBeFalse();
    }

    [Fact]
    public void Kubectl_goes_on_on_the_servers_side_with_what_it_applied_on_its_own()
    {
        JsonObject made = SchemaDefaultsTests.Json(Nginx);
        made["metadata"]!["annotations"] = new JsonObject { ["kubectl.kubernetes.io/last-applied-configuration"] = Nginx };
        Deployments.Default(made);
        Deployments.Track(null, made, By("kubectl-client-side-apply"));
        string changed = Nginx.Replace("\"replicas\":3", "\"replicas\":4", StringComparison.Ordinal);
        Applied(made, changed, By("kubectl", at: 1)).Long("spec", "replicas").ShouldBe(4);
        Deployments.Apply(made, SchemaDefaultsTests.Json(changed), By("argo", at: 1)).Conflicts.Single().Field.ShouldBe(".spec.replicas");
    }

    [Fact]
    public void Dropping_the_last_label_keeps_the_rest_of_the_metadata()
    {
        JsonObject live = Applied(null, Nginx, By("me"));
        live["metadata"]!["resourceVersion"] = "7";
        live["metadata"]!["uid"] = "u";
        live = Applied(live, Nginx.Replace(",\"labels\":{\"team\":\"a\"}", "", StringComparison.Ordinal), By("me", at: 1));
        live.At("metadata", "labels").ShouldBeNull();
        live.Text("metadata", "name").ShouldBe("d");
        live.Text("metadata", "resourceVersion").ShouldBe("7");
        live.Text("metadata", "uid").ShouldBe("u");
    }
}
