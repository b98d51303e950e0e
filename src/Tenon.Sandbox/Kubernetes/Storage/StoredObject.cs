using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Storage;

/// <summary>
/// One revision of an object. It never changes: <see cref="Document"/> must not be modified (take <see cref="JsonDocuments.Copy"/>). It is serialised at most once,
/// however many lists and watches send it.
/// </summary>
public sealed class StoredObject
{
    private readonly ConcurrentDictionary<string, byte[]> _converted = new();
    private byte[]? _body;

    /// <summary>Wraps a document that the store has stamped.</summary>
    internal StoredObject(GroupResource resource, JsonObject document, long revision)
    {
        Resource = resource;
        Document = document;
        Revision = revision;
        Key = new(document.Text("metadata", "namespace") ?? "", document.Text("metadata", "name") ?? "");
        Uid = document.Text("metadata", "uid") ?? "";
        Labels = document.Map("metadata", "labels");
    }

    /// <summary>The resource that it belongs to.</summary>
    public GroupResource Resource { get; }

    /// <summary>Namespace and name.</summary>
    public NamespacedName Key { get; }

    /// <summary>The document in the storage version; read only.</summary>
    public JsonObject Document { get; }

    /// <summary>The resourceVersion.</summary>
    public long Revision { get; }

    /// <summary>The UID.</summary>
    public string Uid { get; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; }

    /// <summary>Whether the object waits for finalizers or its grace period.</summary>
    public bool IsBeingDeleted => Document.At("metadata", "deletionTimestamp") is not null;

    /// <summary>
    /// The serialised members other than kind and apiVersion, with the closing brace: <c>"metadata":{…},…}</c>. What precedes them depends on the version that
    /// a client asked for, and is left out in typed lists.
    /// </summary>
    public ReadOnlyMemory<byte> Body => _body ??= Serialize(Document);

    /// <summary>The same for a version whose documents differ from the stored ones.</summary>
    /// <param name="version">The version's name.</param>
    /// <param name="convert">Rewrites a copy of the document in place.</param>
    public ReadOnlyMemory<byte> BodyIn(string version, Action<JsonObject> convert) => _converted.GetOrAdd(version, static (_, state) =>
    {
        JsonObject copy = state.Document.Copy();
        state.convert(copy);
        return Serialize(copy);
    }, (Document, convert));

    /// <summary>Serialises the members other than kind and apiVersion, with the closing brace but not the opening one.</summary>
    public static byte[] Serialize(JsonObject document)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            foreach ((string name, JsonNode? value) in document)
            {
                if (name is "kind" or "apiVersion") continue;
                writer.WritePropertyName(name);
                if (value is null) writer.WriteNullValue();
                else value.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan[1..].ToArray();
    }

    /// <summary>Text goes out as it is: the answers are data for programs, never embedded in pages.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
}
