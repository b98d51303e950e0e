using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Network.Contracts;

namespace Tenon.Network.Policies;

/// <summary>Reads Kubernetes objects as policies see them.</summary>
public static class PolicySources
{
    /// <summary>A Service; <see langword="null"/> for one without a virtual IP.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="endpoints">The endpoints that somebody else writes, where it has no selector.</param>
    public static PolicyService? Of(Service service, EquatableArray<PolicyEndpoint> endpoints)
    {
        ArgumentNullException.ThrowIfNull(service);
        EquatableArray<string> addresses = VirtualIpsOf(service);
        if (service.Spec.Type == "ExternalName") return null;
        return new(
            service.Metadata.Key,
            addresses,
            [.. service.Spec.Ports.Select(p => new PolicyServicePort(p.Protocol, p.Port, TargetOf(p)))])
        {
            Selector = service.Spec.Selector,
            Endpoints = service.Spec.Selector.Count == 0 ? endpoints : [],
            External = service.Spec.Type == "LoadBalancer",
            // What cannot be read lets nobody in; the reconciler of Services says so.
            SourceRanges = service.Spec.Type == "LoadBalancer" ? SourceRangesOf(service, []) : [],
        };
    }

    /// <summary>A Service's virtual IPs; none for a headless one.</summary>
    public static EquatableArray<string> VirtualIpsOf(Service service)
    {
        ArgumentNullException.ThrowIfNull(service);
        IEnumerable<string> all = service.Spec.ClusterIPs.Count > 0 ? service.Spec.ClusterIPs : [service.Spec.ClusterIP ?? ""];
        return [.. all.Where(a => a.Length > 0 && a != "None")];
    }

    /// <summary>The ranges from which clients of a Service may come from outside; empty is everybody. Where none of them can be read, nobody's.</summary>
    public static EquatableArray<string> SourceRangesOf(Service service, ICollection<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(problems);
        int before = problems.Count;
        EquatableArray<string> ranges = ServiceExposure.SourceRanges(service, problems);
        return ranges.IsEmpty && problems.Count > before ? ["127.0.0.1/32"] : ranges;
    }

    /// <summary>The endpoints of a slice by the ports of its Service; those that have no address, such as the names of a slice of type FQDN, are none.</summary>
    public static IEnumerable<PolicyEndpoint> EndpointsOf(EndpointSlice slice, Service service)
    {
        ArgumentNullException.ThrowIfNull(slice);
        ArgumentNullException.ThrowIfNull(service);
        if (slice.AddressType is not ("IPv4" or "IPv6")) return [];
        return from port in slice.Ports
               where port.Port is not null
               from front in service.Spec.Ports.Where(p => (p.Name ?? "") == (port.Name ?? "") && p.Protocol == (port.Protocol ?? "TCP"))
               from endpoint in slice.Endpoints
               where endpoint.Addresses.Count > 0
               select new PolicyEndpoint(endpoint.Addresses[0], front.Protocol, front.Port, port.Port!.Value);
    }

    /// <summary>A virtual network that is ready; <see langword="null"/> for one that is not.</summary>
    public static PolicyNetwork? Of(VirtualNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Status is { NetworkId: not null } status
            ? new(network.Metadata.Key.ToString(), [.. status.Subnets.Select(s => s.Cidr)], status.Isolation == "Open") { Routed = [.. status.RoutedCidrs] }
            : null;
    }

    private static IntOrString TargetOf(ServicePort port) => port.TargetPort ?? port.Port;
}
