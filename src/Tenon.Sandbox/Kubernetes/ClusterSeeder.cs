using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Security;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>What every cluster has from the start.</summary>
internal static class ClusterSeeder
{
    // Endpoints may not be on loopback; nothing in the sandbox routes to this address.
    private const string ServerAddress = "192.0.2.1";

    /// <summary>Makes the namespaces, the Service of the API server itself, and the default roles.</summary>
    public static void Seed(ObjectOperations objects)
    {
        foreach (string name in new[] { "default", "kube-node-lease", "kube-public", "kube-system" }) objects.Create(New("v1", "Namespace", null, name));
        JsonObject service = New("v1", "Service", "default", "kubernetes");
        service["metadata"]!["labels"] = new JsonObject { ["component"] = "apiserver", ["provider"] = "kubernetes" };
        service["spec"] = new JsonObject
        {
            ["clusterIP"] = "10.254.0.1",
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 443, ["targetPort"] = 6443, ["protocol"] = "TCP" }),
        };
        objects.Create(service);
        JsonObject endpoints = New("v1", "Endpoints", "default", "kubernetes");
        endpoints["subsets"] = new JsonArray(new JsonObject
        {
            ["addresses"] = new JsonArray(new JsonObject { ["ip"] = ServerAddress }),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 6443, ["protocol"] = "TCP" }),
        });
        objects.Create(endpoints);
        JsonObject slice = New("discovery.k8s.io/v1", "EndpointSlice", "default", "kubernetes");
        slice["metadata"]!["labels"] = new JsonObject { ["kubernetes.io/service-name"] = "kubernetes" };
        slice["addressType"] = "IPv4";
        slice["endpoints"] = new JsonArray(new JsonObject { ["addresses"] = new JsonArray(ServerAddress), ["conditions"] = new JsonObject { ["ready"] = true } });
        slice["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 6443, ["protocol"] = "TCP" });
        objects.Create(slice);
        DefaultRoles.Seed(objects);
        foreach ((string name, long value) in new[] { ("system-cluster-critical", 2000000000L), ("system-node-critical", 2000001000L) })
        {
            JsonObject priority = New("scheduling.k8s.io/v1", "PriorityClass", null, name);
            priority["value"] = value;
            priority["description"] = "Used for system critical pods that must not be moved from their current node.";
            objects.Create(priority);
        }
    }

    private static JsonObject New(string apiVersion, string kind, string? space, string name)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (space is not null) metadata["namespace"] = space;
        return new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }
}
