using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Objects;

public sealed partial class ObjectOperations
{
    private const int GenerateNameAttempts = 8;
    private const int LongestGeneratedBase = 58;

    /// <summary>Creates an object.</summary>
    /// <param name="target">Where; the name is in the document.</param>
    /// <param name="body">What the client sent, in the target's version; it is not changed.</param>
    /// <param name="options">How.</param>
    public StoredObject Create(ObjectTarget target, JsonObject body, WriteOptions options)
    {
        JsonObject document = Read(target, body, options);
        return CreateDecoded(target, document, options, track: true);
    }

    private StoredObject CreateDecoded(ObjectTarget target, JsonObject document, WriteOptions options, bool track)
    {
        ResourceDefinition definition = target.Definition;
        JsonObject metadata = document.Ensure("metadata");
        PlaceInNamespace(target, metadata);
        if (metadata.Text("resourceVersion") is { Length: > 0 })
        {
            throw new ApiException(500, "", "resourceVersion should not be set on objects to be created");
        }

        string? prefix = metadata.Text("generateName");
        bool generated = string.IsNullOrEmpty(metadata.Text("name")) && !string.IsNullOrEmpty(prefix);
        return store.Transact(() =>
        {
            StrategyContext context = Context(options);
            if (generated) metadata["name"] = FreeName(target, prefix!);
            string name = metadata.Text("name") ?? "";
            CheckNamespace(target, name);
            StampNew(definition, metadata, context.Now);
            if (definition.HasStatus && definition.Strategy is { KeepsStatusOnWrite: false, KeepsStatusOnCreate: false }) document.Remove("status");
            definition.Strategy.PrepareForCreate(document, context);
            if (name.Length == 0)
            {
                throw ApiException.Invalid(definition.Group, definition.Kind, "", [FieldError.Required("metadata.name", "name or generateName is required")]);
            }

            Validate(target, document, null, context);
            if (store.Get(definition.StoredAs, new NamespacedName(target.Namespace, name)) is not null)
            {
                throw ApiException.AlreadyExists(definition.GroupResource, name);
            }

            options.Admit(document);
            definition.Strategy.Commit(document, null, context);
            if (track) Track(target, null, document, options, context.Now);
            metadata.Remove("resourceVersion");
            if (options.DryRun) return new StoredObject(definition.StoredAs, document, 0);
            StoredObject stored = store.Create(definition.StoredAs, document);
            definition.Strategy.Stored(stored, null, context);
            return stored;
        });
    }

    private string FreeName(ObjectTarget target, string prefix)
    {
        string start = prefix.Length > LongestGeneratedBase ? prefix[..LongestGeneratedBase] : prefix;
        string name = "";
        for (int attempt = 0; attempt < GenerateNameAttempts; attempt++)
        {
            name = start + RandomNumberGenerator.GetString("bcdfghjklmnpqrstvwxz2456789", 5);
            if (store.Get(target.Definition.StoredAs, new NamespacedName(target.Namespace, name)) is null) return name;
        }

        throw ApiException.AlreadyExists(target.Definition.GroupResource, name);
    }

    private static void PlaceInNamespace(ObjectTarget target, JsonObject metadata)
    {
        string space = metadata.Text("namespace") ?? "";
        if (space == target.Namespace) return;
        if (target.Namespace.Length == 0)
        {
            metadata.Remove("namespace");
            return;
        }

        if (space.Length > 0) throw ApiException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        metadata["namespace"] = target.Namespace;
    }

    private static void StampNew(ResourceDefinition definition, JsonObject metadata, DateTimeOffset now)
    {
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = JsonDocuments.Timestamp(now);
        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        metadata.Remove("selfLink");
        if (definition.Strategy.HasGeneration) metadata["generation"] = 1;
        else metadata.Remove("generation");
    }
}
