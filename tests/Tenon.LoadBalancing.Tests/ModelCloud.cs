using System.Collections.Immutable;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing.Tests;

/// <summary>
/// A cloud as a value: applies changes as Octavia and Neutron would, and refuses what they would refuse. Remembers which IDs were
/// there before the plans began, so that tests can say that nobody else's were touched.
/// </summary>
internal sealed class ModelCloud
{
    private int _next = 1;

    public Dictionary<string, ObservedLoadBalancer> LoadBalancers { get; } = [];

    public Dictionary<string, FloatingIp> FloatingIps { get; } = [];

    public Dictionary<string, SecurityGroup> SecurityGroups { get; } = [];

    public Dictionary<string, Port> Ports { get; } = [];

    public List<LoadBalancerChange> Applied { get; } = [];

    public LoadBalancerObservation Observe() => new()
    {
        LoadBalancers = [.. LoadBalancers.Values],
        FloatingIps = [.. FloatingIps.Values],
        SecurityGroups = [.. SecurityGroups.Values],
        Ports = [.. Ports.Values],
    };

    public string NewId(string kind) => $"{kind}-{_next++}";

    /// <summary>Plans and applies as the reconciler does, until nothing is left to do.</summary>
    public (LoadBalancerPlan Last, int Passes) Converge(DesiredLoadBalancer desired, int limit = 60) => Run(() => LoadBalancerPlanner.Plan(desired, Observe()), limit);

    public (LoadBalancerPlan Last, int Passes) Remove(LoadBalancerDeletion deletion, int limit = 60) => Run(() => LoadBalancerPlanner.PlanDeletion(deletion, Observe()), limit);

    public void ApplyOnce(LoadBalancerPlan plan)
    {
        var locked = new HashSet<string>();
        foreach (LoadBalancerChange change in plan.Plan.Changes)
        {
            if (change.Locks is { } id && !locked.Add(id)) continue;
            if (change is LoadBalancerChange.CreateFloatingIp { Request.PortId: null } create)
            {
                LoadBalancer made = LoadBalancers.Values.Last().LoadBalancer;
                Apply(create with { Request = create.Request with { PortId = made.VipPortId } });
                continue;
            }

            Apply(change);
        }
    }

    public void Apply(LoadBalancerChange change)
    {
        Applied.Add(change);
        switch (change)
        {
            case LoadBalancerChange.CreateLoadBalancer c:
                Create(c);
                break;
            case LoadBalancerChange.UpdateLoadBalancer c:
                Change(c.Id, l => l with { LoadBalancer = l.LoadBalancer with { Name = c.Request.Name.Or(l.LoadBalancer.Name), Tags = c.Request.Tags.Or(l.LoadBalancer.Tags) } });
                break;
            case LoadBalancerChange.DeleteLoadBalancer c:
                if (!c.Cascade && (!LoadBalancers[c.Id].Listeners.IsEmpty || !LoadBalancers[c.Id].Pools.IsEmpty)) throw new InvalidOperationException("409: has children");
                string vip = LoadBalancers[c.Id].LoadBalancer.VipPortId;
                LoadBalancers.Remove(c.Id);
                foreach (FloatingIp f in FloatingIps.Values.Where(f => f.PortId == vip).ToArray()) FloatingIps[f.Id] = f with { PortId = null };
                break;
            case LoadBalancerChange.CreateListener c:
                Change(c.LoadBalancerId, l => WithListener(l, c.Request));
                break;
            case LoadBalancerChange.UpdateListener c:
                Change(c.LoadBalancerId, l => l with { Listeners = [.. l.Listeners.Select(x => x.Id == c.Id ? Updated(x, c.Request) : x)] });
                break;
            case LoadBalancerChange.DeleteListener c:
                Change(c.LoadBalancerId, l => l with
                {
                    Listeners = [.. l.Listeners.Where(x => x.Id != c.Id)],
                    Pools = [.. l.Pools.Select(p => p with { Pool = p.Pool with { ListenerIds = [.. p.Pool.ListenerIds.Where(i => i != c.Id)] } })],
                });
                break;
            case LoadBalancerChange.CreatePool c:
                Change(c.LoadBalancerId, l => WithPool(l, c.ListenerId, c.Request, MemberSet.Empty));
                break;
            case LoadBalancerChange.UpdatePool c:
                ChangePool(c.LoadBalancerId, c.Id, p => p with
                {
                    Pool = p.Pool with
                    {
                        Name = c.Request.Name.Or(p.Pool.Name), Algorithm = c.Request.Algorithm.Or(p.Pool.Algorithm), SessionPersistence = c.Request.SessionPersistence.Or(p.Pool.SessionPersistence),
                    },
                });
                break;
            case LoadBalancerChange.DeletePool c:
                Change(c.LoadBalancerId, l => l with
                {
                    Pools = [.. l.Pools.Where(p => p.Pool.Id != c.Id)],
                    Listeners = [.. l.Listeners.Select(x => x.DefaultPoolId == c.Id ? x with { DefaultPoolId = null } : x)],
                });
                break;
            case LoadBalancerChange.ReplaceMembers c:
                ChangePool(c.LoadBalancerId, c.PoolId, p => Members(p, c.Members));
                break;
            case LoadBalancerChange.CreateMember c:
                ChangePool(c.LoadBalancerId, c.PoolId, p => Members(p, p.Members!.Append(c.Member)));
                break;
            case LoadBalancerChange.UpdateMember c:
                ChangePool(c.LoadBalancerId, c.PoolId, p => Members(p, p.Members!.Where(m => Key(m) != Key(c.Member)).Append(c.Member)));
                break;
            case LoadBalancerChange.DeleteMember c:
                ChangePool(c.LoadBalancerId, c.PoolId, p => Members(p, p.Members!.Where(m => p.MemberIds![Key(m)] != c.Id)));
                break;
            case LoadBalancerChange.CreateMonitor c:
                ChangePool(c.LoadBalancerId, c.PoolId, p => p.Monitor is null ? p with { Monitor = Monitor(c.Request, p.Pool.Id) } : throw new InvalidOperationException("409: has a monitor"));
                break;
            case LoadBalancerChange.UpdateMonitor c:
                Change(c.LoadBalancerId, l => l with { Pools = [.. l.Pools.Select(p => p.Monitor?.Id == c.Id ? p with { Monitor = Updated(p.Monitor, c.Request) } : p)] });
                break;
            case LoadBalancerChange.DeleteMonitor c:
                if (LoadBalancers[c.LoadBalancerId].LoadBalancer.Provider == "ovn") throw new InvalidOperationException("The provider ovn may never come back from this.");
                ChangePool(c.LoadBalancerId, c.PoolId, p => p with { Monitor = null });
                break;
            case LoadBalancerChange.CreateFloatingIp c:
                if (FloatingIps.Values.Any(f => f.PortId == c.Request.PortId)) throw new InvalidOperationException("409: the port has a floating IP");
                string id = NewId("fip");
                FloatingIps[id] = new FloatingIp
                {
                    Id = id, Address = c.Request.Address ?? $"203.0.113.{FloatingIps.Count + 10}", Description = c.Request.Description, NetworkId = c.Request.NetworkId, PortId = c.Request.PortId,
                };
                break;
            case LoadBalancerChange.AssociateFloatingIp c:
                if (c.PortId is not null && FloatingIps.Values.Any(f => f.PortId == c.PortId)) throw new InvalidOperationException("409: the port has a floating IP");
                FloatingIps[c.Id] = FloatingIps[c.Id] with { PortId = c.PortId };
                break;
            case LoadBalancerChange.DeleteFloatingIp c:
                FloatingIps.Remove(c.Id);
                break;
            case LoadBalancerChange.CreateSecurityGroup c:
                string group = NewId("sg");
                SecurityGroups[group] = new SecurityGroup
                {
                    Id = group, Name = c.Request.Name, Description = c.Request.Description,
                    Rules = [new SecurityGroupRule { Id = NewId("rule"), SecurityGroupId = group, Direction = "egress" }],
                };
                break;
            case LoadBalancerChange.CreateSecurityGroupRules c:
                SecurityGroups[c.GroupId] = SecurityGroups[c.GroupId] with
                {
                    Rules = [.. SecurityGroups[c.GroupId].Rules, .. c.Rules.Select(r => new SecurityGroupRule
                    {
                        Id = NewId("rule"), SecurityGroupId = c.GroupId, EtherType = r.EtherType, Protocol = r.Protocol, PortRangeMin = r.Port, PortRangeMax = r.Port, RemoteIpPrefix = r.Cidr,
                    })],
                };
                break;
            case LoadBalancerChange.DeleteSecurityGroupRule c:
                SecurityGroups[c.GroupId] = SecurityGroups[c.GroupId] with { Rules = [.. SecurityGroups[c.GroupId].Rules.Where(r => r.Id != c.RuleId)] };
                break;
            case LoadBalancerChange.TagSecurityGroup c:
                SecurityGroups[c.Id] = SecurityGroups[c.Id] with { Tags = c.Tags };
                break;
            case LoadBalancerChange.DeleteSecurityGroup c:
                if (Ports.Values.Any(p => p.SecurityGroups.Contains(c.Id))) throw new InvalidOperationException("409: in use");
                SecurityGroups.Remove(c.Id);
                break;
            case LoadBalancerChange.SetPortSecurityGroups c:
                Ports[c.PortId] = Ports[c.PortId] with { SecurityGroups = c.SecurityGroups, Revision = Ports[c.PortId].Revision + 1 };
                break;
            default:
                throw new InvalidOperationException($"Unknown change {change}.");
        }
    }

    private (LoadBalancerPlan Last, int Passes) Run(Func<LoadBalancerPlan> plan, int limit)
    {
        for (int pass = 0; pass < limit; pass++)
        {
            LoadBalancerPlan next = plan();
            if (next.IsEmpty) return (next, pass);
            ApplyOnce(next);
        }

        throw new InvalidOperationException($"Not settled after {limit} passes; still: {string.Join("; ", plan().Plan.Changes)}");
    }

    private void Create(LoadBalancerChange.CreateLoadBalancer create)
    {
        string id = NewId("lb");
        LoadBalancerCreate r = create.Request;
        var made = new ObservedLoadBalancer(
            new LoadBalancer
            {
                Id = id, Name = r.Name, Description = r.Description, Provider = r.Provider ?? "amphora", ProvisioningStatus = ProvisioningStatus.Active, Tags = r.Tags,
                VipAddress = r.VipAddress ?? $"10.0.0.{LoadBalancers.Count + 100}", VipPortId = NewId("vip"), VipSubnetId = r.VipSubnetId ?? "",
                AdditionalVips = [.. r.AdditionalVips.Select(v => v with { IpAddress = "2001:db8::1" })],
            }, [], []);
        foreach (ListenerCreate listener in r.Listeners)
        {
            made = WithListener(made, listener);
            made = WithPool(made, made.Listeners[^1].Id, listener.DefaultPool!, create.Members[listener.DefaultPool!.Name]);
        }

        LoadBalancers[id] = made;
    }

    private void Change(string id, Func<ObservedLoadBalancer, ObservedLoadBalancer> change) => LoadBalancers[id] = change(LoadBalancers[id]);

    private void ChangePool(string id, string pool, Func<ObservedPool, ObservedPool> change)
        => Change(id, l => l with { Pools = [.. l.Pools.Select(p => p.Pool.Id == pool ? change(p) : p)] });

    private ObservedLoadBalancer WithListener(ObservedLoadBalancer l, ListenerCreate r)
    {
        if (l.Listeners.Any(x => x.ProtocolPort == r.ProtocolPort && Transport(x.Protocol) == Transport(r.Protocol))) throw new InvalidOperationException("409: port in use");
        var listener = new Listener
        {
            Id = NewId("listener"), Name = r.Name, Protocol = r.Protocol, ProtocolPort = r.ProtocolPort, ConnectionLimit = r.ConnectionLimit ?? -1, Tags = r.Tags,
            AllowedCidrs = r.AllowedCidrs ?? [], InsertHeaders = r.InsertHeaders, DefaultTlsContainerRef = r.DefaultTlsContainerRef, LoadBalancerId = l.LoadBalancer.Id,
            TimeoutClientData = r.TimeoutClientData, TimeoutMemberConnect = r.TimeoutMemberConnect, TimeoutMemberData = r.TimeoutMemberData, TimeoutTcpInspect = r.TimeoutTcpInspect,
            ProvisioningStatus = ProvisioningStatus.Active,
        };
        return l with { Listeners = [.. l.Listeners, listener] };
    }

    private ObservedLoadBalancer WithPool(ObservedLoadBalancer l, string listenerId, PoolCreate r, MemberSet members)
    {
        var pool = new Pool
        {
            Id = NewId("pool"), Name = r.Name, Protocol = r.Protocol, Algorithm = r.Algorithm, SessionPersistence = r.SessionPersistence, ListenerIds = [listenerId],
            LoadBalancerId = l.LoadBalancer.Id, ProvisioningStatus = ProvisioningStatus.Active,
        };
        return l with
        {
            Pools = [.. l.Pools, Members(new ObservedPool(pool, MemberSet.Empty, r.HealthMonitor is { } m ? Monitor(m, pool.Id) : null), members)],
            Listeners = [.. l.Listeners.Select(x => x.Id == listenerId ? x with { DefaultPoolId = pool.Id } : x)],
        };
    }

    private static ObservedPool Members(ObservedPool pool, IEnumerable<PoolMember> members)
    {
        var set = MemberSet.Of(members);
        return pool with { Members = set, MemberIds = set.ToImmutableDictionary(Key, m => $"member-{pool.Pool.Id}-{m.Target.Address}-{m.Port}") };
    }

    private static (string, int) Key(PoolMember member) => (member.Target.Address, member.Port);

    private HealthMonitor Monitor(HealthMonitorCreate r, string poolId) => new()
    {
        Id = NewId("monitor"), Name = r.Name, PoolId = poolId, Type = r.Type, Delay = r.Delay, Timeout = r.Timeout, MaxRetries = r.MaxRetries, MaxRetriesDown = r.MaxRetriesDown ?? 3, UrlPath = r.UrlPath,
    };

    private static HealthMonitor Updated(HealthMonitor m, HealthMonitorUpdate r) => m with
    {
        Name = r.Name.Or(m.Name), Delay = r.Delay.Or(m.Delay), Timeout = r.Timeout.Or(m.Timeout), MaxRetries = r.MaxRetries.Or(m.MaxRetries), MaxRetriesDown = r.MaxRetriesDown.Or(m.MaxRetriesDown), UrlPath = r.UrlPath.Or(m.UrlPath),
    };

    private static Listener Updated(Listener l, ListenerUpdate r) => l with
    {
        Name = r.Name.Or(l.Name), Tags = r.Tags.Or(l.Tags), ConnectionLimit = r.ConnectionLimit.Or(l.ConnectionLimit) ?? -1, AllowedCidrs = r.AllowedCidrs.Or(l.AllowedCidrs) ?? [],
        InsertHeaders = r.InsertHeaders.Or(l.InsertHeaders) ?? [], DefaultTlsContainerRef = r.DefaultTlsContainerRef.Or(l.DefaultTlsContainerRef),
        TimeoutClientData = r.TimeoutClientData.Or(l.TimeoutClientData), TimeoutMemberConnect = r.TimeoutMemberConnect.Or(l.TimeoutMemberConnect),
        TimeoutMemberData = r.TimeoutMemberData.Or(l.TimeoutMemberData), TimeoutTcpInspect = r.TimeoutTcpInspect.Or(l.TimeoutTcpInspect),
    };

    private static string Transport(string protocol) => protocol is "UDP" or "SCTP" ? protocol : "TCP";
}
