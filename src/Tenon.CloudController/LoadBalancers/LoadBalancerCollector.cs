using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Core;
using Tenon.Kubernetes.Informers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>Something in the cloud that was made for this cluster, and that no Service refers to any more.</summary>
/// <param name="Change">The change that removes it.</param>
/// <param name="Name">Its name, or address.</param>
/// <param name="Why">Whose it was.</param>
/// <param name="IsCertain">
/// Whether it is marked as this very cluster's. What is not, only has this cluster's name: another cluster of the same name may
/// use it, a floating IP may have been kept on purpose, a port may be of a load balancer in the making; only a person can tell.
/// </param>
/// <param name="MarkedAt">When it was first found, if it is marked; when it was made, of what only Octavia can have made.</param>
public sealed record Orphan(LoadBalancerChange Change, string Name, string Why, bool IsCertain, DateTimeOffset? MarkedAt)
{
    /// <summary>The change that marks it, where it can be marked.</summary>
    internal Func<DateTimeOffset, LoadBalancerChange>? Mark { get; init; }
}

/// <summary>How the periodic sweep works.</summary>
public sealed record CollectorOptions
{
    /// <summary>Between two sweeps; zero turns them off.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>How long something must have been marked before it is deleted.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How many pools a sweep reads the members of in full, to notice what bulk lists do not show.</summary>
    public int VerifyPools { get; init; } = 2;
}

/// <summary>
/// Finds load balancers, listeners, floating IPs and security groups whose Service is gone without having been cleaned up after
/// (its finalizer was removed by hand, or etcd was restored), and ports that Octavia made for load balancers that it then did not make. The periodic sweep marks what is certainly this cluster's, and
/// deletes it when it is still an orphan after a while; the rest is only listed.
/// </summary>
public sealed partial class LoadBalancerCollector
{
    private static readonly TimeSpan InTheMaking = TimeSpan.FromMinutes(10);

    private readonly ILister<Service> _services;
    private readonly LoadBalancerView _view;
    private readonly LoadBalancerApplier _applier;
    private readonly ServicePlannerOptions _cluster;
    private readonly CollectorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    /// <summary>When load balancers in ERROR, which take no mark, were first found to be orphans.</summary>
    private readonly ConcurrentDictionary<string, DateTimeOffset> _inError = new(StringComparer.Ordinal);

    /// <summary>Stores what is given.</summary>
    public LoadBalancerCollector(
        ServicePlanner planner, LoadBalancerApplier applier, CollectorOptions options, ILogger<LoadBalancerCollector>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(planner);
        (_services, _view, _applier, _cluster, _options, _time) = (planner.Services, planner.View, applier, planner.Planning, options, planner.Time);
        _logger = logger ?? NullLogger<LoadBalancerCollector>.Instance;
    }

    /// <summary>All orphans there are now.</summary>
    public async Task<ImmutableArray<Orphan>> FindAsync(CancellationToken cancellationToken)
    {
        // The Services are looked at after the cloud, or one that is made in between would seem to be missing.
        await _view.EnsureAsync(ViewParts.LoadBalancers | ViewParts.Trees | ViewParts.FloatingIps | ViewParts.SecurityGroups, LoadBalancerView.Now, cancellationToken);
        LoadBalancerObservation observed = _view.ObserveAll();
        Service[] live = [.. _services.List().Where(ServiceNames.IsConcerned)];
        HashSet<string> names = [];
        HashSet<string> groups = [];
        HashSet<string> descriptions = [];
        HashSet<string> ids = [];
        foreach (Service service in live)
        {
            NamespacedName key = service.Metadata.Key;
            names.Add(ServiceNames.LoadBalancer(_cluster.ClusterName, key));
            names.UnionWith(ServiceNames.FormerLoadBalancers(_cluster.ClusterName, key, service.Metadata.Uid));
            groups.UnionWith(ServiceNames.SecurityGroups(key, service.Metadata.Uid));
            descriptions.Add(ServiceNames.FloatingIpDescription(_cluster.ClusterName, key));
            if (service.Metadata.Annotations.TryGetValue(ServiceAnnotations.LoadBalancerId, out string? id)) ids.Add(id);
        }

        var orphans = ImmutableArray.CreateBuilder<Orphan>();
        foreach (ObservedLoadBalancer loadBalancer in observed.LoadBalancers) AddLoadBalancer(orphans, loadBalancer, names, ids);
        HashSet<string> deletable = [.. orphans.Select(o => o.Change).OfType<LoadBalancerChange.DeleteLoadBalancer>().Select(d => d.Id)];
        foreach (string id in _inError.Keys.Where(id => !deletable.Contains(id))) _inError.TryRemove(id, out _);
        AddFloatingIps(orphans, observed, descriptions);
        AddSecurityGroups(orphans, observed, groups);
        foreach (Port port in await _view.ListForgottenPortsAsync(cancellationToken))
        {
            // The load balancer of a young port may still be in the making.
            bool isCertain = _time.GetUtcNow() - port.CreatedAt >= InTheMaking;
            orphans.Add(new Orphan(
                new LoadBalancerChange.DeletePort(port.Id, port.Name, "its load balancer does not exist"),
                port.Name, "Octavia made it for a load balancer that it does not have", isCertain, port.CreatedAt));
        }

        return orphans.ToImmutable();
    }

    /// <summary>Deletes an orphan.</summary>
    public async Task DeleteAsync(Orphan orphan, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(orphan);
        LogDelete(orphan.Change);
        if (orphan.Change is LoadBalancerChange.DeleteSecurityGroup group) await TakeOffPortsAsync(group, cancellationToken);
        await _applier.ApplyAsync(orphan.Change, Nobody, null, cancellationToken);
    }

    /// <summary>Sweeps until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (_options.Interval <= TimeSpan.Zero) return;
        while (true)
        {
            await Task.Delay(_options.Interval, _time, cancellationToken);
            try
            {
                _view.ForgetOldestMembers(_options.VerifyPools);
                await SweepAsync(cancellationToken);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                LogSweepFailed(exception);
            }
        }
    }

    /// <summary>Marks what is new, deletes what was marked long enough ago. Only what is certainly this cluster's.</summary>
    /// <returns>What was deleted.</returns>
    public async Task<ImmutableArray<Orphan>> SweepAsync(CancellationToken cancellationToken)
    {
        var deleted = ImmutableArray.CreateBuilder<Orphan>();
        DateTimeOffset now = _time.GetUtcNow();
        foreach (Orphan orphan in await FindAsync(cancellationToken))
        {
            if (!orphan.IsCertain) continue;
            try
            {
                if (await SweepAsync(orphan, now, cancellationToken)) deleted.Add(orphan);
            }
            catch (OpenStackException exception)
            {
                // One that cannot be handled now, such as a group that is still in use, holds up no other.
                LogOrphanFailed(orphan.Name, exception);
            }
        }

        return deleted.ToImmutable();
    }

    /// <summary>Marks or deletes one orphan.</summary>
    /// <returns>Whether it was deleted.</returns>
    private async Task<bool> SweepAsync(Orphan orphan, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (orphan.MarkedAt is null)
        {
            if (orphan.Mark is null) return false;
            LoadBalancerChange mark = orphan.Mark(now);
            LogMark(mark, orphan.Why);
            await _applier.ApplyAsync(mark, Nobody, null, cancellationToken);
            return false;
        }

        if (now - orphan.MarkedAt < _options.Grace) return false;
        await DeleteAsync(orphan, cancellationToken);
        return true;
    }

    private static DesiredLoadBalancer Nobody { get; } = new() { Name = "", OwnerTag = "" };

    private string OwnPrefix => $"{ServiceNames.Prefix}{_cluster.ClusterName}_";

    private bool IsOurs(string name) => name.StartsWith(OwnPrefix, StringComparison.Ordinal) && name[OwnPrefix.Length..].Count(c => c == '_') == 1;

    private void AddLoadBalancer(ImmutableArray<Orphan>.Builder orphans, ObservedLoadBalancer observed, HashSet<string> names, HashSet<string> ids)
    {
        LoadBalancer loadBalancer = observed.LoadBalancer;
        if (loadBalancer.ProvisioningStatus.IsPending() || loadBalancer.ProvisioningStatus is ProvisioningStatus.Deleted) return;
        bool isUsed = names.Contains(loadBalancer.Name) || ids.Contains(loadBalancer.Id)
            || loadBalancer.Tags.Any(t => t.StartsWith(ServiceNames.Prefix, StringComparison.Ordinal) && (names.Contains(t) || !IsOurs(t)));
        bool isCertain = _cluster.ClusterTag is { } mark && loadBalancer.Tags.Contains(mark);
        if (IsOurs(loadBalancer.Name) && !isUsed)
        {
            DateTimeOffset? markedAt = Marked(loadBalancer.Tags);
            if (markedAt is null && loadBalancer.ProvisioningStatus is ProvisioningStatus.Error) markedAt = _inError.GetOrAdd(loadBalancer.Id, _ => _time.GetUtcNow());
            orphans.Add(new Orphan(
                new LoadBalancerChange.DeleteLoadBalancer(loadBalancer.Id, loadBalancer.Name, Cascade: true, "its Service is gone"),
                loadBalancer.Name, $"there is no Service {Owner(loadBalancer.Name)}", isCertain, markedAt)
            {
                Mark = at => new LoadBalancerChange.UpdateLoadBalancer(loadBalancer.Id, loadBalancer.Name, new() { Tags = WithMark(loadBalancer.Tags, at) }),
            });
            return;
        }

        foreach (Listener listener in observed.Listeners.Where(l => !l.Tags.IsEmpty && l.Tags.All(t => IsOurs(t) && !names.Contains(t)) && !names.Contains(loadBalancer.Name)))
        {
            orphans.Add(new Orphan(
                new LoadBalancerChange.DeleteListener(loadBalancer.Id, listener.Id, listener.Name),
                listener.Name, $"there is no Service {Owner(listener.Tags[0])}; load balancer {loadBalancer.Name} ({loadBalancer.Id}) is others'", IsCertain: false, null));
        }
    }

    private void AddFloatingIps(ImmutableArray<Orphan>.Builder orphans, LoadBalancerObservation observed, HashSet<string> descriptions)
    {
        string ending = $" from cluster {_cluster.ClusterName}";
        HashSet<string> goingPorts = [.. orphans.Select(o => o.Change).OfType<LoadBalancerChange.DeleteLoadBalancer>()
            .Join(observed.LoadBalancers, d => d.Id, l => l.LoadBalancer.Id, (_, l) => l.LoadBalancer.VipPortId)];
        foreach (FloatingIp floating in observed.FloatingIps)
        {
            if (!floating.Description.StartsWith("Floating IP for Kubernetes external service ", StringComparison.Ordinal)
                || !floating.Description.EndsWith(ending, StringComparison.Ordinal) || descriptions.Contains(floating.Description)) continue;
            bool isFree = floating.PortId is null or "";
            if (!isFree && !goingPorts.Contains(floating.PortId!)) continue;
            Orphan? leads = isFree ? null : orphans.FirstOrDefault(o => o.Change is LoadBalancerChange.DeleteLoadBalancer d
                && observed.LoadBalancers.Any(l => l.LoadBalancer.Id == d.Id && l.LoadBalancer.VipPortId == floating.PortId));
            var orphan = new Orphan(
                new LoadBalancerChange.DeleteFloatingIp(floating.Id, floating.Address, "its Service is gone"),
                floating.Address, $"{floating.Description}; no such Service", leads?.IsCertain ?? false, leads?.MarkedAt);

            // Before its load balancer, with which the connection between them would be forgotten.
            if (leads is null) orphans.Add(orphan);
            else orphans.Insert(orphans.IndexOf(leads), orphan);
        }
    }

    private void AddSecurityGroups(ImmutableArray<Orphan>.Builder orphans, LoadBalancerObservation observed, HashSet<string> groups)
    {
        foreach (SecurityGroup group in observed.SecurityGroups)
        {
            if (!group.Name.StartsWith("lb-sg-", StringComparison.Ordinal) || groups.Contains(group.Name)
                || !group.Description.EndsWith($" Service LoadBalancer in cluster {_cluster.ClusterName}", StringComparison.Ordinal)) continue;
            orphans.Add(new Orphan(
                new LoadBalancerChange.DeleteSecurityGroup(group.Id, group.Name, "its Service is gone"),
                group.Name, $"{group.Description}; no such Service", _cluster.ClusterTag is { } mark && group.Tags.Contains(mark), Marked(group.Tags))
            {
                Mark = at => new LoadBalancerChange.TagSecurityGroup(group.Id, group.Name, WithMark(group.Tags, at)),
            });
        }
    }

    private async Task TakeOffPortsAsync(LoadBalancerChange.DeleteSecurityGroup group, CancellationToken cancellationToken)
    {
        await _view.EnsureAsync(ViewParts.Ports, LoadBalancerView.Now, cancellationToken);
        foreach (Port port in _view.Ports.Where(p => p.SecurityGroups.Contains(group.Id)).ToArray())
        {
            await _applier.ApplyAsync(
                new LoadBalancerChange.SetPortSecurityGroups(port.Id, [.. port.SecurityGroups.Where(g => g != group.Id)], port.Revision, group.Name, Adds: false),
                Nobody, null, cancellationToken);
        }
    }

    private string Owner(string name) => name.Length > OwnPrefix.Length ? name[OwnPrefix.Length..].Replace('_', '/') : name;

    private static EquatableArray<string> WithMark(EquatableArray<string> tags, DateTimeOffset at)
        => [.. tags, $"{ServiceNames.OrphanTagPrefix}{at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}"];

    private static DateTimeOffset? Marked(EquatableArray<string> tags)
    {
        foreach (string tag in tags)
        {
            if (tag.StartsWith(ServiceNames.OrphanTagPrefix, StringComparison.Ordinal)
                && long.TryParse(tag.AsSpan(ServiceNames.OrphanTagPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds))
            {
                return DateTimeOffset.FromUnixTimeSeconds(seconds);
            }
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Orphan marked: {Change} ({Why})")]
    private partial void LogMark(LoadBalancerChange change, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "Orphan removed: {Change}")]
    private partial void LogDelete(LoadBalancerChange change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Orphan {Name} cannot be handled now; it is tried again at the next interval")]
    private partial void LogOrphanFailed(string name, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The sweep for orphaned load balancers failed; it is tried again at the next interval")]
    private partial void LogSweepFailed(Exception exception);
}
