using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Image;

/// <summary>Glance.</summary>
internal sealed class ImageService(RegionContext context) : ApiService
{
    public override string Name => "image";

    public RegionContext Context => context;

    public override ApiResponse Render(ApiFault fault, ApiRequest request) => ApiResponse.Text(fault.Status, fault.Message, "text/plain");
}
