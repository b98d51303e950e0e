using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Lists: what they carry, what they select, and of which moment they are. Informers begin with one.</summary>
public sealed class ListCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Lists and Simple kinds", Pages.Conventions + "#lists-and-simple-kinds")]
    public async Task A_list_has_its_own_kind_and_version_and_items_without_kind(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one");
        Answer list = (await scratch.Admin.GetAsync(scratch.Path("configmaps"))).ShouldBe(200);
        list["kind"].ShouldBe("ConfigMapList");
        list["apiVersion"].ShouldBe("v1");
        long.Parse(list["metadata/resourceVersion"]!).ShouldBeGreaterThan(0);
        JsonObject item = list.List("items").Single(i => i["metadata"]!["name"]!.ToString() == "one");
        item.ContainsKey("kind").ShouldBeFalse();
        item.ContainsKey("apiVersion").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Lists and Simple kinds", Pages.Conventions + "#lists-and-simple-kinds")]
    public async Task An_empty_list_has_an_empty_array(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer list = (await scratch.Admin.GetAsync(scratch.Path("services"))).ShouldBe(200);
        list.At("items").ShouldBeOfType<JsonArray>().ShouldBeEmpty();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource versions", Pages.Concepts + "#semantics-for-get-and-list")]
    public async Task A_list_without_a_version_shows_what_was_written_before_it(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        for (int i = 0; i < 5; i++)
        {
            Answer made = await scratch.ConfigMapAsync($"one-{i}");
            Answer list = (await scratch.Admin.GetAsync(scratch.Path("configmaps"))).ShouldBe(200);
            list.List("items").ShouldContain(o => o["metadata"]!["name"]!.ToString() == $"one-{i}");
            long.Parse(list["metadata/resourceVersion"]!).ShouldBeGreaterThanOrEqualTo(long.Parse(made["metadata/resourceVersion"]!));
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource versions, resourceVersion=\"0\"", Pages.Concepts + "#semantics-for-get-and-list")]
    public async Task A_list_of_version_0_may_be_of_any_moment(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("one");
        Answer list = await scratch.UntilAsync(
            scratch.Path("configmaps", "?resourceVersion=0"), a => a.ShouldBe(200).List("items").Any(i => i["metadata"]!["name"]!.ToString() == "one"), "in the cache");
        long.Parse(list["metadata/resourceVersion"]!).ShouldBeGreaterThan(0);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource versions, NotOlderThan", Pages.Concepts + "#semantics-for-get-and-list")]
    public async Task A_list_not_older_than_a_write_has_it(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string version = (await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!;
        foreach (string query in new[] { $"?resourceVersion={version}", $"?resourceVersion={version}&resourceVersionMatch=NotOlderThan" })
        {
            Answer list = (await scratch.Admin.GetAsync(scratch.Path("configmaps", query))).ShouldBe(200);
            list.List("items").ShouldContain(i => i["metadata"]!["name"]!.ToString() == "one", query);
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource versions, Exact", Pages.Concepts + "#semantics-for-get-and-list")]
    public async Task A_list_of_an_exact_version_shows_that_moment(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        string version = (await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!;
        await scratch.ConfigMapAsync("two");
        await scratch.Admin.PatchAsync(scratch.Path("configmaps", "one"), """{"data":{"a":"b"}}""");
        Answer list = (await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?resourceVersion={version}&resourceVersionMatch=Exact"))).ShouldBe(200);
        list["metadata/resourceVersion"].ShouldBe(version);
        list.List("items").ShouldNotContain(i => i["metadata"]!["name"]!.ToString() == "two");
        list.List("items").Single(i => i["metadata"]!["name"]!.ToString() == "one").ContainsKey("data").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource versions, resourceVersionMatch", Pages.Concepts + "#semantics-for-get-and-list")]
    public async Task Matches_that_make_no_sense_are_refused(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach ((string query, string field) in new[]
        {
            ("?resourceVersionMatch=Exact", "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"),
            ("?resourceVersionMatch=Sometimes&resourceVersion=5", "Unsupported value: \"Sometimes\": supported values: \"Exact\", \"NotOlderThan\", \"\""),
            ("?resourceVersionMatch=Exact&resourceVersion=0", "Forbidden: resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""),
        })
        {
            Answer answer = await scratch.Admin.GetAsync(scratch.Path("configmaps", query));
            answer.ShouldBe(422)["message"].ShouldBe($"ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: {field}");
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Unavailable resource versions", Pages.Concepts + "#unavailable-resource-versions")]
    public async Task A_version_of_the_future_times_out_and_says_when_to_come_again(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        long version = long.Parse((await scratch.ConfigMapAsync("one"))["metadata/resourceVersion"]!) + 1_000_000_000;
        Answer answer = (await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?resourceVersion={version}"))).ShouldBe(504);
        answer["reason"].ShouldBe("Timeout");
        answer["details/causes/0/reason"].ShouldBe("ResourceVersionTooLarge");
        answer["details/retryAfterSeconds"].ShouldBe("1");
        answer.Header("Retry-After").ShouldBe("1");
        answer["message"]!.ShouldStartWith($"Timeout: Too large resource version: {version}, current: ");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Concurrency Control and Consistency", Pages.Conventions + "#concurrency-control-and-consistency")]
    [Believed("a version that is no number is a bad request")]
    public async Task A_version_that_is_no_number_is_refused(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string path in new[] { scratch.Path("configmaps", "?resourceVersion=abc"), scratch.Path("configmaps", "?watch=true&resourceVersion=abc") })
        {
            Answer answer = await scratch.Admin.GetAsync(path);
            answer.ShouldBe(500)["message"].ShouldBe("resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax");
            answer["reason"].ShouldBeNull();
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Labels and Selectors: API", Pages.Labels + "#list-and-watch-filtering")]
    public async Task Label_selectors_know_equality_sets_and_presence(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("a", metadata: """ "labels":{"app":"web","tier":"front"} """);
        await scratch.ConfigMapAsync("b", metadata: """ "labels":{"app":"web"} """);
        await scratch.ConfigMapAsync("c", metadata: """ "labels":{"app":"db","example.com/tier":"back"} """);
        foreach ((string selector, string names) in new[]
        {
            ("app=web", "a b"), ("app==web,tier", "a"), ("app!=web,app", "c"), ("app in (web,db),!tier", "b c"), ("app notin (web),app", "c"),
            ("example.com/tier=back", "c"), ("tier=front", "a"), ("app=none", ""),
        })
        {
            Answer list = (await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?labelSelector={Uri.EscapeDataString(selector)}"))).ShouldBe(200);
            string.Join(' ', list.List("items").Select(i => i["metadata"]!["name"]!.ToString())).ShouldBe(names, selector);
        }
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Labels and Selectors: API", Pages.Labels + "#list-and-watch-filtering")]
    public async Task A_label_selector_that_cannot_be_read_is_a_bad_request(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "?labelSelector=a%20in%20b"))).ShouldBe(400);
        answer["reason"].ShouldBe("BadRequest");
        answer["message"]!.ShouldStartWith("unable to parse requirement: ");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("Field Selectors: Supported fields", Pages.Fields + "#supported-fields")]
    public async Task Field_selectors_know_names_and_what_the_kind_adds(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("a");
        await scratch.ConfigMapAsync("b");
        Answer one = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "?fieldSelector=metadata.name%3Da"))).ShouldBe(200);
        one.List("items").Count.ShouldBe(1);
        Answer refused = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "?fieldSelector=data.a%3Db"))).ShouldBe(400);
        refused["message"]!.ShouldBe("\"data.a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
        (await scratch.Admin.GetAsync(scratch.Path("pods", "?fieldSelector=spec.nodeName%3Dx,status.phase!%3DFailed"))).ShouldBe(200).List("items").ShouldBeEmpty();
        Answer nodes = await scratch.Admin.GetAsync("/api/v1/nodes?fieldSelector=spec.unschedulable%3Dfalse,metadata.name%3Dnone-such");
        nodes.ShouldBe(200).List("items").ShouldBeEmpty();
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Standard API terminology, all namespaces", Pages.Concepts + "#resource-uris")]
    public async Task A_list_over_all_namespaces_names_each_ones(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.ConfigMapAsync("mine", metadata: $$""" "labels":{"case":"{{scratch.Space}}"} """);
        Answer list = (await scratch.Admin.GetAsync($"/api/v1/configmaps?labelSelector=case%3D{scratch.Space}")).ShouldBe(200);
        list.List("items").Single()["metadata"]!["namespace"]!.ToString().ShouldBe(scratch.Space);
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: Resource URIs", Pages.Concepts + "#resource-uris")]
    public async Task A_list_in_a_namespace_that_is_not_there_is_empty(string side)
    {
        ClusterSide cluster = await clusters.GetAsync(side);
        (await cluster.Admin.GetAsync("/api/v1/namespaces/none-such-here/configmaps")).ShouldBe(200).List("items").ShouldBeEmpty();
    }
}
