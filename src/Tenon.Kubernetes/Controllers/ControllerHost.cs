using Microsoft.Extensions.Logging;
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

    /// <summary>Serves health and metrics; <see langword="null"/> when there is none.</summary>
    public HealthServer? HealthServer { get; init; }

    /// <summary>Flushed at the end.</summary>
    public EventRecorder? EventRecorder { get; init; }

    /// <summary>How long running reconciles may take to end at shutdown before they are cancelled.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the first lists may take before the host gives up.</summary>
    public TimeSpan CacheSyncTimeout { get; init; } = TimeSpan.FromMinutes(2);
}

/// <summary>Runs controllers from start to graceful end.</summary>
public sealed class ControllerHost
{
    /// <summary>Stores what is given.</summary>
    public ControllerHost(ControllerHostOptions options, TimeProvider? time = null, ILogger<ControllerHost>? logger = null)
    {
    }

    /// <summary>
    /// Runs until cancelled: then it takes no more keys, lets running reconciles end, flushes events and releases the lease.
    /// </summary>
    /// <exception cref="LeadershipLostException">The lease was lost; the process should end and start anew.</exception>
    /// <exception cref="TimeoutException">The caches could not be filled in time; the message names which, and why.</exception>
    public Task RunAsync(CancellationToken cancellationToken) => throw new NotImplementedException();
}
