using Xunit.v3;

namespace Tenon.Conformance.Tests.Support;

/// <summary>Where the rule that a case checks is written down. <c>-trait stated</c> lists the pages.</summary>
/// <param name="page">The page and its section, as its title says.</param>
/// <param name="address">Its address, or the number of the enhancement proposal (KEP).</param>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class StatedAttribute(string page, string address) : Attribute, ITraitAttribute
{
    /// <summary>The page and its section.</summary>
    public string Page { get; } = page;

    /// <summary>Its address.</summary>
    public string Address { get; } = address;

    /// <inheritdoc/>
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("stated", Page)];
}

/// <summary>The pages that cases cite.</summary>
public static class Pages
{
    private const string Site = "https://kubernetes.io/docs/";

    /// <summary>The conventions that every resource of the API keeps.</summary>
    public const string Conventions = "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md";

    /// <summary>Lists, watches, paging, patches, validation and forms of answers.</summary>
    public const string Concepts = Site + "reference/using-api/api-concepts/";

    /// <summary>Server-side apply.</summary>
    public const string Apply = Site + "reference/using-api/server-side-apply/";

    /// <summary>Names, labels and selectors.</summary>
    public const string Labels = Site + "concepts/overview/working-with-objects/labels/";

    /// <summary>Names and UIDs.</summary>
    public const string Names = Site + "concepts/overview/working-with-objects/names/";

    /// <summary>Field selectors.</summary>
    public const string Fields = Site + "concepts/overview/working-with-objects/field-selectors/";

    /// <summary>Finalizers.</summary>
    public const string Finalizers = Site + "concepts/overview/working-with-objects/finalizers/";

    /// <summary>Owners, and what becomes of dependents.</summary>
    public const string GarbageCollection = Site + "concepts/architecture/garbage-collection/";

    /// <summary>Namespaces.</summary>
    public const string Namespaces = Site + "concepts/overview/working-with-objects/namespaces/";

    /// <summary>Services.</summary>
    public const string Services = Site + "concepts/services-networking/service/";

    /// <summary>Services of two address families.</summary>
    public const string DualStack = Site + "concepts/services-networking/dual-stack/";

    /// <summary>EndpointSlices.</summary>
    public const string EndpointSlices = Site + "concepts/services-networking/endpoint-slices/";

    /// <summary>Nodes.</summary>
    public const string Nodes = Site + "concepts/architecture/nodes/";

    /// <summary>Leases.</summary>
    public const string Leases = Site + "concepts/architecture/leases/";

    /// <summary>Events.</summary>
    public const string Events = Site + "reference/kubernetes-api/cluster-resources/event-v1/";

    /// <summary>CustomResourceDefinitions.</summary>
    public const string CustomResources = Site + "tasks/extend-kubernetes/custom-resources/custom-resource-definitions/";

    /// <summary>Role-based access control.</summary>
    public const string Rbac = Site + "reference/access-authn-authz/rbac/";

    /// <summary>Authorization.</summary>
    public const string Authorization = Site + "reference/access-authn-authz/authorization/";

    /// <summary>Authentication.</summary>
    public const string Authentication = Site + "reference/access-authn-authz/authentication/";

    /// <summary>Service accounts and their tokens.</summary>
    public const string ServiceAccounts = Site + "reference/access-authn-authz/service-accounts-admin/";

    /// <summary>Discovery and OpenAPI.</summary>
    public const string Discovery = Site + "concepts/overview/kubernetes-api/";

    /// <summary>The health endpoints.</summary>
    public const string Health = Site + "reference/using-api/health-checks/";

    /// <summary>Evictions that the API begins.</summary>
    public const string Eviction = Site + "concepts/scheduling-eviction/api-eviction/";

    /// <summary>The phases and conditions of pods.</summary>
    public const string Pods = Site + "concepts/workloads/pods/pod-lifecycle/";

    /// <summary>kubectl.</summary>
    public const string Kubectl = Site + "reference/kubectl/";

    /// <summary>ConfigMaps.</summary>
    public const string ConfigMaps = Site + "concepts/configuration/configmap/";

    /// <summary>Deployments.</summary>
    public const string Deployments = Site + "concepts/workloads/controllers/deployment/";
}
