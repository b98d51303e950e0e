using System.Text.Json.Nodes;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>Nodes as kubelets register them.</summary>
internal static class NodeDocuments
{
    /// <summary>A node that is ready.</summary>
    /// <param name="guest">Its machine.</param>
    /// <param name="podRange">Its pods' range.</param>
    /// <param name="initialized">Whether it looks as if openstack-cloud-controller-manager had initialized it.</param>
    public static JsonObject Of(Guest guest, string? podRange, bool initialized)
    {
        var labels = new JsonObject { ["kubernetes.io/hostname"] = guest.Name, ["kubernetes.io/os"] = "linux" };
        var spec = new JsonObject();
        var addresses = new JsonArray();
        if (initialized)
        {
            foreach (string prefix in new[] { "topology.kubernetes.io", "failure-domain.beta.kubernetes.io" }) (labels[$"{prefix}/zone"], labels[$"{prefix}/region"]) = (guest.Zone, "RegionOne");
            foreach (string prefix in new[] { "node.kubernetes.io", "beta.kubernetes.io" }) labels[$"{prefix}/instance-type"] = guest.FlavorName;
            spec["providerID"] = $"openstack:///{guest.ServerId}";
            addresses.Add(new JsonObject { ["type"] = "InternalIP", ["address"] = guest.Address });
        }
        else
        {
            spec["taints"] = new JsonArray(new JsonObject { ["key"] = "node.cloudprovider.kubernetes.io/uninitialized", ["value"] = "true", ["effect"] = "NoSchedule" });
        }

        if (podRange is not null) (spec["podCIDR"], spec["podCIDRs"]) = (podRange, new JsonArray(podRange));
        addresses.Add(new JsonObject { ["type"] = "Hostname", ["address"] = guest.Name });
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = guest.Name, ["labels"] = labels },
            ["spec"] = spec,
            ["status"] = new JsonObject
            {
                ["addresses"] = addresses,
                ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True", ["reason"] = "KubeletReady", ["lastHeartbeatTime"] = Now(), ["lastTransitionTime"] = Now() }),
            },
        };
    }

    /// <summary>This moment as Kubernetes writes it.</summary>
    public static string Now() => TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'");
}
