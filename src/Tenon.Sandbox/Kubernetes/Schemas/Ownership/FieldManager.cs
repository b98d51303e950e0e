using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Ownership;

/// <summary>Server-side apply, and the record of who set which field through every other write.</summary>
internal static class FieldManager
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";
    private static readonly string[] UntrackedMetadata =
        ["name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields", "resourceVersion"];

    /// <summary>Merges what a manager applies into the live object.</summary>
    public static ApplyResult Apply(TypeSchema type, JsonObject? live, JsonObject applied, ManagerRequest request, bool statusIsSeparate)
    {
        JsonObject before = live ?? Shapes.Zero(type);
        JsonObject config = applied.Copy();
        config.Object("metadata")?.Remove("managedFields");
        ManagedEntries entries = ManagedEntries.Read(before.At("metadata", "managedFields"));
        if (live is not null && entries.Records.Count == 0) AdoptUnmanaged(type, live, entries, request, statusIsSeparate);

        var self = new ManagerKey(request.Manager, true, string.Empty, request.Subresource);
        JsonNode? merged = FieldWalks.Merge(type, live ?? [], config);
        ManagerRecord? last = entries.Find(self);
        FieldSet applies = FieldWalks.FieldsOf(type, config);
        entries.Set(self, new(Tracked(applies, request, statusIsSeparate), request.ApiVersion, JsonDocuments.Timestamp(request.Now)));
        JsonObject result = (JsonObject)(last is null ? merged : Prune(type, merged, entries, applies, last))!;

        FieldChanges changes = Changes(type, before, result, request, statusIsSeparate);
        FieldSet taken = changes.Modified.Union(changes.Added);
        FieldSet own = LastAppliedFields(type, live, self);
        var conflicts = new List<(ManagerKey Manager, string Field)>();
        foreach ((ManagerKey key, ManagerRecord record) in entries.Records.Where(r => r.Key != self))
        {
            foreach (string field in record.Fields.Intersection(taken).Difference(own).Paths()) conflicts.Add((key, field));
        }

        if (conflicts.Count > 0 && !request.Force)
            return new(null, [.. conflicts.OrderBy(c => c.Manager.Manager, StringComparer.Ordinal).Select(c => new ApplyConflict(c.Field, c.Manager.ToString()))]);
        entries.Take(taken, self);
        entries.Take(changes.Removed, null);
        RefreshLastApplied(result, config, self);
        Store(result, entries, live, request);
        return new(result, []);
    }

    /// <summary>Records a write of any other kind, in <paramref name="updated"/> itself.</summary>
    public static void Track(TypeSchema type, JsonObject? live, JsonObject updated, ManagerRequest request, bool statusIsSeparate)
    {
        JsonNode? sent = updated.At("metadata", "managedFields");
        if (request.Subresource.Length == 0 && sent is JsonArray { Count: 1 } list && list[0] is JsonObject { Count: 0 })
        {
            updated.Object("metadata")?.Remove("managedFields");
            return;
        }

        JsonNode? liveList = live.At("metadata", "managedFields");
        ManagedEntries entries = ManagedEntries.Read(request.Subresource.Length == 0 ? sent : liveList);
        if (entries.Records.Count == 0) entries = ManagedEntries.Read(liveList);
        if (live is not null && entries.Records.Count == 0)
        {
            updated.Object("metadata")?.Remove("managedFields");
            return;
        }

        FieldChanges changes = Changes(type, live ?? Shapes.Zero(type), updated, request, statusIsSeparate);
        FieldSet taken = changes.Modified.Union(changes.Added);
        var self = new ManagerKey(request.Manager, false, request.ApiVersion, request.Subresource);
        entries.Take(taken, self);
        entries.Take(changes.Removed, null);
        if (!taken.IsEmpty)
            entries.Set(self, new((entries.Find(self)?.Fields ?? new FieldSet()).Union(taken), request.ApiVersion, JsonDocuments.Timestamp(request.Now)));
        entries.Cap(request.ApiVersion);
        Store(updated, entries, live, request);
    }

    /// <summary>An object that nobody is recorded for: what is there belongs to whoever wrote it before the first apply.</summary>
    private static void AdoptUnmanaged(TypeSchema type, JsonObject live, ManagedEntries entries, ManagerRequest request, bool statusIsSeparate)
    {
        FieldSet all = Changes(type, Shapes.Zero(type), live, request, statusIsSeparate).Added;
        entries.Set(new("before-first-apply", false, request.ApiVersion, string.Empty), new(all, request.ApiVersion, JsonDocuments.Timestamp(request.Now)));
    }

    private static FieldChanges Changes(TypeSchema type, JsonObject old, JsonNode now, ManagerRequest request, bool statusIsSeparate)
    {
        FieldChanges changes = type.Source is null
            ? FieldWalks.Compare(type, Shapes.WithStructures(type, old), Shapes.WithStructures(type, (JsonObject)now)) : FieldWalks.Compare(type, old, now);
        changes.Added = Tracked(changes.Added, request, statusIsSeparate);
        changes.Modified = Tracked(changes.Modified, request, statusIsSeparate);
        changes.Removed = Tracked(changes.Removed, request, statusIsSeparate);
        return changes;
    }

    /// <summary>Leaves out what nobody owns, and what a write to this part of the object does not write.</summary>
    private static FieldSet Tracked(FieldSet set, ManagerRequest request, bool statusIsSeparate)
    {
        FieldSet result = set.Without("f:apiVersion").Without("f:kind").WithoutMember("f:metadata");
        result.Member = false;
        foreach (string name in UntrackedMetadata) result = result.Without("f:metadata", Steps.Field(name));
        if (statusIsSeparate && request.Subresource.Length == 0) result = result.Without("f:status");
        if (statusIsSeparate && request.Subresource == "status") result = result.Without("f:spec");
        return result;
    }

    /// <summary>Removes what the applier owned, no longer applies, and nobody else owns.</summary>
    private static JsonNode? Prune(TypeSchema type, JsonNode? merged, ManagedEntries entries, FieldSet applies, ManagerRecord last)
    {
        FieldSet lastNamed = last.Fields.WithNamedFields(type);
        JsonNode? pruned = FieldWalks.Remove(type, merged, lastNamed);

        // The name and what else nobody is recorded for counts as the applier's here, or metadata would go with the last label.
        FieldSet owned = applies;
        foreach (ManagerRecord record in entries.Records.Values) owned = owned.Union(record.Fields);
        FieldSet mergedFields = FieldWalks.FieldsOf(type, merged).WithNamedFields(type);
        FieldSet prunedFields = FieldWalks.FieldsOf(type, pruned).WithNamedFields(type);
        pruned = FieldWalks.Remove(type, merged, mergedFields.Difference(prunedFields.Union(owned.WithNamedFields(type))));

        prunedFields = FieldWalks.FieldsOf(type, pruned).WithNamedFields(type);
        return FieldWalks.Remove(type, merged, mergedFields.Difference(prunedFields).Intersection(lastNamed)) ?? new JsonObject();
    }

    /// <summary>The fields that kubectl set when it applied on the client's side: the same kubectl may go on with them on the server's.</summary>
    private static FieldSet LastAppliedFields(TypeSchema type, JsonObject? live, ManagerKey self)
    {
        if (self is not { Manager: "kubectl", Subresource: "" } || live.Text("metadata", "annotations", LastApplied) is not string text) return new();
        try
        {
            return JsonNode.Parse(text) is JsonObject configuration ? FieldWalks.FieldsOf(type, configuration) : new();
        }
        catch (System.Text.Json.JsonException)
        {
            return new();
        }
    }

    private static void RefreshLastApplied(JsonObject result, JsonObject config, ManagerKey self)
    {
        if (self is not { Manager: "kubectl", Subresource: "" } || result.Object("metadata", "annotations") is not JsonObject annotations) return;
        if (annotations.ContainsKey(LastApplied)) annotations[LastApplied] = Steps.Text(config) + "\n";
    }

    /// <summary>Writes the records; where nothing but times changed, those of the live object stay, so that writing the same again changes nothing.</summary>
    private static void Store(JsonObject result, ManagedEntries entries, JsonObject? live, ManagerRequest request)
    {
        JsonArray written = entries.Write();
        if (live.At("metadata", "managedFields") is JsonArray before && JsonNode.DeepEquals(Timeless(before), Timeless(written)) && SameContent(live!, result))
            written = (JsonArray)before.DeepClone();
        JsonObject metadata = result.Ensure("metadata");
        if (written.Count == 0) metadata.Remove("managedFields");
        else metadata["managedFields"] = written;
    }

    private static JsonArray Timeless(JsonArray list)
    {
        var copy = (JsonArray)list.DeepClone();
        foreach (JsonObject entry in copy.OfType<JsonObject>()) entry.Remove("time");
        return new JsonArray([.. copy.OrderBy(e => Steps.Text(e), StringComparer.Ordinal).Select(e => e?.DeepClone())]);
    }

    private static bool SameContent(JsonObject live, JsonObject result)
    {
        JsonObject left = live.Copy(), right = result.Copy();
        left.Object("metadata")?.Remove("managedFields");
        right.Object("metadata")?.Remove("managedFields");
        return JsonNode.DeepEquals(left, right);
    }
}
