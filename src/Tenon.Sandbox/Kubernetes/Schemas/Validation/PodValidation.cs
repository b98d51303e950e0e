using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks the specs of pods.</summary>
internal static class PodValidation
{
    private const string UpdateRule = "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
        + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
        + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    private static readonly string[] ProbeHandlers = ["exec", "httpGet", "tcpSocket", "grpc"];

    /// <summary>Checks the spec of a pod or a template.</summary>
    public static void CheckSpec(JsonObject spec, string path, List<FieldError> errors)
    {
        HashSet<string> volumes = [], names = [];
        int v = 0;
        foreach (JsonObject volume in spec.Objects("volumes"))
        {
            string name = volume.Text("name") ?? string.Empty;
            string where = $"{path}.volumes[{v++}]";
            if (NameRules.DnsLabel(name) is string wrong && name.Length > 0) errors.Add(FieldError.Invalid($"{where}.name", name, wrong));
            if (!volumes.Add(name)) errors.Add(FieldError.Duplicate($"{where}.name", name));
            if (volume.Count > 2) errors.Add(FieldError.Forbidden(where, "may not specify more than 1 volume type"));
        }

        if (spec["containers"] is not JsonArray { Count: > 0 } && !errors.Exists(e => e.Field == $"{path}.containers"))
            errors.Add(FieldError.Required($"{path}.containers"));
        foreach (string list in new[] { "initContainers", "containers" })
        {
            int c = 0;
            foreach (JsonObject container in spec.Objects(list)) CheckContainer(container, $"{path}.{list}[{c++}]", volumes, names, errors);
        }

        if (spec.Long("terminationGracePeriodSeconds") is < 0 and long grace)
            errors.Add(FieldError.Invalid($"{path}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0"));
        MetadataValidation.CheckLabels(spec.Object("nodeSelector"), $"{path}.nodeSelector", errors);
        CheckTolerations(spec, path, errors);
    }

    /// <summary>Checks that an update changes nothing that is fixed once a pod exists.</summary>
    public static void CheckUpdate(JsonObject spec, JsonObject old, List<FieldError> errors)
    {
        JsonObject now = spec.Copy(), before = old.Copy();
        foreach (JsonObject side in new[] { now, before })
        {
            foreach (string list in new[] { "containers", "initContainers" })
            {
                foreach (JsonObject container in side.Objects(list)) container.Remove("image");
            }

            foreach (string free in new[] { "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates", "ephemeralContainers" }) side.Remove(free);
            if (string.IsNullOrEmpty(old.Text("nodeName"))) side.Remove("nodeName");
        }

        if (!JsonNode.DeepEquals(now, before)) errors.Add(FieldError.Forbidden("spec", UpdateRule));
    }

    private static void CheckContainer(JsonObject container, string path, HashSet<string> volumes, HashSet<string> names, List<FieldError> errors)
    {
        string name = container.Text("name") ?? string.Empty;
        if (name.Length > 0 && NameRules.DnsLabel(name) is string wrong) errors.Add(FieldError.Invalid($"{path}.name", name, wrong));
        else if (name.Length > 0 && !names.Add(name)) errors.Add(FieldError.Duplicate($"{path}.name", name));
        if (string.IsNullOrEmpty(container.Text("image"))) errors.Add(FieldError.Required($"{path}.image"));
        HashSet<string> portNames = [];
        int p = 0;
        foreach (JsonObject port in container.Objects("ports"))
        {
            string where = $"{path}.ports[{p++}]";
            Ports.Check(port.Long("containerPort") ?? 0, $"{where}.containerPort", errors);
            if (port.Long("hostPort") is not (null or 0) and long host) Ports.Check(host, $"{where}.hostPort", errors);
            if (port.Text("name") is not { Length: > 0 } portName) continue;
            if (Ports.Name(portName) is string fault) errors.Add(FieldError.Invalid($"{where}.name", portName, fault));
            else if (!portNames.Add(portName)) errors.Add(FieldError.Duplicate($"{where}.name", portName));
        }

        int m = 0;
        HashSet<string> paths = [];
        foreach (JsonObject mount in container.Objects("volumeMounts"))
        {
            string where = $"{path}.volumeMounts[{m++}]";
            if (mount.Text("name") is string volume && !volumes.Contains(volume)) errors.Add(FieldError.NotFound($"{where}.name", volume));
            if (mount.Text("mountPath") is string at && !paths.Add(at)) errors.Add(FieldError.Invalid($"{where}.mountPath", at, "must be unique"));
        }

        CheckResources(container, path, errors);
        foreach (string probe in new[] { "livenessProbe", "readinessProbe", "startupProbe" })
        {
            if (container.Object(probe) is not JsonObject given) continue;
            int handlers = ProbeHandlers.Count(h => given[h] is not null);
            if (handlers == 0) errors.Add(FieldError.Required($"{path}.{probe}", "must specify a handler type"));
            if (given.Object("httpGet") is JsonObject http) Ports.CheckTarget(http["port"], $"{path}.{probe}.httpGet.port", errors);
            if (given.Object("tcpSocket") is JsonObject tcp) Ports.CheckTarget(tcp["port"], $"{path}.{probe}.tcpSocket.port", errors);
        }
    }

    private static void CheckResources(JsonObject container, string path, List<FieldError> errors)
    {
        JsonObject limits = container.Object("resources", "limits") ?? [];
        foreach ((string name, JsonNode? amount) in container.Object("resources", "requests") ?? [])
        {
            if (limits[name] is not JsonNode limit || amount is null) continue;
            if (Quantity.TryParse(amount.ToString(), out Quantity wanted) && Quantity.TryParse(limit.ToString(), out Quantity most) && wanted > most)
                errors.Add(FieldError.Invalid($"{path}.resources.requests", amount.ToString(), $"must be less than or equal to {name} limit of {limit}"));
        }
    }

    private static void CheckTolerations(JsonObject spec, string path, List<FieldError> errors)
    {
        int i = 0;
        foreach (JsonObject toleration in spec.Objects("tolerations"))
        {
            string where = $"{path}.tolerations[{i++}]";
            if (string.IsNullOrEmpty(toleration.Text("key")) && toleration.Text("operator") != "Exists")
                errors.Add(FieldError.Invalid($"{where}.operator", toleration.Text("operator") ?? string.Empty, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
            if (toleration.Text("operator") == "Exists" && !string.IsNullOrEmpty(toleration.Text("value")))
                errors.Add(FieldError.Invalid($"{where}.operator", toleration["operator"], "value must be empty when `operator` is 'Exists'"));
        }
    }
}
