using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>
/// Reads bodies that clients send as Kubernetes' protobuf: four bytes <c>k8s\0</c>, then a message with the type (1) and the object's own message (2). Only
/// built-in kinds have one.
/// </summary>
public static class ProtobufReader
{
    private static readonly byte[] Magic = "k8s\0"u8.ToArray();

    /// <summary>The object as a JSON document.</summary>
    /// <exception cref="FormatException">It is no such message, or of a kind that has none.</exception>
    public static JsonObject Read(ReadOnlySpan<byte> body)
    {
        if (!body.StartsWith(Magic)) throw new FormatException("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        string apiVersion = string.Empty, kind = string.Empty;
        ReadOnlySpan<byte> raw = [];
        var envelope = new Message(body[Magic.Length..]);
        while (envelope.Next())
        {
            if (envelope.Field == 2) raw = envelope.Bytes;
            if (envelope.Field != 1) continue;
            var type = new Message(envelope.Bytes);
            while (type.Next())
            {
                if (type.Field == 1) apiVersion = Encoding.UTF8.GetString(type.Bytes);
                if (type.Field == 2) kind = Encoding.UTF8.GetString(type.Bytes);
            }
        }

        TypeSchema schema = kind == "DeleteOptions" ? SchemaCatalog.BuiltIn.DeleteOptions
            : SchemaCatalog.BuiltIn.FindBuiltIn(GroupVersion.Parse(apiVersion), kind)?.Type ?? throw new FormatException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        var result = new JsonObject { ["apiVersion"] = apiVersion, ["kind"] = kind };
        ReadObject(schema, raw, [], result);
        return result;
    }

    private static void ReadObject(TypeSchema type, ReadOnlySpan<byte> bytes, int[] prefix, JsonObject target)
    {
        var message = new Message(bytes);
        while (message.Next())
        {
            int[] path = [.. prefix, message.Field];
            FieldSchema? field = type.Fields.Values.FirstOrDefault(f => f.ProtobufPath.AsSpan().SequenceEqual(path));
            if (field is not null) ReadField(field, ref message, target);
            else if (type.Fields.Values.Any(f => f.ProtobufPath.Length > path.Length && f.ProtobufPath.AsSpan(0, path.Length).SequenceEqual(path)))
                ReadObject(type, message.Bytes, path, target);
        }
    }

    private static void ReadField(FieldSchema field, ref Message message, JsonObject target)
    {
        switch (field.Type.Kind)
        {
            case SchemaKind.List:
                JsonArray list = target.EnsureArray(field.Name);
                if (field.Type.Items!.Kind == SchemaKind.Integer && message.Wire == 2)
                {
                    var packed = new Message(message.Bytes);
                    while (packed.NextNumber()) list.Add((JsonNode)(long)packed.Number);
                }
                else
                {
                    list.Add(ReadValue(field.Type.Items, ref message));
                }

                break;
            case SchemaKind.Map:
                JsonObject map = target.Ensure(field.Name);
                string key = string.Empty;
                JsonNode? value = null;
                var entry = new Message(message.Bytes);
                while (entry.Next())
                {
                    if (entry.Field == 1) key = Encoding.UTF8.GetString(entry.Bytes);
                    else if (entry.Field == 2) value = ReadValue(field.Type.Items!, ref entry);
                }

                map[key] = value ?? string.Empty;
                break;
            default:
                JsonNode? read = ReadValue(field.Type, ref message);
                if (read is not null && (field.ProtobufOptional || field.Required || !IsZero(read))) target[field.Name] = read;
                break;
        }
    }

    private static bool IsZero(JsonNode value) => value is JsonValue && (value.AsText() is { Length: 0 } || value.AsLong() == 0 || value.AsBool() == false);

    private static JsonNode? ReadValue(TypeSchema type, ref Message message)
    {
        switch (type.Kind)
        {
            case SchemaKind.String when type.Format == "date-time":
                return ReadTime(message.Bytes);
            case SchemaKind.String when type.Format == "byte":
                return Convert.ToBase64String(message.Bytes);
            case SchemaKind.String:
                return Encoding.UTF8.GetString(message.Bytes);
            case SchemaKind.Integer:
                return (long)message.Number;
            case SchemaKind.Boolean:
                return message.Number != 0;
            case SchemaKind.Number:
                return BitConverter.UInt64BitsToDouble(message.Number);
            case SchemaKind.IntOrString:
                return ReadIntOrString(message.Bytes);
            case SchemaKind.Quantity:
                return Part(message.Bytes, 1) is { Length: > 0 } amount ? Encoding.UTF8.GetString(amount) : null;
            case SchemaKind.Any:
                return Part(message.Bytes, 1) is { Length: > 0 } json ? JsonNode.Parse(json) : null;
            case SchemaKind.List:
                // The value of a map cannot be repeated: it is a message with the items.
                var items = new JsonArray();
                var list = new Message(message.Bytes);
                while (list.Next()) items.Add(ReadValue(type.Items!, ref list));
                return items;
            case SchemaKind.Object:
                var result = new JsonObject();
                ReadObject(type, message.Bytes, [], result);
                return result;
            default:
                throw new FormatException($"{type.Name} has no form in protobuf");
        }
    }

    private static byte[]? Part(ReadOnlySpan<byte> bytes, int field)
    {
        var message = new Message(bytes);
        while (message.Next())
        {
            if (message.Field == field) return message.Bytes.ToArray();
        }

        return null;
    }

    private static JsonNode? ReadTime(ReadOnlySpan<byte> bytes)
    {
        long seconds = 0, nanos = 0;
        var message = new Message(bytes);
        while (message.Next())
        {
            if (message.Field == 1) seconds = (long)message.Number;
            if (message.Field == 2) nanos = (long)message.Number;
        }

        if (seconds == 0 && nanos == 0) return null;
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100);
        return nanos == 0 ? JsonDocuments.Timestamp(time) : JsonDocuments.MicroTimestamp(time);
    }

    private static JsonNode ReadIntOrString(ReadOnlySpan<byte> bytes)
    {
        bool text = false;
        long number = 0;
        string value = string.Empty;
        var message = new Message(bytes);
        while (message.Next())
        {
            if (message.Field == 1) text = message.Number == 1;
            if (message.Field == 2) number = (int)(long)message.Number;
            if (message.Field == 3) value = Encoding.UTF8.GetString(message.Bytes);
        }

        return text ? value : number;
    }

    /// <summary>The fields of a message, one after the other.</summary>
    private ref struct Message(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public int Field { get; private set; }

        public int Wire { get; private set; }

        public ulong Number { get; private set; }

        public ReadOnlySpan<byte> Bytes { get; private set; }

        public bool NextNumber()
        {
            if (_rest.IsEmpty) return false;
            Number = Varint();
            return true;
        }

        public bool Next()
        {
            if (_rest.IsEmpty) return false;
            ulong tag = Varint();
            (Field, Wire, Number) = ((int)(tag >> 3), (int)(tag & 7), 0);
            Bytes = default;
            switch (Wire)
            {
                case 0:
                    Number = Varint();
                    break;
                case 1:
                    Number = BitConverter.ToUInt64(Take(8));
                    break;
                case 2:
                    Bytes = Take(checked((int)Varint()));
                    break;
                case 5:
                    Number = BitConverter.ToUInt32(Take(4));
                    break;
                default:
                    throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"proto: illegal wireType {Wire}"));
            }

            return true;
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (count < 0 || count > _rest.Length) throw new FormatException("unexpected EOF");
            ReadOnlySpan<byte> taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }

        private ulong Varint()
        {
            ulong value = 0;
            for (int shift = 0; shift < 64; shift += 7)
            {
                byte next = Take(1)[0];
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80) return value;
            }

            throw new FormatException("proto: integer overflow");
        }
    }
}
