using Tenon.Sandbox.OpenStack.Compute;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Placement;

/// <summary>Placement.</summary>
internal sealed class PlacementService(RegionContext context, ComputeService compute) : ApiService
{
    public override string Name => "placement";

    public RegionContext Context => context;

    public ComputeService Compute => compute;

    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Text(fault.Status, fault.Message, "text/plain");
}
