namespace Tenon.Sandbox.OpenStack.Http;

/// <summary>One thing that a service can be asked.</summary>
internal sealed record ApiRoute(string Operation, Func<ApiRequest, ApiResponse> Handler, bool Anonymous);

/// <summary>What a path matched.</summary>
/// <param name="Route">Null: no route for this method.</param>
/// <param name="Values">The values of the template's names.</param>
/// <param name="PathKnown">Whether the path has routes for other methods.</param>
/// <param name="Allowed">The methods that the path has.</param>
internal sealed record RouteMatch(ApiRoute? Route, IReadOnlyDictionary<string, string> Values, bool PathKnown, IReadOnlyCollection<string> Allowed);

/// <summary>
/// The routes of one service: a tree by path segment, in which a literal goes before a <c>{name}</c>. A trailing slash makes no difference.
/// </summary>
internal sealed class RouteTable
{
    private static readonly Dictionary<string, string> None = [];
    private readonly Node _root = new();

    public void Get(string template, string operation, Func<ApiRequest, ApiResponse> handler, bool anonymous = false)
        => Map("GET", template, operation, handler, anonymous);

    public void Post(string template, string operation, Func<ApiRequest, ApiResponse> handler, bool anonymous = false)
        => Map("POST", template, operation, handler, anonymous);

    public void Put(string template, string operation, Func<ApiRequest, ApiResponse> handler) => Map("PUT", template, operation, handler, false);

    public void Patch(string template, string operation, Func<ApiRequest, ApiResponse> handler) => Map("PATCH", template, operation, handler, false);

    public void Delete(string template, string operation, Func<ApiRequest, ApiResponse> handler) => Map("DELETE", template, operation, handler, false);

    /// <summary>Adds a route.</summary>
    /// <param name="method">The HTTP method; HEAD is answered by GET's handler where it has none of its own.</param>
    /// <param name="template">The path below the service's prefix, such as <c>/v2.0/ports/{id}</c>.</param>
    /// <param name="operation">Its name below the service's, such as <c>ports.show</c>.</param>
    /// <param name="handler">Answers it, called with the region's gate held.</param>
    /// <param name="anonymous">Whether no token is needed.</param>
    public void Map(string method, string template, string operation, Func<ApiRequest, ApiResponse> handler, bool anonymous)
    {
        Node node = _root;
        var names = new List<string>();
        foreach (string segment in Segments(template))
        {
            if (segment.StartsWith('{'))
            {
                names.Add(segment[1..^1]);
                node = node.Any ??= new Node();
            }
            else
            {
                if (!node.Literals.TryGetValue(segment, out Node? next)) node.Literals[segment] = next = new Node();
                node = next;
            }
        }

        if (!node.Methods.TryAdd(method, (new ApiRoute(operation, handler, anonymous), [.. names])))
            throw new InvalidOperationException($"{method} {template} has a route already.");
    }

    /// <summary>Serves everything below a first path segment below another one, too.</summary>
    public void Alias(string segment, string alias) => _root.Literals[alias] = _root.Literals[segment];

    /// <summary>Finds the route of a request.</summary>
    public RouteMatch Match(string method, string path)
    {
        string[] segments = Segments(path);
        var values = new string[segments.Length];
        Node? node = Find(_root, segments, 0, values, 0);
        if (node is null) return new RouteMatch(null, None, false, []);
        if (!node.Methods.TryGetValue(method, out (ApiRoute Route, string[] Names) found)
            && !(method == "HEAD" && node.Methods.TryGetValue("GET", out found)))
            return new RouteMatch(null, None, true, node.Methods.Keys);
        if (found.Names.Length == 0) return new RouteMatch(found.Route, None, true, node.Methods.Keys);
        var named = new Dictionary<string, string>(found.Names.Length, StringComparer.Ordinal);
        for (int i = 0; i < found.Names.Length; i++) named[found.Names[i]] = values[i];
        return new RouteMatch(found.Route, named, true, node.Methods.Keys);
    }

    private static Node? Find(Node node, string[] segments, int index, string[] values, int count)
    {
        if (index == segments.Length) return node.Methods.Count > 0 ? node : null;
        if (node.Literals.TryGetValue(segments[index], out Node? literal) && Find(literal, segments, index + 1, values, count) is { } found)
            return found;
        if (node.Any is null) return null;
        values[count] = Uri.UnescapeDataString(segments[index]);
        return Find(node.Any, segments, index + 1, values, count + 1);
    }

    private static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private sealed class Node
    {
        public Dictionary<string, Node> Literals { get; } = new(StringComparer.Ordinal);

        public Node? Any { get; set; }

        public Dictionary<string, (ApiRoute Route, string[] Names)> Methods { get; } = new(StringComparer.Ordinal);
    }
}
