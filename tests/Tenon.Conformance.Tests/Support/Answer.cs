using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;

namespace Tenon.Conformance.Tests.Support;

/// <summary>An answer as it came over the wire.</summary>
/// <param name="Request">Method and path that were asked, for messages.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The body where it is JSON.</param>
/// <param name="Text">The body as it came.</param>
/// <param name="Headers">The headers of the answer.</param>
public sealed record Answer(string Request, int Status, JsonNode? Json, string Text, HttpResponseHeaders Headers)
{
    /// <summary>The value at a path such as <c>server/status</c> or <c>ports/0/id</c>, as text; <c>null</c> where it is null or absent.</summary>
    public string? this[string path] => At(path) is { } node ? (node is JsonValue value ? value.ToString() : node.ToJsonString()) : null;

    /// <summary>The message of an error, whatever the service wraps it in.</summary>
    public string Message
    {
        get
        {
            if (this["faultstring"] is { } fault) return fault;
            JsonNode? inner = (Json as JsonObject)?.Select(p => p.Value).FirstOrDefault(v => v is JsonObject);
            return inner?["message"]?.ToString() ?? Text;
        }
    }

    /// <summary>The node at a path; the whole body at the empty one.</summary>
    public JsonNode? At(string path)
    {
        JsonNode? node = Json;
        if (path.Length == 0) return node;
        foreach (string part in path.Split('/'))
        {
            node = node switch
            {
                JsonArray array => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int i) && i < array.Count ? array[i] : null,
                JsonObject map => map[part],
                _ => null,
            };
        }

        return node;
    }

    /// <summary>The objects of the array at a path.</summary>
    public IReadOnlyList<JsonObject> List(string path) => [.. (At(path) as JsonArray ?? throw new InvalidOperationException($"{Request}: no list at {path} in {Text}")).OfType<JsonObject>()];

    /// <summary>Whether the object at a path has the name, be its value null or not.</summary>
    public bool Has(string path, string name) => At(path) is JsonObject map && map.ContainsKey(name);

    /// <summary>A header's value, or an empty text.</summary>
    public string Header(string name) => Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";

    /// <summary>Demands a status.</summary>
    public Answer ShouldBe(int status)
    {
        Status.ShouldBe(status, $"{Request}: {Text}");
        return this;
    }
}
