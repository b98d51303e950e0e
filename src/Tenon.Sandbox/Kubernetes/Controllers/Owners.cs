using System.Text.Json.Nodes;
using Tenon.Core;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Controllers;

/// <summary>Owner references.</summary>
internal static class Owners
{
    /// <summary>The reference of the controller of an object; null without one.</summary>
    public static JsonObject? ControllerOf(StoredObject item) => item.Document.Objects("metadata", "ownerReferences").FirstOrDefault(o => o.Bool("controller") == true);

    /// <summary>The key of an object's controller, if that is of a kind.</summary>
    public static IEnumerable<NamespacedName> ControllerKey(StoredObject item, string kind) =>
        ControllerOf(item) is JsonObject owner && owner.Text("kind") == kind ? [new(item.Key.Namespace, owner.Text("name") ?? "")] : [];

    /// <summary>Whether an object is controlled by another.</summary>
    public static bool IsControlledBy(StoredObject item, StoredObject owner) => ControllerOf(item)?.Text("uid") == owner.Uid;

    /// <summary>The reference that makes an object the controller of another.</summary>
    public static JsonObject Reference(StoredObject owner) => new()
    {
        ["apiVersion"] = owner.Document.Text("apiVersion"),
        ["kind"] = owner.Document.Text("kind"),
        ["name"] = owner.Key.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    /// <summary>Takes objects that match and nobody controls, lets go of those that no longer match, and gives those that are owned.</summary>
    public static List<StoredObject> Claim(ClusterAccess cluster, StoredObject owner, IEnumerable<StoredObject> candidates, Func<IReadOnlyDictionary<string, string>, bool> matches)
    {
        List<StoredObject> owned = [];
        foreach (StoredObject item in candidates)
        {
            if (IsControlledBy(item, owner))
            {
                if (matches(item.Labels)) owned.Add(item);
                else if (!item.IsBeingDeleted) cluster.Change(item, d => Release(d, owner.Uid));
            }
            else if (ControllerOf(item) is null && !item.IsBeingDeleted && !owner.IsBeingDeleted && matches(item.Labels))
            {
                owned.Add(cluster.Change(item, d => d.Ensure("metadata").EnsureArray("ownerReferences").Add((JsonNode)Reference(owner))));
            }
        }

        return owned;
    }

    /// <summary>Removes an owner from an object.</summary>
    public static void Release(JsonObject document, string uid)
    {
        JsonObject metadata = document.Ensure("metadata");
        JsonArray rest = [.. metadata.Objects("ownerReferences").Where(o => o.Text("uid") != uid).Select(o => (JsonNode)o.Copy())];
        if (rest.Count == 0) metadata.Remove("ownerReferences");
        else metadata["ownerReferences"] = rest;
    }
}
