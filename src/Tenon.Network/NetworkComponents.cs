using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Network.Contracts;
using Tenon.Network.Control;
using Tenon.Network.Policies;
using Tenon.Network.Services;
using Tenon.Network.VirtualNetworks;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.Network;

/// <summary>What the network's controllers are put together from.</summary>
public sealed record NetworkComponentsInput
{
    /// <summary>How pods are put on Neutron.</summary>
    public required NetworkOptions Options { get; init; }

    /// <summary>Neutron.</summary>
    public required NetworkingClient Networking { get; init; }

    /// <summary>Octavia; <see langword="null"/> leaves Services to others, as an empty <see cref="NetworkOptions.ServiceCidrs"/> does.</summary>
    public LoadBalancingClient? LoadBalancing { get; init; }

    /// <summary>How pending load balancers are waited for.</summary>
    public PendingOptions? Pending { get; init; }

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
    private LoadBalancerView? _view;

    /// <summary>Puts everything together; nothing runs yet.</summary>
    public NetworkComponents(NetworkComponentsInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        (NetworkOptions options, KubernetesClient client, TimeProvider time, ILoggerFactory loggers) = (input.Options, input.Kubernetes, input.Time, input.Loggers);
        Pods = Inform(new InformerOptions<Pod> { Transform = Shrink });
        Namespaces = Inform<Namespace>();
        Policies = Inform<NetworkPolicy>();
        Services = Inform<Service>();
        Slices = Inform(new InformerOptions<EndpointSlice>
        {
            Indexes = new Dictionary<string, Func<EndpointSlice, IEnumerable<string>>> { [VipReconciler.ServiceIndex] = s => [$"{s.Metadata.Namespace}/{s.Metadata.Labels.GetValueOrDefault(EndpointSlice.ServiceNameLabel)}"] },
        });
        Nodes = Inform<Node>();
        VirtualNetworks = Inform<VirtualNetwork>();
        PodPorts = Inform(new InformerOptions<PodPort>
        {
            Indexes = new Dictionary<string, Func<PodPort, IEnumerable<string>>> { [VirtualNetworkReconciler.ByNetwork] = p => [p.Spec.Network] },
        });
        Caches = new(Pods, Namespaces, Policies, Services, Slices, Nodes, VirtualNetworks, PodPorts);
        var writer = new VirtualNetworkWriter(client, time);
        _cloud = new(input.Networking, input.Networking, input.Networking, time);
        _networks = new(options, _cloud, new(VirtualNetworks, PodPorts, writer, input.Events), time, loggers.CreateLogger<VirtualNetworkReconciler>());
        Ports = new(options, new(input.Networking, input.Networking, input.Networking, client, Caches, input.Events), writer, time, loggers.CreateLogger<PortReconciler>());
        Controllers =
        [
            VirtualNetworkReconciler.CreateController(_networks, VirtualNetworks, PodPorts, options, time, loggers),
            PortTriggers.CreateController(Ports, this, options, time, loggers),
            .. input.LoadBalancing is { } octavia && !options.ServiceCidrs.IsEmpty ? [Serve(input, octavia, writer)] : Array.Empty<Controller>(),
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

    /// <summary>Other work of the leader.</summary>
    public IReadOnlyList<Func<CancellationToken, Task>> LeaderTasks { get; private set; } = [];

    /// <summary>Gives pods their ports.</summary>
    public PortReconciler Ports { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Controller controller in Controllers) controller.Dispose();
        _networks.Dispose();
        _cloud.Dispose();
        _view?.Dispose();
    }

    private Controller Serve(NetworkComponentsInput input, LoadBalancingClient octavia, VirtualNetworkWriter writer)
    {
        (NetworkOptions options, NetworkingClient neutron, ILoggerFactory loggers) = (input.Options, input.Networking, input.Loggers);
        var clients = new LoadBalancerClients(octavia, neutron, neutron, neutron, neutron);
        _view = new(octavia, neutron, neutron, neutron, new(), input.Time);
        Controller? controller = null;
        var pending = new PendingLoadBalancers(_view, key => controller!.Enqueue(key), input.Pending, input.Time, loggers.CreateLogger<PendingLoadBalancers>());
        var reconciler = new VipReconciler(
            options, new(_view, new(clients, _view), octavia, _cloud, input.Kubernetes, Caches, input.Events), writer, pending, input.Time, loggers.CreateLogger<VipReconciler>());
        var settings = new ControllerOptions { Workers = 8, ResyncPeriod = options.ResyncPeriod, Queue = new() { MaxBackoff = options.MaxBackoff } };
        LeaderTasks = [pending.RunAsync];
        return controller = new Controller("service-vip", reconciler, settings, input.Time, loggers.CreateLogger<Controller>())
            .Watches(Services)
            .Watches(Slices, change => change.Current.Metadata.Labels.TryGetValue(EndpointSlice.ServiceNameLabel, out string? name) ? [new NamespacedName(change.Key.Namespace, name)] : [])
            .Watches(VirtualNetworks, change => change.Key == options.ServiceNetwork
                ? Services.List().Select(s => s.Metadata.Key)
                // Who is inside passes source ranges.
                : Ranges(change) ? Services.List().Where(s => !PolicySources.SourceRangesOf(s, []).IsEmpty).Select(s => s.Metadata.Key) : [])
            .Resyncs(() => Services.List().Select(s => s.Metadata.Key));
    }

    /// <summary>Whether a virtual network comes, goes, or has other ranges.</summary>
    private static bool Ranges(InformerChange<VirtualNetwork> change) => change is not InformerChange<VirtualNetwork>.Updated(var old, var now)
        || !(old.Status?.Subnets ?? []).Select(s => s.Cidr).SequenceEqual((now.Status?.Subnets ?? []).Select(s => s.Cidr));

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
