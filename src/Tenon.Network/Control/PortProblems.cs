using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Ports;
using Tenon.Network.SecurityGroups;
using Tenon.OpenStack;

namespace Tenon.Network.Control;

/// <summary>What a refused call means to the pods that wait for it, and what to do about it.</summary>
internal static class PortProblems
{
    private const string HostRights = "create_port:binding:host_id, update_port:binding:host_id and get_port:binding:host_id";

    /// <summary>Why no port can be bound to a node's host, as can be seen before any is.</summary>
    public const string HostsAreHidden =
        $"ports are to be bound to its host, but Neutron's policy does not show this project the hosts of ports, and so lets it hardly bind any: let the cloud's administrator allow {HostRights}, or plug the node's pods through a trunk";

    /// <summary>What passes sooner is nobody's problem.</summary>
    public static readonly TimeSpan LongWait = TimeSpan.FromSeconds(5);

    /// <summary>The problems of the pods for which a call was made and refused for good; those of pools are nobody's, and what passes is tried again.</summary>
    public static IEnumerable<PortProblem> Of(object change, Exception failure) => (change, failure) switch
    {
        (PortChange.WritePodPort write, KubernetesException { Failure: KubernetesFailure.Forbidden or KubernetesFailure.Invalid }) =>
            [new(write.Pod, "PodPortRefused", $"the API server refuses the pod's PodPort: {failure.Message}")],
        (PortChange.CreatePorts create, OpenStackException { IsTransient: false } refused) => create.Ports.Select(p => p.Name).Where(n => n.Contains('/', StringComparison.Ordinal))
            .Select(n => new PortProblem(NamespacedName.Parse(n), ReasonOf(refused), MessageOf(refused, create.Ports[0].BindingHostId))),
        _ => [],
    };

    /// <summary>What a problem is, with what is known beyond the plan; <see langword="null"/> where there is nothing to be said of it yet.</summary>
    /// <param name="found">The problem as the planner found it.</param>
    /// <param name="nodeOf">The node of a pod.</param>
    /// <param name="unable">What is in the way of nodes.</param>
    /// <param name="attempts">The pass.</param>
    public static PortProblem? Explain(PortProblem found, Func<NamespacedName, string?> nodeOf, IReadOnlyDictionary<string, string> unable, Attempts attempts) => found.Reason switch
    {
        "NodeCannotPlug" when nodeOf(found.Pod) is { } node && unable.TryGetValue(node, out string? why) => found with { Message = $"node {node}: {why}" },
        "GroupsNotReady" => attempts.Failed.Where(f => f.Change is GroupChange).Select(f => f.Failure).OfType<OpenStackException>().FirstOrDefault(f => !f.IsTransient) is { } refused
            ? found with { Message = $"the security groups that the pod's policies need cannot be made: {refused.ServiceMessage}" }
            : null,
        _ => found,
    };

    /// <summary>What keeps nodes from plugging pods, whether or not a pod is there. Of one that is not initialized yet nothing is said before it is.</summary>
    /// <param name="nodes">The nodes.</param>
    /// <param name="able">Those that can plug pods.</param>
    /// <param name="unable">What is in the way of the others.</param>
    /// <param name="hidesHosts">Whether the cloud does not show to which hosts ports are bound.</param>
    public static IEnumerable<PortProblem> OfNodes(IEnumerable<Node> nodes, IReadOnlyDictionary<string, PortNode> able, IReadOnlyDictionary<string, string> unable, bool hidesHosts)
    {
        foreach (Node node in nodes)
        {
            NamespacedName key = node.Metadata.Key;
            if (hidesHosts && able.GetValueOrDefault(key.Name)?.Binding is NodeBinding.Ovs) yield return new(key, "PortForbidden", HostsAreHidden);
            if (NodeBindings.UnreadableOf(node).Order(StringComparer.Ordinal).ToArray() is [_, ..] odd)
                yield return new(key, "AddressUnreadable", $"status.addresses of type InternalIP: \"{string.Join("\", \"", odd)}\" is no IP address; pods that a policy isolates do not let in what the node sends from it");
            if (unable.TryGetValue(key.Name, out string? why) && !string.IsNullOrEmpty(node.Spec.ProviderId)) yield return new(key, "NodeCannotPlug", why);
        }
    }

    /// <summary>What pods without a port wait for when the cloud fails in a way that passes. A short failure is nobody's problem: only those that wait for long are told.</summary>
    public static IEnumerable<PortProblem> OfWaiting(IEnumerable<PodEntry> pods, Func<NamespacedName, PodPort?> podPortOf, OpenStackException failure, DateTimeOffset now)
        => from pod in pods
           where pod.Node.Length > 0 && podPortOf(pod.Name)?.Spec.PodUid != pod.Uid && now - pod.CreatedAt >= LongWait
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
            $"Neutron's policy does not let this project bind ports to host {host}: {refused.ServiceMessage}; let the cloud's administrator allow {HostRights}, or plug the node's pods through a trunk",
        _ => $"the cloud refuses the pod's port: {refused.ServiceMessage}",
    };
}
