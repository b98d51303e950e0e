using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>
/// The filters of a list of servers. A member's unknown ones are dropped without a word, which ones those are depends on the microversion; an
/// administrator has all. From 2.75 on a parameter that nobody knows is refused.
/// </summary>
internal sealed class ServerFilters(INetworkingForCompute networking)
{
    private static readonly ImmutableArray<string> Paging = ["limit", "marker", "page_size", "sort_key", "sort_dir"];

    private static readonly ImmutableArray<string> Joined =
        ["block_device_mapping", "services", "metadata", "system_metadata", "info_cache", "security_groups", "pci_devices"];

    private static readonly ImmutableArray<string> Patterns =
    [
        "kernel_id", "ramdisk_id", "hostname", "key_name", "power_state", "node", "flavor", "reservation_id", "launched_at", "terminated_at", "availability_zone",
        "name", "display_name", "description", "display_description", "locked_by", "root_device_name", "config_drive", "access_ip_v4", "access_ip_v6",
        "auto_disk_config", "progress", "ip", "ip6", "created_at", "tags", "tags-any", "not-tags", "not-tags-any",
    ];

    private static readonly ImmutableArray<string> Others =
    [
        "user_id", "project_id", "tenant_id", "launch_index", "image_ref", "image", "vm_state", "task_state", "host", "uuid", "all_tenants", "soft_deleted",
        "deleted", "status", "changes-since", "changes-before", "locked",
    ];

    /// <summary>What a member may filter by, and since which microversion.</summary>
    private static readonly ImmutableArray<(int Since, string[] Names)> Members =
    [
        (1, ["reservation_id", "name", "status", "image", "flavor", "ip", "changes-since", "all_tenants"]), (5, ["ip6"]),
        (26, ["tags", "tags-any", "not-tags", "not-tags-any"]), (66, ["changes-before"]), (73, ["locked"]),
        (83, ["availability_zone", "config_drive", "key_name", "created_at", "launched_at", "terminated_at", "power_state", "task_state", "vm_state", "progress", "user_id"]),
        (90, ["hostname"]),
    ];

    /// <summary>The filters that count for this request, by name, their values in order.</summary>
    /// <exception cref="ApiFault">One is malformed (400).</exception>
    public static Dictionary<string, string[]> Of(ApiRequest request)
    {
        Check(request);
        string[] allowed = [.. Members.Where(m => request.AtLeast(m.Since)).SelectMany(m => m.Names)];
        var filters = request.Query.Items
            .Where(i => request.Token.IsAdmin ? !Paging.Contains(i.Key) : allowed.Contains(i.Key))
            .GroupBy(i => i.Key, i => i.Value).ToDictionary(g => g.Key, g => g.ToArray(), StringComparer.Ordinal);
        if (filters.Keys.FirstOrDefault(k => Joined.Contains(k) || k.StartsWith('_')) is { } field) throw ComputeFaults.Bad($"Invalid filter field: {field}.");
        return filters;
    }

    /// <summary>A truth as Nova reads it strictly; nothing is true.</summary>
    public static bool Strictly(string value)
    {
        if (value.Length == 0) return true;
        return JsonReading.ParseBoolean(value) ?? throw ComputeFaults.Bad(
            $"Unrecognized value '{value}', acceptable values are: '0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'");
    }

    /// <summary>Keeps what the filters select, status and tenancy apart.</summary>
    public IEnumerable<Server> Apply(IEnumerable<Server> servers, Dictionary<string, string[]> filters, ApiRequest request)
    {
        foreach ((string name, string[] values) in filters)
        {
            string value = values[^1];
            switch (name)
            {
                case "name" or "display_name": servers = Matching(servers, name, value, s => [s.Name]); break;
                case "hostname": servers = Matching(servers, name, value, s => [s.Hostname]); break;
                case "vm_state": servers = servers.Where(s => values.Contains(s.VmState)); break;
                case "task_state": servers = servers.Where(s => values.Contains(s.TaskState)); break;
                case "power_state": servers = servers.Where(s => values.Contains(s.PowerState.ToString(CultureInfo.InvariantCulture))); break;
                case "ip": servers = Matching(servers, name, value, s => Addresses(s, v6: false)); break;
                case "ip6": servers = Matching(servers, name, value, s => Addresses(s, v6: true)); break;
                case "uuid": servers = servers.Where(s => values.Contains(s.Id)); break;
                case "image": servers = servers.Where(s => values.Contains(s.ImageId)); break;
                case "flavor": servers = servers.Where(s => values.Contains(s.Flavor.Id)); break;
                case "user_id": servers = servers.Where(s => values.Contains(s.UserId)); break;
                case "key_name": servers = servers.Where(s => values.Contains(s.KeyName)); break;
                case "availability_zone": servers = servers.Where(s => values.Contains(s.Zone)); break;
                case "host" or "node": servers = servers.Where(s => values.Contains(s.Host)); break;
                case "config_drive": servers = servers.Where(s => s.ConfigDrive == Strictly(value)); break;
                case "locked": servers = servers.Where(s => s.Locked == Strictly(value)); break;
                case "reservation_id": servers = servers.Where(s => values.Contains(s.ReservationId)); break;
                case "changes-since": servers = servers.Where(s => s.Updated >= Time(value)); break;
                case "changes-before": servers = servers.Where(s => s.Updated <= Time(value)); break;
                case "tags" when request.AtLeast(26): servers = servers.Where(s => value.Split(',').All(s.Tags.Contains)); break;
                case "tags-any" when request.AtLeast(26): servers = servers.Where(s => value.Split(',').Any(s.Tags.Contains)); break;
                case "not-tags" when request.AtLeast(26): servers = servers.Where(s => !value.Split(',').All(s.Tags.Contains)); break;
                case "not-tags-any" when request.AtLeast(26): servers = servers.Where(s => !value.Split(',').Any(s.Tags.Contains)); break;
            }
        }

        return servers;
    }

    private static void Check(ApiRequest request)
    {
        foreach ((string name, string value) in request.Query.Items)
        {
            if (Patterns.Contains(name)) Compiled(name, value);
            if (name is "changes-since" || (name is "changes-before" && request.AtLeast(66))) Time(value, name);
            bool known = Paging.Contains(name) || Joined.Contains(name) || Patterns.Contains(name) || Others.Contains(name) || name.StartsWith('_');
            if (!known && request.AtLeast(75)) throw ComputeFaults.Bad($"'{name}' does not match any of the regexes: '^_'");
        }
    }

    private static DateTimeOffset Time(string value, string name = "")
        => DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw ComputeFaults.Bad($"Invalid input for query parameters {name}. Value: {value}. '{value}' is not a 'date-time'");

    private static Regex Compiled(string name, string pattern)
    {
        try
        {
            if (pattern.Length > 0) return new Regex(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        }
        catch (ArgumentException)
        {
            // Worded below, as an empty one is.
        }

        throw ComputeFaults.Bad($"Invalid input for query parameters {name}. Value: {pattern}. '{pattern}' is not a 'regex'");
    }

    /// <summary>As the database's REGEXP: found anywhere, without regard to case.</summary>
    private static IEnumerable<Server> Matching(IEnumerable<Server> servers, string name, string pattern, Func<Server, IEnumerable<string>> texts)
    {
        Regex regex = Compiled(name, pattern);
        return servers.Where(s => texts(s).Any(regex.IsMatch));
    }

    private IEnumerable<string> Addresses(Server server, bool v6)
        => networking.PortsOf(server.Id).SelectMany(p => p.Addresses).SelectMany(a => a.FloatingIp is null ? [a.Address] : new[] { a.Address, a.FloatingIp })
            .Where(a => a.Contains(':', StringComparison.Ordinal) == v6);
}
