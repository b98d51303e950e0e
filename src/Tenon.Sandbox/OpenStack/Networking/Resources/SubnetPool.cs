using System.Collections.Immutable;
using Tenon.Sandbox.OpenStack.Networking.Addressing;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

internal sealed class SubnetPool : NeutronResource
{
    public required ImmutableArray<Prefix> Prefixes { get; set; }

    public required int Version { get; init; }

    public required int DefaultLength { get; set; }

    public required int MinimumLength { get; set; }

    public required int MaximumLength { get; set; }

    public bool Shared { get; init; }

    public bool IsDefault { get; set; }

    public int? DefaultQuota { get; set; }

    public string? AddressScopeId { get; set; }
}

internal sealed class AddressScope : NeutronResource
{
    public required int Version { get; init; }

    public bool Shared { get; set; }
}

internal sealed class AddressGroup : NeutronResource
{
    public ImmutableArray<string> Addresses { get; set; } = [];
}
