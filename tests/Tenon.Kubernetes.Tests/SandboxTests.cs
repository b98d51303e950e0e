using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Sandbox;

namespace Tenon.Kubernetes.Tests;

/// <summary>The client and all that stands on it, over TLS, against a server that keeps the API's rules.</summary>
public sealed class SandboxTests : IAsyncLifetime
{
    private SandboxHost _sandbox = null!;
    private KubernetesClient? _connected;

    private KubernetesClient Client => _connected!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync(new SandboxOptions { Controllers = "none", SeedWorld = false, Nodes = 0 }, Token);
        Assert.SkipWhen(_sandbox.Kubeconfig.Length == 0, "the sandbox does not serve Kubernetes");
        _connected = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(_sandbox.Kubeconfig));
    }

    public async ValueTask DisposeAsync()
    {
        _connected?.Dispose();
        await _sandbox.DisposeAsync();
    }

    private static Service Web(string name = "web") => new()
    {
        Metadata = new() { Namespace = "default", Name = name },
        Spec = new() { Type = "LoadBalancer", Ports = [new() { Name = "http", Port = 80, TargetPort = 8080 }] },
    };

    [Fact(Timeout = 60_000)]
    public async Task A_service_is_created_with_defaults_given_a_status_and_deleted_through_its_finalizer()
    {
        Service made = await Client.CreateAsync(Web(), Token);
        made.Spec.Ports[0].NodePort.ShouldBeGreaterThan(0);
        made.Spec.ClusterIP.ShouldNotBeNullOrEmpty();
        (await Should.ThrowAsync<KubernetesException>(Client.CreateAsync(Web(), Token))).Failure.ShouldBe(KubernetesFailure.AlreadyExists);
        Service held = made with { Metadata = made.Metadata with { Finalizers = ["service.kubernetes.io/load-balancer-cleanup"] } };
        await Client.PatchAsync<Service>(made.Metadata.Key, Patch.Between(made, held, ifUnchanged: true)!, Token);
        (await Should.ThrowAsync<KubernetesException>(
            Client.PatchAsync<Service>(made.Metadata.Key, Patch.Between(made, held with { Spec = held.Spec with { SessionAffinity = "ClientIP" } }, ifUnchanged: true)!, Token)))
            .Failure.ShouldBe(KubernetesFailure.Conflict);
        var status = new JsonObject
        {
            ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = new JsonArray(new JsonObject { ["ip"] = "192.0.2.5", ["ipMode"] = "VIP" }) } },
        };
        Service shown = await Client.PatchAsync<Service>(made.Metadata.Key, Patch.Merge(status), Token, new() { Subresource = "status" });
        shown.Status.LoadBalancer.Ingress.Single().Ip.ShouldBe("192.0.2.5");
        (await Client.DeleteAsync<Service>(made.Metadata.Key, Token)).ShouldBeTrue();
        Service going = (await Client.GetAsync<Service>(made.Metadata.Key, Token))!;
        going.Metadata.IsBeingDeleted.ShouldBeTrue();
        await Client.PatchAsync<Service>(
            made.Metadata.Key, Patch.Between(going, going with { Metadata = going.Metadata with { Finalizers = [] } })!, Token);
        (await Client.GetAsync<Service>(made.Metadata.Key, Token)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Invalid_objects_are_refused_with_the_field()
    {
        Service bad = Web() with { Spec = new() { Type = "LoadBalancer", Ports = [new() { Port = 99999 }] } };
        KubernetesException e = await Should.ThrowAsync<KubernetesException>(Client.CreateAsync(bad, Token));
        e.Failure.ShouldBe(KubernetesFailure.Invalid);
        e.Causes.ShouldContain(c => c.Field == "spec.ports[0].port");
    }

    [Fact(Timeout = 60_000)]
    public async Task Applying_owns_fields_and_conflicts_with_other_managers_unless_forced()
    {
        var map = new ConfigMap { Metadata = new() { Namespace = "default", Name = "m" }, Data = new Dictionary<string, string> { ["a"] = "1" } };
        await Client.ApplyAsync(map, "one", Token);
        ConfigMap other = map with { Data = new Dictionary<string, string> { ["a"] = "2" } };
        (await Should.ThrowAsync<KubernetesException>(Client.ApplyAsync(other, "two", Token, force: false))).Failure.ShouldBe(KubernetesFailure.Conflict);
        (await Client.ApplyAsync(other, "two", Token)).Data["a"].ShouldBe("2");
        (await Client.ApplyAsync(map with { Data = new Dictionary<string, string>() }, "two", Token)).Data.Keys.ShouldNotContain("a");
        await Client.CreateAsync(map with { Metadata = map.Metadata with { Name = "dry" } }, Token, new() { DryRun = true });
        (await Client.GetAsync<ConfigMap>(new("default", "dry"), Token)).ShouldBeNull();
    }

    [Fact(Timeout = 60_000)]
    public async Task Lists_come_in_pages_and_discovery_and_access_answer()
    {
        for (int i = 0; i < 7; i++)
            await Client.CreateAsync(new ConfigMap { Metadata = new() { Namespace = "default", Name = $"m-{i}", Labels = new Dictionary<string, string> { ["paged"] = "yes" } } }, Token);
        var names = new List<string>();
        await foreach (ConfigMap map in Client.ListAsync<ConfigMap>(new() { PageSize = 3, LabelSelector = "paged=yes" }, Token)) names.Add(map.Metadata.Name);
        names.Count.ShouldBe(7);
        (await Client.GetServerVersionAsync(Token)).ShouldStartWith("v1.");
        (await Client.GetApiResourcesAsync("", "v1", Token)).Single(r => r.Type.Plural == "services").Subresources.ShouldContain("status");
        (await Client.CanIAsync(new("list", "", "nodes"), Token)).Allowed.ShouldBeTrue();
        using var stranger = new KubernetesClient(
            Client.Configuration with { ClientCertificate = null, ClientKey = null, Credential = new KubernetesCredential.Token(new Secret("wrong")) });
        (await Should.ThrowAsync<KubernetesException>(stranger.GetAsync<Node>(new("", "x"), Token))).Failure.ShouldBe(KubernetesFailure.Unauthorized);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_informer_follows_the_cluster()
    {
        await Client.CreateAsync(Web("one"), Token);
        var informer = new Informer<Service>(Client, new()
        {
            Indexes = new Dictionary<string, Func<Service, IEnumerable<string>>> { ["type"] = s => [s.Spec.Type ?? ""] },
        });
        using var stop = new CancellationTokenSource();
        Task running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(Token);
        await Client.CreateAsync(Web("two"), Token);
        await Waiting.UntilAsync(() => informer.Find("type", "LoadBalancer").Count == 2);
        await Client.DeleteAsync<Service>(new("default", "one"), Token);
        await Waiting.UntilAsync(() => informer.Find("type", "LoadBalancer").Count == 1);
        await stop.CancelAsync();
        await running;
    }

    [Fact(Timeout = 60_000)]
    public async Task A_controller_leads_works_records_events_and_gives_the_lease_back()
    {
        await Client.CreateAsync(new Namespace { Metadata = new() { Name = "tenon" } }, Token);
        var informer = new Informer<Service>(Client);
        var recorder = new EventRecorder(Client, new() { Component = "tenon" });
        var seen = new ConcurrentQueue<NamespacedName>();
        var controller = new Controller("services", new Reconciler(key =>
        {
            seen.Enqueue(key);
            if (informer.Get(key) is { } service) recorder.Record(ObjectReference.To(service), EventType.Warning, "Tested", "as it should be");
        }));
        controller.Watches(informer);
        using var stop = new CancellationTokenSource();
        var elector = new LeaderElector(Client, new() { Lease = new("tenon", "leader"), Identity = "me" });
        Task running = new ControllerHost(new() { Informers = [informer], Controllers = [controller], LeaderElector = elector, EventRecorder = recorder })
            .RunAsync(stop.Token);
        await Waiting.UntilAsync(() => elector.IsLeader);
        await Client.CreateAsync(Web(), Token);
        await Waiting.UntilAsync(() => seen.Contains(new NamespacedName("default", "web")));
        await stop.CancelAsync();
        await running;
        (await Client.GetAsync<Lease>(new("tenon", "leader"), Token))!.Spec.HolderIdentity.ShouldBeNullOrEmpty();
        var events = new List<Event>();
        await foreach (Event e in Client.ListAsync<Event>(new() { Namespace = "default" }, Token)) events.Add(e);
        events.ShouldContain(e => e.Reason == "Tested" && e.InvolvedObject.Name == "web");
    }

    private sealed class Reconciler(Action<NamespacedName> pass) : IReconciler
    {
        public Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
        {
            pass(key);
            return Task.FromResult(Outcome.Done);
        }
    }
}
