using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

/// <summary>A host route of a subnet, an extra route of a router.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Route(Prefix Destination, Ip NextHop) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("destination", Destination.ToString());
        writer.WriteString("nexthop", NextHop.ToString());
        writer.WriteEndObject();
    }

    /// <summary>As Python prints the dictionary.</summary>
    public string Repr() => $"{{'destination': '{Destination}', 'nexthop': '{NextHop}'}}";
}

internal sealed class Subnet : NeutronResource
{
    public required Network Network { get; init; }

    public required Prefix Cidr { get; init; }

    public Ip? Gateway { get; set; }

    public ImmutableArray<IpRange> Pools { get; set; } = [];

    public bool Dhcp { get; set; } = true;

    public ImmutableArray<string> NameServers { get; set; } = [];

    public ImmutableArray<Route> HostRoutes { get; set; } = [];

    public ImmutableArray<string> ServiceTypes { get; set; } = [];

    public string? RaMode { get; init; }

    public string? AddressMode { get; init; }

    public SubnetPool? Pool { get; init; }

    public AddressLedger Ledger { get; } = new();

    /// <summary>Whether interfaces derive their addresses from their MAC address.</summary>
    public bool AutoAddress => AddressMode is "slaac" or "dhcpv6-stateless" || (AddressMode is null && RaMode is "slaac" or "dhcpv6-stateless");
}
