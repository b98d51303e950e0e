using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class ObjectTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 30_000;

    private static string ConfigMap(string name, string data = "{}") =>
        $$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{name}}","labels":{"app":"{{name}}"} },"data":{{data}} }""";

    private static string Deployment(string name) => $$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{name}}"},"spec":{"selector":{"matchLabels":{"app":"x"} },
        "template":{"metadata":{"labels":{"app":"x"} },"spec":{"containers":[{"name":"c","image":"i:1"}]} } },"status":{"replicas":7} }
        """;

    private async Task<string> ConfigMapsAsync() => $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/configmaps";

    [Fact(Timeout = Limit)]
    public async Task A_created_object_has_what_the_system_gives_it()
    {
        Answer made = await cluster.Admin.PostAsync(await ConfigMapsAsync(), ConfigMap("a"));

        made.Status.ShouldBe(201);
        Guid.TryParse(made.Text("metadata", "uid"), out _).ShouldBeTrue();
        made.Text("metadata", "creationTimestamp").ShouldNotBeNull();
        made.Text("metadata", "selfLink").ShouldBeNull();
        long.Parse(made.Text("metadata", "resourceVersion")!).ShouldBeGreaterThan(0);
        made.Text("metadata", "managedFields", "0", "operation").ShouldBe("Update");
    }

    [Fact(Timeout = Limit)]
    public async Task A_taken_name_is_refused()
    {
        string path = await ConfigMapsAsync();
        await cluster.Admin.PostAsync(path, ConfigMap("a"));

        Answer again = await cluster.Admin.PostAsync(path, ConfigMap("a"));

        again.Status.ShouldBe(409);
        again.Text("reason").ShouldBe("AlreadyExists");
        again.Text("message").ShouldBe("configmaps \"a\" already exists");
        again.Text("details", "kind").ShouldBe("configmaps");
    }

    [Fact(Timeout = Limit)]
    public async Task A_node_is_registered_whole_and_then_has_its_status_changed_by_the_subresource_alone()
    {
        string name = $"n{Guid.NewGuid():N}";
        Answer made = await cluster.Admin.PostAsync("/api/v1/nodes", $$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{name}}"},"status":{"addresses":[{"type":"Hostname","address":"a"}]} }""");
        Answer patched = await cluster.Admin.PatchAsync($"/api/v1/nodes/{name}", """{"status":{"addresses":[{"type":"Hostname","address":"b"}]}}""");
        await cluster.Admin.DeleteAsync($"/api/v1/nodes/{name}");

        made.Text("status", "addresses", "0", "address").ShouldBe("a");
        patched.Text("status", "addresses", "0", "address").ShouldBe("a");
    }

    [Fact(Timeout = Limit)]
    public async Task An_old_revision_conflicts_and_none_overwrites()
    {
        string path = await ConfigMapsAsync();
        JsonNode old = (await cluster.Admin.PostAsync(path, ConfigMap("a"))).Body;
        await cluster.Admin.PatchAsync($"{path}/a", """{"data":{"k":"1"}}""");

        old["data"] = new JsonObject { ["k"] = "2" };
        Answer conflict = await cluster.Admin.PutAsync($"{path}/a", old);
        old["metadata"]!.AsObject().Remove("resourceVersion");
        Answer forced = await cluster.Admin.PutAsync($"{path}/a", old);

        conflict.Status.ShouldBe(409);
        conflict.Text("message").ShouldBe(
            "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your changes to the latest version and try again");
        forced.Status.ShouldBe(200);
        forced.Text("data", "k").ShouldBe("2");
    }

    [Fact(Timeout = Limit)]
    public async Task A_write_that_changes_nothing_keeps_the_revision()
    {
        string path = await ConfigMapsAsync();
        Answer made = await cluster.Admin.PostAsync(path, ConfigMap("a"));

        Answer same = await cluster.Admin.PutAsync($"{path}/a", made.Body);
        Answer patched = await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"labels":{"app":"a"}}}""");

        same.Text("metadata", "resourceVersion").ShouldBe(made.Text("metadata", "resourceVersion"));
        patched.Text("metadata", "resourceVersion").ShouldBe(made.Text("metadata", "resourceVersion"));
    }

    [Fact(Timeout = Limit)]
    public async Task Names_are_generated_and_checked()
    {
        string path = await ConfigMapsAsync();

        Answer generated = await cluster.Admin.PostAsync(path, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"x-"}}""");
        Answer nameless = await cluster.Admin.PostAsync(path, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}""");
        Answer wrong = await cluster.Admin.PostAsync(path, ConfigMap("Not_A_Name"));

        generated.Text("metadata", "name")!.ShouldMatch("^x-[a-z0-9]{5}$");
        nameless.Status.ShouldBe(422);
        nameless.Text("message")!.ShouldContain("name or generateName is required");
        wrong.Status.ShouldBe(422);
        wrong.Text("message")!.ShouldContain("a lowercase RFC 1123 subdomain must consist of");
        wrong.Text("details", "causes", "0", "field").ShouldBe("metadata.name");
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_not_there_is_not_found()
    {
        string path = await ConfigMapsAsync();

        (await cluster.Admin.GetAsync($"{path}/none")).Text("message").ShouldBe("configmaps \"none\" not found");
        (await cluster.Admin.GetAsync("/apis/none/v1/things")).Status.ShouldBe(404);
        (await cluster.Admin.GetAsync("/apis/apps/v2/deployments")).Text("message").ShouldBe("the server could not find the requested resource");
        Answer homeless = await cluster.Admin.PostAsync("/api/v1/namespaces/none/configmaps", ConfigMap("a"));
        homeless.Status.ShouldBe(404);
        homeless.Text("message").ShouldBe("namespaces \"none\" not found");
    }

    [Fact(Timeout = Limit)]
    public async Task Status_and_spec_are_written_apart_and_generation_counts_spec_only()
    {
        string path = $"/apis/apps/v1/namespaces/{await cluster.NamespaceAsync()}/deployments";
        Answer made = await cluster.Admin.PostAsync(path, Deployment("d"));
        made.Status.ShouldBe(201, made.Body.ToJsonString());

        Answer spec = await cluster.Admin.PatchAsync($"{path}/d", """{"spec":{"replicas":3},"status":{"replicas":9}}""");
        Answer status = await cluster.Admin.PatchAsync($"{path}/d/status", """{"spec":{"replicas":5},"status":{"replicas":2}}""");
        Answer labelled = await cluster.Admin.PatchAsync($"{path}/d", """{"metadata":{"labels":{"a":"b"}}}""");

        made.Text("status", "replicas").ShouldBeNull();
        made.Text("spec", "replicas").ShouldBe("1");
        made.Text("metadata", "generation").ShouldBe("1");
        spec.Text("status", "replicas").ShouldBeNull();
        spec.Text("metadata", "generation").ShouldBe("2");
        status.Text("spec", "replicas").ShouldBe("3");
        status.Text("status", "replicas").ShouldBe("2");
        labelled.Text("metadata", "generation").ShouldBe("2");
    }

    [Fact(Timeout = Limit)]
    public async Task Scale_reads_and_writes_replicas()
    {
        string path = $"/apis/apps/v1/namespaces/{await cluster.NamespaceAsync()}/deployments";
        await cluster.Admin.PostAsync(path, Deployment("d"));

        Answer scale = await cluster.Admin.GetAsync($"{path}/d/scale");
        Answer scaled = await cluster.Admin.PatchAsync($"{path}/d/scale", """{"spec":{"replicas":4}}""");
        Answer negative = await cluster.Admin.PatchAsync($"{path}/d/scale", """{"spec":{"replicas":-1}}""");

        scale.Text("kind").ShouldBe("Scale");
        scale.Text("status", "selector").ShouldBe("app=x");
        scaled.Text("spec", "replicas").ShouldBe("4");
        (await cluster.Admin.GetAsync($"{path}/d")).Text("spec", "replicas").ShouldBe("4");
        negative.Status.ShouldBe(422);
    }

    [Theory(Timeout = Limit)]
    [InlineData(ApiClient.Json, """[{"op":"replace","path":"/data/k","value":"2"}]""", 200)]
    [InlineData(ApiClient.Json, """[{"op":"test","path":"/data/k","value":"9"}]""", 422)]
    [InlineData(ApiClient.Merge, """{"data":{"k":"2"}}""", 200)]
    [InlineData(ApiClient.Strategic, """{"data":{"k":"2"}}""", 200)]
    [InlineData("text/plain", "{}", 415)]
    [InlineData(ApiClient.Merge, "[]", 400)]
    public async Task Patches_of_each_kind_apply_or_say_why_not(string type, string patch, int status)
    {
        string path = await ConfigMapsAsync();
        await cluster.Admin.PostAsync(path, ConfigMap("a", """{"k":"1"}"""));

        Answer patched = await cluster.Admin.PatchAsync($"{path}/a", patch, type);

        patched.Status.ShouldBe(status, patched.Body.ToJsonString());
        if (status == 200) patched.Text("data", "k").ShouldBe("2");
    }

    [Fact(Timeout = Limit)]
    public async Task Applying_creates_then_owns_and_conflicts_until_forced()
    {
        string path = await ConfigMapsAsync();
        const string body = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1"}}""";

        Answer made = await cluster.Admin.PatchAsync($"{path}/a?fieldManager=one", body, ApiClient.Apply);
        Answer other = await cluster.Admin.PatchAsync($"{path}/a?fieldManager=two", body.Replace("\"1\"", "\"2\"", StringComparison.Ordinal), ApiClient.Apply);
        Answer forced = await cluster.Admin.PatchAsync($"{path}/a?fieldManager=two&force=true", body.Replace("\"1\"", "\"2\"", StringComparison.Ordinal), ApiClient.Apply);
        Answer nobody = await cluster.Admin.PatchAsync($"{path}/a", body, ApiClient.Apply);

        made.Status.ShouldBe(201, made.Body.ToJsonString());
        other.Status.ShouldBe(409);
        other.Text("message").ShouldBe("Apply failed with 1 conflict: conflict with \"one\": .data.k");
        other.Text("details", "causes", "0", "reason").ShouldBe("FieldManagerConflict");
        forced.Text("data", "k").ShouldBe("2");
        nobody.Status.ShouldBe(422);
        nobody.Text("message")!.ShouldContain("fieldManager: Required value: is required for apply patch");
    }

    [Fact(Timeout = Limit)]
    public async Task Dry_runs_answer_as_if_but_store_nothing()
    {
        string path = await ConfigMapsAsync();

        (await cluster.Admin.PostAsync($"{path}?dryRun=All", ConfigMap("a"))).Status.ShouldBe(201);
        (await cluster.Admin.GetAsync($"{path}/a")).Status.ShouldBe(404);
        await cluster.Admin.PostAsync(path, ConfigMap("a"));
        (await cluster.Admin.DeleteAsync($"{path}/a?dryRun=All")).Status.ShouldBe(200);
        (await cluster.Admin.GetAsync($"{path}/a")).Status.ShouldBe(200);
    }

    [Fact(Timeout = Limit)]
    public async Task Unknown_fields_warn_or_are_refused_as_asked()
    {
        string path = await ConfigMapsAsync();
        string body = ConfigMap("a").Replace("\"data\"", "\"dota\"", StringComparison.Ordinal);

        Answer strict = await cluster.Admin.PostAsync($"{path}?fieldValidation=Strict", body);
        Answer warned = await cluster.Admin.PostAsync(path, body);

        strict.Status.ShouldBe(400);
        strict.Text("message").ShouldBe("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"dota\"");
        warned.Status.ShouldBe(201);
        warned.Headers.GetValues("Warning").ShouldBe(["""299 - "unknown field \"dota\"" """.TrimEnd()]);
    }

    [Fact(Timeout = Limit)]
    public async Task Finalizers_hold_an_object_until_the_last_is_gone()
    {
        string path = await ConfigMapsAsync();
        await cluster.Admin.PostAsync(path, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":["example.com/hold"]}}""");

        Answer deleted = await cluster.Admin.DeleteAsync($"{path}/a");
        Answer added = await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}""");
        Answer held = await cluster.Admin.GetAsync($"{path}/a");
        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"finalizers":null}}""");

        deleted.Text("metadata", "deletionTimestamp").ShouldNotBeNull();
        added.Status.ShouldBe(422);
        added.Text("message")!.ShouldContain("no new finalizers can be added if the object is being deleted");
        held.Status.ShouldBe(200);
        (await cluster.Admin.GetAsync($"{path}/a")).Status.ShouldBe(404);
    }

    [Fact(Timeout = Limit)]
    public async Task Deletes_check_their_preconditions_and_mark_dependents()
    {
        string path = await ConfigMapsAsync();
        Answer made = await cluster.Admin.PostAsync(path, ConfigMap("a"));

        Answer wrong = await cluster.Admin.DeleteAsync($"{path}/a", """{"preconditions":{"uid":"other"}}""");
        Answer foreground = await cluster.Admin.DeleteAsync($"{path}/a", """{"propagationPolicy":"Foreground"}""");
        Answer orphan = await cluster.Admin.DeleteAsync($"{path}/a", """{"propagationPolicy":"Sideways"}""");

        wrong.Status.ShouldBe(409);
        wrong.Text("message")!.ShouldContain($"the UID in the precondition (other) does not match the UID in record ({made.Text("metadata", "uid")})");
        foreground.Text("metadata", "finalizers", "0").ShouldBe("foregroundDeletion");
        orphan.Status.ShouldBe(422);
    }

    [Fact(Timeout = Limit)]
    public async Task A_plain_delete_answers_with_a_status_and_a_second_is_not_found()
    {
        string path = await ConfigMapsAsync();
        Answer made = await cluster.Admin.PostAsync(path, ConfigMap("a"));

        Answer deleted = await cluster.Admin.DeleteAsync($"{path}/a");

        deleted.Text("status").ShouldBe("Success");
        deleted.Text("details", "uid").ShouldBe(made.Text("metadata", "uid"));
        (await cluster.Admin.DeleteAsync($"{path}/a")).Status.ShouldBe(404);
    }

    [Fact(Timeout = Limit)]
    public async Task A_namespace_that_ends_takes_nothing_new()
    {
        string name = await cluster.NamespaceAsync();
        await cluster.Admin.DeleteAsync($"/api/v1/namespaces/{name}");

        Answer refused = await cluster.Admin.PostAsync($"/api/v1/namespaces/{name}/configmaps", ConfigMap("a"));

        (await cluster.Admin.GetAsync($"/api/v1/namespaces/{name}")).Text("status", "phase").ShouldBe("Terminating");
        refused.Status.ShouldBe(403);
        refused.Text("message").ShouldBe(
            $"configmaps \"a\" is forbidden: unable to create new content in namespace {name} because it is being terminated");
        refused.Text("details", "causes", "0", "reason").ShouldBe("NamespaceTerminating");
    }

    [Fact(Timeout = Limit)]
    public async Task Bodies_that_do_not_fit_the_address_are_refused()
    {
        string path = await ConfigMapsAsync();
        await cluster.Admin.PostAsync(path, ConfigMap("a"));

        Answer otherName = await cluster.Admin.SendAsync("PUT", $"{path}/a", ConfigMap("b"));
        Answer otherSpace = await cluster.Admin.PostAsync(path, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"default"}}""");
        Answer otherVersion = await cluster.Admin.PostAsync(path, """{"apiVersion":"apps/v1","kind":"ConfigMap","metadata":{"name":"c"}}""");
        Answer noJson = await cluster.Admin.PostAsync(path, "{");

        otherName.Text("message").ShouldBe("the name of the object (b) does not match the name on the URL (a)");
        otherSpace.Text("message").ShouldBe("the namespace of the provided object does not match the namespace sent on the request");
        otherVersion.Text("message").ShouldBe("the API version in the data (apps/v1) does not match the expected API version (v1)");
        noJson.Status.ShouldBe(400);
    }
}
