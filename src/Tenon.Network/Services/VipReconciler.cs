using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.Network.Contracts;
using Tenon.Network.Control;
using Tenon.Network.VirtualNetworks;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.Network.Services;

/// <summary>What the virtual IPs' reconciler works with.</summary>
/// <param name="View">The cloud's load balancers.</param>
/// <param name="Applier">Changes them.</param>
/// <param name="Octavia">Tells which providers there are.</param>
/// <param name="Networks">The cloud's networks.</param>
/// <param name="Kubernetes">The API server.</param>
/// <param name="Caches">What Kubernetes wants.</param>
/// <param name="Events">Takes events.</param>
public sealed record VipClients(
    LoadBalancerView View, LoadBalancerApplier Applier, ILoadBalancerCapabilities Octavia, CloudNetworks Networks, KubernetesClient Kubernetes, NetworkCaches Caches, IEventRecorder Events);

/// <summary>Gives every virtual IP of a Service a load balancer with the pods behind it, and Services of type LoadBalancer a floating IP on it.</summary>
public sealed partial class VipReconciler : IReconciler
{
    private static readonly TimeSpan s_confirmAge = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_replan = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_listAge = TimeSpan.FromMinutes(1);

    private const int MaxPasses = 50;
    private const ViewParts Parts = ViewParts.LoadBalancers | ViewParts.Trees | ViewParts.FloatingIps | ViewParts.SecurityGroups;

    private readonly NetworkOptions _options;
    private readonly VipClients _clients;
    private readonly VirtualNetworkWriter _writer;
    private readonly PendingLoadBalancers _pending;
    private readonly TimeProvider _time;
    private readonly ILogger<VipReconciler> _logger;
    private readonly LoadBalancerOutage _outage;
    private volatile string? _provider;
    private volatile LoadBalancerFeatures? _features;
    private readonly ConcurrentDictionary<string, byte> _refusing = [];
    private readonly ConcurrentDictionary<NamespacedName, DateTimeOffset> _waitingSince = [];

    /// <summary>Stores what is given.</summary>
    public VipReconciler(NetworkOptions options, VipClients clients, VirtualNetworkWriter writer, PendingLoadBalancers pending, TimeProvider time, ILogger<VipReconciler> logger)
        => (_options, _clients, _writer, _pending, _time, _logger, _outage) = (options, clients, writer, pending, time, logger, new(time));

    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_clients.Caches.Services.Get(key) is not { } service)
        {
            _waitingSince.TryRemove(key, out _);
            _outage.Forget(key);
            return Outcome.Done;
        }

        bool wanted = ServiceVips.IsWanted(service);
        if (!wanted && !service.Metadata.Finalizers.Contains(NetworkNames.Finalizer)) return Outcome.Done;
        try
        {
            Outcome outcome = wanted ? await EnsureAsync(service, cancellationToken) : await RemoveAsync(service, cancellationToken);
            ReportStuck(service, outcome);
            return outcome;
        }
        catch (OpenStackException e) when (OctaviaProviders.RefusesAllowedCidrs(e))
        {
            LogRefused(key, e);
            return new Outcome.Waiting("a plan without allowed CIDRs, which the provider refuses", s_replan);
        }
        catch (OpenStackException e)
        {
            _clients.View.Invalidate(Parts);
            // Without the request's ID, which is another each time: the log has it.
            _clients.Events.Record(ObjectReference.To(service), EventType.Warning, $"Cloud{e.Kind}", $"{e.Operation}: {e.ServiceMessage}");
            if (e.IsTransient) throw;
            LogRefused(key, e);
            return new Outcome.Waiting("the cloud to allow it", _options.MaxBackoff);
        }
        catch (KubernetesException e) when (e.Failure is KubernetesFailure.Conflict or KubernetesFailure.NotFound)
        {
            return new Outcome.Waiting("the Service's newest state", TimeSpan.FromMilliseconds(250));
        }
    }

    private async Task<Outcome> EnsureAsync(Service service, CancellationToken cancellationToken)
    {
        if (_clients.Caches.Networks.Get(_options.ServiceNetwork) is not { } network)
        {
            await _writer.CreateAsync(_options.ServiceNetwork, cancellationToken, _options.ServiceCidrs);
            return new Outcome.Waiting($"the service network {_options.ServiceNetwork}", null);
        }

        if (network.Status is not { NetworkId: not null } status) return new Outcome.Waiting($"the service network {_options.ServiceNetwork}", null);
        await _clients.Networks.EnsureAsync(_options.ResyncPeriod, cancellationToken);
        await _clients.View.EnsureAsync(Parts, s_listAge, cancellationToken);
        VipSurroundings around = await SurroundingsAsync(service, status, cancellationToken);
        var exposure = VipExposure.Of(service, around);
        foreach (PlanNote note in exposure.Notes) Tell(service, note);
        EndpointSlice[] slices = [.. _clients.Caches.Slices.Find(ServiceIndex, service.Metadata.Key.ToString())];
        (EquatableArray<DesiredLoadBalancer> desired, string? problem) = ServiceVips.Of(service, slices, around, (e, v6) => SubnetOf(status.RouterId, e, v6), exposure);
        if (problem is not null) _clients.Events.Record(ObjectReference.To(service), EventType.Warning, "VirtualIPOutOfRange", problem);
        service = await AddFinalizerAsync(service, cancellationToken);
        // What a family that the Service gave up leaves holds an address that Kubernetes may give to another.
        Outcome outcome = await RemoveAsync(service, ServiceVips.Unneeded(_options.ClusterName, service), cancellationToken);
        var addresses = new List<string>();
        foreach (DesiredLoadBalancer one in desired)
        {
            Outcome then = await SettleAsync(service, one, o => LoadBalancerPlanner.Plan(one, o), cancellationToken);
            if (then is Outcome.Refused refused) _clients.Events.Record(ObjectReference.To(service), EventType.Warning, refused.Reason, refused.Message);
            if (then is not Outcome.Settled) outcome = then;
            else if (exposure.IsExternal && LoadBalancerPlanner.Endpoint(one, _clients.View.Observe(one)) is { } endpoint)
            {
                // IPv6 has no floating IPs, and an internal Service none either: it is reached at its virtual IP.
                if (one.FloatingIp is null || endpoint.Address != one.Vip.Address) addresses.Add(endpoint.Address);
                else if (exposure.Notes.All(n => n.Reason != LoadBalancerReasons.SyncFailed)) Tell(service, VipExposure.WithoutNetwork(around));
            }
        }

        if (outcome is not Outcome.Settled) return outcome;
        _outage.Settled(service.Metadata.Key);
        await PublishAsync(service, addresses, cancellationToken);
        return outcome;
    }

    private async Task<VipSurroundings> SurroundingsAsync(Service service, VirtualNetworkStatus status, CancellationToken cancellationToken)
    {
        string? provider = await ProviderAsync(cancellationToken);
        // What is there stays with its provider.
        string? serving = ServiceVips.Identities(_options.ClusterName, service).SelectMany(i => _clients.View.Observe(i).LoadBalancers)
            .Select(l => l.LoadBalancer.Provider).FirstOrDefault(p => p is { Length: > 0 }) ?? provider;
        bool tells = serving is not null and not OctaviaProviders.Ovn && !_refusing.ContainsKey(serving)
            && (_features ??= await _clients.Octavia.GetFeaturesAsync(cancellationToken)).AllowedCidrs;
        (string? floating, EquatableArray<string> external) = _clients.Networks.ExternalNetworks(_options.FloatingNetworkId);
        return new(_options.ClusterName, serving, [.. status.Subnets], floating)
        {
            ExternalNetworks = external,
            AllowedCidrs = tells,
            Inside = [.. _clients.Networks.RangesBehind(status.RouterId).Concat(status.Subnets.Select(s => s.Cidr)).Distinct()],
        };
    }

    private void Tell(Service service, PlanNote note)
        => _clients.Events.Record(ObjectReference.To(service), note.IsWarning ? EventType.Warning : EventType.Normal, note.Reason, note.Message);

    /// <summary>The provider that the options name, or the usual one of those that there are; <see langword="null"/> leaves it to a cloud that does not say.</summary>
    private async Task<string?> ProviderAsync(CancellationToken cancellationToken)
    {
        if (_options.LoadBalancerProvider is { } configured) return configured;
        if (_provider is not null) return _provider;
        try
        {
            string[] names = [.. (await _clients.Octavia.ListProvidersAsync(cancellationToken)).Select(p => p.Name)];
            if (names.Length == 0) return null;
            LogProvider(_provider = OctaviaProviders.Usual(names), string.Join(", ", names));
        }
        catch (OpenStackException e) when (e.Kind is OpenStackErrorKind.Forbidden or OpenStackErrorKind.NotFound)
        {
            LogProviderUnknown(e.Message);
        }

        return _provider;
    }

    /// <summary>The index of EndpointSlices by Service.</summary>
    public const string ServiceIndex = "service";

    private async Task<Outcome> RemoveAsync(Service service, CancellationToken cancellationToken)
    {
        Outcome outcome = await RemoveAsync(service, ServiceVips.Identities(_options.ClusterName, service), cancellationToken);
        if (outcome is not Outcome.Settled) return outcome;
        var patch = Patch.Merge(new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = service.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. service.Metadata.Finalizers.Where(f => f != NetworkNames.Finalizer).Select(f => (JsonNode)f)]),
            },
        });
        await _clients.Kubernetes.PatchAsync<Service>(service.Metadata.Key, patch, cancellationToken);
        _waitingSince.TryRemove(service.Metadata.Key, out _);
        return Outcome.Done;
    }

    /// <summary>Takes load balancers away; where there is none, that costs no call.</summary>
    private async Task<Outcome> RemoveAsync(Service service, IEnumerable<DesiredLoadBalancer> identities, CancellationToken cancellationToken)
    {
        Outcome outcome = Outcome.Done;
        foreach (DesiredLoadBalancer identity in identities)
        {
            var deletion = new LoadBalancerDeletion { Owner = identity, IsNameOfOther = _ => false };
            Outcome then = await SettleAsync(service, identity, o => LoadBalancerPlanner.PlanDeletion(deletion, o), cancellationToken);
            if (then is not Outcome.Settled) outcome = then;
        }

        return outcome;
    }

    /// <summary>Plans and applies until nothing can be done now. What is pending wakes the Service when it is settled.</summary>
    private async Task<Outcome> SettleAsync(Service service, DesiredLoadBalancer desired, Func<LoadBalancerObservation, LoadBalancerPlan> planOf, CancellationToken cancellationToken)
    {
        NamespacedName key = service.Metadata.Key;
        TimeSpan age = _options.ResyncPeriod;
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            await _clients.View.EnsureAsync(Parts, age < s_listAge ? age : s_listAge, cancellationToken);
            await _clients.View.CompleteAsync(desired, members: !desired.Listeners.IsEmpty, cancellationToken);
            LoadBalancerPlan plan = planOf(_clients.View.Observe(desired));
            foreach (PlanNote note in plan.Notes.Where(n => n.Reason != LoadBalancerReasons.ForcedInternal)) Tell(service, note); // said here in this controller's words
            (plan, TimeSpan? later) = _outage.Allow(key, plan);
            if (plan.IsEmpty)
            {
                foreach (string id in _clients.View.Observe(desired).LoadBalancers.Where(l => l.LoadBalancer.ProvisioningStatus.IsPending()).Select(l => l.LoadBalancer.Id)) _pending.Track(id, key);
                return plan.Plan.Then is Outcome.Settled && later is { } wait ? new Outcome.Waiting("the next attempt to mend members", wait) : plan.Plan.Then;
            }

            // Before anything is changed, it is looked at freshly: once a reconcile.
            if (pass == 0 && _clients.View.AsOf(Parts) is { } at && _time.GetUtcNow() - at > s_confirmAge)
            {
                await _clients.View.EnsureAsync(Parts, s_confirmAge, cancellationToken);
                continue;
            }

            if (await ApplyAsync(key, desired, plan, cancellationToken)) return plan.Plan.Then is Outcome.Settled ? new Outcome.Waiting($"load balancer {desired.Name}", null) : plan.Plan.Then;
        }

        throw new InvalidOperationException($"Service {key}: the plan did not become empty in {MaxPasses} passes.");
    }

    /// <summary>Makes the changes that can be made now: the first that locks the load balancer, and those that lock nothing.</summary>
    /// <returns>Whether a load balancer is locked now.</returns>
    private async Task<bool> ApplyAsync(NamespacedName key, DesiredLoadBalancer desired, LoadBalancerPlan plan, CancellationToken cancellationToken)
    {
        var locked = new HashSet<string>(StringComparer.Ordinal);
        LoadBalancer? created = null;
        var made = new List<LoadBalancerChange>();
        foreach (LoadBalancerChange change in plan.Plan.Changes)
        {
            if (change.Locks is { } id && locked.Contains(id)) continue;
            LogChange(key, change);
            try
            {
                created = await _clients.Applier.ApplyAsync(change, desired, created, cancellationToken);
                made.Add(change);
            }
            catch (OpenStackException e) when (e.Kind is OpenStackErrorKind.Busy && change.Locks is not null)
            {
                // Somebody else changes it at this moment; when that is over, all is looked at again.
            }
            catch (OpenStackException e) when (OctaviaProviders.RefusesAllowedCidrs(e) && ProviderOf(change, desired) is { Length: > 0 } provider)
            {
                _refusing.TryAdd(provider, 0);
                throw;
            }

            if (change.Locks is { } now && locked.Add(now)) _pending.Track(now, key);
        }

        if (created is not null && locked.Add(created.Id)) _pending.Track(created.Id, key);
        _outage.Tried(key, made);
        return locked.Count > 0;
    }

    private string? ProviderOf(LoadBalancerChange change, DesiredLoadBalancer desired) => change is LoadBalancerChange.CreateLoadBalancer create
        ? create.Request.Provider
        : _clients.View.Observe(desired).LoadBalancers.FirstOrDefault(l => l.LoadBalancer.Id == change.Locks)?.LoadBalancer.Provider;

    private void ReportStuck(Service service, Outcome outcome)
    {
        NamespacedName key = service.Metadata.Key;
        if (outcome is not Outcome.Waiting { Poll: null } waiting)
        {
            _waitingSince.TryRemove(key, out _);
            return;
        }

        DateTimeOffset now = _time.GetUtcNow();
        DateTimeOffset since = _waitingSince.GetOrAdd(key, now);
        if (now - since < _options.StuckAfter) return;
        _clients.Events.Record(ObjectReference.To(service), EventType.Warning, "LoadBalancerStuck",
            $"waiting for {waiting.For} since {(int)(now - since).TotalMinutes} minutes: Octavia lets nobody change a load balancer that is pending; its operator must set it to ERROR, and it is replaced here with its addresses");
    }

    /// <summary>A pod's subnet; that of anything else behind the router, such as a machine, by its address.</summary>
    private string? SubnetOf(string? routerId, Endpoint endpoint, bool v6)
    {
        if (endpoint.TargetRef is { Kind: "Pod" } pod && _clients.Caches.PodPorts.Get(new(pod.Namespace, pod.Name)) is { } port)
        {
            VirtualNetwork? network = _clients.Caches.Networks.Get(NamespacedName.Parse(port.Spec.Network));
            return network?.Status?.Subnets.FirstOrDefault(s => s.Cidr.Contains(':', StringComparison.Ordinal) == v6)?.Id;
        }

        return routerId is not null && IPAddress.TryParse(endpoint.Addresses[0], out IPAddress? address) ? _clients.Networks.SubnetOf(routerId, address) : null;
    }

    private async Task<Service> AddFinalizerAsync(Service service, CancellationToken cancellationToken)
    {
        if (service.Metadata.Finalizers.Contains(NetworkNames.Finalizer)) return service;
        Service after = service with { Metadata = service.Metadata with { Finalizers = [.. service.Metadata.Finalizers, NetworkNames.Finalizer] } };
        return await _clients.Kubernetes.PatchAsync<Service>(service.Metadata.Key, Patch.Between(service, after, ifUnchanged: true)!, cancellationToken);
    }

    private async Task PublishAsync(Service service, List<string> addresses, CancellationToken cancellationToken)
    {
        // Other types' status, and other classes', are not ours; a Service that was of type LoadBalancer loses its address with the type.
        if (!string.IsNullOrEmpty(service.Spec.LoadBalancerClass) || service.Status.LoadBalancer.Ingress.Select(i => i.Ip ?? "").SequenceEqual(addresses)) return;
        JsonNode? ingress = addresses.Count == 0 ? null : new JsonArray([.. addresses.Select(a => new JsonObject { ["ip"] = a, ["ipMode"] = "VIP" })]);
        var patch = Patch.Merge(new JsonObject { ["status"] = new JsonObject { ["loadBalancer"] = new JsonObject { ["ingress"] = ingress } } });
        await _clients.Kubernetes.PatchAsync<Service>(service.Metadata.Key, patch, cancellationToken, new WriteOptions { Subresource = "status" });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Virtual IPs are served by Octavia's provider {Provider}, of {Providers}; --service-lb-provider names another")]
    private partial void LogProvider(string provider, string providers);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Octavia does not say which providers it has ({Reason}), so the cloud's default serves virtual IPs; where that is ovn, set --service-lb-provider ovn")]
    private partial void LogProviderUnknown(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Service {Service}: the cloud refuses it")]
    private partial void LogRefused(NamespacedName service, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Service {Service}: {Change}")]
    private partial void LogChange(NamespacedName service, LoadBalancerChange change);
}
