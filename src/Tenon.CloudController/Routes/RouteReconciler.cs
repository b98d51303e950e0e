using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Discovery;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Routes;

/// <summary>What the route reconciler asks of the cloud.</summary>
/// <param name="Routes">Changes routes.</param>
/// <param name="Ports">Changes ports.</param>
/// <param name="Networks">Reads subnets.</param>
/// <param name="Capabilities">Tells extensions.</param>
public sealed record RouteClients(IRouteClient Routes, IPortClient Ports, INetworkReader Networks, INetworkCapabilities Capabilities);

/// <summary>
/// Keeps the router's extra routes and the nodes' allowed address pairs in accord with all nodes' pod ranges. There is one key for the whole
/// cluster, so that one call serves many nodes.
/// </summary>
public sealed partial class RouteReconciler : IReconciler, IDisposable
{
    private const string ConditionType = "NetworkUnavailable";

    private static readonly TimeSpan GatherFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SurroundingsAge = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PortsAge = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CloudPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RefusedPause = TimeSpan.FromMinutes(1);

    private const int ParallelPorts = 8;

    // Every retry comes after the time in which changes are gathered: a shorter wait would be taken for success, and forgotten.
    private static readonly WorkQueueOptions Queue = new() { MinBackoff = 2 * GatherFor, MaxBackoff = TimeSpan.FromMinutes(2) };

    private readonly RouteSettings _settings;
    private readonly RouteClients _clients;
    private readonly CloudMachines _machines;
    private readonly RouteCluster _cluster;
    private readonly ILogger<RouteReconciler> _logger;
    private readonly SharedRead<Surroundings> _surroundings;
    private DateTimeOffset _lastPass;
    private EquatableArray<RouteNotice> _told;

    /// <summary>Stores what is given.</summary>
    public RouteReconciler(RouteSettings settings, RouteClients clients, CloudMachines machines, RouteCluster cluster, ILogger<RouteReconciler> logger)
    {
        _settings = settings;
        _clients = clients;
        _machines = machines;
        _cluster = cluster;
        _logger = logger;
        _surroundings = new SharedRead<Surroundings>(ReadSurroundingsAsync, machines.Time);
    }

    /// <summary>The only key.</summary>
    public static NamespacedName Key { get; } = new("", "routes");

    private TimeProvider Time => _machines.Time;

    /// <summary>Whether a change of a node may change routes.</summary>
    public static bool Matters(InformerChange<Node> change)
    {
        if (change is not InformerChange<Node>.Updated(var old, var now)) return true;
        return !old.Spec.PodCidrs.SequenceEqual(now.Spec.PodCidrs)
            || old.Spec.PodCidr != now.Spec.PodCidr
            || old.Spec.ProviderId != now.Spec.ProviderId
            || old.Metadata.IsBeingDeleted != now.Metadata.IsBeingDeleted
            || !old.Status.Addresses.SequenceEqual(now.Status.Addresses)
            || NodePlanner.IsUninitialized(old) != NodePlanner.IsUninitialized(now)
            || ConditionOf(old)?.Status != ConditionOf(now)?.Status;
    }

    /// <summary>The controller with its queue and triggers.</summary>
    public static Controller CreateController(RouteReconciler reconciler, Informer<Node> nodes, RouteSettings settings, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return new Controller("route", reconciler, new ControllerOptions { Workers = 1, ResyncPeriod = settings.Period, Queue = Queue }, time, loggers.CreateLogger<Controller>())
            .Watches(nodes, change => Matters(change) ? [Key] : [])
            .Resyncs(() => [Key]);
    }

    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Time.GetUtcNow();
        TimeSpan sinceLast = now - _lastPass;
        if (sinceLast >= TimeSpan.Zero && sinceLast < GatherFor) return new Outcome.Waiting("further nodes that change together", GatherFor - sinceLast);
        _lastPass = now;
        RoutePlan? plan;
        Observation seen;
        try
        {
            seen = await ObserveAsync(fresh: false, cancellationToken);
            if (seen.Router is null) return RouterMissing();
            plan = PlanOf(seen);
            bool isChanging = !plan.Plan.IsEmpty || plan.Nodes.Any(n => !n.Complete);
            if (isChanging && seen.PortsReadAt < now)
            {
                seen = await ObserveAsync(fresh: true, cancellationToken);
                if (seen.Router is null) return RouterMissing();
                plan = PlanOf(seen);
            }
        }
        catch (CloudReadException exception)
        {
            LogUnreadable(exception.Message);
            return new Outcome.Waiting("the cloud to answer", CloudPause);
        }

        var applied = await ApplyAsync(seen, plan, cancellationToken);
        Tell(seen.Nodes, [.. plan.Notices, .. applied.Notices]);
        await ReportAsync(seen.Nodes, plan, applied.Refused, cancellationToken);
        return applied.Then;
    }

    /// <summary>What a pass would change now, without changing anything; <see langword="null"/> when there is no such router.</summary>
    public async Task<RoutePlan?> PlanAsync(CancellationToken cancellationToken)
    {
        Observation seen = await ObserveAsync(fresh: true, cancellationToken);
        return seen.Router is null ? null : PlanOf(seen);
    }

    /// <inheritdoc/>
    public void Dispose() => _surroundings.Dispose();

    private RoutePlan PlanOf(Observation seen)
        => RoutePlanner.Plan(seen.Nodes, _settings.ClusterRanges, new RouteCloud(seen.Router!, seen.Surroundings.Subnets, seen.Ports, seen.Surroundings.HasAddressPairs));

    private async Task<Observation> ObserveAsync(bool fresh, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Time.GetUtcNow();
        Reading<Surroundings> surroundings = await _surroundings.GetAsync(now - SurroundingsAge, cancellationToken);
        Reading<PortInventory> ports = await _machines.PortsAsync(fresh ? now : now - PortsAge, cancellationToken);
        Router? router = await _clients.Routes.GetRouterAsync(_settings.RouterId, cancellationToken);
        return new Observation(_cluster.Nodes.List(), router, surroundings.Value, ports.Value, ports.BegunAt);
    }

    private async Task<Surroundings> ReadSurroundingsAsync(CancellationToken cancellationToken)
    {
        EquatableArray<Extension> extensions = await _clients.Capabilities.ListExtensionsAsync(cancellationToken);
        var subnetIds = new HashSet<string>(StringComparer.Ordinal);
        await foreach (Port port in _clients.Ports.ListPortsAsync(new PortQuery { DeviceIds = [_settings.RouterId] }, cancellationToken))
            if (port.DeviceOwner != "network:router_gateway") subnetIds.UnionWith(port.FixedIps.Select(ip => ip.SubnetId));
        var subnets = new List<AddressPrefix>();
        if (subnetIds.Count > 0)
        {
            await foreach (Subnet subnet in _clients.Networks.ListSubnetsAsync(new SubnetQuery { Ids = subnetIds.ToEquatableArray() }, cancellationToken))
                if (AddressPrefix.TryParse(subnet.Cidr, out AddressPrefix range)) subnets.Add(range);
        }

        bool Has(string alias) => extensions.Any(e => e.Alias == alias);
        return new Surroundings(subnets.ToEquatableArray(), Has("allowed-address-pairs"), Has("extraroute-atomic"));
    }

    private async Task<Applied> ApplyAsync(Observation seen, RoutePlan plan, CancellationToken cancellationToken)
    {
        var notices = new ConcurrentQueue<RouteNotice>();
        var refused = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var outdated = new ConcurrentQueue<RouteChange.SetAddressPairs>();

        // Each port is a call of its own: those of many new nodes go out side by side.
        await Parallel.ForEachAsync(
            plan.Plan.Changes.OfType<RouteChange.SetAddressPairs>(),
            new ParallelOptions { MaxDegreeOfParallelism = ParallelPorts, CancellationToken = cancellationToken },
            async (pairs, token) =>
            {
                if (!await WritePairsAsync(pairs, plan, notices, refused, token)) outdated.Enqueue(pairs);
            });
        HashSet<string> kept = [.. outdated.SelectMany(p => p.Removed)];
        foreach (RouteChange.SetRoutes planned in plan.Plan.Changes.OfType<RouteChange.SetRoutes>())
        {
            // Pairs are taken away by the routes that go with them: a route whose pair is still there is left for the next pass.
            RouteChange.SetRoutes routes = planned with { Remove = [.. planned.Remove.Where(r => !kept.Contains(r.Destination))] };
            if (routes.Add.IsEmpty && routes.Remove.IsEmpty) continue;
            var writer = new RouteWriter(_clients.Routes, seen.Surroundings.IsAtomic);
            await writer.WriteAsync(seen.Router!, routes, cancellationToken);
            LogChanged(routes);
            foreach ((Route route, OpenStackException why) in writer.Refused)
            {
                refused[route.Destination] = true;
                CloudFailure failure = CloudFailure.Explain(why);
                foreach (string node in NodesOf(plan, [route.Destination]))
                {
                    notices.Enqueue(new RouteNotice(node, EventType.Warning, "FailedToCreateRoute",
                        $"Pod range {route.Destination} gets no route via {route.NextHop}: {failure.Message}. Check max_routes of Neutron and that the address is on a subnet of router {routes.RouterId}."));
                }
            }
        }

        if (plan.Plan.Changes.Any(c => c is RouteChange.SetAddressPairs)) _machines.InvalidatePorts();
        Outcome then = !outdated.IsEmpty ? new Outcome.Waiting("the newer version of a port", GatherFor)
            : !refused.IsEmpty ? new Outcome.Waiting("the cloud to take the routes that it refused", RefusedPause)
            : plan.Plan.Then;
        return new Applied(then, notices.OrderBy(n => n.Node, StringComparer.Ordinal).ToList(), [.. refused.Keys]);
    }

    /// <summary>Writes a port's pairs; <see langword="false"/> when the port changed meanwhile, so that it must be looked at again.</summary>
    private async Task<bool> WritePairsAsync(
        RouteChange.SetAddressPairs pairs, RoutePlan plan, ConcurrentQueue<RouteNotice> notices, ConcurrentDictionary<string, bool> refused, CancellationToken cancellationToken)
    {
        try
        {
            await _clients.Ports.UpdatePortAsync(pairs.PortId, new PortUpdate { AllowedAddressPairs = pairs.Pairs }, pairs.Revision, cancellationToken);
            LogChanged(pairs);
            return true;
        }
        catch (OpenStackException exception) when (exception.Status == HttpStatusCode.PreconditionFailed || exception.Kind == OpenStackErrorKind.NotFound)
        {
            return false;
        }
        catch (OpenStackException exception) when (!exception.IsTransient)
        {
            foreach (string range in pairs.Added) refused[range] = true;
            CloudFailure failure = CloudFailure.Explain(exception);
            LogPairsRefused(pairs, failure.Message);
            foreach (string node in NodesOf(plan, pairs.Added))
            {
                notices.Enqueue(new RouteNotice(node, EventType.Warning, "FailedToAllowPodCIDR",
                    $"Port {pairs.PortId} cannot be made to send from {string.Join(", ", pairs.Added)}: {failure.Message}. {failure.Fix} Neutron's max_allowed_address_pair may be too low."));
            }

            return true;
        }
    }

    private static IEnumerable<string> NodesOf(RoutePlan plan, IEnumerable<string> destinations)
        => plan.Nodes.Where(n => n.Routes.Any(r => destinations.Contains(r.Destination))).Select(n => n.Node);

    private void Tell(IReadOnlyCollection<Node> nodes, EquatableArray<RouteNotice> notices)
    {
        foreach (RouteNotice notice in notices.Except(_told))
        {
            if (nodes.FirstOrDefault(n => n.Metadata.Name == notice.Node) is { } node)
                _cluster.Events.Record(ObjectReference.To(node), notice.Type, notice.Reason, notice.Message);
        }

        _told = notices;
    }

    private async Task ReportAsync(IReadOnlyCollection<Node> nodes, RoutePlan plan, HashSet<string> refused, CancellationToken cancellationToken)
    {
        Dictionary<string, Node> byName = nodes.DistinctBy(n => n.Metadata.Name).ToDictionary(n => n.Metadata.Name, StringComparer.Ordinal);
        foreach (NodeRoutes routes in plan.Nodes)
        {
            Node node = byName[routes.Node];
            bool reachable = routes.Complete && !routes.Routes.Any(r => refused.Contains(r.Destination));
            string status = reachable ? "False" : "True";
            if (ConditionOf(node)?.Status == status) continue;

            // Its address comes with its initialisation, which is under way: a condition now would only make that one's write fail.
            if (!reachable && NodePlanner.IsUninitialized(node)) continue;
            var condition = new Condition
            {
                Type = ConditionType,
                Status = status,
                Reason = reachable ? "RouteCreated" : "NoRouteCreated",
                Message = reachable ? "The router has a route to each pod range of the node." : "A pod range of the node has no route; the node's events say why.",
                LastTransitionTime = Time.GetUtcNow(),
                LastHeartbeatTime = Time.GetUtcNow(),
            };
            try
            {
                await _cluster.Writer.SetConditionAsync(node, condition, cancellationToken);
            }
            catch (KubernetesException exception) when (exception.Failure == KubernetesFailure.NotFound)
            {
                LogNodeGone(node.Metadata.Name);
            }
        }
    }

    private static Condition? ConditionOf(Node node) => node.Status.Conditions.FirstOrDefault(c => c.Type == ConditionType);

    private Outcome.Refused RouterMissing()
    {
        var refused = new Outcome.Refused("RouterNotFound", $"There is no router {_settings.RouterId} that the project can see, so pods get no routes. Set router-id in [Route] of cloud.conf to the router of the nodes' subnet.");
        LogRefused(refused.Message);
        return refused;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Routes: {Change}")]
    private partial void LogChanged(RouteChange change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Routes are not looked after for now: {Why}")]
    private partial void LogUnreadable(string why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cloud refuses {Change}: {Why}")]
    private partial void LogPairsRefused(RouteChange change, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Why}")]
    private partial void LogRefused(string why);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Node {Node} is gone before its condition could be written")]
    private partial void LogNodeGone(string node);

    private sealed record Surroundings(EquatableArray<AddressPrefix> Subnets, bool HasAddressPairs, bool IsAtomic);

    private sealed record Observation(IReadOnlyCollection<Node> Nodes, Router? Router, Surroundings Surroundings, PortInventory Ports, DateTimeOffset PortsReadAt);

    private sealed record Applied(Outcome Then, List<RouteNotice> Notices, HashSet<string> Refused);
}

/// <summary>What the route reconciler asks of the cluster.</summary>
/// <param name="Nodes">The nodes.</param>
/// <param name="Writer">Writes conditions.</param>
/// <param name="Events">Takes events.</param>
public sealed record RouteCluster(ILister<Node> Nodes, INodeWriter Writer, IEventRecorder Events);
