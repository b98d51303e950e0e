using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Attributes;

/// <summary>Neutron's lists: filters, tags, order, pages with links, fields.</summary>
internal static class Lists
{
    private static readonly HashSet<string> Reserved = ["fields", "limit", "marker", "page_reverse", "sort_key", "sort_dir", "verbose"];

    private static readonly HashSet<string> TagFilters = ["tags", "tags-any", "not-tags", "not-tags-any"];

    /// <summary>Answers a list.</summary>
    /// <param name="type">The resource's type.</param>
    /// <param name="visible">What the asker may see, in order of creation.</param>
    /// <param name="request">The request.</param>
    /// <param name="special">Filters that are no attributes: whether a resource matches the values.</param>
    public static ApiResponse Answer<T>(
        ResourceType<T> type, IEnumerable<T> visible, ApiRequest request, IReadOnlyDictionary<string, Func<T, IReadOnlyList<string>, bool>>? special = null)
        where T : NeutronResource
    {
        IEnumerable<T> found = Filter(type, visible, request, special);
        found = Sort(type, found, request.Query);
        (int limit, bool reverse) = Limit(request.Query);
        IReadOnlyList<T> page = limit == 0 ? [.. found] : Page([.. found], limit, request.Query["marker"], reverse, type.Singular);
        HashSet<string> fields = [.. request.Query.All("fields")];
        bool admin = request.Token.IsAdmin;
        return ApiResponse.Json(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray(type.Plural);
            foreach (T item in page) type.Write(writer, item, admin, fields);
            writer.WriteEndArray();
            if (limit > 0) WriteLinks(writer, type.Plural, page, limit, reverse, request);
            writer.WriteEndObject();
        });
    }

    /// <summary>Whether an attribute's value is the one that a query names.</summary>
    public static bool Matches(object? value, string wanted) => value switch
    {
        null => wanted.Length == 0 || wanted is "None" or "null",
        // The database compares names, states and addresses without regard to case.
        string text => string.Equals(text, wanted, StringComparison.OrdinalIgnoreCase),
        bool flag => JsonReading.ParseBoolean(wanted) == flag,
        int number => wanted == number.ToString(),
        Ip address => Ip.TryParse(wanted, out Ip other) ? other == address : address.ToString() == wanted,
        Prefix prefix => Prefix.TryParse(wanted, out Prefix other) && other == prefix,
        DateTimeOffset time => Text.Seconds(time) == wanted,
        JsonNode node => Python.Str(node) == wanted,
        IEnumerable items => items.Cast<object?>().Any(item => Matches(item, wanted)),
        _ => value.ToString() == wanted,
    };

    private static IEnumerable<T> Filter<T>(
        ResourceType<T> type, IEnumerable<T> items, ApiRequest request, IReadOnlyDictionary<string, Func<T, IReadOnlyList<string>, bool>>? special)
        where T : NeutronResource
    {
        List<IGrouping<string, string>> wanted = [.. request.Query.Items
            .Where(i => !Reserved.Contains(i.Key) && !(TagFilters.Contains(i.Key) && type.Find("tags") is not null)).GroupBy(i => i.Key, i => i.Value)];
        string[] unknown = [.. wanted.Select(g => g.Key).Where(k => special?.ContainsKey(k) != true && type.Find(k) is not { Filter: true })];
        if (unknown.Length > 0) throw Faults.Http400($"{Python.Repr(unknown)} is invalid attribute for filtering");
        foreach (IGrouping<string, string> group in wanted)
        {
            // An empty value asks for nothing.
            string[] values = [.. group.Where(v => v.Length > 0)];
            if (values.Length == 0) continue;
            if (special?.GetValueOrDefault(group.Key) is { } matches) items = items.Where(item => matches(item, values));
            else
            {
                Attribute<T> attribute = type.Find(group.Key)!;
                foreach (string one in values) CheckValue(attribute, one);
                Func<T, object?> read = attribute.Read;
                items = items.Where(item =>
                {
                    object? value = read(item);
                    foreach (string one in values)
                    {
                        if (Matches(value, one)) return true;
                    }

                    return false;
                });
            }
        }

        items = ByTags(items, request.Query, "tags", (has, tags) => tags.All(has.Contains));
        items = ByTags(items, request.Query, "tags-any", (has, tags) => tags.Any(has.Contains));
        items = ByTags(items, request.Query, "not-tags", (has, tags) => !tags.All(has.Contains));
        items = ByTags(items, request.Query, "not-tags-any", (has, tags) => !tags.Any(has.Contains));
        return items;
    }

    /// <summary>Refuses a flag that is none and a number that is none.</summary>
    private static void CheckValue<T>(Attribute<T> attribute, string value)
    {
        if (attribute.Given?.Parse is not { } parse) return;
        if (parse == Parse.Boolean) Parse.Boolean(attribute.Name, JsonValue.Create(value));
        else if (parse == Parse.Integer || parse == Parse.IntegerOrNull || parse == Parse.IpVersion) Parse.Integer(attribute.Name, JsonValue.Create(value));
    }

    private static IEnumerable<T> ByTags<T>(IEnumerable<T> items, ApiQuery query, string name, Func<SortedSet<string>, string[], bool> matches)
        where T : NeutronResource
    {
        if (!query.Has(name)) return items;
        string[] tags = [.. query.All(name).SelectMany(v => v.Split(',', StringSplitOptions.RemoveEmptyEntries))];
        if (tags.Length == 0) return items;
        return items.Where(item => matches(item.Tags, tags));
    }

    private static IEnumerable<T> Sort<T>(ResourceType<T> type, IEnumerable<T> items, ApiQuery query) where T : NeutronResource
    {
        IReadOnlyList<string> keys = query.All("sort_key"), directions = query.All("sort_dir");
        // What asks for no order, and what is equal in the order asked for, comes by ID.
        if (keys.Count == 0) return items.OrderBy(item => item.Id, StringComparer.Ordinal);
        if (keys.Count != directions.Count) throw Faults.Http400("The number of sort_keys and sort_dirs must be same");
        string[] unknown = [.. keys.Where(k => type.Find(k) is not { Sort: true })];
        if (unknown.Length > 0) throw Faults.Http400($"{Python.Repr(unknown)} is invalid attribute for sort_keys");
        string[] wrong = [.. directions.Where(d => d is not ("asc" or "desc"))];
        if (wrong.Length > 0) throw Faults.Http400($"{Python.Repr(wrong)} is invalid value for sort_dirs, valid value is 'asc' and 'desc'");
        IOrderedEnumerable<T>? ordered = null;
        for (int i = 0; i < keys.Count; i++)
        {
            Func<T, object?> read = type.Find(keys[i])!.Read;
            bool descending = directions[i] == "desc";
            ordered = ordered is null
                ? descending ? items.OrderByDescending(read, ValueOrder.Instance) : items.OrderBy(read, ValueOrder.Instance)
                : descending ? ordered.ThenByDescending(read, ValueOrder.Instance) : ordered.ThenBy(read, ValueOrder.Instance);
        }

        return ordered!.ThenBy(item => item.Id, StringComparer.Ordinal);
    }

    private static (int Limit, bool Reverse) Limit(ApiQuery query)
    {
        string text = query["limit"] ?? "0";
        if (text.Length == 0) text = "0";
        return int.TryParse(text, out int limit) && limit >= 0
            ? (limit, JsonReading.ParseBoolean(query["page_reverse"]) == true)
            : throw Faults.BadRequest("limit", $"Limit must be an integer 0 or greater and not '{text}'");
    }

    private static IReadOnlyList<T> Page<T>(IReadOnlyList<T> all, int limit, string? marker, bool reverse, string singular) where T : NeutronResource
    {
        int at = -1;
        if (!string.IsNullOrEmpty(marker))
        {
            for (int i = 0; i < all.Count && at < 0; i++)
            {
                if (all[i].Id == marker) at = i;
            }

            if (at < 0) throw Faults.NotFound($"{char.ToUpperInvariant(singular[0])}{singular[1..]}NotFound", $"{char.ToUpperInvariant(singular[0])}{singular[1..]} {marker} could not be found.");
        }

        if (!reverse) return [.. all.Skip(at + 1).Take(limit)];
        int end = at < 0 ? all.Count : at;
        int start = Math.Max(0, end - limit);
        return [.. all.Skip(start).Take(end - start)];
    }

    private static void WriteLinks<T>(Utf8JsonWriter writer, string plural, IReadOnlyList<T> page, int limit, bool reverse, ApiRequest request)
        where T : NeutronResource
    {
        string kept = string.Join('&', request.Query.Text.Split('&').Where(p =>
            !p.StartsWith("marker=", StringComparison.Ordinal) && !p.StartsWith("page_reverse=", StringComparison.Ordinal)));
        bool full = page.Count >= limit;
        writer.WriteStartArray($"{plural}_links");
        if (full || reverse) Link("next", page.Count > 0 ? $"&marker={page[^1].Id}" : "");
        if (full || !reverse) Link("previous", $"{(page.Count > 0 ? $"&marker={page[0].Id}" : "")}&page_reverse=True");
        writer.WriteEndArray();

        void Link(string rel, string more)
        {
            writer.WriteStartObject();
            writer.WriteString("rel", rel);
            writer.WriteString("href", request.Link(kept + more));
            writer.WriteEndObject();
        }
    }

    private sealed class ValueOrder : IComparer<object?>
    {
        public static readonly ValueOrder Instance = new();

        public int Compare(object? x, object? y) => (x, y) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (string a, string b) => string.Compare(a, b, StringComparison.OrdinalIgnoreCase),
            (IComparable a, not null) when a.GetType() == y.GetType() => a.CompareTo(y),
            _ => string.CompareOrdinal(x.ToString(), y.ToString()),
        };
    }
}
