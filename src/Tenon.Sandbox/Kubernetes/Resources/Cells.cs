using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>What table cells show, as kubectl prints it.</summary>
internal static class Cells
{
    /// <summary>The time since a timestamp: <c>35m</c>, <c>4h12m</c>, <c>6d</c>.</summary>
    public static string Age(string? timestamp, DateTimeOffset now)
    {
        if (timestamp is null || !DateTimeOffset.TryParse(timestamp, out DateTimeOffset then)) return "<unknown>";
        return Duration(now - then);
    }

    /// <summary>A duration in at most two units.</summary>
    public static string Duration(TimeSpan span)
    {
        long seconds = (long)span.TotalSeconds;
        if (seconds < -1) return "<invalid>";
        if (seconds < 0) return "0s";
        if (seconds < 120) return $"{seconds}s";
        long minutes = seconds / 60;
        if (minutes < 10) return seconds % 60 == 0 ? $"{minutes}m" : $"{minutes}m{seconds % 60}s";
        if (minutes < 180) return $"{minutes}m";
        long hours = minutes / 60;
        if (hours < 8) return minutes % 60 == 0 ? $"{hours}h" : $"{hours}h{minutes % 60}m";
        if (hours < 48) return $"{hours}h";
        long days = hours / 24;
        if (days < 8) return hours % 24 == 0 ? $"{days}d" : $"{days}d{hours % 24}h";
        if (days < 365 * 2) return $"{days}d";
        long years = days / 365;
        return years < 8 && days % 365 != 0 ? $"{years}y{days % 365}d" : $"{years}y";
    }

    /// <summary>The age of an object.</summary>
    public static string AgeOf(JsonObject document, DateTimeOffset now) => Age(document.Text("metadata", "creationTimestamp"), now);

    /// <summary><c>a=b,c=d</c>, or <c>&lt;none&gt;</c>.</summary>
    public static string Pairs(JsonNode? map)
        => map is JsonObject { Count: > 0 } pairs ? string.Join(",", pairs.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value.AsText()}")) : "<none>";

    /// <summary>A label selector, structured or plain.</summary>
    public static string Selector(JsonNode? selector)
        => selector is null ? "<none>" : Objects.Scales.SelectorText(selector) is { Length: > 0 } text ? text : "<none>";

    /// <summary>The names or the images of containers.</summary>
    public static string Containers(JsonNode? podSpec, string field) => string.Join(",", podSpec.Objects("containers").Select(c => c.Text(field) ?? ""));

    /// <summary>A node's STATUS.</summary>
    public static string NodeStatus(JsonObject node)
    {
        string? ready = node.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Ready")?.Text("status");
        string text = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return node.Bool("spec", "unschedulable") == true ? text + ",SchedulingDisabled" : text;
    }

    /// <summary>A node's ROLES, from its labels.</summary>
    public static string NodeRoles(JsonObject node)
    {
        const string prefix = "node-role.kubernetes.io/";
        string[] roles = [.. node.Map("metadata", "labels").Select(l => l.Key.StartsWith(prefix, StringComparison.Ordinal) ? l.Key[prefix.Length..]
            : l.Key == "kubernetes.io/role" ? l.Value : "").Where(r => r.Length > 0).Order(StringComparer.Ordinal)];
        return roles.Length == 0 ? "<none>" : string.Join(",", roles);
    }

    /// <summary>A node's first address of a type.</summary>
    public static string NodeAddress(JsonObject node, string type)
        => node.Objects("status", "addresses").FirstOrDefault(a => a.Text("type") == type)?.Text("address") ?? "<none>";

    /// <summary>A pod's STATUS.</summary>
    public static string PodStatus(JsonObject pod)
    {
        string text = pod.Text("status", "reason") ?? pod.Text("status", "phase") ?? "Unknown";
        foreach (JsonObject container in pod.Objects("status", "containerStatuses").Reverse())
        {
            string? why = container.Text("state", "waiting", "reason") ?? container.Text("state", "terminated", "reason");
            if (!string.IsNullOrEmpty(why)) text = why;
        }

        return pod.At("metadata", "deletionTimestamp") is null ? text : "Terminating";
    }

    /// <summary>A Service's EXTERNAL-IP.</summary>
    public static string ExternalIps(JsonObject service, bool wide)
    {
        string[] external = [.. service.Texts("spec", "externalIPs")];
        switch (service.Text("spec", "type"))
        {
            case "ExternalName":
                return service.Text("spec", "externalName") ?? "<none>";
            case "LoadBalancer":
                string[] ingress = [.. service.Objects("status", "loadBalancer", "ingress").Select(i => i.Text("ip") ?? i.Text("hostname") ?? "").Where(i => i.Length > 0)];
                string all = string.Join(",", ingress);
                if (!wide && all.Length > 16) all = all[..13] + "...";
                return external.Length > 0 ? string.Join(",", external.Prepend(all).Where(a => a.Length > 0)) : all.Length > 0 ? all : "<pending>";
            default:
                return external.Length > 0 ? string.Join(",", external) : "<none>";
        }
    }

    /// <summary>A Service's PORT(S).</summary>
    public static string Ports(JsonObject service)
    {
        string[] ports = [.. service.Objects("spec", "ports").Select(p => p.Long("nodePort") is > 0 and var node
            ? $"{p.Long("port")}:{node}/{p.Text("protocol")}" : $"{p.Long("port")}/{p.Text("protocol")}")];
        return ports.Length == 0 ? "<none>" : string.Join(",", ports);
    }

    /// <summary>The addresses behind an Endpoints object.</summary>
    public static string Endpoints(JsonObject endpoints)
    {
        string[] all = [.. endpoints.Objects("subsets").SelectMany(s => s.Objects("addresses").SelectMany(a => s.Objects("ports").Select(p => $"{a.Text("ip")}:{p.Long("port")}")
            .DefaultIfEmpty(a.Text("ip") ?? "")))];
        return Some(all, 3);
    }

    /// <summary>The first of some values, and how many more there are.</summary>
    public static string Some(IReadOnlyList<string> values, int most)
    {
        if (values.Count == 0) return "<none>";
        string shown = string.Join(",", values.Take(most));
        return values.Count <= most ? shown : $"{shown} + {values.Count - most} more...";
    }
}
