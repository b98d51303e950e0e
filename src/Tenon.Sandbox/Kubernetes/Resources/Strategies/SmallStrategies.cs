using System.Text;
using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Resources.Strategies;

/// <summary>Namespaces: active until deleted, then held until the namespace controller has emptied them.</summary>
internal sealed class NamespaceStrategy : ResourceStrategy
{
    private const string Finalizer = "kubernetes";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields { get; } = new Dictionary<string, Func<JsonObject, string>>
    {
        ["status.phase"] = o => o.Text("status", "phase") ?? "",
        ["name"] = o => o.Text("metadata", "name") ?? "",
    };

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject document, StrategyContext context)
    {
        document.Ensure("spec")["finalizers"] = new JsonArray(Finalizer);
        document["status"] = new JsonObject { ["phase"] = "Active" };
        document.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = document.Text("metadata", "name");
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context)
    {
        if (old["spec"] is { } spec) document["spec"] = spec.DeepClone();
        document.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = document.Text("metadata", "name");
    }

    /// <inheritdoc/>
    public override void Stored(StoredObject stored, StoredObject? old, StrategyContext context)
    {
        if (!stored.IsBeingDeleted && old is null) NamespaceContents.Provide(stored.Key.Name, context);
    }

    /// <inheritdoc/>
    public override void CheckDelete(StoredObject stored, StrategyContext context)
    {
        if (stored.Key.Name is "default" or "kube-system" or "kube-public")
            throw ApiException.Forbidden(stored.Resource, stored.Key.Name, "this namespace may not be deleted");
    }

    /// <inheritdoc/>
    public override void MarkedForDeletion(JsonObject document, StrategyContext context) => document.Ensure("status")["phase"] = "Terminating";

    /// <inheritdoc/>
    public override bool IsHeld(JsonObject document) => document.Texts("spec", "finalizers").Any();
}

/// <summary>Nodes: pod ranges and provider IDs never change once set.</summary>
internal sealed class NodeStrategy : ResourceStrategy
{
    private const string NotReady = "node.kubernetes.io/not-ready";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields { get; } = new Dictionary<string, Func<JsonObject, string>>
    {
        ["spec.unschedulable"] = o => o.Bool("spec", "unschedulable") == true ? "true" : "false",
    };

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject document, StrategyContext context)
    {
        JsonObject spec = document.Ensure("spec");
        if (spec.Objects("taints").Any(t => t.Text("key") == NotReady && t.Text("effect") == "NoSchedule")) return;

        // The admission plugin TaintNodesByCondition: a node is not ready until its kubelet says so.
        spec.EnsureArray("taints").Add((JsonNode)new JsonObject { ["key"] = NotReady, ["effect"] = "NoSchedule" });
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        if (old is null) yield break;
        if (old.Text("spec", "providerID") is { Length: > 0 } id && document.Text("spec", "providerID") != id)
            yield return FieldError.Forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid");
        if (old.At("spec", "podCIDRs") is JsonArray { Count: > 0 } ranges && !JsonNode.DeepEquals(ranges, document.At("spec", "podCIDRs")))
            yield return FieldError.Forbidden("spec.podCIDRs", "node updates may not change podCIDR except from \"\" to valid");
    }
}

/// <summary>ConfigMaps, and the immutability that Secrets share.</summary>
internal class DataStrategy : ResourceStrategy
{
    /// <inheritdoc/>
    public override void Released(StoredObject last, StrategyContext context)
    {
        // The authority's certificate comes back, but not in a namespace that ends.
        if (last.Key.Name == "kube-root-ca.crt"
            && context.Store.Get(new("", "namespaces"), new Tenon.Core.NamespacedName("", last.Key.Namespace)) is { IsBeingDeleted: false })
        {
            NamespaceContents.Provide(last.Key.Namespace, context);
        }
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        if (old?.Bool("immutable") != true) yield break;
        if (document.Bool("immutable") != true) yield return FieldError.Forbidden("immutable", "field is immutable when `immutable` is set");
        if (!JsonNode.DeepEquals(document["data"], old["data"])) yield return FieldError.Forbidden("data", "field is immutable when `immutable` is set");
    }
}

/// <summary>Secrets: plain text becomes data, the type never changes.</summary>
internal sealed class SecretStrategy : DataStrategy
{
    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields { get; } = new Dictionary<string, Func<JsonObject, string>>
    {
        ["type"] = o => o.Text("type") ?? "",
    };

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject document, StrategyContext context) => Encode(document);

    /// <inheritdoc/>
    public override void Commit(JsonObject document, JsonObject? old, StrategyContext context)
    {
        if (document.Text("type") != "kubernetes.io/service-account-token" || context.Objects.IssueToken is not { } issue || document.At("data", "token") is not null) return;
        string name = document.At("metadata", "annotations").Text("kubernetes.io/service-account.name") ?? "";
        var key = new Tenon.Core.NamespacedName(document.Text("metadata", "namespace") ?? "", name);
        if (context.Store.Get(new("", "serviceaccounts"), key) is not { } account) return;
        document.Object("metadata", "annotations")!["kubernetes.io/service-account.uid"] = account.Uid;
        JsonObject data = document.Ensure("data");
        data["ca.crt"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(context.Objects.AuthorityPem));
        data["namespace"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(account.Key.Namespace));
        data["token"] = Convert.ToBase64String(Encoding.ASCII.GetBytes(issue(account)));
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context) => Encode(document);

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        IEnumerable<FieldError> errors = base.Validate(document, old, context);
        return old is not null && old.Text("type") != document.Text("type") ? errors.Append(FieldError.Invalid("type", document["type"], "field is immutable")) : errors;
    }

    private static void Encode(JsonObject document)
    {
        if (document["stringData"] is not JsonObject plain) return;
        JsonObject data = document.Ensure("data");
        foreach ((string name, JsonNode? value) in plain) data[name] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.AsText() ?? ""));
        document.Remove("stringData");
    }
}

/// <summary>Workloads: their selectors never change.</summary>
internal sealed class WorkloadStrategy : ResourceStrategy
{
    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context)
    {
        // A ReplicationController's selector may change; those of the apps group may not.
        if (old is null || document.Text("kind") == "ReplicationController" || JsonNode.DeepEquals(document.At("spec", "selector"), old.At("spec", "selector"))) yield break;
        yield return FieldError.Invalid("spec.selector", document.At("spec", "selector"), "field is immutable");
    }

    /// <summary>A Deployment hands its annotations on to its ReplicaSets, so they count as part of what is wanted.</summary>
    public override bool RaisesGeneration(JsonObject document, JsonObject old) => base.RaisesGeneration(document, old)
        || (document.Text("kind") == "Deployment" && !JsonNode.DeepEquals(document.At("metadata", "annotations"), old.At("metadata", "annotations")));
}
