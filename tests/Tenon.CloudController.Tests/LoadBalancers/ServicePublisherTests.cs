using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Sandbox;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>What is written to Services, against the sandbox's API server.</summary>
public sealed class ServicePublisherTests : IAsyncLifetime
{
    private static readonly NamespacedName Key = new("default", "web");

    private SandboxHost _sandbox = null!;
    private KubernetesClient _client = null!;
    private ServicePublisher _publisher = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await SandboxHost.StartAsync(new SandboxOptions { SeedWorld = false, Nodes = 0, Controllers = "none" }, Token);
        _client = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(_sandbox.Kubeconfig));
        _publisher = new ServicePublisher(_client, new LoadBalancerOptions());
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _sandbox.DisposeAsync();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_published_is_written_once_and_keeps_what_others_wrote()
    {
        Service service = await CreateAsync(new() { ["team"] = "blue" });
        service = await _publisher.AddFinalizerAsync(service, Token);
        service.Metadata.Finalizers.ShouldBe([ServiceNames.Finalizer]);

        (await PublishAsync(service)).ShouldBeTrue();
        Service published = await ReadAsync();
        (await PublishAsync(published)).ShouldBeFalse();

        Service after = await ReadAsync();
        after.Metadata.ResourceVersion.ShouldBe(published.Metadata.ResourceVersion);
        after.Metadata.Annotations.ShouldBe(new Dictionary<string, string>
        {
            ["team"] = "blue", [ServiceAnnotations.LoadBalancerId] = "lb", [ServiceAnnotations.LoadBalancerAddress] = "203.0.113.5",
        }, ignoreOrder: true);
        after.Status.LoadBalancer.Ingress.Single().Ip.ShouldBe("203.0.113.5");
    }

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_type_clears_status_annotations_and_finalizer_and_keeps_a_load_balancer_that_stays(bool forgets)
    {
        Service service = await PublishedAsync();
        service = await PatchTypeAsync(service, "ClusterIP");

        await _publisher.ReleaseAsync(service, forgets, Token);

        Service after = await ReadAsync();
        after.Spec.Type.ShouldBe("ClusterIP");
        after.Status.LoadBalancer.Ingress.ShouldBeEmpty();
        after.Metadata.Finalizers.ShouldBe(["example.org/other"]);
        after.Metadata.Annotations.Keys.ShouldBe(forgets ? [] : [ServiceAnnotations.LoadBalancerId]);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_service_that_is_deleted_is_let_go_and_vanishes_with_the_last_finalizer()
    {
        Service service = await PublishedAsync();
        await _client.DeleteAsync<Service>(Key, Token);
        service = await ReadAsync();

        await _publisher.ReleaseAsync(service, forgetsLoadBalancer: true, Token);

        Service left = await ReadAsync();
        left.Metadata.Finalizers.ShouldBe(["example.org/other"]);
        left.Status.LoadBalancer.Ingress.ShouldNotBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task A_finalizer_that_was_added_meanwhile_is_not_lost()
    {
        Service seen = await PublishedAsync();
        Service newer = seen with { Metadata = seen.Metadata with { Finalizers = [.. seen.Metadata.Finalizers, "example.org/newer"] } };
        await _client.PatchAsync<Service>(Key, Patch.Between(seen, newer, ifUnchanged: true)!, Token);
        await _client.DeleteAsync<Service>(Key, Token);
        Service stale = seen with { Metadata = seen.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } };

        (await Should.ThrowAsync<KubernetesException>(() => _publisher.ReleaseAsync(stale, forgetsLoadBalancer: true, Token)))
            .Failure.ShouldBe(KubernetesFailure.Conflict);

        (await ReadAsync()).Metadata.Finalizers.ShouldContain("example.org/newer");
    }

    private async Task<Service> CreateAsync(Dictionary<string, string> annotations, params string[] finalizers)
        => await _client.CreateAsync(ServiceExamples.Service() with { Metadata = new ObjectMeta { Name = "web", Namespace = "default", Annotations = annotations, Finalizers = [.. finalizers] } }, Token);

    private async Task<Service> PublishedAsync()
    {
        Service service = await _publisher.AddFinalizerAsync(await CreateAsync([], "example.org/other"), Token);
        await PublishAsync(service);
        return await ReadAsync();
    }

    private Task<bool> PublishAsync(Service service)
    {
        LoadBalancerSettings settings = LoadBalancerSettingsParser.Parse(service, new LoadBalancerOptions(), out _)!;
        return _publisher.PublishAsync(service, settings, new LoadBalancerEndpoint("lb", "203.0.113.5", []), Token);
    }

    private async Task<Service> PatchTypeAsync(Service service, string type)
        => await _client.PatchAsync<Service>(Key, Patch.Between(service, service with { Spec = service.Spec with { Type = type } }, ifUnchanged: false)!, Token);

    private async Task<Service> ReadAsync() => (await _client.GetAsync<Service>(Key, Token)).ShouldNotBeNull();
}
