using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/servers</c>: list, show, create, update, delete.</summary>
internal sealed class ServerRoutes(ComputeState state, ServerJson json, ServerLifecycle lifecycle, ServerCreation creation)
{
    private readonly ServerListing _listing = new(state, creation.Networking);

    public void Map(RouteTable routes)
    {
        routes.Get("/v2.1/servers", "servers.list", request => ComputeJson.Page(
            request, "servers", _listing.Select(request), s => s.Id, s => ServerJson.Brief(s, request)));
        routes.Get("/v2.1/servers/detail", "servers.detail", request => ComputeJson.Page(
            request, "servers", _listing.Select(request), s => s.Id, s => json.Detail(s, request, inList: true)));
        routes.Post("/v2.1/servers", "servers.create", creation.Create);
        routes.Get("/v2.1/servers/{id}", "servers.show", request => ApiResponse.Wrapped(200, "server", json.Detail(state.FindServer(request), request, inList: false)));
        routes.Put("/v2.1/servers/{id}", "servers.update", Update);
        routes.Delete("/v2.1/servers/{id}", "servers.delete", request =>
        {
            Server server = state.FindServer(request);
            if (server.Locked && !request.Token.IsAdmin) throw new ApiFault(409, $"Instance {server.Id} is locked");
            lifecycle.Delete(server, request);
            return ApiResponse.Empty(204);
        });
    }

    private ApiResponse Update(ApiRequest request)
    {
        Server server = state.FindServer(request);
        JsonObject body = request.Body is JsonObject root && root.Object("server") is { } given ? given : throw ComputeFaults.Bad("'server' is a required property");
        if (body.String("name") is { } name) server.Name = name.Trim();
        if (body.ContainsKey("description") && request.AtLeast(19)) server.Description = body.String("description");
        if (body.String("accessIPv4") is { } v4) server.AccessIPv4 = v4;
        if (body.String("accessIPv6") is { } v6) server.AccessIPv6 = v6;
        if (body.String("hostname") is { } hostname && request.AtLeast(90)) server.Hostname = hostname;
        server.Updated = state.Context.Now;
        JsonObject answer = json.Detail(server, request, inList: false);
        if (!request.AtLeast(75))
        {
            // Old answers lack what extensions add to a show.
            foreach (string key in answer.Select(p => p.Key).Where(IsExtended).ToArray()) answer.Remove(key);
        }

        return ApiResponse.Wrapped(200, "server", answer);
    }

    private static bool IsExtended(string key)
        => key.StartsWith("OS-EXT-", StringComparison.Ordinal) || key.StartsWith("OS-SRV-USG:", StringComparison.Ordinal)
            || key is "config_drive" or "key_name" or "security_groups" or "os-extended-volumes:volumes_attached" or "host_status";
}
