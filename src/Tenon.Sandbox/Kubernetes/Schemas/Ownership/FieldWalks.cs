using System.Text.Json.Nodes;

namespace Tenon.Sandbox.Kubernetes.Schemas.Ownership;

/// <summary>The fields in which two values differ.</summary>
internal sealed class FieldChanges
{
    /// <summary>Only in the new one.</summary>
    public FieldSet Added { get; set; } = new();

    /// <summary>In both, with other values.</summary>
    public FieldSet Modified { get; set; } = new();

    /// <summary>Only in the old one.</summary>
    public FieldSet Removed { get; set; } = new();
}

/// <summary>Walks over values along their types.</summary>
internal static class FieldWalks
{
    /// <summary>Every field that a configuration sets.</summary>
    public static FieldSet FieldsOf(TypeSchema? type, JsonNode? value)
    {
        var set = new FieldSet();
        Collect(type, value, set);
        return set;
    }

    /// <summary>What changed.</summary>
    public static FieldChanges Compare(TypeSchema? type, JsonNode? old, JsonNode? now)
    {
        var changes = new FieldChanges();
        Compare(type, old, now, changes.Added, changes.Modified, changes.Removed);
        return changes;
    }

    /// <summary>A copy without the fields of a set.</summary>
    public static JsonNode? Remove(TypeSchema? type, JsonNode? value, FieldSet removed)
    {
        if (removed.Children.Count == 0) return value?.DeepClone();
        Shape shape = Shapes.Of(type, value);
        switch (shape)
        {
            case Shape.Fields:
                var fields = new JsonObject();
                foreach ((string name, JsonNode? child) in (JsonObject)value!)
                {
                    if (!removed.Children.TryGetValue(Steps.Field(name), out FieldSet? below)) fields[name] = child?.DeepClone();
                    else if (!below.Member && (Remove(Shapes.Field(type, name), child, below) is JsonNode kept)) fields[name] = kept;
                }

                return fields.Count == 0 && ((JsonObject)value).Count > 0 ? null : fields;
            case Shape.KeyedList or Shape.Set:
                var items = new JsonArray();
                foreach (JsonNode? item in (JsonArray)value!)
                {
                    if (!removed.Children.TryGetValue(Shapes.Item(type!, shape, item), out FieldSet? below)) items.Add(item?.DeepClone());
                    else if (!below.Member) items.Add(Remove(type!.Items, item, below));
                }

                return items.Count == 0 && ((JsonArray)value).Count > 0 ? null : items;
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>The live value with the configuration merged in.</summary>
    public static JsonNode? Merge(TypeSchema? type, JsonNode? live, JsonNode? config)
    {
        if (config is null) return live?.DeepClone();
        if (live is null) return config.DeepClone();
        Shape shape = Shapes.Of(type, config);
        if (shape != Shapes.Of(type, live)) return config.DeepClone();
        switch (shape)
        {
            case Shape.Fields:
                JsonObject fields = ((JsonObject)live).Copy();
                foreach ((string name, JsonNode? child) in (JsonObject)config) fields[name] = Merge(Shapes.Field(type, name), fields[name], child);
                return fields;
            case Shape.KeyedList or Shape.Set:
                return MergeLists(type!, shape, (JsonArray)live, (JsonArray)config);
            default:
                return config.DeepClone();
        }
    }

    private static void Collect(TypeSchema? type, JsonNode? value, FieldSet set)
    {
        Shape shape = Shapes.Of(type, value);
        switch (shape)
        {
            case Shape.Fields:
                foreach ((string name, JsonNode? child) in (JsonObject)value!)
                {
                    FieldSet below = set.Child(Steps.Field(name));
                    Collect(Shapes.Field(type, name), child, below);
                    if (child is null or JsonObject { Count: 0 } || !Shapes.IsNamed(type, name)) below.Member = true;
                }

                break;
            case Shape.KeyedList or Shape.Set:
                foreach (JsonNode? item in (JsonArray)value!)
                {
                    FieldSet below = set.Child(Shapes.Item(type!, shape, item));
                    if (shape == Shape.KeyedList) Collect(type!.Items, item, below);
                    below.Member = true;
                }

                break;
            default:
                set.Member = true;
                break;
        }
    }

    private static void Compare(TypeSchema? type, JsonNode? old, JsonNode? now, FieldSet added, FieldSet modified, FieldSet removed)
    {
        if (old is null && now is null) return;
        Shape shape = Shapes.Of(type, now ?? old);
        if (shape == Shape.Leaf || (old is not null && now is not null && Shapes.Of(type, old) != shape))
        {
            if (old is null) added.Member = true;
            else if (now is null) removed.Member = true;
            else if (!JsonNode.DeepEquals(old, now)) modified.Member = true;
            return;
        }

        if (shape == Shape.Fields)
        {
            foreach (string name in Names(old as JsonObject).Union(Names(now as JsonObject)))
            {
                string step = Steps.Field(name);
                Compare(Shapes.Field(type, name), (old as JsonObject)?[name], (now as JsonObject)?[name],
                    added.Child(step), modified.Child(step), removed.Child(step));
            }
        }
        else
        {
            Dictionary<string, JsonNode?> before = Index(type!, shape, old as JsonArray), after = Index(type!, shape, now as JsonArray);
            foreach (string step in before.Keys.Union(after.Keys))
            {
                bool was = before.TryGetValue(step, out JsonNode? left), stays = after.TryGetValue(step, out JsonNode? right);
                if (shape == Shape.KeyedList) Compare(type!.Items, left, right, added.Child(step), modified.Child(step), removed.Child(step));
                else if (!was) added.Child(step).Member = true;
                else if (!stays) removed.Child(step).Member = true;
            }
        }

        if (old is null) added.Member = true;
        else if (now is null) removed.Member = true;
    }

    private static IEnumerable<string> Names(JsonObject? value) => value is null ? [] : value.Select(v => v.Key);

    /// <summary>Items by step. Those that live objects repeat (some kinds do, against their own keys) are compared as a group.</summary>
    private static Dictionary<string, JsonNode?> Index(TypeSchema type, Shape shape, JsonArray? items)
    {
        Dictionary<string, JsonNode?> index = [];
        foreach (JsonNode? item in items ?? [])
        {
            string step = Shapes.Item(type, shape, item);
            if (!index.TryAdd(step, item)) index[step] = item;
        }

        return index;
    }

    private static JsonArray MergeLists(TypeSchema type, Shape shape, JsonArray live, JsonArray config)
    {
        var result = new JsonArray();
        List<string> liveSteps = [.. live.Select(i => Shapes.Item(type, shape, i))];
        List<string> configSteps = [.. config.Select(i => Shapes.Item(type, shape, i))];
        int l = 0, c = 0;
        while (l < live.Count || c < config.Count)
        {
            if (l < live.Count && !configSteps.Contains(liveSteps[l]))
            {
                result.Add(live[l++]?.DeepClone());
                continue;
            }

            if (c == config.Count)
            {
                // A live item that the configuration also has was merged when its turn came there.
                l++;
                continue;
            }

            int twin = liveSteps.IndexOf(configSteps[c]);
            result.Add(twin < 0 || shape == Shape.Set ? config[c]?.DeepClone() : Merge(type.Items, live[twin], config[c]));
            if (twin >= 0 && l < live.Count) l++;
            c++;
        }

        return result;
    }
}
