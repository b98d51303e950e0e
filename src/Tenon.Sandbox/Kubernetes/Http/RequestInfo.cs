using Microsoft.AspNetCore.Http;
using Tenon.Sandbox.Kubernetes.Objects;

namespace Tenon.Sandbox.Kubernetes.Http;

/// <summary>What a request asks for, read from its method, path and query alone: what authorization and the call log work with.</summary>
internal sealed record RequestInfo
{
    /// <summary>Whether it is about objects; otherwise about a path such as <c>/version</c> or discovery.</summary>
    public bool IsResource { get; init; }

    /// <summary>The verb: get, list, watch, create, update, patch, delete, deletecollection; the method in lower case for paths.</summary>
    public required string Verb { get; init; }

    /// <summary>The path without query.</summary>
    public required string Path { get; init; }

    /// <summary>The group.</summary>
    public string Group { get; init; } = "";

    /// <summary>The version.</summary>
    public string Version { get; init; } = "";

    /// <summary>The namespace; empty for all or none.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The plural.</summary>
    public string Resource { get; init; } = "";

    /// <summary>The name; empty for collections.</summary>
    public string Name { get; init; } = "";

    /// <summary>The subresource; empty for the object itself.</summary>
    public string Subresource { get; init; } = "";

    /// <summary>Whether path segments follow the subresource (a proxy's path).</summary>
    public bool HasTail { get; init; }

    /// <summary>The resource with its subresource: <c>pods/status</c>.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    /// <summary>As the call log names it.</summary>
    public string Operation => IsResource
        ? $"kubernetes.{(Group.Length == 0 ? Resource : $"{Resource}.{Group}")}{(Subresource.Length == 0 ? "" : "/" + Subresource)}.{Verb}"
        : $"kubernetes.{Path.Trim('/')}.{Verb}";

    /// <summary>Reads a request.</summary>
    public static RequestInfo Parse(HttpRequest request)
    {
        string path = request.Path.Value ?? "/";
        string method = request.Method.ToLowerInvariant();
        string[] parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int at;
        string group = "", version;
        if (parts is ["api", _, _, ..]) (version, at) = (parts[1], 2);
        else if (parts is ["apis", _, _, _, ..]) (group, version, at) = (parts[1], parts[2], 3);
        else return new RequestInfo { Verb = method, Path = path };

        bool legacyWatch = parts[at] == "watch";
        if (legacyWatch) at++;
        if (at >= parts.Length) return new RequestInfo { Verb = method, Path = path };
        string space = "";
        if (parts[at] == "namespaces" && at + 1 < parts.Length)
        {
            space = parts[at + 1];

            // Namespaces' own subresources look like resources in a namespace.
            if (at + 2 < parts.Length && parts[at + 2] is not ("status" or "finalize")) at += 2;
        }

        string resource = parts[at];
        string name = at + 1 < parts.Length ? parts[at + 1] : "";
        string subresource = at + 2 < parts.Length ? parts[at + 2] : "";
        bool isCollection = name.Length == 0;
        string verb = method switch
        {
            "get" or "head" when legacyWatch || (isCollection && IsTrue(request.Query["watch"])) => "watch",
            "get" or "head" => isCollection ? "list" : "get",
            "post" => "create",
            "put" => "update",
            "patch" => "patch",
            "delete" => isCollection ? "deletecollection" : "delete",
            _ => method,
        };
        return new RequestInfo
        {
            IsResource = true,
            Verb = verb,
            Path = path,
            Group = group,
            Version = version,
            Namespace = space,
            Resource = resource,
            Name = isCollection && verb is "list" or "watch" ? NameInSelector(request, name) : name,
            Subresource = subresource,
            HasTail = at + 3 < parts.Length,
        };
    }

    /// <summary>Whether a query value switches something on.</summary>
    public static bool IsTrue(string? value) => value is "" or "1" or "t" or "T" or "true" or "TRUE" or "True";

    private static string NameInSelector(HttpRequest request, string name)
    {
        if (name.Length > 0 || request.Query["fieldSelector"].ToString() is not { Length: > 0 } text) return name;
        try
        {
            return FieldSelector.Parse(text).ExactName ?? "";
        }
        catch (FormatException)
        {
            // The list itself will refuse it with a message; authorization then asks for the whole collection.
            return "";
        }
    }
}
