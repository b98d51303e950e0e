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
        if (pool.Balancer.Provider != Ovn) return;
        CheckProtocol(pool.Protocol);
        CheckAlgorithm(pool.Balancer, pool.Algorithm);
    }

    public static void CheckAlgorithm(LoadBalancer balancer, string algorithm)
    {
        if (balancer.Provider == Ovn && algorithm != "SOURCE_IP_PORT")
            throw OctaviaFaults.UnsupportedOption(Ovn, $"OVN provider does not support {algorithm} algorithm");
    }

    public static void Check(Member member)
    {
        LoadBalancer balancer = member.Pool.Balancer;
        if (balancer.Provider != Ovn) return;
        if (member.MonitorAddress is not null || member.MonitorPort is not null)
            throw OctaviaFaults.UnsupportedOption(Ovn, "OVN Load Balancer does not support different member monitor address or port.");
        if (member.Address.Version != balancer.VipAddress.Version)
        {
            throw OctaviaFaults.UnsupportedOption(
                Ovn, "OVN provider does not support mixing IPv4/IPv6 configuration within the same Load Balancer.");
        }
    }

    public static void Check(HealthMonitor monitor)
    {
        if (monitor.Pool.Balancer.Provider == Ovn && monitor.Type is not ("TCP" or "UDP-CONNECT"))
        {
            throw OctaviaFaults.UnsupportedOption(
                Ovn, $"OVN provider does not support {monitor.Type} health monitor type. Supported types: UDP-CONNECT, TCP");
        }
    }

    public static void CheckPolicies(LoadBalancer balancer)
    {
        if (balancer.Provider == Ovn) throw OctaviaFaults.UnsupportedAction(Ovn, "This provider does not support creating l7policies.");
    }

    private static void CheckProtocol(string protocol)
    {
        if (protocol is not ("TCP" or "UDP" or "SCTP"))
            throw OctaviaFaults.UnsupportedOption(Ovn, $"OVN provider does not support {protocol} protocol");
    }
}
