using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.OpenStack;
using Tenon.OpenStack.Networking;
using Tenon.Sandbox;
using Tenon.Sandbox.Measures;

namespace Tenon.Network.Tests.Control;

/// <summary>The network's controllers with their host, against both halves of the sandbox over HTTP; they can die and start anew at any moment.</summary>
public sealed class NetworkHarness : IAsyncDisposable
{
    private NetworkComponents? _components;
    private CancellationTokenSource _process = new();
    private Task _running = Task.CompletedTask;

    private NetworkHarness(SandboxHost sandbox, NetworkOptions options, CancellationToken token)
    {
        (Sandbox, Options, Token) = (sandbox, options, token);
        Kubernetes = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(sandbox.Kubeconfig));
        Cloud = new CloudClient(new CloudCredentials
        {
            AuthUrl = new Uri(sandbox.AuthUrl),
            Method = new AuthMethod.Password(null, "demo", DomainReference.ByName("Default"), new Secret("secret")),
            Scope = new AuthScope.Project(null, "demo", DomainReference.ByName("Default")),
            Region = "RegionOne",
        }, new CloudClientOptions { Retry = new RetryOptions { MaxAttempts = 1 } });
        Agents = new SimulatedAgents(Kubernetes);
    }

    /// <summary>The cloud and the cluster.</summary>
    public SandboxHost Sandbox { get; }

    /// <summary>The options from the next start on.</summary>
    public NetworkOptions Options { get; set; }

    /// <summary>The API server, as an administrator.</summary>
    public KubernetesClient Kubernetes { get; }

    /// <summary>The cloud, as the project's user.</summary>
    public CloudClient Cloud { get; }

    /// <summary>The nodes' agents.</summary>
    public SimulatedAgents Agents { get; }

    /// <summary>The running controllers.</summary>
    public NetworkComponents Components => _components!;

    /// <summary>Ends the waits.</summary>
    public CancellationToken Token { get; }

    /// <summary>Starts a cloud and a cluster; the controllers are started by <see cref="StartAsync"/>.</summary>
    public static async Task<NetworkHarness> CreateAsync(CancellationToken token, int nodes = 2, NetworkOptions? options = null, bool trunks = true, Func<SandboxOptions, SandboxOptions>? cloud = null)
    {
        var world = new SandboxOptions { Nodes = nodes, Controllers = "garbagecollector" };
        SandboxHost sandbox = await SandboxHost.StartAsync(cloud?.Invoke(world) ?? world, token);
        var harness = new NetworkHarness(sandbox, options ?? new NetworkOptions { GroupGrace = TimeSpan.Zero, MaxBackoff = TimeSpan.FromSeconds(1) }, token);
        await CustomResources.CreateAsync(harness.Kubernetes, token);
        foreach (JsonNode? server in harness.List("compute", "/v2.1/servers/detail", "servers")) await harness.AddNodeAsync(server!, trunks);
        return harness;
    }

    /// <summary>A new process: nothing of what the last one knew is left.</summary>
    public async Task StartAsync()
    {
        await StopAsync();
        _process = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var events = new EventRecorder(Kubernetes, new EventRecorderOptions { Component = "test" });
        _components = new NetworkComponents(new NetworkComponentsInput { Options = Options, Networking = Cloud.Networking(), LoadBalancing = Cloud.LoadBalancing(), Kubernetes = Kubernetes, Events = events, Pending = new() { Interval = TimeSpan.FromMilliseconds(20) } });
        var host = new ControllerHost(new ControllerHostOptions
        {
            Informers = _components.Informers, Controllers = _components.Controllers, LeaderTasks = _components.LeaderTasks, EventRecorder = events, ShutdownTimeout = TimeSpan.Zero,
        });
        _running = host.RunAsync(_process.Token);
    }

    /// <summary>Ends the controllers in the middle of whatever they do.</summary>
    public async Task StopAsync()
    {
        if (_components is null) return;
        await _process.CancelAsync();
        await _running.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _components.Dispose();
        _components = null;
        _process.Dispose();
    }

    /// <summary>Makes a pod on a node.</summary>
    public Task<Pod> AddPodAsync(string name, string? node = "node-1", string? label = "blue", string space = "default", Action<Dictionary<string, string>>? labels = null, string? annotation = null)
    {
        var all = new Dictionary<string, string>();
        if (label is not null) all["name"] = label;
        labels?.Invoke(all);
        return Kubernetes.CreateAsync(new Pod
        {
            Metadata = new ObjectMeta
            {
                Namespace = space, Name = name, Labels = all,
                Annotations = annotation is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [NetworkNames.NetworkAnnotation] = annotation },
            },
            Spec = new PodSpec { NodeName = node, Containers = [new Container { Name = "main", Image = "web" }] },
        }, Token);
    }

    /// <summary>Deletes a pod at once.</summary>
    public Task DeletePodAsync(string name, string space = "default") => Kubernetes.DeleteAsync<Pod>(new(space, name), Token, new DeleteOptions { GracePeriodSeconds = 0 });

    /// <summary>Changes a pod's labels; <see langword="null"/> removes one.</summary>
    public Task LabelAsync(string pod, string key, string? value, string space = "default")
        => Kubernetes.PatchAsync<Pod>(new(space, pod), Patch.Merge(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [key] = value } } }), Token);

    /// <summary>Waits until so many pods are plugged.</summary>
    public Task UntilPluggedAsync(int count) => UntilAsync(() => Agents.Plugged == count, () => $"{count} pods to be plugged, not {Agents.Plugged}");

    /// <summary>Waits until something holds.</summary>
    public Task UntilAsync(Func<bool> holds, Func<string> what) => UntilAsync(() => Task.FromResult(holds()), what);

    /// <summary>Waits until something holds.</summary>
    public async Task UntilAsync(Func<Task<bool>> holds, Func<string> what)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            if (_running.IsFaulted) await _running;
            try
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, limit.Token);
            }
            catch (OperationCanceledException e) when (!Token.IsCancellationRequested)
            {
                throw new TimeoutException($"Waited in vain for {what()}", e);
            }
        }
    }

    /// <summary>Waits until the controllers have done what there is to do: nothing changes for a while.</summary>
    public async Task UntilQuietAsync()
    {
        int before = -1;
        for (int same = 0; same < 3;)
        {
            int now = Sandbox.Calls.Summary().All.Writes;
            same = now == before ? same + 1 : 0;
            before = now;
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System, Token);
        }
    }

    /// <summary>The cluster's ports in the cloud.</summary>
    public async Task<List<Port>> PortsAsync() => await Cloud.Networking().ListPortsAsync(new() { Description = NetworkMarks.Cluster(Options.ClusterName) }, Token).ToListAsync(Token);

    /// <summary>The cluster's security groups in the cloud.</summary>
    public async Task<List<SecurityGroup>> GroupsAsync() => await Cloud.Networking().ListSecurityGroupsAsync(new() { Description = NetworkMarks.Cluster(Options.ClusterName) }, Token).ToListAsync(Token);

    /// <summary>The writes to the cloud since the log was cleared.</summary>
    public CallEntry[] Writes => [.. Sandbox.Calls.Entries().Where(c => c.Service == "network" && c.Kind == CallKind.Write)];

    /// <summary>The reasons of the events about an object.</summary>
    public async Task<List<string>> EventsAsync(string name)
        => await Kubernetes.ListAsync<Event>(new(), Token).Where(e => e.InvolvedObject.Name == name).Select(e => $"{e.Reason}: {e.Message}").ToListAsync(Token);

    /// <summary>What the cloud lists.</summary>
    public JsonArray List(string service, string path, string key) => Sandbox.OpenStack.Send(service, "GET", path).Value[key]!.AsArray();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Agents.DisposeAsync();
        await Cloud.DisposeAsync();
        Kubernetes.Dispose();
        await Sandbox.DisposeAsync();
    }

    private async Task AddNodeAsync(JsonNode server, bool trunk)
    {
        string id = (string)server["id"]!, name = (string)server["name"]!;
        JsonNode port = List("network", $"/v2.0/ports?device_id={id}", "ports")[0]!;
        if (trunk) Sandbox.OpenStack.Send("network", "POST", "/v2.0/trunks", new JsonObject { ["trunk"] = new JsonObject { ["port_id"] = (string)port["id"]!, ["name"] = name } });
        if (await Kubernetes.GetAsync<Node>(new("", name), Token) is null) await Kubernetes.CreateAsync(new Node { Metadata = new ObjectMeta { Name = name } }, Token);
        await Kubernetes.PatchAsync<Node>(new("", name), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["providerID"] = $"openstack:///{id}" } }), Token);
        var address = new JsonObject { ["type"] = "InternalIP", ["address"] = (string)port["fixed_ips"]![0]!["ip_address"]! };
        await Kubernetes.PatchAsync<Node>(new("", name), Patch.Merge(new JsonObject { ["status"] = new JsonObject { ["addresses"] = new JsonArray(address) } }), Token, new WriteOptions { Subresource = "status" });
    }
}
