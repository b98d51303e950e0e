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
        return networking.PortsOf(server.Id).FirstOrDefault(p => p.Id == request["port"]) ?? throw new ApiFault(404, $"Port id {request["port"]} could not be found.");
    }

    private ApiResponse Attach(ApiRequest request)
    {
        Server server = state.FindServer(request);
        if (server.VmState is not (VmStates.Active or VmStates.Paused or VmStates.Stopped))
            throw new ApiFault(409, $"Cannot 'attach_interface' instance {server.Id} while it is in vm_state {server.VmState}");
        if (server.TaskState is { } task) throw new ApiFault(409, $"Cannot 'attach_interface' instance {server.Id} while it is in task_state {task}");
        JsonObject body = (request.Body as JsonObject)?.Object("interfaceAttachment") ?? [];
        ServerPort port = lifecycle.Attach(server, Requested(body, server, request));
        lifecycle.Done(server, request, "attach_interface");
        return ApiResponse.Wrapped(200, "interfaceAttachment", Render(port, request));
    }

    private RequestedNic Requested(JsonObject body, Server server, ApiRequest request)
    {
        string? networkId = body.String("net_id"), portId = body.String("port_id");
        JsonArray? addresses = body.Array("fixed_ips");
        if (networkId is not null && portId is not null) throw ComputeFaults.Bad("Must not input both network_id and port_id");
        if (addresses is { Count: > 0 } && networkId is null) throw ComputeFaults.Bad("Must input network_id when request IP address");
        if (portId is not null)
        {
            ServerPort port = networking.FindPort(portId, server.ProjectId, request.Token.IsAdmin) ?? throw new ApiFault(404, $"Port id {portId} could not be found.");
            return port.DeviceId.Length == 0 ? new RequestedNic(port.NetworkId, portId, null, null) : throw ComputeFaults.Bad($"Port {portId} is still in use.");
        }

        networkId ??= networking.NetworksOf(server.ProjectId) is [{ } only] ? only.Id : throw ComputeFaults.Bad("Multiple possible networks found, use a Network ID to be more specific.");
        if (networking.FindNetwork(networkId, server.ProjectId, request.Token.IsAdmin) is null) throw new ApiFault(404, $"Network {networkId} could not be found.");
        return new RequestedNic(networkId, null, (addresses?.FirstOrDefault() as JsonObject)?.String("ip_address"), null);
    }

    private ApiResponse Detach(ApiRequest request)
    {
        ServerPort port = Find(request);
        Server server = state.FindServer(request);
        lifecycle.Detach(server, port.Id);
        lifecycle.Done(server, request, "detach_interface");
        return ApiResponse.Empty(202);
    }
}
