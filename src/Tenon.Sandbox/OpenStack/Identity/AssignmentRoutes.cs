using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary>Which user has which role where: grants on projects, domains and the system, and <c>/v3/role_assignments</c>.</summary>
internal sealed class AssignmentRoutes(IdentityStore store)
{
    public void Map(RouteTable routes)
    {
        foreach (string scope in (string[])["/v3/projects/{project}/users/{user}", "/v3/domains/{domain}/users/{user}", "/v3/system/users/{user}"])
        {
            routes.Get($"{scope}/roles", "grants.list", List);
            routes.Put($"{scope}/roles/{{role}}", "grants.create", Grant);
            routes.Get($"{scope}/roles/{{role}}", "grants.check", Check);
            routes.Delete($"{scope}/roles/{{role}}", "grants.delete", Revoke);
        }

        routes.Get("/v3/role_assignments", "role_assignments.list", Assignments);
    }

    private static void Admin(ApiRequest request, string action)
    {
        if (!request.Token.IsAdmin) throw IdentityFaults.Forbidden($"identity:{action}");
    }

    private (string UserId, string? ProjectId, string? DomainId) Scope(ApiRequest request)
    {
        string? projectId = request.Route.GetValueOrDefault("project"), domainId = request.Route.GetValueOrDefault("domain");
        if (!store.Users.Contains(request["user"])) throw IdentityFaults.NotFound("user", request["user"]);
        if (projectId is not null && !store.Projects.Contains(projectId)) throw IdentityFaults.NotFound("project", projectId);
        if (domainId is not null && !store.Domains.Contains(domainId)) throw IdentityFaults.NotFound("domain", domainId);
        return (request["user"], projectId, domainId);
    }

    private RoleAssignment Wanted(ApiRequest request)
    {
        (string userId, string? projectId, string? domainId) = Scope(request);
        if (!store.Roles.Contains(request["role"])) throw IdentityFaults.NotFound("role", request["role"]);
        return new RoleAssignment(userId, request["role"], projectId, domainId);
    }

    private static ApiFault Missing(RoleAssignment assignment) => new(
        404,
        $"Could not find role assignment with role: {assignment.RoleId}, user or group: {assignment.UserId}, project, domain, or system: {assignment.ProjectId ?? assignment.DomainId ?? "system"}.");

    private ApiResponse List(ApiRequest request)
    {
        Admin(request, "list_grants");
        (string userId, string? projectId, string? domainId) = Scope(request);
        return IdentityJson.List(request, "roles", store.Assignments
            .Where(a => a.UserId == userId && a.ProjectId == projectId && a.DomainId == domainId)
            .Select(a => IdentityJson.Role(store.Roles.Find(a.RoleId)!, request)));
    }

    private ApiResponse Grant(ApiRequest request)
    {
        Admin(request, "create_grant");
        RoleAssignment wanted = Wanted(request);
        if (!store.Assignments.Contains(wanted)) store.Assignments.Add(wanted);
        store.Changed();
        return ApiResponse.Empty(204);
    }

    private ApiResponse Check(ApiRequest request)
    {
        Admin(request, "check_grant");
        RoleAssignment wanted = Wanted(request);
        return store.Assignments.Contains(wanted) ? ApiResponse.Empty(204) : throw Missing(wanted);
    }

    private ApiResponse Revoke(ApiRequest request)
    {
        Admin(request, "revoke_grant");
        RoleAssignment wanted = Wanted(request);
        if (!store.Assignments.Remove(wanted)) throw Missing(wanted);
        store.Changed();
        return ApiResponse.Empty(204);
    }

    private ApiResponse Assignments(ApiRequest request)
    {
        // A user may list their own; openstackclient asks for them with user.id.
        if (request.Query["user.id"] != request.Token.UserId) Admin(request, "list_role_assignments");
        IEnumerable<RoleAssignment> found = store.Assignments;
        if (request.Query["user.id"] is { } user) found = found.Where(a => a.UserId == user);
        if (request.Query["role.id"] is { } role) found = found.Where(a => a.RoleId == role);
        if (request.Query["scope.project.id"] is { } project) found = found.Where(a => a.ProjectId == project);
        if (request.Query["scope.domain.id"] is { } domain) found = found.Where(a => a.DomainId == domain);
        if (request.Query.Has("scope.system")) found = found.Where(a => a.ProjectId is null && a.DomainId is null);
        if (IsSet(request, "effective"))
        {
            found = found.GroupBy(a => (a.UserId, a.ProjectId, a.DomainId))
                .SelectMany(g => store.WithImplied(g.Select(a => a.RoleId)).Select(r => new RoleAssignment(g.Key.UserId, r.Id, g.Key.ProjectId, g.Key.DomainId)));
        }

        bool names = IsSet(request, "include_names");
        return IdentityJson.List(request, "role_assignments", found.Select(a => Render(a, request, names)));
    }

    /// <summary>Keystone takes a flag without a value as set.</summary>
    private static bool IsSet(ApiRequest request, string flag) => request.Query[flag] is { } value && JsonReading.ParseBoolean(value) != false;

    private JsonObject Render(RoleAssignment assignment, ApiRequest request, bool names)
    {
        JsonObject Named(string id, string? name, string? domainId)
        {
            var json = new JsonObject { ["id"] = id };
            if (!names) return json;
            json["name"] = name;
            if (domainId is not null) json["domain"] = new JsonObject { ["id"] = domainId, ["name"] = store.Domains.Find(domainId)?.Name };
            return json;
        }

        (string path, JsonObject scope) = assignment switch
        {
            { ProjectId: { } id } => ($"projects/{id}", new JsonObject { ["project"] = Named(id, store.Projects.Find(id)?.Name, store.Projects.Find(id)?.DomainId) }),
            { DomainId: { } id } => ($"domains/{id}", new JsonObject { ["domain"] = Named(id, store.Domains.Find(id)?.Name, null) }),
            _ => ("system", new JsonObject { ["system"] = new JsonObject { ["all"] = true } }),
        };
        User? user = store.Users.Find(assignment.UserId);
        return new JsonObject
        {
            ["links"] = new JsonObject { ["assignment"] = $"{request.BaseUrl}/v3/{path}/users/{assignment.UserId}/roles/{assignment.RoleId}" },
            ["scope"] = scope,
            ["user"] = Named(assignment.UserId, user?.Name, user?.DomainId),
            ["role"] = Named(assignment.RoleId, store.Roles.Find(assignment.RoleId)?.Name, null),
        };
    }
}
