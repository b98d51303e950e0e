using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Events, which tell users what happened to their objects.</summary>
[Stated("Event", Pages.Events)]
public sealed class EventCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    public async Task An_event_is_told_again_by_its_count(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("events"), Core(scratch, "one"));
        made["count"].ShouldBe("1");
        Answer again = await scratch.Admin.PatchAsync(scratch.Path("events", "one"), """{"count":2,"lastTimestamp":"2024-05-06T08:00:00Z"}""");
        again.ShouldBe(200)["count"].ShouldBe("2");
        again["firstTimestamp"].ShouldBe("2024-05-06T07:08:09Z");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task Events_are_found_by_what_they_are_about(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("events"), Core(scratch, "one"));
        await scratch.MakeAsync(scratch.Path("events"), Core(scratch, "two", "other"));
        string selector = Uri.EscapeDataString("involvedObject.kind=Service,involvedObject.name=web,reason=Made,type=Normal");
        Answer found = (await scratch.Admin.GetAsync(scratch.Path("events", $"?fieldSelector={selector}"))).ShouldBe(200);
        found.List("items").Select(i => i["metadata"]!["name"]!.ToString()).ShouldBe(["one"]);
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task An_event_is_in_the_namespace_of_what_it_is_about(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer other = await scratch.Admin.PostAsync(scratch.Path("events"), Core(scratch, "one").Replace($"\"namespace\":\"{scratch.Space}\"", "\"namespace\":\"default\""));
        other.ShouldBe(422)["details/causes/0/field"].ShouldBe("involvedObject.namespace");
        Answer node = await scratch.Admin.PostAsync("/api/v1/namespaces/default/events?dryRun=All", """
            {"apiVersion":"v1","kind":"Event","metadata":{"generateName":"cf-"},"involvedObject":{"kind":"Node","name":"n","uid":"n"},"reason":"R","type":"Normal"}
            """);
        node.ShouldBe(201);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("KEP-383: Redesign Event API", "KEP-383")]
    public async Task Both_groups_show_the_same_events_in_their_own_words(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await scratch.MakeAsync(scratch.Path("events.k8s.io/v1/events"), New(scratch, "one"));
        made["regarding/name"].ShouldBe("web");
        made["note"].ShouldBe("it was made");
        Answer old = (await scratch.Admin.GetAsync(scratch.Path("events", "one"))).ShouldBe(200);
        old["involvedObject/name"].ShouldBe("web");
        old["message"].ShouldBe("it was made");
        old["reportingComponent"].ShouldBe("tenon.example.com/test");
        old["eventTime"].ShouldBe("2024-05-06T07:08:09.123456Z");
        await scratch.MakeAsync(scratch.Path("events"), Core(scratch, "two"));
        Answer other = (await scratch.Admin.GetAsync(scratch.Path("events.k8s.io/v1/events", "two"))).ShouldBe(200);
        other["deprecatedCount"].ShouldBe("1");
        other["deprecatedSource/component"].ShouldBe("test");
        other["regarding/kind"].ShouldBe("Service");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("KEP-383: Redesign Event API; series", "KEP-383")]
    public async Task A_new_event_says_who_reports_and_a_series_goes_on(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string path = scratch.Path("events.k8s.io/v1/events");
        Answer nobody = await scratch.Admin.PostAsync(path, New(scratch, "one").Replace("tenon.example.com/test", ""));
        nobody.ShouldBe(422)["message"]!.ShouldContain("reportingController");
        await scratch.MakeAsync(path, New(scratch, "one"));
        Answer series = await scratch.Admin.PatchAsync($"{path}/one", """{"series":{"count":2,"lastObservedTime":"2024-05-06T07:09:09.123456Z"}}""");
        series.ShouldBe(200)["series/count"].ShouldBe("2");
        Answer changed = await scratch.Admin.PatchAsync($"{path}/one", """{"reason":"Other"}""");
        changed.ShouldBe(422)["details/causes/0/field"].ShouldBe("reason");
    }

    private static string Core(KubeScratch scratch, string name, string about = "web") => $$"""
        {"apiVersion":"v1","kind":"Event","metadata":{"name":"{{name}}"},"involvedObject":{"apiVersion":"v1","kind":"Service","namespace":"{{scratch.Space}}","name":"{{about}}"},
         "reason":"Made","message":"it was made","type":"Normal","count":1,"firstTimestamp":"2024-05-06T07:08:09Z","lastTimestamp":"2024-05-06T07:08:09Z","source":{"component":"test"} }
        """;

    private static string New(KubeScratch scratch, string name) => $$"""
        {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"{{name}}"},"eventTime":"2024-05-06T07:08:09.123456Z","action":"Make","reason":"Made","note":"it was made",
         "type":"Normal","reportingController":"tenon.example.com/test","reportingInstance":"one","regarding":{"apiVersion":"v1","kind":"Service","namespace":"{{scratch.Space}}","name":"web"} }
        """;
}
