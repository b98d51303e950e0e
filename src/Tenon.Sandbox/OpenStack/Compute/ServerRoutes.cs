using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/servers</c>: list, show, create, update, delete.</summary>
internal sealed class ServerRoutes(ComputeState state, ServerJson json, ServerLifecycle lifecycle, ServerCreation creation)
{
    private static readonly string[] Changeable = ["name", "OS-DCF:diskConfig", "accessIPv4", "accessIPv6"];
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
            lifecycle.Delete(state.FindServer(request).Unlocked(request), request);
            return ApiResponse.Empty(204);
        });
    }

    private ApiResponse Update(ApiRequest request)
    {
        JsonObject body = request.Body is JsonObject root && root.Object("server") is { } given ? given : throw ComputeFaults.Bad("'server' is a required property");
        body.OnlyHas("server", [.. Changeable, .. request.AtLeast(19) ? ["description"] : Array.Empty<string>(), .. request.AtLeast(90) ? ["hostname"] : Array.Empty<string>()]);
        Server server = state.FindScheduled(request);
        if (body.String("name") is { } name) server.Name = name.Trim();
        if (body.ContainsKey("description") && request.AtLeast(19)) server.Description = body.String("description");
        if (body.String("accessIPv4") is { } v4) server.AccessIPv4 = v4;
        if (body.String("accessIPv6") is { } v6) server.AccessIPv6 = v6;
        if (body.String("hostname") is { } hostname && request.AtLeast(90)) server.Hostname = hostname;
        server.Updated = state.Context.Now;
        return ApiResponse.Wrapped(200, "server", json.Changed(server, request));
    }
}
