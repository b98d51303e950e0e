using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>
/// An answer. Its body is written while the region's gate is still held, so that it may refer to live state without copying it.
/// </summary>
internal sealed class ApiResponse
{
    private ApiResponse(int status, Action<Utf8JsonWriter>? json, byte[]? raw, string contentType)
    {
        Status = status;
        WriteJson = json;
        Raw = raw;
        ContentType = contentType;
    }

    public int Status { get; }

    public Action<Utf8JsonWriter>? WriteJson { get; }

    public byte[]? Raw { get; }

    public string ContentType { get; }

    public Dictionary<string, string> Headers { get; } = [];

    /// <summary>200 with a body.</summary>
    public static ApiResponse Ok(JsonNode body) => Json(200, body);

    /// <summary>A status with a body.</summary>
    public static ApiResponse Json(int status, JsonNode body) => new(status, writer => body.WriteTo(writer), null, "application/json");

    /// <summary>A status with a body written straight to the wire.</summary>
    public static ApiResponse Json(int status, Action<Utf8JsonWriter> write) => new(status, write, null, "application/json");

    /// <summary><c>{"NAME": node}</c>; the node may be live state.</summary>
    public static ApiResponse Wrapped(int status, string name, JsonNode node) => Json(status, writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName(name);
        node.WriteTo(writer);
        writer.WriteEndObject();
    });

    /// <summary><c>{"NAME": [...], "NAME_links": [...]}</c>; the items may be live state. No links member without links.</summary>
    public static ApiResponse Collection(string name, IEnumerable<JsonNode> items, IReadOnlyList<JsonNode>? links = null) => Json(200, writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName(name);
        writer.WriteStartArray();
        foreach (JsonNode item in items) item.WriteTo(writer);
        writer.WriteEndArray();
        if (links is { Count: > 0 })
        {
            writer.WritePropertyName(name + "_links");
            writer.WriteStartArray();
            foreach (JsonNode link in links) link.WriteTo(writer);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    /// <summary>A status without a body.</summary>
    public static ApiResponse Empty(int status) => new(status, null, null, "");

    /// <summary>A status with a body that is not JSON.</summary>
    public static ApiResponse Text(int status, string text, string contentType)
        => new(status, null, Encoding.UTF8.GetBytes(text), contentType);

    /// <summary>A status with bytes.</summary>
    public static ApiResponse Bytes(int status, byte[] bytes, string contentType) => new(status, null, bytes, contentType);

    /// <summary>The same with one header more.</summary>
    public ApiResponse With(string header, string value)
    {
        Headers[header] = value;
        return this;
    }
}
