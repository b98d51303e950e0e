using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Features;

namespace Tenon.Sandbox.OpenStack.KeyManagement;

/// <summary>Barbican, as far as certificates for load balancers need it: secrets and containers.</summary>
internal sealed class KeyManagementService : ApiService, ISecretStore
{
    private readonly RegionContext _context;
    private readonly ResourceTable<Entry> _secrets = new();
    private readonly ResourceTable<Entry> _containers = new();

    public KeyManagementService(RegionContext context)
    {
        _context = context;
        Routes.Get("/", "versions", request => ApiResponse.Json(300, Version(request)), anonymous: true);
        Routes.Get("/v1", "versions.v1", request => ApiResponse.Ok(Version(request)), anonymous: true);
        Map("secrets", "secret", _secrets, CreateSecret);
        Map("containers", "container", _containers, CreateContainer);
        Routes.Get("/v1/secrets/{id}/payload", "secrets.payload", request =>
        {
            Entry secret = Find(_secrets, request, "Secret");
            return secret.Payload is { } payload
                ? ApiResponse.Text(200, payload, secret.ContentType)
                : throw new ApiFault(404, "Not Found. Sorry but your secret has no payload.");
        });
    }

    /// <inheritdoc/>
    public override string Name => "key-manager";

    /// <inheritdoc/>
    public override ApiFault NoRoute(ApiRequest request) => new(404, "Not Found. Sorry but your container is in another castle.");

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Json(fault.Status, new JsonObject
    {
        ["code"] = fault.Status,
        ["title"] = fault.Status switch { 400 => "Bad Request", 403 => "Forbidden", 404 => "Not Found", _ => "Internal Server Error" },
        ["description"] = fault.Message,
    });

    /// <inheritdoc/>
    public bool HasCertificate(string reference)
    {
        string[] parts = reference.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2) return false;
        return parts[^2] switch
        {
            "containers" => _containers.Find(parts[^1])?.Body.String("type") == "certificate",
            "secrets" => _secrets.Find(parts[^1])?.Payload is not null,
            _ => false,
        };
    }

    private static JsonObject Version(ApiRequest request) => new()
    {
        ["versions"] = new JsonObject
        {
            ["values"] = new JsonArray(new JsonObject
            {
                ["id"] = "v1", ["status"] = "stable", ["updated"] = "2015-04-28T00:00:00Z",
                ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = request.BaseUrl + "/v1/" }),
                ["media-types"] = new JsonArray(new JsonObject { ["base"] = "application/json", ["type"] = "application/vnd.openstack.key-manager-v1+json" }),
            }),
        },
    };

    private static Entry Find(ResourceTable<Entry> table, ApiRequest request, string word)
    {
        if (!table.TryGet(request["id"], out Entry? entry)) throw new ApiFault(404, $"Not Found. Sorry but your {word.ToLowerInvariant()} is in another castle.");
        return request.Token.MaySee(entry.ProjectId) ? entry : throw new ApiFault(403, $"{word} retrieval attempt not allowed - please review your user/project privileges");
    }

    private void Map(string plural, string singular, ResourceTable<Entry> table, Func<ApiRequest, JsonObject, Entry> create)
    {
        string word = char.ToUpperInvariant(singular[0]) + singular[1..], all = $"/v1/{plural}", one = all + "/{id}";
        string Reference(ApiRequest request, Entry entry) => $"{request.BaseUrl}/v1/{plural}/{entry.Id}";
        JsonObject View(ApiRequest request, Entry entry)
        {
            var view = (JsonObject)entry.Body.DeepClone();
            view[$"{singular}_ref"] = Reference(request, entry);
            return view;
        }

        Routes.Get(all, $"{plural}.list", request =>
        {
            Entry[] found = [.. table.Where(e => request.Token.MaySee(e.ProjectId) && (request.Query["name"] is not { } name || e.Body.String("name") == name))];
            int offset = int.TryParse(request.Query["offset"], out int o) ? o : 0, limit = int.TryParse(request.Query["limit"], out int l) ? l : 10;
            return ApiResponse.Ok(new JsonObject
            {
                [plural] = new JsonArray([.. found.Skip(offset).Take(limit).Select(e => (JsonNode)View(request, e))]), ["total"] = found.Length,
            });
        });
        Routes.Get(one, $"{plural}.show", request => ApiResponse.Ok(View(request, Find(table, request, word))));
        Routes.Delete(one, $"{plural}.delete", request =>
        {
            table.Remove(Find(table, request, word).Id);
            return ApiResponse.Empty(204);
        });
        Routes.Post(all, $"{plural}.create", request =>
        {
            if (request.Body is not JsonObject body) throw new ApiFault(400, "Malformed JSON");
            Entry entry = create(request, body);
            table.Add(entry.Id, entry);
            return ApiResponse.Json(201, new JsonObject { [$"{singular}_ref"] = Reference(request, entry) });
        });
    }

    private Entry CreateSecret(ApiRequest request, JsonObject body)
    {
        string? payload = body.String("payload"), type = body.String("payload_content_type");
        if (payload is not null && type is null)
            throw new ApiFault(400, "Provided object does not match schema 'Secret': If 'payload' is supplied, 'payload_content_type' must also be supplied.. Invalid property: 'payload_content_type'");
        string now = Time();
        return new Entry(Text.NewUuid(), request.Token.ProjectId ?? "", payload, type ?? "text/plain", new JsonObject
        {
            ["name"] = body.String("name"), ["status"] = "ACTIVE", ["secret_type"] = body.String("secret_type") ?? "opaque",
            ["algorithm"] = body.String("algorithm"), ["bit_length"] = body["bit_length"]?.DeepClone(), ["mode"] = body.String("mode"),
            ["expiration"] = body.String("expiration"), ["created"] = now, ["updated"] = now, ["creator_id"] = request.Token.UserId,
            ["content_types"] = type is null ? null : new JsonObject { ["default"] = type },
        });
    }

    private Entry CreateContainer(ApiRequest request, JsonObject body)
    {
        string kind = body.String("type") ?? "";
        if (kind is not ("generic" or "rsa" or "certificate"))
            throw new ApiFault(400, $"Provided object does not match schema 'Container': '{kind}' is not one of ['generic', 'rsa', 'certificate']. Invalid property: 'type'");
        var references = new JsonArray();
        foreach (JsonObject reference in (body.Array("secret_refs") ?? []).OfType<JsonObject>())
        {
            string target = reference.String("secret_ref") ?? "";
            if (!_secrets.Contains(target.Split('/')[^1])) throw new ApiFault(404, "Secret provided for '" + reference.String("name") + "' doesn't exist.");
            references.Add(reference.DeepClone());
        }

        if (kind == "certificate" && references.OfType<JsonObject>().All(r => r.String("name") != "certificate"))
            throw new ApiFault(400, "Provided object does not match schema 'Container': only 'private_key', 'certificate' ,  'private_key_passphrase', or 'intermediates' reference names are allowed for Certificate type. Invalid property: 'secret_refs'");
        string now = Time();
        return new Entry(Text.NewUuid(), request.Token.ProjectId ?? "", null, "", new JsonObject
        {
            ["name"] = body.String("name"), ["type"] = kind, ["status"] = "ACTIVE", ["secret_refs"] = references, ["consumers"] = new JsonArray(),
            ["created"] = now, ["updated"] = now, ["creator_id"] = request.Token.UserId,
        });
    }

    private string Time() => _context.Now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss");

    private sealed record Entry(string Id, string ProjectId, string? Payload, string ContentType, JsonObject Body);
}
