using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;

namespace Tenon.Sandbox.OpenStack.LoadBalancing;

/// <summary>
/// Everything that Octavia knows of one region, and how it comes to rest: every change makes the whole load balancer PENDING and refuses
/// others until it is done. Guarded by the region's gate.
/// </summary>
internal sealed class BalancerState(RegionContext context)
{
    private int _failures;

    public RegionContext Context => context;

    public DateTimeOffset Now => context.Now;

    public ResourceTable<LoadBalancer> Balancers { get; } = new();

    public ResourceTable<Listener> Listeners { get; } = new();

    public ResourceTable<Pool> Pools { get; } = new();

    public ResourceTable<HealthMonitor> Monitors { get; } = new();

    public ResourceTable<L7Policy> Policies { get; } = new();

    public BalancerQuotas Quotas { get; } = new();

    /// <summary>How many of the next creates of a load balancer end in ERROR.</summary>
    public int Failures
    {
        get => _failures;
        set => _failures = Math.Max(0, value);
    }

    /// <summary>Refuses a change below a load balancer that is changing already, or in ERROR.</summary>
    public static void CheckMutable(LoadBalancer balancer)
    {
        if (balancer.Provisioning is not Status.Active) throw OctaviaFaults.Immutable("Load Balancer", balancer.Id);
    }

    /// <summary>Refuses a change of a load balancer itself that is changing already, or in ERROR.</summary>
    public static void CheckUpdatable(LoadBalancer balancer)
    {
        if (balancer.Provisioning is not Status.Active) throw OctaviaFaults.Pending(balancer);
    }

    /// <summary>Refuses to delete or fail over a load balancer that is changing; ERROR is no hindrance.</summary>
    public static void CheckSettled(LoadBalancer balancer)
    {
        if (balancer.Provisioning is not (Status.Active or Status.Error)) throw OctaviaFaults.Pending(balancer);
    }

    /// <summary>Puts a load balancer and what is touched into their pending states, and out of them after the provider's delay.</summary>
    /// <param name="balancer">The load balancer; locked until then.</param>
    /// <param name="pending">The resources touched, with their status until then.</param>
    /// <param name="then">What happens when it is done, before all are ACTIVE.</param>
    public void Run(LoadBalancer balancer, IEnumerable<(OctaviaResource Resource, string Status)> pending, Action? then = null)
    {
        balancer.Provisioning = Status.PendingUpdate;
        List<OctaviaResource> touched = [balancer];
        foreach ((OctaviaResource resource, string status) in pending)
        {
            resource.Provisioning = status;
            touched.Add(resource);
        }

        Finish(balancer, touched, then);
    }

    /// <summary>Comes to rest after a create.</summary>
    public void RunCreate(LoadBalancer balancer)
    {
        bool fails = _failures > 0;
        if (fails) _failures--;
        context.Transitions.After(DelayOf(balancer), () =>
        {
            if (!Balancers.Contains(balancer.Id)) return;
            if (fails) Fail(balancer);
            // OVN's driver makes the listeners, pools and members of a tree; its monitors stay as they were asked for.
            else Settle(balancer, balancer.Children().Prepend(balancer).Where(c => c is not HealthMonitor || balancer.Provider != ProviderRules.Ovn));
        });
    }

    /// <summary>Comes to rest after a delete.</summary>
    public void RunDelete(LoadBalancer balancer, Action gone)
    {
        balancer.Provisioning = Status.PendingDelete;
        context.Transitions.After(DelayOf(balancer), gone);
    }

    /// <summary>Puts a load balancer into ERROR.</summary>
    public void Fail(LoadBalancer balancer)
    {
        balancer.Provisioning = Status.Error;
        balancer.Operating = Status.Error;
        balancer.UpdatedAt = Now;
        foreach (OctaviaResource child in balancer.Children().Where(c => c.Provisioning.StartsWith("PENDING", StringComparison.Ordinal)))
            child.Provisioning = Status.Error;
    }

    /// <summary>Forgets a listener and what hangs on it.</summary>
    public void Forget(Listener listener)
    {
        foreach (L7Policy policy in listener.Policies) Policies.Remove(policy.Id);
        Listeners.Remove(listener.Id);
        listener.Balancer.Listeners.Remove(listener);
    }

    /// <summary>Forgets a pool and what hangs on it.</summary>
    public void Forget(Pool pool)
    {
        foreach (Listener listener in pool.Listeners) listener.DefaultPool = null;
        if (pool.Monitor is not null) Monitors.Remove(pool.Monitor.Id);
        Pools.Remove(pool.Id);
        pool.Balancer.Pools.Remove(pool);
    }

    private TimeSpan DelayOf(LoadBalancer balancer)
        => context.Delays.LoadBalancerByProvider.GetValueOrDefault(balancer.Provider, context.Delays.LoadBalancer);

    private void Finish(LoadBalancer balancer, List<OctaviaResource> touched, Action? then) => context.Transitions.After(DelayOf(balancer), () =>
    {
        if (!Balancers.Contains(balancer.Id)) return;
        then?.Invoke();
        Settle(balancer, touched);
    });

    private void Settle(LoadBalancer balancer, IEnumerable<OctaviaResource> touched)
    {
        foreach (OctaviaResource resource in touched)
        {
            // One that was set to ERROR meanwhile stays so.
            if (resource.Provisioning == Status.Error) continue;
            resource.Provisioning = Status.Active;
            resource.UpdatedAt = Now;
        }

        foreach (OctaviaResource resource in balancer.Children().Prepend(balancer)) resource.Operating = OperatingOf(resource);
    }

    private static string OperatingOf(OctaviaResource resource) => resource switch
    {
        { Provisioning: Status.Error } => Status.Error,
        { AdminStateUp: false } => Status.Offline,
        HealthMonitor { Provisioning: Status.PendingCreate } => Status.Offline,
        Member { Pool.Monitor: null or { Provisioning: Status.PendingCreate } } => Status.NoMonitor,
        // OVN's driver takes a pool for working once it has a member.
        Pool { Balancer.Provider: ProviderRules.Ovn, Members.Count: 0 } => Status.Offline,
        _ => Status.Online,
    };
}

/// <summary>Limits by project; without one there is none.</summary>
internal sealed class BalancerQuotas
{
    public static readonly string[] Resources = ["load_balancer", "listener", "member", "pool", "health_monitor", "l7policy", "l7rule"];

    private readonly Dictionary<string, Dictionary<string, int?>> _limits = new(StringComparer.Ordinal);

    public IEnumerable<string> Projects => _limits.Keys;

    /// <summary>The limit of its own that a project has; null for none.</summary>
    public int? Own(string project, string resource) => _limits.TryGetValue(project, out Dictionary<string, int?>? own) ? own.GetValueOrDefault(resource) : null;

    public int Limit(string project, string resource) => Own(project, resource) ?? -1;

    public void Set(string project, string resource, int? limit)
    {
        if (!_limits.TryGetValue(project, out Dictionary<string, int?>? own)) _limits[project] = own = [];
        own[resource] = limit;
    }

    public bool Reset(string project) => _limits.Remove(project);

    /// <summary>Refuses what would exceed a limit.</summary>
    public void Check(string project, string resource, string word, Func<int> used, int more = 1)
    {
        int limit = Limit(project, resource);
        if (limit >= 0 && more > 0 && used() + more > limit) throw OctaviaFaults.Quota(word);
    }
}
