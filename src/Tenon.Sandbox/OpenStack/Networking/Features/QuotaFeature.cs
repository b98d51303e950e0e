using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Attributes;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Limits and what of them is used.</summary>
internal sealed class QuotaFeature(NetworkState state)
{
    public void Map(RouteTable routes)
    {
        routes.Get("/v2.0/quotas", "quotas.list", List);
        routes.Get("/v2.0/quotas/tenant", "quotas.tenant", request => ApiResponse.Ok(Owner(request, "tenant")));
        routes.Get("/v2.0/quotas/project", "quotas.project", request => ApiResponse.Ok(Owner(request, "project")));
        routes.Get("/v2.0/quotas/{project}", "quotas.show", request => ApiResponse.Ok(Limits(Readable(request))));
        routes.Get("/v2.0/quotas/{project}/default", "quotas.default", request => ApiResponse.Ok(Limits(Readable(request), defaults: true)));
        foreach (string details in (string[])["details", "details.json"])
            routes.Get($"/v2.0/quotas/{{project}}/{details}", "quotas.details", request => ApiResponse.Ok(Details(Readable(request))));
        routes.Put("/v2.0/quotas/{project}", "quotas.update", Update);
        routes.Delete("/v2.0/quotas/{project}", "quotas.delete", request =>
        {
            if (!request.Token.IsAdmin) throw Faults.Forbidden("rule:delete_quota");
            return state.Quotas.Reset(request["project"])
                ? ApiResponse.Empty(204)
                : throw Faults.NotFound("TenantQuotaNotFound", $"Quota for tenant {request["project"]} could not be found.");
        });
    }

    private static JsonObject Owner(ApiRequest request, string word) => new() { [word] = new JsonObject { [$"{word}_id"] = request.Token.ProjectId } };

    private static string Readable(ApiRequest request)
        => request.Token.MaySee(request["project"]) ? request["project"] : throw Faults.Forbidden("rule:get_quota");

    private JsonObject Limits(string project, bool defaults = false) => new()
    {
        ["quota"] = new JsonObject(QuotaBook.Defaults.Select(d =>
            KeyValuePair.Create(d.Key, (JsonNode?)JsonValue.Create(defaults ? d.Value : state.Quotas.Limit(project, d.Key))))),
    };

    private JsonObject Details(string project) => new()
    {
        ["quota"] = new JsonObject(QuotaBook.Defaults.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)new JsonObject
        {
            ["limit"] = state.Quotas.Limit(project, d.Key), ["used"] = Used(project, d.Key), ["reserved"] = 0,
        }))),
    };

    private int Used(string project, string resource)
    {
        IEnumerable<NeutronResource> all = resource switch
        {
            "network" => state.Networks,
            "subnet" => state.Subnets,
            "subnetpool" => state.SubnetPools,
            "port" => state.Ports,
            "router" => state.Routers,
            "floatingip" => state.FloatingIps,
            "security_group" => state.Groups,
            "security_group_rule" => state.Rules,
            "trunk" => state.Trunks,
            _ => [],
        };
        return all.Count(r => r.ProjectId == project);
    }

    private ApiResponse List(ApiRequest request)
    {
        if (!request.Token.IsAdmin) throw Faults.Forbidden("rule:get_quota");
        return ApiResponse.Ok(new JsonObject
        {
            ["quotas"] = new JsonArray(
            [
                .. state.Quotas.Projects.Select(project =>
                {
                    JsonObject one = Limits(project)["quota"]!.DeepClone().AsObject();
                    one["tenant_id"] = one["project_id"] = project;
                    return (JsonNode)one;
                }),
            ]),
        });
    }

    private ApiResponse Update(ApiRequest request)
    {
        if (!request.Token.IsAdmin) throw Faults.Forbidden("rule:update_quota");
        if (ResourceType<Network>.BodyOf(request)["quota"] is not JsonObject given) throw Faults.Http400("Unable to find 'quota' in request body");
        string[] unknown = [.. given.Select(p => p.Key).Where(k => k is not ("check_limit" or "force") && !QuotaBook.Defaults.Any(d => d.Key == k))];
        if (unknown.Length > 0) throw Faults.Http400($"Unrecognized attribute(s) '{string.Join(", ", unknown)}'");
        var limits = given.Where(p => p.Key is not ("check_limit" or "force")).Select(p =>
        {
            int limit = Parse.Number(p.Value) ?? throw Faults.InvalidInput($"'{Python.Str(p.Value)}' is not an integer");
            return limit >= -1 ? (p.Key, limit) : throw Faults.InvalidInput($"{limit} is not a valid quota value");
        }).ToList();
        foreach ((string resource, int limit) in limits) state.Quotas.Set(request["project"], resource, limit);
        return ApiResponse.Ok(Limits(request["project"]));
    }
}
