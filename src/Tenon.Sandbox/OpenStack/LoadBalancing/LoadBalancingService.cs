using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking;

namespace Tenon.Sandbox.OpenStack.LoadBalancing;

/// <summary>Octavia.</summary>
internal sealed class LoadBalancingService(RegionContext context, NetworkingService networking) : ApiService
{
    /// <inheritdoc/>
    public override string Name => "load-balancer";

    /// <summary>The region that it belongs to.</summary>
    public RegionContext Context => context;

    /// <summary>Where VIP ports live.</summary>
    public NetworkingService Networking => networking;

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Json(fault.Status, new JsonObject
    {
        ["faultcode"] = fault.Status < 500 ? "Client" : "Server",
        ["faultstring"] = fault.Message,
        ["debuginfo"] = fault.Detail.Length == 0 ? null : fault.Detail,
    });
}
