using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>Values as Python prints them: OpenStack's messages quote requests that way.</summary>
internal static class Python
{
    /// <summary>What <c>repr()</c> gives.</summary>
    public static string Repr(JsonNode? value)
    {
        switch (value)
        {
            case null: return "None";
            case JsonArray array: return $"[{string.Join(", ", array.Select(Repr))}]";
            case JsonObject obj: return $"{{{string.Join(", ", obj.Select(p => $"{Repr(p.Key)}: {Repr(p.Value)}"))}}}";
            default:
                return value.GetValueKind() switch
                {
                    JsonValueKind.True => "True",
                    JsonValueKind.False => "False",
                    JsonValueKind.String => Repr(value.GetValue<string>()),
                    _ => value.ToJsonString(),
                };
        }
    }

    /// <summary>What <c>repr()</c> gives for a string.</summary>
    public static string Repr(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        var result = new StringBuilder().Append(quote);
        foreach (char c in text)
        {
            _ = c switch
            {
                '\\' => result.Append(@"\\"),
                '\n' => result.Append(@"\n"),
                '\r' => result.Append(@"\r"),
                '\t' => result.Append(@"\t"),
                _ when c == quote => result.Append('\\').Append(c),
                < ' ' => result.Append(CultureInfo.InvariantCulture, $@"\x{(int)c:x2}"),
                _ => result.Append(c),
            };
        }

        return result.Append(quote).ToString();
    }

    /// <summary>What <c>repr()</c> gives for a list of strings.</summary>
    public static string Repr(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Repr))}]";

    /// <summary>What <c>str()</c> gives: strings without quotes.</summary>
    public static string Str(JsonNode? value)
        => value is JsonValue v && v.GetValueKind() == JsonValueKind.String ? v.GetValue<string>() : Repr(value);
}
