using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources.Strategies;
using Tenon.Sandbox.Kubernetes.Schemas;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>Every resource that a fresh API server serves.</summary>
internal static class BuiltInResources
{
    private static readonly EquatableArray<string> StatusVerbs = ["get", "patch", "update"];
    private static readonly ScalePaths Replicas = new("spec.replicas", "status.replicas", "spec.selector");

    /// <summary>The definitions.</summary>
    public static IEnumerable<ResourceDefinition> All(ServiceStrategy services) =>
    [
        Make("", "v1", "Namespace", "namespaces ns", false, new NamespaceStrategy(), status: true) with
        {
            Verbs = ["create", "delete", "get", "list", "patch", "update", "watch"],
            Subresources = [new("finalize", "Namespace", ["update"]), new("status", "Namespace", StatusVerbs)],
        },
        Make("", "v1", "Node", "nodes no", false, new NodeStrategy { KeepsStatusOnCreate = true }, status: true),
        Make("", "v1", "Pod", "pods po", true, new PodStrategy { ReturnsDeleted = true }, status: true, categories: "all") with
        {
            Subresources =
            [
                new("attach", "PodAttachOptions", ["create", "get"]), new("binding", "Binding", ["create"]),
                new("exec", "PodExecOptions", ["create", "get"]), new("portforward", "PodPortForwardOptions", ["create", "get"]), new("eviction", "Eviction", ["create"]) { KindVersion = new("policy", "v1") },
                new("log", "Pod", ["get"]), new("status", "Pod", StatusVerbs),
            ],
        },
        Make("", "v1", "Service", "services svc", true, services, status: true, categories: "all"),
        Make("", "v1", "Endpoints", "endpoints ep", true, new ResourceStrategy { AllowCreateOnUpdate = true }),
        Make("", "v1", "ConfigMap", "configmaps cm", true, new DataStrategy()),
        Make("", "v1", "Secret", "secrets", true, new SecretStrategy()),
        Make("", "v1", "Event", "events ev", true, new EventStrategy { AllowCreateOnUpdate = true }),
        Make("", "v1", "ServiceAccount", "serviceaccounts sa", true, new ProvidedStrategy { ReturnsDeleted = true }) with
        {
            Subresources = [new("token", "TokenRequest", ["create"]) { KindVersion = new("authentication.k8s.io", "v1") }],
        },
        Make("", "v1", "ReplicationController", "replicationcontrollers rc", true, new WorkloadStrategy { HasGeneration = true }, status: true, scale: true, categories: "all"),
        Make("", "v1", "PersistentVolume", "persistentvolumes pv", false, new ResourceStrategy { ReturnsDeleted = true }, status: true),
        Make("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims pvc", true, new ResourceStrategy { ReturnsDeleted = true }, status: true),
        Make("", "v1", "PodTemplate", "podtemplates", true, new ResourceStrategy { HasGeneration = true, ReturnsDeleted = true }),
        Make("", "v1", "LimitRange", "limitranges limits", true),
        Make("", "v1", "ResourceQuota", "resourcequotas quota", true, new ResourceStrategy { ReturnsDeleted = true }, status: true),
        Make("apps", "v1", "Deployment", "deployments deploy", true, new WorkloadStrategy { HasGeneration = true }, status: true, scale: true, categories: "all"),
        Make("apps", "v1", "ReplicaSet", "replicasets rs", true, new WorkloadStrategy { HasGeneration = true }, status: true, scale: true, categories: "all"),
        Make("apps", "v1", "StatefulSet", "statefulsets sts", true, new WorkloadStrategy { HasGeneration = true }, status: true, scale: true, categories: "all"),
        Make("apps", "v1", "DaemonSet", "daemonsets ds", true, new WorkloadStrategy { HasGeneration = true }, status: true, categories: "all"),
        Make("apps", "v1", "ControllerRevision", "controllerrevisions", true),
        Make("batch", "v1", "Job", "jobs", true, new WorkloadStrategy { HasGeneration = true }, status: true, categories: "all"),
        Make("batch", "v1", "CronJob", "cronjobs cj", true, new WorkloadStrategy { HasGeneration = true }, status: true, categories: "all"),
        Autoscalers(),
        Make("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets pdb", true, new ResourceStrategy { HasGeneration = true }, status: true),
        Make("networking.k8s.io", "v1", "Ingress", "ingresses ing", true, new ResourceStrategy { HasGeneration = true }, status: true),
        Make("networking.k8s.io", "v1", "IngressClass", "ingressclasses", false, new ResourceStrategy { HasGeneration = true }),
        Make("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies netpol", true, new ResourceStrategy { HasGeneration = true }),
        Make("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices", true, new ResourceStrategy { HasGeneration = true }),
        Make("coordination.k8s.io", "v1", "Lease", "leases", true, new ResourceStrategy { AllowCreateOnUpdate = true, RequiresResourceVersion = true }),
        Make("rbac.authorization.k8s.io", "v1", "Role", "roles", true),
        Make("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", true),
        Make("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", false),
        Make("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", false),
        Make("storage.k8s.io", "v1", "StorageClass", "storageclasses sc", false, new ResourceStrategy { ReturnsDeleted = true }),
        Make("storage.k8s.io", "v1", "CSIDriver", "csidrivers", false, new ResourceStrategy { ReturnsDeleted = true }),
        Make("storage.k8s.io", "v1", "CSINode", "csinodes", false, new ResourceStrategy { ReturnsDeleted = true }),
        Make("storage.k8s.io", "v1", "CSIStorageCapacity", "csistoragecapacities", true),
        Make("storage.k8s.io", "v1", "VolumeAttachment", "volumeattachments", false, new ResourceStrategy { ReturnsDeleted = true }, status: true),
        Make("scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses pc", false, new ResourceStrategy { HasGeneration = true }),
        Make("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false, new ResourceStrategy { HasGeneration = true }),
        Make("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false, new ResourceStrategy { HasGeneration = true }),
        Make("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions crd crds", false,
            new CustomResourceDefinitionStrategy(), status: true, categories: "api-extensions"),
        SharedEvents(),
        .. Reviews(),
    ];

    /// <summary>Kinds that are asked and answered, never stored.</summary>
    private static IEnumerable<ResourceDefinition> Reviews()
    {
        (string Group, string Kind, string Plural, bool Namespaced)[] reviews =
        [
            ("authentication.k8s.io", "TokenReview", "tokenreviews", false),
            ("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", false),
            ("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", false),
            ("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", false),
            ("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", false),
            ("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", true),
        ];
        return reviews.Select(r => Make(r.Group, "v1", r.Kind, r.Plural, r.Namespaced) with { Verbs = ["create"] });
    }

    /// <summary>The events.k8s.io view of core events: the same objects, with other names for some fields.</summary>
    private static ResourceDefinition SharedEvents()
    {
        ResourceDefinition made = Make("events.k8s.io", "v1", "Event", "events ev", true, new EventStrategy { AllowCreateOnUpdate = true, IsStrict = true });
        TableColumns core = BuiltInColumns.For(new("", "events"));
        return made with
        {
            StoredAs = new("", "events"),
            StorageSchema = SchemaCatalog.BuiltIn.Find(new GroupVersion("", "v1"), "Event"),
            Versions =
            [
                made.Versions[0] with
                {
                    ToStorage = Conversions.EventToCore,
                    FromStorage = Conversions.EventFromCore,
                    Columns = core with
                    {
                        Row = (o, now) =>
                        {
                            JsonObject copy = o.Copy();
                            Conversions.EventToCore(copy);
                            return core.Row(copy, now);
                        },
                    },
                },
            ],
        };
    }

    private static ResourceDefinition Autoscalers()
    {
        const string kind = "HorizontalPodAutoscaler", names = "horizontalpodautoscalers hpa";
        ResourceVersion older = Make("autoscaling", "v1", kind, names, true).Versions[0];
        ResourceDefinition made = Make("autoscaling", "v2", kind, names, true, status: true, categories: "all");
        return made with
        {
            Versions =
            [
                made.Versions[0] with { Storage = true },
                older with { Columns = made.Versions[0].Columns, ToStorage = Conversions.AutoscalerToV2, FromStorage = Conversions.AutoscalerFromV2 },
            ],
        };
    }

    private static ResourceDefinition Make(
        string group, string version, string kind, string names, bool namespaced, ResourceStrategy? strategy = null,
        bool status = false, bool scale = false, string? categories = null)
    {
        string[] parts = names.Split(' ');
        var subresources = new List<Subresource>();
        if (scale) subresources.Add(new("scale", "Scale", StatusVerbs) { KindVersion = new("autoscaling", "v1"), Scale = Replicas });
        if (status) subresources.Add(new("status", kind, StatusVerbs));
        return new ResourceDefinition
        {
            Group = group,
            Kind = kind,
            Plural = parts[0],
            Singular = kind.ToLowerInvariant(),
            ShortNames = parts[1..].ToEquatableArray(),
            Categories = categories is null ? [] : [categories],
            Namespaced = namespaced,
            Strategy = strategy ?? new ResourceStrategy(),
            Subresources = subresources.ToEquatableArray(),
            Versions =
            [
                new ResourceVersion(version)
                {
                    Columns = BuiltInColumns.For(new(group, parts[0])),
                    Schema = SchemaCatalog.BuiltIn.Find(new GroupVersion(group, version), kind),
                },
            ],
        };
    }
}
