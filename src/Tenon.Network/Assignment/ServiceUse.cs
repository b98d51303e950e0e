using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;

namespace Tenon.Network.Assignment;

/// <summary>Which Services a pod uses, and who may use a Service.</summary>
public static class ServiceUse
{
    /// <summary>The Services that a pod's label and annotation name, each once.</summary>
    public static EquatableArray<NamespacedName> Of(Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        string space = pod.Metadata.Namespace;
        IEnumerable<NamespacedName> labelled = Words(pod.Metadata.Labels.GetValueOrDefault(NetworkNames.UsesLabel), '_')
            .Select(w => w.Split('.', 2) is [var name, var other] ? new NamespacedName(other, name) : new NamespacedName(space, w));
        IEnumerable<NamespacedName> annotated = Words(pod.Metadata.Annotations.GetValueOrDefault(NetworkNames.UsesAnnotation), ',')
            .Select(w => w.Split('/', 2) is [var other, var name] ? new NamespacedName(other, name) : new NamespacedName(space, w));
        return labelled.Concat(annotated).Distinct().ToEquatableArray();
    }

    /// <summary>Whether pods of a namespace may use a Service: its own, and those that its annotation lets in.</summary>
    public static bool IsAllowed(string space, Service service)
    {
        ArgumentNullException.ThrowIfNull(service);
        return space == service.Metadata.Namespace
            || Words(service.Metadata.Annotations.GetValueOrDefault(NetworkNames.UsableByAnnotation), ',').Any(w => w == "*" || w == space);
    }

    private static string[] Words(string? text, char separator) => (text ?? "").Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
