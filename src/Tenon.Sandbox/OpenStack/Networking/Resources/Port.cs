using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

/// <summary>An address of a port.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FixedIp(Subnet Subnet, Ip Address) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("subnet_id", Subnet.Id);
        writer.WriteString("ip_address", Address.ToString());
        writer.WriteEndObject();
    }
}

/// <summary>An address that a port may use besides its own. The prefix is kept as it was given: with or without a length.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct AddressPair(string Address, string Mac) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("mac_address", Mac);
        writer.WriteString("ip_address", Address);
        writer.WriteEndObject();
    }
}

internal sealed class Port : NeutronResource
{
    public required Network Network { get; init; }

    public required string Mac { get; set; }

    public bool AdminStateUp { get; set; } = true;

    public string Status { get; set; } = "DOWN";

    public ImmutableArray<FixedIp> FixedIps { get; set; } = [];

    public ImmutableArray<string> SecurityGroups { get; set; } = [];

    public ImmutableArray<AddressPair> AddressPairs { get; set; } = [];

    public bool PortSecurityEnabled { get; set; } = true;

    public string DeviceId { get; set; } = "";

    public string DeviceOwner { get; set; } = "";

    public string HostId { get; set; } = "";

    public string VnicType { get; set; } = "normal";

    public string VifType { get; set; } = "unbound";

    public JsonObject VifDetails { get; set; } = [];

    public JsonObject Profile { get; set; } = [];

    public JsonArray DhcpOptions { get; set; } = [];

    /// <summary>The floating IPs on its addresses.</summary>
    public List<FloatingIp> FloatingIps { get; } = [];

    /// <summary>The trunk that this is the parent of.</summary>
    public Trunk? Trunk { get; set; }

    /// <summary>The trunk that this is a subport of.</summary>
    public Trunk? SubportOf { get; set; }
}

[StructLayout(LayoutKind.Auto)]
internal readonly record struct SubPort(Port Port, string SegmentationType, int SegmentationId) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("port_id", Port.Id);
        writer.WriteString("segmentation_type", SegmentationType);
        writer.WriteNumber("segmentation_id", SegmentationId);
        writer.WriteEndObject();
    }
}

internal sealed class Trunk : NeutronResource, IJson
{
    public required Port Parent { get; init; }

    public bool AdminStateUp { get; set; } = true;

    public string Status { get; set; } = "DOWN";

    public ImmutableArray<SubPort> SubPorts { get; set; } = [];

    /// <summary>As the parent port shows it.</summary>
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("trunk_id", Id);
        writer.WriteStartArray("sub_ports");
        foreach (SubPort sub in SubPorts)
        {
            writer.WriteStartObject();
            writer.WriteNumber("segmentation_id", sub.SegmentationId);
            writer.WriteString("segmentation_type", sub.SegmentationType);
            writer.WriteString("port_id", sub.Port.Id);
            writer.WriteString("mac_address", sub.Port.Mac);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
