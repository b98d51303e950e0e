using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.LoadBalancing.Model;
using Tenon.Sandbox.OpenStack.Networking.Attributes;

namespace Tenon.Sandbox.OpenStack.LoadBalancing.Fields;

/// <summary>An identifier alone, as references are shown.</summary>
internal sealed record IdOnly(OctaviaResource Resource) : IJson
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", Resource.Id);
        writer.WriteEndObject();
    }

    // What a filter by reference compares with.
    public override string ToString() => Resource.Id;
}

/// <summary>The fields of Octavia's resources.</summary>
internal static partial class Types
{
    public static readonly string[] ListenerProtocols = ["TCP", "HTTP", "UDP", "TERMINATED_HTTPS", "SCTP", "PROMETHEUS", "HTTPS"];
    private static readonly string[] PoolProtocols = ["HTTP", "HTTPS", "PROXY", "PROXYV2", "SCTP", "TCP", "UDP"];
    private static readonly string[] Algorithms = ["LEAST_CONNECTIONS", "SOURCE_IP", "SOURCE_IP_PORT", "ROUND_ROBIN"];
    private static readonly string[] MonitorTypes = ["HTTP", "TCP", "TLS-HELLO", "PING", "SCTP", "UDP-CONNECT", "HTTPS"];
    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "PATCH"];
    private const int LongestTimeout = 24 * 24 * 60 * 60 * 1000;

    private const string CodesPattern = @"^(\d{3}(\s*,\s*\d{3})*)$|^(\d{3}-\d{3})$";

    public static OctaviaType<LoadBalancer> LoadBalancers(bool additionalVips) => new(
        "loadbalancer",
        "loadbalancers",
        "load_balancer",
        [
            .. OctaviaType<LoadBalancer>.Common(),
            new("listeners", b => b.Listeners.Select(l => new IdOnly(l))) { Parse = Value.Any, Put = false, Filter = false, Sort = false },
            new("pools", b => b.Pools.Select(p => new IdOnly(p))) { Parse = Value.Any, Put = false, Filter = false, Sort = false },
            new("vip_address", b => b.VipAddress) { Parse = Value.Address, Put = false },
            new("vip_port_id", b => b.VipPortId) { Parse = Value.Uuid, Put = false },
            new("vip_subnet_id", b => b.VipSubnetId) { Parse = Value.Uuid, Put = false },
            new("vip_network_id", b => b.VipNetworkId) { Parse = Value.Uuid, Put = false },
            .. additionalVips
                ? new Field<LoadBalancer>[] { new("additional_vips", b => b.AdditionalVips) { Parse = Value.Any, Put = false, Filter = false, Sort = false } }
                : [],
            new("provider", b => b.Provider) { Parse = Value.Text, Put = false },
            new("flavor_id", b => b.FlavorId) { Parse = Value.Uuid, Put = false },
            new("vip_qos_policy_id", b => b.VipQosPolicyId) { Parse = Value.Uuid },
            new("availability_zone", b => b.Zone) { Parse = Value.Text, Put = false },
        ]);

    public static OctaviaType<Listener> Listeners { get; } = new(
        "listener",
        "listeners",
        "listener_",
        [
            .. OctaviaType<Listener>.Common(),
            new("protocol", l => l.Protocol) { Parse = Value.OneOf(ListenerProtocols), Put = false, Required = true },
            new("protocol_port", l => l.Port) { Parse = Value.Integer(1, 65535), Put = false, Required = true },
            new("connection_limit", l => l.ConnectionLimit) { Parse = Value.Integer(-1, int.MaxValue), Default = -1 },
            new("default_tls_container_ref", l => l.TlsContainer) { Parse = Value.Text },
            new("sni_container_refs", l => l.SniContainers) { Parse = Value.TextList, Filter = false },
            new("loadbalancer_id", _ => null) { Parse = Value.Uuid, Put = false, Hidden = true, Required = true },
            new("default_pool_id", l => l.DefaultPool?.Id) { Parse = Value.Uuid },
            new("default_pool", _ => null) { Parse = Value.Any, Put = false, Hidden = true },
            new("l7policies", l => l.Policies.Select(p => new IdOnly(p))) { Parse = Value.Any, Put = false, Filter = false, Sort = false },
            new("insert_headers", l => l.InsertHeaders) { Parse = Value.Object, Filter = false, Sort = false },
            new("loadbalancers", l => new[] { new IdOnly(l.Balancer) }) { Filter = false, Sort = false },
            new("timeout_client_data", l => l.TimeoutClientData) { Parse = Value.Integer(0, LongestTimeout) },
            new("timeout_member_connect", l => l.TimeoutMemberConnect) { Parse = Value.Integer(0, LongestTimeout) },
            new("timeout_member_data", l => l.TimeoutMemberData) { Parse = Value.Integer(0, LongestTimeout) },
            new("timeout_tcp_inspect", l => l.TimeoutTcpInspect) { Parse = Value.Integer(0, LongestTimeout) },
            new("client_ca_tls_container_ref", l => l.ClientCaContainer) { Parse = Value.Text },
            new("client_authentication", l => l.ClientAuthentication) { Parse = Value.OneOf("NONE", "OPTIONAL", "MANDATORY") },
            new("client_crl_container_ref", l => l.ClientCrlContainer) { Parse = Value.Text },
            new("allowed_cidrs", l => l.AllowedCidrs) { Parse = Value.Cidrs, Filter = false, Sort = false },
            new("tls_ciphers", l => l.TlsCiphers) { Parse = Value.Text },
            new("tls_versions", l => l.TlsVersions) { Parse = Value.TextList, Filter = false },
            new("alpn_protocols", l => l.AlpnProtocols) { Parse = Value.TextList, Filter = false },
        ]);

    public static OctaviaType<Pool> Pools { get; } = new(
        "pool",
        "pools",
        "pool_",
        [
            .. OctaviaType<Pool>.Common(),
            new("protocol", p => p.Protocol) { Parse = Value.OneOf(PoolProtocols), Put = false, Required = true },
            new("lb_algorithm", p => p.Algorithm) { Parse = Value.OneOf(Algorithms), Required = true },
            new("session_persistence", p => p.Persistence) { Parse = Value.Persistence, Filter = false, Sort = false },
            new("loadbalancer_id", _ => null) { Parse = Value.Uuid, Put = false, Hidden = true },
            new("listener_id", _ => null) { Parse = Value.Uuid, Put = false, Hidden = true },
            new("loadbalancers", p => new[] { new IdOnly(p.Balancer) }) { Filter = false, Sort = false },
            new("listeners", p => p.Listeners.Select(l => new IdOnly(l))) { Filter = false, Sort = false },
            new("members", p => p.Members.Values.Select(m => new IdOnly(m))) { Parse = Value.Any, Put = false, Filter = false, Sort = false },
            new("healthmonitor", _ => null) { Parse = Value.Any, Put = false, Hidden = true },
            new("healthmonitor_id", p => p.Monitor?.Id) { Shown = p => p.Monitor is not null },
            new("tls_container_ref", p => p.TlsContainer) { Parse = Value.Text },
            new("ca_tls_container_ref", p => p.CaContainer) { Parse = Value.Text },
            new("crl_container_ref", p => p.CrlContainer) { Parse = Value.Text },
            new("tls_enabled", p => p.TlsEnabled) { Parse = Value.Boolean },
            new("tls_ciphers", p => p.TlsCiphers) { Parse = Value.Text },
            new("tls_versions", p => p.TlsVersions) { Parse = Value.TextList, Filter = false },
            new("alpn_protocols", p => p.AlpnProtocols) { Parse = Value.TextList, Filter = false },
        ]);

    public static OctaviaType<Member> Members { get; } = new(
        "member",
        "members",
        "member_",
        [
            .. OctaviaType<Member>.Common(description: false),
            new("address", m => m.Address) { Parse = Value.Address, Put = false, Required = true },
            new("protocol_port", m => m.Port) { Parse = Value.Integer(1, 65535), Put = false, Required = true },
            new("weight", m => m.Weight) { Parse = Value.Integer(0, 256), Default = 1 },
            new("backup", m => m.Backup) { Parse = Value.Boolean, Default = false },
            new("subnet_id", m => m.SubnetId) { Parse = Value.Uuid, Put = false },
            new("monitor_address", m => m.MonitorAddress) { Parse = Value.Address },
            new("monitor_port", m => m.MonitorPort) { Parse = Value.Integer(1, 65535) },
        ]);

    public static OctaviaType<HealthMonitor> Monitors { get; } = new(
        "healthmonitor",
        "healthmonitors",
        "health_monitor_",
        [
            .. OctaviaType<HealthMonitor>.Common(description: false),
            new("type", m => m.Type) { Parse = Value.OneOf(MonitorTypes), Put = false, Required = true },
            new("delay", m => m.Delay) { Parse = Value.Integer(0, int.MaxValue), Required = true },
            new("timeout", m => m.Timeout) { Parse = Value.Integer(0, int.MaxValue), Required = true },
            new("max_retries", m => m.MaxRetries) { Parse = Value.Integer(1, 10), Required = true },
            new("max_retries_down", m => m.MaxRetriesDown) { Parse = Value.Integer(1, 10), Default = 3 },
            new("http_method", m => m.HttpMethod) { Parse = Value.OneOf(Methods) },
            new("url_path", m => m.UrlPath) { Parse = UrlPath },
            new("expected_codes", m => m.ExpectedCodes) { Parse = Codes },
            new("http_version", m => m.HttpVersion) { Parse = Value.Number },
            new("domain_name", m => m.DomainName) { Parse = Value.Text },
            new("pool_id", _ => null) { Parse = Value.Uuid, Put = false, Hidden = true, Required = true },
            new("pools", m => new[] { new IdOnly(m.Pool) }) { Filter = false, Sort = false },
        ]);

    public static OctaviaType<L7Policy> Policies { get; } = new(
        "l7policy",
        "l7policies",
        "l7policy_",
        [
            .. OctaviaType<L7Policy>.Common(),
            new("action", p => p.Action) { Parse = Value.OneOf("REDIRECT_PREFIX", "REDIRECT_TO_POOL", "REDIRECT_TO_URL", "REJECT"), Required = true },
            new("listener_id", p => p.Listener.Id) { Parse = Value.Uuid, Put = false, Required = true },
            new("redirect_pool_id", p => p.RedirectPool?.Id) { Parse = Value.Uuid },
            new("redirect_url", p => p.RedirectUrl) { Parse = Value.Text },
            new("redirect_prefix", p => p.RedirectPrefix) { Parse = Value.Text },
            new("redirect_http_code", p => p.RedirectHttpCode) { Parse = Value.Integer(301, 308) },
            new("position", p => p.Position) { Parse = Value.Integer(1, int.MaxValue) },
            new("rules", p => p.Rules.Select(r => new IdOnly(r))) { Parse = Value.Any, Put = false, Filter = false, Sort = false },
        ]);

    public static OctaviaType<L7Rule> Rules { get; } = new(
        "rule",
        "rules",
        "rule_",
        [
            .. OctaviaType<L7Rule>.Common(description: false).Where(f => f.Name != "name"),
            new("type", r => r.Type)
            {
                Parse = Value.OneOf("HOST_NAME", "PATH", "FILE_TYPE", "HEADER", "COOKIE", "SSL_CONN_HAS_CERT", "SSL_VERIFY_RESULT", "SSL_DN_FIELD"), Required = true,
            },
            new("compare_type", r => r.CompareType) { Parse = Value.OneOf("REGEX", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "EQUAL_TO"), Required = true },
            new("key", r => r.Key) { Parse = Value.Text },
            new("value", r => r.Value) { Parse = Value.Text, Required = true },
            new("invert", r => r.Invert) { Parse = Value.Boolean, Default = false },
        ]);

    public static OctaviaType<Offer> Flavors { get; } = new("flavor", "flavors", "flavor_", Offered("flavor_profile_id", id: true));

    public static OctaviaType<Offer> Zones { get; } = new(
        "availability_zone", "availability_zones", "availability_zone_", Offered("availability_zone_profile_id", id: false));

    public static OctaviaType<Offer> FlavorProfiles { get; } = new("flavorprofile", "flavorprofiles", "flavorprofile_", Profile("flavor_data"))
    {
        Links = "flavorprofile_links",
    };

    public static OctaviaType<Offer> ZoneProfiles { get; } = new(
        "availability_zone_profile", "availability_zone_profiles", "availability_zone_profile_", Profile("availability_zone_data"))
    {
        Links = "availability_zone_profile_links",
    };

    private static IEnumerable<Field<Offer>> Offered(string profile, bool id)
    {
        if (id) yield return new("id", o => o.Id);
        yield return new("name", o => o.Name) { Parse = Value.Text, Required = true, Put = id };
        yield return new("description", o => o.Description) { Parse = Value.Text };
        yield return new("enabled", o => o.Enabled) { Parse = Value.Boolean, Default = true };
        yield return new(profile, o => o.ProfileId) { Parse = Value.Uuid, Put = false, Required = true };
    }

    private static IEnumerable<Field<Offer>> Profile(string data)
    {
        yield return new("id", o => o.Id);
        yield return new("name", o => o.Name) { Parse = Value.Text, Required = true };
        yield return new("provider_name", o => o.ProviderName) { Parse = Value.Text, Required = true };
        yield return new(data, o => o.Data) { Parse = Value.Text, Required = true };
    }

    private static object? Codes(string name, JsonNode? value)
    {
        string codes = Python.Str(value);
        return ExpectedCodes().IsMatch(codes) ? codes : throw OctaviaFaults.Field(name, codes, $"Value should match the pattern {CodesPattern}");
    }

    [GeneratedRegex(CodesPattern, RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExpectedCodes();

    private static object? UrlPath(string name, JsonNode? value)
    {
        string path = Python.Str(value);
        return path.StartsWith('/') ? path : throw OctaviaFaults.Field(name, path, "Value must be a valid URL Path string");
    }
}
