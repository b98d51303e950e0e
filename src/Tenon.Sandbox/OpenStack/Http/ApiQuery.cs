using System.Collections.Immutable;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>The query of a request: names and values in the order given, repeated names kept.</summary>
internal sealed class ApiQuery
{
    private ApiQuery(ImmutableArray<KeyValuePair<string, string>> items, string text)
    {
        Items = items;
        Text = text;
    }

    public ImmutableArray<KeyValuePair<string, string>> Items { get; }

    /// <summary>As it was sent, without the question mark.</summary>
    public string Text { get; }

    /// <summary>The last value of a name, or null.</summary>
    public string? this[string name] => Items.LastOrDefault(i => i.Key == name).Value;

    /// <summary>All values of a name.</summary>
    public IReadOnlyList<string> All(string name) => [.. Items.Where(i => i.Key == name).Select(i => i.Value)];

    public bool Has(string name) => Items.Any(i => i.Key == name);

    /// <summary>The same query with one value set anew; what a paging link needs.</summary>
    public string With(string name, string value)
        => string.Join('&', Items.Where(i => i.Key != name).Append(new(name, value))
            .Select(i => $"{Uri.EscapeDataString(i.Key)}={Uri.EscapeDataString(i.Value)}"));

    /// <summary>The same query without these names.</summary>
    public ApiQuery Without(params string[] names) => new([.. Items.Where(i => !names.Contains(i.Key))], Text);

    public static ApiQuery Parse(string text)
    {
        if (text.StartsWith('?')) text = text[1..];
        if (text.Length == 0) return new ApiQuery([], "");
        var items = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (string part in text.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? part : part[..equals];
            string value = equals < 0 ? "" : part[(equals + 1)..];
            items.Add(new(Decode(name), Decode(value)));
        }

        return new ApiQuery(items.ToImmutable(), text);
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
