using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Ownership;

/// <summary>Who owns fields: what tells one manager's record from another's. Appliers are the same in every version.</summary>
/// <param name="Manager">The name.</param>
/// <param name="Applies">Whether the operation is <c>Apply</c>, not <c>Update</c>.</param>
/// <param name="ApiVersion">The version of the writes; empty for appliers.</param>
/// <param name="Subresource">What was written to; empty for the object itself.</param>
internal sealed record ManagerKey(string Manager, bool Applies, string ApiVersion, string Subresource)
{
    /// <summary>As conflicts name it.</summary>
    public override string ToString()
    {
        string text = Steps.Text(Manager);
        if (Subresource.Length > 0) text += $" with subresource {Steps.Text(Subresource)}";
        return Applies ? text : $"{text} using {ApiVersion}";
    }
}

/// <summary>One manager's record.</summary>
/// <param name="Fields">What it owns.</param>
/// <param name="ApiVersion">The version of its latest write.</param>
/// <param name="Time">When that was, as written; null where that is unknown.</param>
internal sealed record ManagerRecord(FieldSet Fields, string ApiVersion, string? Time);

/// <summary><c>metadata.managedFields</c>, read.</summary>
internal sealed class ManagedEntries
{
    /// <summary>More records of updates than this are joined into one.</summary>
    private const int UpdateLimit = 10;

    private readonly Dictionary<ManagerKey, ManagerRecord> _records = [];

    /// <summary>The records.</summary>
    public IReadOnlyDictionary<ManagerKey, ManagerRecord> Records => _records;

    /// <summary>Reads a list; entries that no server could have written count as none.</summary>
    public static ManagedEntries Read(JsonNode? list)
    {
        var result = new ManagedEntries();
        foreach (JsonObject entry in list is JsonArray array ? array.OfType<JsonObject>() : [])
        {
            if (entry.Object("fieldsV1") is not JsonObject fields) continue;
            bool applies = entry.Text("operation") == "Apply";
            string version = entry.Text("apiVersion") ?? string.Empty;
            var key = new ManagerKey(entry.Text("manager") ?? string.Empty, applies, applies ? string.Empty : version, entry.Text("subresource") ?? string.Empty);
            FieldSet set;
            try
            {
                set = FieldSet.Read(fields);
            }
            catch (Exception e) when (e is FormatException or System.Text.Json.JsonException)
            {
                return new ManagedEntries();
            }

            result._records[key] = result._records.TryGetValue(key, out ManagerRecord? earlier)
                ? earlier with { Fields = earlier.Fields.Union(set) }
                : new ManagerRecord(set, version, entry.Text("time"));
        }

        return result;
    }

    /// <summary>The record of a manager; null without one.</summary>
    public ManagerRecord? Find(ManagerKey key) => _records.GetValueOrDefault(key);

    /// <summary>Sets a record; one that owns nothing goes.</summary>
    public void Set(ManagerKey key, ManagerRecord record)
    {
        if (record.Fields.IsEmpty) _records.Remove(key);
        else _records[key] = record;
    }

    /// <summary>Takes fields away from everybody but one.</summary>
    public void Take(FieldSet fields, ManagerKey? but)
    {
        foreach ((ManagerKey key, ManagerRecord record) in _records.ToList())
        {
            if (key != but) Set(key, record with { Fields = record.Fields.Difference(fields) });
        }
    }

    /// <summary>Joins the oldest updates once there are too many.</summary>
    public void Cap(string apiVersion)
    {
        List<KeyValuePair<ManagerKey, ManagerRecord>> updates = [.. _records.Where(r => !r.Key.Applies).OrderBy(r => r.Value.Time, StringComparer.Ordinal)];
        if (updates.Count <= UpdateLimit) return;
        var bucket = new ManagerKey("ancient-changes", false, apiVersion, string.Empty);
        FieldSet joined = _records.GetValueOrDefault(bucket)?.Fields ?? new FieldSet();
        string? time = null;
        foreach ((ManagerKey key, ManagerRecord record) in updates.Where(u => u.Key != bucket).Take(updates.Count - UpdateLimit + 1))
        {
            joined = joined.Union(record.Fields);
            time = record.Time;
            _records.Remove(key);
        }

        _records[bucket] = new(joined, apiVersion, time);
    }

    /// <summary>Writes the list, in the server's order: appliers first, then by time and name.</summary>
    public JsonArray Write()
    {
        var list = new JsonArray();
        IEnumerable<KeyValuePair<ManagerKey, ManagerRecord>> ordered = _records
            .OrderBy(r => !r.Key.Applies).ThenBy(r => r.Value.Time ?? string.Empty, StringComparer.Ordinal)
            .ThenBy(r => r.Key.Manager, StringComparer.Ordinal).ThenBy(r => r.Value.ApiVersion, StringComparer.Ordinal)
            .ThenBy(r => r.Key.Subresource, StringComparer.Ordinal);
        foreach ((ManagerKey key, ManagerRecord record) in ordered)
        {
            var entry = new JsonObject
            {
                ["manager"] = key.Manager,
                ["operation"] = key.Applies ? "Apply" : "Update",
                ["apiVersion"] = record.ApiVersion,
            };
            if (record.Time is not null) entry["time"] = record.Time;
            entry["fieldsType"] = "FieldsV1";
            entry["fieldsV1"] = record.Fields.Write();
            if (key.Subresource.Length > 0) entry["subresource"] = key.Subresource;
            list.Add((JsonNode)entry);
        }

        return list;
    }
}
