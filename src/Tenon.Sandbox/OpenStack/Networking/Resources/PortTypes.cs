using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

/// <summary>A fixed address as it is asked for: a subnet, an address, or both.</summary>
internal sealed record FixedIpRequest(string? SubnetId, Ip? Address);

/// <summary>A subport as it is asked for.</summary>
internal sealed record SubPortRequest(string PortId, string SegmentationType, int SegmentationId, JsonObject Given);

/// <summary>The attribute maps of ports, trunks and security groups.</summary>
internal static class PortTypes
{
    private static readonly Func<object?, bool> Always = _ => true;

    public static ResourceType<Port> Ports { get; } = new(
        "port",
        "ports",
        [
            .. ResourceType<Port>.Owned(),
            new("network_id", p => p.Network.Id) { Sort = true, Given = new(Parse.Uuid) { Put = false, Required = true } },
            new("mac_address", p => p.Mac) { Sort = true, Given = new(Parse.MacAddress) },
            new("admin_state_up", p => p.AdminStateUp) { Sort = true, Given = new(Parse.Boolean) { Default = () => true } },
            new("status", p => p.Status) { Sort = true },
            new("device_id", p => p.DeviceId) { Sort = true, Given = new(Parse.Name) { Default = () => "" } },
            new("device_owner", p => p.DeviceOwner) { Sort = true, Given = new(Parse.Name) { Default = () => "" } },
            new("fixed_ips", p => p.FixedIps.Cast<IJson>()) { Filter = false, Given = new(FixedIps) },
            new("binding:vnic_type", p => p.VnicType)
            {
                Filter = false,
                Given = new(Parse.OneOf(
                    "normal", "direct", "macvtap", "baremetal", "direct-physical", "virtio-forwarder", "smart-nic", "vdpa", "accelerator-direct",
                    "accelerator-direct-physical", "remote-managed")),
            },
            new("binding:host_id", p => p.HostId) { AdminOnly = true, Given = new(Parse.TextOrNull) { Admin = Always } },
            new("binding:profile", p => p.Profile) { AdminOnly = true, Filter = false, Given = new(Dictionary) { Admin = Always } },
            new("binding:vif_details", p => p.VifDetails) { AdminOnly = true, Filter = false },
            new("binding:vif_type", p => p.VifType) { AdminOnly = true, Filter = false },
            new("security_groups", p => p.SecurityGroups) { Given = new(Parse.UuidList) },
            new("allowed_address_pairs", p => p.AddressPairs.Cast<IJson>()) { Filter = false, Given = new(AddressPairs) },
            new("extra_dhcp_opts", p => p.DhcpOptions) { Filter = false, Given = new(DhcpOptions) },
            new("dns_name", _ => null) { Hidden = true, Filter = false, Given = new(Parse.Name) },
            new("port_security_enabled", p => p.PortSecurityEnabled) { Filter = false, Given = new(Parse.Boolean) },
            new("qos_policy_id", _ => null) { Filter = false, Given = new(NoPolicy) },
            new("qos_network_policy_id", _ => null) { Filter = false },
            new("resource_request", _ => null) { AdminOnly = true, Filter = false },
            new("trunk_details", p => p.Trunk) { Filter = false, Shown = p => p.Trunk is not null },
            // Tags may be given with a new port. Nobody keeps them.
            .. ResourceType<Port>.Standard().Select(a => a.Name == "tags" ? a with { Given = new(Parse.TextList) { Put = false } } : a),
        ]);

    public static ResourceType<Trunk> Trunks { get; } = new(
        "trunk",
        "trunks",
        [
            .. ResourceType<Trunk>.Owned(),
            new("admin_state_up", t => t.AdminStateUp) { Sort = true, Given = new(Parse.Boolean) { Default = () => true } },
            new("port_id", t => t.Parent.Id) { Sort = true, Given = new(Parse.Uuid) { Put = false, Required = true } },
            new("status", t => t.Status) { Filter = false, Sort = true },
            new("sub_ports", t => t.SubPorts.Cast<IJson>()) { Filter = false, Given = new(SubPorts) { Put = false } },
            .. ResourceType<Trunk>.Standard(),
        ]);

    public static ResourceType<SecurityGroupRule> Rules { get; } = new(
        "security_group_rule",
        "security_group_rules",
        [
            .. ResourceType<SecurityGroupRule>.Owned(name: false),
            new("security_group_id", r => r.Group.Id) { Sort = true, Given = new(Parse.Name) { Put = false, Required = true } },
            new("direction", r => r.Direction) { Sort = true, Given = new(Parse.OneOf("ingress", "egress")) { Put = false, Required = true } },
            new("ethertype", r => r.EtherType) { Sort = true, Given = new(Any) { Put = false, Default = () => "IPv4" } },
            new("protocol", r => r.Protocol) { Sort = true, Given = new(Any) { Put = false } },
            new("port_range_min", r => r.PortMinimum) { Sort = true, Given = new(PortNumber) { Put = false } },
            new("port_range_max", r => r.PortMaximum) { Sort = true, Given = new(PortNumber) { Put = false } },
            new("remote_ip_prefix", r => r.RemotePrefix) { Sort = true, Given = new(Parse.TextOrNull) { Put = false } },
            new("normalized_cidr", r => r.NormalizedPrefix) { Sort = true },
            new("remote_group_id", r => r.RemoteGroupId) { Sort = true, Given = new(Parse.TextOrNull) { Put = false } },
            new("remote_address_group_id", r => r.RemoteAddressGroupId) { Given = new(Parse.UuidOrNull) { Put = false } },
            new("description", r => r.NoDescription ? null : r.Description) { Given = new(Parse.Name) { Default = () => "" } },
            new("created_at", r => r.CreatedAt) { Filter = false },
            new("updated_at", r => r.UpdatedAt) { Filter = false },
            new("revision_number", r => r.Revision),
        ]);

    /// <summary>A rule as its group shows it: with tags and the internal number.</summary>
    private static ResourceType<SecurityGroupRule> RulesOfGroup { get; } = new(
        "security_group_rule",
        "security_group_rules",
        [
            .. Rules.Attributes.Select(a => a with { Given = null }),
            new("tags", r => r.Tags),
            new("standard_attr_id", r => r.StandardAttributeId),
        ]);

    public static ResourceType<SecurityGroup> Groups { get; } = new(
        "security_group",
        "security_groups",
        [
            .. ResourceType<SecurityGroup>.Owned(),
            new("security_group_rules", g => g.Rules.Select(r => new RuleOfGroup(r))) { Filter = false },
            new("shared", _ => false),
            new("stateful", g => g.Stateful) { Filter = false, Given = new(Parse.Boolean) { Default = () => true } },
            .. ResourceType<SecurityGroup>.Standard(),
        ]);

    /// <summary>Reads subports, as a trunk and its add_subports call give them.</summary>
    public static ImmutableArray<SubPortRequest> ReadSubPorts(JsonNode? value)
    {
        if (value is not JsonArray array) throw Faults.InvalidInput($"Invalid data format for subports: '{Python.Str(value)}' is not a list");
        var found = ImmutableArray.CreateBuilder<SubPortRequest>();
        foreach (JsonNode? item in array)
        {
            if (item is not JsonObject obj) throw Faults.InvalidInput($"Invalid data format for subports: '{Python.Str(item)}' is not a dictionary");
            if (Parse.StringOf(obj["port_id"]) is not { } id) throw Faults.InvalidInput("A valid port UUID must be specified");
            if (!Text.IsUuid(id)) throw Faults.InvalidInput($"Invalid UUID for subport: '{id}'");
            if (found.Any(f => f.PortId == id)) throw Faults.InvalidInput($"Non unique UUID for subport: '{id}'");
            found.Add(new SubPortRequest(id, Python.Str(obj["segmentation_type"]), Parse.Number(obj["segmentation_id"]) ?? -1, obj));
        }

        return found.ToImmutable();
    }

    private static object? Any(string name, JsonNode? value) => value is null ? null : Python.Str(value);

    private static object? PortNumber(string name, JsonNode? value) => value is null
        ? null
        : Parse.Number(value) ?? throw Faults.Invalid("SecurityGroupInvalidPortValue", $"Invalid value for port {Python.Str(value)}");

    private static object? SubPorts(string name, JsonNode? value) => ReadSubPorts(value);

    private static object? Dictionary(string name, JsonNode? value)
        => value is null ? new JsonObject() : value as JsonObject ?? throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a dictionary");

    /// <summary>There are no QoS policies here.</summary>
    private static object? NoPolicy(string name, JsonNode? value)
        => Parse.UuidOrNull(name, value) is string id ? throw Faults.NotFound("QosPolicyNotFound", $"QoS policy {id} could not be found.") : null;

    private static object? DhcpOptions(string name, JsonNode? value)
    {
        if (value is null) return new JsonArray();
        if (value is not JsonArray array) throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a list");
        return new JsonArray([.. array.Select(item => item is JsonObject option
            ? (JsonNode)new JsonObject([.. option.Select(o => KeyValuePair.Create(o.Key, o.Value?.DeepClone())).Where(o => o.Key != "ip_version"), new("ip_version", option["ip_version"]?.DeepClone() ?? 4)])
            : throw Faults.Attribute(name, $"'{Python.Str(item)}' is not a dictionary"))]);
    }

    private static object? FixedIps(string name, JsonNode? value)
    {
        if (value is not JsonArray array) throw Faults.Attribute(name, $"Invalid data format for fixed IP: '{Python.Str(value)}'");
        var found = ImmutableArray.CreateBuilder<FixedIpRequest>();
        foreach (JsonNode? item in array)
        {
            if (item is not JsonObject obj) throw Faults.Attribute(name, $"Invalid data format for fixed IP: '{Python.Str(item)}'");
            Ip? address = null;
            if (obj["ip_address"] is { } given)
            {
                address = (Ip?)Parse.Address(name, given);
                if (found.Any(f => f.Address == address)) throw Faults.Attribute(name, $"Duplicate IP address '{Python.Str(given)}'");
            }

            if (obj["subnet_id"] is { } subnet) Parse.Uuid(name, subnet);
            found.Add(new FixedIpRequest(Parse.StringOf(obj["subnet_id"]), address));
        }

        return found.ToImmutable();
    }

    private static object? AddressPairs(string name, JsonNode? value)
    {
        if (value is null) return ImmutableArray<AddressPair>.Empty;
        if (value is not JsonArray array)
            throw Faults.Http400("Allowed address pairs must be a list.");
        if (array.Count > 1000) throw Faults.Invalid("AllowedAddressPairExhausted", "The number of allowed address pair exceeds the maximum 1000.");
        var found = ImmutableArray.CreateBuilder<AddressPair>();
        foreach (JsonNode? item in array)
        {
            if (item is not JsonObject obj) throw Faults.Attribute(name, $"'{Python.Str(item)}' is not a dictionary");
            if (!obj.ContainsKey("ip_address"))
                throw Faults.Invalid("AllowedAddressPairsMissingIP", "AllowedAddressPair must contain ip_address");
            string address = Python.Str(obj["ip_address"]);
            if (!Prefix.TryParse(address, out _))
                throw Faults.Http400(address.Contains('/', StringComparison.Ordinal) ? $"'{address}' is not a valid IP subnet" : $"'{address}' is not a valid IP address");
            string[] unknown = [.. obj.Select(p => p.Key).Where(k => k is not ("ip_address" or "mac_address"))];
            if (unknown.Length > 0) throw Faults.Http400($"Unrecognized attribute(s) '{string.Join(", ", unknown)}'");
            string mac = "";
            if (obj["mac_address"] is { } given)
            {
                mac = Python.Str(given);
                if (!Mac.IsValid(mac)) throw Faults.Http400($"'{Python.Str(given)}' is not a valid MAC address");
            }

            if (found.Any(f => f.Address == address && f.Mac.Equals(mac, StringComparison.OrdinalIgnoreCase)))
            {
                throw Faults.Invalid(
                    "DuplicateAddressPairInRequest",
                    $"Request contains duplicate address pair: mac_address {(mac.Length == 0 ? "None" : mac)} ip_address {address}.");
            }

            found.Add(new AddressPair(address, mac));
        }

        return found.ToImmutable();
    }

    private sealed record RuleOfGroup(SecurityGroupRule Rule) : IJson
    {
        public void Write(System.Text.Json.Utf8JsonWriter writer) => RulesOfGroup.Write(writer, Rule, admin: false, []);
    }
}
