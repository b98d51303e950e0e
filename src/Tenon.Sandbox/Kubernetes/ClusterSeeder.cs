using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Objects;

namespace Tenon.Sandbox.Kubernetes;

/// <summary>What every cluster has from the start.</summary>
internal static class ClusterSeeder
{
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
            ["addresses"] = new JsonArray(new JsonObject { ["ip"] = "127.0.0.1" }),
            ["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 6443, ["protocol"] = "TCP" }),
        });
        objects.Create(endpoints);
        JsonObject slice = New("discovery.k8s.io/v1", "EndpointSlice", "default", "kubernetes");
        slice["metadata"]!["labels"] = new JsonObject { ["kubernetes.io/service-name"] = "kubernetes" };
        slice["addressType"] = "IPv4";
        slice["endpoints"] = new JsonArray(new JsonObject { ["addresses"] = new JsonArray("127.0.0.1"), ["conditions"] = new JsonObject { ["ready"] = true } });
        slice["ports"] = new JsonArray(new JsonObject { ["name"] = "https", ["port"] = 6443, ["protocol"] = "TCP" });
        objects.Create(slice);
        SeedRoles(objects);
    }

    /// <summary>The roles and bindings that every cluster has.</summary>
    private static void SeedRoles(ObjectOperations objects)
    {
        (string Name, string Rules)[] roles =
        [
            ("cluster-admin", "* * *;paths:* *"),
            ("system:discovery", "paths:/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/ get"),
            ("system:public-info-viewer", "paths:/healthz,/livez,/readyz,/version,/version/ get"),
            ("system:basic-user", "authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews create;authentication.k8s.io selfsubjectreviews create"),
            ("system:auth-delegator", "authentication.k8s.io tokenreviews create;authorization.k8s.io subjectaccessreviews create"),
            ("view", ReadableRules("get,list,watch")),
            ("edit", ReadableRules("create,delete,deletecollection,get,list,patch,update,watch") + "; secrets *"),
            ("admin", ReadableRules("create,delete,deletecollection,get,list,patch,update,watch") + "; secrets *;rbac.authorization.k8s.io roles,rolebindings *"),
        ];
        foreach ((string name, string rules) in roles)
        {
            JsonObject role = New("rbac.authorization.k8s.io/v1", "ClusterRole", null, name);
            role["rules"] = new JsonArray([.. rules.Split(';').Select(Rule)]);
            objects.Create(role);
        }

        (string Role, string Group)[] bindings =
        [
            ("cluster-admin", "system:masters"), ("system:discovery", "system:authenticated"), ("system:basic-user", "system:authenticated"),
            ("system:public-info-viewer", "system:unauthenticated"),
        ];
        foreach ((string role, string group) in bindings)
        {
            JsonObject binding = New("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", null, role);
            binding["roleRef"] = new JsonObject { ["apiGroup"] = "rbac.authorization.k8s.io", ["kind"] = "ClusterRole", ["name"] = role };
            binding["subjects"] = new JsonArray(new JsonObject { ["kind"] = "Group", ["apiGroup"] = "rbac.authorization.k8s.io", ["name"] = group });
            objects.Create(binding);
        }
    }

    private static string ReadableRules(string verbs) => string.Join(';',
        $" configmaps,endpoints,events,limitranges,persistentvolumeclaims,pods,pods/log,pods/status,replicationcontrollers,replicationcontrollers/scale,resourcequotas,serviceaccounts,services,services/status {verbs}",
        $"apps controllerrevisions,daemonsets,deployments,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale {verbs}",
        $"batch cronjobs,jobs {verbs}", $"networking.k8s.io ingresses,networkpolicies {verbs}", $"discovery.k8s.io endpointslices {verbs}",
        $"policy poddisruptionbudgets {verbs}", $"autoscaling horizontalpodautoscalers {verbs}");

    /// <summary>A rule from <c>GROUPS RESOURCES VERBS</c> or <c>paths:PATHS VERBS</c>.</summary>
    private static JsonNode Rule(string text)
    {
        string[] parts = text.Split(' ');
        static JsonArray List(string items) => new([.. items.Split(',').Select(i => (JsonNode)i)]);
        return parts[0].StartsWith("paths:", StringComparison.Ordinal)
            ? new JsonObject { ["nonResourceURLs"] = List(parts[0][6..]), ["verbs"] = List(parts[1]) }
            : new JsonObject { ["apiGroups"] = List(parts[0]), ["resources"] = List(parts[1]), ["verbs"] = List(parts[2]) };
    }

    private static JsonObject New(string apiVersion, string kind, string? space, string name)
    {
        var metadata = new JsonObject { ["name"] = name };
        if (space is not null) metadata["namespace"] = space;
        return new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind, ["metadata"] = metadata };
    }
}
