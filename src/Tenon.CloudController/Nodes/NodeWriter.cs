using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudController.Nodes;

/// <summary>Writes what the controllers may change of nodes. Failures are <see cref="KubernetesException"/>s.</summary>
public interface INodeWriter
{
    /// <summary>
    /// Leads a node from one state to another, if it is still in the first; returns it as it is stored.
    /// </summary>
    /// <param name="before">The node as it was read.</param>
    /// <param name="after">The node as it should be.</param>
    /// <param name="status">Whether the difference is in the status, which is a part of its own.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<Node> WriteAsync(Node before, Node after, bool status, CancellationToken cancellationToken);

    /// <summary>Sets one condition; the others stay, whatever happened to the node meanwhile.</summary>
    Task SetConditionAsync(Node node, Condition condition, CancellationToken cancellationToken);

    /// <summary>Deletes this very node, not one that registered anew under its name.</summary>
    Task DeleteAsync(Node node, CancellationToken cancellationToken);
}

/// <summary>Writes nodes through the Kubernetes API, with patches of nothing but the difference.</summary>
public sealed class KubernetesNodeWriter(KubernetesClient client) : INodeWriter
{
    /// <inheritdoc/>
    public async Task<Node> WriteAsync(Node before, Node after, bool status, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(before);
        if (Patch.Between(before, after, ifUnchanged: true) is not { } patch) return before;
        return await client.PatchAsync<Node>(before.Metadata.Key, patch, cancellationToken, new WriteOptions { Subresource = status ? "status" : null });
    }

    /// <inheritdoc/>
    public Task SetConditionAsync(Node node, Condition condition, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        var body = new JsonObject { ["status"] = new JsonObject { ["conditions"] = new JsonArray(KubernetesJson.ToNode(condition)) } };
        return client.PatchAsync<Node>(node.Metadata.Key, Patch.Strategic(body), cancellationToken, new WriteOptions { Subresource = "status" });
    }

    /// <inheritdoc/>
    public Task DeleteAsync(Node node, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        return client.DeleteAsync<Node>(node.Metadata.Key, cancellationToken, new DeleteOptions { Uid = node.Metadata.Uid });
    }
}
