using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.LoadBalancing;

/// <content>Listeners, pools, members, monitors of a load balancer that is there.</content>
public static partial class LoadBalancerPlanner
{
    private const string ForwardedFor = "X-Forwarded-For";

    private static void PlanListeners(Draft draft, ObservedLoadBalancer observed, bool isOwner)
    {
        DesiredLoadBalancer desired = draft.Desired;
        List<Listener> own = [.. observed.Listeners.Where(l => Owns(desired, l, isOwner))];
        var kept = new Dictionary<DesiredListener, Listener>(ReferenceEqualityComparer.Instance);
        foreach (DesiredListener wanted in desired.Listeners)
        {
            if (own.Find(l => l.Protocol == wanted.Protocol && l.ProtocolPort == wanted.Port) is not { } listener) continue;
            kept[wanted] = listener;
            own.Remove(listener);
        }

        // What stands in the way of a new listener goes first; the rest goes last, so that nothing is unserved meanwhile.
        foreach (Listener obsolete in own.Where(o => desired.Listeners.Any(w => !kept.ContainsKey(w) && w.Port == o.ProtocolPort && Transport(w.Protocol) == Transport(o.Protocol))).ToArray())
        {
            PlanListenerRemoval(draft, observed, obsolete);
            own.Remove(obsolete);
        }

        foreach (DesiredListener wanted in desired.Listeners)
        {
            if (!kept.TryGetValue(wanted, out Listener? listener))
            {
                draft.Add(new LoadBalancerChange.CreateListener(observed.LoadBalancer.Id, LoadBalancerRequests.Listener(desired, wanted, pool: null)));
                continue;
            }

            PlanListener(draft, observed.LoadBalancer, wanted, listener);
            PlanPool(draft, observed.LoadBalancer, wanted, listener, observed.PoolOf(listener));
        }

        foreach (Listener obsolete in own) PlanListenerRemoval(draft, observed, obsolete);
        PlanStrayPools(draft, observed);
    }

    private static void PlanListenerRemoval(Draft draft, ObservedLoadBalancer observed, Listener listener)
    {
        // The pool goes first, as it would be forgotten without its listener.
        if (observed.PoolOf(listener) is { } pool && pool.Pool.ListenerIds.All(id => id == listener.Id))
        {
            draft.Add(new LoadBalancerChange.DeletePool(observed.LoadBalancer.Id, pool.Pool.Id, pool.Pool.Name));
        }

        draft.Add(new LoadBalancerChange.DeleteListener(observed.LoadBalancer.Id, listener.Id, listener.Name));
    }

    /// <summary>Pools that the owner made and that no listener uses: what a removal left that was cut short.</summary>
    private static void PlanStrayPools(Draft draft, ObservedLoadBalancer observed)
    {
        foreach (ObservedPool stray in StrayPools(draft.Desired, observed))
        {
            draft.Add(new LoadBalancerChange.DeletePool(observed.LoadBalancer.Id, stray.Pool.Id, stray.Pool.Name));
        }
    }

    private static IEnumerable<ObservedPool> StrayPools(DesiredLoadBalancer desired, ObservedLoadBalancer observed)
        => observed.Pools.Where(p => p.Pool.ListenerIds.IsEmpty
            && !observed.Listeners.Any(l => l.DefaultPoolId == p.Pool.Id)
            && p.Pool.Name.StartsWith("pool_", StringComparison.Ordinal)
            && (IsNamedAfter(p.Pool.Name, desired.Name) || desired.FormerNames.Any(n => IsNamedAfter(p.Pool.Name, n))));

    private static bool IsNamedAfter(string pool, string loadBalancer)
    {
        int index = pool.IndexOf('_', "pool_".Length);
        return index > 0 && int.TryParse(pool.AsSpan("pool_".Length, index - "pool_".Length), out int number)
            && pool == BoundedName.Fit($"pool_{number}_{loadBalancer}", 255);
    }

    private static void PlanListener(Draft draft, LoadBalancer loadBalancer, DesiredListener wanted, Listener listener)
    {
        DesiredLoadBalancer desired = draft.Desired;
        var update = new ListenerUpdate();
        if (desired.TagsSupported && !desired.IsOwn(listener.Tags))
        {
            update = update with { Tags = (EquatableArray<string>)[.. listener.Tags, desired.OwnerTag] };
        }

        if (listener.ConnectionLimit != wanted.ConnectionLimit) update = update with { ConnectionLimit = wanted.ConnectionLimit };
        bool forwards = listener.InsertHeaders.Any(h => h.Key == ForwardedFor && h.Value == "true");
        if (forwards != wanted.ForwardedFor)
        {
            EquatableArray<KeyValuePair<string, string>> headers = [.. listener.InsertHeaders.Where(h => h.Key != ForwardedFor)];
            if (wanted.ForwardedFor) headers = [.. headers, new(ForwardedFor, "true")];
            update = update with { InsertHeaders = (EquatableArray<KeyValuePair<string, string>>?)headers };
        }

        if ((listener.DefaultTlsContainerRef ?? "") != (wanted.TlsContainerRef ?? "")) update = update with { DefaultTlsContainerRef = wanted.TlsContainerRef };
        if (wanted.Timeouts is { } timeouts)
        {
            if (Differs(listener.TimeoutClientData, timeouts.ClientData)) update = update with { TimeoutClientData = (TimeSpan?)timeouts.ClientData };
            if (Differs(listener.TimeoutMemberConnect, timeouts.MemberConnect)) update = update with { TimeoutMemberConnect = (TimeSpan?)timeouts.MemberConnect };
            if (Differs(listener.TimeoutMemberData, timeouts.MemberData)) update = update with { TimeoutMemberData = (TimeSpan?)timeouts.MemberData };
            if (Differs(listener.TimeoutTcpInspect, timeouts.TcpInspect)) update = update with { TimeoutTcpInspect = (TimeSpan?)timeouts.TcpInspect };
        }

        if (wanted.AllowedCidrs is { } cidrs && !SameSources(cidrs, listener.AllowedCidrs, dualStack: !loadBalancer.AdditionalVips.IsEmpty))
        {
            update = update with { AllowedCidrs = (EquatableArray<string>?)cidrs };
        }

        if (update != new ListenerUpdate())
        {
            draft.Add(new LoadBalancerChange.UpdateListener(loadBalancer.Id, listener.Id, listener.Name, update));
        }

        static bool Differs(TimeSpan? there, TimeSpan wanted) => there is { } value && value != wanted;
    }

    /// <summary>Whether two lists of sources let the same in; an empty one lets in everybody, of both families where there are two.</summary>
    private static bool SameSources(EquatableArray<string> wanted, EquatableArray<string> there, bool dualStack)
    {
        HashSet<string> sources = wanted.ToHashSet(StringComparer.Ordinal);
        if (!there.IsEmpty) return sources.SetEquals(there);
        bool all4 = sources.Contains("0.0.0.0/0");
        bool all6 = sources.Contains("::/0");
        return sources.Count == 0 || (all4 && all6) || (!dualStack && (all4 || all6));
    }

    private static void PlanPool(Draft draft, LoadBalancer loadBalancer, DesiredListener wanted, Listener listener, ObservedPool? observed)
    {
        DesiredLoadBalancer desired = draft.Desired;
        DesiredPool pool = wanted.Pool;
        string loadBalancerId = loadBalancer.Id;
        if (observed is not null && (observed.Pool.Protocol != pool.Protocol || MustGoWithMonitor(loadBalancer, pool, observed)))
        {
            draft.Add(new LoadBalancerChange.DeletePool(loadBalancerId, observed.Pool.Id, observed.Pool.Name));
            observed = null;
        }

        if (observed is null)
        {
            draft.Add(new LoadBalancerChange.CreatePool(loadBalancerId, listener.Id, LoadBalancerRequests.Pool(pool, populated: false, withMonitor: false)));
            return;
        }

        var update = new PoolUpdate();
        if (observed.Pool.Algorithm != pool.Algorithm) update = update with { Algorithm = pool.Algorithm };
        if (observed.Pool.SessionPersistence is { Type: "SOURCE_IP" } != pool.SourceIpPersistence)
        {
            update = update with { SessionPersistence = pool.SourceIpPersistence ? new SessionPersistence("SOURCE_IP") : null };
        }

        if (update != new PoolUpdate()) draft.Add(new LoadBalancerChange.UpdatePool(loadBalancerId, observed.Pool.Id, observed.Pool.Name, update));
        PlanMembers(draft, loadBalancerId, pool, observed, desired.Build);
        PlanMonitor(draft, loadBalancerId, pool, observed);
    }

    /// <summary>
    /// Whether a pool goes with its monitor. Where the monitor alone is deleted, the provider ovn may fail halfway and leave the load
    /// balancer in PENDING_UPDATE for ever; a pool with its monitor it deletes well.
    /// </summary>
    private static bool MustGoWithMonitor(LoadBalancer loadBalancer, DesiredPool pool, ObservedPool observed)
        => loadBalancer.Provider == "ovn" && observed.Monitor is { } there && there.Type != pool.Monitor?.Type;

    private static void PlanMembers(Draft draft, string loadBalancerId, DesiredPool pool, ObservedPool observed, BuildMode build)
    {
        if (!observed.LostMembers.IsEmpty)
        {
            // Given once more, they are made anew on both sides, and can be taken away like any other.
            MemberSet again = MemberSet.Of(pool.Members.Concat(observed.LostMembers).DistinctBy(m => (m.Target.Address, m.Port)));
            draft.Add(new LoadBalancerChange.ReplaceMembers(loadBalancerId, observed.Pool.Id, observed.Pool.Name, again, observed.Members));
            return;
        }

        // What failed in the provider is made well when it is given once more, whatever the provider has of it. Ovn says so of the
        // pool when a member could not be made, and of the member when it could not be taken away.
        bool isBroken = build is not BuildMode.Serial && (!observed.BrokenMembers.IsEmpty || observed.Pool.ProvisioningStatus is ProvisioningStatus.Error);
        if (observed.Members is { } members && members.Equals(pool.Members))
        {
            if (isBroken && members.Count > 0) draft.Add(Again(members));
            return;
        }

        if (isBroken && pool.Members.Count == 0 && observed.Members is { Count: > 0 } left)
        {
            // Taken away alone, a member that ovn does not have is never reported as gone, and the load balancer stays in PENDING_UPDATE.
            draft.Add(Again(left));
            return;
        }

        if (build is not BuildMode.Serial)
        {
            draft.Add(new LoadBalancerChange.ReplaceMembers(loadBalancerId, observed.Pool.Id, observed.Pool.Name, pool.Members, observed.Members));
            return;
        }

        Dictionary<(string, int), PoolMember> there = (observed.Members ?? MemberSet.Empty).ToDictionary(m => (m.Target.Address, m.Port));
        foreach (PoolMember member in pool.Members)
        {
            (string, int) key = (member.Target.Address, member.Port);
            if (!there.Remove(key, out PoolMember old))
            {
                draft.Add(new LoadBalancerChange.CreateMember(loadBalancerId, observed.Pool.Id, observed.Pool.Name, member));
            }
            else if ((old.Target.Name != member.Target.Name || old.MonitorPort != member.MonitorPort) && observed.MemberIds?.GetValueOrDefault(key) is { } id)
            {
                draft.Add(new LoadBalancerChange.UpdateMember(loadBalancerId, observed.Pool.Id, observed.Pool.Name, id, member));
            }
        }

        foreach ((string Address, int Port) gone in there.Keys)
        {
            if (observed.MemberIds?.GetValueOrDefault(gone) is { } id)
            {
                draft.Add(new LoadBalancerChange.DeleteMember(loadBalancerId, observed.Pool.Id, observed.Pool.Name, id, $"{gone.Address}:{gone.Port}"));
            }
        }

        LoadBalancerChange.ReplaceMembers Again(MemberSet given)
            => new(loadBalancerId, observed.Pool.Id, observed.Pool.Name, given, observed.Members) { Mends = true };
    }

    private static void PlanMonitor(Draft draft, string loadBalancerId, DesiredPool pool, ObservedPool observed)
    {
        HealthMonitor? there = observed.Monitor;
        if (there is not null && (pool.Monitor is null || there.Type != pool.Monitor.Type))
        {
            draft.Add(new LoadBalancerChange.DeleteMonitor(loadBalancerId, observed.Pool.Id, there.Id, there.Name));
            there = null;
        }

        if (pool.Monitor is not { } wanted) return;
        if (there is null)
        {
            draft.Add(new LoadBalancerChange.CreateMonitor(loadBalancerId, observed.Pool.Id, LoadBalancerRequests.Monitor(wanted)));
            return;
        }

        var update = new HealthMonitorUpdate();
        if (there.Delay != wanted.Delay) update = update with { Delay = wanted.Delay };
        if (there.Timeout != wanted.Timeout) update = update with { Timeout = wanted.Timeout };
        if (there.MaxRetries != wanted.MaxRetries) update = update with { MaxRetries = wanted.MaxRetries };
        if (there.MaxRetriesDown != wanted.MaxRetriesDown) update = update with { MaxRetriesDown = wanted.MaxRetriesDown };
        if (wanted.UrlPath is { } path && there.UrlPath != path) update = update with { UrlPath = path };
        if (update != new HealthMonitorUpdate()) draft.Add(new LoadBalancerChange.UpdateMonitor(loadBalancerId, there.Id, there.Name, update));
    }
}
