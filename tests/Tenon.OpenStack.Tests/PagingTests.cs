using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

public sealed class PagingTests : IAsyncLifetime
{
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cloud = await ScriptedCloud.StartAsync();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    private static string Page(string collection, IEnumerable<string> ids, string? next)
    {
        var page = new JsonObject { [collection] = new JsonArray([.. ids.Select(i => new JsonObject { ["id"] = i })]) };
        if (next is not null)
        {
            page[$"{collection}_links"] = new JsonArray(
                new JsonObject { ["rel"] = "previous", ["href"] = "http://elsewhere/?marker=never" },
                new JsonObject { ["rel"] = "next", ["href"] = next });
        }

        return page.ToJsonString();
    }

    [Fact(Timeout = 20_000)]
    public async Task Pages_follow_each_other_with_all_filters_whatever_host_and_filters_the_links_name()
    {
        // Octavia's links repeat only limit and marker, and behind a proxy they name the inner host.
        _cloud.Script = (request, context) => ScriptedCloud.Answer(context, 200, request.Query switch
        {
            var q when q.Contains("marker=b2", StringComparison.Ordinal) => Page("loadbalancers", ["b3"], null),
            _ => Page("loadbalancers", ["b1", "b2"], "http://10.0.0.1:9876/v2.0/lbaas/loadbalancers?limit=2&marker=b2"),
        });
        await using CloudClient client = _cloud.Connect();
        var query = new LoadBalancerQuery { Tags = ["kube service", "x&y"], NotTagsAny = ["a", "b"], PageSize = 2 };
        List<LoadBalancer> balancers = await client.LoadBalancing().ListLoadBalancersAsync(query, Ct).ToListAsync();
        balancers.Select(b => b.Id).ShouldBe(["b1", "b2", "b3"]);
        _cloud.ServiceCalls.Select(c => c.Query).ShouldBe(
        [
            "?tags=kube%20service%2Cx%26y&not-tags-any=a%2Cb&limit=2",
            "?tags=kube%20service%2Cx%26y&not-tags-any=a%2Cb&limit=2&marker=b2",
        ]);
    }

    [Fact(Timeout = 20_000)]
    public async Task Pages_are_read_only_as_far_as_they_are_wanted()
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, Page("ports", ["p1", "p2"], "/v2.0/ports?marker=p2"));
        await using CloudClient client = _cloud.Connect();
        await foreach (Port port in client.Networking().ListPortsAsync(new(), Ct))
        {
            port.Id.ShouldBe("p1");
            break;
        }

        _cloud.ServiceCalls.Count.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_list_that_never_ends_is_an_error_and_not_a_loop()
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, Page("ports", ["p1"], "/v2.0/ports?marker=p1"));
        await using CloudClient client = _cloud.Connect();
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().ListPortsAsync(new(), Ct).ToListAsync());
        error.Message.ShouldContain("does not end");
        _cloud.ServiceCalls.Count.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_failure_on_a_later_page_fails_the_list()
    {
        _cloud.Script = (request, context) => request.Query.Contains("marker", StringComparison.Ordinal)
            ? ScriptedCloud.Answer(context, 500, "")
            : ScriptedCloud.Answer(context, 200, Page("ports", ["p1"], "/v2.0/ports?marker=p1"));
        await using CloudClient client = _cloud.Connect();
        await Should.ThrowAsync<OpenStackException>(() => client.Networking().ListPortsAsync(new(), Ct).ToListAsync());
    }

    [Fact(Timeout = 20_000)]
    public async Task An_empty_page_ends_the_list_even_with_a_link()
    {
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, Page("ports", [], "/v2.0/ports?marker=p1"));
        await using CloudClient client = _cloud.Connect();
        (await client.Networking().ListPortsAsync(new(), Ct).ToListAsync()).ShouldBeEmpty();
    }

    [Fact(Timeout = 20_000)]
    public async Task More_values_than_fit_in_a_URL_are_asked_for_in_parts_and_given_once()
    {
        string[] devices = [.. Enumerable.Range(0, 500).Select(i => $"{i:d8}-0000-0000-0000-000000000000")];
        _cloud.Script = (request, context) =>
        {
            string[] asked = [.. request.Query.TrimStart('?').Split('&').Where(p => p.StartsWith("device_id=", StringComparison.Ordinal)).Select(p => p[10..])];
            return ScriptedCloud.Answer(context, 200, Page("ports", [.. asked, "shared"], null));
        };
        await using CloudClient client = _cloud.Connect();
        List<Port> ports = await client.Networking().ListPortsAsync(new() { DeviceIds = devices.ToEquatableArray(), Tags = ["t"] }, Ct).ToListAsync();
        ports.Select(p => p.Id).ShouldBe([.. devices[..125], "shared", .. devices[125..]], ignoreOrder: true);
        _cloud.ServiceCalls.Count.ShouldBeGreaterThan(1);
        _cloud.ServiceCalls.ShouldAllBe(c => c.Query.Length < 6100 && c.Query.Contains("tags=t"));
    }
}
