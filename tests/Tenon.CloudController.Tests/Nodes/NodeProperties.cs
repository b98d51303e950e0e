using FsCheck;
using FsCheck.Fluent;
using Tenon.CloudController.Configuration;
using Tenon.CloudController.Nodes;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack.Compute;
using static Tenon.CloudController.Tests.Nodes.NodeSamples;

namespace Tenon.CloudController.Tests.Nodes;

public class NodeProperties
{
    private static readonly Gen<string> Address = Gen.OneOf(
        from a in Gen.Choose(0, 3)
        from b in Gen.Choose(0, 255)
        select $"10.{a}.0.{b}",
        from a in Gen.Choose(0, 3)
        from b in Gen.Choose(0, 4095)
        select $"fd0{a}::{b:x}");

    private static readonly Gen<AddressPrefix> Prefix =
        from address in Address
        from length in Gen.Choose(0, 32)
        select AddressPrefix.TryParse($"{address}/{length}", out AddressPrefix prefix) ? prefix : throw new InvalidOperationException(address);

    private static readonly Gen<Server> AnyServer =
        from name in Gen.Elements("node-1", "Node-1", "other")
        from status in Gen.Elements("ACTIVE", "SHUTOFF", "BUILD", "SOFT_DELETED", "ERROR")
        from zone in Gen.Elements("az1", "az 2", "", "区", "-z-")
        from flavor in Gen.Elements<string?>("m1.small", "m1 tiny", null)
        from id in Gen.Elements("s1", "s2", "s3")
        from addresses in Address.ArrayOf(3)
        select Machine(id, name, status, zone, [.. addresses.Select(a => ("private", a))]) with { FlavorName = flavor };

    private static readonly Gen<Node> AnyNode =
        from providerId in Gen.Elements<string?>(null, "openstack:///s1", "openstack://RegionOne/s2", "openstack:///gone", "aws:///x")
        from initialised in Gen.Elements(true, false)
        from ready in Gen.Elements(true, false)
        from shut in Gen.Elements(true, false)
        from annotation in Gen.Elements<string?>(null, "::", "0.0.0.0")
        from label in Gen.Elements<string?>(null, NodeKeys.ExcludeFromLifecycle, NodeKeys.BetaZone, NodeKeys.Region)
        select Vary(initialised, ready, shut).With(providerId, annotation, label);

    [Fact]
    public void Sorting_is_a_stable_permutation_grouped_by_prefix()
    {
        Prop.ForAll(Address.ListOf().ToArbitrary(), Prefix.ListOf().ToArbitrary(), (texts, prefixes) =>
        {
            NodeAddress[] addresses = [.. texts.Select((t, i) => new NodeAddress($"T{i}", t))];
            NodeAddress[] sorted = [.. AddressPlanner.Sort(addresses, [.. prefixes])];
            int Group(NodeAddress a) => prefixes.ToList().FindIndex(p => p.Contains(ParseIp(a.Address))) is >= 0 and var at ? at : prefixes.Count;
            bool permutation = sorted.OrderBy(a => a.Type).SequenceEqual(addresses.OrderBy(a => a.Type));
            bool grouped = sorted.Zip(sorted.Skip(1)).All(pair => Group(pair.First) <= Group(pair.Second));
            bool restKept = sorted.Where(a => Group(a) == prefixes.Count).SequenceEqual(addresses.Where(a => Group(a) == prefixes.Count));
            bool idempotent = AddressPlanner.Sort(sorted, [.. prefixes]).SequenceEqual(sorted);
            return permutation && grouped && restKept && idempotent;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_plan_of_an_applied_plan_is_empty()
    {
        Prop.ForAll(AnyNode.ToArbitrary(), AnyServer.ListOf().ToArbitrary(), (node, servers) =>
        {
            var inventory = new ServerInventory(servers);
            Node? after = Apply(node, NodePlanner.Plan(node, inventory, PortInventory.Empty, Options));
            return after is null || NodePlanner.Plan(after, inventory, PortInventory.Empty, Options).Plan.IsEmpty;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Only_a_node_that_is_not_ready_and_whose_server_is_missing_is_ever_deleted()
    {
        Prop.ForAll(AnyNode.ToArbitrary(), AnyServer.ListOf().ToArbitrary(), (node, servers) =>
        {
            var inventory = new ServerInventory(servers);
            NodePlan plan = NodePlanner.Plan(node, inventory, PortInventory.Empty, Options);
            NodeChange.Delete? delete = plan.Plan.Changes.OfType<NodeChange.Delete>().SingleOrDefault();
            return delete is null || (!NodePlanner.IsReady(node) && inventory.ById(delete.ServerId) is null && inventory.Count > 0 && plan.Plan.Changes.Length == 1);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Taints_and_labels_of_others_are_never_touched()
    {
        Prop.ForAll(AnyNode.ToArbitrary(), AnyServer.ListOf().ToArbitrary(), (node, servers) =>
        {
            node = node with
            {
                Spec = node.Spec with { Taints = [.. node.Spec.Taints, new Taint { Key = "theirs", Effect = "NoExecute", Value = "v" }] },
                Metadata = node.Metadata with { Labels = new Dictionary<string, string>(node.Metadata.Labels) { ["theirs"] = "v" } },
            };
            Node? after = Apply(node, NodePlanner.Plan(node, new ServerInventory(servers), PortInventory.Empty, Options));
            return after is null || (after.Spec.Taints.Any(t => t is { Key: "theirs", Value: "v", Effect: "NoExecute" }) && after.Metadata.Labels["theirs"] == "v");
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_label_value_is_always_valid_and_valid_ones_stay()
    {
        Prop.ForAll(Gen.Elements("az", " ", "_", "-", ".", "é", "Z9", "/", new string('x', 40)).ListOf().ToArbitrary(), parts =>
        {
            string text = string.Concat(parts);
            string label = LabelValue.From(text);
            return LabelValue.IsValid(label) && (!LabelValue.IsValid(text) || label == text) && LabelValue.From(label) == label;
        }).QuickCheckThrowOnFailure();
    }

    private static System.Net.IPAddress ParseIp(string address) => System.Net.IPAddress.Parse(address);

    private static Node Vary(bool initialised, bool ready, bool shut)
    {
        Node node = Fresh();
        node = node with
        {
            Spec = node.Spec with
            {
                Taints = [.. initialised ? [] : node.Spec.Taints, .. shut ? [new Taint { Key = NodeKeys.Shutdown, Effect = "NoSchedule" }] : Array.Empty<Taint>()],
            },
        };
        return ready ? node : node.NotReady();
    }
}
