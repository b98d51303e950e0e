using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Objects;

public sealed partial class ObjectOperations
{
    private const string OrphanFinalizer = "orphan";
    private const string ForegroundFinalizer = "foregroundDeletion";

    /// <summary>Deletes an object, or marks it for deletion where finalizers or a grace period keep it.</summary>
    public DeleteResult Delete(ObjectTarget target, DeleteOptions options) => store.Transact(() =>
    {
        ResourceDefinition definition = target.Definition;
        StoredObject old = Get(target);
        if (options.Uid is { } uid && uid != old.Uid)
        {
            throw ApiException.Conflict(new(definition.Group, definition.Kind), target.Name,
                $"the UID in the precondition ({uid}) does not match the UID in record ({old.Uid}). The object might have been deleted and then recreated");
        }

        if (options.ResourceVersion is { } version && version != old.Revision.ToString())
        {
            throw ApiException.Conflict(new(definition.Group, definition.Kind), target.Name,
                $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({old.Revision}). The object might have been modified");
        }

        StrategyContext context = new(this, time.GetUtcNow(), options.DryRun, options.UserName);
        definition.Strategy.CheckDelete(old, context);
        JsonObject document = old.Document.Copy();
        SetPropagation(document, options.PropagationPolicy);
        MarkForDeletion(definition, document, options.GracePeriodSeconds, context);
        if (MayGo(definition.Strategy, document))
        {
            if (options.DryRun) return new DeleteResult(old, true);
            StoredObject last = store.Delete(definition.StoredAs, old.Key)!;
            definition.Strategy.Released(last, context);
            return new DeleteResult(last, true);
        }

        if (options.DryRun) return new DeleteResult(new StoredObject(definition.StoredAs, document, old.Revision), false);
        StoredObject stored = store.Update(definition.StoredAs, document, old.Revision);
        if (!ReferenceEquals(stored, old)) definition.Strategy.Stored(stored, old, context);
        return new DeleteResult(stored, false);
    });

    /// <summary>Deletes what a list selects.</summary>
    /// <returns>The results, one for each object.</returns>
    public IReadOnlyList<DeleteResult> DeleteCollection(ObjectTarget target, Func<StoredObject, bool> selects, DeleteOptions options)
    {
        var results = new List<DeleteResult>();
        foreach (StoredObject stored in store.List(target.Definition.StoredAs).Table.InOrder(target.Namespace.Length == 0 ? null : target.Namespace))
        {
            if (!selects(stored)) continue;
            try
            {
                results.Add(Delete(target with { Namespace = stored.Key.Namespace, Name = stored.Key.Name }, options));
            }
            catch (ApiException e) when (e.Code == 404)
            {
                // Somebody else was faster: it is gone, as asked.
            }
        }

        return results;
    }

    private static void SetPropagation(JsonObject document, string? policy)
    {
        if (policy is null) return;
        JsonObject metadata = document.Ensure("metadata");
        var finalizers = metadata.Texts("finalizers").Where(f => f is not (OrphanFinalizer or ForegroundFinalizer)).ToList();
        if (policy == "Orphan") finalizers.Add(OrphanFinalizer);
        if (policy == "Foreground") finalizers.Add(ForegroundFinalizer);
        if (finalizers.Count == 0) metadata.Remove("finalizers");
        else metadata["finalizers"] = new JsonArray([.. finalizers.Select(f => (JsonNode)f)]);
    }

    private static void MarkForDeletion(ResourceDefinition definition, JsonObject document, long? requested, StrategyContext context)
    {
        JsonObject metadata = document.Ensure("metadata");
        if (metadata["deletionTimestamp"] is null)
        {
            long grace = definition.Strategy.GracePeriodSeconds(document, requested);
            metadata["deletionTimestamp"] = JsonDocuments.Timestamp(context.Now.AddSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
            if (metadata.Long("generation") is { } generation and > 0) metadata["generation"] = generation + 1;
            definition.Strategy.MarkedForDeletion(document, context);
            return;
        }

        // A second delete may only shorten the grace.
        long left = metadata.Long("deletionGracePeriodSeconds") ?? 0;
        if (requested is not { } shorter || shorter >= left) return;
        metadata["deletionTimestamp"] = JsonDocuments.Timestamp(
            DateTimeOffset.Parse(metadata.Text("deletionTimestamp")!).AddSeconds(shorter - left));
        metadata["deletionGracePeriodSeconds"] = shorter;
    }
}
