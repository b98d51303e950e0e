namespace Tenon.OpenStack.Http;

/// <summary>
/// How openstack-cloud-controller-manager names calls in its metrics (<c>request="floating_ip_list"</c>), so that dashboards and alerts made for it go
/// on working.
/// </summary>
internal static class PeerRequestNames
{
    private static readonly Dictionary<string, string> Resources = new(StringComparer.Ordinal)
    {
        ["network.floatingips"] = "floating_ip",
        ["network.extensions"] = "network_extension",
        ["load-balancer.loadbalancers"] = "loadbalancer",
        ["load-balancer.listeners"] = "loadbalancer_listener",
        ["load-balancer.pools"] = "loadbalancer_pool",
        ["load-balancer.members"] = "loadbalancer_member",
        ["load-balancer.healthmonitors"] = "loadbalancer_healthmonitor",
        ["load-balancer.versions"] = "version",
    };

    private static readonly Dictionary<string, string> Verbs = new(StringComparer.Ordinal)
    {
        ["create_bulk"] = "create",
        ["replace"] = "update",
        ["remove"] = "delete",
    };

    /// <summary>The name of an operation such as <c>network.floatingips.list</c>.</summary>
    public static string Of(string operation)
    {
        string[] parts = operation.Split('.');
        if (parts.Length != 3) return operation.Replace('.', '_').Replace('-', '_');
        string resource = Resources.GetValueOrDefault($"{parts[0]}.{parts[1]}") ?? Singular(parts[1]);
        return $"{resource}_{(parts[1] == "versions" ? "list" : Verbs.GetValueOrDefault(parts[2], parts[2]))}";
    }

    private static string Singular(string plural) => plural.EndsWith("ies", StringComparison.Ordinal) ? plural[..^3] + "y" : plural.TrimEnd('s');
}
