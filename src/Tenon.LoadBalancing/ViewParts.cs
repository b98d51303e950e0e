namespace Tenon.LoadBalancing;

/// <summary>The bulk lists that a <see cref="LoadBalancerView"/> is made of.</summary>
[Flags]
public enum ViewParts
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Load balancers: one list.</summary>
    LoadBalancers = 1,

    /// <summary>Listeners, pools, health monitors: three lists.</summary>
    Trees = 2,

    /// <summary>Floating IPs: one list.</summary>
    FloatingIps = 4,

    /// <summary>Security groups: one list.</summary>
    SecurityGroups = 8,

    /// <summary>Ports of servers: one list.</summary>
    Ports = 16,

    /// <summary>All of them.</summary>
    All = LoadBalancers | Trees | FloatingIps | SecurityGroups | Ports,
}
