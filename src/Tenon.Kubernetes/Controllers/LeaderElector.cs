using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Controllers;

/// <summary>How a leader is elected.</summary>
public sealed record LeaderElectionOptions
{
    /// <summary>The Lease object.</summary>
    public required NamespacedName Lease { get; init; }

    /// <summary>Who we are: unique to this process.</summary>
    public required string Identity { get; init; }

    /// <summary>How long others wait after the last renewal that they saw.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the leader goes on without a successful renewal.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long to wait between attempts.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether the lease is given back at a graceful end, so that the next replica need not wait.</summary>
    public bool ReleaseOnCancel { get; init; } = true;
}

/// <summary>The lease was lost while work was going on.</summary>
public sealed class LeadershipLostException(string message) : Exception(message);

/// <summary>
/// Lets one of several replicas work, through a coordination.k8s.io Lease. Clocks are never compared between machines: a lease counts as
/// abandoned when it has not changed for its duration on our own clock.
/// </summary>
public sealed partial class LeaderElector
{
    /// <summary>How much longer than the retry period the wait between two tries may be; the renew deadline must be longer still.</summary>
    public const double JitterFactor = 1.2;

    private readonly KubernetesClient _client;
    private readonly LeaderElectionOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private volatile Lease? _seen;
    private volatile bool _leading;
    private long _seenAt;
    private long _renewedAt;

    /// <summary>Stores what is given.</summary>
    /// <exception cref="ArgumentException">The durations do not satisfy LeaseDuration &gt; RenewDeadline &gt; 1.2 × RetryPeriod.</exception>
    public LeaderElector(KubernetesClient client, LeaderElectionOptions options, TimeProvider? time = null, ILogger<LeaderElector>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrEmpty(options.Identity, nameof(options));
        if (options.LeaseDuration < TimeSpan.FromSeconds(1) || options.LeaseDuration <= options.RenewDeadline)
            throw new ArgumentException("The lease duration must be at least a second and longer than the renew deadline.", nameof(options));
        if (options.RetryPeriod <= TimeSpan.Zero || options.RenewDeadline <= options.RetryPeriod * JitterFactor)
            throw new ArgumentException($"The renew deadline must be longer than {JitterFactor} times the retry period.", nameof(options));
        _client = client;
        _options = options;
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<LeaderElector>.Instance;
    }

    /// <summary>Whether we lead.</summary>
    public bool IsLeader => _leading;

    /// <summary>Who leads, as last seen; <see langword="null"/> when nobody does or nothing was seen.</summary>
    public string? CurrentHolder => _seen?.Spec.HolderIdentity is { Length: > 0 } holder ? holder : null;

    /// <summary>Whether the loop is alive: we do not lead, or the lease was renewed in time.</summary>
    public bool IsHealthy => !_leading || _time.GetElapsedTime(Interlocked.Read(ref _renewedAt)) <= _options.LeaseDuration;

    /// <summary>
    /// Waits to lead, then runs the work; its token is cancelled when the lease is lost or the end is asked for. The lease is renewed until the
    /// work has ended, and then released.
    /// </summary>
    /// <exception cref="LeadershipLostException">The lease was lost.</exception>
    public Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunAsync(
            async (stopping, lost) =>
            {
                using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, lost);
                await work(both.Token);
            },
            cancellationToken);
    }

    /// <summary>As the public one, with the two ends apart: the first token asks for a graceful end, the second means that the lease is lost.</summary>
    internal async Task RunAsync(Func<CancellationToken, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ReportLeading(0);
        if (!await AcquireAsync(cancellationToken)) return;
        _leading = true;
        ReportLeading(1);
        LogLeading(_options.Lease, _options.Identity);
        using var lost = new CancellationTokenSource();
        using var finished = new CancellationTokenSource();
        Task<string?> renewing = RenewAsync(finished.Token);
        Task working = Task.Run(() => work(cancellationToken, lost.Token), CancellationToken.None);
        try
        {
            if (await Task.WhenAny(working, renewing) == renewing)
            {
                _leading = false;
                await lost.CancelAsync();
                await IgnoreCancellationAsync(working);
                throw new LeadershipLostException($"Lease {_options.Lease} is lost: {await renewing}.");
            }

            await IgnoreCancellationAsync(working);
        }
        finally
        {
            await finished.CancelAsync();
            await renewing;
            ReportLeading(0);
            if (_leading && _options.ReleaseOnCancel) await ReleaseAsync();
            _leading = false;
        }

        async Task IgnoreCancellationAsync(Task task)
        {
            try
            {
                await task;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested || lost.IsCancellationRequested)
            {
                // The work's way to end when asked.
            }
        }
    }

    private async Task<bool> AcquireAsync(CancellationToken cancellationToken)
    {
        string? holder = null;
        bool complained = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using var limit = new CancellationTokenSource(_options.RenewDeadline, _time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
                if (await TryAcquireAsync(both.Token) == Attempt.Held) return true;
                complained = false;
                if (CurrentHolder is { } other && other != holder) LogWaiting(_options.Lease, holder = other);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return false;
            }
            catch (Exception e)
            {
                if (!complained) LogAcquireFailed(_options.Lease, e.Message);
                complained = true;
            }

            try
            {
                await Task.Delay(_options.RetryPeriod * (1 + (Random.Shared.NextDouble() * (JitterFactor - 1))), _time, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Renews until <paramref name="finished"/> (then null) or until the lease is lost (then why).</summary>
    private async Task<string?> RenewAsync(CancellationToken finished)
    {
        while (true)
        {
            try
            {
                await Task.Delay(_options.RetryPeriod, _time, finished);
                TimeSpan left = _options.RenewDeadline - _time.GetElapsedTime(Interlocked.Read(ref _renewedAt));
                if (left <= TimeSpan.Zero) return Late();
                using var limit = new CancellationTokenSource(left, _time);
                using var both = CancellationTokenSource.CreateLinkedTokenSource(finished, limit.Token);
                if (await TryAcquireAsync(both.Token) == Attempt.HeldByOther) return $"{CurrentHolder} has taken it";
            }
            catch (OperationCanceledException) when (finished.IsCancellationRequested)
            {
                return null;
            }
            catch (OperationCanceledException)
            {
                return Late();
            }
            catch (Exception e)
            {
                LogRenewFailed(_options.Lease, e.Message);
            }
        }

        string Late() => string.Create(CultureInfo.InvariantCulture, $"it could not be renewed for {_options.RenewDeadline.TotalSeconds:0.#} s");
    }

    private enum Attempt
    {
        Held,
        HeldByOther,
        Contested,
    }

    private async Task<Attempt> TryAcquireAsync(CancellationToken cancellationToken)
    {
        // While we hold it, the last seen version is almost always still the newest: one call instead of two.
        if (_leading && _seen is { } mine)
        {
            try
            {
                return await WriteAsync(mine, cancellationToken);
            }
            catch (KubernetesException e) when (e.Failure is KubernetesFailure.Conflict or KubernetesFailure.NotFound)
            {
                // Somebody touched it: look.
            }
        }

        Lease? lease = await _client.GetAsync<Lease>(_options.Lease, cancellationToken);
        if (lease is null)
        {
            try
            {
                return await CreateAsync(cancellationToken);
            }
            catch (KubernetesException e) when (e.Failure == KubernetesFailure.AlreadyExists)
            {
                return Attempt.Contested;
            }
        }

        if (_seen is null || _seen.Metadata.Uid != lease.Metadata.Uid || !_seen.Spec.Equals(lease.Spec)) Saw(lease);
        else _seen = lease; // labels may have changed; the holder's sign of life has not
        if (lease.Spec.HolderIdentity is { Length: > 0 } holder && holder != _options.Identity && !IsAbandoned(lease)) return Attempt.HeldByOther;
        try
        {
            return await WriteAsync(lease, cancellationToken);
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.Conflict or KubernetesFailure.NotFound)
        {
            return Attempt.Contested;
        }
    }

    private bool IsAbandoned(Lease lease)
    {
        TimeSpan duration = lease.Spec.LeaseDurationSeconds is > 0 and var s ? TimeSpan.FromSeconds(s) : _options.LeaseDuration;
        return _time.GetElapsedTime(Interlocked.Read(ref _seenAt)) >= duration;
    }

    private async Task<Attempt> CreateAsync(CancellationToken cancellationToken)
    {
        long began = _time.GetTimestamp();
        DateTimeOffset now = _time.GetUtcNow();
        Saw(await _client.CreateAsync(
            new Lease
            {
                Metadata = new ObjectMeta { Namespace = _options.Lease.Namespace, Name = _options.Lease.Name },
                Spec = Held(new LeaseSpec { AcquireTime = now, LeaseTransitions = 0 }, now),
            },
            cancellationToken));
        Interlocked.Exchange(ref _renewedAt, began);
        return Attempt.Held;
    }

    private async Task<Attempt> WriteAsync(Lease lease, CancellationToken cancellationToken)
    {
        // Counted from before the request: others may see it at any moment after.
        long began = _time.GetTimestamp();
        DateTimeOffset now = _time.GetUtcNow();
        LeaseSpec spec = lease.Spec.HolderIdentity == _options.Identity
            ? lease.Spec
            : lease.Spec with { AcquireTime = now, LeaseTransitions = (lease.Spec.LeaseTransitions ?? 0) + 1 };
        Saw(await _client.UpdateAsync(lease with { Spec = Held(spec, now) }, cancellationToken));
        Interlocked.Exchange(ref _renewedAt, began);
        return Attempt.Held;
    }

    private LeaseSpec Held(LeaseSpec spec, DateTimeOffset now) => spec with
    {
        HolderIdentity = _options.Identity,
        LeaseDurationSeconds = (int)Math.Ceiling(_options.LeaseDuration.TotalSeconds),
        RenewTime = now,
    };

    private void Saw(Lease lease)
    {
        _seen = lease;
        Interlocked.Exchange(ref _seenAt, _time.GetTimestamp());
    }

    private async Task ReleaseAsync()
    {
        const int attempts = 3;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5), _time);
        Lease? lease = _seen;
        try
        {
            for (int attempt = 1; lease?.Spec.HolderIdentity == _options.Identity; attempt++)
            {
                DateTimeOffset now = _time.GetUtcNow();
                try
                {
                    Saw(await _client.UpdateAsync(
                        lease with { Spec = lease.Spec with { HolderIdentity = "", LeaseDurationSeconds = 1, RenewTime = now, AcquireTime = now } }, limit.Token));
                    LogReleased(_options.Lease);
                    return;
                }
                catch (KubernetesException e) when (e.StatusCode == HttpStatusCode.Conflict && attempt < attempts)
                {
                    // A renewal that was cut short at the end may have arrived all the same.
                    lease = await _client.GetAsync<Lease>(_options.Lease, limit.Token);
                }
            }
        }
        catch (Exception e)
        {
            // The next leader waits for the lease to run out instead.
            LogReleaseFailed(_options.Lease, e.Message);
        }
    }

    private void ReportLeading(int value) => ElectionTelemetry.Leading.Record(value, new KeyValuePair<string, object?>("name", _options.Lease.ToString()));

    [LoggerMessage(Level = LogLevel.Information, Message = "Leading: {Identity} holds lease {Lease}")]
    private partial void LogLeading(NamespacedName lease, string identity);

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting for lease {Lease}, which {Holder} holds")]
    private partial void LogWaiting(NamespacedName lease, string holder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} cannot be acquired, and goes on being tried: {Reason}")]
    private partial void LogAcquireFailed(NamespacedName lease, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} was not renewed: {Reason}")]
    private partial void LogRenewFailed(NamespacedName lease, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Lease {Lease} is released")]
    private partial void LogReleased(NamespacedName lease);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {Lease} could not be released: {Reason}")]
    private partial void LogReleaseFailed(NamespacedName lease, string reason);
}

internal static class ElectionTelemetry
{
    private static readonly Meter s_meter = new(QueueTelemetry.MeterName);

    public static readonly Gauge<int> Leading = s_meter.CreateGauge<int>(
        "leader_election_master_status", description: "1 while this process leads, 0 while it stands by, by lease.");
}
