using System.Collections.Immutable;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox;
using Tenon.Sandbox.Measures;

namespace Tenon.Bench;

/// <summary>A sandbox with latency, and the questions that every case asks of it. The call log is the sandbox's own.</summary>
internal sealed class BenchCloud : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);

    private BenchCloud(SandboxHost host)
    {
        Host = host;
        Kubernetes = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(host.Kubeconfig), new KubernetesClientOptions { UserAgent = "tenon-bench" });
    }

    /// <summary>The sandbox.</summary>
    public SandboxHost Host { get; }

    /// <summary>The cluster.</summary>
    public KubernetesClient Kubernetes { get; }

    /// <summary>Starts a sandbox of so many nodes, every OpenStack call delayed by 50 ms, load balancers settling in 1 s.</summary>
    public static async Task<BenchCloud> StartAsync(int nodes, CancellationToken cancellationToken)
        => new(await SandboxHost.StartAsync(
            new SandboxOptions
            {
                Nodes = nodes,
                Latency = TimeSpan.FromMilliseconds(50),
                ServiceLatency = new Dictionary<string, TimeSpan> { [CallLog.Kubernetes] = TimeSpan.Zero }.ToImmutableDictionary(),
                Delays = new SandboxDelays { LoadBalancer = TimeSpan.FromSeconds(1) },
            },
            cancellationToken));

    /// <summary>Starts a sandbox of other options.</summary>
    public static async Task<BenchCloud> StartAsync(SandboxOptions options, CancellationToken cancellationToken) => new(await SandboxHost.StartAsync(options, cancellationToken));

    /// <summary>OpenStack calls since the log was cleared.</summary>
    public CallCounts Calls => Host.Calls.Summary().OpenStack;

    /// <summary>Calls by operation, most frequent first, for a report.</summary>
    public string Operations => string.Join(", ", Host.Calls.Entries()
        .Where(e => e.Service != CallLog.Kubernetes)
        .GroupBy(e => e.Operation).OrderByDescending(g => g.Count()).Select(g => $"{g.Key} {g.Count()}"));

    /// <summary>Makes Services of type LoadBalancer web-FROM..web-(FROM+COUNT-1).</summary>
    public async Task CreateServicesAsync(int from, int count, int ports, CancellationToken cancellationToken)
        => await Parallel.ForEachAsync(Enumerable.Range(from, count), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (i, token) => await Kubernetes.CreateAsync(
                new Service
                {
                    Metadata = new ObjectMeta { Name = $"web-{i}", Namespace = "default" },
                    Spec = new ServiceSpec
                    {
                        Type = "LoadBalancer",
                        Selector = new Dictionary<string, string> { ["app"] = $"web-{i}" },
                        Ports = [.. Enumerable.Range(0, ports).Select(p => new ServicePort { Name = $"p{p}", Port = 80 + p })],
                    },
                },
                token));

    /// <summary>Waits until so many Services have an address.</summary>
    public Task ServicesReadyAsync(int count, ControllerProcess controller, CancellationToken cancellationToken)
        => UntilAsync($"{count} Services with addresses", controller, async token =>
        {
            int ready = 0;
            await foreach (Service service in Kubernetes.ListAsync<Service>(null, token))
                if (service.Status.LoadBalancer.Ingress.Count > 0) ready++;
            return ready >= count;
        }, cancellationToken);

    /// <summary>Waits until so many nodes have lost the taint of uninitialized nodes.</summary>
    public Task NodesReadyAsync(int count, ControllerProcess controller, CancellationToken cancellationToken)
        => UntilAsync($"{count} initialized nodes", controller, async token =>
        {
            int ready = 0;
            await foreach (Node node in Kubernetes.ListAsync<Node>(null, token))
                if (node.Spec.ProviderId is not null && node.Spec.Taints.All(t => t.Key != "node.cloudprovider.kubernetes.io/uninitialized")) ready++;
            return ready >= count;
        }, cancellationToken);

    /// <summary>Waits until the cloud has been asked nothing for a second.</summary>
    public async Task QuietAsync(ControllerProcess controller, CancellationToken cancellationToken)
    {
        TimeSpan quiet = TimeSpan.FromSeconds(1);
        long last = TimeProvider.System.GetTimestamp();
        int seen = -1;
        await UntilAsync("a quiet cloud", controller, _ =>
        {
            int now = Calls.Total;
            if (now != seen) (seen, last) = (now, TimeProvider.System.GetTimestamp());
            return Task.FromResult(TimeProvider.System.GetElapsedTime(last) >= quiet);
        }, cancellationToken);
    }

    /// <summary>Waits for a condition; two minutes at most.</summary>
    public static async Task UntilAsync(string what, ControllerProcess controller, Func<CancellationToken, Task<bool>> condition, CancellationToken cancellationToken)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!await condition(cancellationToken))
        {
            controller.ThrowIfEnded();
            if (TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMinutes(2))
                throw new TimeoutException($"no {what} after two minutes; the controller's last lines:\n{controller.LastLines}");
            await Task.Delay(Look, TimeProvider.System, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Kubernetes.Dispose();
        await Host.DisposeAsync();
    }
}
