using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>One page of a list.</summary>
/// <param name="Items">What is on it.</param>
/// <param name="HasNext">Whether there is more after it.</param>
/// <param name="HasPrevious">Whether there is something before it.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, bool HasNext, bool HasPrevious);

/// <summary>Filters, order, paging and field selection over resources; what is common to the services' lists.</summary>
internal static class Listing
{
    /// <summary>
    /// Keeps the items for which every query name has a matching value (repeated names: any of the values). Strings compare as they are,
    /// booleans as oslo reads them, numbers by value, a list matches where it contains the value.
    /// </summary>
    /// <param name="items">The resources as JSON.</param>
    /// <param name="query">The query.</param>
    /// <param name="ignored">Names that are no filters: limit, marker, fields, ...</param>
    public static IEnumerable<JsonObject> Filter(IEnumerable<JsonObject> items, ApiQuery query, IReadOnlyCollection<string> ignored)
    {
        var filters = query.Items.Where(i => !ignored.Contains(i.Key)).GroupBy(i => i.Key, i => i.Value).ToDictionary(g => g.Key, g => g.ToArray());
        return filters.Count == 0
            ? items
            : items.Where(item => filters.All(f => item.TryGetPropertyValue(f.Key, out JsonNode? value) && f.Value.Any(wanted => Matches(value, wanted))));
    }

    /// <summary>Whether a resource's value is the one that a query names.</summary>
    public static bool Matches(JsonNode? value, string wanted)
    {
        switch (value)
        {
            case null: return wanted.Length == 0 || wanted is "None" or "null";
            case JsonArray array: return array.Any(item => item is not null && Matches(item, wanted));
            case JsonValue scalar:
                return scalar.GetValueKind() switch
                {
                    JsonValueKind.True => JsonReading.ParseBoolean(wanted) == true,
                    JsonValueKind.False => JsonReading.ParseBoolean(wanted) == false,
                    JsonValueKind.String => scalar.GetValue<string>() == wanted,
                    _ => scalar.ToJsonString() == wanted,
                };
            default: return false;
        }
    }

    /// <summary>Orders by keys and directions in parallel; nulls first, numbers by value, the rest by ordinal text. Stable.</summary>
    public static IEnumerable<JsonObject> Sort(IEnumerable<JsonObject> items, IReadOnlyList<(string Key, bool Descending)> by)
    {
        IOrderedEnumerable<JsonObject>? ordered = null;
        foreach ((string key, bool descending) in by)
        {
            Func<JsonObject, JsonNode?> select = item => item.TryGetPropertyValue(key, out JsonNode? value) ? value : null;
            ordered = (ordered, descending) switch
            {
                (null, false) => items.OrderBy(select, NodeOrder.Instance),
                (null, true) => items.OrderByDescending(select, NodeOrder.Instance),
                ({ } o, false) => o.ThenBy(select, NodeOrder.Instance),
                ({ } o, true) => o.ThenByDescending(select, NodeOrder.Instance),
            };
        }

        return ordered ?? items;
    }

    /// <summary>Cuts one page out of an ordered list.</summary>
    /// <param name="items">All of it.</param>
    /// <param name="id">An item's ID.</param>
    /// <param name="limit">At most so many; null for all.</param>
    /// <param name="marker">The page starts after this one (ends before it where <paramref name="reverse"/>).</param>
    /// <param name="reverse">Neutron's page_reverse.</param>
    /// <returns>The page; null where no item is the marker.</returns>
    public static Page<T>? Cut<T>(IEnumerable<T> items, Func<T, string> id, int? limit, string? marker, bool reverse = false)
    {
        IReadOnlyList<T> all = items as IReadOnlyList<T> ?? [.. items];
        int start = 0, end = all.Count;
        if (marker is not null)
        {
            int at = -1;
            for (int i = 0; i < all.Count && at < 0; i++)
            {
                if (id(all[i]) == marker) at = i;
            }

            if (at < 0) return null;
            if (reverse) end = at;
            else start = at + 1;
        }

        if (limit is { } most && end - start > most)
        {
            if (reverse) start = end - most;
            else end = start + most;
        }

        return new Page<T>([.. all.Skip(start).Take(end - start)], end < all.Count, start > 0);
    }

    /// <summary>Only these members (copied); the object itself where none are named.</summary>
    public static JsonObject Fields(JsonObject item, IReadOnlyCollection<string> fields)
    {
        if (fields.Count == 0) return item;
        var selected = new JsonObject();
        foreach ((string name, JsonNode? value) in item)
        {
            if (fields.Contains(name)) selected[name] = value?.DeepClone();
        }

        return selected;
    }

    private sealed class NodeOrder : IComparer<JsonNode?>
    {
        public static readonly NodeOrder Instance = new();

        public int Compare(JsonNode? x, JsonNode? y)
        {
            if (x is null || y is null) return (x is null ? 0 : 1) - (y is null ? 0 : 1);
            if (x is JsonValue a && y is JsonValue b && a.GetValueKind() == JsonValueKind.Number && b.GetValueKind() == JsonValueKind.Number)
                return double.Parse(a.ToJsonString()).CompareTo(double.Parse(b.ToJsonString()));
            return string.CompareOrdinal(x.ToString(), y.ToString());
        }
    }
}
