using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Measures;
using Tenon.Testing;

namespace Tenon.Sandbox.Tests.Host;

public sealed class ControlTests
{
    private const int Limit = 30_000;
    private const string Servers = "/compute/v2.1/servers";

    [Fact(Timeout = Limit)]
    public async Task Every_call_is_logged_with_its_operation_and_counted_and_the_control_endpoint_is_not()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        await cloud.TokenOf("demo");
        await cloud.Get(Servers, "demo", "User-Agent: tests/1");
        await cloud.Get("/network/v2.0/networks?name=nodes");
        await cloud.Post($"{Servers}/nope/action", """{"os-start":null}""");
        JsonArray calls = (await cloud.Get("/_sandbox/calls", user: null)).ShouldBe(200).Json!.AsArray();
        calls.Select(c => (string)c!["operation"]!).ShouldBe(["identity.tokens.create", "compute.servers.list", "network.networks.list", "compute.servers.action"]);
        calls.Select(c => (string)c!["kind"]!).ShouldBe(["auth", "read", "read", "write"]);
        calls.Select(c => (int)c!["status"]!).ShouldBe([201, 200, 200, 404]);
        calls[1]!["userAgent"]!.ToString().ShouldBe("tests/1");
        calls[2]!["path"]!.ToString().ShouldBe("/v2.0/networks?name=nodes");
        calls[1]!["region"]!.ToString().ShouldBe("RegionOne");
        WireAnswer summary = await cloud.Get("/_sandbox/calls/summary", user: null);
        summary["openStack/reads"].ShouldBe("2");
        summary["openStack/writes"].ShouldBe("1");
        summary["openStack/auths"].ShouldBe("1");
        summary["services/compute/total"].ShouldBe("2");
        summary["operations/compute.servers.action"].ShouldBe("1");
        (await cloud.Get("/_sandbox/calls?service=network", user: null)).Json!.AsArray().Count.ShouldBe(1);
        (await cloud.Delete("/_sandbox/calls", user: null)).ShouldBe(204);
        cloud.Host.Calls.Summary().All.Total.ShouldBe(0);
    }

    [Fact(Timeout = Limit)]
    public async Task In_process_calls_are_not_counted()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        cloud.Host.OpenStack.Send("compute", "GET", "/v2.1/servers").Expect();
        cloud.Host.Calls.Summary().All.Total.ShouldBe(0);
    }

    [Fact(Timeout = Limit)]
    public async Task A_fault_hits_from_the_nth_match_for_so_many_times_in_the_services_own_words()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        (await cloud.Post("/_sandbox/faults", new
        {
            service = "compute", method = "GET", path = "^/v2.1/servers", skip = 1, times = 2, status = 503, message = "Busy.", retryAfter = "7",
        }, user: null)).ShouldBe(200);
        (await cloud.Get(Servers)).ShouldBe(200);
        WireAnswer hit = (await cloud.Get(Servers)).ShouldBe(503);
        hit["serviceUnavailable/message"].ShouldBe("Busy.");
        hit.Header("Retry-After").ShouldBe("7");
        (await cloud.Get("/compute/v2.1/flavors")).ShouldBe(200);
        (await cloud.Get(Servers)).ShouldBe(503);
        (await cloud.Get(Servers)).ShouldBe(200);
        (await cloud.Get("/_sandbox/faults", user: null))["0/hits"].ShouldBe("2");
        (await cloud.Post("/_sandbox/faults", new { bogus = 1 }, user: null)).ShouldBe(400);
        (await cloud.Post("/_sandbox/faults", new { path = "[" }, user: null)).ShouldBe(400);
    }

    [Theory(Timeout = Limit)]
    [InlineData("identity", "/identity/v3/auth/projects", "error/message")]
    [InlineData("compute", "/compute/v2.1/servers", "conflictingRequest/message")]
    [InlineData("network", "/network/v2.0/networks", "NeutronError/message")]
    [InlineData("load-balancer", "/load-balancer/v2/lbaas/loadbalancers", "faultstring")]
    public async Task Injected_errors_are_shaped_as_each_service_shapes_them(string service, string path, string at)
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        await cloud.TokenOf("demo");
        cloud.Host.Faults.Add(new FaultRule { Service = service, Status = 409, Message = "No." });
        (await cloud.Get(path)).ShouldBe(409)[at].ShouldBe("No.");
    }

    [Fact(Timeout = Limit)]
    public async Task A_lost_response_has_done_its_work_and_a_dropped_request_has_not()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        await cloud.TokenOf("demo");
        var group = new { security_group = new { name = "g" } };
        cloud.Host.Faults.Add(new FaultRule { Service = "network", Method = "POST", Kind = FaultKind.DropBefore, Times = 1 });
        await Should.ThrowAsync<HttpRequestException>(() => cloud.Post("/network/v2.0/security-groups", group));
        (await cloud.Get("/network/v2.0/security-groups?name=g")).At("security_groups")!.AsArray().ShouldBeEmpty();
        cloud.Host.Faults.Clear();
        cloud.Host.Faults.Add(new FaultRule { Service = "network", Method = "POST", Kind = FaultKind.DropAfter, Times = 1 });
        await Should.ThrowAsync<HttpRequestException>(() => cloud.Post("/network/v2.0/security-groups", group));
        (await cloud.Get("/network/v2.0/security-groups?name=g")).At("security_groups")!.AsArray().Count.ShouldBe(1);
        CallEntry[] posts = [.. cloud.Host.Calls.Entries().Where(c => c is { Service: "network", Method: "POST" })];
        posts.Select(p => p.Status).ShouldBe([0, 201]);
        posts.ShouldAllBe(p => p.Fault != null);
    }

    [Fact(Timeout = Limit)]
    public async Task A_hanging_call_is_let_go_when_the_rule_is_removed()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        await cloud.TokenOf("demo");
        FaultRule rule = cloud.Host.Faults.Add(new FaultRule { Service = "compute", Kind = FaultKind.Hang });
        Task<WireAnswer> hanging = cloud.Get(Servers);
        while (cloud.Host.Faults.Current().Single().Hits == 0) await Task.Yield();
        hanging.IsCompleted.ShouldBeFalse();
        cloud.Host.Faults.Remove(rule.Id).ShouldBeTrue();
        await Should.ThrowAsync<HttpRequestException>(() => hanging);
    }

    [Fact(Timeout = Limit)]
    public async Task Latency_is_set_by_service_and_by_default()
    {
        var clock = new ManualTimeProvider();
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { TimeProvider = clock, Controllers = "none" });
        await cloud.TokenOf("demo");
        (await cloud.Send("PUT", "/_sandbox/latency", """{"compute": 0.5}""", user: null)).ShouldBe(200);
        Task<WireAnswer> slow = cloud.Get(Servers);
        (await cloud.Get("/network/v2.0/networks")).ShouldBe(200);
        slow.IsCompleted.ShouldBeFalse();
        while (!slow.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        (await slow).ShouldBe(200);
        cloud.Host.Calls.Entries().Single(c => c.Service == "compute").Duration!.Value.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromMilliseconds(500));
    }

    [Fact(Timeout = Limit)]
    public async Task Requests_without_a_valid_token_are_refused_as_keystonemiddleware_does()
    {
        await using CloudClient cloud = await CloudClient.StartAsync();
        foreach (string path in (string[])["/compute/v2.1/servers", "/network/v2.0/networks", "/load-balancer/v2/lbaas/loadbalancers", "/placement/usages"])
        {
            WireAnswer answer = (await cloud.Get(path, null, "X-Auth-Token: nope")).ShouldBe(401);
            answer.Text.ShouldContain("The request you have made requires authentication.");
            answer.Header("WWW-Authenticate").ShouldBe($"Keystone uri=\"{cloud.Host.AuthUrl}\"");
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Five_hundred_servers_are_seeded_and_listed_in_one_page()
    {
        long start = Stopwatch.GetTimestamp();
        await using CloudClient cloud = await CloudClient.StartAsync(new SandboxOptions { Nodes = 500, Controllers = "none" });
        TimeSpan seeded = Stopwatch.GetElapsedTime(start);
        await cloud.Get($"{Servers}/detail");
        start = Stopwatch.GetTimestamp();
        WireAnswer list = await cloud.Get($"{Servers}/detail", "demo", "OpenStack-API-Version: compute 2.90");
        TimeSpan listed = Stopwatch.GetElapsedTime(start);
        list.At("servers")!.AsArray().Count.ShouldBe(500);
        TestContext.Current.SendDiagnosticMessage($"seeded in {seeded.TotalMilliseconds:F0} ms, listed in {listed.TotalMilliseconds:F1} ms");
    }
}
