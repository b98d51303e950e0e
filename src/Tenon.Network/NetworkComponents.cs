using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.Network.Contracts;
using Tenon.Network.Control;
using Tenon.Network.VirtualNetworks;
using Tenon.OpenStack.Networking;

namespace Tenon.Network;

/// <summary>What the network's controllers are put together from.</summary>
public sealed record NetworkComponentsInput
{
    /// <summary>How pods are put on Neutron.</summary>
    public required NetworkOptions Options { get; init; }

    /// <summary>Neutron.</summary>
    public required NetworkingClient Networking { get; init; }

    /// <summary>The API server.</summary>
    public required KubernetesClient Kubernetes { get; init; }

    /// <summary>Takes events.</summary>
    public required IEventRecorder Events { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The logs.</summary>
    public ILoggerFactory Loggers { get; init; } = NullLoggerFactory.Instance;
}

/// <summary>The network's controllers with their informers, to be run by a host.</summary>
public sealed class NetworkComponents : IDisposable
{
    private readonly CloudNetworks _cloud;
    private readonly VirtualNetworkReconciler _networks;

    /// <summary>Puts everything together; nothing runs yet.</summary>
    public NetworkComponents(NetworkComponentsInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        (NetworkOptions options, KubernetesClient client, TimeProvider time, ILoggerFactory loggers) = (input.Options, input.Kubernetes, input.Time, input.Loggers);
        Pods = Inform(new InformerOptions<Pod> { Transform = Shrink });
        Namespaces = Inform<Namespace>();
        Policies = Inform<NetworkPolicy>();
        Services = Inform<Service>();
        Slices = Inform<EndpointSlice>();
        Nodes = Inform<Node>();
        VirtualNetworks = Inform<VirtualNetwork>();
        PodPorts = Inform(new InformerOptions<PodPort>
        {
            Indexes = new Dictionary<string, Func<PodPort, IEnumerable<string>>> { [VirtualNetworkReconciler.ByNetwork] = p => [p.Spec.Network] },
        });
        Caches = new(Pods, Namespaces, Policies, Services, Slices, Nodes, VirtualNetworks, PodPorts);
        var writer = new VirtualNetworkWriter(client, time);
        _cloud = new(input.Networking, input.Networking, input.Networking, time);
        _networks = new(options, _cloud, new(VirtualNetworks, PodPorts, writer, input.Events), loggers.CreateLogger<VirtualNetworkReconciler>());
        Ports = new(options, new(input.Networking, input.Networking, input.Networking, client, Caches, input.Events), writer, time, loggers.CreateLogger<PortReconciler>());
        Controllers =
        [
            VirtualNetworkReconciler.CreateController(_networks, VirtualNetworks, PodPorts, options, time, loggers),
            PortTriggers.CreateController(Ports, this, options, time, loggers),
        ];

        Informer<T> Inform<T>(InformerOptions<T>? with = null)
            where T : class, IKubernetesObject
            => new(client, with, time, loggers.CreateLogger<Informer<T>>());
    }

    /// <summary>The pods, without what the network does not look at.</summary>
    public Informer<Pod> Pods { get; }

    /// <summary>The namespaces.</summary>
    public Informer<Namespace> Namespaces { get; }

    /// <summary>The policies.</summary>
    public Informer<NetworkPolicy> Policies { get; }

    /// <summary>The Services.</summary>
    public Informer<Service> Services { get; }

    /// <summary>The endpoints of Services.</summary>
    public Informer<EndpointSlice> Slices { get; }

    /// <summary>The nodes.</summary>
    public Informer<Node> Nodes { get; }

    /// <summary>The virtual networks.</summary>
    public Informer<VirtualNetwork> VirtualNetworks { get; }

    /// <summary>The PodPorts.</summary>
    public Informer<PodPort> PodPorts { get; }

    /// <summary>All of them to read from.</summary>
    public NetworkCaches Caches { get; }

    /// <summary>The informers, for the host.</summary>
    public IReadOnlyList<IInformer> Informers => [Pods, Namespaces, Policies, Services, Slices, Nodes, VirtualNetworks, PodPorts];

    /// <summary>The controllers, for the host.</summary>
    public IReadOnlyList<Controller> Controllers { get; }

    /// <summary>Gives pods their ports.</summary>
    public PortReconciler Ports { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Controller controller in Controllers) controller.Dispose();
        _networks.Dispose();
        _cloud.Dispose();
    }

    /// <summary>Keeps of a pod what the network looks at: there are many.</summary>
    private static Pod Shrink(Pod pod) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = pod.Metadata.Name,
            Namespace = pod.Metadata.Namespace,
            Uid = pod.Metadata.Uid,
            ResourceVersion = pod.Metadata.ResourceVersion,
            CreationTimestamp = pod.Metadata.CreationTimestamp,
            DeletionTimestamp = pod.Metadata.DeletionTimestamp,
            Labels = pod.Metadata.Labels,
            Annotations = pod.Metadata.Annotations.Where(a => a.Key.StartsWith(NetworkNames.Group, StringComparison.Ordinal)).ToDictionary(),
        },
        Spec = new PodSpec
        {
            NodeName = pod.Spec.NodeName,
            HostNetwork = pod.Spec.HostNetwork,
            Containers = [.. pod.Spec.Containers.Where(c => c.Ports.Any(p => !string.IsNullOrEmpty(p.Name))).Select(c => new Container { Name = c.Name, Ports = c.Ports })],
        },
        Status = new PodStatus { Phase = pod.Status.Phase, PodIPs = pod.Status.PodIPs },
    };
}
