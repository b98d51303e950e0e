using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes;
using Tenon.Sandbox.Kubernetes.Controllers;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;
using Tenon.Testing;

namespace Tenon.Sandbox.Tests.Controllers;

public sealed class ClusterTests
{
    private const int Limit = 20_000;
    private const string Uninitialized = "node.cloudprovider.kubernetes.io/uninitialized";
    private static readonly GroupResource Pods = new("", "pods");
    private static readonly GroupResource Nodes = new("", "nodes");
    private static readonly GroupResource Slices = new("discovery.k8s.io", "endpointslices");

    private const string Pod = """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default","labels":{"app":"p"}},"spec":{"containers":[{"name":"c","image":"x","ports":[{"name":"web","containerPort":8080}]}]}}""";
    private const string Service = """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"default"},"spec":{"selector":{"app":"p"},"ports":[{"name":"http","port":80,"targetPort":"web"}]}}
        """;

    [Fact(Timeout = Limit)]
    public async Task A_node_registers_as_a_kubelet_with_an_external_cloud_provider_does()
    {
        await using var cluster = new TestCluster(nodes: 2, initialized: false);
        IReadOnlyList<StoredObject> nodes = await cluster.UntilAsync(Nodes, n => n.Count == 2 && n.All(i => i.Document.Text("spec", "podCIDR") is not null), "");
        nodes.Select(n => n.Document.Text("spec", "podCIDR")).Order().ShouldBe(["10.150.1.0/24", "10.150.2.0/24"]);
        nodes[0].Document.Objects("spec", "taints").Select(t => t.Text("key")).ShouldContain(Uninitialized);
        nodes[0].Document.Text("spec", "providerID").ShouldBeNull();
        nodes[0].Labels["kubernetes.io/hostname"].ShouldBe("node-1");
        cluster.Find(new("coordination.k8s.io", "leases"), "node-1", "kube-node-lease").ShouldNotBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_node_that_is_not_initialized_takes_no_ordinary_pod()
    {
        await using var cluster = new TestCluster(nodes: 1, initialized: false);
        cluster.Create(Pod);
        StoredObject waiting = (await cluster.UntilAsync(Pods, p => p.Count == 1 && p[0].Document.Objects("status", "conditions").Any()))[0];
        JsonObject condition = waiting.Document.Objects("status", "conditions").Single();
        condition.Text("reason").ShouldBe("Unschedulable");
        condition.Text("message")!.ShouldContain("0/1 nodes are available: 1 node(s) had untolerated taint {node.cloudprovider.kubernetes.io/uninitialized: true}");
        cluster.Create(Pod.Replace("\"name\":\"p\"", "\"name\":\"tolerant\"", StringComparison.Ordinal)
            .Replace("\"spec\":{", "\"spec\":{\"tolerations\":[{\"operator\":\"Exists\"}],", StringComparison.Ordinal));
        await cluster.UntilAsync(Pods, p => p.Any(i => i.Key.Name == "tolerant" && i.Document.Text("status", "phase") == "Running"));
        cluster.Initialize("node-1");
        await cluster.PodsReadyAsync(2);
    }

    [Fact(Timeout = Limit)]
    public async Task A_node_selector_is_obeyed()
    {
        await using var cluster = new TestCluster();
        cluster.Create(Pod.Replace("\"spec\":{", "\"spec\":{\"nodeSelector\":{\"kubernetes.io/hostname\":\"node-2\"},", StringComparison.Ordinal));
        (await cluster.PodsReadyAsync(1))[0].Document.Text("spec", "nodeName").ShouldBe("node-2");
    }

    [Fact(Timeout = Limit)]
    public async Task A_service_has_its_pods_in_endpoints_and_slices_with_the_ports_that_they_name()
    {
        await using var cluster = new TestCluster();
        cluster.Create(Service);
        StoredObject empty = (await cluster.UntilAsync(Slices, s => s.Count == 1))[0];
        empty.Document.Objects("endpoints").ShouldBeEmpty();
        cluster.Create(Pod);
        StoredObject slice = (await cluster.UntilAsync(Slices, s => s.Count == 1 && s[0].Document.Objects("endpoints").Any(e => e.Bool("conditions", "ready") == true)))[0];
        slice.Document.Objects("ports").Single().Long("port").ShouldBe(8080);
        slice.Labels["kubernetes.io/service-name"].ShouldBe("s");
        JsonObject endpoint = slice.Document.Objects("endpoints").Single();
        endpoint.Text("nodeName").ShouldBe(cluster.Find(Pods, "p")!.Document.Text("spec", "nodeName"));
        await cluster.UntilAsync(new("", "endpoints"), e => e.Count == 1 && e[0].Document.Objects("subsets").Any(s => s.Objects("addresses").Any()));
        cluster.Objects.Delete("", "services", "default", "s");
        await cluster.UntilAsync(Slices, s => s.Count == 0);
        await cluster.UntilAsync(new("", "endpoints"), s => s.Count == 0);
    }

    [Fact(Timeout = Limit)]
    public async Task A_pod_that_ends_is_first_shown_as_terminating_then_leaves_the_slice()
    {
        await using var cluster = new TestCluster();
        cluster.Create(Service);
        cluster.Create(Pod);
        await cluster.UntilAsync(Slices, s => s.Count == 1 && s[0].Document.Objects("endpoints").Any(e => e.Bool("conditions", "ready") == true));
        bool terminating = false;
        cluster.Objects.Delete("", "pods", "default", "p");
        await cluster.UntilAsync(Slices, s =>
        {
            terminating |= s[0].Document.Objects("endpoints").Any(e => e.Bool("conditions", "terminating") == true && e.Bool("conditions", "ready") == false);
            return !s[0].Document.Objects("endpoints").Any();
        });
        terminating.ShouldBeTrue();
        cluster.Find(Pods, "p").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_namespace_goes_with_everything_in_it()
    {
        await using var cluster = new TestCluster();
        cluster.Create("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"gone"}}""");
        await cluster.UntilAsync(new("", "serviceaccounts"), a => a.Any(i => i.Key.Name == "default"), "gone");
        cluster.Create(Pod.Replace("\"namespace\":\"default\"", "\"namespace\":\"gone\"", StringComparison.Ordinal));
        cluster.Create("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"gone"},"data":{"a":"b"}}""");
        await cluster.UntilAsync(Pods, p => p.Any(i => i.Document.Text("status", "phase") == "Running"), "gone");
        cluster.Objects.Delete("", "namespaces", "", "gone");
        await cluster.UntilAsync(new("", "namespaces"), n => n.All(i => i.Key.Name != "gone"), "");
        cluster.List(Pods, "gone").ShouldBeEmpty();
        cluster.List(new("", "configmaps"), "gone").ShouldBeEmpty();
    }

    [Theory(Timeout = Limit)]
    [InlineData("Orphan", true)]
    [InlineData("Foreground", false)]
    [InlineData("Background", false)]
    public async Task Deletion_follows_the_propagation_policy(string policy, bool stays)
    {
        await using var cluster = new TestCluster();
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"r","namespace":"default"},
             "spec":{"replicas":2,"selector":{"matchLabels":{"app":"r"}},"template":{"metadata":{"labels":{"app":"r"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
            """);
        await cluster.PodsReadyAsync(2);
        bool ownerWentFirst = false;
        cluster.Objects.Delete("apps", "replicasets", "default", "r", new DeleteOptions { PropagationPolicy = policy });
        if (stays)
        {
            await cluster.UntilAsync(new("apps", "replicasets"), r => r.Count == 0);
            (await cluster.PodsReadyAsync(2)).All(p => p.Document.At("metadata", "ownerReferences") is null).ShouldBeTrue();
            return;
        }

        await cluster.UntilAsync(Pods, p =>
        {
            ownerWentFirst |= p.Count > 0 && cluster.Find(new("apps", "replicasets"), "r") is null;
            return p.Count == 0;
        });
        if (policy == "Foreground") ownerWentFirst.ShouldBeFalse();
        await cluster.UntilAsync(new("apps", "replicasets"), r => r.Count == 0);
    }

    [Fact(Timeout = Limit)]
    public async Task A_node_that_falls_silent_becomes_unknown_is_tainted_and_comes_back()
    {
        var time = new ManualTimeProvider();
        await using var cluster = new TestCluster(nodes: 2, time: time);
        await cluster.UntilAsync(Nodes, n => n.All(i => i.Document.Text("spec", "podCIDR") is not null), "");
        cluster.Nodes.Stop("node-1");
        Task<IReadOnlyList<StoredObject>> tainted = cluster.UntilAsync(Nodes, n => n.Single(i => i.Key.Name == "node-1").Document.Objects("spec", "taints")
            .Count(t => t.Text("key") == "node.kubernetes.io/unreachable") == 2, "");
        while (!tainted.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        StoredObject node = (await tainted).Single(n => n.Key.Name == "node-1");
        node.Document.Objects("status", "conditions").Single(c => c.Text("type") == "Ready").Text("status").ShouldBe("Unknown");
        cluster.Find(Nodes, "node-2", "")!.Document.Objects("spec", "taints").ShouldBeEmpty();
        cluster.Nodes.Resume("node-1");
        await cluster.UntilAsync(Nodes, n => n.All(i => !i.Document.Objects("spec", "taints").Any()), "");
    }

    [Fact]
    public void An_unknown_controller_is_refused_by_name() =>
        Should.Throw<ArgumentException>(() => new TestCluster(nodes: 0, controllers: "deployment,replicas")).Message.ShouldContain("There is no controller 'replicas'; there are all, none, daemonset");

    [Fact(Timeout = Limit)]
    public async Task Nodes_get_two_ranges_where_both_families_are_asked_for()
    {
        await using var cluster = new TestCluster(nodes: 1, settings: new ControllerSettings { DualStack = true });
        cluster.Create(Pod);
        StoredObject pod = (await cluster.PodsReadyAsync(1))[0];
        pod.Document.Objects("status", "podIPs").Select(i => i.Text("ip")).ShouldBe(["10.150.1.2", "fd00:10:150:1::2"]);
    }
}
