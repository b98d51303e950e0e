using System.Collections.Immutable;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;

namespace Tenon.CloudController.Nodes;

/// <summary>
/// The labels of instance type, zone and region, under their current and their old names. They are set when a node is initialised. Later a
/// missing one is restored, the current name follows the old one (as the cloud-node controller does), the instance type follows a resize, but
/// zone and region of a node that carries volumes and pods never change under it.
/// </summary>
internal static class NodeLabels
{
    public static IReadOnlyDictionary<string, string> Plan(
        Node node, Server server, string region, bool initialize, ImmutableArray<NodeNotice>.Builder notices)
    {
        var labels = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        Set(node, labels, NodeKeys.BetaZone, NodeKeys.Zone, LabelValue.From(server.AvailabilityZone), overwrite: initialize);
        Set(node, labels, NodeKeys.BetaRegion, NodeKeys.Region, LabelValue.From(region), overwrite: initialize);
        string? flavor = server.FlavorName ?? server.FlavorId;
        if (!string.IsNullOrEmpty(flavor))
            Set(node, labels, NodeKeys.BetaInstanceType, NodeKeys.InstanceType, LabelValue.From(flavor), overwrite: initialize || LabelValue.IsValid(flavor));

        if (initialize)
        {
            Tell(notices, "availability zone", server.AvailabilityZone, NodeKeys.Zone);
            Tell(notices, "region", region, NodeKeys.Region);
            Tell(notices, "flavor", flavor ?? "", NodeKeys.InstanceType);
        }

        return labels.ToImmutable();
    }

    private static void Set(Node node, ImmutableSortedDictionary<string, string>.Builder labels, string oldKey, string key, string value, bool overwrite)
    {
        string? before = node.Metadata.Labels.GetValueOrDefault(oldKey);
        string? now = node.Metadata.Labels.GetValueOrDefault(key);
        if (overwrite && value.Length > 0)
        {
            if (before != value) labels[oldKey] = value;
            if (now != value) labels[key] = value;
        }
        else if (before is not null)
        {
            if (now != before) labels[key] = before;
        }
        else if (now is null && value.Length > 0)
        {
            labels[oldKey] = value;
            labels[key] = value;
        }
    }

    private static void Tell(ImmutableArray<NodeNotice>.Builder notices, string what, string name, string key)
    {
        if (LabelValue.IsValid(name)) return;
        string value = LabelValue.From(name);
        notices.Add(new(EventType.Warning, "NameIsNoLabelValue", value.Length == 0
            ? $"The {what} \"{name}\" has no character that a label may hold, so the node gets no label {key}. Give it a name of letters and digits."
            : $"The {what} \"{name}\" is no label value, so the node's label {key} is \"{value}\"."));
    }
}
