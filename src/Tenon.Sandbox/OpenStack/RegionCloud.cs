using Tenon.Sandbox.OpenStack.Compute;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Identity;
using Tenon.Sandbox.OpenStack.Image;
using Tenon.Sandbox.OpenStack.KeyManagement;
using Tenon.Sandbox.OpenStack.LoadBalancing;
using Tenon.Sandbox.OpenStack.Networking;
using Tenon.Sandbox.OpenStack.Placement;

namespace Tenon.Sandbox.OpenStack;

/// <summary>The services of one region and what they share.</summary>
internal sealed class RegionCloud
{
    public RegionCloud(string name, int index, SandboxOptions options, IdentityService identity)
    {
        Context = new RegionContext(name, index, options, identity);
        Networking = new NetworkingService(Context);
        KeyManagement = new KeyManagementService(Context);
        LoadBalancing = new LoadBalancingService(Context, Networking, KeyManagement);
        Images = new ImageService(Context);
        Compute = new ComputeService(Context, Networking, Images);
        Placement = new PlacementService(Compute);
        Services = [Networking, LoadBalancing, KeyManagement, Images, Compute, Placement];
    }

    public RegionContext Context { get; }

    public NetworkingService Networking { get; }

    public LoadBalancingService LoadBalancing { get; }

    public KeyManagementService KeyManagement { get; }

    public ImageService Images { get; }

    public ComputeService Compute { get; }

    public PlacementService Placement { get; }

    public IReadOnlyList<ApiService> Services { get; }
}
