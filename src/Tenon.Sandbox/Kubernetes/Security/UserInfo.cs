using System.Text.Json.Nodes;
using Tenon.Core;

namespace Tenon.Sandbox.Kubernetes.Security;

/// <summary>Who sends a request.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Groups">The groups.</param>
/// <param name="Uid">The UID; empty without.</param>
public sealed record UserInfo(string Name, EquatableArray<string> Groups, string Uid = "")
{
    /// <summary>Whoever did not say who they are.</summary>
    public static UserInfo Anonymous { get; } = new("system:anonymous", ["system:unauthenticated"]);

    /// <summary>Further attributes.</summary>
    public EquatableArray<KeyValuePair<string, EquatableArray<string>>> Extra { get; init; }

    /// <summary>As <c>authentication.k8s.io UserInfo</c> writes it.</summary>
    internal JsonObject ToDocument()
    {
        var document = new JsonObject { ["username"] = Name };
        if (Uid.Length > 0) document["uid"] = Uid;
        if (!Groups.IsEmpty) document["groups"] = new JsonArray([.. Groups.Select(g => (JsonNode)g)]);
        if (!Extra.IsEmpty)
        {
            var extra = new JsonObject();
            foreach ((string key, EquatableArray<string> values) in Extra) extra[key] = new JsonArray([.. values.Select(v => (JsonNode)v)]);
            document["extra"] = extra;
        }

        return document;
    }
}

/// <summary>What a user wants to do.</summary>
internal sealed record AccessRequest
{
    public bool IsResource { get; init; }

    public required string Verb { get; init; }

    public string Group { get; init; } = "";

    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    public string Name { get; init; } = "";

    public string Namespace { get; init; } = "";

    public string Path { get; init; } = "";

    /// <summary>The resource with its subresource.</summary>
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";
}
