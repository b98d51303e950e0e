using System.Text.Json.Nodes;
using Tenon.Network.Contracts;

namespace Tenon.Nodes.Cni;

/// <summary>What ADD answers (CNI specification, "Success").</summary>
internal static class CniResult
{
    /// <summary>The result for a pod that is plugged.</summary>
    /// <param name="call">The call.</param>
    /// <param name="port">The pod's port.</param>
    /// <param name="hostInterface">The node's end of the pod's interface; <see langword="null"/> where there is none.</param>
    public static JsonObject Of(CniCall call, PodPortSpec port, string? hostInterface)
    {
        var interfaces = new JsonArray();
        if (hostInterface is not null) interfaces.Add((JsonNode)new JsonObject { ["name"] = hostInterface });
        var inside = new JsonObject { ["name"] = call.InterfaceName, ["mac"] = port.MacAddress, ["sandbox"] = call.NetworkNamespace };
        if (call.Version == "1.1.0" && port.Mtu > 0) inside["mtu"] = port.Mtu;
        interfaces.Add((JsonNode)inside);
        int index = interfaces.Count - 1;
        var addresses = new JsonArray();
        var routes = new JsonArray();
        foreach (PodPortAddress address in port.Addresses)
        {
            bool v6 = address.Address.Contains(':', StringComparison.Ordinal);
            var ip = new JsonObject { ["address"] = address.Address, ["interface"] = index };
            if (call.Version.StartsWith("0.", StringComparison.Ordinal)) ip["version"] = v6 ? "6" : "4";
            if (address.Gateway is { } gateway)
            {
                ip["gateway"] = gateway;
                routes.Add((JsonNode)new JsonObject { ["dst"] = v6 ? "::/0" : "0.0.0.0/0", ["gw"] = gateway });
            }

            addresses.Add((JsonNode)ip);
        }

        foreach (PodPortRoute route in port.Routes) routes.Add((JsonNode)new JsonObject { ["dst"] = route.Destination, ["gw"] = route.NextHop });
        return new()
        {
            ["cniVersion"] = call.Version,
            ["interfaces"] = interfaces,
            ["ips"] = addresses,
            ["routes"] = routes,
            ["dns"] = Dns(port.Dns) ?? call.Configuration["dns"]?.DeepClone() ?? new JsonObject(),
        };
    }

    private static JsonObject? Dns(PodPortDns? dns)
    {
        if (dns is null) return null;
        var result = new JsonObject();
        if (dns.Nameservers.Count > 0) result["nameservers"] = new JsonArray([.. dns.Nameservers.Select(n => (JsonNode)n)]);
        if (dns.Domain is { } domain) result["domain"] = domain;
        if (dns.Search.Count > 0) result["search"] = new JsonArray([.. dns.Search.Select(n => (JsonNode)n)]);
        return result;
    }

    /// <summary>What VERSION answers.</summary>
    public static JsonObject Versions(string version)
        => new() { ["cniVersion"] = version, ["supportedVersions"] = new JsonArray([.. CniWire.Versions.Select(v => (JsonNode)v)]) };

    /// <summary>What a failed call prints.</summary>
    public static JsonObject Of(CniError error, string version)
    {
        var result = new JsonObject { ["cniVersion"] = version, ["code"] = error.Code, ["msg"] = error.Message };
        if (error.Details is { } details) result["details"] = details;
        return result;
    }
}
