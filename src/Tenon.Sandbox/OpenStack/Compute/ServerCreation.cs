using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Image;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>POST /servers.</summary>
internal sealed class ServerCreation(ComputeState state, INetworkingForCompute networking, ImageService images, ServerLifecycle lifecycle)
{
    private const string Letters = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";

    public INetworkingForCompute Networking => networking;

    public ApiResponse Create(ApiRequest request)
    {
        JsonObject body = request.Body is JsonObject root && root.Object("server") is { } given ? given : throw ComputeFaults.Bad("'server' is a required property");
        string name = body.String("name")?.Trim() ?? throw Required(body, "name");
        if (name.Length is 0 or > 255) throw ComputeFaults.Invalid("name", name, $"'{name}' is too {(name.Length == 0 ? "short" : "long")}");
        string flavorRef = body.String("flavorRef") ?? body.Integer("flavorRef")?.ToString() ?? throw Required(body, "flavorRef");
        // Clients may send a link to the flavor.
        flavorRef = flavorRef[(flavorRef.LastIndexOf('/') + 1)..];
        ImmutableArray<RequestedNic> nics = Nics(body, request);
        string? image = ImageOf(body);
        int count = (int)(body.Integer("min_count") ?? 1);
        count = Math.Max(count, (int)(body.Integer("max_count") ?? count));
        Flavor flavor = state.Flavors.Find(flavorRef) ?? throw ComputeFaults.Bad($"Flavor {flavorRef} could not be found.");
        if (body.String("key_name") is { } key && !state.Keypairs.Any(k => k.Name == key && k.UserId == request.Token.UserId)) throw ComputeFaults.Bad("Invalid key_name provided.");
        (string[] groupNames, ImmutableArray<string>? groups) = SecurityGroups(body, request);
        string projectId = request.Token.ProjectId ?? throw ComputeFaults.Policy("os_compute_api:servers:create");
        CheckQuota(projectId, flavor, count);
        ServerGroup? group = Group(request);
        string reservation = "r-" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 8);
        string password = body.String("adminPass") ?? RandomNumberGenerator.GetString(Letters, 12);
        Server? first = null;
        for (int i = 0; i < count; i++)
        {
            ComputeHost? host = Schedule(body, group, request);
            string own = count == 1 ? name : $"{name}-{i + 1}";
            DateTimeOffset now = state.Context.Now;
            var server = new Server
            {
                Id = Text.NewUuid(), Name = own, ProjectId = projectId, UserId = request.Token.UserId, Flavor = flavor, ImageId = image, KeyName = body.String("key_name"),
                Zone = host?.Zone ?? "", Host = host?.Name ?? "", Created = now, Updated = now, Hostname = body.String("hostname") ?? HostnameOf(own),
                ReservationId = reservation, LaunchIndex = i, InstanceName = $"instance-{state.NextInstance():x8}",
                Description = request.AtLeast(19) ? body.String("description") : own, ConfigDrive = body.Boolean("config_drive") == true,
                UserData = body.String("user_data"), ServerGroupId = group?.Id, DiskConfig = body.String("OS-DCF:diskConfig") ?? "MANUAL",
                Nics = nics, SecurityGroups = groups, SecurityGroupNames = [.. groupNames],
                AccessIPv4 = body.String("accessIPv4") ?? "", AccessIPv6 = body.String("accessIPv6") ?? "",
            };
            foreach ((string metaKey, JsonNode? value) in body.Object("metadata") ?? []) server.Metadata[metaKey] = value?.ToString() ?? "";
            if (request.AtLeast(52)) server.Tags.AddRange((body.Array("tags") ?? []).Select(t => t?.ToString() ?? ""));
            state.Servers.Add(server.Id, server);
            lifecycle.Build(server, request);
            first ??= server;
        }

        return Created(request, body, first!, groupNames, password);
    }

    private static ApiResponse Created(ApiRequest request, JsonObject body, Server server, string[] groupNames, string password)
    {
        if (body.Boolean("return_reservation_id") == true) return ApiResponse.Json(202, new JsonObject { ["reservation_id"] = server.ReservationId });
        return ApiResponse.Wrapped(202, "server", new JsonObject
        {
            ["id"] = server.Id,
            ["links"] = ComputeJson.Links(request, $"servers/{server.Id}"),
            ["OS-DCF:diskConfig"] = server.DiskConfig,
            ["security_groups"] = new JsonArray([.. groupNames.Select(n => (JsonNode)new JsonObject { ["name"] = n })]),
            ["adminPass"] = password,
        }).With("Location", $"{request.BaseUrl}/v2.1/servers/{server.Id}");
    }

    private static ApiFault Required(JsonObject body, string property) => ComputeFaults.Required("server", Python(body), property);

    /// <summary>A body as Nova prints it in errors.</summary>
    private static string Python(JsonObject body) => body.ToJsonString().Replace("\":", "': ", StringComparison.Ordinal).Replace(",\"", ", '", StringComparison.Ordinal).Replace('"', '\'');

    private ImmutableArray<RequestedNic> Nics(JsonObject body, ApiRequest request)
    {
        string projectId = request.Token.ProjectId ?? "";
        switch (body["networks"])
        {
            case null when request.AtLeast(37):
                throw Required(body, "networks");
            case JsonValue word when request.AtLeast(37) && word.ToString() == "none":
                return [];
            case null or JsonArray { Count: 0 }:
            case JsonValue when request.AtLeast(37) && body.String("networks") == "auto":
                ImmutableArray<NetworkSummary> own = networking.NetworksOf(projectId);
                if (own.Length > 1) throw new ApiFault(409, "Multiple possible networks found, use a Network ID to be more specific.");
                return [.. own.Select(n => new RequestedNic(n.Id, null, null, null))];
            case JsonArray list:
                return [.. list.Select(item => Nic(item as JsonObject ?? throw ComputeFaults.Invalid("networks", item?.ToJsonString() ?? "None", "not an object"), projectId, request))];
            default:
                throw ComputeFaults.Invalid("networks", body["networks"]!.ToJsonString(), "not valid under any of the given schemas");
        }
    }

    private RequestedNic Nic(JsonObject item, string projectId, ApiRequest request)
    {
        string? tag = item.String("tag");
        if (item.String("port") is { } portId)
        {
            ServerPort port = networking.FindPort(portId, projectId, request.Token.IsAdmin) ?? throw ComputeFaults.Bad($"Port id {portId} could not be found.");
            if (port.DeviceId.Length > 0) throw new ApiFault(409, $"Port {portId} is still in use.");
            return new RequestedNic(port.NetworkId, portId, null, tag);
        }

        string networkId = item.String("uuid") ?? throw ComputeFaults.Bad("Bad networks format: network uuid is not in proper format (None)");
        NetworkSummary network = networking.FindNetwork(networkId, projectId, request.Token.IsAdmin) ?? throw ComputeFaults.Bad($"Network {networkId} could not be found.");
        if (network.External && !request.Token.IsAdmin)
            throw new ApiFault(403, $"It is not allowed to create an interface on external network {networkId}");
        if (!network.HasSubnets) throw ComputeFaults.Bad($"Network {networkId} requires a subnet in order to boot instances on.");
        return new RequestedNic(networkId, null, item.String("fixed_ip"), tag);
    }

    private string? ImageOf(JsonObject body)
    {
        JsonArray? devices = body.Array("block_device_mapping_v2");
        string? reference = body.String("imageRef");
        if (string.IsNullOrEmpty(reference))
        {
            if (devices is not { Count: > 0 }) throw ComputeFaults.Bad("Invalid imageRef provided.");
            if (devices.OfType<JsonObject>().FirstOrDefault(d => d.String("source_type") == "volume") is { } volume)
                throw ComputeFaults.Bad($"Block Device Mapping is Invalid: failed to get volume {volume.String("uuid")}.");
            return null;
        }

        if (!Text.IsUuid(reference)) throw ComputeFaults.Invalid("imageRef", reference, $"'{reference}' is not valid under any of the given schemas");
        return images.IsActive(reference) ? reference : throw ComputeFaults.Bad("Can not find requested image");
    }

    private (string[] Names, ImmutableArray<string>? Ids) SecurityGroups(JsonObject body, ApiRequest request)
    {
        if (body.Array("security_groups") is not { Count: > 0 } wanted) return (["default"], null);
        string[] names = [.. wanted.OfType<JsonObject>().Select(g => g.String("name") ?? "").Distinct()];
        if (names is ["default"]) return (names, null);
        return (names, [.. names.Select(n => networking.FindSecurityGroup(n, request.Token.ProjectId ?? "")
            ?? throw ComputeFaults.Bad($"Unable to find security_group with name or id '{n}'"))]);
    }

    private void CheckQuota(string projectId, Flavor flavor, int count)
    {
        foreach ((string resource, int wanted) in ((string, int)[])[("instances", count), ("cores", flavor.Vcpus * count), ("ram", flavor.Ram * count)])
        {
            int limit = state.Quota(projectId, resource);
            if (limit < 0) continue;
            int used = state.Used(projectId, resource);
            if (used + wanted > limit)
                throw new ApiFault(403, $"Quota exceeded for {resource}: Requested {wanted}, but already used {used} of {limit} {resource}");
        }
    }

    private ServerGroup? Group(ApiRequest request)
    {
        if ((request.Body as JsonObject)?.Object("os:scheduler_hints")?.String("group") is not { } id) return null;
        return state.Groups.Find(id) is { } group && request.Token.MaySee(group.ProjectId) ? group : throw ComputeFaults.Bad($"Instance group {id} could not be found.");
    }

    /// <summary>
    /// The host of the zone asked for (an administrator may name it, ZONE:HOST), else of the zone with the fewest servers; null where the
    /// scheduler finds none, which shows in the server's fault.
    /// </summary>
    private ComputeHost? Schedule(JsonObject body, ServerGroup? group, ApiRequest request)
    {
        IEnumerable<ComputeHost> hosts = state.Hosts;
        if (body.String("availability_zone") is { Length: > 0 } zone && zone != "nova")
        {
            string[] parts = zone.Split(':');
            hosts = hosts.Where(h => h.Zone == parts[0] && (parts.Length < 2 || parts[1].Length == 0 || (request.Token.IsAdmin && h.Name == parts[1])));
            if (!hosts.Any()) throw ComputeFaults.Bad("The requested availability zone is not available");
        }

        hosts = hosts.Where(h => h.Enabled && !h.ForcedDown);
        if (group is not null && group.Policy.EndsWith("affinity", StringComparison.Ordinal) && !group.Policy.StartsWith("soft-", StringComparison.Ordinal))
        {
            HashSet<string> taken = [.. state.Servers.Where(s => s.ServerGroupId == group.Id).Select(s => s.Host)];
            hosts = hosts.Where(h => group.Policy == "affinity" ? taken.Count == 0 || taken.Contains(h.Name) : !taken.Contains(h.Name));
        }

        Dictionary<string, int> load = state.Servers.GroupBy(s => s.Host).ToDictionary(g => g.Key, g => g.Count());
        return hosts.MinBy(h => load.GetValueOrDefault(h.Name));
    }

    private static string HostnameOf(string name)
    {
        string cleaned = new([.. name.ToLowerInvariant().Select(c => c is ' ' or '_' ? '-' : c).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')]);
        return cleaned.Trim('-', '.') is { Length: > 0 } host ? host[..Math.Min(host.Length, 63)] : "server";
    }
}
