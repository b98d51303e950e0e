using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks built-in kinds as the real server does, as far as that needs no other object.</summary>
internal static class BuiltInValidation
{
    private const string ConfigKey = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', "
        + "regex used for validation is '[-._a-zA-Z0-9]+')";

    /// <summary>The problems of a defaulted object.</summary>
    public static IReadOnlyList<FieldError> Validate(GroupVersionKind kind, TypeSchema type, JsonObject value, JsonObject? old)
    {
        // Reviews and other requests are answered, never stored: they have no metadata of their own.
        if (kind.Group is "authentication.k8s.io" or "authorization.k8s.io" || kind.Kind is "Binding" or "Eviction" or "Scale") return [];
        List<FieldError> errors = [.. MetadataValidation.Validate(value, old, NameRule(kind), IsNamespaced(kind))];
        MetadataValidation.CheckFinalizers(value, errors);
        if (type.Fields.TryGetValue("spec", out FieldSchema? spec) && value["spec"] is JsonNode given) TypeValidation.Check(spec.Type, given, "spec", errors);

        // Taints have words of their own.
        if (kind is { Group: "", Kind: "Node" }) errors.RemoveAll(e => e.Field.StartsWith("spec.taints", StringComparison.Ordinal));
        Check(kind, value, old, errors);
        return [.. errors];
    }

    private static void Check(GroupVersionKind kind, JsonObject value, JsonObject? old, List<FieldError> errors)
    {
        JsonObject spec = value.Object("spec") ?? [];
        switch (kind.Group, kind.Kind)
        {
            case ("", "Pod"):
                PodValidation.CheckSpec(spec, "spec", errors);
                if (old.Object("spec") is JsonObject before) PodValidation.CheckUpdate(spec, before, errors);
                break;
            case ("", "Node"):
                NodeValidation.Check(spec, errors);
                break;
            case ("", "Service"):
                ServiceValidation.Check(spec, old.Object("spec"), errors);
                ServiceValidation.CheckStatus(value, errors);
                break;
            case ("", "ConfigMap"):
                CheckKeys(value, ["data", "binaryData"], errors);
                CheckImmutable(value, old, ["data", "binaryData"], errors);
                break;
            case ("", "Secret"):
                CheckKeys(value, ["data"], errors);
                CheckImmutable(value, old, ["data"], errors);
                if (old is not null) CheckUnchanged(value, old, "type", "field is immutable", errors);
                break;
            case ("", "ReplicationController"):
                WorkloadValidation.CheckController(spec, errors);
                break;
            case ("", "Endpoints"):
                CheckEndpoints(value, errors);
                break;
            case ("discovery.k8s.io", "EndpointSlice"):
                CheckSlice(value, old, errors);
                break;
            case ("apps", "Deployment" or "ReplicaSet" or "DaemonSet" or "StatefulSet"):
                WorkloadValidation.CheckApps(kind.Kind, spec, old.Object("spec"), errors);
                break;
            case ("batch", "Job"):
                WorkloadValidation.CheckJob(spec, "spec", errors);
                break;
            case ("batch", "CronJob"):
                if (spec.Object("jobTemplate", "spec") is JsonObject job) WorkloadValidation.CheckJob(job, "spec.jobTemplate.spec", errors);
                if (string.IsNullOrEmpty(spec.Text("schedule"))) errors.Add(FieldError.Required("spec.schedule"));
                break;
            case ("rbac.authorization.k8s.io", "Role" or "ClusterRole"):
                CheckRules(value, errors);
                break;
            case ("rbac.authorization.k8s.io", _):
                CheckBinding(value, old, errors);
                break;
            case ("coordination.k8s.io", "Lease"):
                if (spec.Long("leaseDurationSeconds") is <= 0 and long seconds)
                    errors.Add(FieldError.Invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
                if (spec.Long("leaseTransitions") is < 0 and long transitions)
                    errors.Add(FieldError.Invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
                break;
            case ("apiextensions.k8s.io", _):
                CheckDefinition(value, spec, errors);
                break;
        }
    }

    private static Func<string, string?> NameRule(GroupVersionKind kind) => (kind.Group, kind.Kind) switch
    {
        ("", "Service") => NameRules.Dns1035Label,
        ("", "Namespace") => NameRules.DnsLabel,
        ("rbac.authorization.k8s.io", _) => NameRules.PathSegment,
        _ => NameRules.DnsSubdomain,
    };

    private static bool IsNamespaced(GroupVersionKind kind) => (kind.Group, kind.Kind) switch
    {
        ("", "Node" or "Namespace" or "PersistentVolume") => false,
        ("rbac.authorization.k8s.io", "ClusterRole" or "ClusterRoleBinding") => false,
        ("storage.k8s.io", "CSIStorageCapacity") => true,
        ("networking.k8s.io", "IngressClass") => false,
        ("storage.k8s.io" or "scheduling.k8s.io" or "node.k8s.io" or "admissionregistration.k8s.io" or "apiextensions.k8s.io" or "certificates.k8s.io", _) => false,
        _ => true,
    };

    private static void CheckKeys(JsonObject value, string[] maps, List<FieldError> errors)
    {
        foreach (string map in maps)
        {
            foreach ((string key, _) in value.Object(map) ?? [])
            {
                if (key.Length is 0 or > 253 || key.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '.' or '_')))
                    errors.Add(FieldError.Invalid($"{map}[{key}]", key, ConfigKey));
            }
        }
    }

    private static void CheckImmutable(JsonObject value, JsonObject? old, string[] maps, List<FieldError> errors)
    {
        if (old is null || old.Bool("immutable") != true) return;
        if (value.Bool("immutable") != true) errors.Add(FieldError.Forbidden("immutable", "field is immutable when `immutable` is set"));
        foreach (string map in maps)
        {
            if (!JsonNode.DeepEquals(value[map], old[map])) errors.Add(FieldError.Forbidden(map, "field is immutable when `immutable` is set"));
        }
    }

    private static void CheckUnchanged(JsonObject value, JsonObject old, string field, string message, List<FieldError> errors)
    {
        if (!JsonNode.DeepEquals(value[field], old[field])) errors.Add(FieldError.Invalid(field, value[field], message));
    }

    private static void CheckEndpoints(JsonObject value, List<FieldError> errors)
    {
        int s = 0;
        foreach (JsonObject subset in value.Objects("subsets"))
        {
            string path = $"subsets[{s++}]";
            int p = 0;
            foreach (JsonObject port in subset.Objects("ports")) Ports.Check(port.Long("port") ?? 0, $"{path}.ports[{p++}].port", errors);
            foreach (string list in new[] { "addresses", "notReadyAddresses" })
            {
                int a = 0;
                foreach (JsonObject address in subset.Objects(list)) Ports.CheckAddress(address.Text("ip"), $"{path}.{list}[{a++}].ip", errors);
            }
        }
    }

    private static void CheckSlice(JsonObject value, JsonObject? old, List<FieldError> errors)
    {
        string[] types = ["FQDN", "IPv4", "IPv6"];
        string? type = value.Text("addressType");
        if (string.IsNullOrEmpty(type)) errors.Add(FieldError.Required("addressType"));
        else if (!types.Contains(type)) errors.Add(FieldError.NotSupported("addressType", type, types));
        if (old is not null) CheckUnchanged(value, old, "addressType", "field is immutable", errors);
        int e = 0;
        foreach (JsonObject endpoint in value.Objects("endpoints"))
        {
            string path = $"endpoints[{e++}].addresses";
            List<string> addresses = [.. endpoint.Texts("addresses")];
            if (addresses.Count == 0) errors.Add(FieldError.Required(path, "must contain at least 1 address"));
            for (int i = 0; i < addresses.Count && type is not "FQDN"; i++)
            {
                Ports.CheckAddress(addresses[i], $"{path}[{i}]", errors);
            }
        }

        int p = 0;
        HashSet<string> names = [];
        foreach (JsonObject port in value.Objects("ports"))
        {
            if (!names.Add(port.Text("name") ?? string.Empty)) errors.Add(FieldError.Duplicate($"ports[{p}].name", port["name"]));
            p++;
        }
    }

    private static void CheckRules(JsonObject value, List<FieldError> errors)
    {
        int i = 0;
        foreach (JsonObject rule in value.Objects("rules"))
        {
            string path = $"rules[{i++}]";
            if (!rule.Texts("verbs").Any()) errors.Add(FieldError.Required($"{path}.verbs", "verbs must contain at least one value"));
            if (rule.Texts("nonResourceURLs").Any()) continue;
            if (!rule.Texts("apiGroups").Any()) errors.Add(FieldError.Required($"{path}.apiGroups", "resource rules must supply at least one api group"));
            if (!rule.Texts("resources").Any()) errors.Add(FieldError.Required($"{path}.resources", "resource rules must supply at least one resource"));
        }
    }

    private static void CheckBinding(JsonObject value, JsonObject? old, List<FieldError> errors)
    {
        string[] kinds = ["ClusterRole", "Role"];
        string? kind = value.Text("roleRef", "kind");
        if (!kinds.Contains(kind)) errors.Add(FieldError.NotSupported("roleRef.kind", kind ?? string.Empty, kinds));
        if (string.IsNullOrEmpty(value.Text("roleRef", "name"))) errors.Add(FieldError.Required("roleRef.name"));
        if (old is not null) CheckUnchanged(value, old, "roleRef", "cannot change roleRef", errors);
        int i = 0;
        foreach (JsonObject subject in value.Objects("subjects"))
        {
            string path = $"subjects[{i++}]";
            if (string.IsNullOrEmpty(subject.Text("name"))) errors.Add(FieldError.Required($"{path}.name"));
            if (subject.Text("kind") is not ("User" or "Group" or "ServiceAccount"))
                errors.Add(FieldError.NotSupported($"{path}.kind", subject["kind"] ?? string.Empty, ["Group", "ServiceAccount", "User"]));
            else if (subject.Text("kind") == "ServiceAccount" && string.IsNullOrEmpty(subject.Text("namespace")))
                errors.Add(FieldError.Required($"{path}.namespace"));
        }
    }

    private static void CheckDefinition(JsonObject value, JsonObject spec, List<FieldError> errors)
    {
        string wanted = $"{spec.Text("names", "plural")}.{spec.Text("group")}";
        if (value.Text("metadata", "name") is string name && name != wanted)
            errors.Add(FieldError.Invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
        if (spec.Objects("versions").Count(v => v.Bool("storage") == true) != 1)
            errors.Add(FieldError.Invalid("spec.versions", spec["versions"], "must have exactly one version marked as storage version"));
        int i = 0;
        foreach (JsonObject version in spec.Objects("versions"))
        {
            string path = $"spec.versions[{i++}].schema.openAPIV3Schema";
            if (version.Object("schema", "openAPIV3Schema") is not JsonObject schema) errors.Add(FieldError.Required(path, "schemas are required"));
            else errors.AddRange(StructuralSchemas.Check(spec.Objects("versions").Count() == 1 ? "spec.validation.openAPIV3Schema" : path, schema));
        }
    }
}
