using System.Collections.Immutable;
using System.Text;
using Tenon.Core;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;
using Tenon.OpenStack.Networking;

namespace Tenon.LoadBalancing;

/// <summary>One change in the cloud, one API call. Prints as a line; <see cref="Describe"/> gives it in parts.</summary>
public abstract record LoadBalancerChange
{
    private LoadBalancerChange()
    {
    }

    /// <summary>The load balancer whose tree the call locks until it is ACTIVE again; <see langword="null"/> when it locks none.</summary>
    public virtual string? Locks => null;

    /// <summary>The change in words and parts.</summary>
    public abstract ChangeDescription Describe();

    /// <summary>One line.</summary>
    public sealed override string ToString() => Describe().ToString();

    /// <summary>Makes a load balancer, with its whole tree if the request holds it.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Members">The pools' members by pool name, to be remembered once they are made.</param>
    public sealed record CreateLoadBalancer(LoadBalancerCreate Request, ImmutableDictionary<string, MemberSet> Members) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "load balancer", null, Request.Name,
        [
            ("provider", Request.Provider ?? "the cloud's default"),
            ("vip", Request.VipPortId is { } port ? $"port {port}"
                : string.Join(", ", VipParts())),
            .. Request.Listeners.Select(l => ("listener", $"{l.Protocol}:{l.ProtocolPort} to {Members.GetValueOrDefault(l.DefaultPool?.Name ?? "")?.Count ?? 0} members")),
        ]);

        private IEnumerable<string> VipParts()
        {
            if (Request.VipSubnetId is { } subnet) yield return $"subnet {subnet}";
            if (Request.VipNetworkId is { } network) yield return $"network {network}";
            if (Request.VipAddress is { } address) yield return address;
        }
    }

    /// <summary>Renames or tags a load balancer.</summary>
    public sealed record UpdateLoadBalancer(string Id, string Name, LoadBalancerUpdate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => Id;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "load balancer", Id, Name,
            Parts(("name", Request.Name.IsSet ? Request.Name.Value : null), ("tags", Request.Tags.IsSet ? string.Join(" ", Request.Tags.Value) : null)));
    }

    /// <summary>Deletes a load balancer.</summary>
    public sealed record DeleteLoadBalancer(string Id, string Name, bool Cascade, string Why) : LoadBalancerChange
    {
        /// <summary>Whether it is in ERROR, into which it may fall back.</summary>
        public bool IsInError { get; init; }

        /// <inheritdoc/>
        public override string? Locks => Id;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "load balancer", Id, Name, Parts(("with", Cascade ? "all it holds" : null), ("because", Why)));
    }

    /// <summary>Makes a listener.</summary>
    public sealed record CreateListener(string LoadBalancerId, ListenerCreate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "listener", null, Request.Name, [("on", $"{Request.Protocol}:{Request.ProtocolPort}"), ("of load balancer", LoadBalancerId)]);
    }

    /// <summary>Changes a listener.</summary>
    public sealed record UpdateListener(string LoadBalancerId, string Id, string Name, ListenerUpdate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "listener", Id, Name, Parts(
            ("name", Request.Name.IsSet ? Request.Name.Value : null),
            ("tags", Request.Tags.IsSet ? string.Join(" ", Request.Tags.Value) : null),
            ("connection limit", Request.ConnectionLimit.IsSet ? $"{Request.ConnectionLimit.Value}" : null),
            ("allowed CIDRs", Request.AllowedCidrs.IsSet ? string.Join(" ", Request.AllowedCidrs.Value ?? []) : null),
            ("inserted headers", Request.InsertHeaders.IsSet ? string.Join(" ", Request.InsertHeaders.Value ?? []) : null),
            ("certificate", Request.DefaultTlsContainerRef.IsSet ? Request.DefaultTlsContainerRef.Value ?? "none" : null),
            ("client data timeout", Seconds(Request.TimeoutClientData)),
            ("member connect timeout", Seconds(Request.TimeoutMemberConnect)),
            ("member data timeout", Seconds(Request.TimeoutMemberData)),
            ("TCP inspect timeout", Seconds(Request.TimeoutTcpInspect))));
    }

    /// <summary>Deletes a listener.</summary>
    public sealed record DeleteListener(string LoadBalancerId, string Id, string Name) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "listener", Id, Name, []);
    }

    /// <summary>Makes a pool for a listener.</summary>
    public sealed record CreatePool(string LoadBalancerId, string ListenerId, PoolCreate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "pool", null, Request.Name, [("protocol", Request.Protocol), ("algorithm", Request.Algorithm), ("for listener", ListenerId)]);
    }

    /// <summary>Changes a pool.</summary>
    public sealed record UpdatePool(string LoadBalancerId, string Id, string Name, PoolUpdate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "pool", Id, Name, Parts(
            ("name", Request.Name.IsSet ? Request.Name.Value : null),
            ("algorithm", Request.Algorithm.IsSet ? Request.Algorithm.Value : null),
            ("session persistence", Request.SessionPersistence.IsSet ? Request.SessionPersistence.Value?.Type ?? "none" : null)));
    }

    /// <summary>Deletes a pool with its members and monitor.</summary>
    public sealed record DeletePool(string LoadBalancerId, string Id, string Name) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "pool", Id, Name, []);
    }

    /// <summary>Makes a pool's members be these, in one call.</summary>
    /// <param name="LoadBalancerId">The load balancer.</param>
    /// <param name="PoolId">The pool.</param>
    /// <param name="Name">The pool's name.</param>
    /// <param name="Members">All the members it shall have.</param>
    /// <param name="Before">What it had, when that is known; for printing.</param>
    public sealed record ReplaceMembers(string LoadBalancerId, string PoolId, string Name, MemberSet Members, MemberSet? Before) : LoadBalancerChange
    {
        /// <summary>Whether they are the same as before, given once more because some of them, or the pool, are in ERROR.</summary>
        public bool Mends { get; init; }

        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe()
        {
            if (Mends) return new("update", "members of pool", PoolId, Name, [("once more", "some are in ERROR, or the pool is")]);
            if (Before is null) return new("update", "members of pool", PoolId, Name, [("to", Members.ToString())]);
            HashSet<PoolMember> before = [.. Before.Select(Key)];
            HashSet<PoolMember> after = [.. Members.Select(Key)];
            return new("update", "members of pool", PoolId, Name,
            [
                .. after.Where(m => !before.Contains(m)).Select(m => ("add", Print(m))),
                .. before.Where(m => !after.Contains(m)).Select(m => ("remove", Print(m))),
            ]);
        }

        private static PoolMember Key(PoolMember member) => member with { Target = member.Target with { SubnetId = null } };

        private static string Print(PoolMember member) => $"{member.Target.Name} {member.Target.Address}:{member.Port}";
    }

    /// <summary>Makes one member, where the provider wants them one by one.</summary>
    public sealed record CreateMember(string LoadBalancerId, string PoolId, string Name, PoolMember Member) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "member of pool", PoolId, Name, [("member", $"{Member.Target.Name} {Member.Target.Address}:{Member.Port}")]);
    }

    /// <summary>Changes one member, where the provider wants them one by one.</summary>
    public sealed record UpdateMember(string LoadBalancerId, string PoolId, string Name, string Id, PoolMember Member) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "member of pool", PoolId, Name, [("member", $"{Member.Target.Name} {Member.Target.Address}:{Member.Port}")]);
    }

    /// <summary>Deletes one member, where the provider wants them one by one.</summary>
    public sealed record DeleteMember(string LoadBalancerId, string PoolId, string Name, string Id, string Address) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "member of pool", PoolId, Name, [("member", Address)]);
    }

    /// <summary>Makes a health monitor.</summary>
    public sealed record CreateMonitor(string LoadBalancerId, string PoolId, HealthMonitorCreate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "health monitor", null, Request.Name, [("type", Request.Type), ("for pool", PoolId)]);
    }

    /// <summary>Changes a health monitor.</summary>
    public sealed record UpdateMonitor(string LoadBalancerId, string Id, string Name, HealthMonitorUpdate Request) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "health monitor", Id, Name, Parts(
            ("name", Request.Name.IsSet ? Request.Name.Value : null),
            ("delay", Request.Delay.IsSet ? $"{Request.Delay.Value.TotalSeconds:0}s" : null),
            ("timeout", Request.Timeout.IsSet ? $"{Request.Timeout.Value.TotalSeconds:0}s" : null),
            ("retries", Request.MaxRetries.IsSet ? $"{Request.MaxRetries.Value}" : null),
            ("retries down", Request.MaxRetriesDown.IsSet ? $"{Request.MaxRetriesDown.Value}" : null)));
    }

    /// <summary>Deletes a health monitor.</summary>
    public sealed record DeleteMonitor(string LoadBalancerId, string PoolId, string Id, string Name) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override string? Locks => LoadBalancerId;

        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "health monitor", Id, Name, []);
    }

    /// <summary>Makes a floating IP that leads to the virtual address. With several subnets, the first that has an address left.</summary>
    public sealed record CreateFloatingIp(FloatingIpCreate Request, EquatableArray<string> SubnetIds) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "floating IP", null, Request.Address ?? "", Parts(
            ("network", Request.NetworkId), ("subnet", SubnetIds.IsEmpty ? null : string.Join(" or ", SubnetIds)), ("for", Request.Description), ("to port", Request.PortId ?? "of the new load balancer")));
    }

    /// <summary>Leads a floating IP to a port, or (<see langword="null"/>) nowhere.</summary>
    public sealed record AssociateFloatingIp(string Id, string Address, string? PortId, string? FixedIpAddress, int Revision) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new(PortId is null ? "take off" : "attach", "floating IP", Id, Address, Parts(("to port", PortId)));
    }

    /// <summary>Deletes a floating IP.</summary>
    public sealed record DeleteFloatingIp(string Id, string Address, string Why) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "floating IP", Id, Address, [("because", Why)]);
    }

    /// <summary>Makes a security group.</summary>
    /// <param name="Request">The request.</param>
    /// <param name="Rules">The rules that it gets next; for printing.</param>
    public sealed record CreateSecurityGroup(SecurityGroupCreate Request, EquatableArray<IngressRule> Rules) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "security group", null, Request.Name, [.. Rules.Select(r => ("let in", r.ToString()))]);
    }

    /// <summary>Adds rules to a security group, in one call.</summary>
    public sealed record CreateSecurityGroupRules(string GroupId, string Name, EquatableArray<IngressRule> Rules) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("create", "rules of security group", GroupId, Name, [.. Rules.Select(r => ("let in", r.ToString()))]);
    }

    /// <summary>Deletes a rule of a security group.</summary>
    public sealed record DeleteSecurityGroupRule(string GroupId, string Name, string RuleId, string Rule) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "rule of security group", RuleId, Name, [("rule", Rule)]);
    }

    /// <summary>Tags a security group.</summary>
    public sealed record TagSecurityGroup(string Id, string Name, EquatableArray<string> Tags) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "security group", Id, Name, [("tags", string.Join(" ", Tags))]);
    }

    /// <summary>Deletes a security group.</summary>
    public sealed record DeleteSecurityGroup(string Id, string Name, string Why) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "security group", Id, Name, [("because", Why)]);
    }

    /// <summary>Deletes a port that Octavia made and forgot.</summary>
    public sealed record DeletePort(string Id, string Name, string Why) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("delete", "port", Id, Name, [("because", Why)]);
    }

    /// <summary>Sets the security groups of a port; only if the port is still at the revision that was seen.</summary>
    public sealed record SetPortSecurityGroups(string PortId, EquatableArray<string> SecurityGroups, int Revision, string GroupName, bool Adds) : LoadBalancerChange
    {
        /// <inheritdoc/>
        public override ChangeDescription Describe() => new("update", "port", PortId, "", [(Adds ? "add security group" : "remove security group", GroupName)]);
    }

    private static ImmutableArray<(string, string)> Parts(params ReadOnlySpan<(string Name, string? Value)> parts)
    {
        var present = ImmutableArray.CreateBuilder<(string, string)>();
        foreach ((string name, string? value) in parts)
        {
            if (value is not null) present.Add((name, value));
        }

        return present.ToImmutable();
    }

    private static string? Seconds(Optional<TimeSpan?> value) => value.IsSet ? $"{value.Value?.TotalMilliseconds:0} ms" : null;
}

/// <summary>A change for people and programs: what is done to which resource.</summary>
/// <param name="Action"><c>create</c>, <c>update</c>, <c>delete</c>, <c>attach</c>, <c>take off</c>.</param>
/// <param name="Resource">The kind of resource.</param>
/// <param name="Id">Its ID, where it has one yet.</param>
/// <param name="Name">Its name or address.</param>
/// <param name="Details">What is set, in order.</param>
public sealed record ChangeDescription(string Action, string Resource, string? Id, string Name, ImmutableArray<(string Name, string Value)> Details)
{
    /// <summary>One line.</summary>
    public override string ToString()
    {
        var line = new StringBuilder($"{Action} {Resource}");
        if (Name.Length > 0) line.Append(' ').Append(Name);
        if (Id is not null) line.Append(" (").Append(Id).Append(')');
        for (int i = 0; i < Details.Length; i++)
        {
            line.Append(i == 0 ? ": " : ", ").Append(Details[i].Name).Append(' ').Append(Details[i].Value);
        }

        return line.ToString();
    }
}
