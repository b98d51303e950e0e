using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

public sealed class ClientTests
{
    private static readonly NamespacedName s_key = new("default", "map-1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static JsonObject Body(string value) => new() { ["data"] = new JsonObject { ["v"] = value } };

    /// <summary>Answers with the given status codes in turn, then from a tiny server that holds map-1.</summary>
    private static async Task<(ScriptedApi Api, TinyServer Server)> StartAsync(params (int Code, string? RetryAfter)[] first)
    {
        var server = new TinyServer();
        server.Put("/api/v1/namespaces/default/configmaps/map-1", Body("a"));
        var queue = new Queue<(int Code, string? RetryAfter)>(first);
        server.Intercept = async context =>
        {
            if (!queue.TryDequeue(out (int Code, string? RetryAfter) answer)) return false;
            if (answer.RetryAfter is { } after) context.Response.Headers.RetryAfter = after;
            if (answer.Code == 0) context.Abort();
            else await ScriptedApi.StatusAsync(context, answer.Code, "Scripted");
            return true;
        };
        return (await ScriptedApi.StartAsync(server.AnswerAsync), server);
    }

    [Fact(Timeout = 20_000)]
    public async Task An_object_is_created_read_changed_and_deleted()
    {
        (ScriptedApi api, _) = await StartAsync();
        await using ScriptedApi _1 = api;
        using KubernetesClient client = api.Client();
        ConfigMap made = await client.CreateAsync(
            new ConfigMap { Metadata = new() { Namespace = "default", Name = "map-2" }, Data = new Dictionary<string, string> { ["k"] = "v" } }, Token);
        made.Metadata.Uid.ShouldNotBeEmpty();
        ConfigMap read = (await client.GetAsync<ConfigMap>(made.Metadata.Key, Token))!;
        read.Data["k"].ShouldBe("v");
        ConfigMap changed = await client.UpdateAsync(read with { Data = new Dictionary<string, string> { ["k"] = "w" } }, Token);
        KubernetesException conflict = await Should.ThrowAsync<KubernetesException>(client.UpdateAsync(read, Token));
        conflict.Failure.ShouldBe(KubernetesFailure.Conflict);
        Patch patch = Patch.Between(changed, changed with { Data = new Dictionary<string, string> { ["n"] = "m" } }, ifUnchanged: true)!;
        (await client.PatchAsync<ConfigMap>(made.Metadata.Key, patch, Token)).Data.ShouldBe(new Dictionary<string, string> { ["n"] = "m" });
        (await client.DeleteAsync<ConfigMap>(made.Metadata.Key, Token)).ShouldBeTrue();
        (await client.DeleteAsync<ConfigMap>(made.Metadata.Key, Token)).ShouldBeFalse();
        (await client.GetAsync<ConfigMap>(made.Metadata.Key, Token)).ShouldBeNull();
        client.LastContact.ShouldNotBeNull();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_type_that_the_server_lacks_is_a_failure_and_not_a_missing_object()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 404, "404 page not found\n", "text/plain"));
        using KubernetesClient client = api.Client();
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(client.GetAsync<ConfigMap>(s_key, Token));
        e.Failure.ShouldBe(KubernetesFailure.NotFound);
        (await client.GetApiResourcesAsync("nothing.example", "v1", Token)).ShouldBeEmpty();
    }

    [Theory(Timeout = 20_000)]
    [InlineData(0, 2)]
    [InlineData(500, 2)]
    [InlineData(502, 2)]
    [InlineData(503, 2)]
    [InlineData(429, 2)]
    [InlineData(403, 1)]
    [InlineData(409, 1)]
    public async Task Reads_are_repeated_where_the_server_or_the_connection_fails(int code, int requests)
    {
        (ScriptedApi api, _) = await StartAsync((code, null));
        await using ScriptedApi _1 = api;
        using KubernetesClient client = api.Client();
        Task<ConfigMap?> reading = client.GetAsync<ConfigMap>(s_key, Token);
        if (requests > 1) (await reading)!.Data["v"].ShouldBe("a");
        else await Should.ThrowAsync<KubernetesException>(reading);
        api.Requests.Count.ShouldBe(requests);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(0, null, 1)]
    [InlineData(500, null, 1)]
    [InlineData(503, null, 1)]
    [InlineData(503, "0", 2)]
    [InlineData(429, null, 2)]
    [InlineData(429, "1", 2)]
    public async Task Writes_are_repeated_only_where_nothing_was_done(int code, string? retryAfter, int requests)
    {
        (ScriptedApi api, _) = await StartAsync((code, retryAfter));
        await using ScriptedApi _1 = api;
        using KubernetesClient client = api.Client();
        Task<ConfigMap> writing = client.PatchAsync<ConfigMap>(s_key, Patch.Merge(Body("b")), Token);
        if (requests > 1) (await writing).Data["v"].ShouldBe("b");
        else await Should.ThrowAsync<KubernetesException>(writing);
        api.Requests.Count.ShouldBe(requests);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_wait_that_is_too_long_is_told_instead_of_waited()
    {
        (ScriptedApi api, _) = await StartAsync((429, "3600"));
        await using ScriptedApi _1 = api;
        using KubernetesClient client = api.Client();
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(client.GetAsync<ConfigMap>(s_key, Token));
        e.Failure.ShouldBe(KubernetesFailure.TooManyRequests);
        e.RetryAfter.ShouldBe(TimeSpan.FromHours(1));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_that_is_not_there_is_unreachable()
    {
        ScriptedApi api = await ScriptedApi.StartAsync(_ => Task.CompletedTask);
        using KubernetesClient client = api.Client(new() { MaxAttempts = 2 });
        await api.DisposeAsync();
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(client.CreateAsync(
            new ConfigMap { Metadata = new() { Namespace = "default", Name = "x-1" } }, Token));
        e.Failure.ShouldBe(KubernetesFailure.Unreachable);
        e.Message.ShouldContain("POST api/v1/namespaces/default/configmaps");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_slow_answer_is_a_timeout_and_cancellation_is_not()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted));
        using KubernetesClient client = api.Client(new() { RequestTimeout = TimeSpan.FromMilliseconds(100) });
        (await Should.ThrowAsync<KubernetesException>(client.GetAsync<ConfigMap>(s_key, Token))).Failure.ShouldBe(KubernetesFailure.Timeout);
        using var cancel = new CancellationTokenSource();
        Task<ConfigMap?> reading = client.GetAsync<ConfigMap>(s_key, cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(reading);
    }

    [Fact(Timeout = 20_000)]
    public async Task Status_details_come_through()
    {
        const string Json = """
            {"kind":"Status","status":"Failure","message":"Service \"x\" is invalid","reason":"Invalid","code":422,
             "details":{"name":"x","kind":"Service","causes":[{"reason":"FieldValueInvalid","message":"bad port","field":"spec.ports[0].port"}],"retryAfterSeconds":7}}
            """;
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 422, Json));
        using KubernetesClient client = api.Client();
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(client.GetAsync<ConfigMap>(s_key, Token));
        e.Failure.ShouldBe(KubernetesFailure.Invalid);
        e.Reason.ShouldBe("Invalid");
        e.Causes.Single().Field.ShouldBe("spec.ports[0].port");
        e.RetryAfter.ShouldBe(TimeSpan.FromSeconds(7));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_list_whose_token_expires_begins_anew_and_returns_nothing_twice()
    {
        var server = new TinyServer();
        for (int i = 0; i < 7; i++) server.Put($"/api/v1/namespaces/default/configmaps/map-{i}", Body("a"));
        await using ScriptedApi api = await ScriptedApi.StartAsync(server.AnswerAsync);
        using KubernetesClient client = api.Client();
        var names = new List<string>();
        await foreach (ConfigMap map in client.ListAsync<ConfigMap>(new() { PageSize = 3 }, Token))
        {
            names.Add(map.Metadata.Name);
            if (names.Count is 2 or 5) server.ExpireTokens();
        }

        names.ShouldBe(Enumerable.Range(0, 7).Select(i => $"map-{i}"), ignoreOrder: true);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("/api/v1/namespaces/default/services/s-1/status?fieldManager=tenon", "application/merge-patch+json")]
    public async Task A_subresource_is_patched(string url, string type)
    {
        string? seen = null;
        await using ScriptedApi api = await ScriptedApi.StartAsync(c =>
        {
            seen = c.Request.ContentType;
            return ScriptedApi.AnswerAsync(c, 200, """{"metadata":{"name":"s-1","namespace":"default"}}""");
        });
        using KubernetesClient client = api.Client();
        await client.PatchAsync<Service>(
            new("default", "s-1"), Patch.Merge([]), Token, new() { Subresource = "status", FieldManager = "tenon" });
        api.Requests.Single().ShouldBe($"PATCH {url}");
        seen.ShouldBe(type);
    }

    [Fact(Timeout = 20_000)]
    public async Task Apply_dry_run_and_delete_options_are_sent_as_the_api_reads_them()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, """{"metadata":{"name":"n-1"}}"""));
        using KubernetesClient client = api.Client();
        var node = new Node { Metadata = new() { Name = "n-1", Labels = new Dictionary<string, string> { ["a"] = "b" } } };
        await client.ApplyAsync(node, "tenon", Token, options: new() { DryRun = true, FieldValidation = "Strict" });
        await client.DeleteAsync<Node>(new("", "n-1"), Token, new() { Propagation = Propagation.Foreground, Uid = "u", GracePeriodSeconds = 0, DryRun = true });
        Should.Throw<ArgumentException>(() => client.PatchAsync<Node>(new("", "n-1"), Patch.Apply(node), Token));
        string[] requests = [.. api.Requests], bodies = [.. api.Bodies];
        requests[0].ShouldBe("PATCH /api/v1/nodes/n-1?force=true&fieldManager=tenon&dryRun=All&fieldValidation=Strict");
        bodies[0].ShouldBe("""{"apiVersion":"v1","kind":"Node","metadata":{"name":"n-1","labels":{"a":"b"}}}""");
        requests[1].ShouldBe("DELETE /api/v1/nodes/n-1");
        JsonNode.DeepEquals(JsonNode.Parse(bodies[1]), JsonNode.Parse(
            """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground","gracePeriodSeconds":0,"preconditions":{"uid":"u"},"dryRun":["All"]}"""))
            .ShouldBeTrue(bodies[1]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Requests_beyond_the_burst_are_spaced_out()
    {
        var clock = new ManualTimeProvider();
        var limiter = new RateLimiter(perSecond: 10, burst: 2, clock);
        Task[] waits = [.. Enumerable.Range(0, 5).Select(_ => limiter.WaitAsync(Token).AsTask())];
        waits.Count(w => w.IsCompleted).ShouldBe(2);
        for (int i = 3; i <= 5; i++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            int done = i;
            await Waiting.UntilAsync(() => waits.Count(w => w.IsCompleted) == done);
        }

        new RateLimiter(perSecond: 0, burst: 1, clock).WaitAsync(Token).IsCompleted.ShouldBeTrue("no limit");
    }

    [Theory]
    [InlineData("", "x", "namespace")]
    [InlineData("default", "", "name")]
    public void An_address_that_is_incomplete_is_refused_before_anything_is_sent(string space, string name, string what)
    {
        using var client = new KubernetesClient(new() { Server = new Uri("http://127.0.0.1:1") });
        Should.Throw<ArgumentException>(() => client.GetAsync<Service>(new(space, name), Token)).Message.ShouldContain(what);
        Should.Throw<ArgumentException>(() => client.GetAsync<Node>(new("default", "n"), Token));
    }

    [Fact(Timeout = 20_000)]
    public async Task Discovery_access_review_and_version_are_read()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, c.Request.Path.Value switch
        {
            "/version" => """{"gitVersion":"v1.32.0"}""",
            "/apis/apps/v1" => """
                {"resources":[{"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["get","list"],"shortNames":["deploy"]},
                              {"name":"deployments/scale","kind":"Scale","group":"autoscaling","version":"v1","namespaced":true,"verbs":["get"]}]}
                """,
            _ => """{"status":{"allowed":true,"reason":"because of a rule"}}""",
        }));
        using KubernetesClient client = api.Client();
        (await client.GetServerVersionAsync(Token)).ShouldBe("v1.32.0");
        ApiResource found = (await client.GetApiResourcesAsync("apps", "v1", Token)).Single();
        found.Type.ShouldBe(new ResourceType("apps", "v1", "Deployment", "deployments", true));
        found.Subresources.ShouldBe(["scale"]);
        found.ShortNames.ShouldBe(["deploy"]);
        (await client.CanIAsync(new("patch", "", "services", "status", "default"), Token)).ShouldBe(new AccessReview(true, "because of a rule"));
        api.Bodies.Last().ShouldContain("\"subresource\":\"status\"");
        (await client.GetRawAsync("/version", Token)).ShouldContain("v1.32.0");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_refused_token_is_read_again_and_no_token_appears_in_an_exception()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "old-token\n", Token);
        await using ScriptedApi api = await ScriptedApi.StartAsync(async c =>
        {
            if (c.Request.Headers.Authorization == "Bearer new-token") await ScriptedApi.AnswerAsync(c, 200, """{"metadata":{"name":"map-1"}}""");
            else await ScriptedApi.StatusAsync(c, 401, "Unauthorized", "Unauthorized");
        });
        var configuration = new KubernetesConfiguration { Server = api.Address, Credential = new KubernetesCredential.TokenFile(file) };
        using KubernetesClient client = api.Client(configuration: configuration);
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(client.GetAsync<ConfigMap>(s_key, Token));
        e.Failure.ShouldBe(KubernetesFailure.Unauthorized);
        e.ToString().ShouldNotContain("old-token");
        await File.WriteAllTextAsync(file, "new-token\n", Token);
        (await client.GetAsync<ConfigMap>(s_key, Token)).ShouldNotBeNull();
        File.Delete(file);
        (await client.GetAsync<ConfigMap>(s_key, Token)).ShouldNotBeNull("the last good token is used while the file is away");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_watch_reads_events_of_any_size_and_says_how_it_ended()
    {
        string big = new('x', 300_000);
        int call = 0;
        await using ScriptedApi api = await ScriptedApi.StartAsync(async c =>
        {
            c.Response.ContentType = "application/json";
            if (Interlocked.Increment(ref call) == 1)
            {
                await c.Response.WriteAsync("{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a-1\"},\"data\":{\"k\":\"" + big, Token);
                await c.Response.Body.FlushAsync(Token);
                await c.Response.WriteAsync("\"}}}\n\r\n{\"object\":{\"metadata\":{\"name\":\"b-1\"}},\"type\":\"DELETED\"}\n", Token);
                await c.Response.WriteAsync("{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}\n", Token);
            }
            else await c.Response.WriteAsync("{\"type\":\"ERROR\",\"object\":" + ScriptedApi.StatusJson(410, "Gone") + "}\n", Token);
        });
        using KubernetesClient client = api.Client();
        var events = new List<WatchEvent<ConfigMap>>();
        await foreach (WatchEvent<ConfigMap> e in client.WatchAsync<ConfigMap>(
            new() { Namespace = "default", ResourceVersion = "5", Timeout = TimeSpan.FromSeconds(90) }, Token)) events.Add(e);
        events.Select(e => e.Type).ShouldBe([WatchEventType.Added, WatchEventType.Deleted, WatchEventType.Bookmark]);
        events[0].Object.Data["k"].Length.ShouldBe(big.Length);
        api.Requests.Single().ShouldBe("GET /api/v1/namespaces/default/configmaps?watch=true&resourceVersion=5&allowWatchBookmarks=true&timeoutSeconds=90");
        KubernetesException gone = await Should.ThrowAsync<KubernetesException>(async () =>
        {
            await foreach (WatchEvent<ConfigMap> _ in client.WatchAsync<ConfigMap>(null, Token)) { }
        });
        gone.Failure.ShouldBe(KubernetesFailure.Expired);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("{\"type\":\"ADDED\",\"object\":{\"meta", KubernetesFailure.Unreachable)]
    [InlineData("{\"type\":\"ADDED\",\"object\":nonsense}\n", KubernetesFailure.Other)]
    [InlineData("{\"type\":\"SURPRISE\",\"object\":{}}\n", KubernetesFailure.Other)]
    public async Task A_damaged_watch_is_a_failure(string text, KubernetesFailure failure)
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.AnswerAsync(c, 200, text));
        using KubernetesClient client = api.Client();
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(async () =>
        {
            await foreach (WatchEvent<ConfigMap> _ in client.WatchAsync<ConfigMap>(null, Token)) { }
        });
        e.Failure.ShouldBe(failure);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_silent_watch_is_given_up()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(async c =>
        {
            await c.Response.Body.FlushAsync(c.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, c.RequestAborted);
        });
        using KubernetesClient client = api.Client(new() { WatchIdleTimeout = TimeSpan.FromMilliseconds(100) });
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(async () =>
        {
            await foreach (WatchEvent<ConfigMap> _ in client.WatchAsync<ConfigMap>(null, Token)) { }
        });
        e.Failure.ShouldBe(KubernetesFailure.Timeout);
    }

    [Theory]
    [InlineData(400, null, KubernetesFailure.BadRequest)]
    [InlineData(401, null, KubernetesFailure.Unauthorized)]
    [InlineData(403, null, KubernetesFailure.Forbidden)]
    [InlineData(404, null, KubernetesFailure.NotFound)]
    [InlineData(409, "AlreadyExists", KubernetesFailure.AlreadyExists)]
    [InlineData(409, "Conflict", KubernetesFailure.Conflict)]
    [InlineData(410, null, KubernetesFailure.Expired)]
    [InlineData(418, null, KubernetesFailure.Other)]
    [InlineData(422, "Invalid", KubernetesFailure.Invalid)]
    [InlineData(429, null, KubernetesFailure.TooManyRequests)]
    [InlineData(500, null, KubernetesFailure.Unavailable)]
    [InlineData(504, "Timeout", KubernetesFailure.Timeout)]
    [InlineData(504, null, KubernetesFailure.Unavailable)]
    public void Failures_are_classified_in_one_place(int code, string? reason, KubernetesFailure failure)
        => KubernetesException.Classify((HttpStatusCode)code, reason).ShouldBe(failure);
}
