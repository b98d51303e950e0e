using System.Collections.Immutable;
using Tenon.CloudController.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.Tests.Nodes;

/// <summary>Nodes, servers and ports for tests.</summary>
internal static class NodeSamples
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static NodePlannerOptions Options { get; } = new() { Region = "RegionOne" };

    public static Node Fresh(string name = "node-1") => new()
    {
        Metadata = new ObjectMeta { Name = name, Uid = $"uid-{name}", ResourceVersion = "1", CreationTimestamp = Start },
        Spec = new NodeSpec { Taints = [new Taint { Key = NodeKeys.Uninitialized, Value = "true", Effect = "NoSchedule" }] },
        Status = new NodeStatus { Addresses = [new NodeAddress("Hostname", name)], Conditions = [Ready("True")] },
    };

    public static Node Initialised(Server server, PortInventory ports, string name = "node-1", NodePlannerOptions? options = null)
        => Apply(Fresh(name), NodePlanner.Plan(Fresh(name), new ServerInventory([server]), ports, options ?? Options))!;

    public static Node NotReady(this Node node, DateTimeOffset? since = null) => node with { Status = node.Status with { Conditions = [Ready("Unknown", since)] } };

    public static Node With(this Node node, string? providerId = null, string? annotation = null, string? label = null) => node with
    {
        Spec = node.Spec with { ProviderId = providerId ?? node.Spec.ProviderId },
        Metadata = node.Metadata with
        {
            Annotations = annotation is null ? node.Metadata.Annotations : ImmutableDictionary<string, string>.Empty.Add(NodeKeys.ProvidedNodeIp, annotation),
            Labels = label is null ? node.Metadata.Labels : node.Metadata.Labels.ToImmutableDictionary().SetItem(label, ""),
        },
    };

    public static Server Machine(string id = "server-1", string name = "node-1", string status = "ACTIVE", string zone = "az1", params (string Network, string Address)[] addresses) => new()
    {
        Id = id,
        Name = name,
        Status = status,
        AvailabilityZone = zone,
        FlavorName = "m1.small",
        Addresses = (addresses.Length == 0 ? [("private", "10.0.0.5")] : addresses)
            .Select(a => new ServerAddress(a.Network, a.Address, a.Address.Contains(':') ? 6 : 4, "fixed", null)).ToEquatableArray(),
    };

    public static Port PortOf(string serverId, string id, params string[] addresses) => new()
    {
        Id = id,
        DeviceId = serverId,
        DeviceOwner = "compute:az1",
        Status = "ACTIVE",
        NetworkId = "net-1",
        Revision = 1,
        FixedIps = addresses.Select(a => new FixedIp("subnet-1", a)).ToEquatableArray(),
    };

    public static PortInventory Ports(params Port[] ports) => new(ports, ImmutableDictionary<string, string>.Empty);

    public static Node? Apply(Node node, NodePlan plan)
    {
        Node? result = node;
        foreach (NodeChange change in plan.Plan.Changes) result = result is null ? null : change.ApplyTo(result);
        return result;
    }

    private static Condition Ready(string status, DateTimeOffset? since = null) => new() { Type = "Ready", Status = status, LastTransitionTime = since ?? Start };
}
