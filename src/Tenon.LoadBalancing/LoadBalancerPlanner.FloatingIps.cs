using System.Net;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <content>The floating IP.</content>
public static partial class LoadBalancerPlanner
{
    private static readonly TimeSpan SharedPoll = TimeSpan.FromSeconds(30);

    private static FloatingIp? AttachedTo(LoadBalancer loadBalancer, LoadBalancerObservation observed)
        => loadBalancer.VipPortId.Length == 0 ? null : observed.FloatingIps.FirstOrDefault(f => f.PortId == loadBalancer.VipPortId);

    /// <summary>The floating IP of a load balancer that is made in the same plan; one that is there already is attached when planned again.</summary>
    private static void PlanFloatingIpOfNew(Draft draft)
    {
        if (draft.Desired.FloatingIp is not { NetworkId: { } network } wanted) return;
        if (draft.Desired.Vip.Address is { } vip && IsIpv6(vip)) return;
        if (Reserved(wanted, draft.Observed) is not null || Left(wanted, draft.Observed) is not null) return;
        draft.Add(new LoadBalancerChange.CreateFloatingIp(NewFloatingIp(wanted, network, portId: null, fixedIp: null), wanted.SubnetIds));
    }

    private static Outcome? PlanFloatingIp(Draft draft, LoadBalancer loadBalancer, bool isOwner)
    {
        FloatingIp? attached = AttachedTo(loadBalancer, draft.Observed);
        if (draft.Desired.FloatingIp is not { } wanted)
        {
            if (isOwner && attached is not null) Release(draft, attached, "the Service is internal now");
            return null;
        }

        string? fixedIp = new[] { loadBalancer.VipAddress }.Concat(loadBalancer.AdditionalVips.Select(v => v.IpAddress ?? "")).FirstOrDefault(a => a.Length > 0 && !IsIpv6(a));
        if (fixedIp is null)
        {
            if (loadBalancer.VipAddress.Length > 0)
            {
                draft.Note(true, LoadBalancerReasons.FloatingIpSkipped,
                    $"IPv6 has no floating IPs; the load balancer is reached at {loadBalancer.VipAddress}. To silence this, set the annotation service.beta.kubernetes.io/openstack-internal-load-balancer to \"true\".");
            }

            return null;
        }

        if (loadBalancer.VipPortId.Length == 0) return null;
        if (attached is not null) return isOwner ? PlanOtherAddress(draft, loadBalancer, wanted, attached, fixedIp) : null;
        if (!isOwner)
        {
            draft.Note(true, LoadBalancerReasons.SyncFailed,
                $"Load balancer {loadBalancer.Id} has no floating IP, and a Service that only shares it must not expose it. Attach a floating IP to its VIP port {loadBalancer.VipPortId}, or make its owner external.");
            return new Outcome.Waiting($"a floating IP on load balancer {loadBalancer.Id}", SharedPoll);
        }

        if (Reserved(wanted, draft.Observed) is { } reserved)
        {
            if (reserved.PortId is { Length: > 0 } port) return InUse(reserved, port);
            draft.Add(new LoadBalancerChange.AssociateFloatingIp(reserved.Id, reserved.Address, loadBalancer.VipPortId, FixedIp(loadBalancer, fixedIp), reserved.Revision));
            return null;
        }

        if (Left(wanted, draft.Observed) is { } left)
        {
            draft.Add(new LoadBalancerChange.AssociateFloatingIp(left.Id, left.Address, loadBalancer.VipPortId, FixedIp(loadBalancer, fixedIp), left.Revision));
            return null;
        }

        if (wanted.NetworkId is not { } network)
        {
            draft.Note(true, LoadBalancerReasons.ForcedInternal,
                "No external network is known, so the load balancer stays internal. Set [LoadBalancer] floating-network-id or the annotation loadbalancer.openstack.org/floating-network-id.");
            return null;
        }

        draft.Add(new LoadBalancerChange.CreateFloatingIp(NewFloatingIp(wanted, network, loadBalancer.VipPortId, FixedIp(loadBalancer, fixedIp)), wanted.SubnetIds));
        return null;
    }

    /// <summary>Another address is asked for than the one in use: it is swapped when it is there and free, and left alone otherwise.</summary>
    private static Outcome? PlanOtherAddress(Draft draft, LoadBalancer loadBalancer, DesiredFloatingIp wanted, FloatingIp attached, string fixedIp)
    {
        if (wanted.Address is null || SameAddress(wanted.Address, attached.Address)) return null;
        FloatingIp? reserved = Reserved(wanted, draft.Observed);
        if (reserved is null || reserved.PortId is { Length: > 0 })
        {
            string why = reserved is null ? "does not exist in the project" : $"is in use by port {reserved.PortId}";
            draft.Note(true, LoadBalancerReasons.SyncFailed,
                $"spec.loadBalancerIP {wanted.Address} {why}; the load balancer keeps {attached.Address}. Make the floating IP {wanted.Address} and leave it unattached.");
            return null;
        }

        Release(draft, attached, $"spec.loadBalancerIP asks for {wanted.Address}");
        draft.Add(new LoadBalancerChange.AssociateFloatingIp(reserved.Id, reserved.Address, loadBalancer.VipPortId, FixedIp(loadBalancer, fixedIp), reserved.Revision));
        return null;
    }

    /// <summary>Deletes a floating IP that was made for the owner; takes off one that was not, or that is to be kept.</summary>
    private static void Release(Draft draft, FloatingIp floating, string why)
    {
        bool own = floating.Description.StartsWith(draft.Desired.OwnFloatingIpPrefix, StringComparison.Ordinal);
        draft.Add(own && !draft.Desired.KeepFloatingIp
            ? new LoadBalancerChange.DeleteFloatingIp(floating.Id, floating.Address, why)
            : new LoadBalancerChange.AssociateFloatingIp(floating.Id, floating.Address, null, null, floating.Revision));
    }

    /// <summary>The floating IP with the address that is asked for.</summary>
    private static FloatingIp? Reserved(DesiredFloatingIp wanted, LoadBalancerObservation observed)
        => wanted.Address is { } address ? observed.FloatingIps.FirstOrDefault(f => SameAddress(f.Address, address)) : null;

    /// <summary>A floating IP that was made for the owner and leads nowhere: left by a load balancer that is gone.</summary>
    private static FloatingIp? Left(DesiredFloatingIp wanted, LoadBalancerObservation observed)
        => wanted.Address is null
            ? observed.FloatingIps.FirstOrDefault(f => f.PortId is null or "" && f.Description == wanted.Description && (wanted.NetworkId is null || f.NetworkId == wanted.NetworkId))
            : null;

    private static FloatingIpCreate NewFloatingIp(DesiredFloatingIp wanted, string network, string? portId, string? fixedIp) => new()
    {
        NetworkId = network,
        Address = wanted.Address,
        PortId = portId,
        FixedIpAddress = fixedIp,
        Description = wanted.Description,
    };

    /// <summary>Which of the port's addresses is meant; needed only where it has several.</summary>
    private static string? FixedIp(LoadBalancer loadBalancer, string fixedIp) => loadBalancer.AdditionalVips.IsEmpty ? null : fixedIp;

    private static Outcome.Refused InUse(FloatingIp floating, string port) => new(LoadBalancerReasons.SyncFailed,
        $"spec.loadBalancerIP: floating IP {floating.Address} ({floating.Id}) is in use by port {port}. Take it off there, or ask for another address.");

    private static bool SameAddress(string a, string b)
        => a == b || (IPAddress.TryParse(a, out IPAddress? left) && IPAddress.TryParse(b, out IPAddress? right) && left.Equals(right));
}
