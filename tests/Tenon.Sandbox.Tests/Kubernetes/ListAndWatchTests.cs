using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Tests.Kubernetes;

public sealed class ListAndWatchTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private const int Limit = 30_000;

    private async Task<string> SecretsAsync(params string[] names)
    {
        string path = $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/secrets";
        foreach (string name in names) await MakeAsync(path, name);
        return path;
    }

    private Task<Answer> MakeAsync(string path, string name, string labels = "{}") =>
        cluster.Admin.PostAsync(path, new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = JsonNode.Parse(labels) },
        }.ToJsonString());

    private static string[] Names(Answer list) => [.. list.At("items")!.AsArray().Select(i => i!["metadata"]!["name"]!.GetValue<string>())];

    [Fact(Timeout = Limit)]
    public async Task Lists_are_in_order_and_carry_a_revision()
    {
        string path = await SecretsAsync("b", "a", "c");

        Answer list = await cluster.Admin.GetAsync(path);

        list.Text("kind").ShouldBe("SecretList");
        Names(list).ShouldBe(["a", "b", "c"]);
        long.Parse(list.Text("metadata", "resourceVersion")!).ShouldBeGreaterThan(0);
    }

    [Fact(Timeout = Limit)]
    public async Task Pages_show_one_moment_whatever_happens_between_them()
    {
        string path = await SecretsAsync("a", "b", "c", "d");

        Answer first = await cluster.Admin.GetAsync($"{path}?limit=2");
        await cluster.Admin.DeleteAsync($"{path}/c");
        await MakeAsync(path, "bb");
        Answer second = await cluster.Admin.GetAsync($"{path}?limit=2&continue={first.Text("metadata", "continue")}");

        Names(first).ShouldBe(["a", "b"]);
        first.Text("metadata", "remainingItemCount").ShouldBe("2");
        Names(second).ShouldBe(["c", "d"]);
        second.Text("metadata", "resourceVersion").ShouldBe(first.Text("metadata", "resourceVersion"));
        second.Text("metadata", "continue").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_page_of_a_forgotten_moment_is_expired_but_can_go_on()
    {
        string path = await SecretsAsync("a", "b", "c");
        Answer first = await cluster.Admin.GetAsync($"{path}?limit=1");
        await MakeAsync(path, "d");
        cluster.Host.Kubernetes.Objects.Store.Compact();

        Answer expired = await cluster.Admin.GetAsync($"{path}?limit=1&continue={first.Text("metadata", "continue")}");
        Answer rest = await cluster.Admin.GetAsync($"{path}?continue={expired.Text("metadata", "continue")}");

        expired.Status.ShouldBe(410);
        expired.Text("reason").ShouldBe("Expired");
        Names(rest).ShouldBe(["b", "c", "d"]);
    }

    [Theory(Timeout = Limit)]
    [InlineData("labelSelector=tier%3Dfront", "a")]
    [InlineData("labelSelector=tier%21%3Dfront", "b,c")]
    [InlineData("labelSelector=tier%20in%20(front,back)", "a,b")]
    [InlineData("labelSelector=tier%20notin%20(front)", "b,c")]
    [InlineData("labelSelector=tier", "a,b")]
    [InlineData("labelSelector=%21tier", "c")]
    [InlineData("labelSelector=n%3E1,tier", "b")]
    [InlineData("fieldSelector=metadata.name%3Db", "b")]
    [InlineData("fieldSelector=metadata.name%21%3Db", "a,c")]
    public async Task Selectors_select(string query, string expected)
    {
        string path = await SecretsAsync();
        await MakeAsync(path, "a", """{"tier":"front","n":"1"}""");
        await MakeAsync(path, "b", """{"tier":"back","n":"2"}""");
        await MakeAsync(path, "c");

        string.Join(',', Names(await cluster.Admin.GetAsync($"{path}?{query}"))).ShouldBe(expected);
    }

    [Theory(Timeout = Limit)]
    [InlineData("labelSelector=a%20b", "unable to parse requirement")]
    [InlineData("fieldSelector=spec.nope%3D1", "field label not supported: spec.nope")]
    [InlineData("resourceVersionMatch=Exact", "resourceVersionMatch is forbidden unless resourceVersion is provided", 422)]
    [InlineData("continue=x", "continue key is not valid")]
    public async Task Selectors_that_make_no_sense_are_refused(string query, string message, int status = 400)
    {
        Answer refused = await cluster.Admin.GetAsync($"{await SecretsAsync()}?{query}");

        refused.Status.ShouldBe(status);
        refused.Text("message")!.ShouldContain(message);
    }

    [Fact(Timeout = Limit)]
    public async Task Lists_at_a_revision_show_that_moment()
    {
        string path = await SecretsAsync("a");
        string then = (await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")!;
        await MakeAsync(path, "b");

        Names(await cluster.Admin.GetAsync($"{path}?resourceVersion={then}&resourceVersionMatch=Exact")).ShouldBe(["a"]);
        Names(await cluster.Admin.GetAsync($"{path}?resourceVersion={then}&resourceVersionMatch=NotOlderThan")).ShouldBe(["a", "b"]);
        Answer future = await cluster.Admin.GetAsync($"{path}?resourceVersion=99999999");
        future.Status.ShouldBe(504);
        future.Text("details", "causes", "0", "reason").ShouldBe("ResourceVersionTooLarge");
    }

    [Fact(Timeout = Limit)]
    public async Task A_watch_continues_where_the_list_ended()
    {
        string path = await SecretsAsync("a");
        string revision = (await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")!;
        await MakeAsync(path, "b");

        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&resourceVersion={revision}");
        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"annotations":{"k":"1"}}}""");
        await cluster.Admin.DeleteAsync($"{path}/b");

        (await watch.NextNameAsync()).ShouldBe("ADDED b");
        (await watch.NextNameAsync()).ShouldBe("MODIFIED a");
        JsonNode deleted = (await watch.NextAsync())!;
        deleted["type"]!.GetValue<string>().ShouldBe("DELETED");
        long.Parse(deleted["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>()).ShouldBeGreaterThan(long.Parse(revision));
    }

    [Fact(Timeout = Limit)]
    public async Task A_watch_without_revision_begins_with_what_is_there_and_ends_in_time()
    {
        string path = await SecretsAsync("a", "b");

        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&timeoutSeconds=1");

        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        (await watch.NextNameAsync()).ShouldBe("ADDED b");
        (await watch.NextNameAsync()).ShouldBe("end");
    }

    [Fact(Timeout = Limit)]
    public async Task Objects_that_enter_or_leave_a_selection_are_added_and_deleted()
    {
        string path = await SecretsAsync("a");
        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&labelSelector=on%3Dyes&resourceVersion={(await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")}");

        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"labels":{"on":"yes"}}}""");
        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"annotations":{"k":"1"}}}""");
        await cluster.Admin.PatchAsync($"{path}/a", """{"metadata":{"labels":{"on":"no"}}}""");
        await cluster.Admin.DeleteAsync($"{path}/a");
        await MakeAsync(path, "z", """{"on":"yes"}""");

        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        (await watch.NextNameAsync()).ShouldBe("MODIFIED a");
        (await watch.NextNameAsync()).ShouldBe("DELETED a");
        (await watch.NextNameAsync()).ShouldBe("ADDED z");
    }

    [Fact(Timeout = Limit)]
    public async Task A_watch_from_a_forgotten_revision_gets_an_error_event()
    {
        string path = await SecretsAsync("a");
        string old = (await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")!;
        await MakeAsync(path, "b");
        cluster.Host.Kubernetes.Objects.Store.Compact();

        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&resourceVersion={old}");
        JsonNode change = (await watch.NextAsync())!;

        watch.Status.ShouldBe(200);
        change["type"]!.GetValue<string>().ShouldBe("ERROR");
        change["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        change["object"]!["reason"]!.GetValue<string>().ShouldBe("Expired");
        (await watch.NextAsync()).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Initial_events_end_with_a_bookmark()
    {
        string path = await SecretsAsync("a");

        using WatchStream watch = await cluster.Admin.WatchAsync(
            $"{path}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan");

        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        JsonNode bookmark = (await watch.NextAsync())!;
        bookmark["type"]!.GetValue<string>().ShouldBe("BOOKMARK");
        bookmark["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>().ShouldBe("true");
    }

    [Fact(Timeout = Limit)]
    public async Task Watches_can_be_made_to_expire()
    {
        string path = await SecretsAsync();
        string revision = (await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")!;
        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&resourceVersion={revision}");

        cluster.Host.Kubernetes.Objects.Store.EndWatches(new("", "secrets"), WatchEnd.Expired).ShouldBeGreaterThan(0);

        (await watch.NextAsync())!["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        (await watch.NextAsync()).ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task Watches_can_be_dropped()
    {
        string path = await SecretsAsync();
        string revision = (await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")!;
        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&resourceVersion={revision}");

        cluster.Host.Kubernetes.Objects.Store.EndWatches(new("", "secrets"), WatchEnd.Dropped);

        await Should.ThrowAsync<Exception>(async () => (await watch.NextAsync()).ShouldNotBeNull());
    }

    [Fact(Timeout = Limit)]
    public async Task Faults_of_watches_are_asked_for_over_http()
    {
        string path = await SecretsAsync("a");
        string revision = (await cluster.Admin.GetAsync(path)).Text("metadata", "resourceVersion")!;
        using var control = new HttpClient { BaseAddress = cluster.Host.ControlUrl };
        using WatchStream watch = await cluster.Admin.WatchAsync($"{path}?watch=true&resourceVersion={revision}");

        using HttpResponseMessage ended = await control.DeleteAsync("kubernetes/watches?how=expire&resource=secrets", TestContext.Current.CancellationToken);
        using HttpResponseMessage wrong = await control.DeleteAsync("kubernetes/watches?how=gently", TestContext.Current.CancellationToken);

        ((int)ended.StatusCode).ShouldBe(200);
        ((int)wrong.StatusCode).ShouldBe(400);
        (await watch.NextAsync())!["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        using HttpResponseMessage compacted = await control.PostAsync("kubernetes/compact", null, TestContext.Current.CancellationToken);
        ((int)compacted.StatusCode).ShouldBe(200);
        await MakeAsync(path, "b");
        using WatchStream late = await cluster.Admin.WatchAsync($"{path}?watch=true&resourceVersion=1");
        (await late.NextAsync())!["type"]!.GetValue<string>().ShouldBe("ERROR");
    }

    [Fact(Timeout = Limit)]
    public async Task Events_of_both_groups_are_the_same_objects()
    {
        string space = await cluster.NamespaceAsync();
        Answer made = await cluster.Admin.PostAsync($"/api/v1/namespaces/{space}/events", $$"""
            {"apiVersion":"v1","kind":"Event","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p","namespace":"{{space}}"},
            "reason":"Because","message":"so it is","type":"Normal","count":2,"source":{"component":"me"} }
            """);
        made.Status.ShouldBe(201, made.Body.ToJsonString());

        Answer other = await cluster.Admin.GetAsync($"/apis/events.k8s.io/v1/namespaces/{space}/events/e");
        using WatchStream watch = await cluster.Admin.WatchAsync($"/apis/events.k8s.io/v1/namespaces/{space}/events?watch=true");

        other.Text("note").ShouldBe("so it is");
        other.Text("regarding", "name").ShouldBe("p");
        other.Text("deprecatedCount").ShouldBe("2");
        other.Text("message").ShouldBeNull();
        (await watch.NextAsync())!["object"]!["note"]!.GetValue<string>().ShouldBe("so it is");
        Answer selected = await cluster.Admin.GetAsync($"/api/v1/namespaces/{space}/events?fieldSelector=involvedObject.name%3Dp,reason%3DBecause");
        selected.At("items")!.AsArray().Count.ShouldBe(1);
    }

    [Fact(Timeout = Limit)]
    public async Task Collections_are_deleted_by_selector()
    {
        string path = await SecretsAsync("keep");
        await MakeAsync(path, "a", """{"x":"y"}""");
        await MakeAsync(path, "b", """{"x":"y"}""");

        Answer deleted = await cluster.Admin.DeleteAsync($"{path}?labelSelector=x%3Dy");

        deleted.Status.ShouldBe(200);
        Names(await cluster.Admin.GetAsync(path)).ShouldBe(["keep"]);
    }

    [Fact(Timeout = Limit)]
    public async Task Large_answers_are_compressed_for_those_who_ask()
    {
        string path = await SecretsAsync();
        await cluster.Admin.PostAsync(path, new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Secret", ["metadata"] = new JsonObject { ["name"] = "big" }, ["data"] = new JsonObject { ["k"] = new string('x', 200_000) },
        }.ToJsonString());

        Answer zipped = await cluster.Admin.SendAsync("GET", path, headers: ("Accept-Encoding", "gzip"));
        Answer plain = await cluster.Admin.GetAsync(path);

        zipped.ContentHeaders.ContentEncoding.ShouldBe(["gzip"]);
        plain.ContentHeaders.ContentEncoding.ShouldBeEmpty();
        plain.At("items")!.AsArray().Count.ShouldBe(1);
    }
}
