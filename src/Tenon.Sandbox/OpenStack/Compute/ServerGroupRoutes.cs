using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/os-server-groups</c>.</summary>
internal sealed class ServerGroupRoutes(ComputeState state)
{
    private static readonly string[] Policies = ["anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity"];

    public void Map(RouteTable routes)
    {
        routes.Get("/v2.1/os-server-groups", "server_groups.list", request =>
        {
            bool all = request.Token.IsAdmin && request.Query.Has("all_projects");
            return ApiResponse.Collection("server_groups", state.Groups.Where(g => all || g.ProjectId == request.Token.ProjectId).Select(g => Render(g, request)));
        });
        routes.Post("/v2.1/os-server-groups", "server_groups.create", Create);
        routes.Get("/v2.1/os-server-groups/{id}", "server_groups.show", request => ApiResponse.Wrapped(200, "server_group", Render(Find(request), request)));
        routes.Delete("/v2.1/os-server-groups/{id}", "server_groups.delete", request =>
        {
            state.Groups.Remove(Find(request).Id);
            return ApiResponse.Empty(204);
        });
    }

    private ServerGroup Find(ApiRequest request) => state.Groups.Find(request["id"]) is { } group && request.Token.MaySee(group.ProjectId)
        ? group
        : throw ComputeFaults.NotFound("Instance group", request["id"]);

    private JsonObject Render(ServerGroup group, ApiRequest request)
    {
        var json = new JsonObject { ["id"] = group.Id, ["name"] = group.Name };
        if (request.AtLeast(64))
        {
            json["policy"] = group.Policy;
            json["rules"] = group.Rules.DeepClone();
        }
        else
        {
            json["policies"] = new JsonArray(group.Policy);
            json["metadata"] = new JsonObject();
        }

        json["members"] = JsonReading.Strings(state.Servers.Where(s => s.ServerGroupId == group.Id).Select(s => s.Id));
        if (!request.AtLeast(13)) return json;
        json["project_id"] = group.ProjectId;
        json["user_id"] = group.UserId;
        return json;
    }

    private ApiResponse Create(ApiRequest request)
    {
        JsonObject body = (request.Body as JsonObject)?.Object("server_group") ?? throw ComputeFaults.Bad("'server_group' is a required property");
        string name = body.String("name") ?? throw ComputeFaults.Required("server_group", body, "name");
        string property = request.AtLeast(64) ? "policy" : "policies";
        string policy = (request.AtLeast(64) ? body.String("policy") : body.Array("policies")?.FirstOrDefault()?.ToString())
            ?? throw ComputeFaults.Required("server_group", body, property);
        string[] policies = request.AtLeast(15) ? Policies : Policies[..2];
        if (!policies.Contains(policy)) throw ComputeFaults.Invalid(request.AtLeast(64) ? property : "0", policy, $"'{policy}' is not one of {Python.Repr(policies)}");
        string projectId = request.Token.ProjectId ?? throw ComputeFaults.Policy("os_compute_api:os-server-groups:create");
        int limit = state.Quota(projectId, "server_groups");
        if (limit >= 0 && state.Used(projectId, "server_groups") >= limit) throw new ApiFault(403, "Quota exceeded, too many server groups.");
        var group = new ServerGroup
        {
            Id = Text.NewUuid(), Name = name, Policy = policy, ProjectId = projectId, UserId = request.Token.UserId,
            Rules = (JsonObject?)body.Object("rules")?.DeepClone() ?? [],
        };
        state.Groups.Add(group.Id, group);
        return ApiResponse.Wrapped(200, "server_group", Render(group, request));
    }
}
