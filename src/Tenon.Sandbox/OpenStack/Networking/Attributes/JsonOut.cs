using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;

namespace Tenon.Sandbox.OpenStack.Networking.Attributes;

/// <summary>Something that writes itself as JSON.</summary>
internal interface IJson
{
    void Write(Utf8JsonWriter writer);
}

/// <summary>Writes attribute values straight to the wire.</summary>
internal static class JsonOut
{
    public static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case string text: writer.WriteStringValue(text); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int number: writer.WriteNumberValue(number); break;
            case long number: writer.WriteNumberValue(number); break;
            case double number: writer.WriteNumberValue(number); break;
            case UInt128 number: writer.WriteRawValue(number.ToString()); break;
            case DateTimeOffset time: writer.WriteStringValue(Text.Seconds(time)); break;
            case Ip address: writer.WriteStringValue(address.ToString()); break;
            case Prefix prefix: writer.WriteStringValue(prefix.ToString()); break;
            case JsonNode node: node.WriteTo(writer); break;
            case IJson json: json.Write(writer); break;
            case IEnumerable<string> texts:
                writer.WriteStartArray();
                foreach (string text in texts) writer.WriteStringValue(text);
                writer.WriteEndArray();
                break;
            case IEnumerable<IJson> items:
                writer.WriteStartArray();
                foreach (IJson item in items) item.Write(writer);
                writer.WriteEndArray();
                break;
            case System.Collections.IEnumerable items:
                writer.WriteStartArray();
                foreach (object? item in items) Write(writer, item);
                writer.WriteEndArray();
                break;
            default: throw new InvalidOperationException($"No JSON form for {value.GetType()}.");
        }
    }
}
