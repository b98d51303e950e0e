using System.Collections.Immutable;
using System.Text.Json;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

/// <summary>A router's way out.</summary>
internal sealed record Gateway(Port Port, bool EnableSnat) : IJson
{
    public Network Network => Port.Network;

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("network_id", Network.Id);
        writer.WriteStartArray("external_fixed_ips");
        foreach (FixedIp address in Port.FixedIps) address.Write(writer);
        writer.WriteEndArray();
        writer.WriteBoolean("enable_snat", EnableSnat);
        writer.WriteEndObject();
    }
}

internal sealed class Router : NeutronResource
{
    public bool AdminStateUp { get; set; } = true;

    public Gateway? Gateway { get; set; }

    /// <summary>Its ports on inner networks.</summary>
    public List<Port> Interfaces { get; } = [];

    public ImmutableArray<Route> Routes { get; set; } = [];

    public ImmutableArray<string> ZoneHints { get; init; } = [];
}

internal sealed class FloatingIp : NeutronResource
{
    public required Network ExternalNetwork { get; init; }

    /// <summary>The port on the external network that holds the address.</summary>
    public required Port ExternalPort { get; init; }

    public Ip Address => ExternalPort.FixedIps[0].Address;

    public Port? Port { get; set; }

    public Ip? FixedAddress { get; set; }

    public Router? Router { get; set; }

    public string Status { get; set; } = "DOWN";

}

/// <summary>The port of a floating IP as the floating IP shows it.</summary>
internal sealed record PortDetails(Port Port) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", Port.Name);
        writer.WriteString("network_id", Port.Network.Id);
        writer.WriteString("mac_address", Port.Mac);
        writer.WriteBoolean("admin_state_up", Port.AdminStateUp);
        writer.WriteString("status", Port.Status);
        writer.WriteString("device_id", Port.DeviceId);
        writer.WriteString("device_owner", Port.DeviceOwner);
        writer.WriteEndObject();
    }
}
