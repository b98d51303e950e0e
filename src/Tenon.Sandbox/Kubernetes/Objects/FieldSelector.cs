using System.Text;
using Tenon.Sandbox.Kubernetes.Resources;
using Tenon.Sandbox.Kubernetes.Storage;

namespace Tenon.Sandbox.Kubernetes.Objects;

/// <summary>A field selector as <c>fieldSelector</c> writes it.</summary>
public sealed class FieldSelector
{
    private readonly List<(string Field, bool Equal, string Value)> _terms;

    private FieldSelector(List<(string Field, bool Equal, string Value)> terms) => _terms = terms;

    /// <summary>Selects everything.</summary>
    public static FieldSelector Everything { get; } = new([]);

    /// <summary>Whether it selects everything.</summary>
    public bool IsEverything => _terms.Count == 0;

    /// <summary>The only name that it can select; <see langword="null"/> when there may be more.</summary>
    public string? ExactName => _terms.Where(t => t is { Field: "metadata.name", Equal: true }).Select(t => t.Value).FirstOrDefault();

    /// <summary>Reads <c>a=b,c!=d</c>; a backslash escapes comma, equals sign and itself.</summary>
    /// <exception cref="FormatException">It is none; the message is the real server's.</exception>
    public static FieldSelector Parse(string text)
    {
        if (string.IsNullOrEmpty(text)) return Everything;
        var terms = new List<(string, bool, string)>();
        foreach (string term in Split(text))
        {
            if (term.Length == 0) continue;
            int sign = term.IndexOf('=', StringComparison.Ordinal);
            if (sign <= 0) throw new FormatException($"invalid selector: '{term}'; can't understand '{term}'");
            bool equal = term[sign - 1] != '!';
            string field = term[..(equal ? sign : sign - 1)];
            string value = term[(sign + 1)..];
            if (equal && value.StartsWith('=')) value = value[1..];
            terms.Add((field, equal, Unescape(value)));
        }

        return new(terms);
    }

    /// <summary>Refuses fields that the resource does not support.</summary>
    /// <exception cref="ApiException">400.</exception>
    public void Check(ResourceDefinition definition)
    {
        foreach ((string field, _, _) in _terms)
        {
            if (field is not ("metadata.name" or "metadata.namespace") && !definition.Strategy.SelectableFields.ContainsKey(field))
            {
                throw ApiException.BadRequest(definition.IsCustom || definition.Strategy.SelectableFields.Count > 0
                    ? $"field label not supported: {field}"
                    : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            }
        }
    }

    /// <summary>Whether an object satisfies it.</summary>
    public bool Matches(ResourceDefinition definition, StoredObject stored)
    {
        foreach ((string field, bool equal, string value) in _terms)
        {
            string actual = field switch
            {
                "metadata.name" => stored.Key.Name,
                "metadata.namespace" => stored.Key.Namespace,
                _ => definition.Strategy.SelectableFields[field](stored.Document),
            };
            if (actual == value != equal) return false;
        }

        return true;
    }

    private static IEnumerable<string> Split(string text)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\') i++;
            else if (text[i] == ',')
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static string Unescape(string value)
    {
        if (!value.Contains('\\', StringComparison.Ordinal)) return value;
        var plain = new StringBuilder();
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] == '\\' && i + 1 < value.Length) i++;
            plain.Append(value[i]);
        }

        return plain.ToString();
    }
}
