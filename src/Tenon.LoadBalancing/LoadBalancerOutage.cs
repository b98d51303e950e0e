using System.Collections.Concurrent;
using Tenon.Core;

namespace Tenon.LoadBalancing;

/// <summary>
/// Spaces out what may fail again and again, for each owner: making a load balancer that goes into ERROR, mending members in ERROR, and
/// deleting a load balancer that falls back into ERROR.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class LoadBalancerOutage(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Lasting = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<(NamespacedName Key, bool IsDeletion), (int Attempts, DateTimeOffset Next)> _attempts = [];

    /// <summary>Changes for an owner were made.</summary>
    public void Tried(NamespacedName key, IReadOnlyCollection<LoadBalancerChange> made)
    {
        ArgumentNullException.ThrowIfNull(made);
        if (made.Any(IsDeletion)) Count((key, true));
        if (made.Any(c => IsCreation(c) || IsMend(c))) Count((key, false));
    }

    /// <summary>What of a plan may be done now. A creation that must wait holds up all that belongs to it; a mend or a deletion only itself.</summary>
    /// <returns>What is left of the plan, and how long what is not must still be put off.</returns>
    public (LoadBalancerPlan Now, TimeSpan? Later) Allow(NamespacedName key, LoadBalancerPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        TimeSpan? making = Delay((key, false)), deleting = Delay((key, true));
        if (making is { } wait && plan.Plan.Changes.Any(IsCreation)) return (Held(plan with { Plan = plan.Plan with { Changes = [] } }, wait), wait);
        if (deleting is { } pause && plan.Plan.Changes.Any(IsDeletion)) return (Held(plan.Without(IsDeletion), pause), pause);
        if (making is { } rest && plan.Plan.Changes.Any(IsMend)) return (plan.Without(IsMend), rest);
        return (plan, null);

        static LoadBalancerPlan Held(LoadBalancerPlan left, TimeSpan wait)
            => left with { Plan = left.Plan with { Then = new Outcome.Waiting("the next attempt after a failure in the cloud", wait) } };
    }

    /// <summary>All seems well with an owner. Its attempts are forgotten only if that is so for a while, because a provider may report a failure late.</summary>
    public void Settled(NamespacedName key)
    {
        if (_attempts.TryGetValue((key, false), out (int Attempts, DateTimeOffset Next) before) && time.GetUtcNow() - before.Next > Lasting) Forget(key);
    }

    /// <summary>An owner is gone.</summary>
    public void Forget(NamespacedName key)
    {
        _attempts.TryRemove((key, false), out _);
        _attempts.TryRemove((key, true), out _);
    }

    private static bool IsCreation(LoadBalancerChange change) => change is LoadBalancerChange.CreateLoadBalancer;

    private static bool IsDeletion(LoadBalancerChange change) => change is LoadBalancerChange.DeleteLoadBalancer { IsInError: true };

    private static bool IsMend(LoadBalancerChange change) => change is LoadBalancerChange.ReplaceMembers { Mends: true };

    private TimeSpan? Delay((NamespacedName Key, bool IsDeletion) kind)
    {
        if (!_attempts.TryGetValue(kind, out (int Attempts, DateTimeOffset Next) before)) return null;
        TimeSpan wait = before.Next - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }

    private void Count((NamespacedName Key, bool IsDeletion) kind)
        => _attempts.AddOrUpdate(kind, (1, time.GetUtcNow() + First), (_, before) =>
        {
            double factor = Math.Pow(2, Math.Min(before.Attempts, 10));
            TimeSpan wait = TimeSpan.FromTicks(Math.Min(Longest.Ticks, (long)(First.Ticks * factor)));
            return (before.Attempts + 1, time.GetUtcNow() + wait);
        });
}
