using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Tenon.Kubernetes.Tests;

/// <summary>How a version that is too old is told.</summary>
internal enum TooOld
{
    Http,
    ErrorEvent,
}

/// <summary>
/// A few objects behind the API's list, watch and conflict rules, with the misfortunes that a test asks for: watches that break off in the
/// middle of a line, compacted history, continue tokens that expire. The sandbox is the honest server; this is the unreliable one.
/// </summary>
internal sealed class TinyServer
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, JsonObject> _objects = new(StringComparer.Ordinal);
    private readonly List<(long Version, string Type, string Json)> _log = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 100;
    private long _oldest = 100;
    private int _tokens;
    private int _epoch;
    private (bool MidLine, bool Error) _drop;

    public TooOld TooOld { get; set; }

    public bool Bookmarks { get; set; }

    public int Lists { get; private set; }

    public int Watches { get; private set; }

    public Func<HttpContext, Task<bool>>? Intercept { get; set; }

    /// <summary>Name (with plural and namespace) to resource version, as stored.</summary>
    public Dictionary<string, string> Snapshot()
    {
        lock (_gate) return _objects.ToDictionary(o => o.Key, o => (string)o.Value["metadata"]!["resourceVersion"]!);
    }

    public JsonObject? Find(string path)
    {
        lock (_gate) return _objects.TryGetValue(path, out JsonObject? found) ? (JsonObject)found.DeepClone() : null;
    }

    public IReadOnlyList<JsonObject> All(string collection)
    {
        lock (_gate) return [.. Of(collection).Select(o => (JsonObject)o.Value.DeepClone())];
    }

    /// <summary>Stores an object under its path, as another client would.</summary>
    public void Put(string path, JsonObject body)
    {
        lock (_gate) Store(path, body, _objects.ContainsKey(path) ? "MODIFIED" : "ADDED");
    }

    public void Delete(string path)
    {
        lock (_gate)
            if (_objects.TryGetValue(path, out JsonObject? gone)) Remove(path, gone);
    }

    /// <summary>Breaks all watches, in the middle of a line or with a 410 in the stream.</summary>
    public void Drop(bool midLine = false, bool error = false)
    {
        lock (_gate)
        {
            _epoch++;
            _drop = (midLine, error);
            Wake();
        }
    }

    /// <summary>Forgets the history: watches from an older version get 410.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _version++; // something else happened in the cluster meanwhile
            _oldest = _version;
            _log.Clear();
        }
    }

    /// <summary>Forgets all lists that have not been read to their end.</summary>
    public void ExpireTokens()
    {
        lock (_gate) _tokens++;
    }

    public async Task AnswerAsync(HttpContext context)
    {
        if (Intercept is { } intercept && await intercept(context)) return;
        string path = context.Request.Path.Value!;
        bool collection = IsCollection(path);
        if (collection && context.Request.Query.ContainsKey("watch"))
        {
            await WatchAsync(context, path);
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        (int code, string json) = Handle(context, path, collection, body.ToArray());
        await ScriptedApi.AnswerAsync(context, code, json);
    }

    private (int Code, string Json) Handle(HttpContext context, string path, bool collection, byte[] body)
    {
        lock (_gate)
        {
            switch (context.Request.Method)
            {
                case "GET" when collection: return List(context, path);
                case "GET": return _objects.TryGetValue(path, out JsonObject? found) ? (200, found.ToJsonString()) : NotFound(path);
                case "POST":
                {
                    var item = (JsonObject)JsonNode.Parse(body)!;
                    string name = $"{path}/{item["metadata"]!["name"]}";
                    return _objects.ContainsKey(name)
                        ? (409, ScriptedApi.StatusJson(409, "AlreadyExists")) : (201, Store(name, item, "ADDED").ToJsonString());
                }

                case "PUT":
                {
                    if (!_objects.TryGetValue(path, out JsonObject? old)) return NotFound(path);
                    var item = (JsonObject)JsonNode.Parse(body)!;
                    if ((string?)item["metadata"]!["resourceVersion"] is { } expected && expected != (string?)old["metadata"]!["resourceVersion"])
                        return (409, ScriptedApi.StatusJson(409, "Conflict"));
                    return (200, Store(path, item, "MODIFIED").ToJsonString());
                }

                case "PATCH":
                {
                    if (!_objects.TryGetValue(path, out JsonObject? old)) return NotFound(path);
                    var item = (JsonObject)old.DeepClone();
                    Merge(item, (JsonObject)JsonNode.Parse(body)!);
                    return (200, Store(path, item, "MODIFIED").ToJsonString());
                }

                case "DELETE":
                    if (!_objects.TryGetValue(path, out JsonObject? gone)) return NotFound(path);
                    Remove(path, gone);
                    return (200, gone.ToJsonString());
                default: return (405, ScriptedApi.StatusJson(405, "MethodNotAllowed"));
            }
        }
    }

    private (int Code, string Json) List(HttpContext context, string path)
    {
        Lists++;
        int limit = int.TryParse(context.Request.Query["limit"], out int l) ? l : int.MaxValue;
        string[] token = ((string?)context.Request.Query["continue"] ?? "").Split('|');
        if (token.Length == 3 && token[0] != _tokens.ToString(CultureInfo.InvariantCulture))
            return (410, ScriptedApi.StatusJson(410, "Expired", "The provided continue parameter is too old"));
        string after = token.Length == 3 ? token[1] : "";
        string version = token.Length == 3 ? token[2] : _version.ToString(CultureInfo.InvariantCulture);

        // A real server serves all pages at one version; here the test changes nothing while a list is read, or the tokens expire.
        var rest = Of(path).Where(o => string.CompareOrdinal(o.Key, after) > 0).ToList();
        var page = rest.Take(limit).ToList();
        string next = rest.Count > page.Count ? $"{_tokens}|{page[^1].Key}|{version}" : "";
        var answer = new JsonObject
        {
            ["kind"] = "List",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["resourceVersion"] = version, ["continue"] = next },
            ["items"] = new JsonArray([.. page.Select(o => o.Value.DeepClone())]),
        };
        return (200, answer.ToJsonString());
    }

    private async Task WatchAsync(HttpContext context, string path)
    {
        long from = long.Parse((string?)context.Request.Query["resourceVersion"] ?? "0", CultureInfo.InvariantCulture);
        int epoch;
        lock (_gate)
        {
            Watches++;
            epoch = _epoch;
        }

        bool started = false;
        while (!context.RequestAborted.IsCancellationRequested)
        {
            List<string> lines = [];
            Task changed;
            bool dropped, tooOld;
            (bool MidLine, bool Error) drop;
            lock (_gate)
            {
                changed = _changed.Task;
                tooOld = from < _oldest; // also for a watch that has not sent all of what was forgotten
                if (!tooOld)
                {
                    foreach ((long version, string type, string json) in _log.Where(e => e.Version > from))
                    {
                        if (IsIn(path, (JsonObject)JsonNode.Parse(json)!)) lines.Add($"{{\"type\":\"{type}\",\"object\":{json}}}");
                    }

                    from = Math.Max(from, _version);
                    if (Bookmarks) lines.Add($"{{\"type\":\"BOOKMARK\",\"object\":{{\"metadata\":{{\"resourceVersion\":\"{_version}\"}}}}}}");
                }

                dropped = epoch != _epoch;
                drop = _drop;
            }

            if (tooOld && !started && TooOld == TooOld.Http)
            {
                await ScriptedApi.StatusAsync(context, 410, "Expired", "too old resource version");
                return;
            }

            if (!started)
            {
                context.Response.ContentType = "application/json;stream=watch";
                await context.Response.StartAsync(context.RequestAborted);
                started = true;
            }

            if (dropped && drop.MidLine && lines.Count > 0)
            {
                string half = lines[^1][..(lines[^1].Length / 2)];
                await context.Response.WriteAsync(string.Concat(lines.SkipLast(1).Select(x => x + "\n")) + half, context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
                return; // an orderly end of the answer in the middle of an event
            }

            foreach (string line in lines) await context.Response.WriteAsync(line + "\n", context.RequestAborted);
            if (tooOld || (dropped && drop.Error))
                await context.Response.WriteAsync("{\"type\":\"ERROR\",\"object\":" + ScriptedApi.StatusJson(410, "Expired", "too old") + "}\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (tooOld || (dropped && drop.Error)) return;
            if (dropped)
            {
                context.Abort();
                return;
            }

            await changed.WaitAsync(context.RequestAborted);
        }
    }

    private JsonObject Store(string path, JsonObject body, string type)
    {
        var item = (JsonObject)body.DeepClone();
        JsonObject metadata = item["metadata"] as JsonObject ?? [];
        item["metadata"] = metadata;
        string[] parts = path.Split('/');
        metadata["name"] = parts[^1];
        if (Array.IndexOf(parts, "namespaces") is > 0 and var i) metadata["namespace"] = parts[i + 1];
        metadata["uid"] = _objects.TryGetValue(path, out JsonObject? old) ? (string)old["metadata"]!["uid"]! : $"uid-{_version + 1}";
        metadata["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        _objects[path] = item;
        _log.Add((_version, type, item.ToJsonString()));
        Wake();
        return item;
    }

    private void Remove(string path, JsonObject gone)
    {
        _objects.Remove(path);
        gone["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
        _log.Add((_version, "DELETED", gone.ToJsonString()));
        Wake();
    }

    private void Wake()
    {
        TaskCompletionSource old = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        old.SetResult();
    }

    private IEnumerable<KeyValuePair<string, JsonObject>> Of(string collection)
    {
        string plural = collection[(collection.LastIndexOf('/') + 1)..];
        bool everywhere = !collection.Contains("/namespaces/", StringComparison.Ordinal);
        return _objects.Where(o => everywhere
            ? o.Key.Split('/')[^2] == plural
            : o.Key.StartsWith(collection + "/", StringComparison.Ordinal));
    }

    private static bool IsIn(string collection, JsonObject item)
        => !collection.Contains("/namespaces/", StringComparison.Ordinal)
            || collection.Contains($"/namespaces/{item["metadata"]!["namespace"]}/", StringComparison.Ordinal);

    /// <summary>Names in these tests hold a digit or a dash; plurals do not.</summary>
    private static bool IsCollection(string path) => path[(path.LastIndexOf('/') + 1)..].All(char.IsAsciiLetterLower);

    private static (int Code, string Json) NotFound(string path)
        => (404, ScriptedApi.StatusJson(404, "NotFound", $"{path.Split('/')[^1]} not found"));

    private static void Merge(JsonObject into, JsonObject patch)
    {
        foreach ((string key, JsonNode? value) in patch)
        {
            if (value is null) into.Remove(key);
            else if (value is JsonObject inner && into[key] is JsonObject target) Merge(target, inner);
            else into[key] = value.DeepClone();
        }
    }
}
