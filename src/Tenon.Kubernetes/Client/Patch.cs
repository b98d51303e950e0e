using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Kubernetes.Objects;

namespace Tenon.Kubernetes.Client;

/// <summary>A change to an object: what is sent and how the server reads it. Only what it mentions changes.</summary>
public sealed class Patch
{
    private Patch(string contentType, byte[] body, bool force = false)
    {
        ContentType = contentType;
        Body = body;
        Force = force;
    }

    /// <summary>The media type that tells the server how to read <see cref="Body"/>.</summary>
    public string ContentType { get; }

    /// <summary>The patch as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Whether fields of other managers are taken over (server-side apply only).</summary>
    public bool Force { get; }

    /// <summary>Whether this is a server-side apply, which needs <see cref="WriteOptions.FieldManager"/>.</summary>
    public bool IsApply => ContentType == "application/apply-patch+yaml";

    /// <summary>A JSON merge patch (RFC 7396): null removes, lists are replaced whole.</summary>
    public static Patch Merge(JsonObject body) => new("application/merge-patch+json", Bytes(body));

    /// <summary>A strategic merge patch: lists with a merge key are merged; built-in types only.</summary>
    public static Patch Strategic(JsonObject body) => new("application/strategic-merge-patch+json", Bytes(body));

    /// <summary>A JSON patch (RFC 6902): a list of operations.</summary>
    public static Patch Json(JsonArray operations) => new("application/json-patch+json", Bytes(operations));

    /// <summary>A server-side apply of the fields that the object sets.</summary>
    /// <param name="desired">The object; its resource version and managed fields should be unset.</param>
    /// <param name="force">Whether fields of other managers are taken over.</param>
    public static Patch Apply<T>(T desired, bool force = true)
        where T : class, IKubernetesObject
    {
        // An empty spec or status is how our types say "nothing set"; sent, it would be a claim.
        var body = (JsonObject)KubernetesJson.ToNode(desired);
        if (body["status"] is JsonObject status)
        {
            Prune(status);
            if (status.Count == 0) body.Remove("status");
        }

        if (body["spec"] is JsonObject { Count: 0 }) body.Remove("spec");
        return Apply(body, force);
    }

    /// <summary>A server-side apply of a body built by hand; it must carry apiVersion, kind and metadata.name.</summary>
    public static Patch Apply(JsonObject desired, bool force = true) => new("application/apply-patch+yaml", Bytes(desired), force);

    /// <summary>
    /// The JSON merge patch that leads from one state of an object to another; <see langword="null"/> when they are equal.
    /// </summary>
    /// <param name="before">The object as it was read.</param>
    /// <param name="after">The object as it should be.</param>
    /// <param name="ifUnchanged">Whether the patch fails with 409 when the object has changed since <paramref name="before"/> was read.</param>
    public static Patch? Between<T>(T before, T after, bool ifUnchanged = false)
        where T : class, IKubernetesObject
    {
        var from = (JsonObject)KubernetesJson.ToNode(before);
        var to = (JsonObject)KubernetesJson.ToNode(after);
        if (MergePatch.Diff(from, to) is not { } diff) return null;
        if (ifUnchanged)
        {
            if (diff["metadata"] is not JsonObject metadata) diff["metadata"] = metadata = [];
            metadata["resourceVersion"] = before.Metadata.ResourceVersion;
        }

        return Merge(diff);
    }

    /// <summary>The media type and the size, never the content, which may be secret.</summary>
    public override string ToString() => $"{ContentType}, {Body.Length} bytes";

    private static void Prune(JsonObject node)
    {
        foreach ((string key, JsonNode? value) in node.ToArray())
        {
            if (value is not JsonObject inner) continue;
            Prune(inner);
            if (inner.Count == 0) node.Remove(key);
        }
    }

    private static byte[] Bytes(JsonNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream)) node.WriteTo(writer);
        return stream.ToArray();
    }
}

internal static class MergePatch
{
    /// <summary>The merge patch from one object to another, or null when there is no difference.</summary>
    public static JsonObject? Diff(JsonObject from, JsonObject to)
    {
        JsonObject? patch = null;
        foreach ((string key, JsonNode? old) in from)
            if (old is not null && (!to.TryGetPropertyValue(key, out JsonNode? now) || now is null)) (patch ??= [])[key] = null;
        foreach ((string key, JsonNode? now) in to)
        {
            if (now is null) continue;
            from.TryGetPropertyValue(key, out JsonNode? old);
            if (JsonNode.DeepEquals(old, now)) continue;
            if (old is JsonObject oldObject && now is JsonObject nowObject)
            {
                if (Diff(oldObject, nowObject) is { } inner) (patch ??= [])[key] = inner;
            }
            else (patch ??= [])[key] = now.DeepClone();
        }

        return patch;
    }
}
