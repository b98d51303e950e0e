using Tenon.CloudController.Nodes;
using Tenon.OpenStack;
using Tenon.Testing;

namespace Tenon.CloudController.Tests.Nodes;

public class SharedReadTests
{
    private readonly ManualTimeProvider _time = new();
    private int _reads;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 10_000)]
    public async Task Many_who_ask_at_once_cost_one_read()
    {
        var gate = new TaskCompletionSource();
        using var shared = new SharedRead<string>(async _ =>
        {
            Interlocked.Increment(ref _reads);
            await gate.Task;
            return "x";
        }, _time);
        Task<Reading<string>>[] asked = [.. Enumerable.Range(0, 500).Select(_ => shared.GetAsync(_time.GetUtcNow(), Token))];
        gate.SetResult();
        await Task.WhenAll(asked);
        _reads.ShouldBe(1);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_reading_serves_until_it_is_too_old_or_known_to_be_wrong()
    {
        using SharedRead<string> shared = Counting();
        await shared.GetAsync(_time.GetUtcNow(), Token);
        _time.Advance(TimeSpan.FromSeconds(10));
        await shared.GetAsync(_time.GetUtcNow() - TimeSpan.FromSeconds(10), Token);
        _reads.ShouldBe(1);
        await shared.GetAsync(_time.GetUtcNow() - TimeSpan.FromSeconds(9), Token);
        _reads.ShouldBe(2);
        shared.Invalidate();
        await shared.GetAsync(DateTimeOffset.MinValue, Token);
        _reads.ShouldBe(3);
    }

    [Fact(Timeout = 10_000)]
    public async Task A_wish_from_the_future_is_served_by_a_read_that_begins_now()
    {
        using SharedRead<string> shared = Counting();
        await shared.GetAsync(_time.GetUtcNow() + TimeSpan.FromHours(1), Token);
        _reads.ShouldBe(1);
    }

    [Fact(Timeout = 10_000)]
    public async Task Who_needs_a_newer_one_than_is_under_way_waits_for_the_next()
    {
        var gate = new TaskCompletionSource();
        using var shared = new SharedRead<string>(async _ =>
        {
            if (Interlocked.Increment(ref _reads) == 1) await gate.Task;
            return $"read {_reads}";
        }, _time);
        Task<Reading<string>> first = shared.GetAsync(_time.GetUtcNow(), Token);
        _time.Advance(TimeSpan.FromSeconds(1));
        Task<Reading<string>> second = shared.GetAsync(_time.GetUtcNow(), Token);
        gate.SetResult();
        (await first).Value.ShouldBe("read 1");
        (await second).Value.ShouldBe("read 2");
    }

    [Fact(Timeout = 10_000)]
    public async Task A_failure_is_not_repeated_for_each_who_asks_but_waited_out()
    {
        bool down = true;
        using var shared = new SharedRead<string>(_ =>
        {
            _reads++;
            return down
                ? throw new OpenStackException(OpenStackErrorKind.Unavailable, "compute", "compute.servers.list", null, null, "connection refused")
                : Task.FromResult("x");
        }, _time);
        for (int i = 0; i < 100; i++)
        {
            CloudReadException failure = await Should.ThrowAsync<CloudReadException>(() => shared.GetAsync(_time.GetUtcNow(), Token));
            failure.Message.ShouldContain("Nova cannot be reached");
        }

        _reads.ShouldBe(1);
        for (int second = 0; second < 300; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Should.ThrowAsync<CloudReadException>(() => shared.GetAsync(_time.GetUtcNow(), Token));
        }

        _reads.ShouldBeLessThan(17);
        down = false;
        _time.Advance(TimeSpan.FromSeconds(30));
        (await shared.GetAsync(_time.GetUtcNow(), Token)).Value.ShouldBe("x");
    }

    [Fact(Timeout = 10_000)]
    public async Task One_who_gives_up_does_not_end_the_read_of_the_others()
    {
        var gate = new TaskCompletionSource();
        using var shared = new SharedRead<string>(async _ =>
        {
            await gate.Task;
            return "x";
        }, _time);
        using var impatient = new CancellationTokenSource();
        Task<Reading<string>> gone = shared.GetAsync(_time.GetUtcNow(), impatient.Token);
        Task<Reading<string>> stays = shared.GetAsync(_time.GetUtcNow(), Token);
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => gone);
        gate.SetResult();
        (await stays).Value.ShouldBe("x");
    }

    private SharedRead<string> Counting() => new(_ => Task.FromResult($"read {++_reads}"), _time);
}
