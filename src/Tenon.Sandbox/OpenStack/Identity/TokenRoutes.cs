using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/auth</c>: issuing, validating and revoking tokens, and what a token may be scoped to.</summary>
internal sealed class TokenRoutes(IdentityStore store)
{
    /// <summary>The fault type that has the list of methods in its body.</summary>
    public const string UnsupportedMethod = "AuthMethodNotSupported";

    /// <summary>The fault type that has an empty object of what else is needed in its body.</summary>
    public const string ScopeRequested = "AdditionalAuthRequired";

    private readonly Authenticator _authenticator = new(store);

    public void Map(RouteTable routes)
    {
        routes.Post("/v3/auth/tokens", IdentityService.IssueTokenOperation, Create, anonymous: true);
        routes.Get("/v3/auth/tokens", "tokens.show", Show);
        routes.Delete("/v3/auth/tokens", "tokens.delete", Delete);
        routes.Get("/v3/auth/catalog", "auth.catalog", request => request.Token.Roles.IsEmpty ? throw IdentityFaults.Forbidden() : ApiResponse.Ok(new JsonObject
        {
            ["catalog"] = TokenJson.Catalog(store, request.Token.ProjectId),
            ["links"] = IdentityJson.Self(request, "auth/catalog"),
        }));
        routes.Get("/v3/auth/projects", "auth.projects", request => IdentityJson.List(
            request, "projects", ProjectsOf(request.Token.UserId).Select(p => IdentityJson.Project(p, request))));
        routes.Get("/v3/auth/domains", "auth.domains", request => IdentityJson.List(
            request, "domains", store.Domains.Where(d => store.EffectiveRoles(request.Token.UserId, null, d.Id).Length > 0).Select(d => IdentityJson.Domain(d, request))));
        routes.Get("/v3/auth/system", "auth.system", request => ApiResponse.Ok(new JsonObject
        {
            ["system"] = store.EffectiveRoles(request.Token.UserId, null, null).Length > 0 ? new JsonArray(new JsonObject { ["all"] = true }) : [],
            ["links"] = IdentityJson.Self(request, "auth/system"),
        }));
    }

    private IEnumerable<Project> ProjectsOf(string userId) => store.Projects.Where(p => p.Enabled && store.EffectiveRoles(userId, p.Id, null).Length > 0);

    private ApiResponse Create(ApiRequest request)
    {
        if (request.Body is not JsonObject root || !root.ContainsKey("auth")) throw IdentityFaults.Expecting("auth", "request body");
        AuthSchema.Check(root["auth"]);
        Token token = store.Issue(_authenticator.Authenticate((JsonObject)root["auth"]!));
        return ApiResponse.Wrapped(201, "token", TokenJson.Render(store, token, Catalog(request))).With("X-Subject-Token", token.Id);
    }

    private ApiResponse Show(ApiRequest request)
    {
        Token token = Subject(request, "identity:validate_token");
        return ApiResponse.Wrapped(200, "token", TokenJson.Render(store, token, Catalog(request))).With("X-Subject-Token", token.Id);
    }

    private ApiResponse Delete(ApiRequest request)
    {
        Token token = Subject(request, "identity:revoke_token");
        store.Revoke(t => t == token);
        return ApiResponse.Empty(204);
    }

    private Token Subject(ApiRequest request, string action)
    {
        string? id = request.Header("X-Subject-Token");
        Token? token = store.FindToken(id);
        bool own = token is not null && (store.Value(token)?.UserId == request.Token.UserId);
        if (id is null || (token is not null && !own && !request.Token.IsAdmin && !request.Token.HasRole("service"))) throw IdentityFaults.Forbidden(action);
        return token is not null && store.Value(token) is not null ? token : throw store.WhyInvalid(id);
    }

    private static bool Catalog(ApiRequest request) => !request.Query.Has("nocatalog");
}
