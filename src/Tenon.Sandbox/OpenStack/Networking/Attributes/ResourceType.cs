using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Attributes;

/// <summary>What Neutron's attribute map says of a resource: names, attributes, how a body is read, how one is written.</summary>
internal sealed class ResourceType<T> where T : NeutronResource
{
    private readonly FrozenDictionary<string, Attribute<T>> _byName;

    public ResourceType(string singular, string plural, params IEnumerable<Attribute<T>> attributes)
    {
        Singular = singular;
        Plural = plural;
        Attributes = [.. attributes.OrderBy(a => a.Name == "id" ? 0 : 1)];
        _byName = Attributes.ToFrozenDictionary(a => a.Name);
    }

    /// <summary>The name of one in bodies: <c>security_group</c>.</summary>
    public string Singular { get; }

    /// <summary>The name of many in bodies: <c>security_groups</c>.</summary>
    public string Plural { get; }

    public ImmutableArray<Attribute<T>> Attributes { get; }

    public Attribute<T>? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The attributes that every resource with an owner has.</summary>
    public static IEnumerable<Attribute<T>> Owned(bool name = true, bool nameRequired = false)
    {
        yield return new("id", r => r.Id) { Sort = true };
        if (name) yield return new("name", r => r.Name) { Sort = true, Given = new(Parse.Name) { Required = nameRequired, Default = () => "" } };
        yield return new("tenant_id", r => r.ProjectId) { Sort = true, Given = new(Parse.Name) { Put = false } };
        yield return new("project_id", r => r.ProjectId) { Sort = true, Given = new(Parse.Name) { Put = false } };
    }

    /// <summary>The attributes that come with Neutron's standard attribute table.</summary>
    public static IEnumerable<Attribute<T>> Standard(bool tags = true)
    {
        yield return new("description", r => r.Description) { Given = new(Parse.Name) { Default = () => "" } };
        if (tags) yield return new("tags", r => r.Tags) { Filter = false };
        yield return new("created_at", r => r.CreatedAt) { Filter = false };
        yield return new("updated_at", r => r.UpdatedAt) { Filter = false };
        yield return new("revision_number", r => r.Revision);
    }

    /// <summary>Reads the body of a create: one resource, or many under the plural name.</summary>
    public (ImmutableArray<Input> Inputs, bool Bulk) ReadCreate(ApiRequest request)
    {
        JsonObject body = BodyOf(request);
        if (body.ContainsKey(Plural))
        {
            if (body[Plural] is not JsonArray { Count: > 0 } many) throw Faults.Http400("Resources required");
            return ([.. many.Select(item => ReadOne(item, request.Token, create: true))], true);
        }

        if (!body.ContainsKey(Singular)) throw Faults.Http400($"Unable to find '{Singular}' in request body");
        return ([ReadOne(body[Singular], request.Token, create: true)], false);
    }

    /// <summary>Reads the body of an update.</summary>
    public Input ReadUpdate(ApiRequest request)
    {
        JsonObject body = BodyOf(request);
        if (!body.ContainsKey(Singular)) throw Faults.Http400($"Unable to find '{Singular}' in request body");
        return ReadOne(body[Singular], request.Token, create: false);
    }

    /// <summary>The body as an object.</summary>
    public static JsonObject BodyOf(ApiRequest request)
    {
        try
        {
            return request.Body switch
            {
                JsonObject body => body,
                null => throw Faults.Http400("Resource body required"),
                _ => throw Faults.Http400("Body contains invalid data"),
            };
        }
        catch (ApiFault fault) when (fault.Type == "MalformedBody")
        {
            throw Faults.Http400("Body contains invalid data");
        }
    }

    /// <summary>Writes one resource as this asker may see it.</summary>
    public void Write(Utf8JsonWriter writer, T resource, bool admin, IReadOnlyCollection<string> fields, bool created = false)
    {
        writer.WriteStartObject();
        foreach (Attribute<T> attribute in Attributes)
        {
            if (attribute.Hidden || (attribute.AdminOnly && !admin)) continue;
            if (fields.Count > 0 && !fields.Contains(attribute.Name)) continue;
            if (attribute.Shown is { } shown && !(created && attribute.ShownWhenCreated) && !shown(resource)) continue;
            writer.WritePropertyName(attribute.Name);
            JsonOut.Write(writer, attribute.Read(resource));
        }

        writer.WriteEndObject();
    }

    private Input ReadOne(JsonNode? node, TokenInfo token, bool create)
    {
        if (node is not JsonObject given) throw Faults.Http400("Body contains invalid data");
        CheckProject(given, token);
        string[] unknown = [.. given.Select(p => p.Key).Where(k => Find(k) is null)];
        if (unknown.Length > 0) throw Faults.Http400($"Unrecognized attribute(s) '{string.Join(", ", unknown)}'");
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (Attribute<T> attribute in Attributes)
        {
            bool present = given.TryGetPropertyValue(attribute.Name, out JsonNode? value);
            if (present && !(create ? attribute.Given?.Post ?? false : attribute.Given?.Put ?? false))
                throw Faults.Http400(create ? $"Attribute '{attribute.Name}' not allowed in POST" : $"Cannot update read-only attribute {attribute.Name}");
            if (attribute.Given is not { } input) continue;
            if (present) values[attribute.Name] = null;
            else if (create && input.Required) throw Faults.Http400($"Failed to parse request. Required attribute '{attribute.Name}' not specified");
            else if (create && input.Default is { } otherwise) values[attribute.Name] = otherwise();
        }

        foreach (Attribute<T> attribute in Attributes)
        {
            if (given.TryGetPropertyValue(attribute.Name, out JsonNode? value) && attribute.Given is { } input)
                values[attribute.Name] = input.Parse(attribute.Name, value);
        }

        CheckPolicy(given, values, token, create);
        return new Input(values);
    }

    /// <summary>The two names of the owner are one; only the administrator names another than himself.</summary>
    private static void CheckProject(JsonObject given, TokenInfo token)
    {
        string? project = given.String("project_id") ?? given.String("tenant_id");
        if (project is null || token.MaySee(project)) return;
        throw Faults.Http400(
            "Specifying 'project_id' or 'tenant_id' other than the authenticated project in request requires admin or advsvc privileges");
    }

    private void CheckPolicy(JsonObject given, Dictionary<string, object?> values, TokenInfo token, bool create)
    {
        if (token.IsAdmin) return;
        string action = $"{(create ? "create" : "update")}_{Singular}";
        string[] refused =
        [
            .. Attributes
                .Where(a => a.Given?.Admin is { } admin && given.ContainsKey(a.Name) && admin(values[a.Name]))
                .Select(a => $"rule:{action}:{a.Name}"),
        ];
        if (refused.Length > 0) throw Faults.Forbidden($"(rule:{action} and {string.Join(" and ", refused)})");
    }
}
