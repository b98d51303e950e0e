using Tenon.Conformance.Tests.Support;
using Tenon.OpenStack;
using Tenon.OpenStack.Compute;

namespace Tenon.Conformance.Tests.Compute;

/// <summary>Microversions of Nova.</summary>
public sealed class VersionCases(Clouds clouds)
{
    private static readonly string Missing = $"/servers/{Nova.Nobody}";

    [Theory(Timeout = 120_000), Sides]
    public async Task The_version_document_tells_the_range_without_a_token(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        foreach (string end in (string[])["", "/"])
        {
            Answer answer = (await cloud.Member.GetAsync("compute", end, "X-Auth-Token:")).ShouldBe(200);
            answer["version/id"].ShouldBe("v2.1");
            answer["version/status"].ShouldBe("CURRENT");
            answer["version/min_version"].ShouldBe("2.1");
            answer["version/version"]!.ShouldMatch(@"^2\.\d+$");
            answer["version/links/0/href"].ShouldBe($"{cloud.Member.Endpoint("compute")}/");
            answer.Header("OpenStack-API-Version").ShouldBe("compute 2.1");
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task The_version_agreed_on_comes_back_in_two_headers(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string highest = (await cloud.Member.GetAsync("compute", "/"))["version/version"]!;
        (string Header, string Agreed)[] asked =
        [
            ("X-None:", "2.1"), (Nova.V("2.1"), "2.1"), (Nova.V("2.69"), "2.69"), (Nova.V("latest"), highest), ("X-OpenStack-Nova-API-Version: 2.50", "2.50"),
            ("OpenStack-API-Version: placement 1.5", "2.1"), ("OpenStack-API-Version: placement 1.5, compute 2.60", "2.60"),
        ];
        foreach ((string header, string agreed) in asked)
        {
            Answer answer = (await cloud.Member.GetAsync("compute", Missing, header)).ShouldBe(404);
            answer.Header("OpenStack-API-Version").ShouldBe($"compute {agreed}", header);
            answer.Header("X-OpenStack-Nova-API-Version").ShouldBe(agreed, header);
            answer.Header("Vary").ShouldBe("OpenStack-API-Version, X-OpenStack-Nova-API-Version");
        }

        Answer both = await cloud.Member.GetAsync("compute", Missing, "X-OpenStack-Nova-API-Version: 2.50", Nova.V("2.60"));
        both.Header("OpenStack-API-Version").ShouldBe("compute 2.60");
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_version_that_is_not_there_answers_406_and_names_the_range(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        string highest = (await cloud.Member.GetAsync("compute", "/"))["version/version"]!;
        foreach (string version in (string[])["2.0", "1.0", "3.0", "2.999"])
        {
            (await cloud.Member.GetAsync("compute", Missing, Nova.V(version)))
                .ShouldRefuse(406, "computeFault", $"Version {version} is not supported by the API. Minimum is 2.1 and maximum is {highest}.");
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task A_version_that_is_no_version_answers_400(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        foreach (string version in (string[])["2", "2.", "newest", "2.010"])
        {
            Answer answer = (await cloud.Member.GetAsync("compute", Missing, Nova.V(version)))
                .ShouldRefuse(400, "badRequest", $"API Version String {version} is of invalid format. Must be of format MajorNum.MinorNum.");
            answer.Header("OpenStack-API-Version").ShouldBe("");
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task The_token_is_looked_at_before_the_version(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        Answer answer = (await cloud.Member.GetAsync("compute", Missing, Nova.V("2.999"), "X-Auth-Token:")).ShouldBe(401);
        answer["error/message"].ShouldBe("The request you have made requires authentication.");
        answer.Header("WWW-Authenticate").ShouldStartWith("Keystone uri=\"http");
        (await cloud.Member.GetAsync("compute", "/no-such-thing", "X-Auth-Token:")).ShouldBe(401);
    }

    [Theory(Timeout = 120_000), Sides, Believed("A path that Nova lacks answers 404 in Nova's own form. It does so in that of the web layer, which follows the Accept header")]
    public async Task What_is_no_URL_of_Novas_answers_404_in_the_form_asked_for_and_so_does_a_method_that_it_lacks(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        (string Accept, string Body)[] forms =
        [
            ("*/*", "<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>"),
            ("", "404 Not Found\n\nThe resource could not be found.\n\n   "),
            ("text/plain", "404 Not Found\n\nThe resource could not be found.\n\n   "),
        ];
        foreach ((string method, string path) in ((string, string)[])[("GET", "/no-such-thing"), ("PATCH", Missing), ("DELETE", "/servers")])
        {
            foreach ((string accept, string body) in forms)
            {
                Answer answer = (await cloud.Member.SendAsync(method, "compute", path, null, $"Accept: {accept}")).ShouldBe(404);
                answer.Json.ShouldBeNull();
                answer.Text.ShouldBe(body, accept);
                answer.Header("OpenStack-API-Version").ShouldBe("");
            }

            Answer json = (await cloud.Member.SendAsync(method, "compute", path, null, "Accept: application/json")).ShouldBe(404);
            (json["code"], json["title"], json["message"]).ShouldBe(("404 Not Found", "Not Found", "The resource could not be found.<br /><br />\n\n\n"));
        }
    }

    [Theory(Timeout = 120_000), Sides]
    public async Task Our_client_reads_the_range(string side)
    {
        CloudSide cloud = await clouds.GetAsync(side);
        await using CloudClient client = cloud.Connect();
        MicroversionRange range = await client.Compute().GetVersionsAsync(TestContext.Current.CancellationToken);
        range.Minimum.ShouldBe(new ApiVersion(2, 1));
        range.Maximum!.Value.ShouldBeGreaterThan(new ApiVersion(2, 69));
    }
}
