namespace Tenon.CloudController.Nodes;

/// <summary>How nodes are looked after.</summary>
public sealed record NodeReconcilerOptions
{
    /// <summary>How nodes are tied to servers.</summary>
    public required NodePlannerOptions Planner { get; init; }

    /// <summary>How often addresses and labels of every node are compared with the cloud (<c>--node-status-update-frequency</c>).</summary>
    public TimeSpan StatusPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many nodes are worked on at the same time (<c>--concurrent-node-syncs</c>); the work is only Kubernetes calls.</summary>
    public int Workers { get; init; } = 8;
}
