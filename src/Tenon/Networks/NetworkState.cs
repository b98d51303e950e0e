using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network;
using Tenon.Network.Assignment;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;

namespace Tenon.Networks;

/// <summary>The cluster's networks, pods and policies, read once.</summary>
internal sealed class NetworkState
{
    public required IReadOnlyList<VirtualNetwork> Networks { get; init; }

    public required IReadOnlyList<PodPort> PodPorts { get; init; }

    /// <summary>All that decides who may talk to whom.</summary>
    public required PolicyWorld World { get; init; }

    public static async Task<NetworkState> ReadAsync(KubernetesClient client, NetworkOptions options, CancellationToken cancellationToken)
    {
        List<VirtualNetwork> networks = await ListAsync<VirtualNetwork>(client, cancellationToken);
        List<PodPort> ports = await ListAsync<PodPort>(client, cancellationToken);
        Dictionary<NamespacedName, PodPort> byPod = ports.ToDictionary(p => p.Metadata.Key);
        Dictionary<string, Namespace> spaces = (await ListAsync<Namespace>(client, cancellationToken)).ToDictionary(s => s.Metadata.Name);
        Dictionary<NamespacedName, Service> services = (await ListAsync<Service>(client, cancellationToken)).ToDictionary(s => s.Metadata.Key);
        ILookup<NamespacedName, EndpointSlice> slices = (await ListAsync<EndpointSlice>(client, cancellationToken))
            .ToLookup(s => new NamespacedName(s.Metadata.Namespace, s.Metadata.Labels.GetValueOrDefault(EndpointSlice.ServiceNameLabel) ?? ""));
        var pods = new List<PolicyPod>();
        foreach (Pod pod in await ListAsync<Pod>(client, cancellationToken))
        {
            if (NetworkChoice.Of(pod, spaces.GetValueOrDefault(pod.Metadata.Namespace), options) is not { Problem: null } choice) continue;
            PodPort? port = byPod.GetValueOrDefault(pod.Metadata.Key) is { } p && p.Spec.PodUid == pod.Metadata.Uid ? p : null;
            pods.Add(new(pod.Metadata.Key, port?.Spec.Network ?? choice.Network.ToString(), pod.Metadata.Labels)
            {
                NamedPorts = [.. pod.Spec.Containers.SelectMany(c => c.Ports).Where(n => !string.IsNullOrEmpty(n.Name)).Select(n => new NamedPort(n.Protocol, n.Name!, n.Port))],
                Uses = [.. ServiceUse.Of(pod).Where(u => services.TryGetValue(u, out Service? used) && ServiceUse.IsAllowed(pod.Metadata.Namespace, used))],
                Addresses = [.. (port?.Spec.Addresses ?? []).Select(a => a.Address.Split('/')[0])],
            });
        }

        return new NetworkState
        {
            Networks = networks,
            PodPorts = ports,
            World = new PolicyWorld
            {
                Pods = pods,
                Namespaces = spaces.ToDictionary(s => s.Key, s => s.Value.Metadata.Labels),
                Policies = await ListAsync<NetworkPolicy>(client, cancellationToken),
                Networks = [.. networks.Select(PolicySources.Of).OfType<PolicyNetwork>()],
                Services = [.. services.Values.Select(s => PolicySources.Of(s, [.. slices[s.Metadata.Key].SelectMany(e => PolicySources.EndpointsOf(e, s))])).OfType<PolicyService>()],
            },
        };
    }

    /// <summary>A pod by <c>NAME</c> (in namespace default) or <c>NAMESPACE/NAME</c>.</summary>
    /// <exception cref="CommandException">There is none, or it is on its node's network.</exception>
    public PolicyPod Pod(string text)
    {
        NamespacedName name = Named(text);
        return World.Pods.FirstOrDefault(p => p.Name == name)
            ?? throw new CommandException(ExitCode.Failure, $"there is no pod {name} with a network of its own{(NearestName.Find(name.ToString(), World.Pods.Select(p => p.Name.ToString())) is { } near ? $"; did you mean {near}?" : "")}");
    }

    /// <summary>A name in namespace default, or with its namespace.</summary>
    public static NamespacedName Named(string text) => text.Contains('/', StringComparison.Ordinal) ? NamespacedName.Parse(text) : new("default", text);

    private static async Task<List<T>> ListAsync<T>(KubernetesClient client, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        var all = new List<T>();
        await foreach (T item in client.ListAsync<T>(null, cancellationToken)) all.Add(item);
        return all;
    }
}
