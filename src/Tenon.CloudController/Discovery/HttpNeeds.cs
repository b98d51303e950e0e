using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudController.Discovery;

/// <summary>Which Services ask for HTTP load balancing, which the provider ovn lacks.</summary>
public static class HttpNeeds
{
    /// <summary>The Services of type LoadBalancer whose annotations or defaults ask for it, each as <c>Service NAMESPACE/NAME</c>, in order.</summary>
    public static EquatableArray<string> Of(IEnumerable<Service> services, LoadBalancerOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.Where(s => ServiceNames.IsWanted(s) && LoadBalancerSettingsParser.Parse(s, options, out _) is { NeedsL7: true })
            .Select(s => $"Service {s.Metadata.Key}").Order(StringComparer.Ordinal).ToEquatableArray();
    }
}
