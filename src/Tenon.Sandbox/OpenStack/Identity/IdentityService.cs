using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Keystone, one for all regions. It has a gate of its own, which may be taken while a region's is held, never the other way round.</summary>
internal sealed class IdentityService : ApiService
{
    /// <summary>The operation that issues tokens; it counts as authentication.</summary>
    public const string IssueTokenOperation = "tokens.create";

    public IdentityService(SandboxOptions options)
    {
        Store = new IdentityStore(options.TimeProvider, options.TokenLifetime);
        IdentitySeed.Accounts(Store);
        Routes.Get("/", "versions.list", Versions, anonymous: true);
        Routes.Get("/v3", "version.show", Version, anonymous: true);
        new TokenRoutes(Store).Map(Routes);
        new ProjectRoutes(Store).Map(Routes);
        new UserRoutes(Store).Map(Routes);
        new RoleRoutes(Store).Map(Routes);
        new AssignmentRoutes(Store).Map(Routes);
        new CatalogRoutes(Store).Map(Routes);
        new ApplicationCredentialRoutes(Store).Map(Routes);
        new TrustRoutes(Store).Map(Routes);
        // What clients list although this cloud has none.
        foreach (string empty in (string[])["groups", "limits", "registered_limits", "credentials", "policies"])
            Routes.Get($"/v3/{empty}", $"{empty}.list", request => IdentityJson.List(request, empty, []));
    }

    /// <inheritdoc/>
    public override string Name => "identity";

    /// <inheritdoc/>
    public override bool KnowsRoutesBeforeTokens => true;

    /// <summary>Held while a handler runs and while tokens are valued; reentrant.</summary>
    public Lock Gate { get; } = new();

    public IdentityStore Store { get; }

    /// <summary>What a token says; null where it is unknown, revoked or expired.</summary>
    public TokenInfo? Validate(string? tokenId)
    {
        lock (Gate) return Store.FindToken(tokenId) is { } token ? Store.Value(token) : null;
    }

    /// <summary>Who the sandbox itself is when it seeds or is asked in process.</summary>
    /// <exception cref="ArgumentException">There is no such project.</exception>
    public TokenInfo InProcess(string projectName, bool admin)
    {
        lock (Gate)
        {
            Project project = Store.Projects.FirstOrDefault(p => p.Name == projectName)
                ?? throw new ArgumentException($"There is no project {projectName}.", nameof(projectName));
            User user = Store.Users.FirstOrDefault(u => u.Name == projectName) ?? Store.Users.First(u => u.Name == "admin");
            return new TokenInfo
            {
                UserId = user.Id,
                UserName = user.Name,
                ProjectId = project.Id,
                Roles = admin ? ["admin", "member", "reader", "load-balancer_member"] : ["member", "reader", "load-balancer_member"],
            };
        }
    }

    /// <summary>The ID of a project by its name or ID; null where there is none.</summary>
    public string? ProjectId(string nameOrId)
    {
        lock (Gate) return Store.Projects.Find(nameOrId)?.Id ?? Store.Projects.FirstOrDefault(p => p.Name == nameOrId)?.Id;
    }

    /// <summary>Fills the catalog, once the addresses are known.</summary>
    public void SetCatalog(IEnumerable<(string Type, string Name, string Region, string Url)> endpoints)
    {
        lock (Gate) IdentitySeed.Catalog(Store, endpoints);
    }

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request)
    {
        if (fault.Status == 405) return ApiResponse.Json(405, new JsonObject { ["message"] = "The method is not allowed for the requested URL." });
        if (fault.Type == NoSuchUrl)
        {
            return ApiResponse.Text(
                404, $"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n<p>{fault.Message}</p>\n", "text/html; charset=utf-8");
        }

        string message = fault.Type == "MalformedBody" ? IdentityFaults.Expecting("valid JSON", "request body").Message : fault.Message;
        var error = new JsonObject { ["code"] = fault.Status, ["message"] = message, ["title"] = Title(fault.Status) };
        if (fault.Type == TokenRoutes.UnsupportedMethod)
            error["identity"] = new JsonObject { ["methods"] = new JsonArray("external", "password", "token", "oauth1", "mapped", "application_credential") };
        if (fault.Type == TokenRoutes.ScopeRequested) error["identity"] = new JsonObject();
        ApiResponse response = ApiResponse.Json(fault.Status, new JsonObject { ["error"] = error });
        return fault.Status == 401 ? response.With("WWW-Authenticate", $"Keystone uri=\"{IdentityUrl}\"") : response;
    }

    /// <inheritdoc/>
    public override ApiResponse Unauthenticated(ApiRequest request)
        => Render(Store.FindToken(request.Header("X-Auth-Token")) is { } token && Store.LostDelegation(token) is { } lost ? lost : IdentityFaults.Unauthorized(), request);

    /// <inheritdoc/>
    public override ApiFault NoRoute(ApiRequest request)
        => new(404, "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.", NoSuchUrl);

    /// <inheritdoc/>
    public override void Finish(ApiRequest request, IDictionary<string, string> headers) => headers.TryAdd("Vary", "X-Auth-Token");

    private const string NoSuchUrl = "NoSuchUrl";

    private static string Title(int status) => status switch
    {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        429 => "Too Many Requests",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    };

    private static JsonObject VersionDocument(ApiRequest request) => new()
    {
        ["id"] = "v3.14",
        ["status"] = "stable",
        ["updated"] = "2020-04-07T00:00:00Z",
        ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v3/" }),
        ["media-types"] = new JsonArray(new JsonObject { ["base"] = "application/json", ["type"] = "application/vnd.openstack.identity-v3+json" }),
    };

    private static ApiResponse Versions(ApiRequest request)
        => ApiResponse.Json(300, new JsonObject { ["versions"] = new JsonObject { ["values"] = new JsonArray(VersionDocument(request)) } })
            .With("Location", $"{request.BaseUrl}/v3/");

    private static ApiResponse Version(ApiRequest request) => ApiResponse.Ok(new JsonObject { ["version"] = VersionDocument(request) });
}
