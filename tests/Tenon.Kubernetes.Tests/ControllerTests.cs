using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

public sealed class ControllerTests
{
    private static readonly NamespacedName s_key = new("default", "map-1");

    private sealed class Scripted(Func<NamespacedName, int, CancellationToken, Task<Outcome>> pass) : IReconciler
    {
        private readonly ConcurrentDictionary<NamespacedName, int> _passes = new();

        public int Passes(NamespacedName key) => _passes.GetValueOrDefault(key);

        public Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
            => pass(key, _passes.AddOrUpdate(key, 1, (_, n) => n + 1), cancellationToken);
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new(), _abort = new();
        private Task _running = Task.CompletedTask;

        public ManualTimeProvider Clock { get; } = new();

        public ConcurrentQueue<ReconcileResult> Reports { get; } = new();

        public required Scripted Reconciler { get; init; }

        public Controller Controller { get; private set; } = null!;

        public static Run Start(Func<NamespacedName, int, CancellationToken, Task<Outcome>> pass, Func<ControllerOptions, ControllerOptions>? change = null,
            Action<Controller>? prepare = null)
        {
            var run = new Run { Reconciler = new Scripted(pass) };
            var options = new ControllerOptions
            {
                Queue = new() { Jitter = 0, MinBackoff = TimeSpan.FromSeconds(1) },
                Report = (_, result, _) =>
                {
                    run.Reports.Enqueue(result);
                    return Task.CompletedTask;
                },
            };
            run.Controller = new Controller("test", run.Reconciler, change?.Invoke(options) ?? options, run.Clock);
            prepare?.Invoke(run.Controller);
            run._running = run.Controller.RunAsync(run._stop.Token, run._abort.Token);
            return run;
        }

        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _running;
        }

        public Task AbortAsync() => _abort.CancelAsync();

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _abort.CancelAsync();
            await _running;
            _stop.Dispose();
            _abort.Dispose();
            Controller.Dispose();
        }
    }

    [Fact(Timeout = 20_000)]
    public async Task Settled_ends_waiting_polls_and_refused_does_not_retry()
    {
        await using Run run = Run.Start((key, pass, _) => Task.FromResult<Outcome>(key.Name switch
        {
            "settled" => Outcome.Done,
            "polling" when pass == 1 => new Outcome.Waiting("a load balancer", TimeSpan.FromSeconds(5)),
            "watched" => new Outcome.Waiting("an address", null),
            "refused" => new Outcome.Refused("InvalidAnnotation", "no"),
            _ => Outcome.Done,
        }));
        foreach (string name in (string[])["settled", "polling", "watched", "refused"]) run.Controller.Enqueue(new("", name));
        await Waiting.UntilAsync(() => run.Reports.Count == 4);
        run.Clock.Advance(TimeSpan.FromSeconds(4.5));
        run.Reconciler.Passes(new("", "polling")).ShouldBe(1);
        run.Clock.Advance(TimeSpan.FromMinutes(30));
        await Waiting.UntilAsync(() => run.Reports.Count == 5);
        run.Reconciler.Passes(new("", "polling")).ShouldBe(2);
        run.Reconciler.Passes(new("", "refused")).ShouldBe(1);
        run.Reconciler.Passes(new("", "watched")).ShouldBe(1);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_failure_is_reported_and_tried_again_with_growing_waits_until_it_succeeds()
    {
        await using Run run = Run.Start((_, pass, _) => pass < 4 ? throw new NullReferenceException("a fault of ours") : Task.FromResult(Outcome.Done));
        run.Controller.Enqueue(s_key);
        for (int i = 1; i <= 4; i++)
        {
            int count = i;
            await Waiting.UntilAsync(() => run.Reports.Count == count);
            run.Clock.Advance(TimeSpan.FromSeconds(Math.Pow(2, i - 1) + 0.1));
        }

        run.Reports.OfType<ReconcileResult.Failed>().Select(f => (f.Attempt, f.RetryAfter.TotalSeconds)).ShouldBe([(1, 1), (2, 2), (3, 4)]);
        run.Reports.Last().ShouldBe(new ReconcileResult.Completed(Outcome.Done));
    }

    [Fact(Timeout = 20_000)]
    public async Task A_pass_that_takes_too_long_is_cancelled_and_counts_as_failed()
    {
        await using Run run = Run.Start(async (_, pass, token) =>
        {
            if (pass == 1) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return Outcome.Done;
        });
        run.Controller.Enqueue(s_key);
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 1);
        run.Clock.Advance(TimeSpan.FromMinutes(3));
        await Waiting.UntilAsync(() => run.Reports.Count == 1);
        run.Reports.Single().ShouldBeOfType<ReconcileResult.Failed>().Exception.ShouldBeOfType<TimeoutException>();
    }

    [Fact(Timeout = 20_000)]
    public async Task Stopping_lets_a_running_pass_end_and_starts_no_other()
    {
        var release = new TaskCompletionSource();
        await using Run run = Run.Start(
            async (_, _, _) =>
            {
                await release.Task;
                return Outcome.Done;
            },
            o => o with { Workers = 1 });
        run.Controller.Enqueue(s_key);
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 1);
        run.Controller.Enqueue(new("default", "map-2"));
        Task stopping = run.StopAsync();
        await Waiting.UntilAsync(() => run.Controller.QueueLength == 0);
        stopping.IsCompleted.ShouldBeFalse();
        release.SetResult();
        await stopping;
        run.Reports.Single().ShouldBeOfType<ReconcileResult.Completed>();
        run.Reconciler.Passes(new("default", "map-2")).ShouldBe(0);
    }

    [Fact(Timeout = 20_000)]
    public async Task Aborting_cancels_a_running_pass_and_reports_nothing()
    {
        await using Run run = Run.Start(async (_, _, token) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return Outcome.Done;
        });
        run.Controller.Enqueue(s_key);
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 1);
        Task stopping = run.StopAsync();
        await run.AbortAsync();
        await stopping;
        run.Reports.ShouldBeEmpty();
    }

    [Fact(Timeout = 20_000)]
    public async Task A_report_that_throws_harms_nothing()
    {
        await using Run run = Run.Start((_, _, _) => Task.FromResult(Outcome.Done), o => o with { Report = (_, _, _) => throw new InvalidOperationException() });
        run.Controller.Enqueue(s_key);
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 1);
        run.Controller.Enqueue(s_key);
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 2);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_resync_looks_at_every_key_again_and_again()
    {
        await using Run run = Run.Start(
            (_, _, _) => Task.FromResult(Outcome.Done), o => o with { ResyncPeriod = TimeSpan.FromMinutes(10) }, c => c.Resyncs(() => [s_key]));
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 1);
        run.Clock.Advance(TimeSpan.FromMinutes(10));
        await Waiting.UntilAsync(() => run.Reconciler.Passes(s_key) == 2);
    }

    private static JsonObject Body(string value) => new() { ["data"] = new JsonObject { ["v"] = value } };

    [Fact(Timeout = 30_000)]
    public async Task A_host_starts_in_order_works_and_ends_gracefully()
    {
        var server = new TinyServer();
        server.Put("/api/v1/namespaces/default/configmaps/map-1", Body("a"));
        await using ScriptedApi api = await ScriptedApi.StartAsync(server.AnswerAsync);
        using KubernetesClient client = api.Client();
        var informer = new Informer<ConfigMap>(client);
        // A lease of its own: instruments belong to the process, and other tests elect leaders at the same time.
        var elector = new LeaderElector(client, new() { Lease = new("kube-system", "tenon-host"), Identity = "me" });
        var recorder = new EventRecorder(client, new() { Component = "tenon" });
        var seen = new ConcurrentQueue<string>();
        bool led = false;
        var reconciler = new Scripted((key, _, _) =>
        {
            led = elector.IsLeader;
            seen.Enqueue($"{key} {informer.Get(key)?.Data["v"]}");
            recorder.Record(ObjectReference.To(new ConfigMap { Metadata = new() { Namespace = key.Namespace, Name = key.Name } }), EventType.Normal, "Seen", "x");
            return Task.FromResult(Outcome.Done);
        });
        var controller = new Controller("maps", reconciler);
        controller.Watches(informer);
        var health = new HealthServer(new() { Endpoint = new IPEndPoint(IPAddress.Loopback, 0) });
        using var stop = new CancellationTokenSource();
        Task running = new ControllerHost(new()
        {
            Informers = [informer],
            Controllers = [controller],
            LeaderElector = elector,
            HealthServer = health,
            EventRecorder = recorder,
        }).RunAsync(stop.Token);
        await Waiting.UntilAsync(() => seen.Contains("default/map-1 a"));
        led.ShouldBeTrue();
        using var http = new HttpClient { BaseAddress = health.Address };
        (await http.GetStringAsync("/readyz?verbose", TestContext.Current.CancellationToken)).ShouldContain("[+]informer-configmaps ok");
        server.Put("/api/v1/namespaces/default/configmaps/map-1", Body("b"));
        await Waiting.UntilAsync(() => seen.Contains("default/map-1 b"));
        string metrics = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        metrics.ShouldContain("tenon_reconcile_total{controller=\"maps\",result=\"settled\"} ");
        metrics.ShouldContain("workqueue_adds_total{name=\"maps\"}");
        metrics.ShouldContain("leader_election_master_status{name=\"kube-system/tenon-host\"} 1");
        await stop.CancelAsync();
        await running;
        ((string?)server.Find("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/tenon-host")!["spec"]!["holderIdentity"]).ShouldBe("");
        server.All("/api/v1/namespaces/default/events").Sum(e => (int)e["count"]!).ShouldBe(seen.Count);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_host_whose_caches_cannot_be_filled_says_which_and_why()
    {
        await using ScriptedApi api = await ScriptedApi.StartAsync(c => ScriptedApi.StatusAsync(c, 403, "Forbidden", "nodes is forbidden"));
        using KubernetesClient client = api.Client();
        var host = new ControllerHost(new() { Informers = [new Informer<Node>(client)], CacheSyncTimeout = TimeSpan.FromMilliseconds(500) });
        TimeoutException e = await Should.ThrowAsync<TimeoutException>(host.RunAsync(TestContext.Current.CancellationToken));
        e.Message.ShouldContain("nodes (GET api/v1/nodes?limit=500: 403 nodes is forbidden)");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_host_that_loses_its_lease_cancels_running_passes_at_once_and_says_so()
    {
        var server = new TinyServer();
        await using ScriptedApi api = await ScriptedApi.StartAsync(server.AnswerAsync);
        using KubernetesClient client = api.Client();
        var elector = new LeaderElector(client, new()
        {
            Lease = new("kube-system", "tenon-1"),
            Identity = "me",
            RetryPeriod = TimeSpan.FromMilliseconds(20),
        });
        bool cancelled = false;
        var reconciler = new Scripted(async (_, _, token) =>
        {
            await using CancellationTokenRegistration _1 = token.Register(() => cancelled = true);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return Outcome.Done;
        });
        var controller = new Controller("stuck", reconciler);
        controller.Enqueue(s_key);
        Task running = new ControllerHost(new() { Controllers = [controller], LeaderElector = elector }).RunAsync(TestContext.Current.CancellationToken);
        await Waiting.UntilAsync(() => reconciler.Passes(s_key) == 1);
        server.Put("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/tenon-1", new JsonObject
        {
            ["spec"] = new JsonObject { ["holderIdentity"] = "thief", ["leaseDurationSeconds"] = 15 },
        });
        await Should.ThrowAsync<LeadershipLostException>(running);
        cancelled.ShouldBeTrue();
    }

    [Fact(Timeout = 30_000)]
    public async Task A_leader_task_that_fails_stops_the_host()
    {
        var host = new ControllerHost(new() { LeaderTasks = [async ct => { await Task.Yield(); throw new InvalidOperationException("sweep"); }] });
        await Should.ThrowAsync<InvalidOperationException>(host.RunAsync(TestContext.Current.CancellationToken));
    }
}
