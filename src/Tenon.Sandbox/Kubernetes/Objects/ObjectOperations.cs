using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Objects;

/// <summary>
/// Every operation on objects with the rules of the real API server: what the HTTP layer calls after authorization, and what in-process controllers and
/// seeders call directly. All members are thread-safe and synchronous; all failures are <see cref="ApiException"/>s.
/// </summary>
/// <param name="store">Where objects are.</param>
/// <param name="registry">What is served.</param>
/// <param name="time">The clock of timestamps.</param>
public sealed partial class ObjectOperations(ClusterStore store, ResourceRegistry registry, TimeProvider time)
{
    /// <summary>The store; writing to it directly skips every rule.</summary>
    public ClusterStore Store => store;

    /// <summary>What is served.</summary>
    public ResourceRegistry Registry => registry;

    /// <summary>The clock of timestamps.</summary>
    public TimeProvider Time => time;

    /// <summary>The resource of a plural in its preferred version.</summary>
    /// <param name="group">The API group; empty for core.</param>
    /// <param name="plural">The plural.</param>
    /// <param name="space">The namespace; empty for cluster-scoped resources.</param>
    /// <param name="name">The name; empty on create.</param>
    /// <param name="subresource">The subresource; empty for the object itself.</param>
    /// <exception cref="ApiException">404: it is not served.</exception>
    public ObjectTarget Target(string group, string plural, string space = "", string name = "", string subresource = "")
    {
        ResourceDefinition definition = registry.Find(new(group, plural)) ?? throw ApiException.NoSuchResource();
        return new(definition, definition.StorageVersion, space, name, subresource);
    }

    /// <summary>The target that a whole document names by apiVersion, kind and metadata.</summary>
    /// <exception cref="ApiException">404: the kind is not served.</exception>
    public ObjectTarget TargetOf(JsonObject document, string subresource = "")
    {
        GroupVersion groupVersion = GroupVersion.Parse(document.Text("apiVersion") ?? "");
        ResourceDefinition definition = registry.FindKind(groupVersion, document.Text("kind") ?? "") ?? throw ApiException.NoSuchResource();
        return new(definition, definition.FindVersion(groupVersion.Version)!, definition.Namespaced ? document.Text("metadata", "namespace") ?? "default" : "",
            document.Text("metadata", "name") ?? "", subresource);
    }

    /// <summary>Creates an object from a whole document, as <c>kubectl create</c> would.</summary>
    public StoredObject Create(JsonObject document) => Create(TargetOf(document) with { Name = "" }, document, new WriteOptions());

    /// <summary>Replaces an object by a whole document; with a resourceVersion only if it is still that one.</summary>
    /// <param name="document">The document.</param>
    /// <param name="subresource">The subresource to write, for example <c>status</c>.</param>
    public StoredObject Update(JsonObject document, string subresource = "") =>
        Update(TargetOf(document, subresource), document, new WriteOptions(), out _);

    /// <summary>Deletes an object with the kind's defaults.</summary>
    public DeleteResult Delete(string group, string plural, string space, string name, DeleteOptions? options = null) =>
        Delete(Target(group, plural, space, name), options ?? new DeleteOptions());

    /// <summary>An object.</summary>
    /// <exception cref="ApiException">404.</exception>
    public StoredObject Get(ObjectTarget target) => store.Get(target.Definition.StoredAs, new(target.Namespace, target.Name))
        ?? throw ApiException.NotFound(target.Definition.GroupResource, target.Name);

    /// <summary>An object as the target's version and subresource show it; a copy.</summary>
    /// <exception cref="ApiException">404.</exception>
    public static JsonObject View(ObjectTarget target, StoredObject stored)
    {
        if (target.Definition.FindSubresource(target.Subresource)?.Scale is { } paths) return Scales.Read(stored.Document, paths);
        JsonObject copy = stored.Document.Copy();
        target.Version.FromStorage?.Invoke(copy);
        copy["kind"] = target.Definition.Kind;
        copy["apiVersion"] = target.GroupVersion.ToString();
        return copy;
    }

    /// <summary>The certificate of the cluster's authority, which namespaces and tokens carry.</summary>
    internal string AuthorityPem { get; init; } = "";

    /// <summary>Issues a token that never expires for a ServiceAccount; <see langword="null"/> where nothing does.</summary>
    internal Func<StoredObject, string>? IssueToken { get; init; }

    private StrategyContext Context(WriteOptions options) => new(this, time.GetUtcNow(), options.DryRun, options.UserName);

    /// <summary>Decodes and defaults what a client sent, and converts it to the storage version.</summary>
    private static JsonObject Read(ObjectTarget target, JsonObject body, WriteOptions options, bool patched = false)
    {
        ResourceDefinition definition = target.Definition;
        string? apiVersion = body.Text("apiVersion"), kind = body.Text("kind");
        if (!string.IsNullOrEmpty(apiVersion) && apiVersion != target.GroupVersion.ToString())
        {
            throw ApiException.BadRequest(
                $"the API version in the data ({apiVersion}) does not match the expected API version ({target.GroupVersion})");
        }

        if (!string.IsNullOrEmpty(kind) && kind != definition.Kind)
        {
            throw ApiException.BadRequest(
                $"{kind} in version \"{target.Version.Name}\" cannot be handled as a {definition.Kind}: converting ({target.Version.Name}.{kind}) to ({definition.Kind}): unknown conversion");
        }

        JsonObject document = Decode(target, body, options, patched);
        target.Version.Schema?.OmitEmpty(document);
        target.Version.Schema?.Default(document);

        target.Version.ToStorage?.Invoke(document);
        document["kind"] = definition.Kind;
        document["apiVersion"] = definition.StorageApiVersion;
        return document;
    }

    /// <summary>A copy of a body without the fields that the kind does not have.</summary>
    private static JsonObject Decode(ObjectTarget target, JsonObject body, WriteOptions options, bool patched = false)
    {
        JsonObject document = body.Copy();
        if (target.Version.Schema is not { } schema) return document;
        DecodeReport report = schema.Decode(document);
        if (report.TypeError is { } error) throw patched ? BadPatch(body, error) : CannotHandle(target, error);
        string[] unknown = [.. report.UnknownFields.Select(f => $"unknown field \"{f}\"")];
        if (unknown.Length > 0 && options.FieldValidation == FieldValidation.Strict)
        {
            string why = $"strict decoding error: {string.Join(", ", unknown)}";
            throw patched ? BadPatch(body, why) : CannotHandle(target, why);
        }

        if (options.FieldValidation == FieldValidation.Warn)
        {
            foreach (string field in unknown) options.Warn(field);
        }

        return document;
    }

    private static ApiException CannotHandle(ObjectTarget target, string why) =>
        ApiException.BadRequest($"{target.Definition.Kind} in version \"{target.Version.Name}\" cannot be handled as a {target.Definition.Kind}: {why}");

    /// <summary>What a patch makes of an object cannot be read: the real server blames the patch, and names no object.</summary>
    private static ApiException BadPatch(JsonObject patched, string why) =>
        ApiException.Invalid("", "", "", [FieldError.Invalid("patch", patched.ToJsonString(), why)]);

    private static void Validate(ObjectTarget target, JsonObject document, JsonObject? old, StrategyContext context)
    {
        ResourceDefinition definition = target.Definition;
        var errors = new List<FieldError>();
        if (definition.StorageSchema is { } schema) errors.AddRange(schema.Validate(document, old));
        if (target.Version != definition.StorageVersion && target.Version.ToStorage is null && definition.IsCustom && target.Version.Schema is { } own)
        {
            errors.AddRange(own.Validate(document, old).Where(e => !errors.Contains(e)));
        }

        errors.AddRange(definition.Strategy.Validate(document, old, context).Where(e => !errors.Contains(e)));
        if (errors.Count > 0) throw ApiException.Invalid(definition.Group, definition.Kind, document.Text("metadata", "name") ?? "", errors);
    }

    /// <summary>Records ownership of fields in metadata.managedFields.</summary>
    private static void Track(ObjectTarget target, JsonObject? live, JsonObject document, WriteOptions options, DateTimeOffset now)
    {
        target.Definition.StorageSchema?.Track(live, document, Manager(target, options, now));
    }

    private static ManagerRequest Manager(ObjectTarget target, WriteOptions options, DateTimeOffset now)
    {
        string version = target.Version.ToStorage is null ? target.Version.Name : target.Definition.StorageVersion.Name;
        return new(options.FieldManager, new GroupVersion(target.Definition.Group, version).ToString(), target.Subresource, options.Force, now);
    }

    private void CheckNamespace(ObjectTarget target, string name)
    {
        if (!target.Definition.Namespaced) return;
        GroupResource namespaces = new("", "namespaces");
        StoredObject space = store.Get(namespaces, new NamespacedName("", target.Namespace)) ?? throw ApiException.NotFound(namespaces, target.Namespace);
        if (!space.IsBeingDeleted) return;
        throw new ApiException(403, "Forbidden",
            $"{target.Definition.GroupResource} \"{name}\" is forbidden: unable to create new content in namespace {target.Namespace} because it is being terminated",
            new JsonObject
            {
                ["name"] = name,
                ["group"] = target.Definition.Group,
                ["kind"] = target.Definition.Plural,
                ["causes"] = new JsonArray(new JsonObject
                {
                    ["reason"] = "NamespaceTerminating",
                    ["message"] = $"namespace {target.Namespace} is being terminated",
                    ["field"] = "metadata.namespace",
                }),
            });
    }
}

/// <summary>What a delete did.</summary>
/// <param name="Object">The object's last or present state.</param>
/// <param name="Removed">Whether it is gone; otherwise finalizers or its grace period keep it.</param>
public sealed record DeleteResult(StoredObject Object, bool Removed);
