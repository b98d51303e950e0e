using System.Diagnostics;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Objects;

namespace Tenon.Sandbox.Tests.Kubernetes;

/// <summary>A cluster of the size that the benchmarks need: 500 nodes, 1,000 Services, 5,000 pods.</summary>
[Trait("tier", "slow")]
public sealed class LoadTests(TestCluster cluster, ITestOutputHelper output) : IClassFixture<TestCluster>
{
    [Fact(Timeout = 120_000)]
    public async Task A_large_cluster_is_filled_listed_and_watched_and_its_last_objects_cost_what_its_first_did()
    {
        ObjectOperations objects = cluster.Host.Kubernetes.Objects;
        long start = Stopwatch.GetTimestamp(), first = 0;
        long all = AllocatedBy(() =>
        {
            for (int i = 0; i < 500; i++) objects.Create(New("Node", $"n{i}", """{"spec":{"providerID":"openstack:///x"},"status":{"addresses":[{"type":"InternalIP","address":"10.0.0.1"}]}}"""));
            for (int i = 0; i < 1000; i++) objects.Create(New("Service", $"s{i}", """{"spec":{"type":"LoadBalancer","ports":[{"port":80}]}}""", "default"));
            first = AllocatedBy(() => CreatePods(objects, 0, 1000));
            CreatePods(objects, 1000, 4000);
        });
        long last = AllocatedBy(() => CreatePods(objects, 4000, 5000));
        TimeSpan filled = Stopwatch.GetElapsedTime(start);
        await ListAsync("/api/v1/pods", 5000);
        await ListAsync("/api/v1/services", 1001);
        TimeSpan pods = await ListAsync("/api/v1/pods", 5000), services = await ListAsync("/api/v1/services", 1001), nodes = await ListAsync("/api/v1/nodes", 500);
        TimeSpan table = await TableAsync();
        TimeSpan fanOut = await FanOutAsync(objects);
        output.WriteLine($"fill {filled.TotalSeconds:F2} s, pods {pods.TotalMilliseconds:F0} ms, services {services.TotalMilliseconds:F0} ms, nodes {nodes.TotalMilliseconds:F0} ms, "
            + $"table {table.TotalMilliseconds:F0} ms, 20 watches of 500 changes {fanOut.TotalMilliseconds:F0} ms; allocated {all >> 20} MB, "
            + $"a thousand pods {first >> 10} KB at first and {last >> 10} KB at last");
        last.ShouldBeLessThan(first * 3 / 2);
    }

    private static long AllocatedBy(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void CreatePods(ObjectOperations objects, int from, int to)
    {
        for (int i = from; i < to; i++) objects.Create(New("Pod", $"p{i}", """{"spec":{"containers":[{"name":"c","image":"i:1","ports":[{"containerPort":80}]}]}}""", "default"));
    }

    private static JsonObject New(string kind, string name, string members, string? space = null)
    {
        JsonObject document = JsonNode.Parse(members)!.AsObject();
        document["apiVersion"] = "v1";
        document["kind"] = kind;
        document["metadata"] = new JsonObject { ["name"] = name };
        if (space is not null) document["metadata"]!["namespace"] = space;
        return document;
    }

    private async Task<TimeSpan> ListAsync(string path, int expected)
    {
        long start = Stopwatch.GetTimestamp();
        byte[] bytes = await cluster.Admin.Http.GetByteArrayAsync(path, TestContext.Current.CancellationToken);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        JsonNode.Parse(bytes)!["items"]!.AsArray().Count.ShouldBe(expected);
        return time;
    }

    private async Task<TimeSpan> TableAsync()
    {
        long start = Stopwatch.GetTimestamp();
        Answer table = await cluster.Admin.GetAsync("/api/v1/pods?includeObject=None", "application/json;as=Table;v=v1;g=meta.k8s.io");
        table.At("rows")!.AsArray().Count.ShouldBe(5000);
        return Stopwatch.GetElapsedTime(start);
    }

    private async Task<TimeSpan> FanOutAsync(ObjectOperations objects)
    {
        string revision = objects.Store.Revision.ToString();
        Task[] readers = [.. Enumerable.Range(0, 20).Select(_ => Task.Run(async () =>
        {
            using WatchStream watch = await cluster.Admin.WatchAsync($"/api/v1/nodes?watch=true&resourceVersion={revision}");
            for (int i = 0; i < 500; i++) (await watch.NextAsync()).ShouldNotBeNull();
        }))];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 500; i++)
        {
            objects.Patch(objects.Target("", "nodes", name: $"n{i}"), PatchKind.Merge, JsonNode.Parse("""{"metadata":{"labels":{"x":"y"}}}"""), new WriteOptions(), out _);
        }

        await Task.WhenAll(readers);
        return Stopwatch.GetElapsedTime(start);
    }
}
