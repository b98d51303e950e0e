using System.Collections.Immutable;
using Tenon.Core;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// The labels that a node must have to be a member: <c>key=value</c> demands the value, <c>key</c> or <c>key=</c> only
/// the label's presence. The empty selector matches every node.
/// </summary>
/// <param name="Terms">The demanded labels; an empty value means "present".</param>
public sealed record NodeSelector(EquatableArray<KeyValuePair<string, string>> Terms)
{
    internal const string Fix = "Write labels separated by commas, as env=production, region.";

    /// <summary>Matches every node.</summary>
    public static NodeSelector Everything { get; } = new(EquatableArray<KeyValuePair<string, string>>.Empty);

    /// <summary>Reads a selector; <see langword="null"/>, with the complaint, when it is malformed.</summary>
    public static NodeSelector? Parse(string text, out string? complaint)
    {
        var terms = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        complaint = null;
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? part : part[..equals].Trim();
            string value = equals < 0 ? "" : part[(equals + 1)..].Trim();
            if (key.Length == 0 || key.Any(char.IsWhiteSpace) || key.EndsWith('!'))
            {
                complaint = $"\"{part}\" is not a label: a key, or key=value, is expected";
                return null;
            }

            terms.Add(new(key, value));
        }

        return new(terms.ToImmutable());
    }

    /// <summary>Whether labels satisfy every term.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        foreach ((string key, string value) in Terms)
        {
            if (labels is null || !labels.TryGetValue(key, out string? actual)) return false;
            if (value.Length > 0 && value != actual) return false;
        }

        return true;
    }
}
