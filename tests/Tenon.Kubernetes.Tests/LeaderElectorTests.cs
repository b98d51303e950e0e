using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

public sealed class LeaderElectorTests : IAsyncLifetime
{
    private const string Path = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/tenon-1";
    private readonly ManualTimeProvider _clock = new();
    private readonly TinyServer _server = new();
    private readonly List<KubernetesClient> _clients = [];
    private ScriptedApi _api = null!;

    public async ValueTask InitializeAsync() => _api = await ScriptedApi.StartAsync(_server.AnswerAsync);

    public async ValueTask DisposeAsync()
    {
        foreach (KubernetesClient client in _clients) client.Dispose();
        await _api.DisposeAsync();
    }

    private LeaderElector Elector(string identity)
    {
        KubernetesClient client = _api.Client(new() { MaxAttempts = 1 });
        _clients.Add(client);
        return new LeaderElector(client, new() { Lease = new("kube-system", "tenon-1"), Identity = identity }, _clock);
    }

    private JsonNode Spec => _server.Find(Path)!["spec"]!;

    private string? Holder => (string?)_server.Find(Path)?["spec"]?["holderIdentity"];

    private void HeldBy(string holder, DateTimeOffset renewed) => _server.Put(Path, new JsonObject
    {
        ["spec"] = new JsonObject
        {
            ["holderIdentity"] = holder,
            ["leaseDurationSeconds"] = 15,
            ["leaseTransitions"] = 4,
            ["renewTime"] = renewed.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        },
    });

    private static Task Forever(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);

    [Fact(Timeout = 20_000)]
    public async Task The_first_one_leads_at_once_and_gives_the_lease_back_after_its_work_has_ended()
    {
        LeaderElector elector = Elector("a");
        using var stop = new CancellationTokenSource();
        var ending = new TaskCompletionSource();
        Task running = elector.RunAsync(
            async token =>
            {
                try
                {
                    await Forever(token);
                }
                finally
                {
                    await ending.Task;
                }
            },
            stop.Token);
        await Waiting.UntilAsync(() => elector.IsLeader); // the clock has not moved
        Holder.ShouldBe("a");
        await stop.CancelAsync();
        await _clock.AdvanceUntilAsync(_api, () => false, TimeSpan.FromSeconds(20));
        Holder.ShouldBe("a", "the work has not ended yet, so that the lease is still renewed");
        elector.IsHealthy.ShouldBeTrue();
        ending.SetResult();
        await running;
        Holder.ShouldBe("");
        ((int)Spec["leaseDurationSeconds"]!).ShouldBe(1);
        LeaderElector next = Elector("b");
        using var stopNext = new CancellationTokenSource();
        Task second = next.RunAsync(Forever, stopNext.Token);
        await Waiting.UntilAsync(() => next.IsLeader);
        ((int)Spec["leaseTransitions"]!).ShouldBe(1);
        await stopNext.CancelAsync();
        await second;
    }

    [Theory(Timeout = 20_000)]
    [InlineData("a", "")] // a renewal that arrived without an answer
    [InlineData("b", "b")] // somebody else has it
    public async Task A_lease_that_was_written_unseen_is_given_back_only_where_it_is_still_ours(string holder, string left)
    {
        LeaderElector elector = Elector("a");
        using var stop = new CancellationTokenSource();
        Task running = elector.RunAsync(Forever, stop.Token);
        await Waiting.UntilAsync(() => elector.IsLeader);
        HeldBy(holder, _clock.GetUtcNow());
        await stop.CancelAsync();
        await running;
        Holder.ShouldBe(left);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(-3600)]
    [InlineData(0)]
    [InlineData(3600)]
    public async Task An_abandoned_lease_is_taken_after_its_duration_on_our_own_clock_whatever_the_other_clock_said(int skew)
    {
        HeldBy("gone", _clock.GetUtcNow().AddSeconds(skew));
        LeaderElector elector = Elector("a");
        using var stop = new CancellationTokenSource();
        Task running = elector.RunAsync(Forever, stop.Token);
        await Waiting.UntilAsync(() => elector.CurrentHolder == "gone");
        TimeSpan waited = await _clock.AdvanceUntilAsync(_api, () => elector.IsLeader);
        waited.ShouldBeInRange(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(18.5));
        ((int)Spec["leaseTransitions"]!).ShouldBe(5);
        await stop.CancelAsync();
        await running;
    }

    [Fact(Timeout = 30_000)]
    public async Task While_the_leader_renews_another_one_waits()
    {
        LeaderElector one = Elector("a"), two = Elector("b");
        using var stop = new CancellationTokenSource();
        Task first = one.RunAsync(Forever, stop.Token);
        await Waiting.UntilAsync(() => one.IsLeader);
        Task second = two.RunAsync(Forever, stop.Token);
        await _clock.AdvanceUntilAsync(_api, () => false, TimeSpan.FromSeconds(40));
        one.IsLeader.ShouldBeTrue();
        two.IsLeader.ShouldBeFalse();
        two.CurrentHolder.ShouldBe("a");
        await stop.CancelAsync();
        await Task.WhenAll(first, second);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_leader_that_cannot_renew_stops_its_work_before_another_may_begin()
    {
        LeaderElector elector = Elector("a");
        var cancelled = new TaskCompletionSource();
        Task running = elector.RunAsync(
            async token =>
            {
                await using CancellationTokenRegistration _ = token.Register(() => cancelled.SetResult());
                await Forever(token);
            },
            TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => elector.IsLeader);
        _server.Intercept = async context =>
        {
            await ScriptedApi.StatusAsync(context, 500, "InternalError");
            return true;
        };
        TimeSpan lasted = await _clock.AdvanceUntilAsync(_api, () => cancelled.Task.IsCompleted);
        lasted.ShouldBeInRange(TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(14));
        (await Should.ThrowAsync<LeadershipLostException>(running)).Message.ShouldContain("could not be renewed");
        elector.IsLeader.ShouldBeFalse();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_leader_whose_request_hangs_stops_in_time()
    {
        LeaderElector elector = Elector("a");
        Task running = elector.RunAsync(Forever, TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => elector.IsLeader);
        int hanging = 0;
        _server.Intercept = async context =>
        {
            Interlocked.Increment(ref hanging);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        };
        await _clock.AdvanceUntilAsync(_api, () => hanging > 0);
        await Waiting.UntilAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(0.1));
            return running.IsCompleted;
        });
        await Should.ThrowAsync<LeadershipLostException>(running);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_lease_that_another_took_is_lost_at_once()
    {
        LeaderElector elector = Elector("a");
        Task running = elector.RunAsync(Forever, TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => elector.IsLeader);
        HeldBy("thief", _clock.GetUtcNow());
        TimeSpan lasted = await _clock.AdvanceUntilAsync(_api, () => running.IsCompleted);
        lasted.ShouldBeLessThan(TimeSpan.FromSeconds(4));
        (await Should.ThrowAsync<LeadershipLostException>(running)).Message.ShouldContain("thief");
        Holder.ShouldBe("thief");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_foreign_change_of_the_labels_costs_nothing_but_a_read()
    {
        LeaderElector elector = Elector("a");
        using var stop = new CancellationTokenSource();
        Task running = elector.RunAsync(Forever, stop.Token);
        await Waiting.UntilAsync(() => elector.IsLeader);
        JsonObject touched = _server.Find(Path)!;
        touched["metadata"]!["labels"] = new JsonObject { ["team"] = "blue" };
        _server.Put(Path, touched);
        await _clock.AdvanceUntilAsync(_api, () => false, TimeSpan.FromSeconds(20));
        elector.IsLeader.ShouldBeTrue();
        ((string?)_server.Find(Path)!["metadata"]!["labels"]!["team"]).ShouldBe("blue");
        await stop.CancelAsync();
        await running;
    }

    [Fact(Timeout = 30_000)]
    public async Task Work_that_fails_ends_the_run_and_releases_the_lease()
    {
        LeaderElector elector = Elector("a");
        await Should.ThrowAsync<InvalidOperationException>(
            elector.RunAsync(_ => throw new InvalidOperationException("broken"), TestContext.Current.CancellationToken));
        Holder.ShouldBe("");
    }

    [Fact(Timeout = 30_000)]
    public async Task An_api_server_that_is_away_at_the_start_is_waited_for()
    {
        bool down = true;
        _server.Intercept = async context =>
        {
            if (!down) return false;
            await ScriptedApi.StatusAsync(context, 503, "ServiceUnavailable");
            return true;
        };
        LeaderElector elector = Elector("a");
        using var stop = new CancellationTokenSource();
        Task running = elector.RunAsync(Forever, stop.Token);
        await _clock.AdvanceUntilAsync(_api, () => _api.Requests.Count > 3);
        elector.IsLeader.ShouldBeFalse();
        down = false;
        await _clock.AdvanceUntilAsync(_api, () => elector.IsLeader);
        await stop.CancelAsync();
        await running;
    }

    [Theory]
    [InlineData(15, 15, 2)]
    [InlineData(0.5, 0.4, 0.1)]
    [InlineData(15, 10, 9)]
    [InlineData(15, 10, 0)]
    public void Durations_that_cannot_work_are_refused(double lease, double renew, double retry)
    {
        using KubernetesClient client = _api.Client();
        Should.Throw<ArgumentException>(() => new LeaderElector(client, new()
        {
            Lease = new("a", "b"),
            Identity = "x",
            LeaseDuration = TimeSpan.FromSeconds(lease),
            RenewDeadline = TimeSpan.FromSeconds(renew),
            RetryPeriod = TimeSpan.FromSeconds(retry),
        }));
    }
}
