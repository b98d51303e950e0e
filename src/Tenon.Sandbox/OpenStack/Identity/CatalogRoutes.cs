using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Identity;

/// <summary><c>/v3/regions</c>, <c>/v3/services</c> and <c>/v3/endpoints</c>.</summary>
internal sealed class CatalogRoutes(IdentityStore store)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v3/regions", "regions.list", request => IdentityJson.List(request, "regions", store.Regions.Select(r => Render(r, request)), "parent_region_id"));
        routes.Post("/v3/regions", "regions.create", CreateRegion);
        routes.Get("/v3/regions/{id}", "regions.show", request => ApiResponse.Wrapped(200, "region", Render(FindRegion(request), request)));
        routes.Patch("/v3/regions/{id}", "regions.update", UpdateRegion);
        routes.Delete("/v3/regions/{id}", "regions.delete", DeleteRegion);
        routes.Get("/v3/services", "services.list", request => IdentityJson.List(
            Admin(request, "list_services"), "services", store.Services.Select(s => Render(s, request)), "type", "name"));
        routes.Post("/v3/services", "services.create", CreateService);
        routes.Get("/v3/services/{id}", "services.show", request => ApiResponse.Wrapped(200, "service", Render(FindService(Admin(request, "get_service")), request)));
        routes.Patch("/v3/services/{id}", "services.update", UpdateService);
        routes.Delete("/v3/services/{id}", "services.delete", DeleteService);
        routes.Get("/v3/endpoints", "endpoints.list", request => IdentityJson.List(
            Admin(request, "list_endpoints"), "endpoints", store.Endpoints.Select(e => Render(e, request)), "interface", "service_id", "region_id", "region"));
        routes.Post("/v3/endpoints", "endpoints.create", CreateEndpoint);
        routes.Get("/v3/endpoints/{id}", "endpoints.show", request => ApiResponse.Wrapped(200, "endpoint", Render(FindEndpoint(Admin(request, "get_endpoint")), request)));
        routes.Patch("/v3/endpoints/{id}", "endpoints.update", UpdateEndpoint);
        routes.Delete("/v3/endpoints/{id}", "endpoints.delete", request =>
        {
            store.Endpoints.Remove(FindEndpoint(Admin(request, "delete_endpoint")).Id);
            return ApiResponse.Empty(204);
        });
    }

    private static ApiRequest Admin(ApiRequest request, string action)
        => request.Token.IsAdmin ? request : throw IdentityFaults.Forbidden($"identity:{action}");

    private CatalogRegion FindRegion(ApiRequest request) => store.Regions.Find(request["id"]) ?? throw IdentityFaults.NotFound("region", request["id"]);

    private CatalogService FindService(ApiRequest request) => store.Services.Find(request["id"]) ?? throw IdentityFaults.NotFound("service", request["id"]);

    private CatalogEndpoint FindEndpoint(ApiRequest request) => store.Endpoints.Find(request["id"]) ?? throw IdentityFaults.NotFound("endpoint", request["id"]);

    private static JsonObject Render(CatalogRegion region, ApiRequest request) => new()
    {
        ["id"] = region.Id,
        ["description"] = region.Description,
        ["parent_region_id"] = region.ParentId,
        ["links"] = IdentityJson.Self(request, $"regions/{region.Id}"),
    };

    private static JsonObject Render(CatalogService service, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["name"] = service.Name,
            ["id"] = service.Id,
            ["type"] = service.Type,
            ["enabled"] = service.Enabled,
            ["links"] = IdentityJson.Self(request, $"services/{service.Id}"),
        };
        if (service.Description is { } description) json["description"] = description;
        return json;
    }

    private static JsonObject Render(CatalogEndpoint endpoint, ApiRequest request) => new()
    {
        ["id"] = endpoint.Id,
        ["interface"] = endpoint.Interface,
        ["region_id"] = endpoint.RegionId,
        ["service_id"] = endpoint.ServiceId,
        ["url"] = endpoint.Url,
        ["enabled"] = endpoint.Enabled,
        ["region"] = endpoint.RegionId,
        ["links"] = IdentityJson.Self(request, $"endpoints/{endpoint.Id}"),
    };

    private ApiResponse CreateRegion(ApiRequest request)
    {
        Admin(request, "create_region");
        JsonObject body = request.BodyOf("region");
        var region = new CatalogRegion
        {
            Id = body.String("id") ?? Text.NewHexId(), Description = body.String("description") ?? "", ParentId = body.String("parent_region_id"),
        };
        if (store.Regions.Contains(region.Id)) throw IdentityFaults.Conflict("region", $"Duplicate ID, {region.Id}");
        if (region.ParentId is { } parent && !store.Regions.Contains(parent)) throw IdentityFaults.NotFound("region", parent);
        store.Regions.Add(region.Id, region);
        return ApiResponse.Wrapped(201, "region", Render(region, request));
    }

    private ApiResponse UpdateRegion(ApiRequest request)
    {
        CatalogRegion region = FindRegion(Admin(request, "update_region"));
        JsonObject body = request.BodyOf("region");
        if (body.String("description") is { } description) region.Description = description;
        if (body.ContainsKey("parent_region_id")) region.ParentId = body.String("parent_region_id");
        return ApiResponse.Wrapped(200, "region", Render(region, request));
    }

    private ApiResponse DeleteRegion(ApiRequest request)
    {
        CatalogRegion region = FindRegion(Admin(request, "delete_region"));
        if (store.Endpoints.Any(e => e.RegionId == region.Id) || store.Regions.Any(r => r.ParentId == region.Id))
            throw new ApiFault(400, $"Unable to delete region {region.Id} because it or its child regions have associated endpoints.");
        store.Regions.Remove(region.Id);
        return ApiResponse.Empty(204);
    }

    private ApiResponse CreateService(ApiRequest request)
    {
        Admin(request, "create_service");
        JsonObject body = request.BodyOf("service");
        var service = new CatalogService
        {
            Id = Text.NewHexId(),
            Name = body.String("name") ?? "",
            Type = body.String("type") ?? throw IdentityFaults.Required("type"),
            Description = body.String("description"),
            Enabled = body.Boolean("enabled") ?? true,
        };
        store.Services.Add(service.Id, service);
        return ApiResponse.Wrapped(201, "service", Render(service, request));
    }

    private ApiResponse UpdateService(ApiRequest request)
    {
        CatalogService service = FindService(Admin(request, "update_service"));
        JsonObject body = request.BodyOf("service");
        service.Name = body.String("name") ?? service.Name;
        service.Type = body.String("type") ?? service.Type;
        service.Description = body.String("description") ?? service.Description;
        service.Enabled = body.Boolean("enabled") ?? service.Enabled;
        return ApiResponse.Wrapped(200, "service", Render(service, request));
    }

    private ApiResponse DeleteService(ApiRequest request)
    {
        CatalogService service = FindService(Admin(request, "delete_service"));
        store.Services.Remove(service.Id);
        foreach (CatalogEndpoint endpoint in store.Endpoints.Where(e => e.ServiceId == service.Id).ToArray()) store.Endpoints.Remove(endpoint.Id);
        return ApiResponse.Empty(204);
    }

    private ApiResponse CreateEndpoint(ApiRequest request)
    {
        Admin(request, "create_endpoint");
        JsonObject body = request.BodyOf("endpoint");
        var endpoint = new CatalogEndpoint
        {
            Id = Text.NewHexId(),
            ServiceId = body.String("service_id") ?? throw IdentityFaults.Required("service_id"),
            Interface = body.String("interface") ?? throw IdentityFaults.Required("interface"),
            Url = body.String("url") ?? throw IdentityFaults.Required("url"),
            RegionId = body.String("region_id") ?? body.String("region"),
            Enabled = body.Boolean("enabled") ?? true,
        };
        if (!store.Services.Contains(endpoint.ServiceId)) throw new ApiFault(400, $"Could not find service: {endpoint.ServiceId}.");
        if (endpoint.RegionId is { } region && !store.Regions.Contains(region)) store.Regions.Add(region, new CatalogRegion { Id = region });
        store.Endpoints.Add(endpoint.Id, endpoint);
        return ApiResponse.Wrapped(201, "endpoint", Render(endpoint, request));
    }

    private ApiResponse UpdateEndpoint(ApiRequest request)
    {
        CatalogEndpoint endpoint = FindEndpoint(Admin(request, "update_endpoint"));
        JsonObject body = request.BodyOf("endpoint");
        endpoint.ServiceId = body.String("service_id") ?? endpoint.ServiceId;
        endpoint.Interface = body.String("interface") ?? endpoint.Interface;
        endpoint.Url = body.String("url") ?? endpoint.Url;
        endpoint.RegionId = body.String("region_id") ?? endpoint.RegionId;
        endpoint.Enabled = body.Boolean("enabled") ?? endpoint.Enabled;
        return ApiResponse.Wrapped(200, "endpoint", Render(endpoint, request));
    }
}
