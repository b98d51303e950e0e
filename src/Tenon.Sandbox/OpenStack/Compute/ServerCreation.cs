using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Image;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>POST /servers.</summary>
internal sealed class ServerCreation(ComputeState state, INetworkingForCompute networking, ImageService images, ServerLifecycle lifecycle)
{
    /// <summary>What a body may have, and since which microversion.</summary>
    private static readonly ImmutableArray<(int Since, string[] Names)> Members =
    [
        (1, [
            "name", "imageRef", "flavorRef", "adminPass", "metadata", "networks", "OS-DCF:diskConfig", "accessIPv4", "accessIPv6", "personality", "availability_zone",
            "block_device_mapping", "block_device_mapping_v2", "config_drive", "key_name", "min_count", "max_count", "return_reservation_id", "security_groups", "user_data",
        ]),
        (19, ["description"]), (52, ["tags"]), (63, ["trusted_image_certificates"]), (74, ["host", "hypervisor_hostname"]), (90, ["hostname"]),
    ];

    private const string Letters = "ABCDEFGHJKMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789";

    public INetworkingForCompute Networking => networking;

    public ApiResponse Create(ApiRequest request)
    {
        JsonObject body = request.Body is JsonObject root && root.Object("server") is { } given ? given : throw ComputeFaults.Bad("'server' is a required property");
        body.OnlyHas("server", [.. Members.Where(m => request.AtLeast(m.Since)).SelectMany(m => m.Names)]);
        string name = body.String("name")?.Trim() ?? throw Required(body, "name");
        if (name.Length is 0 or > 255) throw ComputeFaults.Invalid("name", name, $"'{name}' is too {(name.Length == 0 ? "short" : "long")}");
        string flavorRef = body.String("flavorRef") ?? body.Integer("flavorRef")?.ToString() ?? throw Required(body, "flavorRef");
        // Clients may send a link to the flavor.
        flavorRef = flavorRef[(flavorRef.LastIndexOf('/') + 1)..];
        CheckAddress(body, "accessIPv4", v6: false);
        CheckAddress(body, "accessIPv6", v6: true);
        KeyValuePair<string, string>[] metadata = [.. ComputeFaults.Metadata(body.Object("metadata") ?? [])];
        string[] tags = ComputeFaults.Tags(body.Array("tags") ?? []);
        int least = (int)(body.Integer("min_count") ?? 1), count = (int)(body.Integer("max_count") ?? least);
        if (body.ContainsKey("max_count") && count < least) throw ComputeFaults.Bad("min_count must be <= max_count");
        ImmutableArray<RequestedNic> nics = Nics(body, request);
        string? image = ImageOf(body);
        Flavor flavor = state.Flavors.Find(flavorRef) ?? throw ComputeFaults.Bad($"Flavor {flavorRef} could not be found.");
        if (body.String("key_name") is { } key && !state.Keypairs.Any(k => k.Name == key && k.UserId == request.Token.UserId)) throw ComputeFaults.Bad("Invalid key_name provided.");
        (string[] groupNames, ImmutableArray<string>? groups) = SecurityGroups(body, request);
        string projectId = request.Token.ProjectId ?? throw ComputeFaults.Policy("os_compute_api:servers:create");
        CheckZone(body, request);
        CheckQuota(projectId, flavor, least, count, metadata.Length);
        ServerGroup? group = Group(request);
        string reservation = "r-" + RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 8);
        string password = body.String("adminPass") ?? NewPassword();
        Server? first = null;
        for (int i = 0; i < count; i++)
        {
            (ComputeHost? host, string? noHost) = Schedule(body, flavor, group, request);
            string own = count == 1 ? name : $"{name}-{i + 1}";
            DateTimeOffset now = state.Context.Now;
            var server = new Server
            {
                Id = Text.NewUuid(), Name = own, ProjectId = projectId, UserId = request.Token.UserId, Flavor = flavor, ImageId = image, KeyName = body.String("key_name"),
                Zone = ZoneOf(body).Split(':')[0], RequestedZone = ZoneOf(body).Split(':')[0], Host = host?.Name ?? "", Created = now, Updated = now, Hostname = body.String("hostname") ?? HostnameOf(own),
                ReservationId = reservation, LaunchIndex = i, InstanceName = $"instance-{state.NextInstance():x8}",
                Description = request.AtLeast(19) ? body.String("description") : own, ConfigDrive = body.Boolean("config_drive") == true,
                UserData = body.String("user_data"), ServerGroupId = group?.Id, DiskConfig = body.String("OS-DCF:diskConfig") ?? "MANUAL",
                Nics = nics, SecurityGroups = groups, SecurityGroupNames = [.. groupNames],
                AccessIPv4 = body.String("accessIPv4") ?? "", AccessIPv6 = body.String("accessIPv6") ?? "",
            };
            foreach ((string metaKey, string value) in metadata) server.Metadata[metaKey] = value;
            server.Tags.AddRange(tags);
            state.Servers.Add(server.Id, server);
            lifecycle.Build(server, request, noHost);
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

    /// <summary>A server's password.</summary>
    public static string NewPassword() => RandomNumberGenerator.GetString(Letters, 12);

    private static ApiFault Required(JsonObject body, string property) => ComputeFaults.Required("server", body, property);

    private static void CheckAddress(JsonObject body, string field, bool v6)
    {
        if (body.String(field) is not { Length: > 0 } text) return;
        bool good = IPAddress.TryParse(text, out IPAddress? address) && (address.AddressFamily == AddressFamily.InterNetworkV6) == v6;
        if (!good) throw ComputeFaults.Invalid(field, text, $"'{text}' is not a '{(v6 ? "ipv6" : "ipv4")}'");
    }

    private ImmutableArray<RequestedNic> Nics(JsonObject body, ApiRequest request)
    {
        string projectId = request.Token.ProjectId ?? "";
        switch (body["networks"])
        {
            case null when request.AtLeast(37):
                throw Required(body, "networks");
            case JsonValue word when request.AtLeast(37) && word.ToString() == "none":
                return [];
            case JsonValue word when !request.AtLeast(37):
                throw ComputeFaults.Invalid("networks", word.ToString(), $"{Python.Repr(word)} is not of type 'array'");
            case null or JsonArray { Count: 0 }:
            case JsonValue when request.AtLeast(37) && body.String("networks") == "auto":
                ImmutableArray<NetworkSummary> own = networking.NetworksOf(projectId);
                if (own.Length > 1) throw new ApiFault(409, "Multiple possible networks found, use a Network ID to be more specific.");
                return [.. own.Select(n => new RequestedNic(n.Id, null, null, null))];
            case JsonArray list:
                return [.. list.Select(item => Nic(item as JsonObject ?? throw ComputeFaults.Invalid("networks", item?.ToJsonString() ?? "None", "not an object"), projectId, request))];
            default:
                throw ComputeFaults.Invalid("networks", Python.Str(body["networks"]), $"{Python.Repr(body["networks"])} is not valid under any of the given schemas");
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

        string networkId = item.String("uuid") ?? throw ComputeFaults.Bad("Bad network format: missing 'uuid'");
        if (!Text.IsUuid(networkId)) throw ComputeFaults.Bad($"Bad networks format: network uuid is not in proper format ({networkId})");
        NetworkSummary network = networking.FindNetwork(networkId, projectId, request.Token.IsAdmin) ?? throw ComputeFaults.Bad($"Network {networkId} could not be found.");
        if (!network.HasSubnets) throw ComputeFaults.Bad($"Network {networkId} requires a subnet in order to boot instances on.");
        return new RequestedNic(networkId, null, item.String("fixed_ip"), tag) { Forbidden = network.External && !request.Token.IsAdmin };
    }

    private string? ImageOf(JsonObject body)
    {
        JsonArray? devices = body.Array("block_device_mapping_v2");
        string? reference = body.String("imageRef");
        if (string.IsNullOrEmpty(reference))
        {
            if (devices is not { Count: > 0 }) throw ComputeFaults.Bad(reference is null ? "Missing imageRef attribute" : "Invalid imageRef provided.");
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

    /// <summary>All that is too much is told at once; asked for is MIN-MAX where they differ.</summary>
    private void CheckQuota(string projectId, Flavor flavor, int least, int most, int metadata)
    {
        int limit = state.Quota(projectId, "metadata_items");
        if (limit >= 0 && metadata > limit) throw new ApiFault(403, $"Maximum number of metadata items exceeds {limit}");
        (string Name, int Each)[] needs = [("cores", flavor.Vcpus), ("instances", 1), ("ram", flavor.Ram)];
        (string Name, int Each)[] over =
            [.. needs.Where(n => state.Quota(projectId, n.Name) is >= 0 and var allowed && state.Used(projectId, n.Name) + (n.Each * least) > allowed)];
        if (over.Length == 0) return;
        string Each(Func<(string Name, int Each), object> of) => string.Join(", ", over.Select(of));
        string wanted = Each(r => least == most ? $"{r.Each * most}" : $"{r.Each * least}-{r.Each * most}");
        throw new ApiFault(
            403,
            $"Quota exceeded for {Each(r => r.Name)}: Requested {wanted}, but already used {Each(r => state.Used(projectId, r.Name))} "
            + $"of {Each(r => state.Quota(projectId, r.Name))} {Each(r => r.Name)}");
    }

    private ServerGroup? Group(ApiRequest request)
    {
        if ((request.Body as JsonObject)?.Object("os:scheduler_hints")?.String("group") is not { } id) return null;
        return state.Groups.Find(id) is { } group && request.Token.MaySee(group.ProjectId) ? group : throw ComputeFaults.Bad($"Instance group {id} could not be found.");
    }

    private static string ZoneOf(JsonObject body) => body.String("availability_zone") is { } zone && zone != "nova" ? zone : "";

    private void CheckZone(JsonObject body, ApiRequest request)
    {
        if (ZoneOf(body) is not { Length: > 0 } zone) return;
        if (zone.Contains(':', StringComparison.Ordinal)) ComputeFaults.RequireAdmin(request, "os_compute_api:servers:create:forced_host");
        string[] parts = zone.Split(':');
        if (!state.Hosts.Any(h => h.Zone == parts[0] && (parts.Length < 2 || parts[1].Length == 0 || h.Name == parts[1])))
            throw ComputeFaults.Bad("The requested availability zone is not available");
    }

    /// <summary>
    /// The host of the zone asked for (an administrator may name it, ZONE:HOST), else of the zone with the fewest servers; or why there is none,
    /// which shows in the server's fault.
    /// </summary>
    private (ComputeHost? Host, string? Why) Schedule(JsonObject body, Flavor flavor, ServerGroup? group, ApiRequest request)
    {
        // Placement's candidates, without which Nova has nothing to say.
        ComputeHost[] candidates = [.. state.Hosts.Where(h => h.Enabled && !h.ForcedDown && Fits(h, flavor))];
        if (candidates.Length == 0) return (null, "");
        IEnumerable<ComputeHost> hosts = candidates;
        if (ZoneOf(body) is { Length: > 0 } zone)
        {
            string[] parts = zone.Split(':');
            hosts = hosts.Where(h => h.Zone == parts[0] && (parts.Length < 2 || parts[1].Length == 0 || h.Name == parts[1]));
        }

        if (group is not null && group.Policy.EndsWith("affinity", StringComparison.Ordinal) && !group.Policy.StartsWith("soft-", StringComparison.Ordinal))
        {
            HashSet<string> taken = [.. state.Servers.Where(s => s.ServerGroupId == group.Id).Select(s => s.Host)];
            hosts = hosts.Where(h => group.Policy == "affinity" ? taken.Count == 0 || taken.Contains(h.Name) : !taken.Contains(h.Name));
        }

        Dictionary<string, int> load = state.Servers.GroupBy(s => s.Host).ToDictionary(g => g.Key, g => g.Count());
        ComputeHost? host = hosts.MinBy(h => load.GetValueOrDefault(h.Name));
        return host is null ? (null, "There are not enough hosts available.") : (host, null);
    }

    private bool Fits(ComputeHost host, Flavor flavor)
    {
        int cpus = flavor.Vcpus, memory = flavor.Ram, disk = flavor.Disk;
        foreach (Server other in state.Servers.Where(s => s.Host == host.Name)) (cpus, memory, disk) = (cpus + other.Flavor.Vcpus, memory + other.Flavor.Ram, disk + other.Flavor.Disk);
        return flavor.Ram <= ComputeHost.MemoryMb && flavor.Vcpus <= ComputeHost.Vcpus && cpus <= ComputeHost.Vcpus * 16
            && memory <= (ComputeHost.MemoryMb - 512) * 1.5 && disk <= ComputeHost.DiskGb;
    }

    private static string HostnameOf(string name)
    {
        string cleaned = new([.. name.ToLowerInvariant().Select(c => c is ' ' or '_' ? '-' : c).Where(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')]);
        return cleaned.Trim('-', '.') is { Length: > 0 } host ? host[..Math.Min(host.Length, 63)] : "server";
    }
}
