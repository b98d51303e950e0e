using System.Collections.Immutable;
using Tenon.Core;
using Tenon.LoadBalancing;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Builds the load balancer that a Service wants from its settings and what is known of the cloud. Pure.</summary>
public static class DesiredLoadBalancerBuilder
{
    /// <summary>The names and marks of a Service's load balancer; enough to find and to remove it.</summary>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="service">The Service.</param>
    /// <param name="uid">Its UID.</param>
    /// <param name="loadBalancerId">The load balancer that it names.</param>
    /// <param name="keepFloatingIp">Whether its floating IP survives it.</param>
    /// <param name="tagsSupported">Whether Octavia has tags.</param>
    public static DesiredLoadBalancer Identity(string cluster, NamespacedName service, string uid, string? loadBalancerId, bool keepFloatingIp, bool tagsSupported)
    {
        string name = ServiceNames.LoadBalancer(cluster, service);
        return new DesiredLoadBalancer
        {
            Name = name,
            OwnerTag = name,
            FormerNames = ServiceNames.FormerLoadBalancers(cluster, service, uid),
            RenamableSuffix = $"_{service.Namespace}_{service.Name}",
            OwnerTagPrefix = ServiceNames.Prefix,
            UnwantedTagPrefix = ServiceNames.OrphanTagPrefix,
            Id = loadBalancerId,
            Description = ServiceNames.LoadBalancerDescription(cluster, service),
            TagsSupported = tagsSupported,
            KeepFloatingIp = keepFloatingIp,
            OwnFloatingIpPrefix = ServiceNames.FloatingIpPrefix(service),
            FloatingIp = new DesiredFloatingIp { Description = ServiceNames.FloatingIpDescription(cluster, service) },
            SecurityGroupNames = ServiceNames.SecurityGroups(service, uid),
        };
    }

    /// <summary>The whole load balancer.</summary>
    /// <param name="settings">What the Service asks for.</param>
    /// <param name="placement">Where it goes.</param>
    /// <param name="options">The configuration.</param>
    /// <param name="cluster">The cluster's name.</param>
    /// <param name="clusterTag">The tag that says which cluster it is, if known.</param>
    /// <param name="targets">The nodes.</param>
    /// <param name="memberPorts">The nodes' Neutron ports, where a security group goes.</param>
    public static DesiredLoadBalancer Build(
        LoadBalancerSettings settings, LoadBalancerPlacement placement, LoadBalancerOptions options, string cluster, string? clusterTag,
        MemberTargets targets, EquatableArray<string> memberPorts)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(placement);
        ArgumentNullException.ThrowIfNull(options);
        DesiredLoadBalancer identity = Identity(cluster, settings.Service, settings.Uid, settings.LoadBalancerId, settings.KeepFloatingIp, placement.Features.Tags);
        bool ipv6Only = settings.IpFamilies is ["IPv6", ..] && placement.AdditionalVipSubnetId is null;
        return identity with
        {
            WasServed = settings.WasServed,
            Provider = placement.Provider,
            FlavorId = placement.Flavors ? settings.FlavorId : null,
            AvailabilityZone = placement.AvailabilityZones ? settings.AvailabilityZone : null,
            Vip = new VipPlacement
            {
                PortId = settings.PortId,
                SubnetId = placement.VipSubnetId,
                NetworkId = placement.VipNetworkId,
                Address = settings.IsVipAddress ? settings.LoadBalancerIp : null,
            },
            AdditionalVipSubnetIds = placement.AdditionalVipSubnetId is { } second ? [second] : [],
            ExtraTags = clusterTag is null ? [] : [clusterTag],
            Listeners = [.. settings.Ports.Select((port, index) => Listener(settings, placement, identity.Name, targets, port, index))],
            FloatingIp = settings.Internal ? null : identity.FloatingIp! with
            {
                NetworkId = ipv6Only ? null : placement.FloatingNetworkId,
                SubnetIds = placement.FloatingSubnetIds,
                Address = settings.IsVipAddress ? null : settings.LoadBalancerIp,
            },
            SecurityGroup = NeedsSecurityGroup(settings, placement, options) ? SecurityGroup(settings, placement, cluster, clusterTag, memberPorts) : null,
            Build = options.ProviderRequiresSerialApiCalls ? BuildMode.Serial : placement.IsOvn ? BuildMode.PopulatedWithoutMonitors : BuildMode.Populated,
            MaxSharers = options.MaxSharedLb,
        };
    }

    /// <summary>
    /// Whether a security group is kept on the nodes' ports: where the configuration says so, and where sources are restricted and
    /// the provider hands on the clients' addresses but cannot restrict them itself.
    /// </summary>
    internal static bool NeedsSecurityGroup(LoadBalancerSettings settings, LoadBalancerPlacement placement, LoadBalancerOptions options)
        => options.ManageSecurityGroups || (!settings.SourceRanges.IsEmpty && placement.KeepsClientAddress);

    private static DesiredListener Listener(LoadBalancerSettings settings, LoadBalancerPlacement placement, string name, MemberTargets targets, ServicePortSettings port, int index)
    {
        bool tcp = port.Protocol == LoadBalancerProtocol.Tcp;
        bool terminates = tcp && settings.TlsContainerRef is not null;
        bool forwards = tcp && settings.ForwardedFor;
        bool httpMonitor = settings.HealthCheckNodePort > 0 && placement.HttpMonitor(port.Protocol);
        string listener = terminates ? LoadBalancerProtocol.TerminatedHttps : forwards ? LoadBalancerProtocol.Http : port.Protocol;
        string pool = (tcp ? settings.ProxyProtocol : ProxyProtocolVersion.None) switch
        {
            ProxyProtocolVersion.V1 => LoadBalancerProtocol.Proxy,
            ProxyProtocolVersion.V2 => LoadBalancerProtocol.ProxyV2,
            _ => terminates || forwards ? LoadBalancerProtocol.Http : listener,
        };
        return new DesiredListener
        {
            Name = ServiceNames.Listener(index, name),
            Protocol = listener,
            Port = port.Port,
            ConnectionLimit = settings.ConnectionLimit,
            Timeouts = placement.Timeouts ? new(settings.TimeoutClientData, settings.TimeoutMemberConnect, settings.TimeoutMemberData, settings.TimeoutTcpInspect) : null,
            ForwardedFor = forwards,
            TlsContainerRef = terminates ? settings.TlsContainerRef : null,
            AllowedCidrs = placement.AllowedCidrs ? Sources(settings, placement) : null,
            Pool = new DesiredPool
            {
                Name = ServiceNames.Pool(index, name),
                Protocol = pool,
                Algorithm = placement.IsOvn ? LoadBalancerMethods.SourceIpPort : settings.Method ?? LoadBalancerMethods.RoundRobin,
                SourceIpPersistence = settings.ClientIpAffinity,
                Members = port.NodePort == 0 ? MemberSet.Empty : MemberSet.Uniform(targets, port.NodePort, httpMonitor ? settings.HealthCheckNodePort : null),
                Monitor = settings.Monitor && LoadBalancerPlacement.CanMonitor(placement.Provider, port.Protocol) ? Monitor(settings, port, httpMonitor, ServiceNames.Monitor(index, name)) : null,
            },
        };
    }

    private static DesiredMonitor Monitor(LoadBalancerSettings settings, ServicePortSettings port, bool http, string name) => new()
    {
        Name = name,
        Type = http ? HealthMonitorType.Http : port.Protocol == LoadBalancerProtocol.Udp ? HealthMonitorType.UdpConnect : port.Protocol,
        Delay = settings.MonitorDelay,
        Timeout = settings.MonitorTimeout,
        MaxRetries = settings.MonitorMaxRetries,
        MaxRetriesDown = settings.MonitorMaxRetriesDown,
        UrlPath = http ? "/healthz" : null,
    };

    /// <summary>The sources of the VIPs' families; without any the families' whole.</summary>
    private static EquatableArray<string> Sources(LoadBalancerSettings settings, LoadBalancerPlacement placement)
    {
        bool ipv6First = settings.IpFamilies is ["IPv6", ..];
        bool dual = placement.AdditionalVipSubnetId is not null;
        EquatableArray<string> ranges = [.. settings.SourceRanges.Where(r => dual || IsIpv6(r) == ipv6First)];
        if (!ranges.IsEmpty || !settings.SourceRanges.IsEmpty) return ranges.IsEmpty ? [ipv6First ? "::1/128" : "127.0.0.1/32"] : ranges;
        return dual ? ["0.0.0.0/0", "::/0"] : [ipv6First ? "::/0" : "0.0.0.0/0"];
    }

    private static DesiredSecurityGroup SecurityGroup(LoadBalancerSettings settings, LoadBalancerPlacement placement, string cluster, string? clusterTag, EquatableArray<string> ports)
    {
        string everybody = settings.IpFamilies is ["IPv6", ..] ? "::/0" : "0.0.0.0/0";
        string inner = placement.MemberCidr ?? everybody;
        EquatableArray<string> sources = placement.KeepsClientAddress ? Sources(settings, placement) : [inner];
        var rules = ImmutableArray.CreateBuilder<IngressRule>();
        if (settings.OpenHealthCheckNodePort > 0) rules.Add(Rule("tcp", settings.OpenHealthCheckNodePort, inner));
        foreach (ServicePortSettings port in settings.Ports.Where(p => p.NodePort > 0))
        {
            rules.AddRange(sources.Select(s => Rule(port.Protocol.ToLowerInvariant(), port.NodePort, s)));
        }

        return new DesiredSecurityGroup
        {
            Name = ServiceNames.SecurityGroup(settings.Service, settings.Uid),
            Description = ServiceNames.SecurityGroupDescription(cluster, settings.Service),
            Rules = [.. rules.Distinct()],
            PortIds = ports,
            Tags = clusterTag is null ? [] : [clusterTag],
        };

        static IngressRule Rule(string protocol, int port, string cidr) => new(IsIpv6(cidr) ? "IPv6" : "IPv4", protocol, port, cidr);
    }

    private static bool IsIpv6(string cidr) => cidr.Contains(':', StringComparison.Ordinal);
}
