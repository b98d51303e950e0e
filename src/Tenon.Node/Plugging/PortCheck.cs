using System.Net;
using System.Net.NetworkInformation;
using Tenon.Network.Contracts;

namespace Tenon.Nodes.Plugging;

/// <summary>Looks at a port's spec before anything is done with it: what it says comes over the wire.</summary>
internal static class PortCheck
{
    private const int LongestMacText = 17;

    /// <summary>Everything that is wrong with a spec, each as a clause that names the field; empty when it can be plugged.</summary>
    public static IReadOnlyList<string> Problems(PodPortSpec port)
    {
        var problems = new List<string>();
        if (!Guid.TryParse(port.PortId, out _)) problems.Add($"spec.portId \"{port.PortId}\" is no UUID");
        if (port.MacAddress.Length != LongestMacText || !PhysicalAddress.TryParse(port.MacAddress, out PhysicalAddress? mac) || mac.GetAddressBytes().Length != 6)
            problems.Add($"spec.macAddress \"{port.MacAddress}\" is no hardware address");
        if (port.Addresses.Count == 0) problems.Add("spec.addresses is empty");
        foreach (PodPortAddress address in port.Addresses)
        {
            if (!IsAddress(address.Address)) problems.Add($"spec.addresses \"{address.Address}\" is no ADDRESS/LENGTH");
            if (address.Gateway is { } gateway && !IPAddress.TryParse(gateway, out _)) problems.Add($"spec.addresses.gateway \"{gateway}\" is no address");
        }

        foreach (PodPortRoute route in port.Routes)
        {
            if (!IPNetwork.TryParse(route.Destination, out _)) problems.Add($"spec.routes.destination \"{route.Destination}\" is no network");
            if (!IPAddress.TryParse(route.NextHop, out _)) problems.Add($"spec.routes.nextHop \"{route.NextHop}\" is no address");
        }

        if (port.Binding.Type is not ("vlan" or "ovs")) problems.Add($"spec.binding.type \"{port.Binding.Type}\" is neither vlan nor ovs");
        if (port.Binding.Type == "vlan" && port.Binding.VlanId is not (>= 1 and <= 4094)) problems.Add($"spec.binding.vlanId \"{port.Binding.VlanId}\" is not from 1 to 4094");
        return problems;
    }

    private static bool IsAddress(string text)
        => text.Split('/') is [var address, var length] && IPAddress.TryParse(address, out IPAddress? parsed)
            && int.TryParse(length, out int bits) && bits >= 0 && bits <= parsed.GetAddressBytes().Length * 8;
}
