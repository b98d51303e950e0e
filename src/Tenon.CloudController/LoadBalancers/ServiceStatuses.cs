using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>What is published in a Service's status.</summary>
internal static class ServiceStatuses
{
    public static LoadBalancerStatus Of(LoadBalancerSettings settings, LoadBalancerOptions options, LoadBalancerEndpoint endpoint)
    {
        if (settings.Hostname is { } hostname) return new() { Ingress = [new() { Hostname = hostname }] };
        string[] all = [endpoint.Address, .. endpoint.FurtherAddresses];

        // A load balancer keeps its second address when the Service gives up the family.
        string[] addresses = [.. all.Where(a => settings.IpFamilies.IsEmpty || settings.IpFamilies.Contains(a.Contains(':', StringComparison.Ordinal) ? "IPv6" : "IPv4"))];
        if (addresses.Length == 0) addresses = all;
        bool proxy = settings.ProxyProtocol is not ProxyProtocolVersion.None;
        if (proxy && options.EnableIngressHostname)
        {
            // A name instead of an address keeps kube-proxy from short-cutting traffic past the load balancer, and so past the PROXY header.
            return new() { Ingress = [.. addresses.Select(a => new LoadBalancerIngress { Hostname = $"{DnsLabel(a)}.{options.IngressHostnameSuffix}" })] };
        }

        return new() { Ingress = [.. addresses.Select(a => new LoadBalancerIngress { Ip = a, IpMode = proxy ? "Proxy" : "VIP" })] };
    }

    public static bool Same(LoadBalancerStatus a, LoadBalancerStatus b)
        => a.Ingress.Count == b.Ingress.Count && a.Ingress.Zip(b.Ingress).All(p =>
            (p.First.Ip ?? "") == (p.Second.Ip ?? "") && (p.First.Hostname ?? "") == (p.Second.Hostname ?? "")
            && (p.First.IpMode == p.Second.IpMode || p.First.IpMode is null || p.Second.IpMode is null));

    /// <summary>An address as nip.io and its like read it: IPv6 with dashes.</summary>
    private static string DnsLabel(string address) => address.Replace(':', '-');
}
