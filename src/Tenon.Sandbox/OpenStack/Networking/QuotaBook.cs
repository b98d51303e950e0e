using System.Collections.Immutable;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>Limits by project and resource.</summary>
internal sealed class QuotaBook
{
    private readonly Dictionary<string, Dictionary<string, int>> _limits = new(StringComparer.Ordinal);

    /// <summary>The limits of a project that has none of its own: a generous cloud's.</summary>
    public static ImmutableArray<KeyValuePair<string, int>> Defaults { get; } =
    [
        new("network", 1000), new("subnet", 1000), new("subnetpool", -1), new("port", 5000), new("router", 200), new("floatingip", 1000),
        new("rbac_policy", 10), new("security_group", 2000), new("security_group_rule", 20000), new("trunk", -1),
    ];

    /// <summary>The projects that have limits of their own.</summary>
    public IEnumerable<string> Projects => _limits.Keys;

    public int Limit(string projectId, string resource)
        => _limits.TryGetValue(projectId, out Dictionary<string, int>? own) && own.TryGetValue(resource, out int limit)
            ? limit
            : Defaults.First(d => d.Key == resource).Value;

    public void Set(string projectId, string resource, int limit)
    {
        if (!_limits.TryGetValue(projectId, out Dictionary<string, int>? own)) _limits[projectId] = own = [];
        own[resource] = limit;
    }

    public bool Reset(string projectId) => _limits.Remove(projectId);

    /// <summary>Refuses what would exceed a project's limit.</summary>
    public void Check(string projectId, string resource, Func<int> used, int more = 1)
    {
        int limit = Limit(projectId, resource);
        if (limit >= 0 && used() + more > limit) throw Faults.OverQuota(resource);
    }
}
