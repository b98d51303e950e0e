using Tenon.Core;
using Tenon.Network.Contracts;
using Tenon.Network.Ports;
using Tenon.OpenStack;

namespace Tenon.Network.Control;

/// <summary>What a refused call means to the pods that wait for it, and what to do about it.</summary>
internal static class PortProblems
{
    private static readonly TimeSpan s_longWait = TimeSpan.FromSeconds(5);

    /// <summary>The problems of the pods for which a call was made; those of pools are nobody's.</summary>
    public static IEnumerable<PortProblem> Of(object change, OpenStackException refused) => change switch
    {
        PortChange.CreatePorts create => create.Ports.Select(p => p.Name).Where(n => n.Contains('/', StringComparison.Ordinal))
            .Select(n => new PortProblem(NamespacedName.Parse(n), ReasonOf(refused), MessageOf(refused, create.Ports[0].BindingHostId))),
        _ => [],
    };

    /// <summary>What pods without a port wait for when the cloud fails in a way that passes. A short failure is nobody's problem: only those that wait for long are told.</summary>
    public static IEnumerable<PortProblem> OfWaiting(IEnumerable<PodEntry> pods, Func<NamespacedName, PodPort?> podPortOf, OpenStackException failure, DateTimeOffset now)
        => from pod in pods
           where pod.Node.Length > 0 && podPortOf(pod.Name)?.Spec.PodUid != pod.Uid && now - pod.CreatedAt >= s_longWait
           select new PortProblem(pod.Name, "CloudUnavailable",
               $"the pod has no port yet, since the cloud's {failure.Service} service fails: {failure.ServiceMessage.TrimEnd('.', ' ')}; it is asked again and again, and the pod gets its port when it answers");

    private static string ReasonOf(OpenStackException refused) => refused.Kind switch
    {
        OpenStackErrorKind.Quota => "QuotaExceeded",
        OpenStackErrorKind.Forbidden => "PortForbidden",
        _ => "PortRefused",
    };

    private static string MessageOf(OpenStackException refused, string? host) => refused.Kind switch
    {
        OpenStackErrorKind.Quota => $"the cloud has no more ports or addresses for this project: {refused.ServiceMessage}; ask for a larger quota, or delete what is not needed",
        OpenStackErrorKind.Forbidden when host is not null =>
            $"Neutron's policy does not let this project bind ports to host {host}: {refused.ServiceMessage}; let the cloud's administrator allow create_port:binding:host_id, update_port:binding:host_id and get_port:binding:host_id, or plug the node's pods through a trunk",
        _ => refused.Message,
    };
}
