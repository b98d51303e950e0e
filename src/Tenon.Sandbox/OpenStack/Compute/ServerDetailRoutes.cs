using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>What hangs below a server: metadata, tags, addresses, security groups, volumes, actions, diagnostics.</summary>
internal sealed class ServerDetailRoutes(ComputeState state, INetworkingForCompute networking)
{
    private const string Metadata = "/v2.1/servers/{id}/metadata";
    private const string Tags = "/v2.1/servers/{id}/tags";

    public void Map(RouteTable routes)
    {
        routes.Get(Metadata, "servers.metadata.list", request => MetadataOf(state.FindServer(request)));
        routes.Post(Metadata, "servers.metadata.update", request => SetMetadata(request, replace: false));
        routes.Put(Metadata, "servers.metadata.replace", request => SetMetadata(request, replace: true));
        routes.Get(Metadata + "/{key}", "servers.metadata.show", request => Meta(request["key"], Value(request)));
        routes.Put(Metadata + "/{key}", "servers.metadata.set", SetMeta);
        routes.Delete(Metadata + "/{key}", "servers.metadata.delete", request =>
        {
            Value(request);
            state.FindScheduled(request).Unlocked(request).Metadata.Remove(request["key"]);
            return ApiResponse.Empty(204);
        });
        routes.Get(Tags, "servers.tags.list", request => TagsOf(Tagged(request)));
        routes.Put(Tags, "servers.tags.replace", ReplaceTags);
        routes.Delete(Tags, "servers.tags.clear", request =>
        {
            Tagged(request).Tags.Clear();
            return ApiResponse.Empty(204);
        });
        routes.Get(Tags + "/{tag}", "servers.tags.show", request => Tagged(request).Tags.Contains(request["tag"]) ? ApiResponse.Empty(204) : throw NoTag(request));
        routes.Put(Tags + "/{tag}", "servers.tags.add", AddTag);
        routes.Delete(Tags + "/{tag}", "servers.tags.delete", request => Tagged(request).Tags.Remove(request["tag"]) ? ApiResponse.Empty(204) : throw NoTag(request));
        routes.Get("/v2.1/servers/{id}/ips", "servers.ips.list", request => ApiResponse.Ok(new JsonObject
        {
            ["addresses"] = ServerJson.Addresses(networking.PortsOf(state.FindServer(request).Id), withTypes: false),
        }));
        routes.Get("/v2.1/servers/{id}/ips/{network}", "servers.ips.show", request =>
        {
            JsonObject addresses = ServerJson.Addresses(networking.PortsOf(state.FindServer(request).Id), withTypes: false);
            return addresses[request["network"]] is { } list
                ? ApiResponse.Ok(new JsonObject { [request["network"]] = list.DeepClone() })
                : throw new ApiFault(404, "Instance is not a member of specified network");
        });
        routes.Get("/v2.1/servers/{id}/os-security-groups", "servers.security_groups.list", SecurityGroups);
        routes.Get("/v2.1/os-security-groups", "security_groups.list", ProjectGroups);
        routes.Get("/v2.1/os-security-groups/{group}", "security_groups.show", ProjectGroups);
        new VolumeRoutes(state).Map(routes);
        routes.Get("/v2.1/servers/{id}/os-instance-actions", "servers.actions.list", request =>
        {
            // Those of a deleted server stay, since 2.21.
            Server server = request.AtLeast(21) && state.Deleted.Find(request["id"]) is { } gone && request.Token.MaySee(gone.ProjectId) ? gone : state.FindServer(request);
            return ApiResponse.Collection("instanceActions", server.Actions.AsEnumerable().Reverse().Select(a => Action(server, a, request)));
        });
        routes.Get("/v2.1/servers/{id}/os-instance-actions/{request}", "servers.actions.show", ShowAction);
        routes.Get("/v2.1/servers/{id}/diagnostics", "servers.diagnostics", request =>
        {
            ComputeFaults.RequireAdmin(request, "os_compute_api:os-server-diagnostics");
            Server server = state.FindServer(request);
            return ApiResponse.Ok(new JsonObject { ["memory"] = server.Flavor.Ram * 1024L });
        });
    }

    private static ApiResponse MetadataOf(Server server) => ApiResponse.Ok(new JsonObject
    {
        ["metadata"] = new JsonObject(server.Metadata.Select(m => new KeyValuePair<string, JsonNode?>(m.Key, m.Value))),
    });

    private static ApiResponse Meta(string key, string value) => ApiResponse.Ok(new JsonObject { ["meta"] = new JsonObject { [key] = value } });

    private string Value(ApiRequest request)
        => state.FindServer(request).Metadata.TryGetValue(request["key"], out string? value) ? value : throw new ApiFault(404, "Metadata item was not found");

    private ApiResponse SetMetadata(ApiRequest request, bool replace)
    {
        JsonObject body = (request.Body as JsonObject)?.Object("metadata") ?? throw ComputeFaults.Bad("'metadata' is a required property");
        KeyValuePair<string, string>[] items = [.. ComputeFaults.Metadata(body)];
        Server server = state.FindScheduled(request).Unlocked(request);
        int most = state.Quota(server.ProjectId, "metadata_items");
        if (most >= 0 && (replace ? items.Length : server.Metadata.Keys.Union(items.Select(i => i.Key)).Count()) > most)
            throw new ApiFault(403, $"Maximum number of metadata items exceeds {most}");
        if (replace) server.Metadata.Clear();
        foreach ((string key, string value) in items) server.Metadata[key] = value;
        server.Updated = state.Context.Now;
        return MetadataOf(server);
    }

    private ApiResponse SetMeta(ApiRequest request)
    {
        Server server = state.FindScheduled(request).Unlocked(request);
        JsonObject body = (request.Body as JsonObject)?.Object("meta") ?? throw ComputeFaults.Bad("'meta' is a required property");
        if (body.Count != 1 || !body.ContainsKey(request["key"])) throw ComputeFaults.Bad("Request body and URI mismatch");
        string value = ComputeFaults.Metadata(body).Single().Value;
        server.Metadata[request["key"]] = value;
        server.Updated = state.Context.Now;
        return Meta(request["key"], value);
    }

    private Server Tagged(ApiRequest request) => request.AtLeast(26) ? state.FindServer(request) : throw ComputeFaults.Missing();

    private static ApiFault NoTag(ApiRequest request) => new(404, $"Instance {request["id"]} has no tag '{request["tag"]}'");

    private static ApiResponse TagsOf(Server server) => ApiResponse.Ok(new JsonObject { ["tags"] = JsonReading.Strings(server.Tags) });

    private ApiResponse ReplaceTags(ApiRequest request)
    {
        Server server = Tagged(request);
        JsonArray tags = (request.Body as JsonObject)?.Array("tags") ?? throw ComputeFaults.Bad("'tags' is a required property");
        string[] wanted = ComputeFaults.Tags(tags);
        server.Tags.Clear();
        server.Tags.AddRange(wanted);
        return TagsOf(server);
    }

    private ApiResponse AddTag(ApiRequest request)
    {
        Server server = Tagged(request);
        if (server.Tags.Contains(request["tag"])) return ApiResponse.Empty(204);
        server.Tags.Add(request["tag"]);
        server.Tags.Sort(StringComparer.Ordinal);
        return ApiResponse.Empty(201).With("Location", request.Link(""));
    }

    private static JsonObject Group(SecurityGroupSummary group, string projectId) => new()
    {
        ["id"] = group.Id, ["description"] = group.Description, ["name"] = group.Name, ["tenant_id"] = projectId, ["rules"] = new JsonArray(),
    };

    private ApiResponse SecurityGroups(ApiRequest request)
    {
        Server server = state.FindServer(request);
        HashSet<string> bound = [.. networking.PortsOf(server.Id).SelectMany(p => p.SecurityGroupIds)];
        return ApiResponse.Collection(
            "security_groups", networking.SecurityGroupsOf(server.ProjectId).Where(g => bound.Contains(g.Id)).Select(g => Group(g, server.ProjectId)));
    }

    /// <summary>Nova's old view of Neutron's groups (until 2.36), with which clients still turn names into IDs. Rules are Neutron's to show.</summary>
    private ApiResponse ProjectGroups(ApiRequest request)
    {
        if (request.AtLeast(36)) throw ComputeFaults.Missing();
        string project = request.Token.ProjectId ?? "";
        IEnumerable<SecurityGroupSummary> groups = networking.SecurityGroupsOf(project);
        if (!request.Route.TryGetValue("group", out string? id)) return ApiResponse.Collection("security_groups", groups.Select(g => Group(g, project)));
        return ApiResponse.Wrapped(
            200, "security_group", Group(groups.FirstOrDefault(g => g.Id == id) ?? throw new ApiFault(404, $"Security group {id} not found."), project));
    }

    private static JsonObject Action(Server server, InstanceAction action, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["action"] = action.Action,
            ["instance_uuid"] = server.Id,
            ["request_id"] = action.RequestId,
            ["user_id"] = action.UserId,
            ["project_id"] = action.ProjectId,
            ["start_time"] = ComputeJson.Micros(action.Start),
            ["message"] = action.Message,
        };
        if (request.AtLeast(58)) json["updated_at"] = ComputeJson.Micros(action.Finish ?? action.Start);
        return json;
    }

    private ApiResponse ShowAction(ApiRequest request)
    {
        Server server = state.FindServer(request);
        InstanceAction action = server.Actions.Find(a => a.RequestId == request["request"])
            ?? throw new ApiFault(404, $"Action for request_id {request["request"]} on instance {server.Id} not found");
        JsonObject json = Action(server, action, request);
        if (request.Token.IsAdmin || request.AtLeast(51))
        {
            var entry = new JsonObject
            {
                ["event"] = action.Event,
                ["start_time"] = ComputeJson.Micros(action.Start),
                ["finish_time"] = ComputeJson.Micros(action.Finish),
                ["result"] = action.Finish is null ? null : action.Message ?? "Success",
            };
            if (request.Token.IsAdmin) entry["traceback"] = null;
            if (request.AtLeast(62)) entry["hostId"] = server.HostId;
            if (request.AtLeast(62) && request.Token.IsAdmin) entry["host"] = server.Host;
            json["events"] = new JsonArray(entry);
        }

        return ApiResponse.Wrapped(200, "instanceAction", json);
    }
}
