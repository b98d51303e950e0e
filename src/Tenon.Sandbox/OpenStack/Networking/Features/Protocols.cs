using System.Collections.Frozen;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>The IP protocols that security group rules name, and their numbers.</summary>
internal static class Protocols
{
    private static readonly FrozenDictionary<string, int> Numbers = new Dictionary<string, int>(StringComparer.Ordinal)
    {
        ["ah"] = 51, ["dccp"] = 33, ["egp"] = 8, ["esp"] = 50, ["gre"] = 47, ["hopopt"] = 0, ["icmp"] = 1, ["igmp"] = 2, ["ip"] = 0, ["ipip"] = 4,
        ["ipv6-encap"] = 41, ["ipv6-frag"] = 44, ["ipv6-icmp"] = 58, ["icmpv6"] = 58, ["ipv6-nonxt"] = 59, ["ipv6-opts"] = 60,
        ["ipv6-route"] = 43, ["ospf"] = 89, ["pgm"] = 113, ["rsvp"] = 46, ["sctp"] = 132, ["tcp"] = 6, ["udp"] = 17, ["udplite"] = 136, ["vrrp"] = 112,
    }.ToFrozenDictionary();

    private static readonly string[] Listed =
    [
        "ah", "dccp", "egp", "esp", "gre", "hopopt", "icmp", "igmp", "ip", "ipip", "ipv6-encap", "ipv6-frag", "ipv6-icmp", "icmpv6", "ipv6-nonxt",
        "ipv6-opts", "ipv6-route", "ospf", "pgm", "rsvp", "sctp", "tcp", "udp", "udplite", "vrrp",
    ];

    /// <summary>A protocol as Neutron keeps it: a known name in lower case, or a number as text.</summary>
    public static string? Canonical(string? given, string etherType)
    {
        if (given is null) return null;
        string name = given.ToLowerInvariant();
        bool number = int.TryParse(name, out int value);
        if (number ? value is < 0 or > 255 : !Numbers.ContainsKey(name))
        {
            throw Faults.Invalid(
                "SecurityGroupRuleInvalidProtocol",
                $"Security group rule protocol {given} not supported. Only protocol values [None, {string.Join(", ", Listed.Select(l => $"'{l}'"))}] "
                + "and integer representations [0 to 255] are supported.");
        }

        if (etherType != "IPv6") return name;
        return name is "icmp" or "icmpv6" ? "ipv6-icmp" : name == "1" ? "58" : name;
    }

    /// <summary>The number of a canonical protocol; null for any.</summary>
    public static int? Number(string? canonical)
        => canonical is null ? null : int.TryParse(canonical, out int number) ? number : Numbers[canonical];

    /// <summary>Refuses ports that do not go with the protocol.</summary>
    public static void CheckPorts(string? protocol, int? minimum, int? maximum)
    {
        if (minimum is null && maximum is null) return;
        if (protocol is null) throw Faults.Invalid("SecurityGroupProtocolRequiredWithPorts", "Must also specify protocol if port range is given.");
        switch (Number(protocol))
        {
            case 6 or 17 or 33 or 132 or 136:
                if (minimum == 0 || maximum == 0) throw InvalidPort(0);
                if (minimum is null || maximum is null || minimum > maximum)
                    throw Faults.Invalid("SecurityGroupInvalidPortRange", "For TCP/UDP protocols, port_range_min must be <= port_range_max");
                break;
            case 1 or 58:
                CheckIcmp("type", "port_range_min", minimum);
                CheckIcmp("code", "port_range_max", maximum);
                if (minimum is null)
                {
                    throw Faults.Invalid(
                        "SecurityGroupMissingIcmpType",
                        $"ICMP code (port-range-max) {maximum} is provided but ICMP type (port-range-min) is missing.");
                }

                break;
            default:
                throw Faults.Invalid(
                    "SecurityGroupInvalidProtocolForPort",
                    $"Invalid protocol {Number(protocol)} for port range, only supported for {string.Join(", ", "DCCP", "SCTP", "TCP", "UDP", "UDPLITE")}.");
        }
    }

    /// <summary>Refuses what is no port at all.</summary>
    public static void CheckPort(int? port)
    {
        if (port is < 0 or > 65535) throw InvalidPort(port.Value);
    }

    /// <summary>Whether a protocol exists in IPv6 only.</summary>
    public static bool NeedsIPv6(string? protocol) => Number(protocol) is 41 or 43 or 44 or 58 or 59 or 60;

    private static ApiFault InvalidPort(int port) => Faults.Invalid("SecurityGroupInvalidPortValue", $"Invalid value for port {port}");

    private static void CheckIcmp(string field, string attribute, int? value)
    {
        if (value is null or (>= 0 and <= 255)) return;
        throw Faults.Invalid("SecurityGroupInvalidIcmpValue", $"Invalid value for ICMP {field} ({attribute}) {value}. It must be 0 to 255.");
    }
}
