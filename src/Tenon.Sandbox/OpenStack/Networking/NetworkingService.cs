using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Compute;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>Neutron.</summary>
internal sealed class NetworkingService(RegionContext context) : ApiService, INetworkingForCompute
{
    /// <inheritdoc/>
    public override string Name => "network";

    /// <summary>The region that it belongs to.</summary>
    public RegionContext Context => context;

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Json(fault.Status, new JsonObject
    {
        ["NeutronError"] = new JsonObject { ["type"] = fault.Type ?? "HTTPError", ["message"] = fault.Message, ["detail"] = fault.Detail },
    });

    public NetworkSummary? FindNetwork(string networkId, string projectId, bool admin) => null;

    public ImmutableArray<NetworkSummary> NetworksOf(string projectId) => [];

    public ServerPort? FindPort(string portId, string projectId, bool admin) => null;

    public ServerPort CreatePort(ServerPortRequest request) => throw new ApiFault(404, $"Network {request.NetworkId} could not be found.", "NetworkNotFound");

    public ServerPort BindPort(string portId, string serverId, string zone, string host) => throw new ApiFault(404, $"Port {portId} could not be found.", "PortNotFound");

    public void UnbindPort(string portId)
    {
    }

    public void DeletePort(string portId)
    {
    }

    public IReadOnlyList<ServerPort> PortsOf(string serverId) => [];

    public void SetSecurityGroups(string portId, IReadOnlyList<string> groupIds)
    {
    }

    public string? FindSecurityGroup(string idOrName, string projectId) => null;

    public void AddFixedIp(string portId, string networkId)
    {
    }

    public void RemoveFixedIp(string portId, string address)
    {
    }
}
