using Tenon.Sandbox.Kubernetes;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Tests.Controllers;

public sealed class WorkloadTests
{
    private const int Limit = 20_000;
    private static readonly GroupResource Pods = new("", "pods");
    private static readonly GroupResource ReplicaSets = new("apps", "replicasets");
    private static readonly GroupResource Deployments = new("apps", "deployments");
    private static readonly GroupResource Nodes = new("", "nodes");

    private static string Deployment(int replicas, string image = "nginx:1", string strategy = "{}") => $$$"""
        {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"default"},
         "spec":{"replicas":{{{replicas}}},"strategy":{{{strategy}}},"selector":{"matchLabels":{"app":"web"}},
         "template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"{{{image}}}","ports":[{"name":"http","containerPort":80}]}]} } } }
        """;

    private static Task<IReadOnlyList<StoredObject>> Settled(TestCluster cluster, int replicas, long generation) => cluster.UntilAsync(Deployments, d =>
        d.Count == 1 && d[0].Document.Long("status", "observedGeneration") == generation && d[0].Document.Long("status", "updatedReplicas") == replicas
        && d[0].Document.Long("status", "replicas") == replicas && d[0].Document.Long("status", "availableReplicas") == replicas);

    [Fact(Timeout = Limit)]
    public async Task A_deployment_of_three_runs_spread_over_the_nodes()
    {
        await using var cluster = new TestCluster();
        await cluster.UntilAsync(Nodes, n => n.Count == 3 && n.All(node => !node.Document.Objects("spec", "taints").Any()), "");
        cluster.Create(Deployment(3));
        IReadOnlyList<StoredObject> pods = await cluster.PodsReadyAsync(3);
        pods.Select(p => p.Document.Text("spec", "nodeName")).Distinct().Count().ShouldBe(3);
        foreach (StoredObject pod in pods) pod.Document.Text("status", "podIP")!.ShouldMatch(@"^10\.150\.\d+\.\d+$");
        pods.Select(p => p.Document.Text("status", "podIP")).Distinct().Count().ShouldBe(3);
        StoredObject done = (await Settled(cluster, 3, 1))[0];
        done.Document.Text("metadata", "annotations", "deployment.kubernetes.io/revision").ShouldBe("1");
        done.Document.Objects("status", "conditions").Single(c => c.Text("type") == "Progressing").Text("reason").ShouldBe("NewReplicaSetAvailable");
    }

    [Fact(Timeout = Limit)]
    public async Task A_new_template_rolls_out_without_going_below_the_minimum_and_an_old_one_rolls_back()
    {
        await using var cluster = new TestCluster();
        cluster.Create(Deployment(4, strategy: """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":1}}"""));
        await Settled(cluster, 4, 1);
        int fewest = int.MaxValue;
        long most = 0;
        (_, WatchSubscription changes) = cluster.Objects.Store.ListAndWatch(Pods, null);
        Task counting = Task.Run(async () =>
        {
            await foreach (StoreEvent _ in changes.ReadAllAsync(TestContext.Current.CancellationToken))
            {
                IReadOnlyList<StoredObject> pods = cluster.List(Pods);
                fewest = Math.Min(fewest, pods.Count(p => !p.IsBeingDeleted && p.Document.Objects("status", "conditions").Any(c => c.Text("type") == "Ready" && c.Text("status") == "True")));
                most = Math.Max(most, cluster.List(ReplicaSets).Sum(r => r.Document.Long("spec", "replicas") ?? 0));
            }
        }, TestContext.Current.CancellationToken);
        cluster.Change(Deployments, "default", "web", d => d["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "nginx:2");
        await Settled(cluster, 4, 2);
        changes.Dispose();
        await counting;
        fewest.ShouldBeGreaterThanOrEqualTo(3);
        most.ShouldBeLessThanOrEqualTo(5);
        cluster.List(ReplicaSets).Count.ShouldBe(2);

        cluster.Change(Deployments, "default", "web", d => d["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "nginx:1");
        await Settled(cluster, 4, 3);

        // The revision is written by a pass of its own, which may follow that of the status.
        await cluster.UntilAsync(Deployments, d => d[0].Document.Text("metadata", "annotations", "deployment.kubernetes.io/revision") == "3");
        cluster.List(ReplicaSets).Count.ShouldBe(2);
    }

    [Fact(Timeout = Limit)]
    public async Task Recreate_ends_all_old_pods_before_new_ones_begin()
    {
        await using var cluster = new TestCluster();
        cluster.Create(Deployment(2, strategy: """{"type":"Recreate"}"""));
        await Settled(cluster, 2, 1);
        string[] old = [.. cluster.List(Pods).Select(p => p.Uid)];
        cluster.Change(Deployments, "default", "web", d => d["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "nginx:2");
        bool mixed = false;
        await cluster.UntilAsync(Pods, pods =>
        {
            mixed |= pods.Any(p => old.Contains(p.Uid)) && pods.Any(p => !old.Contains(p.Uid));
            return pods.Count == 2 && pods.All(p => !old.Contains(p.Uid));
        });
        mixed.ShouldBeFalse();
        await Settled(cluster, 2, 2);
    }

    [Fact(Timeout = Limit)]
    public async Task A_replication_controller_scales_and_its_deletion_takes_its_pods_along()
    {
        await using var cluster = new TestCluster();
        cluster.Create("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"orphan","namespace":"default","labels":{"name":"leonardo"}},"spec":{"containers":[{"name":"c","image":"x"}]}}""");
        cluster.Create("""
            {"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"leonardo","namespace":"default"},
             "spec":{"replicas":3,"template":{"metadata":{"labels":{"name":"leonardo","uses":"nginx"}},"spec":{"containers":[{"name":"c","image":"leonardo:1"}]}}}}
            """);
        await cluster.PodsReadyAsync(3 + 1);
        cluster.Change(new("", "replicationcontrollers"), "default", "leonardo", d => d["spec"]!["replicas"] = 1);
        await cluster.UntilAsync(new("", "replicationcontrollers"), r => r[0].Document.Long("status", "replicas") == 1 && r[0].Document.Long("status", "readyReplicas") == 1);
        cluster.Objects.Delete("", "replicationcontrollers", "default", "leonardo", new DeleteOptions { PropagationPolicy = "Background" });
        await cluster.UntilAsync(Pods, pods => pods.All(p => p.Key.Name == "orphan"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_replica_set_takes_pods_that_match_and_lets_go_of_those_that_no_longer_do()
    {
        await using var cluster = new TestCluster();
        cluster.Create("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"orphan","namespace":"default","labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"x"}]}}""");
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"a","namespace":"default"},
             "spec":{"replicas":2,"selector":{"matchLabels":{"app":"a"}},"template":{"metadata":{"labels":{"app":"a"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
            """);
        await cluster.PodsReadyAsync(2);
        cluster.Find(Pods, "orphan")!.Document.Objects("metadata", "ownerReferences").Single().Text("kind").ShouldBe("ReplicaSet");
        cluster.Change(Pods, "default", "orphan", d => d["metadata"]!["labels"]!["app"] = "b");
        await cluster.PodsReadyAsync(3);
        cluster.Find(Pods, "orphan")!.Document.At("metadata", "ownerReferences").ShouldBeNull();
    }

    [Fact(Timeout = Limit)]
    public async Task A_daemon_set_runs_on_every_node_also_on_one_that_comes_later()
    {
        await using var cluster = new TestCluster(nodes: 2);
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d","namespace":"default"},
             "spec":{"selector":{"matchLabels":{"app":"d"}},"template":{"metadata":{"labels":{"app":"d"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
            """);
        await cluster.PodsReadyAsync(2);
        cluster.Nodes.Add("node-3");
        cluster.Initialize("node-3");
        (await cluster.PodsReadyAsync(3)).Select(p => p.Document.Text("spec", "nodeName")).Order().ShouldBe(["node-1", "node-2", "node-3"]);
    }

    [Fact(Timeout = Limit)]
    public async Task A_stateful_set_starts_its_pods_in_order()
    {
        await using var cluster = new TestCluster();
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"s","namespace":"default"},
             "spec":{"serviceName":"s","replicas":3,"selector":{"matchLabels":{"app":"s"}},"template":{"metadata":{"labels":{"app":"s"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}
            """);
        IReadOnlyList<StoredObject> pods = await cluster.PodsReadyAsync(3);
        pods.Select(p => p.Key.Name).ShouldBe(["s-0", "s-1", "s-2"]);
        pods.Select(p => p.Revision).ShouldBeUnique();
        await cluster.UntilAsync(new("apps", "statefulsets"), s => s[0].Document.Long("status", "readyReplicas") == 3);
    }

    [Fact(Timeout = Limit)]
    public async Task A_job_completes()
    {
        await using var cluster = new TestCluster();
        cluster.Create("""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"default"},
             "spec":{"completions":2,"parallelism":2,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}}
            """);
        StoredObject job = (await cluster.UntilAsync(new("batch", "jobs"), j => j[0].Document.Objects("status", "conditions").Any(c => c.Text("type") == "Complete")))[0];
        job.Document.Long("status", "succeeded").ShouldBe(2);
        cluster.List(Pods).Count.ShouldBe(2);
    }
}
