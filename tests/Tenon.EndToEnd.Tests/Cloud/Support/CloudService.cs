using System.Text.Json.Nodes;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>A Service of type LoadBalancer as somebody would write it.</summary>
internal sealed record CloudService(string Name)
{
    /// <summary>What the annotations of load balancers begin with.</summary>
    public const string Prefix = "loadbalancer.openstack.org/";

    /// <summary>The annotation of a load balancer without a floating IP.</summary>
    public const string Internal = "service.beta.kubernetes.io/openstack-internal-load-balancer";

    /// <summary>Its ports: protocol, port and node port.</summary>
    public (string Protocol, int Port, int NodePort)[] Ports { get; init; } = [("TCP", 80, 30080)];

    /// <summary>What more its spec says.</summary>
    public JsonObject Spec { get; init; } = [];

    /// <summary>Its annotations.</summary>
    public Dictionary<string, string> Annotations { get; init; } = [];

    /// <summary>The manifest, for kubectl.</summary>
    public override string ToString()
    {
        JsonObject spec = Spec.DeepClone().AsObject();
        spec["type"] = "LoadBalancer";
        spec["selector"] = new JsonObject { ["app"] = Name };
        spec["ports"] = new JsonArray([.. Ports.Select(p => (JsonNode)new JsonObject
        {
            ["name"] = $"{p.Protocol.ToLowerInvariant()}-{p.Port}",
            ["protocol"] = p.Protocol,
            ["port"] = p.Port,
            ["nodePort"] = p.NodePort,
        })]);
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Service",
            ["metadata"] = new JsonObject
            {
                ["name"] = Name,
                ["namespace"] = "default",
                ["annotations"] = new JsonObject(Annotations.Select(a => KeyValuePair.Create<string, JsonNode?>(a.Key, a.Value))),
            },
            ["spec"] = spec,
        }.ToJsonString();
    }
}
