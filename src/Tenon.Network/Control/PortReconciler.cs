using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Network.Policies;
using Tenon.Network.Ports;
using Tenon.Network.SecurityGroups;
using Tenon.Network.VirtualNetworks;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;

namespace Tenon.Network.Control;

/// <summary>What the port reconciler works with.</summary>
/// <param name="Ports">Ports.</param>
/// <param name="Trunks">Trunks.</param>
/// <param name="Groups">Security groups.</param>
/// <param name="Kubernetes">The API server.</param>
/// <param name="Caches">What Kubernetes wants.</param>
/// <param name="Events">Takes events.</param>
public sealed record PortClients(IPortClient Ports, ITrunkClient Trunks, ISecurityGroupClient Groups, KubernetesClient Kubernetes, NetworkCaches Caches, IEventRecorder Events);

/// <summary>
/// Gives every pod its port and every port its security groups. There is one key for the whole cluster, so that one call serves many pods.
/// </summary>
public sealed partial class PortReconciler : IReconciler
{
    private static readonly TimeSpan s_nodePause = TimeSpan.FromSeconds(30);

    private const int MaxPasses = 12;
    private const int DeletesPerPass = 100;

    private readonly NetworkOptions _options;
    private readonly NetworkCaches _caches;
    private readonly VirtualNetworkWriter _networkWriter;
    private readonly ILogger<PortReconciler> _logger;
    private readonly TimeProvider _time;
    private readonly CloudPorts _cloud;
    private readonly PodBook _pods;
    private readonly PolicyBook _policies;
    private readonly PortReporter _reporter;
    private readonly PortView _view;
    private readonly Dictionary<string, DateTimeOffset> _unused = [];
    private readonly HashSet<NamespacedName> _demanded = [];
    private HashSet<string> _knownNodes = [];
    private DateTimeOffset _listedAt;
    private DateTimeOffset _trunksAt;
    private bool _trunkless;

    /// <summary>Stores what is given.</summary>
    public PortReconciler(NetworkOptions options, PortClients clients, VirtualNetworkWriter networkWriter, TimeProvider time, ILogger<PortReconciler> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clients);
        (_options, _caches, _networkWriter, _time, _logger) = (options, clients.Caches, networkWriter, time, logger);
        _cloud = new(clients.Ports, clients.Trunks, clients.Groups, NetworkMarks.Cluster(options.ClusterName));
        _pods = new(options);
        _policies = new(options, clients.Caches, time);
        _reporter = new(clients.Events, clients.Caches.Pods, clients.Caches.Nodes);
        PodPorts = new(clients.Kubernetes, clients.Caches.PodPorts);
        _view = new(options, _cloud, PodPorts);
        Gathering = new(options, time);
    }

    /// <summary>The only key.</summary>
    public static NamespacedName Key { get; } = new("", "ports");

    /// <summary>How often policies were compiled.</summary>
    public int Compilations => _policies.Compilations;

    internal PodPortBook PodPorts { get; }

    internal Gathering Gathering { get; }

    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (Gathering.Wait() is { } wait)
        {
            // Their networks are made meanwhile.
            await DemandNetworksAsync(RefreshPods(), cancellationToken);
            return new Outcome.Waiting("further pods that come together", wait);
        }

        var failures = new Failures();
        try
        {
            await PodPorts.AskAsync(cancellationToken);
            await ObserveAsync(cancellationToken);
            Outcome outcome = await PassAsync(failures, cancellationToken);
            if (failures.First is null) return outcome;
        }
        catch (Exception e)
        {
            Distrust(e);
            throw;
        }

        Distrust(failures.First);
        return failures.First is OpenStackException { IsTransient: false } refused
            ? new Outcome.Waiting($"the cloud to allow it: {refused.Message}", _options.MaxBackoff)
            : throw failures.First!;
    }

    /// <summary>What a failed call has done is not known: everything is listed again before the next pass.</summary>
    private void Distrust(Exception failure)
    {
        _cloud.IsStale = true;
        if (failure is not OpenStackException { IsTransient: true } cloud) return;
        _reporter.TellAlso([.. PortProblems.OfWaiting(RefreshPods(), PodPorts.Get, cloud, _time.GetUtcNow())]);
    }

    private async Task ObserveAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        HashSet<string> nodes = [.. _caches.Nodes.List().Select(n => n.Metadata.Name)];
        if (_cloud.IsStale || now - _listedAt >= _options.ResyncPeriod)
        {
            await _cloud.RefreshAsync(cancellationToken);
            _view.Forget();
            (_listedAt, _trunksAt) = (now, now);
        }
        else if (!nodes.IsSubsetOf(_knownNodes) || (_trunkless && now - _trunksAt >= s_nodePause))
        {
            await _cloud.RefreshTrunksAsync(cancellationToken);
            _view.Forget();
            _trunksAt = now;
        }

        _knownNodes = nodes;
    }

    private async Task<Outcome> PassAsync(Failures failures, CancellationToken cancellationToken)
    {
        foreach ((NamespacedName pod, string node) in PodPorts.TakeChanged())
        {
            // A pod of the same name may wait on another node until the name is free.
            _view.Changed.Add(node);
            if (NodeOf(pod) is { } next) _view.Changed.Add(next);
        }

        List<PodEntry> pods = RefreshPods();
        List<PortProblem> problems = [.. _pods.Pods.Where(p => p.Choice.Problem is not null).Select(p => new PortProblem(p.Name, "NetworkNameInvalid", p.Choice.Problem!))];
        await DemandNetworksAsync(pods, cancellationToken);
        CompiledPolicies compiled = _policies.Compile(pods);
        foreach (Problem problem in compiled.Problems) LogPolicy(problem);
        bool grown = await GrowGroupsAsync(compiled, failures, cancellationToken);

        (Dictionary<string, PortNode> nodes, Dictionary<string, string> unable) = NodeBindings.Of(_caches.Nodes.List(), _cloud.Trunks, _cloud.Parents);
        _trunkless = unable.Count > 0;
        bool hidesHosts = nodes.Values.Any(n => n.Binding is NodeBinding.Ovs) && await _cloud.HidesHostsAsync(cancellationToken);
        problems.AddRange(PortProblems.OfNodes(_caches.Nodes.List(), nodes, unable, hidesHosts));
        bool quiet = Gathering.SinceLast is not { } since || since >= _options.RefillAfter;
        var basis = new PortBasis(_policies.Vocabulary, _cloud.GroupIds(), nodes, _knownNodes, ReadyNetworks(), grown);
        PortWorld world = _view.Wish(pods, _pods.Pods.Where(p => !p.IsFinished), basis, quiet ? _options.Pool : _options.Pool with { Minimum = 0 });
        PortPlan plan = await SettlePortsAsync(world, failures, cancellationToken);
        bool more = await ShrinkAsync(plan, compiled, failures, cancellationToken);

        problems.AddRange(_view.Problems(plan.Problems, NodeOf).Select(p => p.Reason == "NodeCannotPlug" && NodeOf(p.Pod) is { } node && unable.TryGetValue(node, out string? why) ? p with { Message = $"node {node}: {why}" } : p));
        problems.AddRange(failures.Problems);
        _reporter.Tell(problems);
        return more ? new Outcome.Waiting("further ports to be deleted", TimeSpan.FromMilliseconds(1)) : Then(world);
    }

    /// <summary>The pods that need a port, now or once they are scheduled, or have one: one that runs stays on its network and under policies, whatever it asks for by now.</summary>
    private List<PodEntry> RefreshPods()
    {
        _pods.Refresh(_caches.Pods.List(), s => _caches.Namespaces.Get(new("", s)), (name, uid) => PodPorts.Get(name) is { } p && p.Spec.PodUid == uid ? p.Spec.Network : null, _view.Changed);
        return [.. _pods.Pods.Where(p => !p.IsFinished && (p.Choice.Problem is null || p.Running is not null))];
    }

    private Dictionary<string, PortNetwork> ReadyNetworks() => _caches.Networks.List().Where(n => n.Status?.NetworkId is not null && !n.Metadata.IsBeingDeleted)
        .Select(n => new PortNetwork(n.Metadata.Key.ToString(), n.Status!.NetworkId!, [.. n.Status.Subnets], n.Status.Mtu ?? 0)).ToDictionary(n => n.Key);

    private string? NodeOf(NamespacedName pod) => _caches.Pods.Get(pod)?.Spec.NodeName;

    /// <summary>When to look again without being woken: to refill pools, to let groups go, to look for a node's trunk.</summary>
    private Outcome Then(PortWorld world)
    {
        TimeSpan? next = _policies.NextExpiry;
        if (_options.Pool.Minimum > 0 && world.Pool.Minimum == 0) next = Earlier(next, _options.RefillAfter);
        if (_unused.Count > 0) next = Earlier(next, _options.GroupGrace);
        if (_trunkless) next = Earlier(next, s_nodePause);
        return next is { } wait ? new Outcome.Waiting("the next look", wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1)) : Outcome.Done;
    }

    private static TimeSpan Earlier(TimeSpan? one, TimeSpan other) => one is { } o && o < other ? o : other;

    /// <summary>Networks that pods ask for are made as soon as the pods are there, before they are scheduled.</summary>
    private async Task DemandNetworksAsync(List<PodEntry> pods, CancellationToken cancellationToken)
    {
        foreach (NamespacedName network in pods.Where(p => p.Choice.OnDemand).Select(p => p.Choice.Network).Distinct())
        {
            if (_caches.Networks.Get(network) is not null)
            {
                _demanded.Remove(network);
                continue;
            }

            if (!_demanded.Add(network)) continue;
            try
            {
                if (await _networkWriter.CreateAsync(network, cancellationToken)) LogDemand(network);
            }
            catch (KubernetesException e)
            {
                _demanded.Remove(network);
                LogRefused(e, network);
            }
        }
    }

    /// <summary>Makes the groups and rules that are missing, and has new groups without more than that before any port is given them.</summary>
    /// <returns>Whether all groups are as they should be, apart from what is too much in those that are in use.</returns>
    private async Task<bool> GrowGroupsAsync(CompiledPolicies compiled, Failures failures, CancellationToken cancellationToken)
    {
        var used = new Lazy<HashSet<string>>(_cloud.UsedGroups);
        for (int pass = 0; pass < 3; pass++)
        {
            Dictionary<string, string> ids = _cloud.GroupIds();
            GroupChange[] grow = [.. GroupPlanner.Plan(compiled.Groups, _cloud.Groups, _ => true).Where(c => c switch
            {
                GroupChange.CreateGroups or GroupChange.CreateRules => true,
                GroupChange.DeleteRule delete => !used.Value.Contains(ids[delete.GroupKey]),
                _ => false,
            })];
            if (grow.Length == 0) return true;
            foreach (GroupChange groups in grow.Where(c => c is GroupChange.CreateGroups))
                if (!await TryAsync(groups, () => _cloud.ApplyAsync(groups, cancellationToken), failures)) return false;
            if (!await EachAsync(grow.Where(c => c is not GroupChange.CreateGroups), c => _cloud.ApplyAsync(c, cancellationToken), failures)) return false;
        }

        return true;
    }

    /// <summary>Takes all steps but the last ones, those that delete; returns the plan that is left.</summary>
    private async Task<PortPlan> SettlePortsAsync(PortWorld world, Failures failures, CancellationToken cancellationToken)
    {
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            PortPlan plan = PortPlanner.Plan(_view.See(world));
            ILookup<bool, PortChange> parts = plan.Changes.ToLookup(c => c is PortChange.RemoveSubPorts or PortChange.DeletePort);
            if (!parts[false].Any()) return plan;
            int before = failures.Count;

            // Pods first: what is made is mostly for others that come later.
            await EachAsync(parts[false].Where(c => c is PortChange.WritePodPort or PortChange.SetGroups or PortChange.AskToUnplug or PortChange.DeletePodPort), c => ApplyAsync(c, cancellationToken), failures);
            await EachAsync(parts[false].Where(c => c is PortChange.CreatePorts), c => ApplyAsync(c, cancellationToken), failures);
            await EachAsync(parts[false].Where(c => c is PortChange.AddSubPorts), c => ApplyAsync(c, cancellationToken), failures);
            if (failures.Count > before) return plan with { Changes = [] };
        }

        // It goes on with the next pass.
        _view.Forget();
        return PortPlanner.Plan(_view.See(world));
    }

    /// <summary>Deletes what nobody needs; in portions, so that pods that come meanwhile do not wait for it.</summary>
    /// <returns>Whether there is more.</returns>
    private async Task<bool> ShrinkAsync(PortPlan plan, CompiledPolicies compiled, Failures failures, CancellationToken cancellationToken)
    {
        if (failures.Count > 0) return false;
        PortChange[] deletes = [.. plan.Changes.Where(c => c is PortChange.DeletePort)];
        HashSet<string> now = [.. deletes.Take(DeletesPerPass).Select(d => ((PortChange.DeletePort)d).PortId)];
        IEnumerable<PortChange> unplug = plan.Changes.OfType<PortChange.RemoveSubPorts>()
            .Select(r => r with { PortIds = [.. r.PortIds.Where(now.Contains)] }).Where(r => !r.PortIds.IsEmpty);
        if (!await EachAsync(unplug, c => ApplyAsync(c, cancellationToken), failures)) return false;
        if (!await EachAsync(deletes.Take(DeletesPerPass), c => ApplyAsync(c, cancellationToken), failures)) return false;

        var used = new Lazy<HashSet<string>>(_cloud.UsedGroups);
        GroupChange[] groups = [.. GroupPlanner.Plan(compiled.Groups, _cloud.Groups, id => used.Value.Contains(id) || !IsOverdue(id))];
        foreach (string id in _unused.Keys.Where(id => used.Value.Contains(id) || !_cloud.Groups.Any(g => g.Id == id)).ToArray()) _unused.Remove(id);
        await EachAsync(groups.Where(c => c is GroupChange.DeleteRule), c => _cloud.ApplyAsync(c, cancellationToken), failures);
        await EachAsync(groups.Where(c => c is GroupChange.DeleteGroup), c => DeleteGroupAsync(c, cancellationToken), failures);
        if (deletes.Length <= DeletesPerPass) return false;
        _view.Forget();
        return true;
    }

    private bool IsOverdue(string groupId)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (_unused.TryAdd(groupId, now)) return _options.GroupGrace <= TimeSpan.Zero;
        return now - _unused[groupId] >= _options.GroupGrace;
    }

    private async Task DeleteGroupAsync(GroupChange change, CancellationToken cancellationToken)
    {
        try
        {
            await _cloud.ApplyAsync(change, cancellationToken);
        }
        catch (OpenStackException e) when (e.Kind is OpenStackErrorKind.Conflict or OpenStackErrorKind.Busy)
        {
            // Somebody gave the group to a port of theirs: it stays as long as they do.
            LogGroupInUse(change, e.ServiceMessage);
        }
    }

    private Task ApplyAsync(PortChange change, CancellationToken cancellationToken) => change switch
    {
        PortChange.WritePodPort write => PodPorts.WriteAsync(write.Pod, write.Spec, cancellationToken),
        PortChange.AskToUnplug ask => PodPorts.AskToUnplugAsync(ask.Pod, cancellationToken),
        PortChange.DeletePodPort delete => PodPorts.ReleaseAsync(delete.Pod, cancellationToken),
        _ => _cloud.ApplyAsync(change, cancellationToken),
    };

    /// <summary>Makes calls that do not depend on each other, some at once. One that fails does not keep the others.</summary>
    private async Task<bool> EachAsync<T>(IEnumerable<T> changes, Func<T, Task> apply, Failures failures)
        where T : class
    {
        bool all = true;
        await Parallel.ForEachAsync(changes, new ParallelOptions { MaxDegreeOfParallelism = _options.ParallelCalls }, async (change, _) =>
        {
            if (!await TryAsync(change, () => apply(change), failures)) Volatile.Write(ref all, false);
        });
        return all;
    }

    private async Task<bool> TryAsync(object change, Func<Task> apply, Failures failures)
    {
        try
        {
            LogChange(change);
            await apply();
            return true;
        }
        catch (Exception e) when (e is OpenStackException or KubernetesException)
        {
            LogFailure(change, e.Message);
            failures.Add(change, e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Change}")]
    private partial void LogChange(object change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Change}: {Failure}")]
    private partial void LogFailure(object change, string failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogPolicy(Problem problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "VirtualNetwork {Network}: made, since pods ask for it")]
    private partial void LogDemand(NamespacedName network);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VirtualNetwork {Network} cannot be made")]
    private partial void LogRefused(Exception exception, NamespacedName network);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Change}: kept, it is in use ({Message})")]
    private partial void LogGroupInUse(GroupChange change, string message);

    /// <summary>What failed in a pass, and whom to tell.</summary>
    private sealed class Failures
    {
        private readonly ConcurrentQueue<Exception> _exceptions = [];
        private readonly ConcurrentQueue<PortProblem> _problems = [];

        public int Count => _exceptions.Count;

        /// <summary>The failure by which the pass goes on: one that time does not cure goes last, so that the others are tried again soon.</summary>
        public Exception? First => _exceptions.OrderBy(e => e is OpenStackException { IsTransient: false } ? 1 : 0).FirstOrDefault();

        public IEnumerable<PortProblem> Problems => _problems;

        public void Add(object change, Exception exception)
        {
            _exceptions.Enqueue(exception);
            if (exception is not OpenStackException { IsTransient: false } refused) return;
            foreach (PortProblem problem in PortProblems.Of(change, refused)) _problems.Enqueue(problem);
        }
    }
}
