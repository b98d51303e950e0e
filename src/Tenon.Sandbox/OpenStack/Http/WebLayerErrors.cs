using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>
/// Errors as the web layer below Nova and Glance words them: a page for a browser and for who takes anything, JSON for who asks for it, text for
/// everybody else.
/// </summary>
internal static class WebLayerErrors
{
    /// <summary>The answer, in the form that the Accept header asks for.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="title">Its title, as <c>Not Found</c>.</param>
    /// <param name="words">What the status means in general, or what the service says instead.</param>
    /// <param name="detail">What happened; may be empty.</param>
    /// <param name="accept">The header.</param>
    public static ApiResponse Render(int status, string title, string words, string detail, string? accept)
    {
        string head = $"{status} {title}";
        double page = QualityOf(accept, "text/html"), json = QualityOf(accept, "application/json");
        if (page > 0 && page >= json)
        {
            return ApiResponse.Text(
                status,
                $"<html>\n <head>\n  <title>{head}</title>\n </head>\n <body>\n  <h1>{head}</h1>\n  {WebUtility.HtmlEncode(words)}<br /><br />\n{WebUtility.HtmlEncode(detail)}\n\n\n </body>\n</html>",
                "text/html; charset=UTF-8");
        }

        return json > 0
            ? ApiResponse.Json(status, new JsonObject { ["message"] = $"{words}<br /><br />\n{detail}\n\n", ["code"] = head, ["title"] = title })
            : ApiResponse.Text(status, $"{head}\n\n{words}\n\n {detail}  ", "text/plain; charset=UTF-8");
    }

    /// <summary>How much a type is wanted; 0 where it is not.</summary>
    private static double QualityOf(string? accept, string type)
    {
        double best = 0;
        foreach (string range in (accept ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = range.Split(';', StringSplitOptions.TrimEntries);
            if (parts[0] != type && parts[0] != "*/*" && parts[0] != $"{type.Split('/')[0]}/*") continue;
            string? quality = parts.FirstOrDefault(p => p.StartsWith("q=", StringComparison.Ordinal));
            best = Math.Max(best, quality is null ? 1 : double.TryParse(quality.AsSpan(2), CultureInfo.InvariantCulture, out double q) ? q : 0);
        }

        return best;
    }
}
