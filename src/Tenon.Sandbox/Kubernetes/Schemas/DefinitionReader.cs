using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>
/// Reads the embedded <c>Definitions/*.types</c>. A file begins with <c>package alias openapi-prefix group/version</c>. Then come <c>enum Name A|B</c>,
/// and <c>kind Name</c> (a whole object) or <c>type Name</c>, each followed by its fields, indented: <c>name[!] type [flags] — description</c>.
/// <list type="bullet">
/// <item><c>!</c> marks a field that must be given.</item>
/// <item>Types: <c>string int32 int64 double bool bytes time microtime quantity intstr any</c>, <c>[]T</c>, <c>{}T</c> (a map), an enum or type of the file,
/// <c>alias.T</c> of another.</item>
/// <item>Flags: <c>map(keys)</c>, <c>set</c> (how a list merges when applied; otherwise as a whole), <c>atomic</c> (an object or map that is applied as a whole),
/// <c>merge(key)</c>, <c>merge</c>, <c>retain</c> (strategic merge), <c>default(value)</c>, <c>@2.1</c> (the number in protobuf messages, below that of a message
/// that JSON does not show; with <c>*</c> where it is left out unless it is set).</item>
/// </list>
/// </summary>
internal sealed class DefinitionReader
{
    private const string Separator = " — ";
    private readonly Dictionary<string, ImmutableArray<string>> _enums = [];
    private readonly Dictionary<string, Definition> _definitions = [];
    private readonly Dictionary<string, TypeSchema> _types = [];
    private readonly List<(TypeSchema Copy, string Origin)> _copies = [];

    private sealed record Definition(string Package, string Prefix, string GroupVersion, string Name, bool IsKind, bool Atomic, string Description, List<string> Fields);

    /// <summary>All kinds of all files, and every named type by <c>alias.Name</c>.</summary>
    public static (FrozenDictionary<GroupVersionKind, TypeSchema> Kinds, FrozenDictionary<string, TypeSchema> Types) Read(IEnumerable<string> files)
    {
        var reader = new DefinitionReader();
        foreach (string file in files) reader.Scan(file);
        return reader.Resolve();
    }

    private void Scan(string text)
    {
        string package = string.Empty, prefix = string.Empty, groupVersion = string.Empty;
        Definition? current = null;
        foreach (string line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            if (line[0] == ' ')
            {
                (current ?? throw new FormatException($"A field outside a type: {line}")).Fields.Add(line.Trim());
                continue;
            }

            (string head, string description) = Cut(line);
            string[] words = head.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words[0])
            {
                case "package":
                    (package, prefix, groupVersion) = (words[1], words[2], words[3]);
                    break;
                case "enum":
                    _enums[$"{package}.{words[1]}"] = [.. words[2].Split('|')];
                    break;
                case "kind" or "type":
                    current = new(package, prefix, groupVersion, words[1], words[0] == "kind", words.Contains("atomic"), description, []);
                    _definitions.Add($"{package}.{words[1]}", current);
                    break;
                default:
                    throw new FormatException($"Not a definition: {line}");
            }
        }
    }

    private static (string Head, string Description) Cut(string line)
    {
        int at = line.IndexOf(Separator, StringComparison.Ordinal);
        return at < 0 ? (line, string.Empty) : (line[..at], line[(at + Separator.Length)..]);
    }

    private (FrozenDictionary<GroupVersionKind, TypeSchema> Kinds, FrozenDictionary<string, TypeSchema> Types) Resolve()
    {
        foreach ((string key, Definition definition) in _definitions)
        {
            _types[key] = new TypeSchema
            {
                Kind = SchemaKind.Object, Name = $"{definition.Prefix}.{definition.Name}", Description = definition.Description, IsAtomic = definition.Atomic,
            };
        }

        foreach ((string key, Definition definition) in _definitions)
        {
            var fields = new OrderedDictionary<string, FieldSchema>();
            foreach (string line in definition.Fields)
            {
                FieldSchema field = ReadField(definition.Package, line);
                fields.Add(field.Name, field);
            }

            _types[key].Fields = fields;
        }

        foreach ((TypeSchema copy, string origin) in _copies) copy.Fields = _types[origin].Fields;
        var kinds = new Dictionary<GroupVersionKind, TypeSchema>();
        foreach ((string key, Definition definition) in _definitions)
        {
            if (definition.IsKind) kinds.Add(GroupVersionKind.Parse(definition.GroupVersion, definition.Name), _types[key]);
        }

        return (kinds.ToFrozenDictionary(), _types.ToFrozenDictionary());
    }

    private FieldSchema ReadField(string package, string line)
    {
        (string head, string description) = Cut(line);
        string[] words = head.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries);
        bool required = words[0].EndsWith('!');
        Flags flags = Flags.Read(words.Length > 2 ? words[2] : string.Empty);
        return new FieldSchema(words[0].TrimEnd('!'), ReadType(package, words[1], flags), required, description, flags.Strategies, flags.MergeKey)
        {
            ProtobufPath = flags.Number, ProtobufOptional = flags.Optional,
        };
    }

    private TypeSchema ReadType(string package, string text, Flags flags)
    {
        if (text.StartsWith("[]", StringComparison.Ordinal))
        {
            return new TypeSchema
            {
                Kind = SchemaKind.List, Items = ReadType(package, text[2..], Flags.None), ListKind = flags.ListKind, ListKeys = flags.ListKeys,
                Default = flags.Default(SchemaKind.List),
            };
        }

        if (text.StartsWith("{}", StringComparison.Ordinal))
        {
            return new TypeSchema
            {
                Kind = SchemaKind.Map, Items = ReadType(package, text[2..], Flags.None), IsAtomic = flags.Atomic, Default = flags.Default(SchemaKind.Map),
            };
        }

        (SchemaKind Kind, string? Format)? scalar = text switch
        {
            "string" => (SchemaKind.String, null),
            "int32" => (SchemaKind.Integer, "int32"),
            "int64" => (SchemaKind.Integer, "int64"),
            "double" => (SchemaKind.Number, "double"),
            "bool" => (SchemaKind.Boolean, null),
            "bytes" => (SchemaKind.String, "byte"),
            "time" or "microtime" => (SchemaKind.String, "date-time"),
            "quantity" => (SchemaKind.Quantity, null),
            "intstr" => (SchemaKind.IntOrString, "int-or-string"),
            "any" => (SchemaKind.Any, null),
            _ => null,
        };
        if (scalar is (SchemaKind kind, var format))
            return new TypeSchema { Kind = kind, Format = format, IsMicroTime = text == "microtime", PreserveUnknown = kind == SchemaKind.Any, Default = flags.Default(kind) };

        string name = text.Contains('.', StringComparison.Ordinal) ? text : $"{package}.{text}";
        if (_enums.TryGetValue(name, out ImmutableArray<string> values))
            return new TypeSchema { Kind = SchemaKind.String, Enum = values, Default = flags.Default(SchemaKind.String) };
        if (!_types.TryGetValue(name, out TypeSchema? type)) throw new FormatException($"No type {name}");
        if (!flags.Atomic && flags.DefaultText is null) return type;
        var copy = new TypeSchema
        {
            Kind = SchemaKind.Object, Name = type.Name, Description = type.Description, IsAtomic = flags.Atomic || type.IsAtomic,
            Default = flags.Default(SchemaKind.Object),
        };
        _copies.Add((copy, name));
        return copy;
    }

    private sealed record Flags(
        ListKind ListKind, ImmutableArray<string> ListKeys, bool Atomic, ImmutableArray<string> Strategies, string? MergeKey, string? DefaultText)
    {
        public ImmutableArray<int> Number { get; init; } = [];

        public bool Optional { get; init; }

        public static readonly Flags None = new(ListKind.Atomic, [], false, [], null, null);

        public static Flags Read(string text)
        {
            var (list, keys, atomic, merge, retain, mergeKey, defaultText) = (ListKind.Atomic, ImmutableArray<string>.Empty, false, false, false, (string?)null, (string?)null);
            bool listGiven = false;
            ImmutableArray<int> number = [];
            bool optional = false;
            foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                if (word[0] == '@')
                {
                    optional = word[^1] == '*';
                    number = [.. word[1..].TrimEnd('*').Split('.').Select(int.Parse)];
                    continue;
                }

                int open = word.IndexOf('(', StringComparison.Ordinal);
                string name = open < 0 ? word : word[..open];
                string? argument = open < 0 ? null : word[(open + 1)..^1];
                switch (name)
                {
                    case "map":
                        (list, keys, listGiven) = (ListKind.Map, [.. argument!.Split(',')], true);
                        break;
                    case "set":
                        (list, listGiven) = (ListKind.Set, true);
                        break;
                    case "atomic":
                        (atomic, listGiven) = (true, true);
                        break;
                    case "merge":
                        (merge, mergeKey) = (true, argument);
                        break;
                    case "retain":
                        retain = true;
                        break;
                    case "default":
                        defaultText = argument;
                        break;
                    default:
                        throw new FormatException($"No flag {word}");
                }
            }

            // A list without a stated kind merges when applied as it does when patched.
            if (merge && !listGiven)
            {
                list = mergeKey is null ? ListKind.Set : ListKind.Map;
                keys = mergeKey is null ? [] : [mergeKey];
            }

            ImmutableArray<string> strategies = (merge, retain) switch
            {
                (true, true) => ["merge", "retainKeys"],
                (true, false) => ["merge"],
                (false, true) => ["retainKeys"],
                _ => [],
            };
            return new(list, keys, atomic, strategies, mergeKey, defaultText) { Number = number, Optional = optional };
        }

        public JsonNode? Default(SchemaKind kind) =>
            DefaultText is null ? null : kind is SchemaKind.String ? JsonValue.Create(DefaultText) : JsonNode.Parse(DefaultText);
    }
}
