using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudController.Nodes;

/// <summary>
/// Keeps nodes in accord with their servers: initialises new ones, follows addresses, taints those that are shut down, deletes those whose
/// server is gone. The cloud is read in bulk through <see cref="CloudMachines"/>; no node costs a call of its own, except the one that
/// makes sure of a server's absence before its node is deleted.
/// </summary>
public sealed partial class NodeReconciler : IReconciler
{
    private static readonly TimeSpan FreshForNewNodes = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CloudPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ConflictPause = TimeSpan.FromMilliseconds(500);

    private readonly NodeReconcilerOptions _options;
    private readonly ILister<Node> _nodes;
    private readonly INodeWriter _writer;
    private readonly CloudMachines _cloud;
    private readonly IEventRecorder _events;
    private readonly ILogger<NodeReconciler> _logger;
    private readonly ConcurrentDictionary<NamespacedName, Told> _told = new();

    /// <summary>Stores what is given.</summary>
    public NodeReconciler(
        NodeReconcilerOptions options, ILister<Node> nodes, INodeWriter writer, CloudMachines cloud, IEventRecorder events, ILogger<NodeReconciler> logger)
    {
        _options = options;
        _nodes = nodes;
        _writer = writer;
        _cloud = cloud;
        _events = events;
        _logger = logger;
    }

    private TimeProvider Time => _cloud.Time;

    /// <summary>Whether a change of a node is one that a pass could answer to: heartbeats and most of a kubelet's writes are not.</summary>
    public static bool Matters(InformerChange<Node> change)
    {
        if (change is not InformerChange<Node>.Updated(var old, var now)) return true;
        return old.Spec.ProviderId != now.Spec.ProviderId
            || old.Metadata.IsBeingDeleted != now.Metadata.IsBeingDeleted
            || NodePlanner.IsReady(old) != NodePlanner.IsReady(now)
            || !old.Spec.Taints.Select(t => t.Key).SequenceEqual(now.Spec.Taints.Select(t => t.Key))
            || !old.Status.Addresses.SequenceEqual(now.Status.Addresses)
            || NodeLabelKeys.Any(key => old.Metadata.Labels.GetValueOrDefault(key) != now.Metadata.Labels.GetValueOrDefault(key))
            || old.Metadata.Annotations.GetValueOrDefault(NodeKeys.ProvidedNodeIp) != now.Metadata.Annotations.GetValueOrDefault(NodeKeys.ProvidedNodeIp);
    }

    /// <summary>The controller with its queue and triggers: live changes that matter, and a resync of all nodes.</summary>
    public static Controller CreateController(NodeReconciler reconciler, Informer<Node> nodes, NodeReconcilerOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(nodes);
        return new Controller("node", reconciler, new ControllerOptions { Workers = options.Workers, ResyncPeriod = options.StatusPeriod }, time, loggers.CreateLogger<Controller>())
            .Watches(nodes, Matters)
            .Resyncs(() => nodes.List().Select(n => n.Metadata.Key));
    }

    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        Node? node = _nodes.Get(key);
        if (node is null)
        {
            _told.TryRemove(key, out _);
            return Outcome.Done;
        }

        NodePlan plan;
        try
        {
            plan = await PlanAsync(node, cancellationToken);
        }
        catch (CloudReadException exception)
        {
            // Every node would say the same: only those that wait for the cloud do.
            if (NodePlanner.IsUninitialized(node)) Tell(node, [new(EventType.Warning, "CloudUnreadable", $"The node stays uninitialised: {exception.Message}")]);
            return new Outcome.Waiting("the cloud to answer", CloudPause);
        }

        Tell(node, plan.Notices);
        Outcome? interrupted = await ApplyAsync(node, plan.Plan, cancellationToken);
        return interrupted ?? Following(node, plan.Plan.Then);
    }

    /// <summary>What a pass over a node would change now, without changing anything.</summary>
    public async Task<NodePlan> PlanAsync(Node node, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        if (node.Metadata.IsBeingDeleted) return new(new([], Outcome.Done), []);
        DateTimeOffset now = Time.GetUtcNow();
        Reading<ServerInventory> servers = await _cloud.ServersAsync(OldestServers(node, now), cancellationToken);
        Reading<PortInventory> ports = await PortsAsync(node, now, cancellationToken);
        NodePlan plan = NodePlanner.Plan(node, servers.Value, ports.Value, _options.Planner);

        // A new node's server or address may be younger than what was read for others.
        DateTimeOffset? created = node.Metadata.CreationTimestamp;
        bool mayBeYounger = plan.Plan.Then is Outcome.Waiting && created is not null && (servers.BegunAt <= created || ports.BegunAt <= created);
        if (!mayBeYounger) return plan;
        servers = await _cloud.ServersAsync(now, cancellationToken);
        ports = await _cloud.PortsAsync(now, cancellationToken);
        return NodePlanner.Plan(node, servers.Value, ports.Value, _options.Planner);
    }

    private static readonly string[] NodeLabelKeys =
    [
        NodeKeys.Zone, NodeKeys.BetaZone, NodeKeys.Region, NodeKeys.BetaRegion, NodeKeys.InstanceType, NodeKeys.BetaInstanceType, NodeKeys.ExcludeFromLifecycle,
    ];

    private DateTimeOffset OldestServers(Node node, DateTimeOffset now)
    {
        if (_options.Planner.Initialize && NodePlanner.IsUninitialized(node)) return now - FreshForNewNodes;
        DateTimeOffset usual = now - (_options.StatusPeriod / 2);
        if (!_options.Planner.Lifecycle || NodePlanner.IsReady(node)) return usual;

        // Not ready: what was read before it became so says nothing about why.
        DateTimeOffset since = NotReadySince(node) ?? now;
        DateTimeOffset recent = now - NotReadyPoll(now - since);
        return since > now ? recent : since > recent ? since : recent;
    }

    private Task<Reading<PortInventory>> PortsAsync(Node node, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!_options.Planner.Initialize) return Task.FromResult(new Reading<PortInventory>(PortInventory.Empty, now));
        TimeSpan age = NodePlanner.IsUninitialized(node) ? FreshForNewNodes : _options.StatusPeriod / 2;
        return _cloud.PortsAsync(now - age, cancellationToken);
    }

    private Outcome Following(Node node, Outcome then)
    {
        bool watch = _options.Planner.Lifecycle && then is Outcome.Settled && !NodePlanner.IsReady(node)
            && !node.Metadata.IsBeingDeleted && !string.IsNullOrEmpty(node.Spec.ProviderId);
        if (!watch) return then;
        DateTimeOffset now = Time.GetUtcNow();
        return new Outcome.Waiting("the kubelet to become ready, or its server to be gone", NotReadyPoll(now - (NotReadySince(node) ?? now)));
    }

    private static DateTimeOffset? NotReadySince(Node node)
        => node.Status.Conditions.FirstOrDefault(c => c.Type == "Ready")?.LastTransitionTime ?? node.Metadata.CreationTimestamp;

    /// <summary>How often the (shared) list of servers is read for a node that is not ready: the longer it is not, the more seldom.</summary>
    internal static TimeSpan NotReadyPoll(TimeSpan notReadyFor)
        => notReadyFor < TimeSpan.FromMinutes(10) ? TimeSpan.FromSeconds(20)
            : notReadyFor < TimeSpan.FromHours(1) ? TimeSpan.FromMinutes(1)
            : TimeSpan.FromMinutes(5);

    private async Task<Outcome?> ApplyAsync(Node node, Plan<NodeChange> plan, CancellationToken cancellationToken)
    {
        Node current = node;
        try
        {
            foreach (NodeChange change in plan.Changes)
            {
                switch (change)
                {
                    case NodeChange.SetAddresses or NodeChange.Update:
                        current = await _writer.WriteAsync(current, change.ApplyTo(current)!, status: change is NodeChange.SetAddresses, cancellationToken);
                        LogChanged(node.Metadata.Name, change);
                        break;
                    case NodeChange.Delete delete:
                        if (await DeleteAsync(current, delete, cancellationToken) is { } kept) return kept;
                        break;
                    default:
                        throw new InvalidOperationException($"Unknown change {change}.");
                }
            }
        }
        catch (KubernetesException exception) when (exception.Failure == KubernetesFailure.Conflict)
        {
            return new Outcome.Waiting("the newer version of the node", ConflictPause);
        }
        catch (KubernetesException exception) when (exception.Failure == KubernetesFailure.NotFound)
        {
            return Outcome.Done;
        }

        return null;
    }

    private async Task<Outcome?> DeleteAsync(Node node, NodeChange.Delete delete, CancellationToken cancellationToken)
    {
        if (await _cloud.ServerExistsAsync(delete.ServerId, cancellationToken))
        {
            Tell(node, [new(EventType.Warning, "ServerNotListed", $"Server {delete.ServerId} exists but is missing from the list of servers, so the node is kept. A part of Nova may be down.")]);
            return new Outcome.Waiting("the server to be listed again", NotReadyPoll(TimeSpan.Zero));
        }

        await _writer.DeleteAsync(node, cancellationToken);
        LogChanged(node.Metadata.Name, delete);
        return null;
    }

    private void Tell(Node node, EquatableArray<NodeNotice> notices)
    {
        // The same complaint is told again only after a while, however often the node is looked at.
        DateTimeOffset now = Time.GetUtcNow();
        NamespacedName key = node.Metadata.Key;
        if (notices.IsEmpty)
        {
            _told.TryRemove(key, out _);
            return;
        }

        var reasons = notices.Select(n => n.Reason).ToEquatableArray();
        if (_told.TryGetValue(key, out Told? told) && told.Reasons == reasons && now - told.At < _options.StatusPeriod) return;
        _told[key] = new Told(reasons, now);
        foreach (NodeNotice notice in notices) _events.Record(ObjectReference.To(node), notice.Type, notice.Reason, notice.Message);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node}: {Change}")]
    private partial void LogChanged(string node, NodeChange change);

    private sealed record Told(EquatableArray<string> Reasons, DateTimeOffset At);
}
