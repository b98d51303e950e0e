using FsCheck;
using FsCheck.Fluent;
using Tenon.Kubernetes.Controllers;
using Tenon.Testing;

namespace Tenon.Kubernetes.Tests;

public sealed class WorkQueueTests : IDisposable
{
    private readonly ManualTimeProvider _clock = new();
    private readonly WorkQueue<string> _queue;

    public WorkQueueTests() => _queue = new("test", new() { Jitter = 0, MinBackoff = TimeSpan.FromSeconds(1), MaxBackoff = TimeSpan.FromSeconds(10) }, _clock);

    public void Dispose() => _queue.Dispose();

    private static WorkItem<TKey>? Now<TKey>(WorkQueue<TKey> queue)
        where TKey : notnull
    {
        if (queue.Length == 0) return null;
        Task<WorkItem<TKey>?> taking = queue.TakeAsync(CancellationToken.None).AsTask();
        taking.IsCompletedSuccessfully.ShouldBeTrue("a ready key is given at once");
        return taking.GetAwaiter().GetResult();
    }

    private string? Take() => Now(_queue)?.Key;

    [Fact]
    public void A_key_that_waits_is_added_once()
    {
        _queue.Add("a");
        _queue.Add("b");
        _queue.Add("a");
        _queue.Length.ShouldBe(2);
        Take().ShouldBe("a");
        Take().ShouldBe("b");
        Take().ShouldBeNull();
    }

    [Fact]
    public void A_key_that_is_worked_on_comes_again_after_it_is_given_back()
    {
        _queue.Add("a");
        Take().ShouldBe("a");
        _queue.Add("a");
        _queue.Add("a");
        Take().ShouldBeNull();
        _queue.Done("a");
        Take().ShouldBe("a");
        _queue.Done("a");
        Take().ShouldBeNull();
    }

    [Fact]
    public void Giving_back_what_was_not_taken_is_refused() => Should.Throw<InvalidOperationException>(() => _queue.Done("a"));

    [Fact]
    public void Live_changes_pass_the_initial_list_and_keep_their_order()
    {
        _queue.Add("old-1", WorkPriority.Low);
        _queue.Add("old-2", WorkPriority.Low);
        _queue.Add("live-1");
        _queue.Add("live-2");
        _queue.Add("old-2");
        Take().ShouldBe("live-1");
        Take().ShouldBe("live-2");
        Take().ShouldBe("old-2");
        Take().ShouldBe("old-1");
        Take().ShouldBeNull();
    }

    [Fact]
    public void A_lower_priority_never_lowers_a_key()
    {
        _queue.Add("a", WorkPriority.Low);
        _queue.Add("b");
        _queue.Add("b", WorkPriority.Low);
        Now(_queue)!.Value.ShouldSatisfyAllConditions(i => i.Key.ShouldBe("b"), i => i.Priority.ShouldBe(WorkPriority.Normal));
    }

    [Fact]
    public void Low_priority_is_not_starved()
    {
        using var queue = new WorkQueue<string>("fair", new() { FairShare = 3 }, _clock);
        queue.Add("old", WorkPriority.Low);
        int taken = 0;
        string key;
        do
        {
            queue.Add($"live-{taken}");
            key = Now(queue)!.Value.Key;
            queue.Done(key);
            (++taken).ShouldBeLessThan(10);
        }
        while (key != "old");
        taken.ShouldBe(4);
    }

    [Fact]
    public void A_delayed_key_comes_when_its_time_has_come()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _queue.AddAfter("b", TimeSpan.FromSeconds(2));
        _clock.Advance(TimeSpan.FromSeconds(1.9));
        Take().ShouldBeNull();
        _clock.Advance(TimeSpan.FromSeconds(0.2));
        Take().ShouldBe("b");
        _clock.Advance(TimeSpan.FromSeconds(3));
        Take().ShouldBe("a");
    }

    [Fact]
    public void The_earliest_of_several_times_holds()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _queue.AddAfter("a", TimeSpan.FromSeconds(1));
        _queue.AddAfter("a", TimeSpan.FromSeconds(9));
        _clock.Advance(TimeSpan.FromSeconds(1.1));
        Take().ShouldBe("a");
        _queue.Done("a");
        _clock.Advance(TimeSpan.FromSeconds(60));
        Take().ShouldBeNull();
    }

    [Fact]
    public void An_immediate_add_replaces_a_delayed_one()
    {
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _queue.Add("a");
        Take().ShouldBe("a");
        _queue.Done("a");
        _clock.Advance(TimeSpan.FromSeconds(60));
        Take().ShouldBeNull();
    }

    [Fact]
    public void A_delay_set_by_the_worker_holds_after_it_gives_the_key_back()
    {
        _queue.Add("a");
        Take();
        _queue.AddAfter("a", TimeSpan.FromSeconds(5));
        _clock.Advance(TimeSpan.FromSeconds(6));
        Take().ShouldBeNull();
        _queue.Done("a");
        Take().ShouldBe("a");
    }

    [Fact]
    public void Failures_double_the_wait_up_to_the_limit_and_forgetting_starts_over()
    {
        double[] waits = [.. Enumerable.Range(0, 6).Select(_ => _queue.AddRateLimited("a").TotalSeconds)];
        waits.ShouldBe([1, 2, 4, 8, 10, 10]);
        _queue.Failures("a").ShouldBe(6);
        _queue.Forget("a");
        _queue.Failures("a").ShouldBe(0);
        _queue.AddRateLimited("a").TotalSeconds.ShouldBe(1);
    }

    [Fact]
    public void A_very_long_failure_does_not_overflow()
    {
        for (int i = 0; i < 2000; i++) _queue.AddRateLimited("a").ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    }

    [Fact(Timeout = 10_000)]
    public async Task Shutting_down_wakes_every_waiting_taker_and_takes_nothing_more()
    {
        ValueTask<WorkItem<string>?>[] takers = [.. Enumerable.Range(0, 5).Select(_ => _queue.TakeAsync(TestContext.Current.CancellationToken))];
        _queue.ShutDown();
        foreach (ValueTask<WorkItem<string>?> taker in takers) (await taker).ShouldBeNull();
        _queue.Add("a");
        _queue.AddAfter("b", TimeSpan.FromSeconds(1));
        _clock.Advance(TimeSpan.FromSeconds(2));
        (await _queue.TakeAsync(TestContext.Current.CancellationToken)).ShouldBeNull();
    }

    [Fact(Timeout = 10_000)]
    public async Task A_cancelled_taker_loses_no_key()
    {
        using var cancel = new CancellationTokenSource();
        ValueTask<WorkItem<string>?> taker = _queue.TakeAsync(cancel.Token);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(taker.AsTask());
        _queue.Add("a");
        Take().ShouldBe("a");
    }

    private abstract record Op
    {
        public sealed record Add(int Key, int Priority) : Op;

        public sealed record AddAfter(int Key, int Seconds) : Op;

        public sealed record Fail(int Index) : Op;

        public sealed record Take : Op;

        public sealed record Done(int Index) : Op;

        public sealed record Advance(int Seconds) : Op;
    }

    private static readonly Gen<Op> s_op = Gen.OneOf(
        Gen.Choose(0, 4).SelectMany(k => Gen.Choose(-1, 1).Select(p => (Op)new Op.Add(k, p * 100))),
        Gen.Choose(0, 4).SelectMany(k => Gen.Choose(0, 5).Select(s => (Op)new Op.AddAfter(k, s))),
        Gen.Choose(0, 4).Select(i => (Op)new Op.Fail(i)),
        Gen.Constant((Op)new Op.Take()),
        Gen.Choose(0, 4).Select(i => (Op)new Op.Done(i)),
        Gen.Choose(1, 4).Select(s => (Op)new Op.Advance(s)));

    [Fact]
    public void Whatever_happens_no_key_is_lost_or_with_two_workers()
        => Prop.ForAll(s_op.ListOf().ToArbitrary(), Holds).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    private static bool Holds(IEnumerable<Op> ops)
    {
        var clock = new ManualTimeProvider();
        using var queue = new WorkQueue<int>("model", new() { Jitter = 0, MinBackoff = TimeSpan.FromSeconds(1) }, clock);
        var working = new List<int>();
        var owed = new HashSet<int>(); // added since it was last taken
        void Take()
        {
            if (Now(queue) is not { } item) return;
            working.ShouldNotContain(item.Key, "a key is with two workers");
            owed.Remove(item.Key).ShouldBeTrue("a key came that nobody added");
            working.Add(item.Key);
        }

        foreach (Op op in ops)
        {
            switch (op)
            {
                case Op.Add a:
                    queue.Add(a.Key, a.Priority);
                    owed.Add(a.Key);
                    break;
                case Op.AddAfter a:
                    queue.AddAfter(a.Key, TimeSpan.FromSeconds(a.Seconds));
                    owed.Add(a.Key);
                    break;
                case Op.Fail f when f.Index < working.Count:
                    queue.AddRateLimited(working[f.Index]);
                    owed.Add(working[f.Index]);
                    break;
                case Op.Take:
                    Take();
                    break;
                case Op.Done d when d.Index < working.Count:
                    queue.Done(working[d.Index]);
                    working.RemoveAt(d.Index);
                    break;
                case Op.Advance a:
                    clock.Advance(TimeSpan.FromSeconds(a.Seconds));
                    break;
                default:
                    break;
            }
        }

        // In the end everything owed must come, once all are given back and all times are past.
        foreach (int key in working) queue.Done(key);
        working.Clear();
        clock.Advance(TimeSpan.FromMinutes(10));
        while (queue.Length > 0) Take();
        return owed.Count == 0;
    }

    [Fact(Timeout = 30_000)]
    public async Task Many_workers_and_producers_lose_nothing_and_share_no_key()
    {
        using var queue = new WorkQueue<int>("stress");
        const int Keys = 20;
        int[] versions = new int[Keys], seen = new int[Keys], busy = new int[Keys];
        int clashes = 0;
        Task[] workers = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (await queue.TakeAsync(TestContext.Current.CancellationToken) is { } item)
            {
                if (Interlocked.Increment(ref busy[item.Key]) != 1) Interlocked.Increment(ref clashes);
                Volatile.Write(ref seen[item.Key], Volatile.Read(ref versions[item.Key]));
                await Task.Yield();
                Interlocked.Decrement(ref busy[item.Key]);
                queue.Done(item.Key);
            }
        }))];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(p => Task.Run(() =>
        {
            for (int i = 0; i < 5000; i++)
            {
                int key = ((i * 7) + p) % Keys;
                Interlocked.Increment(ref versions[key]);
                queue.Add(key, i % 3 == 0 ? WorkPriority.Low : WorkPriority.Normal);
            }
        })));
        await Waiting.UntilAsync(() => seen.Zip(versions).All(p => p.First == p.Second));
        queue.ShutDown();
        await Task.WhenAll(workers);
        clashes.ShouldBe(0);
    }
}
