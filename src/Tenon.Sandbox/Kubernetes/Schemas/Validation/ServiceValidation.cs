using System.Net;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Validation;

/// <summary>Checks Services; what depends on allocations is checked where they are made.</summary>
internal static class ServiceValidation
{
    /// <summary>Checks the spec.</summary>
    public static void Check(JsonObject spec, JsonObject? old, List<FieldError> errors)
    {
        string type = spec.Text("type") ?? "ClusterIP";
        bool headless = spec.Text("clusterIP") == "None";
        if (type == "ExternalName")
        {
            if (string.IsNullOrEmpty(spec.Text("externalName"))) errors.Add(FieldError.Required("spec.externalName"));
            else if (NameRules.DnsSubdomain(spec.Text("externalName")!.TrimEnd('.')) is string wrong) errors.Add(FieldError.Invalid("spec.externalName", spec["externalName"], wrong));
        }
        else if (!headless && spec["ports"] is not JsonArray { Count: > 0 })
        {
            errors.Add(FieldError.Required("spec.ports"));
        }

        if (type == "LoadBalancer" && headless) errors.Add(FieldError.Invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for LoadBalancer services"));
        if (type == "NodePort" && headless) errors.Add(FieldError.Invalid("spec.clusterIPs[0]", "None", "may not be set to 'None' for NodePort services"));
        CheckPorts(spec, type, errors);
        MetadataValidation.CheckLabels(spec.Object("selector"), "spec.selector", errors);
        CheckAffinity(spec, errors);
        CheckTraffic(spec, type, errors);
        if (old is not null && type == "LoadBalancer" && spec.Text("externalTrafficPolicy") == "Local" && old.Text("type") == "LoadBalancer"
            && old.Text("externalTrafficPolicy") == "Local" && spec.Long("healthCheckNodePort") != old.Long("healthCheckNodePort"))
        {
            errors.Add(FieldError.Forbidden("spec.healthCheckNodePort", "field is immutable"));
        }

        CheckLoadBalancer(spec, type, old, errors);
        int i = 0;
        foreach (string address in spec.Texts("externalIPs")) Ports.CheckAddress(address, $"spec.externalIPs[{i++}]", errors);
    }

    /// <summary>Checks what controllers publish.</summary>
    public static void CheckStatus(JsonObject service, List<FieldError> errors)
    {
        List<JsonObject> published = [.. service.Objects("status", "loadBalancer", "ingress")];
        if (published.Count > 0 && service.Text("spec", "type") != "LoadBalancer")
        {
            errors.Add(FieldError.Forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'"));
            return;
        }

        for (int i = 0; i < published.Count; i++)
        {
            string path = $"status.loadBalancer.ingress[{i}]";
            string ip = published[i].Text("ip") ?? "", host = published[i].Text("hostname") ?? "";
            string? mode = published[i].Text("ipMode");
            if (ip.Length > 0 && !IPAddress.TryParse(ip, out _))
                errors.Add(FieldError.Invalid($"{path}.ip", ip, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
            if (mode is not null && ip.Length == 0) errors.Add(FieldError.Forbidden($"{path}.ipMode", "may not be specified when `ip` is not set"));
            else if (mode is not (null or "VIP" or "Proxy")) errors.Add(FieldError.NotSupported($"{path}.ipMode", mode, ["Proxy", "VIP"]));
            if (host.Length == 0) continue;
            if (NameRules.DnsSubdomain(host) is { } wrong) errors.Add(FieldError.Invalid($"{path}.hostname", host, wrong));
            if (IPAddress.TryParse(host, out _)) errors.Add(FieldError.Invalid($"{path}.hostname", host, "must be a DNS name, not an IP address"));
        }
    }

    private static void CheckPorts(JsonObject spec, string type, List<FieldError> errors)
    {
        List<JsonObject> ports = [.. spec.Objects("ports")];
        HashSet<string> names = [], numbers = [], nodePorts = [];
        for (int i = 0; i < ports.Count; i++)
        {
            JsonObject port = ports[i];
            string path = $"spec.ports[{i}]";
            string name = port.Text("name") ?? string.Empty;
            if (name.Length == 0)
            {
                if (ports.Count > 1) errors.Add(FieldError.Required($"{path}.name"));
            }
            else if (NameRules.DnsLabel(name) is string wrong)
            {
                errors.Add(FieldError.Invalid($"{path}.name", name, wrong));
            }
            else if (!names.Add(name))
            {
                errors.Add(FieldError.Duplicate($"{path}.name", name));
            }

            long number = port.Long("port") ?? 0;
            string protocol = port.Text("protocol") ?? "TCP";
            Ports.Check(number, $"{path}.port", errors);
            Ports.CheckTarget(port["targetPort"], $"{path}.targetPort", errors);
            if (!numbers.Add($"{protocol}/{number}")) errors.Add(FieldError.Duplicate(path, new JsonObject { ["protocol"] = protocol, ["port"] = number }));
            if (port.Long("nodePort") is not > 0 and not < 0) continue;
            if (type is "ClusterIP" or "ExternalName")
                errors.Add(FieldError.Forbidden($"{path}.nodePort", $"may not be used when `type` is '{type}'"));
            else if (!nodePorts.Add($"{protocol}/{port.Long("nodePort")}")) errors.Add(FieldError.Duplicate($"{path}.nodePort", port["nodePort"]));
        }
    }

    private static void CheckAffinity(JsonObject spec, List<FieldError> errors)
    {
        if (spec.Long("sessionAffinityConfig", "clientIP", "timeoutSeconds") is long seconds && seconds is <= 0 or > 86400)
            errors.Add(FieldError.Invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, "must be greater than 0 and less than 86400"));
    }

    private static void CheckTraffic(JsonObject spec, string type, List<FieldError> errors)
    {
        bool external = type is "NodePort" or "LoadBalancer" || spec.Texts("externalIPs").Any();
        string? policy = spec.Text("externalTrafficPolicy");
        if (policy is not null && !external)
            errors.Add(FieldError.Invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services"));
        if (spec.Long("healthCheckNodePort") is > 0 and long port && (type != "LoadBalancer" || policy != "Local"))
        {
            errors.Add(FieldError.Invalid("spec.healthCheckNodePort", port,
                "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"));
        }
    }

    private static void CheckLoadBalancer(JsonObject spec, string type, JsonObject? old, List<FieldError> errors)
    {
        int i = 0;
        foreach (string range in spec.Texts("loadBalancerSourceRanges"))
        {
            if (!IPNetwork.TryParse(range.Trim(), out _))
            {
                errors.Add(FieldError.Invalid($"spec.loadBalancerSourceRanges[{i}]", range,
                    "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
            }

            i++;
        }

        if (i > 0 && type != "LoadBalancer")
            errors.Add(FieldError.Forbidden("spec.LoadBalancerSourceRanges", "may only be used when `type` is 'LoadBalancer'"));
        string? now = spec.Text("loadBalancerClass");
        if (now is not null && type != "LoadBalancer")
            errors.Add(FieldError.Forbidden("spec.loadBalancerClass", "may only be used when `type` is 'LoadBalancer'"));
        else if (now is not null && NameRules.QualifiedName(now) is string wrong) errors.Add(FieldError.Invalid("spec.loadBalancerClass", now, wrong));
        if (type == "LoadBalancer" && old.Text("type") == "LoadBalancer" && now != old.Text("loadBalancerClass"))
            errors.Add(FieldError.Invalid("spec.loadBalancerClass", now ?? string.Empty, "may not change once set"));
        if (spec["allocateLoadBalancerNodePorts"] is not null && type != "LoadBalancer")
            errors.Add(FieldError.Forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'"));
    }
}
