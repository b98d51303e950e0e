using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/roles</c>.</summary>
internal sealed class RoleRoutes(IdentityStore store)
{
    private static readonly string[] Known = ["name", "description", "domain_id", "options", "id", "links"];

    public void Map(RouteTable routes)
    {
        routes.Get("/v3/roles", "roles.list", request =>
        {
            Admin(request, "list_roles");
            // Without the filter only roles that belong to no domain are listed.
            IEnumerable<Role> roles = request.Query.Has("domain_id") ? store.Roles : store.Roles.Where(r => r.DomainId is null);
            return IdentityJson.List(request, "roles", roles.Select(r => IdentityJson.Role(r, request)), "name", "domain_id");
        });
        routes.Post("/v3/roles", "roles.create", Create);
        routes.Get("/v3/roles/{id}", "roles.show", request =>
        {
            Admin(request, "get_role");
            return ApiResponse.Wrapped(200, "role", IdentityJson.Role(Find(request), request));
        });
        routes.Patch("/v3/roles/{id}", "roles.update", Update);
        routes.Delete("/v3/roles/{id}", "roles.delete", Delete);
    }

    private static void Admin(ApiRequest request, string action)
    {
        if (!request.Token.IsAdmin) throw IdentityFaults.Forbidden($"identity:{action}");
    }

    private Role Find(ApiRequest request) => store.Roles.Find(request["id"]) ?? throw IdentityFaults.NotFound("role", request["id"]);

    private ApiResponse Create(ApiRequest request)
    {
        Admin(request, "create_role");
        JsonObject body = request.BodyOf("role");
        string name = body.String("name") ?? throw IdentityFaults.Required("name");
        string? domainId = body.String("domain_id");
        if (store.Roles.Any(r => r.Name == name && r.DomainId == domainId)) throw IdentityFaults.Conflict("role", $"Duplicate entry found with name {name}");
        var role = new Role { Id = Text.NewHexId(), Name = name, DomainId = domainId, Description = body.String("description") };
        if (body.Object("options") is { } options) role.Options = (JsonObject)options.DeepClone();
        IdentityJson.TakeExtra(body, role.Extra, Known);
        store.Roles.Add(role.Id, role);
        return ApiResponse.Wrapped(201, "role", IdentityJson.Role(role, request));
    }

    private ApiResponse Update(ApiRequest request)
    {
        Admin(request, "update_role");
        Role role = Find(request);
        JsonObject body = request.BodyOf("role");
        if (body.String("name") is { } name)
        {
            CheckMutable(role, "update");
            if (store.Roles.Any(r => r != role && r.Name == name && r.DomainId == role.DomainId))
                throw IdentityFaults.Conflict("role", $"Duplicate entry found with name {name}");
            role.Name = name;
        }

        if (body.ContainsKey("description")) role.Description = body.String("description");
        IdentityJson.TakeExtra(body, role.Extra, Known);
        store.Changed();
        return ApiResponse.Wrapped(200, "role", IdentityJson.Role(role, request));
    }

    private ApiResponse Delete(ApiRequest request)
    {
        Admin(request, "delete_role");
        Role role = Find(request);
        CheckMutable(role, "delete");
        store.Roles.Remove(role.Id);
        store.Assignments.RemoveAll(a => a.RoleId == role.Id);
        store.Changed();
        return ApiResponse.Empty(204);
    }

    private static void CheckMutable(Role role, string verb)
    {
        if (role.Options.Boolean("immutable") == true)
            throw new ApiFault(403, $"Unable to {verb} immutable role resource: `{role.Id}. Set resource option \"immutable\" to false first.");
    }
}
