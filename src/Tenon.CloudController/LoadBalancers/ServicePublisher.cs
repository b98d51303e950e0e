using System.Text.Json.Nodes;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Writes to Services what their load balancers make true: finalizer, annotations, status. Writes only what differs.</summary>
public interface IServicePublisher
{
    /// <summary>Makes sure that the Service cannot vanish before its load balancer does.</summary>
    Task<Service> AddFinalizerAsync(Service service, CancellationToken cancellationToken);

    /// <summary>Publishes where the Service is reached.</summary>
    /// <returns>Whether its status changed.</returns>
    Task<bool> PublishAsync(Service service, LoadBalancerSettings settings, LoadBalancerEndpoint endpoint, CancellationToken cancellationToken);

    /// <summary>Takes back the annotation that names a load balancer that is to be replaced.</summary>
    Task<Service> ForgetLoadBalancerAsync(Service service, CancellationToken cancellationToken);

    /// <summary>Lets the Service go, or, when it stays with another type, clears what was published.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="forgetsLoadBalancer">
    /// Whether the annotation that names the load balancer goes too: one that is still there was named by the user, or is others' to use.
    /// </param>
    /// <param name="cancellationToken">Ends the writes.</param>
    Task ReleaseAsync(Service service, bool forgetsLoadBalancer, CancellationToken cancellationToken);
}

/// <summary>Writes through the API server, by merge patches.</summary>
/// <param name="client">The API server.</param>
/// <param name="options">The configuration.</param>
public sealed class ServicePublisher(KubernetesClient client, LoadBalancerOptions options) : IServicePublisher
{
    private static readonly WriteOptions Status = new() { Subresource = "status" };

    /// <inheritdoc/>
    public async Task<Service> AddFinalizerAsync(Service service, CancellationToken cancellationToken)
    {
        if (service.Metadata.Finalizers.Contains(ServiceNames.Finalizer)) return service;
        Service after = service with { Metadata = service.Metadata with { Finalizers = [.. service.Metadata.Finalizers, ServiceNames.Finalizer] } };
        return await PatchAsync(service, after, ifUnchanged: true, null, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<bool> PublishAsync(Service service, LoadBalancerSettings settings, LoadBalancerEndpoint endpoint, CancellationToken cancellationToken)
    {
        Service annotated = WithAnnotations(service, (ServiceAnnotations.LoadBalancerId, endpoint.LoadBalancerId), (ServiceAnnotations.LoadBalancerAddress, endpoint.Address));
        service = await PatchAsync(service, annotated, ifUnchanged: false, null, cancellationToken);
        LoadBalancerStatus status = ServiceStatuses.Of(settings, options, endpoint);
        if (ServiceStatuses.Same(service.Status.LoadBalancer, status)) return false;
        await PatchAsync(service, service with { Status = service.Status with { LoadBalancer = status } }, ifUnchanged: false, Status, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public Task<Service> ForgetLoadBalancerAsync(Service service, CancellationToken cancellationToken)
        => PatchAsync(service, WithAnnotations(service, (ServiceAnnotations.LoadBalancerId, null), (ServiceAnnotations.LoadBalancerAddress, null)), ifUnchanged: false, null, cancellationToken);

    /// <inheritdoc/>
    public async Task ReleaseAsync(Service service, bool forgetsLoadBalancer, CancellationToken cancellationToken)
    {
        if (!service.Metadata.IsBeingDeleted)
        {
            if (service.Status.LoadBalancer.Ingress.Count > 0)
            {
                var cleared = Patch.Merge(new JsonObject { ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = null } } });
                service = await client.PatchAsync<Service>(service.Metadata.Key, cleared, cancellationToken, Status);
            }

            service = forgetsLoadBalancer
                ? await ForgetLoadBalancerAsync(service, cancellationToken)
                : await PatchAsync(service, WithAnnotations(service, (ServiceAnnotations.LoadBalancerAddress, null)), ifUnchanged: false, null, cancellationToken);
        }

        Service after = service with { Metadata = service.Metadata with { Finalizers = [.. service.Metadata.Finalizers.Where(f => f != ServiceNames.Finalizer)] } };
        var patch = Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = service.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. after.Metadata.Finalizers.Select(f => (JsonNode)f)]),
            },
        });
        await client.PatchAsync<Service>(service.Metadata.Key, patch, cancellationToken);
    }

    private static Service WithAnnotations(Service service, params ReadOnlySpan<(string Name, string? Value)> values)
    {
        var annotations = new Dictionary<string, string>(service.Metadata.Annotations);
        foreach ((string name, string? value) in values)
        {
            if (value is null) annotations.Remove(name);
            else annotations[name] = value;
        }

        return service with { Metadata = service.Metadata with { Annotations = annotations } };
    }

    private async Task<Service> PatchAsync(Service before, Service after, bool ifUnchanged, WriteOptions? write, CancellationToken cancellationToken)
        => Patch.Between(before, after, ifUnchanged) is { } patch
            ? await client.PatchAsync<Service>(before.Metadata.Key, patch, cancellationToken, write)
            : after;
}
