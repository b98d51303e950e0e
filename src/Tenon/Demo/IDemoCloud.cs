using System.Text.Json.Nodes;
using Tenon.CloudController.Configuration;
using Tenon.OpenStack;

namespace Tenon.Demo;

/// <summary>The cloud that a demonstration runs on.</summary>
internal interface IDemoCloud : IAsyncDisposable
{
    /// <summary>What the cloud controller is configured with.</summary>
    CloudConfig Config { get; }

    /// <summary>The cluster's name there.</summary>
    string ClusterName { get; }

    /// <summary>How long one step may take.</summary>
    TimeSpan StepLimit { get; }

    /// <summary>What the counts of <see cref="CallsAsync"/> are headed with.</summary>
    string CallsHeading { get; }

    /// <summary>The client that the cloud controller uses, whose calls are counted.</summary>
    CloudClient Open();

    /// <summary>Makes the servers, and lets each register as a node of the cluster.</summary>
    Task AddNodesAsync(DemoProgress progress, CancellationToken cancellationToken);

    /// <summary>The routes to pods on the router.</summary>
    Task<JsonArray> RoutesAsync(CancellationToken cancellationToken);

    /// <summary>The controller's calls, as <c>/_sandbox/calls/summary</c> has them.</summary>
    Task<JsonNode> CallsAsync(CancellationToken cancellationToken);

    /// <summary>What somebody types to reach it with the openstack command.</summary>
    string OpenStackEnvironment { get; }

    /// <summary>Takes away all that came of the demonstration, while the cloud controller still runs; <see langword="null"/> where it never did.</summary>
    Task RemoveAsync(DemoProgress progress, KubectlProcess kubectl, Task? controller, CancellationToken cancellationToken);
}
