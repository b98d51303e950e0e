using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>Which servers a list's query selects, and in which order.</summary>
internal sealed class ServerListing(ComputeState state, INetworkingForCompute networking)
{
    private static readonly Dictionary<string, Func<Server, string?>> SortKeys = new(StringComparer.Ordinal)
    {
        ["access_ip_v4"] = s => s.AccessIPv4, ["access_ip_v6"] = s => s.AccessIPv6, ["availability_zone"] = s => s.Zone,
        ["created_at"] = s => s.Created.UtcTicks.ToString("D20"), ["display_name"] = s => s.Name, ["display_description"] = s => s.Description,
        ["host"] = s => s.Host, ["hostname"] = s => s.Hostname, ["image_ref"] = s => s.ImageId, ["key_name"] = s => s.KeyName,
        ["launched_at"] = s => s.Launched?.UtcTicks.ToString("D20"), ["node"] = s => s.Host, ["project_id"] = s => s.ProjectId, ["task_state"] = s => s.TaskState,
        ["updated_at"] = s => s.Updated.UtcTicks.ToString("D20"), ["user_id"] = s => s.UserId, ["uuid"] = s => s.Id, ["vm_state"] = s => s.VmState,
        ["power_state"] = s => s.PowerState.ToString(), ["locked"] = s => s.Locked ? "1" : "0", ["memory_mb"] = s => s.Flavor.Ram.ToString("D9"),
        ["vcpus"] = s => s.Flavor.Vcpus.ToString("D9"), ["root_gb"] = s => s.Flavor.Disk.ToString("D9"),
    };

    private readonly ServerFilters _filters = new(networking);

    public List<Server> Select(ApiRequest request)
    {
        Dictionary<string, string[]> filters = ServerFilters.Of(request);
        IEnumerable<Server>? servers = WithStatus(state.Servers, filters, request);
        if (servers is null) return [];
        if (filters.TryGetValue("changes-since", out string[]? since) && filters.TryGetValue("changes-before", out string[]? before)
            && DateTimeOffset.Parse(since[^1]) > DateTimeOffset.Parse(before[^1]))
            throw ComputeFaults.Bad("The value of changes-since must be less than or equal to changes-before.");
        bool all = filters.TryGetValue("all_tenants", out string[]? flag) && ServerFilters.Strictly(flag[^1]);
        if (all && !request.Token.IsAdmin)
            throw ComputeFaults.Policy($"os_compute_api:servers:{(request.Path.EndsWith("/detail", StringComparison.Ordinal) ? "detail" : "index")}:get_all_tenants");
        string? project = !all ? request.Token.ProjectId : (filters.GetValueOrDefault("project_id") ?? filters.GetValueOrDefault("tenant_id"))?[^1];
        if (!all || project is not null) servers = servers.Where(s => s.ProjectId == project);
        return [.. Ordered(_filters.Apply(servers, filters, request), request)];
    }

    /// <summary>
    /// Keeps the status asked for, and brings in deleted servers where they are wanted: an administrator's <c>deleted</c> and status DELETED, and
    /// for everybody what changed since or before a time.
    /// </summary>
    private IEnumerable<Server>? WithStatus(IEnumerable<Server> existing, Dictionary<string, string[]> filters, ApiRequest request)
    {
        bool changes = filters.ContainsKey("changes-since") || filters.ContainsKey("changes-before");
        bool deleted = filters.TryGetValue("deleted", out string[]? flag) && JsonReading.ParseBoolean(flag[^1]) == true;
        IEnumerable<Server> servers = deleted ? state.Deleted : changes ? existing.Concat(state.Deleted) : existing;
        if (!filters.TryGetValue("status", out string[]? statuses)) return servers;
        (var states, var tasks) = ServerStatuses.Behind(statuses);
        if (states.IsEmpty) return request.AtLeast(38) ? throw ComputeFaults.Bad("Invalid status value") : null;
        if (states is [VmStates.Deleted])
        {
            if (!request.Token.IsAdmin) throw new ApiFault(403, "Only administrators may list deleted instances");
            servers = state.Deleted;
        }

        return servers.Where(s => states.Contains(s.VmState) && (tasks.IsEmpty || tasks.Contains(s.TaskState ?? "")));
    }

    private static IEnumerable<Server> Ordered(IEnumerable<Server> servers, ApiRequest request)
    {
        IReadOnlyList<string> keys = request.Query.All("sort_key"), directions = request.Query.All("sort_dir");
        if (directions.Any(d => d is not ("asc" or "desc"))) throw ComputeFaults.Bad("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'");
        if (keys.Count == 0) keys = ["created_at", "uuid"];
        IOrderedEnumerable<Server>? ordered = null;
        for (int i = 0; i < keys.Count; i++)
        {
            if (!SortKeys.TryGetValue(keys[i], out Func<Server, string?>? key))
            {
                throw ComputeFaults.Bad(
                    $"Invalid input for query parameters sort_key. Value: {keys[i]}. '{keys[i]}' is not one of {Python.Repr(SortKeys.Keys)}");
            }

            if (keys[i] is "host" or "node" && !request.Token.IsAdmin) throw new ApiFault(403, $"Only administrators can sort servers by {keys[i]}");
            string direction = i < directions.Count ? directions[i] : directions.Count > 0 ? directions[^1] : "desc";
            ordered = (ordered, direction) switch
            {
                (null, "asc") => servers.OrderBy(key, StringComparer.Ordinal),
                (null, _) => servers.OrderByDescending(key, StringComparer.Ordinal),
                ({ } o, "asc") => o.ThenBy(key, StringComparer.Ordinal),
                ({ } o, _) => o.ThenByDescending(key, StringComparer.Ordinal),
            };
        }

        return ordered!;
    }
}
