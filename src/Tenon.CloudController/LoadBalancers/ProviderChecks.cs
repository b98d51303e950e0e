using Tenon.LoadBalancing;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Holds what a Service asks for against what its provider and the cloud's Octavia can do.</summary>
internal static class ProviderChecks
{
    private const string Ovn = OctaviaProviders.Ovn;

    /// <summary>Notes and refuses what cannot be had.</summary>
    public static void Check(PlacementPass pass, LoadBalancerOptions options)
    {
        LoadBalancerSettings settings = pass.Settings;
        if (pass.Provider == Ovn) CheckOvn(pass);
        CheckMonitors(pass);
        CheckVersion(pass);
        if (settings.NeedsL7 && settings.Ports.Any(p => p.Protocol != "TCP"))
        {
            pass.Warn(ServiceEvents.OptionIgnored, "x-forwarded-for, proxy-protocol and default-tls-container-ref apply to the TCP ports only; the other ports are served without.");
        }

        if (!settings.SourceRanges.IsEmpty) CheckSourceRanges(pass, options);
        if (settings.Ports.All(p => p.NodePort == 0) && !settings.Ports.IsEmpty)
        {
            pass.Warn(ServiceEvents.NoNodes, "spec.allocateLoadBalancerNodePorts is false: no port has a node port, so the load balancer has no members. Set it to true.");
        }
    }

    private static void CheckOvn(PlacementPass pass)
    {
        const string fix = "Remove the annotation, or use another provider ([LoadBalancer] lb-provider=amphora) for a new Service.";
        LoadBalancerSettings settings = pass.Settings;
        if (settings.ForwardedFor) pass.Refuse($"metadata.annotations[{ServiceAnnotations.ForwardedFor}]: provider ovn knows no HTTP. {fix}");
        if (settings.TlsContainerRef is not null) pass.Refuse($"metadata.annotations[{ServiceAnnotations.TlsContainerRef}]: provider ovn cannot terminate TLS. {fix}");
        if (settings.ProxyProtocol is not ProxyProtocolVersion.None) pass.Refuse($"metadata.annotations[{ServiceAnnotations.ProxyProtocol}]: provider ovn does not speak the PROXY protocol. {fix}");
        if (settings.Method is not null and not LoadBalancerMethods.SourceIpPort)
        {
            pass.Warn(ServiceEvents.MethodUnknown, $"lb-method {settings.Method}: provider ovn knows only SOURCE_IP_PORT, which is used. Set lb-method=SOURCE_IP_PORT to silence this.");
        }

        if (settings.AsksForTimeouts) pass.Warn(ServiceEvents.OptionIgnored, $"{ServiceAnnotations.Prefix}timeout-*: provider ovn has no timeouts; they are ignored. Remove the annotations.");
        if (settings.FlavorId is not null) pass.Warn(ServiceEvents.OptionIgnored, $"flavor-id {settings.FlavorId}: provider ovn has no flavours; it is ignored. Remove the option or annotation.");
        if (settings.AvailabilityZone is { } zone)
        {
            pass.Warn(ServiceEvents.AvailabilityZonesIgnored, $"availability-zone {zone}: provider ovn has no availability zones; it is ignored. Remove the option or annotation.");
        }
    }

    private static void CheckMonitors(PlacementPass pass)
    {
        LoadBalancerSettings settings = pass.Settings;
        if (settings.Monitor && settings.Ports.FirstOrDefault(p => !LoadBalancerPlacement.CanMonitor(pass.Provider, p.Protocol)) is { } blind)
        {
            pass.Warn(ServiceEvents.OptionIgnored,
                $"{ServiceAnnotations.EnableMonitor}: provider ovn has no health monitors for {blind.Protocol}; port {blind.Port} is served without. Remove the option or annotation, or use another provider.");
        }

        if (settings is { Monitor: false, OpenHealthCheckNodePort: > 0 })
        {
            pass.Note(ServiceEvents.MonitorMissing,
                $"spec.externalTrafficPolicy is Local, and there is no health monitor: connections to nodes without an endpoint are lost. Set {ServiceAnnotations.EnableMonitor} to \"true\".");
        }
    }

    private static void CheckVersion(PlacementPass pass)
    {
        LoadBalancerSettings settings = pass.Settings;
        LoadBalancerFeatures features = pass.Features;
        bool ovn = pass.Provider == Ovn;
        string octavia = $"this cloud's Octavia API is {features.Version}";
        if (settings.FlavorId is { } flavor && !ovn && !features.Flavors)
        {
            pass.Warn(ServiceEvents.OptionIgnored, $"flavor-id {flavor} is ignored: {octavia}, and flavours need 2.6.");
        }

        if (settings.AvailabilityZone is { } zone && !ovn && !features.AvailabilityZones)
        {
            pass.Warn(ServiceEvents.AvailabilityZonesIgnored, $"availability-zone {zone} is ignored: {octavia}, and availability zones need 2.14.");
        }

        if (settings.ProxyProtocol is ProxyProtocolVersion.V2 && !features.ProxyV2)
        {
            pass.Refuse($"metadata.annotations[{ServiceAnnotations.ProxyProtocol}]: {octavia}, and v2 needs 2.22. Write v1.");
        }

        for (int i = 0; i < settings.Ports.Count; i++)
        {
            if (settings.Ports[i].Protocol == "SCTP" && !features.Sctp) pass.Refuse($"spec.ports[{i}].protocol: {octavia}, and SCTP needs 2.23. Use TCP or UDP.");
        }
    }

    private static void CheckSourceRanges(PlacementPass pass, LoadBalancerOptions options)
    {
        LoadBalancerSettings settings = pass.Settings;
        bool ovn = pass.Provider == Ovn;
        if (!ovn && !pass.Features.AllowedCidrs)
        {
            pass.Warn(ServiceEvents.SourceRangesIgnored,
                $"spec.loadBalancerSourceRanges is ignored: this cloud's Octavia API is {pass.Features.Version}, and allowed CIDRs need 2.12.");
        }
        else if (ovn && !options.ManageSecurityGroups)
        {
            pass.Note(ServiceEvents.SourceRangesBySecurityGroup,
                "Provider ovn has no allowed CIDRs: spec.loadBalancerSourceRanges is kept by a security group on the nodes' ports. It restricts only what no other security group of the nodes lets in.");
        }

        bool ipv6First = settings.IpFamilies is ["IPv6", ..];
        if (settings.IpFamilies.Count == 1 && settings.SourceRanges.Any(r => r.Contains(':', StringComparison.Ordinal) != ipv6First))
        {
            pass.Warn(ServiceEvents.SourceRangesIgnored,
                $"spec.loadBalancerSourceRanges: ranges of the other IP family than {settings.IpFamilies[0]} are left out. Remove them.");
        }
    }
}
