using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Objects;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>The cluster roles and bindings that every cluster has: administrators, users, discovery, and the system's own components.</summary>
internal static class DefaultRoles
{
    private const string Read = "get,list,watch";
    private const string Write = "create,delete,deletecollection,patch,update";
    private const string Everything = "create,delete,deletecollection,get,list,patch,update,watch";
    private const string Aggregate = "rbac.authorization.k8s.io/aggregate-to-";

    private static readonly string[] Workloads =
    [
        "apps: daemonsets,deployments,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale",
        "autoscaling: horizontalpodautoscalers",
        "batch: cronjobs,jobs",
        "policy: poddisruptionbudgets",
        "networking.k8s.io: ingresses,networkpolicies",
        "core: configmaps,endpoints,persistentvolumeclaims,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services",
    ];

    private static readonly string[] Statuses =
    [
        "apps: daemonsets/status,deployments/status,replicasets/status,statefulsets/status,controllerrevisions",
        "autoscaling: horizontalpodautoscalers/status",
        "batch: cronjobs/status,jobs/status",
        "policy: poddisruptionbudgets/status",
        "networking.k8s.io: ingresses/status",
        "discovery.k8s.io: endpointslices",
        "core: persistentvolumeclaims/status,pods/status,replicationcontrollers/status,services/status,bindings,events,limitranges,namespaces,namespaces/status,pods/log,resourcequotas,resourcequotas/status",
    ];

    /// <summary>Makes all of them.</summary>
    public static void Seed(ObjectOperations objects)
    {
        void Role(string name, string? aggregatesTo, params IEnumerable<JsonObject> rules) => objects.Create(Make("ClusterRole", name, aggregatesTo, new()
        {
            ["rules"] = new JsonArray([.. rules]),
        }));

        void Sum(string name, string? aggregatesTo) => objects.Create(Make("ClusterRole", name, aggregatesTo, new()
        {
            ["aggregationRule"] = new JsonObject
            {
                ["clusterRoleSelectors"] = new JsonArray(new JsonObject { ["matchLabels"] = new JsonObject { [Aggregate + name] = "true" } }),
            },
            ["rules"] = new JsonArray(),
        }));

        Role("cluster-admin", null, Rule("*", "*: *"), Paths("*", "*"));
        Sum("admin", null);
        Sum("edit", "admin");
        Sum("view", "edit");
        Role("system:aggregate-to-admin", "admin",
            Rule("create", "authorization.k8s.io: localsubjectaccessreviews"), Rule(Everything, "rbac.authorization.k8s.io: rolebindings,roles"));
        Role("system:aggregate-to-edit", "edit",
        [
            Rule(Read, "core: pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy"),
            Rule("impersonate", "core: serviceaccounts"),
            Rule("create", "core: pods/eviction"),
            Rule(Write, "core: pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy,events"),
            Rule("create", "core: serviceaccounts/token"),
            Rule(Everything, "coordination.k8s.io: leases"),
            .. Workloads.Select(w => Rule(Write, w)),
        ]);
        Role("system:aggregate-to-view", "view", [.. Workloads.Concat(Statuses).Select(w => Rule(Read, w))]);
        Role("system:basic-user", null,
            Rule("create", "authorization.k8s.io: selfsubjectaccessreviews,selfsubjectrulesreviews"), Rule("create", "authentication.k8s.io: selfsubjectreviews"));
        Role("system:discovery", null, Paths("get", "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"));
        Role("system:public-info-viewer", null, Paths("get", "/healthz", "/livez", "/readyz", "/version", "/version/"));
        Role("system:monitoring", null, Paths("get", "/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/metrics/slis", "/readyz", "/readyz/*"));
        Role("system:auth-delegator", null, Rule("create", "authentication.k8s.io: tokenreviews"), Rule("create", "authorization.k8s.io: subjectaccessreviews"));
        Role("system:service-account-issuer-discovery", null, Paths("get", "/.well-known/openid-configuration", "/openid/v1/jwks"));
        Component(objects, Role);
        Bindings(objects);
    }

    private static void Component(ObjectOperations objects, Action<string, string?, IEnumerable<JsonObject>> role)
    {
        role("system:kube-scheduler", null,
        [
            Rule("create,patch,update", "core: events"), Rule("create,patch,update", "events.k8s.io: events"),
            Rule("create", "coordination.k8s.io: leases"), Rule("get,update", "coordination.k8s.io: leases", "kube-scheduler"),
            Rule("get,list,watch", "core: nodes"), Rule("delete,get,list,watch", "core: pods"), Rule("create", "core: bindings,pods/binding"),
            Rule("patch,update", "core: pods/status"), Rule(Read, "core: replicationcontrollers,services,persistentvolumeclaims,persistentvolumes,namespaces"),
            Rule(Read, "apps: replicasets,statefulsets"), Rule(Read, "policy: poddisruptionbudgets"), Rule(Read, "storage.k8s.io: csinodes,csidrivers,csistoragecapacities,storageclasses"),
        ]);
        role("system:kube-controller-manager", null,
        [
            Rule("create,patch,update", "core: events"), Rule("create,patch,update", "events.k8s.io: events"), Rule("create", "coordination.k8s.io: leases"),
            Rule("get,update", "coordination.k8s.io: leases", "kube-controller-manager"), Rule("create,get,update", "core: secrets,serviceaccounts"),
            Rule("delete", "core: secrets"), Rule("create", "core: serviceaccounts/token"), Rule("create", "authentication.k8s.io: tokenreviews"),
            Rule("create", "authorization.k8s.io: subjectaccessreviews"), Rule("list,watch", "*: *"),
        ]);
        role("system:node", null,
        [
            Rule("create", "authentication.k8s.io: tokenreviews"), Rule("create", "authorization.k8s.io: localsubjectaccessreviews,subjectaccessreviews"),
            Rule(Read, "core: services,persistentvolumeclaims,persistentvolumes"), Rule("create,get,list,watch", "core: nodes"), Rule("patch,update", "core: nodes,nodes/status"),
            Rule("create,patch,update", "core: events"), Rule("create,delete,get,list,watch", "core: pods"), Rule("patch,update", "core: pods/status"),
            Rule("create", "core: pods/eviction,serviceaccounts/token"), Rule(Read, "core: configmaps,secrets"),
            Rule("create,delete,get,patch,update", "coordination.k8s.io: leases"), Rule("create,delete,get,patch,update", "storage.k8s.io: csinodes"),
            Rule("get", "storage.k8s.io: volumeattachments"), Rule(Read, "storage.k8s.io: csidrivers"),
        ]);
        role("system:node-proxier", null,
        [
            Rule("list,watch", "core: endpoints,services"), Rule(Read, "core: nodes"), Rule("list,watch", "discovery.k8s.io: endpointslices"),
            Rule("create,patch,update", "core: events"), Rule("create,patch,update", "events.k8s.io: events"),
        ]);
    }

    private static void Bindings(ObjectOperations objects)
    {
        void Bind(string name, string kind, params IEnumerable<string> subjects) => objects.Create(Make("ClusterRoleBinding", name, null, new()
        {
            ["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = name },
            ["subjects"] = new JsonArray([.. subjects.Select(s => (JsonNode)new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = kind, ["name"] = s })]),
        }));

        Bind("cluster-admin", "Group", "system:masters");
        Bind("system:basic-user", "Group", "system:authenticated");
        Bind("system:discovery", "Group", "system:authenticated");
        Bind("system:public-info-viewer", "Group", "system:authenticated", "system:unauthenticated");
        Bind("system:monitoring", "Group", "system:monitoring");
        Bind("system:service-account-issuer-discovery", "Group", "system:serviceaccounts");
        Bind("system:kube-scheduler", "User", "system:kube-scheduler");
        Bind("system:kube-controller-manager", "User", "system:kube-controller-manager");
        Bind("system:node-proxier", "User", "system:kube-proxy");
    }

    /// <summary>A rule on resources, given as <c>group: resource,resource</c>.</summary>
    private static JsonObject Rule(string verbs, string resources, params IEnumerable<string> names)
    {
        string[] parts = resources.Split(": ");
        var rule = new JsonObject { ["apiGroups"] = new JsonArray(parts[0] == "core" ? "" : parts[0]), ["resources"] = List(parts[1]), ["verbs"] = List(verbs) };
        JsonNode[] named = [.. names.Select(n => (JsonNode)n)];
        if (named.Length > 0) rule["resourceNames"] = new JsonArray(named);
        return rule;
    }

    private static JsonObject Paths(string verbs, params IEnumerable<string> paths) =>
        new() { ["nonResourceURLs"] = new JsonArray([.. paths.Select(p => (JsonNode)p)]), ["verbs"] = List(verbs) };

    private static JsonArray List(string values) => new([.. values.Split(',').Select(v => (JsonNode)v)]);

    private static JsonObject Make(string kind, string name, string? aggregatesTo, JsonObject members)
    {
        var labels = new JsonObject { ["kubernetes.io/bootstrapping"] = "rbac-defaults" };
        if (aggregatesTo is not null) labels[Aggregate + aggregatesTo] = "true";
        members["apiVersion"] = "rbac.authorization.k8s.io/v1";
        members["kind"] = kind;
        members["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["labels"] = labels,
            ["annotations"] = new JsonObject { ["rbac.authorization.kubernetes.io/autoupdate"] = "true" },
        };
        return members;
    }
}
