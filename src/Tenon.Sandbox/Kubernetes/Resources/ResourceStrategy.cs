using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Resources;

/// <summary>
/// What a kind does on its way into the store, beyond what its schema says. The base class is right for kinds without peculiarities.
/// The order is: decode, default, convert to the storage version, metadata, <see cref="PrepareForCreate"/> or <see cref="PrepareForUpdate"/>,
/// admission, schema validation, <see cref="Validate"/>, allocation (<see cref="Commit"/>), store. Documents are in the storage version.
/// </summary>
public class ResourceStrategy
{
    /// <summary>Whether a write may create a missing object (PUT on leases, endpoints, events…).</summary>
    public virtual bool AllowCreateOnUpdate => false;

    /// <summary>Whether an update must carry a resourceVersion.</summary>
    public virtual bool RequiresResourceVersion => false;

    /// <summary>What is wrong with a name; <see langword="null"/> when nothing.</summary>
    public virtual string? CheckName(string name) => NameRules.DnsSubdomain(name);

    /// <summary>Fields that <c>fieldSelector</c> may name besides metadata.name and metadata.namespace, with the way to read them.</summary>
    public virtual IReadOnlyDictionary<string, Func<JsonObject, string>> SelectableFields => NoFields;

    /// <summary>Changes a new document in place: resets what clients may not set. Status is removed by the server where it is a subresource.</summary>
    public virtual void PrepareForCreate(JsonObject document, StrategyContext context)
    {
    }

    /// <summary>Changes an update in place: carries over what clients may not change. Status is carried over by the server.</summary>
    public virtual void PrepareForUpdate(JsonObject document, JsonObject old, StrategyContext context)
    {
    }

    /// <summary>Changes a write to a subresource in place, after all but its part was carried over.</summary>
    public virtual void PrepareForSubresource(string subresource, JsonObject document, JsonObject old, StrategyContext context)
    {
    }

    /// <summary>
    /// Whether an update raises <c>metadata.generation</c>. The default is the habit of most kinds: anything outside metadata and status changed.
    /// </summary>
    public virtual bool RaisesGeneration(JsonObject document, JsonObject old)
    {
        foreach ((string name, JsonNode? value) in document)
        {
            if (name is "metadata" or "status" or "apiVersion" or "kind") continue;
            if (!JsonNode.DeepEquals(value, old[name])) return true;
        }

        return old.Any(p => p.Key is not ("metadata" or "status" or "apiVersion" or "kind") && !document.ContainsKey(p.Key));
    }

    /// <summary>Whether the kind has <c>metadata.generation</c> at all.</summary>
    public virtual bool HasGeneration => false;

    /// <summary>Validation that a schema cannot say.</summary>
    public virtual IEnumerable<FieldError> Validate(JsonObject document, JsonObject? old, StrategyContext context) => [];

    /// <summary>
    /// The last step before storing, under the store's write lock and not for dry runs: allocations. May change the document. What it takes
    /// must be given back by <see cref="Released"/> when the object goes.
    /// </summary>
    /// <exception cref="ApiException">Nothing could be allocated.</exception>
    public virtual void Commit(JsonObject document, JsonObject? old, StrategyContext context)
    {
    }

    /// <summary>Called after an object left the store.</summary>
    public virtual void Released(JsonObject document, StrategyContext context)
    {
    }

    /// <summary>Seconds of grace that a delete without any asks for; 0 deletes at once.</summary>
    public virtual long GracePeriodSeconds(JsonObject document, long? requested) => 0;

    private static readonly IReadOnlyDictionary<string, Func<JsonObject, string>> NoFields = new Dictionary<string, Func<JsonObject, string>>();
}

/// <summary>What a strategy may look at.</summary>
/// <param name="Store">The store.</param>
/// <param name="Registry">The resources that are served.</param>
/// <param name="Schemas">The schemas.</param>
/// <param name="Now">The time of the request.</param>
/// <param name="DryRun">Whether nothing will be stored.</param>
public sealed record StrategyContext(Storage.ClusterStore Store, ResourceRegistry Registry, ISchemaCatalog Schemas, DateTimeOffset Now, bool DryRun);
