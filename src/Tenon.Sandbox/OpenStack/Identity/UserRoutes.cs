using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/users</c>.</summary>
internal sealed class UserRoutes(IdentityStore store)
{
    private static readonly string[] Known = ["name", "description", "enabled", "domain_id", "default_project_id", "password", "options", "id", "links"];

    public void Map(RouteTable routes)
    {
        routes.Get("/v3/users", "users.list", request => IdentityJson.List(
            Admin(request, "list_users"), "users", store.Users.Select(u => IdentityJson.User(u, request)), "name", "domain_id", "enabled"));
        routes.Post("/v3/users", "users.create", Create);
        routes.Get("/v3/users/{id}", "users.show", request => ApiResponse.Wrapped(200, "user", IdentityJson.User(Find(SelfOrAdmin(request, "get_user")), request)));
        routes.Patch("/v3/users/{id}", "users.update", Update);
        routes.Delete("/v3/users/{id}", "users.delete", request =>
        {
            Remove(store, Find(Admin(request, "delete_user")));
            return ApiResponse.Empty(204);
        });
        routes.Post("/v3/users/{id}/password", "users.password", ChangePassword);
        routes.Get("/v3/users/{id}/projects", "users.projects", request =>
        {
            User user = Find(SelfOrAdmin(request, "list_user_projects"));
            return IdentityJson.List(
                request, "projects",
                store.Projects.Where(p => store.EffectiveRoles(user.Id, p.Id, null).Length > 0).Select(p => IdentityJson.Project(p, request)), "name", "enabled");
        });
        routes.Get("/v3/users/{id}/groups", "users.groups", request =>
        {
            Find(SelfOrAdmin(request, "list_groups_for_user"));
            return IdentityJson.List(request, "groups", []);
        });
    }

    /// <summary>Removes a user with everything that hangs on it.</summary>
    public static void Remove(IdentityStore store, User user)
    {
        store.Users.Remove(user.Id);
        store.Assignments.RemoveAll(a => a.UserId == user.Id);
        foreach (ApplicationCredential credential in store.ApplicationCredentials.Where(c => c.UserId == user.Id).ToArray())
            store.ApplicationCredentials.Remove(credential.Id);
        foreach (Trust trust in store.Trusts.Where(t => t.TrustorId == user.Id || t.TrusteeId == user.Id).ToArray()) store.Trusts.Remove(trust.Id);
        store.Revoke(t => t.UserId == user.Id);
        store.Changed();
    }

    private static ApiRequest Admin(ApiRequest request, string action)
        => request.Token.IsAdmin ? request : throw IdentityFaults.Forbidden($"identity:{action}");

    private static ApiRequest SelfOrAdmin(ApiRequest request, string action)
        => request.Token.UserId == request["id"] ? request : Admin(request, action);

    private User Find(ApiRequest request) => store.Users.Find(request["id"]) ?? throw IdentityFaults.NotFound("user", request["id"]);

    private ApiResponse Create(ApiRequest request)
    {
        Admin(request, "create_user");
        JsonObject body = request.BodyOf("user");
        string name = body.String("name") ?? throw IdentityFaults.Required("name");
        string domainId = body.String("domain_id") ?? "default";
        if (!store.Domains.Contains(domainId)) throw IdentityFaults.NotFound("domain", domainId);
        CheckName(name, domainId, null);
        var user = new User { Id = Text.NewHexId(), Name = name, DomainId = domainId };
        Fill(user, body);
        store.Users.Add(user.Id, user);
        return ApiResponse.Wrapped(201, "user", IdentityJson.User(user, request));
    }

    private ApiResponse Update(ApiRequest request)
    {
        User user = Find(Admin(request, "update_user"));
        JsonObject body = request.BodyOf("user");
        if (body.String("name") is { } name)
        {
            CheckName(name, user.DomainId, user);
            user.Name = name;
        }

        Fill(user, body);
        // Keystone ends the sessions of a user whose password an administrator changed.
        if (body.ContainsKey("password")) store.Revoke(t => t.UserId == user.Id);
        store.Changed();
        return ApiResponse.Wrapped(200, "user", IdentityJson.User(user, request));
    }

    private ApiResponse ChangePassword(ApiRequest request)
    {
        if (request.Token.UserId != request["id"]) throw IdentityFaults.Forbidden("identity:change_password");
        User user = Find(request);
        JsonObject body = request.BodyOf("user");
        if (body.String("original_password") is not { } original) throw IdentityFaults.Required("original_password");
        if (body.String("password") is not { } password) throw IdentityFaults.Required("password");
        if (user.Password != original) throw IdentityFaults.Unauthorized();
        user.Password = password;
        store.Revoke(t => t.UserId == user.Id);
        return ApiResponse.Empty(204);
    }

    private void CheckName(string name, string domainId, User? self)
    {
        if (store.Users.Any(u => u != self && u.Name == name && u.DomainId == domainId))
            throw IdentityFaults.Conflict("user", $"Duplicate entry found with name {name} at domain ID {domainId}");
    }

    private static void Fill(User user, JsonObject body)
    {
        if (body.String("password") is { } password) user.Password = password;
        if (body.String("description") is { } description) user.Description = description;
        if (body.ContainsKey("default_project_id")) user.DefaultProjectId = body.String("default_project_id");
        if (body.Boolean("enabled") is { } enabled) user.Enabled = enabled;
        if (body.Object("options") is { } options) user.Options = (JsonObject)options.DeepClone();
        IdentityJson.TakeExtra(body, user.Extra, Known);
    }
}
