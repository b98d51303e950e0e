using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>What several of Nova's answers share.</summary>
internal static class ComputeJson
{
    /// <summary>The self and the bookmark link.</summary>
    public static JsonArray Links(ApiRequest request, string path) => new(
        new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2.1/{path}" },
        new JsonObject { ["rel"] = "bookmark", ["href"] = $"{request.BaseUrl}/{path}" });

    public static JsonArray Bookmark(ApiRequest request, string path)
        => new(new JsonObject { ["rel"] = "bookmark", ["href"] = $"{request.BaseUrl}/{path}" });

    /// <summary><c>2026-11-21T04:31:34.000000</c>: the database keeps whole seconds.</summary>
    public static string? Micros(DateTimeOffset? time) => time?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'.000000'");

    /// <summary>Cuts the page that limit and marker ask for out of an ordered list, with the link to the next.</summary>
    public static ApiResponse Page<T>(ApiRequest request, string name, IEnumerable<T> all, Func<T, string> id, Func<T, JsonNode> render)
    {
        int limit = 1000;
        if (request.Query["limit"] is { } text)
        {
            if (text.Length == 0 || !text.All(char.IsAsciiDigit))
                throw ComputeFaults.Bad($"Invalid input for query parameters limit. Value: {text}. '{text}' does not match '^[0-9]*$'");
            limit = int.TryParse(text, out int wanted) ? Math.Min(wanted, limit) : limit;
        }

        string? marker = request.Query["marker"];
        Page<T> page = Listing.Cut(all, id, limit, marker) ?? throw ComputeFaults.Bad($"marker [{marker}] not found");
        // As the real one: a full page has a next link, whether or not there is more.
        JsonObject[] links = limit > 0 && page.Items.Count == limit && request.Query.Has("limit") || page.HasNext
            ? page.Items.Count == 0 ? [] : [new JsonObject { ["rel"] = "next", ["href"] = request.Link(request.Query.With("marker", id(page.Items[^1]))) }]
            : [];
        return ApiResponse.Collection(name, page.Items.Select(render), links);
    }
}
