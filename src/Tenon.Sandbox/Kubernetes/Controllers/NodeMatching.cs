using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Whether a pod may run on a node.</summary>
internal static class NodeMatching
{
    /// <summary>The first taint that keeps a pod off a node; null where none does.</summary>
    public static JsonObject? BlockingTaint(StoredObject node, IEnumerable<JsonObject> tolerations)
    {
        List<JsonObject> tolerated = [.. tolerations];
        return node.Document.Objects("spec", "taints").FirstOrDefault(t => t.Text("effect") is "NoSchedule" or "NoExecute" && !tolerated.Exists(o => Tolerates(o, t)));
    }

    /// <summary>Whether a toleration covers a taint.</summary>
    public static bool Tolerates(JsonObject toleration, JsonObject taint)
    {
        if (toleration.Text("effect") is { Length: > 0 } effect && effect != taint.Text("effect")) return false;
        if (toleration.Text("key") is { Length: > 0 } key && key != taint.Text("key")) return false;
        return toleration.Text("operator") == "Exists" || (toleration.Text("value") ?? "") == (taint.Text("value") ?? "");
    }

    /// <summary>Whether the selector and the required affinity of a pod's spec allow a node.</summary>
    public static bool Selects(JsonObject spec, StoredObject node)
    {
        foreach ((string key, string value) in spec.Map("nodeSelector"))
        {
            if (node.Labels.GetValueOrDefault(key) != value) return false;
        }

        List<JsonObject> terms = [.. spec.Objects("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")];
        return terms.Count == 0 || terms.Exists(t => t.Objects("matchExpressions").All(e => Fits(e, node.Labels.GetValueOrDefault(e.Text("key") ?? "")))
            && t.Objects("matchFields").All(e => Fits(e, e.Text("key") == "metadata.name" ? node.Key.Name : null)));
    }

    private static bool Fits(JsonObject requirement, string? actual)
    {
        List<string> values = [.. requirement.Texts("values")];
        return requirement.Text("operator") switch
        {
            "In" => actual is not null && values.Contains(actual),
            "NotIn" => actual is null || !values.Contains(actual),
            "Exists" => actual is not null,
            "DoesNotExist" => actual is null,
            "Gt" => long.TryParse(actual, out long more) && values.Count == 1 && long.TryParse(values[0], out long low) && more > low,
            "Lt" => long.TryParse(actual, out long less) && values.Count == 1 && long.TryParse(values[0], out long high) && less < high,
            _ => false,
        };
    }
}
