using System.Text.RegularExpressions;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;

namespace Tenon.Network.Assignment;

/// <summary>Which virtual network a pod belongs to.</summary>
/// <param name="Network">The network.</param>
/// <param name="OnDemand">Whether it is made when there is none: one in the pod's own namespace, or the cluster's default.</param>
/// <param name="Problem">Why the pod belongs to none; the rest is then without meaning.</param>
public sealed partial record NetworkChoice(NamespacedName Network, bool OnDemand, string? Problem = null)
{
    /// <summary>
    /// Chooses: the pod's annotation, else its label, else its namespace's annotation, else the cluster's default. <see langword="null"/> for a pod that is
    /// not ours: on its node's network.
    /// </summary>
    /// <param name="pod">The pod.</param>
    /// <param name="space">Its namespace, where it is known.</param>
    /// <param name="options">The label's key and the default.</param>
    public static NetworkChoice? Of(Pod pod, Namespace? space, NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(pod);
        ArgumentNullException.ThrowIfNull(options);
        if (pod.Spec.HostNetwork) return null;
        if (pod.Metadata.Annotations.GetValueOrDefault(NetworkNames.NetworkAnnotation) is { Length: > 0 } annotation)
            return Read(annotation, $"annotation {NetworkNames.NetworkAnnotation}", pod.Metadata.Namespace, options);
        if (pod.Metadata.Labels.GetValueOrDefault(options.LabelKey) is { Length: > 0 } label)
            return Read(label, $"label {options.LabelKey}", pod.Metadata.Namespace, options);
        return space?.Metadata.Annotations.GetValueOrDefault(NetworkNames.NetworkAnnotation) is { Length: > 0 } inherited
            ? Read(inherited, $"annotation {NetworkNames.NetworkAnnotation} of namespace {space.Metadata.Name}", pod.Metadata.Namespace, options)
            : new(options.DefaultNetwork, OnDemand: true);
    }

    private static NetworkChoice Read(string text, string where, string space, NetworkOptions options)
    {
        string[] parts = text.Split('/');
        NamespacedName network = parts.Length == 2 ? new(parts[0], parts[1]) : new(space, text);
        if (parts.Length > 2 || !ObjectName().IsMatch(network.Name) || !ObjectName().IsMatch(network.Namespace))
            return new(network, false, $"{where} \"{text}\" names no virtual network: write NAME or NAMESPACE/NAME, of lower-case letters, digits, '-' and '.'");
        return new(network, network.Namespace == space || network == options.DefaultNetwork);
    }

    [GeneratedRegex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ObjectName();
}
