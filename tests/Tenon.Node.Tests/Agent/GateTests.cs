using Tenon.Nodes.Plugging;
using Tenon.Nodes.Tests.Support;

namespace Tenon.Nodes.Tests.Agent;

public sealed class GateTests
{
    private readonly Gate _gate = new();

    [Fact]
    public async Task One_is_in_and_the_next_follows()
    {
        Gate.Pass first = await _gate.EnterAsync("a", interrupt: false, Limits.Token).InTime();
        Task<Gate.Pass> second = _gate.EnterAsync("a", interrupt: false, Limits.Token);
        using (await _gate.EnterAsync("b", interrupt: false, Limits.Token).InTime()) second.IsCompleted.ShouldBeFalse();
        _gate.TryEnter("a").ShouldBeNull();
        first.Token.IsCancellationRequested.ShouldBeFalse();
        first.Dispose();
        (await second.InTime()).Dispose();
        using Gate.Pass? free = _gate.TryEnter("a");
        free.ShouldNotBeNull();
    }

    [Fact]
    public async Task Whoever_interrupts_ends_those_that_came_before_and_none_that_come_after()
    {
        Gate.Pass holder = await _gate.EnterAsync("a", interrupt: false, Limits.Token).InTime();
        Task<Gate.Pass> waiting = _gate.EnterAsync("a", interrupt: false, Limits.Token);
        Task<Gate.Pass> interrupting = _gate.EnterAsync("a", interrupt: true, Limits.Token);
        Task<Gate.Pass> later = _gate.EnterAsync("a", interrupt: false, Limits.Token);
        holder.Token.IsCancellationRequested.ShouldBeTrue();
        holder.Dispose();
        Gate.Pass waited = await waiting.InTime();
        waited.Token.IsCancellationRequested.ShouldBeTrue();
        waited.Dispose();
        (await interrupting.InTime()).Dispose();
        using Gate.Pass last = await later.InTime();
        last.Token.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task What_an_interrupted_one_does_at_once_holds_up_nobody_else()
    {
        Gate.Pass holder = await _gate.EnterAsync("a", interrupt: false, Limits.Token).InTime();
        bool others = false;
        holder.Token.Register(() => others = Task.Run(async () => (await _gate.EnterAsync("b", interrupt: false, Limits.Token)).Dispose()).Wait(TimeSpan.FromSeconds(5)));
        Task<Gate.Pass> next = _gate.EnterAsync("a", interrupt: true, Limits.Token);
        others.ShouldBeTrue();
        holder.Dispose();
        (await next.InTime()).Dispose();
    }

    [Fact]
    public async Task One_that_gives_up_waiting_leaves_nothing()
    {
        Gate.Pass holder = await _gate.EnterAsync("a", interrupt: false, Limits.Token).InTime();
        using var gaveUp = new CancellationTokenSource();
        Task<Gate.Pass> waiting = _gate.EnterAsync("a", interrupt: false, gaveUp.Token);
        await gaveUp.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting.InTime());
        holder.Dispose();
        using Gate.Pass? free = _gate.TryEnter("a");
        free.ShouldNotBeNull();
    }
}
