using System.Globalization;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Gives every node its range of pod addresses.</summary>
internal sealed class NodeIpamController(ClusterAccess cluster, ControllerSettings settings) : SandboxController(cluster)
{
    private const int Ranges = 65_536;

    /// <inheritdoc/>
    public override string Name => "nodeipam";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Nodes];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change) =>
        change.Kind != ChangeKind.Deleted && string.IsNullOrEmpty(change.Object.Document.Text("spec", "podCIDR")) ? [change.Object.Key] : [];

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Nodes, key) is not StoredObject node || !string.IsNullOrEmpty(node.Document.Text("spec", "podCIDR"))) return null;
        HashSet<string> taken = [.. Cluster.List(Kinds.Nodes).Select(n => n.Document.Text("spec", "podCIDR")).OfType<string>()];
        for (int i = 0; i < Ranges; i++)
        {
            string range = Range(i);
            if (taken.Contains(range)) continue;
            Cluster.Change(node, d =>
            {
                JsonObject spec = d.Ensure("spec");
                spec["podCIDR"] = range;
                spec["podCIDRs"] = settings.DualStack ? new JsonArray(range, $"fd00:10:150:{(i + 1).ToString("x", CultureInfo.InvariantCulture)}::/64") : new JsonArray(range);
            });
            return null;
        }

        Cluster.Event(node, "CIDRNotAvailable", $"Node {key.Name} status is now: CIDRNotAvailable", warning: true);
        return null;
    }

    /// <summary>Range number <paramref name="index"/>: 10.150.1.0/24 is the first; after 10.150.255.0/24 comes 10.151.0.0/24.</summary>
    private string Range(int index)
    {
        string[] parts = settings.PodNetwork.Split('.');
        int number = (int.Parse(parts[1], CultureInfo.InvariantCulture) << 8) + index + 1;
        return $"{parts[0]}.{(number >> 8) & 255}.{number & 255}.0/24";
    }
}

/// <summary>Notices nodes that fall silent: their readiness becomes unknown, taints keep pods away, and those that may not stay go.</summary>
internal sealed class NodeLifecycleController(ClusterAccess cluster, ControllerSettings settings) : SandboxController(cluster)
{
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";
    private const string LeaseSpace = "kube-node-lease";
    private static readonly string[] ConditionTypes = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];
    private static readonly TimeSpan Default = TimeSpan.FromSeconds(300);

    /// <inheritdoc/>
    public override string Name => "nodelifecycle";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Nodes];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change) => change.Kind == ChangeKind.Deleted ? [] : [change.Object.Key];

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        if (Cluster.Find(Kinds.Nodes, key) is not StoredObject node) return null;
        DateTimeOffset now = Cluster.Time.GetUtcNow();
        DateTimeOffset heard = LastHeard(node);
        TimeSpan left = heard + settings.NodeGrace - now;
        if (left <= TimeSpan.Zero)
        {
            node = Cluster.Change(node, d =>
            {
                foreach (string type in ConditionTypes)
                {
                    if (d.Objects("status", "conditions").Any(c => c.Text("type") == type && c.Text("status") != "Unknown") || type == "Ready")
                        Pods.SetCondition(d.Ensure("status"), type, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", Cluster.Now);
                }
            }, "status");
        }

        string? ready = node.Document.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Ready").Text("status");
        bool cordoned = node.Document.Bool("spec", "unschedulable") == true;
        node = Cluster.Change(node, d =>
        {
            SetTaint(d, NotReady, "NoSchedule", ready is null or "False");
            SetTaint(d, NotReady, "NoExecute", ready == "False");
            SetTaint(d, Unreachable, "NoSchedule", ready == "Unknown");
            SetTaint(d, Unreachable, "NoExecute", ready == "Unknown");
            SetTaint(d, Unschedulable, "NoSchedule", cordoned);
        });
        TimeSpan? evicting = Evict(node, ready != "True", now);
        if (ready == "Unknown") return evicting ?? TimeSpan.FromSeconds(5);
        return left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left;
    }

    private DateTimeOffset LastHeard(StoredObject node)
    {
        string? renewed = Cluster.Find(Kinds.Leases, new(LeaseSpace, node.Key.Name))?.Document.Text("spec", "renewTime");
        string? status = node.Document.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "Ready").Text("lastHeartbeatTime");
        string? made = node.Document.Text("metadata", "creationTimestamp");
        return new[] { renewed, status, made }
            .Select(t => DateTimeOffset.TryParse(t, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : DateTimeOffset.MinValue).Max();
    }

    private void SetTaint(JsonObject document, string key, string effect, bool wanted)
    {
        JsonObject spec = document.Ensure("spec");
        List<JsonObject> taints = [.. spec.Objects("taints")];
        JsonObject? present = taints.Find(t => t.Text("key") == key && t.Text("effect") == effect);
        if (wanted == (present is not null)) return;
        if (wanted)
        {
            var taint = new JsonObject { ["key"] = key, ["effect"] = effect };
            if (effect == "NoExecute") taint["timeAdded"] = Cluster.Now;
            spec.EnsureArray("taints").Add((JsonNode)taint);
            return;
        }

        JsonArray rest = [.. taints.Where(t => t != present).Select(t => (JsonNode)t.Copy())];
        if (rest.Count == 0) spec.Remove("taints");
        else spec["taints"] = rest;
    }

    private TimeSpan? Evict(StoredObject node, bool down, DateTimeOffset now)
    {
        List<JsonObject> taints = [.. node.Document.Objects("spec", "taints").Where(t => t.Text("effect") == "NoExecute")];
        if (taints.Count == 0 && !down) return null;
        TimeSpan? next = null;
        foreach (StoredObject pod in Cluster.List(Kinds.Pods).Where(p => p.Document.Text("spec", "nodeName") == node.Key.Name && Pods.IsActive(p)))
        {
            if (down && Pods.IsReady(pod))
                Cluster.Change(pod, d => Pods.SetCondition(d.Ensure("status"), "Ready", "False", null, null, Cluster.Now), "status");
            foreach (JsonObject taint in taints)
            {
                TimeSpan? stay = Patience(pod, taint);
                if (stay is null) continue;
                DateTimeOffset since = DateTimeOffset.TryParse(taint.Text("timeAdded"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset added) ? added : now;
                TimeSpan left = since + stay.Value - now;
                if (left > TimeSpan.Zero)
                {
                    next = next is null || left < next ? left : next;
                    continue;
                }

                Cluster.Event(pod, "TaintManagerEviction", $"Marking for deletion Pod {pod.Key}");
                Cluster.Delete(pod);
                break;
            }
        }

        return next;
    }

    /// <summary>How long a pod stays in spite of a taint; null: for ever.</summary>
    private static TimeSpan? Patience(StoredObject pod, JsonObject taint)
    {
        List<JsonObject> tolerations = [.. pod.Document.Objects("spec", "tolerations").Where(t => NodeMatching.Tolerates(t, taint))];
        if (tolerations.Count == 0) return taint.Text("key") is NotReady or Unreachable ? Default : TimeSpan.Zero;
        if (tolerations.Exists(t => t["tolerationSeconds"] is null)) return null;
        return TimeSpan.FromSeconds(tolerations.Min(t => t.Long("tolerationSeconds") ?? 0));
    }
}
