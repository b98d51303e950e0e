using System.Text;
using System.Text.Json.Nodes;
using Tenon.CloudController.LoadBalancers;
using Tenon.Kubernetes.Client;
using Tenon.Kubernetes.Objects;
using Tenon.OpenStack;
using Tenon.OpenStack.LoadBalancing;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>Services and placements as tests want them.</summary>
internal static class ServiceExamples
{
    public static LoadBalancerPlacement Amphora { get; } = new()
    {
        Features = new LoadBalancerFeatures(new ApiVersion(2, 27)), Provider = "amphora", VipSubnetId = "subnet", MemberSubnetId = "subnet", MemberCidr = "10.0.0.0/24", FloatingNetworkId = "public",
    };

    public static LoadBalancerPlacement Ovn { get; } = Amphora with { Provider = "ovn" };

    /// <summary>A Service of one port, with annotations (short names get their prefix) and a spec that replaces or adds fields.</summary>
    public static Service Service(IReadOnlyDictionary<string, string>? annotations = null, string? spec = null, string name = "web")
    {
        var json = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = "default", ["uid"] = "0e7c8f0a-1111-4222-8333-444455556666", ["annotations"] = new JsonObject() },
            ["spec"] = new JsonObject
            {
                ["type"] = "LoadBalancer",
                ["ports"] = new JsonArray(new JsonObject { ["protocol"] = "TCP", ["port"] = 80, ["nodePort"] = 30080 }),
                ["ipFamilies"] = new JsonArray("IPv4"),
                ["ipFamilyPolicy"] = "SingleStack",
            },
        };
        foreach ((string key, string value) in annotations ?? new Dictionary<string, string>())
        {
            json["metadata"]!["annotations"]![key.Contains('/', StringComparison.Ordinal) ? key : ServiceAnnotations.Prefix + key] = value;
        }

        if (spec is not null)
        {
            foreach ((string key, JsonNode? value) in JsonNode.Parse(spec)!.AsObject()) json["spec"]![key] = value?.DeepClone();
        }

        return KubernetesJson.Deserialize<Service>(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }
}
