using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.VirtualNetworks;

/// <summary>The Kubernetes side of virtual networks.</summary>
/// <param name="Networks">The VirtualNetworks.</param>
/// <param name="PodPorts">The PodPorts, with index <see cref="VirtualNetworkReconciler.ByNetwork"/>.</param>
/// <param name="Writer">Writes VirtualNetworks.</param>
/// <param name="Events">Takes events.</param>
public sealed record VirtualNetworkCluster(ILister<VirtualNetwork> Networks, ILister<PodPort> PodPorts, VirtualNetworkWriter Writer, IEventRecorder Events);

/// <summary>Gives every VirtualNetwork its Neutron network, and takes it away again once no pod is on it.</summary>
public sealed partial class VirtualNetworkReconciler : IReconciler, IDisposable
{
    /// <summary>The index of PodPorts by the virtual network that they are on.</summary>
    public const string ByNetwork = "network";

    private static readonly TimeSpan s_listAge = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_refusedPause = TimeSpan.FromSeconds(30);

    private const int MaxPasses = 10;
    private const string NoRouter = "none";

    private readonly NetworkOptions _options;
    private readonly CloudNetworks _cloud;
    private readonly VirtualNetworkCluster _cluster;
    private readonly TimeProvider _time;
    private readonly ILogger<VirtualNetworkReconciler> _logger;
    private readonly ConcurrentDictionary<NamespacedName, EquatableArray<SubnetWish>> _chosen = [];
    private readonly ConcurrentDictionary<NamespacedName, VirtualNetworkStatus> _published = [];
    private readonly SemaphoreSlim _choosing = new(1);

    /// <summary>Stores what is given.</summary>
    public VirtualNetworkReconciler(NetworkOptions options, CloudNetworks cloud, VirtualNetworkCluster cluster, TimeProvider time, ILogger<VirtualNetworkReconciler> logger)
        => (_options, _cloud, _cluster, _time, _logger) = (options, cloud, cluster, time, logger);

    /// <summary>The controller with its queue and triggers.</summary>
    public static Controller CreateController(
        VirtualNetworkReconciler reconciler, Informer<VirtualNetwork> networks, Informer<PodPort> podPorts, NetworkOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(networks);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggers);
        var settings = new ControllerOptions { Workers = 8, ResyncPeriod = options.ResyncPeriod, Queue = new() { MaxBackoff = options.MaxBackoff } };
        var controller = new Controller("virtual-network", reconciler, settings, time, loggers.CreateLogger<Controller>());
        return controller
            .Watches(networks, Matters)
            .Watches(podPorts, change =>
            {
                // The number of pods is for people: many that come or go together are counted once.
                if (change is not InformerChange<PodPort>.Updated) controller.EnqueueAfter(NamespacedName.Parse(change.Current.Spec.Network), TimeSpan.FromSeconds(1), WorkPriority.Low);
                return [];
            })
            .Resyncs(() => networks.List().Select(n => n.Metadata.Key));
    }

    /// <summary>What this controller writes to the status itself is no reason to look again: it would undo every pause.</summary>
    private static bool Matters(InformerChange<VirtualNetwork> change) => change is not InformerChange<VirtualNetwork>.Updated({ Metadata: var old }, { Metadata: var now })
        || old.Uid != now.Uid || old.Generation != now.Generation || old.IsBeingDeleted != now.IsBeingDeleted || !old.Finalizers.SequenceEqual(now.Finalizers);

    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_cluster.Networks.Get(key) is not { } network)
        {
            _chosen.TryRemove(key, out _);
            _published.TryRemove(key, out _);
            _blocked.TryRemove(key, out _);
            return Outcome.Done;
        }

        try
        {
            return network.Metadata.IsBeingDeleted ? await RemoveAsync(network, cancellationToken) : await EnsureAsync(network, cancellationToken);
        }
        catch (OpenStackException e)
        {
            // A quota refuses before anything is done: what was listed still holds.
            if (e.Kind is not OpenStackErrorKind.Quota) _cloud.Invalidate();
            // Without the request's ID, which is another each time: the log has it.
            await WriteAsync(network, network.Status ?? new(), false, $"Cloud{e.Kind}", $"{e.Operation}: {e.ServiceMessage}", cancellationToken);
            if (e.IsTransient) throw;
            LogRefused(key, e);
            return new Outcome.Waiting("the cloud to allow it", s_refusedPause);
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.Conflict or KubernetesFailure.NotFound)
        {
            return new Outcome.Waiting("the object's newest state", TimeSpan.FromMilliseconds(250));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _choosing.Dispose();

    private async Task<Outcome> EnsureAsync(VirtualNetwork network, CancellationToken cancellationToken)
    {
        NamespacedName key = network.Metadata.Key;
        await _cloud.EnsureAsync(network.Status?.NetworkId is null ? s_listAge : _options.ResyncPeriod / 2, cancellationToken);
        if (network.Spec.NetworkRef is { Length: > 0 } reference) return await BindAsync(network, reference, cancellationToken);
        network = await _cluster.Writer.AddFinalizerAsync(network, cancellationToken);
        string mark = NetworkMarks.Network(_options.ClusterName, key);
        (string? routerId, Outcome.Refused? refused) = RouterOf(network.Spec.Router ?? _options.Router);
        if (refused is not null) return await RefuseAsync(network, refused, cancellationToken);
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            NetworkSight sight = _cloud.Find(mark, null, Known(network)).Sight;
            (EquatableArray<SubnetWish> subnets, string? problem) = await RangesAsync(key, network.Spec, sight, cancellationToken);
            if (key == _options.ServiceNetwork && !_options.ServiceCidrs.IsEmpty) subnets = [.. subnets.Select(s => s with { ForServices = true })];
            if (problem is not null) return await RefuseAsync(network, new("NoRange", problem), cancellationToken);
            var wish = new NetworkWish(NetworkMarks.Title(_options.ClusterName, key), mark, subnets, routerId, network.Spec.Mtu);
            Plan<NetworkChange> plan = VirtualNetworkPlanner.Plan(wish, sight);
            if (plan.Then is Outcome.Refused no) return await RefuseAsync(network, no, cancellationToken);
            if (plan.IsEmpty)
            {
                _chosen.TryRemove(key, out _);
                await PublishAsync(network, sight, routerId, cancellationToken);
                return await CollectAsync(network, mark, sight, cancellationToken);
            }

            await ApplyAsync(key, plan, cancellationToken);
        }

        throw new InvalidOperationException($"VirtualNetwork {key}: the plan did not become empty in {MaxPasses} passes.");
    }

    private async Task<Outcome> BindAsync(VirtualNetwork network, string reference, CancellationToken cancellationToken)
    {
        (NetworkSight sight, int found) = _cloud.Find(null, reference, Known(network));
        if (found != 1)
        {
            return await RefuseAsync(network, new(found == 0 ? "NetworkNotFound" : "NetworkAmbiguous",
                found == 0 ? $"spec.networkRef \"{reference}\": the project sees no such network" : $"spec.networkRef \"{reference}\": {found} networks have this name; write an ID"), cancellationToken);
        }

        if (sight.Subnets.IsEmpty) return await RefuseAsync(network, new("NoRange", $"spec.networkRef \"{reference}\": the network has no subnet"), cancellationToken);
        await PublishAsync(network, sight, sight.Legs is [var leg, ..] ? leg.RouterId : null, cancellationToken);
        return Outcome.Done;
    }

    private async Task ApplyAsync(NamespacedName key, Plan<NetworkChange> plan, CancellationToken cancellationToken)
    {
        foreach (NetworkChange change in plan.Changes)
        {
            LogChange(key, change);
            await _cloud.ApplyAsync(change, cancellationToken);
        }
    }

    /// <summary>The subnets that there should be: those that are there stay as they are, and two networks never choose the same range.</summary>
    private async Task<(EquatableArray<SubnetWish> Subnets, string? Problem)> RangesAsync(
        NamespacedName key, VirtualNetworkSpec spec, NetworkSight sight, CancellationToken cancellationToken)
    {
        List<SubnetPool> pools = [];
        IEnumerable<string> named = spec.SubnetPools.Count > 0 ? spec.SubnetPools : _options.SubnetPools;
        foreach (string name in named)
        {
            if (_cloud.Pools.FirstOrDefault(p => p.Id == name || p.Name == name) is not { } pool) return ([], $"the project sees no subnet pool \"{name}\"");
            pools.Add(pool);
        }

        await _choosing.WaitAsync(cancellationToken);
        try
        {
            if (_chosen.TryGetValue(key, out EquatableArray<SubnetWish> before) && spec.Cidrs.Count == 0) return (Kept(before, sight), null);
            IEnumerable<string> promised = _chosen.Where(c => c.Key != key).SelectMany(c => c.Value).Select(w => w.Cidr).OfType<string>();
            bool complete = spec.Cidrs.Count == 0 && !sight.Subnets.IsEmpty && sight.Subnets.Count >= Math.Max(1, pools.Count > 0 ? pools.Count : _options.Ranges.Count);
            if (complete) return ([.. sight.Subnets.Select(s => new SubnetWish(s.IpVersion, null, null))], null);
            (EquatableArray<SubnetWish> subnets, string? problem) = VirtualNetworkPlanner.Ranges(spec.Cidrs, pools, _options, [.. _cloud.Ranges, .. promised]);
            if (problem is null) _chosen[key] = subnets;
            return (spec.Cidrs.Count == 0 ? Kept(subnets, sight) : subnets, problem);
        }
        finally
        {
            _choosing.Release();
        }
    }

    private static EquatableArray<SubnetWish> Kept(EquatableArray<SubnetWish> wishes, NetworkSight sight)
        => [.. wishes.Select(w => sight.Subnets.Any(s => s.IpVersion == w.IpVersion) ? new(w.IpVersion, null, null) : w)];

    private (string? RouterId, Outcome.Refused? Refused) RouterOf(string? reference)
    {
        if (reference == NoRouter) return (null, null);
        if (reference is null)
        {
            return _cloud.Routers.Count <= 1
                ? (_cloud.Routers is [var only] ? only.Id : null, null)
                : (null, new("RouterAmbiguous", $"there are several routers ({string.Join(", ", _cloud.Routers.Select(r => r.Name).Order(StringComparer.Ordinal))}): write spec.router, or configure one with --router"));
        }

        Router[] found = [.. _cloud.Routers.Where(r => r.Id == reference || r.Name == reference)];
        return found.Length == 1 ? (found[0].Id, null) : (null, new(found.Length == 0 ? "RouterNotFound" : "RouterAmbiguous",
            found.Length == 0 ? $"the project sees no router \"{reference}\"" : $"{found.Length} routers are called \"{reference}\": write an ID"));
    }

    private async Task PublishAsync(VirtualNetwork network, NetworkSight sight, string? routerId, CancellationToken cancellationToken)
    {
        NamespacedName key = network.Metadata.Key;
        var status = new VirtualNetworkStatus
        {
            NetworkId = sight.Network!.Id,
            // At most one a family: the first.
            Subnets = [.. sight.Subnets.DistinctBy(s => s.IpVersion).Select(Published)],
            RouterId = routerId,
            RoutedCidrs = routerId is null ? [] : [.. _cloud.RangesBehind(routerId, exceptMarks: $"{NetworkMarks.Cluster(_options.ClusterName)}:")],
            Mtu = sight.Network.Mtu,
            Isolation = network.Spec.Isolation ?? (key == _options.DefaultNetwork || key == _options.ServiceNetwork ? "Open" : "Isolated"),
            Pods = _cluster.PodPorts.Find(ByNetwork, key.ToString()).Count,
        };
        _published[key] = status;
        await WriteAsync(network, status, true, "Ready", $"network {sight.Network.Id} is ready", cancellationToken);
    }

    private static VirtualSubnet Published(Subnet subnet) => new()
    {
        Id = subnet.Id,
        Cidr = subnet.Cidr,
        Gateway = subnet.GatewayIp,
        DnsNameservers = [.. subnet.DnsNameservers],
        HostRoutes = [.. subnet.HostRoutes.Select(r => new PodPortRoute { Destination = r.Destination, NextHop = r.NextHop })],
    };

    /// <summary>What was published last; the cache may not show it yet.</summary>
    private VirtualNetworkStatus? Known(VirtualNetwork network) => _published.GetValueOrDefault(network.Metadata.Key) ?? network.Status;

    private async Task<Outcome> RefuseAsync(VirtualNetwork network, Outcome.Refused refused, CancellationToken cancellationToken)
    {
        _cluster.Events.Record(ObjectReference.To(network), EventType.Warning, refused.Reason, refused.Message);
        bool working = refused.Reason == "RangeFixed" && network.Status?.NetworkId is not null;
        await WriteAsync(network, network.Status ?? new(), working, refused.Reason, refused.Message, cancellationToken);
        return refused;
    }

    private Task<bool> WriteAsync(VirtualNetwork network, VirtualNetworkStatus status, bool ready, string reason, string message, CancellationToken cancellationToken)
        => _cluster.Writer.WriteStatusAsync(network, status, ready, reason, message, cancellationToken);

    [LoggerMessage(Level = LogLevel.Information, Message = "VirtualNetwork {Network}: {Change}")]
    private partial void LogChange(NamespacedName network, NetworkChange change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VirtualNetwork {Network}: the cloud refuses it")]
    private partial void LogRefused(NamespacedName network, Exception exception);
}
