using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.OpenApi;

/// <summary>
/// Writes an OpenAPI v2 document as the protobuf message <c>openapi.v2.Document</c> (gnostic's OpenAPIv2.proto). Only the members that
/// <see cref="OpenApiV2Writer"/> writes are known here; another one would be a defect, and throws.
/// </summary>
public static class ProtobufDocument
{
    /// <summary>The message.</summary>
    public static byte[] Write(JsonObject document) => new Message()
        .Text(1, document.Text("swagger"))
        .Nested(2, new Message().Text(1, document.Text("info", "title")).Text(2, document.Text("info", "version")))
        .Nested(8, Named(2, document.Object("paths"), PathItem))
        .Nested(9, Named(1, document.Object("definitions"), Schema))
        .ToArray();

    private static Message Named(int field, JsonObject? members, Func<JsonObject, Message> write)
    {
        var message = new Message();
        foreach ((string name, JsonNode? value) in members ?? []) message.Nested(field, new Message().Text(1, name).Nested(2, write((JsonObject)value!)));
        return message;
    }

    private static Message PathItem(JsonObject item)
    {
        var message = new Message();
        foreach ((string method, JsonNode? operation) in item)
        {
            int field = method switch
            {
                "get" => 2, "put" => 3, "post" => 4, "delete" => 5, "patch" => 8, _ => throw new InvalidOperationException($"No field for the method {method}"),
            };
            message.Nested(field, Operation((JsonObject)operation!));
        }

        return message;
    }

    private static Message Operation(JsonObject operation)
    {
        Message message = new Message().Text(3, operation.Text("description"));
        foreach (string type in operation.Texts("consumes")) message.Text(7, type);
        foreach (JsonObject parameter in operation.Objects("parameters"))
        {
            Message query = new Message().Text(2, parameter.Text("in")).Text(3, parameter.Text("description")).Text(4, parameter.Text("name")).Text(6, parameter.Text("type"));
            message.Nested(8, new Message().Nested(1, new Message().Nested(2, new Message().Nested(3, query))));
        }

        message.Nested(9, Named(1, operation.Object("responses"), response =>
        {
            Message body = new Message().Text(1, response.Text("description"));
            if (response.Object("schema") is JsonObject schema) body.Nested(2, new Message().Nested(1, Schema(schema)));
            return new Message().Nested(1, body);
        }));
        Extensions(message, 13, operation);
        return message;
    }

    private static Message Schema(JsonObject schema)
    {
        Message message = new Message()
            .Text(1, schema.Text("$ref")).Text(2, schema.Text("format")).Text(4, schema.Text("description"));
        if (schema["default"] is JsonNode value) message.Nested(5, Any(value));
        foreach (string name in schema.Texts("required")) message.Text(19, name);
        foreach (JsonNode? allowed in schema["enum"] as JsonArray ?? []) message.Nested(20, Any(allowed!));
        if (schema.Object("additionalProperties") is JsonObject additional) message.Nested(21, new Message().Nested(1, Schema(additional)));
        if (schema.Text("type") is string type) message.Nested(22, new Message().Text(1, type));
        if (schema.Object("items") is JsonObject items) message.Nested(23, new Message().Nested(1, Schema(items)));
        if (schema.Object("properties") is JsonObject properties) message.Nested(25, Named(1, properties, Schema));
        Extensions(message, 31, schema);
        return message;
    }

    private static void Extensions(Message message, int field, JsonObject source)
    {
        foreach ((string name, JsonNode? value) in source)
        {
            if (name.StartsWith("x-", StringComparison.Ordinal)) message.Nested(field, new Message().Text(1, name).Nested(2, Any(value!)));
        }
    }

    private static Message Any(JsonNode value)
    {
        // Plain scalars are written as YAML writes them: readers that expect text would otherwise keep the quotes.
        string yaml = value.GetValueKind() == JsonValueKind.String && IsPlain(value.GetValue<string>()) ? value.GetValue<string>() : value.ToJsonString();
        return new Message().Text(2, yaml + "\n");
    }

    private static bool IsPlain(string text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or ',') && text is not ("true" or "false" or "null" or "yes" or "no");

    /// <summary>Protobuf's wire format, as far as it is needed: length-delimited fields.</summary>
    private sealed class Message
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public Message Text(int field, string? text)
        {
            if (!string.IsNullOrEmpty(text)) Append(field, Encoding.UTF8.GetBytes(text));
            return this;
        }

        public Message Nested(int field, Message message)
        {
            Append(field, message._bytes.WrittenSpan);
            return this;
        }

        public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

        private void Append(int field, ReadOnlySpan<byte> bytes)
        {
            Number(((ulong)field << 3) | 2);
            Number((ulong)bytes.Length);
            _bytes.Write(bytes);
        }

        private void Number(ulong value)
        {
            while (value >= 0x80)
            {
                _bytes.Write([(byte)(value | 0x80)]);
                value >>= 7;
            }

            _bytes.Write([(byte)value]);
        }
    }
}
