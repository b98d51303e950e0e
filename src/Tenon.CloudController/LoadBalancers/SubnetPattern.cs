using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;

namespace Tenon.CloudController.LoadBalancers;

/// <summary>
/// Chooses floating subnets by name and tags, as <c>floating-subnet</c> and <c>floating-subnet-tags</c> say: a glob, or a
/// regular expression after <c>~</c>; a list of tags of which one, after <c>&amp;</c> all, must be there; <c>!</c> before either negates.
/// </summary>
public sealed class SubnetPattern
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(200);

    private readonly Regex? _name;
    private readonly bool _notName;
    private readonly ImmutableArray<string> _tags;
    private readonly bool _notTags;
    private readonly bool _allTags;
    private readonly string _text;

    private SubnetPattern(string text, Regex? name, bool notName, ImmutableArray<string> tags, bool notTags, bool allTags)
        => (_text, _name, _notName, _tags, _notTags, _allTags) = (text, name, notName, tags, notTags, allTags);

    /// <summary>Reads the two options; either may be missing.</summary>
    /// <param name="name">The name's pattern.</param>
    /// <param name="tags">The tags' pattern.</param>
    /// <param name="pattern">The pattern, when there was nothing to complain about.</param>
    /// <param name="complaint">What is wrong with the regular expression.</param>
    public static bool TryParse(string? name, string? tags, out SubnetPattern? pattern, out string? complaint)
    {
        pattern = null;
        complaint = null;
        Regex? regex = null;
        bool notName = false;
        if (!string.IsNullOrEmpty(name))
        {
            string text = name;
            if (text.StartsWith('!')) (notName, text) = (true, text[1..]);
            try
            {
                string expression = text.StartsWith('~') ? text[1..] : Glob(text);
                regex = new Regex($"^(?:{expression})$", RegexOptions.CultureInvariant, MatchTimeout);
            }
            catch (ArgumentException exception)
            {
                complaint = $"the regular expression is malformed: {exception.Message.TrimEnd('.')}";
                return false;
            }
        }

        bool notTags = false;
        bool allTags = false;
        string list = tags ?? "";
        if (list.StartsWith('!')) (notTags, list) = (true, list[1..]);
        if (list.StartsWith('&')) (allTags, list) = (true, list[1..]);
        ImmutableArray<string> parts = [.. list.Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries)];
        string description = string.Join(" and ", new[] { name is { Length: > 0 } ? $"name {name}" : null, parts.Length > 0 ? $"tags {tags}" : null }.OfType<string>());
        pattern = new SubnetPattern(description, regex, notName, parts, notTags, allTags);
        return true;
    }

    /// <summary>Whether a subnet's name and tags satisfy the pattern.</summary>
    public bool Matches(string name, IReadOnlyCollection<string> tags)
    {
        if (_name is not null)
        {
            bool matches = _name.IsMatch(name);
            if (matches == _notName) return false;
        }

        if (_tags.IsEmpty) return true;
        bool has = _allTags ? _tags.All(tags.Contains) : _tags.Any(tags.Contains);
        return has != _notTags;
    }

    /// <summary>The pattern as it was written.</summary>
    public override string ToString() => _text;

    private static string Glob(string glob)
    {
        var expression = new StringBuilder();
        for (int i = 0; i < glob.Length; i++)
        {
            char c = glob[i];
            switch (c)
            {
                case '*':
                    expression.Append(".*");
                    break;
                case '?':
                    expression.Append('.');
                    break;
                case '[' when glob.IndexOf(']', i + 1) is var end && end > i + 1:
                    string set = glob[(i + 1)..end];
                    expression.Append('[').Append(set.StartsWith('!') ? "^" + set[1..] : set).Append(']');
                    i = end;
                    break;
                case '{' when glob.IndexOf('}', i + 1) is var close && close > i:
                    expression.Append("(?:").AppendJoin('|', glob[(i + 1)..close].Split(',').Select(Glob)).Append(')');
                    i = close;
                    break;
                default:
                    expression.Append(Regex.Escape(c.ToString()));
                    break;
            }
        }

        return expression.ToString();
    }
}
