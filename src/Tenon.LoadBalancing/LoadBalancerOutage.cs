using System.Collections.Concurrent;
using Tenon.Core;

namespace Tenon.LoadBalancing;

/// <summary>Spaces out the attempts to make a load balancer that goes into ERROR again and again, and those to mend members in ERROR.</summary>
/// <param name="time">The clock.</param>
public sealed class LoadBalancerOutage(TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Lasting = TimeSpan.FromMinutes(2);

    private readonly ConcurrentDictionary<NamespacedName, (int Attempts, DateTimeOffset Next)> _attempts = [];

    /// <summary>A plan for an owner was carried out.</summary>
    public void Tried(NamespacedName key, LoadBalancerPlan plan)
    {
        if (!IsAttempt(plan)) return;
        _attempts.AddOrUpdate(key, (1, time.GetUtcNow() + First), (_, before) =>
        {
            double factor = Math.Pow(2, Math.Min(before.Attempts, 10));
            TimeSpan wait = TimeSpan.FromTicks(Math.Min(Longest.Ticks, (long)(First.Ticks * factor)));
            return (before.Attempts + 1, time.GetUtcNow() + wait);
        });
    }

    /// <summary>How long a plan must still be put off; <see langword="null"/> when it makes and mends nothing, or may do so now.</summary>
    public TimeSpan? Delay(NamespacedName key, LoadBalancerPlan plan)
    {
        if (!IsAttempt(plan) || !_attempts.TryGetValue(key, out (int Attempts, DateTimeOffset Next) before)) return null;
        TimeSpan wait = before.Next - time.GetUtcNow();
        return wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>All seems well with an owner. Its attempts are forgotten only if that is so for a while, because a provider may report a failure late.</summary>
    public void Settled(NamespacedName key)
    {
        if (_attempts.TryGetValue(key, out (int Attempts, DateTimeOffset Next) before) && time.GetUtcNow() - before.Next > Lasting) _attempts.TryRemove(key, out _);
    }

    /// <summary>An owner is gone.</summary>
    public void Forget(NamespacedName key) => _attempts.TryRemove(key, out _);

    private static bool IsAttempt(LoadBalancerPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Plan.Changes.Any(c => c is LoadBalancerChange.CreateLoadBalancer or LoadBalancerChange.ReplaceMembers { Mends: true });
    }
}
