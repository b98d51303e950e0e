using System.Collections.Frozen;
using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudControllers;

/// <summary>The nodes as they will be once what is planned for them was done: what routes and load balancers are planned on.</summary>
/// <param name="nodes">All of them.</param>
internal sealed class PlannedNodes(IEnumerable<Node> nodes) : ILister<Node>
{
    private readonly FrozenDictionary<NamespacedName, Node> _nodes = nodes.ToFrozenDictionary(n => n.Metadata.Key);

    /// <inheritdoc/>
    public IReadOnlyCollection<Node> List() => _nodes.Values;

    /// <inheritdoc/>
    public Node? Get(NamespacedName key) => _nodes.GetValueOrDefault(key);

    /// <inheritdoc/>
    public IReadOnlyCollection<Node> Find(string index, string value) => throw new ArgumentException($"There is no index {index}.", nameof(index));
}
