using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Fields;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Features;

/// <summary>Octavia's quotas.</summary>
internal sealed class BalancerQuotaFeature(BalancerState state)
{
    public void Map(RouteTable routes)
    {
        const string all = "/v2/lbaas/quotas", one = all + "/{project}";
        routes.Get(all, "quotas.list", List);
        routes.Get(all + "/defaults", "quotas.defaults", request =>
        {
            Admin(request);
            return ApiResponse.Ok(new JsonObject { ["quota"] = new JsonObject(BalancerQuotas.Resources.Select(r => KeyValuePair.Create(r, (JsonNode?)-1))) });
        });
        routes.Get(one, "quotas.show", request =>
            request.Token.MaySee(request["project"]) ? ApiResponse.Ok(Limits(request["project"])) : throw OctaviaFaults.Forbidden());
        routes.Put(one, "quotas.update", Update);
        routes.Delete(one, "quotas.delete", request =>
        {
            Admin(request);
            state.Quotas.Reset(request["project"]);
            return ApiResponse.Empty(202);
        });
    }

    private static void Admin(ApiRequest request)
    {
        if (!request.Token.IsAdmin) throw OctaviaFaults.Forbidden();
    }

    private JsonObject Limits(string project) => new()
    {
        ["quota"] = new JsonObject(BalancerQuotas.Resources.Select(r => KeyValuePair.Create(r, (JsonNode?)state.Quotas.Limit(project, r)))),
    };

    private ApiResponse List(ApiRequest request)
    {
        IEnumerable<string> projects = request.Token.IsAdmin ? state.Quotas.Projects : [request.Token.ProjectId ?? ""];
        var quotas = new JsonArray();
        foreach (string project in projects)
        {
            var one = new JsonObject { ["project_id"] = project, ["tenant_id"] = project };
            foreach (string resource in BalancerQuotas.Resources) one[resource] = state.Quotas.Own(project, resource);
            // The names before they were given underscores are still answered.
            one["loadbalancer"] = state.Quotas.Own(project, "load_balancer");
            one["healthmonitor"] = state.Quotas.Own(project, "health_monitor");
            quotas.Add(one);
        }

        return ApiResponse.Ok(new JsonObject { ["quotas"] = quotas, ["quotas_links"] = new JsonArray() });
    }

    private ApiResponse Update(ApiRequest request)
    {
        Admin(request);
        JsonNode? body = OctaviaType<LoadBalancer>.BodyOf(request, "quotas")["quota"];
        if (body is not JsonObject given) throw OctaviaFaults.Field("quota", Python.Str(body), "Mandatory field missing.");
        var changes = new List<(string, int?)>();
        foreach ((string name, JsonNode? value) in given)
        {
            string resource = name switch { "loadbalancer" => "load_balancer", "healthmonitor" => "health_monitor", _ => name };
            if (!BalancerQuotas.Resources.Contains(resource)) throw new ApiFault(400, $"Unknown attribute for argument quotas.quota: {name}");
            changes.Add((resource, value is null ? null : (int)Value.Integer(-1, 2000000000)(name, value)!));
        }

        foreach ((string resource, int? limit) in changes) state.Quotas.Set(request["project"], resource, limit);
        return ApiResponse.Json(202, Limits(request["project"]));
    }
}
