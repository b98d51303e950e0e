using System.Net;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.LoadBalancing;

/// <summary>
/// Errors that are worded by the web layer below Octavia's own: a page for a browser and for who takes anything, JSON for who asks for it,
/// text for who asks for nothing.
/// </summary>
internal static class PlainErrors
{
    private const string Title = "Bad Request";

    /// <summary>The answer, in the form that the Accept header asks for.</summary>
    public static ApiResponse Render(ApiFault fault, string accept)
    {
        // A path that nothing is at has its own title and no words.
        bool nowhere = fault.Type != LoadBalancingService.PlainError;
        string title = nowhere ? fault.Type! : Title;
        string words = fault.Status switch
        {
            404 when nowhere => "The resource could not be found.",
            405 => "The method " + fault.Detail + " is not allowed for this resource.",
            _ => "The server could not comply with the request since it is either malformed or otherwise incorrect.",
        };
        string detail = nowhere ? "" : fault.Message;
        if (accept.Contains("html", StringComparison.Ordinal) || accept.Contains("*/*", StringComparison.Ordinal))
        {
            string head = $"{fault.Status} {title}";
            return ApiResponse.Text(
                fault.Status,
                $"<html>\n <head>\n  <title>{head}</title>\n </head>\n <body>\n  <h1>{head}</h1>\n  {words}<br /><br />\n{WebUtility.HtmlEncode(detail)}\n\n\n </body>\n</html>",
                "text/html; charset=UTF-8");
        }

        return accept.Contains("application/json", StringComparison.Ordinal)
            ? ApiResponse.Json(fault.Status, new JsonObject { ["code"] = fault.Status, ["title"] = title, ["description"] = detail })
            : ApiResponse.Text(fault.Status, $"{fault.Status} {title}\n\n{words}\n\n {detail}  ", "text/plain; charset=UTF-8");
    }
}
