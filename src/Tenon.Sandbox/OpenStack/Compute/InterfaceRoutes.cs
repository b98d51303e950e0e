using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary><c>/v2.1/servers/{id}/os-interface</c>.</summary>
internal sealed class InterfaceRoutes(ComputeState state, INetworkingForCompute networking, ServerLifecycle lifecycle)
{
    private const string Root = "/v2.1/servers/{id}/os-interface";

    public void Map(RouteTable routes)
    {
        routes.Get(Root, "servers.interfaces.list", request => ApiResponse.Collection(
            "interfaceAttachments", networking.PortsOf(state.FindServer(request).Id).Select(p => Render(p, request))));
        routes.Post(Root, "servers.interfaces.create", Attach);
        routes.Get(Root + "/{port}", "servers.interfaces.show", request => ApiResponse.Wrapped(200, "interfaceAttachment", Render(Find(request), request)));
        routes.Delete(Root + "/{port}", "servers.interfaces.delete", Detach);
    }

    private static JsonObject Render(ServerPort port, ApiRequest request)
    {
        var json = new JsonObject
        {
            ["net_id"] = port.NetworkId,
            ["port_id"] = port.Id,
            ["mac_addr"] = port.MacAddress,
            ["port_state"] = port.Status,
            ["fixed_ips"] = new JsonArray([.. port.Addresses.Select(a => (JsonNode)new JsonObject { ["subnet_id"] = a.SubnetId, ["ip_address"] = a.Address })]),
        };
        if (request.AtLeast(70)) json["tag"] = null;
        return json;
    }

    private ServerPort Find(ApiRequest request)
    {
        Server server = state.FindServer(request);
        if (networking.FindPort(request["port"], server.ProjectId, request.Token.IsAdmin) is not { } port) throw NoPort(request["port"]);
        return port.DeviceId == server.Id ? port : throw new ApiFault(404, $"Instance {server.Id} does not have a port with id {port.Id}");
    }

    private ApiResponse Attach(ApiRequest request)
    {
        JsonObject body = (request.Body as JsonObject)?.Object("interfaceAttachment") ?? [];
        Check(body, request);
        Server server = state.FindScheduled(request).Unlocked(request);
        if (server.VmState is not (VmStates.Active or VmStates.Paused or VmStates.Stopped))
            throw new ApiFault(409, $"Cannot 'attach_interface' instance {server.Id} while it is in vm_state {server.VmState}");
        if (server.TaskState is { } task) throw new ApiFault(409, $"Cannot 'attach_interface' instance {server.Id} while it is in task_state {task}");
        ServerPort port;
        try
        {
            port = lifecycle.Attach(server, Requested(body, server, request));
        }
        catch (ApiFault refused) when (refused.Type == "InvalidIpForNetwork")
        {
            throw Remote("nova.exception_Remote.InvalidInput_Remote");
        }

        lifecycle.Done(server, request, "attach_interface");
        return ApiResponse.Wrapped(200, "interfaceAttachment", Render(port, request));
    }

    private static void Check(JsonObject body, ApiRequest request)
    {
        body.OnlyHas("interfaceAttachment", ["net_id", "port_id", "fixed_ips", .. request.AtLeast(49) ? ["tag"] : Array.Empty<string>()]);
        foreach (string field in (string[])["net_id", "port_id"])
        {
            if (body.String(field) is { } id && !Text.IsUuid(id)) throw ComputeFaults.Invalid(field, id, $"'{id}' is not a 'uuid'");
        }

        if (body.Array("fixed_ips") is { Count: > 1 } many) throw ComputeFaults.Invalid("fixed_ips", Python.Repr(many), $"{Python.Repr(many)} is too long");
    }

    private static ApiFault NoPort(string id) => new(404, $"Port id {id} could not be found.");

    /// <summary>What Nova makes of an error that its compute host did not expect.</summary>
    private static ApiFault Remote(string type) => new(
        500,
        "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible.\n" + $"<class '{type}'>");

    private RequestedNic Requested(JsonObject body, Server server, ApiRequest request)
    {
        string? networkId = body.String("net_id"), portId = body.String("port_id");
        JsonArray? addresses = body.Array("fixed_ips");
        if (networkId is not null && portId is not null) throw ComputeFaults.Bad("Must not input both network_id and port_id");
        if (addresses is { Count: > 0 } && networkId is null) throw ComputeFaults.Bad("Must input network_id when request IP address");
        if (portId is not null)
        {
            ServerPort port = networking.FindPort(portId, server.ProjectId, request.Token.IsAdmin) ?? throw NoPort(portId);
            return port.DeviceId.Length == 0 ? new RequestedNic(port.NetworkId, portId, null, null) : throw new ApiFault(409, $"Port {portId} is still in use.");
        }

        networkId ??= networking.NetworksOf(server.ProjectId) is [{ } only] ? only.Id : throw ComputeFaults.Bad("Multiple possible networks found, use a Network ID to be more specific.");
        NetworkSummary network = networking.FindNetwork(networkId, server.ProjectId, request.Token.IsAdmin) ?? throw Remote("oslo_messaging.rpc.client.RemoteError");
        if (network.External && !request.Token.IsAdmin) throw new ApiFault(403, $"It is not allowed to create an interface on external network {networkId}");
        if (!network.HasSubnets)
            throw ComputeFaults.Bad("Network requires port_security_enabled and subnet associated in order to apply security groups.");
        return new RequestedNic(networkId, null, (addresses?.FirstOrDefault() as JsonObject)?.String("ip_address"), null);
    }

    private ApiResponse Detach(ApiRequest request)
    {
        // Whether the server has such a port is found out later, and nobody is told.
        Server server = state.FindScheduled(request).Unlocked(request);
        if (networking.PortsOf(server.Id).Any(p => p.Id == request["port"])) lifecycle.Detach(server, request["port"]);
        lifecycle.Done(server, request, "detach_interface");
        return ApiResponse.Empty(202);
    }
}
