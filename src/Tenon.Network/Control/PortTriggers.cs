using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;

namespace Tenon.Network.Control;

/// <summary>Which changes wake the port reconciler.</summary>
internal static class PortTriggers
{
    /// <summary>The controller with its queue and triggers.</summary>
    public static Controller CreateController(PortReconciler reconciler, NetworkComponents components, NetworkOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var settings = new ControllerOptions
        {
            Workers = 1,
            ReconcileTimeout = TimeSpan.FromMinutes(5),
            ResyncPeriod = options.ResyncPeriod,
            Queue = new() { MaxBackoff = options.MaxBackoff },
        };
        var controller = new Controller("pod-port", reconciler, settings, time, loggers.CreateLogger<Controller>());
        IEnumerable<NamespacedName> Wake(bool matters, string? node = null)
        {
            if (!matters) return [];
            reconciler.Gathering.Note(node);

            // Not at once: others come with it.
            controller.EnqueueAfter(PortReconciler.Key, options.GatherFor);
            return [];
        }

        return controller
            .Watches(components.Pods, change => Wake(Matters(change), NewNode(change)))
            .Watches(components.Namespaces, change => Wake(change is not InformerChange<Namespace>.Updated(var old, var now)
                || !Same(old.Metadata.Labels, now.Metadata.Labels)
                || old.Metadata.Annotations.GetValueOrDefault(NetworkNames.NetworkAnnotation) != now.Metadata.Annotations.GetValueOrDefault(NetworkNames.NetworkAnnotation)))
            .Watches(components.Policies, change => Wake(change is not InformerChange<NetworkPolicy>.Updated(var old, var now) || old.Metadata.Generation != now.Metadata.Generation || now.Metadata.Generation == 0))
            .Watches(components.Services, _ => Wake(true))
            .Watches(components.Slices, change => Wake(components.Services.Get(new(change.Key.Namespace, change.Current.Metadata.Labels.GetValueOrDefault(EndpointSlice.ServiceNameLabel) ?? "")) is { Spec.Selector.Count: 0 }))
            .Watches(components.Nodes, change => Wake(change is not InformerChange<Node>.Updated(var old, var now)
                || old.Spec.ProviderId != now.Spec.ProviderId
                || !old.Status.Addresses.SequenceEqual(now.Status.Addresses)
                || NodeBindings.IsOutOfService(old) != NodeBindings.IsOutOfService(now)
                || old.Metadata.Annotations.GetValueOrDefault(NetworkNames.BindingAnnotation) != now.Metadata.Annotations.GetValueOrDefault(NetworkNames.BindingAnnotation)))
            .Watches(components.VirtualNetworks, change => Wake(change is not InformerChange<VirtualNetwork>.Updated(var old, var now)
                || old.Status?.NetworkId != now.Status?.NetworkId
                || old.Status?.Isolation != now.Status?.Isolation
                || old.Metadata.IsBeingDeleted != now.Metadata.IsBeingDeleted
                || (old.Status?.RoutedCidrs ?? []).SequenceEqual(now.Status?.RoutedCidrs ?? []) is false
                || (old.Status?.Subnets ?? []).Select(s => s.Cidr).SequenceEqual((now.Status?.Subnets ?? []).Select(s => s.Cidr)) is false))
            .Watches(components.PodPorts, change =>
            {
                reconciler.PodPorts.Observe(change);
                return Wake(Matters(change));
            })
            .Resyncs(() => [PortReconciler.Key]);
    }

    /// <summary>Most changes of pods are news from their kubelet, which do not matter.</summary>
    private static bool Matters(InformerChange<Pod> change)
        => !change.Current.Spec.HostNetwork && (change is not InformerChange<Pod>.Updated(var old, var now)
            || old.Spec.NodeName != now.Spec.NodeName
            || IsFinished(old) != IsFinished(now)
            || !Same(old.Metadata.Labels, now.Metadata.Labels)
            || !Same(old.Metadata.Annotations, now.Metadata.Annotations));

    /// <summary>The node on which a pod is new.</summary>
    private static string? NewNode(InformerChange<Pod> change) => change switch
    {
        InformerChange<Pod>.Added(var pod, _) => pod.Spec.NodeName,
        InformerChange<Pod>.Updated(var old, var now) when old.Spec.NodeName != now.Spec.NodeName => now.Spec.NodeName,
        _ => null,
    };

    /// <summary>What the reconciler writes itself is no news; what frees a port or a name is.</summary>
    private static bool Matters(InformerChange<PodPort> change) => change switch
    {
        InformerChange<PodPort>.Deleted => true,
        InformerChange<PodPort>.Updated(var old, var now) => now.Metadata.IsBeingDeleted && (!old.Metadata.IsBeingDeleted || old.IsReportedUnplugged != now.IsReportedUnplugged),
        _ => false,
    };

    private static bool IsFinished(Pod pod) => pod.Status.Phase is "Succeeded" or "Failed";

    private static bool Same(IReadOnlyDictionary<string, string> one, IReadOnlyDictionary<string, string> other)
        => one.Count == other.Count && one.All(p => other.TryGetValue(p.Key, out string? value) && value == p.Value);
}
