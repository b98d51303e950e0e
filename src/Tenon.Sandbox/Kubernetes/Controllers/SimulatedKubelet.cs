using System.Net;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Brings the pods of simulated nodes through their life.</summary>
internal sealed class SimulatedKubelet(ClusterAccess cluster, Func<string, bool> isOurs, Func<string, bool> isAlive) : SandboxController(cluster)
{
    private static readonly TimeSpan Starting = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Working = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Stopping = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Silent = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, long> _due = [];
    private readonly Dictionary<string, Dictionary<string, int>> _addresses = [];

    /// <inheritdoc/>
    public override string Name => "kubelet";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Pods, Kinds.Nodes];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        if (change.Object.Resource == Kinds.Pods) return isOurs(change.Object.Document.Text("spec", "nodeName") ?? "") ? [change.Object.Key] : [];

        // A node that got its range of addresses can start what waits for one.
        bool gotRange = change.Object.Document.Text("spec", "podCIDR") != change.Previous?.Document.Text("spec", "podCIDR");
        return gotRange ? [.. Cluster.List(Kinds.Pods).Where(p => p.Document.Text("spec", "nodeName") == change.Object.Key.Name).Select(p => p.Key)] : [];
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Pods, key) is not StoredObject pod) return null;
        string node = pod.Document.Text("spec", "nodeName") ?? "";
        if (!isAlive(node)) return isOurs(node) ? Silent : null;
        if (pod.IsBeingDeleted) return Wait(pod, "stop", Stopping) ?? Stop(pod, node);
        switch (pod.Document.Text("status", "phase"))
        {
            case "Succeeded" or "Failed":
                Free(node, pod.Uid);
                return null;
            case "Running":
                return Owners.ControllerOf(pod)?.Text("kind") == "Job" ? Wait(pod, "work", Working) ?? Finish(pod) : null;
            default:
                if (!pod.Document.Objects("status", "containerStatuses").Any()) return Prepare(pod, node);
                return Wait(pod, "start", Starting) ?? Run(pod, node);
        }
    }

    /// <summary>What is left of a time that began when this was first asked.</summary>
    private TimeSpan? Wait(StoredObject pod, string what, TimeSpan length)
    {
        string key = $"{pod.Uid}/{what}";
        long now = Cluster.Time.GetTimestamp();
        if (!_due.TryGetValue(key, out long since))
        {
            _due[key] = now;
            return length;
        }

        TimeSpan left = length - Cluster.Time.GetElapsedTime(since, now);
        if (left > TimeSpan.Zero) return left;
        _due.Remove(key);
        return null;
    }

    private TimeSpan? Prepare(StoredObject pod, string node)
    {
        Cluster.Change(pod, d =>
        {
            JsonObject status = d.Ensure("status");
            status["phase"] = "Pending";
            status["startTime"] ??= Cluster.Now;
            status["qosClass"] = QosClass(d);
            if (HostAddress(node) is string host)
            {
                status["hostIP"] = host;
                status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = host });
            }

            SetConditions(status, ready: false);
            status["containerStatuses"] = Containers(d, c => new JsonObject
            {
                ["name"] = c.Text("name"), ["image"] = c.Text("image"), ["imageID"] = "", ["ready"] = false, ["restartCount"] = 0, ["started"] = false,
                ["state"] = new JsonObject { ["waiting"] = new JsonObject { ["reason"] = "ContainerCreating" } }, ["lastState"] = new JsonObject(),
            });
        }, "status");
        return null;
    }

    private TimeSpan? Run(StoredObject pod, string node)
    {
        bool host = pod.Document.Bool("spec", "hostNetwork") == true;
        List<string> addresses = host ? [.. new[] { HostAddress(node) }.OfType<string>()] : Addresses(node, pod.Uid);
        if (addresses.Count == 0 && !host) return null;
        Cluster.Change(pod, d =>
        {
            JsonObject status = d.Ensure("status");
            status["phase"] = "Running";
            if (addresses.Count > 0)
            {
                status["podIP"] = addresses[0];
                status["podIPs"] = new JsonArray([.. addresses.Select(a => (JsonNode)new JsonObject { ["ip"] = a })]);
            }

            SetConditions(status, ready: true);
            status["containerStatuses"] = Containers(d, c => Status(c, true, new JsonObject { ["running"] = new JsonObject { ["startedAt"] = Cluster.Now } }));
            JsonArray init = Containers(d, c => Status(c, true, Ended()), "initContainers");
            if (init.Count > 0) status["initContainerStatuses"] = init;
        }, "status");
        foreach (JsonObject container in pod.Document.Objects("spec", "containers"))
        {
            Cluster.Event(pod, "Pulled", $"Container image \"{container.Text("image")}\" already present on machine");
            Cluster.Event(pod, "Created", $"Created container: {container.Text("name")}");
            Cluster.Event(pod, "Started", $"Started container {container.Text("name")}");
        }

        return null;
    }

    private TimeSpan? Finish(StoredObject pod)
    {
        Cluster.Change(pod, d =>
        {
            JsonObject status = d.Ensure("status");
            status["phase"] = "Succeeded";
            SetConditions(status, ready: false);
            Pods.SetCondition(status, "Initialized", "True", "PodCompleted", null, Cluster.Now);
            status["containerStatuses"] = Containers(d, c => Status(c, false, Ended()));
        }, "status");
        return null;
    }

    private TimeSpan? Stop(StoredObject pod, string node)
    {
        Free(node, pod.Uid);
        Cluster.Delete(pod, grace: 0);
        return null;
    }

    private JsonObject Ended() => new()
    {
        ["terminated"] = new JsonObject { ["exitCode"] = 0, ["reason"] = "Completed", ["startedAt"] = Cluster.Now, ["finishedAt"] = Cluster.Now },
    };

    private static JsonObject Status(JsonObject container, bool ready, JsonObject state) => new()
    {
        ["name"] = container.Text("name"), ["image"] = container.Text("image"), ["imageID"] = $"simulated://{container.Text("image")}",
        ["containerID"] = $"simulated://{Hashes.Of($"{container.Text("name")}/{container.Text("image")}", 32)}",
        ["ready"] = ready, ["restartCount"] = 0, ["started"] = ready, ["state"] = state, ["lastState"] = new JsonObject(),
    };

    private static JsonArray Containers(JsonObject pod, Func<JsonObject, JsonObject> status, string list = "containers") =>
        new([.. pod.Objects("spec", list).Select(c => (JsonNode)status(c))]);

    private void SetConditions(JsonObject status, bool ready)
    {
        string value = ready ? "True" : "False";
        string? reason = ready ? null : "ContainersNotReady", message = ready ? null : "containers with unready status";
        Pods.SetCondition(status, "PodReadyToStartContainers", value, null, null, Cluster.Now);
        Pods.SetCondition(status, "Initialized", "True", null, null, Cluster.Now);
        Pods.SetCondition(status, "Ready", value, reason, message, Cluster.Now);
        Pods.SetCondition(status, "ContainersReady", value, reason, message, Cluster.Now);
        Pods.SetCondition(status, "PodScheduled", "True", null, null, Cluster.Now);
    }

    private string? HostAddress(string node) => Cluster.Find(Kinds.Nodes, new("", node))?.Document.Objects("status", "addresses")
        .FirstOrDefault(a => a.Text("type") == "InternalIP").Text("address");

    private static readonly string[] CountedResources = ["cpu", "memory"];

    private static string QosClass(JsonObject pod)
    {
        List<JsonObject> containers = [.. pod.Objects("spec", "containers")];
        bool none = containers.TrueForAll(c => c.Object("resources", "limits") is not { Count: > 0 } && c.Object("resources", "requests") is not { Count: > 0 });
        if (none) return "BestEffort";
        bool all = containers.TrueForAll(c => CountedResources.All(r => c.At("resources", "limits", r) is JsonNode limit
            && JsonNode.DeepEquals(limit, c.At("resources", "requests", r) ?? limit)));
        return all ? "Guaranteed" : "Burstable";
    }

    /// <summary>The addresses of a pod: the lowest free number in each range of its node. Numbers 0 and 1 are the network and the bridge.</summary>
    private List<string> Addresses(string node, string uid)
    {
        List<string> ranges = [.. Cluster.Find(Kinds.Nodes, new("", node))?.Document.Texts("spec", "podCIDRs") ?? []];
        if (ranges.Count == 0) return [];
        if (!_addresses.TryGetValue(node, out Dictionary<string, int>? taken)) taken = _addresses[node] = [];
        if (!taken.TryGetValue(uid, out int number))
        {
            HashSet<int> used = [.. taken.Values];
            number = 2;
            while (used.Contains(number)) number++;
            taken[uid] = number;
        }

        return [.. ranges.Select(r => Nth(r, number))];
    }

    private static string Nth(string range, int number)
    {
        byte[] bytes = IPNetwork.Parse(range).BaseAddress.GetAddressBytes();
        bytes[^1] = (byte)number;
        bytes[^2] += (byte)(number >> 8);
        return new IPAddress(bytes).ToString();
    }

    private void Free(string node, string uid)
    {
        if (_addresses.TryGetValue(node, out Dictionary<string, int>? taken)) taken.Remove(uid);
    }
}
