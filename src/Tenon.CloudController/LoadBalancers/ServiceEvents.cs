namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// The reasons of events on Services. Those that openstack-cloud-controller-manager and Kubernetes' service controller have are
/// theirs, letter for letter; see also <see cref="LoadBalancing.LoadBalancerReasons"/>.
/// </summary>
public static class ServiceEvents
{
    /// <summary>The load balancer is about to be made or changed.</summary>
    public const string Ensuring = "EnsuringLoadBalancer";

    /// <summary>The load balancer serves.</summary>
    public const string Ensured = "EnsuredLoadBalancer";

    /// <summary>The load balancer was changed.</summary>
    public const string Updated = "UpdatedLoadBalancer";

    /// <summary>The load balancer is about to be deleted.</summary>
    public const string Deleting = "DeletingLoadBalancer";

    /// <summary>The load balancer is gone.</summary>
    public const string Deleted = "DeletedLoadBalancer";

    /// <summary>No node can be a member.</summary>
    public const string NoNodes = "UnAvailableLoadBalancer";

    /// <summary>The synchronization failed.</summary>
    public const string SyncFailed = LoadBalancing.LoadBalancerReasons.SyncFailed;

    /// <summary>No external network was found.</summary>
    public const string ExternalNetworkSearchFailed = "LoadBalancerExternalNetworkSearchFailed";

    /// <summary>Source ranges cannot be kept.</summary>
    public const string SourceRangesIgnored = "LoadBalancerSourceRangesIgnored";

    /// <summary>Availability zones are not there.</summary>
    public const string AvailabilityZonesIgnored = "LoadBalancerAvailabilityZonesIgnored";

    /// <summary>The algorithm is not known, or not to the provider.</summary>
    public const string MethodUnknown = "LoadBalancerLbMethodUnknown";

    /// <summary>Source ranges are kept by a security group.</summary>
    public const string SourceRangesBySecurityGroup = "LoadBalancerSourceRangesBySecurityGroup";

    /// <summary>An annotation's value cannot be used, or there is no such annotation.</summary>
    public const string AnnotationInvalid = "LoadBalancerAnnotationInvalid";

    /// <summary>Something that is asked for has no effect here.</summary>
    public const string OptionIgnored = "LoadBalancerOptionIgnored";

    /// <summary>Traffic is to stay on the nodes that have endpoints, and nothing finds out which these are.</summary>
    public const string MonitorMissing = "LoadBalancerMonitorMissing";

    /// <summary>The second IP family cannot be had.</summary>
    public const string DualStackUnavailable = "LoadBalancerDualStackUnavailable";

    /// <summary>The cloud refuses for want of quota.</summary>
    public const string QuotaExceeded = "LoadBalancerQuotaExceeded";
}
