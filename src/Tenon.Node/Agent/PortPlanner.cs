using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Nodes.Plugging;

namespace Tenon.Nodes.Agent;

/// <summary>One thing that a node does about a pod's port.</summary>
internal abstract record PortChange
{
    private PortChange()
    {
    }

    /// <summary>Takes a container's interface away.</summary>
    /// <param name="Attachment">The container's attachment.</param>
    /// <param name="Why">Why it must go.</param>
    public sealed record Unplug(Attachment Attachment, string Why) : PortChange;

    /// <summary>Writes the port's status.</summary>
    /// <param name="Status">The whole status.</param>
    public sealed record Report(PodPortStatus Status) : PortChange;
}

/// <summary>Decides what a node does about a pod's port. What is to be plugged, the container runtime decides.</summary>
internal static class PortPlanner
{
    /// <summary>The changes that lead to what should be. A report follows only once nothing is left to unplug, so that it tells what is.</summary>
    /// <param name="port">The pod's port; <see langword="null"/> where there is none any more.</param>
    /// <param name="attachments">The pod's attachments.</param>
    /// <param name="now">The time.</param>
    public static IReadOnlyList<PortChange> Plan(PodPort? port, IReadOnlyList<Attachment> attachments, DateTimeOffset now)
    {
        PortChange[] unplugs = [.. attachments.Select(a => WhyUnplug(port, a) is { } why ? new PortChange.Unplug(a, why) : null).OfType<PortChange>()];
        if (unplugs.Length > 0 || port is null) return unplugs;
        return Desired(port, attachments) is { } desired && Changed(port, desired, now) is { } status ? [new PortChange.Report(status)] : [];
    }

    private static string? WhyUnplug(PodPort? port, Attachment attachment)
        => port is null ? "the pod has no port any more"
            : port.Metadata.IsBeingDeleted ? "the pod's port is being deleted"
            : attachment.PortId != port.Spec.PortId ? $"the pod's port is {port.Spec.PortId} now"
            : null;

    /// <summary>The status that the attachments amount to; <see langword="null"/> while there is nothing to say.</summary>
    private static (Attachment? Attachment, string Status, string Reason, string Message)? Desired(PodPort port, IReadOnlyList<Attachment> attachments)
    {
        if (attachments.FirstOrDefault(a => a.IsPlugged) is { } plugged)
            return (plugged, "True", NetworkNames.PluggedReason, $"packets flow{(plugged.HostInterface is null ? "" : $" through {plugged.HostInterface}")}");
        if (attachments.FirstOrDefault(a => a.Failure is not null) is { } failed) return (null, "False", NetworkNames.FailedReason, failed.Failure ?? "");
        if (attachments.Count > 0) return null;
        // A pod that has not come yet has no status; one that is asked to go gets one, since its port waits for it.
        bool silent = port.Status is null && !port.Metadata.IsBeingDeleted;
        return silent ? null : (null, "False", NetworkNames.UnpluggedReason, "nothing of the pod is plugged on the node");
    }

    private static PodPortStatus? Changed(PodPort port, (Attachment? Attachment, string Status, string Reason, string Message) desired, DateTimeOffset now)
    {
        Condition? before = port.Status?.Conditions.FirstOrDefault(c => c.Type == NetworkNames.PluggedCondition);
        bool same = before is not null && before.Status == desired.Status && before.Reason == desired.Reason && before.Message == desired.Message
            && before.ObservedGeneration == port.Metadata.Generation && port.Status?.ContainerId == desired.Attachment?.ContainerId
            && port.Status?.HostInterface == desired.Attachment?.HostInterface && port.Status?.InterfaceName == desired.Attachment?.InterfaceName;
        if (same) return null;
        return new PodPortStatus
        {
            ContainerId = desired.Attachment?.ContainerId,
            InterfaceName = desired.Attachment?.InterfaceName,
            HostInterface = desired.Attachment?.HostInterface,
            Conditions =
            [
                .. port.Status?.Conditions.Where(c => c.Type != NetworkNames.PluggedCondition) ?? [],
                new()
                {
                    Type = NetworkNames.PluggedCondition,
                    Status = desired.Status,
                    Reason = desired.Reason,
                    Message = desired.Message,
                    LastTransitionTime = before?.Status == desired.Status ? before.LastTransitionTime : now,
                    ObservedGeneration = port.Metadata.Generation,
                },
            ],
        };
    }
}
