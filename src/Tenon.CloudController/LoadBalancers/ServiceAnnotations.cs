using System.Collections.Immutable;
using System.Reflection;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>The annotations of Services, as openstack-cloud-controller-manager names them.</summary>
public static class ServiceAnnotations
{
    /// <summary>What all but two of them begin with.</summary>
    public const string Prefix = "loadbalancer.openstack.org/";

    /// <summary>Whether the load balancer gets no floating IP.</summary>
    public const string Internal = ServiceExposure.InternalAnnotation;

    /// <summary>Kubernetes' own older way to say <c>spec.loadBalancerSourceRanges</c>.</summary>
    public const string SourceRanges = ServiceExposure.SourceRangesAnnotation;

    internal const string NodeSelector = Prefix + "node-selector";
    internal const string ConnectionLimit = Prefix + "connection-limit";
    internal const string FloatingNetworkId = ServiceExposure.FloatingNetworkAnnotation;
    internal const string FloatingSubnet = Prefix + "floating-subnet";
    internal const string FloatingSubnetId = Prefix + "floating-subnet-id";
    internal const string FloatingSubnetTags = Prefix + "floating-subnet-tags";
    internal const string Class = Prefix + "class";
    internal const string KeepFloatingIp = ServiceExposure.KeepFloatingIpAnnotation;
    internal const string PortId = Prefix + "port-id";
    internal const string Method = Prefix + "lb-method";
    internal const string ProxyProtocol = Prefix + "proxy-protocol";
    internal const string SubnetId = Prefix + "subnet-id";
    internal const string NetworkId = Prefix + "network-id";
    internal const string MemberSubnetId = Prefix + "member-subnet-id";
    internal const string TimeoutClientData = Prefix + "timeout-client-data";
    internal const string TimeoutMemberConnect = Prefix + "timeout-member-connect";
    internal const string TimeoutMemberData = Prefix + "timeout-member-data";
    internal const string TimeoutTcpInspect = Prefix + "timeout-tcp-inspect";
    internal const string ForwardedFor = Prefix + "x-forwarded-for";
    internal const string FlavorId = Prefix + "flavor-id";
    internal const string AvailabilityZone = Prefix + "availability-zone";
    internal const string EnableMonitor = Prefix + "enable-health-monitor";
    internal const string MonitorDelay = Prefix + "health-monitor-delay";
    internal const string MonitorTimeout = Prefix + "health-monitor-timeout";
    internal const string MonitorMaxRetries = Prefix + "health-monitor-max-retries";
    internal const string MonitorMaxRetriesDown = Prefix + "health-monitor-max-retries-down";
    internal const string Hostname = Prefix + "hostname";
    internal const string TlsContainerRef = Prefix + "default-tls-container-ref";

    /// <summary>The load balancer's ID: given to use that one, and written back.</summary>
    public const string LoadBalancerId = Prefix + "load-balancer-id";

    /// <summary>The address that was published; written back.</summary>
    public const string LoadBalancerAddress = Prefix + "load-balancer-address";

    /// <summary>All names below <see cref="Prefix"/>.</summary>
    internal static ImmutableArray<string> Known { get; } =
    [
        .. typeof(ServiceAnnotations).GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Where(f => f is { IsLiteral: true } && f.Name != nameof(Prefix))
            .Select(f => (string)f.GetRawConstantValue()!)
            .Where(v => v.StartsWith(Prefix, StringComparison.Ordinal)),
    ];
}
