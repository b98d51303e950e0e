namespace Tenon.Kubernetes.Controllers;

/// <summary>Brings the world of one object to its desired state.</summary>
public interface IReconciler
{
    /// <summary>
    /// Observes, plans and applies once. Called for one key at a time; the object may be gone. An exception means a transient failure, to be
    /// tried again with backoff.
    /// </summary>
    Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken);
}

/// <summary>How one pass over a key ended, for whoever reports it as event or status.</summary>
public abstract record ReconcileResult
{
    private ReconcileResult()
    {
    }

    /// <summary>The reconciler returned.</summary>
    /// <param name="Outcome">What it returned.</param>
    public sealed record Completed(Outcome Outcome) : ReconcileResult;

    /// <summary>The reconciler threw.</summary>
    /// <param name="Exception">What it threw.</param>
    /// <param name="Attempt">The how-manieth failure in a row it is, from 1.</param>
    /// <param name="RetryAfter">When it is tried again.</param>
    public sealed record Failed(Exception Exception, int Attempt, TimeSpan RetryAfter) : ReconcileResult;
}

/// <summary>How a controller works.</summary>
public sealed record ControllerOptions
{
    /// <summary>How many keys are worked on at the same time.</summary>
    public int Workers { get; init; } = 4;

    /// <summary>How long one pass may take before it is cancelled and counts as failed.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How often every key of the resync sources is looked at again; zero means never.</summary>
    public TimeSpan ResyncPeriod { get; init; }

    /// <summary>How the queue spaces out repetitions.</summary>
    public WorkQueueOptions Queue { get; init; } = new();

    /// <summary>Told of the end of every pass, before the next pass over the same key. What it throws is logged and counted.</summary>
    public Func<NamespacedName, ReconcileResult, CancellationToken, Task>? Report { get; init; }
}
