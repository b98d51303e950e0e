using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Defaults;

/// <summary>Defaults of a Service that depend on its type.</summary>
internal static class ServiceDefaults
{
    /// <summary>Fills them in.</summary>
    public static void Fill(JsonObject service, JsonObject spec)
    {
        string type = spec.Text("type") ?? "ClusterIP";
        foreach (JsonObject port in spec.Objects("ports"))
        {
            // A number that is not there reads as 0, and is then refused as such.
            port.TryAdd("port", 0);
            if (IsUnset(port["targetPort"])) port["targetPort"] = port["port"]!.DeepClone();
        }

        if (spec.Text("sessionAffinity") == "ClientIP" && spec.At("sessionAffinityConfig", "clientIP", "timeoutSeconds") is null)
            spec.Ensure("sessionAffinityConfig").Ensure("clientIP")["timeoutSeconds"] = 10800;
        else if (spec.Text("sessionAffinity") == "None") spec.Remove("sessionAffinityConfig");

        if (type is "NodePort" or "LoadBalancer" or "ClusterIP") spec.TryAdd("internalTrafficPolicy", "Cluster");
        if (type is "NodePort" or "LoadBalancer" || (type == "ClusterIP" && spec["externalIPs"] is JsonArray { Count: > 0 }))
            spec.TryAdd("externalTrafficPolicy", "Cluster");
        if (type == "LoadBalancer") spec.TryAdd("allocateLoadBalancerNodePorts", true);
        foreach (JsonObject ingress in service.Objects("status", "loadBalancer", "ingress"))
        {
            if (type == "LoadBalancer" && !string.IsNullOrEmpty(ingress.Text("ip"))) ingress.TryAdd("ipMode", "VIP");
        }
    }

    private static bool IsUnset(JsonNode? target) => target is null || target.AsLong() == 0 || target.AsText() is { Length: 0 };
}
