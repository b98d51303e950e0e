using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Informers;

namespace Tenon.Kubernetes.Controllers;

/// <summary>What a host runs. The order of the start is fixed: health server, informers, leader election, controllers.</summary>
public sealed record ControllerHostOptions
{
    /// <summary>The caches; they run on every replica.</summary>
    public IReadOnlyList<IInformer> Informers { get; init; } = [];

    /// <summary>The controllers; they run on the leader only.</summary>
    public IReadOnlyList<Controller> Controllers { get; init; } = [];

    /// <summary>Other work of the leader, which ends when its token is cancelled. When one throws, the host stops and throws it.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> LeaderTasks { get; init; } = [];

    /// <summary>Chooses the leader; <see langword="null"/> when there is only one replica.</summary>
    public LeaderElector? LeaderElector { get; init; }

    /// <summary>Serves health and metrics; <see langword="null"/> when there is none. The host starts and disposes it.</summary>
    public HealthServer? HealthServer { get; init; }

    /// <summary>Runs with the host and is flushed at its end.</summary>
    public EventRecorder? EventRecorder { get; init; }

    /// <summary>How long running reconciles may take to end at shutdown before they are cancelled.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the first lists may take before the host gives up.</summary>
    public TimeSpan CacheSyncTimeout { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>Runs controllers from start to graceful end.</summary>
public sealed partial class ControllerHost
{
    private static readonly TimeSpan s_flushTimeout = TimeSpan.FromSeconds(5);
    private readonly ControllerHostOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>Stores what is given.</summary>
    public ControllerHost(ControllerHostOptions options, TimeProvider? time = null, ILogger<ControllerHost>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<ControllerHost>.Instance;
    }

    /// <summary>
    /// Runs until cancelled: then it takes no more keys, lets running reconciles end, flushes events and releases the lease.
    /// </summary>
    /// <exception cref="LeadershipLostException">The lease was lost; the process should end and start anew.</exception>
    /// <exception cref="TimeoutException">The caches could not be filled in time; the message names which, and why.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var background = new CancellationTokenSource();
        var running = new List<Task>();
        try
        {
            await StartHealthAsync(cancellationToken);
            running.AddRange(_options.Informers.Select(i => Task.Run(() => i.RunAsync(background.Token), CancellationToken.None)));
            if (_options.EventRecorder is { } recorder) running.Add(Task.Run(() => recorder.RunAsync(background.Token), CancellationToken.None));
            await SyncAsync(cancellationToken);
            if (_options.LeaderElector is { } elector) await elector.RunAsync(LeadAsync, cancellationToken);
            else await LeadAsync(cancellationToken, CancellationToken.None);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end, as asked.
        }
        finally
        {
            await FlushAsync();
            await background.CancelAsync();
            await Task.WhenAll(running);
            foreach (Controller controller in _options.Controllers) controller.Dispose();
            if (_options.HealthServer is { } health) await health.DisposeAsync();
        }
    }

    private async Task StartHealthAsync(CancellationToken cancellationToken)
    {
        if (_options.HealthServer is not { } health) return;
        foreach (IInformer informer in _options.Informers)
        {
            health.AddReadiness(new HealthCheck(
                $"informer-{informer.Resource}", () => informer.HasSynced ? null : informer.Problem ?? "the first list is not complete"));
        }

        if (_options.LeaderElector is { } elector)
        {
            health.AddLiveness(new HealthCheck(
                "leader-election", () => elector.IsHealthy ? null : "the lease has not been renewed in time, and the work has not ended"));
        }

        if (!health.IsStarted) await health.StartAsync(cancellationToken);
    }

    private async Task SyncAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.CacheSyncTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            await Task.WhenAll(_options.Informers.Select(i => i.WaitForSyncAsync(both.Token)));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            IEnumerable<string> late = _options.Informers.Where(i => !i.HasSynced).Select(i => $"{i.Resource} ({i.Problem ?? "no answer yet"})");
            throw new TimeoutException($"Not read within {_options.CacheSyncTimeout.TotalSeconds:0} s: {string.Join(", ", late)}.", e);
        }
    }

    /// <summary>The leader's work, until asked to stop (gracefully) or until the lease is lost (at once).</summary>
    private async Task LeadAsync(CancellationToken stopping, CancellationToken lost)
    {
        using var failed = new CancellationTokenSource();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stopping, lost, failed.Token);
        using var deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(lost, deadline.Token);
        Task[] work =
        [
            .. _options.Controllers.Select(c => Task.Run(() => c.RunAsync(stop.Token, abort.Token), CancellationToken.None)),
            .. _options.LeaderTasks.Select(t => Task.Run(() => t(stop.Token), CancellationToken.None)),
        ];
        LogStarted(_options.Controllers.Count);
        Task all = Task.WhenAll(work);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                // Whatever ends by itself before the end was asked for has failed, or was a task that had an end.
                Task[] alive = [.. work.Where(t => !t.IsCompleted)];
                if (work.FirstOrDefault(t => t.IsFaulted) is { } faulted) await faulted;
                await Task.WhenAny([.. alive, Task.Delay(Timeout.InfiniteTimeSpan, _time, stop.Token)]);
            }
        }
        finally
        {
            await failed.CancelAsync();
            if (!all.IsCompleted) LogStopping(_options.ShutdownTimeout.TotalSeconds);
            deadline.CancelAfter(_options.ShutdownTimeout);
            await Task.WhenAny(all);
            await FlushAsync();
        }

        try
        {
            await all;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // How leader tasks end.
        }
    }

    private async Task FlushAsync()
    {
        if (_options.EventRecorder is not { } recorder) return;
        using var limit = new CancellationTokenSource(s_flushTimeout, _time);
        try
        {
            await recorder.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            LogUnflushed();
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Started {Count} controllers")]
    private partial void LogStarted(int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping; running reconciles have {Seconds:0} s to end")]
    private partial void LogStopping(double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Some events could not be written before the end")]
    private partial void LogUnflushed();
}
