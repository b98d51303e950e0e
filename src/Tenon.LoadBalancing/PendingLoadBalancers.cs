using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Core;

namespace Tenon.LoadBalancing;

/// <summary>How often pending load balancers are looked at.</summary>
public sealed record PendingOptions
{
    /// <summary>The first waits.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long a load balancer is looked at in <see cref="Interval"/>; then each wait is half as long again.</summary>
    public TimeSpan EagerFor { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>The longest wait.</summary>
    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long after a load balancer has settled it is looked at once more, for what its provider reports late.</summary>
    public TimeSpan ProveAfter { get; init; } = TimeSpan.FromSeconds(20);
}

/// <summary>
/// Waits for all pending load balancers together, so that nobody waits in a reconcile: one list a round for all of them (one
/// GET when it is only one), with backoff; owners are woken when theirs is settled. A while later what became of the members is
/// looked at, in one list for all that settled in between, and owners are woken of whom something is wrong.
/// </summary>
public sealed partial class PendingLoadBalancers
{
    private readonly LoadBalancerView _view;
    private readonly Action<NamespacedName> _wake;
    private readonly PendingOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<(string LoadBalancer, NamespacedName Owner)> _tracked = Channel.CreateUnbounded<(string, NamespacedName)>(new() { SingleReader = true });

    /// <summary>Stores what is given.</summary>
    /// <param name="view">Where statuses are kept.</param>
    /// <param name="wake">Puts an owner into its queue.</param>
    /// <param name="options">How often to look.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    public PendingLoadBalancers(LoadBalancerView view, Action<NamespacedName> wake, PendingOptions? options, TimeProvider time, ILogger<PendingLoadBalancers>? logger = null)
        => (_view, _wake, _options, _time, _logger) = (view, wake, options ?? new(), time, logger ?? NullLogger<PendingLoadBalancers>.Instance);

    /// <summary>Wakes an owner once a load balancer is not pending any more, or gone.</summary>
    public void Track(string loadBalancerId, NamespacedName owner) => _tracked.Writer.TryWrite((loadBalancerId, owner));

    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        var unproven = new Dictionary<string, Unproven>(StringComparer.Ordinal);
        while (true)
        {
            if (entries.Count == 0 && unproven.Count == 0) await _tracked.Reader.WaitToReadAsync(cancellationToken);
            Take(entries);
            DateTimeOffset due = entries.Values.Select(e => e.Due).Concat(unproven.Values.Select(u => u.Due)).Min();
            if (await WaitAsync(due - _time.GetUtcNow(), cancellationToken)) continue;
            DateTimeOffset now = _time.GetUtcNow();
            if (entries.Values.Any(e => e.Due <= now)) await PollAsync(entries, unproven, cancellationToken);
            if (unproven.Values.Any(u => u.Due <= now)) await ProveAsync(unproven, now, cancellationToken);
        }
    }

    private async Task PollAsync(Dictionary<string, Entry> entries, Dictionary<string, Unproven> unproven, CancellationToken cancellationToken)
    {
        ImmutableArray<string> settled = [];
        try
        {
            settled = await _view.PollAsync([.. entries.Keys], cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogPollFailed(entries.Count, exception);
            foreach (Entry entry in entries.Values) entry.Eager = false;
        }

        DateTimeOffset now = _time.GetUtcNow();
        foreach (string id in settled)
        {
            entries.Remove(id, out Entry? entry);
            foreach (NamespacedName owner in entry!.Owners) _wake(owner);
            if (unproven.TryGetValue(id, out Unproven? before)) entry.Owners.UnionWith(before.Owners);
            unproven[id] = new Unproven(entry.Owners, now + _options.ProveAfter);
        }

        foreach (Entry entry in entries.Values) entry.Next(now, _options);
    }

    private async Task ProveAsync(Dictionary<string, Unproven> unproven, DateTimeOffset now, CancellationToken cancellationToken)
    {
        string[] due = [.. unproven.Where(u => u.Value.Due <= now).Select(u => u.Key)];
        try
        {
            foreach ((string id, bool isDoubtful) in await _view.ProveAsync(due, now - due.Max(id => unproven[id].Due), cancellationToken))
            {
                unproven.Remove(id, out Unproven? proven);
                if (!isDoubtful) continue;
                LogDoubtful(id);
                foreach (NamespacedName owner in proven!.Owners) _wake(owner);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogPollFailed(due.Length, exception);
        }

        foreach (string id in due.Where(unproven.ContainsKey)) unproven[id] = unproven[id] with { Due = _time.GetUtcNow() + _options.ProveAfter };
    }

    /// <summary>Waits, unless something new comes to be waited for.</summary>
    /// <returns>Whether something came.</returns>
    private async Task<bool> WaitAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        if (delay <= TimeSpan.Zero) return false;
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task timer = Task.Delay(delay, _time, ended.Token);
        Task<bool> came = _tracked.Reader.WaitToReadAsync(ended.Token).AsTask();
        Task first = await Task.WhenAny(timer, came);
        await ended.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return first == came && came.IsCompletedSuccessfully;
    }

    private void Take(Dictionary<string, Entry> entries)
    {
        DateTimeOffset now = _time.GetUtcNow();
        while (_tracked.Reader.TryRead(out (string LoadBalancer, NamespacedName Owner) item))
        {
            if (!entries.TryGetValue(item.LoadBalancer, out Entry? entry))
            {
                entries[item.LoadBalancer] = entry = new Entry(now) { Due = now + _options.Interval, Wait = _options.Interval };
            }

            entry.Owners.Add(item.Owner);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Looking at {Count} load balancers failed; trying again")]
    private partial void LogPollFailed(int count, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Load balancer {LoadBalancer} is ACTIVE, but its members are not what was written, or a pool is in ERROR; looking at it again")]
    private partial void LogDoubtful(string loadBalancer);

    private sealed record Unproven(HashSet<NamespacedName> Owners, DateTimeOffset Due);

    private sealed class Entry(DateTimeOffset since)
    {
        public HashSet<NamespacedName> Owners { get; } = [];

        public DateTimeOffset Due { get; set; }

        public TimeSpan Wait { get; set; }

        public bool Eager { get; set; } = true;

        public void Next(DateTimeOffset now, PendingOptions options)
        {
            // Whatever was looked at now need not be looked at again soon, even if its own time had not come.
            Eager &= now - since < options.EagerFor;
            Wait = Eager ? options.Interval : TimeSpan.FromTicks(Math.Min(options.MaxInterval.Ticks, Wait.Ticks * 3 / 2));
            Due = now + Wait;
        }
    }
}
