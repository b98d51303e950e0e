using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/users/{user}/application_credentials</c>.</summary>
internal sealed class ApplicationCredentialRoutes(IdentityStore store)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v3/users/{user}/application_credentials", "application_credentials.list", request => IdentityJson.List(
            Permitted(request, "list_application_credentials"), "application_credentials",
            store.ApplicationCredentials.Where(c => c.UserId == request["user"]).Select(c => Render(c, request)), "name"));
        routes.Post("/v3/users/{user}/application_credentials", "application_credentials.create", Create);
        routes.Get("/v3/users/{user}/application_credentials/{id}", "application_credentials.show", request => ApiResponse.Wrapped(
            200, "application_credential", Render(Find(Permitted(request, "get_application_credential")), request)));
        routes.Delete("/v3/users/{user}/application_credentials/{id}", "application_credentials.delete", request =>
        {
            CheckUnrestricted(request, store);
            store.ApplicationCredentials.Remove(Find(Permitted(request, "delete_application_credential")).Id);
            store.Changed();
            return ApiResponse.Empty(204);
        });
        routes.Get("/v3/users/{user}/access_rules", "access_rules.list", request => IdentityJson.List(Permitted(request, "list_access_rules"), "access_rules", []));
    }

    /// <summary>A token from an application credential may not make or end delegations unless the credential is unrestricted.</summary>
    public static void CheckUnrestricted(ApiRequest request, IdentityStore store)
    {
        if (store.FindToken(request.Header("X-Auth-Token")) is { ApplicationCredentialId: { } id } && store.ApplicationCredentials.Find(id) is { Unrestricted: not true })
            throw IdentityFaults.Forbidden("Using method 'application_credential' is not allowed for managing additional application credentials.");
    }

    private static ApiRequest Permitted(ApiRequest request, string action)
        => request.Token.UserId == request["user"] || request.Token.IsAdmin ? request : throw IdentityFaults.Forbidden($"identity:{action}");

    private ApplicationCredential Find(ApiRequest request)
        => store.ApplicationCredentials.Find(request["id"]) is { } credential && credential.UserId == request["user"]
            ? credential
            : throw new ApiFault(404, $"Could not find Application Credential: {request["id"]}.");

    private ApiResponse Create(ApiRequest request)
    {
        if (request.Token.UserId != request["user"]) throw IdentityFaults.Forbidden("identity:create_application_credential");
        CheckUnrestricted(request, store);
        JsonObject body = (request.Body as JsonObject)?.Object("application_credential") ?? [];
        string name = body.String("name") ?? throw IdentityFaults.Required("name");
        if (request.Token.ProjectId is not { } projectId) throw IdentityFaults.Expecting("project", "token's scope");
        if (store.ApplicationCredentials.Any(c => c.UserId == request.Token.UserId && c.Name == name))
            throw IdentityFaults.Conflict("application_credential", $"Duplicate entry found with name {name}");
        DateTimeOffset? expires = Expiry(body);
        if (expires <= store.Now) throw IdentityFaults.Past();
        var credential = new ApplicationCredential
        {
            Id = Text.NewHexId(),
            Name = name,
            Description = body.String("description"),
            UserId = request.Token.UserId,
            ProjectId = projectId,
            Secret = body.String("secret") ?? IdentityStore.NewSecret(),
            RoleIds = Roles(body, store.EffectiveRoles(request.Token.UserId, projectId, null)),
            ExpiresAt = expires,
            Unrestricted = body.Boolean("unrestricted"),
            AccessRules = (JsonArray?)body.Array("access_rules")?.DeepClone(),
        };
        store.ApplicationCredentials.Add(credential.Id, credential);
        JsonObject json = Render(credential, request);
        json["secret"] = credential.Secret;
        return ApiResponse.Wrapped(201, "application_credential", json);
    }

    /// <summary>The roles asked for, by ID or name, all of which the user must hold; without any, all that the user holds.</summary>
    private ImmutableArray<string> Roles(JsonObject body, ImmutableArray<Role> held)
    {
        if (body.Array("roles") is not { Count: > 0 } wanted) return [.. held.Select(r => r.Id)];
        return [.. store.WithImplied(wanted.OfType<JsonObject>().Select(w =>
        {
            Role role = store.RoleOf(w);
            return held.Contains(role) ? role.Id : throw new ApiFault(400, "Invalid application credential: Cannot create an application credential with unassigned role");
        })).Select(r => r.Id)];
    }

    private static DateTimeOffset? Expiry(JsonObject body)
    {
        if (body.String("expires_at") is not { } text) return null;
        return DateTimeOffset.TryParse(text, null, System.Globalization.DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time.ToUniversalTime()
            : throw new ApiFault(400, "Timestamp not in expected format. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.");
    }

    private JsonObject Render(ApplicationCredential credential, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["id"] = credential.Id,
            ["name"] = credential.Name,
            ["description"] = credential.Description,
            ["user_id"] = credential.UserId,
            ["project_id"] = credential.ProjectId,
            ["system"] = null,
            ["expires_at"] = credential.ExpiresAt is { } end ? end.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss'.000000'") : null,
            ["unrestricted"] = credential.Unrestricted,
            ["roles"] = new JsonArray([.. credential.RoleIds.Select(store.Roles.Find).OfType<Role>().Select(r => IdentityJson.Role(r, null))]),
            ["links"] = IdentityJson.Self(request, $"application_credentials/{credential.Id}"),
        };
        if (credential.AccessRules is { } rules) json["access_rules"] = rules.DeepClone();
        return json;
    }
}
