using System.Collections.Concurrent;
using System.Collections.Immutable;
using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>What is wanted for a Service, and what the cloud shows of it.</summary>
/// <param name="Settings">What the Service asks for.</param>
/// <param name="Desired">The load balancer it wants; <see langword="null"/> when <paramref name="Stop"/> says why there is none.</param>
/// <param name="Observed">What the cloud shows.</param>
/// <param name="Stop">Why nothing can be done.</param>
/// <param name="Notes">What the Service should know.</param>
public sealed record PreparedService(
    LoadBalancerSettings? Settings, DesiredLoadBalancer? Desired, LoadBalancerObservation Observed, Outcome? Stop, ImmutableArray<PlanNote> Notes);

/// <summary>What would be done for one Service.</summary>
/// <param name="Service">The Service.</param>
/// <param name="Changes">The changes, in order.</param>
/// <param name="Then">What follows them.</param>
/// <param name="Notes">What the Service should know.</param>
public sealed record PlannedService(NamespacedName Service, ImmutableArray<LoadBalancerChange> Changes, Outcome Then, ImmutableArray<PlanNote> Notes);

/// <summary>How long what is seen counts as fresh, and how the cluster is known.</summary>
public sealed record ServicePlannerOptions
{
    /// <summary>The cluster's name, as names and descriptions in the cloud have it.</summary>
    public string ClusterName { get; init; } = "kubernetes";

    /// <summary>What no other cluster has (the UID of the namespace <c>kube-system</c>); <see langword="null"/> when unknown.</summary>
    public string? ClusterId { get; init; }

    /// <summary>How old bulk lists may be where nothing is to be changed.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(4);

    internal string? ClusterTag => ClusterId is null ? null : $"{ServiceNames.ClusterTagPrefix}{ClusterId}";
}

/// <summary>Observes a Service and plans for it; changes nothing. Used by the reconciler and by <c>tenon plan</c>.</summary>
public sealed class ServicePlanner
{
    private readonly ILister<Node> _nodes;
    private readonly CloudFacts _facts;
    private readonly LoadBalancerOptions _options;
    private readonly ServicePlannerOptions _planning;
    private readonly PlacementResolver _resolver;
    private readonly NodeMembers _members = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _withoutPort = new(StringComparer.Ordinal);

    /// <summary>Stores what is given.</summary>
    /// <param name="services">The Services.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="view">The cloud's load balancers.</param>
    /// <param name="facts">The cloud's networks and abilities.</param>
    /// <param name="options">The configuration and the cluster's name.</param>
    /// <param name="time">The clock.</param>
    public ServicePlanner(
        ILister<Service> services, ILister<Node> nodes, LoadBalancerView view, CloudFacts facts, (LoadBalancerOptions LoadBalancer, ServicePlannerOptions Planning) options, TimeProvider time)
    {
        (Services, _nodes, View, _facts, Time) = (services, nodes, view, facts, time);
        (_options, _planning) = options;
        _resolver = new PlacementResolver(facts, _options);
    }

    /// <summary>The Services.</summary>
    public ILister<Service> Services { get; }

    /// <summary>The cloud's load balancers.</summary>
    public LoadBalancerView View { get; }

    internal TimeProvider Time { get; }

    internal LoadBalancerOptions Options => _options;

    internal ServicePlannerOptions Planning => _planning;

    /// <summary>What would be done now, for every Service that this controller serves or has to clean up after.</summary>
    public async IAsyncEnumerable<PlannedService> PlanAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Service service in Services.List().Where(ServiceNames.IsConcerned).OrderBy(s => s.Metadata.Key.ToString(), StringComparer.Ordinal))
        {
            yield return await PlanAsync(service, cancellationToken);
        }
    }

    /// <summary>What would be done now for one Service.</summary>
    public async Task<PlannedService> PlanAsync(Service service, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(service);
        NamespacedName key = service.Metadata.Key;
        if (!ServiceNames.IsWanted(service))
        {
            if (!ServiceNames.IsConcerned(service)) return new(key, [], Outcome.Done, []);
            PreparedService removal = await PrepareRemovalAsync(service, cancellationToken);
            LoadBalancerPlan deletion = LoadBalancerPlanner.PlanDeletion(Deletion(removal), removal.Observed);
            return new(key, deletion.Plan.Changes, deletion.Plan.Then, deletion.Notes);
        }

        PreparedService prepared = await PrepareAsync(service, cancellationToken);
        if (prepared.Desired is null) return new(key, [], prepared.Stop!, prepared.Notes);
        LoadBalancerPlan plan = LoadBalancerPlanner.Plan(prepared.Desired, prepared.Observed);
        return new(key, plan.Plan.Changes, plan.Plan.Then, [.. prepared.Notes, .. plan.Notes]);
    }

    /// <summary>Observes a Service that wants a load balancer.</summary>
    internal async Task<PreparedService> PrepareAsync(Service service, CancellationToken cancellationToken)
    {
        LoadBalancerSettings? settings = LoadBalancerSettingsParser.Parse(service, _options, out ImmutableArray<Problem> problems);
        ImmutableArray<PlanNote> notes = [.. problems.Where(p => p.Severity is ProblemSeverity.Warning).Select(Note)];
        if (settings is null)
        {
            string errors = string.Join(" ", problems.Where(p => p.Severity is ProblemSeverity.Error));
            return new(null, null, new(), new Outcome.Refused(ServiceEvents.SyncFailed, errors), notes);
        }

        bool tags = (await _facts.FeaturesAsync(cancellationToken)).Tags;
        DesiredLoadBalancer identity = DesiredLoadBalancerBuilder.Identity(_planning.ClusterName, settings.Service, settings.Uid, settings.LoadBalancerId, settings.KeepFloatingIp, tags);
        await View.EnsureAsync(ViewParts.LoadBalancers | ViewParts.Trees | ViewParts.FloatingIps | ViewParts.SecurityGroups, _planning.MaxAge, cancellationToken);
        LoadBalancerObservation observed = View.Observe(identity);
        LoadBalancer? existing = Existing(identity, observed);
        if (existing is null && settings.LoadBalancerId is { } id && !observed.LoadBalancers.Any(l => l.LoadBalancer.Id == id))
        {
            // One of another project is in no list of ours.
            await View.PollAsync([id], cancellationToken);
            existing = Existing(identity, View.Observe(identity));
        }

        Node[] eligible = [.. _nodes.List().Where(NodeMembers.IsEligible)];
        Node[] nodes = [.. eligible.Where(n => settings.NodeSelector.Matches(n.Metadata.Labels))];
        bool hasFloatingIp = existing is { VipPortId.Length: > 0 } && observed.FloatingIps.Any(f => f.PortId == existing.VipPortId);
        PlacementResult placement = await _resolver.ResolveAsync(settings, existing, hasFloatingIp, eligible, cancellationToken);
        notes = [.. notes, .. placement.Notes];
        if (placement.Placement is null) return new(settings, null, observed, placement.Stop, notes);

        string? family = settings.IpFamilies.IsEmpty ? null : settings.IpFamilies[0];
        MemberTargets targets = _members.Targets(nodes, settings.NodeSelector, family, placement.Placement.MemberSubnetId);
        if (targets.Items.IsEmpty && placement.Notes.All(n => n.Reason != ServiceEvents.NoNodes))
        {
            notes = [.. notes, new(true, ServiceEvents.NoNodes, NoNodes(settings, nodes.Length))];
        }

        EquatableArray<string> ports = await MemberPortsAsync(settings, placement.Placement, nodes, cancellationToken);
        DesiredLoadBalancer desired = DesiredLoadBalancerBuilder.Build(
            settings, placement.Placement, _options, _planning.ClusterName, _planning.ClusterTag, targets, ports);
        await View.CompleteAsync(desired, members: true, cancellationToken);
        return new(settings, desired, View.Observe(desired), null, notes);
    }

    /// <summary>Observes a Service that is to lose its load balancer.</summary>
    internal async Task<PreparedService> PrepareRemovalAsync(Service service, CancellationToken cancellationToken)
    {
        bool tags = (await _facts.FeaturesAsync(cancellationToken)).Tags;
        IReadOnlyDictionary<string, string> annotations = service.Metadata.Annotations;
        string? id = annotations.GetValueOrDefault(ServiceAnnotations.LoadBalancerId)?.Trim();
        bool keep = annotations.GetValueOrDefault(ServiceAnnotations.KeepFloatingIp) == "true";
        DesiredLoadBalancer identity = DesiredLoadBalancerBuilder.Identity(
            _planning.ClusterName, service.Metadata.Key, service.Metadata.Uid, string.IsNullOrEmpty(id) ? null : id, keep, tags);
        await View.EnsureAsync(ViewParts.LoadBalancers | ViewParts.Trees | ViewParts.FloatingIps | ViewParts.SecurityGroups, _planning.MaxAge, cancellationToken);
        if (id is { Length: > 0 } && !View.Observe(identity).LoadBalancers.Any(l => l.LoadBalancer.Id == id)) await View.PollAsync([id], cancellationToken);
        if (View.HasSecurityGroup(identity.SecurityGroupNames)) await View.EnsureAsync(ViewParts.Ports, _planning.MaxAge, cancellationToken);
        await View.CompleteAsync(identity, members: false, cancellationToken);
        return new(null, identity, View.Observe(identity), null, []);
    }

    /// <summary>What the removal of a Service's load balancer must respect.</summary>
    internal LoadBalancerDeletion Deletion(PreparedService prepared) => new()
    {
        Owner = prepared.Desired!,
        Cascade = _options.CascadeDelete,
        IsNameOfOther = name => Services.List().Any(s => ServiceNames.IsWanted(s) && ServiceNames.LoadBalancer(_planning.ClusterName, s.Metadata.Key) == name
            && name != prepared.Desired!.Name),
    };

    /// <summary>The Service's load balancers that are pending.</summary>
    internal IEnumerable<string> PendingOf(Service service)
    {
        string? id = service.Metadata.Annotations.GetValueOrDefault(ServiceAnnotations.LoadBalancerId);
        DesiredLoadBalancer identity = DesiredLoadBalancerBuilder.Identity(_planning.ClusterName, service.Metadata.Key, service.Metadata.Uid, id, false, true);
        return View.Observe(identity).LoadBalancers.Select(l => l.LoadBalancer).Where(l => l.ProvisioningStatus.IsPending()).Select(l => l.Id);
    }

    /// <summary>Lists again what a plan with changes rests on, if that is old.</summary>
    /// <returns>Whether anything was listed, so that the plan must be made again.</returns>
    internal async Task<bool> ConfirmAsync(LoadBalancerPlan plan, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        bool creates = plan.Plan.Changes.Any(c => c is LoadBalancerChange.CreateLoadBalancer);
        ViewParts parts = creates
            ? ViewParts.LoadBalancers // A load balancer that is not there has no parts, and nothing leads to it.
            : plan.Plan.Changes.Aggregate(ViewParts.None, (all, change) => all | LoadBalancerApplier.PartsOf(change));
        return await RefreshIfOldAsync(parts, maxAge, cancellationToken);
    }

    /// <summary>Before a Service is let go, all that could be its must have been looked at freshly.</summary>
    internal Task<bool> ConfirmRemovalAsync(TimeSpan maxAge, CancellationToken cancellationToken)
        => RefreshIfOldAsync(ViewParts.LoadBalancers | ViewParts.FloatingIps | ViewParts.SecurityGroups, maxAge, cancellationToken);

    /// <summary>Remembers that the provider of a change's load balancer refuses allowed CIDRs.</summary>
    /// <returns>Whether the provider is known, so that planning again leaves them out; another Service may have learnt the same meanwhile.</returns>
    internal bool LearnRefusal(LoadBalancerChange change, DesiredLoadBalancer desired)
    {
        string? provider = change switch
        {
            LoadBalancerChange.CreateLoadBalancer create => create.Request.Provider,
            _ => View.Observe(desired).LoadBalancers.FirstOrDefault(l => l.LoadBalancer.Id == change.Locks)?.LoadBalancer.Provider,
        };
        if (string.IsNullOrEmpty(provider)) return false;
        _facts.LearnRefusal(provider);
        return true;
    }

    private async Task<bool> RefreshIfOldAsync(ViewParts parts, TimeSpan maxAge, CancellationToken cancellationToken)
    {
        if (View.AsOf(parts) is { } at && Time.GetUtcNow() - at <= maxAge) return false;
        await View.EnsureAsync(parts, maxAge, cancellationToken);
        return true;
    }

    private async Task<EquatableArray<string>> MemberPortsAsync(LoadBalancerSettings settings, LoadBalancerPlacement placement, Node[] nodes, CancellationToken cancellationToken)
    {
        EquatableArray<string> names = ServiceNames.SecurityGroups(settings.Service, settings.Uid);
        bool needs = DesiredLoadBalancerBuilder.NeedsSecurityGroup(settings, placement, _options);
        if (!needs && !View.HasSecurityGroup(names)) return [];
        await View.EnsureAsync(ViewParts.Ports, _planning.MaxAge, cancellationToken);
        if (!needs) return [];
        string? family = settings.IpFamilies.IsEmpty ? null : settings.IpFamilies[0];
        var addresses = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Node node in nodes)
        {
            if (NodeMembers.ServerId(node) is { } server && NodeMembers.Address(node, family) is { } address) addresses[server] = address;
        }

        await LookForPortsAsync(addresses.Keys, cancellationToken);
        return
        [
            .. View.Ports.Where(p => p.PortSecurityEnabled && addresses.TryGetValue(p.DeviceId, out string? address)
                && p.FixedIps.Any(f => f.IpAddress == address)).Select(p => p.Id).Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>A server whose port is not in the list has come since; one that was looked for in vain is not looked for again at once.</summary>
    private async Task LookForPortsAsync(IEnumerable<string> servers, CancellationToken cancellationToken)
    {
        DateTimeOffset now = Time.GetUtcNow();
        HashSet<string> known = [.. View.Ports.Select(p => p.DeviceId)];
        string[] missing = [.. servers.Where(s => !known.Contains(s) && !(_withoutPort.TryGetValue(s, out DateTimeOffset asked) && now - asked < VainlyAge))];
        if (missing.Length == 0) return;
        await View.EnsureAsync(ViewParts.Ports, LoadBalancerView.Now, cancellationToken);
        known = [.. View.Ports.Select(p => p.DeviceId)];
        foreach ((string server, DateTimeOffset asked) in _withoutPort)
        {
            if (now - asked >= VainlyAge) _withoutPort.TryRemove(server, out _);
        }

        foreach (string server in missing.Where(s => !known.Contains(s))) _withoutPort[server] = now;
    }

    private static readonly TimeSpan VainlyAge = TimeSpan.FromMinutes(1);

    private static LoadBalancer? Existing(DesiredLoadBalancer identity, LoadBalancerObservation observed)
        => (observed.LoadBalancers.FirstOrDefault(l => l.LoadBalancer.Id == identity.Id)
            ?? observed.LoadBalancers.FirstOrDefault(l => l.LoadBalancer.Name == identity.Name || identity.FormerNames.Contains(l.LoadBalancer.Name)))?.LoadBalancer;

    private static PlanNote Note(Problem problem)
        => new(true, problem.Field.Contains(ServiceAnnotations.Method, StringComparison.Ordinal) ? ServiceEvents.MethodUnknown : ServiceEvents.AnnotationInvalid, problem.ToString());

    private static string NoNodes(LoadBalancerSettings settings, int matching)
    {
        if (matching > 0) return $"There are no available nodes for LoadBalancer: none of the {matching} nodes has an address{(settings.IpFamilies.IsEmpty ? "" : $" of family {settings.IpFamilies[0]}")}.";
        return settings.NodeSelector.Terms.IsEmpty
            ? $"There are no available nodes for LoadBalancer: every node is excluded by the label {NodeMembers.ExclusionLabel}, or is going away."
            : $"There are no available nodes for LoadBalancer: no node matches the node-selector {string.Join(", ", settings.NodeSelector.Terms.Select(t => t.Value.Length == 0 ? t.Key : $"{t.Key}={t.Value}"))}.";
    }
}
