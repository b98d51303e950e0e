using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Informers;

/// <summary>
/// A local copy of the objects of one type, kept up to date by a list and a watch. Readers never wait and never call the server.
/// </summary>
/// <typeparam name="T">The objects' type.</typeparam>
public sealed partial class Informer<T> : IInformer, ILister<T>
    where T : class, IKubernetesObject
{
    /// <summary>A watch that ends sooner and empty is a server in trouble, not a turn of the wheel.</summary>
    private static readonly TimeSpan s_shortestWatch = TimeSpan.FromSeconds(1);
    private readonly KubernetesClient _client;
    private readonly InformerOptions<T> _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<Action<InformerChange<T>>> _handlers = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Cache<T> _cache;
    private volatile string? _problem;
    private string? _version;
    private long _lastContact;

    /// <summary>Stores what is given; the work begins in <see cref="RunAsync"/>.</summary>
    public Informer(KubernetesClient client, InformerOptions<T>? options = null, TimeProvider? time = null, ILogger<Informer<T>>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        _client = client;
        _options = options ?? new();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<Informer<T>>.Instance;
        _cache = new Cache<T>(_options.Indexes);
    }

    /// <inheritdoc/>
    public ResourceType Resource => T.Resource;

    /// <inheritdoc/>
    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <inheritdoc/>
    public DateTimeOffset? LastContact
        => Interlocked.Read(ref _lastContact) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <inheritdoc/>
    public string? Problem => _problem;

    /// <summary>
    /// Calls a handler for every change, in order, one at a time. What is in the cache already is told as additions first. The handler must be
    /// quick (put a key into a queue); what it throws is logged and counted.
    /// </summary>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<InformerChange<T>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_gate)
        {
            _handlers.Add(handler);
            foreach (T item in _cache.All) Call(handler, new InformerChange<T>.Added(item, IsInitial: true));
        }

        return new Subscription(this, handler);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<T> List() => _cache.All;

    /// <inheritdoc/>
    public T? Get(NamespacedName key) => _cache.Items.GetValueOrDefault(key);

    /// <inheritdoc/>
    public IReadOnlyCollection<T> Find(string index, string value) => _cache.Find(index, value);

    /// <inheritdoc/>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        int failures = 0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (_version is null) await ListAsync(cancellationToken);
                failures = await WatchAsync(cancellationToken) ? 0 : failures + 1;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.Expired)
            {
                // Once is normal (the server compacts its history); again at once is not.
                LogExpired(Resource.ToString(), e.Message);
                InformerTelemetry.Relists.Add(1, new KeyValuePair<string, object?>("resource", Resource.ToString()));
                _version = null;
                failures++;
                if (failures == 1) continue;
            }
            catch (Exception e)
            {
                failures++;
                if (_problem is null) LogFailed(e, Resource.ToString(), e.Message);
                _problem = e.Message;
                InformerTelemetry.Failures.Add(1, new KeyValuePair<string, object?>("resource", Resource.ToString()));
            }

            if (failures == 0) continue;
            try
            {
                await Task.Delay(Backoff(failures), _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    /// <inheritdoc/>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <summary>Reads everything, then tells the differences. What is missing counts as deleted only once all pages are there.</summary>
    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var options = new ListOptions
        {
            Namespace = _options.Namespace,
            LabelSelector = _options.LabelSelector,
            FieldSelector = _options.FieldSelector,
            PageSize = _options.PageSize,
        };
        for (int restarts = 0; ; restarts++)
        {
            try
            {
                await ListOnceAsync(restarts > 1 ? options with { PageSize = 0 } : options, cancellationToken);
                return;
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.Expired && restarts < 3)
            {
                LogExpired(Resource.ToString(), e.Message);
            }
        }
    }

    private async Task ListOnceAsync(ListOptions options, CancellationToken cancellationToken)
    {
        var items = new Dictionary<NamespacedName, T>();
        string? next = null;
        string version;
        do
        {
            KubernetesList<T> page = await _client.ListPageAsync<T>(options, next, cancellationToken);
            Touch();
            foreach (T item in page.Items) items[item.Metadata.Key] = Shrink(item);
            next = page.Metadata.Continue;
            version = page.Metadata.ResourceVersion;
        }
        while (!string.IsNullOrEmpty(next));

        lock (_gate)
        {
            Cache<T> old = _cache;
            _cache = old.Replace(items);
            bool initial = !HasSynced;
            foreach ((NamespacedName key, T before) in old.Items)
                if (!items.TryGetValue(key, out T? now) || !IsSame(before, now)) Tell(new InformerChange<T>.Deleted(before));
            foreach ((NamespacedName key, T now) in items)
            {
                if (!old.Items.TryGetValue(key, out T? before) || !IsSame(before, now)) Tell(new InformerChange<T>.Added(now, initial));
                else if (before.Metadata.ResourceVersion != now.Metadata.ResourceVersion) Tell(new InformerChange<T>.Updated(before, now));
            }

            _version = version;
        }

        Healthy();
        if (_synced.TrySetResult()) LogSynced(Resource.ToString(), items.Count);
    }

    /// <summary>Follows the changes until the server ends the watch. Returns whether it was a watch worth the name.</summary>
    private async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        var options = new WatchOptions
        {
            Namespace = _options.Namespace,
            LabelSelector = _options.LabelSelector,
            FieldSelector = _options.FieldSelector,
            ResourceVersion = _version,
            Timeout = _options.WatchTimeout * (1 + Random.Shared.NextDouble()),
        };
        long started = _time.GetTimestamp();
        bool useful = false;
        await foreach (WatchEvent<T> change in _client.WatchAsync<T>(options, Healthy, cancellationToken))
        {
            useful = true;
            Healthy();
            Apply(change);
        }

        return useful || _time.GetElapsedTime(started) >= s_shortestWatch;
    }

    private void Apply(in WatchEvent<T> change)
    {
        lock (_gate)
        {
            if (change.Type != WatchEventType.Bookmark)
            {
                T item = Shrink(change.Object);
                NamespacedName key = item.Metadata.Key;
                T? before = _cache.Items.GetValueOrDefault(key);
                if (change.Type == WatchEventType.Deleted)
                {
                    _cache = _cache.Without(key);
                    if (before is not null) Tell(new InformerChange<T>.Deleted(item));
                }
                else
                {
                    _cache = _cache.With(item);
                    if (before is null) Tell(new InformerChange<T>.Added(item, IsInitial: false));
                    else if (!IsSame(before, item))
                    {
                        // The deletion between the two was missed: the old one must be let go as such.
                        Tell(new InformerChange<T>.Deleted(before));
                        Tell(new InformerChange<T>.Added(item, IsInitial: false));
                    }
                    else if (before.Metadata.ResourceVersion != item.Metadata.ResourceVersion)
                        Tell(new InformerChange<T>.Updated(before, item));
                }
            }

            if (change.Object.Metadata.ResourceVersion is { Length: > 0 } version) _version = version;
        }

        InformerTelemetry.Events.Add(1, new("resource", Resource.ToString()), new("type", change.Type.ToString()));
    }

    private static bool IsSame(T one, T other) => one.Metadata.Uid == other.Metadata.Uid;

    private T Shrink(T item)
    {
        if (_options.Transform is not { } transform) return item;
        try
        {
            return transform(item);
        }
        catch (Exception e)
        {
            // A faulty transform costs memory, not correctness.
            LogTransform(e, Resource.ToString(), item.Metadata.Key);
            return item;
        }
    }

    private void Tell(InformerChange<T> change)
    {
        foreach (Action<InformerChange<T>> handler in _handlers.ToArray()) Call(handler, change);
    }

    private void Call(Action<InformerChange<T>> handler, InformerChange<T> change)
    {
        try
        {
            handler(change);
        }
        catch (Exception e)
        {
            InformerTelemetry.HandlerFailures.Add(1, new KeyValuePair<string, object?>("resource", Resource.ToString()));
            LogHandler(e, Resource.ToString(), change.Key);
        }
    }

    private void Healthy()
    {
        Touch();
        if (_problem is null) return;
        _problem = null;
        LogRecovered(Resource.ToString());
    }

    private void Touch() => Interlocked.Exchange(ref _lastContact, _time.GetUtcNow().UtcTicks);

    private TimeSpan Backoff(int failures)
    {
        double full = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        return TimeSpan.FromMilliseconds(full * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Listing {Resource} anew: {Message}")]
    private partial void LogExpired(string resource, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Watching {Resource} fails, and goes on being tried: {Message}")]
    private partial void LogFailed(Exception exception, string resource, string message);

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching {Resource} works again")]
    private partial void LogRecovered(string resource);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Read {Count} {Resource}")]
    private partial void LogSynced(string resource, int count);

    [LoggerMessage(Level = LogLevel.Error, Message = "A handler of {Resource} failed for {Key}")]
    private partial void LogHandler(Exception exception, string resource, NamespacedName key);

    [LoggerMessage(Level = LogLevel.Error, Message = "The transform of {Resource} failed for {Key}")]
    private partial void LogTransform(Exception exception, string resource, NamespacedName key);

    private sealed class Subscription(Informer<T> informer, Action<InformerChange<T>> handler) : IDisposable
    {
        public void Dispose()
        {
            lock (informer._gate) informer._handlers.Remove(handler);
        }
    }
}

internal static class InformerTelemetry
{
    private static readonly Meter s_meter = new(ClientTelemetry.MeterName);

    public static readonly Counter<long> Events = s_meter.CreateCounter<long>(
        "tenon_informer_events", description: "Watch events by resource and type.");

    public static readonly Counter<long> Relists = s_meter.CreateCounter<long>(
        "tenon_informer_relists", description: "Lists made anew because the version was too old, by resource.");

    public static readonly Counter<long> Failures = s_meter.CreateCounter<long>(
        "tenon_informer_failures", description: "Lists and watches that failed, by resource.");

    public static readonly Counter<long> HandlerFailures = s_meter.CreateCounter<long>(
        "tenon_informer_handler_failures", description: "Exceptions of event handlers, by resource.");
}
