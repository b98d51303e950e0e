using System.Text.Json.Nodes;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Makes <c>meta.k8s.io/v1 Table</c>s, which <c>kubectl get</c> prints.</summary>
internal static class Tables
{
    /// <summary>The table of some objects.</summary>
    /// <param name="items">The objects.</param>
    /// <param name="definition">Their resource.</param>
    /// <param name="version">The version asked for.</param>
    /// <param name="metaVersion">The version of meta.k8s.io.</param>
    /// <param name="includeObject">None, Metadata or Object, as the client asked.</param>
    /// <param name="metadata">The list's metadata.</param>
    /// <param name="headings">Whether to send column definitions (a watch sends them once).</param>
    /// <param name="now">The time that ages are counted from.</param>
    public static JsonObject Make(
        IEnumerable<StoredObject> items, ResourceDefinition definition, ResourceVersion version, string metaVersion, string includeObject,
        JsonObject metadata, bool headings, DateTimeOffset now)
    {
        TableColumns columns = version.Columns ?? BuiltInColumns.Default;
        JsonNode? definitions = headings
            ? new JsonArray([.. columns.Columns.Select(c => (JsonNode)new JsonObject
            {
                ["name"] = c.Name,
                ["type"] = c.Type,
                ["format"] = c.Format,
                ["description"] = c.Description,
                ["priority"] = c.Priority,
            })])
            : null;
        var rows = new JsonArray();
        foreach (StoredObject stored in items)
        {
            JsonObject document = stored.Document;
            if (version.FromStorage is { } convert)
            {
                document = document.Copy();
                convert(document);
            }

            var row = new JsonObject { ["cells"] = new JsonArray(columns.Row(document, now)) };
            if (Include(document, definition, version, metaVersion, includeObject) is { } included) row["object"] = included;
            rows.Add((JsonNode)row);
        }

        return new JsonObject
        {
            ["kind"] = "Table",
            ["apiVersion"] = $"meta.k8s.io/{metaVersion}",
            ["metadata"] = metadata,
            ["columnDefinitions"] = definitions,
            ["rows"] = rows,
        };
    }

    /// <summary>Kind and metadata of an object.</summary>
    public static JsonObject PartialMetadata(JsonObject document, string metaVersion) => new()
    {
        ["kind"] = "PartialObjectMetadata",
        ["apiVersion"] = $"meta.k8s.io/{metaVersion}",
        ["metadata"] = document["metadata"]?.DeepClone(),
    };

    private static JsonObject? Include(JsonObject document, ResourceDefinition definition, ResourceVersion version, string metaVersion, string includeObject)
    {
        switch (includeObject)
        {
            case "None":
                return null;
            case "Object":
                JsonObject copy = document.Copy();
                copy["kind"] = definition.Kind;
                copy["apiVersion"] = new GroupVersion(definition.Group, version.Name).ToString();
                return copy;
            default:
                return PartialMetadata(document, metaVersion);
        }
    }
}
