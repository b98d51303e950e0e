using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>The calls that all of Neutron's resources have: list, show, create (one or many), update, delete, tags.</summary>
internal sealed class ResourceApi<T> where T : NeutronResource
{
    public required ResourceType<T> Type { get; init; }

    /// <summary>As in paths: <c>security-groups</c>.</summary>
    public required string Path { get; init; }

    public required ResourceTable<T> Table { get; init; }

    public required NetworkState State { get; init; }

    public required Func<string, ApiFault> NotFound { get; init; }

    public Func<TokenInfo, T, bool> Sees { get; init; } = (token, resource) => token.MaySee(resource.ProjectId);

    /// <summary>Whether the asker may change it, once he sees it.</summary>
    public Func<TokenInfo, T, bool> Owns { get; init; } = (token, resource) => token.MaySee(resource.ProjectId);

    /// <summary>Makes one and adds it to the state. The second argument is the owner.</summary>
    public Func<Input, string, TokenInfo, T>? Create { get; init; }

    /// <summary>Refuses a list of creates as a whole, before any is made.</summary>
    public Action<ImmutableArray<Input>, string>? CheckBulk { get; init; }

    /// <summary>What remains of a list of creates that failed, after what was made of it is gone again.</summary>
    public Action<IReadOnlyList<T>, ApiFault>? BulkFailed { get; init; }

    public Action<T, Input, TokenInfo>? Update { get; init; }

    /// <summary>Whether an update says nothing that is not so already; such a one is no change.</summary>
    public Func<T, Input, bool> SaysNothingNew { get; init; } = (_, input) => !input.Names.Any();

    /// <summary>Whether an update may name the revision that it expects. Where it may not, the service breaks: a new revision without the change.</summary>
    public Func<Input, bool> MayExpectRevision { get; init; } = _ => true;

    /// <summary>Refuses a delete by who asks.</summary>
    public Action<T, TokenInfo>? CheckDelete { get; init; }

    /// <summary>Deletes it, or refuses to.</summary>
    public required Action<T> Delete { get; init; }

    /// <summary>Filters that are no attributes.</summary>
    public IReadOnlyDictionary<string, Func<T, IReadOnlyList<string>, bool>>? Filters { get; init; }

    /// <summary>Runs before every list: makes what Neutron makes when asked.</summary>
    public Action<ApiRequest>? BeforeList { get; init; }

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        string name = Path.Replace('-', '_');
        string all = $"/v2.0/{Path}", one = $"{all}/{{id}}";
        routes.Get(all, $"{name}.list", List);
        routes.Get(one, $"{name}.show", request => Answer(200, Find(request), request));
        routes.Delete(one, $"{name}.delete", Remove);
        if (Create is not null) routes.Post(all, $"{name}.create", Make);
        if (Update is not null) routes.Put(one, $"{name}.update", Change);
        if (Type.Find("tags") is null) return;
        routes.Get($"{one}/tags", $"{name}.tags.list", request => TagList([.. Tagged(request).Tags]));
        routes.Put($"{one}/tags", $"{name}.tags.replace", ReplaceTags);
        routes.Delete($"{one}/tags", $"{name}.tags.clear", request => ChangeTags(request, 204, tags => tags.Clear()));
        routes.Get($"{one}/tags/{{tag}}", $"{name}.tags.show", request =>
            Tagged(request).Tags.Contains(request["tag"]) ? ApiResponse.Empty(204) : throw TagNotFound(request["tag"]));
        routes.Put($"{one}/tags/{{tag}}", $"{name}.tags.add", request =>
        {
            CheckLength(request["tag"]);
            // The server takes the slash for one of the path, however it is written.
            return request["tag"].Contains('/', StringComparison.Ordinal) ? throw Faults.NotFound() : ChangeTags(request, 201, tags => tags.Add(request["tag"]));
        });
        routes.Delete($"{one}/tags/{{tag}}", $"{name}.tags.remove", request => ChangeTags(request, 204, tags =>
        {
            if (!tags.Remove(request["tag"])) throw TagNotFound(request["tag"]);
        }));
    }

    /// <summary>The resource of the path, if the asker sees it.</summary>
    public T Find(ApiRequest request)
        => Table.TryGet(request["id"], out T? resource) && Sees(request.Token, resource) ? resource : throw NotFound(request["id"]);

    /// <summary>The resource of the path, if the asker may change it and the request's condition holds.</summary>
    public T FindToChange(ApiRequest request, string verb)
    {
        T resource = FindOwned(request, verb);
        CheckRevision(request, resource);
        return resource;
    }

    /// <summary>Answers with one resource.</summary>
    public ApiResponse Answer(int status, T resource, ApiRequest request, bool created = false)
    {
        HashSet<string> fields = [.. request.Query.All("fields")];
        return ApiResponse.Json(status, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName(Type.Singular);
            Type.Write(writer, resource, request.Token.IsAdmin, fields, created);
            writer.WriteEndObject();
        });
    }

    private T FindOwned(ApiRequest request, string verb)
    {
        T resource = Find(request);
        return Owns(request.Token, resource) ? resource : throw Faults.Forbidden($"rule:{verb}_{Type.Singular}");
    }

    private static void CheckRevision(ApiRequest request, T resource)
    {
        const string key = "revision_number=";
        if (request.Header("If-Match") is not { } condition || !condition.StartsWith(key, StringComparison.Ordinal)) return;
        if (!int.TryParse(condition.AsSpan(key.Length), out int wanted))
            throw Faults.BadRequest("if-match", "Revision number etag must be in the format of revision_number=<int>");
        if (wanted == resource.Revision) return;
        throw new ApiFault(412, $"Constrained to {wanted}, but current revision is {resource.Revision}", "RevisionNumberConstraintFailed");
    }

    private static ApiFault TagNotFound(string tag) => Faults.NotFound("TagNotFound", $"Tag {tag} could not be found.");

    private static ApiResponse TagList(string[] tags)
    {
        return ApiResponse.Json(200, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("tags");
            JsonOut.Write(writer, tags);
            writer.WriteEndObject();
        });
    }

    private ApiResponse List(ApiRequest request)
    {
        BeforeList?.Invoke(request);
        TokenInfo token = request.Token;
        return Lists.Answer(Type, Table.Where(r => Sees(token, r)), request, Filters);
    }

    private ApiResponse Make(ApiRequest request)
    {
        (ImmutableArray<Input> inputs, bool bulk) = Type.ReadCreate(request);
        string project = request.Token.ProjectId ?? "";
        string Owner(Input input) => input.Get<string>("project_id") ?? input.Get<string>("tenant_id") ?? project;
        if (bulk) CheckBulk?.Invoke(inputs, Owner(inputs[0]));
        var made = new List<T>(inputs.Length);
        try
        {
            foreach (Input input in inputs) made.Add(Create!(input, Owner(input), request.Token));
        }
        catch (ApiFault fault)
        {
            // All or nothing: what was made of a list goes again.
            for (int i = made.Count - 1; i >= 0; i--) Delete(made[i]);
            if (bulk) BulkFailed?.Invoke(made, fault);
            throw;
        }

        if (!bulk) return Answer(201, made[0], request, created: true);
        return ApiResponse.Json(201, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray(Type.Plural);
            foreach (T one in made) Type.Write(writer, one, request.Token.IsAdmin, [], created: true);
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private ApiResponse Change(ApiRequest request)
    {
        Input input = Type.ReadUpdate(request);
        bool expects = request.Header("If-Match") is not null, breaks = expects && !MayExpectRevision(input);
        bool nothing = SaysNothingNew(Find(request), input);
        T resource = breaks || nothing ? FindOwned(request, "update") : FindToChange(request, "update");
        if (!breaks) Update!(resource, input, request.Token);
        if (!nothing) resource.Touch(State.Now);
        return breaks ? throw Faults.Crash() : Answer(200, resource, request);
    }

    private ApiResponse Remove(ApiRequest request)
    {
        T resource = FindToChange(request, "delete");
        CheckDelete?.Invoke(resource, request.Token);
        Delete(resource);
        return ApiResponse.Empty(204);
    }

    private T Tagged(ApiRequest request)
        => Table.TryGet(request["id"], out T? resource) && Sees(request.Token, resource)
            ? resource
            : throw Faults.NotFound("TagResourceNotFound", $"Resource {Path.Replace('-', '_')} {request["id"]} could not be found.");

    private ApiResponse ReplaceTags(ApiRequest request)
    {
        System.Text.Json.Nodes.JsonObject body = ResourceType<T>.BodyOf(request);
        if (!body.ContainsKey("tags")) throw Faults.InvalidInput("Invalid tags body");
        if (body["tags"] is not System.Text.Json.Nodes.JsonArray array) throw Faults.InvalidInput($"'{Python.Str(body["tags"])}' is not a list");
        string[] tags = [.. array.Select(t => Parse.StringOf(t) ?? throw Faults.InvalidInput($"'{Python.Str(t)}' is not a valid string"))];
        string[] repeated = [.. tags.GroupBy(t => t).Where(g => g.Count() > 1).Select(g => g.Key)];
        if (repeated.Length > 0) throw Faults.InvalidInput($"Duplicate items in the list: '{string.Join(", ", repeated)}'");
        foreach (string tag in tags) CheckLength(tag);
        ChangeTags(request, 200, set =>
        {
            set.Clear();
            set.UnionWith(tags);
        });
        return TagList(tags);
    }

    private static void CheckLength(string tag)
    {
        if (tag.Length > Parse.NameLength) throw Faults.InvalidInput($"'{tag}' exceeds maximum length of {Parse.NameLength}");
    }

    private ApiResponse ChangeTags(ApiRequest request, int status, Action<SortedSet<string>> change)
    {
        T resource = Tagged(request);
        string[] before = [.. resource.Tags];
        change(resource.Tags);
        if (!resource.Tags.SequenceEqual(before)) resource.Touch(State.Now);
        // Neutron answers an added tag with the word null.
        return status == 201 ? ApiResponse.Text(201, "null", "application/json") : ApiResponse.Empty(status);
    }
}
