using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Resources;

namespace Tenon.Sandbox.Kubernetes.Objects;

/// <summary>The scale subresource: an autoscaling/v1 Scale read from, and written to, any object that has replicas.</summary>
internal static class Scales
{
    /// <summary>The Scale of an object.</summary>
    public static JsonObject Read(JsonObject document, ScalePaths paths)
    {
        var metadata = new JsonObject();
        foreach (string name in (ReadOnlySpan<string>)["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            if (document.At("metadata", name) is { } value) metadata[name] = value.DeepClone();
        }

        var spec = new JsonObject();
        if (Find(document, paths.SpecReplicas).AsLong() is { } wanted && wanted != 0) spec["replicas"] = wanted;
        var status = new JsonObject { ["replicas"] = Find(document, paths.StatusReplicas).AsLong() ?? 0 };
        if (paths.LabelSelector is not null && Find(document, paths.LabelSelector) is { } selector) status["selector"] = SelectorText(selector);
        return new JsonObject { ["kind"] = "Scale", ["apiVersion"] = "autoscaling/v1", ["metadata"] = metadata, ["spec"] = spec, ["status"] = status };
    }

    /// <summary>A copy of the object with the replicas of a Scale.</summary>
    /// <exception cref="ApiException">422: the number is negative; 400: it is no number.</exception>
    public static JsonObject Write(ObjectTarget target, JsonObject document, JsonObject scale, ScalePaths paths)
    {
        JsonNode? value = scale.At("spec", "replicas");
        if (value is not null && value.AsLong() is null)
        {
            throw ApiException.BadRequest("Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32");
        }

        long replicas = value.AsLong() ?? 0;
        if (replicas < 0)
        {
            throw ApiException.Invalid("autoscaling", "Scale", target.Name, [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
        }

        JsonObject copy = document.Copy();
        string[] path = paths.SpecReplicas.Split('.');
        JsonObject parent = copy;
        foreach (string step in path[..^1]) parent = parent.Ensure(step);
        parent[path[^1]] = replicas;
        return copy;
    }

    /// <summary>A selector as text: a string as it is, a plain map or a LabelSelector in the form that <c>labelSelector</c> takes.</summary>
    public static string SelectorText(JsonNode selector)
    {
        if (selector.AsText() is { } text) return text;
        bool structured = selector["matchLabels"] is JsonObject || selector["matchExpressions"] is JsonArray;
        IEnumerable<string> equal = (structured ? selector.Map("matchLabels") : selector.Map()).OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}={p.Value}");
        IEnumerable<string> expressions = selector.Objects("matchExpressions").Select(e => (e.Text("operator"), string.Join(",", e.Texts("values").Order(StringComparer.Ordinal))) switch
        {
            ("In", var values) => $"{e.Text("key")} in ({values})",
            ("NotIn", var values) => $"{e.Text("key")} notin ({values})",
            ("Exists", _) => e.Text("key")!,
            _ => "!" + e.Text("key"),
        });
        return string.Join(",", equal.Concat(expressions));
    }

    private static JsonNode? Find(JsonObject document, string path) => document.At(path.Split('.'));
}
