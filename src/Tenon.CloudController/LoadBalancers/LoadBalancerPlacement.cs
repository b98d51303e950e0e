using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Where in this cloud a Service's load balancer, members and floating IP are, all defaults found out.</summary>
public sealed record LoadBalancerPlacement
{
    /// <summary>What the cloud's Octavia can do.</summary>
    public required LoadBalancerFeatures Features { get; init; }

    /// <summary>The provider; <see langword="null"/> is the cloud's default.</summary>
    public string? Provider { get; init; }

    /// <summary>The VIP's subnet.</summary>
    public string? VipSubnetId { get; init; }

    /// <summary>The VIP's network.</summary>
    public string? VipNetworkId { get; init; }

    /// <summary>The subnet of a further VIP, of the Service's second IP family.</summary>
    public string? AdditionalVipSubnetId { get; init; }

    /// <summary>The members' subnet.</summary>
    public string? MemberSubnetId { get; init; }

    /// <summary>The members' subnet's range, for security groups.</summary>
    public string? MemberCidr { get; init; }

    /// <summary>The external network.</summary>
    public string? FloatingNetworkId { get; init; }

    /// <summary>External subnets to try in this order.</summary>
    public EquatableArray<string> FloatingSubnetIds { get; init; }

    /// <summary>Whether the provider refuses allowed CIDRs, as was seen.</summary>
    public bool RefusesAllowedCidrs { get; init; }

    internal bool IsOvn => Provider == "ovn";

    internal bool AllowedCidrs => Features.AllowedCidrs && !IsOvn && !RefusesAllowedCidrs;

    /// <summary>Whether members see the clients' addresses, so that their security groups can tell clients apart.</summary>
    internal bool KeepsClientAddress => IsOvn || RefusesAllowedCidrs;

    internal bool Timeouts => Features.Timeouts && !IsOvn;

    internal bool Flavors => Features.Flavors && !IsOvn;

    internal bool AvailabilityZones => Features.AvailabilityZones && !IsOvn;

    /// <summary>Whether health monitors work for a protocol at all.</summary>
    internal static bool CanMonitor(string? provider, string protocol) => provider != "ovn" || protocol != "SCTP";

    /// <summary>Whether HTTP health monitors work for a protocol; for UDP pools since API 2.16.</summary>
    internal bool HttpMonitor(string protocol) => !IsOvn && (protocol != "UDP" || Features.Version >= new OpenStack.ApiVersion(2, 16));
}
