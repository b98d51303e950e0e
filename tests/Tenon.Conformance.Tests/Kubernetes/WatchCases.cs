using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Watches: where they begin, what they tell, and how they end. Every informer lives on one.</summary>
public sealed class WatchCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Efficient detection of changes", Pages.Concepts + "#efficient-detection-of-changes")]
    public async Task A_watch_from_a_list_tells_every_later_change_in_order(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("before");
        string from = (await scratch.Admin.GetAsync(scratch.Path("configmaps")))["metadata/resourceVersion"]!;
        await scratch.ConfigMapAsync("one");
        await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"data":{"a":"b"}}""");
        await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one"));
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, $"&resourceVersion={from}&fieldSelector=metadata.name%3Done"));
        watch.Status.ShouldBe(200);
        watch.ContentType.ShouldBe("application/json");
        (await watch.NextNameAsync()).ShouldBe("ADDED one");
        (await watch.NextNameAsync()).ShouldBe("MODIFIED one");
        (await watch.NextNameAsync()).ShouldBe("DELETED one");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Efficient detection of changes", Pages.Concepts + "#efficient-detection-of-changes")]
    public async Task Each_event_has_a_higher_version_and_a_whole_object(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string from = (await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!;
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, $"&resourceVersion={from}&fieldSelector=metadata.name%3Done"));
        await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"data":{"a":"b"}}""");
        await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "one"));
        JsonObject changed = (await watch.NextAsync())!["object"]!.AsObject();
        changed["kind"]!.ToString().ShouldBe("ConfigMap");
        changed["apiVersion"]!.ToString().ShouldBe("v1");
        JsonObject deleted = (await watch.NextAsync())!["object"]!.AsObject();
        Version(changed).ShouldBeGreaterThan(long.Parse(from));
        Version(deleted).ShouldBeGreaterThan(Version(changed));
        deleted["data"]!["a"]!.ToString().ShouldBe("b");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Semantics for watch, Get State and Start", Pages.Concepts + "#semantics-for-watch")]
    public async Task A_watch_without_a_version_or_of_version_0_begins_with_what_is_there(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one");
        await scratch.UntilAsync(scratch.Path("configmaps", "?resourceVersion=0&fieldSelector=metadata.name%3Done"), a => a.List("items").Count == 1, "in the cache");
        foreach (string query in new[] { "", "&resourceVersion=0" })
        {
            using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, query + "&fieldSelector=metadata.name%3Done"));
            (await watch.NextNameAsync()).ShouldBe("ADDED one", query);
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource versions", Pages.Concepts + "#semantics-for-watch")]
    public async Task The_events_that_leave_or_enter_a_selection_are_deletions_and_additions(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string from = (await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!;
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, $"&resourceVersion={from}&labelSelector=in%3Dyes"));
        await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"metadata":{"labels":{"in":"yes"}}}""");
        Answer left = await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"metadata":{"labels":{"in":"no"}}}""");
        (await watch.NextNameAsync()).ShouldBe("ADDED one");
        JsonObject gone = (await watch.NextAsync())!;
        gone["type"]!.ToString().ShouldBe("DELETED");
        gone["object"]!["metadata"]!["labels"]!["in"]!.ToString().ShouldBe("yes", "the object as it last was in the selection");
        gone["object"]!["metadata"]!["resourceVersion"]!.ToString().ShouldBe(left["metadata/resourceVersion"], "but of the version that left it");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: timeoutSeconds", Pages.Concepts + "#efficient-detection-of-changes")]
    public async Task A_watch_ends_quietly_after_its_timeout(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string from = (await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!;
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, $"&resourceVersion={from}&timeoutSeconds=1&labelSelector=none%3Dsuch"));
        (await watch.NextNameAsync()).ShouldBe("end");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Watch bookmarks", Pages.Concepts + "#watch-bookmarks")]
    public async Task A_watch_that_allows_bookmarks_gets_one_before_it_ends(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string from = (await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!;
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, $"&resourceVersion={from}&timeoutSeconds=4&allowWatchBookmarks=true&labelSelector=none%3Dsuch"));
        await scratch.ConfigMapAsync("two");
        var events = new List<JsonObject>();
        while (await watch.NextAsync() is { } change) events.Add(change);
        events.ShouldNotBeEmpty();
        events.ShouldAllBe(e => e["type"]!.ToString() == "BOOKMARK");
        JsonObject mark = events[^1]["object"]!.AsObject();
        mark["kind"]!.ToString().ShouldBe("ConfigMap");
        mark["apiVersion"]!.ToString().ShouldBe("v1");
        mark["metadata"]!.AsObject().Select(p => p.Key).Where(k => k != "creationTimestamp").ShouldBe(["resourceVersion"]);
        Version(mark).ShouldBeGreaterThanOrEqualTo(long.Parse(from));
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: 410 Gone responses", Pages.Concepts + "#410-gone-responses")]
    public async Task A_watch_of_a_forgotten_version_is_told_so_by_a_status(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one");
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, "&resourceVersion=1&timeoutSeconds=5"));
        watch.Status.ShouldBe(200);
        JsonObject only = (await watch.NextAsync())!;
        only["type"]!.ToString().ShouldBe("ERROR");
        JsonObject status = only["object"]!.AsObject();
        status["kind"]!.ToString().ShouldBe("Status");
        status["code"]!.GetValue<int>().ShouldBe(410);
        status["reason"]!.ToString().ShouldBe("Expired");
        status["message"]!.ToString().ShouldStartWith("too old resource version: 1 (");
        (await watch.NextAsync()).ShouldBeNull();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource URIs, watch of one object", Pages.Concepts + "#efficient-detection-of-changes")]
    [Believed("watch=true makes a watch of the GET of one object")]
    public async Task A_watch_of_one_name_tells_of_that_one_only(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string from = (await scratch.ConfigMapAsync("zero"))["metadata/resourceVersion"]!;
        await scratch.ConfigMapAsync("one");
        await scratch.ConfigMapAsync("two");
        Answer plain = await scratch.Admin.GetAsync(scratch.Path("configmaps", "two?watch=true"));
        plain.ShouldBe(200)["kind"].ShouldBe("ConfigMap", "a GET of one object is no watch");
        using WatchLines old = await scratch.Admin.WatchAsync($"/api/v1/watch/namespaces/{scratch.Space}/configmaps/one?resourceVersion={from}");
        (await old.NextNameAsync()).ShouldBe("ADDED one");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Streaming lists", Pages.Concepts + "#streaming-lists")]
    public async Task Initial_events_end_with_a_marked_bookmark(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        cluster.Needs(32, "sendInitialEvents");
        await using KubeScratch scratch = await cluster.NewScratchAsync();
        await scratch.ConfigMapAsync("one");
        using WatchLines watch = await scratch.Admin.WatchAsync(
            Watch(scratch, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Done"));
        (await watch.NextAsync())!["type"]!.ToString().ShouldBe("ADDED");
        JsonObject mark = (await watch.NextAsync())!;
        mark["type"]!.ToString().ShouldBe("BOOKMARK");
        mark["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.ToString().ShouldBe("true");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Retrieving large results sets in chunks; the deletion of a collection", Pages.Concepts + "#collections")]
    public async Task The_deletion_of_a_collection_is_told_one_by_one(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string name in new[] { "a", "b", "c" }) await scratch.ConfigMapAsync(name, metadata: """ "labels":{"go":"yes"} """);
        string from = (await scratch.Admin.GetAsync(scratch.Path("configmaps")))["metadata/resourceVersion"]!;
        using WatchLines watch = await scratch.Admin.WatchAsync(Watch(scratch, $"&resourceVersion={from}&labelSelector=go"));
        Answer gone = (await scratch.Admin.DeleteAsync(scratch.Path("configmaps", "?labelSelector=go%3Dyes"))).ShouldBe(200);
        gone["kind"].ShouldBe("ConfigMapList");
        gone.List("items").Count.ShouldBe(3);
        string[] told = [await watch.NextNameAsync(), await watch.NextNameAsync(), await watch.NextNameAsync()];
        told.Order().ShouldBe(["DELETED a", "DELETED b", "DELETED c"]);
    }

    private static string Watch(KubeScratch scratch, string query) => scratch.Path("configmaps", $"?watch=true{query}");

    private static long Version(JsonObject item) => long.Parse(item["metadata"]!["resourceVersion"]!.ToString());
}
