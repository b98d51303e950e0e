using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/projects</c> and <c>/v3/domains</c>.</summary>
internal sealed class ProjectRoutes(IdentityStore store)
{
    private static readonly string[] Known = ["name", "description", "enabled", "domain_id", "parent_id", "is_domain", "tags", "options", "id", "links"];

    public void Map(RouteTable routes)
    {
        routes.Get("/v3/projects", "projects.list", List);
        routes.Post("/v3/projects", "projects.create", Create);
        routes.Get("/v3/projects/{id}", "projects.show", Show);
        routes.Patch("/v3/projects/{id}", "projects.update", Update);
        routes.Delete("/v3/projects/{id}", "projects.delete", Delete);
        routes.Get("/v3/domains", "domains.list", request => IdentityJson.List(
            Admin(request, "list_domains"), "domains", store.Domains.Select(d => IdentityJson.Domain(d, request)), "name", "enabled"));
        routes.Post("/v3/domains", "domains.create", CreateDomain);
        routes.Get("/v3/domains/{id}", "domains.show", request => ApiResponse.Wrapped(
            200, "domain", IdentityJson.Domain(FindDomain(request, BelongsTo(request) ? request : Admin(request, "get_domain")), request)));
        routes.Patch("/v3/domains/{id}", "domains.update", UpdateDomain);
        routes.Delete("/v3/domains/{id}", "domains.delete", DeleteDomain);
    }

    private static ApiRequest Admin(ApiRequest request, string action)
        => request.Token.IsAdmin ? request : throw IdentityFaults.Forbidden($"identity:{action}");

    /// <summary>Whether the token is for the domain of the route or for a project in it: such may see the domain.</summary>
    private bool BelongsTo(ApiRequest request)
        => request.Token.DomainId == request["id"] || store.Projects.Find(request.Token.ProjectId)?.DomainId == request["id"];

    private ApiResponse List(ApiRequest request) => IdentityJson.List(
        Admin(request, "list_projects"), "projects", store.Projects.Select(p => IdentityJson.Project(p, request)), "name", "domain_id", "enabled", "parent_id", "is_domain");

    private ApiResponse Show(ApiRequest request)
    {
        if (request.Token.ProjectId != request["id"]) Admin(request, "get_project");
        return ApiResponse.Wrapped(200, "project", IdentityJson.Project(Find(request), request));
    }

    private Project Find(ApiRequest request) => store.Projects.Find(request["id"]) ?? throw IdentityFaults.NotFound("project", request["id"]);

    private Domain FindDomain(ApiRequest request, ApiRequest permitted)
        => store.Domains.Find(permitted["id"]) ?? throw IdentityFaults.NotFound("domain", request["id"]);

    private ApiResponse Create(ApiRequest request)
    {
        Admin(request, "create_project");
        JsonObject body = request.BodyOf("project");
        string name = body.String("name") ?? throw IdentityFaults.Required("name");
        string domainId = body.String("domain_id") ?? "default";
        if (!store.Domains.Contains(domainId)) throw IdentityFaults.NotFound("domain", domainId);
        string parentId = body.String("parent_id") ?? domainId;
        if (parentId != domainId && !store.Projects.Contains(parentId)) throw IdentityFaults.NotFound("project", parentId);
        CheckName(name, domainId, null);
        var project = new Project { Id = Text.NewHexId(), Name = name, DomainId = domainId, ParentId = parentId };
        Fill(project, body);
        store.Projects.Add(project.Id, project);
        return ApiResponse.Wrapped(201, "project", IdentityJson.Project(project, request));
    }

    private ApiResponse Update(ApiRequest request)
    {
        Admin(request, "update_project");
        Project project = Find(request);
        JsonObject body = request.BodyOf("project");
        if (body.String("name") is { } name)
        {
            CheckName(name, project.DomainId, project);
            project.Name = name;
        }

        Fill(project, body);
        store.Changed();
        return ApiResponse.Wrapped(200, "project", IdentityJson.Project(project, request));
    }

    private ApiResponse Delete(ApiRequest request)
    {
        Admin(request, "delete_project");
        Project project = Find(request);
        Remove(project);
        return ApiResponse.Empty(204);
    }

    private void Remove(Project project)
    {
        store.Projects.Remove(project.Id);
        store.Assignments.RemoveAll(a => a.ProjectId == project.Id);
        foreach (ApplicationCredential credential in store.ApplicationCredentials.Where(c => c.ProjectId == project.Id).ToArray())
            store.ApplicationCredentials.Remove(credential.Id);
        foreach (Trust trust in store.Trusts.Where(t => t.ProjectId == project.Id).ToArray()) store.Trusts.Remove(trust.Id);
        foreach (User user in store.Users.Where(u => u.DefaultProjectId == project.Id)) user.DefaultProjectId = null;
        store.Changed();
    }

    private void CheckName(string name, string domainId, Project? self)
    {
        if (store.Projects.FirstOrDefault(p => p != self && p.Name == name && p.DomainId == domainId) is not { } other) return;
        throw IdentityFaults.Conflict(
            "project",
            $"it is not permitted to have two projects with either the same name or same id in the same domain: name is {name}, project id {other.Id}");
    }

    private static void Fill(Project project, JsonObject body)
    {
        if (body.String("description") is { } description) project.Description = description;
        if (body.Boolean("enabled") is { } enabled) project.Enabled = enabled;
        if (body.Object("options") is { } options) project.Options = (JsonObject)options.DeepClone();
        if (body.Array("tags") is { } tags)
        {
            project.Tags.Clear();
            project.Tags.AddRange(tags.Select(t => (string?)t ?? ""));
        }

        IdentityJson.TakeExtra(body, project.Extra, Known);
    }

    private ApiResponse CreateDomain(ApiRequest request)
    {
        Admin(request, "create_domain");
        JsonObject body = request.BodyOf("domain");
        string name = body.String("name") ?? throw IdentityFaults.Required("name");
        if (store.Domains.Any(d => d.Name == name))
            throw IdentityFaults.Conflict("domain", $"it is not permitted to have two domains with the same name: name is {name}");
        var domain = new Domain { Id = Text.NewHexId(), Name = name, Description = body.String("description"), Enabled = body.Boolean("enabled") ?? true };
        IdentityJson.TakeExtra(body, domain.Extra, Known);
        store.Domains.Add(domain.Id, domain);
        return ApiResponse.Wrapped(201, "domain", IdentityJson.Domain(domain, request));
    }

    private ApiResponse UpdateDomain(ApiRequest request)
    {
        Domain domain = FindDomain(request, Admin(request, "update_domain"));
        JsonObject body = request.BodyOf("domain");
        if (body.String("name") is { } name) domain.Name = name;
        if (body.String("description") is { } description) domain.Description = description;
        if (body.Boolean("enabled") is { } enabled) domain.Enabled = enabled;
        IdentityJson.TakeExtra(body, domain.Extra, Known);
        store.Changed();
        return ApiResponse.Wrapped(200, "domain", IdentityJson.Domain(domain, request));
    }

    private ApiResponse DeleteDomain(ApiRequest request)
    {
        Domain domain = FindDomain(request, Admin(request, "delete_domain"));
        if (domain.Enabled) throw new ApiFault(403, "Cannot delete a domain that is enabled, please disable it first.");
        foreach (Project project in store.Projects.Where(p => p.DomainId == domain.Id).ToArray()) Remove(project);
        foreach (User user in store.Users.Where(u => u.DomainId == domain.Id).ToArray()) UserRoutes.Remove(store, user);
        store.Assignments.RemoveAll(a => a.DomainId == domain.Id);
        store.Domains.Remove(domain.Id);
        store.Changed();
        return ApiResponse.Empty(204);
    }
}
