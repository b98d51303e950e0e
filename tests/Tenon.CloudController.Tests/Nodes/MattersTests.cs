using Tenon.CloudController.Nodes;
using Tenon.CloudController.Routes;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;

namespace Tenon.CloudController.Tests.Nodes;

public class MattersTests
{
    private static readonly Node Node = NodeSamples.Fresh();

    [Fact]
    public void Heartbeats_wake_nobody()
    {
        Node beat = Node with { Status = Node.Status with { Conditions = [.. Node.Status.Conditions.Select(c => c with { LastHeartbeatTime = NodeSamples.Start.AddMinutes(1) })] } };
        NodeReconciler.Matters(Updated(beat)).ShouldBeFalse();
        RouteReconciler.Matters(Updated(beat)).ShouldBeFalse();
        NodeReconciler.Matters(Updated(Node with { Metadata = Node.Metadata with { ResourceVersion = "2", Annotations = new Dictionary<string, string> { ["theirs"] = "x" } } })).ShouldBeFalse();
    }

    [Fact]
    public void Readiness_taints_addresses_and_provider_ids_wake_the_node()
    {
        NodeReconciler.Matters(Updated(Node.NotReady())).ShouldBeTrue();
        NodeReconciler.Matters(Updated(Node with { Spec = Node.Spec with { Taints = [] } })).ShouldBeTrue();
        NodeReconciler.Matters(Updated(Node with { Status = Node.Status with { Addresses = [] } })).ShouldBeTrue();
        NodeReconciler.Matters(Updated(Node.With(providerId: "openstack:///x"))).ShouldBeTrue();
        NodeReconciler.Matters(Updated(Node.With(annotation: "10.0.0.1"))).ShouldBeTrue();
        NodeReconciler.Matters(Updated(Node.With(label: NodeKeys.Zone))).ShouldBeTrue();
        NodeReconciler.Matters(new InformerChange<Node>.Added(Node, IsInitial: true)).ShouldBeTrue();
    }

    [Fact]
    public void Pod_ranges_addresses_and_departures_wake_routes()
    {
        RouteReconciler.Matters(Updated(Node with { Spec = Node.Spec with { PodCidrs = ["10.244.1.0/24"] } })).ShouldBeTrue();
        RouteReconciler.Matters(Updated(Node with { Status = Node.Status with { Addresses = [] } })).ShouldBeTrue();
        RouteReconciler.Matters(Updated(Node with { Spec = Node.Spec with { Taints = [] } })).ShouldBeTrue();
        RouteReconciler.Matters(new InformerChange<Node>.Deleted(Node)).ShouldBeTrue();
        RouteReconciler.Matters(Updated(Node.NotReady())).ShouldBeFalse();
    }

    private static InformerChange<Node>.Updated Updated(Node now) => new(Node, now);
}
