using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Schemas;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Objects;

public sealed partial class ObjectOperations
{
    /// <summary>Replaces an object, or a part of it through a subresource.</summary>
    /// <param name="target">Which.</param>
    /// <param name="body">What the client sent, in the target's version; it is not changed.</param>
    /// <param name="options">How.</param>
    /// <param name="created">Whether the object was made, for kinds where a PUT may do that.</param>
    public StoredObject Update(ObjectTarget target, JsonObject body, WriteOptions options, out bool created)
    {
        bool isNew = false;
        StoredObject result = store.Transact(() =>
        {
            StoredObject? old = store.Get(target.Definition.StoredAs, new NamespacedName(target.Namespace, target.Name));
            if (old is not null) return Write(target, old, body, options);
            CheckBodyName(target, body);
            if (!target.Definition.Strategy.AllowCreateOnUpdate || target.Subresource.Length > 0 || body.Text("metadata", "resourceVersion") is { Length: > 0 })
            {
                throw ApiException.NotFound(target.Definition.GroupResource, target.Name);
            }

            isNew = true;
            JsonObject named = body.Copy();
            named.Ensure("metadata")["name"] = target.Name;
            return Create(target, named, options);
        });
        created = isNew;
        return result;
    }

    /// <summary>Patches an object, or a part of it through a subresource.</summary>
    /// <param name="target">Which.</param>
    /// <param name="kind">The kind of the patch.</param>
    /// <param name="patch">The patch: an array for <see cref="PatchKind.Json"/>, else an object.</param>
    /// <param name="options">How.</param>
    /// <param name="created">Whether an apply made the object.</param>
    public StoredObject Patch(ObjectTarget target, PatchKind kind, JsonNode? patch, WriteOptions options, out bool created)
    {
        bool isNew = false;
        StoredObject result = store.Transact(() =>
        {
            try
            {
                StoredObject? old = store.Get(target.Definition.StoredAs, new NamespacedName(target.Namespace, target.Name));
                if (kind == PatchKind.Apply) return Apply(target, old, AsObject(patch), options, out isNew);
                if (old is null) throw ApiException.NotFound(target.Definition.GroupResource, target.Name);
                return Write(target, old, Patched(target, kind, View(target, old), patch), options, patched: true);
            }
            catch (InvalidPatchException e)
            {
                throw e.Code == 422 ? ApiException.RejectedPatch() : ApiException.BadRequest(e.Message);
            }
        });
        created = isNew;
        return result;
    }

    private static JsonObject Patched(ObjectTarget target, PatchKind kind, JsonObject current, JsonNode? patch)
    {
        switch (kind)
        {
            case PatchKind.Json:
                return AsObject(JsonPatch.Apply(current, patch));
            case PatchKind.Merge:
                return AsObject(JsonMergePatch.Apply(current, AsObject(patch)));
            default:
                if (target.Definition.FindSubresource(target.Subresource)?.Scale is not null) return AsObject(JsonMergePatch.Apply(current, AsObject(patch)));
                if (target.Version.Schema is not { SupportsStrategicMerge: true } schema)
                {
                    throw ApiException.UnsupportedMediaType(PatchTypes.Json, PatchTypes.Merge, PatchTypes.Apply);
                }

                return schema.StrategicMerge(current, AsObject(patch));
        }
    }

    private static JsonObject AsObject(JsonNode? node) => node as JsonObject
        ?? throw ApiException.BadRequest("json: cannot unmarshal the patch into Go value of type map[string]interface {}");

    private StoredObject Apply(ObjectTarget target, StoredObject? old, JsonObject applied, WriteOptions options, out bool created)
    {
        created = false;
        if (target.Definition.FindSubresource(target.Subresource)?.Scale is not null)
        {
            if (old is null) throw ApiException.NotFound(target.Definition.GroupResource, target.Name);
            return Write(target, old, AsObject(JsonMergePatch.Apply(View(target, old), applied)), options);
        }

        if (target.Version.Schema is not { } schema) throw ApiException.UnsupportedMediaType(PatchTypes.Json, PatchTypes.Merge);
        if (applied.At("metadata", "managedFields") is JsonArray { Count: > 0 }) throw ApiException.BadRequest("metadata.managedFields must be nil");
        CheckBodyName(target, applied);
        JsonObject document = DecodeApplied(target, applied, options);
        if (old is not null && document.Text("metadata", "resourceVersion") is { Length: > 0 } version && version != old.Revision.ToString())
        {
            throw ApiException.Modified(target.Definition.GroupResource, target.Name);
        }

        if (old is null && target.Subresource.Length > 0) throw ApiException.NotFound(target.Definition.GroupResource, target.Name);
        JsonObject metadata = document.Ensure("metadata");
        metadata["name"] = target.Name;
        foreach (string system in (ReadOnlySpan<string>)["resourceVersion", "uid", "creationTimestamp", "generation", "deletionTimestamp", "selfLink"]) metadata.Remove(system);
        PlaceInNamespace(target, metadata);
        StripForApply(target, document);
        JsonObject? live = old is null ? null : View(target with { Subresource = "" }, old);
        ApplyResult result = schema.Apply(live, document, Manager(target, options, time.GetUtcNow()));
        if (result.Merged is not { } merged) throw ApiException.ApplyConflict(result.Conflicts);
        schema.OmitEmpty(merged);
        schema.Default(merged);
        target.Version.ToStorage?.Invoke(merged);
        merged["kind"] = target.Definition.Kind;
        merged["apiVersion"] = target.Definition.StorageApiVersion;
        if (old is not null) return Replace(target, old, merged, options, track: false);
        created = true;
        return CreateDecoded(target, merged, options, track: false);
    }

    private static JsonObject DecodeApplied(ObjectTarget target, JsonObject applied, WriteOptions options)
    {
        if (applied.Text("apiVersion") is not { } apiVersion || applied.Text("kind") is not { } kind)
        {
            throw ApiException.BadRequest("Object 'Kind' is missing in the applied configuration: apiVersion and kind must be set");
        }

        if (apiVersion != target.GroupVersion.ToString() || kind != target.Definition.Kind)
        {
            throw ApiException.BadRequest($"the API version in the data ({apiVersion}, Kind={kind}) does not match the expected API version ({target.GroupVersion}, Kind={target.Definition.Kind})");
        }

        return Decode(target, applied, options);
    }

    /// <summary>Removes what the target cannot write, so that the applier does not come to own it.</summary>
    private static void StripForApply(ObjectTarget target, JsonObject document)
    {
        if (target.Subresource.Length == 0)
        {
            if (target.Definition.HasStatus && !target.Definition.Strategy.KeepsStatusOnWrite) document.Remove("status");
            return;
        }

        foreach (string name in document.Select(p => p.Key).Where(k => k is not ("kind" or "apiVersion" or "metadata" or "status")).ToArray()) document.Remove(name);
        if (!target.Definition.IsCustom) return;
        JsonObject metadata = document.Ensure("metadata");
        foreach (string name in metadata.Select(p => p.Key).Where(k => k is not ("name" or "namespace")).ToArray()) metadata.Remove(name);
    }

    private StoredObject Write(ObjectTarget target, StoredObject old, JsonObject body, WriteOptions options, bool patched = false)
    {
        CheckBodyName(target, body);
        if (target.Definition.FindSubresource(target.Subresource)?.Scale is { } paths)
        {
            if (body.Text("metadata", "resourceVersion") is { Length: > 0 } version && version != old.Revision.ToString())
            {
                throw ApiException.Modified(target.Definition.GroupResource, target.Name);
            }

            return Replace(target, old, Scales.Write(target, old.Document, body, paths), options, track: true);
        }

        if (patched) CheckPatchedUid(target, old, body);
        return Replace(target, old, Read(target, body, options, patched), options, track: true);
    }

    /// <summary>A patch that changes the UID breaks a rule of the object; only a whole update demands the UID that it carries.</summary>
    private static void CheckPatchedUid(ObjectTarget target, StoredObject old, JsonObject body)
    {
        if (body.Text("metadata", "uid") is not { Length: > 0 } uid || uid == old.Uid) return;
        throw ApiException.Invalid(
            target.Definition.Group, target.Definition.Kind, target.Name, [FieldError.Invalid("metadata.uid", uid, "field is immutable")]);
    }

    private static void CheckBodyName(ObjectTarget target, JsonObject body)
    {
        string name = body.Text("metadata", "name") ?? "";
        if (name.Length > 0 && name != target.Name)
        {
            throw ApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
        }
    }

    private StoredObject Replace(ObjectTarget target, StoredObject old, JsonObject document, WriteOptions options, bool track)
    {
        ResourceDefinition definition = target.Definition;
        ResourceStrategy strategy = definition.Strategy;
        StrategyContext context = Context(options);
        JsonObject metadata = document.Ensure("metadata");
        metadata["name"] = target.Name;
        PlaceInNamespace(target, metadata);
        CheckPreconditions(target, old, metadata);
        CarryOver(metadata, old.Document.Object("metadata")!);
        switch (target.Subresource)
        {
            case "":
                if (definition.HasStatus && !strategy.KeepsStatusOnWrite) CopyMember(old.Document, document, "status");
                strategy.PrepareForUpdate(document, old.Document, context);
                break;
            case "status":
                KeepAllButStatus(definition, document, old.Document);
                strategy.PrepareForStatus(document, old.Document, context);
                break;
            case "finalize":
                JsonNode? finalizers = document.At("spec", "finalizers")?.DeepClone();
                CopyMember(old.Document, document, "spec");
                CopyMember(old.Document, document, "status");
                if (finalizers is null) document.Ensure("spec").Remove("finalizers");
                else document.Ensure("spec")["finalizers"] = finalizers;
                break;
        }

        if (strategy.HasGeneration)
        {
            long generation = old.Document.Long("metadata", "generation") ?? 1;
            metadata = document.Ensure("metadata");
            metadata["generation"] = target.Subresource is not ("status" or "finalize") && strategy.RaisesGeneration(document, old.Document) ? generation + 1 : generation;
        }

        if (track) Track(target, old.Document, document, options, context.Now);
        CheckFinalizers(target, document, old.Document);
        Validate(target, document, old.Document, context);
        options.Admit(document);
        strategy.Commit(document, old.Document, context);
        if (options.DryRun)
        {
            document.Ensure("metadata")["resourceVersion"] = old.Revision.ToString();
            return new(definition.GroupResource, document, old.Revision);
        }

        if (MayGo(strategy, document))
        {
            StoredObject last = store.Delete(definition.StoredAs, old.Key)!;
            strategy.Released(last, context);
            return new(definition.GroupResource, document, last.Revision);
        }

        StoredObject stored = store.Update(definition.StoredAs, document, old.Revision);
        if (!ReferenceEquals(stored, old)) strategy.Stored(stored, old, context);
        return stored;
    }

    private static void CheckPreconditions(ObjectTarget target, StoredObject old, JsonObject metadata)
    {
        ResourceDefinition definition = target.Definition;
        if (metadata.Text("uid") is { Length: > 0 } uid && uid != old.Uid)
        {
            throw ApiException.Conflict(definition.GroupResource, target.Name,
                $"StorageError: invalid object, Code: 4, Key: {StorageKey(definition, old.Key)}, ResourceVersion: 0, AdditionalErrorMsg: "
                + $"Precondition failed: UID in precondition: {uid}, UID in object meta: {old.Uid}");
        }

        string version = metadata.Text("resourceVersion") ?? "";
        if (version.Length > 0 && version != "0")
        {
            if (!long.TryParse(version, out long revision))
            {
                throw ApiException.Invalid(definition.Group, definition.Kind, target.Name,
                    [FieldError.Invalid("metadata.resourceVersion", version, $"strconv.ParseUint: parsing \"{version}\": invalid syntax")]);
            }

            if (revision != old.Revision) throw ApiException.Modified(definition.GroupResource, target.Name);
        }
        else if (definition.Strategy.RequiresResourceVersion && target.Subresource != "status")
        {
            throw ApiException.Invalid(definition.Group, definition.Kind, target.Name,
                [new FieldError("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0x0: must be specified for an update")]);
        }
    }

    /// <summary>Where the real server's storage has an object; conflicts name it.</summary>
    private static string StorageKey(ResourceDefinition definition, NamespacedName key)
    {
        string directory = (definition.Group, definition.Plural) switch
        {
            ("", "services") => "services/specs",
            ("", "endpoints") => "services/endpoints",
            ("", "nodes") => "minions",
            _ => definition.IsCustom ? $"{definition.Group}/{definition.Plural}" : definition.Plural,
        };
        return key.Namespace.Length == 0 ? $"/registry/{directory}/{key.Name}" : $"/registry/{directory}/{key.Namespace}/{key.Name}";
    }

    private static void CarryOver(JsonObject metadata, JsonObject old)
    {
        foreach (string system in (ReadOnlySpan<string>)["uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"])
        {
            CopyMember(old, metadata, system);
        }

        metadata.Remove("selfLink");
        if (!metadata.ContainsKey("managedFields")) CopyMember(old, metadata, "managedFields");
    }

    private static void KeepAllButStatus(ResourceDefinition definition, JsonObject document, JsonObject old)
    {
        foreach (string name in document.Select(p => p.Key).Concat(old.Select(p => p.Key)).Distinct().ToArray())
        {
            if (name is not ("status" or "metadata" or "kind" or "apiVersion")) CopyMember(old, document, name);
        }

        JsonObject metadata = document.Ensure("metadata"), before = old.Object("metadata")!;
        CopyMember(before, metadata, "ownerReferences");
        if (!definition.IsCustom && definition.Group != "apps")
        {
            return;
        }

        CopyMember(before, metadata, "labels");
        if (!definition.IsCustom) return;
        CopyMember(before, metadata, "annotations");
        CopyMember(before, metadata, "finalizers");
    }

    private static void CheckFinalizers(ObjectTarget target, JsonObject document, JsonObject old)
    {
        if (old.At("metadata", "deletionTimestamp") is null) return;
        string[] before = [.. old.Texts("metadata", "finalizers")];
        string[] added = [.. document.Texts("metadata", "finalizers").Where(f => !before.Contains(f))];
        if (added.Length == 0) return;
        string list = string.Join(", ", added.Select(a => $"\"{a}\""));
        throw ApiException.Invalid(target.Definition.Group, target.Definition.Kind, target.Name,
            [FieldError.Forbidden("metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}")]);
    }

    private static bool MayGo(ResourceStrategy strategy, JsonObject document) =>
        document.At("metadata", "deletionTimestamp") is not null
        && (document.Long("metadata", "deletionGracePeriodSeconds") ?? 0) == 0
        && !document.Texts("metadata", "finalizers").Any()
        && !strategy.IsHeld(document);

    private static void CopyMember(JsonObject from, JsonObject to, string name)
    {
        if (from[name] is { } value) to[name] = value.DeepClone();
        else to.Remove(name);
    }
}
