using System.Text.RegularExpressions;
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
        ["launched_at"] = s => s.Launched?.UtcTicks.ToString("D20"), ["project_id"] = s => s.ProjectId, ["task_state"] = s => s.TaskState,
        ["updated_at"] = s => s.Updated.UtcTicks.ToString("D20"), ["user_id"] = s => s.UserId, ["uuid"] = s => s.Id, ["vm_state"] = s => s.VmState,
        ["power_state"] = s => s.PowerState.ToString(), ["locked"] = s => s.Locked ? "1" : "0", ["memory_mb"] = s => s.Flavor.Ram.ToString("D9"),
        ["vcpus"] = s => s.Flavor.Vcpus.ToString("D9"), ["root_gb"] = s => s.Flavor.Disk.ToString("D9"),
    };

    public List<Server> Select(ApiRequest request)
    {
        ApiQuery query = request.Query;
        bool all = query["all_tenants"] is { } flag && JsonReading.ParseBoolean(flag.Length == 0 ? "1" : flag) != false;
        if (all && !request.Token.IsAdmin)
            throw ComputeFaults.Policy($"os_compute_api:servers:{(request.Path.EndsWith("/detail", StringComparison.Ordinal) ? "detail" : "index")}:get_all_tenants");
        IEnumerable<Server> servers = all ? state.Servers : state.ServersOf(request.Token.ProjectId);
        if (all && (query["project_id"] ?? query["tenant_id"]) is { } project) servers = servers.Where(s => s.ProjectId == project);
        return [.. Ordered(Filtered(servers, request), query)];
    }

    private IEnumerable<Server> Filtered(IEnumerable<Server> servers, ApiRequest request)
    {
        foreach (IGrouping<string, string> filter in request.Query.Items.GroupBy(i => i.Key, i => i.Value))
        {
            string[] values = [.. filter];
            string value = values[^1];
            switch (filter.Key)
            {
                case "name": servers = Matching(servers, "name", value, s => [s.Name]); break;
                case "hostname" when request.AtLeast(90) || request.Token.IsAdmin: servers = Matching(servers, "hostname", value, s => [s.Hostname]); break;
                case "status": servers = servers.Where(s => values.Any(v => string.Equals(s.Status, v, StringComparison.OrdinalIgnoreCase))); break;
                case "vm_state": servers = servers.Where(s => values.Contains(s.VmState)); break;
                case "task_state": servers = servers.Where(s => values.Contains(s.TaskState)); break;
                case "power_state": servers = servers.Where(s => values.Contains(s.PowerState.ToString())); break;
                case "ip": servers = Matching(servers, "ip", value, s => Addresses(s, v6: false)); break;
                case "ip6": servers = Matching(servers, "ip6", value, s => Addresses(s, v6: true)); break;
                case "uuid": servers = servers.Where(s => values.Contains(s.Id)); break;
                case "image": servers = servers.Where(s => values.Contains(s.ImageId)); break;
                case "flavor": servers = servers.Where(s => values.Contains(s.Flavor.Id)); break;
                case "user_id" when request.Token.IsAdmin: servers = servers.Where(s => values.Contains(s.UserId)); break;
                case "key_name" when request.Token.IsAdmin || request.AtLeast(83): servers = servers.Where(s => values.Contains(s.KeyName)); break;
                case "availability_zone" when request.Token.IsAdmin || request.AtLeast(83): servers = servers.Where(s => values.Contains(s.Zone)); break;
                case "host" or "node" when request.Token.IsAdmin: servers = servers.Where(s => values.Contains(s.Host)); break;
                case "locked" when request.AtLeast(73): servers = servers.Where(s => s.Locked == (JsonReading.ParseBoolean(value) == true)); break;
                case "reservation_id": servers = servers.Where(s => values.Contains(s.ReservationId)); break;
                case "description" when request.AtLeast(19): servers = servers.Where(s => values.Contains(s.Description)); break;
                case "changes-since": servers = Since(servers, value); break;
                case "tags" when request.AtLeast(26): servers = servers.Where(s => value.Split(',').All(s.Tags.Contains)); break;
                case "tags-any" when request.AtLeast(26): servers = servers.Where(s => value.Split(',').Any(s.Tags.Contains)); break;
                case "not-tags" when request.AtLeast(26): servers = servers.Where(s => !value.Split(',').All(s.Tags.Contains)); break;
                case "not-tags-any" when request.AtLeast(26): servers = servers.Where(s => !value.Split(',').Any(s.Tags.Contains)); break;
                case "deleted" when request.Token.IsAdmin && JsonReading.ParseBoolean(value) == true: servers = []; break;
            }
        }

        return servers;
    }

    private static IEnumerable<Server> Since(IEnumerable<Server> servers, string value)
        => DateTimeOffset.TryParse(value, null, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset since)
            ? servers.Where(s => s.Updated >= since)
            : throw ComputeFaults.Bad($"Invalid input for query parameters changes-since. Value: {value}. '{value}' is not a 'date-time'");

    /// <summary>As the database's REGEXP: found anywhere, without regard to case.</summary>
    private static IEnumerable<Server> Matching(IEnumerable<Server> servers, string name, string pattern, Func<Server, IEnumerable<string>> texts)
    {
        Regex regex;
        try
        {
            regex = new Regex(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException)
        {
            throw ComputeFaults.Bad($"Invalid input for query parameters {name}. Value: {pattern}. '{pattern}' is not a 'regex'");
        }

        return servers.Where(s => texts(s).Any(regex.IsMatch));
    }

    private IEnumerable<string> Addresses(Server server, bool v6)
        => networking.PortsOf(server.Id).SelectMany(p => p.Addresses).SelectMany(a => a.FloatingIp is null ? [a.Address] : new[] { a.Address, a.FloatingIp })
            .Where(a => a.Contains(':', StringComparison.Ordinal) == v6);

    private static IEnumerable<Server> Ordered(IEnumerable<Server> servers, ApiQuery query)
    {
        IReadOnlyList<string> keys = query.All("sort_key"), directions = query.All("sort_dir");
        if (keys.Count == 0) keys = ["created_at", "uuid"];
        IOrderedEnumerable<Server>? ordered = null;
        for (int i = 0; i < keys.Count; i++)
        {
            if (!SortKeys.TryGetValue(keys[i], out Func<Server, string?>? key))
            {
                throw ComputeFaults.Bad(
                    $"Invalid input for query parameters sort_key. Value: {keys[i]}. '{keys[i]}' is not one of [{string.Join(", ", SortKeys.Keys.Select(k => $"'{k}'"))}]");
            }

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
