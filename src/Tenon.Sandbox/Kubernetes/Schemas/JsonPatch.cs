using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>JSON patch (RFC 6902).</summary>
public static class JsonPatch
{
    /// <summary>The document after all operations; neither argument changes.</summary>
    /// <exception cref="InvalidPatchException">400 for a malformed patch, 422 for one that the document does not allow.</exception>
    public static JsonNode? Apply(JsonNode document, JsonNode? patch)
    {
        if (patch is not JsonArray operations) throw new InvalidPatchException("error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
        JsonNode? result = document.DeepClone();
        foreach (JsonNode? item in operations)
        {
            if (item is not JsonObject operation) throw new InvalidPatchException("error decoding patch: an operation must be an object");
            result = ApplyOne(result, operation);
        }

        return result;
    }

    private static JsonNode? ApplyOne(JsonNode? document, JsonObject operation)
    {
        string op = Text(operation, "op");
        string[] path = Pointer(Text(operation, "path"), "path");
        switch (op)
        {
            case "add":
                return Add(document, path, Value(operation));
            case "remove":
                Take(ref document, path, "remove");
                return document;
            case "replace":
                if (path.Length == 0) return Value(operation);
                Require(document, path, "replace");
                return Put(document, path, Value(operation));
            case "move":
                string[] from = Pointer(Text(operation, "from"), "from");
                if (path.Length > from.Length && path.AsSpan(0, from.Length).SequenceEqual(from))
                    throw new InvalidPatchException("the server rejected our request due to an error in our request: a value cannot move into itself", 422);
                JsonNode? moved = Take(ref document, from, "move");
                return Add(document, path, moved);
            case "copy":
                return Add(document, path, Require(document, Pointer(Text(operation, "from"), "from"), "copy")?.DeepClone());
            case "test":
                JsonNode? wanted = operation["value"];
                JsonNode? actual = TryGet(document, path, out JsonNode? found) ? found : null;
                if (!JsonNode.DeepEquals(wanted, actual))
                    throw new InvalidPatchException($"testing value {Text(operation, "path")} failed: test failed", 422);
                return document;
            default:
                throw new InvalidPatchException($"Unexpected kind: {op}");
        }
    }

    private static string Text(JsonObject operation, string member) =>
        operation[member] is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw new InvalidPatchException($"error decoding patch: an operation needs the member \"{member}\"");

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out JsonNode? value)
            ? value?.DeepClone()
            : throw new InvalidPatchException("error decoding patch: the operation needs the member \"value\"");

    private static string[] Pointer(string text, string member)
    {
        if (text.Length == 0) return [];
        if (text[0] != '/') throw new InvalidPatchException($"error decoding patch: \"{member}\" must begin with a slash: {text}");
        return [.. text[1..].Split('/').Select(s => s.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))];
    }

    private static bool TryGet(JsonNode? document, ReadOnlySpan<string> path, out JsonNode? found)
    {
        found = document;
        foreach (string step in path)
        {
            switch (found)
            {
                case JsonObject fields when fields.TryGetPropertyValue(step, out JsonNode? child):
                    found = child;
                    break;
                case JsonArray items when Index(step, items.Count - 1) is int index:
                    found = items[index];
                    break;
                default:
                    return false;
            }
        }

        return true;
    }

    private static JsonNode? Require(JsonNode? document, string[] path, string op) =>
        TryGet(document, path, out JsonNode? found) ? found : throw Missing(op, path);

    private static InvalidPatchException Missing(string op, string[] path) => new(
        $"{op} operation does not apply: doc is missing {(op is "add" ? "path" : "key")}: /{string.Join('/', path)}: missing value", 422);

    private static int? Index(string step, int highest) =>
        int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int index)
        && index <= highest && (step.Length == 1 || step[0] != '0') ? index : null;

    private static JsonNode? Parent(JsonNode? document, string[] path, string op) =>
        TryGet(document, path.AsSpan(0, path.Length - 1), out JsonNode? parent) ? parent : throw Missing(op, path);

    private static JsonNode? Add(JsonNode? document, string[] path, JsonNode? value)
    {
        if (path.Length == 0) return value;
        switch (Parent(document, path, "add"))
        {
            case JsonObject fields:
                fields[path[^1]] = value;
                return document;
            case JsonArray items when path[^1] == "-":
                items.Add(value);
                return document;
            case JsonArray items when Index(path[^1], items.Count) is int index:
                items.Insert(index, value);
                return document;
            default:
                throw Missing("add", path);
        }
    }

    private static JsonNode? Put(JsonNode? document, string[] path, JsonNode? value)
    {
        switch (Parent(document, path, "replace"))
        {
            case JsonObject fields:
                fields[path[^1]] = value;
                break;
            case JsonArray items:
                items[Index(path[^1], items.Count - 1)!.Value] = value;
                break;
        }

        return document;
    }

    private static JsonNode? Take(ref JsonNode? document, string[] path, string op)
    {
        JsonNode? found = Require(document, path, op);
        if (path.Length == 0)
        {
            document = null;
            return found;
        }

        switch (Parent(document, path, op))
        {
            case JsonObject fields:
                fields.Remove(path[^1]);
                break;
            case JsonArray items:
                items.RemoveAt(Index(path[^1], items.Count - 1)!.Value);
                break;
        }

        return found;
    }
}
