using System.Collections.Immutable;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

internal sealed class Network : NeutronResource
{
    public bool AdminStateUp { get; set; } = true;

    public bool Shared { get; set; }

    public bool External { get; set; }

    public bool IsDefault { get; set; }

    public int Mtu { get; set; } = 1442;

    public bool PortSecurityEnabled { get; set; } = true;

    public required string ProviderType { get; set; }

    public string? PhysicalNetwork { get; set; }

    public int? SegmentationId { get; set; }

    public ImmutableArray<string> ZoneHints { get; init; } = [];

    /// <summary>In order of creation.</summary>
    public List<Subnet> Subnets { get; } = [];

    /// <summary>In order of creation.</summary>
    public HashSet<Port> Ports { get; } = [];

    public HashSet<string> Macs { get; } = new(StringComparer.OrdinalIgnoreCase);
}
