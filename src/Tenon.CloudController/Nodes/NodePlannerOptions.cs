using Tenon.CloudController.Configuration;

namespace Tenon.CloudController.Nodes;

/// <summary>What the node planner needs of the configuration.</summary>
public sealed record NodePlannerOptions
{
    /// <summary>Which addresses become a node's.</summary>
    public NetworkingOptions Networking { get; init; } = new();

    /// <summary>The cloud's region, for labels and regional provider IDs.</summary>
    public required string Region { get; init; }

    /// <summary>Whether new provider IDs carry the region.</summary>
    public bool RegionalProviderId { get; init; }

    /// <summary>Whether nodes are initialised and kept up to date (the peer's controller <c>cloud-node</c>).</summary>
    public bool Initialize { get; init; } = true;

    /// <summary>Whether nodes are tainted and deleted with their servers (the peer's controller <c>cloud-node-lifecycle</c>).</summary>
    public bool Lifecycle { get; init; } = true;
}
