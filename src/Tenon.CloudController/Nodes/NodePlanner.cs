using System.Collections.Immutable;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;

namespace Tenon.CloudController.Nodes;

/// <summary>
/// Decides what a node needs: a pure function of the node, the servers and the ports. Planning again after the plan was applied gives
/// nothing.
/// </summary>
public static class NodePlanner
{
    /// <summary>How long a node waits for what only its cloud or its operator can mend, before the (shared) lists are read again.</summary>
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(30);

    private static readonly string[] ShutdownStatuses = [ServerStatus.Shutoff, "SHELVED", ServerStatus.ShelvedOffloaded];

    /// <summary>Plans one node.</summary>
    /// <param name="node">The node as Kubernetes has it.</param>
    /// <param name="servers">A complete list of the project's servers.</param>
    /// <param name="ports">A complete list of the project's ports.</param>
    /// <param name="options">How nodes are tied to servers.</param>
    public static NodePlan Plan(Node node, ServerInventory servers, PortInventory ports, NodePlannerOptions options)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(servers);
        ArgumentNullException.ThrowIfNull(ports);
        ArgumentNullException.ThrowIfNull(options);
        if (node.Metadata.IsBeingDeleted) return Nothing(Outcome.Done);
        return ServerMatch.Find(node, servers, options.Region) switch
        {
            ServerMatch.Found found => PlanFound(node, found.Server, ports, options),
            ServerMatch.Gone gone => PlanGone(node, gone.ServerId, servers, options),
            ServerMatch.Elsewhere => PlanElsewhere(node, options),
            ServerMatch.Impossible impossible => PlanImpossible(node, impossible, options),
            var other => throw new InvalidOperationException($"Unknown match {other}."),
        };
    }

    /// <summary>Whether the kubelet still waits for a cloud controller.</summary>
    public static bool IsUninitialized(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Spec.Taints.Any(t => t.Key == NodeKeys.Uninitialized);
    }

    /// <summary>Whether the kubelet says that it can run pods.</summary>
    public static bool IsReady(Node node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return node.Status.Conditions.FirstOrDefault(c => c.Type == "Ready")?.Status == "True";
    }

    private static NodePlan PlanFound(Node node, Server server, PortInventory ports, NodePlannerOptions options)
    {
        var notices = ImmutableArray.CreateBuilder<NodeNotice>();
        var changes = ImmutableArray.CreateBuilder<NodeChange>();
        bool uninitialized = IsUninitialized(node);
        Outcome then = Outcome.Done;
        string? providerId = null;
        IReadOnlyDictionary<string, string> labels = ImmutableDictionary<string, string>.Empty;
        bool initialize = false;
        if (options.Initialize)
        {
            then = PlanAddresses(node, server, ports, options, changes, notices);
            initialize = uninitialized && then is Outcome.Settled;
            if (initialize && string.IsNullOrEmpty(node.Spec.ProviderId))
                providerId = new ProviderId(options.RegionalProviderId ? options.Region : "", server.Id).ToString();
            if (initialize || !uninitialized) labels = NodeLabels.Plan(node, server, options.Region, initialize, notices);
        }

        (string[] remove, string[] add) = PlanTaints(node, server, options);
        var update = new NodeChange.Update
        {
            ProviderId = providerId,
            Labels = labels.OrderBy(l => l.Key, StringComparer.Ordinal).ToEquatableArray(),
            RemoveTaints = (initialize ? [NodeKeys.Uninitialized, .. remove] : remove).ToEquatableArray(),
            AddTaints = add.ToEquatableArray(),
        };
        if (!update.IsEmpty) changes.Add(update);
        if (initialize) notices.Add(new(EventType.Normal, "Synced", $"Initialised from server {server.Name} ({server.Id})."));
        if (add.Length > 0) notices.Add(new(EventType.Normal, "ServerShutDown", $"Server {server.Name} ({server.Id}) is {server.Status}."));
        return new(new(changes.ToImmutable(), then), notices.ToImmutable());
    }

    private static Outcome PlanAddresses(
        Node node, Server server, PortInventory ports, NodePlannerOptions options, ImmutableArray<NodeChange>.Builder changes, ImmutableArray<NodeNotice>.Builder notices)
    {
        bool uninitialized = IsUninitialized(node);
        ImmutableArray<NodeAddress> addresses = AddressPlanner.Addresses(server, ports, options.Networking);
        if (!addresses.Any(a => a.Type is NodeKeys.InternalIp or NodeKeys.ExternalIp))
        {
            if (!uninitialized) return Outcome.Done;
            string message = server.Status == ServerStatus.Build
                ? $"Server {server.Name} ({server.Id}) is still being built and has no address yet."
                : $"Server {server.Name} ({server.Id}) has no address that may become the node's. Attach an interface, or check internal-network-name, public-network-name and ipv6-support-disabled in [Networking] of cloud.conf.";
            notices.Add(new(EventType.Warning, "NoAddresses", message));
            return new Outcome.Waiting("an address of the server", RetryPeriod);
        }

        if (!addresses.Any(a => a.Type == NodeKeys.Hostname)) addresses = [.. addresses, .. node.Status.Addresses.Where(a => a.Type == NodeKeys.Hostname)];
        if (node.Metadata.Annotations.TryGetValue(NodeKeys.ProvidedNodeIp, out string? provided))
        {
            if (AddressPlanner.Enforce(provided, addresses, out string? complaint) is not { } enforced)
            {
                notices.Add(new(EventType.Warning, "InvalidNodeIP",
                    $"The kubelet's --node-ip \"{provided}\" cannot be used: {complaint}. Set --node-ip to an address of the server, or remove it."));
                return uninitialized ? new Outcome.Waiting("the address of --node-ip", RetryPeriod) : Outcome.Done;
            }

            addresses = enforced;
        }

        if (!addresses.SequenceEqual(node.Status.Addresses)) changes.Add(new NodeChange.SetAddresses(addresses));
        return Outcome.Done;
    }

    private static (string[] Remove, string[] Add) PlanTaints(Node node, Server server, NodePlannerOptions options)
    {
        if (!options.Lifecycle || IsExcluded(node)) return ([], []);
        bool tainted = node.Spec.Taints.Any(t => t.Key == NodeKeys.Shutdown);
        if (IsReady(node)) return (tainted ? [NodeKeys.Shutdown] : [], []);
        bool isShutDown = ShutdownStatuses.Contains(server.Status, StringComparer.Ordinal);
        return ([], isShutDown && !tainted ? [NodeKeys.Shutdown] : []);
    }

    private static NodePlan PlanGone(Node node, string serverId, ServerInventory servers, NodePlannerOptions options)
    {
        if (!options.Lifecycle || IsExcluded(node)) return Nothing(Outcome.Done);
        if (IsReady(node))
        {
            return Warn(Outcome.Done, "ServerNotFound",
                $"There is no server {serverId} in the project, yet the kubelet is ready; the node is deleted once it no longer is. Check that cloud.conf names the project of the nodes.");
        }

        if (servers.Count == 0)
        {
            return Warn(new Outcome.Waiting("a server in the project", RetryPeriod), "NoServersAtAll",
                $"The project has no server at all, so the node is kept although its server {serverId} is not found. Check that cloud.conf names the project of the nodes, or delete the node.");
        }

        return new(new([new NodeChange.Delete(serverId)], Outcome.Done),
            [new(EventType.Normal, "DeletingNode", $"Deleting the node: its server {serverId} is gone from the cloud.")]);
    }

    private static NodePlan PlanElsewhere(Node node, NodePlannerOptions options)
    {
        if (!options.Initialize || !IsUninitialized(node)) return Nothing(Outcome.Done);
        string providerId = node.Spec.ProviderId ?? "";
        string why = !ProviderId.TryParse(providerId, out _)
            ? "it is no provider ID of OpenStack"
            : $"it is of another region than {options.Region}";
        return Refuse("UnknownProviderID",
            $"The node's spec.providerID \"{providerId}\" is not looked up: {why}. The kubelet's --provider-id must be openstack:///SERVER-ID, or be left out.");
    }

    private static NodePlan PlanImpossible(Node node, ServerMatch.Impossible match, NodePlannerOptions options)
    {
        bool matters = options.Initialize && (IsUninitialized(node) || match.Servers.Length > 1);
        if (!matters) return Nothing(Outcome.Done);
        if (match.Servers.IsEmpty)
        {
            return Warn(new Outcome.Waiting($"a server named {node.Metadata.Name}", RetryPeriod), "ServerNotFound",
                $"No server of the project is named \"{node.Metadata.Name}\". Name the server like the node, or give the kubelet --provider-id=openstack:///SERVER-ID.");
        }

        string ids = string.Join(", ", match.Servers.Select(s => s.Id).Order(StringComparer.Ordinal));
        return Warn(new Outcome.Waiting($"a single server named {node.Metadata.Name}", RetryPeriod), "AmbiguousServerName",
            $"{match.Servers.Length} servers of the project are named \"{node.Metadata.Name}\": {ids}. Rename all but one, or give the kubelet --provider-id=openstack:///SERVER-ID.");
    }

    private static bool IsExcluded(Node node) => node.Metadata.Labels.ContainsKey(NodeKeys.ExcludeFromLifecycle);

    private static NodePlan Nothing(Outcome then) => new(new([], then), []);

    private static NodePlan Warn(Outcome then, string reason, string message) => new(new([], then), [new(EventType.Warning, reason, message)]);

    private static NodePlan Refuse(string reason, string message) => Warn(new Outcome.Refused(reason, message), reason, message);
}
