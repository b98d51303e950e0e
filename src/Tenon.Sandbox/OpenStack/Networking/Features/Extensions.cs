using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>What this Neutron says it can do, and the paths that go away with an extension that it is told to lack.</summary>
internal sealed class Extensions(ImmutableArray<string> disabled)
{
    private static readonly (string Alias, string Name)[] All =
    [
        ("address-group", "Address group"), ("address-scope", "Address scope"), ("agent", "agent"),
        ("allowed-address-pairs", "Allowed Address Pairs"), ("availability_zone", "Availability Zone"), ("binding", "Port Binding"),
        ("default-subnetpools", "Default Subnetpools"), ("ext-gw-mode", "Neutron L3 Configurable external gateway mode"),
        ("external-net", "Neutron external network"), ("extra_dhcp_opt", "Neutron Extra DHCP options"), ("extraroute", "Neutron Extra Route"),
        ("extraroute-atomic", "Atomically add/remove extra routes"), ("filter-validation", "Filter parameters validation"),
        ("fip-port-details", "Floating IP Port Details Extension"), ("net-mtu", "Network MTU"), ("net-mtu-writable", "Network MTU (writable)"),
        ("network-ip-availability", "Network IP Availability"), ("network_availability_zone", "Network Availability Zone"),
        ("pagination", "Pagination support"), ("port-security", "Port Security"), ("project-id", "project_id field enabled"),
        ("provider", "Provider Network"), ("quotas", "Quota management support"), ("quota_details", "Quota details management support"),
        ("revision-if-match", "If-Match constraints based on revision_number"), ("router", "Neutron L3 Router"),
        ("router_availability_zone", "Router Availability Zone"), ("security-group", "security-group"),
        ("security-groups-normalized-cidr", "Normalized CIDR field for security group rules"),
        ("security-groups-remote-address-group", "Remote address group id field for security group rules"),
        ("sorting", "Sorting support"), ("standard-attr-description", "standard-attr-description"),
        ("standard-attr-revisions", "Resource revision numbers"), ("standard-attr-tag", "Tag support for resources with standard attribute"),
        ("standard-attr-timestamp", "Resource timestamps"), ("stateful-security-group", "Stateful security group"),
        ("subnet-service-types", "Subnet service types"), ("subnet_allocation", "Subnet Allocation"), ("trunk", "Trunk Extension"),
        ("trunk-details", "Trunk port details"),
    ];

    /// <summary>The path segments that an extension brings.</summary>
    private static readonly Dictionary<string, string[]> Segments = new(StringComparer.Ordinal)
    {
        ["address-group"] = ["address-groups"], ["address-scope"] = ["address-scopes"], ["agent"] = ["agents"],
        ["availability_zone"] = ["availability_zones"], ["extraroute-atomic"] = ["add_extraroutes", "remove_extraroutes"],
        ["network-ip-availability"] = ["network-ip-availabilities"], ["quotas"] = ["quotas"], ["quota_details"] = ["details", "details.json"],
        ["router"] = ["routers", "floatingips"], ["security-group"] = ["security-groups", "security-group-rules"],
        ["standard-attr-tag"] = ["tags"], ["subnet_allocation"] = ["subnetpools"], ["trunk"] = ["trunks"],
    };

    private readonly HashSet<string> _gone = [.. disabled.SelectMany(d => Segments.GetValueOrDefault(d) ?? [])];

    public void Map(RouteTable routes)
    {
        routes.Get("/v2.0/extensions", "extensions.list", _ => ApiResponse.Collection("extensions", Enabled().Select(Describe)));
        routes.Get("/v2.0/extensions/{alias}", "extensions.show", request =>
        {
            foreach ((string Alias, string Name) extension in Enabled())
            {
                if (extension.Alias == request["alias"]) return ApiResponse.Wrapped(200, "extension", Describe(extension));
            }

            // This one call is answered below Neutron's own error format.
            return ApiResponse.Json(404, new JsonObject
            {
                ["message"] = $"The resource could not be found.<br /><br />\nExtension with alias {request["alias"]} does not exist\n\n",
                ["code"] = "404 Not Found",
                ["title"] = "Not Found",
            });
        });
    }

    /// <summary>Refuses a path that belongs to an extension which is off.</summary>
    public void Check(string path)
    {
        if (_gone.Count > 0 && path.Split('/').Skip(2).Any(_gone.Contains)) throw Faults.NotFound();
    }

    private IEnumerable<(string Alias, string Name)> Enabled() => All.Where(e => !disabled.Contains(e.Alias));

    private static JsonObject Describe((string Alias, string Name) extension) => new()
    {
        ["name"] = extension.Name,
        ["alias"] = extension.Alias,
        ["description"] = $"The sandbox's {extension.Alias}.",
        ["updated"] = "2026-01-01T00:00:00-00:00",
        ["links"] = new JsonArray(),
    };
}
