using System.Net;
using System.Net.Sockets;
using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.LoadBalancing;

/// <summary>What a Service of type LoadBalancer says about who reaches it and where, as openstack-cloud-controller-manager reads it; for whoever serves it.</summary>
public static class ServiceExposure
{
    /// <summary>Whether the load balancer gets no floating IP.</summary>
    public const string InternalAnnotation = "service.beta.kubernetes.io/openstack-internal-load-balancer";

    /// <summary>Kubernetes' own older way to say <c>spec.loadBalancerSourceRanges</c>.</summary>
    public const string SourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

    /// <summary>The external network of the floating IP.</summary>
    public const string FloatingNetworkAnnotation = "loadbalancer.openstack.org/floating-network-id";

    /// <summary>Whether the floating IP survives its Service.</summary>
    public const string KeepFloatingIpAnnotation = "loadbalancer.openstack.org/keep-floatingip";

    private static readonly char[] s_separators = [',', ' ', '\t', '\n'];

    /// <summary>Whether there is to be no floating IP. What cannot be read is a problem, and counts as internal: guessing could expose the Service.</summary>
    public static bool IsInternal(IReadOnlyDictionary<string, string> annotations, ICollection<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(annotations);
        ArgumentNullException.ThrowIfNull(problems);
        if (annotations.GetValueOrDefault(InternalAnnotation) is not { Length: > 0 } value) return false;
        if (value is "true" or "false") return value == "true";
        problems.Add(Problem.Error(Field(InternalAnnotation), value, "it is neither \"true\" nor \"false\", and guessing could expose the Service", "Write \"true\" or \"false\"."));
        return true;
    }

    /// <summary>The address that is asked for in <c>spec.loadBalancerIP</c>: of the floating IP, or of an internal load balancer itself.</summary>
    public static string? LoadBalancerIp(ServiceSpec spec, bool isInternal, ICollection<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(problems);
        if (string.IsNullOrWhiteSpace(spec.LoadBalancerIP)) return null;
        if (!IPAddress.TryParse(spec.LoadBalancerIP.Trim(), out IPAddress? address))
        {
            problems.Add(Problem.Error("spec.loadBalancerIP", spec.LoadBalancerIP, "it is not an IP address", "Write an address such as 192.0.2.10, or remove the field."));
            return null;
        }

        string family = address.AddressFamily is AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4";
        bool fits = spec.IpFamilies.Count == 0 || spec.IpFamilies[0] == family || (family == "IPv4" && !isInternal && spec.IpFamilies.Contains(family));
        if (fits) return address.ToString();
        problems.Add(Problem.Error("spec.loadBalancerIP", spec.LoadBalancerIP, $"it is {family}, but the load balancer's own address is {spec.IpFamilies[0]}", "Write an address of that family, or put its family first in spec.ipFamilies."));
        return null;
    }

    /// <summary>The ranges from which clients may come, in canonical form; empty when everybody of every family may connect.</summary>
    /// <remarks>A text that is no range is a problem and left out: who goes on in spite of it must not take "empty" for "everybody".</remarks>
    public static EquatableArray<string> SourceRanges(Service service, ICollection<Problem> problems)
    {
        ArgumentNullException.ThrowIfNull(service);
        ArgumentNullException.ThrowIfNull(problems);
        ServiceSpec spec = service.Spec;
        bool fromSpec = spec.LoadBalancerSourceRanges.Count > 0;
        IEnumerable<string> texts = fromSpec
            ? spec.LoadBalancerSourceRanges
            : (service.Metadata.Annotations.GetValueOrDefault(SourceRangesAnnotation) ?? "").Split(s_separators, StringSplitOptions.RemoveEmptyEntries);
        var ranges = new SortedSet<string>(StringComparer.Ordinal);
        int index = 0;
        foreach (string text in texts)
        {
            if (Network(text.Trim()) is { } network) ranges.Add(network);
            else problems.Add(Problem.Error(fromSpec ? $"spec.loadBalancerSourceRanges[{index}]" : Field(SourceRangesAnnotation), text, "it is not a range of addresses", "Write ranges such as 10.0.0.0/24."));
            index++;
        }

        bool open = spec.IpFamilies.DefaultIfEmpty("IPv4").All(f => ranges.Contains(f == "IPv6" ? "::/0" : "0.0.0.0/0"));
        return open && ranges.All(r => r is "0.0.0.0/0" or "::/0") ? [] : [.. ranges];
    }

    /// <summary>The network of <c>address/prefix</c>, with the bits beyond the prefix cleared.</summary>
    private static string? Network(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out IPAddress? address) || !int.TryParse(text.AsSpan(slash + 1), out int prefix)) return null;
        byte[] bytes = address.GetAddressBytes();
        if (prefix < 0 || prefix > bytes.Length * 8 || (address.AddressFamily is AddressFamily.InterNetwork && text[..slash].Count(c => c == '.') != 3)) return null;
        for (int bit = prefix; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return $"{new IPAddress(bytes)}/{prefix}";
    }

    private static string Field(string annotation) => $"metadata.annotations[{annotation}]";
}
