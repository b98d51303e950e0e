using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tenon.Core;

namespace Tenon.OpenStack.Http;

/// <summary>
/// Takes secrets out of what services and libraries say: Keystone's validation errors, for one, repeat the offending
/// part of the request.
/// </summary>
internal sealed class Redactor
{
    private const int MaxLength = 1000;
    private readonly string[] _secrets;

    public Redactor(CloudCredentials credentials)
    {
        string secret = credentials.Method switch
        {
            AuthMethod.Password m => m.Value.Reveal(),
            AuthMethod.Token m => m.Value.Reveal(),
            AuthMethod.ApplicationCredential m => m.Value.Reveal(),
            _ => "",
        };
        _secrets = secret.Length == 0 ? [] : [.. Spellings(secret).Distinct().OrderByDescending(s => s.Length)];
    }

    /// <summary>
    /// The text with every secret, and everything that looks like a Fernet or JWS token, replaced by <c>***</c>, and cut
    /// only then, so that no half of a secret remains.
    /// </summary>
    /// <param name="text">What was said.</param>
    /// <param name="token">The token that the request carried.</param>
    public string Clean(string text, Secret? token)
    {
        foreach (string secret in _secrets) text = text.Replace(secret, "***", StringComparison.Ordinal);
        if (token is { IsEmpty: false }) text = text.Replace(token.Reveal(), "***", StringComparison.Ordinal);
        text = TokenPattern.Replace(text);
        return text.Length <= MaxLength ? text : string.Concat(text.AsSpan(0, MaxLength), "…");
    }

    /// <summary>As services quote what they were sent: plainly, as JSON, as Python writes texts, in URLs and pages.</summary>
    private static IEnumerable<string> Spellings(string secret) =>
    [
        secret,
        JsonEncodedText.Encode(secret).ToString(),
        JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).ToString(),
        secret.Replace("\\", "\\\\", StringComparison.Ordinal),
        Uri.EscapeDataString(secret),
        WebUtility.HtmlEncode(secret),
    ];

    private static class TokenPattern
    {
        private const string FernetStart = "gAAAAA";
        private const string JwsStart = "eyJ";

        public static string Replace(string text) => Replace(Replace(text, FernetStart), JwsStart);

        private static string Replace(string text, string start)
        {
            int from = 0;
            while ((from = text.IndexOf(start, from, StringComparison.Ordinal)) >= 0)
            {
                int end = from;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '_' or '=' or '.')) end++;
                if (end - from >= 32) text = string.Concat(text.AsSpan(0, from), "***", text.AsSpan(end));
                from += 3;
            }

            return text;
        }
    }
}
