using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Keystone's things as JSON.</summary>
internal static class IdentityJson
{
    /// <summary><c>{"NAME": [...], "links": {...}}</c> of what the query's filters leave.</summary>
    public static ApiResponse List(ApiRequest request, string name, IEnumerable<JsonObject> items, params string[] filters)
        => Listed(request, name, Filtered(request, items, filters));

    /// <summary>The same of exactly these.</summary>
    public static ApiResponse Listed(ApiRequest request, string name, IEnumerable<JsonObject> items) => ApiResponse.Ok(new JsonObject
    {
        [name] = new JsonArray([.. items]),
        ["links"] = new JsonObject { ["next"] = null, ["self"] = request.Link(request.Query.Text), ["previous"] = null },
    });

    public static JsonObject Domain(Domain domain, ApiRequest request) => WithExtra(domain.Extra, new JsonObject
    {
        ["id"] = domain.Id,
        ["name"] = domain.Name,
        ["description"] = domain.Description ?? "",
        ["enabled"] = domain.Enabled,
        ["tags"] = new JsonArray(),
        ["options"] = domain.Options.DeepClone(),
        ["links"] = Self(request, $"domains/{domain.Id}"),
    });

    public static JsonObject Project(Project project, ApiRequest request) => WithExtra(project.Extra, new JsonObject
    {
        ["id"] = project.Id,
        ["name"] = project.Name,
        ["domain_id"] = project.DomainId,
        ["description"] = project.Description ?? "",
        ["enabled"] = project.Enabled,
        ["parent_id"] = project.ParentId,
        ["is_domain"] = false,
        ["tags"] = JsonReading.Strings(project.Tags),
        ["options"] = project.Options.DeepClone(),
        ["links"] = Self(request, $"projects/{project.Id}"),
    });

    public static JsonObject User(User user, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["id"] = user.Id,
            ["name"] = user.Name,
            ["domain_id"] = user.DomainId,
            ["enabled"] = user.Enabled,
            ["password_expires_at"] = null,
            ["options"] = user.Options.DeepClone(),
            ["links"] = Self(request, $"users/{user.Id}"),
        };
        if (user.DefaultProjectId is { } project) json["default_project_id"] = project;
        if (user.Description is { } description) json["description"] = description;
        return WithExtra(user.Extra, json);
    }

    public static JsonObject Role(Role role, ApiRequest? request)
    {
        var json = new JsonObject
        {
            ["id"] = role.Id,
            ["name"] = role.Name,
            ["domain_id"] = role.DomainId,
            ["description"] = role.Description,
            ["options"] = role.Options.DeepClone(),
        };
        if (request is not null) json["links"] = Self(request, $"roles/{role.Id}");
        return WithExtra(role.Extra, json);
    }

    /// <summary><c>{"id", "name"}</c>, as in tokens.</summary>
    public static JsonArray Brief(ImmutableArray<Role> roles)
        => new([.. roles.Select(r => (JsonNode)new JsonObject { ["id"] = r.Id, ["name"] = r.Name })]);

    public static JsonObject Self(ApiRequest request, string path) => new() { ["self"] = $"{request.BaseUrl}/v3/{path}" };

    /// <summary>Takes what a body has beyond the attributes that Keystone knows.</summary>
    public static void TakeExtra(JsonObject body, JsonObject extra, params ReadOnlySpan<string> known)
    {
        foreach ((string name, JsonNode? value) in body)
        {
            if (!known.Contains(name)) extra[name] = value?.DeepClone();
        }
    }

    private static IEnumerable<JsonObject> Filtered(ApiRequest request, IEnumerable<JsonObject> items, string[] filters)
    {
        foreach (string filter in filters)
        {
            if (request.Query[filter] is { } wanted)
                items = items.Where(item => item.TryGetPropertyValue(filter, out JsonNode? value) && Listing.Matches(value, wanted));
            if (request.Query[filter + "__contains"] is { } part)
                items = items.Where(item => item.String(filter)?.Contains(part, StringComparison.Ordinal) == true);
        }

        return items;
    }

    private static JsonObject WithExtra(JsonObject extra, JsonObject json)
    {
        foreach ((string name, JsonNode? value) in extra) json.TryAdd(name, value?.DeepClone());
        return json;
    }
}
