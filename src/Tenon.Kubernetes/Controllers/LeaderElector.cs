using Microsoft.Extensions.Logging;
using Tenon.Kubernetes.Client;

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
public sealed class LeaderElector
{
    /// <summary>Stores what is given.</summary>
    /// <exception cref="ArgumentException">The durations do not satisfy LeaseDuration &gt; RenewDeadline &gt; 1.2 × RetryPeriod.</exception>
    public LeaderElector(KubernetesClient client, LeaderElectionOptions options, TimeProvider? time = null, ILogger<LeaderElector>? logger = null)
    {
    }

    /// <summary>Whether we lead.</summary>
    public bool IsLeader => throw new NotImplementedException();

    /// <summary>Who leads, as last seen; <see langword="null"/> when nobody does or nothing was seen.</summary>
    public string? CurrentHolder => throw new NotImplementedException();

    /// <summary>Whether the loop is alive: we do not lead, or the lease was renewed in time.</summary>
    public bool IsHealthy => throw new NotImplementedException();

    /// <summary>
    /// Waits to lead, then runs the work; its token is cancelled when the lease is lost. At the end the lease is released, after the work has
    /// ended.
    /// </summary>
    /// <exception cref="LeadershipLostException">The lease was lost.</exception>
    public Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken) => throw new NotImplementedException();
}
