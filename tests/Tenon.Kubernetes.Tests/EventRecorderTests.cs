using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

public sealed class EventRecorderTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _clock = new();
    private readonly TinyServer _server = new();
    private ScriptedApi _api = null!;
    private KubernetesClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _api = await ScriptedApi.StartAsync(_server.AnswerAsync);
        _client = _api.Client();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _api.DisposeAsync();
    }

    private static readonly ObjectReference s_service = new() { ApiVersion = "v1", Kind = "Service", Namespace = "default", Name = "web", Uid = "u" };

    private EventRecorder Recorder(int queue = 1000, int cache = 4096) => new(
        _client, new() { Component = "tenon", Instance = "host-1", QueueSize = queue, CacheSize = cache }, _clock);

    private IReadOnlyList<JsonObject> Events => _server.All("/api/v1/namespaces/default/events");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 20_000)]
    public async Task A_process_that_ends_while_it_starts_may_flush_before_the_recorder_runs()
    {
        EventRecorder recorder = Recorder();
        recorder.Record(s_service, EventType.Normal, "Early", "told before anything ran");
        await recorder.FlushAsync(Token);
        await recorder.RunAsync(Token);
        await recorder.FlushAsync(Token);
        Events.ShouldHaveSingleItem()["reason"]!.ToString().ShouldBe("Early");

        EventRecorder twice = Recorder();
        Task running = twice.RunAsync(Token);
        await Should.ThrowAsync<InvalidOperationException>(() => twice.RunAsync(Token));
        await twice.FlushAsync(Token);
        await running;
    }

    [Fact(Timeout = 20_000)]
    public async Task An_event_that_happens_again_is_counted()
    {
        EventRecorder recorder = Recorder();
        for (int i = 0; i < 3; i++)
        {
            recorder.Record(s_service, EventType.Warning, "SyncLoadBalancerFailed", "no floating IP is free");
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        recorder.Record(s_service, EventType.Normal, "EnsuredLoadBalancer", "done");
        await recorder.FlushAsync(Token);
        Events.Count.ShouldBe(2);
        JsonObject failed = Events.Single(e => (string?)e["type"] == "Warning");
        ((int)failed["count"]!).ShouldBe(3);
        ((string?)failed["message"]).ShouldBe("no floating IP is free");
        ((string?)failed["involvedObject"]!["uid"]).ShouldBe("u");
        ((string?)failed["source"]!["component"]).ShouldBe("tenon");
        ((string?)failed["firstTimestamp"]).ShouldBe("2026-01-01T00:00:00Z");
        ((string?)failed["lastTimestamp"]).ShouldBe("2026-01-01T00:00:20Z");
    }

    [Fact(Timeout = 20_000)]
    public async Task Many_similar_events_become_one()
    {
        EventRecorder recorder = Recorder();
        for (int i = 0; i < 20; i++) recorder.Record(s_service, EventType.Warning, "Failed", $"attempt {i}");
        await recorder.FlushAsync(Token);
        Events.Count.ShouldBe(11);
        JsonObject combined = Events.Single(e => ((string)e["message"]!).StartsWith("(combined", StringComparison.Ordinal));
        ((string?)combined["message"]).ShouldBe("(combined from similar events): attempt 19");
        ((int)combined["count"]!).ShouldBe(10);
    }

    [Fact(Timeout = 20_000)]
    public async Task An_object_that_makes_too_many_events_is_silenced_and_others_are_not()
    {
        EventRecorder recorder = Recorder();
        for (int i = 0; i < 60; i++) recorder.Record(s_service, EventType.Normal, $"Reason{i}", "x");
        recorder.Record(s_service with { Name = "other", Uid = "v" }, EventType.Normal, "Fine", "x");
        await recorder.FlushAsync(Token);
        Events.Count.ShouldBe(26);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_silenced_object_may_speak_again_later()
    {
        EventRecorder recorder = Recorder();
        using var stop = new CancellationTokenSource();
        Task running = recorder.RunAsync(stop.Token);
        for (int i = 0; i < 30; i++) recorder.Record(s_service, EventType.Normal, $"Reason{i}", "x");
        await Waiting.UntilAsync(() => Events.Count == 25);
        recorder.Record(s_service with { Name = "marker", Uid = "m" }, EventType.Normal, "Marker", "x");
        await Waiting.UntilAsync(() => Events.Count == 26);
        _clock.Advance(TimeSpan.FromMinutes(5));
        recorder.Record(s_service, EventType.Normal, "Later", "x");
        await Waiting.UntilAsync(() => Events.Count == 27);
        await stop.CancelAsync();
        await running;
    }

    [Fact(Timeout = 20_000)]
    public async Task An_event_that_expired_on_the_server_is_written_anew()
    {
        EventRecorder recorder = Recorder();
        using var stop = new CancellationTokenSource();
        Task running = recorder.RunAsync(stop.Token);
        recorder.Record(s_service, EventType.Normal, "R", "x");
        await Waiting.UntilAsync(() => Events.Count == 1);
        string name = (string)Events[0]["metadata"]!["name"]!;
        _server.Delete($"/api/v1/namespaces/default/events/{name}");
        _clock.Advance(TimeSpan.FromSeconds(1));
        recorder.Record(s_service, EventType.Normal, "R", "x");
        await Waiting.UntilAsync(() => Events.Count == 1 && (string)Events[0]["metadata"]!["name"]! != name);
        ((int)Events[0]["count"]!).ShouldBe(1);
        await stop.CancelAsync();
        await running;
    }

    [Fact(Timeout = 20_000)]
    public async Task Callers_never_wait_and_what_does_not_fit_is_dropped()
    {
        EventRecorder recorder = Recorder(queue: 5);
        for (int i = 0; i < 100; i++) recorder.Record(s_service, EventType.Normal, $"Reason{i}", "x"); // nobody reads yet
        await recorder.FlushAsync(Token);
        Events.Count.ShouldBe(5);
        recorder.Record(s_service, EventType.Normal, "Late", "x");
    }

    [Fact(Timeout = 20_000)]
    public async Task A_server_in_trouble_delays_an_event_and_a_refusal_loses_only_that_one()
    {
        EventRecorder recorder = Recorder();
        var answers = new Queue<int>([500, 403]);
        _server.Intercept = async context =>
        {
            if (!answers.TryDequeue(out int code)) return false;
            await ScriptedApi.StatusAsync(context, code, "Scripted");
            return true;
        };
        recorder.Record(s_service, EventType.Normal, "First", "x");
        recorder.Record(s_service, EventType.Normal, "Second", "x");
        recorder.Record(s_service, EventType.Normal, "Third", "x");
        Task flushing = recorder.FlushAsync(Token);
        await _clock.AdvanceUntilAsync(_api, () => flushing.IsCompleted);
        await flushing;
        Events.Select(e => (string?)e["reason"]).Order().ShouldBe(["Second", "Third"]); // the 403 met the second attempt of the first
    }

    [Fact(Timeout = 20_000)]
    public async Task Events_about_cluster_scoped_objects_live_in_the_default_namespace_and_long_messages_are_cut()
    {
        EventRecorder recorder = Recorder();
        recorder.Record(ObjectReference.To(new Node { Metadata = new() { Name = "node-1" } }), EventType.Normal, "R", new string('x', 5000));
        await recorder.FlushAsync(Token);
        ((string)Events.Single()["message"]!).Length.ShouldBe(1024);
    }

    [Fact]
    public void Memory_for_aggregation_is_bounded()
    {
        var map = new RecentlyUsed<int, string>(100);
        for (int i = 0; i < 1000; i++)
        {
            map.Set(i, "x");
            map.Get(0);
        }

        map.Get(0).ShouldNotBeNull("what is used stays");
        Enumerable.Range(0, 1000).Count(i => map.Get(i) is not null).ShouldBe(100);
    }
}
