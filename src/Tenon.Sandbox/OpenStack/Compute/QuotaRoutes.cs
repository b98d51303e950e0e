using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/limits</c> and <c>/v2.1/os-quota-sets</c>.</summary>
internal sealed class QuotaRoutes(ComputeState state)
{
    /// <summary>What newer microversions have dropped because other services own it (2.36), and because Nova no longer injects files (2.57).</summary>
    private static readonly string[] Networks = ["fixed_ips", "floating_ips", "security_groups", "security_group_rules"];
    private static readonly string[] Files = ["injected_file_content_bytes", "injected_file_path_bytes", "injected_files"];

    public void Map(RouteTable routes)
    {
        routes.Get("/v2.1/limits", "limits.show", Limits);
        routes.Get("/v2.1/os-quota-sets/{project}", "quotas.show", request => Set(request, (resource, _) => JsonValue.Create(state.Quota(request["project"], resource))));
        routes.Get("/v2.1/os-quota-sets/{project}/defaults", "quotas.defaults", request => Set(request, (resource, _) => JsonValue.Create(ComputeState.DefaultQuota[resource])));
        routes.Get("/v2.1/os-quota-sets/{project}/detail", "quotas.detail", request => Set(request, (resource, project) => new JsonObject
        {
            ["limit"] = state.Quota(project, resource), ["in_use"] = state.Used(project, resource), ["reserved"] = 0,
        }));
        routes.Put("/v2.1/os-quota-sets/{project}", "quotas.update", Update);
        routes.Delete("/v2.1/os-quota-sets/{project}", "quotas.delete", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-quota-sets:delete");
            state.Quotas.Remove(request["project"]);
            return ApiResponse.Empty(202);
        });
    }

    private static IEnumerable<string> Resources(ApiRequest request) => ComputeState.DefaultQuota.Keys.Order(StringComparer.Ordinal)
        .Where(r => !(request.AtLeast(36) && Networks.Contains(r)) && !(request.AtLeast(57) && Files.Contains(r)));

    private static ApiResponse Set(ApiRequest request, Func<string, string, JsonNode> value)
    {
        if (!request.Token.MaySee(request["project"])) throw ComputeFaults.Policy("os_compute_api:os-quota-sets:show");
        var json = new JsonObject { ["id"] = request["project"] };
        foreach (string resource in Resources(request)) json[resource] = value(resource, request["project"]);
        return ApiResponse.Wrapped(200, "quota_set", json);
    }

    private ApiResponse Update(ApiRequest request)
    {
        ComputeFaults.RequireAdmin(request, "os_compute_api:os-quota-sets:update");
        JsonObject body = (request.Body as JsonObject)?.Object("quota_set") ?? throw ComputeFaults.Bad("'quota_set' is a required property");
        var changes = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((string resource, JsonNode? value) in body)
        {
            if (resource is "force" or "tenant_id") continue;
            if (!ComputeState.DefaultQuota.ContainsKey(resource))
                throw ComputeFaults.Invalid("quota_set", Python.Repr(body), $"Additional properties are not allowed ('{resource}' was unexpected)");
            if (!int.TryParse(value?.ToString(), out int limit)) throw ComputeFaults.Invalid(resource, Python.Str(value), $"{Python.Repr(value)} does not match '^-?[0-9]+$'");
            if (limit < -1) throw ComputeFaults.Invalid(resource, Python.Str(value), $"{limit} is less than the minimum of -1");
            changes[resource] = limit;
        }

        if (!state.Quotas.TryGetValue(request["project"], out Dictionary<string, int>? own)) state.Quotas[request["project"]] = own = new(StringComparer.Ordinal);
        foreach ((string resource, int limit) in changes) own[resource] = limit;
        var json = new JsonObject();
        foreach (string resource in Resources(request)) json[resource] = state.Quota(request["project"], resource);
        return ApiResponse.Wrapped(200, "quota_set", json);
    }

    private ApiResponse Limits(ApiRequest request)
    {
        if (request.AtLeast(75) && request.Query.Items.Select(i => i.Key).FirstOrDefault(k => k is not ("tenant_id" or "reserved")) is { } unknown)
            throw ComputeFaults.Bad($"Additional properties are not allowed ('{unknown}' was unexpected)");
        string? tenant = request.Query["tenant_id"];
        if (tenant is not null) ComputeFaults.RequireAdmin(request, "os_compute_api:limits:other_project");
        string project = tenant ?? request.Token.ProjectId ?? "";
        var absolute = new JsonObject();
        void Limit(string name, string resource) => absolute[name] = state.Quota(project, resource);
        Limit("maxTotalInstances", "instances");
        Limit("maxTotalCores", "cores");
        Limit("maxTotalRAMSize", "ram");
        Limit("maxServerMeta", "metadata_items");
        Limit("maxTotalKeypairs", "key_pairs");
        Limit("maxServerGroups", "server_groups");
        Limit("maxServerGroupMembers", "server_group_members");
        if (!request.AtLeast(39)) Limit("maxImageMeta", "metadata_items");
        if (!request.AtLeast(57))
        {
            Limit("maxPersonality", "injected_files");
            Limit("maxPersonalitySize", "injected_file_content_bytes");
        }

        if (!request.AtLeast(36))
        {
            Limit("maxTotalFloatingIps", "floating_ips");
            Limit("maxSecurityGroups", "security_groups");
            Limit("maxSecurityGroupRules", "security_group_rules");
            absolute["totalFloatingIpsUsed"] = 0;
            absolute["totalSecurityGroupsUsed"] = 0;
        }

        absolute["totalRAMUsed"] = state.Used(project, "ram");
        absolute["totalCoresUsed"] = state.Used(project, "cores");
        absolute["totalInstancesUsed"] = state.Used(project, "instances");
        absolute["totalServerGroupsUsed"] = state.Used(project, "server_groups");
        return ApiResponse.Wrapped(200, "limits", new JsonObject { ["rate"] = new JsonArray(), ["absolute"] = absolute });
    }
}
