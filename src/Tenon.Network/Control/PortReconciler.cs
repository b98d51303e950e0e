using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Network.Policies;
using Tenon.Network.Ports;
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
    private static readonly TimeSpan s_atOnce = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

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
    private readonly GroupKeeper _groups;
    private readonly PortMaker _maker;
    private readonly HashSet<string> _stuck = [];
    private readonly HashSet<NamespacedName> _demanded = [];
    private HashSet<string> _knownNodes = [];
    private DateTimeOffset _listedAt;
    private DateTimeOffset _trunksAt;
    private bool _trunkless;
    private bool _early;

    /// <summary>Stores what is given.</summary>
    public PortReconciler(NetworkOptions options, PortClients clients, VirtualNetworkWriter networkWriter, TimeProvider time, ILogger<PortReconciler> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clients);
        (_options, _caches, _networkWriter, _time, _logger) = (options, clients.Caches, networkWriter, time, logger);
        _cloud = new(clients.Ports, clients.Trunks, clients.Groups, NetworkMarks.Cluster(options.ClusterName));
        _groups = new(options, _cloud, time, logger);
        _maker = new(_cloud);
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

        var attempts = new Attempts(_logger, _options.ParallelCalls);
        TimeSpan? more;
        PortWorld world;
        try
        {
            await PodPorts.AskAsync(cancellationToken);
            await ObserveAsync(cancellationToken);
            (world, more) = await PassAsync(attempts, cancellationToken);
        }
        catch (Exception e)
        {
            _cloud.IsStale = true;
            Tell(e);
            throw;
        }

        Outcome? goOn = more is { } pause ? new Outcome.Waiting("further ports to be made or deleted", pause) : null;
        if (attempts.First is not { } failure) return goOn ?? Then(world);

        // What a refused call would have done is known. Of others everything is listed again before the next pass.
        if (attempts.LeaveDoubt) _cloud.IsStale = true;
        _view.Forget();
        Tell(failure);
        if (failure is not OpenStackException { IsTransient: false } refused) throw failure;
        return goOn ?? new Outcome.Waiting($"the cloud to allow it: {refused.Message}", _options.MaxBackoff);
    }

    private void Tell(Exception failure)
    {
        if (failure is OpenStackException { IsTransient: true } cloud) _reporter.TellAlso([.. PortProblems.OfWaiting(RefreshPods(), PodPorts.Get, cloud, _time.GetUtcNow())]);
    }

    private async Task ObserveAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = _time.GetUtcNow();
        HashSet<string> nodes = [.. _caches.Nodes.List().Where(n => !NodeBindings.IsOutOfService(n)).Select(n => n.Metadata.Name)];
        if (_cloud.IsStale || now - _listedAt >= _options.ResyncPeriod)
        {
            await _cloud.RefreshAsync(cancellationToken);
            _view.Forget();
            _maker.Forget();
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

    /// <summary>Does what can be done now.</summary>
    /// <returns>What was wished, and when there is more to do.</returns>
    private async Task<(PortWorld World, TimeSpan? More)> PassAsync(Attempts attempts, CancellationToken cancellationToken)
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
        HashSet<string> unready = await _groups.GrowAsync(compiled, attempts, cancellationToken);

        (Dictionary<string, PortNode> nodes, Dictionary<string, string> unable) = NodeBindings.Of(_caches.Nodes.List(), _cloud.Trunks, _cloud.Parents);
        _trunkless = unable.Count > 0;
        bool hidesHosts = nodes.Values.Any(n => n.Binding is NodeBinding.Ovs) && await _cloud.HidesHostsAsync(cancellationToken);
        problems.AddRange(PortProblems.OfNodes(_caches.Nodes.List(), nodes, unable, hidesHosts));
        bool quiet = Gathering.SinceLast is not { } since || since >= _options.RefillAfter;
        var basis = new PortBasis(_policies.Vocabulary, _cloud.GroupIds(), nodes, _knownNodes, ReadyNetworks(), unready);
        PortWorld world = _view.Wish(pods, _pods.Pods.Where(p => !p.IsFinished), basis, quiet ? _options.Pool : _options.Pool with { Minimum = 0 });
        (PortPlan plan, bool unsettled) = await SettlePortsAsync(world, attempts, cancellationToken);
        bool unfinished = await DeletePortsAsync(plan, attempts, cancellationToken);
        await _groups.ShrinkAsync(compiled, unready, attempts, cancellationToken);

        IReadOnlyList<PortProblem> found = _view.Problems(plan.Problems, NodeOf);
        _early = found.Any(IsEarly);
        problems.AddRange(found.Where(p => !IsEarly(p)).Select(p => PortProblems.Explain(p, NodeOf, unable, attempts)).OfType<PortProblem>());
        problems.AddRange(attempts.Problems);
        _reporter.Tell(problems);
        return (world, unfinished ? s_atOnce : unsettled ? s_soon : null);
    }

    /// <summary>The pods that need a port, now or once they are scheduled, or have one: one that runs stays on its network and under policies, whatever it asks for by now.</summary>
    private List<PodEntry> RefreshPods()
    {
        _pods.Refresh(_caches.Pods.List(), s => _caches.Namespaces.Get(new("", s)), (name, uid) => PodPorts.Get(name) is { } p && p.Spec.PodUid == uid ? p.Spec.Network : null, _view.Changed);
        return [.. _pods.Pods.Where(p => !p.IsFinished && (p.Choice.Problem is null || p.Running is not null))];
    }

    private Dictionary<string, PortNetwork> ReadyNetworks() => _caches.Networks.List().Where(n => n.Status?.NetworkId is not null && !n.Metadata.IsBeingDeleted)
        .Select(n => new PortNetwork(n.Metadata.Key.ToString(), n.Status!.NetworkId!, [.. n.Status.Subnets], n.Status.Mtu ?? 0)).ToDictionary(n => n.Key);

    /// <summary>Whether a problem is one of those that mostly pass at once, and it is too early to tell.</summary>
    private bool IsEarly(PortProblem problem)
        => problem.Reason == PortPlanner.FormerPod && _caches.Pods.Get(problem.Pod)?.Metadata.CreationTimestamp is { } made && _time.GetUtcNow() - made < PortProblems.LongWait;

    private string? NodeOf(NamespacedName pod) => _caches.Pods.Get(pod)?.Spec.NodeName;

    /// <summary>When to look again without being woken: to refill pools, to let groups go, to look for a node's trunk.</summary>
    private Outcome Then(PortWorld world)
    {
        TimeSpan? next = _policies.NextExpiry;
        if (_options.Pool.Minimum > 0 && world.Pool.Minimum == 0) next = Earlier(next, _options.RefillAfter);
        if (_groups.HasUnused) next = Earlier(next, _options.GroupGrace);
        if (_trunkless) next = Earlier(next, s_nodePause);
        if (_early) next = Earlier(next, PortProblems.LongWait);
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

    /// <summary>Takes all steps but those that delete ports; what fails is left out, and the rest goes on.</summary>
    /// <returns>The plan that is left, and whether there are more steps than a pass takes.</returns>
    private async Task<(PortPlan Plan, bool More)> SettlePortsAsync(PortWorld world, Attempts attempts, CancellationToken cancellationToken)
    {
        bool cleared = false;
        var passing = new HashSet<PortProblem>();
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            PortPlan plan = PortPlanner.Plan(_view.See(world));
            PortChange[] steps = [.. plan.Changes.Where(c => c is not (PortChange.RemoveSubPorts or PortChange.DeletePort)).Select(attempts.Left).OfType<PortChange>()];
            passing.UnionWith(plan.Problems.Where(p => p.Reason == PortPlanner.PodPortDeleted));
            if (steps.Length == 0) return (With(plan, passing), false);

            // Pods first: what is made is mostly for others that come later.
            await attempts.EachAsync(steps.Where(c => c is PortChange.WritePodPort or PortChange.SetGroups or PortChange.AskToUnplug or PortChange.DeletePodPort), c => ApplyAsync(c, cancellationToken));
            cleared |= !plan.Changes.Any(c => c is PortChange.DeletePort);
            bool full = !await MakePortsAsync(steps, smaller: cleared, attempts, cancellationToken);
            await attempts.EachAsync(steps.OfType<PortChange.AddSubPorts>(), c => ApplyAsync(c, cancellationToken));

            // What nobody needs makes room for what is needed.
            if (full) await DeletePortsAsync(plan, attempts, cancellationToken);
            cleared |= full;
        }

        _view.Forget();
        return (With(PortPlanner.Plan(_view.See(world)), passing), true);

        static PortPlan With(PortPlan plan, HashSet<PortProblem> passing) => passing.Count == 0 ? plan : plan with { Problems = [.. plan.Problems.Union(passing)] };
    }

    /// <summary>Makes ports: those that pods wait for first, those for pools where there is room for more.</summary>
    /// <param name="steps">The steps of a plan.</param>
    /// <param name="smaller">Whether to make as many as there is room for, where there is none for all.</param>
    /// <param name="attempts">The pass.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Whether there was room.</returns>
    private async Task<bool> MakePortsAsync(PortChange[] steps, bool smaller, Attempts attempts, CancellationToken cancellationToken)
    {
        bool all = true;
        foreach (IGrouping<bool, PortChange.CreatePorts> creates in steps.OfType<PortChange.CreatePorts>().GroupBy(c => c.IsRefill).OrderBy(g => g.Key))
        {
            await Parallel.ForEachAsync(creates, new ParallelOptions { MaxDegreeOfParallelism = _options.ParallelCalls }, async (create, _) =>
            {
                if (!await _maker.MakeAsync(create, attempts, smaller, cancellationToken)) Volatile.Write(ref all, false);
            });
            if (!all || attempts.Failed.Any(f => Attempts.IsQuota(f.Failure))) break;
        }

        return all;
    }

    /// <summary>Deletes ports that nobody needs; in portions, so that pods that come meanwhile do not wait for it.</summary>
    /// <returns>Whether there are more.</returns>
    private async Task<bool> DeletePortsAsync(PortPlan plan, Attempts attempts, CancellationToken cancellationToken)
    {
        // Those that could not be deleted before must not keep the others from their turn.
        PortChange.DeletePort[] deletes = [.. plan.Changes.OfType<PortChange.DeletePort>().Where(d => attempts.Left(d) is not null).OrderBy(d => _stuck.Contains(d.PortId))];
        HashSet<string> now = [.. deletes.Take(DeletesPerPass).Select(d => d.PortId)];
        PortChange.RemoveSubPorts[] unplug = [.. plan.Changes.OfType<PortChange.RemoveSubPorts>().Select(r => r with { PortIds = [.. r.PortIds.Where(now.Contains)] }).Where(r => !r.PortIds.IsEmpty)];
        await attempts.EachAsync(unplug.Where(r => attempts.Left(r) is not null), c => ApplyAsync(c, cancellationToken));
        HashSet<string> plugged = [.. unplug.Where(r => attempts.Left(r) is null).SelectMany(r => r.PortIds)];
        await attempts.EachAsync(deletes.Take(DeletesPerPass).Where(d => !plugged.Contains(d.PortId)), c => ApplyAsync(c, cancellationToken));
        _stuck.ExceptWith(now);
        _stuck.UnionWith(now.Where(id => _cloud.Find(id) is not null));
        if (deletes.Length <= DeletesPerPass) return false;
        _view.Forget();
        return true;
    }

    private Task ApplyAsync(PortChange change, CancellationToken cancellationToken) => change switch
    {
        PortChange.WritePodPort write => PodPorts.WriteAsync(write.Pod, write.Spec, cancellationToken),
        PortChange.AskToUnplug ask => PodPorts.AskToUnplugAsync(ask.Pod, cancellationToken),
        PortChange.DeletePodPort delete => PodPorts.ReleaseAsync(delete.Pod, cancellationToken),
        _ => _cloud.ApplyAsync(change, cancellationToken),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    private partial void LogPolicy(Problem problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "VirtualNetwork {Network}: made, since pods ask for it")]
    private partial void LogDemand(NamespacedName network);

    [LoggerMessage(Level = LogLevel.Warning, Message = "VirtualNetwork {Network} cannot be made")]
    private partial void LogRefused(Exception exception, NamespacedName network);
}
