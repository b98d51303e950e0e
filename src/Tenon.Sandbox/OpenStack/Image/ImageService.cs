using System.Net;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Image;

/// <summary>Glance v2, as far as clients of servers need it.</summary>
internal sealed class ImageService : ApiService
{
    private static readonly string[] Filters = ["name", "status", "visibility", "owner", "id", "disk_format", "container_format", "protected", "checksum", "tag", "os_hidden"];
    private readonly RegionContext _context;
    private readonly ResourceTable<StoredImage> _images = new();

    public ImageService(RegionContext context)
    {
        _context = context;
        Routes.Get("/", "versions.list", request => ApiResponse.Json(300, Versions(request)), anonymous: true);
        Routes.Get("/versions", "versions.list", request => ApiResponse.Ok(Versions(request)), anonymous: true);
        Routes.Get("/v2", "version.show", request => ApiResponse.Text(302, "", "text/plain").With("Location", $"{request.BaseUrl}/v2/"));
        Routes.Get("/v2/images", "images.list", List);
        Routes.Post("/v2/images", "images.create", Create);
        Routes.Get("/v2/images/{id}", "images.show", request => ApiResponse.Ok(Find(request).Render()));
        Routes.Patch("/v2/images/{id}", "images.update", Update);
        Routes.Delete("/v2/images/{id}", "images.delete", Delete);
        Routes.Put("/v2/images/{id}/file", "images.upload", Upload);
        Routes.Get("/v2/images/{id}/file", "images.download", Download);
        Routes.Put("/v2/images/{id}/tags/{tag}", "images.tags.add", request =>
        {
            Owned(request).AddTag(request["tag"]);
            return ApiResponse.Empty(204);
        });
        Routes.Delete("/v2/images/{id}/tags/{tag}", "images.tags.delete", request =>
            Owned(request).RemoveTag(request["tag"]) ? ApiResponse.Empty(204) : throw new ApiFault(404, "Image tag not found."));
        Routes.Get("/v2/images/{id}/members", "images.members.list", Members);
        Routes.Get("/v2/schemas/image", "schemas.image", request => ApiResponse.Ok(ImageSchema.Image()));
        Routes.Get("/v2/schemas/images", "schemas.images", request => ApiResponse.Ok(ImageSchema.Images()));
        Routes.Get("/v2/info/import", "info.import", request => ApiResponse.Ok(new JsonObject
        {
            ["import-methods"] = new JsonObject { ["description"] = "Import methods available.", ["type"] = "array", ["value"] = new JsonArray() },
        }));
        Routes.Get("/v2/info/stores", "info.stores", request => ApiResponse.Ok(new JsonObject
        {
            ["stores"] = new JsonArray(new JsonObject { ["id"] = "memory", ["default"] = "true" }),
        }));
    }

    /// <inheritdoc/>
    public override string Name => "image";

    /// <summary>Whether a server may boot from it.</summary>
    public bool IsActive(string id) => _images.Find(id)?.Status == "active";

    /// <summary>Every image, for Nova's seeds.</summary>
    public IEnumerable<string> Ids => _images.Select(i => i.Id);

    /// <summary>Makes an active image out of a server, as Nova's createImage does.</summary>
    public string Snapshot(string name, string projectId, int gigabytes)
    {
        var image = new StoredImage(Text.NewUuid(), projectId, _context.Now);
        image.Set("name", name);
        image.Set("disk_format", "raw");
        image.Set("container_format", "bare");
        image.Set("min_disk", gigabytes);
        image.Store([], _context.Now);
        _images.Add(image.Id, image);
        return image.Id;
    }

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request)
    {
        string title = fault.Status switch
        {
            400 => "400 Bad Request", 401 => "401 Unauthorized", 403 => "403 Forbidden", 404 => "404 Not Found", 405 => "405 Method Not Allowed", 409 => "409 Conflict",
            410 => "410 Gone", 413 => "413 Request Entity Too Large", 429 => "429 Too Many Requests", 503 => "503 Service Unavailable", _ => $"{fault.Status} Internal Server Error",
        };
        string message = fault.Type == "MalformedBody" ? "Malformed JSON in request body." : fault.Message;
        return ApiResponse.Text(
            fault.Status,
            $"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n  <h1>{title}</h1>\n  {WebUtility.HtmlEncode(message)}<br /><br />\n\n\n\n </body>\n</html>",
            "text/html; charset=UTF-8");
    }

    /// <inheritdoc/>
    public override ApiResponse Unauthenticated(ApiRequest request) => Render(
        new ApiFault(
            401,
            "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required."),
        request).With("WWW-Authenticate", $"Keystone uri=\"{IdentityUrl}\"");

    private static JsonObject Versions(ApiRequest request)
    {
        JsonObject Version(string id, string status) => new()
        {
            ["id"] = id, ["status"] = status, ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2/" }),
        };
        string[] older = ["v2.13", "v2.12", "v2.11", "v2.10", "v2.9", "v2.8", "v2.7", "v2.6", "v2.5", "v2.4", "v2.3", "v2.2", "v2.1", "v2.0"];
        return new JsonObject { ["versions"] = new JsonArray([Version("v2.15", "CURRENT"), .. older.Select(v => Version(v, "SUPPORTED"))]) };
    }

    private static bool MaySee(StoredImage image, ApiRequest request) => image.Visibility is "public" or "community" || request.Token.MaySee(image.Owner);

    private StoredImage Find(ApiRequest request)
        => _images.Find(request["id"]) is { } image && MaySee(image, request) ? image : throw new ApiFault(404, $"No image found with ID {request["id"]}");

    private StoredImage Owned(ApiRequest request)
    {
        StoredImage image = Find(request);
        return request.Token.MaySee(image.Owner) ? image : throw new ApiFault(403, "You are not permitted to modify this image.");
    }

    private ApiResponse List(ApiRequest request)
    {
        int limit = 25;
        if (request.Query["limit"] is { } text && !int.TryParse(text, out limit)) throw new ApiFault(400, "limit param must be an integer");
        if (limit < 0) throw new ApiFault(400, "limit param must be positive");
        limit = Math.Min(limit, 1000);
        IEnumerable<JsonObject> images = _images.Where(i => MaySee(i, request)).Select(i => i.Render());
        string? member = request.Query["member_status"];
        if (member is not null and not ("accepted" or "pending" or "rejected" or "all")) throw new ApiFault(400, $"Invalid status: {member}");
        foreach (KeyValuePair<string, string> filter in request.Query.Items.Where(i => Filters.Contains(i.Key)))
        {
            string key = filter.Key == "tag" ? "tags" : filter.Key;
            string[] wanted = filter.Value.StartsWith("in:", StringComparison.Ordinal) ? filter.Value[3..].Split(',') : [filter.Value];
            if (key == "visibility" && filter.Value == "all") continue;
            images = images.Where(i => i.TryGetPropertyValue(key, out JsonNode? value) && wanted.Any(w => Listing.Matches(value, w)));
        }

        if (!request.Query.Has("os_hidden")) images = images.Where(i => i.Boolean("os_hidden") != true);
        images = Listing.Sort(images, Order(request.Query));
        string? marker = request.Query["marker"];
        Page<JsonObject> page = Listing.Cut(images, i => i.String("id")!, limit, marker) ?? throw new ApiFault(400, $"No image found with ID {marker}");
        string first = request.Query.Without("marker") is { Items.Length: > 0 } rest ? "?" + string.Join('&', rest.Items.Select(i => $"{i.Key}={i.Value}")) : "";
        var body = new JsonObject { ["images"] = new JsonArray([.. page.Items]), ["first"] = $"/v2/images{first}", ["schema"] = "/v2/schemas/images" };
        if (page.Items.Count > 0 && page.Items.Count == limit) body["next"] = $"/v2/images?{request.Query.With("marker", page.Items[^1].String("id")!)}";
        return ApiResponse.Ok(body);
    }

    /// <summary>sort=key:dir,key or sort_key with sort_dir; the newest first by default.</summary>
    private static List<(string Key, bool Descending)> Order(ApiQuery query)
    {
        if (query["sort"] is { } sort)
            return [.. sort.Split(',').Select(part => part.Split(':')).Select(p => (p[0], p.Length < 2 || p[1] != "asc"))];
        IReadOnlyList<string> keys = query.All("sort_key"), directions = query.All("sort_dir");
        if (keys.Count == 0) keys = ["created_at"];
        return [.. keys.Select((k, i) => (k, (i < directions.Count ? directions[i] : directions.Count > 0 ? directions[^1] : "desc") != "asc"))];
    }

    private ApiResponse Create(ApiRequest request)
    {
        if (request.Body is not JsonObject body) throw new ApiFault(400, "Malformed JSON in request body.");
        foreach (string read in ImageSchema.ReadOnly)
        {
            if (body.ContainsKey(read)) throw new ApiFault(403, $"Attribute '{read}' is read-only.");
        }

        ImageSchema.Check(body);
        string id = body.String("id") ?? Text.NewUuid();
        if (_images.Contains(id)) throw new ApiFault(409, $"Image ID {id} already exists!");
        if (body.String("visibility") == "public" && !request.Token.IsAdmin) throw new ApiFault(403, "You are not authorized to complete publicize_image action.");
        string owner = request.Token.IsAdmin ? body.String("owner") ?? request.Token.ProjectId ?? "" : request.Token.ProjectId ?? "";
        var image = new StoredImage(id, owner, _context.Now);
        foreach ((string name, JsonNode? value) in body)
        {
            if (name is not ("id" or "owner")) image.Set(name, value?.DeepClone());
        }

        _images.Add(id, image);
        return ApiResponse.Json(201, image.Render()).With("Location", $"{request.BaseUrl}/v2/images/{id}");
    }

    private ApiResponse Update(ApiRequest request)
    {
        StoredImage image = Owned(request);
        if (request.Body is not JsonArray changes) throw new ApiFault(400, "Request body must be a JSON array of operation objects.");
        foreach (JsonObject change in changes.OfType<JsonObject>())
        {
            string path = (change.String("path") ?? "").TrimStart('/');
            if (path.Length == 0) throw new ApiFault(400, "Unable to find 'path' in JSON Schema change");
            if (ImageSchema.ReadOnly.Contains(path)) throw new ApiFault(403, $"Attribute '{path}' is read-only.");
            switch (change.String("op"))
            {
                case "add" or "replace":
                    ImageSchema.Check(new JsonObject { [path] = change["value"]?.DeepClone() });
                    image.Set(path, change["value"]?.DeepClone());
                    break;
                case "remove":
                    if (!image.Remove(path)) throw new ApiFault(409, $"Property {path} does not exist.");
                    break;
                default:
                    throw new ApiFault(400, "Operations must be JSON objects with one of the ops add, replace or remove.");
            }
        }

        image.Touch(_context.Now);
        return ApiResponse.Ok(image.Render());
    }

    private ApiResponse Delete(ApiRequest request)
    {
        StoredImage image = Owned(request);
        if (image.Protected) throw new ApiFault(403, $"Image {image.Id} is protected and cannot be deleted.");
        _images.Remove(image.Id);
        return ApiResponse.Empty(204);
    }

    private ApiResponse Upload(ApiRequest request)
    {
        StoredImage image = Owned(request);
        if (image.Status != "queued") throw new ApiFault(409, "Image status transition from active to saving is not allowed");
        image.Store(request.RawBody.ToArray(), _context.Now);
        return ApiResponse.Empty(204);
    }

    private ApiResponse Download(ApiRequest request)
    {
        StoredImage image = Find(request);
        return image.Data is { Length: > 0 } data ? ApiResponse.Bytes(200, data, "application/octet-stream") : ApiResponse.Empty(204);
    }

    private ApiResponse Members(ApiRequest request)
    {
        StoredImage image = Find(request);
        if (image.Visibility != "shared") throw new ApiFault(403, $"Not allowed to list members for image {image.Id}: Only shared images have members.");
        return ApiResponse.Ok(new JsonObject { ["members"] = new JsonArray(), ["schema"] = "/v2/schemas/members" });
    }
}
