using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack;
using Tenon.Sandbox;
using Tenon.Sandbox.Measures;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>Services and nodes in memory, with what the controller publishes written straight into them.</summary>
internal sealed class MemoryCluster(LoadBalancerOptions options) : IServicePublisher, IEventRecorder, ILister<Service>, ILister<Node>
{
    private readonly ConcurrentDictionary<NamespacedName, Service> _services = [];

    public List<Node> Nodes { get; } = [];

    public ConcurrentQueue<(EventType Type, string Reason, string Message)> Events { get; } = [];

    public int Writes { get; private set; }

    public Service this[string name] => _services[new("default", name)];

    public bool Has(string name) => _services.ContainsKey(new("default", name));

    public void Put(Service service)
        => _services.AddOrUpdate(service.Metadata.Key, service, (_, old) => service with
        {
            Metadata = service.Metadata with
            {
                Finalizers = old.Metadata.Finalizers, Annotations = service.Metadata.Annotations.Concat(old.Metadata.Annotations.Where(a => a.Key is ServiceAnnotations.LoadBalancerId or ServiceAnnotations.LoadBalancerAddress))
                    .DistinctBy(a => a.Key).ToDictionary(a => a.Key, a => a.Value),
            },
            Status = old.Status,
        });

    public void Delete(string name)
    {
        Service service = this[name];
        if (service.Metadata.Finalizers.Count == 0) _services.TryRemove(service.Metadata.Key, out _);
        else _services[service.Metadata.Key] = service with { Metadata = service.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } };
    }

    public Task<Service> AddFinalizerAsync(Service service, CancellationToken cancellationToken)
        => Write(service, s => s.Metadata.Finalizers.Contains(ServiceNames.Finalizer) ? s : s with { Metadata = s.Metadata with { Finalizers = [.. s.Metadata.Finalizers, ServiceNames.Finalizer] } });

    public async Task<bool> PublishAsync(Service service, LoadBalancerSettings settings, LoadBalancerEndpoint endpoint, CancellationToken cancellationToken)
    {
        LoadBalancerStatus status = ServiceStatuses.Of(settings, options, endpoint);
        bool same = ServiceStatuses.Same(_services[service.Metadata.Key].Status.LoadBalancer, status);
        await Write(service, s => same && s.Metadata.Annotations.GetValueOrDefault(ServiceAnnotations.LoadBalancerId) == endpoint.LoadBalancerId ? s : s with
        {
            Status = s.Status with { LoadBalancer = status },
            Metadata = s.Metadata with
            {
                Annotations = new Dictionary<string, string>(s.Metadata.Annotations) { [ServiceAnnotations.LoadBalancerId] = endpoint.LoadBalancerId, [ServiceAnnotations.LoadBalancerAddress] = endpoint.Address },
            },
        });
        return !same;
    }

    public Task<Service> ForgetLoadBalancerAsync(Service service, CancellationToken cancellationToken)
        => Write(service, s => s with { Metadata = s.Metadata with { Annotations = s.Metadata.Annotations.Where(a => a.Key is not (ServiceAnnotations.LoadBalancerId or ServiceAnnotations.LoadBalancerAddress)).ToDictionary() } });

    public async Task ReleaseAsync(Service service, bool forgetsLoadBalancer, CancellationToken cancellationToken)
    {
        Service after = await Write(service, s => s with { Status = new ServiceStatus(), Metadata = s.Metadata with { Finalizers = [.. s.Metadata.Finalizers.Where(f => f != ServiceNames.Finalizer)] } });
        if (after.Metadata.IsBeingDeleted) _services.TryRemove(service.Metadata.Key, out _);
        else if (forgetsLoadBalancer) await ForgetLoadBalancerAsync(after, cancellationToken);
    }

    public void Record(ObjectReference about, EventType type, string reason, string message) => Events.Enqueue((type, reason, message));

    IReadOnlyCollection<Service> ILister<Service>.List() => [.. _services.Values];

    Service? ILister<Service>.Get(NamespacedName key) => _services.GetValueOrDefault(key);

    IReadOnlyCollection<Service> ILister<Service>.Find(string index, string value) => [];

    IReadOnlyCollection<Node> ILister<Node>.List() => [.. Nodes];

    Node? ILister<Node>.Get(NamespacedName key) => Nodes.Find(n => n.Metadata.Key == key);

    IReadOnlyCollection<Node> ILister<Node>.Find(string index, string value) => [];

    private Task<Service> Write(Service service, Func<Service, Service> change)
    {
        Service before = _services[service.Metadata.Key];
        Service after = change(before);
        if (!ReferenceEquals(before, after)) Writes++;
        _services[service.Metadata.Key] = after;
        return Task.FromResult(after);
    }
}

/// <summary>The controller's Service half against the sandbox's OpenStack over HTTP; it can die and start anew at any moment.</summary>
internal sealed class CloudHarness : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly Channel<NamespacedName> _woken = Channel.CreateUnbounded<NamespacedName>();
    private LoadBalancerOptions _options;
    private CloudClient _client = null!;
    private LoadBalancerView _view = null!;
    private Task _waiting = Task.CompletedTask;
    private CancellationTokenSource _process = new();

    private CloudHarness(SandboxHost sandbox, LoadBalancerOptions options)
    {
        (Sandbox, _options) = (sandbox, options);
        Cluster = new MemoryCluster(options);
    }

    public SandboxHost Sandbox { get; }

    public MemoryCluster Cluster { get; }

    public ServicePlanner Planner { get; private set; } = null!;

    public ServiceReconciler Reconciler { get; private set; } = null!;

    public LoadBalancerCollector Collector { get; private set; } = null!;

    /// <summary>How long after a load balancer has settled its members are looked at once more, from the next restart on.</summary>
    public TimeSpan ProveAfter { get; set; } = new PendingOptions().ProveAfter;

    public string NodeNetworkId { get; private set; } = "";

    public string NodeSubnetId { get; private set; } = "";

    public string PublicNetworkId { get; private set; } = "";

    public static async Task<CloudHarness> StartAsync(LoadBalancerOptions? options = null, int nodes = 2, string provider = "amphora", bool dualStack = false)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { SeedWorld = false, Nodes = 0, Controllers = "none" }, token);
        var harness = new CloudHarness(sandbox, (options ?? new LoadBalancerOptions()) with { LbProvider = options?.LbProvider ?? provider });
        harness.Seed(dualStack);
        for (int i = 1; i <= nodes; i++) harness.AddNode(i);
        await harness.RestartAsync();
        return harness;
    }

    /// <summary>Another configuration, from the next restart on.</summary>
    public void Configure(LoadBalancerOptions options) => _options = options with { LbProvider = options.LbProvider ?? _options.LbProvider };

    /// <summary>A new process: nothing of what the last one knew is left.</summary>
    public async Task RestartAsync()
    {
        await _process.CancelAsync();
        await _waiting.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (_client is not null) await _client.DisposeAsync();
        _process = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        _client = new CloudClient(new CloudCredentials
        {
            AuthUrl = new Uri(Sandbox.AuthUrl),
            Method = new AuthMethod.Password(null, "demo", DomainReference.ByName("Default"), new Secret("secret")),
            Scope = new AuthScope.Project(null, "demo", DomainReference.ByName("Default")),
            Region = "RegionOne",
        }, new CloudClientOptions { Retry = new RetryOptions { MaxAttempts = 1 } });
        var clients = new LoadBalancerClients(_client.LoadBalancing(), _client.Networking(), _client.Networking(), _client.Networking(), _client.Networking());
        _view = new LoadBalancerView(clients.LoadBalancers, clients.FloatingIps, clients.SecurityGroups, clients.Ports, new() { KeepMemberIds = _options.ProviderRequiresSerialApiCalls }, TimeProvider.System);
        var facts = new CloudFacts(new CloudFactsClients(_client.Networking(), _client.Networking(), _client.LoadBalancing(), _client.KeyManager()), TimeProvider.System);
        Planner = new ServicePlanner(Cluster, Cluster, _view, facts, (_options, new ServicePlannerOptions { ClusterId = "11111111-2222-3333-4444-555555555555" }), TimeProvider.System);
        var applier = new LoadBalancerApplier(clients, _view);
        var pending = new PendingLoadBalancers(_view, key => _woken.Writer.TryWrite(key), new PendingOptions { Interval = TimeSpan.FromMilliseconds(5), MaxInterval = TimeSpan.FromMilliseconds(50), ProveAfter = ProveAfter }, TimeProvider.System);
        Reconciler = new ServiceReconciler(Planner, applier, pending, Cluster, new ServiceReporter(Cluster, TimeProvider.System));
        Collector = new LoadBalancerCollector(Planner, applier, new CollectorOptions { Grace = TimeSpan.Zero });
        _waiting = pending.RunAsync(_process.Token);
    }

    /// <summary>Reconciles until nothing is left to do, or nothing can be done. Failures of the cloud are thrown.</summary>
    public async Task<Outcome> SettleAsync(string service)
    {
        var key = new NamespacedName("default", service);
        CancellationToken token = TestContext.Current.CancellationToken;
        for (int i = 0; i < 300; i++)
        {
            Outcome outcome = await Reconciler.ReconcileAsync(key, token);
            if (outcome is not Outcome.Waiting waiting || waiting.Poll > TimeSpan.FromSeconds(1)) return outcome;
            if (waiting.Poll is null) await _woken.Reader.ReadAsync(token);
        }

        throw new InvalidOperationException($"{service} did not settle.");
    }

    /// <summary>Waits until a Service is woken without having been changed, and reconciles it.</summary>
    public async Task<Outcome> SettleWokenAsync(string service)
    {
        await _woken.Reader.ReadAsync(TestContext.Current.CancellationToken);
        return await SettleAsync(service);
    }

    /// <summary>Puts a Service and reconciles it.</summary>
    public Task<Outcome> PutAsync(Service service)
    {
        Cluster.Put(service);
        return SettleAsync(service.Metadata.Name);
    }

    /// <summary>Deletes a Service and reconciles it until it is gone.</summary>
    public Task<Outcome> DeleteAsync(string service)
    {
        Cluster.Delete(service);
        return SettleAsync(service);
    }

    public ImmutableArray<CallEntry> Calls(bool writes) => [.. Sandbox.Calls.Entries().Where(c => c.Service is not ("identity" or "kubernetes") && c.Method is "GET" or "HEAD" != writes && c.Service != "identity")];

    public JsonArray List(string service, string path, string key) => Sandbox.OpenStack.Send(service, "GET", path).Value[key]!.AsArray();

    public JsonArray LoadBalancers => List("load-balancer", "/v2.0/lbaas/loadbalancers", "loadbalancers");

    public JsonArray Listeners => List("load-balancer", "/v2.0/lbaas/listeners", "listeners");

    public JsonArray Pools => List("load-balancer", "/v2.0/lbaas/pools", "pools");

    public JsonArray Monitors => List("load-balancer", "/v2.0/lbaas/healthmonitors", "healthmonitors");

    public JsonArray FloatingIps => List("network", "/v2.0/floatingips", "floatingips");

    public JsonArray Members(string poolId) => List("load-balancer", $"/v2.0/lbaas/pools/{poolId}/members", "members");

    /// <summary>The names of the Services' security groups on a node's port.</summary>
    public string[] GroupsOf(int node)
    {
        JsonNode port = List("network", "/v2.0/ports", "ports").Single(p => (string)p!["name"]! == $"node-{node}")!;
        return [.. ServiceGroups.Where(g => port["security_groups"]!.AsArray().Any(s => (string)s! == (string)g!["id"]!)).Select(g => (string)g!["name"]!)];
    }

    /// <summary>What the only security group of a Service lets in.</summary>
    public string[] LetIn => [.. ServiceGroups.Single()!["security_group_rules"]!.AsArray()
        .Select(r => $"{r!["direction"]} {r["ethertype"]} {r["protocol"]} {r["port_range_min"]} {r["remote_ip_prefix"]}").Order(StringComparer.Ordinal)];

    public JsonArray ServiceGroups => new([.. List("network", "/v2.0/security-groups", "security-groups".Replace('-', '_')).Where(g => ((string)g!["name"]!).StartsWith("lb-sg-", StringComparison.Ordinal)).Select(g => g!.DeepClone())]);

    /// <summary>The world as far as it is the controller's, in one text.</summary>
    public string World()
    {
        IEnumerable<string> listeners = Listeners.Select(l => $"{l!["protocol"]}:{l["protocol_port"]} {l["name"]}");
        IEnumerable<string> pools = Pools.Select(p => $"{p!["name"]} {p["protocol"]} {string.Join(' ', Members((string)p["id"]!).Select(m => $"{m!["name"]}={m["address"]}:{m["protocol_port"]}").Order())}");
        return $"""
            {string.Join('\n', LoadBalancers.Select(l => $"{l!["name"]} {l["provisioning_status"]} {l["tags"]!.ToJsonString()}").Order())}
            {string.Join('\n', listeners.Order())}
            {string.Join('\n', pools.Order())}
            {string.Join('\n', Monitors.Select(m => $"{m!["name"]} {m["type"]}").Order())}
            {string.Join('\n', FloatingIps.Select(f => $"{f!["description"]} {(f["port_id"] is null ? "free" : "attached")}").Order())}
            {string.Join('\n', ServiceGroups.Select(g => $"{g!["name"]} {g["security_group_rules"]!.AsArray().Count}").Order())}
            """;
    }

    public void AddNode(int number)
    {
        string server = $"00000000-0000-4000-8000-{number:d12}";
        JsonNode port = Post("network", "/v2.0/ports", "port", new JsonObject { ["network_id"] = NodeNetworkId, ["device_id"] = server, ["device_owner"] = "compute:az1", ["name"] = $"node-{number}" });
        Cluster.Nodes.Add(new Node
        {
            Metadata = new ObjectMeta { Name = $"node-{number}" },
            Spec = new NodeSpec { ProviderId = $"openstack:///{server}" },
            Status = new NodeStatus { Addresses = [.. port["fixed_ips"]!.AsArray().Select(f => new NodeAddress("InternalIP", (string)f!["ip_address"]!))] },
        });
    }

    public JsonNode Post(string service, string path, string key, JsonObject body)
        => Sandbox.OpenStack.Send(service, "POST", path, new JsonObject { [key] = body }).Value[key]!;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _waiting.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await _client.DisposeAsync();
        _view.Dispose();
        await Sandbox.DisposeAsync();
    }

    private void Seed(bool dualStack)
    {
        PublicNetworkId = (string)Post("network", "/v2.0/networks", "network", new() { ["name"] = "public", ["router:external"] = true })["id"]!;
        Post("network", "/v2.0/subnets", "subnet", new() { ["name"] = "public-1", ["network_id"] = PublicNetworkId, ["ip_version"] = 4, ["cidr"] = "203.0.113.0/24", ["enable_dhcp"] = false });
        NodeNetworkId = (string)Post("network", "/v2.0/networks", "network", new() { ["name"] = "nodes" })["id"]!;
        NodeSubnetId = (string)Post("network", "/v2.0/subnets", "subnet", new() { ["name"] = "nodes-1", ["network_id"] = NodeNetworkId, ["ip_version"] = 4, ["cidr"] = "10.0.0.0/16" })["id"]!;
        if (dualStack) Post("network", "/v2.0/subnets", "subnet", new() { ["name"] = "nodes-6", ["network_id"] = NodeNetworkId, ["ip_version"] = 6, ["cidr"] = "fd00:10::/64" });
        string router = (string)Post("network", "/v2.0/routers", "router", new() { ["name"] = "router", ["external_gateway_info"] = new JsonObject { ["network_id"] = PublicNetworkId } })["id"]!;
        Sandbox.OpenStack.Send("network", "PUT", $"/v2.0/routers/{router}/add_router_interface", new JsonObject { ["subnet_id"] = NodeSubnetId }).Expect();
    }
}
