using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>The columns of built-in kinds, by group and plural.</summary>
internal static class BuiltInColumns
{
    private static readonly TableColumn Name = new("Name") { Format = "name", Description = "The object's name." };
    private static readonly TableColumn Age = new("Age") { Description = "The time since the object was created." };

    private static readonly Dictionary<string, TableColumns> Tables = new(StringComparer.Ordinal)
    {
        ["/nodes"] = Of("Status,Roles,Age,Version,Internal-IP*,External-IP*,OS-Image*,Kernel-Version*,Container-Runtime*", (o, now) =>
        [
            Cells.NodeStatus(o), Cells.NodeRoles(o), Cells.AgeOf(o, now), o.Text("status", "nodeInfo", "kubeletVersion") ?? "",
            Cells.NodeAddress(o, "InternalIP"), Cells.NodeAddress(o, "ExternalIP"), Info(o, "osImage"), Info(o, "kernelVersion"), Info(o, "containerRuntimeVersion"),
        ]),
        ["/pods"] = Of("Ready,Status,Restarts:string,Age,IP*,Node*,Nominated Node*,Readiness Gates*", (o, now) =>
        {
            JsonObject[] statuses = [.. o.Objects("status", "containerStatuses")];
            return
            [
                $"{statuses.Count(s => s.Bool("ready") == true)}/{o.Objects("spec", "containers").Count()}", Cells.PodStatus(o),
                $"{statuses.Sum(s => s.Long("restartCount") ?? 0)}", Cells.AgeOf(o, now), o.Text("status", "podIP") ?? "<none>",
                o.Text("spec", "nodeName") ?? "<none>", o.Text("status", "nominatedNodeName") ?? "<none>", "<none>",
            ];
        }),
        ["/services"] = Of("Type,Cluster-IP,External-IP,Port(s),Age,Selector*", (o, now) =>
        [
            o.Text("spec", "type") ?? "", o.Text("spec", "clusterIP") is { Length: > 0 } ip ? ip : "<none>", Cells.ExternalIps(o, false), Cells.Ports(o), Cells.AgeOf(o, now),
            Cells.Pairs(o.At("spec", "selector")),
        ]),
        ["/endpoints"] = Of("Endpoints,Age", (o, now) => [Cells.Endpoints(o), Cells.AgeOf(o, now)]),
        ["/namespaces"] = Of("Status,Age", (o, now) => [o.Text("status", "phase") ?? "", Cells.AgeOf(o, now)]),
        ["/configmaps"] = Of("Data:integer,Age", (o, now) => [Count(o["data"]) + Count(o["binaryData"]), Cells.AgeOf(o, now)]),
        ["/secrets"] = Of("Type,Data:integer,Age", (o, now) => [o.Text("type") ?? "", Count(o["data"]), Cells.AgeOf(o, now)]),
        ["/serviceaccounts"] = Of("Secrets:integer,Age", (o, now) => [o.Objects("secrets").Count(), Cells.AgeOf(o, now)]),
        ["/events"] = new([new("Last Seen"), new("Type"), new("Reason"), new("Object"), new("Subobject") { Priority = 1 }, new("Source") { Priority = 1 },
            new("Message"), new("First Seen") { Priority = 1 }, new("Count") { Priority = 1 }, new("Name") { Priority = 1, Format = "name" }], EventRow),
        ["/replicationcontrollers"] = Of("Desired:integer,Current:integer,Ready:integer,Age,Containers*,Images*,Selector*", (o, now) => Replicas(o, now, Cells.Pairs(o.At("spec", "selector")))),
        ["/persistentvolumes"] = Of("Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,Reason,Age,VolumeMode*", (o, now) =>
        [
            o.Text("spec", "capacity", "storage") ?? "", AccessModes(o), o.Text("spec", "persistentVolumeReclaimPolicy") ?? "", o.Text("status", "phase") ?? "",
            o.At("spec", "claimRef") is JsonObject claim ? $"{claim.Text("namespace")}/{claim.Text("name")}" : "", o.Text("spec", "storageClassName") ?? "",
            o.Text("status", "reason") ?? "", Cells.AgeOf(o, now), o.Text("spec", "volumeMode") ?? "",
        ]),
        ["/persistentvolumeclaims"] = Of("Status,Volume,Capacity,Access Modes,StorageClass,Age,VolumeMode*", (o, now) =>
        [
            o.Text("status", "phase") ?? "", o.Text("spec", "volumeName") ?? "", o.Text("status", "capacity", "storage") ?? "", AccessModes(o),
            o.Text("spec", "storageClassName") ?? "", Cells.AgeOf(o, now), o.Text("spec", "volumeMode") ?? "",
        ]),
        ["apps/deployments"] = Of("Ready,Up-to-date:integer,Available:integer,Age,Containers*,Images*,Selector*", (o, now) =>
        [
            $"{o.Long("status", "readyReplicas") ?? 0}/{o.Long("spec", "replicas") ?? 0}", o.Long("status", "updatedReplicas") ?? 0, o.Long("status", "availableReplicas") ?? 0,
            Cells.AgeOf(o, now), Cells.Containers(o.At("spec", "template", "spec"), "name"), Cells.Containers(o.At("spec", "template", "spec"), "image"), Cells.Selector(o.At("spec", "selector")),
        ]),
        ["apps/replicasets"] = Of("Desired:integer,Current:integer,Ready:integer,Age,Containers*,Images*,Selector*", (o, now) => Replicas(o, now, Cells.Selector(o.At("spec", "selector")))),
        ["apps/statefulsets"] = Of("Ready,Age,Containers*,Images*", (o, now) =>
        [
            $"{o.Long("status", "readyReplicas") ?? 0}/{o.Long("spec", "replicas") ?? 0}", Cells.AgeOf(o, now),
            Cells.Containers(o.At("spec", "template", "spec"), "name"), Cells.Containers(o.At("spec", "template", "spec"), "image"),
        ]),
        ["apps/daemonsets"] = Of("Desired:integer,Current:integer,Ready:integer,Up-to-date:integer,Available:integer,Node Selector,Age,Containers*,Images*,Selector*", (o, now) =>
        [
            Status(o, "desiredNumberScheduled"), Status(o, "currentNumberScheduled"), Status(o, "numberReady"), Status(o, "updatedNumberScheduled"), Status(o, "numberAvailable"),
            Cells.Pairs(o.At("spec", "template", "spec", "nodeSelector")), Cells.AgeOf(o, now), Cells.Containers(o.At("spec", "template", "spec"), "name"),
            Cells.Containers(o.At("spec", "template", "spec"), "image"), Cells.Selector(o.At("spec", "selector")),
        ]),
        ["batch/jobs"] = Of("Status,Completions,Duration,Age", (o, now) =>
        [
            o.Objects("status", "conditions").FirstOrDefault(c => c.Text("status") == "True" && c.Text("type") is "Complete" or "Failed")?.Text("type") ?? "Running",
            $"{Status(o, "succeeded")}/{o.Long("spec", "completions") ?? 1}",
            o.Text("status", "startTime") is { } start ? Cells.Duration((DateTimeOffset.TryParse(o.Text("status", "completionTime"), out DateTimeOffset end) ? end : now) - DateTimeOffset.Parse(start)) : "",
            Cells.AgeOf(o, now),
        ]),
        ["batch/cronjobs"] = Of("Schedule,Suspend,Active:integer,Last Schedule,Age", (o, now) =>
        [
            o.Text("spec", "schedule") ?? "", o.Bool("spec", "suspend") == true ? "True" : "False", o.Objects("status", "active").Count(),
            o.Text("status", "lastScheduleTime") is { } last ? Cells.Age(last, now) : "<none>", Cells.AgeOf(o, now),
        ]),
        ["networking.k8s.io/ingresses"] = Of("Class,Hosts,Address,Ports,Age", (o, now) =>
        [
            o.Text("spec", "ingressClassName") ?? "<none>",
            Cells.Some([.. o.Objects("spec", "rules").Select(r => r.Text("host") ?? "*")], 3) is { } hosts && hosts != "<none>" ? hosts : "*",
            string.Join(",", o.Objects("status", "loadBalancer", "ingress").Select(i => i.Text("ip") ?? i.Text("hostname"))),
            o.Objects("spec", "tls").Any() ? "80, 443" : "80", Cells.AgeOf(o, now),
        ]),
        ["networking.k8s.io/ingressclasses"] = Of("Controller,Parameters,Age", (o, now) => [o.Text("spec", "controller") ?? "", "<none>", Cells.AgeOf(o, now)]),
        ["networking.k8s.io/networkpolicies"] = Of("Pod-Selector,Age", (o, now) => [Cells.Selector(o.At("spec", "podSelector")), Cells.AgeOf(o, now)]),
        ["discovery.k8s.io/endpointslices"] = Of("AddressType,Ports,Endpoints,Age", (o, now) =>
        [
            o.Text("addressType") ?? "", Cells.Some([.. o.Objects("ports").Select(p => $"{p.Long("port")}")], 3) is { } ports && ports != "<none>" ? ports : "<unset>",
            Cells.Some([.. o.Objects("endpoints").SelectMany(e => e.Texts("addresses"))], 3) is { } addresses && addresses != "<none>" ? addresses : "<unset>", Cells.AgeOf(o, now),
        ]),
        ["coordination.k8s.io/leases"] = Of("Holder,Age", (o, now) => [o.Text("spec", "holderIdentity") ?? "", Cells.AgeOf(o, now)]),
        ["storage.k8s.io/storageclasses"] = Of("Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion,Age", (o, now) =>
        [
            o.Text("provisioner") ?? "", o.Text("reclaimPolicy") ?? "Delete", o.Text("volumeBindingMode") ?? "Immediate", o.Bool("allowVolumeExpansion") == true ? "true" : "false", Cells.AgeOf(o, now),
        ]),
        ["rbac.authorization.k8s.io/clusterroles"] = Of("Created At", (o, _) => [o.Text("metadata", "creationTimestamp") ?? ""]),
        ["rbac.authorization.k8s.io/roles"] = Of("Created At", (o, _) => [o.Text("metadata", "creationTimestamp") ?? ""]),
        ["rbac.authorization.k8s.io/clusterrolebindings"] = Of("Role,Age", (o, now) => [$"{o.Text("roleRef", "kind")}/{o.Text("roleRef", "name")}", Cells.AgeOf(o, now)]),
        ["rbac.authorization.k8s.io/rolebindings"] = Of("Role,Age", (o, now) => [$"{o.Text("roleRef", "kind")}/{o.Text("roleRef", "name")}", Cells.AgeOf(o, now)]),
        ["apiextensions.k8s.io/customresourcedefinitions"] = Of("Created At", (o, _) => [o.Text("metadata", "creationTimestamp") ?? ""]),
    };

    /// <summary>Name and age.</summary>
    public static TableColumns Default { get; } = new([Name, Age with { Name = "Age", Type = "date" }], (o, now) => [o.Text("metadata", "name"), Cells.AgeOf(o, now)]);

    /// <summary>The columns of a resource.</summary>
    public static TableColumns For(GroupResource resource) =>
        Tables.GetValueOrDefault($"{resource.Group}/{resource.Resource}") ?? RareColumns.Tables.GetValueOrDefault($"{resource.Group}/{resource.Resource}", Default);

    /// <summary>Columns from a list of headings: a star hides a column but for <c>-o wide</c>, a colon gives the type.</summary>
    internal static TableColumns Of(string headings, Func<JsonObject, DateTimeOffset, JsonNode?[]> row)
    {
        IEnumerable<TableColumn> columns = headings.Split(',').Select(h =>
        {
            string[] parts = h.TrimEnd('*').Split(':');
            return new TableColumn(parts[0], parts.Length > 1 ? parts[1] : "string") { Priority = h.EndsWith('*') ? 1 : 0 };
        });
        return new(columns.Prepend(Name).ToEquatableArray(), (o, now) => [o.Text("metadata", "name"), .. row(o, now)]);
    }

    private static JsonNode?[] Replicas(JsonObject o, DateTimeOffset now, string selector) =>
    [
        o.Long("spec", "replicas") ?? 0, Status(o, "replicas"), Status(o, "readyReplicas"), Cells.AgeOf(o, now),
        Cells.Containers(o.At("spec", "template", "spec"), "name"), Cells.Containers(o.At("spec", "template", "spec"), "image"), selector,
    ];

    private static JsonNode?[] EventRow(JsonObject o, DateTimeOffset now)
    {
        string? first = o.Text("firstTimestamp") ?? o.Text("eventTime") ?? o.Text("metadata", "creationTimestamp");
        string? last = o.Text("series", "lastObservedTime") ?? o.Text("lastTimestamp") ?? first;
        JsonNode? about = o["involvedObject"] ?? o["regarding"];
        return
        [
            Cells.Age(last, now), o.Text("type") ?? "", o.Text("reason") ?? "", $"{about.Text("kind")?.ToLowerInvariant()}/{about.Text("name")}", about.Text("fieldPath") ?? "",
            o.Text("source", "component") ?? o.Text("reportingComponent") ?? "", (o.Text("message") ?? o.Text("note") ?? "").Trim(), Cells.Age(first, now),
            o.Long("series", "count") ?? o.Long("count") ?? 1, o.Text("metadata", "name"),
        ];
    }

    private static long Status(JsonObject o, string field) => o.Long("status", field) ?? 0;

    private static int Count(JsonNode? node) => (node as JsonObject)?.Count ?? 0;

    private static string Info(JsonObject node, string field) => node.Text("status", "nodeInfo", field) is { Length: > 0 } text ? text : "<unknown>";

    private static string AccessModes(JsonObject o) => string.Join(",", o.Texts("spec", "accessModes").Select(m => m switch
    {
        "ReadWriteOnce" => "RWO", "ReadOnlyMany" => "ROX", "ReadWriteMany" => "RWX", "ReadWriteOncePod" => "RWOP", _ => m,
    }));
}
