using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Image;

namespace Tenon.Sandbox.OpenStack.Compute;

/// <summary>Nova.</summary>
internal sealed class ComputeService(RegionContext context, INetworkingForCompute networking, ImageService images) : ApiService
{
    public override string Name => "compute";

    public RegionContext Context => context;

    public INetworkingForCompute Networking => networking;

    public ImageService Images => images;

    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Text(fault.Status, fault.Message, "text/plain");
}
