using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Writes where the pods of a Service are: EndpointSlices, and the older Endpoints.</summary>
internal sealed class EndpointSliceController(ClusterAccess cluster) : SandboxController(cluster)
{
    private const int SliceSize = 100;
    private const string ServiceName = "kubernetes.io/service-name";
    private const string ManagedBy = "endpointslice.kubernetes.io/managed-by";
    private const string Manager = "endpointslice-controller.k8s.io";

    /// <inheritdoc/>
    public override string Name => "endpointslice";

    /// <inheritdoc/>
    public override IReadOnlyList<GroupResource> Watches => [Kinds.Services, Kinds.Pods, Kinds.EndpointSlices, Kinds.Endpoints];

    /// <inheritdoc/>
    public override IEnumerable<NamespacedName> Affected(StoreEvent change)
    {
        StoredObject item = change.Object;
        if (item.Resource == Kinds.Services || item.Resource == Kinds.Endpoints) return [item.Key];
        if (item.Resource == Kinds.EndpointSlices) return item.Labels.TryGetValue(ServiceName, out string? service) ? [new(item.Key.Namespace, service)] : [];
        return [.. Cluster.List(Kinds.Services, item.Key.Namespace)
            .Where(s => Selects(s, item.Labels) || (change.Previous is not null && Selects(s, change.Previous.Labels))).Select(s => s.Key)];
    }

    /// <inheritdoc/>
    public override TimeSpan? Reconcile(NamespacedName key)
    {
        // What a Service that is gone leaves behind goes with it by its owner reference.
        if (Cluster.Find(Kinds.Services, key) is not StoredObject service)
        {
            if (Cluster.Find(Kinds.Endpoints, key) is StoredObject left && left.Labels.GetValueOrDefault("endpoints.kubernetes.io/managed-by") == "endpoint-controller") Cluster.Delete(left);
            return null;
        }

        if (service.IsBeingDeleted || service.Document.Map("spec", "selector").Count == 0 || service.Document.Text("spec", "type") == "ExternalName") return null;
        List<StoredObject> pods = [.. Cluster.List(Kinds.Pods, key.Namespace).Where(p => Selects(service, p.Labels) && !Pods.IsOver(p) && Addresses(p).Count > 0)];
        List<string> families = [.. service.Document.Texts("spec", "ipFamilies")];
        if (families.Count == 0) families.Add("IPv4");
        List<(string Type, JsonArray Ports, List<JsonObject> Endpoints)> wanted = [];
        foreach (string family in families)
        {
            var groups = pods.Where(p => Address(p, family) is not null).GroupBy(p => PortsFor(service, p).ToJsonString()).ToList();
            foreach (var group in groups)
            {
                foreach (StoredObject[] chunk in group.Chunk(SliceSize))
                    wanted.Add((family, PortsFor(service, chunk[0]), [.. chunk.Select(p => Endpoint(service, p, Address(p, family)!))]));
            }

            if (groups.Count == 0) wanted.Add((family, [], []));
        }

        WriteSlices(service, wanted);
        WriteEndpoints(service, pods, families[0]);
        return null;
    }

    private static bool Selects(StoredObject service, IReadOnlyDictionary<string, string> labels)
    {
        IReadOnlyDictionary<string, string> selector = service.Document.Map("spec", "selector");
        return selector.Count > 0 && selector.All(s => labels.TryGetValue(s.Key, out string? value) && value == s.Value);
    }

    private static List<string> Addresses(StoredObject pod)
    {
        List<string> all = [.. pod.Document.Objects("status", "podIPs").Select(i => i.Text("ip")).OfType<string>()];
        if (all.Count == 0 && pod.Document.Text("status", "podIP") is { Length: > 0 } one) all.Add(one);
        return all;
    }

    private static string? Address(StoredObject pod, string family) => Addresses(pod).FirstOrDefault(a => a.Contains(':', StringComparison.Ordinal) == (family == "IPv6"));

    /// <summary>The ports as a pod has them: a target may be a name that each pod gives another number.</summary>
    private static JsonArray PortsFor(StoredObject service, StoredObject pod)
    {
        var result = new JsonArray();
        foreach (JsonObject port in service.Document.Objects("spec", "ports"))
        {
            string protocol = port.Text("protocol") ?? "TCP";
            long? number = port["targetPort"].AsLong() ?? (port.Text("targetPort") is string name ? NamedPort(pod, name, protocol) : port.Long("port"));
            if (number is null) continue;
            var entry = new JsonObject { ["name"] = port.Text("name") ?? "", ["port"] = number, ["protocol"] = protocol };
            if (port.Text("appProtocol") is string application) entry["appProtocol"] = application;
            result.Add((JsonNode)entry);
        }

        return result;
    }

    private static long? NamedPort(StoredObject pod, string name, string protocol) => pod.Document.Objects("spec", "containers").SelectMany(c => c.Objects("ports"))
        .Where(p => p.Text("name") == name && (p.Text("protocol") ?? "TCP") == protocol).Select(p => p.Long("containerPort")).FirstOrDefault();

    private JsonObject Endpoint(StoredObject service, StoredObject pod, string address)
    {
        bool serving = Pods.IsReady(pod), published = service.Document.Bool("spec", "publishNotReadyAddresses") == true;
        string? node = pod.Document.Text("spec", "nodeName");
        var endpoint = new JsonObject
        {
            ["addresses"] = new JsonArray(address),
            ["conditions"] = new JsonObject { ["ready"] = published || (serving && !pod.IsBeingDeleted), ["serving"] = serving, ["terminating"] = pod.IsBeingDeleted },
            ["targetRef"] = Reference(pod),
        };
        if (pod.Document.Text("spec", "hostname") is { Length: > 0 } host && pod.Document.Text("spec", "subdomain") == service.Key.Name) endpoint["hostname"] = host;
        if (node is null) return endpoint;
        endpoint["nodeName"] = node;
        if (Cluster.Find(Kinds.Nodes, new("", node))?.Labels.GetValueOrDefault("topology.kubernetes.io/zone") is string zone) endpoint["zone"] = zone;
        return endpoint;
    }

    private static JsonObject Reference(StoredObject pod) => new() { ["kind"] = "Pod", ["name"] = pod.Key.Name, ["namespace"] = pod.Key.Namespace, ["uid"] = pod.Uid };

    private void WriteSlices(StoredObject service, List<(string Type, JsonArray Ports, List<JsonObject> Endpoints)> wanted)
    {
        List<StoredObject> have = [.. Cluster.List(Kinds.EndpointSlices, service.Key.Namespace)
            .Where(s => s.Labels.GetValueOrDefault(ServiceName) == service.Key.Name && s.Labels.GetValueOrDefault(ManagedBy) == Manager)];
        foreach ((string type, JsonArray ports, List<JsonObject> endpoints) in wanted)
        {
            StoredObject? slice = have.Where(s => s.Document.Text("addressType") == type)
                .OrderByDescending(s => JsonNode.DeepEquals(s.Document["ports"] ?? new JsonArray(), ports)).FirstOrDefault();
            if (slice is null)
            {
                Cluster.Create(NewSlice(service, type, ports, endpoints));
                continue;
            }

            have.Remove(slice);
            Cluster.Change(slice, d =>
            {
                d["endpoints"] = new JsonArray([.. endpoints]);
                d["ports"] = ports;
                d.Ensure("metadata")["labels"] = Labels(service);
            });
        }

        foreach (StoredObject surplus in have) Cluster.Delete(surplus);
    }

    private static JsonObject Labels(StoredObject service)
    {
        var labels = new JsonObject();
        foreach ((string name, string value) in service.Labels) labels[name] = value;
        labels[ManagedBy] = Manager;
        labels[ServiceName] = service.Key.Name;
        if (service.Document.Text("spec", "clusterIP") == "None") labels["service.kubernetes.io/headless"] = "";
        return labels;
    }

    private static JsonObject NewSlice(StoredObject service, string type, JsonArray ports, List<JsonObject> endpoints) => new()
    {
        ["apiVersion"] = "discovery.k8s.io/v1",
        ["kind"] = "EndpointSlice",
        ["metadata"] = new JsonObject
        {
            ["generateName"] = service.Key.Name + "-",
            ["namespace"] = service.Key.Namespace,
            ["labels"] = Labels(service),
            ["ownerReferences"] = new JsonArray(Owners.Reference(service)),
        },
        ["addressType"] = type,
        ["endpoints"] = new JsonArray([.. endpoints]),
        ["ports"] = ports,
    };

    private void WriteEndpoints(StoredObject service, List<StoredObject> pods, string family)
    {
        var subsets = new JsonArray();
        foreach (var group in pods.Where(p => Address(p, family) is not null).GroupBy(p => PortsFor(service, p).ToJsonString()))
        {
            var subset = new JsonObject();
            foreach (StoredObject pod in group.OrderBy(p => Address(p, family), StringComparer.Ordinal))
            {
                bool published = service.Document.Bool("spec", "publishNotReadyAddresses") == true;
                if (pod.IsBeingDeleted && !published) continue;
                var address = new JsonObject { ["ip"] = Address(pod, family) };
                if (pod.Document.Text("spec", "nodeName") is string node) address["nodeName"] = node;
                address["targetRef"] = Reference(pod);
                subset.EnsureArray(published || Pods.IsReady(pod) ? "addresses" : "notReadyAddresses").Add((JsonNode)address);
            }

            if (subset.Count == 0) continue;
            JsonArray ports = PortsFor(service, group.First());
            foreach (JsonObject port in ports.OfType<JsonObject>().Where(p => p.Text("name") is { Length: 0 })) port.Remove("name");
            if (ports.Count > 0) subset["ports"] = ports;
            subsets.Add((JsonNode)subset);
        }

        var labels = new JsonObject();
        foreach ((string name, string value) in service.Labels) labels[name] = value;
        labels["endpoints.kubernetes.io/managed-by"] = "endpoint-controller";
        if (Cluster.Find(Kinds.Endpoints, service.Key) is StoredObject endpoints)
        {
            Cluster.Change(endpoints, d =>
            {
                if (subsets.Count == 0) d.Remove("subsets");
                else d["subsets"] = subsets;
                d.Ensure("metadata")["labels"] = labels;
            });
            return;
        }

        var made = new JsonObject
        {
            ["apiVersion"] = "v1", ["kind"] = "Endpoints",
            ["metadata"] = new JsonObject { ["name"] = service.Key.Name, ["namespace"] = service.Key.Namespace, ["labels"] = labels },
        };
        if (subsets.Count > 0) made["subsets"] = subsets;
        Cluster.Create(made);
    }
}
