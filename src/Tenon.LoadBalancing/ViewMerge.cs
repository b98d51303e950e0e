using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.LoadBalancing;

/// <summary>Takes lists into a view's trees. Trees that were written after a list began are left as they are.</summary>
internal static class ViewMerge
{
    public sealed class Parts
    {
        public List<Listener> Listeners { get; } = [];

        public List<Pool> Pools { get; } = [];

        public List<HealthMonitor> Monitors { get; } = [];
    }

    public static ImmutableDictionary<string, ViewTree> LoadBalancers(
        ImmutableDictionary<string, ViewTree> trees, IReadOnlyDictionary<string, LoadBalancer> listed, long began)
    {
        var merged = ImmutableDictionary.CreateBuilder<string, ViewTree>();
        foreach ((string id, LoadBalancer loadBalancer) in listed)
        {
            // Names and IDs of the tree's parts are kept by the parts themselves.
            LoadBalancer lean = loadBalancer with { ListenerIds = [], PoolIds = [] };
            if (!trees.TryGetValue(id, out ViewTree? tree)) merged[id] = new ViewTree(lean);
            else merged[id] = tree.Written >= began ? tree : tree with { LoadBalancer = lean };
        }

        foreach ((string id, ViewTree tree) in trees)
        {
            if (tree.Written >= began && !listed.ContainsKey(id)) merged[id] = tree;
        }

        return merged.ToImmutable();
    }

    public static ImmutableDictionary<string, ViewTree> Children(ImmutableDictionary<string, ViewTree> trees, Parts parts, long began)
    {
        ILookup<string, Listener> listeners = parts.Listeners.ToLookup(l => l.LoadBalancerId);
        ILookup<string, Pool> pools = parts.Pools.ToLookup(p => p.LoadBalancerId);
        Dictionary<string, HealthMonitor> monitors = parts.Monitors.DistinctBy(m => m.PoolId).ToDictionary(m => m.PoolId);
        var merged = trees.ToBuilder();
        foreach ((string id, ViewTree tree) in trees)
        {
            if (tree.Written >= began) continue;
            Pool[] own = [.. pools[id]];
            (string Id, KnownMembers? Known, bool WasKnown)[] members = [.. own.Select(p => (p.Id, Members(tree, p, began), tree.Members.ContainsKey(p.Id) || tree.MadeMembers.ContainsKey(p.Name)))];
            merged[id] = tree with
            {
                ChildrenKnown = true,
                MadeWith = null,
                MadeMembers = ImmutableDictionary<string, MemberSet>.Empty,
                Listeners = listeners[id].ToImmutableDictionary(l => l.Id),
                Pools = own.ToImmutableDictionary(p => p.Id, p => p with { MemberIds = EquatableArray<string>.Empty }),
                Monitors = own.Where(p => monitors.ContainsKey(p.Id)).ToImmutableDictionary(p => p.Id, p => monitors[p.Id]),
                Members = members.Where(m => m.Known is not null).ToImmutableDictionary(m => m.Id, m => m.Known!),
                HasOtherMembers = members.Any(m => m.Known is null && (m.WasKnown || tree.HasOtherMembers)),
            };
        }

        return merged.ToImmutable();
    }

    private static KnownMembers? Members(ViewTree tree, Pool pool, long began)
    {
        if (pool.MemberIds.IsEmpty) return new KnownMembers(MemberSet.Empty, default(UInt128), ImmutableDictionary<(string, int), string>.Empty) { Verified = began };
        if (tree.Members.TryGetValue(pool.Id, out KnownMembers? known)) return known.Confirm(pool.MemberIds);

        // Made with the whole load balancer by this process: the name is all there is to go by.
        return tree.MadeMembers.TryGetValue(pool.Name, out MemberSet? made) ? new KnownMembers(made, null, null).Confirm(pool.MemberIds) : null;
    }
}
