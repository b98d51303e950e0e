using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// The names, descriptions and tags of what belongs to a Service in the cloud, as openstack-cloud-controller-manager makes
/// them, so that each adopts what the other made. Names that are too long get a hash; where the other controller would have cut
/// them, the cut name is known too.
/// </summary>
public static class ServiceNames
{
    /// <summary>What names and tags of load balancers begin with.</summary>
    public const string Prefix = "kube_service_";

    /// <summary>What the tag begins with that says which very cluster made a resource: names of clusters are not unique.</summary>
    public const string ClusterTagPrefix = "tenon.cluster=";

    /// <summary>What the tag begins with that says since when (Unix seconds) nothing refers to a resource any more.</summary>
    public const string OrphanTagPrefix = "tenon.orphan=";

    /// <summary>The finalizer that Kubernetes' service controllers share.</summary>
    public const string Finalizer = "service.kubernetes.io/load-balancer-cleanup";

    private const int Limit = 255;

    /// <summary>The name of a Service's own load balancer, which is also its tag.</summary>
    public static string LoadBalancer(string cluster, NamespacedName service) => BoundedName.Fit(FullName(cluster, service), Limit);

    /// <summary>Names that earlier controllers gave to a Service's load balancer.</summary>
    public static EquatableArray<string> FormerLoadBalancers(string cluster, NamespacedName service, string uid)
    {
        string full = FullName(cluster, service);
        string ancient = $"a{uid.Replace("-", "", StringComparison.Ordinal)}";
        if (ancient.Length > 32) ancient = ancient[..32];
        if (uid.Length == 0) return full.Length > Limit ? [full[..Limit]] : [];
        return full.Length > Limit ? [full[..Limit], ancient] : [ancient];
    }

    /// <summary>The name of the listener of a Service's port, by the port's index.</summary>
    public static string Listener(int index, string loadBalancer) => BoundedName.Fit($"listener_{index}_{loadBalancer}", Limit);

    /// <summary>The name of a pool.</summary>
    public static string Pool(int index, string loadBalancer) => BoundedName.Fit($"pool_{index}_{loadBalancer}", Limit);

    /// <summary>The name of a health monitor.</summary>
    public static string Monitor(int index, string loadBalancer) => BoundedName.Fit($"monitor_{index}_{loadBalancer}", Limit);

    /// <summary>The description of a load balancer.</summary>
    public static string LoadBalancerDescription(string cluster, NamespacedName service)
        => BoundedName.Fit($"Kubernetes external service {service} from cluster {cluster}", Limit);

    /// <summary>The description of a floating IP.</summary>
    public static string FloatingIpDescription(string cluster, NamespacedName service) => BoundedName.Fit($"{FloatingIpPrefix(service)}{cluster}", Limit);

    /// <summary>What the description of a Service's floating IP begins with, whatever the cluster's name was.</summary>
    public static string FloatingIpPrefix(NamespacedName service) => $"Floating IP for Kubernetes external service {service} from cluster ";

    /// <summary>The name of a Service's security group.</summary>
    public static string SecurityGroup(NamespacedName service, string uid) => BoundedName.Fit(FullSecurityGroup(service, uid), Limit);

    /// <summary>All names that a Service's security group may have.</summary>
    public static EquatableArray<string> SecurityGroups(NamespacedName service, string uid)
    {
        string full = FullSecurityGroup(service, uid);
        return full.Length > Limit ? [SecurityGroup(service, uid), full[..Limit]] : [full];
    }

    /// <summary>The description of a security group.</summary>
    public static string SecurityGroupDescription(string cluster, NamespacedName service)
        => BoundedName.Fit($"Security Group for {service} Service LoadBalancer in cluster {cluster}", Limit);

    /// <summary>Whether a Service is one that this controller serves: of type LoadBalancer, and of nobody else's class.</summary>
    public static bool IsWanted(Service service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return service.Spec.Type == "LoadBalancer" && string.IsNullOrEmpty(service.Spec.LoadBalancerClass) && !service.Metadata.IsBeingDeleted;
    }

    /// <summary>
    /// Whether a Service has, or may still have, something in the cloud. One of another class has not, though it carries the finalizer:
    /// that is its own controller's, as a class cannot be given to a Service that is of type LoadBalancer already.
    /// </summary>
    public static bool IsConcerned(Service service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return IsWanted(service) || (service.Metadata.Finalizers.Contains(Finalizer) && string.IsNullOrEmpty(service.Spec.LoadBalancerClass));
    }

    private static string FullName(string cluster, NamespacedName service) => $"{Prefix}{cluster}_{service.Namespace}_{service.Name}";

    private static string FullSecurityGroup(NamespacedName service, string uid) => $"lb-sg-{uid}-{service.Namespace}-{service.Name}";
}
