using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Controllers;

/// <summary>A reconciler with its queue, its workers and what wakes it. Started by a <see cref="ControllerHost"/>.</summary>
public sealed partial class Controller : IDisposable
{
    private readonly IReconciler _reconciler;
    private readonly ControllerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WorkQueue<NamespacedName> _queue;
    private readonly List<Func<IDisposable>> _sources = [];
    private readonly List<Func<IEnumerable<NamespacedName>>> _resyncs = [];
    private long _passes;

    /// <summary>Stores what is given.</summary>
    public Controller(
        string name, IReconciler reconciler, ControllerOptions? options = null, TimeProvider? time = null, ILogger<Controller>? logger = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(reconciler);
        Name = name;
        _reconciler = reconciler;
        _options = options ?? new();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<Controller>.Instance;
        _queue = new WorkQueue<NamespacedName>(name, _options.Queue, _time);
    }

    /// <summary>The controller's name in logs and metrics.</summary>
    public string Name { get; }

    /// <summary>How many keys are ready to be worked on.</summary>
    public int QueueLength => _queue.Length;

    /// <summary>Wakes the key of every changed object.</summary>
    /// <param name="informer">Where the objects come from.</param>
    /// <param name="filter">Which changes matter; <see langword="null"/> means all. A periodic resync asks no filter.</param>
    public Controller Watches<T>(Informer<T> informer, Func<InformerChange<T>, bool>? filter = null)
        where T : class, IKubernetesObject
        => Watches(informer, change => filter is null || filter(change) ? [change.Key] : (IEnumerable<NamespacedName>)[]);

    /// <summary>Wakes the keys that a change concerns.</summary>
    public Controller Watches<T>(Informer<T> informer, Func<InformerChange<T>, IEnumerable<NamespacedName>> keys)
        where T : class, IKubernetesObject
    {
        ArgumentNullException.ThrowIfNull(informer);
        ArgumentNullException.ThrowIfNull(keys);
        _sources.Add(() => informer.Subscribe(change =>
        {
            int priority = change is InformerChange<T>.Added { IsInitial: true } ? WorkPriority.Low : WorkPriority.Normal;
            foreach (NamespacedName key in keys(change)) _queue.Add(key, priority);
        }));
        return this;
    }

    /// <summary>Names the keys that are woken once at the start and then every <see cref="ControllerOptions.ResyncPeriod"/>.</summary>
    public Controller Resyncs(Func<IEnumerable<NamespacedName>> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        _resyncs.Add(keys);
        return this;
    }

    /// <summary>Wakes a key.</summary>
    public void Enqueue(NamespacedName key, int priority = WorkPriority.Normal) => _queue.Add(key, priority);

    /// <summary>Wakes a key after a while.</summary>
    public void EnqueueAfter(NamespacedName key, TimeSpan delay, int priority = WorkPriority.Normal) => _queue.AddAfter(key, delay, priority);

    /// <summary>Ends the queue; only needed for a controller that never ran.</summary>
    public void Dispose() => _queue.Dispose();

    /// <summary>
    /// Works until <paramref name="stopping"/>: then running reconciles may end. <paramref name="aborting"/> cancels them.
    /// </summary>
    internal async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        await using CancellationTokenRegistration stop = stopping.Register(_queue.ShutDown);
        var subscriptions = new List<IDisposable>();
        try
        {
            foreach (Func<IDisposable> source in _sources) subscriptions.Add(source());
            Task resync = ResyncAsync(stopping);
            await Task.WhenAll(Enumerable.Range(0, _options.Workers).Select(_ => Task.Run(() => WorkAsync(aborting), CancellationToken.None)));
            await resync;
        }
        finally
        {
            foreach (IDisposable subscription in subscriptions) subscription.Dispose();
            _queue.Dispose();
        }
    }

    private async Task ResyncAsync(CancellationToken cancellationToken)
    {
        if (_resyncs.Count == 0) return;
        try
        {
            Resync();
            if (_options.ResyncPeriod <= TimeSpan.Zero) return;
            using var timer = new PeriodicTimer(_options.ResyncPeriod, _time);
            while (await timer.WaitForNextTickAsync(cancellationToken)) Resync();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end of the controller.
        }
    }

    private void Resync()
    {
        foreach (Func<IEnumerable<NamespacedName>> source in _resyncs)
        {
            try
            {
                foreach (NamespacedName key in source()) _queue.Add(key, WorkPriority.Low);
            }
            catch (Exception e)
            {
                LogResync(e, Name);
            }
        }
    }

    private async Task WorkAsync(CancellationToken aborting)
    {
        while (await _queue.TakeAsync(CancellationToken.None) is { } item)
        {
            ControllerTelemetry.Active.Add(1, new KeyValuePair<string, object?>("controller", Name));
            try
            {
                await PassAsync(item, aborting);
            }
            finally
            {
                ControllerTelemetry.Active.Add(-1, new KeyValuePair<string, object?>("controller", Name));
                _queue.Done(item.Key);
            }
        }
    }

    private async Task PassAsync(WorkItem<NamespacedName> item, CancellationToken aborting)
    {
        string id = Interlocked.Increment(ref _passes).ToString("x6", CultureInfo.InvariantCulture);
        using IDisposable? scope = _logger.BeginScope(
            new Dictionary<string, object> { ["controller"] = Name, ["key"] = item.Key.ToString(), ["reconcileId"] = id });
        long started = _time.GetTimestamp();
        ReconcileResult? result = await ReconcileAsync(item, aborting);
        ControllerTelemetry.Duration.Record(_time.GetElapsedTime(started).TotalSeconds, new KeyValuePair<string, object?>("controller", Name));
        if (result is null) return;
        ControllerTelemetry.Passes.Add(1, new("controller", Name), new("result", Word(result)));
        if (_options.Report is not { } report) return;
        try
        {
            await report(item.Key, result, aborting);
        }
        catch (OperationCanceledException) when (aborting.IsCancellationRequested)
        {
            // The process ends; the next one reports.
        }
        catch (Exception e)
        {
            ControllerTelemetry.ReportFailures.Add(1, new KeyValuePair<string, object?>("controller", Name));
            LogReport(e, item.Key);
        }
    }

    /// <summary>One pass; null when it was cut short by the end of the process.</summary>
    private async Task<ReconcileResult?> ReconcileAsync(WorkItem<NamespacedName> item, CancellationToken aborting)
    {
        using var limit = new CancellationTokenSource(_options.ReconcileTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(aborting, limit.Token);
        Exception failure;
        try
        {
            Outcome outcome = await _reconciler.ReconcileAsync(item.Key, both.Token);
            _queue.Forget(item.Key);
            if (outcome is Outcome.Waiting { Poll: { } poll }) _queue.AddAfter(item.Key, poll, item.Priority);
            LogOutcome(outcome);
            return new ReconcileResult.Completed(outcome);
        }
        catch (OperationCanceledException) when (aborting.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested)
        {
            failure = new TimeoutException($"The pass took longer than {_options.ReconcileTimeout.TotalSeconds:0} s.", e);
        }
        catch (Exception e)
        {
            failure = e;
        }

        if (IsProgrammingError(failure)) ControllerTelemetry.Panics.Add(1, new KeyValuePair<string, object?>("controller", Name));
        TimeSpan delay = _queue.AddRateLimited(item.Key, item.Priority);
        int attempt = _queue.Failures(item.Key);
        LogFailure(failure, item.Key, attempt, delay.TotalSeconds);
        return new ReconcileResult.Failed(failure, attempt, delay);
    }

    /// <summary>What no retry cures: a fault of ours, which Go would call a panic.</summary>
    private static bool IsProgrammingError(Exception e)
        => e is NullReferenceException or InvalidCastException or IndexOutOfRangeException or ArgumentException or KeyNotFoundException
            or DivideByZeroException or OverflowException;

    private static string Word(ReconcileResult result) => result switch
    {
        ReconcileResult.Completed { Outcome: Outcome.Settled } => "settled",
        ReconcileResult.Completed { Outcome: Outcome.Waiting } => "waiting",
        ReconcileResult.Completed { Outcome: Outcome.Refused } => "refused",
        _ => "error",
    };

    [LoggerMessage(Level = LogLevel.Debug, Message = "Reconciled: {Outcome}")]
    private partial void LogOutcome(Outcome outcome);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Reconciling {Key} failed (attempt {Attempt}); trying again in {Delay:0.0} s")]
    private partial void LogFailure(Exception exception, NamespacedName key, int attempt, double delay);

    [LoggerMessage(Level = LogLevel.Error, Message = "The outcome for {Key} could not be reported")]
    private partial void LogReport(Exception exception, NamespacedName key);

    [LoggerMessage(Level = LogLevel.Error, Message = "A resync source of {Controller} failed")]
    private partial void LogResync(Exception exception, string controller);
}

internal static class ControllerTelemetry
{
    private static readonly Meter s_meter = new(QueueTelemetry.MeterName);

    public static readonly Counter<long> Passes = s_meter.CreateCounter<long>(
        "tenon_reconcile", description: "Passes by controller and result (settled, waiting, refused, error).");

    public static readonly Counter<long> Panics = s_meter.CreateCounter<long>(
        "tenon_reconcile_panics", description: "Passes that ended in a programming error, by controller.");

    public static readonly Counter<long> ReportFailures = s_meter.CreateCounter<long>(
        "tenon_reconcile_report_failures", description: "Outcomes that could not be reported, by controller.");

    public static readonly UpDownCounter<long> Active = s_meter.CreateUpDownCounter<long>(
        "tenon_active_workers", description: "Workers that have a key, by controller.");

    public static readonly Histogram<double> Duration = s_meter.CreateHistogram(
        "tenon_reconcile_time", "s", "Duration of passes, by controller.", null, new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
        });
}
