namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>
/// Changes of state that happen later: BUILD to ACTIVE, PENDING_UPDATE to ACTIVE. Nothing runs by itself: whoever enters the gate first runs
/// what has fallen due, in order, each with <see cref="Now"/> as the instant at which it was due. So a clock that tests advance needs no
/// threads, and no answer is ever in between.
/// </summary>
internal sealed class Transitions(TimeProvider time)
{
    private readonly PriorityQueue<Action, (DateTimeOffset Due, long Order)> _queue = new();
    private DateTimeOffset? _now;
    private long _order;

    /// <summary>The present: the clock's, or the instant at which the running transition was due.</summary>
    public DateTimeOffset Now => _now ?? time.GetUtcNow();

    /// <summary>How many are waiting.</summary>
    public int Count => _queue.Count;

    /// <summary>Runs an action after a delay; with no delay, when the gate is entered next.</summary>
    public void After(TimeSpan delay, Action action) => _queue.Enqueue(action, (Now + delay, _order++));

    /// <summary>Runs what has fallen due.</summary>
    public void RunDue()
    {
        DateTimeOffset present = time.GetUtcNow();
        // What a transition schedules without delay waits for the next entry, as for a request.
        long last = _order;
        while (_queue.TryPeek(out Action? action, out (DateTimeOffset Due, long Order) key) && key.Due <= present && key.Order < last)
        {
            _queue.Dequeue();
            Run(action, key.Due);
        }
    }

    /// <summary>Runs everything that waits, due or not, until nothing does: a seeded world starts settled.</summary>
    public void Settle()
    {
        while (_queue.TryDequeue(out Action? action, out (DateTimeOffset Due, long Order) key))
            Run(action, key.Due < time.GetUtcNow() ? key.Due : time.GetUtcNow());
    }

    private void Run(Action action, DateTimeOffset at)
    {
        _now = at;
        try
        {
            action();
        }
        finally
        {
            _now = null;
        }
    }
}
