using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>
/// Pods that come, go and change labels at random, policies that come and go, and a Service; and what must be true once all has come to rest. Two pods, one a
/// host, stay all the time.
/// </summary>
internal sealed class PodChurn : IAsyncDisposable
{
    private const int Most = 7;
    private const string Network = "churn", ServiceName = "web", Anchor = "anchor";
    private static readonly string[] Apps = ["web", "db", "job"];
    private static readonly Dictionary<string, string> Policies = new()
    {
        ["db-from-web"] = "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}",
        ["job-closed"] = "{podSelector: {matchLabels: {app: job}}, policyTypes: [Ingress]}",
    };

    private readonly PodCluster _cluster;
    private readonly CloudProject _project;
    private readonly string[] _hosts;
    private readonly List<KeptPod> _anchors = [];
    private readonly List<KeptPod> _pods = [];
    private readonly List<(KeptPod Pod, Task Going)> _going = [];
    private readonly HashSet<string> _policies = [];
    private string _virtualIp = "";
    private int _next;

    private PodChurn(PodCluster cluster, CloudProject project, string[] hosts, int seed) => (_cluster, _project, _hosts, Random) = (cluster, project, hosts, new Random(seed));

    /// <summary>The random numbers of this run.</summary>
    public Random Random { get; }

    /// <summary>How many changes were made.</summary>
    public int Changes { get; private set; }

    /// <summary>Makes the pods that stay, and the Service.</summary>
    public static async Task<PodChurn> StartAsync(PodCluster cluster, CloudProject project, string[] hosts, int seed)
    {
        var churn = new PodChurn(cluster, project, hosts, seed);
        cluster.EndWithMe(churn);
        await cluster.ApplyAsync($"apiVersion: v1\nkind: Service\nmetadata: {{name: {ServiceName}}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80, targetPort: {KeptPod.Port}}}]}}\n");
        churn._virtualIp = await cluster.KubectlAsync("get", "service", ServiceName, "-o", "jsonpath={.spec.clusterIP}");
        foreach (string host in hosts) churn._anchors.Add(await churn.AddAsync($"{Anchor}-{host}", host, Anchor));
        return churn;
    }

    /// <summary>One change, which is not waited for; returns what it was.</summary>
    public async Task<string> ChangeAsync()
    {
        Changes++;
        int what = Random.Next(10);
        if (what < 4 && _pods.Count < Most) return $"{(await AddAsync()).Name} comes";
        switch (what)
        {
            case < 7 when _pods.Count > 0:
                KeptPod gone = Any();
                await DeleteAsync(gone);
                return $"{gone.Name} goes";
            case 7:
                (string policy, string spec) = Policies.ElementAt(Random.Next(Policies.Count));
                if (_policies.Remove(policy))
                {
                    await _cluster.KubectlAsync("delete", "networkpolicy", policy, "--wait=false");
                    return $"policy {policy} goes";
                }

                _policies.Add(policy);
                await _cluster.ApplyAsync($"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {policy}}}\nspec: {spec}\n");
                return $"policy {policy} comes";
            case > 7 when _pods.Count > 0:
                KeptPod other = Any();
                await other.RelabelAsync(Apps[Random.Next(Apps.Length)]);
                return $"{other.Name} is {other.App}";
            default:
                return $"{(await AddAsync()).Name} comes";
        }
    }

    /// <summary>One more pod.</summary>
    public async Task<KeptPod> AddAsync()
    {
        string app = Apps[Random.Next(Apps.Length)];
        KeptPod pod = await AddAsync($"{app}-{++_next}", _hosts[Random.Next(_hosts.Length)], app);
        _pods.Add(pod);
        return pod;
    }

    /// <summary>
    /// Waits until every pod is wired and reaches those that it may and no other, and the Service leads to those behind it. A pod that is not wired must have been
    /// told why; it is then made anew, as its owner would, and must be wired. A load balancer that Octavia has left in PENDING is freed, as its operator would.
    /// </summary>
    /// <returns>What was made anew or freed, and why.</returns>
    public async Task<List<string>> SettleAsync(TimeSpan patience)
    {
        var told = new List<string>();
        try
        {
            await UntilWiredAsync(patience);
        }
        catch (TimeoutException)
        {
            foreach (KeptPod pod in _pods.Where(p => !p.IsWired).ToArray())
            {
                string events = await pod.EventsAsync();
                if (pod.Failure.Length == 0 && events.Length == 0) throw;
                told.Add($"{pod.Name}: {pod.Failure.ReplaceLineEndings(" ")} {events.ReplaceLineEndings(" ")}");
                await DeleteAsync(pod);
                _pods.Add(await AddAsync($"{pod.App}-{++_next}", pod.Declaration.Host, pod.App));
            }

            if (told.Count == 0) throw;
            await UntilWiredAsync(patience);
        }

        string[] wrong = [];
        await Eventually.UntilAsync("every pod reaches those that it may, and no other", patience, async () => (wrong = await WrongAsync()).Length == 0, () => string.Join('\n', wrong) + Explain());
        try
        {
            await UntilServedAsync(patience);
        }
        catch (TimeoutException)
        {
            CloudThing[] stuck = [.. (await _project.ListAsync(CloudKind.LoadBalancer)).Where(b => b["provisioning_status"].StartsWith("PENDING", StringComparison.Ordinal))];
            if (stuck.Length == 0) throw;
            told.AddRange(stuck.Select(b => $"load balancer {b["name"]} was {b["provisioning_status"]}"));
            await CloudServices.FreeLoadBalancersAsync(_project.Member.ProjectId);
            await UntilServedAsync(patience);
        }

        return told;
    }

    /// <summary>Deletes every pod and the Service, and waits until they are gone.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        foreach (KeptPod pod in _pods.Concat(_anchors).ToArray()) await DeleteAsync(pod);
        _anchors.Clear();
        await UntilWiredAsync(patience);
        await _cluster.KubectlAsync("delete", "services", "--all", "-A", "--wait=false");
        await _cluster.UntilAsync(patience, "the Services are gone", names => names.Length == 0, "services", "-A", "-o", "jsonpath={.items[*].metadata.name}");
        await _cluster.UntilAsync(patience, "the pods' ports are gone", names => names.Length == 0, "podports", "-A", "-o", "jsonpath={.items[*].metadata.name}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var attempts = new Attempts();
        foreach (KeptPod pod in _pods.Concat(_anchors).Concat(_going.Where(g => !g.Going.IsCompleted).Select(g => g.Pod))) await attempts.MakeAsync(() => pod.DisposeAsync().AsTask());
        attempts.Conclude();
    }

    private KeptPod Any() => _pods[Random.Next(_pods.Count)];

    private Task<KeptPod> AddAsync(string name, string host, string app)
        => KeptPod.CreateAsync(_cluster, new PodDeclaration(name, host) { Labels = new() { ["name"] = Network } }, app);

    private async Task DeleteAsync(KeptPod pod)
    {
        _going.Add((pod, await pod.DeleteAsync()));
        _pods.Remove(pod);
    }

    private async Task UntilWiredAsync(TimeSpan patience)
    {
        KeptPod[] Waiting() => [.. _pods.Concat(_anchors).Where(p => !p.IsWired), .. _going.Where(g => !g.Going.IsCompleted).Select(g => g.Pod)];
        await Eventually.UntilAsync("every pod is wired, or gone", patience, async () =>
        {
            foreach (KeptPod pod in _pods.Concat(_anchors)) await pod.ShouldGoOnAsync();
            return Waiting().Length == 0;
        }, () => string.Join('\n', Waiting().Select(p => $"{p.Name} on {p.Declaration.Host}, {p.Failures} failures: {p.Failure}")) + Explain());
        foreach ((_, Task going) in _going) await going;
        _going.Clear();
    }

    /// <summary>The pairs of pods that do not behave, measured with pings.</summary>
    private async Task<string[]> WrongAsync()
    {
        KeptPod[] all = [.. _pods, .. _anchors];
        string[]?[] answers = await Task.WhenAll(all.Select(async from =>
        {
            var wrong = new List<string>();
            foreach (KeptPod to in all.Where(p => p != from))
            {
                Ended ping = await from.Sandbox.RunAsync("ping", "-q", "-c", "2", "-i", "0.2", "-W", "1", to.Sandbox.Address);
                if (ping.Code == 0 != May(from, to)) wrong.Add($"{from.Name} ({from.App}) on {from.Declaration.Host} {(ping.Code == 0 ? "reaches" : "does not reach")} {to.Name} ({to.App}, {to.Sandbox.Address}) on {to.Declaration.Host}");
            }

            return wrong.ToArray();
        }));
        return [.. answers.SelectMany(a => a!)];
    }

    private async Task UntilServedAsync(TimeSpan patience)
    {
        string problem = "";
        await Eventually.UntilAsync("the Service leads to the pods behind it", patience, async () => (problem = await ServiceProblemAsync()).Length == 0, () => problem + Explain());
    }

    /// <summary>What the policies say.</summary>
    private bool May(KeptPod from, KeptPod to) => to.App switch
    {
        "db" when _policies.Contains("db-from-web") => from.App == "web",
        "job" when _policies.Contains("job-closed") => false,
        _ => true,
    };

    /// <summary>What is not as it should be when pods that are not behind the Service call it; empty when all is.</summary>
    private async Task<string> ServiceProblemAsync()
    {
        HashSet<string> web = [.. _pods.Where(p => p.App == "web").Select(p => p.Name)], seen = [];
        foreach (KeptPod client in _anchors)
        {
            for (int call = 0; call < Math.Max(1, 6 * web.Count); call++)
            {
                Ended answer = await client.Sandbox.RunAsync("curl", "--silent", "--fail", "--max-time", "2", $"http://{_virtualIp}/");
                string name = answer.Code == 0 ? answer.Output.Split(' ')[0] : "";
                if (name.Length == 0 && web.Count > 0) return $"{client.Name} gets no answer from {_virtualIp} (curl {answer.Code}), before which are {string.Join(", ", web)}";
                if (name.Length > 0 && !web.Contains(name)) return $"{name} answers at {_virtualIp}, before which are {string.Join(", ", web)}";
                if (name.Length > 0) seen.Add(name);
            }
        }

        return seen.SetEquals(web) ? "" : $"only {string.Join(", ", seen)} of {string.Join(", ", web)} answer";
    }

    private string Explain() => $"\n--- controller\n{_cluster.Controller.Log}\n{string.Join('\n', _cluster.Nodes.Select(n => $"--- agent of {n.Host}\n{n.Agent.Log}"))}";
}
