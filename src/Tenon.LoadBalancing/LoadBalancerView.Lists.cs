using System.Collections.Immutable;
using Tenon.Core;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <content>The lists that fill it.</content>
public sealed partial class LoadBalancerView
{
    private async Task RefreshAsync(ViewParts part, long asked, DateTimeOffset limit, CancellationToken cancellationToken)
    {
        PartClock clock = _clocks[part];
        await clock.Gate.WaitAsync(cancellationToken);
        try
        {
            if (clock.Current is { Valid: true } current && (current.Began > asked || current.At >= limit)) return;
            if (clock.Failure is { } failure && failure.Began > asked) throw new SharedListException(failure.Exception);
            long began = NextSequence();
            DateTimeOffset at = _time.GetUtcNow();
            bool wasWrong = clock.Starting();
            try
            {
                await ListAsync(part, began, cancellationToken);
            }
            catch (Exception exception)
            {
                // What was known to be wrong still is.
                if (wasWrong) clock.Invalidate();
                if (exception is not OperationCanceledException) clock.Failure = (began, exception);
                throw;
            }

            clock.Finished(began, at);
            ForgetTouched();
        }
        finally
        {
            clock.Gate.Release();
        }
    }

    /// <summary>Forgets writes that all lists of the parts that they are of have seen.</summary>
    private void ForgetTouched()
    {
        long seen = new[] { ViewParts.FloatingIps, ViewParts.SecurityGroups, ViewParts.Ports }.Min(p => _clocks[p].Current?.Began ?? 0);
        if (State.Touched.Values.Any(written => written < seen)) Update(state => state with { Touched = state.Touched.RemoveRange(state.Touched.Where(t => t.Value < seen).Select(t => t.Key)) });
    }

    private async Task ListAsync(ViewParts part, long began, CancellationToken cancellationToken)
    {
        switch (part)
        {
            case ViewParts.LoadBalancers:
                var loadBalancers = new Dictionary<string, LoadBalancer>(StringComparer.Ordinal);
                await foreach (LoadBalancer item in _loadBalancers.ListLoadBalancersAsync(new() { ProjectId = _options.ProjectId }, cancellationToken)) loadBalancers[item.Id] = item;
                UpdateTrees(state => state with { Trees = ViewMerge.LoadBalancers(state.Trees, loadBalancers, began) });
                break;
            case ViewParts.Trees:
                // Parts belong to load balancers that are known: where there are none, there is nothing to ask for.
                ViewMerge.Parts parts = State.Trees.IsEmpty ? new ViewMerge.Parts() : await ListTreesAsync(cancellationToken);
                Update(state => state with { Trees = ViewMerge.Children(state.Trees, parts, began) });
                break;
            case ViewParts.FloatingIps:
                var floatingIps = new Dictionary<string, FloatingIp>(StringComparer.Ordinal);
                await foreach (FloatingIp item in _floatingIps.ListFloatingIpsAsync(new() { ProjectId = _options.ProjectId }, cancellationToken)) floatingIps[item.Id] = item;
                Update(state => state with { FloatingIps = state.Merge(state.FloatingIps, floatingIps, began) });
                break;
            case ViewParts.SecurityGroups:
                var groups = new Dictionary<string, SecurityGroup>(StringComparer.Ordinal);
                await foreach (SecurityGroup item in _securityGroups.ListSecurityGroupsAsync(new() { ProjectId = _options.ProjectId }, cancellationToken)) groups[item.Id] = item;
                Update(state => state with { SecurityGroups = state.Merge(state.SecurityGroups, groups, began) });
                break;
            case ViewParts.Ports:
                var ports = new Dictionary<string, Port>(StringComparer.Ordinal);
                await foreach (Port item in _ports.ListPortsAsync(new() { ProjectId = _options.ProjectId }, cancellationToken))
                {
                    if (item.DeviceOwner.StartsWith("compute:", StringComparison.Ordinal)) ports[item.Id] = item;
                }

                Update(state => state with { Ports = state.Merge(state.Ports, ports, began) });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(part), part, "Not one part.");
        }
    }

    private async Task<ViewMerge.Parts> ListTreesAsync(CancellationToken cancellationToken)
    {
        var parts = new ViewMerge.Parts();
        async Task Listeners()
        {
            await foreach (Listener item in _loadBalancers.ListListenersAsync(new() { ProjectId = _options.ProjectId }, cancellationToken)) parts.Listeners.Add(item);
        }

        async Task Pools()
        {
            await foreach (Pool item in _loadBalancers.ListPoolsAsync(new() { ProjectId = _options.ProjectId }, cancellationToken)) parts.Pools.Add(item);
        }

        async Task Monitors()
        {
            await foreach (HealthMonitor item in _loadBalancers.ListHealthMonitorsAsync(new() { ProjectId = _options.ProjectId }, cancellationToken)) parts.Monitors.Add(item);
        }

        await Task.WhenAll(Listeners(), Pools(), Monitors());
        return parts;
    }

    private async Task ReadMembersAsync(string loadBalancerId, string poolId, CancellationToken cancellationToken)
    {
        long began = NextSequence();
        var members = new List<Member>();
        await foreach (Member member in _loadBalancers.ListMembersAsync(poolId, cancellationToken)) members.Add(member);
        var set = MemberSet.Of(members.Select(Known));
        var known = new KnownMembers(set, KnownMembers.Digest(members.Select(m => m.Id)),
            _options.KeepMemberIds ? members.ToImmutableDictionary(m => (m.Address, m.ProtocolPort), m => m.Id) : null)
        {
            Verified = began,
            Broken = [.. members.Where(m => m.ProvisioningStatus is ProvisioningStatus.Error).Select(m => $"member {m.Name} {m.Address}:{m.ProtocolPort} ({m.Id}) is in ERROR")],
        };
        Update(state =>
        {
            if (!state.Trees.TryGetValue(loadBalancerId, out ViewTree? tree) || tree.Written >= began) return state;
            EquatableArray<PoolMember> lost = tree.LoadBalancer.ProvisioningStatus is ProvisioningStatus.Active
                ? [.. members.Where(m => m.ProvisioningStatus is ProvisioningStatus.PendingDelete).Select(Known)]
                : [];
            return state with { Trees = state.Trees.SetItem(loadBalancerId, tree with { Members = tree.Members.SetItem(poolId, known with { Lost = lost }), HasOtherMembers = false }) };
        });

        static PoolMember Known(Member member) => new(new MemberTarget(member.Name, member.Address, member.SubnetId), member.ProtocolPort, member.MonitorPort);
    }
}
