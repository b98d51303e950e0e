using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;
using static Tenon.LoadBalancing.LoadBalancerChange;

namespace Tenon.LoadBalancing;

/// <summary>The clients through which changes are made.</summary>
/// <param name="LoadBalancers">Octavia.</param>
/// <param name="FloatingIps">Neutron's floating IPs.</param>
/// <param name="SecurityGroups">Neutron's security groups.</param>
/// <param name="Ports">Neutron's ports.</param>
/// <param name="Tags">Neutron's tags.</param>
public sealed record LoadBalancerClients(
    ILoadBalancerClient LoadBalancers, IFloatingIpClient FloatingIps, ISecurityGroupClient SecurityGroups, IPortClient Ports, ITagClient Tags);

/// <summary>
/// Makes changes in the cloud, one API call each, and tells the view of each at once. A call whose effect is not known (no
/// answer, a refusal that contradicts what was seen) makes the view list again before it is trusted.
/// </summary>
/// <param name="clients">Where to.</param>
/// <param name="view">What is told.</param>
public sealed class LoadBalancerApplier(LoadBalancerClients clients, LoadBalancerView view)
{
    /// <summary>Makes one change.</summary>
    /// <param name="change">The change.</param>
    /// <param name="desired">For whom.</param>
    /// <param name="created">The load balancer that this pass made, which a floating IP without a port is for.</param>
    /// <param name="cancellationToken">Ends the call; its effect is then not known.</param>
    /// <returns>The load balancer that the change made, else <paramref name="created"/>.</returns>
    /// <exception cref="OpenStackException">The cloud refused, or did not answer.</exception>
    public async Task<LoadBalancer?> ApplyAsync(LoadBalancerChange change, DesiredLoadBalancer desired, LoadBalancer? created, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(desired);
        try
        {
            switch (change)
            {
                case CreateLoadBalancer create:
                    return await CreateAsync(create, desired, cancellationToken);
                case CreateFloatingIp or AssociateFloatingIp or DeleteFloatingIp:
                    await ApplyFloatingIpAsync(change, created, cancellationToken);
                    return created;
                case CreateSecurityGroup or CreateSecurityGroupRules or DeleteSecurityGroupRule or TagSecurityGroup or DeleteSecurityGroup or SetPortSecurityGroups:
                    await ApplySecurityGroupAsync(change, cancellationToken);
                    return created;
                case DeletePort port:
                    await clients.Ports.DeletePortAsync(port.Id, cancellationToken);
                    return created;
                default:
                    await ApplyTreeAsync(change, cancellationToken);
                    return created;
            }
        }
        catch
        {
            view.Invalidate(PartsOf(change));
            throw;
        }
    }

    /// <summary>The lists on which a change rests.</summary>
    public static ViewParts PartsOf(LoadBalancerChange change) => change switch
    {
        CreateLoadBalancer => ViewParts.LoadBalancers,
        CreateFloatingIp or AssociateFloatingIp or DeleteFloatingIp => ViewParts.FloatingIps | ViewParts.LoadBalancers,
        CreateSecurityGroup or CreateSecurityGroupRules or DeleteSecurityGroupRule or TagSecurityGroup => ViewParts.SecurityGroups,
        DeletePort => ViewParts.None,
        DeleteSecurityGroup or SetPortSecurityGroups => ViewParts.SecurityGroups | ViewParts.Ports,
        _ => ViewParts.LoadBalancers | ViewParts.Trees,
    };

    private async Task<LoadBalancer> CreateAsync(CreateLoadBalancer create, DesiredLoadBalancer desired, CancellationToken cancellationToken)
    {
        LoadBalancer made = await clients.LoadBalancers.CreateLoadBalancerAsync(create.Request, cancellationToken);
        long sequence = view.NextSequence();
        bool populated = !create.Request.Listeners.IsEmpty;
        var tree = new ViewTree(made with { ListenerIds = [], PoolIds = [] })
        {
            Written = sequence,
            ChildrenKnown = !populated,
            MadeWith = populated && IsComplete(desired) ? desired.Listeners : null,
            MadeMembers = create.Members,
        };
        view.Update(state => state with { Trees = state.Trees.SetItem(made.Id, tree) });
        return made;
    }

    /// <summary>Whether the request that makes a load balancer leaves nothing to be made afterwards.</summary>
    private static bool IsComplete(DesiredLoadBalancer desired)
        => desired.Build is BuildMode.Populated || (desired.Build is BuildMode.PopulatedWithoutMonitors && desired.Listeners.All(l => l.Pool.Monitor is null));

    private async Task ApplyTreeAsync(LoadBalancerChange change, CancellationToken cancellationToken)
    {
        ILoadBalancerClient octavia = clients.LoadBalancers;
        Func<ViewTree, ViewTree> effect;
        switch (change)
        {
            case UpdateLoadBalancer c:
                LoadBalancer loadBalancer = await octavia.UpdateLoadBalancerAsync(c.Id, c.Request, cancellationToken);
                effect = t => t with { LoadBalancer = loadBalancer with { ListenerIds = [], PoolIds = [] } };
                break;
            case DeleteLoadBalancer c:
                await octavia.DeleteLoadBalancerAsync(c.Id, c.Cascade, cancellationToken);
                view.Change(c.Id, t => t with { LoadBalancer = t.LoadBalancer with { ProvisioningStatus = ProvisioningStatus.PendingDelete } });
                return;
            case CreateListener c:
                Listener listener = await octavia.CreateListenerAsync(c.LoadBalancerId, c.Request, cancellationToken);
                effect = t => t with { Listeners = t.Listeners.SetItem(listener.Id, listener with { LoadBalancerId = c.LoadBalancerId }) };
                break;
            case UpdateListener c:
                Listener updated = await octavia.UpdateListenerAsync(c.Id, c.Request, cancellationToken);
                effect = t => t with { Listeners = t.Listeners.SetItem(c.Id, updated with { LoadBalancerId = c.LoadBalancerId }) };
                break;
            case DeleteListener c:
                await octavia.DeleteListenerAsync(c.Id, cancellationToken);
                effect = t => WithoutListener(t, c.Id);
                break;
            case CreatePool c:
                Pool pool = await octavia.CreatePoolAsync(new PoolParent.OfListener(c.ListenerId), c.Request, cancellationToken);
                effect = t => t with
                {
                    Pools = t.Pools.SetItem(pool.Id, pool with { LoadBalancerId = c.LoadBalancerId, ListenerIds = [c.ListenerId], MemberIds = [] }),
                    Members = t.Members.SetItem(pool.Id, new KnownMembers(MemberSet.Empty, default(UInt128), ImmutableDictionary<(string, int), string>.Empty)),
                    Listeners = t.Listeners.TryGetValue(c.ListenerId, out Listener? parent)
                        ? t.Listeners.SetItem(c.ListenerId, parent with { DefaultPoolId = pool.Id })
                        : t.Listeners,
                };
                break;
            case UpdatePool c:
                Pool changed = await octavia.UpdatePoolAsync(c.Id, c.Request, cancellationToken);
                effect = t => t with
                {
                    Pools = t.Pools.SetItem(c.Id, changed with { LoadBalancerId = c.LoadBalancerId, ListenerIds = t.Pools.GetValueOrDefault(c.Id)?.ListenerIds ?? changed.ListenerIds, MemberIds = [] }),
                };
                break;
            case DeletePool c:
                await octavia.DeletePoolAsync(c.Id, cancellationToken);
                effect = t => WithoutPool(t, c.Id);
                break;
            case ReplaceMembers c:
                await octavia.ReplaceMembersAsync(c.PoolId, [.. c.Members.Select(LoadBalancerRequests.Member)], additiveOnly: false, cancellationToken);
                effect = t => t with
                {
                    Pools = t.Pools.TryGetValue(c.PoolId, out Pool? given) ? t.Pools.SetItem(c.PoolId, given with { ProvisioningStatus = ProvisioningStatus.PendingUpdate }) : t.Pools,

                    // Those that were in ERROR are read again, to see whether they still are.
                    Members = t.Members.SetItem(c.PoolId, new KnownMembers(c.Members, null, null)
                    {
                        Verified = view.NextSequence(),
                        Broken = t.Members.GetValueOrDefault(c.PoolId)?.Broken ?? EquatableArray<string>.Empty,
                    }),
                };
                break;
            case CreateMember or UpdateMember or DeleteMember:
                effect = await ApplyMemberAsync(change, cancellationToken);
                break;
            case CreateMonitor c:
                HealthMonitor monitor = await octavia.CreateHealthMonitorAsync(c.PoolId, c.Request, cancellationToken);
                effect = t => t with { Monitors = t.Monitors.SetItem(c.PoolId, monitor with { PoolId = c.PoolId }) };
                break;
            case UpdateMonitor c:
                HealthMonitor renewed = await octavia.UpdateHealthMonitorAsync(c.Id, c.Request, cancellationToken);
                effect = t => t with { Monitors = t.Monitors.SetItems(t.Monitors.Where(m => m.Value.Id == c.Id).Select(m => KeyValuePair.Create(m.Key, renewed with { PoolId = m.Key }))) };
                break;
            case DeleteMonitor c:
                await octavia.DeleteHealthMonitorAsync(c.Id, cancellationToken);
                effect = t => t with { Monitors = t.Monitors.Remove(c.PoolId) };
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "Not a change of a load balancer's tree.");
        }

        view.Change(change.Locks!, t =>
        {
            ViewTree after = effect(t);
            return after with { LoadBalancer = after.LoadBalancer with { ProvisioningStatus = ProvisioningStatus.PendingUpdate } };
        });
    }

    private async Task<Func<ViewTree, ViewTree>> ApplyMemberAsync(LoadBalancerChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case CreateMember c:
                Member made = await clients.LoadBalancers.CreateMemberAsync(c.PoolId, LoadBalancerRequests.Member(c.Member), cancellationToken);
                return t => WithMembers(t, c.PoolId, set => set.Append(c.Member), ids => ids.SetItem((c.Member.Target.Address, c.Member.Port), made.Id));
            case UpdateMember c:
                await clients.LoadBalancers.UpdateMemberAsync(c.PoolId, c.Id, new() { Name = c.Member.Target.Name, MonitorPort = c.Member.MonitorPort }, cancellationToken);
                return t => WithMembers(t, c.PoolId, set => set.Where(m => m.Target.Address != c.Member.Target.Address || m.Port != c.Member.Port).Append(c.Member), ids => ids);
            case DeleteMember c:
                await clients.LoadBalancers.DeleteMemberAsync(c.PoolId, c.Id, cancellationToken);
                return t => WithMembers(t, c.PoolId, set => set.Where(m => $"{m.Target.Address}:{m.Port}" != c.Address), ids => ids.RemoveRange(ids.Where(i => i.Value == c.Id).Select(i => i.Key)));
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "Not a change of a member.");
        }
    }

    private async Task ApplyFloatingIpAsync(LoadBalancerChange change, LoadBalancer? created, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case CreateFloatingIp c:
                FloatingIpCreate request = c.Request.PortId is null && created is { VipPortId.Length: > 0 } ? c.Request with { PortId = created.VipPortId } : c.Request;
                if (request.PortId is null) return; // The VIP has no port yet; planned again once it has.
                FloatingIp floating = await CreateInFirstAsync(request, c.SubnetIds, cancellationToken);
                Touch(floating.Id, s => s with { FloatingIps = s.FloatingIps.SetItem(floating.Id, floating) });
                break;
            case AssociateFloatingIp c:
                FloatingIp associated = await clients.FloatingIps.UpdateFloatingIpAsync(c.Id,
                    new() { PortId = c.PortId, FixedIpAddress = c.FixedIpAddress is null ? default(Optional<string?>) : c.FixedIpAddress }, c.Revision, cancellationToken);
                Touch(c.Id, s => s with { FloatingIps = s.FloatingIps.SetItem(c.Id, associated) });
                break;
            case DeleteFloatingIp c:
                await clients.FloatingIps.DeleteFloatingIpAsync(c.Id, cancellationToken);
                Touch(c.Id, s => s with { FloatingIps = s.FloatingIps.Remove(c.Id) });
                break;
        }
    }

    /// <summary>Tries subnets in order; only that one is exhausted leads to the next.</summary>
    private async Task<FloatingIp> CreateInFirstAsync(FloatingIpCreate request, EquatableArray<string> subnetIds, CancellationToken cancellationToken)
    {
        for (int i = 0; ; i++)
        {
            FloatingIpCreate attempt = subnetIds.IsEmpty ? request : request with { SubnetId = subnetIds[i] };
            try
            {
                return await clients.FloatingIps.CreateFloatingIpAsync(attempt, cancellationToken);
            }
            catch (OpenStackException exception) when (i + 1 < subnetIds.Count && IsExhausted(exception))
            {
                // The next subnet may have an address left.
            }
        }
    }

    private static bool IsExhausted(OpenStackException exception)
        => exception.Kind is OpenStackErrorKind.Quota or OpenStackErrorKind.Conflict or OpenStackErrorKind.BadRequest
            && (exception.Code ?? "") is "IpAddressGenerationFailure" or "IpAddressGenerationFailureNoMatchingSubnet" or "ExternalIpAddressExhausted"
            || exception.ServiceMessage.Contains("No more IP addresses", StringComparison.OrdinalIgnoreCase);

    private async Task ApplySecurityGroupAsync(LoadBalancerChange change, CancellationToken cancellationToken)
    {
        switch (change)
        {
            case CreateSecurityGroup c:
                SecurityGroup group = await clients.SecurityGroups.CreateSecurityGroupAsync(c.Request, cancellationToken);
                Touch(group.Id, s => s with { SecurityGroups = s.SecurityGroups.SetItem(group.Id, group) });
                break;
            case CreateSecurityGroupRules c:
                EquatableArray<SecurityGroupRule> rules = await clients.SecurityGroups.CreateSecurityGroupRulesAsync(
                    [.. c.Rules.Select(r => new SecurityGroupRuleCreate { SecurityGroupId = c.GroupId, EtherType = r.EtherType, Protocol = r.Protocol, PortRangeMin = r.Port, PortRangeMax = r.Port, RemoteIpPrefix = r.Cidr })],
                    cancellationToken);
                TouchGroup(c.GroupId, g => g with { Rules = [.. g.Rules, .. rules] });
                break;
            case DeleteSecurityGroupRule c:
                await clients.SecurityGroups.DeleteSecurityGroupRuleAsync(c.RuleId, cancellationToken);
                TouchGroup(c.GroupId, g => g with { Rules = [.. g.Rules.Where(r => r.Id != c.RuleId)] });
                break;
            case TagSecurityGroup c:
                await clients.Tags.ReplaceTagsAsync(TaggedResource.SecurityGroup, c.Id, [.. c.Tags], cancellationToken);
                TouchGroup(c.Id, g => g with { Tags = c.Tags });
                break;
            case DeleteSecurityGroup c:
                await clients.SecurityGroups.DeleteSecurityGroupAsync(c.Id, cancellationToken);
                Touch(c.Id, s => s with { SecurityGroups = s.SecurityGroups.Remove(c.Id) });
                break;
            case SetPortSecurityGroups c:
                Port? port = await SetGroupsAsync(c, cancellationToken);
                Touch(c.PortId, s => s with { Ports = port is null ? s.Ports.Remove(c.PortId) : s.Ports.SetItem(c.PortId, port) });
                break;
        }
    }

    /// <summary>The port, or <see langword="null"/> when it went together with its server.</summary>
    private async Task<Port?> SetGroupsAsync(SetPortSecurityGroups change, CancellationToken cancellationToken)
    {
        try
        {
            return await clients.Ports.UpdatePortAsync(change.PortId, new() { SecurityGroups = change.SecurityGroups }, change.Revision, cancellationToken);
        }
        catch (OpenStackException exception) when (exception.Kind is OpenStackErrorKind.NotFound && exception.Code == "PortNotFound")
        {
            return null;
        }
    }

    private void Touch(string id, Func<ViewState, ViewState> effect)
    {
        long sequence = view.NextSequence();
        view.Update(state => effect(state).Touch(id, sequence));
    }

    private void TouchGroup(string id, Func<SecurityGroup, SecurityGroup> effect)
        => Touch(id, s => s.SecurityGroups.TryGetValue(id, out SecurityGroup? group) ? s with { SecurityGroups = s.SecurityGroups.SetItem(id, effect(group)) } : s);

    private static ViewTree WithoutListener(ViewTree tree, string id) => tree with
    {
        Listeners = tree.Listeners.Remove(id),
        Pools = tree.Pools.SetItems(tree.Pools.Where(p => p.Value.ListenerIds.Contains(id))
            .Select(p => KeyValuePair.Create(p.Key, p.Value with { ListenerIds = [.. p.Value.ListenerIds.Where(l => l != id)] }))),
    };

    private static ViewTree WithoutPool(ViewTree tree, string id) => tree with
    {
        Pools = tree.Pools.Remove(id),
        Monitors = tree.Monitors.Remove(id),
        Members = tree.Members.Remove(id),
        Listeners = tree.Listeners.SetItems(tree.Listeners.Where(l => l.Value.DefaultPoolId == id)
            .Select(l => KeyValuePair.Create(l.Key, l.Value with { DefaultPoolId = null }))),
    };

    private static ViewTree WithMembers(
        ViewTree tree, string pool, Func<IEnumerable<PoolMember>, IEnumerable<PoolMember>> members, Func<ImmutableDictionary<(string Address, int Port), string>, ImmutableDictionary<(string Address, int Port), string>> ids)
    {
        if (!tree.Members.TryGetValue(pool, out KnownMembers? known)) return tree;
        ImmutableDictionary<(string Address, int Port), string> after = ids(known.Ids ?? ImmutableDictionary<(string, int), string>.Empty);
        return tree with { Members = tree.Members.SetItem(pool, known with { Set = MemberSet.Of(members(known.Set)), Ids = after, IdDigest = KnownMembers.Digest(after.Values) }) };
    }
}
