using System.Text;
using Tenon.Core;

namespace Tenon.OpenStack.Http;

/// <summary>The filters of a list, in order. Immutable.</summary>
internal sealed class Query
{
    /// <summary>Longer queries are split; servers and proxies commonly stop at 8 KiB for the whole request line.</summary>
    private const int MaxLength = 6000;

    public static readonly Query Empty = new([]);

    private readonly IReadOnlyList<KeyValuePair<string, string>> _items;

    private Query(IReadOnlyList<KeyValuePair<string, string>> items) => _items = items;

    public Query With(string name, string? value)
        => value is null ? this : new([.. _items, new(name, value)]);

    public Query With(string name, int? value) => With(name, value?.ToString());

    public Query With(string name, bool? value) => With(name, value is { } b ? (b ? "true" : "false") : null);

    /// <summary>Repeats the name for each value: any of them matches.</summary>
    public Query WithEach(string name, EquatableArray<string> values, string prefix = "")
        => values.IsEmpty ? this : new([.. _items, .. values.Select(v => KeyValuePair.Create(name, prefix + v))]);

    /// <summary>One comma-separated value.</summary>
    public Query WithJoined(string name, EquatableArray<string> values)
        => values.IsEmpty ? this : With(name, string.Join(',', values));

    /// <summary>The same with one name's values replaced by one value.</summary>
    public Query Replacing(string name, string value)
        => new([.. _items.Where(i => i.Key != name), new(name, value)]);

    /// <summary>
    /// As many queries as it takes for each to fit in a URL, by dividing the filter with the most values. Their results
    /// together are the whole's.
    /// </summary>
    public IEnumerable<Query> Split()
    {
        if (ToString().Length <= MaxLength) return [this];
        IGrouping<string, KeyValuePair<string, string>> longest = _items.GroupBy(i => i.Key).MaxBy(g => g.Count())!;
        KeyValuePair<string, string>[] values = [.. longest];
        if (values.Length < 2) return [this];
        KeyValuePair<string, string>[] rest = [.. _items.Where(i => i.Key != longest.Key)];
        int half = values.Length / 2;
        return new Query([.. rest, .. values[..half]]).Split().Concat(new Query([.. rest, .. values[half..]]).Split());
    }

    /// <summary>Encoded, with its question mark; empty when there is nothing.</summary>
    public override string ToString()
    {
        if (_items.Count == 0) return "";
        var text = new StringBuilder();
        foreach ((string name, string value) in _items)
        {
            text.Append(text.Length == 0 ? '?' : '&').Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
        }

        return text.ToString();
    }

    /// <summary>The value of a parameter in an absolute or relative URL, or <see langword="null"/>.</summary>
    public static string? Find(string url, string name)
    {
        int start = url.IndexOf('?', StringComparison.Ordinal);
        if (start < 0) return null;
        foreach (string pair in url[(start + 1)..].Split('#')[0].Split('&'))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || Decode(pair[..equals]) != name) continue;
            return Decode(pair[(equals + 1)..]);
        }

        return null;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
