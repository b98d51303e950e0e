using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <summary>
/// Plans what leads from the load balancer that the cloud shows to the one that an owner wants. Pure: no call, clock or log.
/// <para>
/// A plan lists every change that is known to be needed. Octavia locks a load balancer's tree with each change of it, so whoever
/// applies the plan makes the first change that locks, and those that lock nothing, and plans again once the load balancer is
/// ACTIVE. A plan that is empty and whose outcome is <see cref="Outcome.Settled"/> means that the world is as wanted.
/// </para>
/// </summary>
public static partial class LoadBalancerPlanner
{
    private static readonly TimeSpan ErrorPoll = TimeSpan.FromMinutes(1);

    /// <summary>Plans the creation or update.</summary>
    public static LoadBalancerPlan Plan(DesiredLoadBalancer desired, LoadBalancerObservation observed)
    {
        ArgumentNullException.ThrowIfNull(desired);
        ArgumentNullException.ThrowIfNull(observed);
        var draft = new Draft(desired, observed);
        switch (Choose(desired, observed))
        {
            case Choice.None:
                PlanCreate(draft);
                break;
            case Choice.Stop stop:
                return draft.End(stop.Outcome, null);
            case Choice.Found found:
                Outcome outcome = PlanExisting(draft, found.LoadBalancer, found.IsOwner);
                return draft.End(outcome, found.LoadBalancer);
        }

        return draft.End(Waiting(desired.Name, "being created"), null);
    }

    /// <summary>Where the owner is reached; <see langword="null"/> until the load balancer is ACTIVE and the plan is empty.</summary>
    public static LoadBalancerEndpoint? Endpoint(DesiredLoadBalancer desired, LoadBalancerObservation observed)
    {
        if (Choose(desired, observed) is not Choice.Found { LoadBalancer.LoadBalancer: { ProvisioningStatus: ProvisioningStatus.Active } loadBalancer }) return null;
        string[] addresses = [loadBalancer.VipAddress, .. loadBalancer.AdditionalVips.Select(v => v.IpAddress).OfType<string>()];
        FloatingIp? floating = desired.FloatingIp is null ? null : AttachedTo(loadBalancer, observed);
        if (floating is not null)
        {
            int translated = Array.FindIndex(addresses, a => a == floating.FixedIpAddress);
            if (translated < 0) translated = Array.FindIndex(addresses, a => !IsIpv6(a));
            if (translated >= 0) addresses[translated] = floating.Address;
        }

        return new LoadBalancerEndpoint(loadBalancer.Id, addresses[0], [.. addresses.Skip(1)]);
    }

    private static void PlanCreate(Draft draft)
    {
        DesiredLoadBalancer desired = draft.Desired;
        (LoadBalancerCreate request, ImmutableDictionary<string, MemberSet> members) = LoadBalancerRequests.Create(desired);
        draft.Add(new LoadBalancerChange.CreateLoadBalancer(request, members));
        PlanFloatingIpOfNew(draft);
        PlanSecurityGroup(draft);
    }

    private static Outcome PlanExisting(Draft draft, ObservedLoadBalancer observed, bool isOwner)
    {
        DesiredLoadBalancer desired = draft.Desired;
        LoadBalancer loadBalancer = observed.LoadBalancer;
        if (isOwner && HasOtherVip(desired, loadBalancer)) return PlanOtherVip(draft, loadBalancer);
        if (loadBalancer.ProvisioningStatus is ProvisioningStatus.Error) return PlanBroken(draft, observed, isOwner);
        bool renamable = !HasOwnName(desired, loadBalancer) && IsRenamable(desired, loadBalancer);
        if (!renamable && Refusal(desired, observed, isOwner) is { } refusal) return refusal;

        Outcome? floating = PlanFloatingIp(draft, loadBalancer, isOwner);
        PlanSecurityGroup(draft);
        if (loadBalancer.ProvisioningStatus is not ProvisioningStatus.Active)
        {
            return Waiting($"{loadBalancer.Name} ({loadBalancer.Id})", $"{loadBalancer.ProvisioningStatus}");
        }

        if (renamable)
        {
            PlanRename(draft, observed);
        }
        else
        {
            PlanTags(draft, loadBalancer);
            bool asMade = observed.MadeWith is { } made && made == desired.Listeners;
            if (!asMade) PlanListeners(draft, observed, isOwner);
        }

        NoteErrors(draft, observed, isOwner);
        if (floating is not null) return floating;
        return draft.Locks ? Waiting($"{loadBalancer.Name} ({loadBalancer.Id})", "being changed") : Outcome.Done;
    }

    /// <summary>A load balancer in ERROR takes no change. One that never served its owner is deleted, to be made anew; any other is reported.</summary>
    private static Outcome.Waiting PlanBroken(Draft draft, ObservedLoadBalancer observed, bool isOwner)
    {
        LoadBalancer loadBalancer = observed.LoadBalancer;
        string what = BrokenParts(observed, _ => true) is { Length: > 0 } parts
            ? parts
            : $"provisioning_status ERROR, operating_status {loadBalancer.OperatingStatus}; Octavia names no part";
        if (isOwner && !draft.Desired.WasServed && !IsShared(draft.Desired, loadBalancer))
        {
            bool keepsAddress = draft.Desired.Vip.Address is not null;
            draft.Note(true, LoadBalancerReasons.InError,
                $"Load balancer {loadBalancer.Name} ({loadBalancer.Id}) went into ERROR{(keepsAddress ? "" : " while it was being created")} ({what}). It is deleted and made anew{(keepsAddress ? " with the same addresses" : "")}; ask the cloud's operator about request and quota if this repeats.");
            draft.Add(new LoadBalancerChange.DeleteLoadBalancer(loadBalancer.Id, loadBalancer.Name, Cascade: true, keepsAddress ? "it is in ERROR and keeps its addresses when it is made anew" : "it went into ERROR before it served anything") { IsInError = true });
            return Waiting($"{loadBalancer.Name} ({loadBalancer.Id})", "being deleted");
        }

        draft.Note(true, LoadBalancerReasons.InError,
            $"Load balancer {loadBalancer.Name} ({loadBalancer.Id}) is in ERROR ({what}) and takes no change. Ask the cloud's operator for a failover (openstack loadbalancer failover {loadBalancer.Id}), or delete and create the Service.");
        return new Outcome.Waiting($"load balancer {loadBalancer.Id} to leave ERROR", ErrorPoll);
    }

    /// <summary>Which parts are in ERROR, of the listeners that matter and of what is below them.</summary>
    private static string BrokenParts(ObservedLoadBalancer observed, Func<Listener, bool> matters)
    {
        Listener[] listeners = [.. observed.Listeners.Where(matters)];
        HashSet<string> others = [.. observed.Listeners.Except(listeners).Select(observed.PoolOf).OfType<ObservedPool>().Select(p => p.Pool.Id)];
        ObservedPool[] pools = [.. observed.Pools.Where(p => !others.Contains(p.Pool.Id))];
        return string.Join(", ",
        [
            .. listeners.Where(l => l.ProvisioningStatus is ProvisioningStatus.Error).Select(l => $"listener {l.Name} ({l.Id}) is in ERROR"),
            .. pools.Where(p => p.Pool.ProvisioningStatus is ProvisioningStatus.Error).Select(p => $"pool {p.Pool.Name} ({p.Pool.Id}) is in ERROR"),
            .. pools.Where(p => p.Monitor?.ProvisioningStatus is ProvisioningStatus.Error).Select(p => $"health monitor {p.Monitor!.Name} ({p.Monitor.Id}) is in ERROR"),
            .. pools.SelectMany(p => p.BrokenMembers),
        ]);
    }

    private static void NoteErrors(Draft draft, ObservedLoadBalancer observed, bool isOwner)
    {
        if (BrokenParts(observed, l => Owns(draft.Desired, l, isOwner)) is not { Length: > 0 } parts) return;
        draft.Note(true, LoadBalancerReasons.InError,
            $"Load balancer {observed.LoadBalancer.Name} ({observed.LoadBalancer.Id}) is ACTIVE, but {parts}. {(draft.Mends ? "The members are given once more." : "Delete that part and it is made anew.")}");
    }

    /// <summary>What the owner asks for and must not get, as a reason to stop before anything is changed.</summary>
    private static Outcome.Refused? Refusal(DesiredLoadBalancer desired, ObservedLoadBalancer observed, bool isOwner)
    {
        LoadBalancer loadBalancer = observed.LoadBalancer;
        if (!isOwner)
        {
            if (!desired.TagsSupported)
            {
                return Refuse($"load balancer {loadBalancer.Id} cannot be shared: this cloud's Octavia has no tags (API 2.5). Remove the annotation loadbalancer.openstack.org/load-balancer-id.");
            }

            if (desired.FloatingIp is null)
            {
                return Refuse($"an internal Service cannot share load balancer {loadBalancer.Id}: its owner could expose it. Remove the annotation loadbalancer.openstack.org/load-balancer-id or service.beta.kubernetes.io/openstack-internal-load-balancer.");
            }

            int sharers = loadBalancer.Tags.Count(t => t.StartsWith(desired.OwnerTagPrefix, StringComparison.Ordinal));
            if (!desired.IsOwn(loadBalancer.Tags) && sharers + 1 > desired.MaxSharers)
            {
                return Refuse($"load balancer {loadBalancer.Id} is already shared by {sharers} Services, and [LoadBalancer] max-shared-lb is {desired.MaxSharers}. Give another loadbalancer.openstack.org/load-balancer-id or raise max-shared-lb.");
            }
        }

        foreach (DesiredListener wanted in desired.Listeners)
        {
            Listener? other = observed.Listeners.FirstOrDefault(l => l.ProtocolPort == wanted.Port
                && Transport(l.Protocol) == Transport(wanted.Protocol) && !Owns(desired, l, isOwner));
            if (other is not null)
            {
                return Refuse($"spec.ports: port {wanted.Port}/{Transport(wanted.Protocol)} of load balancer {loadBalancer.Id} is already used by listener {other.Name} ({other.Id}) of {(other.Tags.IsEmpty ? "somebody else" : string.Join(" ", other.Tags))}. Choose another port, or remove the annotation loadbalancer.openstack.org/load-balancer-id.");
            }
        }

        return null;

        static Outcome.Refused Refuse(string message) => new(LoadBalancerReasons.SyncFailed, message);
    }

    private static bool Owns(DesiredLoadBalancer desired, Listener listener, bool isOwner)
        => desired.IsOwn(listener.Tags) || (isOwner && listener.Tags.IsEmpty);

    /// <summary>The transport protocol that a listener's protocol occupies its port of.</summary>
    private static string Transport(string protocol) => protocol switch
    {
        LoadBalancerProtocol.Udp => "UDP",
        LoadBalancerProtocol.Sctp => "SCTP",
        _ => "TCP",
    };

    private static bool IsIpv6(string address) => IPAddress.TryParse(address, out IPAddress? parsed) && parsed.AddressFamily is AddressFamily.InterNetworkV6;

    private static Outcome.Waiting Waiting(string loadBalancer, string status) => new($"load balancer {loadBalancer}: {status}", null);

    /// <summary>A plan in the making.</summary>
    private sealed class Draft(DesiredLoadBalancer desired, LoadBalancerObservation observed)
    {
        private readonly ImmutableArray<LoadBalancerChange>.Builder _changes = ImmutableArray.CreateBuilder<LoadBalancerChange>();
        private readonly ImmutableArray<PlanNote>.Builder _notes = ImmutableArray.CreateBuilder<PlanNote>();

        public DesiredLoadBalancer Desired => desired;

        public LoadBalancerObservation Observed => observed;

        public bool Locks { get; private set; }

        public bool Mends { get; private set; }

        public void Add(LoadBalancerChange change)
        {
            Locks |= change.Locks is not null;
            Mends |= change is LoadBalancerChange.ReplaceMembers { Mends: true };
            _changes.Add(change);
        }

        public void Note(bool isWarning, string reason, string message) => _notes.Add(new(isWarning, reason, message));

        public LoadBalancerPlan End(Outcome outcome, ObservedLoadBalancer? loadBalancer)
        {
            // What may fail again and again comes last, so that it holds up nothing else.
            ImmutableArray<LoadBalancerChange> changes = outcome is Outcome.Refused ? [] : [.. _changes.OrderBy(c => c is LoadBalancerChange.ReplaceMembers { Mends: true })];
            return new(new Plan<LoadBalancerChange>(changes, outcome), loadBalancer, _notes.ToImmutable());
        }
    }
}
