using System.Collections.Immutable;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.LoadBalancing;

/// <summary>Turns what is wanted into requests to Octavia.</summary>
internal static class LoadBalancerRequests
{
    public static (LoadBalancerCreate Request, ImmutableDictionary<string, MemberSet> Members) Create(DesiredLoadBalancer desired)
    {
        bool populated = desired.Build is not BuildMode.Serial;
        bool byPort = desired.Vip.PortId is not null;
        var request = new LoadBalancerCreate
        {
            Name = desired.Name,
            Description = desired.Description,
            Provider = desired.Provider,
            FlavorId = desired.FlavorId,
            AvailabilityZone = desired.AvailabilityZone,
            VipPortId = desired.Vip.PortId,
            VipSubnetId = byPort ? null : desired.Vip.SubnetId,
            VipNetworkId = byPort ? null : desired.Vip.NetworkId,
            VipAddress = byPort ? null : desired.Vip.Address,
            AdditionalVips = [.. desired.AdditionalVipSubnetIds.Select(s => new AdditionalVip(s))],
            Tags = desired.TagsSupported ? [desired.OwnerTag, .. desired.ExtraTags] : [],
            Listeners = populated
                ? [.. desired.Listeners.Select(l => Listener(desired, l, Pool(l.Pool, populated: true, desired.Build is BuildMode.Populated)))]
                : [],
        };
        return (request, populated ? desired.Listeners.ToImmutableDictionary(l => l.Pool.Name, l => l.Pool.Members) : ImmutableDictionary<string, MemberSet>.Empty);
    }

    public static ListenerCreate Listener(DesiredLoadBalancer desired, DesiredListener listener, PoolCreate? pool) => new()
    {
        Name = listener.Name,
        Protocol = listener.Protocol,
        ProtocolPort = listener.Port,
        ConnectionLimit = listener.ConnectionLimit,
        TimeoutClientData = listener.Timeouts?.ClientData,
        TimeoutMemberConnect = listener.Timeouts?.MemberConnect,
        TimeoutMemberData = listener.Timeouts?.MemberData,
        TimeoutTcpInspect = listener.Timeouts?.TcpInspect,
        InsertHeaders = listener.ForwardedFor ? [new("X-Forwarded-For", "true")] : [],
        DefaultTlsContainerRef = listener.TlsContainerRef,
        AllowedCidrs = listener.AllowedCidrs is { IsEmpty: false } cidrs ? cidrs : null,
        Tags = desired.TagsSupported ? [desired.OwnerTag] : [],
        DefaultPool = pool,
    };

    public static PoolCreate Pool(DesiredPool pool, bool populated, bool withMonitor) => new()
    {
        Name = pool.Name,
        Protocol = pool.Protocol,
        Algorithm = pool.Algorithm,
        SessionPersistence = pool.SourceIpPersistence ? new SessionPersistence("SOURCE_IP") : null,
        Members = populated ? [.. pool.Members.Select(Member)] : [],
        HealthMonitor = withMonitor && pool.Monitor is { } monitor ? Monitor(monitor) : null,
    };

    public static MemberSpec Member(PoolMember member) => new()
    {
        Name = member.Target.Name,
        Address = member.Target.Address,
        ProtocolPort = member.Port,
        SubnetId = member.Target.SubnetId,
        MonitorPort = member.MonitorPort,
    };

    public static HealthMonitorCreate Monitor(DesiredMonitor monitor) => new()
    {
        Name = monitor.Name,
        Type = monitor.Type,
        Delay = monitor.Delay,
        Timeout = monitor.Timeout,
        MaxRetries = monitor.MaxRetries,
        MaxRetriesDown = monitor.MaxRetriesDown,
        UrlPath = monitor.UrlPath,
        HttpMethod = monitor.Type is HealthMonitorType.Http ? "GET" : null,
        ExpectedCodes = monitor.Type is HealthMonitorType.Http ? "200" : null,
    };
}
