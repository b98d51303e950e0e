using System.Text.Json.Nodes;
using Tenon.Conformance.Tests.Support;

namespace Tenon.Conformance.Tests.Kubernetes;

/// <summary>Leases, which leaders are elected by.</summary>
[Stated("Leases", Pages.Leases)]
public sealed class LeaseCases(Clusters clusters)
{
    [Theory(Timeout = 120_000), Clusters]
    public async Task A_lease_keeps_microseconds(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch, "2024-05-06T07:08:09.123456Z");
        made["spec/renewTime"].ShouldBe("2024-05-06T07:08:09.123456Z");
        made["spec/holderIdentity"].ShouldBe("one");
        made.Has("metadata", "generation").ShouldBeFalse();
        Answer whole = await scratch.Admin.PatchAsync(Path(scratch), """{"spec":{"renewTime":"2024-05-06T07:08:09.000000Z"}}""");
        whole.ShouldBe(200)["spec/renewTime"].ShouldBe("2024-05-06T07:08:09.000000Z");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Believed("microseconds may be left out where they are none")]
    public async Task A_time_without_microseconds_is_refused(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch, "2024-05-06T07:08:09.123456Z");
        JsonObject body = made.Json!.DeepClone().AsObject();
        body["spec"]!["renewTime"] = "2024-05-06T07:08:09Z";
        Answer put = await scratch.Admin.PutAsync(Path(scratch), body);
        put.ShouldBe(400)["message"]!.ShouldContain("parsing time \"2024-05-06T07:08:09Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \".000000\"");
        Answer patch = await scratch.Admin.PatchAsync(Path(scratch), """{"spec":{"renewTime":"2024-05-06T07:08:09Z"}}""");
        patch.ShouldBe(422)["message"]!.ShouldStartWith(" \"\" is invalid: patch: Invalid value: \"");
        patch["message"]!.ShouldContain("cannot parse");
    }

    [Theory(Timeout = 120_000), Clusters]
    [Stated("API conventions: Concurrency Control and Consistency", Pages.Conventions + "#concurrency-control-and-consistency")]
    public async Task Of_two_who_take_a_lease_one_wins(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch, "2024-05-06T07:08:09.123456Z");
        Answer[] both = await Task.WhenAll(Take(scratch, made, "two"), Take(scratch, made, "three"));
        both.Select(a => a.Status).Order().ShouldBe([200, 409]);
        Answer now = await scratch.Admin.GetAsync(Path(scratch));
        now["spec/holderIdentity"].ShouldBe(both.Single(a => a.Status == 200)["spec/holderIdentity"]);
        now["spec/leaseTransitions"].ShouldBe("1");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task A_lease_that_is_given_back_has_no_holder(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        Answer made = await MakeAsync(scratch, "2024-05-06T07:08:09.123456Z");
        JsonObject body = made.Json!.DeepClone().AsObject();
        body["spec"] = new JsonObject { ["leaseDurationSeconds"] = 1, ["holderIdentity"] = "", ["leaseTransitions"] = 0 };
        Answer released = (await scratch.Admin.PutAsync(Path(scratch), body)).ShouldBe(200);
        released["spec/holderIdentity"].ShouldBe("", "a pointer to an empty text is not nothing");
        released["spec/leaseTransitions"].ShouldBe("0");
    }

    [Theory(Timeout = 120_000), Clusters]
    public async Task Durations_are_positive_and_transitions_not_negative(string side)
    {
        await using KubeScratch scratch = await (await clusters.GetAsync(side)).NewScratchAsync();
        foreach ((string spec, string field, string message) in new[]
        {
            ("""{"leaseDurationSeconds":0}""", "spec.leaseDurationSeconds", "must be greater than 0"),
            ("""{"leaseTransitions":-1}""", "spec.leaseTransitions", "must be greater than or equal to 0"),
        })
        {
            Answer answer = await scratch.Admin.PostAsync(scratch.Path("coordination.k8s.io/v1/leases"),
                $$"""{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"bad"},"spec":{{spec}} }""");
            answer.ShouldBe(422)["details/causes/0/field"].ShouldBe(field);
            answer["message"]!.ShouldEndWith(message);
        }
    }

    private static Task<Answer> MakeAsync(KubeScratch scratch, string time) => scratch.MakeAsync(scratch.Path("coordination.k8s.io/v1/leases"), $$"""
        {"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"one"},
         "spec":{"holderIdentity":"one","leaseDurationSeconds":15,"acquireTime":"{{time}}","renewTime":"{{time}}","leaseTransitions":0} }
        """);

    private static Task<Answer> Take(KubeScratch scratch, Answer from, string who)
    {
        JsonObject body = from.Json!.DeepClone().AsObject();
        body["spec"]!["holderIdentity"] = who;
        body["spec"]!["leaseTransitions"] = 1;
        return scratch.Admin.PutAsync(Path(scratch), body);
    }

    private static string Path(KubeScratch scratch) => scratch.Path("coordination.k8s.io/v1/leases", "one");
}
