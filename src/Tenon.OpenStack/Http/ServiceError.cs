using System.Net;
using System.Text.Json;

namespace Tenon.OpenStack.Http;

/// <summary>Who wrote a failure's body.</summary>
internal enum ErrorOrigin
{
    /// <summary>Something in front of the service, or something else at its address: a page, a text, nothing.</summary>
    Elsewhere,

    /// <summary>The service's web framework, which has nothing at this path.</summary>
    Framework,

    /// <summary>The service itself.</summary>
    Service,
}

/// <summary>What a failure's body says, in whichever of the services' shapes it comes.</summary>
/// <param name="Code">The service's own word: Neutron's <c>type</c>, Octavia's <c>faultcode</c>, the outer key elsewhere.</param>
/// <param name="Message">The message for people.</param>
/// <param name="Origin">Who says it.</param>
internal sealed record ServiceError(string? Code, string Message, ErrorOrigin Origin = ErrorOrigin.Service)
{
    /// <summary>Reads a body. Never fails: what cannot be understood becomes the message.</summary>
    public static ServiceError Parse(HttpStatusCode status, string body)
    {
        string text = body.Trim();
        if (text.Length == 0) return new(null, $"{(int)status} without a message", ErrorOrigin.Elsewhere);
        if (text[0] == '{')
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(text);
                if (Read(document.RootElement) is { } error) return error with { Message = OneLine(error.Message) };
            }
            catch (JsonException)
            {
                // Not JSON after all, or cut off: the text itself is the message.
            }
        }

        return new(null, OneLine(text[0] == '<' ? StripMarkup(text) : text), ErrorOrigin.Elsewhere);
    }

    private static ServiceError? Read(JsonElement root)
    {
        // Octavia (WSME): {"faultcode": "Client", "faultstring": "…", "debuginfo": null}
        if (Text(root, "faultstring") is { } fault) return new(Text(root, "faultcode"), fault);

        // Services with oslo's list: {"errors": [{"status": 404, "title": "…", "detail": "…", "code": "…"}]}
        if (root.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
        {
            JsonElement first = errors[0];
            return new(Text(first, "code"), Text(first, "detail") ?? Text(first, "title") ?? "no message");
        }

        // Barbican and pecan: {"title": "…", "description": "…", "code": 404}; for unknown paths the description is empty.
        if (Text(root, "description") is { Length: > 0 } description) return new(Text(root, "title"), description);

        // Webob, for unknown paths: {"code": "404 Not Found", "title": "Not Found", "message": "The resource could not be found.<br />"}.
        if ((Text(root, "message") ?? Text(root, "title")) is { } flat) return new(Text(root, "code"), StripMarkup(flat), ErrorOrigin.Framework);

        // Neutron: {"NeutronError": {"type": "…", "message": "…"}}, Keystone: {"error": {"code": 401, "title": "…", "message": "…"}},
        // Nova: {"itemNotFound": {"code": 404, "message": "…"}}, and pecan's {"NeutronError": "text"}.
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.String) return new(property.Name, property.Value.GetString()!);
            if (property.Value.ValueKind != JsonValueKind.Object) continue;
            if (Text(property.Value, "message") is not { } message) continue;
            string? detail = Text(property.Value, "detail");
            string code = Text(property.Value, "type") ?? Text(property.Value, "title") ?? property.Name;
            bool unknownPath = code == "HTTPNotFound" && message.StartsWith("The resource could not be found", StringComparison.Ordinal);
            ErrorOrigin origin = unknownPath ? ErrorOrigin.Framework : ErrorOrigin.Service;
            return new(code, string.IsNullOrWhiteSpace(detail) ? message : $"{message} {detail}", origin);
        }

        return null;
    }

    private static string? Text(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>A proxy's HTML page as one line of text.</summary>
    private static string StripMarkup(string html)
    {
        var text = new System.Text.StringBuilder(html.Length);
        bool inTag = false;
        foreach (char c in html)
        {
            if (c == '<') inTag = true;
            else if (c == '>') (inTag, _) = (false, text.Append(' '));
            else if (!inTag) text.Append(c);
        }

        return text.ToString();
    }

    private static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
