using Tenon.CloudController.LoadBalancers;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack;
using Tenon.Sandbox;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>The whole Service controller, with its host, informers and events, against both halves of the sandbox.</summary>
public sealed class ControllerTests
{
    [Fact(Timeout = 120_000)]
    [Trait("tier", "slow")]
    public async Task A_service_gets_its_address_and_is_let_go_when_it_is_deleted()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        await using SandboxHost sandbox = await SandboxHost.StartAsync(new SandboxOptions { Nodes = 2 }, token);
        Assert.SkipUnless(sandbox.Kubeconfig.Contains("current-context: ", StringComparison.Ordinal), "the sandbox serves no Kubernetes yet");
        await using var cloud = new CloudClient(new CloudCredentials
        {
            AuthUrl = new Uri(sandbox.AuthUrl),
            Method = new AuthMethod.Password(null, "demo", DomainReference.ByName("Default"), new Secret("secret")),
            Scope = new AuthScope.Project(null, "demo", DomainReference.ByName("Default")),
            Region = "RegionOne",
        });
        string? subnet = null;
        await foreach (OpenStack.Networking.Subnet s in cloud.Networking().ListSubnetsAsync(new() { IpVersion = 4 }, token)) subnet = s.Name.Contains("public", StringComparison.Ordinal) ? subnet : s.Id;
        using var client = new KubernetesClient(KubernetesConfiguration.FromKubeconfig(sandbox.Kubeconfig));
        var services = new Informer<Service>(client);
        var nodes = new Informer<Node>(client);
        var events = new EventRecorder(client, new EventRecorderOptions { Component = "test" });
        using var components = new LoadBalancerComponents(new LoadBalancerComponentsInput
        {
            Options = new LoadBalancerOptions { SubnetId = subnet, LbProvider = "amphora" },
            Planning = new ServicePlannerOptions(),
            Cloud = new LoadBalancerClients(cloud.LoadBalancing(), cloud.Networking(), cloud.Networking(), cloud.Networking(), cloud.Networking()),
            Facts = new CloudFactsClients(cloud.Networking(), cloud.Networking(), cloud.LoadBalancing(), cloud.KeyManager()),
            Kubernetes = client, Services = services, Nodes = nodes, Events = events,
            Pending = new PendingOptions { Interval = TimeSpan.FromMilliseconds(20) },
        });
        var host = new ControllerHost(new ControllerHostOptions
        {
            Informers = [services, nodes], Controllers = [components.Controller], LeaderTasks = components.LeaderTasks, EventRecorder = events,
        });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(token);
        Task running = host.RunAsync(end.Token);
        var key = new NamespacedName("default", "web");
        Service web = ServiceExamples.Service();
        await client.CreateAsync(web with { Metadata = new ObjectMeta { Name = "web", Namespace = "default" } }, token);

        Service served = await UntilAsync(client, key, s => s?.Status.LoadBalancer.Ingress.Count > 0, token) ?? throw new InvalidOperationException("gone");
        served.Metadata.Finalizers.ShouldContain(ServiceNames.Finalizer);
        served.Metadata.Annotations.Keys.ShouldContain(ServiceAnnotations.LoadBalancerId);
        sandbox.OpenStack.Send("load-balancer", "GET", "/v2.0/lbaas/loadbalancers").Value["loadbalancers"]!.AsArray().Count.ShouldBe(1);
        await client.DeleteAsync<Service>(key, token);
        await UntilAsync(client, key, s => s is null, token);

        sandbox.OpenStack.Send("load-balancer", "GET", "/v2.0/lbaas/loadbalancers").Value["loadbalancers"]!.AsArray().ShouldBeEmpty();
        sandbox.OpenStack.Send("network", "GET", "/v2.0/floatingips").Value["floatingips"]!.AsArray().ShouldBeEmpty();
        await end.CancelAsync();
        await running.WaitAsync(token);
    }

    private static async Task<Service?> UntilAsync(KubernetesClient client, NamespacedName key, Func<Service?, bool> holds, CancellationToken cancellationToken)
    {
        Service? service = await client.GetAsync<Service>(key, cancellationToken);
        if (holds(service)) return service;
        var options = new WatchOptions { Namespace = key.Namespace, FieldSelector = $"metadata.name={key.Name}", ResourceVersion = "0" };
        await foreach (WatchEvent<Service> _ in client.WatchAsync<Service>(options, cancellationToken))
        {
            service = await client.GetAsync<Service>(key, cancellationToken);
            if (holds(service)) return service;
        }

        throw new InvalidOperationException("The watch ended.");
    }
}
