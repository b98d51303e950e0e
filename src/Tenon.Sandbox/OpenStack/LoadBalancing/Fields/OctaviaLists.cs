using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Fields;

/// <summary>Octavia's lists: filters, tags, order, pages with links, fields.</summary>
internal static class OctaviaLists
{
    private static readonly HashSet<string> Reserved =
        ["fields", "limit", "marker", "page_reverse", "sort", "sort_key", "sort_dir", "tags", "tags-any", "not-tags", "not-tags-any"];

    public static ApiResponse Answer<T>(
        OctaviaType<T> type, IEnumerable<T> visible, ApiRequest request, IReadOnlyDictionary<string, Func<T, string?>>? special = null)
        where T : OctaviaResource
    {
        IEnumerable<T> found = Filter(type, visible, request.Query, special);
        found = Tagged(found, request.Query);
        T[] all = [.. Sort(type, found, request.Query)];
        int? limit = Limit(request.Query["limit"]);
        bool reverse = JsonReading.ParseBoolean(request.Query["page_reverse"]) == true;
        T[] page = Page(all, limit, request.Query["marker"], reverse);
        HashSet<string> fields = [.. request.Query.All("fields")];
        return ApiResponse.Json(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray(type.Plural);
            foreach (T item in page) type.Write(writer, item, fields);
            writer.WriteEndArray();
            writer.WriteStartArray(type.Links ?? type.Plural + "_links");
            foreach ((string rel, string query) in Links(page, limit, request.Query))
            {
                writer.WriteStartObject();
                writer.WriteString("rel", rel);
                writer.WriteString("href", request.Link(query));
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private static IEnumerable<T> Filter<T>(
        OctaviaType<T> type, IEnumerable<T> items, ApiQuery query, IReadOnlyDictionary<string, Func<T, string?>>? special) where T : OctaviaResource
    {
        foreach (IGrouping<string, string> filter in query.Items.Where(i => !Reserved.Contains(i.Key)).GroupBy(i => i.Key, i => i.Value))
        {
            Func<T, object?>? read = special?.GetValueOrDefault(filter.Key) ?? (type.Find(filter.Key) is { Filter: true, Hidden: false } field ? field.Read : null);
            if (read is null) throw new ApiFault(400, "One or more arguments are either duplicate or invalid");
            if (filter.Count() > 1) throw OctaviaFaults.Crash("(pymysql.err.OperationalError) (4078, \"Illegal parameter data types varchar and row for operation '='\")");
            string wanted = filter.First();
            items = items.Where(item => Lists.Matches(read(item), wanted));
        }

        return items;
    }

    private static IEnumerable<T> Tagged<T>(IEnumerable<T> items, ApiQuery query) where T : OctaviaResource
    {
        string[] Wanted(string name) => [.. query.All(name).SelectMany(v => v.Split(','))];
        if (Wanted("tags") is { Length: > 0 } all) items = items.Where(i => all.All(t => i.Tags.Contains(t)));
        if (Wanted("tags-any") is { Length: > 0 } any) items = items.Where(i => any.Any(t => i.Tags.Contains(t)));
        if (Wanted("not-tags") is { Length: > 0 } notAll) items = items.Where(i => !notAll.All(t => i.Tags.Contains(t)));
        if (Wanted("not-tags-any") is { Length: > 0 } notAny) items = items.Where(i => !notAny.Any(t => i.Tags.Contains(t)));
        return items;
    }

    private static IEnumerable<T> Sort<T>(OctaviaType<T> type, IEnumerable<T> items, ApiQuery query) where T : OctaviaResource
    {
        List<(string Key, string Direction)> keys = [];
        if (query["sort"] is { Length: > 0 } sort)
        {
            foreach (string part in sort.Split(','))
            {
                string[] parts = part.Split(':');
                if (parts.Length > 2) throw new ApiFault(400, $"Supplied sort key '{Python.Repr(parts)}' is not valid.");
                keys.Add((parts[0], parts.Length == 2 ? parts[1] : "asc"));
            }
        }
        else if (query["sort_key"] is { Length: > 0 } given)
        {
            string[] directions = query["sort_dir"]?.Split(',') ?? [];
            keys.AddRange(given.Split(',').Select((key, i) => (key, i < directions.Length ? directions[i] : "asc")));
        }

        IOrderedEnumerable<T>? ordered = null;
        foreach ((string key, string direction) in keys)
        {
            string way = direction.ToLowerInvariant();
            // This one refusal comes from another layer of the service, in another form.
            if (way is not ("asc" or "desc")) throw new ApiFault(400, $"Supplied sort direction '{way}' is not valid.", LoadBalancingService.PlainError);
            if (type.Find(key) is not { Sort: true } field) throw new ApiFault(400, $"Supplied sort key '{key}' is not valid.");
            IComparer<object?> order = ValueOrder.Instance;
            ordered = (ordered, way) switch
            {
                (null, "asc") => items.OrderBy(field.Read, order),
                (null, _) => items.OrderByDescending(field.Read, order),
                (_, "asc") => ordered.ThenBy(field.Read, order),
                _ => ordered.ThenByDescending(field.Read, order),
            };
        }

        return ordered ?? items;
    }

    private static int? Limit(string? text)
    {
        if (text is null or "infinite") return null;
        if (!int.TryParse(text, out int limit)) throw new ApiFault(400, $"Supplied pagination limit '{text}' is not valid.", LoadBalancingService.PlainError);
        // Zero and less are taken for no limit by the query, but not by what writes the links.
        return limit >= 1 ? limit : throw OctaviaFaults.Crash("'>=' not supported between instances of 'int' and 'NoneType'");
    }

    private static T[] Page<T>(T[] all, int? limit, string? marker, bool reverse) where T : OctaviaResource
    {
        int at = -1;
        if (marker is not null)
        {
            at = Array.FindIndex(all, r => r.Id == marker);
            if (at < 0) throw new ApiFault(400, $"Supplied pagination marker '{marker}' is not valid.");
        }

        if (!reverse) return [.. all.Skip(at + 1).Take(limit ?? int.MaxValue)];
        int end = at < 0 ? all.Length : at;
        int start = Math.Max(0, end - (limit ?? end));
        return all[start..end];
    }

    private static IEnumerable<(string Rel, string Query)> Links<T>(T[] page, int? limit, ApiQuery query) where T : OctaviaResource
    {
        // Octavia's links name limit and order and leave the filters out.
        if (page.Length == 0 || limit is not { } most) yield break;
        string kept = $"limit={most}";
        foreach (string name in (string[])["sort", "sort_key"])
        {
            if (query[name] is { Length: > 0 } value) kept += $"&{name}={value}";
        }

        if (query["marker"] is not null) yield return ("previous", $"{kept}&marker={page[0].Id}&page_reverse=True");
        if (page.Length >= most) yield return ("next", $"{kept}&marker={page[^1].Id}");
    }

    private sealed class ValueOrder : IComparer<object?>
    {
        public static readonly ValueOrder Instance = new();

        public int Compare(object? x, object? y) => (x, y) switch
        {
            (null, null) => 0,
            (null, _) => -1,
            (_, null) => 1,
            (string a, string b) => string.CompareOrdinal(a, b),
            (IComparable a, not null) when a.GetType() == y.GetType() => a.CompareTo(y),
            _ => string.CompareOrdinal(x.ToString(), y.ToString()),
        };
    }
}
