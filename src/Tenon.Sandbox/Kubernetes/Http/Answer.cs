using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;
using YamlDotNet.Serialization;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>Writes answers: documents, objects from their cached bytes, and compression for the large ones.</summary>
internal static class Answer
{
    private const int CompressFrom = 128 * 1024;

    /// <summary>Sends a document.</summary>
    public static Task SendAsync(HttpContext context, int status, JsonNode document, string contentType = "application/json")
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, StoredObject.WriterOptions)) document.WriteTo(writer);
        return SendAsync(context, status, buffer.WrittenMemory, contentType);
    }

    /// <summary>Sends a document in the form that was negotiated.</summary>
    public static Task SendAsync(HttpContext context, int status, JsonNode document, Negotiation negotiation)
    {
        if (!negotiation.Yaml) return SendAsync(context, status, document);
        string text = new SerializerBuilder().WithQuotingNecessaryStrings(quoteYaml1_1Strings: true).Build().Serialize(Plain(document) ?? "");
        return SendAsync(context, status, Encoding.UTF8.GetBytes(text), "application/yaml");
    }

    /// <summary>Sends bytes, compressed where the client accepts it and it is worth it.</summary>
    public static async Task SendAsync(HttpContext context, int status, ReadOnlyMemory<byte> bytes, string contentType)
    {
        HttpResponse response = context.Response;
        response.StatusCode = status;
        response.ContentType = contentType;
        response.Headers.CacheControl = "no-cache, private";
        if (HttpMethods.IsHead(context.Request.Method)) return;
        if (bytes.Length >= CompressFrom && context.Request.Headers.AcceptEncoding.ToString().Contains("gzip", StringComparison.Ordinal))
        {
            response.Headers.ContentEncoding = "gzip";
            response.Headers.Vary = "Accept-Encoding";
            await using var zip = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
            await zip.WriteAsync(bytes, context.RequestAborted);
            return;
        }

        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    /// <summary>Sends an error.</summary>
    public static Task SendAsync(HttpContext context, ApiException error)
    {
        if (error.RetryAfterSeconds is { } seconds) context.Response.Headers.RetryAfter = seconds.ToString();
        return SendAsync(context, error.Code, error.ToStatus());
    }

    /// <summary>What precedes an object's body: <c>{"kind":…,"apiVersion":…,</c>.</summary>
    public static byte[] Prefix(string kind, GroupVersion groupVersion) =>
        Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind}\",\"apiVersion\":\"{groupVersion}\",");

    /// <summary>An object's body in a version.</summary>
    public static ReadOnlyMemory<byte> BodyOf(StoredObject stored, ResourceVersion version) =>
        version.FromStorage is { } convert ? stored.BodyIn(version.Name, convert) : stored.Body;

    /// <summary>A whole object in a version.</summary>
    public static byte[] Whole(StoredObject stored, ResourceDefinition definition, ResourceVersion version)
    {
        byte[] prefix = Prefix(definition.Kind, new(definition.Group, version.Name));
        return [.. prefix, .. BodyOf(stored, version).Span];
    }

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(p => p.Key, p => Plain(p.Value)),
        JsonArray list => list.Select(Plain).ToList(),
        JsonValue value => value.AsText() ?? value.AsLong() ?? value.AsBool() ?? (object)value.ToJsonString(),
        _ => null,
    };
}
