using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Features;

namespace Tenon.Sandbox.OpenStack.Networking;

/// <summary>Neutron, as ML2 with OVN answers.</summary>
internal sealed partial class NetworkingService : ApiService
{
    private readonly Extensions _extensions;
    private readonly TrunkFeature _trunks;

    public NetworkingService(RegionContext context)
    {
        Context = context;
        State = new NetworkState(context);
        Allocator = new PortAllocator(State);
        _extensions = new Extensions(context.Options.DisabledNetworkExtensions);
        _trunks = new TrunkFeature(State, Allocator);
        var subnets = new SubnetFeature(State);
        subnets.Map(Routes);
        new NetworkFeature(State, subnets, Allocator).Map(Routes);
        new SubnetPoolFeature(State).Map(Routes);
        new PortFeature(State, Allocator, _trunks).Map(Routes);
        new RouterFeature(State, Allocator).Map(Routes);
        new FloatingIps(State, Allocator).Map(Routes);
        new SecurityGroupFeature(State).Map(Routes);
        _trunks.Map(Routes);
        new QuotaFeature(State).Map(Routes);
        new InfrastructureFeature(State).Map(Routes);
        _extensions.Map(Routes);
    }

    /// <inheritdoc/>
    public override string Name => "network";

    /// <summary>The region that it belongs to.</summary>
    public RegionContext Context { get; }

    /// <summary>What it knows; for the services of the same region that work on it in process.</summary>
    public NetworkState State { get; }

    /// <summary>Makes and unmakes ports in process.</summary>
    public PortAllocator Allocator { get; }

    /// <inheritdoc/>
    public override void Begin(ApiRequest request) => _extensions.Check(request.Path);

    /// <inheritdoc/>
    public override ApiFault NoRoute(ApiRequest request) => Faults.NotFound();

    /// <inheritdoc/>
    public override ApiFault NoMethod(ApiRequest request, IReadOnlyCollection<string> allowed) => new(
        405, "The server could not comply with the request since it is either malformed or otherwise incorrect.", "HTTPMethodNotAllowed");

    /// <inheritdoc/>
    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Json(fault.Status, new JsonObject
    {
        ["NeutronError"] = new JsonObject { ["type"] = fault.Type ?? TypeOf(fault.Status), ["message"] = fault.Message, ["detail"] = fault.Detail },
    });

    private static string TypeOf(int status) => status switch
    {
        400 => "HTTPBadRequest",
        403 => "HTTPForbidden",
        404 => "HTTPNotFound",
        409 => "HTTPConflict",
        429 => "HTTPTooManyRequests",
        501 => "HTTPNotImplemented",
        503 => "HTTPServiceUnavailable",
        504 => "HTTPGatewayTimeout",
        _ => "HTTPInternalServerError",
    };
}
