using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Objects;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>
/// What a kind does on its way into the store, beyond what its schema says. The base class is right for kinds without peculiarities.
/// The order is: decode, default, convert to the storage version, metadata, <see cref="PrepareForCreate"/> or <see cref="PrepareForUpdate"/>,
/// schema validation, <see cref="Validate"/>, allocation (<see cref="Commit"/>), store, <see cref="Stored"/>. Everything from reading the old object on runs in
/// one transaction of the store. Documents are in the storage version.
/// </summary>
public class ResourceStrategy
{
    private static readonly IReadOnlyDictionary<string, Func<JsonObject, string>> NoFields = new Dictionary<string, Func<JsonObject, string>>();

    /// <summary>Whether a PUT or an apply on a missing object creates it (applies always do).</summary>
    public bool AllowCreateOnUpdate { get; init; }

    /// <summary>Whether an update must carry a resourceVersion.</summary>
    public bool RequiresResourceVersion { get; init; }

    /// <summary>Whether the kind has <c>metadata.generation</c>.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>Whether a delete answers with the last state instead of a Status.</summary>
    public bool ReturnsDeleted { get; init; }

    /// <summary>Whether clients may set status on create and with ordinary updates although there is a status subresource.</summary>
    public bool KeepsStatusOnWrite { get; init; }

    /// <summary>Whether clients may set status on create, though afterwards only through the subresource: a kubelet registers its node whole.</summary>
    public bool KeepsStatusOnCreate { get; init; }

    /// <summary>Fields that <c>fieldSelector</c> may name besides metadata.name and metadata.namespace, with the way to read them.</summary>
    public virtual IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields => NoFields;

    /// <summary>Changes a new document in place: resets what clients may not set. Status was removed where it is a subresource.</summary>
    public virtual void PrepareForCreate(JsonObject document, StrategyContext context)
    {
    }

    /// <summary>Changes an update in place: carries over what clients may not change. Status was carried over where it is a subresource.</summary>
    public virtual void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context)
    {
    }

    /// <summary>Changes a write to the status subresource in place, after spec was carried over.</summary>
    public virtual void PrepareForStatus(JsonObject document, JsonObject old, StrategyContext context)
    {
    }

    /// <summary>Whether an update raises <c>metadata.generation</c>: anything outside metadata and status changed.</summary>
    public virtual bool RaisesGeneration(JsonObject document, JsonObject old)
    {
        foreach ((string name, JsonNode? value) in document)
        {
            if (!IsBookkeeping(name) && !JsonNode.DeepEquals(value, old[name])) return true;
        }

        return old.Any(p => !IsBookkeeping(p.Key) && !document.ContainsKey(p.Key));
    }

    /// <summary>Validation that a schema cannot say.</summary>
    public virtual IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context) => [];

    /// <summary>The last step before storing: allocations. May change the document; must leave no trace in a dry run.</summary>
    /// <exception cref="ApiException">Nothing could be allocated.</exception>
    public virtual void Commit(JsonObject document, JsonObject? old, StrategyContext context)
    {
    }

    /// <summary>Called after an object was created or changed, in the same transaction.</summary>
    public virtual void Stored(StoredObject stored, StoredObject? old, StrategyContext context)
    {
    }

    /// <summary>Whether a delete is possible at all.</summary>
    /// <exception cref="ApiException">It is not.</exception>
    public virtual void CheckDelete(StoredObject stored, StrategyContext context)
    {
    }

    /// <summary>Seconds that a delete leaves to the object before it goes; 0 removes it at once.</summary>
    public virtual long GracePeriodSeconds(JsonObject document, long? requested) => 0;

    /// <summary>Changes an object in place on which deletionTimestamp was just set.</summary>
    public virtual void MarkedForDeletion(JsonObject document, StrategyContext context)
    {
    }

    /// <summary>Whether something besides finalizers and grace keeps an object that is being deleted.</summary>
    public virtual bool IsHeld(JsonObject document) => false;

    /// <summary>Called after an object left the store, in the same transaction.</summary>
    public virtual void Released(StoredObject last, StrategyContext context)
    {
    }

    private static bool IsBookkeeping(string name) => name is "metadata" or "status" or "apiVersion" or "kind";
}

/// <summary>What a strategy may look at.</summary>
/// <param name="Objects">The operations on objects, with store and registry.</param>
/// <param name="Now">The time of the request.</param>
/// <param name="DryRun">Whether nothing will be stored.</param>
/// <param name="UserName">Who asks.</param>
public sealed record StrategyContext(ObjectOperations Objects, DateTimeOffset Now, bool DryRun, string UserName)
{
    /// <summary>The store.</summary>
    public ClusterStore Store => Objects.Store;
}
