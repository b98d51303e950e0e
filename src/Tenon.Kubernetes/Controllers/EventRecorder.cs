using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Controllers;

/// <summary>How grave an event is.</summary>
public enum EventType
{
    /// <summary>Information.</summary>
    Normal,

    /// <summary>Something is wrong.</summary>
    Warning,
}

/// <summary>Whoever takes events: the recorder, or a test.</summary>
public interface IEventRecorder
{
    /// <summary>Records that something happened to an object; returns at once and never throws.</summary>
    /// <param name="about">The object; see <see cref="ObjectReference.To"/>.</param>
    /// <param name="type">How grave it is.</param>
    /// <param name="reason">A CamelCase word for programs.</param>
    /// <param name="message">A sentence for people, naming the field and the fix where something is wrong.</param>
    void Record(ObjectReference about, EventType type, string reason, string message);
}

/// <summary>How events are gathered before they are written.</summary>
public sealed record EventRecorderOptions
{
    /// <summary>The component in the events' source.</summary>
    public required string Component { get; init; }

    /// <summary>The instance in the events' source, mostly the host's name.</summary>
    public string? Instance { get; init; }

    /// <summary>How many events may wait to be written; further ones are dropped and counted.</summary>
    public int QueueSize { get; init; } = 1000;

    /// <summary>How many different events are remembered for aggregation.</summary>
    public int CacheSize { get; init; } = 4096;

    /// <summary>After how many similar events (same object, type and reason) within <see cref="SimilarWindow"/> they become one.</summary>
    public int MaxSimilar { get; init; } = 10;

    /// <summary>How long similar events are counted together.</summary>
    public TimeSpan SimilarWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many events about one object may be written at once.</summary>
    public int ObjectBurst { get; init; } = 25;

    /// <summary>How long until one more event about an object may be written.</summary>
    public TimeSpan ObjectRefill { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>
/// Writes events about objects. The same event again becomes a higher count, many similar ones become one, and an object that makes too many
/// is silenced, as client-go does. Callers never wait.
/// </summary>
public sealed partial class EventRecorder : IEventRecorder
{
    private const int MaxMessage = 1024;
    private const int MaxAttempts = 4;
    private readonly KubernetesClient _client;
    private readonly EventRecorderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EventCorrelator _correlator;
    private readonly Channel<RecordedEvent> _queue;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastNumber;
    private int _started;
    private volatile bool _flushed;

    /// <summary>Stores what is given; events are written by <see cref="RunAsync"/>.</summary>
    public EventRecorder(KubernetesClient client, EventRecorderOptions options, TimeProvider? time = null, ILogger<EventRecorder>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        _client = client;
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<EventRecorder>.Instance;
        _correlator = new EventCorrelator(options, _time);
        _queue = Channel.CreateBounded<RecordedEvent>(new BoundedChannelOptions(options.QueueSize)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait, // TryWrite then says no
        });
    }

    /// <inheritdoc/>
    public void Record(ObjectReference about, EventType type, string reason, string message)
    {
        ArgumentNullException.ThrowIfNull(about);
        ArgumentNullException.ThrowIfNull(reason);
        ArgumentNullException.ThrowIfNull(message);
        if (message.Length > MaxMessage) message = message[..(MaxMessage - 1)] + "…";
        if (!_queue.Writer.TryWrite(new RecordedEvent(about, type, reason, message, _time.GetUtcNow()))) Drop("queue");
    }

    /// <summary>Writes events until cancelled or flushed.</summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _started, 1) == 0) return WriteAllAsync(cancellationToken);

        // A process that ends while it starts flushes before this is reached: then there is nothing left to do.
        return _flushed ? Task.CompletedTask : throw new InvalidOperationException("The recorder runs already.");
    }

    /// <summary>Takes no more events and writes those that wait, until cancelled.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        _flushed = true;
        _queue.Writer.TryComplete();
        return Interlocked.Exchange(ref _started, 1) == 0 ? WriteAllAsync(cancellationToken) : _ended.Task.WaitAsync(cancellationToken);
    }

    private async Task WriteAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (RecordedEvent e in _queue.Reader.ReadAllAsync(cancellationToken)) await WriteAsync(e, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end, as asked.
        }
        finally
        {
            _ended.TrySetResult();
        }
    }

    private async Task WriteAsync(RecordedEvent recorded, CancellationToken cancellationToken)
    {
        EventAction action = _correlator.Correlate(recorded);
        if (action is EventAction.Drop)
        {
            Drop("spam");
            return;
        }

        for (int attempt = 1; ; attempt++)
        {
            try
            {
                if (action is EventAction.Repeat repeat)
                {
                    if (await RepeatAsync(repeat, cancellationToken)) return;
                    action = new EventAction.Create(repeat.Key, recorded, repeat.Message); // it has expired on the server
                }

                await CreateAsync((EventAction.Create)action, cancellationToken);
                return;
            }
            catch (KubernetesException e) when (attempt < MaxAttempts && IsTransient(e))
            {
                await Task.Delay(TimeSpan.FromSeconds(attempt), _time, cancellationToken);
            }
            catch (Exception e) when (e is KubernetesException or ArgumentException)
            {
                Drop("failure");
                LogFailed(recorded.About.Kind, recorded.About.Namespace, recorded.About.Name, recorded.Reason, e.Message);
                return;
            }
        }
    }

    private async Task CreateAsync(EventAction.Create create, CancellationToken cancellationToken)
    {
        RecordedEvent e = create.Event;
        Event written = await _client.CreateAsync(
            new Event
            {
                Metadata = new ObjectMeta { Namespace = e.About.Namespace.Length == 0 ? "default" : e.About.Namespace, Name = NewName(e.About.Name) },
                InvolvedObject = e.About,
                Type = e.Type.ToString(),
                Reason = e.Reason,
                Message = create.Message,
                Source = new EventSource { Component = _options.Component, Host = _options.Instance },
                FirstTimestamp = e.At,
                LastTimestamp = e.At,
                Count = 1,
                ReportingComponent = _options.Component,
                ReportingInstance = _options.Instance,
            },
            cancellationToken);
        _correlator.Remember(create.Key, written.Metadata.Key, 1, e.At);
        EventTelemetry.Written.Add(1, new KeyValuePair<string, object?>("type", e.Type.ToString()));
    }

    private async Task<bool> RepeatAsync(EventAction.Repeat repeat, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["count"] = repeat.Count,
            ["lastTimestamp"] = repeat.Event.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["message"] = repeat.Message,
        };
        try
        {
            await _client.PatchAsync<Event>(repeat.Written, Patch.Merge(body), cancellationToken);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            return false;
        }

        _correlator.Remember(repeat.Key, repeat.Written, repeat.Count, repeat.First);
        EventTelemetry.Written.Add(1, new KeyValuePair<string, object?>("type", repeat.Event.Type.ToString()));
        return true;
    }

    /// <summary>The object's name and a number that no other event has: the time, or the next number when that is taken.</summary>
    private string NewName(string about)
    {
        _lastNumber = Math.Max(_lastNumber + 1, _time.GetUtcNow().UtcTicks);
        return $"{BoundedName.Fit(about, 230)}.{_lastNumber:x}";
    }

    private static bool IsTransient(KubernetesException e) => e.Failure is KubernetesFailure.Unreachable or KubernetesFailure.Timeout
        or KubernetesFailure.Unavailable or KubernetesFailure.TooManyRequests or KubernetesFailure.AlreadyExists;

    private static void Drop(string cause) => EventTelemetry.Dropped.Add(1, new KeyValuePair<string, object?>("cause", cause));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Reason} about {Kind} {Namespace}/{Name} is lost: {Message}")]
    private partial void LogFailed(string? kind, string @namespace, string name, string reason, string message);
}

internal static class EventTelemetry
{
    private static readonly Meter s_meter = new(QueueTelemetry.MeterName);

    public static readonly Counter<long> Written = s_meter.CreateCounter<long>("tenon_events_written", description: "Events written, by type.");

    public static readonly Counter<long> Dropped = s_meter.CreateCounter<long>(
        "tenon_events_dropped", description: "Events not written, by cause (queue, spam, failure).");
}
