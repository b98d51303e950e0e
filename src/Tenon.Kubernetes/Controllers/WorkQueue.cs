namespace Tenon.Kubernetes.Controllers;

/// <summary>How a queue spaces out repetitions.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>The wait after a key's first failure; it doubles with each.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait after failures.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How much of each wait is random, from 0 to 1, so that keys that failed together do not come back together.</summary>
    public double Jitter { get; init; } = 0.2;

    /// <summary>After how many keys of higher priority a waiting key of lower priority gets its turn.</summary>
    public int FairShare { get; init; } = 10;
}

/// <summary>The priorities that controllers use.</summary>
public static class WorkPriority
{
    /// <summary>What was there when the process began, and periodic resyncs.</summary>
    public const int Low = -100;

    /// <summary>Live changes.</summary>
    public const int Normal = 0;
}

/// <summary>A key that was taken from a queue; give it back with <see cref="WorkQueue{TKey}.Done"/>.</summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="Priority">The highest priority with which it was added.</param>
/// <param name="Waited">How long it was ready before it was taken.</param>
public readonly record struct WorkItem<TKey>(TKey Key, int Priority, TimeSpan Waited);

/// <summary>
/// Keys that need work. A key is in the queue at most once, is never with two workers, and is not lost: added while it is worked on, it
/// comes again afterwards. Safe from any thread.
/// </summary>
/// <typeparam name="TKey">The keys' type.</typeparam>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    /// <summary>Makes an empty queue.</summary>
    /// <param name="name">The queue's name in metrics.</param>
    /// <param name="options">How repetitions are spaced out.</param>
    /// <param name="time">The clock.</param>
    public WorkQueue(string name, WorkQueueOptions? options = null, TimeProvider? time = null) => Name = name;

    /// <summary>The queue's name in metrics.</summary>
    public string Name { get; }

    /// <summary>How many keys are ready to be taken.</summary>
    public int Length => throw new NotImplementedException();

    /// <summary>Adds a key now. If it waits already, the higher priority and the earlier time hold.</summary>
    public void Add(TKey key, int priority = WorkPriority.Normal) => throw new NotImplementedException();

    /// <summary>Adds a key after a while; an earlier time that is set already holds.</summary>
    public void AddAfter(TKey key, TimeSpan delay, int priority = WorkPriority.Normal) => throw new NotImplementedException();

    /// <summary>Adds a key after the wait that its failures so far give, and counts one more.</summary>
    /// <returns>The wait.</returns>
    public TimeSpan AddRateLimited(TKey key, int priority = WorkPriority.Normal) => throw new NotImplementedException();

    /// <summary>Forgets a key's failures.</summary>
    public void Forget(TKey key) => throw new NotImplementedException();

    /// <summary>How often a key failed since it was last forgotten.</summary>
    public int Failures(TKey key) => throw new NotImplementedException();

    /// <summary>Takes the next key, waiting for one; <see langword="null"/> once the queue is shut down.</summary>
    public ValueTask<WorkItem<TKey>?> TakeAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Gives a taken key back.</summary>
    public void Done(TKey key) => throw new NotImplementedException();

    /// <summary>Takes no more keys in and gives no more out; waiting takers get <see langword="null"/>.</summary>
    public void ShutDown() => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => ShutDown();
}
