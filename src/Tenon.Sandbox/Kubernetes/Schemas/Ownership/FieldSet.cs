using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Ownership;

/// <summary>
/// A set of field paths as a tree, the way <c>fieldsV1</c> writes it. A step is <c>f:name</c> (a field), <c>k:{…}</c> (a list item by its keys) or <c>v:…</c>
/// (a list item by its value). A node may itself be in the set, have nodes below it that are, or both. Immutable by habit: operations return new trees.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, FieldSet> _children = new(StringComparer.Ordinal);

    /// <summary>Whether this path itself is in the set.</summary>
    public bool Member { get; set; }

    /// <summary>The steps below, in order.</summary>
    public IReadOnlyDictionary<string, FieldSet> Children => _children;

    /// <summary>Whether no path is in the set.</summary>
    public bool IsEmpty => !Member && _children.Values.All(c => c.IsEmpty);

    /// <summary>The node of a step, made where it is missing.</summary>
    public FieldSet Child(string step)
    {
        if (_children.TryGetValue(step, out FieldSet? child)) return child;
        return _children[step] = new FieldSet();
    }

    /// <summary>Reads <c>fieldsV1</c>.</summary>
    /// <exception cref="FormatException">It has a step of no known form.</exception>
    public static FieldSet Read(JsonObject fields)
    {
        var set = Read(fields, root: true);
        return set;
    }

    /// <summary>Writes <c>fieldsV1</c>.</summary>
    public JsonObject Write()
    {
        var result = new JsonObject();
        if (Member && _children.Values.Any(c => !c.IsEmpty)) result["."] = new JsonObject();
        foreach ((string step, FieldSet child) in _children)
        {
            if (!child.IsEmpty) result[step] = child.Write();
        }

        return result;
    }

    /// <summary>What is in either.</summary>
    public FieldSet Union(FieldSet other) => Combine(this, other, (a, b) => a || b);

    /// <summary>What is in both.</summary>
    public FieldSet Intersection(FieldSet other) => Combine(this, other, (a, b) => a && b);

    /// <summary>What is in this one only.</summary>
    public FieldSet Difference(FieldSet other) => Combine(this, other, (a, b) => a && !b);

    /// <summary>The same without a path and all below it.</summary>
    public FieldSet Without(params ReadOnlySpan<string> path)
    {
        var result = new FieldSet { Member = Member };
        foreach ((string step, FieldSet child) in _children)
        {
            if (step != path[0]) result._children[step] = child;
            else if (path.Length > 1) result._children[step] = child.Without(path[1..]);
        }

        return result;
    }

    /// <summary>The same, where the path itself (not what is below it) is no longer in the set.</summary>
    public FieldSet WithoutMember(params ReadOnlySpan<string> path)
    {
        if (!_children.TryGetValue(path[0], out FieldSet? child)) return this;
        var result = new FieldSet { Member = Member };
        foreach ((string step, FieldSet node) in _children) result._children[step] = node;
        if (path.Length > 1)
        {
            result._children[path[0]] = child.WithoutMember(path[1..]);
        }
        else
        {
            var copy = new FieldSet();
            foreach ((string step, FieldSet node) in child._children) copy._children[step] = node;
            result._children[path[0]] = copy;
        }

        return result;
    }

    /// <summary>The same, with every field of an object that has something below it in the set too.</summary>
    public FieldSet WithNamedFields(TypeSchema? type)
    {
        var result = new FieldSet { Member = Member };
        foreach ((string step, FieldSet child) in _children)
        {
            FieldSet copy = child.WithNamedFields(Shapes.Below(type, step));
            if (step.StartsWith("f:", StringComparison.Ordinal) && type is { Kind: SchemaKind.Object } && type.Fields.ContainsKey(step[2..])) copy.Member = true;
            result._children[step] = copy;
        }

        return result;
    }

    /// <summary>The paths in the set as the server prints them: <c>.spec.ports[port=80,protocol="TCP"].name</c>.</summary>
    public IEnumerable<string> Paths() => Paths(string.Empty);

    /// <summary>Whether both hold the same paths.</summary>
    public bool SameAs(FieldSet other) => Difference(other).IsEmpty && other.Difference(this).IsEmpty;

    private IEnumerable<string> Paths(string prefix)
    {
        if (Member) yield return prefix;
        foreach ((string step, FieldSet child) in _children)
        {
            foreach (string path in child.Paths(prefix + Print(step))) yield return path;
        }
    }

    private static string Print(string step)
    {
        string rest = step[2..];
        switch (step[0])
        {
            case 'k':
                var keys = (JsonObject)JsonNode.Parse(rest)!;
                return $"[{string.Join(',', keys.Select(k => $"{k.Key}={Steps.Text(k.Value)}"))}]";
            case 'v':
                return $"[={rest}]";
            case 'i':
                return $"[{rest}]";
            default:
                return $".{rest}";
        }
    }

    private static FieldSet Read(JsonObject fields, bool root)
    {
        var set = new FieldSet { Member = !root && (fields.Count == 0 || fields.ContainsKey(".")) };
        foreach ((string step, JsonNode? below) in fields)
        {
            if (step == ".") continue;
            if (step.Length < 2 || step[1] != ':' || step[0] is not ('f' or 'k' or 'v' or 'i')) throw new FormatException($"invalid path element: {step}");
            set._children[Steps.Canonical(step)] = below is JsonObject child ? Read(child, root: false) : new FieldSet { Member = true };
        }

        return set;
    }

    private static FieldSet Combine(FieldSet? left, FieldSet? right, Func<bool, bool, bool> rule)
    {
        var result = new FieldSet { Member = rule(left?.Member ?? false, right?.Member ?? false) };
        IEnumerable<string> steps = (left?._children.Keys ?? Enumerable.Empty<string>()).Union(right?._children.Keys ?? Enumerable.Empty<string>());
        foreach (string step in steps)
        {
            FieldSet child = Combine(left?._children.GetValueOrDefault(step), right?._children.GetValueOrDefault(step), rule);
            if (!child.IsEmpty) result._children[step] = child;
        }

        return result;
    }
}

/// <summary>Steps of paths.</summary>
internal static class Steps
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A field or key.</summary>
    public static string Field(string name) => "f:" + name;

    /// <summary>A scalar in a set.</summary>
    public static string Value(JsonNode? value) => "v:" + Text(value);

    /// <summary>An item of a list told apart by keys; null where it has none of them.</summary>
    public static string? Keys(TypeSchema list, JsonObject item)
    {
        var keys = new JsonObject();
        foreach (string name in list.ListKeys.Order(StringComparer.Ordinal))
        {
            JsonNode? value = item[name] ?? (list.Items!.Fields.TryGetValue(name, out FieldSchema? field) ? field.Type.Default : null);
            if (value is not null) keys[name] = value.DeepClone();
        }

        return keys.Count == 0 ? null : "k:" + Text(keys);
    }

    /// <summary>Compact JSON.</summary>
    public static string Text(JsonNode? value) => value is null ? "null" : value.ToJsonString(Plain);

    /// <summary>The one spelling of a step that clients may write in several ways.</summary>
    public static string Canonical(string step)
    {
        if (step[0] is not ('k' or 'v')) return step;
        JsonNode? value = JsonNode.Parse(step[2..]);
        if (value is JsonObject keys) value = new JsonObject(keys.OrderBy(k => k.Key, StringComparer.Ordinal).Select(k => KeyValuePair.Create(k.Key, k.Value?.DeepClone())));
        return step[..2] + Text(value);
    }
}
