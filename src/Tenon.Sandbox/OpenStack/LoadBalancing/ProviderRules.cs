using Tenon.Sandbox.OpenStack.LoadBalancing.Model;

namespace Tenon.Sandbox.OpenStack.LoadBalancing;

/// <summary>What a provider's driver refuses that the API itself would take.</summary>
internal static class ProviderRules
{
    public const string Ovn = "ovn";

    public static void Check(Listener listener)
    {
        if (listener.Balancer.Provider != Ovn) return;
        CheckProtocol(listener.Protocol);
        CheckCidrs(listener.Balancer, listener.AllowedCidrs is { Length: > 0 });
    }

    public static void CheckCidrs(LoadBalancer balancer, bool given)
    {
        if (balancer.Provider == Ovn && given) throw OctaviaFaults.UnsupportedOption(Ovn, "OVN provider does not support allowed_cidrs option");
    }

    public static void Check(Pool pool)
    {
        CheckAlgorithm(pool.Balancer, pool.Algorithm);
        if (pool.Balancer.Provider == Ovn) CheckProtocol(pool.Protocol);
    }

    public static void CheckAlgorithm(LoadBalancer balancer, string? algorithm)
    {
        if (balancer.Provider == Ovn && algorithm != "SOURCE_IP_PORT")
            throw OctaviaFaults.UnsupportedOption(Ovn, $"OVN provider does not support {algorithm ?? "None"} algorithm");
        if (balancer.Provider != Ovn && algorithm == "SOURCE_IP_PORT")
            throw OctaviaFaults.UnsupportedOption(balancer.Provider, "Amphora provider does not support SOURCE_IP_PORT algorithm.");
    }

    public static void Check(Member member)
    {
        if (member.Pool.Balancer.Provider != Ovn) return;
        if (HasMonitorOptions(member)) throw OctaviaFaults.UnsupportedOption(Ovn, "OVN Load Balancer does not support different member monitor address or port.");
        if (IsOfOtherVersion(member))
        {
            throw OctaviaFaults.UnsupportedOption(
                Ovn, "OVN provider does not support mixing IPv4/IPv6 configuration within the same Load Balancer.");
        }
    }

    /// <summary>Whether OVN's driver leaves a member out of a batch.</summary>
    public static bool IsSkipped(Member member) => member.Pool.Balancer.Provider == Ovn && (HasMonitorOptions(member) || IsOfOtherVersion(member));

    /// <summary>Refuses a member without a subnet that is not in the VIP's own.</summary>
    public static void CheckSubnet(Member member, string way, bool isInVipSubnet)
    {
        if (member.Pool.Balancer.Provider != Ovn || isInVipSubnet || IsSkipped(member)) return;
        throw OctaviaFaults.UnsupportedOption(
            Ovn,
            $"Subnet is required, or Loadbalancer associated with Pool must have a subnet, for Member {way} with OVN Provider Driver if it is not the same as LB VIP subnet");
    }

    private static bool HasMonitorOptions(Member member) => member.MonitorAddress is not null || member.MonitorPort is not null;

    private static bool IsOfOtherVersion(Member member) => member.Address.Version != member.Pool.Balancer.VipAddress.Version;

    public static void Check(HealthMonitor monitor)
    {
        if (monitor.Pool.Balancer.Provider == Ovn && monitor.Type is not ("TCP" or "UDP-CONNECT"))
        {
            throw OctaviaFaults.UnsupportedOption(
                Ovn, $"OVN provider does not support {monitor.Type} health monitor type. Supported types: UDP-CONNECT, TCP");
        }
    }

    public static void CheckPolicies(Listener listener)
    {
        if (listener.Balancer.Provider == Ovn) throw OctaviaFaults.UnsupportedAction(Ovn, "This provider does not support creating l7policies.");
        if (listener.Protocol is not ("HTTP" or "TERMINATED_HTTPS"))
            throw OctaviaFaults.UnsupportedOption(listener.Balancer.Provider, $"{listener.Protocol} protocol listeners do not support L7 policies");
    }

    private static void CheckProtocol(string protocol)
    {
        if (protocol is not ("TCP" or "UDP" or "SCTP"))
            throw OctaviaFaults.UnsupportedOption(Ovn, $"OVN provider does not support {protocol} protocol");
    }
}
