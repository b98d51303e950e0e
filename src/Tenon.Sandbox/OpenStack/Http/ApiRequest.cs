using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Identity;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>A request to one service of one region, as a handler sees it.</summary>
internal sealed class ApiRequest
{
    private JsonNode? _body;
    private bool _parsed;

    public required string Method { get; init; }

    /// <summary>The path below the service's prefix, without a trailing slash: <c>/v2.0/ports</c>.</summary>
    public required string Path { get; init; }

    public required ApiQuery Query { get; init; }

    /// <summary>Header values by name, whatever its case; null where absent.</summary>
    public required Func<string, string?> Header { get; init; }

    public required ReadOnlyMemory<byte> RawBody { get; init; }

    /// <summary>Where the client reached this service, without a trailing slash: <c>http://127.0.0.1:4000/network</c>. Links start with it.</summary>
    public required string BaseUrl { get; init; }

    /// <summary><c>req-UUID</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>The values of the route's <c>{names}</c>.</summary>
    public IReadOnlyDictionary<string, string> Route { get; set; } = new Dictionary<string, string>();

    /// <summary>Who asks. Only routes marked anonymous may be asked without.</summary>
    public TokenInfo Token
    {
        get => field ?? throw new InvalidOperationException("This route is anonymous.");
        set;
    }

    /// <summary>The microversion agreed on, where the service has them.</summary>
    public Microversion Version { get; set; }

    /// <summary>The time of this request.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The value of a route's name.</summary>
    public string this[string name] => Route[name];

    /// <summary>The body; null where it is empty.</summary>
    /// <exception cref="ApiFault">It is no JSON (400, type <c>MalformedBody</c>).</exception>
    public JsonNode? Body
    {
        get
        {
            if (_parsed) return _body;
            try
            {
                _body = RawBody.IsEmpty ? null : JsonNode.Parse(RawBody.Span);
            }
            catch (JsonException)
            {
                throw new ApiFault(400, "Malformed request body", "MalformedBody");
            }

            _parsed = true;
            return _body;
        }
    }

    /// <summary>The object under a name in the body, as most calls wrap it.</summary>
    /// <exception cref="ApiFault">There is none (400).</exception>
    public JsonObject BodyOf(string name)
        => Body is JsonObject root && root[name] is JsonObject wrapped ? wrapped : throw new ApiFault(400, $"'{name}' is a required property", "MalformedBody");

    /// <summary>This request's address with another query.</summary>
    public string Link(string query) => query.Length == 0 ? BaseUrl + Path : $"{BaseUrl}{Path}?{query}";
}
