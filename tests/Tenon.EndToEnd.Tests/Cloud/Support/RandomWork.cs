using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>Services and nodes of a cluster, created, changed and deleted at random, and what must be true once all has come to rest.</summary>
internal sealed class RandomWork(CloudCluster cluster, CloudProject project, Guest[] guests, int seed)
{
    private const int MostServices = 4;
    private readonly Random _random = new(seed);
    private readonly Dictionary<string, CloudService> _services = [];
    private readonly HashSet<string> _nodes = [];
    private int _next;

    /// <summary>The random numbers of this run.</summary>
    public Random Random => _random;

    /// <summary>Lets the first node join. One stays as long as there is work: without any, no load balancer has a place.</summary>
    public async Task StartAsync()
    {
        _nodes.Add(guests[0].Name);
        await cluster.JoinAsync(guests[0]);
    }

    /// <summary>One change of the cluster, which is not waited for; returns what it was.</summary>
    public async Task<string> ChangeAsync()
    {
        switch (_random.Next(5))
        {
            case 0 or 1 when _services.Count < MostServices:
                string name = $"web-{++_next}";
                await ServeAsync(new CloudService(name) { Ports = [("TCP", 80, FreeNodePort())] });
                return $"Service {name} comes";
            case 2 when _services.Count > 0:
                CloudService changed = _services.Values.ElementAt(_random.Next(_services.Count));
                (string Protocol, int Port, int NodePort)[] ports = changed.Ports.Length > 1
                    ? [changed.Ports[0]]
                    : [changed.Ports[0], ("TCP", 8000 + _random.Next(100), FreeNodePort())];
                await ServeAsync(changed with { Ports = ports });
                return $"Service {changed.Name} has {ports.Length} ports";
            case 3 when _services.Count > 0:
                string gone = _services.Keys.ElementAt(_random.Next(_services.Count));
                _services.Remove(gone);
                await cluster.KubectlAsync("delete", "service", gone, "--wait=false");
                return $"Service {gone} goes";
            default:
                Guest[] mayChange = [.. guests.Where(g => _nodes.Count > 1 || !_nodes.Contains(g.Name))];
                Guest guest = mayChange[_random.Next(mayChange.Length)];
                if (_nodes.Remove(guest.Name))
                {
                    await cluster.KubectlAsync("delete", "node", guest.Name);
                    return $"node {guest.Name} goes";
                }

                _nodes.Add(guest.Name);
                await cluster.RegisterAsync(initialized: false, guest);
                return $"node {guest.Name} comes";
        }
    }

    /// <summary>
    /// Waits until the cluster has what was asked for and the plan is empty. A Service whose load balancer the cloud has left in PENDING or ERROR is made anew,
    /// as its operator would; returns how many were.
    /// </summary>
    public async Task<int> SettleAsync(TimeSpan patience)
    {
        int repaired = 0;
        try
        {
            await WaitAsync(patience);
        }
        catch (TimeoutException) when (!cluster.Controller.HasEnded)
        {
            repaired = await RepairAsync();
            if (repaired == 0) throw;
            await WaitAsync(patience);
        }

        await cluster.ShouldHaveNothingToPlanAsync();
        return repaired;
    }

    /// <summary>Deletes all that there is and waits until it is gone.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        foreach (string service in _services.Keys) await cluster.KubectlAsync("delete", "service", service, "--wait=false");
        _services.Clear();
        await SettleAsync(patience);
        foreach (string node in _nodes) await cluster.KubectlAsync("delete", "node", node);
        _nodes.Clear();
    }

    private async Task WaitAsync(TimeSpan patience)
    {
        string seen = "", told = "";
        await Eventually.UntilAsync("the cluster has what was asked for", patience, async () =>
        {
            seen = await cluster.KubectlAsync("get", "services", "-o", "jsonpath={range .items[?(@.spec.type==\"LoadBalancer\")]}{.metadata.name}={.status.loadBalancer.ingress[0].ip}{\"\\n\"}{end}");
            Dictionary<string, string> addresses = seen.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=')).ToDictionary(p => p[0], p => p[1]);
            told = await cluster.KubectlAsync("get", "events", "--sort-by=.lastTimestamp", "-o", "custom-columns=LAST:.lastTimestamp,N:.count,OBJECT:.involvedObject.name,REASON:.reason,MESSAGE:.message");
            if (!addresses.Keys.ToHashSet().SetEquals(_services.Keys) || addresses.Values.Any(a => a.Length == 0)) return false;
            return await cluster.TryPlanAsync() is { } plan && plan["changes"]!.AsArray().Count == 0 && plan["problems"]!.AsArray().Count == 0;
        }, () => $"services:\n{seen}\n{told}\n{cluster.Controller.Log}");
    }

    private async Task<int> RepairAsync()
    {
        IReadOnlyList<CloudThing> stuck = [.. (await project.ListAsync(CloudKind.LoadBalancer)).Where(b => b["provisioning_status"] != "ACTIVE")];
        if (stuck.Count == 0) return 0;
        await CloudServices.FreeLoadBalancersAsync(project.Member.ProjectId);
        foreach (CloudService service in _services.Values.Where(s => stuck.Any(b => b["name"].EndsWith($"_{s.Name}", StringComparison.Ordinal))).ToArray())
        {
            await cluster.KubectlAsync("delete", "service", service.Name, "--wait=false");
            await cluster.UntilAsync($"Service {service.Name} is gone", names => !names.Split(' ').Contains(service.Name), "services", "-o", "jsonpath={.items[*].metadata.name}");
            await cluster.ApplyAsync(service.ToString());
        }

        return stuck.Count;
    }

    private async Task ServeAsync(CloudService service)
    {
        _services[service.Name] = service;
        await cluster.ApplyAsync(service.ToString());
    }

    private int FreeNodePort()
    {
        while (true)
        {
            int port = 30000 + _random.Next(2000);
            if (_services.Values.All(s => s.Ports.All(p => p.NodePort != port))) return port;
        }
    }
}
