using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.Networking.Resources;

/// <summary>The attribute maps of networks, subnets, pools and their relatives.</summary>
internal static class NetworkTypes
{
    private static readonly Func<object?, bool> Always = _ => true;
    private static readonly Func<object?, bool> WhenTrue = value => value is true;

    public static ResourceType<Network> Networks { get; } = new(
        "network",
        "networks",
        [
            .. ResourceType<Network>.Owned(),
            new("admin_state_up", n => n.AdminStateUp) { Sort = true, Given = new(Parse.Boolean) { Default = () => true } },
            new("mtu", n => n.Mtu) { Sort = true, Given = new(Parse.Integer) },
            new("status", _ => "ACTIVE") { Sort = true },
            new("subnets", n => n.Subnets.Select(s => s.Id)) { Filter = false },
            new("shared", n => n.Shared) { Given = new(Parse.Boolean) { Default = () => false, Admin = WhenTrue } },
            new("availability_zone_hints", n => n.ZoneHints) { Filter = false, Given = new(Parse.TextList) { Put = false } },
            new("availability_zones", _ => Array.Empty<string>()) { Filter = false },
            new("ipv4_address_scope", n => NetworkState.ScopeOf(n, 4)) { Filter = false },
            new("ipv6_address_scope", n => NetworkState.ScopeOf(n, 6)) { Filter = false },
            new("router:external", n => n.External) { Given = new(Parse.Boolean) { Default = () => false, Admin = WhenTrue } },
            new("is_default", n => n.IsDefault) { Shown = n => n.External, ShownWhenCreated = true, Given = new(Parse.Boolean) { Admin = WhenTrue } },
            .. ResourceType<Network>.Standard(),
            new("port_security_enabled", n => n.PortSecurityEnabled) { Filter = false, Given = new(Parse.Boolean) { Default = () => true } },
            new("qos_policy_id", _ => null) { Filter = false, Given = new(Parse.UuidOrNull) },
            new("provider:network_type", n => n.ProviderType) { AdminOnly = true, Given = new(Parse.TextOrNull) { Put = false, Admin = Always } },
            new("provider:physical_network", n => n.PhysicalNetwork) { AdminOnly = true, Given = new(Parse.TextOrNull) { Put = false, Admin = Always } },
            new("provider:segmentation_id", n => n.SegmentationId) { AdminOnly = true, Given = new(Parse.IntegerOrNull) { Put = false, Admin = Always } },
        ]);

    public static ResourceType<Subnet> Subnets { get; } = new(
        "subnet",
        "subnets",
        [
            .. ResourceType<Subnet>.Owned(),
            new("network_id", s => s.Network.Id) { Sort = true, Given = new(Parse.Uuid) { Put = false, Required = true } },
            new("ip_version", s => s.Cidr.Version) { Sort = true, Given = new(Parse.IpVersion) { Put = false, Required = true } },
            new("cidr", s => s.Cidr) { Sort = true, Given = new(Parse.TextOrNull) { Put = false } },
            new("prefixlen", _ => null) { Hidden = true, Filter = false, Given = new(Parse.Integer) { Put = false } },
            new("subnetpool_id", s => s.Pool?.Id) { Sort = true, Given = new(Parse.UuidOrNull) { Put = false } },
            new("use_default_subnetpool", _ => null) { Hidden = true, Filter = false, Given = new(Parse.Boolean) { Put = false } },
            new("gateway_ip", s => s.Gateway) { Sort = true, Given = new(Parse.AddressOrNull) },
            new("allocation_pools", s => s.Pools.Select(p => new JsonObject { ["start"] = p.Start.ToString(), ["end"] = p.End.ToString() }))
            {
                Filter = false, Given = new(Parse.Pools),
            },
            new("enable_dhcp", s => s.Dhcp) { Sort = true, Given = new(Parse.Boolean) { Default = () => true } },
            new("dns_nameservers", s => s.NameServers) { Filter = false, Given = new(Parse.NameServers) },
            new("host_routes", s => s.HostRoutes.Cast<IJson>()) { Filter = false, Given = new(Parse.Routes) },
            new("ipv6_ra_mode", s => s.RaMode) { Sort = true, Given = new(Parse.OneOfOrNull("dhcpv6-stateful", "dhcpv6-stateless", "slaac")) { Put = false } },
            new("ipv6_address_mode", s => s.AddressMode)
            {
                Sort = true, Given = new(Parse.OneOfOrNull("dhcpv6-stateful", "dhcpv6-stateless", "slaac")) { Put = false },
            },
            new("service_types", s => s.ServiceTypes) { Filter = false, Given = new(Parse.TextList) },
            .. ResourceType<Subnet>.Standard(),
        ]);

    public static ResourceType<SubnetPool> SubnetPools { get; } = new(
        "subnetpool",
        "subnetpools",
        [
            .. ResourceType<SubnetPool>.Owned(nameRequired: true),
            new("prefixes", p => p.Prefixes.Cast<object>()) { Filter = false, Given = new(Parse.Prefixes) { Required = true } },
            new("ip_version", p => p.Version) { Sort = true },
            // Neutron answers these three as strings.
            new("default_prefixlen", p => p.DefaultLength.ToString()) { Sort = true, Given = new(Parse.Integer) },
            new("min_prefixlen", p => p.MinimumLength.ToString()) { Sort = true, Given = new(Parse.Integer) },
            new("max_prefixlen", p => p.MaximumLength.ToString()) { Sort = true, Given = new(Parse.Integer) },
            new("default_quota", p => p.DefaultQuota) { Sort = true, Given = new(Parse.IntegerOrNull) },
            new("shared", p => p.Shared) { Sort = true, Given = new(Parse.Boolean) { Put = false, Admin = WhenTrue } },
            new("is_default", p => p.IsDefault) { Sort = true, Given = new(Parse.Boolean) { Admin = WhenTrue } },
            new("address_scope_id", p => p.AddressScopeId) { Sort = true, Given = new(Parse.UuidOrNull) },
            .. ResourceType<SubnetPool>.Standard(),
        ]);

    public static ResourceType<AddressScope> AddressScopes { get; } = new(
        "address_scope",
        "address_scopes",
        [
            .. ResourceType<AddressScope>.Owned(),
            new("ip_version", s => s.Version) { Sort = true, Given = new(Parse.IpVersion) { Put = false, Required = true } },
            new("shared", s => s.Shared) { Sort = true, Given = new(Parse.Boolean) { Admin = WhenTrue } },
        ]);

    public static ResourceType<AddressGroup> AddressGroups { get; } = new(
        "address_group",
        "address_groups",
        [
            .. ResourceType<AddressGroup>.Owned(),
            new("shared", _ => false),
            new("addresses", g => g.Addresses) { Filter = false, Given = new(Addresses) { Put = false, Required = true } },
            .. ResourceType<AddressGroup>.Standard(tags: false),
        ]);

    public static ResourceType<Router> Routers { get; } = new(
        "router",
        "routers",
        [
            .. ResourceType<Router>.Owned(),
            new("admin_state_up", r => r.AdminStateUp) { Sort = true, Given = new(Parse.Boolean) { Default = () => true } },
            new("status", _ => "ACTIVE") { Filter = false, Sort = true },
            new("external_gateway_info", r => r.Gateway) { Filter = false, Given = new(GatewayInfo) },
            new("availability_zone_hints", r => r.ZoneHints) { Filter = false, Given = new(Parse.TextList) { Put = false } },
            new("availability_zones", _ => Array.Empty<string>()) { Filter = false },
            new("routes", r => r.Routes.Cast<IJson>()) { Filter = false, Given = new(Parse.Routes) { Post = false } },
            .. ResourceType<Router>.Standard(),
        ]);

    public static ResourceType<FloatingIp> FloatingIps { get; } = new(
        "floatingip",
        "floatingips",
        [
            .. ResourceType<FloatingIp>.Owned(name: false),
            new("floating_ip_address", f => f.Address) { Sort = true, Given = new(Parse.AddressOrNull) { Put = false, Admin = value => value is not null } },
            new("floating_network_id", f => f.ExternalNetwork.Id) { Sort = true, Given = new(Parse.Uuid) { Put = false, Required = true } },
            new("subnet_id", _ => null) { Hidden = true, Filter = false, Given = new(Parse.UuidOrNull) { Put = false } },
            new("router_id", f => f.Router?.Id) { Sort = true },
            new("port_id", f => f.Port?.Id) { Sort = true, Given = new(Parse.UuidOrNull) },
            new("fixed_ip_address", f => f.FixedAddress) { Sort = true, Given = new(Parse.AddressOrNull) },
            new("status", f => f.Status) { Sort = true },
            new("port_details", f => f.Port is null ? null : new PortDetails(f.Port)) { Filter = false },
            new("port_forwardings", _ => Array.Empty<string>()) { Filter = false },
            new("dns_domain", _ => "") { Filter = false, Given = new(Parse.Name) { Put = false, Default = () => "" } },
            new("dns_name", _ => "") { Filter = false, Given = new(Parse.Name) { Put = false, Default = () => "" } },
            new("qos_policy_id", _ => null) { Filter = false, Given = new(Parse.UuidOrNull) },
            .. ResourceType<FloatingIp>.Standard(),
        ]);

    private static object? Addresses(string name, JsonNode? value)
    {
        if (value is not JsonArray array) throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a list");
        return array.Select(item => AddressOf(name, Python.Str(item))).Distinct().ToImmutableArray();
    }

    /// <summary>One address of a group, in the form in which Neutron keeps it.</summary>
    public static string AddressOf(string name, string text)
        => Parse.Cidr(name, text).ToString();

    private static object? GatewayInfo(string name, JsonNode? value)
    {
        if (value is null) return null;
        if (value is not JsonObject obj) throw Faults.Attribute(name, $"'{Python.Str(value)}' is not a dictionary");
        if (obj.Count > 0 && !obj.ContainsKey("network_id"))
        {
            throw Faults.Attribute(
                name,
                "Validation of dictionary's keys failed. Expected keys: {'network_id'} Provided keys: "
                + $"{{{string.Join(", ", obj.Select(p => Python.Repr(p.Key)))}}}");
        }

        if (obj["network_id"] is { } network) Parse.Uuid(name, network);
        return obj.DeepClone();
    }
}
