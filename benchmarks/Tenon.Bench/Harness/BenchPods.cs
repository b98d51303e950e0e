using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Tests.Control;
using Tenon.Sandbox;

namespace Tenon.Bench;

/// <summary>A sandbox whose nodes' ports are parents of trunks, with simulated agents that report what is plugged, and pods for them.</summary>
internal sealed class BenchPods : IAsyncDisposable
{
    private readonly int _nodes;

    private BenchPods(BenchCloud cloud, int nodes)
    {
        (Cloud, _nodes) = (cloud, nodes);
        Agents = new SimulatedAgents(cloud.Kubernetes);
    }

    /// <summary>The sandbox.</summary>
    public BenchCloud Cloud { get; }

    /// <summary>The nodes' agents.</summary>
    public SimulatedAgents Agents { get; }

    /// <summary>Starts it, every OpenStack call delayed.</summary>
    /// <param name="nodes">How many nodes.</param>
    /// <param name="latency">The delay.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <param name="hosts">Whether ports are bound to the nodes' hosts, as on hypervisors, instead of being subports of trunks.</param>
    public static async Task<BenchPods> StartAsync(int nodes, TimeSpan latency, CancellationToken cancellationToken, bool hosts = false)
    {
        BenchCloud cloud = await BenchCloud.StartAsync(new SandboxOptions { Nodes = nodes, Controllers = "garbagecollector" }, cancellationToken);
        await CustomResources.CreateAsync(cloud.Kubernetes, cancellationToken);
        string project = "";
        foreach (JsonNode? server in List(cloud, "compute", "/v2.1/servers/detail", "servers"))
        {
            string id = (string)server!["id"]!, name = (string)server["name"]!;
            JsonNode port = List(cloud, "network", $"/v2.0/ports?device_id={id}", "ports")[0]!;
            project = (string)port["project_id"]!;
            if (!hosts) cloud.Host.OpenStack.Send("network", "POST", "/v2.0/trunks", new JsonObject { ["trunk"] = new JsonObject { ["port_id"] = (string)port["id"]!, ["name"] = name } });
            if (await cloud.Kubernetes.GetAsync<Node>(new("", name), cancellationToken) is null) await cloud.Kubernetes.CreateAsync(new Node { Metadata = new ObjectMeta { Name = name } }, cancellationToken);
            await cloud.Kubernetes.PatchAsync<Node>(new("", name), Patch.Merge(new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = hosts ? new JsonObject { [NetworkNames.BindingAnnotation] = "ovs" } : [] },
                ["spec"] = new JsonObject { ["providerID"] = $"openstack:///{id}" },
            }), cancellationToken);
        }

        cloud.Host.OpenStack.Send("network", "PUT", $"/v2.0/quotas/{project}", new JsonObject { ["quota"] = new JsonObject { ["port"] = -1, ["security_group_rule"] = -1 } }, "admin");
        if (hosts) LetBind(cloud, project);
        foreach (string service in (ReadOnlySpan<string>)["network", "identity"]) cloud.Host.Latency.Set(service, latency);
        return new BenchPods(cloud, nodes);
    }

    /// <summary>Makes pods FROM..FROM+COUNT-1, in turn over the nodes, as many at a time as a busy cluster does.</summary>
    public Task CreateAsync(int from, int count, Func<int, string> app, CancellationToken cancellationToken)
        => Parallel.ForEachAsync(Enumerable.Range(from, count), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = cancellationToken }, async (i, token) => await Cloud.Kubernetes.CreateAsync(
            new Pod
            {
                Metadata = new ObjectMeta { Namespace = "default", Name = $"pod-{i}", Labels = new Dictionary<string, string> { ["name"] = "blue", ["app"] = app(i) } },
                Spec = new PodSpec { NodeName = $"node-{(i % _nodes) + 1}", Containers = [new Container { Name = "main", Image = "web" }] },
            },
            token));

    /// <summary>Makes policies that each select pods of one application and let another in.</summary>
    public Task PoliciesAsync(int from, int count, int apps, CancellationToken cancellationToken)
        => Parallel.ForEachAsync(Enumerable.Range(from, count), cancellationToken, async (i, token) => await Cloud.Kubernetes.CreateAsync(
            new NetworkPolicy
            {
                Metadata = new ObjectMeta { Namespace = "default", Name = $"policy-{i}" },
                Spec = new NetworkPolicySpec
                {
                    PodSelector = Selecting($"app-{i % apps}"),
                    Ingress = [new() { From = [new() { PodSelector = Selecting($"app-{(i + 1) % apps}") }], Ports = [new() { Port = 8000 + i }] }],
                },
            },
            token));

    /// <summary>Waits until so many pods are plugged.</summary>
    public Task PluggedAsync(int count, ControllerProcess controller, CancellationToken cancellationToken)
        => BenchCloud.UntilAsync($"{count} plugged pods", controller, _ => Task.FromResult(Agents.Plugged >= count), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Agents.DisposeAsync();
        await Cloud.DisposeAsync();
    }

    /// <summary>Neutron lets administrators alone bind ports to hosts, unless its policy says otherwise.</summary>
    private static void LetBind(BenchCloud cloud, string project)
    {
        string user = (string)cloud.Host.OpenStack.Send("identity", "GET", "/v3/users?name=demo", null, "admin").Value["users"]![0]!["id"]!;
        string role = (string)cloud.Host.OpenStack.Send("identity", "GET", "/v3/roles?name=admin", null, "admin").Value["roles"]![0]!["id"]!;
        cloud.Host.OpenStack.Send("identity", "PUT", $"/v3/projects/{project}/users/{user}/roles/{role}", null, "admin");
    }

    private static LabelSelector Selecting(string app) => new() { MatchLabels = new Dictionary<string, string> { ["app"] = app } };

    private static JsonArray List(BenchCloud cloud, string service, string path, string key) => cloud.Host.OpenStack.Send(service, "GET", path).Value[key]!.AsArray();
}
