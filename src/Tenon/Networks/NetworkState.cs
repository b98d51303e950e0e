using Tenon.CommandLine;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.Network;
using Tenon.Network.Assignment;
using Tenon.Network.Contracts;
using Tenon.Network.Policies;
using Tenon.Network.Routes;
using Tenon.Network.Services;

namespace Tenon.Networks;

/// <summary>The cluster's networks, pods and policies, read once.</summary>
internal sealed class NetworkState
{
    public required IReadOnlyList<VirtualNetwork> Networks { get; init; }

    public required IReadOnlyList<PodPort> PodPorts { get; init; }

    /// <summary>All that decides who may talk to whom.</summary>
    public required PolicyWorld World { get; init; }

    /// <summary>The virtual IPs with what is behind them.</summary>
    public required IReadOnlyList<VirtualIp> VirtualIps { get; init; }

    /// <summary>What pods say they use and do not get, with the reason.</summary>
    public required ILookup<NamespacedName, (NamespacedName Service, string Why)> UnmetUses { get; init; }

    public static async Task<NetworkState> ReadAsync(KubernetesClient client, NetworkOptions options, CancellationToken cancellationToken)
    {
        List<VirtualNetwork> networks = await ListNetworksAsync(client, cancellationToken);
        List<PodPort> ports = await ListAsync<PodPort>(client, cancellationToken);
        Dictionary<NamespacedName, PodPort> byPod = ports.ToDictionary(p => p.Metadata.Key);
        Dictionary<string, Namespace> spaces = (await ListAsync<Namespace>(client, cancellationToken)).ToDictionary(s => s.Metadata.Name);
        Dictionary<NamespacedName, Service> services = (await ListAsync<Service>(client, cancellationToken)).ToDictionary(s => s.Metadata.Key);
        ILookup<NamespacedName, EndpointSlice> slices = (await ListAsync<EndpointSlice>(client, cancellationToken))
            .ToLookup(s => new NamespacedName(s.Metadata.Namespace, s.Metadata.Labels.GetValueOrDefault(EndpointSlice.ServiceNameLabel) ?? ""));
        var pods = new List<PolicyPod>();
        var unmet = new List<(NamespacedName Pod, NamespacedName Service, string Why)>();
        foreach (Pod pod in await ListAsync<Pod>(client, cancellationToken))
        {
            if (NetworkChoice.Of(pod, spaces.GetValueOrDefault(pod.Metadata.Namespace), options) is not { Problem: null } choice) continue;
            unmet.AddRange(ServiceUse.Of(pod).Select(u => (pod.Metadata.Key, u, WhyNot(pod, u, services))).Where(u => u.Item3 is not null)!);
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
            VirtualIps = [.. services.Values.Where(ServiceVips.IsWanted).SelectMany(s => VirtualIpsOf(s, slices[s.Metadata.Key]))],
            UnmetUses = unmet.ToLookup(u => u.Pod, u => (u.Service, u.Why)),
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
    /// <exception cref="CommandException">It is neither.</exception>
    public static NamespacedName Named(string text) => text.Split('/') switch
    {
        [{ Length: > 0 } name] => new("default", name),
        [{ Length: > 0 } space, { Length: > 0 } name] => new(space, name),
        _ => throw new CommandException(ExitCode.Usage, $"\"{text}\" is no name: write NAME (in namespace default) or NAMESPACE/NAME"),
    };

    private static async Task<List<VirtualNetwork>> ListNetworksAsync(KubernetesClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await ListAsync<VirtualNetwork>(client, cancellationToken);
        }
        catch (KubernetesException e) when (e.Failure == KubernetesFailure.NotFound)
        {
            throw new CommandException(ExitCode.Failure, "the cluster has no virtual networks: their definition is not installed (kubectl apply -f deploy/crds/; see docs/network.md)");
        }
    }

    private static string? WhyNot(Pod pod, NamespacedName service, Dictionary<NamespacedName, Service> services)
    {
        if (!services.TryGetValue(service, out Service? used)) return $"there is no Service {service}";
        return ServiceUse.IsAllowed(pod.Metadata.Namespace, used) ? null : $"Service {service} is not usable by namespace {pod.Metadata.Namespace}; its annotation {NetworkNames.UsableByAnnotation} says who may";
    }

    private static IEnumerable<VirtualIp> VirtualIpsOf(Service service, IEnumerable<EndpointSlice> slices) => PolicySources.VirtualIpsOf(service).Select(address => new VirtualIp(
        service.Metadata.Key,
        address,
        [.. service.Spec.Ports.Select(p => new VirtualIpPort(p.Protocol, p.Port,
            [.. ServiceVips.MembersOf(service, slices, p, address.Contains(':', StringComparison.Ordinal)).Select(m => $"{(m.Target.Address.Contains(':', StringComparison.Ordinal) ? $"[{m.Target.Address}]" : m.Target.Address)}:{m.Port}")]))]));

    private static async Task<List<T>> ListAsync<T>(KubernetesClient client, CancellationToken cancellationToken)
        where T : class, IKubernetesObject
    {
        var all = new List<T>();
        await foreach (T item in client.ListAsync<T>(null, cancellationToken)) all.Add(item);
        return all;
    }
}
