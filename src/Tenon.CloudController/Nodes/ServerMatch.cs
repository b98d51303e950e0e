using System.Collections.Immutable;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;

namespace Tenon.CloudController.Nodes;

/// <summary>Which server a node is: by its provider ID where it has one, else by its name.</summary>
public abstract record ServerMatch
{
    private ServerMatch()
    {
    }

    /// <summary>Finds a node's server.</summary>
    /// <param name="node">The node.</param>
    /// <param name="servers">A complete list of the project's servers.</param>
    /// <param name="region">The region that was listed.</param>
    public static ServerMatch Find(Node node, ServerInventory servers, string region)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(servers);
        if (!string.IsNullOrEmpty(node.Spec.ProviderId))
        {
            if (!ProviderId.TryParse(node.Spec.ProviderId, out ProviderId? id)) return new Elsewhere();
            if (id.Region.Length > 0 && id.Region != region) return new Elsewhere();
            return servers.ById(id.ServerId) is { } server ? new Found(server) : new Gone(id.ServerId);
        }

        ImmutableArray<Server> named = servers.ByName(node.Metadata.Name);
        return named.Length == 1 ? new Found(named[0]) : new Impossible(named);
    }

    /// <summary>There is exactly one.</summary>
    /// <param name="Server">The server.</param>
    public sealed record Found(Server Server) : ServerMatch;

    /// <summary>The server of the provider ID is not there any more.</summary>
    /// <param name="ServerId">The server.</param>
    public sealed record Gone(string ServerId) : ServerMatch;

    /// <summary>The provider ID is another cloud's or another region's: not ours to look after.</summary>
    public sealed record Elsewhere : ServerMatch;

    /// <summary>No server, or several, have the node's name.</summary>
    /// <param name="Servers">Those that have it.</param>
    public sealed record Impossible(ImmutableArray<Server> Servers) : ServerMatch;
}
