namespace Tenon.OpenStack.Http;

/// <summary>
/// Takes secrets out of what services and libraries say: Keystone's validation errors, for one, repeat the offending
/// part of the request.
/// </summary>
internal sealed class Redactor
{
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
        string inJson = System.Text.Json.JsonEncodedText.Encode(secret).ToString();
        _secrets = secret.Length == 0 ? [] : [secret, inJson];
    }

    /// <summary>The text with every secret, and everything that looks like a Fernet or JWS token, replaced by <c>***</c>.</summary>
    public string Clean(string text)
    {
        foreach (string secret in _secrets) text = text.Replace(secret, "***", StringComparison.Ordinal);
        return TokenPattern.Replace(text);
    }

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
