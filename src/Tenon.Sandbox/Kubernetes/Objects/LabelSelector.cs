using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tenon.Sandbox.Kubernetes.Objects;

/// <summary>A label selector as <c>labelSelector</c> writes it: equality and sets.</summary>
public sealed partial class LabelSelector
{
    private readonly List<Requirement> _requirements;

    private LabelSelector(List<Requirement> requirements) => _requirements = requirements;

    /// <summary>Selects everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Whether it selects everything.</summary>
    public bool IsEverything => _requirements.Count == 0;

    /// <summary>Reads <c>a=b,c!=d,e in (f,g),h notin (i),j,!k,l&gt;1</c>.</summary>
    /// <exception cref="FormatException">It is none; the message is the real server's.</exception>
    public static LabelSelector Parse(string text)
    {
        if (string.IsNullOrWhiteSpace(text)) return Everything;
        var requirements = new List<Requirement>();
        foreach (string part in SplitOutsideParentheses(text))
        {
            Match match = Pattern().Match(part);
            if (!match.Success) throw new FormatException($"unable to parse requirement: found '{part.Trim()}', expected: a label selector requirement");
            string key = match.Groups["key"].Value;
            if (match.Groups["not"].Success)
            {
                requirements.Add(new(key, Operator.Missing, []));
                continue;
            }

            string sign = match.Groups["sign"].Value;
            string value = match.Groups["value"].Value;
            string set = match.Groups["set"].Value;
            requirements.Add(sign switch
            {
                "=" or "==" => new(key, Operator.In, [value]),
                "!=" => new(key, Operator.NotIn, [value]),
                ">" => new(key, Operator.Greater, [Number(value)]),
                "<" => new(key, Operator.Less, [Number(value)]),
                _ => set switch
                {
                    "in" => new(key, Operator.In, Values(match)),
                    "notin" => new(key, Operator.NotIn, Values(match)),
                    _ => new(key, Operator.Exists, []),
                },
            });
        }

        return new(requirements);
    }

    /// <summary>Reads a <c>LabelSelector</c> object; <see langword="null"/> selects nothing, an empty one everything.</summary>
    public static Func<IReadOnlyDictionary<string, string>, bool> FromObject(JsonObject? selector)
    {
        if (selector is null) return _ => false;
        var requirements = selector.Map("matchLabels").Select(p => new Requirement(p.Key, Operator.In, [p.Value])).ToList();
        requirements.AddRange(selector.Objects("matchExpressions").Select(e => new Requirement(e.Text("key") ?? "", e.Text("operator") switch
        {
            "In" => Operator.In,
            "NotIn" => Operator.NotIn,
            "Exists" => Operator.Exists,
            _ => Operator.Missing,
        }, [.. e.Texts("values")])));
        return new LabelSelector(requirements).Matches;
    }

    /// <summary>Whether labels satisfy it.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (Requirement requirement in _requirements)
        {
            if (!requirement.Matches(labels)) return false;
        }

        return true;
    }

    private static string Number(string value) => long.TryParse(value, out _) ? value
        : throw new FormatException($"for 'Gt', 'Lt' operators, the value must be an integer: found '{value}'");

    private static string[] Values(Match match) => [.. match.Groups["list"].Value.Split(',').Select(v => v.Trim())];

    private static IEnumerable<string> SplitOutsideParentheses(string text)
    {
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '(') depth++;
            else if (text[i] == ')') depth--;
            else if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    [GeneratedRegex(
        @"\A\s*((?<not>!)\s*(?<key>[-A-Za-z0-9_./]+)|(?<key>[-A-Za-z0-9_./]+)(\s*(?<sign>==|=|!=|>|<)\s*(?<value>[-A-Za-z0-9_.]*)|\s+(?<set>in|notin)\s*\((?<list>[-A-Za-z0-9_.,\s]*)\))?)\s*\z",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Pattern();

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        Missing,
        Greater,
        Less,
    }

    private sealed record Requirement(string Key, Operator Operator, string[] Values)
    {
        public bool Matches(IReadOnlyDictionary<string, string> labels)
        {
            bool present = labels.TryGetValue(Key, out string? value);
            return Operator switch
            {
                Operator.In => present && Values.Contains(value!),
                Operator.NotIn => !present || !Values.Contains(value!),
                Operator.Exists => present,
                Operator.Missing => !present,
                Operator.Greater => present && long.TryParse(value, out long n) && n > long.Parse(Values[0]),
                _ => present && long.TryParse(value, out long n) && n < long.Parse(Values[0]),
            };
        }
    }
}
