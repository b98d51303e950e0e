using System.Text;
using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Lists page by page, as Tenon's client reads them.</summary>
[Stated("API Concepts: Retrieving large results sets in chunks", Pages.Concepts + "#retrieving-large-results-sets-in-chunks")]
public sealed class PagingCases(Clusters clusters)
{
    private const string Mine = "labelSelector=case%3Dpages";

    [Theory(Timeout = 120_000), Clusters]
    public async Task Pages_are_of_one_moment_in_the_order_of_names_and_count_what_remains(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string name in new[] { "e", "c", "a", "b", "d" }) await scratch.MakeAsync(scratch.Path("services"), Service(name));
        Answer first = (await scratch.Admin.GetAsync(scratch.Path("services", "?limit=2"))).ShouldBe(200);
        Names(first).ShouldBe("a b");
        first["metadata/remainingItemCount"].ShouldBe("3");
        await scratch.MakeAsync(scratch.Path("services"), Service("bb"));
        await scratch.Admin.DeleteAsync(scratch.Path("services", "c"));
        Answer second = (await scratch.Admin.GetAsync(scratch.Path("services", $"?limit=2&continue={first["metadata/continue"]}"))).ShouldBe(200);
        Names(second).ShouldBe("c d", "the list as it was when it began");
        second["metadata/resourceVersion"].ShouldBe(first["metadata/resourceVersion"]);
        second["metadata/remainingItemCount"].ShouldBe("1");
        Answer last = (await scratch.Admin.GetAsync(scratch.Path("services", $"?limit=2&continue={second["metadata/continue"]}"))).ShouldBe(200);
        Names(last).ShouldBe("e");
        last.Has("metadata", "continue").ShouldBeFalse();
        last.Has("metadata", "remainingItemCount").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task What_remains_is_not_counted_where_a_selector_filters(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string name in new[] { "a", "b", "c" }) await scratch.ConfigMapAsync(name, metadata: """ "labels":{"case":"pages"} """);
        Answer first = (await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?limit=2&{Mine}"))).ShouldBe(200);
        Names(first).ShouldBe("a b");
        first.Has("metadata", "remainingItemCount").ShouldBeFalse();
        Answer last = (await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?limit=2&{Mine}&continue={first["metadata/continue"]}"))).ShouldBe(200);
        Names(last).ShouldBe("c");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_list_that_fits_has_no_token(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await scratch.MakeAsync(scratch.Path("services"), Service("a"));
        Answer only = (await scratch.Admin.GetAsync(scratch.Path("services", "?limit=1"))).ShouldBe(200);
        Names(only).ShouldBe("a");
        only.Has("metadata", "continue").ShouldBeFalse();
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_token_that_is_none_is_a_bad_request(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer answer = (await scratch.Admin.GetAsync(scratch.Path("configmaps", "?limit=1&continue=nonsense!"))).ShouldBe(400);
        answer["reason"].ShouldBe("BadRequest");
        answer["message"]!.ShouldStartWith("invalid continue token: continue key is not valid: ");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_token_goes_with_no_version(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach (string name in new[] { "a", "b" }) await scratch.ConfigMapAsync(name, metadata: """ "labels":{"case":"pages"} """);
        Answer first = (await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?limit=1&{Mine}"))).ShouldBe(200);
        string token = first["metadata/continue"]!;
        Answer answer = await scratch.Admin.GetAsync(scratch.Path("configmaps", $"?limit=1&continue={token}&resourceVersion={first["metadata/resourceVersion"]}"));
        answer.ShouldBe(400)["message"].ShouldBe("specifying resource version is not allowed when using continue");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: 410 Gone responses", Pages.Concepts + "#410-gone-responses")]
    public async Task A_token_of_a_forgotten_version_is_gone_and_offers_another_one(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await ForgetfulAsync(scratch);
        foreach (string name in new[] { "a", "b", "c" }) await scratch.MakeAsync(scratch.Path("services"), Service(name));
        Answer first = (await scratch.Admin.GetAsync(scratch.Path("services", "?limit=1"))).ShouldBe(200);
        Answer gone = (await scratch.Admin.GetAsync(scratch.Path("services", $"?limit=1&continue={Older(first["metadata/continue"]!)}"))).ShouldBe(410);
        gone["reason"].ShouldBe("Expired");
        gone["message"]!.ShouldStartWith("The provided continue parameter is too old to display a consistent list result.");
        Answer rest = (await scratch.Admin.GetAsync(scratch.Path("services", $"?continue={gone["metadata/continue"]}"))).ShouldBe(200);
        Names(rest).ShouldBe("b c", "inconsistent with the first page, but it goes on where that ended");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API Concepts: 410 Gone responses", Pages.Concepts + "#410-gone-responses")]
    public async Task An_exact_list_of_a_forgotten_version_is_gone(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        await ForgetfulAsync(scratch);
        Answer gone = (await scratch.Admin.GetAsync(scratch.Path("services", "?resourceVersion=1&resourceVersionMatch=Exact"))).ShouldBe(410);
        gone["reason"].ShouldBe("Expired");
        gone["message"].ShouldBe("The resourceVersion for the provided list is too old.");
    }

    /// <summary>A server forgets versions that are older than five to ten minutes; a cluster that is younger has forgotten nothing yet.</summary>
    private static async Task ForgetfulAsync(KubeScratch scratch)
    {
        Answer born = (await scratch.Admin.GetAsync("/api/v1/namespaces/kube-system")).ShouldBe(200);
        TimeSpan age = TimeProvider.System.GetUtcNow() - DateTimeOffset.Parse(born["metadata/creationTimestamp"]!);
        Assert.SkipWhen(scratch.Cluster.Name == ClustersAttribute.Cluster && age < TimeSpan.FromMinutes(11), "the cluster is too young to have forgotten anything");
    }

    /// <summary>The same token, of the first version that ever was.</summary>
    private static string Older(string token)
    {
        string padded = token.Replace('-', '+').Replace('_', '/').PadRight((token.Length + 3) / 4 * 4, '=');
        JsonObject inner = JsonNode.Parse(Convert.FromBase64String(padded))!.AsObject();
        inner["rv"] = 1;
        return Convert.ToBase64String(Encoding.UTF8.GetBytes(inner.ToJsonString())).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static string Names(Answer list) => string.Join(' ', list.List("items").Select(i => i["metadata"]!["name"]!.ToString()));

    private static string Service(string name) => $$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"{{name}}"},"spec":{"clusterIP":"None","ports":[{"port":80}]} }""";
}
