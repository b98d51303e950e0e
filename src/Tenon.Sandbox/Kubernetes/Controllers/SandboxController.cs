using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>
/// A control loop of the cluster. It is level-triggered: events only say which key to look at, and <see cref="Reconcile"/> compares what is with what should be.
/// </summary>
internal abstract class SandboxController(ClusterAccess cluster)
{
    /// <summary>The name that <c>--controllers</c> knows it by.</summary>
    public abstract string Name { get; }

    /// <summary>What it watches.</summary>
    public abstract IReadOnlyList<GroupResource> Watches { get; }

    /// <summary>The cluster.</summary>
    protected ClusterAccess Cluster { get; } = cluster;

    /// <summary>The keys that a change concerns.</summary>
    public abstract IEnumerable<NamespacedName> Affected(StoreEvent change);

    /// <summary>Brings one key a step nearer to what it should be.</summary>
    /// <returns>When to look again though nothing changes; null: not before something does.</returns>
    public abstract TimeSpan? Reconcile(NamespacedName key);
}
