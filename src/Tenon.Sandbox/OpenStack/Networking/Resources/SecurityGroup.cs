using Tenon.Sandbox.OpenStack.Networking.Addressing;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

internal sealed class SecurityGroup : NeutronResource
{
    public bool Stateful { get; set; } = true;

    /// <summary>Whether it is its project's default group.</summary>
    public bool IsDefault { get; init; }

    /// <summary>In order of creation.</summary>
    public List<SecurityGroupRule> Rules { get; } = [];
}

internal sealed class SecurityGroupRule : NeutronResource
{
    public required SecurityGroup Group { get; init; }

    /// <summary>The rules that come with a group have none, not an empty one.</summary>
    public bool NoDescription { get; init; }

    public required string Direction { get; init; }

    public required string EtherType { get; init; }

    public string? Protocol { get; init; }

    public int? PortMinimum { get; init; }

    public int? PortMaximum { get; init; }

    public string? RemotePrefix { get; init; }

    public Prefix? NormalizedPrefix { get; init; }

    public string? RemoteGroupId { get; init; }

    public string? RemoteAddressGroupId { get; init; }

    /// <summary>Neutron's internal number, which the group's own view shows.</summary>
    public required int StandardAttributeId { get; init; }
}
