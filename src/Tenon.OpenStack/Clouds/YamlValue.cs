using Tenon.Core;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tenon.OpenStack;

/// <summary>A value of a YAML document with its line. Keys are compared with <c>-</c> and <c>_</c> as one; what is missing reads as nothing.</summary>
internal sealed class YamlValue
{
    public static readonly YamlValue Missing = new(null, null, null, null);

    private readonly Dictionary<string, YamlValue>? _map;
    private readonly Dictionary<string, string>? _names;

    private YamlValue(string? text, Dictionary<string, YamlValue>? map, IReadOnlyList<YamlValue>? items, int? line)
    {
        Text = text;
        _map = map;
        _names = map?.Keys.GroupBy(Normal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);
        Items = items ?? [];
        Line = line;
    }

    /// <summary>A scalar's text; <see langword="null"/> for null and for what is no scalar.</summary>
    public string? Text { get; }

    public IReadOnlyList<YamlValue> Items { get; }

    public int? Line { get; }

    public bool IsMap => _map is not null;

    public bool Exists => Text is not null || IsMap || Items.Count > 0;

    public IEnumerable<string> Keys => _map?.Keys ?? Enumerable.Empty<string>();

    public YamlValue this[string key]
    {
        get
        {
            if (_map is null) return Missing;
            if (_map.TryGetValue(key, out YamlValue? exact)) return exact;
            return _names!.TryGetValue(Normal(key), out string? name) ? _map[name] : Missing;
        }
    }

    /// <summary>This map with another's values over it; maps within are merged the same way.</summary>
    public YamlValue MergedWith(YamlValue over)
    {
        if (!over.Exists) return this;
        if (!IsMap || !over.IsMap) return over;
        var merged = _map!.ToDictionary(p => Normal(p.Key), p => p.Value, StringComparer.Ordinal);
        foreach ((string key, YamlValue value) in over._map!)
        {
            string name = Normal(key);
            merged[name] = merged.TryGetValue(name, out YamlValue? below) ? below.MergedWith(value) : value;
        }

        return new(null, merged, null, over.Line ?? Line);
    }

    /// <summary>Reads a document; what is no YAML becomes a problem.</summary>
    public static YamlValue Parse(CloudsFile file, List<Problem> problems)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new MergingParser(new Parser(new StringReader(file.Text))));
            return stream.Documents.Count == 0 ? Missing : Of(stream.Documents[0].RootNode, 0);
        }
        catch (YamlException e)
        {
            // The message may quote the text, and the text may hold a password: only the place is told.
            problems.Add(Problem.Error(file.Path, null, "it is not valid YAML", "Mend the syntax there.", (int)e.Start.Line));
            return Missing;
        }
    }

    private static string Normal(string key) => key.Replace('-', '_');

    private static YamlValue Of(YamlNode node, int depth)
    {
        int line = (int)node.Start.Line;
        if (depth > 32) return Missing;
        switch (node)
        {
            case YamlMappingNode map:
                var children = new Dictionary<string, YamlValue>(StringComparer.Ordinal);
                foreach ((YamlNode key, YamlNode value) in map.Children)
                {
                    if (key is YamlScalarNode { Value: { } name }) children[name] = Of(value, depth + 1);
                }

                return new(null, children, null, line);
            case YamlSequenceNode list:
                return new(null, null, [.. list.Children.Select(c => Of(c, depth + 1))], line);
            case YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "null" or "~" or "Null" or "NULL" }:
                return new(null, null, null, line);
            case YamlScalarNode scalar:
                return new(scalar.Value, null, null, line);
            default:
                return Missing;
        }
    }
}
