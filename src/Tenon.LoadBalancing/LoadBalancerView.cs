using System.Collections.Immutable;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <summary>What a view reads and how.</summary>
public sealed record LoadBalancerViewOptions
{
    /// <summary>The project whose resources are listed; <see langword="null"/> lists all that the credentials show.</summary>
    public string? ProjectId { get; init; }

    /// <summary>Whether members' IDs are kept, for providers that want members changed one by one.</summary>
    public bool KeepMemberIds { get; init; }
}

/// <summary>
/// The cloud's load balancers, floating IPs and security groups as all reconcilers of a process share them: filled by bulk
/// lists, kept true by what the process itself writes. A list that began before one of our writes ended does not undo it.
/// Safe from any thread; readers never wait.
/// </summary>
public sealed partial class LoadBalancerView : IDisposable
{
    /// <summary>The age that only a list has which begins after it is asked for.</summary>
    public static readonly TimeSpan Now = TimeSpan.FromTicks(-1);

    private static readonly ViewParts[] SingleParts = [ViewParts.LoadBalancers, ViewParts.Trees, ViewParts.FloatingIps, ViewParts.SecurityGroups, ViewParts.Ports];

    /// <summary>How the providers ovn and amphora name the ports of virtual addresses; the load balancer's ID follows.</summary>
    private static readonly string[] VipPortPrefixes = ["ovn-lb-vip-", "octavia-lb-"];

    private readonly LoadBalancerViewOptions _options;
    private readonly ILoadBalancerReader _loadBalancers;
    private readonly IFloatingIpClient _floatingIps;
    private readonly ISecurityGroupClient _securityGroups;
    private readonly IPortReader _ports;
    private readonly TimeProvider _time;
    private readonly Dictionary<ViewParts, PartClock> _clocks = SingleParts.ToDictionary(p => p, _ => new PartClock());
    private ViewState _state = ViewState.Empty;
    private long _sequence;

    /// <summary>Makes an empty view.</summary>
    public LoadBalancerView(
        ILoadBalancerReader loadBalancers, IFloatingIpClient floatingIps, ISecurityGroupClient securityGroups, IPortReader ports, LoadBalancerViewOptions options, TimeProvider time)
        => (_loadBalancers, _floatingIps, _securityGroups, _ports, _options, _time) = (loadBalancers, floatingIps, securityGroups, ports, options, time);

    internal ViewState State => Volatile.Read(ref _state);

    /// <summary>
    /// Makes sure that parts are no older than an age. Whoever asks while a list is under way waits for that list, or, if it began
    /// too early for them, for one next list that all of them share.
    /// </summary>
    public async Task EnsureAsync(ViewParts parts, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        long asked = NextSequence();
        DateTimeOffset limit = _time.GetUtcNow() - maxAge;
        if (parts.HasFlag(ViewParts.Trees)) parts |= ViewParts.LoadBalancers;
        ViewParts[] old = [.. SingleParts.Where(p => parts.HasFlag(p) && !_clocks[p].IsFresh(limit))];
        IEnumerable<Task> refreshes = old.Where(p => p is not ViewParts.Trees).Select(p => RefreshAsync(p, asked, limit, cancellationToken));
        await Task.WhenAll(refreshes);

        // Parts are taken in by the load balancers that are known, so these must be known first.
        if (old.Contains(ViewParts.Trees)) await RefreshAsync(ViewParts.Trees, asked, limit, cancellationToken);
    }

    /// <summary>When the oldest of the parts was last listed; <see langword="null"/> when one never was, or is known to be wrong.</summary>
    public DateTimeOffset? AsOf(ViewParts parts)
        => SingleParts.Where(p => parts.HasFlag(p)).Select(p => _clocks[p].Current).Aggregate((DateTimeOffset?)DateTimeOffset.MaxValue, (oldest, c) =>
            oldest is null || c is not { Valid: true } ? null : c.At < oldest ? c.At : oldest);

    /// <summary>Forgets how fresh parts are, after a write whose effect is not known: the next reader lists them again.</summary>
    public void Invalidate(ViewParts parts)
    {
        foreach (ViewParts part in SingleParts.Where(p => parts.HasFlag(p))) _clocks[part].Invalidate();
    }

    /// <summary>All load balancers that may concern an owner, by ID, name or tag, with whatever else may.</summary>
    public LoadBalancerObservation Observe(DesiredLoadBalancer desired)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ViewState state = State;
        ViewTree[] trees = [.. Concerned(state, desired)];
        SecurityGroup[] groups = [.. state.SecurityGroups.Values.Where(g => g.Name == desired.SecurityGroup?.Name || desired.SecurityGroupNames.Contains(g.Name))];
        HashSet<string> vipPorts = [.. trees.Select(t => t.LoadBalancer.VipPortId).Where(p => p.Length > 0)];
        HashSet<string> portIds = [.. desired.SecurityGroup?.PortIds ?? []];
        string? address = desired.FloatingIp?.Address;
        string? description = desired.FloatingIp?.Description;
        return new LoadBalancerObservation
        {
            LoadBalancers = [.. trees.Select(t => t.Observe())],
            FloatingIps = [.. state.FloatingIps.Values.Where(f => (f.PortId is { } p && vipPorts.Contains(p)) || f.Description == description || (address is not null && f.Address == address))],
            SecurityGroups = [.. groups],
            Ports = groups.Length == 0
                ? []
                : [.. state.Ports.Values.Where(p => portIds.Contains(p.Id) || groups.Any(g => p.SecurityGroups.Contains(g.Id)))],
        };
    }

    /// <summary>Everything, for a collector of what nobody refers to.</summary>
    public LoadBalancerObservation ObserveAll()
    {
        ViewState state = State;
        return new LoadBalancerObservation
        {
            LoadBalancers = [.. state.Trees.Values.Select(t => t.Observe())],
            FloatingIps = [.. state.FloatingIps.Values],
            SecurityGroups = [.. state.SecurityGroups.Values],
            Ports = [.. state.Ports.Values],
        };
    }

    /// <summary>Whether a security group of one of the names is known.</summary>
    public bool HasSecurityGroup(IEnumerable<string> names)
    {
        HashSet<string> wanted = [.. names];
        return State.SecurityGroups.Values.Any(g => wanted.Contains(g.Name));
    }

    /// <summary>The ports of servers.</summary>
    public IEnumerable<Port> Ports => State.Ports.Values;

    /// <summary>
    /// The ports that Octavia made for the virtual addresses of load balancers that it does not have: it was killed, or gave up, after it had
    /// made the port and before it had written the load balancer down.
    /// </summary>
    public async Task<ImmutableArray<Port>> ListForgottenPortsAsync(CancellationToken cancellationToken)
    {
        var ports = ImmutableArray.CreateBuilder<Port>();
        await foreach (Port port in _ports.ListPortsAsync(new() { ProjectId = _options.ProjectId }, cancellationToken))
        {
            if (VipPortPrefixes.FirstOrDefault(p => port.Name.StartsWith(p, StringComparison.Ordinal)) is { } prefix && Guid.TryParseExact(port.Name.AsSpan(prefix.Length), "D", out _)) ports.Add(port);
        }

        // Only now: a load balancer that was made meanwhile must not seem to be missing.
        await EnsureAsync(ViewParts.LoadBalancers, Now, cancellationToken);
        HashSet<string> used = [.. State.Trees.Values.SelectMany(t => new[] { t.LoadBalancer.Id, t.LoadBalancer.VipPortId })];
        return [.. ports.Where(p => !used.Contains(p.Id) && !VipPortPrefixes.Any(prefix => p.Name.StartsWith(prefix, StringComparison.Ordinal) && used.Contains(p.Name[prefix.Length..])))];
    }

    /// <summary>
    /// Reads what no bulk list gives of an owner's load balancers: members of pools of which they are not known. Also tells whether
    /// the parts of a tree must be listed first.
    /// </summary>
    /// <param name="desired">The owner.</param>
    /// <param name="members">Whether members matter.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Whether anything was missing, so that the owner must be observed again.</returns>
    public async Task<bool> CompleteAsync(DesiredLoadBalancer desired, bool members, CancellationToken cancellationToken)
    {
        bool missing = false;
        foreach (ViewTree tree in Concerned(State, desired).ToArray())
        {
            if (tree.LoadBalancer.ProvisioningStatus is ProvisioningStatus.PendingCreate or ProvisioningStatus.PendingDelete) continue;
            bool asMade = tree.MadeWith is { } made && made == desired.Listeners;
            if (asMade) continue;
            if (!tree.ChildrenKnown || tree.MadeWith is not null)
            {
                await EnsureAsync(ViewParts.Trees, Now, cancellationToken);
                missing = true;
            }

            if (!members) continue;
            foreach (Pool pool in State.Trees.GetValueOrDefault(tree.LoadBalancer.Id)?.Pools.Values ?? [])
            {
                if (State.Trees.GetValueOrDefault(tree.LoadBalancer.Id) is not { } now || now.Members.GetValueOrDefault(pool.Id) is { Broken.IsEmpty: true }) continue;
                if (!IsOfOwner(desired, tree, pool)) continue;
                await ReadMembersAsync(tree.LoadBalancer.Id, pool.Id, cancellationToken);
                missing = true;
            }
        }

        return missing;
    }

    /// <summary>Lets an in-sync pool share the memory of the set that is wanted of it.</summary>
    public void Share(ObservedLoadBalancer observed, DesiredLoadBalancer desired)
    {
        ArgumentNullException.ThrowIfNull(observed);
        ArgumentNullException.ThrowIfNull(desired);
        Dictionary<MemberSet, MemberSet> sets = desired.Listeners.Select(l => l.Pool.Members).Distinct().ToDictionary(s => s);
        if (!observed.Pools.Any(p => p.Members is { } m && sets.TryGetValue(m, out MemberSet? same) && !ReferenceEquals(m, same))) return;
        Change(observed.LoadBalancer.Id, tree => tree with
        {
            Members = tree.Members.SetItems(tree.Members
                .Where(m => sets.TryGetValue(m.Value.Set, out MemberSet? same) && !ReferenceEquals(m.Value.Set, same))
                .Select(m => KeyValuePair.Create(m.Key, m.Value with { Set = sets[m.Value.Set] }))),
        }, written: false);
    }

    /// <summary>Forgets the members of the pools that were read longest ago, so that they are read in full again.</summary>
    /// <returns>How many were forgotten.</returns>
    public int ForgetOldestMembers(int count)
    {
        var oldest = State.Trees.Values
            .SelectMany(t => t.Members.Select(m => (Tree: t.LoadBalancer.Id, Pool: m.Key, m.Value.Verified)))
            .OrderBy(m => m.Verified).Take(count).ToArray();
        foreach (var (tree, pool, _) in oldest) Change(tree, t => t with { Members = t.Members.Remove(pool) }, written: false);
        return oldest.Length;
    }

    /// <summary>
    /// Looks whether load balancers are still pending: one by its ID, several by the one list of all.
    /// </summary>
    /// <returns>Those that are not pending any more, or are gone.</returns>
    public async Task<ImmutableArray<string>> PollAsync(IReadOnlyCollection<string> loadBalancerIds, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loadBalancerIds);
        if (loadBalancerIds.Count == 1)
        {
            string id = loadBalancerIds.First();
            long began = NextSequence();
            LoadBalancer? loadBalancer = await _loadBalancers.GetLoadBalancerAsync(id, cancellationToken);
            UpdateTrees(state =>
            {
                if (state.Trees.TryGetValue(id, out ViewTree? tree) && tree.Written >= began) return state;
                if (loadBalancer is null) return state with { Trees = state.Trees.Remove(id) };
                return state with { Trees = state.Trees.SetItem(id, (tree ?? new ViewTree(loadBalancer)) with { LoadBalancer = loadBalancer }) };
            });
        }
        else
        {
            await EnsureAsync(ViewParts.LoadBalancers, Now, cancellationToken);
        }

        ViewState now = State;
        return [.. loadBalancerIds.Where(id => !now.Trees.TryGetValue(id, out ViewTree? tree) || !tree.LoadBalancer.ProvisioningStatus.IsPending())];
    }

    /// <summary>
    /// Looks whether what was written to the members of load balancers came about; a provider may report its failure only in a member or
    /// a pool, long after the load balancer was ACTIVE again. One list of all, if there is none that is young enough.
    /// </summary>
    /// <param name="loadBalancerIds">The load balancers.</param>
    /// <param name="maxAge">How old the list may be: what came before is too early to tell.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Those that could be judged, or are gone, and whether they must be looked at; the others are pending, or were written again.</returns>
    public async Task<ImmutableArray<(string Id, bool IsDoubtful)>> ProveAsync(IReadOnlyCollection<string> loadBalancerIds, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(loadBalancerIds);
        if (loadBalancerIds.Any(id => Settled(id) is not null)) await EnsureAsync(ViewParts.Trees, maxAge, cancellationToken);
        return
        [
            .. loadBalancerIds.Where(id => !State.Trees.ContainsKey(id) || Settled(id) is { IsProven: true }).Select(id => (id, Settled(id) is { IsDoubtful: true })),
        ];

        ViewTree? Settled(string id) => State.Trees.GetValueOrDefault(id) is { } tree && !tree.LoadBalancer.ProvisioningStatus.IsPending() ? tree : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (PartClock clock in _clocks.Values) clock.Dispose();
    }

    internal long NextSequence() => Interlocked.Increment(ref _sequence);

    internal void Update(Func<ViewState, ViewState> change)
    {
        ViewState before;
        ViewState after;
        do
        {
            before = State;
            after = change(before);
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _state, after, before), before));
    }

    /// <summary>Changes one load balancer's tree; nothing happens when it is not known.</summary>
    internal void Change(string loadBalancerId, Func<ViewTree, ViewTree> change, bool written = true)
    {
        long sequence = written ? NextSequence() : 0;
        Update(state =>
        {
            if (!state.Trees.TryGetValue(loadBalancerId, out ViewTree? tree)) return state;
            ViewTree changed = change(tree);
            if (written) changed = changed with { Written = sequence };
            return state with { Trees = state.Trees.SetItem(loadBalancerId, changed) };
        });
    }

    private static IEnumerable<ViewTree> Concerned(ViewState state, DesiredLoadBalancer desired)
        => state.Trees.Values.Where(t => t.LoadBalancer.Id == desired.Id || t.LoadBalancer.Name == desired.Name
            || desired.FormerNames.Contains(t.LoadBalancer.Name) || desired.IsOwn(t.LoadBalancer.Tags)).OrderBy(t => t.LoadBalancer.Id, StringComparer.Ordinal);

    /// <summary>Whether a pool serves one of the owner's listeners; the members of others' pools are none of our business.</summary>
    private static bool IsOfOwner(DesiredLoadBalancer desired, ViewTree tree, Pool pool)
        => tree.Listeners.Values.Any(l => (l.DefaultPoolId == pool.Id || pool.ListenerIds.Contains(l.Id)) && (l.Tags.IsEmpty || desired.IsOwn(l.Tags)))
            || (!tree.ChildrenKnown && tree.Listeners.IsEmpty);

    /// <summary>Takes in what was seen of load balancers. Where one is gone, its floating IP is not what it was.</summary>
    private void UpdateTrees(Func<ViewState, ViewState> change)
    {
        ImmutableDictionary<string, ViewTree> before = State.Trees;
        Update(change);
        ViewState after = State;
        HashSet<string> gone = [.. before.Values.Where(t => !after.Trees.ContainsKey(t.LoadBalancer.Id)).Select(t => t.LoadBalancer.VipPortId)];
        if (gone.Count > 0 && after.FloatingIps.Values.Any(f => f.PortId is { Length: > 0 } port && gone.Contains(port))) Invalidate(ViewParts.FloatingIps);
    }
}

/// <summary>A list that several were waiting for failed; the inner exception is the one failure.</summary>
/// <param name="inner">The failure.</param>
public sealed class SharedListException(Exception inner) : Exception(inner?.Message, inner);
