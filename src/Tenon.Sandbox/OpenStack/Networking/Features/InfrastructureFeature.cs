using System.Text.Json.Nodes;
using Tenon.Sandbox.OpenStack.Http;
using Tenon.Sandbox.OpenStack.Networking.Addressing;
using Tenon.Sandbox.OpenStack.Networking.Resources;

namespace Tenon.Sandbox.OpenStack.Networking.Features;

/// <summary>Versions, zones, agents and how full networks are.</summary>
internal sealed class InfrastructureFeature(NetworkState state)
{
    private static readonly string[] Described = ["network", "subnet", "subnetpool", "port"];

    public void Map(RouteTable routes)
    {
        routes.Get("/", "versions", request => ApiResponse.Ok(new JsonObject
        {
            ["versions"] = new JsonArray(new JsonObject
            {
                ["id"] = "v2.0", ["status"] = "CURRENT",
                ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = request.BaseUrl + "/v2.0/" }),
            }),
        }), anonymous: true);
        routes.Get("/v2.0", "versions.v2", request => ApiResponse.Ok(new JsonObject
        {
            ["resources"] = new JsonArray([.. Described.Select(name => (JsonNode)new JsonObject
            {
                ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = $"{request.BaseUrl}/v2.0/{name}s" }),
                ["name"] = name,
                ["collection"] = name + "s",
            })]),
        }));
        routes.Get("/v2.0/availability_zones", "availability_zones.list", request =>
            ApiResponse.Collection("availability_zones", Listing.Filter(Zones(), request.Query, ["fields", "limit", "marker"])));
        routes.Get("/v2.0/agents", "agents.list", request =>
            ApiResponse.Collection("agents", request.Token.IsAdmin ? Listing.Filter(Agents(), request.Query, ["fields", "limit", "marker"]) : []));
        routes.Get("/v2.0/agents/{id}", "agents.show", request =>
            ApiResponse.Wrapped(200, "agent", (request.Token.IsAdmin ? Agents().FirstOrDefault(a => a.String("id") == request["id"]) : null)
                ?? throw Faults.NotFound("AgentNotFound", $"Agent {request["id"]} could not be found.")));
        routes.Get("/v2.0/rbac-policies", "rbac_policies.list", _ => ApiResponse.Collection("rbac_policies", []));
        routes.Get("/v2.0/network-ip-availabilities", "network_ip_availabilities.list", request =>
            ApiResponse.Collection("network_ip_availabilities", request.Token.IsAdmin
                ? Listing.Filter(state.Networks.Select(Availability), request.Query, ["fields", "limit", "marker", "ip_version"])
                : []));
        routes.Get("/v2.0/network-ip-availabilities/{id}", "network_ip_availabilities.show", request =>
            request.Token.IsAdmin && state.Networks.TryGet(request["id"], out Network? network)
                ? ApiResponse.Wrapped(200, "network_ip_availability", Availability(network))
                : throw Faults.NotFound());
    }

    private IEnumerable<JsonObject> Zones() => state.Context.Zones.Select(zone => new JsonObject
    {
        ["name"] = zone, ["resource"] = "router", ["state"] = "available",
    });

    private IEnumerable<JsonObject> Agents() => state.Context.Zones.Select((zone, i) => new JsonObject
    {
        ["id"] = $"chassis-{zone}",
        ["agent_type"] = i == 0 ? "OVN Controller Gateway agent" : "OVN Controller agent",
        ["binary"] = "ovn-controller",
        ["host"] = state.Hosts[i],
        ["topic"] = "n/a",
        ["description"] = "",
        ["availability_zone"] = zone,
        ["admin_state_up"] = true,
        ["alive"] = true,
        ["heartbeat_timestamp"] = Text.Seconds(state.Now),
        ["configurations"] = new JsonObject { ["chassis_name"] = $"chassis-{zone}", ["bridge-mappings"] = i == 0 ? "physnet1:br-ex" : "" },
    });

    private static JsonObject Availability(Network network)
    {
        JsonArray subnets = [];
        double total = 0;
        int used = 0;
        foreach (Subnet subnet in network.Subnets)
        {
            UInt128 size = UInt128.Zero;
            foreach (IpRange pool in subnet.Pools) size += pool.End.Value - pool.Start.Value + 1;
            total += (double)size;
            int held = network.Ports.Sum(p => p.FixedIps.Count(a => a.Subnet == subnet));
            used += held;
            subnets.Add(new JsonObject
            {
                ["subnet_id"] = subnet.Id, ["subnet_name"] = subnet.Name, ["cidr"] = subnet.Cidr.ToString(), ["ip_version"] = subnet.Cidr.Version,
                ["total_ips"] = JsonNode.Parse(size.ToString()), ["used_ips"] = held,
            });
        }

        return new JsonObject
        {
            ["network_id"] = network.Id,
            ["network_name"] = network.Name,
            ["tenant_id"] = network.ProjectId,
            ["project_id"] = network.ProjectId,
            ["total_ips"] = JsonNode.Parse(new System.Numerics.BigInteger(total).ToString()),
            ["used_ips"] = used,
            ["subnet_ip_availability"] = subnets,
        };
    }
}
