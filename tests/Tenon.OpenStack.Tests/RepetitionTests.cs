using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Tenon.OpenStack.Networking;
using Tenon.OpenStack.Tests.Support;

namespace Tenon.OpenStack.Tests;

/// <summary>What is sent again, when, and what never is.</summary>
public sealed class RepetitionTests : IAsyncLifetime
{
    private const string Port = """{"port": {"id": "p1"}}""";
    private const string Balancer = """{"loadbalancer": {"id": "b1"}}""";
    private static readonly PortCreate NewPort = new() { NetworkId = "n" };
    private ScriptedCloud _cloud = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cloud = await ScriptedCloud.StartAsync();

    public ValueTask DisposeAsync() => _cloud.DisposeAsync();

    /// <summary>The first answers, then good ones.</summary>
    private void First(int times, Func<Received, HttpContext, Task> bad, string good = Port)
    {
        int count = 0;
        _cloud.Script = (request, context) => Interlocked.Increment(ref count) <= times ? bad(request, context) : ScriptedCloud.Answer(context, 200, good);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Retry_After_is_honoured_by_reads(int status)
    {
        var time = new SkippingTimeProvider(TimeSpan.FromSeconds(60));
        await using CloudClient client = _cloud.Connect(new() { Time = time });
        First(2, (_, context) => ScriptedCloud.Answer(context, status, "", ("Retry-After", "7")));
        (await client.Networking().GetPortAsync("p1", Ct))!.Id.ShouldBe("p1");
        time.Waits.Count.ShouldBe(2);
        time.Waits.ShouldAllBe(w => w >= TimeSpan.FromSeconds(7) && w < TimeSpan.FromSeconds(8));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_Retry_After_date_is_read_by_the_servers_clock()
    {
        var time = new SkippingTimeProvider(TimeSpan.FromSeconds(60));
        await using CloudClient client = _cloud.Connect(new() { Time = time });
        First(1, (_, context) => ScriptedCloud.Answer(
            context, 503, "", ("Date", "Wed, 01 Jan 2020 00:00:00 GMT"), ("Retry-After", "Wed, 01 Jan 2020 00:00:09 GMT")));
        await client.Networking().GetPortAsync("p1", Ct);
        time.Waits.ShouldHaveSingleItem().ShouldBeInRange(TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_service_that_wants_too_long_a_wait_ends_the_call_and_the_wish_is_told()
    {
        await using CloudClient client = _cloud.Connect();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 429, "", ("Retry-After", "3600"));
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().GetPortAsync("p1", Ct));
        (error.Kind, error.RetryAfter, _cloud.ServiceCalls.Count).ShouldBe((OpenStackErrorKind.RateLimited, TimeSpan.FromHours(1), 1));
    }

    [Fact(Timeout = 20_000)]
    public async Task Attempts_are_bounded()
    {
        await using CloudClient client = _cloud.Connect();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 503, "no server is available");
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().GetPortAsync("p1", Ct));
        (error.Kind, _cloud.ServiceCalls.Count).ShouldBe((OpenStackErrorKind.Unavailable, 4));
    }

    [Theory(Timeout = 20_000)]
    [InlineData(429, null, 2)]
    [InlineData(503, null, 1)]
    [InlineData(503, "0", 1)]
    [InlineData(502, null, 1)]
    [InlineData(504, null, 1)]
    [InlineData(500, null, 1)]
    public async Task A_create_is_sent_again_only_when_it_was_certainly_not_looked_at(int status, string? retryAfter, int requests)
    {
        await using CloudClient client = _cloud.Connect();
        First(1, (_, context) => ScriptedCloud.Answer(context, status, "", retryAfter is null ? [] : [("Retry-After", retryAfter)]));
        await Record.ExceptionAsync(() => client.Networking().CreatePortAsync(NewPort, Ct));
        _cloud.ServiceCalls.Count.ShouldBe(requests);
    }

    [Theory(Timeout = 20_000)]
    [InlineData(503, null, 1)]
    [InlineData(503, "0", 2)]
    [InlineData(502, null, 1)]
    [InlineData(409, "0", 1)]
    public async Task An_update_is_sent_again_only_when_the_service_asks_for_it(int status, string? retryAfter, int requests)
    {
        await using CloudClient client = _cloud.Connect();
        First(1, (_, context) => ScriptedCloud.Answer(context, status, "", retryAfter is null ? [] : [("Retry-After", retryAfter)]), Balancer);
        await Record.ExceptionAsync(() => client.LoadBalancing().UpdateLoadBalancerAsync("b1", new() { Name = "x" }, Ct));
        _cloud.ServiceCalls.Count.ShouldBe(requests);
    }

    public static TheoryData<string, Func<CloudClient, Task>, int> LostResponses() => new()
    {
        { "read", c => c.Networking().GetPortAsync("p1", Ct), 2 },
        { "list", c => c.Networking().ListPortsAsync(new(), Ct).ToListAsync(), 2 },
        { "delete", c => c.Networking().DeletePortAsync("p1", Ct), 2 },
        { "unconditional update", c => c.Networking().UpdatePortAsync("p1", new() { Name = "x" }, null, Ct), 2 },
        { "conditional update", c => c.Networking().UpdatePortAsync("p1", new() { Name = "x" }, 3, Ct), 1 },
        { "create", c => c.Networking().CreatePortAsync(NewPort, Ct), 1 },
        { "bulk create", c => c.Networking().CreatePortsAsync([NewPort, NewPort], Ct), 1 },
        { "subports", c => c.Networking().AddSubPortsAsync("t", [new("p", 1)], Ct), 1 },
        { "load balancer", c => c.LoadBalancing().CreateLoadBalancerAsync(new() { Name = "b" }, Ct), 1 },
        { "members", c => c.LoadBalancing().ReplaceMembersAsync("p", [], false, Ct), 2 },
    };

    [Theory(Timeout = 20_000, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(LostResponses))]
    public async Task When_the_response_is_lost_only_what_is_harmless_twice_is_sent_again(string what, Func<CloudClient, Task> act, int requests)
    {
        await using CloudClient client = _cloud.Connect();

        // On a connection that served before as well as on a fresh one.
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 200, """{"extensions": []}""");
        await client.Networking().ListExtensionsAsync(Ct);
        int before = _cloud.ServiceCalls.Count;
        First(1, (_, context) =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        Exception? error = await Record.ExceptionAsync(() => act(client));
        if (requests == 1) error.ShouldBeOfType<OpenStackException>(what).Kind.ShouldBe(OpenStackErrorKind.Unavailable, what);
        else error.ShouldBeNull(what);
        (_cloud.ServiceCalls.Count - before).ShouldBe(requests, what);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_response_cut_off_in_the_middle_is_read_again()
    {
        await using CloudClient client = _cloud.Connect();
        First(1, async (_, context) =>
        {
            context.Response.ContentLength = 100;
            await context.Response.WriteAsync("""{"port": {"id":""", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        });
        (await client.Networking().GetPortAsync("p1", Ct))!.Id.ShouldBe("p1");
        _cloud.ServiceCalls.Count.ShouldBe(2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_connection_that_cannot_be_made_is_tried_again_even_for_creates()
    {
        using var reserved = new TcpListener(IPAddress.Loopback, 0);
        reserved.Start();
        int closed = ((IPEndPoint)reserved.LocalEndpoint).Port;
        reserved.Stop();
        var calls = new List<CloudCall>();
        await using CloudClient client = _cloud.Connect(
            ScriptedCloud.Fast() with { Observer = calls.Add },
            credentials: _cloud.Credentials with { EndpointOverrides = [new("network", new($"http://127.0.0.1:{closed}"))] });
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().CreatePortAsync(NewPort, Ct));
        error.Kind.ShouldBe(OpenStackErrorKind.Unavailable);
        error.IsTransient.ShouldBeTrue();
        calls.Where(c => c.Service == "network").Select(c => (c.Attempt, c.Status)).ShouldBe([(1, null), (2, null), (3, null), (4, null)]);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_call_without_answer_ends_after_its_timeout_and_is_not_repeated()
    {
        await using CloudClient client = _cloud.Connect(ScriptedCloud.Fast() with { AttemptTimeout = TimeSpan.FromMilliseconds(300) });
        await client.Identity.GetSelfAsync(Ct);
        _cloud.Script = (_, context) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.Networking().GetPortAsync("p1", Ct));
        (error.Kind, error.Status, _cloud.ServiceCalls.Count).ShouldBe((OpenStackErrorKind.Timeout, null, 1));
        error.Message.ShouldContain("no answer within 0.3 s");
    }

    [Fact(Timeout = 20_000)]
    public async Task Cancellation_is_cancellation_and_never_a_failure()
    {
        await using CloudClient client = _cloud.Connect();
        await client.Identity.GetSelfAsync(Ct);
        var asked = new TaskCompletionSource();
        _cloud.Script = (_, context) =>
        {
            asked.SetResult();
            return Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        };
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task call = client.Networking().GetPortAsync("p1", cancel.Token);
        await asked.Task.WaitAsync(Ct);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => call);
        _cloud.ServiceCalls.Count.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task Cancellation_ends_a_wait_before_the_next_attempt()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using CloudClient client = _cloud.Connect(new() { Observer = c => { if (c.Status == 503) cancel.Cancel(); } });
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 503, "", ("Retry-After", "29"));
        await Should.ThrowAsync<OperationCanceledException>(() => client.Networking().GetPortAsync("p1", cancel.Token));
        _cloud.ServiceCalls.Count.ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_delete_of_what_is_gone_succeeds_and_a_read_of_it_is_nothing()
    {
        await using CloudClient client = _cloud.Connect();
        _cloud.Script = (_, context) => ScriptedCloud.Answer(context, 404, """{"faultcode": "Client", "faultstring": "Load Balancer b1 not found.", "debuginfo": null}""");
        await client.LoadBalancing().DeleteLoadBalancerAsync("b1", cascade: true, Ct);
        (await client.LoadBalancing().GetLoadBalancerAsync("b1", Ct)).ShouldBeNull();
        (await client.LoadBalancing().ListMembersAsync("p1", Ct).ToListAsync()).ShouldBeEmpty();
        _cloud.ServiceCalls[0].Query.ShouldBe("?cascade=true");
        OpenStackException error = await Should.ThrowAsync<OpenStackException>(() => client.LoadBalancing().UpdateLoadBalancerAsync("b1", new() { Name = "x" }, Ct));
        error.Kind.ShouldBe(OpenStackErrorKind.NotFound);
    }
}
