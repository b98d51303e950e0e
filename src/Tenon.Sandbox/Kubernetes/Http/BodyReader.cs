using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Schemas;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>A request's body, parsed.</summary>
/// <param name="Node">The document; <see langword="null"/> for an empty body.</param>
/// <param name="Duplicates">Fields that occur twice, as warnings word them; the last one counts.</param>
internal sealed record Body(JsonNode? Node, IReadOnlyList<string> Duplicates);

/// <summary>Reads request bodies: JSON, the protobuf of built-in kinds, and YAML where the content type says so.</summary>
internal static class BodyReader
{
    private const int Limit = 3 * 1024 * 1024;
    private const int MaxDepth = 250;

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">400: it is malformed; 413: it is too large.</exception>
    public static async Task<Body> ReadAsync(HttpRequest request, bool yaml, CancellationToken cancellationToken)
    {
        PipeReader reader = request.BodyReader;
        while (true)
        {
            ReadResult result = await reader.ReadAsync(cancellationToken);
            if (result.Buffer.Length > Limit)
            {
                reader.AdvanceTo(result.Buffer.End);
                throw new ApiException(413, "RequestEntityTooLarge", $"Request entity too large: limit is {Limit}");
            }

            if (!result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            byte[] bytes = result.Buffer.ToArray();
            reader.AdvanceTo(result.Buffer.End);
            if (bytes.AsSpan().StartsWith("k8s\0"u8)) return ParseProtobuf(bytes);
            return yaml && !LooksLikeJson(bytes) ? new(ParseYaml(bytes), []) : ParseJson(bytes);
        }
    }

    private static Body ParseProtobuf(byte[] bytes)
    {
        try
        {
            return new(ProtobufReader.Read(bytes), []);
        }
        catch (Exception e) when (e is FormatException or OverflowException or JsonException)
        {
            throw ApiException.BadRequest(e.Message);
        }
    }

    /// <summary>Parses JSON into nodes that share nothing with the buffer, and that several threads may read.</summary>
    /// <exception cref="ApiException">400.</exception>
    public static Body ParseJson(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return new(null, []);
        var duplicates = new List<string>();
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxDepth });
            reader.Read();
            JsonNode? node = Parse(ref reader, "", duplicates);
            if (reader.Read()) throw new JsonException("data after the document");
            return new(node, duplicates);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ApiException.BadRequest($"the body is no valid JSON: {e.Message}");
        }
    }

    private static JsonNode? Parse(ref Utf8JsonReader reader, string path, List<string> duplicates)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var made = new JsonObject();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    string name = reader.GetString()!;
                    string inner = path.Length == 0 ? name : $"{path}.{name}";
                    reader.Read();
                    if (made.ContainsKey(name)) duplicates.Add($"duplicate field \"{inner}\"");
                    made[name] = Parse(ref reader, inner, duplicates);
                }

                return made;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) list.Add(Parse(ref reader, $"{path}[{list.Count}]", duplicates));
                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.Number:
                return JsonValue.Create(JsonElement.ParseValue(ref reader));
            case JsonTokenType.True:
            case JsonTokenType.False:
                return JsonValue.Create(reader.GetBoolean());
            default:
                return null;
        }
    }

    private static bool LooksLikeJson(ReadOnlySpan<byte> bytes)
    {
        bytes = bytes.TrimStart(" \t\r\n"u8);
        return !bytes.IsEmpty && bytes[0] is (byte)'{' or (byte)'[';
    }

    private static JsonNode? ParseYaml(byte[] bytes)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(Encoding.UTF8.GetString(bytes)));
            return stream.Documents.Count == 0 ? null : Convert(stream.Documents[0].RootNode);
        }
        catch (YamlException e)
        {
            throw ApiException.BadRequest($"error converting YAML to JSON: yaml: line {e.Start.Line}: {e.Message}");
        }
    }

    private static JsonNode? Convert(YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode map:
                var made = new JsonObject();
                foreach ((YamlNode key, YamlNode value) in map.Children) made[((YamlScalarNode)key).Value ?? ""] = Convert(value);
                return made;
            case YamlSequenceNode list:
                return new JsonArray([.. list.Children.Select(Convert)]);
            case YamlScalarNode { Style: ScalarStyle.Plain, Value: { } text }:
                return Scalar(text);
            case YamlScalarNode scalar:
                return JsonValue.Create(scalar.Value);
            default:
                return null;
        }
    }

    private static JsonNode? Scalar(string text)
    {
        if (text is "" or "~" or "null" or "Null" or "NULL") return null;
        if (text is "true" or "True" or "TRUE" or "yes" or "on") return JsonValue.Create(true);
        if (text is "false" or "False" or "FALSE" or "no" or "off") return JsonValue.Create(false);
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole) && (text.Length == 1 || text.TrimStart('-')[0] != '0')) return JsonValue.Create(whole);
        bool numeric = char.IsAsciiDigit(text[0]) || (text[0] is '-' or '+' or '.' && text.Length > 1 && (char.IsAsciiDigit(text[1]) || text[1] == '.'));
        return numeric && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? JsonValue.Create(real) : JsonValue.Create(text);
    }
}
