using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Runs a controller: watches feed a queue of keys, one worker takes them; failures come again, later each time.</summary>
internal sealed partial class ControllerLoop(SandboxController controller, ClusterStore store, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    private readonly Channel<NamespacedName> _queue = Channel.CreateUnbounded<NamespacedName>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly HashSet<NamespacedName> _queued = [];
    private readonly Dictionary<NamespacedName, int> _failures = [];

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(FeedAllAsync(cancellationToken), WorkAsync(cancellationToken));
    }

    /// <summary>Feeds from every resource that the controller watches, also from those that are defined later.</summary>
    private async Task FeedAllAsync(CancellationToken cancellationToken)
    {
        Dictionary<GroupResource, Task> feeds = [];
        while (true)
        {
            foreach (GroupResource resource in controller.Watches)
            {
                if (!feeds.ContainsKey(resource)) feeds.Add(resource, FeedAsync(resource, cancellationToken));
            }

            await Task.Delay(LookAgain, time, cancellationToken);
        }
    }

    private async Task FeedAsync(GroupResource resource, CancellationToken cancellationToken)
    {
        await Task.Yield();
        while (!cancellationToken.IsCancellationRequested)
        {
            // A watch that ends, by a fault or because we were slow, starts again from a new list.
            (Snapshot snapshot, WatchSubscription changes) = store.ListAndWatch(resource, null);
            using (changes)
            {
                foreach (StoredObject item in snapshot.Table.InOrder(null)) Enqueue(new StoreEvent(ChangeKind.Added, item, null));
                await foreach (StoreEvent change in changes.ReadAllAsync(cancellationToken)) Enqueue(change);
            }
        }
    }

    private void Enqueue(StoreEvent change)
    {
        foreach (NamespacedName key in controller.Affected(change)) Enqueue(key);
    }

    private void Enqueue(NamespacedName key)
    {
        lock (_gate)
        {
            if (!_queued.Add(key)) return;
        }

        _queue.Writer.TryWrite(key);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        await foreach (NamespacedName key in _queue.Reader.ReadAllAsync(cancellationToken))
        {
            lock (_gate) _queued.Remove(key);
            TimeSpan? again;
            try
            {
                again = controller.Reconcile(key);
                _failures.Remove(key);
            }
            catch (ApiException e) when (e.Code is 409 or 404)
            {
                // Somebody else was faster: look again.
                again = Backoff(key);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                again = Backoff(key);
                LogFailed(logger, e, controller.Name, key);
            }

            if (again is TimeSpan delay) _ = EnqueueLaterAsync(key, delay, cancellationToken);
        }
    }

    private TimeSpan Backoff(NamespacedName key)
    {
        int count = _failures[key] = _failures.GetValueOrDefault(key) + 1;
        TimeSpan delay = FirstDelay * Math.Pow(2, Math.Min(count - 1, 12));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    private async Task EnqueueLaterAsync(NamespacedName key, TimeSpan delay, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(delay, time, cancellationToken);
            Enqueue(key);
        }
        catch (OperationCanceledException)
        {
            // The loop ends, and the key with it.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The sandbox's {Controller} controller failed for {Key}; it tries again.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string controller, NamespacedName key);
}
