using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tenon.Core;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Controllers;
using Tenon.Kubernetes.Objects;
using Tenon.LoadBalancing;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// Gives every Service of type LoadBalancer its load balancer, and takes it away again. Never waits: what is pending in the cloud
/// is looked at for all Services together by <see cref="PendingLoadBalancers"/>, which wakes the Service.
/// </summary>
public sealed partial class ServiceReconciler : IReconciler
{
    /// <summary>How old what is seen may be when it makes a change seem needed; older, and it is listed again first.</summary>
    private static readonly TimeSpan ConfirmAge = TimeSpan.FromSeconds(3);

    /// <summary>Once listed again, what is seen counts for the rest of the reconcile, however slow the cloud is.</summary>
    private static readonly TimeSpan Confirmed = TimeSpan.FromDays(1);

    private const int MaxPasses = 200;

    private readonly ServicePlanner _planner;
    private readonly LoadBalancerApplier _applier;
    private readonly PendingLoadBalancers _pending;
    private readonly IServicePublisher _publisher;
    private readonly ServiceReporter _reporter;
    private readonly LoadBalancerOutage _outage;
    private readonly ConcurrentDictionary<NamespacedName, byte> _changed = [];
    private readonly ILogger _logger;

    /// <summary>Stores what is given.</summary>
    /// <param name="planner">Observes and plans.</param>
    /// <param name="applier">Changes the cloud.</param>
    /// <param name="pending">Waits.</param>
    /// <param name="publisher">Writes to Services.</param>
    /// <param name="reporter">Writes events.</param>
    /// <param name="logger">The log.</param>
    public ServiceReconciler(
        ServicePlanner planner, LoadBalancerApplier applier, PendingLoadBalancers pending, IServicePublisher publisher, ServiceReporter reporter, ILogger<ServiceReconciler>? logger = null)
    {
        (_planner, _applier, _pending, _publisher, _reporter) = (planner, applier, pending, publisher, reporter);
        _outage = new LoadBalancerOutage(planner.Time);
        _logger = logger ?? NullLogger<ServiceReconciler>.Instance;
    }

    /// <inheritdoc/>
    public async Task<Outcome> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (_planner.Services.Get(key) is not { } service)
        {
            Forget(key);
            return Outcome.Done;
        }

        if (!ServiceNames.IsConcerned(service)) return Outcome.Done;
        try
        {
            return ServiceNames.IsWanted(service) ? await EnsureAsync(service, cancellationToken) : await RemoveAsync(service, cancellationToken);
        }
        catch (Exception exception) when (Unshared(exception) is OpenStackException cloud)
        {
            if (_reporter.Report(service, cloud) is { } outcome) return outcome;
            throw;
        }
        catch (KubernetesException exception) when (exception.Failure is KubernetesFailure.Conflict or KubernetesFailure.NotFound)
        {
            // The Service changed or vanished meanwhile; the watch brings the news, or has brought it already.
            return new Outcome.Waiting("the Service's newest state", TimeSpan.FromMilliseconds(250));
        }
    }

    private async Task<Outcome> EnsureAsync(Service service, CancellationToken cancellationToken)
    {
        service = await _publisher.AddFinalizerAsync(service, cancellationToken);
        TimeSpan confirmAge = ConfirmAge;
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            PreparedService prepared = await _planner.PrepareAsync(service, cancellationToken);
            _reporter.Notes(service, prepared.Notes);
            if (prepared.Desired is not { } desired) return _reporter.Stop(service, prepared.Stop!);
            LoadBalancerPlan plan = LoadBalancerPlanner.Plan(desired, prepared.Observed);
            _reporter.Notes(service, plan.Notes);
            (plan, TimeSpan? later) = _outage.Allow(service.Metadata.Key, plan);
            if (plan.IsEmpty)
            {
                Outcome then = await ConcludeAsync(service, prepared, plan, cancellationToken);
                return then is Outcome.Settled && later is { } wait ? new Outcome.Waiting("the next attempt to mend members", wait) : then;
            }

            bool stale = await _planner.ConfirmAsync(plan, confirmAge, cancellationToken);
            confirmAge = Confirmed;
            if (stale) continue;
            if (plan.LoadBalancer is null && !_changed.ContainsKey(service.Metadata.Key)) _reporter.Normal(service, ServiceEvents.Ensuring, "Ensuring load balancer");
            if (plan.Plan.Changes.Any(c => c is LoadBalancerChange.DeleteLoadBalancer)) service = await _publisher.ForgetLoadBalancerAsync(service, cancellationToken);
            _changed[service.Metadata.Key] = 0;
            if (!await ApplyAsync(service.Metadata.Key, desired, plan, cancellationToken)) continue;
            return plan.Plan.Then is Outcome.Refused refused ? _reporter.Stop(service, refused) : plan.Plan.Then;
        }

        throw new InvalidOperationException($"Service {service.Metadata.Key}: the plan did not become empty in {MaxPasses} passes.");
    }

    private async Task<Outcome> ConcludeAsync(Service service, PreparedService prepared, LoadBalancerPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Plan.Then is Outcome.Waiting { Poll: null })
        {
            foreach (string id in _planner.PendingOf(service)) _pending.Track(id, service.Metadata.Key);
            return plan.Plan.Then;
        }

        if (plan.Plan.Then is not Outcome.Settled) return _reporter.Stop(service, plan.Plan.Then);
        if (LoadBalancerPlanner.Endpoint(prepared.Desired!, prepared.Observed) is not { } endpoint) return plan.Plan.Then;
        _planner.View.Share(plan.LoadBalancer!, prepared.Desired!);
        _outage.Settled(service.Metadata.Key);
        bool published = await _publisher.PublishAsync(service, prepared.Settings!, endpoint, cancellationToken);
        _reporter.Settled(service, [.. prepared.Notes, .. plan.Notes], published, _changed.TryRemove(service.Metadata.Key, out _));
        return Outcome.Done;
    }

    private async Task<Outcome> RemoveAsync(Service service, CancellationToken cancellationToken)
    {
        TimeSpan confirmAge = ConfirmAge;
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            PreparedService prepared = await _planner.PrepareRemovalAsync(service, cancellationToken);
            LoadBalancerPlan plan = LoadBalancerPlanner.PlanDeletion(_planner.Deletion(prepared), prepared.Observed);
            _reporter.Notes(service, plan.Notes);
            plan = _outage.Allow(service.Metadata.Key, plan).Now;
            if (plan.IsEmpty)
            {
                bool old = await _planner.ConfirmRemovalAsync(confirmAge, cancellationToken);
                confirmAge = Confirmed;
                if (old) continue;
                return await ConcludeRemovalAsync(service, plan, cancellationToken);
            }

            bool stale = await _planner.ConfirmAsync(plan, confirmAge, cancellationToken);
            confirmAge = Confirmed;
            if (stale) continue;
            _reporter.Once(service, ServiceEvents.Deleting, "Deleting load balancer");
            if (!await ApplyAsync(service.Metadata.Key, prepared.Desired!, plan, cancellationToken)) continue;
            return plan.Plan.Then;
        }

        throw new InvalidOperationException($"Service {service.Metadata.Key}: the removal did not end in {MaxPasses} passes.");
    }

    private async Task<Outcome> ConcludeRemovalAsync(Service service, LoadBalancerPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Plan.Then is Outcome.Waiting)
        {
            foreach (string id in _planner.PendingOf(service)) _pending.Track(id, service.Metadata.Key);
            return plan.Plan.Then;
        }

        await _publisher.ReleaseAsync(service, forgetsLoadBalancer: plan.LoadBalancer is null, cancellationToken);
        _reporter.Normal(service, ServiceEvents.Deleted, "Deleted load balancer");
        Forget(service.Metadata.Key);
        return Outcome.Done;
    }

    private void Forget(NamespacedName key)
    {
        _reporter.Forget(key);
        _outage.Forget(key);
        _changed.TryRemove(key, out _);
    }

    /// <summary>Makes the changes that can be made now: the first that locks the load balancer, and those that lock nothing.</summary>
    /// <returns>Whether a load balancer is locked now, which must be waited for.</returns>
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
                created = await _applier.ApplyAsync(change, desired, created, cancellationToken);
                made.Add(change);
            }
            catch (OpenStackException exception) when (exception.Kind is OpenStackErrorKind.Busy && change.Locks is { } busy)
            {
                // Somebody else changes it at this moment; when that is over, all is looked at again.
                locked.Add(busy);
                _pending.Track(busy, key);
                continue;
            }
            catch (OpenStackException exception) when (OctaviaProviders.RefusesAllowedCidrs(exception) && _planner.LearnRefusal(change, desired))
            {
                LogRefusal(key, exception);
                return false;
            }

            if (change.Locks is { } now && locked.Add(now)) _pending.Track(now, key);
        }

        if (created is not null)
        {
            locked.Add(created.Id);
            _pending.Track(created.Id, key);
        }

        _outage.Tried(key, made);
        return locked.Count > 0;
    }

    private static Exception Unshared(Exception exception) => exception is SharedListException { InnerException: { } inner } ? inner : exception;

    [LoggerMessage(Level = LogLevel.Information, Message = "Service {Service}: {Change}")]
    private partial void LogChange(NamespacedName service, LoadBalancerChange change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Service {Service}: the provider refuses allowed CIDRs; planned again without them")]
    private partial void LogRefusal(NamespacedName service, Exception exception);
}
