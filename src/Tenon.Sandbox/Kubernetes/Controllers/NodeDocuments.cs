using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>What a kubelet writes about its node.</summary>
internal static class NodeDocuments
{
    private const string Uninitialized = "node.cloudprovider.kubernetes.io/uninitialized";

    /// <summary>The node as it registers: tainted until the cloud controller has seen to it.</summary>
    public static JsonObject Node(string name, string now)
    {
        var status = new JsonObject();
        FillStatus(status, name, now);
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["labels"] = new JsonObject
                {
                    ["beta.kubernetes.io/arch"] = "amd64", ["beta.kubernetes.io/os"] = "linux", ["kubernetes.io/arch"] = "amd64",
                    ["kubernetes.io/hostname"] = name, ["kubernetes.io/os"] = "linux",
                },
                ["annotations"] = new JsonObject { ["volumes.kubernetes.io/controller-managed-attach-detach"] = "true" },
            },
            ["spec"] = new JsonObject
            {
                ["taints"] = new JsonArray(new JsonObject { ["key"] = Uninitialized, ["value"] = "true", ["effect"] = "NoSchedule" }),
            },
            ["status"] = status,
        };
    }

    /// <summary>The status; what others wrote there (addresses) stays.</summary>
    public static void FillStatus(JsonObject status, string name, string now)
    {
        status["capacity"] ??= Resources();
        status["allocatable"] ??= Resources();
        status["daemonEndpoints"] ??= new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = 10250 } };
        if (!status.Objects("addresses").Any()) status["addresses"] = new JsonArray(new JsonObject { ["type"] = "Hostname", ["address"] = name });
        JsonObject info = status.Ensure("nodeInfo");
        string id = Guid.NewGuid().ToString();
        foreach ((string member, string value) in new[]
        {
            ("machineID", id.Replace("-", "", StringComparison.Ordinal)), ("systemUUID", id), ("bootID", id), ("kernelVersion", "6.1.0-sandbox"), ("osImage", "Tenon Sandbox"),
            ("containerRuntimeVersion", "simulated://1.0"), ("kubeletVersion", "v1.32.0"), ("kubeProxyVersion", "v1.32.0"), ("operatingSystem", "linux"), ("architecture", "amd64"),
        })
        {
            if (string.IsNullOrEmpty(info.Text(member))) info[member] = value;
        }

        SetCondition(status, "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now);
        SetCondition(status, "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now);
        SetCondition(status, "PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now);
        SetCondition(status, "Ready", "True", "KubeletReady", "kubelet is posting ready status", now);
    }

    /// <summary>The lease by which the node shows that it lives.</summary>
    public static JsonObject Lease(string space, string name, string now, StoredObject? node)
    {
        var metadata = new JsonObject { ["name"] = name, ["namespace"] = space };
        if (node is not null)
            metadata["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = name, ["uid"] = node.Uid });
        return new JsonObject
        {
            ["apiVersion"] = "coordination.k8s.io/v1",
            ["kind"] = "Lease",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["holderIdentity"] = name, ["leaseDurationSeconds"] = 40, ["renewTime"] = now },
        };
    }

    private static JsonObject Resources() => new() { ["cpu"] = "4", ["ephemeral-storage"] = "40Gi", ["memory"] = "8Gi", ["pods"] = "110" };

    private static void SetCondition(JsonObject status, string type, string value, string reason, string message, string now)
    {
        Pods.SetCondition(status, type, value, reason, message, now);
        status.Objects("conditions").First(c => c.Text("type") == type)["lastHeartbeatTime"] = now;
    }
}
