using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// The <c>[LoadBalancer]</c> section of <c>cloud.conf</c> with its <c>[LoadBalancerClass "name"]</c> sections, in the
/// meaning and with the defaults of openstack-cloud-controller-manager. <see langword="null"/> always means "not set".
/// </summary>
public sealed record LoadBalancerOptions
{
    /// <summary><c>enabled</c>: whether Services of type LoadBalancer are served at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary><c>lb-version</c>: only <c>v2</c> (Octavia) exists any more.</summary>
    public string? LbVersion { get; init; }

    /// <summary><c>subnet-id</c>: the Neutron subnet of the VIP, and of the members when <see cref="MemberSubnetId"/> is not set. Not set: the nodes' subnet.</summary>
    public string? SubnetId { get; init; }

    /// <summary><c>member-subnet-id</c>: the Neutron subnet of the members. Not set: <see cref="SubnetId"/>.</summary>
    public string? MemberSubnetId { get; init; }

    /// <summary><c>network-id</c>: the Neutron network of the VIP; not needed with <see cref="SubnetId"/>.</summary>
    public string? NetworkId { get; init; }

    /// <summary><c>floating-network-id</c>: the external network of floating IPs. Not set: the only one there is.</summary>
    public string? FloatingNetworkId { get; init; }

    /// <summary><c>floating-subnet-id</c>: the external subnet of floating IPs; goes before the two patterns.</summary>
    public string? FloatingSubnetId { get; init; }

    /// <summary><c>floating-subnet</c>: a glob, or a regular expression after <c>~</c>, either negated by a leading <c>!</c>, for the external subnet's name.</summary>
    public string? FloatingSubnet { get; init; }

    /// <summary><c>floating-subnet-tags</c>: tags of the external subnet, separated by commas: any of them, after <c>&amp;</c> all of them, negated by a leading <c>!</c>.</summary>
    public string? FloatingSubnetTags { get; init; }

    /// <summary><c>lb-method</c>. Not set: <c>SOURCE_IP_PORT</c> for the provider <c>ovn</c>, else <c>ROUND_ROBIN</c>.</summary>
    public string? LbMethod { get; init; }

    /// <summary><c>lb-provider</c>: the Octavia provider. Not set: what discovery chose, at last <c>amphora</c>.</summary>
    public string? LbProvider { get; init; }

    /// <summary><c>create-monitor</c>: whether pools get a health monitor unless the Service says otherwise.</summary>
    public bool CreateMonitor { get; init; }

    /// <summary><c>monitor-delay</c>: between two probes of a member; whole seconds are sent.</summary>
    public TimeSpan MonitorDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>monitor-timeout</c>: how long a probe may take; whole seconds are sent.</summary>
    public TimeSpan MonitorTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary><c>monitor-max-retries</c>: successes until a member counts as up, 1 to 10.</summary>
    public int MonitorMaxRetries { get; init; } = 1;

    /// <summary><c>monitor-max-retries-down</c>: failures until a member counts as down, 1 to 10.</summary>
    public int MonitorMaxRetriesDown { get; init; } = 3;

    /// <summary><c>manage-security-groups</c>: whether a security group that opens the node ports is kept on the nodes' ports.</summary>
    public bool ManageSecurityGroups { get; init; }

    /// <summary><c>internal-lb</c>: every Service is internal; no floating IP is ever made.</summary>
    public bool InternalLb { get; init; }

    /// <summary><c>node-selector</c>: labels that a node must have to become a member, as <c>key=value, key</c>.</summary>
    public string? NodeSelector { get; init; }

    /// <summary><c>cascade-delete</c>: whether a load balancer is deleted with all below it in one call.</summary>
    public bool CascadeDelete { get; init; } = true;

    /// <summary><c>flavor-id</c>: the Octavia flavour of new load balancers.</summary>
    public string? FlavorId { get; init; }

    /// <summary><c>availability-zone</c>: the Octavia availability zone of new load balancers.</summary>
    public string? AvailabilityZone { get; init; }

    /// <summary><c>enable-ingress-hostname</c>: with the PROXY protocol, publish a host name instead of the address.</summary>
    public bool EnableIngressHostname { get; init; }

    /// <summary><c>ingress-hostname-suffix</c>: the suffix of that host name.</summary>
    public string IngressHostnameSuffix { get; init; } = "nip.io";

    /// <summary><c>default-tls-container-ref</c>: the certificate of listeners that terminate TLS.</summary>
    public string? DefaultTlsContainerRef { get; init; }

    /// <summary><c>container-store</c>: <c>barbican</c> checks that the certificate exists, <c>external</c> does not.</summary>
    public string ContainerStore { get; init; } = "barbican";

    /// <summary><c>max-shared-lb</c>: how many Services may share one load balancer.</summary>
    public int MaxSharedLb { get; init; } = 2;

    /// <summary><c>provider-requires-serial-api-calls</c>: build load balancers part by part instead of in one populated create.</summary>
    public bool ProviderRequiresSerialApiCalls { get; init; }

    /// <summary>The <c>[LoadBalancerClass "name"]</c> sections by name.</summary>
    public ImmutableSortedDictionary<string, LoadBalancerClassOptions> Classes { get; init; } =
        ImmutableSortedDictionary.Create<string, LoadBalancerClassOptions>(StringComparer.Ordinal);

    /// <summary>
    /// Everything that is wrong with the values, with fields named as in <c>cloud.conf</c>
    /// (<c>[LoadBalancer] lb-method</c>, <c>[LoadBalancerClass "dmz"] floating-subnet</c>).
    /// </summary>
    public ImmutableArray<Problem> Validate() => LoadBalancerOptionsValidator.Validate(this);
}

/// <summary>One <c>[LoadBalancerClass "name"]</c> section; <see langword="null"/> means "not set".</summary>
public sealed record LoadBalancerClassOptions
{
    /// <summary><c>floating-network-id</c>.</summary>
    public string? FloatingNetworkId { get; init; }

    /// <summary><c>floating-subnet-id</c>.</summary>
    public string? FloatingSubnetId { get; init; }

    /// <summary><c>floating-subnet</c>.</summary>
    public string? FloatingSubnet { get; init; }

    /// <summary><c>floating-subnet-tags</c>.</summary>
    public string? FloatingSubnetTags { get; init; }

    /// <summary><c>network-id</c>.</summary>
    public string? NetworkId { get; init; }

    /// <summary><c>subnet-id</c>.</summary>
    public string? SubnetId { get; init; }

    /// <summary><c>member-subnet-id</c>.</summary>
    public string? MemberSubnetId { get; init; }
}
