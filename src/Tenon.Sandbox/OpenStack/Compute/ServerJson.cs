using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>Servers as JSON, by microversion and by who asks.</summary>
internal sealed class ServerJson(ComputeState state, INetworkingForCompute networking)
{
    /// <summary>ID, name and links, as plain lists have.</summary>
    public static JsonObject Brief(Server server, ApiRequest request) => new()
    {
        ["id"] = server.Id, ["name"] = server.Name, ["links"] = ComputeJson.Links(request, $"servers/{server.Id}"),
    };

    /// <summary>Everything.</summary>
    /// <param name="server">The server.</param>
    /// <param name="request">Who asks, and how new the answer may be.</param>
    /// <param name="inList">Whether it is one of a list, which has a little less.</param>
    public JsonObject Detail(Server server, ApiRequest request, bool inList)
    {
        IReadOnlyList<ServerPort> ports = networking.PortsOf(server.Id);
        var json = new JsonObject
        {
            ["id"] = server.Id,
            ["name"] = server.Name,
            ["status"] = server.Status,
            ["tenant_id"] = server.ProjectId,
            ["user_id"] = server.UserId,
            ["metadata"] = new JsonObject(server.Metadata.Select(m => new KeyValuePair<string, JsonNode?>(m.Key, m.Value))),
            ["hostId"] = server.HostId,
            ["image"] = server.ImageId is { } image ? new JsonObject { ["id"] = image, ["links"] = ComputeJson.Bookmark(request, $"images/{image}") } : "",
            ["flavor"] = Flavor(server.Flavor, request),
            ["created"] = Text.Seconds(server.Created),
            ["updated"] = Text.Seconds(server.Updated),
            ["addresses"] = Addresses(ports, withTypes: true),
            ["accessIPv4"] = server.AccessIPv4,
            ["accessIPv6"] = server.AccessIPv6,
            ["links"] = ComputeJson.Links(request, $"servers/{server.Id}"),
            ["OS-DCF:diskConfig"] = server.DiskConfig,
        };
        string status = server.Status;
        if (status is "ACTIVE" or "BUILD" or "REBUILD" or "RESIZE" or "VERIFY_RESIZE" or "MIGRATING") json["progress"] = 0;
        if (status == "ERROR" && server.Fault is { } fault)
        {
            json["fault"] = new JsonObject { ["code"] = 500, ["created"] = Text.Seconds(fault.Created), ["message"] = fault.Message };
            if (request.Token.IsAdmin) json["fault"]!["details"] = "";
        }

        json["OS-EXT-AZ:availability_zone"] = server.Zone;
        json["config_drive"] = server.ConfigDrive ? "True" : "";
        json["key_name"] = server.KeyName;
        json["OS-SRV-USG:launched_at"] = ComputeJson.Micros(server.Launched);
        json["OS-SRV-USG:terminated_at"] = ComputeJson.Micros(server.Terminated);
        if (ports.Count > 0 && server.Scheduled && server.Terminated is null) json["security_groups"] = SecurityGroups(ports);
        if (request.Token.IsAdmin) Administration(server, request, json);
        else if (request.AtLeast(90)) json["OS-EXT-SRV-ATTR:hostname"] = server.Hostname;
        json["OS-EXT-STS:task_state"] = server.TaskState;
        json["OS-EXT-STS:vm_state"] = server.VmState;
        json["OS-EXT-STS:power_state"] = server.PowerState;
        json["os-extended-volumes:volumes_attached"] = new JsonArray();
        Newer(server, request, inList, json);
        return json;
    }

    /// <summary>What changes and rebuilds answer: before 2.75 without what extensions add to a show.</summary>
    public JsonObject Changed(Server server, ApiRequest request)
    {
        JsonObject json = Detail(server, request, inList: false);
        if (request.AtLeast(75)) return json;
        foreach (string key in json.Select(p => p.Key).Where(IsExtended).ToArray()) json.Remove(key);
        json["addresses"] = Addresses(networking.PortsOf(server.Id), withTypes: false);
        return json;
    }

    private static bool IsExtended(string key)
        => key.StartsWith("OS-EXT-", StringComparison.Ordinal) || key.StartsWith("OS-SRV-USG:", StringComparison.Ordinal)
            || key is "config_drive" or "key_name" or "security_groups" or "os-extended-volumes:volumes_attached" or "host_status";

    /// <summary>The addresses by network, floating ones after the fixed one that they are on.</summary>
    public static JsonObject Addresses(IReadOnlyList<ServerPort> ports, bool withTypes)
    {
        var networks = new JsonObject();
        foreach (ServerPort port in ports)
        {
            if (networks[port.NetworkName] is not JsonArray list) networks[port.NetworkName] = list = [];
            foreach (ServerAddress address in port.Addresses) list.Add(Address(address.Address, "fixed", port, withTypes));
            foreach (ServerAddress address in port.Addresses)
            {
                if (address.FloatingIp is { } floating) list.Add(Address(floating, "floating", port, withTypes));
            }
        }

        return networks;
    }

    private static JsonObject Address(string address, string type, ServerPort port, bool withType)
    {
        var json = new JsonObject { ["version"] = address.Contains(':', StringComparison.Ordinal) ? 6 : 4, ["addr"] = address };
        if (!withType) return json;
        json["OS-EXT-IPS:type"] = type;
        json["OS-EXT-IPS-MAC:mac_addr"] = port.MacAddress;
        return json;
    }

    private static JsonObject Flavor(Flavor flavor, ApiRequest request)
    {
        if (!request.AtLeast(47)) return new JsonObject { ["id"] = flavor.Id, ["links"] = ComputeJson.Bookmark(request, $"flavors/{flavor.Id}") };
        return new JsonObject
        {
            ["vcpus"] = flavor.Vcpus,
            ["ram"] = flavor.Ram,
            ["disk"] = flavor.Disk,
            ["ephemeral"] = flavor.Ephemeral,
            ["swap"] = flavor.Swap,
            ["original_name"] = flavor.Name,
            ["extra_specs"] = FlavorRoutes.ExtraSpecs(flavor),
        };
    }

    /// <summary>A port's groups after another's, repeated where they have the same.</summary>
    private static JsonArray SecurityGroups(IReadOnlyList<ServerPort> ports)
        => new([.. ports.SelectMany(p => p.SecurityGroupNames).Select(n => (JsonNode)new JsonObject { ["name"] = n })]);

    private static void Administration(Server server, ApiRequest request, JsonObject json)
    {
        string? host = server.Host.Length == 0 || !server.Scheduled ? null : server.Host;
        json["OS-EXT-SRV-ATTR:host"] = host;
        json["OS-EXT-SRV-ATTR:instance_name"] = server.InstanceName;
        json["OS-EXT-SRV-ATTR:hypervisor_hostname"] = host;
        if (!request.AtLeast(3)) return;
        json["OS-EXT-SRV-ATTR:reservation_id"] = server.ReservationId;
        json["OS-EXT-SRV-ATTR:launch_index"] = server.LaunchIndex;
        json["OS-EXT-SRV-ATTR:hostname"] = server.Hostname;
        json["OS-EXT-SRV-ATTR:kernel_id"] = "";
        json["OS-EXT-SRV-ATTR:ramdisk_id"] = "";
        json["OS-EXT-SRV-ATTR:root_device_name"] = host is null ? null : "/dev/vda";
        json["OS-EXT-SRV-ATTR:user_data"] = server.UserData;
    }

    private void Newer(Server server, ApiRequest request, bool inList, JsonObject json)
    {
        if (request.AtLeast(16) && request.Token.IsAdmin)
            json["host_status"] = server.Host.Length == 0 || !server.Scheduled ? "" : state.Hosts.Any(h => h.Name == server.Host && h.ForcedDown) ? "DOWN" : "UP";
        if (request.AtLeast(9)) json["locked"] = server.Locked;
        if (request.AtLeast(73)) json["locked_reason"] = server.LockedReason;
        if (request.AtLeast(19)) json["description"] = server.Description;
        if (request.AtLeast(26)) json["tags"] = JsonReading.Strings(server.Tags);
        if (request.AtLeast(63)) json["trusted_image_certificates"] = null;
        if (request.AtLeast(71) && !inList)
        {
            ImmutableArray<string> groups = server.ServerGroupId is { } group && state.Groups.Contains(group) ? [group] : [];
            json["server_groups"] = JsonReading.Strings(groups);
        }
    }
}
